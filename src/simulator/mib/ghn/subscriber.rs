//! Serves the configuration of subscribers, which the MIB calls users.

use super::{DESCRIPTION, GHN, NAME, action};
use crate::model::Poe;
use crate::simulator::gam::{Gam, Part, Subscriber};
use crate::simulator::mib::rows::{SUBSCRIBERS, id_of};
use crate::simulator::mib::table::{Object, Table, clipped, column};
use crate::simulator::mib::vlan_quarters::{Quarter, quarter};
use crate::simulator::snmp::Value;

static USER: Table = Table {
    base: &GHN,
    entry: &[2, 40, 1],
    rows: &SUBSCRIBERS,
    needs: Some(Part::GhnConfigurationTables),
    columns: &[
        column(10, |gam, index, _| {
            number(gam, index, |id, _| u32::from(id))
        }),
        column(20, |gam, index, _| number(gam, index, |id, _| gam.uid(id))),
        column(30, |gam, index, _| {
            of(gam, index, |_, one| clipped(&one.name, NAME))
        }),
        column(40, |gam, index, _| {
            of(gam, index, |_, one| clipped(&one.description, DESCRIPTION))
        }),
        column(50, |gam, index, _| {
            number(gam, index, |_, one| or_zero(one.endpoint))
        }),
        column(55, |gam, index, _| {
            of(gam, index, |_, one| {
                let endpoint = one.endpoint.and_then(|id| gam.running().endpoints.get(&id));
                clipped(endpoint.map_or("", |endpoint| endpoint.name.as_str()), NAME)
            })
        }),
        // 0 is unthrottled.
        column(70, |gam, index, _| {
            number(gam, index, |_, one| or_zero(one.profile))
        }),
        column(75, |gam, index, _| {
            of(gam, index, |_, one| {
                let profile = one.profile.and_then(|id| gam.running().profiles.get(&id));
                clipped(profile.map_or("", |profile| profile.name.as_str()), NAME)
            })
        }),
        column(90, |gam, index, _| {
            number(gam, index, |_, one| u32::from(one.vlan))
        }),
        column(100, |gam, index, _| {
            of(gam, index, |_, one| Value::truth(one.tagged))
        }),
        column(110, |gam, index, _| {
            number(gam, index, |_, one| or_zero(one.remapped_vlan))
        }),
        column(120, |gam, index, _| {
            number(gam, index, |_, one| or_zero(one.port2_vlan))
        }),
        column(130, |gam, index, _| allowed(gam, index, Quarter::To1K)),
        column(140, |gam, index, _| allowed(gam, index, Quarter::To2K)),
        column(150, |gam, index, _| allowed(gam, index, Quarter::To3K)),
        column(160, |gam, index, _| allowed(gam, index, Quarter::To4K)),
        // No command sets trunk mode, a subscriber's port, double tagging, its uplink or its outer tag (docs/gam.md).
        column(170, |_, _, _| Value::truth(false)),
        column(180, |_, _, _| Value::Integer(0)),
        column(190, |_, _, _| Value::truth(false)),
        column(200, |_, _, _| Value::Integer(0)),
        column(210, |_, _, _| Value::Gauge32(0)),
        column(220, |gam, index, _| {
            of(gam, index, |_, one| {
                Value::Integer(match one.poe {
                    Poe::Disable => 0,
                    Poe::Enable => 1,
                    Poe::Force => 2,
                })
            })
        }),
        column(10_000, action),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    USER.objects().collect()
}

fn of(gam: &Gam, index: &[u32], read: impl FnOnce(u16, &Subscriber) -> Value) -> Value {
    let Some(id) = id_of(index) else {
        return Value::NoSuchInstance;
    };
    let found = gam.running().subscribers.get(&id);
    found.map_or(Value::NoSuchInstance, |one| read(id, one))
}

fn number(gam: &Gam, index: &[u32], read: impl FnOnce(u16, &Subscriber) -> u32) -> Value {
    of(gam, index, |id, one| Value::Gauge32(read(id, one)))
}

fn allowed(gam: &Gam, index: &[u32], which: Quarter) -> Value {
    of(gam, index, |_, one| quarter(&one.allowed_vlans, which))
}

fn or_zero(number: Option<u16>) -> u32 {
    number.map_or(0, u32::from)
}
