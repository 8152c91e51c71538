//! Tests the split of plans, with steps read from their stored form, and the histories of fields.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{DeviceName, SubscriberName};
use crate::plan::{Impact, Verb};

fn subscriber(name: &str) -> Object {
    Object::Subscriber(SubscriberName::new(name).unwrap())
}

fn drift(fields: &[Field]) -> Because {
    because(Cause::Drift { was: None }, fields)
}

fn because(cause: Cause, fields: &[Field]) -> Because {
    Because {
        cause,
        fields: fields.to_vec(),
        origin: None,
    }
}

/// Returns a step that changes VLAN and name of a subscriber, for these reasons.
fn step(from: &str, to: &str, because: Vec<Because>) -> Step {
    let text = |text: &str| json!({ "type": "text", "value": text });
    let vlan = |number: u16| json!({ "type": "vlan", "value": number });
    let mut fields: Vec<Value> = Vec::new();
    if from != to {
        fields.push(json!({ "field": "name", "from": text(from), "to": text(to) }));
    }
    fields.push(json!({ "field": "vlan", "from": vlan(101), "to": vlan(102) }));
    let change = json!({
        "object": { "kind": "subscriber", "id": from }, "slot": 2, "verb": Verb::Update, "fields": fields,
    });
    Step {
        change: serde_json::from_value(change).unwrap(),
        lines: Vec::new(),
        inverse: Vec::new(),
        cannot_undo: None,
        impact: Impact::None,
        effects: crate::plan::Effects::default(),
        because,
        subscriber_ids: crate::model::SubscriberIds::default(),
        rolled_back: None,
    }
}

fn plan(steps: Vec<Step>) -> DevicePlan {
    DevicePlan::<Step>::preprovision(DeviceName::new("maple-a").unwrap()).with_steps(steps)
}

fn settings(default: DriftPolicy, fields: &[(&str, DriftPolicy)]) -> DriftSettings {
    let fields = fields.iter();
    DriftSettings {
        default,
        fields: fields
            .map(|(key, policy)| ((*key).to_owned(), *policy))
            .collect(),
    }
}

#[test]
fn a_field_has_its_own_policy_or_the_default() {
    let settings = settings(
        DriftPolicy::Ask,
        &[
            ("subscriber.vlan", DriftPolicy::Restore),
            ("endpoint.mac_address", DriftPolicy::Report),
        ],
    );
    let endpoint = Object::Endpoint("00:0e:d8:00:00:01".parse().unwrap());
    assert_eq!(
        settings.policy(&subscriber("a"), Some(Field::Vlan)),
        DriftPolicy::Restore
    );
    assert_eq!(
        settings.policy(&subscriber("a"), Some(Field::Rate)),
        DriftPolicy::Ask
    );
    assert_eq!(settings.policy(&subscriber("a"), None), DriftPolicy::Ask);
    assert_eq!(settings.policy(&endpoint, None), DriftPolicy::Report);
    assert_eq!(
        DriftSettings::default().policy(&endpoint, None),
        DriftPolicy::Report
    );
}

#[test]
fn steps_are_split_by_their_causes_and_a_mixed_one_has_the_most_careful_policy() {
    let plan = plan(vec![
        step("a", "a", vec![drift(&[Field::Vlan])]),
        step("b", "b", vec![because(Cause::Inventory, &[Field::Vlan])]),
        step(
            "c",
            "d",
            vec![
                because(Cause::Inventory, &[Field::Name]),
                drift(&[Field::Vlan]),
            ],
        ),
        step("e", "f", vec![drift(&[Field::Name, Field::Vlan])]),
    ]);
    let settings = settings(
        DriftPolicy::Ask,
        &[("subscriber.vlan", DriftPolicy::Restore)],
    );
    let split = split_drift(&plan, &settings, &[]);
    assert_eq!(
        split.steps,
        [
            StepOrigin::Drift(DriftPolicy::Restore),
            StepOrigin::Commit,
            StepOrigin::Mixed(DriftPolicy::Restore),
            StepOrigin::Drift(DriftPolicy::Ask),
        ]
    );
    assert!(split.has_commit() && !split.has_reported());
    let restored: Vec<String> = split
        .with(DriftPolicy::Restore)
        .map(|one| one.object.to_string())
        .collect();
    assert_eq!(restored, ["subscriber a", "subscriber d", "subscriber f"]);
}

#[test]
fn a_temporary_state_belongs_to_the_step_that_replaces_it() {
    let temporary = |from, to| step(from, to, vec![because(Cause::Temporary, &[Field::Name])]);
    let plan = plan(vec![
        temporary("a", "x"),
        temporary("x", "y"),
        step("y", "b", vec![drift(&[Field::Name])]),
        temporary("k", "l"),
    ]);
    let steps = split_drift(&plan, &settings(DriftPolicy::Restore, &[]), &[]).steps;
    let restored = StepOrigin::Drift(DriftPolicy::Restore);
    assert_eq!(steps, [restored, restored, restored, StepOrigin::Commit]);
}

