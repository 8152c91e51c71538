//! Tests lines as people and programs write them against patterns as commands use them.

use proptest::prelude::*;

use super::*;

const ENDPOINT: &str = "ghn endpoint <id:int(1-384)> ( name <name:text(1-31)> | mac-address <mac:mac> \
    | description <description:text(0-127)> | port {<port:int(1-24)>|unassigned|auto} | allow-management-access )*";
const SUBSCRIBER: &str = "ghn subscriber <id:int(1-384)> ( name <name:text(1-31)> | vid <vid:int(3-4094)> | tagged | untagged \
    | remapped-vid {none|<remapped:int(3-4093)>} | port2-vid {none|<port2:int(3-4093)>} | endpoint <endpoint:int(1-384)> \
    | bw-profile {unthrottled|<profile:int(1-15)>} | allowed-vlan {none|<allowed:vlans>} | poe {disable|enable|force} )*";

fn grammar() -> Grammar<&'static str> {
    let table = [
        ("endpoint", ENDPOINT),
        ("subscriber", SUBSCRIBER),
        ("profile", "ghn bw-profile <id:int(1-15)>"),
        ("no profile", "no ghn bw-profile <id:int(1-15)>"),
        (
            "no subscriber",
            "no ghn subscriber <id:int(1-384)> [endpoint]",
        ),
        ("interface", "interface 10GigabitEthernet <port:ports>"),
        ("vlan", "interface vlan <vlan:int(1-4095)>"),
        (
            "running",
            "show running-config [ '|' {include|exclude|begin} <pattern:line> ]",
        ),
        ("version", "show version"),
        ("save", "copy running-config startup-config"),
        ("hostname", "hostname <name:text(1-32)>"),
        ("location", "snmp-server location <text:line(0-255)>"),
        (
            "reboot",
            "reboot ghn endpoint {<id:int(1-384)>|mac-address <mac:mac>}",
        ),
        (
            "need",
            "need ( port <port:ports> | port2 | address <address:ipv4> )+ last",
        ),
    ];
    let syntax = |(id, pattern)| Syntax {
        id,
        pattern,
        help: id,
    };
    Grammar::new(&table.map(syntax)).unwrap()
}

fn parsed(line: &str) -> Parsed<&'static str> {
    grammar()
        .parse(line)
        .unwrap_or_else(|error| panic!("{line}: {error:?}"))
}

#[track_caller]
fn invalid(line: &str, marked: &str) {
    let column = line.rfind(marked).unwrap();
    assert_eq!(
        grammar().parse(line),
        Err(SyntaxError::Invalid { column }),
        "{line}"
    );
}

#[test]
fn a_line_is_understood_with_its_arguments() {
    let line = "ghn endpoint 13 name \"Positron_1C9508\" mac-address 00:0e:d8:1c:95:08 port 4";
    let Parsed { id, arguments } = parsed(line);
    assert_eq!(id, "endpoint");
    assert_eq!(arguments.number("id"), Some(13));
    assert_eq!(arguments.text("name"), Some("Positron_1C9508"));
    assert_eq!(arguments.mac("mac"), "00:0e:d8:1c:95:08".parse().ok());
    assert_eq!(arguments.number("port"), Some(4));
    assert_eq!(arguments.text("description"), None);
    assert_eq!(arguments.number("name"), None, "text is no number");
    assert!(!arguments.has("allow-management-access"));
    let running = parsed("show running-config | include  ghn \"a ? ");
    assert_eq!(running.arguments.text("pattern"), Some("ghn \"a ?"));
    assert!(running.arguments.has("include") && !running.arguments.has("exclude"));
    assert_eq!(
        parsed("interface 10GigabitEthernet 1/1")
            .arguments
            .ports("port"),
        Some((1, [(1, 1)].as_slice()))
    );
    assert_eq!(
        parsed("snmp-server location here \"and\" there ")
            .arguments
            .text("text"),
        Some("here \"and\" there")
    );
}

