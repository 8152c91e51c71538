//! SNMPv2-MIB system group and SNMPv3 engine group.

use compact_str::{CompactString, ToCompactString, format_compact};

use super::table::{Object, Scalars, Syntax, column, text_of};
use crate::simulator::gam::{Edit, Gam, is_hostname};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{ErrorStatus, Oid, Value};

const MIB_2: [u32; 6] = [1, 3, 6, 1, 2, 1];
const SNMP_MODULES: [u32; 6] = [1, 3, 6, 1, 6, 3];
/// The prefix of models in `sysObjectID` (docs/gam.md).
const PRODUCTS: [u32; 9] = [1, 3, 6, 1, 4, 1, 20095, 2000, 1];

/// A bridge and a host with applications (RFC 3418's sum for layers 2, 4 and 7) (assumed).
const SERVICES: i32 = 2 + 8 + 64;
/// The largest message that the twin's agent accepts, in one Ethernet frame (assumed).
const LONGEST_MESSAGE: i32 = 1472;

static SYSTEM: Scalars = Scalars {
    base: &MIB_2,
    group: &[1],
    needs: None,
    scalars: &[
        column(1, |gam, _, _| Value::text(&description(gam))),
        column(2, |gam, _, _| {
            let number = gam.hardware().model.product_number();
            Value::ObjectId(Oid::new(&PRODUCTS).with(&[number]))
        }),
        column(3, |gam, _, now| Value::TimeTicks(ticks(gam, now))),
        column(4, |gam, _, _| Value::text(&gam.running().contact)).set(LINE, set_contact),
        column(5, |gam, _, _| Value::text(&gam.running().hostname)).set(LINE, set_hostname),
        column(6, |gam, _, _| Value::text(&gam.running().location)).set(LINE, set_location),
        column(7, |_, _, _| Value::Integer(SERVICES)),
    ],
};

static ENGINE: Scalars = Scalars {
    base: &SNMP_MODULES,
    group: &[10, 2, 1],
    needs: None,
    scalars: &[
        column(2, |gam, _, _| {
            Value::Integer(i32::try_from(gam.boots()).unwrap_or(i32::MAX))
        }),
        column(3, |gam, _, now| {
            Value::Integer(i32::try_from(gam.uptime(now).as_secs()).unwrap_or(i32::MAX))
        }),
        column(4, |_, _, _| Value::Integer(LONGEST_MESSAGE)),
    ],
};

/// One line of text: it becomes a line of the running configuration.
pub(super) const LINE: Syntax = Syntax::Text(0, 255);

pub(super) fn objects() -> Vec<Object> {
    SYSTEM.objects().chain(ENGINE.objects()).collect()
}

/// Returns the device's description, such as `GAM-24-C GigaBit Ethernet Switch` (seen).
pub(super) fn description(gam: &Gam) -> CompactString {
    format_compact!("{} GigaBit Ethernet Switch", gam.hardware().model)
}

pub(super) fn set_contact(
    gam: &mut Gam,
    _: &[u32],
    value: &Value,
    now: Moment,
) -> Result<(), ErrorStatus> {
    edit(gam, &Edit::Contact(line(value)?), now)
}

pub(super) fn set_location(
    gam: &mut Gam,
    _: &[u32],
    value: &Value,
    now: Moment,
) -> Result<(), ErrorStatus> {
    edit(gam, &Edit::Location(line(value)?), now)
}

pub(super) fn set_hostname(
    gam: &mut Gam,
    _: &[u32],
    value: &Value,
    now: Moment,
) -> Result<(), ErrorStatus> {
    let name = text_of(value)?;
    if !is_hostname(name) {
        return Err(ErrorStatus::WrongValue);
    }
    edit(gam, &Edit::Hostname(name.to_compact_string()), now)
}

/// Applies an edit to the device; a refusal becomes inconsistentValue.
pub(super) fn edit(gam: &mut Gam, edit: &Edit, now: Moment) -> Result<(), ErrorStatus> {
    gam.edit(edit, now)
        .map_err(|_| ErrorStatus::InconsistentValue)
}

fn line(value: &Value) -> Result<CompactString, ErrorStatus> {
    Ok(text_of(value)?.to_compact_string())
}

/// Returns hundredths of a second since the start, which wrap after 497 days.
fn ticks(gam: &Gam, now: Moment) -> u32 {
    let hundredths = gam.uptime(now).as_millis() / 10;
    u32::try_from(hundredths % (1 << 32)).unwrap_or(0)
}
