//! Stores one value of a record and renders it with PHP's typing: numbers, texts, or both within one instance.

use compact_str::CompactString;
use serde::Deserialize;
use serde_json::Value;

use crate::simulator::gam::chance;

/// A value as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Number(i64),
    Text(CompactString),
    /// Lists and nested objects, such as `partners_ids`.
    Json(Box<Value>),
}

/// A kind of column: its values, and the forms that they are answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The record's own id.
    Id,
    Number,
    /// The id of another record; 0 is none.
    Reference,
    /// 0 or 1.
    Flag,
    /// `59.0000`.
    Money,
    /// `2026-11-20`, or `0000-00-00`.
    Date,
    /// `2026-11-20 08:03:09`, or `0000-00-00 00:00:00`.
    Time,
    Text,
    /// One of these words; any other is refused.
    Word(&'static [&'static str]),
    Json,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether clients may write it.
    pub(super) is_open: bool,
}

/// Returns a column that clients may write.
pub(super) const fn open(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_open: true,
    }
}

/// Returns a column that only the system writes.
pub(super) const fn fixed(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_open: false,
    }
}

/// The typing of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Dialect {
    /// Every number is a text, as MySQL's driver returns it.
    Strings,
    /// Both, field by field; "none" is 0, `"0"`, `""` or null.
    #[default]
    Mixed,
    Numbers,
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// Returns the value as a text, as it is compared and sent in hooks.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.to_string(),
            Self::Json(value) => match value.as_array() {
                Some(values) => {
                    let values: Vec<String> = values.iter().map(scalar).collect();
                    values.join(",")
                }
                None => value.to_string(),
            },
        }
    }

    pub(super) fn as_number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.parse().unwrap_or(0),
            Self::Null | Self::Json(_) => 0,
        }
    }
}

/// Returns a JSON scalar as PHP casts it to a text.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "1".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Kind {
    /// Returns the value of a new record that names none.
    pub(super) fn empty(self) -> Cell {
        match self {
            Self::Id | Self::Number | Self::Reference | Self::Flag => Cell::Number(0),
            Self::Money => Cell::text("0.0000"),
            Self::Date => Cell::text("0000-00-00"),
            Self::Time => Cell::text("0000-00-00 00:00:00"),
            Self::Text => Cell::text(""),
            Self::Word(words) => Cell::text(words.first().copied().unwrap_or_default()),
            Self::Json => Cell::Null,
        }
    }

    /// Returns the word for it in an answer to OPTIONS.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Id | Self::Number | Self::Reference => "integer",
            Self::Flag => "boolean",
            Self::Money => "decimal",
            Self::Date => "date",
            Self::Time => "datetime",
            Self::Text => "string",
            Self::Word(_) => "enum",
            Self::Json => "array",
        }
    }

    /// Reads a value that a client sent; `None` where the model refuses it.
    pub(super) fn read(self, value: &Value) -> Option<Cell> {
        let text = match value {
            Value::Array(_) | Value::Object(_) => {
                let is_json = self == Self::Json;
                return is_json.then(|| Cell::Json(Box::new(value.clone())));
            }
            scalar_value => scalar(scalar_value),
        };
        let is_digits = |text: &str| text.bytes().all(|sign| b"0123456789-: ".contains(&sign));
        match self {
            Self::Id | Self::Number | Self::Reference if text.is_empty() => Some(Cell::Number(0)),
            Self::Id | Self::Number | Self::Reference => text.parse().ok().map(Cell::Number),
            Self::Flag => match text.as_str() {
                "" | "0" | "false" => Some(Cell::Number(0)),
                "1" | "true" => Some(Cell::Number(1)),
                _ => None,
            },
            Self::Money => text.parse::<f64>().ok().map(|_| Cell::text(&text)),
            Self::Date => (text.len() == 10 && is_digits(&text)).then(|| Cell::text(&text)),
            Self::Time => (text.len() == 19 && is_digits(&text)).then(|| Cell::text(&text)),
            Self::Text => Some(Cell::text(&text)),
            Self::Word(words) => words.contains(&text.as_str()).then(|| Cell::text(&text)),
            Self::Json => Some(Cell::Json(Box::new(value.clone()))),
        }
    }
}

