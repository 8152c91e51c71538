//! Tests that outcomes and entries stored by earlier versions are read without loss.
//!
//! The files of `documents/` were written by the version before causes were facts. They never change.

use std::fs;
use std::path::{Path, PathBuf};

use gamctl::apply::{DeviceOutcome, Entry};
use gamctl::report::PublishedOutcome;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apply/documents")
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// Returns the values of `old` that `new` lacks.
fn lost(old: &Value, new: &Value, at: &str) -> Vec<String> {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old
            .iter()
            .flat_map(|(key, value)| {
                let found = new.get(key).unwrap_or(&Value::Null);
                lost(value, found, &format!("{at}.{key}"))
            })
            .collect(),
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            let both = old.iter().zip(new).enumerate();
            both.flat_map(|(place, (old, new))| lost(old, new, &format!("{at}[{place}]")))
                .collect()
        }
        (old, new) if old == new => Vec::new(),
        (old, new) => vec![format!("{at} was {old} and is {new}")],
    }
}

fn names(begin: &str) -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(begin)).collect()
}

#[test]
fn an_outcome_of_an_earlier_version_is_read_without_loss() {
    let names = names("outcome-");
    assert_eq!(names.len(), 9);
    for name in names {
        let old: Value = read(&name);
        let outcome: DeviceOutcome = read(&name);
        let now = serde_json::to_value(PublishedOutcome::from(&outcome)).unwrap();
        assert_eq!(lost(&old, &now, &name), Vec::<String>::new());
        // Stored by this version, it is still the same.
        let text = serde_json::to_string(&outcome).unwrap();
        let again: DeviceOutcome = serde_json::from_str(&text).unwrap();
        assert_eq!(again, outcome, "{text}");
    }
}

#[test]
fn an_outcome_published_by_an_earlier_version_is_read() {
    let old: Value = read("published-report.json");
    for old in old["outcomes"].as_array().unwrap() {
        let outcome: DeviceOutcome = serde_json::from_value(old.clone()).unwrap();
        let now = serde_json::to_value(PublishedOutcome::from(&outcome)).unwrap();
        assert_eq!(lost(old, &now, "outcome"), Vec::<String>::new());
    }
}

#[test]
fn an_entry_that_an_earlier_version_stored_is_read() {
    let names = names("entry-");
    assert_eq!(names.len(), 5);
    for name in names {
        let entry: Entry = read(&name);
        let again = serde_json::to_value(&entry).unwrap();
        let again: Entry = serde_json::from_value(again).unwrap();
        assert_eq!(again, entry, "{name}");
    }
    let typed: Entry = read("entry-typed-failed.json");
    let Entry::Sent { failure, .. } = &typed else {
        panic!("{typed:?}");
    };
    let failure = serde_json::to_value(failure).unwrap();
    assert_eq!(failure["kind"], json!("earlier"));
    let not_saved: Entry = read("entry-not-saved.json");
    let Entry::NotSaved { cause, .. } = &not_saved else {
        panic!("{not_saved:?}");
    };
    let cause = serde_json::to_value(cause).unwrap();
    assert!(
        cause["text"].as_str().unwrap().contains("4711 bytes"),
        "{cause}"
    );
}
