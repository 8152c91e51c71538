//! Properties of editing, over files that write their objects in many ways.

use std::sync::Arc;

use proptest::prelude::*;
use toml_edit::{Item, Value};

use super::{Files, add, files, order};
use crate::authoring::edit::open_file::OpenFile;
use crate::authoring::edit::{Edit, EditError, FileChange, KeyPath, Object, apply};
use crate::authoring::layout::{Meaning, same_meaning};
use crate::inventory::FileKind;

/// One object in one of the ways that TOML has for it.
fn object_text() -> impl Strategy<Value = String> {
    let id = prop_oneof![Just("a"), Just("b"), Just("\"c\""), Just("a1")];
    let style = prop_oneof![
        4 => Just("# head ID\n[subscriber.ID] # on\ndevice = 'x' # d\n# above\nvlan = 1\n"),
        3 => Just("\n# free ID\n\n[subscriber.ID]\n  vlan = [ 1, # in\n 2 ]\n# tail ID\n\n"),
        3 => Just("[subscriber.ID]\ndevice = \"y\"\n\n# sub ID\n[subscriber.ID.external] # e\naccount = '1'\n"),
        2 => Just("[subscriber.ID]\nexternal = { account = '1', system.x = 2 }\nvlan = \"\"\"\n[x]\"\"\"\n"),
        2 => Just("[subscriber.ID]\nexternal.account = '1' # dotted\nexternal.b = 2\n"),
        1 => Just("[subscriber.ID.external]\naccount = 1\n"),
        1 => Just("subscriber.ID.vlan = 3 # root\n"),
        1 => Just("[subscriber]\nID = { vlan = 1 } # inline\n"),
    ];
    (id, style).prop_map(|(id, style)| style.replace("ID", id))
}

fn file_text() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(object_text(), 1..5);
    (parts, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(parts, crlf, cut, head)| {
        let mut text = parts.concat();
        if head {
            text = format!("#:schema x\n# top\n\n{text}\n# end\n");
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if cut {
            text.truncate(text.trim_end().len());
        }
        text
    })
}

