//! GAM-DDMI-MIB: what the SFP modules of the uplinks measure, and the thresholds that they come with.

use super::interface_rows::physical_at;
use super::rows::INTERFACES;
use super::table::{Object, Scalars, Table, clipped, column};
use crate::simulator::gam::{Gam, Interface, ModuleValues, Part};
use crate::simulator::snmp::Value;

const DDMI: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 121, 1];

/// The longest text of this MIB.
const TEXT: usize = 16;

/// `GAMSfpTransceiver`.
const NO_SFP: i32 = 0;
const SFP_10G: i32 = 14;

/// It can be read, and not set: a twin has no command for it.
static SWITCH: Scalars = Scalars {
    base: &DDMI,
    group: &[2, 1],
    needs: None,
    scalars: &[column(1, |gam, _, _| {
        let is_off = matches!(values(gam), ModuleValues::Absent | ModuleValues::Empty);
        Value::truth(!is_off)
    })],
};

/// The readings of a module of the usual kind in a cool closet, each with its thresholds: high and low alarm, high and low
/// warning.
static STATUS: Table = Table {
    base: &DDMI,
    entry: &[3, 2, 1],
    rows: &INTERFACES,
    needs: Some(Part::ModuleValues),
    columns: &[
        column(2, |gam, index, _| Value::truth(has_module(gam, index))),
        column(3, |gam, index, _| Value::truth(has_module(gam, index))),
        column(4, |gam, index, _| identity(gam, index, "Twin Optics")),
        column(5, |gam, index, _| identity(gam, index, "SFP-10G-LR")),
        column(6, |gam, index, _| {
            identity(gam, index, &gam.hardware().serial)
        }),
        column(7, |gam, index, _| identity(gam, index, "A")),
        column(8, |gam, index, _| identity(gam, index, "240117")),
        column(9, |gam, index, _| {
            let has = has_module(gam, index);
            Value::Integer(if has { SFP_10G } else { NO_SFP })
        }),
        column(1002, |gam, index, _| {
            Value::truth(has_module(gam, index) && values(gam) != ModuleValues::Unsupported)
        }),
        column(1003, |gam, index, _| reading(gam, index, "38.62")),
        column(1004, |gam, index, _| reading(gam, index, "78.00")),
        column(1005, |gam, index, _| reading(gam, index, "-13.00")),
        column(1006, |gam, index, _| reading(gam, index, "73.00")),
        column(1007, |gam, index, _| reading(gam, index, "-8.00")),
        column(1008, |gam, index, _| reading(gam, index, "3.29")),
        column(1009, |gam, index, _| reading(gam, index, "3.70")),
        column(1010, |gam, index, _| reading(gam, index, "2.90")),
        column(1011, |gam, index, _| reading(gam, index, "3.60")),
        column(1012, |gam, index, _| reading(gam, index, "3.00")),
        column(1013, |gam, index, _| reading(gam, index, "36.25")),
        column(1014, |gam, index, _| reading(gam, index, "85.00")),
        column(1015, |gam, index, _| reading(gam, index, "10.00")),
        column(1016, |gam, index, _| reading(gam, index, "80.00")),
        column(1017, |gam, index, _| reading(gam, index, "15.00")),
        column(1018, |gam, index, _| reading(gam, index, "-2.11")),
        column(1019, |gam, index, _| reading(gam, index, "1.50")),
        column(1020, |gam, index, _| reading(gam, index, "-9.20")),
        column(1021, |gam, index, _| reading(gam, index, "0.50")),
        column(1022, |gam, index, _| reading(gam, index, "-8.20")),
        column(1023, |gam, index, _| {
            reading(gam, index, received(gam, index))
        }),
        column(1024, |gam, index, _| reading(gam, index, "2.50")),
        column(1025, |gam, index, _| reading(gam, index, "-16.40")),
        column(1026, |gam, index, _| reading(gam, index, "0.50")),
        column(1027, |gam, index, _| reading(gam, index, "-14.40")),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    SWITCH.objects().chain(STATUS.objects()).collect()
}

fn values(gam: &Gam) -> ModuleValues {
    gam.hardware().assumptions.module_values
}

/// Every uplink has a module, even without fibre (assumed).
fn has_module(gam: &Gam, index: &[u32]) -> bool {
    matches!(physical_at(gam, index), Some(Interface::Uplink(_)))
}

/// Returns the light that arrives; without a link there is none.
fn received(gam: &Gam, index: &[u32]) -> &'static str {
    let has_link = physical_at(gam, index).is_some_and(|port| gam.link(port));
    if has_link { "-3.47" } else { "-40.00" }
}

fn identity(gam: &Gam, index: &[u32], text: &str) -> Value {
    clipped(if has_module(gam, index) { text } else { "" }, TEXT)
}

fn reading(gam: &Gam, index: &[u32], text: &str) -> Value {
    let is_there = has_module(gam, index) && values(gam) == ModuleValues::Measured;
    clipped(if is_there { text } else { "" }, TEXT)
}
