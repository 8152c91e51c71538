//! What is refused, and what each state of a device means.

use gamctl::model::{
    DeviceConfig, DeviceState, GamModel, Serial, UplinkFacts, UplinkMode, UplinkNumber, VlanId,
};
use gamctl::plan::{DevicePlan, Impact, Ledger};
use serde_json::json;

use super::{Example, homes, mac};

#[test]
fn a_device_that_is_as_intended_needs_nothing() {
    let plan = Example::settled().plan();
    assert!(plan.steps.is_empty() && plan.notes.is_empty() && plan.unmanaged.is_empty());
}

#[test]
fn another_box_gets_no_step() {
    let mut example = Example::settled();
    example.intended = json!({});
    example.serial = Some(Serial::new("77").unwrap());
    assert_eq!(
        example.refusals(),
        ["wrong-device: oak answers with serial number 01013599, and the inventory pins 77"]
    );
    assert!(example.plan().steps.is_empty());
    example.serial = None;
    example.observation.identity.model = Some(GamModel::Gam4Mx);
    assert_eq!(
        example.refusals(),
        ["wrong-device: oak answers with model GAM-4-MX, and the inventory pins GAM-8-MX"]
    );
    example.observation.identity.model = None;
    assert_eq!(
        example.refusals(),
        ["unknown-model: oak does not say which model it is"]
    );
    example.observation.identity.product = Some(99);
    assert_eq!(
        example.refusals(),
        ["unknown-model: oak answers with product number 99, which is not a GAM that gamctl knows"]
    );
}

#[test]
fn a_look_at_another_device_is_no_ground_for_a_plan() {
    let mut example = Example::settled();
    example.intended = json!({});
    example.observation.device = "elm".parse().unwrap();
    assert_eq!(
        example.refusals(),
        ["wrong-device: oak answers with the look at elm, and the inventory pins oak"]
    );
    assert!(example.plan().steps.is_empty());
}

#[test]
fn a_pin_that_cannot_be_compared_is_no_match_unless_another_one_is() {
    let mut example = Example::settled();
    example.mac = Some("00:0e:d8:00:10:00".parse().unwrap());
    assert_eq!(
        example.refusals(),
        [
            "identity-not-read: oak is pinned, and neither its serial number nor its MAC address could be compared"
        ]
    );
    example.serial = Some(Serial::new("01013599").unwrap());
    assert_eq!(example.refusals(), [] as [&str; 0]);
    example.observation.identity.mac = Some("00:0e:d8:00:10:02".parse().unwrap());
    assert_eq!(
        example.refusals(),
        [
            "wrong-device: oak answers with MAC address 00:0e:d8:00:10:02, and the inventory pins 00:0e:d8:00:10:00"
        ]
    );
}

fn with_uplink(from: &str, to: &str) -> Example {
    let mut observed = homes();
    observed["uplinks"] = json!({ "1": { "allowed_vlans": from } });
    let mut example = Example::of(&observed);
    example.intended["uplinks"]["1"]["allowed_vlans"] = json!(to);
    example
}

#[test]
fn our_own_way_to_a_device_is_not_cut() {
    let mut example = with_uplink("3-4094", "3-4000");
    assert_eq!(
        example.refusals(),
        [
            "touches-management: uplink 1 of oak would let VLAN 4093 pass no more, which the inventory manages it through: the device might not be reached again"
        ]
    );
    assert_eq!(example.plan().steps[0].impact, Impact::TouchesManagement);
    example.allows_management = true;
    assert_eq!(
        example.lines(),
        [
            "interface 10GigabitEthernet 1/1",
            "switchport trunk allowed vlan 3-4000",
            "exit"
        ]
    );

    let mut example = with_uplink("3-4094", "101-102,4093");
    example.observation.management_vlan = Some(VlanId::new(100).unwrap());
    assert_eq!(
        example.refusals(),
        [
            "touches-management: uplink 1 of oak would let VLAN 100 pass no more, which has its address: the device might not be reached again"
        ]
    );

    // Where the device does not say, an untagged way in may be its management.
    let mut example = with_uplink("3-4094", "101-102,4093");
    let facts = UplinkFacts {
        mode: Some(UplinkMode::Trunk),
        native_vlan: Some(VlanId::new(100).unwrap()),
    };
    let first = UplinkNumber::new(1).unwrap();
    example.observation.uplink_facts.insert(first, facts);
    assert_eq!(
        example.refusals(),
        [
            "touches-management: uplink 1 of oak would let VLAN 100 pass no more, which is native there and may carry its management: the device might not be reached again"
        ]
    );
    example.observation.management_vlan = Some(VlanId::DEFAULT_MANAGEMENT);
    assert_eq!(example.refusals(), [] as [&str; 0]);
}

