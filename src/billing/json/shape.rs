//! Describes the shape of a value that is not as expected; the value itself is never shown.

use compact_str::{CompactString, format_compact};
use serde_json::Value;

/// A value of an unexpected shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}, got {came}")]
pub struct ShapeError {
    /// Keys and positions, `[3].geo.marker`. Only keys that gamctl asks for.
    pub path: CompactString,
    pub expected: &'static str,
    /// The shape of what came, `a list of 3`.
    pub came: CompactString,
}

impl ShapeError {
    pub fn new(
        path: impl Into<CompactString>,
        expected: &'static str,
        came: Option<&Value>,
    ) -> Self {
        let path = path.into();
        Self {
            path: match path.is_empty() {
                true => CompactString::const_new("the answer"),
                false => path,
            },
            expected,
            came: came.map_or(CompactString::const_new("nothing"), shape_of),
        }
    }
}

/// Describes a value by its type and size.
pub fn shape_of(value: &Value) -> CompactString {
    match value {
        Value::Null => CompactString::const_new("null"),
        Value::Bool(_) => CompactString::const_new("a boolean"),
        Value::Number(number) if number.is_f64() => CompactString::const_new("a fraction"),
        Value::Number(_) => CompactString::const_new("a number"),
        Value::String(text) if text.is_empty() => CompactString::const_new("an empty text"),
        Value::String(text) => {
            format_compact!("a text of {}", counted(text.chars().count(), "character"))
        }
        Value::Array(list) => format_compact!("a list of {}", list.len()),
        Value::Object(map) => format_compact!("an object with {}", counted(map.len(), "key")),
    }
}

fn counted(count: usize, what: &str) -> CompactString {
    match count {
        1 => format_compact!("1 {what}"),
        _ => format_compact!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_has_the_path_and_the_shape_and_never_the_value() {
        for (value, came) in [
            (json!(null), "null"),
            (json!(true), "a boolean"),
            (json!(7), "a number"),
            (json!(7.5), "a fraction"),
            (json!(""), "an empty text"),
            (json!("Okafor"), "a text of 6 characters"),
            (json!(["Okafor"]), "a list of 1"),
            (json!({"Okafor": 1}), "an object with 1 key"),
        ] {
            let error = ShapeError::new("[0].status", "a text", Some(&value));
            assert_eq!(
                error.to_string(),
                format!("[0].status: expected a text, got {came}")
            );
        }
        let error = ShapeError::new("", "a list", None);
        assert_eq!(
            error.to_string(),
            "the answer: expected a list, got nothing"
        );
    }
}
