//! Assembles the part of an inventory that some devices come from, as it was at a commit.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use git2::{Commit, Oid};

use super::History;
use crate::inventory::assemble::Inventory;
use crate::inventory::locate::FileSlot;
use crate::inventory::parse::{ParsedFile, parse_file};
use crate::inventory::source::Limits;
use crate::inventory::{FileKind, PathKind, classify, map_with};
use crate::model::DeviceName;

/// The bytes of parsed files that are kept for the next commit.
const KEPT_BYTES: usize = 128 << 20;

/// Parsed files by content, kept while going from commit to commit.
#[derive(Default)]
pub(super) struct Files {
    parsed: RefCell<ParsedFiles>,
}

#[derive(Default)]
struct ParsedFiles {
    by_content: HashMap<(Oid, FileKind), Arc<ParsedFile>>,
    texts: HashMap<Oid, Arc<str>>,
    bytes: usize,
}

/// Returns the kind of a file that a device's configuration may come from.
pub(super) fn kind_of(path: &str) -> Option<FileKind> {
    match classify(path) {
        PathKind::Inventory(FileKind::Policy | FileKind::Credentials)
        | PathKind::Foreign
        | PathKind::Suspicious(_) => None,
        PathKind::Inventory(kind) => Some(kind),
    }
}

/// Returns whether every device depends on files of this kind.
pub(super) fn is_shared(kind: FileKind) -> bool {
    matches!(kind, FileKind::Network | FileKind::ServicePlans)
}

/// Returns the files of an inventory that every device depends on.
pub(super) fn shared(inventory: &Inventory) -> BTreeSet<Arc<str>> {
    let paths = inventory.files.iter().map(|slot| &slot.path);
    paths
        .filter(|path| kind_of(path).is_some_and(is_shared))
        .cloned()
        .collect()
}

/// Returns the files with each device and its subscribers, also of devices that only subscribers name.
pub(super) fn by_device(inventory: &Inventory) -> BTreeMap<DeviceName, BTreeSet<Arc<str>>> {
    let path = |file: u32| {
        let file = inventory.files.get(usize::try_from(file).ok()?)?;
        Some(Arc::clone(&file.path))
    };
    let mut found: BTreeMap<DeviceName, BTreeSet<Arc<str>>> = BTreeMap::new();
    let devices = inventory.devices.iter().filter_map(|position| {
        let device = inventory.device_at(*position)?;
        Some((&device.id, position.file))
    });
    let subscribers = inventory.subscribers.iter().filter_map(|position| {
        let subscriber = inventory.subscriber_at(*position)?;
        Some((subscriber.text.device.as_ref()?, position.file))
    });
    // Objects of one device and file are nearly always next to each other.
    let mut last = None;
    for (device, file) in devices.chain(subscribers) {
        if last == Some((device, file)) {
            continue;
        }
        last = Some((device, file));
        if let Some(path) = path(file) {
            found.entry(device.clone()).or_default().insert(path);
        }
    }
    found
}

impl History {
    /// Returns the text of a file at a commit, empty if there is none; `None` if it is too large or is not text.
    pub(super) fn text_at(
        &self,
        commit: &Commit<'_>,
        path: &str,
    ) -> Result<Option<Arc<str>>, git2::Error> {
        let Some(blob) = self.blob(commit, path)? else {
            return Ok(Some(Arc::from("")));
        };
        let mut kept = self.files.parsed.borrow_mut();
        if let Some(text) = kept.texts.get(&blob) {
            return Ok(Some(Arc::clone(text)));
        }
        let (size, _) = self.repository.odb()?.read_header(blob)?;
        if u64::try_from(size).map_or(true, |size| size > Limits::default().file_bytes) {
            return Ok(None);
        }
        let bytes = self.objects.bytes(&self.repository, blob)?;
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(None);
        };
        let text: Arc<str> = Arc::from(text);
        if kept.bytes > KEPT_BYTES {
            *kept = ParsedFiles::default();
        }
        kept.bytes += text.len();
        kept.texts.insert(blob, Arc::clone(&text));
        Ok(Some(text))
    }

    /// Returns an inventory of these files as they were at a commit, where they existed.
    pub(super) fn inventory_at<'f>(
        &self,
        commit: &Commit<'_>,
        paths: impl Iterator<Item = &'f Arc<str>>,
    ) -> Result<Inventory, git2::Error> {
        let limits = Limits::default();
        let mut slots: BTreeMap<Arc<str>, Arc<ParsedFile>> = BTreeMap::new();
        let mut unread: Vec<(Arc<str>, Oid, FileKind, Vec<u8>)> = Vec::new();
        let mut parsed = self.files.parsed.borrow_mut();
        let paths: BTreeSet<&Arc<str>> = paths.collect();
        for path in paths {
            let (Some(kind), Some(blob)) = (kind_of(path), self.blob(commit, path)?) else {
                continue;
            };
            if let Some(known) = parsed.by_content.get(&(blob, kind)) {
                slots.insert(Arc::clone(path), Arc::clone(known));
                continue;
            }
            let (size, _) = self.repository.odb()?.read_header(blob)?;
            // Such a file is an error of the inventory, which had no intended configuration then.
            if u64::try_from(size).is_ok_and(|size| size <= limits.file_bytes) {
                let bytes = self.objects.bytes(&self.repository, blob)?;
                unread.push((Arc::clone(path), blob, kind, bytes));
            }
        }
        let read = map_with(
            &unread,
            || (),
            |(), (_, _, kind, bytes)| Arc::new(parse_file(*kind, bytes.clone(), &limits)),
        );
        if parsed.bytes > KEPT_BYTES {
            *parsed = ParsedFiles::default();
        }
        for ((path, blob, kind, bytes), file) in unread.into_iter().zip(read) {
            parsed.bytes += bytes.len();
            parsed.by_content.insert((blob, kind), Arc::clone(&file));
            slots.insert(path, file);
        }
        let slots = slots
            .into_iter()
            .map(|(path, parsed)| FileSlot { path, parsed });
        Ok(Inventory::of(slots.collect(), None, Vec::new()))
    }
}
