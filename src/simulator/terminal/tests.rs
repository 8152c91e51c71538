//! Tests the terminal from the client's side: keys in, screen out.

use proptest::prelude::*;

use super::*;

const MORE: &str = "-- more --, next page: Space, continue: g, quit: ^C";

fn reading() -> Terminal {
    let mut terminal = Terminal::new(0, 0);
    terminal.prompt("GAM# ");
    assert_eq!(output(&mut terminal), "GAM# ");
    terminal
}

fn output(terminal: &mut Terminal) -> String {
    String::from_utf8(terminal.take_output()).unwrap()
}

/// Sends keys, and returns the output for them.
fn typed(terminal: &mut Terminal, keys: &str) -> String {
    terminal.feed(keys.as_bytes());
    assert_eq!(terminal.next(), None);
    output(terminal)
}

fn line_of(keys: &str) -> Option<Event> {
    let mut terminal = reading();
    terminal.feed(keys.as_bytes());
    terminal.next()
}

fn numbered(count: usize) -> String {
    (1..=count).map(|number| format!("{number}\n")).collect()
}

/// Returns the final screen of a VT100, without trailing spaces.
fn seen(output: &str, width: usize) -> Vec<String> {
    let (mut rows, mut column) = (vec![Vec::new()], 0);
    for character in output.chars() {
        match character {
            '\r' => column = 0,
            '\n' => rows.push(Vec::new()),
            '\x08' => column -= 1,
            character => {
                assert!(column < width, "the screen's own wrapping is never used");
                let row = rows.last_mut().unwrap();
                row.resize(row.len().max(column + 1), ' ');
                row[column] = character;
                column += 1;
            }
        }
    }
    let text = |row: Vec<char>| row.into_iter().collect::<String>().trim_end().to_owned();
    rows.into_iter().map(text).collect()
}

#[test]
fn keys_are_echoed_and_returned_as_a_line() {
    let mut terminal = reading();
    assert_eq!(typed(&mut terminal, "show"), "show");
    terminal.feed(b" version\r");
    assert_eq!(terminal.next(), Some(Event::Line("show version".into())));
    assert_eq!(output(&mut terminal), " version\r\n");
    terminal.feed(b"typed ahead\n");
    assert_eq!(terminal.next(), None, "no prompt is active");
    terminal.prompt("GAM# ");
    assert_eq!(terminal.next(), Some(Event::Line("typed ahead".into())));
    assert_eq!(output(&mut terminal), "GAM# typed ahead\r\n");
}

#[test]
fn a_line_ends_once_even_when_its_end_comes_in_two_packets() {
    for end in ["\r", "\n", "\r\n", "\r\0"] {
        let mut terminal = reading();
        let mut lines = 0;
        for byte in format!("a{end}b{end}").bytes() {
            terminal.feed(&[byte]);
            if terminal.next().is_some() {
                lines += 1;
                terminal.prompt("GAM# ");
            }
        }
        assert_eq!(lines, 2, "{end:?}");
    }
}

#[test]
fn each_editing_key_does_its_work() {
    for (keys, line) in [
        ("abc\x08d", "abd"),
        ("abc\x7f\x7f\x7f\x7fd", "d"),
        ("one two\x15three", "three"),
        ("one two\x02\x02\x15", "wo"),
        ("one two\x17", "one "),
        ("one two\x01\x06\x0b", "o"),
        ("bc\x01a\x05d", "abcd"),
        ("ac\x1b[Db\x1b[Cd", "abcd"),
        ("bc\x1b[Ha\x1b[Fd", "abcd"),
        ("abc\x01\x1b[3~\x04", "c"),
        ("a\x07\x1b[5~b\u{e9}", "ab"),
    ] {
        assert_eq!(
            line_of(&format!("{keys}\r")),
            Some(Event::Line(line.into())),
            "{keys:?}"
        );
    }
}

#[test]
fn the_row_is_changed_from_the_first_difference_on() {
    let mut terminal = reading();
    typed(&mut terminal, "abc");
    assert_eq!(typed(&mut terminal, "\x08"), "\x08 \x08");
    assert_eq!(typed(&mut terminal, "\x01"), "\x08\x08");
    assert_eq!(typed(&mut terminal, "x"), "xab\x08\x08");
    assert_eq!(typed(&mut terminal, "\x05"), "ab");
    assert_eq!(typed(&mut terminal, "\x15"), "\x08\x08\x08   \x08\x08\x08");
    assert_eq!(typed(&mut terminal, "\x0c"), "\rGAM# ");
}

