//! Shows what `toml_edit::DocumentMut` loses in an edit and `authoring::edit` keeps, for decision 0006.
//!
//! When a newer `toml_edit` makes one of these fail, a part of `authoring::layout` may have become unnecessary.

use std::collections::BTreeMap;
use std::sync::Arc;

use gamctl::authoring::edit::{Edit, KeyPath, Object, apply};
use gamctl::inventory::canonical_order;
use toml_edit::{DocumentMut, value};

const FILE: &str = "subscribers.toml";

/// Carries out one edit; a file that does not change comes back as it is.
fn edited(before: &str, edit: Edit) -> String {
    let files = BTreeMap::from([(Arc::from(FILE), Arc::from(before))]);
    let changes = apply(&files, &[edit], &|kind, path| canonical_order(kind, path)).unwrap();
    let after = changes.first().and_then(|change| change.after.as_deref());
    after.unwrap_or(before).to_owned()
}

/// Sets the VLAN of subscriber `a` to 101, and compares our result and that of a `DocumentMut`.
#[track_caller]
fn set_vlan(before: &str, expected: &str, of_toml_edit: &str) {
    let edit = Edit::Set {
        object: Object::subscriber("a"),
        key: KeyPath::from(["vlan"]),
        value: 101.into(),
    };
    assert_eq!(edited(before, edit), expected);
    let mut document: DocumentMut = before.parse().unwrap();
    document["subscriber"]["a"]["vlan"] = value(101);
    assert_eq!(document.to_string(), of_toml_edit);
}

#[test]
fn line_ends_of_windows() {
    set_vlan(
        "# north\r\n[subscriber.a]\r\nport = 1\r\nvlan = 100\r\n",
        "# north\r\n[subscriber.a]\r\nport = 1\r\nvlan = 101\r\n",
        "# north\n[subscriber.a]\nport = 1\nvlan = 101\n",
    );
}

#[test]
fn a_byte_order_mark() {
    set_vlan(
        "\u{feff}[subscriber.a]\nvlan = 100\n",
        "\u{feff}[subscriber.a]\nvlan = 101\n",
        "[subscriber.a]\nvlan = 101\n",
    );
}

#[test]
fn a_last_line_without_a_line_end() {
    set_vlan(
        "[subscriber.a]\nport = 1\nvlan = 100",
        "[subscriber.a]\nport = 1\nvlan = 101",
        "[subscriber.a]\nport = 1\nvlan = 101\n",
    );
}

#[test]
fn the_comment_and_the_spaces_around_a_value() {
    set_vlan(
        "[subscriber.a]\nvlan =  100  # agreed with the owner\n",
        "[subscriber.a]\nvlan =  101  # agreed with the owner\n",
        "[subscriber.a]\nvlan = 101\n",
    );
}

#[test]
fn the_spelling_of_a_value_that_is_already_set() {
    set_vlan(
        "[subscriber.a]\nvlan = 0x65\n",
        "[subscriber.a]\nvlan = 0x65\n",
        "[subscriber.a]\nvlan = 101\n",
    );
}

#[test]
fn the_order_of_dotted_keys() {
    let lines = "external.system = \"sonar\"\nport = 1\nexternal.account = \"7\"\n";
    set_vlan(
        &format!("[subscriber.a]\n{lines}vlan = 100\n"),
        &format!("[subscriber.a]\n{lines}vlan = 101\n"),
        "[subscriber.a]\nexternal.system = \"sonar\"\nexternal.account = \"7\"\nport = 1\nvlan = 101\n",
    );
}

#[test]
fn a_note_on_the_object_above_a_removed_one() {
    let before = "[subscriber.a]\nvlan = 100\n# a note on `a`\n\n[subscriber.b]\nvlan = 200\n";
    let edit = Edit::Remove {
        object: Object::subscriber("b"),
    };
    assert_eq!(
        edited(before, edit),
        "[subscriber.a]\nvlan = 100\n# a note on `a`\n"
    );
    let mut document: DocumentMut = before.parse().unwrap();
    document["subscriber"].as_table_mut().unwrap().remove("b");
    assert_eq!(document.to_string(), "[subscriber.a]\nvlan = 100\n");
}
