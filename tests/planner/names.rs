//! Names and numbers that a device may send upstream: whose authentication a plan may change.

use gamctl::plan::{InventoryFacts, Limit, Limits, guard};
use serde_json::json;

use super::{Example, homes, mac, subscriber};

/// Returns an example in which `a` gets the name `c`.
fn renamed(sends_names: Option<bool>) -> Example {
    let mut example = Example::settled();
    example.observation.sends_names = sends_names;
    let subscribers = example.intended["subscribers"].as_object_mut().unwrap();
    let a = subscribers.remove("a").unwrap();
    subscribers.insert("c".to_owned(), a);
    let renamed = ("c".parse().unwrap(), "a".parse().unwrap());
    example.renamed.extend([renamed]);
    example
}

/// Returns who may be authenticated otherwise, by the lines of the step.
fn changed(example: &Example) -> Vec<(Vec<String>, Vec<String>)> {
    let steps = example.plan().steps.into_iter();
    let steps = steps.filter(|step| !step.effects.authentication.is_empty());
    steps
        .map(|step| {
            let names = step.effects.authentication.iter();
            let lines = step.lines.into_iter().map(String::from).collect();
            (lines, names.map(ToString::to_string).collect())
        })
        .collect()
}

#[test]
fn a_rename_is_an_effect_where_the_device_sends_names() {
    let expected = (
        vec!["ghn subscriber 1 name \"c\"".to_owned()],
        vec!["a".to_owned()],
    );
    assert_eq!(changed(&renamed(Some(true))), [expected]);
    assert_eq!(changed(&renamed(Some(false))), []);
}

#[test]
fn a_host_name_changes_the_authentication_of_all_subscribers() {
    let mut example = Example::settled();
    example.observation.sends_names = Some(true);
    example.intended["system"] = json!({ "hostname": "elm" });
    let expected = (
        vec!["hostname elm".to_owned()],
        vec!["a".to_owned(), "b".to_owned()],
    );
    assert_eq!(changed(&example), [expected]);
}

#[test]
fn another_number_of_the_endpoint_is_an_effect_and_another_address_is_not() {
    let mut observed = homes();
    observed["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    let mut example = Example::of(&observed);
    example.observation.sends_names = Some(true);
    example.intended["subscribers"]["a"] = subscriber(3, 101);
    let expected = (
        vec!["ghn subscriber 1 endpoint 3".to_owned()],
        vec!["a".to_owned()],
    );
    assert_eq!(changed(&example), [expected]);

    let mut example = Example::settled();
    example.observation.sends_names = Some(true);
    let endpoints = example.intended["endpoints"].as_object_mut().unwrap();
    let a = endpoints.remove(&mac(1)).unwrap();
    endpoints.insert(mac(9), a);
    example.intended["subscribers"]["a"] = subscriber(9, 101);
    assert_eq!(changed(&example), []);
}

#[test]
fn where_it_is_not_known_the_plan_says_so_once_and_counts_nothing() {
    let mut example = renamed(None);
    example.intended["system"] = json!({ "hostname": "elm" });
    assert_eq!(changed(&example), []);
    assert_eq!(
        example.notes(),
        [
            "may-send-names: it is not known whether oak sends names upstream, by DHCP relay information or PPPoE: if it does, \
             a new name, port, endpoint number or host name may change the authentication of subscriber a and one more"
        ]
    );
    let mut quiet = Example::settled();
    quiet.observation.sends_names = None;
    quiet.intended["subscribers"]["a"]["vlan"] = json!(103);
    assert_eq!(quiet.notes(), [] as [&str; 0]);
}

#[test]
fn who_may_be_authenticated_otherwise_counts_as_interrupted() {
    let limits = Limits {
        interruptions: Limit {
            count: Some(0),
            percent: None,
        },
        ..Limits::default()
    };
    let refused = |sends_names| {
        let mut plans = [renamed(sends_names).plan()];
        let refusals = guard(&mut plans, &limits, &InventoryFacts::default());
        refusals.into_iter().map(|one| one.rule).collect::<Vec<_>>()
    };
    assert_eq!(refused(Some(true)), ["too-many-interruptions"]);
    assert_eq!(refused(None), [] as [&str; 0]);
}
