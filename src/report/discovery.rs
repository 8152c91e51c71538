//! Renders the result of a sweep as text.

use super::{Align, Exit, Paint, Table, counted};
use crate::discovery::{Comparison, Seen, Verdict};

/// Lists the devices that answered, and those that should have.
pub fn discovered(comparison: &Comparison, paint: Paint) -> String {
    let columns = ["ADDRESS", "MODEL", "NAME", "SERIAL", "MAC", "WHO"];
    let mut table = Table::new(columns.map(|heading| (heading, Align::Left)));
    for seen in &comparison.seen {
        let identity = &seen.identity;
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        table.push([
            seen.address.to_string(),
            or_none(identity.model.map(|model| model.to_string())),
            or_none(identity.name.clone()),
            or_none(identity.serial.as_ref().map(ToString::to_string)),
            or_none(identity.mac.map(|mac| mac.to_string())),
            who(seen),
        ]);
    }
    for missing in &comparison.missing {
        let who = format!("MISSING: {} does not answer", missing.device);
        let address = missing.address.to_string();
        table.push([address.as_str(), "-", "-", "-", "-", who.as_str()]);
    }
    if table.is_empty() {
        return String::new();
    }
    table.render(paint)
}

fn who(seen: &Seen) -> String {
    match &seen.verdict {
        Verdict::Known { device } => device.to_string(),
        Verdict::New => "NEW".to_owned(),
        Verdict::Moved { device, from } => match from {
            Some(from) => format!("MOVED: {device} was at {from}"),
            None => format!("INSTALLED: {device} had no address"),
        },
        Verdict::Wrong { device, why, is } => match is {
            Some(is) => format!("WRONG: not {device} but {is}; {why}"),
            None => format!("WRONG: not {device}; {why}"),
        },
        Verdict::Again { of } => format!("the device at {of} again"),
        Verdict::Other { why } => why.clone(),
        Verdict::Closed { device, why } => match device {
            Some(device) => format!("{device}, perhaps: {why}"),
            None => format!("unknown device: {why}"),
        },
    }
}

/// The number of addresses by kind.
#[derive(Default)]
struct Counts {
    known: usize,
    new: usize,
    moved: usize,
    wrong: usize,
    again: usize,
    other: usize,
    closed: usize,
}

impl Counts {
    fn of(comparison: &Comparison) -> Self {
        let mut counts = Self::default();
        for seen in &comparison.seen {
            let count = match &seen.verdict {
                Verdict::Known { .. } => &mut counts.known,
                Verdict::New => &mut counts.new,
                Verdict::Moved { .. } => &mut counts.moved,
                Verdict::Wrong { .. } => &mut counts.wrong,
                Verdict::Again { .. } => &mut counts.again,
                Verdict::Other { .. } => &mut counts.other,
                Verdict::Closed { .. } => &mut counts.closed,
            };
            *count += 1;
        }
        counts
    }
}

/// Renders the verdict in a sentence.
pub fn discovery_verdict(comparison: &Comparison, asked: usize) -> String {
    let counts = Counts::of(comparison);
    let mut parts = vec![format!("{} known", counts.known)];
    for (number, what) in [
        (counts.wrong, "WRONG"),
        (counts.moved, "moved"),
        (counts.new, "new"),
        (comparison.missing.len(), "missing"),
        (counts.again, "met twice"),
        (counts.closed, "that did not accept our login"),
        (counts.other, "of no interest"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    let addresses = if asked == 1 {
        "1 address".to_owned()
    } else {
        format!("{asked} addresses")
    };
    let answers = counted(comparison.seen.len(), "answer");
    format!("{addresses} probed, {answers}: {}.", parts.join(", "))
}

/// Returns the exit code: whether the inventory and the network agree, as far as the sweep went.
pub fn discovery_exit(comparison: &Comparison) -> Exit {
    let counts = Counts::of(comparison);
    let closed = comparison.seen.iter().filter(|seen| {
        matches!(
            &seen.verdict,
            Verdict::Closed {
                device: Some(_),
                ..
            }
        )
    });
    let closed = closed.count();
    if counts.new + counts.moved + counts.wrong > 0 {
        Exit::ChangesPending
    } else {
        let reached = comparison.seen.len() - counts.closed;
        Exit::of_looks(reached, closed + comparison.missing.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::Missing;
    use crate::model::{DeviceName, Identity};

    fn comparison(verdicts: Vec<Verdict>) -> Comparison {
        let seen = verdicts.into_iter().map(|verdict| Seen {
            address: "10.20.0.11".parse().unwrap(),
            credentials: None,
            identity: Identity {
                name: Some("x\u{1b}[2J".to_owned()),
                ..Identity::default()
            },
            verdict,
        });
        Comparison {
            seen: seen.collect(),
            missing: Vec::new(),
        }
    }

    #[test]
    fn new_and_wrong_ones_want_a_change_and_silent_ones_another_look() {
        let device = DeviceName::new("maple-a").unwrap();
        let known = Verdict::Known {
            device: device.clone(),
        };
        let mut quiet = comparison(vec![known.clone()]);
        assert_eq!(discovery_exit(&quiet), Exit::Done);
        quiet.missing.push(Missing {
            device,
            address: "10.20.0.12".parse().unwrap(),
        });
        assert_eq!(discovery_exit(&quiet), Exit::Unobservable);
        assert_eq!(
            discovery_verdict(&quiet, 254),
            "254 addresses probed, 1 answer: 1 known, 1 missing."
        );
        quiet.seen.clear();
        assert_eq!(discovery_exit(&quiet), Exit::Failed);
        let new = comparison(vec![known, Verdict::New]);
        assert_eq!(discovery_exit(&new), Exit::ChangesPending);
        assert!(!discovered(&new, Paint::Plain).contains('\u{1b}'));
    }
}
