//! Formatting as a whole: by example, and as properties over files with comments in all places.

use proptest::prelude::*;

use super::{FormatError, format};
use crate::authoring::layout::{Layout, Meaning, Node, same_meaning};
use crate::inventory::FileKind;

fn order(path: &[&str]) -> Option<Vec<&'static str>> {
    match path {
        [] => Some(vec!["schema", "vlans", "device", "subscriber"]),
        ["subscriber", _] => Some(vec!["device", "port", "endpoint", "vlan", "external"]),
        ["subscriber", _, "external"] => Some(vec!["system", "account"]),
        ["device", _] => Some(vec!["model", "address", "uplink", "port"]),
        ["device", _, "port", _] => Some(vec!["name", "enabled"]),
        _ => None,
    }
}

fn formatted(text: &str) -> String {
    format(FileKind::Subscribers, text, &order).unwrap()
}

#[test]
fn keys_objects_and_their_tables_come_in_order_with_their_comments() {
    let text = "\
#:schema ../schema/subscribers.json
# Ten of them.
[subscriber.apt-10]
vlan=110 # voice   
# the cabinet
device = 'maple'
odd = 1
# endpoint = \"x\"

[subscriber.apt-9.external]
account = \"1\"
[subscriber.apt-9]
vlan = 109

# --- annex ---

[subscriber.apt-1]
external={account=\"2\",system=\"sonar\"}

# the end
";
    let expected = "\
#:schema ../schema/subscribers.json

[subscriber.apt-9]
vlan = 109

[subscriber.apt-9.external]
account = \"1\"

# Ten of them.
[subscriber.apt-10]
# the cabinet
device = 'maple'
vlan = 110  # voice
odd = 1
# endpoint = \"x\"

# --- annex ---

[subscriber.apt-1]
external = { system = \"sonar\", account = \"2\" }

# the end
";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
}

#[test]
fn ports_are_counted_and_stand_below_their_device() {
    let text = "[device.a.port.10]\nenabled = true\nname = \"x\"\n[device.a.port.2]\n[device.b]\n[device.a.uplink.1]\n[device.a]\nmodel = 1\n";
    let expected = "[device.a]\nmodel = 1\n\n[device.a.uplink.1]\n\n[device.a.port.2]\n\n[device.a.port.10]\nname = \"x\"\nenabled = true\n\n[device.b]\n";
    assert_eq!(format(FileKind::Devices, text, &order).unwrap(), expected);
}

#[test]
fn spaces_line_ends_and_arrays_are_evened_out() {
    let text = "\u{feff}\r\n\r\n[ subscriber . \"a b\" ]#x\r\n\r\n\r\n  port=[1,2 , 3,]\r\n\r\n  # why\r\n  vlan = [\r\n1, # one\r\n  2 ]\r\n  device={}\r\n  t = '''\r\n x '''\r\n\r\n";
    let expected = "[subscriber.\"a b\"]  #x\ndevice = {}\nport = [1, 2, 3]\n\n# why\nvlan = [\n    1,  # one\n    2,\n]\nt = '''\r\n x '''\n";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
}

#[test]
fn arrays_of_tables_keep_the_order_of_all_headers() {
    let text = "[[b]]\ny = 1\n\n[b.c]\n\n[[b]]\n\n[a]\nx = 1\n";
    assert_eq!(formatted(text), text);
}

#[test]
fn a_file_of_comments_or_of_nothing_stays() {
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\r\n\n"), "");
    assert_eq!(formatted("  # a\n\n\n# b"), "# a\n\n# b\n");
}

#[test]
fn an_invalid_text_is_reported_with_its_position() {
    let error = format(FileKind::Devices, "a = 1\nb = é\n", &order).unwrap_err();
    assert!(matches!(
        error,
        FormatError::Parse {
            line: 2,
            column: 5,
            ..
        }
    ));
}

/// Returns the text of every comment in a file, sorted.
fn comments(text: &str) -> Vec<String> {
    let layout = Layout::parse(text).unwrap();
    let mut found: Vec<String> = layout.end.lines().map(str::to_owned).collect();
    for statement in &layout.statements {
        found.extend(statement.lead.lines().map(str::to_owned));
        found.extend(statement.tail.lines().map(str::to_owned));
        found.extend(
            statement
                .comment
                .clone()
                .map(|c| statement.line.get(c).unwrap().to_owned()),
        );
        let value = statement.value_text();
        if let Ok(node) = Node::parse(value) {
            found.extend(
                node.comments()
                    .into_iter()
                    .map(|c| value.get(c).unwrap().to_owned()),
            );
        }
    }
    let mut found: Vec<String> = found.iter().map(|line| line.trim().to_owned()).collect();
    found.retain(|line| !line.is_empty());
    found.sort();
    found
}

/// Lines between statements: blank ones, comments, both.
fn lead() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just(String::new()),
            Just("   ".to_owned()),
            "[ \t]{0,2}#[:a-z ]{0,4}",
        ],
        0..4,
    )
    .prop_map(|lines| lines.into_iter().map(|line| line + "\n").collect())
}