/// Identifies a field of a record, so that its form is the same at each read.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldPosition {
    pub(super) seed: u64,
    pub(super) record: u64,
    pub(super) column: u64,
}

impl Dialect {
    /// Appends the JSON of a value.
    pub(super) fn write(self, cell: &Cell, kind: Kind, position: FieldPosition, out: &mut Vec<u8>) {
        let number = match cell {
            Cell::Null => return out.extend_from_slice(b"null"),
            Cell::Text(text) => return json(out, text.as_str()),
            Cell::Json(value) => return json(out, value),
            Cell::Number(number) => *number,
        };
        let forms: &[&str] = match (self, kind, number) {
            (Self::Numbers, ..) => return json(out, &number),
            (Self::Strings, ..) => return json(out, &number.to_string()),
            (Self::Mixed, Kind::Reference, 0) => &["0", "\"0\"", "\"\"", "null"],
            (Self::Mixed, Kind::Flag, 0) => &["0", "\"0\"", "false"],
            (Self::Mixed, Kind::Flag, _) => &["1", "\"1\"", "true"],
            (Self::Mixed, ..) => &[],
        };
        let FieldPosition {
            seed,
            record,
            column,
        } = position;
        let drawn = chance::draw(seed ^ column, "form", record);
        let count = u64::try_from(forms.len()).unwrap_or(0);
        match drawn.checked_rem(count) {
            Some(place) => {
                let form = usize::try_from(place)
                    .ok()
                    .and_then(|place| forms.get(place));
                out.extend_from_slice(form.copied().unwrap_or("0").as_bytes());
            }
            None if drawn.is_multiple_of(2) => json(out, &number),
            None => json(out, &number.to_string()),
        }
    }
}

/// Appends the JSON of a value.
pub(super) fn json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing to memory cannot fail.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn forms(dialect: Dialect, kind: Kind, number: i64) -> BTreeSet<String> {
        let form = |record| {
            let position = FieldPosition {
                seed: 1,
                record,
                column: 3,
            };
            let mut out = Vec::new();
            dialect.write(&Cell::Number(number), kind, position, &mut out);
            String::from_utf8(out).unwrap()
        };
        (0..200).map(form).collect()
    }

    #[test]
    fn numbers_come_as_numbers_as_texts_or_as_both() {
        let set = |all: &[&str]| {
            all.iter()
                .map(|&one| one.to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(forms(Dialect::Strings, Kind::Number, 7), set(&["\"7\""]));
        assert_eq!(forms(Dialect::Numbers, Kind::Number, 7), set(&["7"]));
        assert_eq!(forms(Dialect::Mixed, Kind::Id, 7), set(&["7", "\"7\""]));
        assert_eq!(forms(Dialect::Strings, Kind::Flag, 1), set(&["\"1\""]));
        assert_eq!(
            forms(Dialect::Mixed, Kind::Reference, 0),
            set(&["0", "\"0\"", "\"\"", "null"])
        );
        assert_eq!(
            forms(Dialect::Mixed, Kind::Flag, 1),
            set(&["1", "\"1\"", "true"])
        );
    }

    #[test]
    fn a_word_that_the_model_does_not_know_is_refused() {
        let status = Kind::Word(&["active", "stopped"]);
        assert_eq!(status.read(&json!("stopped")), Some(Cell::text("stopped")));
        assert_eq!(status.read(&json!("blocked")), None);
        assert_eq!(Kind::Number.read(&json!("12")), Some(Cell::Number(12)));
        assert_eq!(Kind::Number.read(&json!("twelve")), None);
        assert_eq!(Kind::Reference.read(&json!(null)), Some(Cell::Number(0)));
        assert_eq!(
            Kind::Date.read(&json!("2026-11-20")),
            Some(Cell::text("2026-11-20"))
        );
        assert_eq!(Kind::Date.read(&json!("20 November")), None);
        assert_eq!(Kind::Text.read(&json!({"a": 1})), None);
        assert_eq!(Kind::Flag.read(&json!(true)), Some(Cell::Number(1)));
    }

    #[test]
    fn a_list_is_compared_as_mysql_keeps_it() {
        assert_eq!(Cell::Json(Box::new(json!([1, "2"]))).plain(), "1,2");
        assert_eq!(Cell::Null.plain(), "");
    }
}
