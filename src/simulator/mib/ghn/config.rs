//! Serves the configuration of the device, of bandwidth profiles and of endpoints.

use super::{DESCRIPTION, GHN, NAME, action, mac, port_number};
use crate::simulator::gam::{Endpoint, ExpectedPort, Gam, Interface, Part, Profile};
use crate::simulator::mib::rows::{ENDPOINTS, PROFILES, id_of};
use crate::simulator::mib::table::{Object, Scalars, Table, clipped, column};
use crate::simulator::snmp::Value;

const NEEDS: Option<Part> = Some(Part::GhnConfigurationTables);

static GLOBAL: Scalars = Scalars {
    base: &GHN,
    group: &[2, 5],
    needs: NEEDS,
    scalars: &[
        // Endpoint-aware: the only way this project configures a device (docs/gam.md).
        column(10, |_, _, _| Value::Integer(0)),
        column(20, |gam, _, _| {
            let number = gam.hardware().if_index(Interface::Uplink(1));
            Value::Integer(i32::try_from(number).unwrap_or(0))
        }),
        // Off as delivered [assumed].
        column(30, |_, _, _| Value::truth(false)),
        column(40, |_, _, _| Value::Integer(0)),
    ],
};

/// Factory defaults: those named by the MIB, otherwise off (assumed).
static VECTOR_BOOST: Scalars = Scalars {
    base: &GHN,
    group: &[2, 50],
    needs: NEEDS,
    scalars: &[
        column(10, |_, _, _| Value::truth(false)),
        column(20, |_, _, _| Value::Gauge32(0)),
        column(1000, |_, _, _| Value::truth(false)),
        column(1010, |_, _, _| Value::Gauge32(50)),
        column(1020, |_, _, _| Value::Gauge32(2)),
        column(1030, |_, _, _| Value::Gauge32(8)),
        column(1040, |_, _, _| Value::Gauge32(5)),
        column(1050, |_, _, _| Value::Gauge32(5)),
    ],
};

static PROFILE: Table = Table {
    base: &GHN,
    entry: &[2, 30, 1],
    rows: &PROFILES,
    needs: NEEDS,
    columns: &[
        column(10, |gam, index, _| {
            profile(gam, index, |id, _| Value::Gauge32(u32::from(id)))
        }),
        column(20, |gam, index, _| {
            profile(gam, index, |id, _| Value::Gauge32(gam.uid(id)))
        }),
        column(30, |gam, index, _| {
            profile(gam, index, |_, profile| clipped(&profile.name, NAME))
        }),
        column(40, |gam, index, _| {
            profile(gam, index, |_, profile| {
                clipped(&profile.description, DESCRIPTION)
            })
        }),
        column(50, |gam, index, _| {
            profile(gam, index, |_, profile| Value::Gauge32(profile.down))
        }),
        column(60, |gam, index, _| {
            profile(gam, index, |_, profile| Value::Gauge32(profile.up))
        }),
        column(10_000, action),
    ],
};

static ENDPOINT: Table = Table {
    base: &GHN,
    entry: &[2, 20, 1],
    rows: &ENDPOINTS,
    needs: NEEDS,
    columns: &[
        column(10, |gam, index, _| {
            endpoint(gam, index, |id, _| Value::Gauge32(u32::from(id)))
        }),
        column(20, |gam, index, _| {
            endpoint(gam, index, |_, endpoint| mac(endpoint.mac))
        }),
        column(30, |gam, index, _| {
            endpoint(gam, index, |_, endpoint| clipped(&endpoint.name, NAME))
        }),
        column(40, |gam, index, _| {
            endpoint(gam, index, |_, endpoint| {
                clipped(&endpoint.description, DESCRIPTION)
            })
        }),
        column(50, |gam, index, _| {
            endpoint(gam, index, |_, endpoint| {
                port_number(gam, fixed_port(endpoint.port))
            })
        }),
        column(55, |gam, index, _| {
            endpoint(gam, index, |_, endpoint| {
                Value::truth(endpoint.port == ExpectedPort::Auto)
            })
        }),
        column(60, |gam, index, _| {
            endpoint(gam, index, |_, endpoint| {
                Value::truth(endpoint.allow_management_access)
            })
        }),
        column(10_000, action),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    GLOBAL
        .objects()
        .chain(VECTOR_BOOST.objects())
        .chain(PROFILE.objects())
        .chain(ENDPOINT.objects())
        .collect()
}

/// Returns the configured port of an endpoint; `None` for `auto` and `unassigned`.
pub(super) fn fixed_port(place: ExpectedPort) -> Option<u8> {
    match place {
        ExpectedPort::Port(port) => Some(port),
        ExpectedPort::Auto | ExpectedPort::Unassigned => None,
    }
}

fn profile(gam: &Gam, index: &[u32], read: impl FnOnce(u16, &Profile) -> Value) -> Value {
    let Some(id) = id_of(index) else {
        return Value::NoSuchInstance;
    };
    let found = gam.running().profiles.get(&id);
    found.map_or(Value::NoSuchInstance, |profile| read(id, profile))
}

fn endpoint(gam: &Gam, index: &[u32], read: impl FnOnce(u16, &Endpoint) -> Value) -> Value {
    let Some(id) = id_of(index) else {
        return Value::NoSuchInstance;
    };
    let found = gam.running().endpoints.get(&id);
    found.map_or(Value::NoSuchInstance, |endpoint| read(id, endpoint))
}