fn behind() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), " {0,3}#[a-z]{1,3} ?"]
}

fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "[1-9][0-9]{0,3}",
        "\"[a-z #]{0,5}\"",
        "'[a-z#\\\\]{0,4}'",
        Just("nan".to_owned()),
        Just("-0.0".to_owned()),
        Just("true".to_owned()),
        Just("1979-05-27 07:32:00".to_owned()),
        Just("\"\"\"\n# no comment \r\n\n[x]\n\"\"\"".to_owned()),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        let between = prop_oneof![
            Just(String::new()),
            Just(" ".to_owned()),
            Just("\n".to_owned()),
            "#[a-z]{1,2}\n",
            "\n\n #[a-z]{1,2} \n",
        ];
        let spaced = (between.clone(), inner.clone(), between.clone())
            .prop_map(|(left, value, right)| format!("{left}{value}{right}"));
        let array = (prop::collection::vec(spaced, 0..4), between.clone())
            .prop_map(|(items, last)| format!("[{}{last}]", items.join(",")));
        let names =
            prop::sample::subsequence(vec!["system", "account", "x", "\"y z\"", "p.q"], 0..4)
                .prop_shuffle();
        let entry = (between.clone(), inner, between.clone());
        let inline =
            (names, prop::collection::vec(entry, 4), between).prop_map(|(names, entries, last)| {
                let items: Vec<String> = names
                    .iter()
                    .zip(entries)
                    .map(|(name, (left, value, right))| format!("{left}{name} ={value}{right}"))
                    .collect();
                format!("{{{}{last}}}", items.join(","))
            });
        prop_oneof![array, inline]
    })
}

fn keys() -> impl Strategy<Value = String> {
    let names = vec![
        "device",
        "vlan",
        "port",
        "odd",
        "\"q k\"",
        "external.account",
        "external.system",
        "z.2",
        "z.10",
        "schema",
    ];
    let names = prop::sample::subsequence(names, 0..6).prop_shuffle();
    let rest = prop::collection::vec((lead(), " {0,2}", value(), behind()), 6);
    (names, rest).prop_map(|(names, rest)| {
        let lines = names.iter().zip(rest);
        lines
            .map(|(name, (lead, space, value, behind))| {
                format!("{lead}{space}{name}{space}={space}{value}{behind}\n")
            })
            .collect()
    })
}

/// A file that is often valid; the others have a key twice.
fn file() -> impl Strategy<Value = String> {
    let names = vec![
        "[subscriber.apt-9]",
        "[subscriber.apt-10]",
        "[ subscriber . 'apt-9' . note ]",
        "[device.a]",
        "[device.a.port.10]",
        "[device.a.port.2]",
        "[device.a.uplink.1]",
        "[vlans]",
        "[unknown.b]",
        "[unknown.a]",
        "[[list]]",
        "[list.inner]",
    ];
    let names = prop::sample::subsequence(names, 0..9).prop_shuffle();
    let tables = prop::collection::vec((lead(), behind(), keys()), 9);
    let ends = (any::<bool>(), any::<bool>(), any::<bool>());
    (keys(), names, tables, lead(), ends).prop_map(
        |(root, names, tables, end, (crlf, mark, cut))| {
            let mut text = root;
            for (name, (lead, behind, keys)) in names.iter().zip(tables) {
                text.push_str(&format!("{lead}{name}{behind}\n{keys}"));
            }
            text.push_str(&end);
            if crlf {
                text = text.replace("\r\n", "\n").replace('\n', "\r\n");
            }
            if cut {
                text.truncate(text.trim_end().len());
            }
            if mark {
                format!("\u{feff}{text}")
            } else {
                text
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn formatting_twice_is_formatting_once_and_loses_nothing(text in file()) {
        let Ok(before) = Meaning::of(&text) else { return Ok(()); };
        let once = format(FileKind::Subscribers, &text, &order).unwrap();
        prop_assert!(same_meaning(before.item(), Meaning::of(&once).unwrap().item()));
        prop_assert_eq!(comments(&text), comments(&once));
        let twice = format(FileKind::Subscribers, &once, &order).unwrap();
        prop_assert_eq!(&once, &twice);
        prop_assert!(once.is_empty() || once.ends_with('\n') && !once.ends_with("\n\n"));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "(\\PC|[\\[\\]{}=.,#\"'\n\r\t a-c]){0,60}") {
        if let Ok(once) = format(FileKind::Devices, &text, &order) {
            prop_assert_eq!(format(FileKind::Devices, &once, &order), Ok(once));
        }
    }
}

#[test]
fn most_generated_files_are_valid() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let valid = (0..100).filter(|_| {
        let text = file().new_tree(&mut runner).unwrap().current();
        Meaning::of(&text).is_ok()
    });
    assert!(valid.count() > 40);
}
