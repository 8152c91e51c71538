//! Moves, swaps and renames: one line where one will do, one more where two must trade places.

use gamctl::model::GamModel;
use gamctl::plan::{Cause, Impact};
use serde_json::json;

use super::{Example, homes, mac, subscriber};

fn swapped() -> Example {
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["endpoint"] = json!(mac(2));
    example.intended["subscribers"]["b"]["endpoint"] = json!(mac(1));
    example
}

#[test]
fn two_households_that_swap_their_boxes_are_both_named_and_one_is_detached_for_a_moment() {
    let plan = swapped().plan();
    let lines: Vec<gamctl::model::ConfigLine> = plan
        .steps
        .iter()
        .flat_map(|step| step.lines.clone())
        .collect();
    assert_eq!(
        lines,
        [
            "no ghn subscriber 1 endpoint",
            "ghn subscriber 2 endpoint 1",
            "ghn subscriber 1 endpoint 2"
        ]
    );
    assert_eq!(plan.steps[0].because[0].cause, Cause::Temporary);
    let interrupts = |name: &str| Impact::Interrupts {
        subscribers: vec![name.parse().unwrap()],
    };
    assert_eq!(plan.steps[0].impact, interrupts("a"));
    assert_eq!(plan.steps[1].impact, interrupts("b"));
    assert_eq!(plan.steps[2].impact, Impact::None);
}

#[test]
fn two_subscribers_that_swap_only_their_names_are_renamed_without_interruption() {
    let mut example = swapped();
    example.intended["subscribers"]["a"]["vlan"] = json!(102);
    example.intended["subscribers"]["b"]["vlan"] = json!(101);
    assert_eq!(
        example.lines(),
        [
            "ghn subscriber 1 name \"gamctl-tmp-1\"",
            "ghn subscriber 2 name \"a\"",
            "ghn subscriber 1 name \"b\""
        ]
    );
    assert!(
        example
            .plan()
            .steps
            .iter()
            .all(|step| step.impact == Impact::None)
    );
}

#[test]
fn copper_ports_that_are_swapped_need_one_moment_on_no_port() {
    let mut example = Example::settled();
    example.intended["endpoints"][mac(1)]["port"] = json!(2);
    example.intended["endpoints"][mac(2)]["port"] = json!(1);
    assert_eq!(
        example.lines(),
        [
            "ghn endpoint 1 port unassigned",
            "ghn endpoint 2 port 1",
            "ghn endpoint 1 port 2"
        ]
    );
}

#[test]
fn a_swapped_cpe_is_one_line() {
    let mut example = Example::settled();
    let endpoints = example.intended["endpoints"].as_object_mut().unwrap();
    let one = endpoints.remove(&mac(1)).unwrap();
    endpoints.insert(mac(9), one);
    example.intended["subscribers"]["a"]["endpoint"] = json!(mac(9));
    assert_eq!(
        example.lines(),
        ["ghn endpoint 1 mac-address 00:0e:d8:00:00:09"]
    );
}

#[test]
fn a_rate_changes_the_profile_and_nothing_else() {
    let mut example = Example::settled();
    example.intended["profiles"]["home"]["down"] = json!(212);
    assert_eq!(example.lines(), ["ghn bw-profile 2 rate-downstream 212"]);
    assert_eq!(example.plan().steps[0].impact, Impact::None);
}

#[test]
fn a_single_field_is_a_single_line() {
    let new = [
        ("vlan", json!(200), "vid 200"),
        ("tagged", json!(true), "tagged"),
        ("rate", json!("unthrottled"), "bw-profile unthrottled"),
        ("description", json!("x"), "description \"x\""),
        ("poe", json!("force"), "poe force"),
        ("remapped_vlan", json!(300), "remapped-vid 300"),
        ("allowed_vlans", json!("1000"), "allowed-vlan 1000"),
        ("port2_vlan", json!(300), "port2-vid 300"),
    ];
    for (field, value, words) in new {
        let mut example = Example::settled();
        example.intended["subscribers"]["a"][field] = value;
        assert_eq!(example.lines(), [format!("ghn subscriber 1 {words}")]);
    }
}