#[test]
fn arrows_bring_back_earlier_lines() {
    let mut terminal = reading();
    for line in ["first\r", "second\r"] {
        terminal.feed(line.as_bytes());
        terminal.next().unwrap();
        terminal.prompt("GAM# ");
    }
    output(&mut terminal);
    assert_eq!(typed(&mut terminal, "\x1b[A"), "second");
    typed(&mut terminal, "\x10\x0e\x10");
    terminal.feed(b"\r");
    assert_eq!(terminal.next(), Some(Event::Line("first".into())));
}

#[test]
fn control_c_discards_the_line_and_prompts_again() {
    let mut terminal = reading();
    assert_eq!(typed(&mut terminal, "show\x03"), "show^C\r\nGAM# ");
    terminal.feed(b"\r");
    assert_eq!(terminal.next(), Some(Event::Line(String::new())));
}

#[test]
fn control_d_leaves_only_on_an_empty_line_and_control_z_always() {
    assert_eq!(line_of("\x04"), Some(Event::EndOfTransmission));
    assert_eq!(line_of("a\x04"), None);
    assert_eq!(line_of("vlan\x1a"), Some(Event::EndConfiguration));
}

#[test]
fn a_question_mark_is_a_key_even_inside_quotes() {
    let mut terminal = reading();
    terminal.feed(b"name \"who?\"\r");
    assert_eq!(terminal.next(), Some(Event::Help("name \"who".into())));
    assert_eq!(terminal.next(), None, "keys wait until help is given");
    assert_eq!(output(&mut terminal), "name \"who");
    terminal.print("<word1-31>\n");
    terminal.redraw();
    assert_eq!(output(&mut terminal), "\r\n<word1-31>\r\nGAM# name \"who");
    assert_eq!(terminal.next(), Some(Event::Line("name \"who\"".into())));
}

#[test]
fn tab_completes_in_place() {
    let mut terminal = reading();
    terminal.feed(b"sh x\x02\x02\t");
    assert_eq!(terminal.next(), Some(Event::Complete("sh".into())));
    output(&mut terminal);
    terminal.replace_line("show");
    assert_eq!(output(&mut terminal), "ow x\x08\x08");
    terminal.feed(b"\r");
    assert_eq!(terminal.next(), Some(Event::Line("show x".into())));
}

#[test]
fn an_answer_may_hold_any_character_and_a_hidden_one_is_not_echoed() {
    let mut terminal = reading();
    terminal.feed(b"enable\r");
    terminal.next().unwrap();
    output(&mut terminal);
    terminal.ask("Password: ", true);
    terminal.feed(b"wh\ty?x\x08\x1b[A\r");
    assert_eq!(terminal.next(), Some(Event::Line("why?".into())));
    assert_eq!(output(&mut terminal), "Password: \r\n");
    terminal.ask("Continue? (y/n) ", false);
    terminal.feed(b"y\r");
    assert_eq!(terminal.next(), Some(Event::Line("y".into())));
    terminal.ask("Password: ", true);
    terminal.feed(b"secret\x03");
    assert_eq!(terminal.next(), Some(Event::Cancelled));
    terminal.prompt("GAM# ");
    output(&mut terminal);
    assert_eq!(
        typed(&mut terminal, "\x1b[A"),
        "enable",
        "answers are not remembered"
    );
}

#[test]
fn a_line_that_reaches_the_width_is_scrolled() {
    let mut terminal = reading();
    let text = "x".repeat(73) + "y";
    assert_eq!(typed(&mut terminal, &text), text, "79 columns still fit");
    let tail = format!("M# {}yz", "x".repeat(73));
    assert_eq!(typed(&mut terminal, "z"), format!("\r${tail}"));
    let back = typed(&mut terminal, "\x08");
    assert_eq!(back, format!("\rGAM# {text}"));
    terminal.feed(b"z\r");
    assert_eq!(terminal.next(), Some(Event::Line(text + "z")));
}

#[test]
fn without_a_width_the_echo_equals_the_input() {
    let mut terminal = reading();
    terminal.set_width(0);
    let text = "x".repeat(1023);
    assert_eq!(typed(&mut terminal, &text), text);
    assert_eq!(typed(&mut terminal, "more"), "");
}

