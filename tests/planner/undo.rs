//! Steps that cannot be undone: why, that all else goes on, and that nobody hides behind such a reason.

use gamctl::model::{ConfigLine, Mbps, VlanId};
use gamctl::plan::{CannotUndo, DevicePlan, Field, Object, Step, after, plan_rollback};
use gamctl::render::render;
use serde_json::{Value, json};

use super::{Example, mac};

/// A device on which somebody wrote what gamctl could not.
fn by_hand() -> Example {
    let mut example = Example::settled();
    let config = &mut example.observation.config;
    let profile = config.profiles.get_mut("home").unwrap();
    profile.description = Some("a\\b".parse().unwrap());
    let subscriber = config.subscribers.get_mut("a").unwrap();
    subscriber.description = Some("x".repeat(70).parse().unwrap());
    config.system.location = Some("rack  2".parse().unwrap());
    config.system.hostname = Some("gam_1".parse().unwrap());
    example.intended["system"] = json!({ "location": "rack 2", "hostname": "oak" });
    example
}

fn reasons(plan: &DevicePlan) -> Vec<CannotUndo> {
    let steps = plan.steps.iter();
    steps.filter_map(|step| step.cannot_undo.clone()).collect()
}

/// Returns what is planned back from the end of a plan.
fn back_from_the_end(example: &Example, plan: &DevicePlan) -> DevicePlan {
    let before = &example.observation.config;
    let mut now = example.observation.clone();
    now.config = after(before, plan.changes());
    example.asked(|request| {
        let rollback = plan_rollback(request, before, &now, &plan.steps);
        let back = render(rollback.plan.clone()).unwrap();
        assert_eq!(rollback.lint(&back, request, &now), []);
        back
    })
}

#[test]
fn a_value_set_by_hand_is_compared_as_it_is_and_corrected() {
    let example = by_hand();
    let plan = example.plan();
    assert_eq!(plan.refusals, []);
    assert_eq!(plan.notes, []);
    assert_eq!(example.lint_errors(&plan), [""; 0]);
    let lines: Vec<&str> = plan
        .steps
        .iter()
        .flat_map(|step| &step.lines)
        .map(|line| line.text())
        .collect();
    assert_eq!(
        lines,
        [
            "ghn bw-profile 2 description \"\"",
            "ghn subscriber 1 description \"\"",
            "hostname oak",
            "snmp-server location rack 2",
        ]
    );
    assert_eq!(
        reasons(&plan),
        [
            CannotUndo::UnsafeCharacter {
                field: Field::Description,
                character: '\\',
                position: 2
            },
            CannotUndo::TooLong {
                field: Field::Description,
                length: 70,
                most: 63
            },
            CannotUndo::NotAHostname {
                field: Field::Hostname
            },
        ]
    );
    let is_silent = |step: &Step| step.cannot_undo.is_some() && step.inverse.is_empty();
    assert!(plan.steps.iter().all(is_silent));
}

#[test]
fn the_management_vlan_comes_back_on_an_uplink_and_is_not_taken_off_to_undo_it() {
    let mut example = Example::settled();
    let allowed = |list: &str| -> Value { json!({ "1": { "allowed_vlans": list } }) };
    example.observation.config.uplinks = serde_json::from_value(allowed("3-4092")).unwrap();
    example.intended["uplinks"] = allowed("3-4094");
    let plan = example.plan();
    assert_eq!(plan.refusals, []);
    assert_eq!(example.lint_errors(&plan), [""; 0]);
    let vlan = VlanId::new(4093).unwrap();
    assert_eq!(reasons(&plan), [CannotUndo::CutsManagement { vlan }]);
    assert_eq!(plan.steps[0].inverse, [""; 0]);
    // All but that VLAN goes back.
    let rollback = back_from_the_end(&example, &plan);
    assert_eq!(rollback.refusals, []);
    assert_eq!(
        rollback.steps[0].lines[1],
        "switchport trunk allowed vlan 3-4093"
    );
    assert_eq!(rollback.notes[0].rule, "cannot-be-undone");
    // Whoever allows it by name can have it undone.
    example.allows_management = true;
    let plan = example.plan();
    assert_eq!(reasons(&plan), []);
    assert_eq!(
        plan.steps[0].inverse[1],
        "switchport trunk allowed vlan 3-4092"
    );
    assert_eq!(example.lint_errors(&plan), [""; 0]);
}

/// Returns the notes and lines of a plan for an uplink with so many single VLANs.
fn with_vlans_on_an_uplink(count: u16) -> (Vec<String>, Vec<String>) {
    let mut example = Example::settled();
    let allowed = |list: &str| -> Value { json!({ "1": { "allowed_vlans": list } }) };
    example.observation.config.uplinks = serde_json::from_value(allowed("3-4094")).unwrap();
    let vlans = (0..count).map(|number| (100 + 2 * number).to_string());
    let vlans: Vec<String> = vlans.chain(["4093".to_owned()]).collect();
    example.intended["uplinks"] = allowed(&vlans.join(","));
    example.intended["subscribers"]["a"]["vlan"] = json!(100);
    let plan = example.plan();
    assert_eq!(
        example.lint_errors(&plan),
        [""; 0],
        "gamctl understands its plan"
    );
    assert_eq!(plan.refusals, []);
    let notes = plan.notes.iter().map(|note| note.message.to_string());
    (
        notes.collect(),
        sent(&plan).into_iter().map(str::to_owned).collect(),
    )
}