#[test]
fn keywords_and_values_after_an_option_are_distinguished() {
    let arguments = parsed("ghn sub 1 allowed-vlan none remapped-vid 5").arguments;
    assert!(arguments.has("allowed-vlan") && arguments.has("none") && !arguments.has("port2-vid"));
    assert_eq!(arguments.number("remapped"), Some(5));
    assert_eq!(arguments.vlans("allowed"), None);
    let arguments = parsed("ghn sub 1 allowed-vlan 3-4093,4094").arguments;
    assert_eq!(
        arguments.vlans("allowed"),
        Some([(3, 4093), (4094, 4094)].as_slice())
    );
    assert!(parsed("ghn endpoint 1 port auto").arguments.has("auto"));
}

#[test]
fn keywords_may_be_abbreviated_and_written_in_any_case() {
    let full = parsed("ghn subscriber 7 vid 100 bw-profile unthrottled poe disable");
    assert_eq!(parsed("g s 7 v 100 b u poe d"), full);
    assert_eq!(
        parsed("GHN Subscriber 7 VID 100 BW unthr poe DISABLE"),
        full
    );
    assert_eq!(parsed("int 10gig 1/1").id, "interface");
    assert_eq!(parsed("c r s").id, "save");
}

#[test]
fn an_exact_keyword_wins_over_longer_ones() {
    let arguments = parsed("need port 1/1,3-5 last").arguments;
    assert_eq!(
        arguments.ports("port"),
        Some((1, [(1, 1), (3, 5)].as_slice()))
    );
    assert!(parsed("need port2 port 1/3 last").arguments.has("port2"));
    let error = grammar().parse("need por 1/3 last");
    assert_eq!(error, Err(SyntaxError::Ambiguous { column: 5 }));
}

#[test]
fn an_abbreviation_of_several_keywords_is_ambiguous_at_its_column() {
    for (line, column) in [
        ("sh", None),
        ("s version", Some(0)),
        ("  ghn sub 1 po 3", Some(12)),
        ("interface vlan 1 x", None),
        ("ghn subscriber 1 p", Some(17)),
        ("n", Some(0)),
    ] {
        let is_ambiguous = grammar().parse(line)
            == Err(SyntaxError::Ambiguous {
                column: column.unwrap_or_default(),
            });
        assert_eq!(is_ambiguous, column.is_some(), "{line}");
    }
}

#[test]
fn an_error_is_marked_at_the_first_character_of_its_word() {
    invalid("bogus", "bogus");
    invalid("  ghn bogus 1", "bogus");
    invalid("ghn endpoint 385", "385");
    invalid("ghn endpoint 1 port 25", "25");
    invalid("ghn endpoint 1 name a bogus", "bogus");
    invalid("ghn endpoint 1 mac-address 01:00:00:00:00:00", "01:");
    invalid("ghn subscriber 1 allowed-vlan 3,4096", "3,4096");
    invalid(
        "ghn subscriber 1 name 12345678901234567890123456789012",
        "12345678901234567890123456789012",
    );
    invalid("show version now", "now");
    invalid("hostname a b", "b");
    invalid("\"show\" version", "\"show\"");
    invalid("interface 10GigabitEthernet1/1", "10G");
}

#[test]
fn quotes_hold_a_value_together_and_must_be_closed() {
    let name = |line: &str| parsed(line).arguments.text("name").map(str::to_owned);
    assert_eq!(
        name("ghn endpoint 1 name \"port 3\" port 3"),
        Some("port 3".into())
    );
    assert_eq!(
        name("ghn endpoint 1 name port port 3"),
        Some("port".into()),
        "only text can stand there"
    );
    assert_eq!(
        name("hostname \"a\\\""),
        Some("a\\".into()),
        "a backslash is itself"
    );
    assert_eq!(
        parsed("ghn endpoint 1 description \"\"")
            .arguments
            .text("description"),
        Some("")
    );
    invalid("ghn endpoint 1 name \"a b", "\"a b");
    invalid("ghn endpoint 1 name \"\"", "\"\"");
    invalid("hostname a\"b", "\"b");
}

