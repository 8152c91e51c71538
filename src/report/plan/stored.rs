//! Describes what the store knows of the planned devices: work left open, freezes, changes that wait.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::{counted, moment, short_id, visible};
use super::entry::{Entry, Sign};
use super::words::some_names;
use crate::plan::{Frozen, HalfWritten, NotSaved, StoredState, WaitingChanges};

/// Returns the sentences of the verdict, each with a space in front.
pub(super) fn sentences(stored: &StoredState) -> String {
    let mut text = String::new();
    let left = stored.half_written.iter();
    let (held, open): (Vec<_>, Vec<_>) = left.partition(|one| one.is_leased);
    let (half, unsaved) = (open.len(), stored.unsaved.len());
    if !held.is_empty() {
        text.push_str(&format!(
            " Another run is writing to {}.",
            counted(held.len(), "device")
        ));
    }
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

/// Returns the words for changes that wait: `11 changes wait`.
pub(in crate::report) fn waits(changes: usize) -> String {
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
        let next = match one.is_leased {
            true => "`gamctl apply --wait 2m` waits for it",
            false => "`gamctl apply` looks at it first, and carries out what is missing",
        };
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
    let mut freezes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in &stored.frozen {
        freezes
            .entry(frozen(one))
            .or_default()
            .push(one.device.as_str());
    }
    // A freeze of many devices is one entry.
    let frozen = freezes.into_iter().map(|(said, devices)| {
        let next = "`gamctl apply` skips it until then; `gamctl thaw` ends a freeze";
        match devices.as_slice() {
            [one] => entry(Some((*one).to_owned()), Sign::None, said, next),
            many => {
                let names = some_names(many.iter().map(|name| Cow::Borrowed(*name)));
                let head = format!("{}: {said}", counted(many.len(), "device"));
                Entry {
                    below: vec![names, next.replace("skips it", "skips them")],
                    ..entry(None, Sign::None, head, next)
                }
            }
        }
    });
    let mut all: Vec<Entry> = half.chain(unsaved).chain(waiting).chain(frozen).collect();
    // Everything about one device is under its name; its own entries stay in order.
    all.sort_by(|one, other| one.under.cmp(&other.under));
    unavailable.chain(all).collect()
}

fn half_written(one: &HalfWritten) -> String {
    let run = format!("run {} of {}", short_id(one.run), moment(one.since));
    match one.is_leased {
        true => format!("{run} is writing to it"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceName;

    fn name(number: usize) -> DeviceName {
        DeviceName::new(&format!("oak-{number}")).unwrap()
    }

    #[test]
    fn a_run_that_lives_is_not_called_half_written() {
        let left = |is_leased| StoredState {
            half_written: vec![HalfWritten {
                device: name(1),
                run: uuid::Uuid::from_u128(7),
                since: 0,
                is_leased,
            }],
            ..StoredState::default()
        };
        assert_eq!(
            sentences(&left(true)),
            " Another run is writing to 1 device."
        );
        assert_eq!(
            sentences(&left(false)),
            " An earlier run left 1 device half-written."
        );
        let entry = entries(&left(true)).pop().unwrap();
        assert!(entry.head.ends_with("is writing to it"), "{}", entry.head);
        assert_eq!(entry.below, ["`gamctl apply --wait 2m` waits for it"]);
    }

    #[test]
    fn a_freeze_of_many_devices_is_one_entry() {
        let stored = StoredState {
            frozen: (1..=3)
                .map(|number| Frozen {
                    device: name(number),
                    who: "ada@noc".to_owned(),
                    until: 60,
                    reason: "works".to_owned(),
                    has_changes: false,
                })
                .collect(),
            ..StoredState::default()
        };
        let entries = entries(&stored);
        assert_eq!(entries.len(), 1);
        assert!(
            entries[0]
                .head
                .starts_with("3 devices: frozen by ada@noc until"),
            "{}",
            entries[0].head
        );
        assert_eq!(entries[0].below[0], "oak-1, oak-2 and oak-3");
    }
}