#[test]
fn vlans_that_stop_passing_name_those_who_are_in_them() {
    let mut example = with_uplink("3-4094", "102,4093");
    example.intended["uplinks"]["1"]["allowed_vlans"] = json!("102,4093-4094");
    let plan = example.plan();
    assert_eq!(plan.refusals, []);
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
fn a_hybrid_uplink_is_left_and_said() {
    let mut example = with_uplink("3-4094", "3-4093");
    let first = UplinkNumber::new(1).unwrap();
    let facts = UplinkFacts {
        mode: Some(UplinkMode::Hybrid),
        native_vlan: None,
    };
    example.observation.uplink_facts.insert(first, facts);
    assert_eq!(example.lines(), [] as [&str; 0]);
    assert_eq!(
        example.notes(),
        [
            "cannot-be-set: `allowed_vlans` of uplink 1 is not planned: it is a hybrid port, and gamctl sets the VLANs of trunks"
        ]
    );
}

#[test]
fn each_state_of_a_device_has_its_plan() {
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["vlan"] = json!(200);
    example.state = DeviceState::Observe;
    assert_eq!(example.plan().steps.len(), 1);
    assert_eq!(
        example.notes(),
        ["observe-only: oak is `observe`: this is what would be done, and it is never written to"]
    );
    example.state = DeviceState::Locked;
    assert!(example.plan().steps.is_empty());
    assert_eq!(
        example.notes(),
        ["drift: subscriber a: `vlan` is 101, intended is 200"]
    );
    example.state = DeviceState::Preprovision;
    assert_eq!(
        example.notes(),
        ["preprovision: oak is `preprovision`: it is not contacted"]
    );
    example.state = DeviceState::Retired;
    assert_eq!(
        example.lines(),
        [
            "no ghn subscriber 1",
            "no ghn subscriber 2",
            "no ghn endpoint 1",
            "no ghn endpoint 2",
            "no ghn bw-profile 2"
        ]
    );
    let plan: DevicePlan = DevicePlan::unobserved(
        example.device.clone(),
        DeviceState::Managed,
        "no answer in 5 s",
    );
    assert_eq!(
        plan.notes[0].message.to_string(),
        "oak could not be observed: no answer in 5 s"
    );
}

#[test]
fn without_a_ledger_nothing_is_removed() {
    let mut example = Example::settled();
    example.intended = json!({});
    example.authoritative = true;
    example.ledger = None;
    let plan = example.plan();
    assert!(plan.steps.is_empty());
    let names: Vec<String> = plan
        .unmanaged
        .iter()
        .map(|one| format!("{} {}", one.kind, one.name))
        .collect();
    assert_eq!(
        names,
        [
            &format!("endpoint {} a", mac(1)),
            &format!("endpoint {} b", mac(2)),
            "profile home",
            "subscriber a",
            "subscriber b"
        ]
    );
    example.ledger = Some(Ledger::of(DeviceConfig::default()));
    assert_eq!(example.lines().len(), 5);
}

#[test]
fn the_devices_own_profile_is_no_stranger_and_never_removed() {
    let mut observed = homes();
    observed["profiles"]["Default BW Profile"] = json!({ "down": 10, "up": 10 });
    let mut example = Example::of(&observed);
    example.intended = homes();
    assert_eq!(example.lines(), [] as [&str; 0]);
    assert_eq!(
        example.notes(),
        [
            "devices-own: profile Default BW Profile is not removed: profile 1 and `Default BW Profile` are the device's own"
        ]
    );
    example.ledger = None;
    assert!(example.plan().unmanaged.is_empty());
}

#[test]
fn a_setting_that_the_model_lacks_is_left_out_with_its_dependants() {
    let mut example = Example::settled();
    example.intended["profiles"]["fast"] = json!({ "down": 1200, "up": 1200 });
    example.intended["subscribers"]["a"]["rate"] = json!({ "profile": "fast" });
    example.intended["endpoints"][mac(2)]["port"] = json!(9);
    example.intended["subscribers"]["b"]["tagged"] = json!(true);
    assert_eq!(example.lines(), ["ghn subscriber 2 tagged"]);
    assert_eq!(
        example.notes(),
        [
            "cannot-be-set: profile fast is not planned: its rates are 1200 and 1200 Mbps, and a GAM-8-MX limits to between 10 and 1000",
            "cannot-be-set: endpoint 00:0e:d8:00:00:02 is not planned: a GAM-8-MX has ports 1 to 8, not 9",
            "blocked: subscriber a is not planned: its profile fast is not",
        ]
    );
}
