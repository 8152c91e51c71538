//! Renders host keys, pinned and presented, as text and JSON.

use serde::Serialize;

use super::alike::alike;
use super::{Align, Exit, Paint, Table, counted};
use crate::model::{Address, DeviceName, HostKey, Serial};

/// The host key of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TrustLine {
    pub device: DeviceName,
    pub address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<HostKey>,
    #[serde(flatten)]
    pub shown: Shown,
    /// The serial number that the device reports over SNMP, if it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_serial: Option<Serial>,
    /// Whether the presented key is now pinned.
    pub is_newly_pinned: bool,
}

/// The result of requesting a host key from a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    Presented(HostKey),
    Failed(String),
}

/// The comparison of a device with its pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It shows the key that is pinned.
    AsPinned,
    NotPinned,
    /// It shows another key than the pinned one.
    Changed,
    /// It has another serial number than the pinned one, so no key of it is pinned.
    OtherBox,
    Unknown,
}

impl TrustLine {
    pub fn trust(&self) -> Trust {
        let serials = self.serial.as_ref().zip(self.pinned_serial.as_ref());
        match (&self.shown, &self.pinned) {
            _ if serials.is_some_and(|(theirs, ours)| theirs != ours) => Trust::OtherBox,
            (Shown::Failed(_), _) => Trust::Unknown,
            (Shown::Presented(_), None) => Trust::NotPinned,
            (Shown::Presented(shown), Some(pinned)) if shown == pinned => Trust::AsPinned,
            (Shown::Presented(_), Some(_)) => Trust::Changed,
        }
    }
}

/// Renders the keys as a table, each change with its possible reasons, and each failure with its cause.
pub fn host_keys(lines: &[TrustLine], paint: Paint) -> String {
    let columns = ["DEVICE", "ADDRESS", "SERIAL", "HOST KEY", "STATE"];
    let mut table = Table::new(columns.map(|heading| (heading, Align::Left)));
    for line in lines {
        let (address, device) = (line.address.to_string(), line.device.as_str());
        let key = match &line.shown {
            Shown::Presented(key) => key.as_str(),
            Shown::Failed(_) => "-",
        };
        let state = match (line.trust(), line.is_newly_pinned) {
            (Trust::AsPinned, _) => "as pinned",
            (Trust::NotPinned, true) => "pinned now",
            (Trust::NotPinned, false) => "not pinned",
            (Trust::Changed, true) => "CHANGED, pinned now",
            (Trust::Changed, false) => "CHANGED",
            (Trust::OtherBox, _) => "ANOTHER DEVICE",
            (Trust::Unknown, _) => "not known",
        };
        let serial = line.serial.as_ref().map_or("-", |serial| serial.as_str());
        table.push([device, address.as_str(), serial, key, state]);
    }
    let mut text = table.render(paint);
    for line in lines {
        if let (Trust::OtherBox, Some(serial), Some(pinned)) =
            (line.trust(), &line.serial, &line.pinned_serial)
        {
            text.push_str(&format!(
                "\n{} has the serial number {serial} instead of the pinned {pinned}: another device answers. Its key is not\npinned; if the hardware was replaced, correct `serial` in the inventory first.\n",
                line.device
            ));
        }
        match (&line.shown, &line.pinned) {
            (Shown::Presented(shown), Some(pinned)) if shown != pinned => {
                text.push_str(&format!(
                    "\n{} shows another host key than the pinned one:\n  pinned     {pinned}\n  presented  {shown}\n",
                    line.device
                ));
                text.push_str(CHANGED);
            }
            (Shown::Presented(_) | Shown::Failed(_), _) => {}
        }
    }
    let failed = lines.iter().filter_map(|line| match &line.shown {
        Shown::Failed(reason) => Some((line.device.to_string(), reason.clone())),
        Shown::Presented(_) => None,
    });
    for same in alike(failed) {
        text.push_str(&format!("\n{}\n", same.head()));
        let names = same.names();
        text.extend(names.map(|names| format!("  {names}\n")));
    }
    text
}

const CHANGED: &str = "  Either the device was replaced, reset or given new firmware, or something else answers at its address and
  would be sent the password once its key is pinned. Ask whoever works on it, and compare the key at its console.
";

