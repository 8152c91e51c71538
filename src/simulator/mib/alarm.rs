//! GAM-ALARM-MIB: active alarms, the alarm log, and the clearing of the log.

use super::interface_rows::numbered;
use super::rows::{Rows, first_after};
use super::table::{Object, Scalars, Table, clipped, column, is_true};
use crate::simulator::gam::{Alarm, Gam, LogEntry};
use crate::simulator::moment::{DeviceTime, Moment};
use crate::simulator::snmp::{Oid, Value};

const ALARM: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 145, 1];

/// `GAMAlarmCondState`.
const RAISING: i32 = 0;
const CLEARING: i32 = 1;
const LONGEST_ENTITY: usize = 63;

static ACTIVE_ROWS: Rows = Rows {
    next: |gam, after| {
        let mut following = gam.alarms().active.range(first_after(after)?..);
        following.next().map(|(index, _)| vec![*index])
    },
    has: |gam, index| active(gam, index).is_some(),
};

static LOG_ROWS: Rows = Rows {
    next: |gam, after| {
        let log = &gam.alarms().log;
        numbered(after, log.front()?.index, log.back()?.index)
    },
    has: |gam, index| logged(gam, index).is_some(),
};

/// `gamAlarmStatusActiveEntry`, below `ALARM`.
const ACTIVE_ENTRY: [u32; 3] = [3, 1, 1];

static ACTIVE: Table = Table {
    base: &ALARM,
    entry: &ACTIVE_ENTRY,
    rows: &ACTIVE_ROWS,
    needs: None,
    columns: &[
        column(2, |gam, index, _| of(active(gam, index), interface)),
        column(3, |gam, index, _| of(active(gam, index), uuid)),
        column(4, |gam, index, _| of(active(gam, index), entity)),
        column(5, |gam, index, _| of(active(gam, index), condition)),
        // The location in software or on the board: no such part fails in a twin.
        column(6, |_, _, _| Value::text("")),
        column(7, |_, _, _| Value::Gauge32(0)),
        column(8, |_, _, _| Value::Integer(0)),
        column(9, |_, _, _| Value::Gauge32(0)),
        column(10, |gam, index, _| of(active(gam, index), severity)),
        column(11, |gam, index, _| of(active(gam, index), affects_service)),
        column(12, |gam, index, _| {
            of(active(gam, index), |alarm| {
                date_and_time(gam, alarm.occurred)
            })
        }),
    ],
};

static LOG: Table = Table {
    base: &ALARM,
    entry: &[3, 2, 1],
    rows: &LOG_ROWS,
    needs: None,
    columns: &[
        column(2, |gam, index, _| of(past(gam, index), interface)),
        column(3, |gam, index, _| of(past(gam, index), uuid)),
        column(4, |gam, index, _| of(past(gam, index), entity)),
        column(5, |gam, index, _| of(past(gam, index), condition)),
        column(6, |_, _, _| Value::text("")),
        column(7, |_, _, _| Value::Gauge32(0)),
        column(8, |_, _, _| Value::Integer(0)),
        column(9, |_, _, _| Value::Gauge32(0)),
        column(10, |gam, index, _| {
            of(logged(gam, index), |entry| {
                Value::Integer(if entry.raising { RAISING } else { CLEARING })
            })
        }),
        column(11, |gam, index, _| of(past(gam, index), severity)),
        column(12, |gam, index, _| of(past(gam, index), affects_service)),
        column(13, |gam, index, _| {
            of(past(gam, index), |alarm| date_and_time(gam, alarm.occurred))
        }),
        column(14, |gam, index, _| {
            of(logged(gam, index), |entry| {
                date_and_time(gam, entry.reported)
            })
        }),
    ],
};

static CLEAR: Scalars = Scalars {
    base: &ALARM,
    group: &[4, 1],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::truth(false)).trigger(|gam, _, value, _| {
            if is_true(value) {
                gam.clear_alarm_log();
            }
            Ok(())
        }),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    ACTIVE
        .objects()
        .chain(LOG.objects())
        .chain(CLEAR.objects())
        .collect()
}

