//! Checks that a commit of the billing sync changes only keys that billing may decide.

use super::FileKind;
use super::assemble::Inventory;
use super::changed_keys::{ChangedKey, ChangedKeys, KeyChange, changed_keys};
use super::locations::{KeyReference, ReferencedObject, locations};
use super::rules::rules;
use super::text::SET_WHEN_ADDED;
use crate::model::{Finding, SourceLocation, SyncedKey};

rules! {
    /// A commit of the billing sync adds, changes and removes subscribers, and only keys that billing may decide. Anything else
    /// is a fault of gamctl, or another person's commit under the author of the sync; such a commit is not applied.
    LANE_LEFT = "lane-left", Error, "a commit of the billing sync changes something that billing may not decide",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.12\"\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"pending\"\n")];
}

/// Returns the changes that the billing sync may not make.
///
/// Of a new subscriber it may set the keys that it may change later, and the VLAN and the description, which it never changes.
/// What could not be compared may be anything: check `is_complete` as well.
pub fn outside_billing_lane(changed: &ChangedKeys) -> Vec<&ChangedKey> {
    let is_changeable = |key: &str| SyncedKey::WORDS.contains(&outermost(key));
    let is_subscriber = |one: &ChangedKey| one.kind == FileKind::Subscribers && one.id.is_some();
    let changes = changed.keys.iter().filter(|one| match &one.change {
        KeyChange::Added | KeyChange::Removed => !is_subscriber(one),
        KeyChange::Key(key) => !is_subscriber(one) || !is_changeable(key),
    });
    // A new object of another kind is among the changes already.
    let added = changed
        .keys_of_added
        .iter()
        .filter(|one| match &one.change {
            KeyChange::Added | KeyChange::Removed => false,
            KeyChange::Key(key) => {
                is_subscriber(one)
                    && !is_changeable(key)
                    && !SET_WHEN_ADDED.contains(&outermost(key))
            }
        });
    changes.chain(added).collect()
}

/// Returns the key of the object itself: `external` of `external.account`.
fn outermost(key: &str) -> &str {
    key.split_once('.').map_or(key, |(first, _)| first)
}

/// Returns what a commit of the billing sync changed and must not, placed in the inventory that is shown.
pub(in crate::inventory) fn lane_left(
    before: &Inventory,
    after: &Inventory,
    shown: &Inventory,
    commit: &str,
) -> Vec<Finding> {
    let changed = changed_keys(before, after);
    let outside = outside_billing_lane(&changed);
    let asked: Vec<Option<KeyReference>> = outside.iter().map(|one| reference(one)).collect();
    let known: Vec<KeyReference> = asked.iter().flatten().cloned().collect();
    let mut places = locations(shown, &known).into_iter();
    let mut findings = Vec::new();
    for (one, asked) in outside.iter().zip(&asked) {
        let place = asked.as_ref().and_then(|_| places.next().flatten());
        let file = || SourceLocation::whole(format!("{}.toml", one.kind).into());
        findings.push(finding(
            place.unwrap_or_else(file),
            format!("commit {commit} of the billing sync {}", sentence(one)),
        ));
    }
    if !changed.is_complete {
        let place = SourceLocation::whole(".".into());
        let message = format!("commit {commit} of the billing sync could not be compared in full");
        findings.push(finding(place, message));
    }
    findings
}

fn finding(place: SourceLocation, message: String) -> Finding {
    let hint = "revert the commit; a change by a person needs another author than that of the sync";
    Finding {
        rule: &LANE_LEFT,
        severity: LANE_LEFT.severity,
        place,
        message,
        hint: Some(hint.to_owned()),
        related: Vec::new(),
        is_secret: false,
    }
}

fn sentence(changed: &ChangedKey) -> String {
    let table = changed.kind.object_table().unwrap_or(changed.kind.stem());
    let what = table.replace('_', " ");
    match (&changed.change, &changed.id) {
        (KeyChange::Added, Some(id)) => format!("adds {what} `{id}`"),
        (KeyChange::Removed, Some(id)) => format!("removes {what} `{id}`"),
        (KeyChange::Key(key), Some(id)) => format!("sets `{key}` of {what} `{id}`"),
        (KeyChange::Key(key), None) => format!("sets `{key}` of the {what}"),
        (KeyChange::Added | KeyChange::Removed, None) => format!("changes the {what}"),
    }
}

