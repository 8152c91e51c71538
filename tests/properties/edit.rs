//! Formatting changes no meaning, and an edit changes what it says and nothing else.

use std::sync::Arc;

use gamctl::authoring::edit::{Edit, EditError, KeyPath, Object, apply};
use gamctl::authoring::format;
use gamctl::inventory::{FileKind, PathKind, canonical_order, classify};
use proptest::prelude::*;

use super::dice::Dice;
use super::spec::{Spec, Table, Value};
use super::write::{Texts, plain, varied};
use super::{dice, listed, reading_of, resolved, shown, tried, valid_inventory};

fn kind_of(path: &str) -> FileKind {
    match classify(path) {
        PathKind::Inventory(kind) => kind,
        other => panic!("{path}: {other:?}"),
    }
}

fn formatted(texts: &Texts) -> Texts {
    let files = texts.iter().map(|(path, text)| {
        let kind = kind_of(path);
        let text = format(kind, text, &|table| canonical_order(kind, table)).unwrap();
        (Arc::clone(path), text.into())
    });
    files.collect()
}

/// Chooses a key of a subscriber and a value that keeps the inventory valid, and gives it to the specification too.
fn change(spec: &mut Spec, dice: &mut Dice) -> (String, &'static str, toml_edit::Value) {
    let position = dice.below(spec.subscribers.len());
    // A billing system accepts no such account.
    let is_free = spec.billing.is_empty();
    let plan = spec.plans[0].id.clone();
    let subscriber = &mut spec.subscribers[position];
    let code = subscriber.id[subscriber.id.len() - 3..].to_owned();
    let (key, value): (_, Value) = match dice.below(8) {
        0 => ("description", "said anew".into()),
        1 => ("tagged", (!subscriber.table.is_set("tagged")).into()),
        2 => ("name", format!("renamed {code}").into()),
        3 => ("poe", "force".into()),
        4 => ("state", "pending".into()),
        5 if is_free => (
            "external",
            Table::default()
                .with("system", "x")
                .with("account", "\u{e9} \"1\"")
                .into(),
        ),
        6 => ("endpoint_name", format!("box {code}").into()),
        _ => ("service_plan", plan.into()),
    };
    let for_edit = match &value {
        Value::Table(table) => {
            let mut inline = toml_edit::InlineTable::new();
            for key in ["system", "account"] {
                inline.insert(key, table.text(key).unwrap().into());
            }
            inline.into()
        }
        Value::Flag(flag) => (*flag).into(),
        Value::Text(text) => text.as_str().into(),
        other => panic!("{other:?}"),
    };
    subscriber.table.set(key, value);
    (subscriber.id.clone(), key, for_edit)
}

fn applied(texts: &Texts, edits: &[Edit]) -> Result<Texts, EditError> {
    let mut texts = texts.clone();
    for change in apply(&texts, edits, &canonical_order)? {
        match change.after {
            Some(text) => texts.insert(change.path, text),
            None => texts.remove(&change.path),
        };
    }
    Ok(texts)
}

/// What is refused says so; what it must never come to is a change that did more than was asked.
fn check_refusal(error: &EditError) -> Result<(), TestCaseError> {
    prop_assert!(
        !matches!(error, EditError::WouldChangeMore { .. }),
        "{}",
        error
    );
    Ok(())
}

proptest! {
    #![proptest_config(tried(40))]

    #[test]
    fn formatting_changes_no_meaning_and_is_done_once(spec in valid_inventory(), mut layout in dice::dice(900)) {
        let texts = varied(&spec, &mut layout);
        let once = formatted(&texts);
        let reading = reading_of(&once);
        prop_assert_eq!(listed(&reading), "", "{}", shown(&once));
        prop_assert_eq!(resolved(&reading), resolved(&reading_of(&texts)));
        prop_assert_eq!(shown(&formatted(&once)), shown(&once));
    }

    #[test]
    fn a_set_value_is_the_only_difference(
        mut spec in valid_inventory(), mut layout in dice::dice(900), mut dice in dice::dice(4),
    ) {
        let texts = varied(&spec, &mut layout);
        let (id, key, value) = change(&mut spec, &mut dice);
        let edit = Edit::Set { object: Object::subscriber(id), key: KeyPath::from([key]), value };
        match applied(&texts, &[edit]) {
            Ok(after) => {
                let expected = reading_of(&plain(&spec));
                let reading = reading_of(&after);
                prop_assert_eq!(listed(&reading), "", "{}", shown(&after));
                prop_assert_eq!(resolved(&reading), resolved(&expected), "{}", shown(&after));
                let changed = after.iter().filter(|(path, text)| texts.get(*path) != Some(text));
                prop_assert!(changed.count() <= 1);
            }
            Err(error) => check_refusal(&error)?,
        }
    }

    #[test]
    fn a_removal_removes_nothing_else(
        mut spec in valid_inventory(), mut layout in dice::dice(900), mut dice in dice::dice(4),
    ) {
        let texts = varied(&spec, &mut layout);
        let gone = spec.subscribers.remove(dice.below(spec.subscribers.len()));
        let edit = Edit::Remove { object: Object::subscriber(gone.id) };
        match applied(&texts, &[edit]) {
            Ok(after) => prop_assert_eq!(resolved(&reading_of(&after)), resolved(&reading_of(&plain(&spec))), "{}", shown(&after)),
            Err(error) => check_refusal(&error)?,
        }
    }
}

#[test]
fn most_ways_of_writing_can_be_edited() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut refused = Vec::new();
    for _ in 0..60 {
        let given = (valid_inventory(), dice::dice(900), dice::dice(4));
        let (mut spec, mut layout, mut dice) = given.new_tree(&mut runner).unwrap().current();
        let texts = varied(&spec, &mut layout);
        let (id, key, value) = change(&mut spec, &mut dice);
        let edit = Edit::Set {
            object: Object::subscriber(id),
            key: KeyPath::from([key]),
            value,
        };
        refused.extend(
            applied(&texts, &[edit])
                .err()
                .map(|error| error.to_string()),
        );
    }
    assert!(refused.len() < 20, "{refused:#?}");
}
