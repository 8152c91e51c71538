//! Tests the classes of replies: every kind of output around an echo, and any bytes.

use super::super::mode::Mode;
use super::super::screen::Screen;
use super::*;
use proptest::prelude::*;

const TEXT: &str = "ghn subscriber 1 vid 101";
const MESSAGE: &str = "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up";

fn classified(
    bytes: &str,
    text: &str,
    next: &Next,
    expected: ExpectedReply,
    is_quiet: bool,
) -> ReplyClass {
    let mut screen = Screen::new();
    screen.take(bytes.as_bytes());
    let at = match expected {
        ExpectedReply::Nothing => Prompt::of("GAM", Mode::Configuration),
        ExpectedReply::Saving => Prompt::of("GAM", Mode::Exec),
    };
    let sent_line = SentLine {
        text,
        at: &at,
        next,
        expected,
    };
    classify(screen.lines(), &screen.current(), &sent_line, is_quiet)
}

fn stays() -> Next {
    Next::Prompt(Prompt::of("GAM", Mode::Configuration))
}

fn seen(bytes: &str) -> ReplyClass {
    classified(bytes, TEXT, &stays(), ExpectedReply::Nothing, true)
}

fn is_good(bytes: &str) -> bool {
    matches!(seen(bytes), ReplyClass::Good(_))
}

#[test]
fn an_accepted_line_has_an_empty_reply() {
    let noted = |bytes: &str| match seen(bytes) {
        ReplyClass::Good(reply) => reply.lines,
        other => panic!("{bytes:?}: {other:?}"),
    };
    let none: [&str; 0] = [];
    for echo in [
        "GAM(config)# ghn subscriber 1 vid 101",
        "ghn subscriber 1 vid 101",
        "$nfig)# ghn subscriber 1 vid 101",
        "$scriber 1 vid 101",
    ] {
        assert_eq!(noted(&format!("{echo}\r\nGAM(config)# ")), none, "{echo}");
        assert_eq!(noted(&format!("{echo}\r\n\r\nGAM(config)#")), none);
    }
    let echo = "GAM(config)# ghn subscriber 1 vid 101\r\n";
    for around in [
        format!("{MESSAGE}\r\n{echo}GAM(config)# "),
        format!("GAM(config)# {MESSAGE}\r\n{echo}GAM(config)# "),
        format!("GAM(config)# ghn sub{MESSAGE}\r\n{echo}GAM(config)# "),
        format!("{echo}{MESSAGE}\r\nGAM(config)# "),
        format!("{echo}GAM(config)# \r\n{MESSAGE}\r\nGAM(config)# "),
        format!("{echo}GAM(config)# {MESSAGE}\r\nGAM(config)# "),
        format!("{echo}GAM(config)# \r\n{MESSAGE}\r\n"),
        format!("{echo}GAM(config)# {MESSAGE}\r\n"),
    ] {
        let lines = noted(&around);
        assert!(
            lines.iter().any(|line| line.contains(MESSAGE)),
            "{around:?}"
        );
    }
}

#[test]
fn any_other_reply_is_not_accepted() {
    let echo = "GAM(config)# ghn subscriber 1 vid 101\r\n";
    for (reply, expected) in [
        ("% Invalid data VLAN\r\nGAM(config)# ", ReplyClass::Refused),
        (
            "      ^\r\n% Invalid word detected at '^' marker.\r\nGAM(config)# ",
            ReplyClass::Refused,
        ),
        ("ok\r\nGAM(config)# ", ReplyClass::Unknown),
        (
            "ghn subscriber 1 vid 101\r\nGAM(config)# ",
            ReplyClass::Unknown,
        ),
        (
            "GAM(config)# \r\n% Internal error\r\nGAM(config)# ",
            ReplyClass::Refused,
        ),
        ("GAM(config)# x\r\nGAM(config)# ", ReplyClass::Unknown),
        ("GAM# ", ReplyClass::Unknown),
        ("GAM(config-if)# ", ReplyClass::Unknown),
        ("gam(config)# ", ReplyClass::Unknown),
        ("XGAM(config)# ", ReplyClass::Unknown),
        ("GAM(config)> ", ReplyClass::Unknown),
        ("Are you sure (y/n)? ", ReplyClass::Question),
        (
            "Destination filename [startup-config]? [confirm]",
            ReplyClass::Question,
        ),
        ("-- more --, next page: Space", ReplyClass::Waiting),
        ("Password: ", ReplyClass::Waiting),
        ("GAM(config)# x", ReplyClass::Waiting),
        ("% Invalid data VLAN", ReplyClass::Waiting),
        ("", ReplyClass::Waiting),
    ] {
        assert_eq!(seen(&format!("{echo}{reply}")), expected, "{reply:?}");
    }
    for other in [
        "GAM(config)# ",
        "GAM(config)# ghn subscriber 1 vid 10\r\nGAM(config)# ",
        "GAM(config)# ghn subscriber 1 vid 1011\r\nGAM(config)# ",
        "GAM# ghn subscriber 1 vid 101\r\nGAM(config)# ",
        "$vid 101\r\nGAM(config)# ",
        "stray words\r\nGAM(config)# ghn subscriber 1 vid 101\r\nGAM(config)# ",
    ] {
        assert!(!is_good(other), "{other:?}");
    }
}

