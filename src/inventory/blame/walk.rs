//! Goes back through the commits, and follows the answers to questions about devices to the commits that changed them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use git2::{Commit, Oid, Sort};

use super::files::{by_device, is_shared, kind_of, shared};
use super::tables::is_same_table;
use super::{History, Written};
use crate::inventory::FileKind;
use crate::inventory::assemble::Inventory;
use crate::inventory::source::SourceError;
use crate::model::DeviceName;

/// The objects of all inventories that are assembled on the way, some twenty times the largest inventory in sight.
const MOST_OBJECTS: usize = 10_000_000;

/// Answers questions about the intended configuration of devices.
pub trait Answers {
    type Question;

    /// Returns the objects whose tables alone decide the answers, besides what all devices share, as table and id; `None` if
    /// others may.
    fn tables(&self, device: &DeviceName, asked: &[Self::Question]) -> Option<Tables>;

    /// For each question, returns how to ask it of `before` if the answer is the same there.
    ///
    /// Both inventories have everything that the device is made of, and may lack other devices.
    fn unchanged(
        &self,
        device: &DeviceName,
        asked: &[Self::Question],
        before: &Inventory,
        after: &Inventory,
    ) -> Vec<Option<Self::Question>>;

    /// Receives the commit that changed the answers to these questions, sorted by device.
    fn found(&mut self, asked: Vec<(DeviceName, Self::Question)>, found: &Found<'_>);
}

/// The commit that changed an answer.
#[derive(Debug)]
pub struct Found<'a> {
    pub by: Written,
    /// The inventory before and after the commit, as far as the device needs it; `None` for the first commit.
    pub between: Option<(&'a Inventory, &'a Inventory)>,
}

/// The questions that are open at a commit.
struct Pending<Q> {
    shared: BTreeSet<Arc<str>>,
    devices: BTreeMap<DeviceName, OpenDevice<Q>>,
    /// May name devices without open questions.
    by_file: BTreeMap<Arc<str>, BTreeSet<DeviceName>>,
    /// A device may be among them whose answers depend on more than some tables.
    has_unclear: bool,
}

/// The open questions about a device, and the files that it comes from at the commit.
struct OpenDevice<Q> {
    files: BTreeSet<Arc<str>>,
    questions: Vec<Q>,
    tables: Option<Tables>,
}

/// Objects by table and id.
pub type Tables = BTreeSet<(&'static str, String)>;

/// More tables than these are compared faster by parsing the file.
const MOST_TABLES: usize = 16;

impl<Q> Pending<Q> {
    fn new(shared: BTreeSet<Arc<str>>) -> Self {
        Self {
            shared,
            devices: BTreeMap::new(),
            by_file: BTreeMap::new(),
            has_unclear: false,
        }
    }

    fn add(&mut self, device: DeviceName, open: OpenDevice<Q>) {
        self.has_unclear |= open.tables.is_none();
        for file in &open.files {
            let devices = self.by_file.entry(Arc::clone(file)).or_default();
            devices.insert(device.clone());
        }
        match self.devices.entry(device) {
            Entry::Vacant(entry) => {
                entry.insert(open);
            }
            Entry::Occupied(mut entry) => {
                let there = entry.get_mut();
                there.files.extend(open.files);
                there.questions.extend(open.questions);
                there.tables = there.tables.take().zip(open.tables).map(|(mut all, more)| {
                    all.extend(more);
                    all
                });
                self.has_unclear |= there.tables.is_none();
            }
        }
    }
}

/// Hands the open questions of a commit to another one.
fn hand_on<Q>(open: &mut BTreeMap<Oid, Pending<Q>>, to: Oid, pending: Pending<Q>) {
    if pending.devices.is_empty() {
        return;
    }
    match open.entry(to) {
        Entry::Vacant(entry) => {
            entry.insert(pending);
        }
        Entry::Occupied(mut entry) => {
            let there = entry.get_mut();
            there.shared.extend(pending.shared);
            for (device, questions) in pending.devices {
                there.add(device, questions);
            }
        }
    }
}

/// The walk through a history.
struct Walk<'w, A: Answers> {
    history: &'w History,
    answers: &'w mut A,
    open: BTreeMap<Oid, Pending<A::Question>>,
    /// The objects that were assembled.
    objects: usize,
    is_cut: bool,
}