/// Returns the columns of an alarm's row with their names, as a trap carries them: when an alarm ends, its row is
/// already gone.
pub(in crate::simulator) fn active_columns(gam: &Gam, alarm: &Alarm) -> Vec<(Oid, Value)> {
    let values = [
        interface(alarm),
        uuid(alarm),
        entity(alarm),
        condition(alarm),
        Value::text(""),
        Value::Gauge32(0),
        Value::Integer(0),
        Value::Gauge32(0),
        severity(alarm),
        affects_service(alarm),
        date_and_time(gam, alarm.occurred),
    ];
    let entry = [ALARM.as_slice(), &ACTIVE_ENTRY].concat();
    let name = |column| Oid::new(&entry).with(&[column, alarm.index]);
    (2..)
        .zip(values)
        .map(|(column, value)| (name(column), value))
        .collect()
}

fn active<'g>(gam: &'g Gam, index: &[u32]) -> Option<&'g Alarm> {
    match index {
        [number] => gam.alarms().active.get(number),
        _ => None,
    }
}

/// Returns the entry of a row. The log has no gaps: an entry's number gives its position.
fn logged<'g>(gam: &'g Gam, index: &[u32]) -> Option<&'g LogEntry> {
    let [number] = index else { return None };
    let log = &gam.alarms().log;
    let place = number.checked_sub(log.front()?.index)?;
    log.get(usize::try_from(place).ok()?)
}

fn past<'g>(gam: &'g Gam, index: &[u32]) -> Option<&'g Alarm> {
    logged(gam, index).map(|entry| &entry.alarm)
}

fn of<T>(one: Option<&T>, read: impl FnOnce(&T) -> Value) -> Value {
    one.map_or(Value::NoSuchInstance, read)
}

fn interface(alarm: &Alarm) -> Value {
    Value::Integer(i32::try_from(alarm.entity.if_index).unwrap_or(0))
}

fn uuid(alarm: &Alarm) -> Value {
    Value::OctetString(alarm.uuid.to_vec())
}

fn entity(alarm: &Alarm) -> Value {
    clipped(&alarm.entity.name, LONGEST_ENTITY)
}

fn condition(alarm: &Alarm) -> Value {
    Value::Integer(alarm.condition.number())
}

fn severity(alarm: &Alarm) -> Value {
    Value::Integer(alarm.severity.number())
}

fn affects_service(alarm: &Alarm) -> Value {
    Value::truth(alarm.service_affecting)
}

fn date_and_time(gam: &Gam, at: Moment) -> Value {
    octets(gam.device_time(at))
}

/// Encodes the calendar and tenths of a second in eight octets, and the offset in three more.
fn octets(time: DeviceTime) -> Value {
    let [year, month, day, hour, minute, second, tenths] = time.parts;
    let [high, low] = u16::try_from(year).unwrap_or(u16::MAX).to_be_bytes();
    let mut octets = vec![high, low];
    for part in [month, day, hour, minute, second, tenths] {
        octets.push(u8::try_from(part).unwrap_or(0));
    }
    match time.behind {
        None => {}
        Some(0) => octets.extend([b'+', 0, 0]),
        Some(hours) => octets.extend([b'-', hours, 0]),
    }
    Value::OctetString(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_eleven_octets_with_its_zone_and_eight_without() {
        let at = Moment::from_unix_millis(1_795_253_544_700);
        let utc = DeviceTime::behind(at, 0);
        let date = [0x07, 0xea, 11, 21, 9, 32, 24, 7];
        let with = |zone: &[u8]| Value::OctetString([&date[..], zone].concat());
        assert_eq!(octets(utc), with(&[b'+', 0, 0]));
        let without = DeviceTime {
            behind: None,
            ..utc
        };
        assert_eq!(octets(without), with(&[]));
        let local = octets(DeviceTime::behind(Moment::from_unix_millis(180_000), 5));
        assert_eq!(
            local,
            Value::OctetString(vec![0x07, 0xb1, 12, 31, 19, 3, 0, 0, b'-', 5, 0])
        );
    }
}
