//! Declares `subscribers/`: the subscribers and their service.

use crate::inventory::record::{boxed, record};
use crate::model::{
    Day, Description, DeviceName, EndpointName, MacAddress, PlainText, Poe, PortAssignment,
    ServicePlanId, SubscriberId, SubscriberName, SubscriberState, SyncedKey, VlanId, VlanSet,
};

record! {
    /// A subscriber: an endpoint, a VLAN and a service plan on a port of a device.
    SubscriberText {
        /// The device that serves it.
        "device" => device: DeviceName, required;
        /// The port its endpoint is on, `"auto"` to let the device find it, or `"unassigned"`.
        "port" => port: PortAssignment, required;
        /// The MAC address of its endpoint; needed unless the state is `pending`.
        "endpoint" => endpoint: MacAddress, optional;
        /// The service plan that was sold.
        "service_plan" => service_plan: ServicePlanId, required;
        /// The VLAN of its data toward the network.
        "vlan" => vlan: VlanId, required;
        /// Served, suspended by the rule in `network.toml`, or pending: prepared and not on the device yet.
        "state" => state: SubscriberState, default "active";
        /// Its name on the device.
        "name" => name: SubscriberName, default "the id";
        /// Its endpoint's name on the device.
        "endpoint_name" => endpoint_name: EndpointName, default "the subscriber's name";
        /// Kept on the device.
        "description" => description: Description, optional;
        /// Whether its data leaves the endpoint with a VLAN tag.
        "tagged" => tagged: bool, default "false";
        /// The VLAN that its data has at the endpoint, where it differs.
        "remapped_vlan" => remapped_vlan: VlanId, optional;
        /// VLANs that pass tagged, for IPTV, voice and the like; at most 12, each VLAN of a range counts.
        "allowed_vlans" => allowed_vlans: Box<VlanSet>, optional;
        /// The VLAN of the endpoint's second Ethernet port, on endpoints that have one.
        "port2_vlan" => port2_vlan: VlanId, optional;
        /// Power over Ethernet; left as it is where not given.
        "poe" => poe: Poe, optional;
        /// Never removed; to remove it, lift this in an earlier commit.
        "protected" => protected: bool, default "false";
        /// The id it had before, so that it is moved, not removed and added again.
        "moved_from" => moved_from: SubscriberId, optional;
        /// Reference to the subscriber in the billing system.
        "external" => external: Box<ExternalText>, optional;
        /// Keys that keep their values until a day, whatever billing has.
        "hold" => hold: Box<HoldText>, optional;
    }
}

record! {
    /// Reference to a subscriber in the billing system.
    ExternalText {
        /// The billing system: the name of a `[billing.NAME]`, once there is one.
        "system" => system: PlainText, required;
        /// The account there.
        "account" => account: PlainText, required;
        /// The service within the account.
        "service" => service: PlainText, optional;
    }
}

record! {
    /// Keys that keep their values until a day, whatever billing has.
    HoldText {
        /// The keys that the billing sync must not change.
        "keys" => keys: Vec<SyncedKey>, required;
        /// The reason, for the list of differences.
        "why" => why: PlainText, required;
        /// The last day of the hold; `validate` warns after it.
        "until" => until: Day, required;
    }
}

boxed!(VlanSet, ExternalText, HoldText);