impl History {
    /// Finds the commits up to `commit` that changed the answers to questions about the devices of `inventory`, which was
    /// read from it.
    ///
    /// Returns whether questions stay open because the history is too long or was not fetched.
    pub fn walk<A: Answers>(
        &self,
        commit: &str,
        inventory: &Inventory,
        asked: BTreeMap<DeviceName, Vec<A::Question>>,
        answers: &mut A,
    ) -> Result<bool, SourceError> {
        let mut walk = Walk {
            history: self,
            answers,
            open: BTreeMap::new(),
            objects: 0,
            is_cut: false,
        };
        walk.all(commit, inventory, asked)
            .map_err(|error| self.failed(error))?;
        Ok(walk.is_cut)
    }
}

impl<A: Answers> Walk<'_, A> {
    fn all(
        &mut self,
        commit: &str,
        inventory: &Inventory,
        asked: BTreeMap<DeviceName, Vec<A::Question>>,
    ) -> Result<(), git2::Error> {
        if asked.is_empty() {
            return Ok(());
        }
        let start = Oid::from_str(commit)?;
        self.history.check_past(start)?;
        let mut files = by_device(inventory);
        let mut first = Pending::new(shared(inventory));
        for (device, questions) in asked {
            let files = files.remove(&device).unwrap_or_default();
            let open = self.opened(&device, files, questions);
            first.add(device, open);
        }
        self.open.insert(start, first);
        let mut walk = self.history.repository.revwalk()?;
        // Children before parents: a commit is only looked at once all that come after it have been.
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(start)?;
        for (looked_at, id) in walk.enumerate() {
            if self.open.is_empty() {
                break;
            }
            if looked_at >= self.history.most || self.objects >= MOST_OBJECTS {
                self.is_cut = true;
                break;
            }
            let id = id?;
            let Some(pending) = self.open.remove(&id) else {
                continue;
            };
            let commit = self.history.repository.find_commit(id)?;
            self.one_commit(&commit, pending)?;
        }
        Ok(())
    }

    /// Hands each question on to a parent with the same answer, and reports those that none has.
    fn one_commit(
        &mut self,
        commit: &Commit<'_>,
        mut pending: Pending<A::Question>,
    ) -> Result<(), git2::Error> {
        if commit.parent_count() == 0 {
            if self.history.repository.is_shallow() {
                self.is_cut = true;
                return Ok(());
            }
            self.report(commit, pending, None);
            return Ok(());
        }
        let mut between = None;
        for number in 0..commit.parent_count() {
            let Ok(parent) = commit.parent(number) else {
                // The history ends here because it was not fetched.
                self.is_cut = true;
                return Ok(());
            };
            let files = self.relevant(&parent, commit)?;
            let affected = self.affected(&parent, commit, &files, &pending)?;
            let mut taken = Pending::new(pending.shared.clone());
            for device in affected {
                if let Some(open) = pending.devices.remove(&device) {
                    taken.devices.insert(device, open);
                }
            }
            hand_on(&mut self.open, parent.id(), pending);
            if taken.devices.is_empty() {
                return Ok(());
            }
            let (left, before, after) = self.compare(&parent, commit, &files, taken)?;
            pending = left;
            if between.is_none() {
                between = Some((before, after));
            }
        }
        if !pending.devices.is_empty() {
            self.report(commit, pending, between.as_ref());
        }
        Ok(())
    }

    fn opened(
        &self,
        device: &DeviceName,
        files: BTreeSet<Arc<str>>,
        questions: Vec<A::Question>,
    ) -> OpenDevice<A::Question> {
        let tables = self.answers.tables(device, &questions);
        OpenDevice {
            files,
            questions,
            tables: tables.filter(|tables| tables.len() <= MOST_TABLES),
        }
    }

    fn report(
        &mut self,
        commit: &Commit<'_>,
        pending: Pending<A::Question>,
        between: Option<&(Inventory, Inventory)>,
    ) {
        let found = Found {
            by: Written::by(commit),
            between: between.map(|(before, after)| (before, after)),
        };
        let devices = pending.devices.into_iter();
        let asked = devices.flat_map(|(device, open)| {
            let questions = open.questions.into_iter();
            questions.map(move |question| (device.clone(), question))
        });
        self.answers.found(asked.collect(), &found);
    }

    /// Returns the files that differ between two commits, and that devices may come from.
    fn relevant(
        &self,
        parent: &Commit<'_>,
        commit: &Commit<'_>,
    ) -> Result<BTreeSet<Arc<str>>, git2::Error> {
        let files = self.history.changed(parent, commit)?.into_iter();
        Ok(files
            .filter(|file| kind_of(file).is_some())
            .map(Arc::from)
            .collect())
    }

    /// Returns the devices that come from changed files, after the change or before it.
    fn affected(
        &mut self,
        parent: &Commit<'_>,
        commit: &Commit<'_>,
        files: &BTreeSet<Arc<str>>,
        pending: &Pending<A::Question>,
    ) -> Result<BTreeSet<DeviceName>, git2::Error> {
        if files.iter().filter_map(|file| kind_of(file)).any(is_shared) {
            return Ok(pending.devices.keys().cloned().collect());
        }
        if files.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut affected = BTreeSet::new();
        let after = files.iter().filter_map(|file| pending.by_file.get(file));
        for device in after.flatten().collect::<BTreeSet<_>>() {
            let Some(open) = pending.devices.get(device) else {
                continue;
            };
            let is_same = match &open.tables {
                Some(tables) => self.are_same(parent, commit, files, tables)?,
                None => false,
            };
            if !is_same {
                affected.insert(device.clone());
            }
        }
        if pending.has_unclear {
            let before = self.assemble(parent, files.iter())?;
            affected.extend(by_device(&before).into_keys().filter(|device| {
                let open = pending.devices.get(device);
                open.is_some_and(|open| open.tables.is_none())
            }));
        }
        Ok(affected)
    }

    /// Returns whether these objects are known to be written in the same way before and after a commit.
    fn are_same(
        &self,
        parent: &Commit<'_>,
        commit: &Commit<'_>,
        files: &BTreeSet<Arc<str>>,
        tables: &Tables,
    ) -> Result<bool, git2::Error> {
        for file in files {
            let before = self.history.text_at(parent, file)?;
            let after = self.history.text_at(commit, file)?;
            let (Some(before), Some(after)) = (before, after) else {
                return Ok(false);
            };
            // Files of other kinds only name an object, and do not define it.
            let kind = kind_of(file).and_then(FileKind::object_table);
            let mut tables = tables.iter().filter(|(table, _)| kind == Some(*table));
            if !tables.all(|(table, id)| is_same_table(&before, &after, table, id)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn assemble<'f>(
        &mut self,
        commit: &Commit<'_>,
        paths: impl Iterator<Item = &'f Arc<str>>,
    ) -> Result<Inventory, git2::Error> {
        let inventory = self.history.inventory_at(commit, paths)?;
        self.objects += 1 + inventory.devices.len() + inventory.subscribers.len();
        Ok(inventory)
    }

    /// Hands the questions on that the parent answers in the same way; returns the others, with what was compared.
    fn compare(
        &mut self,
        parent: &Commit<'_>,
        commit: &Commit<'_>,
        files: &BTreeSet<Arc<str>>,
        taken: Pending<A::Question>,
    ) -> Result<(Pending<A::Question>, Inventory, Inventory), git2::Error> {
        let of_devices = taken.devices.values().flat_map(|open| &open.files);
        let paths: BTreeSet<&Arc<str>> = of_devices.chain(&taken.shared).chain(files).collect();
        let after = self.assemble(commit, paths.iter().copied())?;
        let before = self.assemble(parent, paths.iter().copied())?;
        let mut files_before = by_device(&before);
        let mut same = Pending::new(shared(&before));
        let mut left = Pending::new(taken.shared.clone());
        for (device, open) in taken.devices {
            let unchanged = self
                .answers
                .unchanged(&device, &open.questions, &before, &after);
            let (mut kept, mut others) = (Vec::new(), Vec::new());
            for (question, earlier) in open.questions.into_iter().zip(unchanged) {
                match earlier {
                    Some(earlier) => kept.push(earlier),
                    None => others.push(question),
                }
            }
            if !kept.is_empty() {
                let files = files_before.remove(&device).unwrap_or_default();
                let questions = kept;
                let open = self.opened(&device, files, questions);
                same.add(device.clone(), open);
            }
            if !others.is_empty() {
                let (files, questions) = (open.files, others);
                let open = self.opened(&device, files, questions);
                left.add(device, open);
            }
        }
        hand_on(&mut self.open, parent.id(), same);
        Ok((left, before, after))
    }
}
