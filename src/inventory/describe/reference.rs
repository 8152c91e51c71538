//! Renders the reference of every key as Markdown.

use std::fmt::Write;

use super::record;
use crate::inventory::FileKind;
use crate::inventory::record::{Field, MapKeys, RecordShape, Shape};

/// Returns the reference of every kind of file, for `docs/inventory.md`.
pub fn key_reference() -> String {
    let mut text = String::from(
        "# The inventory, key by key\n\n\
         This page is generated from the types that read the inventory; `docs/testing.md` says how to renew it.\n\
         What can be wrong with a value is in [findings.md](findings.md). `gamctl schema KIND` prints the same as JSON Schema.\n",
    );
    for kind in FileKind::ALL {
        let record = record(kind);
        let place = match kind.object_table() {
            None => format!("`{kind}.toml`"),
            Some(_) => format!("`{kind}.toml` or any file in `{kind}/`"),
        };
        let header = match kind.object_table() {
            None => String::new(),
            Some(table) => format!("{table}.ID"),
        };
        let _ = write!(text, "\n## {kind}\n\n{} In {place}.\n", record.what);
        tables(&mut text, &header, &record, true);
    }
    text
}

/// Writes the keys of a record, then the records within it.
fn tables(text: &mut String, header: &str, record: &RecordShape, is_top: bool) {
    if !header.is_empty() {
        let _ = write!(text, "\n### `[{header}]`\n");
        if !is_top {
            let _ = write!(text, "\n{}\n", record.what);
        }
    }
    text.push_str("\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for field in &record.fields {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            field.key,
            value(&field.shape),
            default(field),
            field.doc
        );
    }
    for field in &record.fields {
        let within = |key: &str| {
            if header.is_empty() {
                key.to_owned()
            } else {
                format!("{header}.{key}")
            }
        };
        match &field.shape {
            Shape::Record(of) => tables(text, &within(field.key), &of(), false),
            Shape::Map { keys, value } => {
                let any = match keys {
                    MapKeys::Numbers(_) => "N",
                    MapKeys::Names(_) | MapKeys::OneOf { .. } => "NAME",
                };
                if let Shape::Record(of) = &**value {
                    let header = within(&format!("{}.{any}", field.key));
                    tables(text, &header, &of(), false);
                }
            }
            Shape::List(entry) => {
                if let Shape::Record(of) = &**entry {
                    tables(text, &format!("[{}]", within(field.key)), &of(), false);
                }
            }
            Shape::Text { .. }
            | Shape::Integer { .. }
            | Shape::Boolean
            | Shape::OneOf(_)
            | Shape::Either(_) => {}
        }
    }
}

fn default(field: &Field) -> String {
    match (field.is_required, field.default) {
        (true, _) => "must be given".to_owned(),
        (false, Some(default)) if default.contains(' ') && !default.starts_with(['{', '[']) => {
            default.to_owned()
        }
        (false, Some(default)) => format!("`{default}`"),
        (false, None) => "—".to_owned(),
    }
}

fn value(shape: &Shape) -> String {
    match shape {
        Shape::Text {
            what,
            example,
            max_length,
            ..
        } => match max_length {
            Some(max) => format!("{what}, at most {max} characters, `\"{example}\"`"),
            None => format!("{what}, `\"{example}\"`"),
        },
        Shape::Integer { what, min, max } => format!("{what}, {min} to {max}"),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::OneOf(words) => words
            .iter()
            .map(|word| format!("`\"{word}\"`"))
            .collect::<Vec<_>>()
            .join(" "),
        Shape::Either(shapes) => shapes.iter().map(value).collect::<Vec<_>>().join(", or "),
        Shape::Record(_) => "a table, see below".to_owned(),
        Shape::Map { keys, value: inner } => match (keys, &**inner) {
            (MapKeys::Numbers(what), Shape::Record(_)) => {
                format!("a table for each number of {what}, see below")
            }
            (MapKeys::Names(what) | MapKeys::OneOf { what, .. }, Shape::Record(_)) => {
                format!("a table for each name of {what}, see below")
            }
            (MapKeys::Numbers(what) | MapKeys::Names(what), inner) => {
                format!("a table of {what} = {}", value(inner))
            }
            (MapKeys::OneOf { what, words }, inner) => format!(
                "a table of {what} = {}, with {what} one of `\"{}\"`",
                value(inner),
                words.join("\"` `\"")
            ),
        },
        Shape::List(entry) => match &**entry {
            Shape::Record(_) => "tables, see below".to_owned(),
            entry => format!("a list, each entry {}", value(entry)),
        },
    }
}