#[test]
fn each_option_is_accepted_once() {
    invalid("ghn endpoint 1 name a port 1 name b", "name");
    invalid("ghn endpoint 1 port auto port auto", "port");
    invalid("need port 1/1 port 1/2 last", "port 1/2");
}

#[test]
fn a_line_that_ends_too_early_is_incomplete() {
    for line in [
        "",
        "   ",
        "ghn",
        "ghn endpoint",
        "ghn endpoint 1 name",
        "show running-config |",
        "show running-config | include ",
        "need last",
        "need port2",
        "copy running-config",
    ] {
        let result = grammar().parse(line);
        let expected = if line == "need last" {
            SyntaxError::Invalid { column: 5 }
        } else {
            SyntaxError::Incomplete
        };
        assert_eq!(result, Err(expected), "{line:?}");
    }
}

#[test]
fn comments_and_blank_lines_are_silent() {
    for line in ["", "  ", "! end", " # note"] {
        assert!(is_silent(line), "{line:?}");
    }
    assert!(!is_silent("show version"));
}

#[test]
fn help_lists_what_may_come_next() {
    let words = |left: &str| -> Vec<String> {
        let entries = grammar().help(left);
        entries.into_iter().map(|entry| entry.word).collect()
    };
    assert_eq!(words("show "), ["running-config", "version"]);
    assert_eq!(words("show v"), ["version"]);
    assert_eq!(words("ghn endpoint "), ["<1-384>"]);
    assert_eq!(
        words("ghn endpoint 1 port "),
        ["auto", "unassigned", "<1-24>"]
    );
    assert_eq!(words("ghn endpoint 1 name "), ["<word1-31>"]);
    assert_eq!(words("ghn endpoint 1 name \"a b"), ["<word1-31>"]);
    assert_eq!(
        words("ghn endpoint 1 port auto "),
        [
            "allow-management-access",
            "description",
            "mac-address",
            "name",
            "<cr>"
        ]
    );
    assert_eq!(words("ghn endpoint 385 "), [""; 0]);
    assert_eq!(words("s"), ["show", "snmp-server"]);
    assert_eq!(words("show running-config "), ["|", "<cr>"]);
    assert_eq!(words("interface 10GigabitEthernet 1"), ["<port_list>"]);
    let glossary = [("ghn", "G.hn devices")];
    let texts = grammar().with_glossary(&glossary).help("g");
    assert_eq!(
        texts,
        [HelpEntry {
            word: "ghn".into(),
            text: "G.hn devices".into()
        }]
    );
    let version = HelpEntry {
        word: "version".into(),
        text: "version".into(),
    };
    assert_eq!(grammar().help("show v"), [version]);
}

#[test]
fn completion_goes_as_far_as_all_candidates_agree() {
    let completed = |left: &str| grammar().complete(left).line;
    assert_eq!(completed("sh"), "show ");
    assert_eq!(completed("show VER"), "show version ");
    assert_eq!(completed("ghn sub 1 po"), "ghn sub 1 po");
    assert_eq!(completed("need p"), "need port");
    assert_eq!(grammar().complete("need p").candidates, ["port", "port2"]);
    assert_eq!(completed("ghn endpoint 1"), "ghn endpoint 1");
    assert_eq!(
        completed("ghn endpoint 1 name \"al"),
        "ghn endpoint 1 name \"al"
    );
    assert_eq!(completed("bogus sh"), "bogus sh");
    assert_eq!(completed("copy "), "copy running-config ");
}

