//! GAM-SYSUTIL-MIB sensors: load, power supplies, the system LED, temperatures and fans.

use super::interface_rows::{next_pair, numbered};
use super::rows::Rows;
use super::sysutil::{SYSUTIL, UNIT};
use super::table::{Object, Scalars, Table, clipped, column};
use crate::simulator::gam::{Gam, Sensor, Severity};
use crate::simulator::snmp::Value;

/// The highest number of power supplies in the MIB.
const MOST_SUPPLIES: u32 = 2;
/// `GAMSysutilPowerSupplyStateType`.
const ACTIVE: i32 = 0;
const NOT_PRESENT: i32 = 2;
/// Longest name of a sensor.
const SENSOR_NAME: usize = 15;

/// The monitor's thresholds in degrees: of the air around the board and of the chip (docs/gam.md), and their upper end
/// (assumed).
const BOARD_HIGH: i32 = 85;
const JUNCTION_HIGH: i32 = 90;
const LOW: i32 = 0;
const CRITICAL: i32 = 110;
const HYSTERESIS: i32 = 2;

static SUPPLIES: Rows = Rows {
    next: |gam, after| {
        let last = supply_count(gam);
        next_pair(
            after,
            |unit| (unit <= 1).then_some(1),
            |_, supply| {
                let supply = supply.max(1);
                (supply <= last).then_some(supply)
            },
        )
    },
    has: |gam, index| match index {
        [1, supply] => (1..=supply_count(gam)).contains(supply),
        _ => false,
    },
};

static SENSORS: Rows = Rows {
    next: |gam, after| numbered(after, 1, count(gam.world().temperatures.len())),
    has: |gam, index| at(&gam.world().temperatures, index).is_some(),
};

static FANS: Rows = Rows {
    next: |gam, after| numbered(after, 1, count(gam.world().fans.len())),
    has: |gam, index| at(&gam.world().fans, index).is_some(),
};

/// The two monitored temperatures: 0 is the board, 1 the junction.
static MONITORS: Rows = Rows {
    next: |_, after| numbered(after, 0, 1),
    has: |_, index| matches!(index, [0 | 1]),
};

static LOAD: Scalars = Scalars {
    base: &SYSUTIL,
    group: &[3, 1],
    needs: None,
    scalars: &[
        column(1, |gam, _, _| load(gam, 0)),
        column(2, |gam, _, _| load(gam, 1)),
        column(3, |gam, _, _| load(gam, 2)),
    ],
};

static TABLES: [Table; 6] = [
    Table {
        base: &SYSUTIL,
        entry: &[2, 3, 1],
        rows: &MONITORS,
        needs: None,
        columns: &[
            column(2, |_, _, _| Value::Integer(LOW)),
            column(3, |_, index, _| Value::Integer(high(index))),
            column(4, |_, _, _| Value::Integer(CRITICAL)),
            column(5, |_, _, _| Value::Integer(HYSTERESIS)),
        ],
    },
    Table {
        base: &SYSUTIL,
        entry: &[3, 2, 1],
        rows: &SUPPLIES,
        needs: None,
        columns: &[
            column(3, |gam, index, _| {
                let works = supply(gam, index);
                Value::Integer(if works { ACTIVE } else { NOT_PRESENT })
            }),
            column(4, |gam, index, _| {
                Value::text(if supply(gam, index) {
                    "Power supply"
                } else {
                    ""
                })
            }),
        ],
    },
    Table {
        base: &SYSUTIL,
        entry: &[3, 3, 1],
        rows: &UNIT,
        needs: None,
        columns: &[column(2, |gam, _, _| Value::text(light(gam)))],
    },
    Table {
        base: &SYSUTIL,
        entry: &[3, 6, 1],
        rows: &MONITORS,
        needs: None,
        columns: &[
            column(2, |gam, index, _| Value::truth(monitored(gam, index) < LOW)),
            column(3, |gam, index, _| {
                Value::truth(monitored(gam, index) >= high(index))
            }),
            column(4, |gam, index, _| {
                Value::truth(monitored(gam, index) >= CRITICAL)
            }),
            column(5, |gam, index, _| Value::Integer(monitored(gam, index))),
        ],
    },
    Table {
        base: &SYSUTIL,
        entry: &[3, 7, 1],
        rows: &SENSORS,
        needs: None,
        columns: &[
            column(2, |gam, index, _| {
                of(&gam.world().temperatures, index, |sensor| {
                    clipped(&sensor.name, SENSOR_NAME)
                })
            }),
            column(3, |gam, index, _| {
                of(&gam.world().temperatures, index, |sensor| {
                    Value::Integer(sensor.tenths)
                })
            }),
        ],
    },
    Table {
        base: &SYSUTIL,
        entry: &[3, 8, 1],
        rows: &FANS,
        needs: None,
        columns: &[column(2, |gam, index, _| {
            of(&gam.world().fans, index, |rpm| Value::Integer(*rpm))
        })],
    },
];

pub(super) fn objects() -> Vec<Object> {
    LOAD.objects()
        .chain(TABLES.iter().flat_map(Table::objects))
        .collect()
}

/// Returns the element of a row numbered from one.
fn at<'l, T>(list: &'l [T], index: &[u32]) -> Option<&'l T> {
    let [number] = index else { return None };
    list.get(usize::try_from(number.checked_sub(1)?).ok()?)
}

fn of<T>(list: &[T], index: &[u32], read: impl FnOnce(&T) -> Value) -> Value {
    at(list, index).map_or(Value::NoSuchInstance, read)
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn supply_count(gam: &Gam) -> u32 {
    count(gam.world().power_supplies.len()).min(MOST_SUPPLIES)
}

fn supply(gam: &Gam, index: &[u32]) -> bool {
    let place = index.get(1..).unwrap_or_default();
    at(&gam.world().power_supplies, place).is_some_and(|works| *works)
}

fn load(gam: &Gam, which: usize) -> Value {
    let load = gam.world().cpu_load.get(which);
    Value::Gauge32(load.copied().unwrap_or(0))
}

/// Returns the state of the LED in the words of a switch of this family (icli); red during a major alarm (assumed).
fn light(gam: &Gam) -> &'static str {
    let mut alarms = gam.alarms().active.values();
    if alarms.any(|alarm| alarm.severity >= Severity::Mj) {
        "System LED: red, solid, alarm indication."
    } else {
        "System LED: green, solid, normal indication."
    }
}

fn high(index: &[u32]) -> i32 {
    if index == [0] {
        BOARD_HIGH
    } else {
        JUNCTION_HIGH
    }
}

/// Returns whole degrees: the intake air for the board, the CPU for the junction (assumed).
fn monitored(gam: &Gam, index: &[u32]) -> i32 {
    let name = if index == [0] { "Intake" } else { "CPU" };
    let is_it = |sensor: &&Sensor| sensor.name == name;
    let sensor = gam.world().temperatures.iter().find(is_it);
    sensor.map_or(0, |sensor| sensor.tenths.div_euclid(10))
}