/// Renders the verdict in a sentence.
pub fn host_key_verdict(lines: &[TrustLine]) -> String {
    let count = |trust: Trust| lines.iter().filter(|line| line.trust() == trust).count();
    let pinned = lines.iter().filter(|line| line.is_newly_pinned).count();
    let mut parts = vec![format!(
        "{} asked: {} as pinned",
        counted(lines.len(), "device"),
        count(Trust::AsPinned)
    )];
    let waiting = |trust: Trust| {
        let waiting = lines.iter().filter(|line| !line.is_newly_pinned);
        waiting.filter(|line| line.trust() == trust).count()
    };
    for (number, what) in [
        (pinned, "pinned now"),
        (waiting(Trust::NotPinned), "not pinned"),
        (waiting(Trust::Changed), "CHANGED"),
        (count(Trust::OtherBox), "of ANOTHER DEVICE"),
        (count(Trust::Unknown), "not known"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    format!("{}.", parts.join(", "))
}

/// Returns the exit code: an unresolved change takes precedence over everything else.
pub fn host_key_exit(lines: &[TrustLine]) -> Exit {
    let has = |trust: Trust| {
        let mut open = lines.iter().filter(|line| !line.is_newly_pinned);
        open.any(|line| line.trust() == trust)
    };
    if has(Trust::Changed) || has(Trust::OtherBox) {
        Exit::Refused
    } else if has(Trust::Unknown) {
        let unknown = lines.iter().filter(|line| line.trust() == Trust::Unknown);
        let unknown = unknown.count();
        Exit::of_looks(lines.len() - unknown, unknown)
    } else if has(Trust::NotPinned) {
        Exit::ChangesPending
    } else {
        Exit::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(pinned: Option<&str>, shown: Option<&str>, is_newly_pinned: bool) -> TrustLine {
        let key = |last: &str| {
            HostKey::new(&format!(
                "SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3{last}"
            ))
            .unwrap()
        };
        TrustLine {
            device: DeviceName::new("maple-a").unwrap(),
            address: "10.20.0.11".parse().unwrap(),
            pinned: pinned.map(key),
            shown: shown.map_or_else(
                || Shown::Failed("no answer\u{1b}".to_owned()),
                |shown| Shown::Presented(key(shown)),
            ),
            serial: None,
            pinned_serial: None,
            is_newly_pinned,
        }
    }

    #[test]
    fn another_box_is_refused_whatever_key_it_shows() {
        for (pinned, is_other) in [("S1", false), ("S2", true)] {
            let mut same = line(Some("E"), Some("E"), false);
            same.serial = Serial::new("S1").ok();
            same.pinned_serial = Serial::new(pinned).ok();
            assert_eq!(same.trust() == Trust::OtherBox, is_other);
            let text = host_keys(&[same], Paint::Plain);
            assert_eq!(
                text.contains("S1 instead of the pinned S2"),
                is_other,
                "{text}"
            );
        }
    }

    #[test]
    fn unfinished_work_decides_the_exit_code() {
        let exit = |lines: &[TrustLine]| host_key_exit(lines);
        let (same, new) = (
            line(Some("E"), Some("E"), false),
            line(None, Some("E"), false),
        );
        let (lost, changed) = (line(None, None, false), line(Some("E"), Some("A"), false));
        assert_eq!(exit(std::slice::from_ref(&same)), Exit::Done);
        assert_eq!(exit(&[same.clone(), new.clone()]), Exit::ChangesPending);
        assert_eq!(exit(&[new.clone(), lost.clone()]), Exit::Unobservable);
        assert_eq!(exit(&[lost.clone(), lost.clone()]), Exit::Failed);
        assert_eq!(exit(&[lost.clone(), changed.clone()]), Exit::Refused);
        let done = [
            line(None, Some("E"), true),
            line(Some("E"), Some("A"), true),
        ];
        assert_eq!(exit(&done), Exit::Done);
        assert_eq!(
            host_key_verdict(&[same, new, lost, changed]),
            "4 devices asked: 1 as pinned, 1 not pinned, 1 CHANGED, 1 not known."
        );
    }

    #[test]
    fn a_changed_key_is_shown_beside_the_pinned_one_with_what_it_may_mean() {
        let text = host_keys(
            &[line(Some("E"), Some("A"), false), line(None, None, false)],
            Paint::Plain,
        );
        assert!(text.contains("pinned     SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E\n"));
        assert!(text.contains("something else answers"));
        assert!(!text.contains('\u{1b}'));
    }
}