#[test]
fn a_malformed_pattern_is_refused_where_it_is_wrong() {
    for pattern in [
        "",
        "[a]",
        "a {b",
        "a }",
        "a (b)",
        "a (b]*",
        "a {b|}",
        "a ([b])*",
        "a <b>",
        "a <b:c>",
        "a <:mac>",
        "a <b:mac",
        "a '",
        "a ''",
        "a 'b c'",
        "a \"",
        "a <b:line> c",
        "a >",
        "a | b",
    ] {
        let table = [Syntax {
            id: (),
            pattern,
            help: "",
        }];
        let error = Grammar::new(&table).unwrap_err();
        assert!(error.column <= pattern.len(), "{error}");
    }
    let many: String = (0..65).map(|number| format!("w{number}|")).collect();
    let pattern = format!("a ({})*", many.trim_end_matches('|')).leak();
    assert!(
        Grammar::new(&[Syntax {
            id: (),
            pattern,
            help: ""
        }])
        .is_err()
    );
}

#[test]
fn many_readings_of_one_line_do_not_multiply() {
    let option = "{x|<a:int(1-9)>} [x] [x] [x] [x] [x] [x] [x] [x]";
    let pattern =
        format!("go ( {option} | {option} | {option} | {option} | {option} | {option} )* end")
            .leak();
    let grammar = Grammar::new(&[Syntax {
        id: (),
        pattern,
        help: "",
    }])
    .unwrap();
    for tail in ["", " end", " y"] {
        let line = format!("go{}{tail}", " x".repeat(500));
        assert!(grammar.parse(&line).is_err());
    }
    assert!(grammar.parse(&format!("go{} end", " x".repeat(40))).is_ok());
}

const OPTIONS: [&str; 9] = [
    "name \"a name\"",
    "vid 100",
    "tagged",
    "remapped-vid none",
    "port2-vid 4",
    "endpoint 9",
    "bw-profile 3",
    "allowed-vlan 3-9,12",
    "poe force",
];

proptest! {
    #[test]
    fn options_in_any_order_mean_the_same(
        options in prop::sample::subsequence(OPTIONS.to_vec(), 0..=OPTIONS.len()),
        seed in Just(OPTIONS.to_vec()).prop_shuffle(),
    ) {
        let shuffled: Vec<&str> = seed.into_iter().filter(|option| options.contains(option)).collect();
        let line = |options: &[&str]| format!("ghn subscriber 5 {}", options.join(" "));
        prop_assert_eq!(parsed(&line(&options)), parsed(&line(&shuffled)));
    }

    #[test]
    fn any_text_is_answered(line in "\\PC{0,200}") {
        let grammar = grammar();
        if let Err(error) = grammar.parse(&line) {
            prop_assert!(error.column().is_none_or(|column| line.get(column..).is_some_and(|rest| !rest.is_empty())));
        }
        grammar.help(&line);
        grammar.complete(&line);
    }

    #[test]
    fn any_words_of_the_language_are_answered(
        words in prop::collection::vec(prop::sample::select(vec![
            "ghn", "g", "s", "subscriber", "endpoint", "1", "name", "port", "p", "auto", "show", "running-config",
            "|", "include", "no", "\"", "\"a", "b\"", "\"a b\"", "vid", "3-9", "none", "", "tagged", "x",
        ]), 0..300)
    ) {
        let mut line = words.join(" ");
        line.truncate(1023);
        let grammar = grammar();
        let result = grammar.parse(&line);
        if let Err(SyntaxError::Invalid { column } | SyntaxError::Ambiguous { column }) = result {
            prop_assert!(!line.get(column..).unwrap().starts_with(' '));
            // What stands before the mark is no error by itself.
            let before = grammar.parse(line.get(..column).unwrap());
            prop_assert!(before.is_ok() || before == Err(SyntaxError::Incomplete) || line.contains('"'));
        }
        grammar.help(&line);
        let completed = grammar.complete(&line).line;
        prop_assert!(completed.len() >= line.len());
    }
}
