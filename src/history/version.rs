//! Numbers the versions of stored documents: refuses newer ones, and brings older ones up to date.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::{restored, stored};
use super::error::Fault;

/// The key of a document's version. A document without it has version 1: the first gamctl wrote none.
const VERSION: &str = "version";

/// Converts a document to the next version. It works on the stored form, before any other code reads it.
type Upgrade = fn(Value) -> Value;

/// A kind of stored documents.
///
/// To change one: append a function to `upgrades` that makes the new form of the old one, and keep a document of the
/// new version in tests/history/documents. Functions and documents stay for ever: a store may be years old when it is
/// opened.
pub(super) struct Kind {
    /// For people.
    name: &'static str,
    /// The first converts version 1 to version 2.
    upgrades: &'static [Upgrade],
}

pub(super) const LEDGER: Kind = Kind::new("ledger", &[]);
pub(super) const LOOK: Kind = Kind::new("look", &[]);
pub(super) const LOOK_STATUS: Kind = Kind::new("status of a look", &[]);
pub(super) const ENTRY: Kind = Kind::new("entry", &[]);
pub(super) const OUTCOME: Kind = Kind::new("outcome", &[]);
pub(super) const FREEZE_SCOPE: Kind = Kind::new("scope of a freeze", &[]);
pub(super) const INVENTORY: Kind = Kind::new("version of an inventory", &[]);
pub(super) const TARGET_CHANGE: Kind = Kind::new("change of the target", &[]);
pub(super) const BRANCH_STATE: Kind = Kind::new("state of the branch", &[]);
pub(super) const ROLLOUT: Kind = Kind::new("rollout", &[]);
pub(super) const ROLLOUT_STEP: Kind = Kind::new("step of a rollout", &[]);
pub(super) const APPROVAL: Kind = Kind::new("approval", &[]);
pub(super) const DEVICE_STATUS: Kind = Kind::new("status of a device", &[]);
pub(super) const INSTANCE: Kind = Kind::new("report of an instance", &[]);
pub(super) const SYNC_BASE: Kind = Kind::new("base of the sync", &[]);
pub(super) const SERVICE_BASE: Kind = Kind::new("base of a service", &[]);
pub(super) const MAC_CLAIMS: Kind = Kind::new("list of claims of an address", &[]);
pub(super) const WRITE_BACK_MEMORY: Kind = Kind::new("memory of write-back", &[]);
pub(super) const DELTA_CURSOR: Kind = Kind::new("cursor of a billing system", &[]);
pub(super) const SYNC_RUN: Kind = Kind::new("run of the sync", &[]);
pub(super) const CLASSIFICATION: Kind = Kind::new("classification of a service", &[]);
pub(super) const HELD_BACK: Kind = Kind::new("list of held changes", &[]);
pub(super) const BILLING_WRITE: Kind = Kind::new("write to a billing system", &[]);

/// The newest plan file that is known. It is stored as in its file, with the version that it has there.
const NEWEST_PLAN: u64 = 1;

impl Kind {
    const fn new(name: &'static str, upgrades: &'static [Upgrade]) -> Self {
        Self { name, upgrades }
    }

    /// Returns the version of new documents.
    fn newest(&self) -> u64 {
        u64::try_from(self.upgrades.len()).map_or(u64::MAX, |upgrades| upgrades + 1)
    }

    /// Converts a value to its stored form, with its version.
    pub(super) fn stored<T: Serialize>(&self, value: &T) -> Result<Value, serde_json::Error> {
        Ok(self.numbered(stored(value)?))
    }

    /// Sets the version of new documents.
    pub(super) fn numbered(&self, mut document: Value) -> Value {
        if let Value::Object(fields) = &mut document {
            fields.insert(VERSION.to_owned(), Value::from(self.newest()));
        }
        document
    }

    /// Returns a document in the newest version, without its number; texts stay in their stored form.
    pub(super) fn upgraded(&self, mut document: Value) -> Result<Value, Fault> {
        let fields = document.as_object_mut();
        let has = match fields.and_then(|fields| fields.remove(VERSION)) {
            None => 1,
            Some(version) => version
                .as_u64()
                .filter(|version| *version > 0)
                .ok_or_else(|| {
                    Fault::Broken(format!("a {} in it has the version {version}", self.name))
                })?,
        };
        if has > self.newest() {
            return Err(Fault::Newer {
                what: self.name,
                has,
                knows: self.newest(),
            });
        }
        let done = usize::try_from(has - 1).unwrap_or(usize::MAX);
        let upgrades = self.upgrades.iter().skip(done);
        Ok(upgrades.fold(document, |document, upgrade| upgrade(document)))
    }

    /// Converts a stored document of any version back to its value.
    pub(super) fn restored<T: DeserializeOwned>(&self, document: Value) -> Result<T, Fault> {
        Ok(restored(self.upgraded(document)?)?)
    }
}

/// Returns a plan as in its file.
pub(super) fn restored_plan(document: Value) -> Result<Value, Fault> {
    let plan: Value = restored(document)?;
    match plan.get("schema").and_then(Value::as_u64) {
        Some(has) if has > NEWEST_PLAN => Err(Fault::Newer {
            what: "plan",
            has,
            knows: NEWEST_PLAN,
        }),
        _ => Ok(plan),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Version 1 had `a`, version 2 has it as `b`, version 3 in a list.
    const CHANGED: Kind = Kind::new(
        "thing",
        &[
            |document| json!({ "b": document["a"] }),
            |document| json!({ "c": [document["b"]] }),
        ],
    );

    #[test]
    fn an_older_document_goes_through_each_upgrade_from_its_version_on() {
        for old in [
            json!({ "a": 7 }),
            json!({ "version": 1, "a": 7 }),
            json!({ "version": 2, "b": 7 }),
            json!({ "version": 3, "c": [7] }),
        ] {
            let read: Value = CHANGED.restored(old.clone()).unwrap();
            assert_eq!(read, json!({ "c": [7] }), "{old}");
        }
        let stored = CHANGED.stored(&json!({ "c": [7] })).unwrap();
        assert_eq!(stored, json!({ "version": 3, "c": [7] }));
    }

    #[test]
    fn a_newer_document_and_one_without_sense_are_refused() {
        let newer = CHANGED.restored::<Value>(json!({ "version": 4 }));
        assert!(
            matches!(
                newer,
                Err(Fault::Newer {
                    what: "thing",
                    has: 4,
                    knows: 3
                })
            ),
            "{newer:?}"
        );
        for version in [json!(0), json!("2"), json!(null)] {
            let odd = CHANGED.restored::<Value>(json!({ "version": version }));
            assert!(matches!(odd, Err(Fault::Broken(_))), "{odd:?}");
        }
        assert!(matches!(
            restored_plan(json!({ "schema": 2 })),
            Err(Fault::Newer { what: "plan", .. })
        ));
    }
}