fn key() -> impl Strategy<Value = KeyPath> {
    prop_oneof![
        Just(KeyPath::from(["device"])),
        Just(KeyPath::from(["vlan"])),
        Just(KeyPath::from(["odd key"])),
        Just(KeyPath::from(["external", "account"])),
        Just(KeyPath::from(["external", "system"])),
        Just(KeyPath::from(["external", "system", "x"])),
        Just(KeyPath::from(["external"])),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[^#]{0,8}".prop_map(Value::from),
        prop::collection::vec(0i64..9, 0..3).prop_map(|items| items.into_iter().collect()),
        Just(Value::from("x")),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let id = prop_oneof![Just("a"), Just("b"), Just("c"), Just("a1"), Just("d")];
    (id, key(), value(), 0..9, any::<bool>()).prop_map(|(id, key, value, what, flag)| {
        let object = Object::subscriber(id);
        match what {
            0..4 => Edit::Set { object, key, value },
            4 => Edit::Unset { object, key },
            5 => Edit::Remove { object },
            6 => Edit::Rename {
                object,
                to: "a10".to_owned(),
                records_moved_from: flag,
            },
            7 => Edit::Move {
                object,
                to_file: "subscribers/b.toml".into(),
            },
            _ => add(id, flag.then_some("subscribers/b.toml"), "x"),
        }
    })
}

fn after(files: &Files, changes: &[FileChange]) -> Files {
    let mut files = files.clone();
    for change in changes {
        assert_eq!(files.get(&change.path), change.before.as_ref());
        assert_ne!(change.before, change.after);
        match &change.after {
            Some(text) => files.insert(Arc::clone(&change.path), Arc::clone(text)),
            None => files.remove(&change.path),
        };
    }
    files
}

/// Returns how often each comment of the generator is in the files.
fn comments(files: &Files) -> Vec<String> {
    let mut found: Vec<String> = files
        .values()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.split_once('#'))
        .map(|(_, comment)| comment.trim().to_owned())
        .collect();
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_set_value_reads_back_and_everything_else_stays(
        text in file_text(), id in prop_oneof![Just("a"), Just("b")], key in key(), value in value(),
    ) {
        let Ok(mut expected) = Meaning::of(&text) else { return Ok(()); };
        let before = files(&[("subscribers.toml", &text)]);
        let edit = Edit::Set { object: Object::subscriber(id), key: key.clone(), value: value.clone() };
        let changes = match apply(&before, &[edit], &order) {
            Ok(changes) => changes,
            Err(error) => {
                prop_assert!(!matches!(error, EditError::WouldChangeMore { .. }), "{}", error);
                return Ok(());
            }
        };
        let files = after(&before, &changes);
        let path: Vec<String> = ["subscriber", id].map(str::to_owned).into_iter().chain(key.names().iter().cloned()).collect();
        prop_assert!(expected.set(&path, Item::Value(value)));
        let read = Meaning::of(&files["subscribers.toml"]).unwrap();
        prop_assert!(same_meaning(read.item(), expected.item()));
        prop_assert_eq!(comments(&before), comments(&files));
        // One stretch of the text changed, and it is no longer than the longest value of the generator.
        let now = &files["subscribers.toml"];
        let same = |left: &mut dyn Iterator<Item = u8>, right: &mut dyn Iterator<Item = u8>| {
            left.zip(right).take_while(|(l, r)| l == r).count()
        };
        let front = same(&mut text.bytes(), &mut now.bytes());
        let back = same(&mut text.bytes().rev(), &mut now.bytes().rev());
        let longest = "{ account = '1', system.x = 2 }".len();
        prop_assert!(text.len().saturating_sub(front + back) <= longest);
    }

    #[test]
    fn a_batch_equals_its_edits_one_by_one(
        left in file_text(), right in file_text(), edits in prop::collection::vec(edit(), 1..6),
    ) {
        let start = files(&[("subscribers/a.toml", &left), ("subscribers/b.toml", &right)]);
        let mut single = start.clone();
        let mut done = Vec::new();
        for edit in edits {
            match apply(&single, std::slice::from_ref(&edit), &order) {
                Ok(changes) => {
                    let had = comments(&single);
                    single = after(&single, &changes);
                    if !matches!(edit, Edit::Unset { .. } | Edit::Remove { .. }) {
                        let has = comments(&single);
                        prop_assert!(had.iter().all(|comment| has.contains(comment)), "{:?}", edit);
                    }
                    done.push(edit);
                }
                Err(error) => prop_assert!(!matches!(error, EditError::WouldChangeMore { .. }), "{} {:?}", error, edit),
            }
        }
        let batch = apply(&start, &done, &order).map(|changes| after(&start, &changes));
        prop_assert_eq!(batch, Ok(single));
    }

    #[test]
    fn an_edit_near_its_object_equals_one_in_the_whole_file(
        text in file_text(), edits in prop::collection::vec((prop_oneof![Just("a"), Just("b"), Just("c")], key(), value(), any::<bool>()), 1..6),
    ) {
        let open = || OpenFile::open(&"subscribers.toml".into(), FileKind::Subscribers, Some(&text));
        let (Ok(mut near), Ok(mut whole)) = (open(), open()) else { return Ok(()); };
        let order = |path: &[&str]| order(FileKind::Subscribers, path);
        for (id, key, value, sets) in edits {
            let object = ["subscriber", id].map(str::to_owned);
            let path = [object.as_slice(), key.names()].concat();
            if near.meaning.get(&object).is_none() {
                continue;
            }
            let edit = |file: &mut OpenFile<'_>| match sets {
                true => file.set(2, &path, &value, &order).map(drop),
                false => file.unset(&object, &path),
            };
            let (left, right) = (near.near(&object, edit), edit(&mut whole));
            prop_assert_eq!(&left, &right);
            if left.is_err() {
                return Ok(());
            }
        }
        prop_assert_eq!(near.text(), whole.text());
    }

    #[test]
    fn arbitrary_text_never_panics(
        text in "(\\PC|[\\[\\]{}=.,#\"'\n\r\t ]|a|subscriber|vlan){0,40}", edits in prop::collection::vec(edit(), 1..4),
    ) {
        let start = files(&[("subscribers/a.toml", &text)]);
        drop(apply(&start, &edits, &order));
    }
}
