//! Decodes the identity of the device, its firmware and its uptime.

use super::cell::{bytes, mac, number, truth};
use super::grid::Row;
use super::uptime::{seconds, whole};
use crate::model::{GamModel, Identity, MacAddress, Serial, VlanId};
use crate::observe::mib::{FIRST_PHYSICAL, PRODUCTS, firmware, ghn, relay, system, sysutil};
use crate::observe::rows::Known;
use crate::transport::snmp::{Oid, Value};

/// Facts read at the start and again at the end: a look during a restart or a hardware swap is discarded.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::observe) struct Facts {
    pub(in crate::observe) identity: Identity,
    /// As the device returned it, whether it is a GAM's or not.
    pub(in crate::observe) object_id: Option<Oid>,
    /// Hundredths of a second since the agent started.
    pub(in crate::observe) uptime: Option<u32>,
    /// The number of engine starts; not every agent reports it.
    pub(in crate::observe) boots: Option<u32>,
}

/// Decodes single values and the table of images; `images` in the order of their rows.
pub(in crate::observe) fn facts(row: &Row, images: &[Row]) -> Facts {
    let object_id = match row.value(&system::OBJECT_ID) {
        Ok(Value::Oid(oid)) => Some(oid.clone()),
        Ok(_) | Err(_) => None,
    };
    let product = object_id.as_ref().and_then(product_of);
    let uptime = match row.value(&system::UP_TIME) {
        Ok(Value::TimeTicks(ticks)) => Some(*ticks),
        Ok(_) | Err(_) => None,
    };
    let text = |row: &Row, object| {
        let bytes = bytes(row, object).ok()?;
        let text = std::str::from_utf8(bytes).ok()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let active = images
        .iter()
        .find(|row| number(row, &firmware::IMAGE_TYPE) == Ok(firmware::ACTIVE_IMAGE));
    let boots = number(row, &system::ENGINE_BOOTS).ok();
    let identity = Identity {
        product,
        model: product.and_then(GamModel::from_product_number),
        name: text(row, &system::NAME),
        serial: text(row, &sysutil::BOARD_SERIAL).and_then(|serial| Serial::new(&serial).ok()),
        mac: mac(row, &sysutil::BOARD_MAC)
            .ok()
            .and_then(|octets| MacAddress::new(octets).ok()),
        firmware: active.and_then(|row| text(row, &firmware::IMAGE_VERSION)),
        uptime_seconds: whole(
            uptime.map(|ticks| u64::from(ticks / 100)),
            text(row, &sysutil::UPTIME).and_then(|text| seconds(&text)),
        ),
        boots,
    };
    Facts {
        identity,
        object_id,
        uptime,
        boots,
    }
}

/// Returns the product number in a `sysObjectID` of a GAM, whether this version knows the model or not.
fn product_of(oid: &Oid) -> Option<u32> {
    match oid.arcs().strip_prefix(PRODUCTS)? {
        [product] => Some(*product),
        _ => None,
    }
}

/// Returns the VLAN of the interface with the address that we use.
pub(in crate::observe) fn management_vlan(row: &Row) -> Option<VlanId> {
    let interface = number(row, &system::ADDRESS_INTERFACE).ok()?;
    if interface >= FIRST_PHYSICAL {
        return None;
    }
    VlanId::new(u16::try_from(interface).ok()?).ok()
}

/// Returns whether the device sends names and numbers of subscribers upstream, if it says so.
///
/// The information of DHCP only works with the relay, says the MIB; whether messages that are only snooped get it is not
/// known, so with the information on and the relay off nothing is sure.
pub(in crate::observe) fn sends_names(row: &Row) -> Option<bool> {
    let is_on = |object| truth(row, object).ok();
    let relay = is_on(&relay::DHCP_RELAY);
    let dhcp = is_on(&relay::DHCP_INFORMATION);
    let pppoe = is_on(&relay::PPPOE_INFORMATION);
    match (relay, dhcp, pppoe) {
        (_, _, Some(true)) | (Some(true), Some(true), _) => Some(true),
        (_, Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Returns the subscriber model; firmware without the object knows only endpoints.
pub(in crate::observe) fn subscriber_model(row: &Row) -> Known<u32> {
    match row.value(&ghn::SUBSCRIBER_MODEL) {
        Ok(Value::NoSuchObject | Value::NoSuchInstance) => Ok(0),
        _ => number(row, &ghn::SUBSCRIBER_MODEL),
    }
}
