//! Checks a document against as much of JSON Schema as the published schema uses, for tests.

use serde_json::Value;

/// Returns the places at which a document violates a schema.
pub(super) fn faults(root: &Value, schema: &Value, document: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (key, rule) in schema.as_object().unwrap() {
        match key.as_str() {
            "$schema" | "title" | "description" | "$defs" | "properties" | "minimum" => {}
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                found.extend(faults(root, &root["$defs"][name], document, at));
            }
            "type" => {
                let fits = match rule.as_str().unwrap() {
                    "object" => document.is_object(),
                    "array" => document.is_array(),
                    "string" => document.is_string(),
                    "boolean" => document.is_boolean(),
                    "integer" => document.is_u64() || document.is_i64(),
                    other => panic!("the schema has the type {other}"),
                };
                if !fits {
                    found.push(format!("{at}: {document} is no {rule}"));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    if document.get(name.as_str().unwrap()).is_none() {
                        found.push(format!("{at}: there is no {name}"));
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(rule, &Value::Bool(false));
                for (name, inner) in document.as_object().into_iter().flatten() {
                    match schema["properties"].get(name) {
                        Some(rule) => {
                            found.extend(faults(root, rule, inner, &format!("{at}.{name}")));
                        }
                        None => found.push(format!("{at}: `{name}` is not known")),
                    }
                }
            }
            "items" => {
                for (index, inner) in document.as_array().into_iter().flatten().enumerate() {
                    found.extend(faults(root, rule, inner, &format!("{at}[{index}]")));
                }
            }
            "const" if document != rule => found.push(format!("{at}: {document} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(document) => {
                found.push(format!("{at}: {document} is none of {rule}"));
            }
            "const" | "enum" => {}
            "oneOf" => {
                let all = rule.as_array().unwrap().iter();
                let fitting = all
                    .filter(|one| faults(root, one, document, at).is_empty())
                    .count();
                if fitting != 1 {
                    found.push(format!("{at}: {fitting} alternatives fit {document}"));
                }
            }
            "maximum" => {
                let number = document.as_u64().unwrap_or(u64::MAX);
                let least = schema["minimum"].as_u64().unwrap();
                if !(least..=rule.as_u64().unwrap()).contains(&number) {
                    found.push(format!("{at}: {document} is out of range"));
                }
            }
            // Patterns are checked by a whole implementation, in tests/outside.
            "pattern" => assert!(schema["type"] == "string"),
            other => panic!("the schema says `{other}`, which nobody checks"),
        }
    }
    found
}
