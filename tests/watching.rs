//! Tests `observe --poll` and `observe --watch` as people run them: on a terminal, and without one.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gamctl::model::MacAddress;
use gamctl::simulator::fault::Fault;
use unicode_width::UnicodeWidthStr;

use crate::crash::site::{Flat, LONG, Site};

const HOME: &str = "\u{1b}[H";
const BELOW: &str = "\u{1b}[J";
const SHOW_CURSOR: &str = "\u{1b}[?25h";

/// A program on a terminal of 80 columns and 24 lines.
struct Watch {
    child: Child,
    keys: ChildStdin,
    seen: Arc<Mutex<String>>,
}

impl Watch {
    fn start(site: &Site, arguments: &str) -> Self {
        let (program, _) = site.command(&[]);
        let mut command = Command::new("script");
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        // The shell outlives Ctrl-C, and tells whether the terminal is as it was.
        let shell = format!(
            "trap : INT; stty rows 24 cols 80; before=$(stty -g); {} {arguments}; echo \"ended=$?\"; \
             [ \"$before\" = \"$(stty -g)\" ] && echo as-before",
            env!("CARGO_BIN_EXE_gamctl")
        );
        let mut child = command
            .args(["-qec", &shell, "/dev/null"])
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env("SHELL", "/bin/sh")
            .current_dir(site.world.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let keys = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let seen = Arc::new(Mutex::new(String::new()));
        let copy = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                copy.lock().unwrap().push_str(&text);
            }
        });
        Self { child, keys, seen }
    }

    fn text(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    /// Returns the last whole picture, as lines.
    fn picture(&self) -> Vec<String> {
        let text = self.text();
        let end = text.rfind(BELOW).unwrap_or_default();
        let start = text[..end].rfind(HOME).map_or(end, |at| at + HOME.len());
        let lines = text[start..end].split("\r\n");
        lines.map(|line| line.replace("\u{1b}[K", "")).collect()
    }

    /// Waits until the picture fulfils a condition.
    #[track_caller]
    fn shows(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + LONG;
        loop {
            let picture = self.picture().join("\n");
            if is_it(&picture) {
                return picture;
            }
            assert!(Instant::now() < until, "never {what}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end, and returns everything that was drawn.
    fn ended(mut self) -> String {
        let until = Instant::now() + LONG;
        while !self.text().contains("ended=") && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.keys);
        self.child.wait().unwrap();
        self.seen.lock().unwrap().clone()
    }
}

fn is_restored(text: &str) {
    assert!(text.contains("ended=0"), "{text}");
    assert!(text.contains("as-before"), "{text}");
    assert!(text.contains(SHOW_CURSOR), "{text}");
}

fn site() -> Site {
    let mut site = Site::with(1);
    site.intend(
        (1..=4)
            .map(|number| Flat::new(number, 0, "home-100"))
            .collect(),
    );
    site
}

#[test]
fn a_watch_shows_rates_fits_the_terminal_and_quits_with_q() {
    let site = site();
    let mut watch = Watch::start(&site, "observe --watch 2s oak-0");
    let first = watch.shows("the first poll", |text| text.contains("UPLINK"));
    assert!(
        first.contains("every 2 s") && first.contains("rates appear"),
        "{first}"
    );
    let second = watch.shows("the second poll", |text| {
        text.contains("UPLINK") && !text.contains("rates appear")
    });
    let lines = watch.picture();
    assert!(lines.len() <= 24, "{second}");
    assert!(lines.iter().all(|line| line.width() <= 80), "{second}");
    assert!(second.contains("q quits"), "{second}");
    watch.press(b"q");
    is_restored(&watch.ended());
}

#[test]
fn ctrl_c_ends_a_watch_and_gives_the_terminal_back() {
    let site = site();
    let mut watch = Watch::start(&site, "observe --watch 1m oak-0");
    watch.shows("the first poll", |text| text.contains("UPLINK"));
    watch.press(&[3]);
    is_restored(&watch.ended());
}

#[test]
fn a_device_that_stops_answering_is_shown_with_the_time_and_does_not_end_the_watch() {
    let site = site();
    let mut watch = Watch::start(&site, "observe --watch 2s --timeout 500ms oak-0");
    watch.shows("the first poll", |text| text.contains("UPLINK"));
    site.twin(0).set_fault(Fault::SnmpSilence {});
    let silent = watch.shows("the silence", |text| text.contains("NO ANSWER since"));
    assert!(silent.contains("UPLINK"), "the last values stay: {silent}");
    site.twin(0).clear_faults();
    watch.shows("the device again", |text| {
        text.contains("UPLINK") && !text.contains("NO ANSWER")
    });
    watch.press(b"q");
    is_restored(&watch.ended());
}

#[test]
fn one_port_is_watched_with_its_lines_by_subscriber() {
    let site = site();
    let mac: MacAddress = "00:0e:d8:7f:00:01".parse().unwrap();
    site.twin(0).plug(mac, 2);
    let mut watch = Watch::start(&site, "observe --watch 2s oak-0 --port 2");
    let shown = watch.shows("the lines", |text| text.contains("LINE"));
    // The inventory expects one on this port, and the device hears another.
    assert!(
        shown.contains("apt-1") && shown.contains("00:0e:d8:7f:00:01"),
        "{shown}"
    );
    assert!(
        shown.contains("unknown") && shown.contains("oak-0 port 2"),
        "{shown}"
    );
    watch.press(b"q");
    is_restored(&watch.ended());
}

#[test]
fn without_a_terminal_a_watch_prints_a_table_for_each_interval_and_ends_with_its_reader() {
    let site = site();
    let (mut command, _) = site.command(&["observe", "--watch", "2s", "oak-0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut tables = 0;
    for line in lines.by_ref() {
        let line = line.unwrap();
        assert!(!line.contains('\u{1b}'), "{line:?}");
        tables += usize::from(line.starts_with("UPLINK"));
        if tables == 2 {
            break;
        }
    }
    assert_eq!(tables, 2);
    drop(lines);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_watch_is_refused_for_several_devices_short_intervals_and_json() {
    let site = Site::with(2);
    let refused = |arguments: &[&str], why: &str| {
        site.run(&[&["observe"], arguments].concat())
            .exits(1)
            .says(why);
    };
    refused(&["--watch", "2s"], "`--watch` shows one device; name it");
    refused(&["--watch", "1s", "oak-0"], "not between 2s and 1h");
    refused(&["--port", "3", "oak-0"], "--watch");
    refused(
        &["--watch", "2s", "oak-0", "--format", "json"],
        "cannot be used with",
    );
}

#[test]
fn a_poll_of_one_device_is_shown_in_full_and_several_as_a_table_within_80_columns() {
    let site = Site::with(2);
    let fits = |text: &str| {
        for line in text.lines() {
            assert!(line.width() <= 80, "{line}\n{text}");
        }
    };
    let one = site.run(&["observe", "--poll", "oak-0"]).exits(0);
    let one = one.says("polled with").says("Uplinks").says("Ports");
    let one = one.says("alarms").says("Sensors");
    fits(&one.text);
    let minute = site.run(&["observe", "--poll=minute", "oak-0"]).exits(0);
    assert!(!minute.text.contains("Sensors"), "{}", minute.text);
    let both = site.run(&["observe", "--poll"]).exits(0);
    let both = both.says("2 devices polled.").says("LINES UP");
    fits(&both.text);
    site.twin(1).set_fault(Fault::SnmpSilence {});
    let arguments = ["observe", "--poll", "--timeout", "500ms"];
    let some = site.run(&arguments).exits(6);
    some.says("1 device polled, 1 device could not be polled.")
        .says("Not polled");
}
