//! Gives types without a derived schema theirs: texts, numbers, and the parts of a plan, from `schema/plan.json`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::model::{
    Address, Day, Description, DeviceName, EndpointName, HeldText, HostKey, MacAddress, Mbps,
    NotObserved, PlainText, PortAssignment, PortNumber, ProfileName, Serial, ServicePlanId,
    SiteName, Slot, SubscriberId, SubscriberIds, SubscriberName, UplinkNumber, VlanId, VlanSet,
};
use crate::plan::{
    DeviceLintError, DevicePlan, Note, Object, Refusal, RolledBack, Step, Unobservable,
};
use crate::report::PLAN_SCHEMA;

/// A time in RFC 3339.
pub(crate) struct Time;

/// A plan file.
pub(crate) struct PlanFile;

/// Any JSON value.
pub(crate) struct Anything;

macro_rules! inline {
    ($($type:ty => $schema:tt;)*) => {
        $(impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        })*
    };
}

inline! {
    Time => { "type": "string", "format": "date-time" };
    Anything => {};
    Address => { "type": "string", "description": "An IP address or host name, with the ports of SSH and SNMP where they are not the usual ones." };
    Description => { "type": "string" };
    HeldText => { "type": "string" };
    PlainText => { "type": "string" };
    Day => { "type": "string", "format": "date" };
    HostKey => { "type": "string", "pattern": "^SHA256:", "description": "The fingerprint of an SSH host key." };
    Serial => { "type": "string", "description": "The serial number of a device." };
    EndpointName => { "type": "string" };
    ProfileName => { "type": "string" };
    SubscriberName => { "type": "string", "description": "The name of a subscriber on the device." };
    SubscriberId => { "type": "string", "description": "The id of a subscriber in the inventory." };
    ServicePlanId => { "type": "string" };
    SiteName => { "type": "string" };
    Mbps => { "type": "integer", "minimum": 0, "description": "A rate in Mbps, including headroom." };
    VlanId => { "type": "integer", "minimum": 1, "maximum": 4094 };
    VlanSet => { "type": "string", "description": "VLANs, such as `100-199,300`." };
    PortNumber => { "type": "integer", "minimum": 1, "maximum": 24 };
    UplinkNumber => { "type": "integer", "minimum": 1, "maximum": 2 };
}

/// Refers to a definition of `schema/plan.json`, which the generator copies.
macro_rules! of_the_plan {
    ($($type:ty = $name:literal),* $(,)?) => {
        $(impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "$ref": concat!("#/$defs/", $name) })
            }
        })*
    };
}

of_the_plan! {
    DeviceName = "device_name",
    DeviceLintError = "complaint",
    DevicePlan = "device_plan",
    MacAddress = "mac",
    NotObserved = "not_observed",
    Note = "note",
    Object = "object",
    PlanFile = "plan_file",
    PortAssignment = "port",
    Refusal = "refusal",
    RolledBack = "rolled_back",
    Slot = "slot",
    Step = "step",
    SubscriberIds = "subscriber_ids",
    Unobservable = "unobservable",
}

/// Returns a definition of `schema/plan.json`; `plan_file` is all of it.
pub(super) fn of_the_plan(name: &str) -> Option<Value> {
    let mut plan: Value = serde_json::from_str(PLAN_SCHEMA).unwrap();
    let parts = plan.as_object_mut().unwrap();
    let definitions = parts.remove("$defs").unwrap();
    match name {
        "plan_file" => {
            parts.remove("$schema");
            Some(plan)
        }
        // It has no name there.
        "subscriber_ids" => Some(definitions["step"]["properties"]["subscriber_ids"].clone()),
        _ => definitions.get(name).cloned(),
    }
}
