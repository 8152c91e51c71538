//! The limits of `policy.toml`, and what protects a subscriber from being removed.

use gamctl::plan::{DevicePlan, InventoryFacts, Limit, Limits, guard};
use serde_json::json;

use super::{Example, mac, subscriber};

/// Returns an example with so many households, of which the first are removed.
fn removing(households: u8, removed: u8) -> Example {
    let mut config = json!({ "profiles": { "home": { "down": 106, "up": 106 } }, "endpoints": {}, "subscribers": {} });
    for number in 1..=households {
        let name = format!("h{number:02}");
        config["endpoints"][mac(number)] = json!({ "name": name, "port": "unassigned" });
        config["subscribers"][&name] = subscriber(number, 100 + u16::from(number));
    }
    let mut example = Example::of(&config);
    for number in 1..=removed {
        let name = format!("h{number:02}");
        example.intended["endpoints"]
            .as_object_mut()
            .unwrap()
            .remove(&mac(number));
        example.intended["subscribers"]
            .as_object_mut()
            .unwrap()
            .remove(&name);
    }
    example
}

fn limit(count: u32, percent: u32) -> Limit {
    Limit {
        count: Some(count),
        percent: Some(percent),
    }
}

fn of_device(plan: DevicePlan, limits: &Limits) -> Vec<String> {
    let mut plans = [plan];
    let of_all = guard(&mut plans, limits, &InventoryFacts::default());
    assert!(of_all.is_empty(), "{of_all:?}");
    let [plan] = plans;
    let refusals = plan.refusals.into_iter();
    refusals
        .map(|one| format!("{}: {}", one.rule, one.message))
        .collect()
}

#[test]
fn a_household_is_one_removal_and_the_smaller_limit_wins_from_ten_households_up() {
    let limits = Limits {
        removals_per_device: limit(5, 20),
        ..Limits::default()
    };
    assert_eq!(of_device(removing(10, 2).plan(), &limits), [] as [&str; 0]);
    assert_eq!(
        of_device(removing(30, 6).plan(), &limits),
        [
            "too-many-removals: 6 subscribers or endpoints of oak would be removed, and the limit is 5"
        ]
    );
    assert_eq!(
        of_device(removing(11, 4).plan(), &limits),
        [
            "too-many-removals: 4 subscribers or endpoints of oak would be removed, and the limit is 3, which is 20 % of the 11 subscribers or endpoints on it"
        ]
    );
    // Under ten households only the count counts.
    assert_eq!(of_device(removing(9, 4).plan(), &limits), [] as [&str; 0]);
}

#[test]
fn the_whole_run_has_limits_of_its_own() {
    let mut plans = vec![
        removing(20, 2).plan(),
        removing(20, 2).plan(),
        removing(20, 0).plan(),
    ];
    let limits = Limits {
        removals: limit(3, 90),
        interruptions: Limit {
            count: None,
            percent: Some(0),
        },
        devices: Limit {
            count: Some(1),
            percent: None,
        },
        ..Limits::default()
    };
    // These households are on no port, so nobody notices.
    let words: Vec<String> = guard(&mut plans, &limits, &InventoryFacts::default())
        .into_iter()
        .map(|one| format!("{}: {}", one.rule, one.message))
        .collect();
    assert_eq!(
        words,
        [
            "too-many-removals-in-all: 4 subscribers or endpoints would be removed in all, and the limit is 3",
            "too-many-devices: 2 devices would be changed, and the limit is 1",
        ]
    );
    assert!(plans.iter().all(|plan| !plan.is_refused()));
}

#[test]
fn the_hint_of_a_limit_names_only_ways_that_lead_out() {
    let limits = |most| Limits {
        removals: limit(most, 100),
        ..Limits::default()
    };
    let hint = |removed: &[u8], most| {
        let plans = removed.iter();
        let mut plans: Vec<_> = plans.map(|count| removing(40, *count).plan()).collect();
        let facts = InventoryFacts::default();
        let mut refusals = guard(&mut plans, &limits(most), &facts).into_iter();
        let refused = refusals.find(|one| one.rule == "too-many-removals-in-all");
        refused.unwrap().hint
    };
    let fewer = "apply to fewer devices at a time";
    assert!(hint(&[3, 3, 0], 4).contains(fewer));
    // Only one device counts, or each alone exceeds the limit.
    assert!(!hint(&[6, 0, 0], 4).contains(fewer));
    assert!(!hint(&[6, 6, 6], 4).contains(fewer));
    for refused in [hint(&[3, 3, 0], 4), hint(&[6], 4)] {
        assert!(
            refused.contains("split it into several commits"),
            "{refused}"
        );
        assert!(refused.contains("raise `limits.removals`"), "{refused}");
    }
}

#[test]
fn no_limit_is_about_a_device_that_is_only_observed() {
    let mut observed = removing(30, 6).plan();
    observed.state = gamctl::model::DeviceState::Observe;
    let limits = Limits {
        removals_per_device: limit(5, 20),
        removals: limit(5, 20),
        ..Limits::default()
    };
    assert_eq!(of_device(observed, &limits), [] as [&str; 0]);
}

