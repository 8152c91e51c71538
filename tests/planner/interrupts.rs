//! Measures what each kind of change does to subscribers, and holds the table of `docs/operating.md` to it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gamctl::plan::{DevicePlan, Impact};
use serde_json::{Value, json};

use super::{Example, mac, subscriber};
use crate::golden::assert_golden;

const BEGIN: &str = "<!-- interrupts: begin -->\n";
const END: &str = "<!-- interrupts: end -->\n";

/// The certainty of an impact, in the words of `docs/gam.md`.
const ASSUMED: &str = "assumed";
const DOCUMENTED: &str = "documented";
/// It follows from what the change is.
const CERTAIN: &str = "certain";

/// One row: the change for people, the change of the example, the certainty.
type Row = (&'static str, fn(&mut Example), &'static str);

/// Households `a` and `b` on ports 1 and 2, VLANs 101 and 102 through the uplink, and a profile that is not used.
fn homes() -> Value {
    let mut homes = super::homes();
    homes["profiles"]["spare"] = json!({ "down": 500, "up": 500 });
    let port = |name: &str| json!({ "name": name, "enabled": true, "mode": "mimo" });
    homes["ports"] = json!({ "1": port("left"), "2": port("right") });
    homes["uplinks"] = json!({ "1": { "allowed_vlans": "101-105,4093-4094" } });
    homes["system"] = json!({ "hostname": "oak", "location": "cellar" });
    homes
}

fn set(example: &mut Example, key: &str, value: Value) {
    example.intended["subscribers"]["a"][key] = value;
}

