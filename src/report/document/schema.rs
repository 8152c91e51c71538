//! Generates the schema of a document from its type, closed: a name that the schema lacks is refused.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::DocumentKind;
use super::time;
use super::types::of_the_plan;

/// The definitions whose facts are written by `time::within`, with everything that they refer to.
const WITH_TIMES: [&str; 2] = ["RefusedDocument", "SkipReason"];

/// Returns the schema of a kind of document, with its content of the given type.
pub(crate) fn schema_of<T: JsonSchema>(kind: DocumentKind) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut root = schema.to_value();
    let Some(parts) = root.as_object_mut() else {
        panic!("the schema of {} is not an object", kind.name());
    };
    parts.insert("title".to_owned(), json!(kind.name()));
    parts.insert(
        "description".to_owned(),
        json!(format!("{}.", kind.title())),
    );
    add_head(parts, kind);
    add_parts_of_plans(&mut root);
    for name in WITH_TIMES {
        let mut names = BTreeSet::from([name.to_owned()]);
        referred(&root["$defs"][name], &mut names);
        for name in names {
            if let Some(definition) = root["$defs"].get_mut(&name) {
                publish_times(definition);
            }
        }
    }
    let mut definitions = root["$defs"].take();
    merge_references(&mut root, &definitions);
    let known = definitions.clone();
    for definition in definitions
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        merge_references(definition, &known);
    }
    tidy(&mut root);
    close(&mut root, false);
    for definition in definitions
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        tidy(definition);
        close(definition, false);
    }
    if definitions.is_object() {
        root["$defs"] = definitions;
        drop_unused(&mut root);
    } else if let Some(root) = root.as_object_mut() {
        root.remove("$defs");
    }
    root
}

/// Adds `schema` and `version`, which every document begins with.
fn add_head(root: &mut Map<String, Value>, kind: DocumentKind) {
    let head = json!({
        "schema": { "const": kind.name(), "description": "The name of this schema." },
        "version": {
            "const": kind.version(),
            "description": "It grows when a name goes or changes its meaning; new names can come without it.",
        },
    });
    let properties = root.entry("properties").or_insert_with(|| json!({}));
    for (name, rule) in head.as_object().into_iter().flatten() {
        let before = properties
            .as_object_mut()
            .unwrap()
            .insert(name.clone(), rule.clone());
        assert!(
            before.is_none(),
            "{} has a `{name}` of its own",
            kind.name()
        );
    }
    let required = root.entry("required").or_insert_with(|| json!([]));
    required
        .as_array_mut()
        .unwrap()
        .extend([json!("schema"), json!("version")]);
    root.insert("type".to_owned(), json!("object"));
}

/// Copies the definitions of `schema/plan.json` that are referred to, and those that they refer to.
fn add_parts_of_plans(root: &mut Value) {
    loop {
        let mut names = BTreeSet::new();
        referred(root, &mut names);
        let missing: Vec<String> = names
            .into_iter()
            .filter(|name| root["$defs"].get(name).is_none())
            .collect();
        if missing.is_empty() {
            return;
        }
        for name in missing {
            let definition =
                of_the_plan(&name).unwrap_or_else(|| panic!("nothing defines `{name}`"));
            if !root["$defs"].is_object() {
                root["$defs"] = json!({});
            }
            root["$defs"][&name] = definition;
        }
    }
}

/// Collects the names of the definitions that a schema refers to.
fn referred(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(parts) => {
            for (key, part) in parts {
                match part.as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
                    Some(name) if key == "$ref" => drop(names.insert(name.to_owned())),
                    _ => referred(part, names),
                }
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| referred(part, names)),
        _ => {}
    }
}

/// Makes the times of stored facts what the document has in their place.
fn publish_times(schema: &mut Value) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text
            .replace(", in seconds since 1970", "")
            .replace("Times are seconds since 1970, commits", "Commits");
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for name in time::NAMES {
            let Some(rule) = properties.get_mut(name) else {
                continue;
            };
            if rule["type"] == "integer" {
                let description = rule.get("description").cloned();
                *rule = json!({ "type": "string", "format": "date-time" });
                if let Some(Value::String(text)) = description {
                    let text = text.replace("Seconds since 1970, by", "By");
                    rule["description"] = Value::from(text);
                }
            }
        }
    }
    each_part(schema, publish_times);
}