fn reference(changed: &ChangedKey) -> Option<KeyReference> {
    let id = changed.id.clone();
    let object = match changed.kind {
        FileKind::Network => ReferencedObject::Network,
        FileKind::Devices => ReferencedObject::Device(id?),
        FileKind::ServicePlans => ReferencedObject::ServicePlan(id?),
        FileKind::Billing => ReferencedObject::Billing(id?),
        FileKind::Subscribers => ReferencedObject::Subscriber(id?),
        // Names of credentials are not repeated, and nothing points into the policy.
        FileKind::Credentials | FileKind::Policy => return None,
    };
    Some(match &changed.change {
        KeyChange::Key(key) => KeyReference::new(object, key.split('.')),
        KeyChange::Added | KeyChange::Removed => KeyReference::new(object, []),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::inventory::changed_keys::changed_keys_of_texts;

    fn outside(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
        let texts = |files: &[(&str, &str)]| -> BTreeMap<Arc<str>, Arc<str>> {
            let files = files.iter();
            files
                .map(|(path, text)| (Arc::from(*path), Arc::from(*text)))
                .collect()
        };
        let changed = changed_keys_of_texts(&texts(before), &texts(after));
        assert!(changed.is_complete);
        let outside = outside_billing_lane(&changed).into_iter();
        outside.map(ChangedKey::pattern).collect()
    }

    const ANN: &str = "[subscriber.ann]\ndevice = \"a\"\nstate = \"active\"\nvlan = 7\n";

    fn of_ann(text: &str) -> Vec<String> {
        outside(
            &[("subscribers/a.toml", ANN)],
            &[("subscribers/a.toml", text)],
        )
    }

    #[test]
    fn the_sync_changes_what_billing_decides_and_nothing_else_of_a_subscriber() {
        let suspended = ANN.replace("active", "suspended");
        let linked = format!("{suspended}external = {{ system = \"sonar\", account = \"1\" }}\n");
        assert_eq!(of_ann(&linked), [""; 0]);
        assert_eq!(of_ann(""), [""; 0]);
        assert_eq!(of_ann(&ANN.replace("= 7", "= 8")), ["subscriber.vlan"]);
        assert_eq!(
            of_ann(&format!("{ANN}poe = \"force\"\n")),
            ["subscriber.poe"]
        );
        let hold = format!("{ANN}hold = {{ keys = [\"state\"] }}\n");
        assert_eq!(of_ann(&hold), ["subscriber.hold.keys"]);
    }

    #[test]
    fn a_new_subscriber_of_the_sync_has_no_key_that_is_the_engineers() {
        let keys = "port = 1\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"p\"\ndescription = \"12\"\n";
        let bob = format!("{ANN}{}{keys}", ANN.replace("ann", "bob"));
        assert_eq!(of_ann(&bob), [""; 0]);
        let protected = format!("{bob}protected = true\nname = \"bob\"\n");
        assert_eq!(
            of_ann(&protected),
            ["subscriber.name", "subscriber.protected"]
        );
    }

    #[test]
    fn the_sync_changes_no_other_kind_of_object_and_no_settings() {
        for (path, text, pattern) in [
            ("devices/a.toml", "[device.a]\nmodel = \"x\"\n", "device+"),
            (
                "service-plans.toml",
                "[service_plan.a]\ndown = 1\n",
                "service_plan+",
            ),
            ("credentials.toml", "[credentials.a]\n", "credentials+"),
            ("billing.toml", "[billing.a]\n", "billing+"),
            ("network.toml", "schema = 1\n", "network.schema"),
            (
                "policy.toml",
                "lane.billing.authors = []\n",
                "policy.lane.billing.authors",
            ),
        ] {
            assert_eq!(outside(&[], &[(path, text)]), [pattern], "{path}");
            assert!(!outside(&[(path, text)], &[]).is_empty(), "{path}");
        }
    }
}