#[test]
fn an_id_that_was_moved_is_a_rename() {
    let mut example = Example::settled();
    let subscribers = example.intended["subscribers"].as_object_mut().unwrap();
    subscribers.remove("a");
    subscribers.insert("c".to_owned(), subscriber(3, 140));
    example.intended["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    example
        .renamed
        .insert("c".parse().unwrap(), "a".parse().unwrap());
    example.intended["endpoints"]
        .as_object_mut()
        .unwrap()
        .remove(&mac(1));
    assert_eq!(
        example.lines(),
        [
            "ghn endpoint 1 name \"c\" mac-address 00:0e:d8:00:00:03 port 3",
            "ghn subscriber 1 name \"c\" vid 140"
        ]
    );
}

#[test]
fn a_new_household_comes_in_the_order_in_which_things_need_each_other() {
    let mut example = Example::settled();
    example.intended["profiles"]["fast"] = json!({ "down": 500, "up": 500 });
    example.intended["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    let mut new = subscriber(3, 103);
    new["rate"] = json!({ "profile": "fast" });
    example.intended["subscribers"]["c"] = new;
    assert_eq!(
        example.lines(),
        [
            "ghn bw-profile 3 name \"fast\" rate-downstream 500 rate-upstream 500",
            "ghn endpoint 3 name \"c\" mac-address 00:0e:d8:00:00:03 port 3",
            "ghn subscriber 3 name \"c\" endpoint 3 bw-profile 3 vid 103 untagged poe disable",
        ]
    );
    let causes: Vec<Cause> = example
        .plan()
        .steps
        .iter()
        .map(|step| step.because[0].cause.clone())
        .collect();
    assert_eq!(causes, vec![Cause::Inventory; 3]);
}

/// A profile may become another one half-way: if the rate counted, planning again could match other subscribers.
#[test]
fn a_service_that_gets_another_name_and_rate_is_not_interrupted() {
    let mut observed = homes();
    observed["profiles"]["fast"] = json!({ "down": 500, "up": 500 });
    observed["subscribers"].as_object_mut().unwrap().remove("b");
    let mut example = Example::of(&observed);
    let mut faster = subscriber(1, 101);
    faster["rate"] = json!({ "profile": "fast" });
    example.intended["subscribers"] = json!({ "a": subscriber(2, 102), "c": faster });
    let lines = example.lines();
    assert_eq!(lines[0], "ghn subscriber 1 name \"c\" bw-profile 2");
    assert!(
        lines[1].starts_with("ghn subscriber 2 name \"a\" "),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
    let mut steps = example.plan().steps.into_iter();
    assert!(steps.all(|step| step.impact == Impact::None));
}

/// Before the first step, the subscriber has another name and is not owned; after it, it is one of the inventory. The profile
/// must not depend on which of both it is.
#[test]
fn a_subscriber_that_gets_a_name_of_the_inventory_keeps_its_profile() {
    let named = |name: &str| {
        let mut observed = homes();
        let rate = json!({ "profile": "old" });
        observed["profiles"]["old"] = json!({ "down": 500, "up": 50 });
        let subscribers = observed["subscribers"].as_object_mut().unwrap();
        let mut found = subscribers.remove("a").unwrap();
        found["rate"] = rate;
        subscribers.insert(name.to_owned(), found);
        let mut example = Example::of(&observed);
        example
            .ledger
            .as_mut()
            .unwrap()
            .verified
            .subscribers
            .clear();
        let profiles = example.intended["profiles"].as_object_mut().unwrap();
        let old = profiles.remove("old").unwrap();
        profiles.insert("new".to_owned(), old);
        let subscribers = example.intended["subscribers"].as_object_mut().unwrap();
        let mut wanted = subscribers.remove(name).unwrap();
        wanted["rate"] = json!({ "profile": "new" });
        subscribers.insert("a".to_owned(), wanted);
        example
    };
    let profile = "ghn bw-profile 3 name \"new\"".to_owned();
    assert_eq!(named("a").lines(), std::slice::from_ref(&profile));
    let lines = named("x").lines();
    assert!(lines.contains(&profile), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn of_two_profiles_with_its_rates_the_first_becomes_the_new_one() {
    let mut observed = homes();
    for name in ["one", "two"] {
        observed["profiles"][name] = json!({ "down": 300, "up": 300 });
    }
    observed["subscribers"]["a"]["rate"] = json!({ "profile": "two" });
    let mut example = Example::of(&observed);
    let profiles = example.intended["profiles"].as_object_mut().unwrap();
    profiles.retain(|name, _| name == "home");
    example.intended["profiles"]["new"] = json!({ "down": 300, "up": 300 });
    example.intended["subscribers"]["a"]["rate"] = json!({ "profile": "new" });
    // Once the second one is gone, only the first one is left: planning again half-way must not decide differently.
    assert_eq!(
        example.lines(),
        [
            "ghn bw-profile 3 name \"new\"",
            "ghn subscriber 1 bw-profile 3",
            "no ghn bw-profile 4"
        ]
    );
}

#[test]
fn a_full_table_of_profiles_lets_one_that_goes_become_one_that_comes() {
    let mut observed = homes();
    for number in 1..=13 {
        observed["profiles"][format!("p{number:02}")] = json!({ "down": 50 + number, "up": 50 });
    }
    observed["profiles"].as_object_mut().unwrap().remove("home");
    observed["profiles"]["zz"] = json!({ "down": 20, "up": 20 });
    for name in ["a", "b"] {
        observed["subscribers"][name]["rate"] = json!({ "profile": "zz" });
    }
    let mut example = Example::of(&observed);
    example.intended["profiles"]
        .as_object_mut()
        .unwrap()
        .remove("zz");
    example.intended["profiles"]["new"] = json!({ "down": 300, "up": 300 });
    example.intended["subscribers"]["a"]["rate"] = json!({ "profile": "new" });
    example.intended["subscribers"]["b"]["rate"] = json!({ "profile": "p01" });
    assert_eq!(
        example.lines(),
        [
            "ghn bw-profile 15 name \"new\" rate-downstream 300 rate-upstream 300",
            "ghn subscriber 2 bw-profile 2"
        ]
    );
}

#[test]
fn a_change_of_the_device_is_drift_and_shows_the_earlier_value() {
    let mut example = Example::settled();
    let name: gamctl::model::SubscriberName = "a".parse().unwrap();
    let observed = &mut example.observation.config.subscribers;
    observed.get_mut(&name).unwrap().vlan = gamctl::model::VlanId::new(150).unwrap();
    example.intended["subscribers"]["a"]["tagged"] = json!(true);
    let plan = example.plan();
    let causes: Vec<&Cause> = plan.steps[0].because.iter().map(|one| &one.cause).collect();
    let was = Cause::Drift {
        was: Some("101".to_owned()),
    };
    assert_eq!(causes, [&was, &Cause::Inventory]);
}

#[test]
fn a_vlan_is_let_through_before_its_subscriber_and_taken_away_after() {
    let mut observed = homes();
    observed["uplinks"] = json!({ "1": { "allowed_vlans": "101-102,4093" } });
    let mut example = Example::of(&observed);
    example.intended["uplinks"]["1"]["allowed_vlans"] = json!("102,300,4093");
    example.intended["subscribers"]["a"]["vlan"] = json!(300);
    assert_eq!(
        example.lines(),
        [
            "interface 10GigabitEthernet 1/1",
            "switchport trunk allowed vlan 101-102,300,4093",
            "exit",
            "ghn subscriber 1 vid 300",
            "interface 10GigabitEthernet 1/1",
            "switchport trunk allowed vlan 102,300,4093",
            "exit",
        ]
    );
}

#[test]
fn a_port_that_is_shut_down_names_all_who_are_on_it() {
    let mut observed = homes();
    observed["ports"] = json!({ "1": { "enabled": true } });
    let mut example = Example::of(&observed);
    example.ledger = None;
    example.intended = json!({ "ports": { "1": { "enabled": false } } });
    let plan = example.plan();
    assert_eq!(plan.steps[0].lines, ["ghn port 1 shutdown"]);
    let cut_off = vec!["a".parse().unwrap()];
    assert_eq!(
        plan.steps[0].impact,
        Impact::Disconnects {
            subscribers: cut_off,
            interrupts: Vec::new(),
        }
    );
}

#[test]
fn a_port_that_is_shut_down_names_also_those_who_move_away_later() {
    let mut observed = homes();
    observed["ports"] = json!({ "1": { "enabled": true } });
    observed["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    observed["endpoints"][mac(4)] = json!({ "name": "d", "port": 1 });
    observed["subscribers"]["b"] = subscriber(4, 102);
    observed["subscribers"]["c"] = subscriber(2, 103);
    let mut example = Example::of(&observed);
    example.model = GamModel::Gam12C;
    example.observation.identity.model = Some(GamModel::Gam12C);
    // `a` waits until `c` has left endpoint 2, and the port does not wait for `a`.
    example.intended["subscribers"]["a"] = subscriber(2, 101);
    example.intended["subscribers"]["c"] = subscriber(3, 103);
    example.intended["ports"]["1"]["enabled"] = json!(false);
    let plan = example.plan();
    let shut = plan.steps.iter();
    let mut shut = shut.filter(|step| step.lines == ["ghn port 1 shutdown"]);
    assert_eq!(
        shut.next().unwrap().impact,
        Impact::Disconnects {
            subscribers: vec!["b".parse().unwrap()],
            interrupts: vec!["a".parse().unwrap()],
        }
    );
}

#[test]
fn a_household_that_is_suspended_to_the_portal_is_cut_off() {
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["vlan"] = json!(4094);
    let cut_off = vec!["a".parse().unwrap()];
    assert_eq!(
        example.plan().steps[0].impact,
        Impact::Disconnects {
            subscribers: cut_off,
            interrupts: Vec::new(),
        }
    );
}

#[test]
fn an_endpoint_goes_once_its_subscriber_has_left_it() {
    let mut example = Example::settled();
    example.intended["endpoints"]
        .as_object_mut()
        .unwrap()
        .remove(&mac(2));
    example.intended["subscribers"]["b"]["endpoint"] = json!(null);
    assert_eq!(
        example.lines(),
        ["no ghn subscriber 2 endpoint", "no ghn endpoint 2"]
    );
}

#[test]
fn two_ports_that_swap_their_names_need_a_third_one_for_a_moment() {
    let mut observed = homes();
    observed["ports"] = json!({ "1": { "name": "left" }, "2": { "name": "right" } });
    let mut example = Example::of(&observed);
    example.intended["ports"] = json!({ "1": { "name": "right" }, "2": { "name": "left" } });
    let lines = example.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("gamctl-tmp-"), "{lines:?}");
}

#[test]
fn a_subscriber_in_a_vlan_that_passes_no_uplink_is_not_interrupted() {
    let mut observed = homes();
    observed["uplinks"] = json!({ "1": { "allowed_vlans": "102,4093" } });
    let mut example = Example::of(&observed);
    example.intended["subscribers"]["a"]["vlan"] = json!(103);
    let plan = example.plan();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].impact, Impact::None);
}

#[test]
fn a_vlan_that_the_other_uplink_lets_through_is_not_lost() {
    let mut observed = homes();
    let both = json!({ "allowed_vlans": "101-102,4093" });
    observed["uplinks"] = json!({ "1": both, "2": both });
    let mut example = Example::of(&observed);
    example.intended["uplinks"]["1"]["allowed_vlans"] = json!("102,4093");
    let plan = example.plan();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].impact, Impact::None);
}

#[test]
fn a_vlan_that_no_device_accepts_is_not_planned() {
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["vlan"] = json!(2);
    assert!(example.plan().steps.is_empty());
    let notes = example.notes();
    assert!(
        notes[0].starts_with("cannot-be-set: subscriber a is not planned: its VLAN is 2"),
        "{notes:?}"
    );
}

/// The inventory names the new name of `b`, so its name is free although it is protected.
#[test]
fn a_protected_subscriber_that_is_renamed_gives_its_name_to_another_one() {
    let mut example = Example::settled();
    let protected = &mut example.ledger.as_mut().unwrap().protected;
    protected.insert("b".parse().unwrap());
    example.intended["subscribers"] = json!({ "b": subscriber(1, 101), "z": subscriber(2, 105) });
    let renamed = ("z".parse().unwrap(), "b".parse().unwrap());
    example.renamed.extend([renamed]);
    assert_eq!(
        example.lines(),
        [
            "ghn subscriber 2 name \"z\" vid 105",
            "ghn subscriber 1 name \"b\"",
        ]
    );
}

/// Removing it would be refused, and moving its service is possible.
#[test]
fn a_protected_subscriber_keeps_its_name_where_another_one_has_its_new_service() {
    let mut example = Example::settled();
    let protected = &mut example.ledger.as_mut().unwrap().protected;
    protected.insert("b".parse().unwrap());
    example.intended["endpoints"]
        .as_object_mut()
        .unwrap()
        .remove(&mac(2));
    example.intended["subscribers"] = json!({ "b": subscriber(1, 101) });
    assert_eq!(
        example.lines(),
        [
            "no ghn subscriber 1",
            "ghn subscriber 2 endpoint 1 vid 101",
            "no ghn endpoint 2",
        ]
    );
}