const ROWS: &[Row] = &[
    (
        "a host name, a location, a contact, the name of a port",
        |example| {
            example.intended["system"] = json!({ "hostname": "elm", "location": "attic" });
            example.intended["ports"]["1"]["name"] = json!("first");
        },
        ASSUMED,
    ),
    (
        "the `name` of a subscriber, or its id with `moved_from`",
        |example| {
            let subscribers = example.intended["subscribers"].as_object_mut().unwrap();
            let a = subscribers.remove("a").unwrap();
            subscribers.insert("c".to_owned(), a);
            example
                .renamed
                .insert("c".parse().unwrap(), "a".parse().unwrap());
        },
        ASSUMED,
    ),
    (
        "`description`",
        |example| set(example, "description", json!("third floor")),
        ASSUMED,
    ),
    (
        "another `service_plan`, faster",
        |example| set(example, "rate", json!({ "profile": "spare" })),
        ASSUMED,
    ),
    (
        "another `service_plan`, slower",
        |example| {
            example.intended["profiles"]["slow"] = json!({ "down": 10, "up": 10 });
            set(example, "rate", json!({ "profile": "slow" }));
        },
        ASSUMED,
    ),
    (
        "a lower speed of a service plan, for all its subscribers",
        |example| example.intended["profiles"]["home"]["down"] = json!(53),
        ASSUMED,
    ),
    (
        "`vlan`",
        |example| set(example, "vlan", json!(103)),
        ASSUMED,
    ),
    (
        "`tagged`, `remapped_vlan`, `allowed_vlans`",
        |example| {
            set(example, "tagged", json!(true));
            set(example, "allowed_vlans", json!("104"));
        },
        ASSUMED,
    ),
    (
        "`poe`",
        |example| set(example, "poe", json!("enable")),
        ASSUMED,
    ),
    (
        "`port`: the endpoint moves to another port",
        |example| example.intended["endpoints"][mac(1)]["port"] = json!(3),
        ASSUMED,
    ),
    (
        "`endpoint`: another CPE",
        |example| {
            let endpoints = example.intended["endpoints"].as_object_mut().unwrap();
            let a = endpoints.remove(&mac(1)).unwrap();
            endpoints.insert(mac(9), a);
            set(example, "endpoint", json!(mac(9)));
        },
        CERTAIN,
    ),
    (
        "two subscribers swap their endpoints",
        |example| {
            set(example, "endpoint", json!(mac(2)));
            example.intended["subscribers"]["b"]["endpoint"] = json!(mac(1));
        },
        CERTAIN,
    ),
    (
        "the `mode` of a port, for all subscribers on it",
        |example| example.intended["ports"]["1"]["mode"] = json!("siso"),
        ASSUMED,
    ),
    (
        "`enabled = false` of a port, for all subscribers on it: counted so, although by the guide their service goes on \
         without monitoring",
        |example| example.intended["ports"]["1"]["enabled"] = json!(false),
        ASSUMED,
    ),
    (
        "`state = \"suspended\"` with throttle",
        |example| {
            example.intended["profiles"]["slow"] = json!({ "down": 10, "up": 10 });
            set(example, "rate", json!({ "profile": "slow" }));
        },
        ASSUMED,
    ),
    (
        "`state = \"suspended\"` with captive portal",
        |example| set(example, "vlan", json!(4094)),
        DOCUMENTED,
    ),
    (
        "`state = \"suspended\"` with detach",
        |example| {
            let a = example.intended["subscribers"]["a"].as_object_mut();
            a.unwrap().remove("endpoint");
        },
        DOCUMENTED,
    ),
    (
        "a subscriber is removed",
        |example| {
            let intended = &mut example.intended;
            intended["subscribers"].as_object_mut().unwrap().remove("a");
            intended["endpoints"]
                .as_object_mut()
                .unwrap()
                .remove(&mac(1));
        },
        CERTAIN,
    ),
    (
        "a new subscriber, also on a port with others",
        |example| {
            example.intended["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
            example.intended["subscribers"]["c"] = subscriber(3, 103);
        },
        ASSUMED,
    ),
    (
        "a service plan without subscribers is changed or removed",
        |example| {
            let profiles = example.intended["profiles"].as_object_mut().unwrap();
            profiles.remove("spare");
        },
        CERTAIN,
    ),
    (
        "a VLAN is added to an uplink",
        |example| example.intended["uplinks"]["1"]["allowed_vlans"] = json!("101-110,4093-4094"),
        ASSUMED,
    ),
    (
        "a VLAN with subscribers is removed from the last uplink that lets it pass",
        |example| example.intended["uplinks"]["1"]["allowed_vlans"] = json!("102-105,4093-4094"),
        DOCUMENTED,
    ),
];

/// Returns the impact of a plan on subscribers: the worst that any step does, then their speeds.
fn words(plan: &DevicePlan) -> String {
    assert_eq!(plan.refusals, []);
    assert!(!plan.steps.is_empty());
    let mut words = BTreeSet::new();
    for step in &plan.steps {
        match &step.impact {
            Impact::None => {}
            Impact::Interrupts { .. } => {
                words.insert("2 interrupts");
            }
            Impact::Disconnects { .. } => {
                words.insert("1 disconnects");
            }
            Impact::TouchesManagement => panic!("{step:?}"),
        }
        if step.effects.slower().count() > 0 {
            words.insert("3 slower");
        }
        if step.effects.faster().count() > 0 {
            words.insert("4 faster");
        }
    }
    if words.contains("1 disconnects") {
        words.remove("2 interrupts");
    }
    if words.is_empty() {
        return "none".to_owned();
    }
    let words = words.iter().map(|word| &word[2..]);
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_table_of_the_documents_has_the_impact_that_the_planner_measures() {
    let mut table = String::from("| change | impact | how surely |\n| --- | --- | --- |\n");
    for (change, apply, certainty) in ROWS {
        let mut example = Example::of(&homes());
        apply(&mut example);
        let impact = words(&example.plan());
        table.push_str(&format!("| {change} | {impact} | {certainty} |\n"));
    }
    let path = "docs/operating.md";
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    assert_golden(path, &format!("{before}{BEGIN}{table}{END}{after}"));
}
