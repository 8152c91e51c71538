//! Editing by example.

use super::{add, edited, files, order, refused, remove, set, unset};
use crate::authoring::edit::{Edit, EditError, KeyPath, Object, apply};
use crate::authoring::layout::Meaning;
use crate::inventory::FileKind;

const TWO: &str = "\
# Maple Court

# first
[subscriber.a] # head
device = 'maple'
# why 1
vlan  =  1   # behind
odd = 1
# state = \"pending\"

[subscriber.a.external]
account = \"1\"

# second
[subscriber.c]
device = \"maple\"

# the end
";

#[test]
fn a_value_changes_and_nothing_else() {
    let after = edited(TWO, &[set("a", ["vlan"], 42)]);
    assert_eq!(after, TWO.replace("vlan  =  1   #", "vlan  =  42   #"));
    assert_eq!(edited(TWO, &[set("a", ["device"], "maple")]), TWO);
    let after = edited(TWO, &[set("a", ["device"], "a\"b\n\u{1b}")]);
    assert_eq!(
        Meaning::of(&after)
            .unwrap()
            .get(&["subscriber", "a", "device"])
            .unwrap()
            .as_str(),
        Some("a\"b\n\u{1b}")
    );
}

#[test]
fn a_new_key_goes_to_its_canonical_place() {
    let after = edited(TWO, &[set("a", ["port"], 3), set("a", ["odder"], 2)]);
    let expected = TWO
        .replace("'maple'\n", "'maple'\nport = 3\n")
        .replace("odd = 1\n", "odd = 1\nodder = 2\n");
    assert_eq!(after, expected);
    let after = edited(TWO, &[set("a", ["external", "system"], "sonar")]);
    let expected = TWO.replace("external]\n", "external]\nsystem = \"sonar\"\n");
    assert_eq!(after, expected);
    let after = edited(TWO, &[set("c", ["external", "system"], "sonar")]);
    let expected = TWO.replace(
        "\n# the end",
        "\n[subscriber.c.external]\nsystem = \"sonar\"\n\n# the end",
    );
    assert_eq!(after, expected);
}

#[test]
fn line_ends_indentation_and_byte_order_mark_stay() {
    let text = "\u{feff}[subscriber.a]\r\n\tdevice = 'x'";
    assert_eq!(
        edited(text, &[set("a", ["vlan"], 1)]),
        "\u{feff}[subscriber.a]\r\n\tdevice = 'x'\r\n\tvlan = 1\r\n"
    );
    let after = edited(text, &[add("b", None, "x")]);
    assert!(
        after.starts_with(text) && after.matches('\n').count() == after.matches("\r\n").count()
    );
}

#[test]
fn a_replaced_array_leaves_its_comments_above() {
    let text = "[subscriber.a]\nx = [\n  1, # one\n  # two\n] # all\n";
    assert_eq!(
        edited(text, &[set("a", ["x"], 1)]),
        "[subscriber.a]\n# one\n# two\nx = 1 # all\n"
    );
}

#[test]
fn dotted_keys_and_inline_tables_are_edited_where_they_are() {
    let dotted = "subscriber.a.vlan = 1 # x\nsubscriber.a.external.account = '1'\n";
    assert_eq!(
        edited(
            dotted,
            &[
                set("a", ["external", "system"], "s"),
                set("a", ["device"], "d")
            ]
        ),
        "subscriber.a.vlan = 1 # x\nsubscriber.a.external.account = '1'\nsubscriber.a.external.system = \"s\"\nsubscriber.a.device = \"d\"\n"
    );
    let inline = "subscriber = { a = { vlan = 1, external = {} } } # x\n";
    assert_eq!(
        edited(
            inline,
            &[
                set("a", ["vlan"], 2),
                set("a", ["device"], "d"),
                set("a", ["external", "account"], "1"),
            ]
        ),
        "subscriber = { a = { device = \"d\", vlan = 2, external = { account = \"1\" } } } # x\n"
    );
    let after = edited(inline, &[unset("a", ["external"])]);
    assert_eq!(after, "subscriber = { a = { vlan = 1 } } # x\n");
    assert!(refused(inline, set("a", ["vlan", "x"], 1)).contains("`subscriber.a.vlan` is a value"));
    // TOML has no place for another object here.
    let here = add("b", Some("subscribers/a.toml"), "x");
    assert!(refused(inline, here).contains("`subscriber` is an inline table"));
}

#[test]
fn removing_a_key_takes_its_own_comments_only() {
    assert_eq!(
        edited(TWO, &[unset("a", ["vlan"]), unset("a", ["nothing"])]),
        TWO.replace("# why 1\nvlan  =  1   # behind\n", "")
    );
    assert_eq!(
        edited(TWO, &[unset("a", ["odd"])]),
        TWO.replace("odd = 1\n", "")
    );
    assert!(refused("subscriber.a.vlan = 1", unset("a", ["vlan"])).contains("remove the object"));
}

#[test]
fn removing_an_object_takes_its_tables_and_its_comment() {
    assert_eq!(
        edited(TWO, &[remove("a")]),
        "# Maple Court\n\n# second\n[subscriber.c]\ndevice = \"maple\"\n\n# the end\n"
    );
    assert_eq!(
        edited(TWO, &[remove("c")]),
        TWO.replace("\n# second\n[subscriber.c]\ndevice = \"maple\"\n", "")
    );
    let before = files(&[(
        "subscribers/a.toml",
        "[subscriber.a]\n\n# c\n[subscriber.b]\n",
    )]);
    let changes = apply(&before, &[remove("a"), remove("b")], &order).unwrap();
    assert_eq!(changes[0].after, None);
}

