//! Reads the identity of the device first, and compares it at the end of the look.

use std::net::IpAddr;
use std::time::Duration;

use super::ask::Asker;
use crate::model::VlanId;
use crate::observe::decode::{Facts, Row, facts, management_vlan, sends_names, subscriber_model};
use crate::observe::mib::{Object, firmware, ghn, relay, system, sysutil};
use crate::observe::rows::Known;
use crate::transport::snmp::{Oid, SnmpError};

/// The tolerated lag of a device's clock behind this host's clock; its agent may also be busy for a moment.
const SLACK: Duration = Duration::from_secs(2);

/// Rows of the table of images.
const IMAGES: u32 = 3;

const SINGLE: [&Object; 14] = [
    &system::OBJECT_ID,
    &system::UP_TIME,
    &system::NAME,
    &system::LOCATION,
    &system::CONTACT,
    &system::ENGINE_BOOTS,
    &sysutil::BOARD_MAC,
    &sysutil::BOARD_SERIAL,
    &sysutil::CPU_10_SECONDS,
    &sysutil::UPTIME,
    &ghn::SUBSCRIBER_MODEL,
    &relay::DHCP_RELAY,
    &relay::DHCP_INFORMATION,
    &relay::PPPOE_INFORMATION,
];

/// The first answer of a device.
pub(super) struct First {
    pub(super) facts: Facts,
    /// Single values, some of them of the configuration.
    pub(super) row: Row,
    pub(super) management_vlan: Option<VlanId>,
    pub(super) subscriber_model: Known<u32>,
    /// Whether the device sends names of subscribers upstream, if it says so.
    pub(super) sends_names: Option<bool>,
}

/// Reads the identity in one request.
pub(super) async fn ask(asker: &Asker, address: IpAddr) -> Result<First, SnmpError> {
    let index = match address.to_canonical() {
        IpAddr::V4(address) => Some(address.octets().map(u32::from)),
        // The table has no IPv6.
        IpAddr::V6(_) => None,
    };
    let mut names: Vec<Oid> = SINGLE.iter().map(|object| object.single()).collect();
    for image in 0..IMAGES {
        names.push(firmware::IMAGE_TYPE.at(&[image]));
        names.push(firmware::IMAGE_VERSION.at(&[image]));
    }
    names.extend(index.map(|index| system::ADDRESS_INTERFACE.at(&index)));
    let mut values = asker.get(&names).await?.into_iter();
    let mut row = Row::default();
    for (object, value) in SINGLE.iter().zip(values.by_ref()) {
        row.set(object, value);
    }
    let mut images = Vec::new();
    for _ in 0..IMAGES {
        let mut image = Row::default();
        for (object, value) in [&firmware::IMAGE_TYPE, &firmware::IMAGE_VERSION]
            .into_iter()
            .zip(values.by_ref().take(2))
        {
            image.set(object, value);
        }
        images.push(image);
    }
    if let Some(value) = values.next() {
        row.set(&system::ADDRESS_INTERFACE, value);
    }
    Ok(First {
        facts: facts(&row, &images),
        management_vlan: management_vlan(&row),
        subscriber_model: subscriber_model(&row),
        sends_names: sends_names(&row),
        row,
    })
}

/// Reads the identity again, and returns the reason if the device restarted or was replaced.
pub(super) async fn changed(
    asker: &Asker,
    before: &Facts,
    elapsed: Duration,
) -> Result<Option<String>, SnmpError> {
    let objects = [
        &system::OBJECT_ID,
        &system::UP_TIME,
        &system::ENGINE_BOOTS,
        &sysutil::BOARD_SERIAL,
        &sysutil::BOARD_MAC,
    ];
    let names: Vec<Oid> = objects.iter().map(|object| object.single()).collect();
    let mut row = Row::default();
    for (object, value) in objects.into_iter().zip(asker.get(&names).await?) {
        row.set(object, value);
    }
    Ok(difference(before, &facts(&row, &[]), elapsed))
}

/// Returns the reason if a device restarted or was replaced between two readings of its identity.
pub(super) fn difference(before: &Facts, now: &Facts, elapsed: Duration) -> Option<String> {
    let is_same_box = now.identity.serial == before.identity.serial
        && now.identity.mac == before.identity.mac
        && now.object_id == before.object_id;
    let went_back = match (before.uptime, now.uptime) {
        (Some(first), Some(last)) => {
            let ran = Duration::from_millis(u64::from(last.saturating_sub(first)) * 10);
            last < first || ran + SLACK < elapsed
        }
        (first, last) => first != last,
    };
    if !is_same_box {
        Some("another device answers".to_owned())
    } else if now.boots != before.boots || went_back {
        Some("it restarted".to_owned())
    } else {
        None
    }
}
