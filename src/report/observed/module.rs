//! Renders what the SFP modules of the uplinks measure of themselves.

use super::poll::{UNREAD, shown};
use crate::model::{ModuleReadings, Polled, PolledUplink};
use crate::report::{Align, Table};

/// Returns a row for each uplink whose module measures something, or could not be read.
pub(super) fn modules(uplinks: &Polled<Vec<PolledUplink>>) -> Table {
    let mut table = Table::new([
        ("  UPLINK", Align::Left),
        ("RECEIVED", Align::Right),
        ("SENT", Align::Right),
        ("TEMPERATURE", Align::Right),
        ("SUPPLY", Align::Right),
        ("LASER", Align::Right),
    ]);
    for uplink in uplinks.value().into_iter().flatten() {
        let name = format!("  {}", uplink.number);
        match uplink.sfp.as_ref().map(|sfp| &sfp.readings) {
            None | Some(Polled::Value(None)) => {}
            Some(Polled::Value(Some(readings))) => table.push(row(name, readings)),
            Some(Polled::Unread { .. }) => table.push([name, UNREAD.to_owned()]),
        }
    }
    table
}

fn row(name: String, readings: &ModuleReadings) -> [String; 6] {
    let with_unit =
        |value: &Polled<i64>, unit: &str| shown(value, |value| hundredths(*value) + " " + unit);
    [
        name,
        with_unit(&readings.received_millidbm, "dBm"),
        with_unit(&readings.sent_millidbm, "dBm"),
        with_unit(&readings.millicelsius, "°C"),
        with_unit(&readings.millivolts, "V"),
        with_unit(&readings.bias_microamperes, "mA"),
    ]
}

/// Returns thousandths with two digits: `-3.47`.
fn hundredths(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let all = thousandths.unsigned_abs();
    format!("{sign}{}.{:02}", all / 1000, all % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_has_two_digits_and_its_sign() {
        let texts = [-40_000, -470, 0, 3_299].map(hundredths);
        assert_eq!(texts, ["-40.00", "-0.47", "0.00", "3.29"]);
    }
}