/// Calls a function with each schema inside of a schema.
fn each_part(schema: &mut Value, mut visit: impl FnMut(&mut Value)) {
    let Some(parts) = schema.as_object_mut() else {
        return;
    };
    for (key, part) in parts {
        match key.as_str() {
            "properties" | "patternProperties" | "$defs" => {
                part.as_object_mut()
                    .into_iter()
                    .flat_map(Map::values_mut)
                    .for_each(&mut visit);
            }
            "oneOf" | "anyOf" | "allOf" | "prefixItems" => {
                part.as_array_mut()
                    .into_iter()
                    .flatten()
                    .for_each(&mut visit);
            }
            "items" | "additionalProperties" if part.is_object() => visit(part),
            _ => {}
        }
    }
}

/// Puts a definition in the place of a reference that stands beside further properties, so that both can be closed.
fn merge_references(schema: &mut Value, definitions: &Value) {
    each_part(schema, |part| merge_references(part, definitions));
    let Some(parts) = schema.as_object_mut() else {
        return;
    };
    if !parts.contains_key("properties") {
        return;
    }
    let Some(Value::String(reference)) = parts.remove("$ref") else {
        return;
    };
    let name = reference.trim_start_matches("#/$defs/");
    let Some(Value::Object(definition)) = definitions.get(name).cloned() else {
        panic!("nothing defines `{name}`");
    };
    for (key, rule) in definition {
        match (key.as_str(), parts.get_mut(&key)) {
            ("additionalProperties", _) => {}
            ("properties", Some(Value::Object(own))) => {
                own.extend(rule.as_object().cloned().unwrap_or_default());
            }
            ("required", Some(Value::Array(own))) => {
                own.extend(rule.as_array().cloned().unwrap_or_default());
            }
            (_, Some(_)) => {}
            (_, None) => drop(parts.insert(key, rule)),
        }
    }
}

/// Removes what concerns reading only: sizes of Rust's numbers, defaults, and `null` where the name would be left out.
fn tidy(schema: &mut Value) {
    each_part(schema, tidy);
    let Some(parts) = schema.as_object_mut() else {
        return;
    };
    parts.remove("default");
    let is_known = |format: &Value| format == "date-time" || format == "uuid" || format == "ip";
    if parts.get("format").is_some_and(|format| !is_known(format)) {
        parts.remove("format");
    }
    let required: BTreeSet<String> = parts
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let properties = parts.get_mut("properties").and_then(Value::as_object_mut);
    for (name, rule) in properties.into_iter().flatten() {
        if !required.contains(name) {
            without_null(rule);
        }
    }
    if let Some(Value::String(text)) = parts.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}

fn without_null(rule: &mut Value) {
    let Some(parts) = rule.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = parts.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            parts.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = parts.get_mut("anyOf") {
        alternatives.retain(|one| one != &json!({ "type": "null" }));
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            parts.remove("anyOf");
            for (key, rule) in only {
                parts.entry(key).or_insert(rule);
            }
        }
    }
}

/// Refuses every name that an object does not define. Alternatives beside properties are closed together with them.
fn close(schema: &mut Value, is_part: bool) {
    let Some(parts) = schema.as_object() else {
        return;
    };
    let has = |key: &str| parts.contains_key(key);
    let is_mixed = has("properties") && (has("oneOf") || has("anyOf") || has("allOf"));
    let is_object = has("properties");
    let Some(parts) = schema.as_object_mut() else {
        return;
    };
    for (key, part) in parts.iter_mut() {
        let parts: Vec<&mut Value> = match (key.as_str(), part) {
            ("properties" | "patternProperties", Value::Object(inner)) => {
                inner.values_mut().collect()
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(inner)) => {
                for one in inner {
                    close(one, is_part || is_mixed);
                }
                continue;
            }
            ("prefixItems", Value::Array(inner)) => inner.iter_mut().collect(),
            ("items" | "additionalProperties", inner) if inner.is_object() => vec![inner],
            _ => continue,
        };
        for one in parts {
            close(one, false);
        }
    }
    if is_part {
        parts.remove("additionalProperties");
    } else if is_mixed {
        parts.remove("additionalProperties");
        parts.insert("unevaluatedProperties".to_owned(), json!(false));
    } else if is_object {
        parts.entry("additionalProperties").or_insert(json!(false));
    }
}

/// Removes definitions that nothing refers to any more.
fn drop_unused(root: &mut Value) {
    loop {
        let mut names = BTreeSet::new();
        referred(root, &mut names);
        let Some(definitions) = root["$defs"].as_object_mut() else {
            return;
        };
        let before = definitions.len();
        definitions.retain(|name, _| names.contains(name));
        if definitions.len() == before {
            return;
        }
    }
}