#[test]
fn a_list_of_vlans_that_no_line_can_hold_is_not_planned() {
    // 118 VLANs of three digits, 4093 and the commas: 477 characters.
    let (notes, lines) = with_vlans_on_an_uplink(118);
    assert!(notes.is_empty(), "{notes:?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("allowed vlan 100,102,")),
        "{lines:?}"
    );
    let (notes, lines) = with_vlans_on_an_uplink(120);
    assert_eq!(
        notes,
        [
            "`allowed_vlans` of uplink 1 is not planned: its list has 484 characters, and a line has at most 482"
        ]
    );
    assert!(
        !lines.iter().any(|line| line.contains("allowed vlan")),
        "{lines:?}"
    );
}

#[test]
fn all_goes_back_but_what_no_line_can_give_back_and_that_is_named() {
    let mut example = by_hand();
    example.intended["subscribers"]["a"]["vlan"] = json!(111);
    let plan = example.plan();
    let rollback = back_from_the_end(&example, &plan);
    let lines: Vec<&str> = rollback
        .steps
        .iter()
        .flat_map(|step| &step.lines)
        .map(|line| line.text())
        .collect();
    assert_eq!(lines, ["ghn subscriber 1 vid 101"]);
    let notes = rollback.notes.iter();
    let named: Vec<String> = notes.map(|note| note.message.to_string()).collect();
    assert_eq!(
        named,
        [
            "`hostname` of system cannot be restored: no line of gamctl can write the earlier value",
            "`location` of system cannot be restored: no line of gamctl can write the earlier value",
            "`description` of profile home cannot be restored: no line of gamctl can write the earlier value",
            "`description` of subscriber a cannot be restored: no line of gamctl can write the earlier value",
        ]
    );
}

/// A device whose profile `home` has a speed that no line can set.
fn too_fast() -> Example {
    let mut example = Example::settled();
    let config = &mut example.observation.config;
    config.profiles.get_mut("home").unwrap().down = Mbps::new(2500).unwrap();
    example
}

fn sent(plan: &DevicePlan) -> Vec<&str> {
    let lines = plan.steps.iter().flat_map(|step| &step.lines);
    lines.map(ConfigLine::text).collect()
}

#[test]
fn a_speed_that_no_line_can_set_stays_and_everything_else_goes_back() {
    let mut example = too_fast();
    example.intended["subscribers"]["a"]["vlan"] = json!(111);
    let plan = example.plan();
    let field = Field::Down;
    assert_eq!(reasons(&plan), [CannotUndo::OutOfRange { field }]);
    let rollback = back_from_the_end(&example, &plan);
    assert_eq!(sent(&rollback), ["ghn subscriber 1 vid 101"]);
    assert_eq!(
        rollback.notes[0].message.to_string(),
        "`down` of profile home cannot be restored: no line of gamctl can write the earlier value"
    );
}

#[test]
fn a_subscriber_is_not_created_again_without_a_profile_that_no_line_can_create() {
    let mut example = too_fast();
    example.intended["profiles"] = json!({});
    example.intended["subscribers"] = json!({});
    let plan = example.plan();
    assert!(sent(&plan).contains(&"no ghn subscriber 1"), "{plan:?}");
    let rollback = back_from_the_end(&example, &plan);
    let sent = sent(&rollback);
    assert!(
        !sent.iter().any(|line| line.contains("subscriber")),
        "{sent:?}"
    );
    assert!(
        !sent.iter().any(|line| line.contains("bw-profile")),
        "{sent:?}"
    );
    let named: Vec<_> = rollback
        .notes
        .iter()
        .map(|note| note.object.clone())
        .collect();
    assert!(
        named.contains(&Some(Object::Profile("home".parse().unwrap()))),
        "{named:?}"
    );
    assert!(
        named.contains(&Some(Object::Subscriber("a".parse().unwrap()))),
        "{named:?}"
    );
}

#[test]
fn a_subscriber_who_was_removed_comes_back_without_a_text_that_no_line_can_hold() {
    let mut example = by_hand();
    let left = example.intended["subscribers"].as_object_mut().unwrap();
    left.remove("a");
    let plan = example.plan();
    assert_eq!(example.lint_errors(&plan), [""; 0]);
    let rollback = back_from_the_end(&example, &plan);
    let lines: Vec<&str> = rollback
        .steps
        .iter()
        .flat_map(|step| &step.lines)
        .map(|line| line.text())
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("ghn subscriber 1 name \"a\"")
                && !line.contains("description")),
        "{lines:?}"
    );
    assert!(
        plan.steps
            .iter()
            .any(|step| { step.lines == ["no ghn subscriber 1"] && step.cannot_undo.is_some() })
    );
}

#[test]
fn a_step_that_can_be_undone_must_not_be_said_to_be_no_such_thing() {
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["vlan"] = json!(111);
    example.intended["endpoints"][mac(2)]["port"] = json!(3);
    let good = example.plan();
    assert_eq!(example.lint_errors(&good), [""; 0]);
    for reason in [
        CannotUndo::OutOfRange { field: Field::Vlan },
        CannotUndo::NotKnown { field: Field::Vlan },
        CannotUndo::LostSpaces {
            field: Field::Description,
        },
        CannotUndo::CutsManagement {
            vlan: VlanId::new(4093).unwrap(),
        },
    ] {
        for at in 0..good.steps.len() {
            let mut lazy = good.clone();
            lazy.steps[at].cannot_undo = Some(reason.clone());
            assert_eq!(example.lint_errors(&lazy).len(), 1, "{reason:?}");
            lazy.steps[at].inverse.clear();
            assert_eq!(example.lint_errors(&lazy).len(), 1, "{reason:?}");
        }
    }
}
