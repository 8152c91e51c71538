//! Endpoints and profiles in use: their users leave first, so no answer of the device to a removal in use matters.

use gamctl::model::GamModel;
use gamctl::simulator::commands::merge;
use gamctl::simulator::gam::{
    Assumptions, Configuration, Hardware, RemovalInUse, configuration_of,
};
use serde_json::json;

use super::{Example, homes, mac, subscriber};

const ANSWERS: [RemovalInUse; 3] = [
    RemovalInUse::Refused,
    RemovalInUse::Detached,
    RemovalInUse::ServiceGone,
];

/// Runs the lines on a twin that answers so, and returns what it has then.
fn carried_out(example: &Example, lines: &[String], removal: RemovalInUse) -> Configuration {
    let assumptions = Assumptions {
        removal,
        ..Assumptions::default()
    };
    let hardware = Hardware::of(GamModel::Gam8Mx, 7).with_assumptions(assumptions);
    let mut running = configuration_of(&example.observation.config, &hardware);
    let rejected = merge(&lines.join("\n"), &mut running, &hardware);
    assert_eq!(rejected.len(), 0, "{removal:?}");
    running
}

#[test]
fn an_endpoint_in_use_is_left_by_its_subscriber_before_it_is_removed() {
    let mut observed = homes();
    observed["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    let mut example = Example::of(&observed);
    let endpoints = example.intended["endpoints"].as_object_mut().unwrap();
    endpoints.remove(&mac(1));
    example.intended["subscribers"]["a"] = subscriber(3, 101);
    let lines = example.lines();
    assert_eq!(lines, ["ghn subscriber 1 endpoint 3", "no ghn endpoint 1"]);
    for removal in ANSWERS {
        let end = carried_out(&example, &lines, removal);
        assert_eq!(end.subscribers[&1].endpoint, Some(3), "{removal:?}");
        assert_eq!(end.subscribers.len(), 2);
    }
}

#[test]
fn an_endpoint_that_goes_with_its_subscriber_goes_after_it() {
    let mut example = Example::settled();
    let intended = &mut example.intended;
    intended["subscribers"].as_object_mut().unwrap().remove("a");
    let endpoints = intended["endpoints"].as_object_mut().unwrap();
    endpoints.remove(&mac(1));
    let lines = example.lines();
    assert_eq!(lines, ["no ghn subscriber 1", "no ghn endpoint 1"]);
    for removal in ANSWERS {
        let end = carried_out(&example, &lines, removal);
        assert_eq!(end.subscribers.keys().collect::<Vec<_>>(), [&2]);
    }
}

#[test]
fn a_profile_in_use_is_left_by_its_subscribers_before_it_is_removed() {
    let mut example = Example::settled();
    example.intended["profiles"] = json!({ "fast": { "down": 500, "up": 500 } });
    for name in ["a", "b"] {
        example.intended["subscribers"][name]["rate"] = json!({ "profile": "fast" });
    }
    let lines = example.lines();
    assert_eq!(lines.last().unwrap(), "no ghn bw-profile 2");
    for removal in ANSWERS {
        let end = carried_out(&example, &lines, removal);
        for id in [1, 2] {
            assert_eq!(end.subscribers[&id].profile, Some(3), "{removal:?}");
        }
    }
}

/// The number of an endpoint travels upstream in the circuit id.
#[test]
fn nothing_is_numbered_again_without_need() {
    let mut example = Example::settled();
    let intended = &mut example.intended;
    intended["subscribers"].as_object_mut().unwrap().remove("a");
    let endpoints = intended["endpoints"].as_object_mut().unwrap();
    endpoints.remove(&mac(1));
    endpoints.insert(mac(3), json!({ "name": "c", "port": 3 }));
    intended["subscribers"]["c"] = subscriber(3, 103);
    let lines = example.lines();
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("endpoint 2") || line.contains("subscriber 2")),
        "{lines:?}"
    );
    // An unused number comes before one that the plan frees.
    assert!(
        lines.iter().any(|line| line.starts_with("ghn endpoint 3 ")),
        "{lines:?}"
    );
}
