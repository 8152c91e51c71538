//! Reads a whole inventory: lists the files, parses them on all cores, collects every finding.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;

use super::assemble::Inventory;
use super::locate::{self, FileSlot};
use super::parse::{ParsedFile, parse_file};
use super::source::{
    BlobId, Entry, Limits, Listing, ReadProblem, Reader, Source, SourceError, content_findings,
};
use super::tree::TreeLimits;
use super::{FileKind, PathKind, billing_lane, check, classify, compare, hold_over, parallel};
use crate::model::{Day, Finding, Severity, by_place};

/// The readings for which a parsed file is kept after its last use.
///
/// A pull request's check alternates between two commits; two is enough for neither to push the other out.
const KEPT_FOR: u64 = 2;

/// Parsed files by what is in them: a second commit costs only the files that it changed.
#[derive(Debug, Default)]
pub struct Cache {
    files: Mutex<CachedFiles>,
}

#[derive(Debug, Default)]
struct CachedFiles {
    reading: u64,
    by_content: HashMap<(BlobId, FileKind), (u64, Arc<ParsedFile>)>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, CachedFiles> {
        // A thread that panicked while holding the lock left nothing half-done: every change is one insertion.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the listed files that are known already.
    fn begin(&self, entries: &[Entry]) -> Vec<Option<Arc<ParsedFile>>> {
        let mut cached = self.lock();
        cached.reading += 1;
        let reading = cached.reading;
        entries
            .iter()
            .map(|entry| {
                let (used, parsed) = cached.by_content.get_mut(&(entry.blob?, entry.kind))?;
                *used = reading;
                Some(Arc::clone(parsed))
            })
            .collect()
    }

    fn keep(&self, entries: &[Entry], parsed: &[Option<Arc<ParsedFile>>]) {
        let mut cached = self.lock();
        let reading = cached.reading;
        for (entry, parsed) in entries.iter().zip(parsed) {
            if let (Some(blob), Some(parsed)) = (entry.blob, parsed) {
                let value = (reading, Arc::clone(parsed));
                cached.by_content.insert((blob, entry.kind), value);
            }
        }
        cached
            .by_content
            .retain(|_, (used, _)| *used + KEPT_FOR > reading);
    }

    /// Returns how many files are kept.
    pub fn len(&self) -> usize {
        self.lock().by_content.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An inventory that was read, with everything that is wrong with it.
#[derive(Debug)]
pub struct Reading {
    pub inventory: Inventory,
    /// Sorted by place, each once.
    pub findings: Vec<Finding>,
    /// The inventory's folder in its repository: `""` or `"inventory.example/"`.
    pub prefix: String,
    /// The number of files that were cached from an earlier reading.
    pub cached: usize,
    /// A file, or a part of one, could not be read at all, so findings may be missing.
    pub is_partial: bool,
}

impl Reading {
    pub fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Adds what is wrong with going from `before` to this inventory.
    pub fn compare_with(&mut self, before: &Inventory) {
        let found = compare::compare(before, &self.inventory);
        self.findings.extend(found);
        tidy(&mut self.findings);
    }

    /// Adds what is wrong with a step to this inventory or to an earlier one, made by a commit of the billing sync.
    pub fn check_billing_step(&mut self, before: &Inventory, after: &Inventory, commit: &str) {
        let found = billing_lane::lane_left(before, after, &self.inventory, commit);
        self.findings.extend(found);
        tidy(&mut self.findings);
    }

    /// Adds what is wrong with this inventory on a day: holds that are over.
    pub fn check_day(&mut self, today: Day) {
        let found = hold_over::holds_over(&self.inventory, today);
        self.findings.extend(found);
        tidy(&mut self.findings);
    }
}

/// Reads an inventory with everything that is wrong with it.
pub fn read(source: &Source, limits: &Limits, cache: &Cache) -> Result<Reading, SourceError> {
    let Listing {
        entries,
        mut findings,
        stopped,
        commit,
        prefix,
    } = source.list(limits)?;
    let mut partial = kinds_not_read(&findings);
    if stopped {
        tidy(&mut findings);
        return Ok(Reading {
            inventory: Inventory::of(Vec::new(), commit, FileKind::ALL.to_vec()),
            findings,
            prefix,
            cached: 0,
            is_partial: true,
        });
    }
    let (parsed, cached) = parse_all(source, &entries, limits, cache, &mut findings, &mut partial)?;
    let slots: Vec<FileSlot> = entries
        .iter()
        .zip(parsed)
        .filter_map(|(entry, parsed)| {
            Some(FileSlot {
                path: Arc::clone(&entry.path),
                parsed: parsed?,
            })
        })
        .collect();
    let is_partial = !partial.is_empty() || slots.iter().any(|slot| slot.parsed.is_partial);
    let inventory = Inventory::of(slots, commit, partial);
    let findings = judge(&inventory, findings, limits);
    Ok(Reading {
        inventory,
        findings,
        prefix,
        cached,
        is_partial,
    })
}

/// Reads an inventory from texts in memory; paths of other files are skipped.
pub fn read_texts(
    texts: &std::collections::BTreeMap<Arc<str>, Arc<str>>,
    limits: &Limits,
) -> Reading {
    read_edited(&Inventory::default(), texts, limits)
}

/// Reads an inventory from texts in memory, as an edit of `before` left them; paths of other files are skipped.
///
/// A text that `before` shares is not parsed again: an edit of one file must not cost the time and the memory of all.
pub fn read_edited(
    before: &Inventory,
    texts: &std::collections::BTreeMap<Arc<str>, Arc<str>>,
    limits: &Limits,
) -> Reading {
    let files: Vec<(FileKind, &Arc<str>, &Arc<str>)> = texts
        .iter()
        .filter_map(|(path, text)| match classify(path) {
            PathKind::Inventory(kind) => Some((kind, path, text)),
            PathKind::Foreign | PathKind::Suspicious(_) => None,
        })
        .collect();
    let known = |path: &Arc<str>, text: &Arc<str>| {
        let found = before.files.binary_search_by(|slot| slot.path.cmp(path));
        let slot = found.ok().and_then(|index| before.files.get(index))?;
        Arc::ptr_eq(&slot.parsed.text, text).then(|| Arc::clone(&slot.parsed))
    };
    let slots = parallel::map_with(
        &files,
        || (),
        |(), (kind, path, text)| {
            let known = known(path, text);
            let is_known = known.is_some();
            let parse = || Arc::new(parse_file(*kind, text.as_bytes().to_vec(), limits));
            let slot = FileSlot {
                path: Arc::clone(path),
                parsed: known.unwrap_or_else(parse),
            };
            (slot, is_known)
        },
    );
    let cached = slots.iter().filter(|(_, is_known)| *is_known).count();
    let slots: Vec<FileSlot> = slots.into_iter().map(|(slot, _)| slot).collect();
    let is_partial = slots.iter().any(|slot| slot.parsed.is_partial);
    let inventory = Inventory::of(slots, None, Vec::new());
    let findings = judge(&inventory, Vec::new(), limits);
    Reading {
        inventory,
        findings,
        prefix: String::new(),
        cached,
        is_partial,
    }
}

/// Adds what is wrong with the files and between them to what is known already.
fn judge(inventory: &Inventory, mut findings: Vec<Finding>, limits: &Limits) -> Vec<Finding> {
    findings.extend(inventory.files.iter().flat_map(locate::place_file_findings));
    let pending = check::check(inventory);
    let tree_limits = TreeLimits {
        depth: limits.toml_depth,
        keys: limits.keys,
    };
    findings.extend(locate::place_pending(
        &inventory.files,
        &pending,
        tree_limits,
    ));
    tidy(&mut findings);
    findings
}

/// Sorts findings and removes duplicates.
fn tidy(findings: &mut Vec<Finding>) {
    findings.sort_by(by_place);
    findings.dedup_by(|left, right| {
        left.rule == right.rule && left.place == right.place && left.message == right.message
    });
}

/// Returns the kinds of which a file was seen and will not be read: what is not found there is not known to be absent.
fn kinds_not_read(findings: &[Finding]) -> Vec<FileKind> {
    FileKind::ALL
        .into_iter()
        .filter(|kind| {
            findings
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .any(|finding| belongs_to(*kind, &finding.place.file))
        })
        .collect()
}

fn belongs_to(kind: FileKind, path: &str) -> bool {
    let top = path.split('/').next().unwrap_or(path);
    top == kind.stem() || top.strip_suffix(".toml") == Some(kind.stem())
}

/// A file for each entry, or nothing where it could not be read.
type ParsedFiles = Vec<Option<Arc<ParsedFile>>>;

/// The result of reading one listed file.
enum Outcome {
    Parsed(Arc<ParsedFile>),
    NotRead(Box<Finding>),
    Failed(SourceError),
}

/// Returns the listed files as far as they can be read, and how many of them were known already.
fn parse_all(
    source: &Source,
    entries: &[Entry],
    limits: &Limits,
    cache: &Cache,
    findings: &mut Vec<Finding>,
    partial: &mut Vec<FileKind>,
) -> Result<(ParsedFiles, usize), SourceError> {
    let mut parsed = cache.begin(entries);
    let missing: Vec<usize> = parsed
        .iter()
        .enumerate()
        .filter(|(_, parsed)| parsed.is_none())
        .map(|(index, _)| index)
        .collect();
    let cached = entries.len() - missing.len();
    let outcomes = parallel::map_with(
        &missing,
        || source.reader().map_err(Some),
        |reader, index| parse_one(reader, entries.get(*index)?, limits),
    );
    for (index, outcome) in missing.into_iter().zip(outcomes) {
        let (Some(slot), Some(entry)) = (parsed.get_mut(index), entries.get(index)) else {
            continue;
        };
        match outcome {
            Some(Outcome::Parsed(file)) => *slot = Some(file),
            Some(Outcome::NotRead(finding)) => {
                findings.push(*finding);
                partial.push(entry.kind);
            }
            Some(Outcome::Failed(error)) => return Err(error),
            None => {}
        }
    }
    cache.keep(entries, &parsed);
    Ok((parsed, cached))
}

/// Reads and parses one file; `reader` holds the thread's reader, or once the reason why there is none.
fn parse_one(
    reader: &mut Result<Reader, Option<SourceError>>,
    entry: &Entry,
    limits: &Limits,
) -> Option<Outcome> {
    let reader = match reader {
        Ok(reader) => reader,
        Err(reason) => return reason.take().map(Outcome::Failed),
    };
    Some(match reader.read(entry, limits) {
        Ok(bytes) => match content_findings(entry, &bytes) {
            Some(finding) => Outcome::NotRead(Box::new(finding)),
            None => Outcome::Parsed(Arc::new(parse_file(entry.kind, bytes, limits))),
        },
        Err(ReadProblem::Finding(finding)) => Outcome::NotRead(finding),
        Err(ReadProblem::Source(error)) => Outcome::Failed(error),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::inventory::GOOD_INVENTORY;

    #[test]
    fn an_edit_of_one_file_parses_no_other_one_and_finds_the_same() {
        let texts = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| (Arc::from(*path), Arc::from(*text)));
        let texts: BTreeMap<Arc<str>, Arc<str>> = texts.collect();
        let before = read_texts(&texts, &Limits::default());
        assert_eq!(before.cached, 0);
        let mut edited: BTreeMap<_, _> = before.inventory.texts().collect();
        let plans = edited.get_mut("service-plans.toml").unwrap();
        *plans = Arc::from(plans.replace("home-100", "home-101"));
        let after = read_edited(&before.inventory, &edited, &Limits::default());
        assert_eq!(after.cached, before.inventory.file_count() - 1);
        let anew = read_texts(&edited, &Limits::default());
        assert!(anew.has_errors(), "a plan that is used is gone");
        assert_eq!(after.findings, anew.findings);
        assert_eq!(
            after.inventory.subscribers().count(),
            anew.inventory.subscribers().count()
        );
    }
}