#[test]
fn a_contested_field_is_only_reported() {
    let plan = plan(vec![step("a", "a", vec![drift(&[Field::Vlan])])]);
    let restore = settings(DriftPolicy::Restore, &[]);
    let of = |name| Contested {
        object: subscriber(name),
        field: Some(Field::Vlan),
        restored: 3,
        last_changed_back: 0,
        until: 0,
    };
    assert!(split_drift(&plan, &restore, &[of("a")]).has_reported());
    assert!(!split_drift(&plan, &restore, &[of("b")]).has_reported());
}

const HOUR: u64 = 3600;
const NOW: u64 = 1_800_000_000;

/// Returns the events of the VLAN of subscriber a: `r` restored, `c` changed back, one in each hour until now.
fn events(kinds: &str) -> Vec<DriftEvent> {
    let count = kinds.len() as u64;
    let event = |(at, kind)| DriftEvent {
        at: NOW - (count - at) * HOUR,
        object: subscriber("a"),
        field: Some(Field::Vlan),
        kind: match kind {
            'r' => DriftEventKind::Restored,
            _ => DriftEventKind::ChangedBack,
        },
    };
    (0..).zip(kinds.chars()).map(event).collect()
}

#[test]
fn a_field_that_was_restored_three_times_and_changed_back_each_time_is_contested() {
    let found = contested(&events("rcrcrc"), NOW);
    assert_eq!(
        found,
        [Contested {
            object: subscriber("a"),
            field: Some(Field::Vlan),
            restored: 3,
            last_changed_back: NOW - HOUR,
            until: NOW + 18 * HOUR,
        }]
    );
    for kinds in ["", "rcrc", "rcrcr", "rrr", "ccc", "crcrcr", "rcrcrr"] {
        assert_eq!(contested(&events(kinds), NOW), [], "{kinds}");
    }
}

#[test]
fn restores_of_other_fields_and_older_ones_do_not_count() {
    let mut others = events("rcrcrc");
    others[0].field = Some(Field::Rate);
    assert_eq!(contested(&others, NOW), []);
    let old = events("rcrcrc");
    let until = contested(&old, NOW)[0].until;
    assert_eq!(contested(&old, until - 1).len(), 1);
    assert_eq!(contested(&old, until), []);
}

fn applied(target: &str, names: &[&str]) -> AppliedDifferences {
    let difference = |name: &&str| Difference {
        object: subscriber(name),
        field: Some(Field::Vlan),
        intended: Some("102".to_owned()),
    };
    AppliedDifferences {
        target: target.to_owned(),
        remaining: names.iter().map(difference).collect(),
    }
}

#[test]
fn the_same_differences_after_two_applies_mean_that_a_device_does_not_converge() {
    let remain = |applies: &[AppliedDifferences]| -> Vec<String> {
        let found = does_not_converge(applies, "new");
        found.iter().map(|one| one.object.to_string()).collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(
        remain(&[applied("new", &["a", "b"]), applied("new", &["b", "c"])]),
        ["subscriber b"]
    );
    assert_eq!(remain(&[applied("new", &["a"])]), none);
    assert_eq!(remain(&[applied("new", &["a"]), applied("new", &[])]), none);
    assert_eq!(
        remain(&[applied("old", &["a"]), applied("new", &["a"])]),
        none
    );
    assert_eq!(
        remain(&[
            applied("new", &["a"]),
            applied("new", &["a"]),
            applied("newer", &["a"])
        ]),
        none
    );
}

fn any_cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::Inventory),
        Just(Cause::Drift { was: None }),
        Just(Cause::FirstAdoption),
        Just(Cause::Gone { still: None }),
        Just(Cause::Unmanaged),
        Just(Cause::Temporary),
    ]
}

proptest! {
    #[test]
    fn every_step_has_an_origin_and_only_drift_is_drifted(
        causes in prop::collection::vec(prop::collection::vec(any_cause(), 1..3), 0..6),
    ) {
        let names = ["a", "b", "c", "d", "e", "f"];
        let steps = causes.iter().zip(names).map(|(causes, name)| {
            step(name, name, causes.iter().map(|cause| because(cause.clone(), &[Field::Vlan])).collect())
        });
        let plan = plan(steps.collect());
        let split = split_drift(&plan, &settings(DriftPolicy::Restore, &[]), &[]);
        prop_assert_eq!(split.steps.len(), plan.steps.len());
        let drifted: BTreeSet<&Object> = split.drifted.iter().map(|one| &one.object).collect();
        for ((causes, name), origin) in causes.iter().zip(names).zip(&split.steps) {
            let is_drift = causes.iter().any(|cause| matches!(cause, Cause::Drift { .. }));
            prop_assert_eq!(is_drift, *origin != StepOrigin::Commit);
            prop_assert_eq!(is_drift, drifted.contains(&subscriber(name)));
        }
    }

    #[test]
    fn a_field_is_contested_at_most_until_its_restores_are_a_day_old(kinds in "[rc]{0,20}", later in 0_u64..30) {
        let events = events(&kinds);
        let pairs = kinds.matches("rc").count();
        let found = contested(&events, NOW + later * HOUR);
        prop_assert!(found.is_empty() || pairs >= 3);
        prop_assert_eq!(contested(&events, NOW + 24 * HOUR), []);
        prop_assert!(found.iter().all(|one| one.until > NOW + later * HOUR));
    }
}
