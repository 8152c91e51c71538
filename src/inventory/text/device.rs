//! Declares `devices/`: devices, their ports and uplinks.

use super::network::NewVlan;
use crate::inventory::record::{Labels, Numbered, record};
use crate::model::billing::{BillingName, BillingRecordId};
use crate::model::{
    Address, CredentialsName, DeviceState, GamModel, HostKey, Hostname, MacAddress, PortMode,
    PortName, PortNumber, Serial, SiteName, SubscriberModel, SystemText, UplinkNumber, VlanId,
    VlanMode, VlanSet,
};

record! {
    /// A GAM.
    DeviceText {
        /// The model, which decides the number of ports and the medium.
        "model" => model: GamModel, required;
        /// Its management address; needed unless the state is `preprovision`.
        "address" => address: Address, optional;
        /// State of the device: `managed` is written to, `observe` is only read, `locked` reports drift and plans nothing, `preprovision` is not contacted, `retired` has its owned objects removed.
        "state" => state: DeviceState, default "managed";
        /// The building or cabinet that it is in.
        "site" => site: SiteName, optional;
        /// Labels to choose devices by.
        "labels" => labels: Labels, optional;
        /// The credentials that gamctl uses to access it.
        "credentials" => credentials: CredentialsName, default "default";
        /// Its serial number: gamctl never writes to a device that answers with another.
        "serial" => serial: Serial, optional;
        /// Its own MAC address: gamctl never writes to a device that answers with another.
        "mac" => mac: MacAddress, optional;
        /// The fingerprint of its SSH host key: gamctl does not log in to a device that shows another.
        "host_key" => host_key: HostKey, optional;
        /// Its host name; left as it is where not given.
        "hostname" => hostname: Hostname, optional;
        /// Its location; left as it is where not given.
        "location" => location: SystemText, optional;
        /// Its contact; left as it is where not given.
        "contact" => contact: SystemText, optional;
        /// The VLAN it is managed through, where it differs from the network's.
        "management_vlan" => management_vlan: VlanId, default "the network's";
        /// Whether its subscribers may share a VLAN, where it differs from the network's.
        "vlan_mode" => vlan_mode: VlanMode, default "the network's";
        /// The VLAN of new subscribers, where it differs from the network's.
        "new_vlan" => new_vlan: NewVlan, default "the network's";
        /// Endpoints or ports: the objects that subscribers are bound to.
        "subscriber_model" => subscriber_model: SubscriberModel, default "endpoint-aware";
        /// Whether objects that gamctl does not own may be removed from it.
        "authoritative" => authoritative: bool, default "false";
        /// It is a twin or a lab device: a loopback address and other ports are fine.
        "test_bed" => test_bed: bool, default "false";
        /// Reference to the device in a billing system.
        "external" => external: DeviceExternalText, optional;
        /// Its ports toward the network.
        "uplink" => uplink: Numbered<UplinkNumber, UplinkText>, optional;
        /// Its G.hn ports.
        "port" => port: Numbered<PortNumber, PortText>, optional;
    }
}

record! {
    /// Reference to a device in a billing system: where places are written back, and billing's own plans of places come from.
    DeviceExternalText {
        /// The billing system: the name of a `[billing.NAME]`.
        "system" => system: BillingName, required;
        /// The id of the device there: of Splynx's monitoring row, or of Sonar's inventory item.
        "device" => device: BillingRecordId, required;
    }
}

record! {
    /// A port toward the network.
    UplinkText {
        /// The VLANs that pass; left as they are where not given.
        "allowed_vlans" => allowed_vlans: VlanSet, optional;
    }
}

record! {
    /// A G.hn port; what is not given is left as it is.
    PortText {
        /// Its name on the device.
        "name" => name: PortName, optional;
        /// Whether it is switched on.
        "enabled" => enabled: bool, optional;
        /// Mode of the line: `mimo` or `siso` on copper, `coax` on coax.
        "mode" => mode: PortMode, optional;
    }
}