#[test]
fn unfinished_output_is_waited_for() {
    let echo = "GAM(config)# ghn subscriber 1 vid 101\r\n";
    let early = |reply: &str| {
        let bytes = format!("{echo}{reply}");
        classified(&bytes, TEXT, &stays(), ExpectedReply::Nothing, false)
    };
    assert_eq!(early("GAM# "), ReplyClass::Waiting);
    assert_eq!(early("GAM(config)# \r\n"), ReplyClass::Waiting);
    assert!(matches!(early("GAM(config)#"), ReplyClass::Good(_)));
}

#[test]
fn a_renamed_device_shows_the_new_name_in_its_prompt() {
    let renamed = Next::Prompt(Prompt::of("oak", Mode::Configuration));
    let typed = "GAM(config)# hostname oak\r\n";
    let now = |prompt: &str, next: &Next, text| {
        let bytes = format!("{typed}{prompt}");
        classified(&bytes, text, next, ExpectedReply::Nothing, true)
    };
    assert!(matches!(
        now("oak(config)# ", &renamed, "hostname oak"),
        ReplyClass::Good(_)
    ));
    for prompt in ["GAM(config)# ", "oak# ", "oak2(config)# ", "oa(config)# "] {
        assert_eq!(
            now(prompt, &renamed, "hostname oak"),
            ReplyClass::Unknown,
            "{prompt}"
        );
    }
    let any = Next::AnyName(Mode::Configuration);
    assert!(matches!(
        now("any-1.x(config)# ", &any, "hostname oak"),
        ReplyClass::Good(_)
    ));
    for prompt in ["any# ", "a b(config)# ", "(config)# ", "any(config-if)# "] {
        assert!(
            !matches!(now(prompt, &any, "hostname oak"), ReplyClass::Good(_)),
            "{prompt}"
        );
    }
}

#[test]
fn a_save_is_confirmed_with_its_size() {
    let text = "copy running-config startup-config";
    let next = Next::Prompt(Prompt::of("GAM", Mode::Exec));
    let now = |reply: &str| {
        let bytes = format!("GAM# {text}\r\n{reply}GAM# ");
        match classified(&bytes, text, &next, ExpectedReply::Saving, true) {
            ReplyClass::Good(reply) => Ok(reply.bytes),
            other => Err(other),
        }
    };
    let saved = "Building configuration...\r\n% Saving 1402 bytes to flash:startup-config\r\n";
    assert_eq!(now(saved), Ok(Some(1402)));
    assert_eq!(
        now(&format!("{MESSAGE}\r\n{saved}{MESSAGE}\r\n")),
        Ok(Some(1402))
    );
    for (reply, expected) in [
        (String::new(), ReplyClass::Unknown),
        (
            "Building configuration...\r\n".to_owned(),
            ReplyClass::Unknown,
        ),
        (
            saved.replace("Building", "Building another"),
            ReplyClass::Unknown,
        ),
        (saved.replace("1402", "+1402"), ReplyClass::Unknown),
        (saved.replace("1402", "many"), ReplyClass::Unknown),
        (
            saved.replace("1402", "99999999999999999999"),
            ReplyClass::Unknown,
        ),
        (saved.replace("startup", "default"), ReplyClass::Unknown),
        (
            format!("{saved}% Error: flash failed\r\n"),
            ReplyClass::Refused,
        ),
        (format!("{saved}{saved}"), ReplyClass::Unknown),
        (
            "Building configuration...\r\n% Error: Cannot save\r\n".to_owned(),
            ReplyClass::Refused,
        ),
    ] {
        assert_eq!(now(&reply), Err(expected), "{reply:?}");
    }
}

