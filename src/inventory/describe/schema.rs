//! Renders a JSON Schema for each kind of file, for editors.

use serde_json::{Map, Value, json};

use super::record;
use crate::inventory::FileKind;
use crate::inventory::record::{Field, MapKeys, RecordShape, Shape};

/// Returns the JSON Schema of a kind of file, ending in a new line.
///
/// Draft 7: what the TOML language servers in use understand.
pub fn json_schema(kind: FileKind) -> String {
    let of_record = object(&record(kind));
    let mut schema = match kind.object_table() {
        None => of_record,
        Some(table) => json!({
            "type": "object",
            "properties": { table: {
                "type": "object",
                "additionalProperties": of_record,
            }},
            "additionalProperties": false,
        }),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(
            "$schema".to_owned(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        schema.insert(
            "title".to_owned(),
            json!(format!("gamctl inventory: {kind}")),
        );
    }
    // Keys of a map print sorted, so equal shapes are equal bytes.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn object(record: &RecordShape) -> Value {
    let mut properties = Map::new();
    for field in &record.fields {
        properties.insert(field.key.to_owned(), property(field));
    }
    let required: Vec<_> = record
        .fields
        .iter()
        .filter(|field| field.is_required)
        .map(|field| field.key)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": record.what,
        "properties": properties,
        "additionalProperties": false,
    });
    if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn property(field: &Field) -> Value {
    let mut schema = shape(&field.shape);
    let Some(map) = schema.as_object_mut() else {
        return schema;
    };
    let mut doc = field.doc.to_owned();
    if let Some(default) = field.default {
        doc.push_str(&format!(" Default: {default}."));
    }
    map.insert("description".to_owned(), json!(doc));
    schema
}

fn shape(shape_of: &Shape) -> Value {
    match shape_of {
        Shape::Text {
            pattern,
            max_length,
            example,
            ..
        } => {
            let mut schema = json!({ "type": "string", "minLength": 1, "examples": [example] });
            if let Some(map) = schema.as_object_mut() {
                if let Some(pattern) = pattern {
                    map.insert("pattern".to_owned(), json!(pattern));
                }
                if let Some(max) = max_length {
                    map.insert("maxLength".to_owned(), json!(max));
                }
            }
            schema
        }
        Shape::Integer { min, max, .. } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::OneOf(words) => json!({ "type": "string", "enum": words }),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(shape).collect::<Vec<_>>() }),
        Shape::Record(of) => object(&of()),
        Shape::Map { keys, value } => {
            let mut schema = json!({ "type": "object", "additionalProperties": shape(value) });
            if let (Some(map), MapKeys::OneOf { words, .. }) = (schema.as_object_mut(), keys) {
                map.insert("propertyNames".to_owned(), json!({ "enum": words }));
            }
            schema
        }
        Shape::List(entry) => json!({ "type": "array", "items": shape(entry) }),
    }
}
