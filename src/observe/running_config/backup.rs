//! Makes a backup of a running-config: the whole text without secrets, below a header with serial number and firmware.

use std::fmt::Write as _;

use super::{MOST_LINES, RunningConfigError, is_interrupted, shown};
use crate::model::{DeviceName, Serial, config_without_secrets};

/// The facts of `show version` that stay the same until somebody replaces or upgrades the device.
const LASTING: [&str; 6] = [
    "MAC Address",
    "Serial Number",
    "Product",
    "Software Version",
    "Code Revision",
    "Build Date",
];

/// The longest value of `show version` that is kept; the longest seen has 40 characters.
const LONGEST_FACT: usize = 120;

/// Lines in front of the configuration that speak of the printing and change with every one.
const NOISE: [&str; 2] = ["Building configuration", "Current configuration"];

/// The text of a backup: ends with a line break, has no secrets and no characters that move a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup(String);

/// The reason that a device's text is no backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    NotWhole(#[from] RunningConfigError),
    #[error("a message of the device interrupts a line: {0}")]
    Interrupted(String),
    #[error("its serial is {found}, and the inventory pins {pinned}")]
    OtherDevice { pinned: String, found: String },
    #[error("`show version` has no serial number, and the inventory pins {pinned}")]
    NoSerial { pinned: String },
}

impl Backup {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes the backup of a device from its replies; `secrets` are known values that must not be in it.
pub fn backup_of(
    device: &DeviceName,
    pinned: Option<&Serial>,
    version: &[String],
    lines: &[String],
    secrets: &[&str],
) -> Result<Backup, BackupError> {
    if lines.len() > MOST_LINES {
        return Err(RunningConfigError::TooLong.into());
    }
    let is_last = lines.iter().rev().find(|line| !line.trim().is_empty());
    if is_last.is_none_or(|line| line.trim_end() != "end") {
        return Err(RunningConfigError::NotWhole.into());
    }
    let facts = facts(version);
    let serial = facts.iter().find(|(label, _)| *label == "Serial Number");
    if let Some(pinned) = pinned {
        let pinned = pinned.to_string();
        match serial {
            Some((_, found)) if *found == pinned => {}
            Some((_, found)) => {
                let found = found.clone();
                return Err(BackupError::OtherDevice { pinned, found });
            }
            // What could not be read is not taken for equal.
            None => return Err(BackupError::NoSerial { pinned }),
        }
    }
    let mut text = format!("! gamctl backup of {device}\n");
    for (label, value) in facts {
        let _ = writeln!(text, "! {label}: {value}");
    }
    text.push_str("! secrets are shown as ***\n!\n");
    let lines = lines.iter().map(|line| line.trim_end());
    let lines: Vec<&str> = lines
        .skip_while(|line| line.is_empty() || NOISE.iter().any(|noise| line.starts_with(noise)))
        .collect();
    for (at, line) in lines.iter().enumerate() {
        let inner = line.trim_start();
        if is_interrupted(inner, inner.len() < line.len()) {
            // Its section may say that it has a secret.
            let until = config_without_secrets(lines.iter().take(at + 1).copied());
            let masked = until.last().map_or("", |line| line.trim_start());
            return Err(BackupError::Interrupted(shown(masked)));
        }
    }
    for line in config_without_secrets(lines.into_iter().filter(|line| !line.is_empty())) {
        text.push_str(&printable(&without(&line, secrets)));
        text.push('\n');
    }
    Ok(Backup(text))
}

/// Returns the lasting facts of `show version`, in its order; a second image has the same labels.
fn facts(version: &[String]) -> Vec<(&'static str, String)> {
    let fact = |line: &String| {
        let (label, value) = line.split_once(':')?;
        let label = LASTING.into_iter().find(|known| *known == label.trim())?;
        let value = printable(value.trim());
        (!value.is_empty() && value.len() <= LONGEST_FACT).then_some((label, value))
    };
    version.iter().filter_map(fact).collect()
}

/// Returns the line without known secrets. Shorter ones would hide parts of ordinary words.
fn without(line: &str, secrets: &[&str]) -> String {
    const SHORTEST: usize = 6;
    let long = secrets.iter().filter(|secret| secret.len() >= SHORTEST);
    long.fold(line.to_owned(), |line, secret| {
        line.replace(*secret, crate::model::HIDDEN)
    })
}

fn printable(text: &str) -> String {
    let shown = text.chars().map(|letter| match letter {
        '\t' => ' ',
        _ if crate::model::hazard_on_a_terminal(letter).is_some() => '\u{fffd}',
        _ => letter,
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn oak() -> DeviceName {
        DeviceName::new("oak-a").unwrap()
    }

    const VERSION: &str = "\
MAC Address      : 00-0e-d8-13-03-38
Serial Number    : P1
System Uptime    : 18d 06:33:06
Active Image
Software Version : GAM-4/8-C_v1.5.4
Alternate Image
Software Version : GAM-4/8-C_v1.4.0";

    #[test]
    fn a_backup_has_the_facts_that_last_and_the_text_without_secrets() {
        let config = lines(
            "Building configuration...\n\nhostname oak-a\nusername admin privilege 15 password encrypted Y2FuYXJ5\n!\nend",
        );
        let backup = backup_of(&oak(), None, &lines(VERSION), &config, &[]).unwrap();
        assert_eq!(
            backup.as_str(),
            "\
! gamctl backup of oak-a
! MAC Address: 00-0e-d8-13-03-38
! Serial Number: P1
! Software Version: GAM-4/8-C_v1.5.4
! Software Version: GAM-4/8-C_v1.4.0
! secrets are shown as ***
!
hostname oak-a
username admin privilege 15 password ***
!
end
"
        );
    }

    #[test]
    fn a_text_that_is_not_whole_or_of_another_box_is_no_backup() {
        let serial = Serial::new("P2").unwrap();
        let of = |config: &str, pinned| {
            backup_of(&oak(), pinned, &lines(VERSION), &lines(config), &[]).unwrap_err()
        };
        assert_eq!(
            of("hostname oak-a", None),
            RunningConfigError::NotWhole.into()
        );
        assert!(matches!(
            of("hostname oak%LINK-3-UPDOWN: port 1\nend", None),
            BackupError::Interrupted(_)
        ));
        for line in [
            "snmp-server community v2c CANARY%LINK-3-UPDOWN: port 1",
            "snmp-server host noc\n version v2 CANARY%LINK-3-UPDOWN: port 1",
            "username admin privilege 15 password encrypted CANARY%LINK-3-UPDOWN: port 1",
        ] {
            let why = of(&format!("{line}\nend"), None).to_string();
            assert!(
                why.contains("interrupts a line") && !why.contains("CANARY"),
                "{why}"
            );
        }
        assert!(matches!(
            of("hostname oak-a\nend", Some(&serial)),
            BackupError::OtherDevice { .. }
        ));
        let unread = backup_of(
            &oak(),
            Some(&serial),
            &[],
            &lines("hostname oak-a\nend"),
            &[],
        );
        assert!(matches!(unread, Err(BackupError::NoSerial { .. })));
    }

    #[test]
    fn a_known_secret_is_hidden_wherever_it_stands() {
        let config = lines("hostname oak-a\nbanner motd hunter22 is the word\nend");
        let backup = backup_of(&oak(), None, &[], &config, &["hunter22"]).unwrap();
        assert!(!backup.as_str().contains("hunter22"), "{backup:?}");
    }
}
