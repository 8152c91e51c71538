//! Parses `KEY=VALUE` from the command line into a key and a TOML value of the right type.

use super::{record, shape_at};
use crate::inventory::FileKind;
use crate::inventory::record::Shape;
use crate::inventory::suggest;

/// Why a key cannot be set to a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("`{key}` is not a key of {kind}{}", .hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
    UnknownKey {
        key: String,
        kind: FileKind,
        hint: Option<String>,
    },
    #[error("`{key}` is a whole number, not `{value}`")]
    NotANumber { key: String, value: String },
    #[error("`{key}` is `true` or `false`, not `{value}`")]
    NotABoolean { key: String, value: String },
    #[error("`{key}` is a table; set a key within it, such as `{key}.KEY=VALUE`")]
    IsATable { key: String },
    #[error("`{key}` is a list; edit the file")]
    IsAList { key: String },
}

/// Returns the keys of a dotted path and the value in the type of the key.
///
/// The rules check the value once it is in the inventory.
pub fn key_value(
    kind: FileKind,
    key: &str,
    value: &str,
) -> Result<(Vec<String>, toml_edit::Value), ValueError> {
    let path: Vec<&str> = key.split('.').collect();
    let record = record(kind);
    let shape = shape_at(&record, &path).ok_or_else(|| {
        let known: Vec<&str> = record.fields.iter().map(|field| field.key).collect();
        ValueError::UnknownKey {
            key: key.to_owned(),
            kind,
            hint: suggest::hint(path.first().copied().unwrap_or_default(), &known),
        }
    })?;
    let value = typed(&shape, key, value)?;
    Ok((path.into_iter().map(str::to_owned).collect(), value))
}

fn typed(shape: &Shape, key: &str, value: &str) -> Result<toml_edit::Value, ValueError> {
    let refused = || (key.to_owned(), value.to_owned());
    match shape {
        Shape::Text { .. } | Shape::OneOf(_) => Ok(value.into()),
        Shape::Integer { .. } => value.parse::<i64>().map(Into::into).map_err(|_| {
            let (key, value) = refused();
            ValueError::NotANumber { key, value }
        }),
        Shape::Boolean => value.parse::<bool>().map(Into::into).map_err(|_| {
            let (key, value) = refused();
            ValueError::NotABoolean { key, value }
        }),
        // The first that takes it: a port is a number, or else a word.
        Shape::Either(shapes) => shapes
            .iter()
            .find_map(|shape| typed(shape, key, value).ok())
            .ok_or_else(|| {
                let (key, value) = refused();
                ValueError::NotANumber { key, value }
            }),
        Shape::Record(_) | Shape::Map { .. } => Err(ValueError::IsATable {
            key: key.to_owned(),
        }),
        Shape::List(_) => Err(ValueError::IsAList {
            key: key.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_the_type_of_its_key() {
        let set =
            |key, value| key_value(FileKind::Subscribers, key, value).map(|(_, v)| v.to_string());
        assert_eq!(set("vlan", "202").unwrap(), "202");
        assert_eq!(set("service_plan", "202").unwrap(), "\"202\"");
        assert_eq!(set("protected", "true").unwrap(), "true");
        assert_eq!(set("port", "7").unwrap(), "7");
        assert_eq!(set("port", "auto").unwrap(), "\"auto\"");
        assert_eq!(set("external.account", "7").unwrap(), "\"7\"");
    }

    #[test]
    fn a_mistyped_key_is_answered_with_the_right_one() {
        let error = key_value(FileKind::Subscribers, "vlna", "3").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`vlna` is not a key of subscribers; did you mean `vlan`?"
        );
        assert!(key_value(FileKind::Subscribers, "vlan", "x").is_err());
        assert!(key_value(FileKind::Subscribers, "external", "x").is_err());
    }
}
