//! Decides when a device that could not be saved is tried again.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::DeviceName;

/// The time before a second attempt, in seconds. It doubles with each: a flash that fails now fails in a minute as well, and
/// each attempt is a run in the history.
const FIRST_WAIT: u64 = 60;
const LONGEST_WAIT: u64 = 3600;

/// The attempts to save each device: how many, and when the last one was.
#[derive(Debug, Default)]
pub(in crate::service) struct SaveAttempts(BTreeMap<DeviceName, (u32, u64)>);

impl SaveAttempts {
    /// Returns the devices that are due, and counts the attempt; devices that are not named any more are forgotten.
    pub(super) fn due(&mut self, unsaved: &BTreeSet<DeviceName>, now: u64) -> BTreeSet<DeviceName> {
        self.0.retain(|device, _| unsaved.contains(device));
        let due = unsaved.iter().filter(|device| {
            let attempts = self.0.get(*device);
            attempts.is_none_or(|(times, last)| now >= last.saturating_add(wait(*times)))
        });
        let due: BTreeSet<DeviceName> = due.cloned().collect();
        for device in &due {
            let (times, last) = self.0.entry(device.clone()).or_default();
            (*times, *last) = (times.saturating_add(1), now);
        }
        due
    }
}

fn wait(attempts: u32) -> u64 {
    let doubled = attempts.saturating_sub(1).min(16);
    (FIRST_WAIT << doubled).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_cannot_be_saved_is_tried_less_and_less_often() {
        let device = BTreeSet::from([DeviceName::new("oak").unwrap()]);
        let mut attempts = SaveAttempts::default();
        let tried = (0..20_000).filter(|now| !attempts.due(&device, *now).is_empty());
        let tried: Vec<u64> = tried.collect();
        assert_eq!(
            tried,
            [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980, 14580, 18180]
        );
    }

    #[test]
    fn a_device_that_was_saved_in_between_is_tried_at_once() {
        let device = BTreeSet::from([DeviceName::new("oak").unwrap()]);
        let mut attempts = SaveAttempts::default();
        assert_eq!(attempts.due(&device, 100), device);
        assert!(attempts.due(&device, 101).is_empty());
        assert!(attempts.due(&BTreeSet::new(), 102).is_empty());
        assert_eq!(attempts.due(&device, 103), device);
    }
}
