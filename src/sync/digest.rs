//! Computes digests of snapshots and of changes, without personal data.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::edit::{ProposedChange, SyncEdit};
use crate::model::billing::{Snapshot, SnapshotScope};

/// A SHA-256 digest, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(CompactString);

/// The digits of a SHA-256 digest.
const DIGITS: usize = 64;

/// The length of the short form, for people.
const SHORT: usize = 12;

impl Digest {
    /// Reads a whole digest, as it is stored or as a person gives it.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digest = text.len() == DIGITS
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_digest.then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..SHORT).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Hashes values one after the other, each with its length before it.
#[derive(Default)]
struct Hasher(Sha256);

impl Hasher {
    fn bytes(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
    }

    fn value(&mut self, value: &impl Serialize) {
        // The types of a snapshot have nothing that JSON cannot express.
        self.bytes(&serde_json::to_vec(value).unwrap_or_default());
    }

    fn finish(self) -> Digest {
        let digits = self.0.finalize();
        let digits = digits.iter().map(|byte| format!("{byte:02x}"));
        Digest(digits.collect::<String>().into())
    }
}

/// Returns the digest of a snapshot without the time at which it was taken, and without personal data.
pub fn snapshot_digest(snapshot: &Snapshot) -> Digest {
    let mut hasher = Hasher::default();
    hasher.bytes(snapshot.system.as_str().as_bytes());
    match &snapshot.scope {
        SnapshotScope::Everything => hasher.bytes(b"everything"),
        SnapshotScope::Accounts(accounts) => hasher.value(accounts),
    }
    hasher.value(&snapshot.proof);
    for account in snapshot.accounts.values() {
        hasher.value(&(&account.id, &account.groups));
    }
    for service in &snapshot.services {
        // A configured field may hold a name.
        let unit = service.unit.as_ref().map(|_| ());
        let mut service = service.clone();
        service.unit = None;
        hasher.value(&(service, unit));
    }
    hasher.value(&snapshot.equipment);
    for tariff in snapshot.tariffs.values() {
        hasher.value(tariff);
    }
    for record in &snapshot.unreadable {
        hasher.value(&(
            record.collection,
            &record.id,
            &record.account,
            &record.reason,
        ));
    }
    hasher.finish()
}

/// Returns the digest of changes that are held back by a rule: an approval lets exactly these through.
pub(super) fn held_digest(rule: &str, changes: &[&ProposedChange]) -> Digest {
    let mut hasher = Hasher::default();
    hasher.bytes(rule.as_bytes());
    for change in changes {
        hasher.bytes(change.subscriber.as_str().as_bytes());
        for edit in &change.edits {
            hash_edit(&mut hasher, edit);
        }
    }
    hasher.finish()
}

fn hash_edit(hasher: &mut Hasher, edit: &SyncEdit) {
    hasher.bytes(edit.subscriber().as_str().as_bytes());
    match edit {
        SyncEdit::Set { value, from, .. } => {
            hasher.bytes(value.key().as_str().as_bytes());
            hasher.bytes(value.text().as_bytes());
            hasher.value(from);
        }
        SyncEdit::Add { added, .. } => {
            hasher.bytes(b"+");
            hasher.bytes(added.device.as_str().as_bytes());
            hasher.value(&(added.port, added.endpoint, &added.service_plan, added.vlan));
            hasher.value(&(added.state, &added.service, &added.description));
        }
        SyncEdit::Remove { .. } => hasher.bytes(b"-"),
    }
}
