//! Tests sessions as golden screens: `sessions/NAME.keys` is the input, `NAME.screen` the output.

use gamctl::model::GamModel;
use gamctl::simulator::commands::{Outcome, Session, SessionStart, write_startup};
use gamctl::simulator::gam::Password;

use super::typing::{NOW, gam};
use crate::golden::assert_golden;

#[test]
fn enable_asks_for_a_password_without_showing_it() {
    let mut gam = gam(GamModel::Gam12M, None);
    let session_start = SessionStart {
        banner: "Authorised use only".to_owned(),
        lands_unprivileged: true,
        enable_password: Password::of("swordfish"),
    };
    let mut session = Session::enter(&gam, 0, 0, &session_start);
    for keys in [
        "enable\r",
        "wrong\r",
        "enable\r",
        "swordfish\r",
        "show history\r",
    ] {
        session.type_keys(keys.as_bytes());
        while let Some(line) = session.next_line(&gam) {
            session.run(&line, &mut gam, NOW);
        }
    }
    let screen = String::from_utf8(session.take_output()).unwrap();
    assert_eq!(
        screen.replace("\r\n", "\n"),
        "Authorised use only\n\nGAM-12-M> enable\nPassword: \n% Access denied\nGAM-12-M> enable\n\
         Password: \nGAM-12-M# show history\n  enable\n  enable\n  show history\nGAM-12-M# "
    );
}

/// Sends a file of keys to a new session and returns the screen, with control bytes made visible.
fn screen(keys: &str) -> String {
    let mut gam = gam(GamModel::Gam12M, None);
    let mut session = Session::open(&gam, 80, 24);
    let mut closed = "";
    for line in keys.lines() {
        if let Some(plugged) = line.strip_prefix("# plug ") {
            let (mac, port) = plugged.split_once(' ').unwrap();
            gam.plug(mac.parse().unwrap(), port.parse().unwrap(), NOW);
            continue;
        }
        session.type_keys(&bytes_of(line));
        while let Some(line) = session.next_line(&gam) {
            match session.run(&line, &mut gam, NOW) {
                Outcome::Save => session.finish_save(Ok(write_startup(&mut gam, NOW)), &gam),
                Outcome::Reload | Outcome::SwapFirmware => gam.boot(NOW),
                Outcome::Prompt => {}
                Outcome::Close => closed = "(closed)\n",
            }
        }
    }
    let screen = String::from_utf8(session.take_output()).unwrap();
    let screen = screen.replace("\r\n", "\n") + closed;
    // A line that is drawn anew begins on a line of its own here, so that a reviewer can follow it.
    let mut visible = String::new();
    for character in screen.chars() {
        match character {
            '\n' => visible.push('\n'),
            '\r' => visible.push_str("<CR>\n"),
            '\u{8}' => visible.push_str("<BS>"),
            '\u{7}' => visible.push_str("<BEL>"),
            other => visible.push(other),
        }
    }
    let lines: Vec<&str> = visible.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// Returns the bytes of one line of a keys file: special keys in angle brackets; Enter at the end unless a key ends it.
fn bytes_of(line: &str) -> Vec<u8> {
    let keys = [
        ("<SPACE>", " "),
        ("<ENTER>", "\r"),
        ("<TAB>", "\t"),
        ("<?>", "?"),
        ("<^C>", "\u{3}"),
        ("<^Z>", "\u{1a}"),
    ];
    let ends_itself = line.ends_with('>')
        || line.ends_with('?')
        || line == "q"
        || line == "g"
        || line.starts_with("# ");
    let comment = line.starts_with("# ");
    let mut typed = if comment {
        String::new()
    } else {
        line.to_owned()
    };
    for (name, key) in keys {
        typed = typed.replace(name, key);
    }
    if line.ends_with('?') || line.ends_with("<?>") || line.ends_with("<TAB>") {
        // What is left on the line after help or completion is given up.
        typed.push('\u{3}');
    }
    if !ends_itself {
        typed.push('\r');
    }
    typed.into_bytes()
}

macro_rules! sessions {
    ($($test:ident: $name:literal;)*) => {$(
        #[test]
        fn $test() {
            let keys = include_str!(concat!("sessions/", $name, ".keys"));
            assert_golden(concat!("tests/twin/sessions/", $name, ".screen"), &screen(keys));
        }
    )*};
}

sessions! {
    every_documented_command_answers: "every-command";
    a_morning_with_three_mistakes_looks_as_on_a_real_box: "a-morning";
    help_and_completion_are_keys: "help";
    the_pager_waits_for_its_keys: "pager";
    modes_have_their_prompts_and_commands: "modes";
}
