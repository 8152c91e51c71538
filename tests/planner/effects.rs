//! Who gets slower, faster or is served again, and by which step.

use gamctl::plan::{DevicePlan, Limiter, SpeedChange};
use serde_json::json;

use super::{Example, mac, subscriber};

fn limited(down: u32, up: u32) -> Limiter {
    let [down, up] = [down, up].map(|speed| gamctl::model::Mbps::new(speed).unwrap());
    Limiter::Limited { down, up }
}

/// Returns the speed changes of each step as text: the names, and whether they get slower.
fn speeds(plan: &DevicePlan) -> Vec<String> {
    let speeds = plan.steps.iter().flat_map(|step| &step.effects.speeds);
    let text = |speed: &SpeedChange| {
        let names: Vec<&str> = speed.subscribers.iter().map(|name| name.as_str()).collect();
        let how = if speed.is_slower() {
            "slower"
        } else {
            "faster"
        };
        format!("{} {how}", names.join(" "))
    };
    speeds.map(text).collect()
}

fn restored(plan: &DevicePlan) -> Vec<&str> {
    let steps = plan.steps.iter();
    let names = steps.flat_map(|step| &step.effects.restores);
    names.map(|name| name.as_str()).collect()
}

#[test]
fn a_slower_profile_names_each_of_its_subscribers_with_both_speeds() {
    let mut example = Example::settled();
    example.intended["profiles"]["home"]["down"] = json!(53);
    let plan = example.plan();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(
        plan.steps[0].effects.speeds,
        [SpeedChange {
            subscribers: vec!["a".parse().unwrap(), "b".parse().unwrap()],
            from: limited(106, 106),
            to: limited(53, 106),
        }]
    );
    assert_eq!(speeds(&plan), ["a b slower"]);
}

#[test]
fn another_profile_makes_one_subscriber_faster_and_no_limit_is_the_fastest() {
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["rate"] = json!("unthrottled");
    assert_eq!(speeds(&example.plan()), ["a faster"]);
    let mut example = Example::settled();
    example.intended["profiles"]["fast"] = json!({ "down": 500, "up": 500 });
    example.intended["subscribers"]["b"]["rate"] = json!({ "profile": "fast" });
    assert_eq!(speeds(&example.plan()), ["b faster"]);
}

#[test]
fn a_profile_without_subscribers_makes_no_subscriber_slower() {
    let mut example = Example::settled();
    let unused = json!({ "down": 500, "up": 500 });
    example.observation.config.profiles.insert(
        "spare".parse().unwrap(),
        serde_json::from_value(json!({ "slot": 3, "down": 500, "up": 500 })).unwrap(),
    );
    example.intended["profiles"]["spare"] = unused;
    example.intended["profiles"]["spare"]["down"] = json!(50);
    let plan = example.plan();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(speeds(&plan), [""; 0]);
}

#[test]
fn a_subscriber_without_service_does_not_get_slower() {
    let mut example = Example::settled();
    let endpoint = example
        .observation
        .config
        .endpoints
        .get_mut(&mac(1).parse().unwrap());
    endpoint.unwrap().port = gamctl::model::PortAssignment::Unassigned;
    example.intended["endpoints"][mac(1)]["port"] = json!("unassigned");
    example.intended["profiles"]["home"]["down"] = json!(53);
    assert_eq!(speeds(&example.plan()), ["b slower"]);
}

#[test]
fn a_subscriber_whose_endpoint_gets_its_port_again_is_served_again() {
    let mut example = Example::settled();
    let endpoint = example
        .observation
        .config
        .endpoints
        .get_mut(&mac(1).parse().unwrap());
    endpoint.unwrap().port = gamctl::model::PortAssignment::Unassigned;
    assert_eq!(restored(&example.plan()), ["a"]);
}

#[test]
fn after_a_factory_reset_those_whom_the_ledger_has_are_served_again_and_new_ones_are_new() {
    let mut example = Example::settled();
    example.intended["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    example.intended["subscribers"]["c"] = subscriber(3, 103);
    let config = &mut example.observation.config;
    config.profiles.clear();
    config.endpoints.clear();
    config.subscribers.clear();
    assert_eq!(restored(&example.plan()), ["a", "b"]);
}

#[test]
fn a_subscriber_whose_profile_was_not_read_may_get_slower_with_each_profile() {
    let mut example = Example::settled();
    example.observation.unread.push(gamctl::model::Unread {
        part: gamctl::model::Part::Subscribers,
        number: Some(1),
        field: Some("rate".to_owned()),
        reason: "lost".to_owned(),
    });
    example.intended["profiles"]["home"]["down"] = json!(53);
    let named = speeds(&example.plan());
    assert_eq!(named, ["b slower", "a slower"]);
}

#[test]
fn a_new_subscriber_under_the_old_name_of_another_one_is_not_served_again() {
    let mut example = Example::settled();
    example.intended["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    example.intended["subscribers"]["c"] = subscriber(1, 101);
    example.intended["subscribers"]["a"] = subscriber(3, 103);
    let plan = example.plan();
    let lines: Vec<&str> = plan.steps.iter().map(|step| step.lines[0].text()).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[1], "ghn subscriber 1 name \"c\"");
    assert_eq!(restored(&plan), [""; 0]);
}

#[test]
fn a_subscriber_that_leaves_or_gets_a_profile_whose_rate_was_not_read_may_get_slower() {
    let mut observed = super::homes();
    observed["profiles"]["spare"] = json!({ "down": 10, "up": 10 });
    for (from, to) in [("home", "spare"), ("spare", "home")] {
        observed["subscribers"]["a"]["rate"] = json!({ "profile": from });
        let mut example = Example::of(&observed);
        // Its placeholder is the lowest rate.
        example.observation.unread.push(gamctl::model::Unread {
            part: gamctl::model::Part::Profiles,
            number: Some(3),
            field: Some("down".to_owned()),
            reason: "lost".to_owned(),
        });
        example.intended["subscribers"]["a"]["rate"] = json!({ "profile": to });
        assert_eq!(speeds(&example.plan()), ["a slower"], "{from}");
    }
}