#[test]
fn between_two_lines_there_is_nothing_but_messages() {
    let at = Prompt::of("GAM", Mode::Configuration);
    let calm = |bytes: &str| {
        let mut screen = Screen::new();
        screen.take(bytes.as_bytes());
        is_calm(screen.lines(), &screen.current(), &at)
    };
    for bytes in [
        "GAM(config)# ".to_owned(),
        format!("GAM(config)# \r\n{MESSAGE}\r\nGAM(config)# "),
        format!("GAM(config)# {MESSAGE}\r\n"),
        "GAM(config)# \r\n%LINK-3-UPD".to_owned(),
    ] {
        assert!(calm(&bytes), "{bytes:?}");
    }
    for bytes in [
        "GAM(config)# \r\nSystem reloads in 60 s\r\nGAM(config)# ",
        "GAM(config)# \r\n% Timed out\r\nGAM# ",
        "GAM(config)# \r\nGAM# ",
        "GAM(config)# \r\nother(config)# ",
        "GAM(config)# \r\nPassword: ",
        "GAM(config)# Continue (y/n)? ",
    ] {
        assert!(!calm(bytes), "{bytes:?}");
    }
}

/// Checks an accepted reply a second way: only messages and prompts follow the echo in the raw bytes.
fn is_exactly_good(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut lines: Vec<&str> = text.split("\r\n").collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    let echo = lines.iter().position(|line| {
        let typed = line.trim().strip_prefix("GAM(config)#").unwrap_or(line);
        typed.trim() == TEXT
    });
    let Some(echo) = echo else { return false };
    let mut has_prompt = false;
    for line in &lines[echo + 1..] {
        let rest = match line.trim().strip_prefix("GAM(config)#") {
            Some(rest) => {
                has_prompt = true;
                rest.trim()
            }
            None => line.trim(),
        };
        // What stands behind the beginning of a message is the message's.
        if !rest.is_empty() && !rest.starts_with(MESSAGE) {
            return false;
        }
    }
    has_prompt
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => Just(b"GAM(config)# ".to_vec()),
        6 => Just(TEXT.as_bytes().to_vec()),
        8 => Just(b"\r\n".to_vec()),
        2 => Just(MESSAGE.as_bytes().to_vec()),
        1 => Just(b"% Invalid data VLAN".to_vec()),
        1 => Just(b"GAM# ".to_vec()),
        1 => Just(b"GAM(config-if)# ".to_vec()),
        1 => Just(b"(y/n)? ".to_vec()),
        1 => prop::collection::vec(b' '..=b'~', 0..6),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    /// For any pieces and pauses, only exactly good replies are accepted.
    #[test]
    fn only_exactly_good_replies_are_good(
        pieces in prop::collection::vec((piece(), any::<bool>()), 0..12),
    ) {
        let at = Prompt::of("GAM", Mode::Configuration);
        let next = stays();
        let sent_line = SentLine { text: TEXT, at: &at, next: &next, expected: ExpectedReply::Nothing };
        let mut screen = Screen::new();
        let mut sent = Vec::new();
        for (piece, is_quiet) in pieces {
            screen.take(&piece);
            sent.extend_from_slice(&piece);
            let now = classify(screen.lines(), &screen.current(), &sent_line, is_quiet);
            if matches!(now, ReplyClass::Good(_)) {
                let text = String::from_utf8_lossy(&sent);
                prop_assert!(is_exactly_good(&sent), "{text:?}");
            }
        }
    }

    /// Any bytes, including redrawn lines, are accepted only if no text is visible after the echo.
    #[test]
    fn any_bytes_behind_the_echo_are_good_only_where_nothing_is_seen(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(0x1b), Just(0x08)], 1..60),
    ) {
        let mut all = format!("GAM(config)# {TEXT}\r\n").into_bytes();
        all.extend_from_slice(&bytes);
        all.extend_from_slice(b"\r\nGAM(config)# ");
        let mut screen = Screen::new();
        screen.take(&all);
        let at = Prompt::of("GAM", Mode::Configuration);
        let next = stays();
        let sent_line = SentLine { text: TEXT, at: &at, next: &next, expected: ExpectedReply::Nothing };
        let now = classify(screen.lines(), &screen.current(), &sent_line, true);
        // The prompt is hidden where the bytes begin something that never ends.
        let is_blank = screen.lines()[1..].iter().all(|line| line.trim().is_empty());
        let is_there = screen.current().trim() == "GAM(config)#";
        let is_good = matches!(now, ReplyClass::Good(_));
        prop_assert_eq!(is_good, is_blank && is_there, "{:?}", screen.all());
    }
}