#[test]
fn an_object_goes_between_its_neighbours() {
    let after = edited(TWO, &[add("b", None, "maple")]);
    let new = "# From billing.\n[subscriber.b]\ndevice = \"maple\"\nvlan = 7\n\n[subscriber.b.external]\naccount = \"7\"\n";
    let expected = TWO.replace("# second", &format!("{new}\n# second"));
    assert_eq!(after, expected);
    assert_eq!(edited(&after, &[remove("b")]), TWO);
    let first = edited(TWO, &[add("0", None, "maple")]);
    let expected = format!("# Maple Court\n\n{}\n# first", new.replace(".b", ".0"));
    assert_eq!(first, TWO.replace("# Maple Court\n\n# first", &expected));
    let last = edited(TWO, &[add("d", None, "maple")]);
    assert!(last.ends_with("account = \"7\"\n\n# the end\n"));
}

#[test]
fn an_object_goes_to_the_file_of_its_device() {
    let before = files(&[
        ("subscribers/a.toml", "[subscriber.a]\ndevice = 'x'\n"),
        (
            "subscribers/b.toml",
            "[subscriber.b]\ndevice = 'y'\n[subscriber.c]\ndevice = 'x'\n[subscriber.d]\ndevice = 'x'\n",
        ),
    ]);
    let home = |edits: &[Edit]| -> Vec<String> {
        let changes = apply(&before, edits, &order).unwrap();
        changes
            .iter()
            .map(|change| change.path.to_string())
            .collect()
    };
    assert_eq!(home(&[add("n", None, "x")]), ["subscribers/b.toml"]);
    assert_eq!(home(&[add("n", None, "z")]), ["subscribers/z.toml"]);
    let emptied = [remove("c"), remove("d"), add("n", None, "x")];
    assert_eq!(home(&emptied), ["subscribers/a.toml", "subscribers/b.toml"]);
}

#[test]
fn a_rename_changes_every_header_and_may_leave_a_trace() {
    let edit = Edit::Rename {
        object: Object::subscriber("a"),
        to: "acct-9.1".to_owned(),
        records_moved_from: true,
    };
    let expected = TWO
        .replace("subscriber.a", "subscriber.\"acct-9.1\"")
        .replace("# behind\n", "# behind\nmoved_from = \"a\"\n");
    assert_eq!(edited(TWO, &[edit]), expected);
}

#[test]
fn a_moved_object_takes_its_comments_along() {
    let before = files(&[
        ("subscribers/a.toml", TWO),
        ("subscribers/b.toml", "[subscriber.z]\r\n"),
    ]);
    let edit = Edit::Move {
        object: Object::subscriber("a"),
        to_file: "subscribers/b.toml".into(),
    };
    let changes = apply(&before, &[edit], &order).unwrap();
    let after: Vec<&str> = changes
        .iter()
        .map(|c| c.after.as_deref().unwrap())
        .collect();
    assert_eq!(after[0], edited(TWO, &[remove("a")]));
    let object = TWO
        .split_once("# second")
        .unwrap()
        .0
        .split_once("\n\n")
        .unwrap()
        .1;
    let expected = format!("{object}[subscriber.z]\n").replace('\n', "\r\n");
    assert_eq!(after[1], expected);
}

#[test]
fn settings_are_edited_without_an_id() {
    let text = "schema = 1\n[vlans]\nmanagement = 1 # x\n[suspension]\nhow = \"captive\"\n";
    let before = files(&[("network.toml", text)]);
    let edit = |key: KeyPath, value: i64| Edit::Set {
        object: Object::Settings(FileKind::Network),
        key,
        value: value.into(),
    };
    let edits = [
        edit(["vlans", "management"].into(), 2),
        edit(["profiles", "headroom_percent"].into(), 6),
    ];
    let changes = apply(&before, &edits, &order).unwrap();
    assert_eq!(
        changes[0].after.as_deref(),
        Some(
            "schema = 1\n[vlans]\nmanagement = 2 # x\n\n[profiles]\nheadroom_percent = 6\n\n[suspension]\nhow = \"captive\"\n"
        )
    );
}

#[test]
fn an_edit_that_cannot_be_made_names_the_next_step() {
    assert_eq!(
        refused("[subscriber.acct-1042]\n", set("acct-1043", ["vlan"], 1)),
        "there is no subscriber `acct-1043` in the inventory; did you mean `acct-1042`?"
    );
    assert_eq!(
        refused(TWO, add("c", None, "x")),
        "subscriber `c` is already there, at subscribers/a.toml:15; change that one or choose another id"
    );
    assert_eq!(
        refused("\n[subscriber.a]\nb = é\n", set("a", ["b"], 1)),
        "subscribers/a.toml:3 is not TOML: string values must be quoted, expected literal string; fix the file first"
    );
    assert!(refused(TWO, set("a", ["external"], 1)).contains("set one by one"));
    let two = files(&[
        ("subscribers/a.toml", "[subscriber.a]\n"),
        ("subscribers/b.toml", "[subscriber.a.external]\n"),
    ]);
    let error = apply(&two, &[set("a", ["b"], 1)], &order).unwrap_err();
    assert!(matches!(&error, EditError::SpreadOverFiles { files, .. } if files.len() == 2));
    assert!(refused(TWO, add("x", Some("devices/a.toml"), "x")).contains("cannot hold"));
    assert!(refused(TWO, add("x y", None, "x")).contains("cannot use the id"));
    let settings = Edit::Remove {
        object: Object::Settings(FileKind::Network),
    };
    assert!(refused(TWO, settings).contains("network.toml is not one object"));
}
