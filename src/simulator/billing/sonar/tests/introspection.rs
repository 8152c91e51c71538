//! Tests `__schema` and `__type`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client;

#[test]
fn the_fields_of_a_type_are_asked_for_by_its_name() {
    let mut client = client(1);
    let data = client.ask("{ __type(name: \"AccountService\") { name kind fields { name } } none: __type(name: \"Nothing\") { name } }");
    let fields = data["__type"]["fields"].as_array().unwrap();
    let names: Vec<&str> = fields
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    for name in [
        "id",
        "_version",
        "is_additional",
        "service",
        "service_metadata_values",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(!names.contains(&"status"));
    assert_eq!(data["none"], Value::Null);
}

#[test]
fn every_type_that_the_schema_refers_to_is_listed() {
    let mut client = client(1);
    let reference = "name kind ofType { name kind ofType { name kind ofType { name } } }";
    let data = client.ask(&format!(
        "{{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }}
             directives {{ name locations args {{ name type {{ kind }} }} }}
             types {{ name kind fields(includeDeprecated: true) {{ name type {{ {reference} }} args {{ name defaultValue type {{ {reference} }} }} }}
               inputFields {{ name defaultValue type {{ {reference} }} }} enumValues {{ name }} possibleTypes {{ name }} interfaces {{ name }} }} }} }}"
    ));
    let schema = &data["__schema"];
    assert_eq!(schema["queryType"]["name"], "Query");
    assert_eq!(schema["subscriptionType"], Value::Null);
    assert_eq!(schema["directives"].as_array().unwrap().len(), 2);
    let types = schema["types"].as_array().unwrap();
    let names: BTreeSet<&str> = types
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    let mut referred = BTreeSet::new();
    for one in types {
        for list in ["fields", "inputFields"] {
            for field in one[list].as_array().into_iter().flatten() {
                referred.insert(named(&field["type"]));
                let arguments = field["args"].as_array().into_iter().flatten();
                referred.extend(arguments.map(|argument| named(&argument["type"])));
            }
        }
    }
    assert!(referred.len() > 100);
    assert!(
        referred.is_subset(&names),
        "{:?}",
        referred.difference(&names)
    );
    let search = types
        .iter()
        .find(|one| one["name"] == "StringSearch")
        .unwrap();
    assert_eq!(search["inputFields"][3]["defaultValue"], "true");
    assert_eq!(search["enumValues"], json!(null));
}

/// Returns the name inside lists and `!`.
fn named(kind: &Value) -> &str {
    match &kind["name"] {
        Value::String(name) => name,
        _ => named(&kind["ofType"]),
    }
}