/// Returns the rules that refuse a run over one plan of a network with so many subscribers.
fn refusals(plan: DevicePlan, limits: &Limits, facts: &InventoryFacts) -> Vec<String> {
    let refusals = guard(&mut [plan], limits, facts).into_iter();
    refusals
        .map(|one| format!("{}: {}", one.rule, one.message))
        .collect()
}

#[test]
fn a_percentage_is_of_the_whole_inventory_however_few_devices_are_selected() {
    let limits = Limits {
        removals: limit(20, 2),
        ..Limits::default()
    };
    let facts = |subscribers| InventoryFacts {
        subscribers,
        ..InventoryFacts::default()
    };
    let plan = || removing(12, 2).plan();
    assert_eq!(refusals(plan(), &limits, &facts(360)), [""; 0]);
    assert_eq!(
        refusals(plan(), &limits, &facts(50)),
        [
            "too-many-removals-in-all: 2 subscribers or endpoints would be removed in all, and the limit is 1, which is 2 % of the 50 subscribers or endpoints in the inventory"
        ]
    );
}

#[test]
fn one_line_that_slows_everybody_is_refused() {
    let mut example = Example::settled();
    example.intended["profiles"]["home"]["down"] = json!(53);
    let limits = Limits {
        slower: limit(1, 100),
        ..Limits::default()
    };
    assert_eq!(
        refusals(example.plan(), &limits, &InventoryFacts::default()),
        ["too-many-slower: 2 subscribers would get slower, and the limit is 1"]
    );
}

#[test]
fn a_suspension_is_counted_once_and_only_where_the_plan_restricts_the_service() {
    let limits = Limits {
        suspensions: limit(0, 100),
        ..Limits::default()
    };
    let suspended = |names: &[&str]| {
        let names = names.iter().map(|name| name.parse().unwrap()).collect();
        InventoryFacts {
            suspended: [("oak".parse().unwrap(), names)].into(),
            ..InventoryFacts::default()
        }
    };
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["vlan"] = json!(4094);
    let plan = || example.plan();
    assert_eq!(
        refusals(plan(), &limits, &suspended(&["a", "b"])),
        ["too-many-suspensions: 1 subscriber would be suspended, and the limit is 0"]
    );
    assert_eq!(refusals(plan(), &limits, &suspended(&["b"])), [""; 0]);
}

#[test]
fn another_name_for_a_line_is_refused_unless_moved_from_names_the_old_one() {
    let limits = Limits {
        reassignments: limit(0, 100),
        ..Limits::default()
    };
    let mut example = Example::settled();
    let subscribers = example.intended["subscribers"].as_object_mut().unwrap();
    let a = subscribers.remove("a").unwrap();
    subscribers.insert("new".to_owned(), a);
    assert_eq!(
        refusals(example.plan(), &limits, &InventoryFacts::default()),
        [
            "too-many-reassignments: 1 subscriber would get another name without `moved_from`, and the limit is 0"
        ]
    );
    let renamed = [("new".parse().unwrap(), "a".parse().unwrap())].into();
    let facts = InventoryFacts {
        renamed: [("oak".parse().unwrap(), renamed)].into(),
        ..InventoryFacts::default()
    };
    assert_eq!(refusals(example.plan(), &limits, &facts), [""; 0]);
}

#[test]
fn a_subscriber_is_counted_as_interrupted_once() {
    let mut example = Example::settled();
    for name in ["a", "b"] {
        example.intended["subscribers"][name]["vlan"] = json!(200);
        example.intended["subscribers"][name]["tagged"] = json!(true);
    }
    let mut plans = [example.plan()];
    let limits = Limits {
        interruptions: Limit {
            count: Some(1),
            percent: None,
        },
        ..Limits::default()
    };
    // Once more by a later step is no more people.
    let again = plans[0].steps.clone();
    plans[0].steps.extend(again);
    let refusals = guard(&mut plans, &limits, &InventoryFacts::default());
    let words: Vec<&str> = refusals.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        words,
        ["2 subscribers would be interrupted or cut off, and the limit is 1"]
    );
}

#[test]
fn a_protected_subscriber_is_not_removed_and_its_things_stay() {
    let mut example = Example::settled();
    example.intended = json!({});
    let ledger = example.ledger.as_mut().unwrap();
    ledger.protected.insert("a".parse().unwrap());
    let plan = example.plan();
    let lines: Vec<&str> = plan
        .steps
        .iter()
        .flat_map(|step| &step.lines)
        .map(|line| line.text())
        .collect();
    assert_eq!(lines, ["no ghn subscriber 2", "no ghn endpoint 2"]);
    assert_eq!(
        example.refusals(),
        [
            "protected-subscriber: subscriber a is protected, and the inventory does not have it any more"
        ]
    );
    assert_eq!(
        example.notes(),
        [
            "still-used: profile home is not removed: subscriber a uses it",
            "still-used: endpoint 00:0e:d8:00:00:01 is not removed: subscriber a uses it",
        ]
    );
}