#[test]
fn the_pager_stops_after_24_lines_only_if_there_is_more() {
    let mut terminal = reading();
    terminal.feed(b"\r");
    terminal.next().unwrap();
    output(&mut terminal);
    terminal.print(&numbered(24));
    assert!(!terminal.is_paging());
    assert_eq!(output(&mut terminal).lines().count(), 24);
    terminal.print("25\n");
    assert!(terminal.is_paging());
    assert_eq!(output(&mut terminal), MORE);
    terminal.prompt("GAM# ");
    assert_eq!(output(&mut terminal), "", "the prompt waits for the pager");
    let erased = format!("\r{}\r", " ".repeat(MORE.len()));
    assert_eq!(typed(&mut terminal, " "), format!("{erased}25\r\nGAM# "));
}

#[test]
fn each_key_of_the_pager_does_its_work() {
    let paged = || {
        let mut terminal = Terminal::new(80, 4);
        terminal.print(&numbered(12));
        output(&mut terminal);
        terminal
    };
    let erased = format!("\r{}\r", " ".repeat(MORE.len()));
    let mut terminal = paged();
    assert_eq!(typed(&mut terminal, "abc?\t\x1b[A"), "");
    assert_eq!(
        typed(&mut terminal, " "),
        format!("{erased}5\r\n6\r\n7\r\n8\r\n{MORE}")
    );
    assert_eq!(typed(&mut terminal, "\r\n"), format!("{erased}9\r\n{MORE}"));
    assert_eq!(
        typed(&mut terminal, "g"),
        format!("{erased}10\r\n11\r\n12\r\n")
    );
    terminal.print(&numbered(9));
    assert!(!terminal.is_paging(), "`g` holds for the whole command");
    for quit in ["q", "\x03"] {
        let mut terminal = paged();
        assert_eq!(typed(&mut terminal, quit), erased);
        terminal.print("nothing of this\n");
        terminal.prompt("GAM# ");
        assert_eq!(output(&mut terminal), "GAM# ");
    }
}

#[test]
fn the_pager_consumes_keys_entered_ahead() {
    let mut terminal = Terminal::new(80, 4);
    terminal.prompt("GAM# ");
    terminal.feed(b"show x\rconfigure terminal\r");
    assert_eq!(terminal.next(), Some(Event::Line("show x".into())));
    terminal.print(&numbered(30));
    terminal.prompt("GAM# ");
    assert_eq!(
        terminal.next(),
        Some(Event::Line("ure terminal".into())),
        "the `g` of `configure` was the pager's"
    );
    assert!(output(&mut terminal).ends_with("30\r\nGAM# ure terminal\r\n"));
    terminal.prompt("GAM# ");
    terminal.set_length(0);
    terminal.feed(b"\r");
    terminal.next().unwrap();
    terminal.print(&numbered(100));
    assert!(!terminal.is_paging());
}

#[test]
fn a_line_wider_than_the_screen_counts_as_several() {
    let mut terminal = Terminal::new(10, 4);
    let wide = "x".repeat(41);
    terminal.print(&wide);
    assert_eq!(
        output(&mut terminal),
        format!("{}\r\n{MORE}", "x".repeat(40))
    );
    let mut terminal = Terminal::new(10, 4);
    terminal.set_width(0);
    terminal.print(&wide);
    assert_eq!(output(&mut terminal), wide);
}

#[test]
fn a_message_interrupts_the_line_being_edited() {
    let mut terminal = reading();
    typed(&mut terminal, "show ver\x02");
    terminal.asynchronous("*** Message from line 0:");
    assert_eq!(
        output(&mut terminal),
        "\r\n*** Message from line 0:\r\nGAM# show ver\x08"
    );
    terminal.feed(b"\r");
    terminal.next().unwrap();
    output(&mut terminal);
    terminal.print("half a");
    terminal.asynchronous("alarm");
    terminal.print(" line\n");
    assert_eq!(output(&mut terminal), "half a\r\nalarm\r\n line\r\n");
    terminal.print(&numbered(30));
    output(&mut terminal);
    terminal.asynchronous("alarm");
    assert_eq!(output(&mut terminal), format!("\r\nalarm\r\n{MORE}"));
}

