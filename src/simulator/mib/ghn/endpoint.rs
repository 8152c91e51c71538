//! Serves the brief status of endpoints by id and by address: configured, detected, mismatched.

use super::config::fixed_port;
use super::{NAME, mac, port_number, table};
use crate::simulator::gam::{
    DEFAULT_PROFILE, Detected, EndpointFamily, ExpectedPort, Gam, Profile, Subscriber,
};
use crate::simulator::mib::endpoint_rows::{MACS, endpoint_at};
use crate::simulator::mib::rows::ENDPOINTS;
use crate::simulator::mib::table::{Column, Object, Table, clipped, column};
use crate::simulator::snmp::Value;

static TABLES: [Table; 2] = [
    table(&[3, 20, 10, 1], &ENDPOINTS, COLUMNS),
    table(&[3, 30, 10, 1], &MACS, COLUMNS),
];

const COLUMNS: &[Column] = &[
    column(10, |gam, index, _| of(gam, index, |one| mac(one.mac))),
    column(20, |gam, index, _| {
        number(gam, index, |one| {
            one.configured.map_or(0, |(id, _)| u32::from(id))
        })
    }),
    column(25, |gam, index, _| {
        of(gam, index, |one| {
            let name = one.configured.map_or("", |(_, endpoint)| &endpoint.name);
            clipped(name, NAME)
        })
    }),
    column(30, |gam, index, _| {
        of(gam, index, |one| {
            let place = one.configured.map(|(_, endpoint)| endpoint.port);
            port_number(gam, place.and_then(fixed_port))
        })
    }),
    column(35, |gam, index, _| {
        of(gam, index, |one| {
            let place = one.configured.map(|(_, endpoint)| endpoint.port);
            Value::truth(place == Some(ExpectedPort::Auto))
        })
    }),
    column(40, |gam, index, _| {
        of(gam, index, |one| {
            port_number(gam, one.plugged.map(|plugged| plugged.port))
        })
    }),
    column(50, |gam, index, _| {
        number(gam, index, |one| {
            subscriber(gam, one).map_or(0, |(id, _)| u32::from(id))
        })
    }),
    column(55, |gam, index, _| {
        of(gam, index, |one| {
            let name = subscriber(gam, one).map_or("", |(_, subscriber)| &subscriber.name);
            clipped(name, NAME)
        })
    }),
    column(60, |gam, index, _| {
        number(gam, index, |one| {
            subscriber(gam, one).map_or(0, |(id, _)| gam.uid(id))
        })
    }),
    column(70, |gam, index, _| {
        number(gam, index, |one| {
            profile(gam, one).map_or(0, |(id, _)| u32::from(id))
        })
    }),
    column(75, |gam, index, _| {
        of(gam, index, |one| {
            let name = profile(gam, one).map_or("", |(_, profile)| &profile.name);
            clipped(name, NAME)
        })
    }),
    column(80, |gam, index, _| {
        number(gam, index, |one| {
            profile(gam, one).map_or(0, |(id, _)| gam.uid(id))
        })
    }),
    column(90, |gam, index, _| {
        of(gam, index, |one| Value::Integer(one.state as i32))
    }),
    column(100, |gam, index, _| {
        of(gam, index, |one| {
            Value::Integer(one.plugged.map_or(255, |plugged| type_of(plugged.family)))
        })
    }),
    column(110, |gam, index, _| {
        of(gam, index, |one| {
            clipped(one.plugged.map_or("", |plugged| plugged.family.model()), 63)
        })
    }),
    column(120, |gam, index, _| {
        of(gam, index, |one| {
            let firmware = one.plugged.map(|plugged| plugged.firmware.as_str());
            Value::truth(
                firmware.is_some_and(|firmware| firmware != gam.hardware().endpoint_firmware()),
            )
        })
    }),
];

pub(super) fn objects() -> Vec<Object> {
    TABLES.iter().flat_map(Table::objects).collect()
}

/// Returns a value of the endpoint in a row.
pub(super) fn of<'g>(
    gam: &'g Gam,
    index: &[u32],
    read: impl FnOnce(&Detected<'g>) -> Value,
) -> Value {
    endpoint_at(gam, index).map_or(Value::NoSuchInstance, |one| read(&one))
}

/// Returns a number of the endpoint in a row.
pub(super) fn number<'g>(
    gam: &'g Gam,
    index: &[u32],
    read: impl FnOnce(&Detected<'g>) -> u32,
) -> Value {
    of(gam, index, |one| Value::Gauge32(read(one)))
}

pub(super) fn subscriber<'g>(gam: &'g Gam, one: &Detected<'g>) -> Option<(u16, &'g Subscriber)> {
    let (id, _) = one.configured?;
    gam.subscriber_of(id)
}

/// Returns the profile of an endpoint: its subscriber's, or the built-in one if it serves none (by the MIB).
///
/// An unthrottled or unconfigured one has none (assumed).
fn profile<'g>(gam: &'g Gam, one: &Detected<'g>) -> Option<(u16, &'g Profile)> {
    one.configured?;
    let id = match subscriber(gam, one) {
        Some((_, subscriber)) => subscriber.profile?,
        None => DEFAULT_PROFILE,
    };
    Some((id, gam.running().profiles.get(&id)?))
}

/// `GAMGhnAgentCPEType`.
fn type_of(family: EndpointFamily) -> i32 {
    match family {
        EndpointFamily::G1001M => 3,
        EndpointFamily::G1001C => 4,
        EndpointFamily::G1002C => 13,
        EndpointFamily::G1002M => 16,
    }
}
