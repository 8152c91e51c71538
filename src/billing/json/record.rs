//! Reads the fields of a JSON object tolerantly: the same field has several types.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};
use compact_str::{CompactString, format_compact};
use serde_json::{Map, Value};

use super::ShapeError;

/// The longest id, in bytes; both systems count.
const MOST_ID: usize = 63;

/// The longest text of an ordinary field, in bytes.
const MOST_TEXT: usize = 4 << 10;

/// The longest note or message, in bytes; Sonar allows 100 000 characters.
const MOST_LONG_TEXT: usize = 400 << 10;

/// A JSON object and its path in the answer.
#[derive(Debug, Clone)]
pub struct Record<'v> {
    /// `None` is an empty object: PHP sends it as `[]`.
    map: Option<&'v Map<String, Value>>,
    path: CompactString,
}

impl<'v> Record<'v> {
    /// Reads an object; `path` is where it is in the answer.
    pub fn of(value: &'v Value, path: impl Into<CompactString>) -> Result<Self, ShapeError> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self {
                map: Some(map),
                path,
            }),
            other => Err(ShapeError::new(path, "an object", Some(other))),
        }
    }

    fn get(&self, key: &str) -> Option<&'v Value> {
        self.map?.get(key)
    }

    /// Returns the path of a field.
    pub fn path(&self, key: &str) -> CompactString {
        match self.path.is_empty() {
            true => CompactString::new(key),
            false => format_compact!("{}.{key}", self.path),
        }
    }

    /// Makes the error that a field is not as expected.
    pub fn wrong(&self, key: &str, expected: &'static str) -> ShapeError {
        ShapeError::new(self.path(key), expected, self.get(key))
    }

    /// Returns whether the key is there, with whatever value.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Returns all keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &'v str> {
        self.map.into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// Reads an id that must be there.
    pub fn id<T: FromStr>(&self, key: &str) -> Result<T, ShapeError> {
        let id = self.optional_id(key)?;
        id.ok_or_else(|| self.wrong(key, "an id"))
    }

    /// Reads an id, a number or a text; null, an empty text and 0 are none.
    pub fn optional_id<T: FromStr>(&self, key: &str) -> Result<Option<T>, ShapeError> {
        let wrong = || self.wrong(key, "an id");
        let text = match self.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => {
                let number = number.as_u64().ok_or_else(wrong)?;
                format_compact!("{number}")
            }
            Some(Value::String(text)) if text.len() <= MOST_ID => CompactString::new(text),
            Some(_) => return Err(wrong()),
        };
        match text.as_str() {
            "" | "0" => Ok(None),
            text => text.parse().map(Some).map_err(|_| wrong()),
        }
    }

    /// Reads a text; a number is read as its digits, absent and null as none, an empty text as itself.
    pub fn text(&self, key: &str) -> Result<Option<CompactString>, ShapeError> {
        self.limited_text(key, MOST_TEXT)
    }

    /// Reads a note or a message.
    pub fn long_text(&self, key: &str) -> Result<Option<CompactString>, ShapeError> {
        self.limited_text(key, MOST_LONG_TEXT)
    }

    fn limited_text(&self, key: &str, most: usize) -> Result<Option<CompactString>, ShapeError> {
        match self.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= most => Ok(Some(CompactString::new(text))),
            Some(Value::String(_)) => Err(self.wrong(key, "a shorter text")),
            Some(Value::Number(number)) => Ok(Some(format_compact!("{number}"))),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    /// Reads a text without spaces around it; an empty one is none.
    pub fn filled_text(&self, key: &str) -> Result<Option<CompactString>, ShapeError> {
        let text = self.text(key)?;
        let text = text.map(|text| CompactString::new(text.trim()));
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Reads a text that must be there and not be empty.
    pub fn word(&self, key: &str) -> Result<CompactString, ShapeError> {
        match self.get(key) {
            Some(Value::String(_)) => {}
            _ => return Err(self.wrong(key, "a text")),
        }
        let word = self.filled_text(key)?;
        word.ok_or_else(|| self.wrong(key, "a text"))
    }

    /// Reads a boolean: `true`, `1`, `"1"`; absent, null and an empty text are none.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ShapeError> {
        let wrong = || self.wrong(key, "a boolean");
        match self.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::Number(number)) => match number.as_u64() {
                Some(0) => Ok(Some(false)),
                Some(1) => Ok(Some(true)),
                _ => Err(wrong()),
            },
            Some(Value::String(text)) => match text.as_str() {
                "" => Ok(None),
                "0" | "false" => Ok(Some(false)),
                "1" | "true" => Ok(Some(true)),
                _ => Err(wrong()),
            },
            Some(_) => Err(wrong()),
        }
    }

    /// Reads a whole number that is not negative, also as text and with a fraction of zeros.
    pub fn number(&self, key: &str) -> Result<Option<u64>, ShapeError> {
        let text = match self.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => format_compact!("{number}"),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => CompactString::new(text),
            Some(_) => return Err(self.wrong(key, "a whole number")),
        };
        let number = whole(&text);
        number
            .map(Some)
            .ok_or_else(|| self.wrong(key, "a whole number"))
    }

    /// Reads a whole number that must be there.
    pub fn count(&self, key: &str) -> Result<u64, ShapeError> {
        let number = self.number(key)?;
        number.ok_or_else(|| self.wrong(key, "a whole number"))
    }

    /// Reads a date, with or without a time; `0000-00-00` is none.
    pub fn date(&self, key: &str) -> Result<Option<NaiveDate>, ShapeError> {
        let Some(text) = self.moment_text(key, "a date")? else {
            return Ok(None);
        };
        let date = text.get(..10).zip(text.get(10..));
        let date = date.filter(|(_, time)| time.is_empty() || time.starts_with([' ', 'T']));
        let date = date.and_then(|(date, _)| date.parse().ok());
        date.map(Some).ok_or_else(|| self.wrong(key, "a date"))
    }

    /// Reads a date with a time and without a zone; `0000-00-00 00:00:00` is none.
    pub fn moment(&self, key: &str) -> Result<Option<NaiveDateTime>, ShapeError> {
        let Some(text) = self.moment_text(key, "a date and a time")? else {
            return Ok(None);
        };
        let moment = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S");
        let moment = moment.map_err(|_| self.wrong(key, "a date and a time"))?;
        Ok(Some(moment))
    }

    fn moment_text(
        &self,
        key: &str,
        expected: &'static str,
    ) -> Result<Option<CompactString>, ShapeError> {
        match self.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() || text.starts_with("0000-00-00") => {
                Ok(None)
            }
            Some(Value::String(text)) if text.len() <= 40 => Ok(Some(CompactString::new(text))),
            Some(_) => Err(self.wrong(key, expected)),
        }
    }

    /// Reads an object; absent, null, an empty text and an empty list are an empty object.
    pub fn map(&self, key: &str) -> Result<Self, ShapeError> {
        let path = self.path(key);
        match self.get(key) {
            None | Some(Value::Null) => Ok(Self { map: None, path }),
            Some(Value::Array(list)) if list.is_empty() => Ok(Self { map: None, path }),
            Some(Value::String(text)) if text.is_empty() => Ok(Self { map: None, path }),
            Some(value) => Self::of(value, path),
        }
    }

    /// Reads an object that must be there, or null.
    pub fn optional(&self, key: &str) -> Result<Option<Self>, ShapeError> {
        match self.get(key) {
            None => Err(self.wrong(key, "an object or null")),
            Some(Value::Null) => Ok(None),
            Some(value) => Self::of(value, self.path(key)).map(Some),
        }
    }

    /// Reads a list that must be there; each entry comes with its path.
    pub fn list(&self, key: &str) -> Result<Vec<(&'v Value, CompactString)>, ShapeError> {
        let path = self.path(key);
        match self.get(key) {
            Some(Value::Array(list)) => {
                let entries = list.iter().enumerate();
                Ok(entries
                    .map(|(at, entry)| (entry, format_compact!("{path}[{at}]")))
                    .collect())
            }
            _ => Err(self.wrong(key, "a list")),
        }
    }
}

