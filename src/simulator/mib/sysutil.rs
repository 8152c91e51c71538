//! GAM-SYSUTIL-MIB without sensors: name, hardware, uptime and reboot of the device.

use std::time::Duration;

use super::rows::Rows;
use super::system::{LINE, set_contact, set_hostname, set_location};
use super::table::{Object, Scalars, Syntax, Table, Turn, clipped, column};
use crate::simulator::gam::{Gam, Request, UptimeText};
use crate::simulator::moment::{Moment, days_and_clock, days_and_time};
use crate::simulator::snmp::{ErrorStatus, Value};

pub(super) const SYSUTIL: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1];

/// Invented names of the flash and the management port's chip; those of a real device are unknown.
pub(super) const FLASH_MODEL: &str = "Twin NOR flash";
pub(super) const MANAGEMENT_CHIP: &str = "Twin management PHY";
const HARDWARE_VERSION: &str = "1.0";
/// Longest texts about the board.
const BOARD_TEXT: usize = 63;

/// `GAMSysutilRebootType`.
const NO_REBOOT: i32 = 0;
const COLD_REBOOT: i32 = 1;
const WARM_REBOOT: i32 = 2;

/// The only row of tables about units of a stack: a GAM is never stacked.
pub(super) static UNIT: Rows = Rows {
    next: |_, after| super::interface_rows::numbered(after, 1, 1),
    has: |_, index| index == [1],
};

/// No warm reboot, no self-test, no automatic provisioning, no stack (assumed).
static CAPABILITIES: Scalars = Scalars {
    base: &SYSUTIL,
    group: &[1],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::truth(false)),
        column(2, |_, _, _| Value::truth(false)),
        column(3, |_, _, _| Value::truth(false)),
        column(4, |_, _, _| Value::truth(false)),
    ],
};

static INFORMATION: Scalars = Scalars {
    base: &SYSUTIL,
    group: &[2, 1],
    needs: None,
    scalars: &[
        column(1, |gam, _, _| Value::text(&gam.running().hostname)).set(LINE, set_hostname),
        column(2, |gam, _, _| Value::text(&gam.running().contact)).set(LINE, set_contact),
        column(3, |gam, _, _| Value::text(&gam.running().location)).set(LINE, set_location),
    ],
};

/// A twin uses its host's clock, which can be read but not set.
static TIME: Scalars = Scalars {
    base: &SYSUTIL,
    group: &[2, 2],
    needs: None,
    scalars: &[
        column(1, |gam, _, now| Value::text(&gam.device_time(now).iso())),
        column(2, |_, _, _| Value::text("YYYY-MM-DDThh:mm:ss+hh:mm")),
    ],
};

static UPTIME: Scalars = Scalars {
    base: &SYSUTIL,
    group: &[3, 4],
    needs: None,
    scalars: &[column(1, |gam, _, now| {
        let time = gam.uptime(now);
        Value::text(&match gam.hardware().assumptions.uptime_text {
            UptimeText::Hours => hours_and_minutes(time),
            UptimeText::Days => days_and_time(time),
            UptimeText::Words => days_and_clock(time),
        })
    })],
};

static BOARD: Scalars = Scalars {
    base: &SYSUTIL,
    group: &[3, 5],
    needs: None,
    scalars: &[
        column(1, |gam, _, _| {
            Value::OctetString(gam.hardware().mac.octets().to_vec())
        }),
        column(2, |gam, _, _| {
            Value::Gauge32(gam.hardware().model.product_number())
        }),
        column(3, |gam, _, _| clipped(&gam.hardware().serial, BOARD_TEXT)),
        column(4, |gam, _, _| {
            clipped(&gam.hardware().model.to_string(), BOARD_TEXT)
        }),
        column(5, |_, _, _| Value::text(HARDWARE_VERSION)),
        column(6, |_, _, _| Value::Integer(1)),
        column(7, |_, _, _| Value::Integer(1)),
        column(8, |_, _, _| Value::text(FLASH_MODEL)),
        column(9, |_, _, _| Value::text(MANAGEMENT_CHIP)),
    ],
};

static REBOOT: Table = Table {
    base: &SYSUTIL,
    entry: &[4, 1, 1],
    rows: &UNIT,
    needs: None,
    columns: &[column(2, |_, _, _| Value::Integer(NO_REBOOT)).written(
        Syntax::OneOf(&[NO_REBOOT, COLD_REBOOT, WARM_REBOOT]),
        Turn::Trigger,
        reboot,
    )],
};

pub(super) fn objects() -> Vec<Object> {
    [&CAPABILITIES, &INFORMATION, &TIME, &UPTIME, &BOARD]
        .into_iter()
        .flat_map(Scalars::objects)
        .chain(REBOOT.objects())
        .collect()
}

/// Reboots the device; by its capabilities it has no warm reboot.
fn reboot(gam: &mut Gam, _: &[u32], value: &Value, _: Moment) -> Result<(), ErrorStatus> {
    match value {
        Value::Integer(NO_REBOOT) => Ok(()),
        Value::Integer(COLD_REBOOT) => {
            gam.request(Request::Reboot);
            Ok(())
        }
        _ => Err(ErrorStatus::InconsistentValue),
    }
}

/// Formats a duration in ten characters, without days: the hours increase to the maximum that fits (assumed).
fn hours_and_minutes(time: Duration) -> String {
    let seconds = time.as_secs().min(10_000 * 3600 - 1);
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_since_the_start_never_has_more_than_ten_characters() {
        let cases = [
            (0, "00:00:00"),
            (61, "00:01:01"),
            (18 * 86_400 + 3 * 3600 + 5, "435:00:05"),
            (9999 * 3600, "9999:00:00"),
            (u64::MAX, "9999:59:59"),
        ];
        for (seconds, expected) in cases {
            let text = hours_and_minutes(Duration::from_secs(seconds));
            assert_eq!(text, expected);
        }
    }
}
