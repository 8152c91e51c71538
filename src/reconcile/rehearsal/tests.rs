//! Rehearsals of plans that were made wrong on purpose, and of looks that could not read everything.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::inventory::IntendedDevice;
use crate::model::{
    ConfigLine, DeviceName, DeviceState, EndpointConfig, GamModel, Identity, Part, PortAssignment,
    PortNumber, RateLimit, Slot, SubscriberConfig, SubscriberIds, Unclear, VlanId, VlanSet,
};

fn endpoint(slot: Option<u16>, name: &str, port: u8) -> EndpointConfig {
    EndpointConfig {
        slot: slot.map(Slot),
        name: name.parse().unwrap(),
        port: PortAssignment::Port(PortNumber::new(port).unwrap()),
    }
}

fn subscriber(slot: Option<u16>, mac: &str, vlan: u16) -> SubscriberConfig {
    SubscriberConfig {
        slot: slot.map(Slot),
        description: None,
        endpoint: Some(mac.parse().unwrap()),
        rate: RateLimit::Unthrottled,
        vlan: VlanId::new(vlan).unwrap(),
        tagged: false,
        remapped_vlan: None,
        allowed_vlans: VlanSet::default(),
        port2_vlan: None,
        poe: None,
    }
}

const MAC: &str = "00:0e:d8:1c:95:08";
const OTHER_MAC: &str = "00:0e:d8:1c:95:09";

/// A device with one flat, as it was looked at.
fn look() -> Observation {
    let mut look = Observation::of(DeviceName::new("oak").unwrap());
    look.identity = Identity {
        model: Some(GamModel::Gam4Cx),
        ..Identity::default()
    };
    let config = &mut look.config;
    config
        .endpoints
        .insert(MAC.parse().unwrap(), endpoint(Some(1), "flat-1", 1));
    config
        .subscribers
        .insert("flat-1".parse().unwrap(), subscriber(Some(1), MAC, 101));
    look
}

/// What the inventory wants: the same flat, and a second one.
fn inputs() -> DevicePlanInputs<'static> {
    let mut config = DeviceConfig::default();
    for (mac, name, port, vlan) in [(MAC, "flat-1", 1, 101), (OTHER_MAC, "flat-2", 2, 102)] {
        config
            .endpoints
            .insert(mac.parse().unwrap(), endpoint(None, name, port));
        config
            .subscribers
            .insert(name.parse().unwrap(), subscriber(None, mac, vlan));
    }
    DevicePlanInputs {
        intended: Cow::Owned(IntendedDevice {
            name: DeviceName::new("oak").unwrap(),
            state: DeviceState::Managed,
            config,
        }),
        model: GamModel::Gam4Cx,
        serial: None,
        mac: None,
        management_vlan: VlanId::DEFAULT_MANAGEMENT,
        authoritative: false,
        removes_unmanaged: false,
        renamed: BTreeMap::new(),
        subscriber_ids: SubscriberIds::default(),
        ledger: None,
        protected: BTreeSet::new(),
        allows_management: false,
    }
}

fn planned() -> DevicePlan {
    let (plan, lint_errors) = inputs().plan(&look());
    assert_eq!(lint_errors, []);
    assert!(!plan.steps.is_empty());
    plan
}

#[test]
fn a_right_plan_passes() {
    assert_eq!(rehearse(&inputs(), &planned(), &look()), Ok(()));
}

#[test]
fn a_line_that_the_simulated_device_refuses_is_named_with_its_answer() {
    let mut plan = planned();
    let line = "ghn endpoint 9 name \"flat-9\" mac-address 00:0e:d8:1c:95:08 port 3";
    plan.steps[0].lines = vec![ConfigLine::new(line).unwrap()];
    let failed = rehearse(&inputs(), &plan, &look()).unwrap_err();
    assert_eq!(
        failed.failure,
        RehearsalFailure::LineRefused {
            step: 1,
            line: line.to_owned(),
            reply: "Invalid or non-unique endpoint MAC".to_owned(),
        }
    );
    assert_eq!(failed.assumption, None);
    let refusal = failed.refusal();
    assert_eq!(refusal.rule, "rehearsal");
    assert!(
        refusal
            .message
            .contains("Invalid or non-unique endpoint MAC")
    );
}

#[test]
fn lines_that_lead_elsewhere_than_their_changes_are_found() {
    let mut plan = planned();
    let last = plan.steps.len() - 1;
    let line =
        "ghn subscriber 2 name \"flat-2\" vid 103 untagged endpoint 2 bw-profile unthrottled";
    plan.steps[last].lines = vec![ConfigLine::new(line).unwrap()];
    let failed = rehearse(&inputs(), &plan, &look()).unwrap_err();
    assert_eq!(
        failed.failure,
        RehearsalFailure::OtherEnd {
            objects: vec!["subscriber flat-2".to_owned()]
        }
    );
}

#[test]
fn a_plan_that_leaves_something_to_do_is_found() {
    let mut plan = planned();
    plan.steps.pop();
    let failed = rehearse(&inputs(), &plan, &look()).unwrap_err();
    assert_eq!(
        failed.failure,
        RehearsalFailure::MoreToDo {
            objects: vec!["subscriber flat-2".to_owned()]
        }
    );
}

#[test]
fn an_object_that_was_read_in_part_is_there_and_not_absent() {
    let mut look = look();
    let plan = planned();
    look.unclear.push(Unclear {
        part: Part::Endpoints,
        slot: Slot(2),
        name: None,
        mac: Some(OTHER_MAC.parse().unwrap()),
        port: None,
        uses_endpoint: None,
        uses_profile: None,
        vlans: VlanSet::default(),
        reason: "a port that nobody knows".to_owned(),
    });
    // The plan was made from another look, in which the endpoint was not there.
    let failed = rehearse(&inputs(), &plan, &look).unwrap_err();
    assert!(
        matches!(
            failed.failure,
            RehearsalFailure::LineRefused { .. } | RehearsalFailure::OtherEnd { .. }
        ),
        "{failed:?}"
    );
    assert_eq!(failed.not_read, ["endpoints"]);
    assert!(
        failed
            .refusal()
            .message
            .contains("could not read all of endpoints")
    );
}
