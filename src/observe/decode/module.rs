//! Decodes what the SFP module of an uplink measures: texts with a number, for which no document has a sample.

use super::cell::{text, truth};
use super::grid::{Grid, Row};
use crate::model::{ModuleReadings, Polled};
use crate::observe::mib::{Object, module};
use crate::observe::rows::Known;
use crate::transport::snmp::Value;

/// Units that may follow a number.
const UNITS: [&str; 5] = ["°C", "C", "V", "mA", "dBm"];

/// Readings are kept in thousandths.
const DIGITS: usize = 3;

/// Returns the readings of one interface's module; `None` if the device has none: it measures only while `ddmi` is on, and
/// not every module does.
pub(super) fn readings(grid: &Known<Grid>, index: &[u32]) -> Polled<Option<ModuleReadings>> {
    let grid = match grid {
        Ok(grid) => grid,
        Err(reason) => return Polled::unread(reason),
    };
    match grid.rows.get(index) {
        Some(row) => of_row(row).into(),
        None => Polled::Value(None),
    }
}

fn of_row(row: &Row) -> Known<Option<ModuleReadings>> {
    let is_absent = |value: &Value| {
        matches!(
            value,
            Value::NoSuchInstance | Value::NoSuchObject | Value::EndOfMibView
        )
    };
    if is_absent(row.value(&module::MEASURES)?) || !truth(row, &module::MEASURES)? {
        return Ok(None);
    }
    let all = [
        &module::HEAT,
        &module::VOLTAGE,
        &module::BIAS,
        &module::SENT,
        &module::RECEIVED,
    ];
    let is_empty = |object: &Object| text(row, object).is_ok_and(|text| text.trim().is_empty());
    if all.into_iter().all(is_empty) {
        return Ok(None);
    }
    let thousandths = |object: &Object| Polled::from(thousandths(row, object));
    Ok(Some(ModuleReadings {
        millicelsius: thousandths(&module::HEAT),
        millivolts: thousandths(&module::VOLTAGE),
        bias_microamperes: thousandths(&module::BIAS),
        sent_millidbm: thousandths(&module::SENT),
        received_millidbm: thousandths(&module::RECEIVED),
    }))
}

fn thousandths(row: &Row, object: &Object) -> Known<i64> {
    let all = text(row, object)?;
    let text = all.trim();
    let number = UNITS.iter().find_map(|unit| text.strip_suffix(unit));
    parsed(number.unwrap_or(text).trim_end())
        .ok_or_else(|| format!("{} is `{all}`, which is not a number", object.name))
}

/// Parses a decimal number; digits after the third one are dropped.
fn parsed(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_number = |digits: &str| {
        (1..=9).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let kept: String = fraction.chars().chain("00".chars()).take(DIGITS).collect();
    let thousandths = whole.parse::<i64>().ok()? * 1000 + kept.parse::<i64>().ok()?;
    Some(if text.starts_with('-') {
        -thousandths
    } else {
        thousandths
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&'static Object, Value)]) -> Row {
        let mut row = Row::default();
        for (object, value) in cells {
            row.set(object, Ok(value.clone()));
        }
        row
    }

    fn words(text: &str) -> Value {
        Value::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn numbers_are_read_in_thousandths_and_nothing_else_is_taken_for_one() {
        for (text, expected) in [
            ("38.62", 38_620),
            ("-2.1", -2_100),
            ("-0.5", -500),
            ("+3", 3_000),
            ("3.29 V", 3_290),
            ("-40.00 dBm", -40_000),
            ("38.62 °C", 38_620),
            ("36C", 36_000),
            ("0.0009", 0),
        ] {
            let row = row(&[(&module::SENT, words(text))]);
            assert_eq!(thousandths(&row, &module::SENT), Ok(expected), "{text}");
        }
        for text in ["-inf", "N/A", "1e3", "--1", "1.2.3", ".5", "5.", "3,29", ""] {
            let row = row(&[(&module::SENT, words(text))]);
            let reason = thousandths(&row, &module::SENT).unwrap_err();
            assert!(reason.contains("which is not a number"), "{text}: {reason}");
        }
    }

    #[test]
    fn a_module_that_measures_nothing_is_distinguished_from_readings_that_cannot_be_read() {
        let is_there = (&module::MEASURES, Value::Integer(1));
        let none = [
            row(&[(&module::MEASURES, Value::Integer(2))]),
            row(&[(&module::MEASURES, Value::NoSuchInstance)]),
        ];
        for row in none {
            assert_eq!(of_row(&row), Ok(None));
        }
        assert!(of_row(&row(&[(&module::MEASURES, Value::Integer(3))])).is_err());
        let half = row(&[
            is_there,
            (&module::HEAT, words("41")),
            (&module::VOLTAGE, words("")),
        ]);
        let half = of_row(&half).unwrap().unwrap();
        assert_eq!(half.millicelsius, Polled::Value(41_000));
        assert!(half.millivolts.reason().is_some() && half.sent_millidbm.reason().is_some());
    }
}
