//! Decodes the table of active alarms: severity, identity and time of each.

use uuid::Uuid;

use super::cell::{bytes, choice, text, truth};
use super::grid::{Grid, Row};
use super::health::Notes;
use crate::model::{ActiveAlarm, AlarmSeverity, DeviceTime};
use crate::observe::mib::{Object, alarm};
use crate::observe::rows::Known;
use crate::transport::snmp::Value;

/// `GAMAlarmSeverity`.
const SEVERITIES: &[(u32, AlarmSeverity)] = &[
    (0, AlarmSeverity::NotReported),
    (1, AlarmSeverity::NotAlarmed),
    (2, AlarmSeverity::Minor),
    (3, AlarmSeverity::Major),
    (4, AlarmSeverity::Critical),
];

/// `GAMAlarmCondType`.
const CONDITIONS: &[(u32, &str)] = &[
    (0, "other"),
    (1, "hwflt"),
    (2, "swflt"),
    (3, "fanflt"),
    (4, "hightemp"),
    (5, "thermalshutdown"),
    (6, "restart"),
    (7, "clkchange"),
    (8, "linkdown"),
    (9, "sfprmvd"),
    (10, "sfpmismatch"),
    (11, "outage"),
    (12, "lowsnr"),
    (13, "los"),
    (14, "portmismatch"),
    (15, "hwmismatch"),
    (16, "swrevmismat"),
    (17, "swdl"),
    (18, "fwupg"),
    (19, "lockoutconsole"),
    (20, "lockouthost"),
    (21, "lockoutglobal"),
    (22, "lpbkfacility"),
    (23, "lpbkterm"),
];

/// The word for a text of an alarm that could not be read.
const UNREAD: &str = "unread";

/// Returns the alarms of a table that was read to its end. An invalid value is reported and affects no other.
pub(in crate::observe) fn alarms(grid: &Grid, unread: &mut Vec<String>) -> Vec<ActiveAlarm> {
    let mut notes = Notes::default();
    let alarms = grid.rows.iter().map(|(index, row)| {
        let affects = truth(row, &alarm::SERVICE_AFFECTING);
        let condition = choice(row, &alarm::CONDITION, CONDITIONS);
        let severity = choice(row, &alarm::SEVERITY, SEVERITIES);
        let since = date_and_time(row, &alarm::OCCURRED);
        ActiveAlarm {
            index: index.first().copied(),
            uuid: notes.take(&alarm::UUID, uuid(row)).flatten(),
            severity: notes.take(&alarm::SEVERITY, severity).unwrap_or_default(),
            is_service_affecting: notes
                .take(&alarm::SERVICE_AFFECTING, affects)
                .unwrap_or(false),
            entity: notes
                .take(&alarm::ENTITY, text(row, &alarm::ENTITY))
                .unwrap_or_else(|| UNREAD.to_owned()),
            condition: notes
                .take(&alarm::CONDITION, condition)
                .unwrap_or(UNREAD)
                .to_owned(),
            since: DeviceTime::new(notes.take(&alarm::OCCURRED, since).unwrap_or_default()),
            // The MIB has none.
            description: String::new(),
        }
    });
    let alarms = alarms.collect();
    notes.add_to(&[grid], unread);
    alarms
}

/// Returns the alarm's UUID; one of zeros is none.
fn uuid(row: &Row) -> Known<Option<Uuid>> {
    let octets = bytes(row, &alarm::UUID)?;
    let octets = <[u8; 16]>::try_from(octets).map_err(|_| {
        let length = octets.len();
        format!("{} has {length} octets; a UUID has 16", alarm::UUID.name)
    })?;
    Ok(Some(Uuid::from_bytes(octets)).filter(|uuid| !uuid.is_nil()))
}

/// Returns the gravest severity among cells of the active alarms.
pub(in crate::observe) fn worst_severity<'v>(
    cells: impl Iterator<Item = &'v Value>,
) -> Option<AlarmSeverity> {
    let known = cells.filter_map(|value| {
        let number = match value {
            Value::Integer(number) => u32::try_from(*number).ok()?,
            Value::Unsigned32(number) => *number,
            _ => return None,
        };
        let known = SEVERITIES.iter().find(|(known, _)| *known == number)?;
        Some(known.1)
    });
    known.max()
}

/// Returns a `DateAndTime` as `2026-11-20T09:32:24-05:00`; one of 8 octets has no offset.
fn date_and_time(row: &Row, object: &Object) -> Known<String> {
    let octets = bytes(row, object)?;
    let (date, offset) = match octets {
        [date @ .., _tenths] if date.len() == 7 => (date, String::new()),
        [date @ .., _tenths, sign @ (b'+' | b'-'), hours, minutes] if date.len() == 7 => (
            date,
            format!("{}{hours:02}:{minutes:02}", char::from(*sign)),
        ),
        _ => {
            let length = octets.len();
            return Err(format!(
                "{} has {length} octets, which is not a time",
                object.name
            ));
        }
    };
    let [high, low, month, day, hour, minute, second] = date else {
        return Err(format!("{} is not a time", object.name));
    };
    let year = u16::from_be_bytes([*high, *low]);
    Ok(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}"
    ))
}
