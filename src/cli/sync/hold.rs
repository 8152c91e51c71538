//! Writes a hold into the inventory: the keys that keep their values, the reason and the last day.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};
use toml_edit::{Array, InlineTable, Value};

use crate::authoring::edit::{Edit, KeyPath, Object};
use crate::inventory::Inventory;
use crate::inventory::text::HoldText;
use crate::model::{Day, PlainText, SubscriberId, SyncedKey};
use crate::reconcile::sync::ContestedSubscriber;
use crate::report::listed;

/// A hold that a person asks for.
#[derive(Debug, Clone)]
pub(super) struct NewHold {
    /// Empty: those that are contested.
    pub(super) keys: BTreeSet<SyncedKey>,
    pub(super) why: PlainText,
    pub(super) until: Day,
}

impl NewHold {
    /// Returns the hold with the keys of a contested subscriber.
    pub(super) fn of_contested(
        self,
        id: &SubscriberId,
        contested: &ContestedSubscriber,
    ) -> anyhow::Result<Self> {
        if contested.keys.is_empty() {
            bail!(
                "a person removed {id}, so there is nothing to hold: end the service in billing, or take billing's side"
            );
        }
        let other = self.keys.iter().find(|key| !contested.keys.contains(key));
        if let Some(other) = other {
            bail!(
                "{other} of {id} is not contested; contested: {}",
                words(&contested.keys)
            );
        }
        let keys = match self.keys.is_empty() {
            true => contested.keys.clone(),
            false => self.keys,
        };
        ensure!(!keys.is_empty(), "a hold names at least one key");
        Ok(Self { keys, ..self })
    }

    /// Returns what the hold does, for a commit.
    pub(super) fn words(&self, id: &SubscriberId) -> String {
        format!("hold {} of {id} until {}", words(&self.keys), self.until)
    }
}

fn words(keys: &BTreeSet<SyncedKey>) -> String {
    let words: Vec<String> = keys.iter().map(|key| key.as_str().to_owned()).collect();
    listed(&words)
}

/// Returns the edits that write a hold. Keys of a hold that is still in force stay held.
pub(super) fn hold_edits(
    inventory: &Inventory,
    id: &SubscriberId,
    hold: &NewHold,
    today: Option<Day>,
) -> Vec<Edit> {
    let known = inventory.subscriber(id.as_str());
    let known = known.and_then(|object| object.text.hold.as_deref());
    let mut keys = hold.keys.clone();
    keys.extend(known.into_iter().flat_map(|known| in_force(known, today)));
    let keys: Array = keys.iter().map(|key| key.as_str()).collect();
    let fields = [
        ("keys", Value::from(keys)),
        ("why", Value::from(hold.why.as_str())),
        ("until", Value::from(hold.until.to_string())),
    ];
    let set = |key: KeyPath, value| Edit::Set {
        object: Object::subscriber(id.as_str()),
        key,
        value,
    };
    if known.is_some() {
        // It may be a table of its own, which keeps its form.
        let fields = fields.into_iter();
        return fields
            .map(|(key, value)| set(KeyPath::new(["hold", key]), value))
            .collect();
    }
    let table: InlineTable = fields.into_iter().collect();
    vec![set(KeyPath::new(["hold"]), Value::from(table))]
}

fn in_force(hold: &HoldText, today: Option<Day>) -> Vec<SyncedKey> {
    let is_over = hold
        .until
        .zip(today)
        .is_none_or(|(until, today)| until < today);
    match &hold.keys {
        Some(keys) if !is_over => keys.clone(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::authoring::edit::apply;
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, canonical_order, read_texts};

    const FILE: &str = "subscribers/more.toml";
    const SUBSCRIBER: &str = "[subscriber.acct-7]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:07\"\nservice_plan = \"home-100\"\nvlan = 107\n";

    fn id() -> SubscriberId {
        SubscriberId::new("acct-7").unwrap()
    }

    fn hold(keys: &[SyncedKey]) -> NewHold {
        NewHold {
            keys: keys.iter().copied().collect(),
            why: PlainText::new("trial").unwrap(),
            until: "2027-03-01".parse().unwrap(),
        }
    }

    /// Returns the file after a hold is written into it.
    fn held(more: &str, hold: &NewHold, today: &str) -> String {
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert(FILE.into(), format!("{SUBSCRIBER}{more}").into());
        let reading = read_texts(&texts, &Limits::default());
        let edits = hold_edits(&reading.inventory, &id(), hold, today.parse().ok());
        let changed = apply(&texts, &edits, &|kind, path| canonical_order(kind, path)).unwrap();
        let text = changed[0].after.clone().unwrap();
        texts.insert(FILE.into(), Arc::clone(&text));
        let reading = read_texts(&texts, &Limits::default());
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        text.to_string()
    }

    #[test]
    fn a_hold_is_one_line_and_a_table_of_its_own_keeps_its_form() {
        let plan = hold(&[SyncedKey::ServicePlan]);
        assert!(held("", &plan, "2027-01-01").ends_with(
            "hold = { keys = [\"service_plan\"], why = \"trial\", until = \"2027-03-01\" }\n"
        ));
        let table = "\n[subscriber.acct-7.hold]\nkeys = [\"state\"]\nwhy = \"moving out\"\nuntil = \"2027-02-01\"\n";
        let both = held(table, &plan, "2027-01-01");
        assert!(
            both.ends_with("[subscriber.acct-7.hold]\nkeys = [\"service_plan\", \"state\"]\nwhy = \"trial\"\nuntil = \"2027-03-01\"\n"),
            "{both}"
        );
        // What an old hold kept is not held again.
        let only = held(table, &plan, "2027-02-02");
        assert!(only.contains("keys = [\"service_plan\"]\n"), "{only}");
    }

    #[test]
    fn a_hold_is_of_contested_keys() {
        let mut contested = ContestedSubscriber {
            service: compact_str::CompactString::from("7/70").try_into().unwrap(),
            keys: [SyncedKey::ServicePlan, SyncedKey::State].into(),
            lines: Vec::new(),
        };
        let all = hold(&[]).of_contested(&id(), &contested).unwrap();
        assert_eq!(
            all.words(&id()),
            "hold service_plan and state of acct-7 until 2027-03-01"
        );
        let one = hold(&[SyncedKey::State]).of_contested(&id(), &contested);
        assert_eq!(one.unwrap().keys, [SyncedKey::State].into());
        let other = hold(&[SyncedKey::Port]).of_contested(&id(), &contested);
        let said = other.unwrap_err().to_string();
        assert_eq!(
            said,
            "port of acct-7 is not contested; contested: service_plan and state"
        );
        contested.keys.clear();
        let removed = hold(&[]).of_contested(&id(), &contested).unwrap_err();
        assert!(removed.to_string().contains("nothing to hold"));
    }
}