/// Parses digits, with a fraction if that is zero.
fn whole(text: &str) -> Option<u64> {
    let (digits, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && fraction.bytes().all(|digit| digit == b'0');
    digits.parse().ok().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::billing::AccountId;

    fn record(value: &Value) -> Record<'_> {
        Record::of(value, "[0]").unwrap()
    }

    #[test]
    fn an_id_is_a_number_or_a_text_and_zero_is_none() {
        for id in [json!(1042), json!("1042")] {
            let value = json!({ "id": id });
            assert_eq!(
                record(&value).id::<AccountId>("id").unwrap().as_str(),
                "1042"
            );
        }
        for none in [json!(0), json!("0"), json!(""), json!(null)] {
            let value = json!({ "id": none });
            assert_eq!(record(&value).optional_id::<AccountId>("id"), Ok(None));
            assert!(record(&value).id::<AccountId>("id").is_err());
        }
        for wrong in [
            json!(-1),
            json!(1.5),
            json!(true),
            json!([]),
            json!({}),
            json!("a b"),
            json!("\u{202e}1"),
        ] {
            let value = json!({ "id": wrong });
            assert!(
                record(&value).optional_id::<AccountId>("id").is_err(),
                "{wrong}"
            );
        }
        let nothing = json!({});
        assert_eq!(record(&nothing).optional_id::<AccountId>("id"), Ok(None));
    }

    #[test]
    fn an_error_names_the_path_and_no_value() {
        let value = json!({ "geo": { "marker": ["30.1,-97.2"] } });
        let geo = record(&value).map("geo").unwrap();
        let error = geo.text("marker").unwrap_err();
        assert_eq!(
            error.to_string(),
            "[0].geo.marker: expected a text, got a list of 1"
        );
    }

    #[test]
    fn a_boolean_is_read_in_all_its_forms() {
        for (given, flag) in [
            (json!(true), Some(true)),
            (json!(1), Some(true)),
            (json!("1"), Some(true)),
            (json!(false), Some(false)),
            (json!(0), Some(false)),
            (json!("0"), Some(false)),
            (json!(""), None),
            (json!(null), None),
        ] {
            let value = json!({ "a": given });
            assert_eq!(record(&value).flag("a"), Ok(flag), "{given}");
        }
        let value = json!({ "a": "yes", "b": 2, "c": [] });
        for key in ["a", "b", "c"] {
            assert!(record(&value).flag(key).is_err(), "{key}");
        }
    }

    #[test]
    fn a_number_is_whole_and_not_negative() {
        for given in [
            json!(250_000),
            json!("250000"),
            json!("250000.0000"),
            json!(250_000.0),
        ] {
            let value = json!({ "a": given });
            assert_eq!(record(&value).number("a"), Ok(Some(250_000)), "{given}");
        }
        for wrong in [
            json!(-1),
            json!("1.5"),
            json!(1.5),
            json!("1e3"),
            json!(" 1"),
            json!(true),
            json!("99999999999999999999"),
        ] {
            let value = json!({ "a": wrong });
            assert!(record(&value).number("a").is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_date_of_zeros_is_none() {
        for none in [
            json!("0000-00-00"),
            json!("0000-00-00 00:00:00"),
            json!(""),
            json!(null),
        ] {
            let value = json!({ "a": none });
            assert_eq!(record(&value).date("a"), Ok(None));
            assert_eq!(record(&value).moment("a"), Ok(None));
        }
        let value = json!({ "a": "2026-11-20 08:03:09", "b": "2026-11-20", "c": "2026-02-30", "d": 20261120, "e": "20 Nov" });
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(record(&value).date("a"), Ok(Some(day)));
        assert_eq!(record(&value).date("b"), Ok(Some(day)));
        assert_eq!(record(&value).moment("a"), Ok(day.and_hms_opt(8, 3, 9)));
        for key in ["c", "d", "e"] {
            assert!(record(&value).date(key).is_err(), "{key}");
        }
        assert!(record(&value).moment("b").is_err());
    }

    #[test]
    fn an_empty_list_is_an_empty_object_and_a_filled_one_is_an_error() {
        let value = json!({ "a": [], "b": {"unit": "101"}, "c": ["101"], "d": null, "e": "" });
        for key in ["a", "d", "e", "absent"] {
            assert_eq!(record(&value).map(key).unwrap().keys().count(), 0, "{key}");
        }
        let b = record(&value).map("b").unwrap();
        assert_eq!(b.filled_text("unit").unwrap().unwrap(), "101");
        assert!(record(&value).map("c").is_err());
    }

    #[test]
    fn a_text_has_a_limit() {
        let value = json!({ "a": "x".repeat(MOST_TEXT + 1) });
        assert!(record(&value).text("a").is_err());
        assert!(record(&value).long_text("a").is_ok());
    }

    proptest! {
        #[test]
        fn a_number_that_is_read_is_the_number_that_came(number: u64) {
            let value = json!({ "a": number, "b": number.to_string() });
            prop_assert_eq!(record(&value).number("a"), Ok(Some(number)));
            prop_assert_eq!(record(&value).number("b"), Ok(Some(number)));
        }

        #[test]
        fn text_that_is_no_number_is_never_read_as_one(text in ".{1,12}") {
            let value = json!({ "a": text });
            if let Ok(Some(number)) = record(&value).number("a") {
                let digits = text.split('.').next().unwrap();
                prop_assert_eq!(digits.trim_start_matches('0'), match number { 0 => String::new(), _ => number.to_string() });
            }
        }
    }
}
