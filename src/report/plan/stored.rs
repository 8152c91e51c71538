//! Describes what the store knows of the planned devices: work left open, freezes, changes that wait.

use super::super::{counted, moment, short_id, visible};
use super::entry::{Entry, Sign};
use crate::plan::{Frozen, HalfWritten, NotSaved, StoredState, WaitingChanges};

/// Returns the sentences of the verdict, each with a space in front.
pub(super) fn sentences(stored: &StoredState) -> String {
    let mut text = String::new();
    let (half, unsaved) = (stored.half_written.len(), stored.unsaved.len());
    if half > 0 {
        text.push_str(&format!(
            " An earlier run left {} half-written.",
            counted(half, "device")
        ));
    }
    if unsaved > 0 {
        text.push_str(&format!(
            " What an earlier run wrote is not saved on {}.",
            counted(unsaved, "device")
        ));
    }
    match stored.waiting.as_slice() {
        [] => {}
        [one] => text.push_str(&format!(
            " {} for {}{}.",
            waits(one.changes),
            one.device,
            not_reached(one.last_reached)
        )),
        many => text.push_str(&format!(
            " {} for {} that were not observed.",
            waits(stored.waiting_changes()),
            counted(many.len(), "device")
        )),
    }
    match stored.delayed() {
        0 => {}
        1 => text.push_str(" 1 device with something to do is frozen."),
        more => text.push_str(&format!(
            " {} with something to do are frozen.",
            counted(more, "device")
        )),
    }
    if stored.unavailable.is_some() {
        text.push_str(
            " The store could not be asked, so nothing is removed, and unsaved devices and freezes are unknown.",
        );
    }
    text
}

fn waits(changes: usize) -> String {
    let verb = if changes == 1 { "waits" } else { "wait" };
    format!("{} {verb}", counted(changes, "change"))
}

fn not_reached(last: Option<u64>) -> String {
    match last {
        Some(last) => format!(", not reached since {}", moment(last)),
        None => ", not reached so far".to_owned(),
    }
}

pub(super) fn entries(stored: &StoredState) -> Vec<Entry> {
    let entry = |under: Option<String>, sign: Sign, head: String, below: &str| Entry {
        under,
        sign,
        head,
        below: vec![below.to_owned()],
        weight: 1,
        ..Entry::default()
    };
    let unavailable = stored.unavailable.iter().map(|error| {
        let head = format!("the store could not be asked: {}", visible(error));
        entry(None, Sign::Wrong, head, "`gamctl doctor --local` checks it")
    });
    let half = stored.half_written.iter().map(|one| {
        let device = Some(one.device.to_string());
        let next = "`gamctl apply` looks at it first, and carries out what is missing";
        entry(device, Sign::Wrong, half_written(one), next)
    });
    let unsaved = stored.unsaved.iter().map(|one| {
        let device = Some(one.device.to_string());
        entry(
            device,
            Sign::Wrong,
            not_saved(one),
            "`gamctl apply` saves it",
        )
    });
    let waiting = stored.waiting.iter().map(|one| {
        let device = Some(one.device.to_string());
        let next = "`gamctl apply` carries out what waits when the device answers";
        entry(device, Sign::None, waiting(one), next)
    });
    let frozen = stored.frozen.iter().map(|one| {
        let device = Some(one.device.to_string());
        let next = "`gamctl apply` skips it until then; `gamctl thaw` ends a freeze";
        entry(device, Sign::None, frozen(one), next)
    });
    let mut all: Vec<Entry> = half.chain(unsaved).chain(waiting).chain(frozen).collect();
    // Everything about one device is under its name; its own entries stay in order.
    all.sort_by(|one, other| one.under.cmp(&other.under));
    unavailable.chain(all).collect()
}

fn half_written(one: &HalfWritten) -> String {
    let run = format!("run {} of {}", short_id(one.run), moment(one.since));
    match one.is_leased {
        true => format!("{run} is writing to it, or its process ended a moment ago"),
        false => format!("{run} ended in the middle of writing to it"),
    }
}

fn not_saved(one: &NotSaved) -> String {
    format!(
        "what run {} wrote is not saved since {}; a restart would undo it",
        short_id(one.run),
        moment(one.since)
    )
}

fn waiting(one: &WaitingChanges) -> String {
    format!("{}{}", waits(one.changes), not_reached(one.last_reached))
}

fn frozen(one: &Frozen) -> String {
    format!(
        "frozen by {} until {}: {}",
        visible(&one.who),
        moment(one.until),
        visible(&one.reason)
    )
}