#[test]
fn a_prompt_discards_the_line_being_edited() {
    let mut terminal = reading();
    typed(&mut terminal, "half");
    terminal.prompt("\nGAM> ");
    assert_eq!(output(&mut terminal), "\r\n\r\nGAM> ");
    terminal.feed(b"a\r");
    assert_eq!(terminal.next(), Some(Event::Line("a".into())));
}

#[test]
fn a_flood_of_keys_is_dropped_not_remembered() {
    let mut terminal = reading();
    terminal.set_width(0);
    terminal.feed(&vec![b'x'; 1_000_000]);
    assert_eq!(terminal.queue.len(), QUEUE_BYTES);
    assert_eq!(terminal.next(), None);
    terminal.take_output();
    terminal.feed(&b"\x01\x05".repeat(32 * 1024));
    assert_eq!(terminal.next(), None);
    assert!(terminal.take_output().len() < ECHO_BYTES + 8 * 1024);
}

/// Answers every event, so that all parts of the terminal are used.
fn session(terminal: &mut Terminal, events: &mut Vec<Event>, sent: &mut Vec<u8>) {
    while let Some(event) = terminal.next() {
        match &event {
            Event::Line(line) if line.contains('p') => terminal.ask("Password: ", true),
            Event::Line(line) => {
                terminal.print(&numbered(line.len() * 7));
                terminal.prompt("GAM# ");
            }
            Event::Help(_) => {
                terminal.print(&numbered(9));
                terminal.redraw();
            }
            Event::Complete(left) => terminal.replace_line(&format!("{left}completed ")),
            Event::EndOfTransmission | Event::EndConfiguration | Event::Cancelled => {
                terminal.prompt("GAM(config)# ");
            }
        }
        events.push(event);
        sent.extend(terminal.take_output());
    }
    sent.extend(terminal.take_output());
}

fn key() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => any::<u8>(),
        4 => b'a'..=b'z',
        6 => prop::sample::select(b"\r\n\0\x1b[OABCD~13;?\t\x08\x03\x04 gq\x01\x05\x17\x15\x1a".as_slice()),
    ]
}

proptest! {
    #[test]
    fn any_keys_in_any_packets_do_the_same(
        keys in prop::collection::vec(key(), 0..400),
        cuts in prop::collection::vec(1usize..20, 1..50),
        columns in 0u16..30,
        rows in 0u16..10,
    ) {
        let whole = |terminal: &mut Terminal| { terminal.feed(&keys); };
        let mut runs = Vec::new();
        for is_cut in [false, true] {
            let mut terminal = Terminal::new(columns, rows);
            terminal.prompt("GAM# ");
            let (mut events, mut sent) = (Vec::new(), Vec::new());
            if is_cut {
                let mut rest = keys.as_slice();
                for cut in cuts.iter().cycle() {
                    let (packet, after) = rest.split_at((*cut).min(rest.len()));
                    terminal.feed(packet);
                    session(&mut terminal, &mut events, &mut sent);
                    rest = after;
                    if rest.is_empty() { break; }
                }
            } else {
                whole(&mut terminal);
                session(&mut terminal, &mut events, &mut sent);
            }
            prop_assert!(terminal.queue.is_empty());
            runs.push((events, String::from_utf8(sent).unwrap()));
        }
        prop_assert_eq!(&runs[0], &runs[1]);
    }

    #[test]
    fn the_screen_shows_the_prompt_and_the_line_as_far_as_they_fit(
        keys in prop::collection::vec(prop_oneof![
            "[a-z ]", Just("\x08".to_owned()), Just("\x1b[D".to_owned()), Just("\x1b[C".to_owned()),
            Just("\x01".to_owned()), Just("\x05".to_owned()), Just("\x17".to_owned()), Just("\x0b".to_owned()),
        ], 0..120),
        width in 20u16..60,
    ) {
        let mut terminal = Terminal::new(width, 24);
        terminal.prompt("GAM# ");
        for key in &keys {
            terminal.feed(key.as_bytes());
            prop_assert_eq!(terminal.next(), None);
        }
        let width = usize::from(width);
        let whole = format!("GAM# {}", terminal.edit.text());
        let shown = seen(&output(&mut terminal), width);
        let before = 5 + terminal.edit.left().len();
        let expected = if whole.len() < width || before < width - 1 {
            whole.chars().take(width - 1).collect::<String>()
        } else {
            format!("${}", whole.get(before + 2 - width..before).unwrap())
        };
        prop_assert_eq!(shown, [expected.trim_end()]);
    }
}
