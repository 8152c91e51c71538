//! Waits for states of the service, and checks at the end that everything is as intended, recorded and done once.

use std::collections::BTreeSet;

use gamctl::history::{DeviceStatusRow, RolloutState, Store};
use gamctl::model::{ConditionWord, DeviceName};

use super::bed::{DEVICES, Week};
use crate::crash::judge::{
    ReceivedLine, everything, intended, intents_of, stored_entries, writings_of,
};
use crate::service::chaos::{rollouts_have_no_gap, target_has_no_gap};

/// Returns the commit that a device was found to match.
fn matched(row: &DeviceStatusRow) -> Option<&str> {
    row.status.facts["matched"]["commit"].as_str()
}

impl Week {
    /// Waits until a commit is the target, every device matches it except these, and no rollout is open.
    #[track_caller]
    pub(super) fn reaches(&mut self, who: &str, except: &[(&str, ConditionWord)]) {
        let commit = self.head(who);
        let reached = |store: &Store, runtime: &tokio::runtime::Runtime| {
            runtime.block_on(async {
                let target = store.target().await.unwrap()?;
                let statuses = store.device_statuses().await.unwrap();
                let is_expected = |(device, row): (&DeviceName, &DeviceStatusRow)| {
                    let other = except.iter().find(|(name, _)| device.as_str() == *name);
                    match other {
                        Some((_, word)) => row.status.word == *word,
                        None => {
                            row.status.word == ConditionWord::Converged
                                && matched(row) == Some(&commit)
                        }
                    }
                };
                let is_reached = target.commit == commit
                    && statuses.len() == DEVICES.len()
                    && statuses.iter().all(is_expected)
                    && store.open_rollouts().await.unwrap().is_empty();
                is_reached.then_some(())
            })
        };
        self.until("converged fleet", reached);
    }

    /// Waits until a device has this condition.
    #[track_caller]
    pub(super) fn has_condition(&mut self, device: &str, word: ConditionWord) {
        let device = DeviceName::new(device).unwrap();
        self.until(word.word(), |store, runtime| {
            let statuses = runtime.block_on(store.device_statuses()).unwrap();
            let row = statuses.get(&device)?;
            (row.status.word == word).then_some(())
        });
    }

    /// Waits until the newest commit of a person was applied, so that its policy counts.
    #[track_caller]
    pub(super) fn policy_counts(&mut self, who: &str) {
        let commit = self.head(who);
        self.until("recorded policy", |store, runtime| {
            let applied = runtime.block_on(async {
                let now = store.clock().await.unwrap();
                store.applied_commits(now, 1).await.unwrap()
            });
            (applied.first()?.commit == commit).then_some(())
        });
    }

    /// Waits until the service refuses to follow the branch.
    #[track_caller]
    pub(super) fn is_halted(&mut self, is_it: bool) {
        self.until("change of `halted`", |store, runtime| {
            let state = runtime.block_on(store.branch_state()).unwrap();
            (state.halted.is_some() == is_it).then_some(())
        });
    }

    /// Waits until the second wave of the newest rollout writes to a device.
    #[track_caller]
    pub(super) fn is_in_second_wave(&mut self) {
        self.until("second wave", |store, runtime| {
            runtime.block_on(async {
                let open = store.open_rollouts().await.unwrap();
                let last = &open.first()?.last;
                let is_second = last.state == RolloutState::Wave && last.content.wave == 1;
                // Devices with an intent, and no end of it.
                let begun = store.unfinished().await.unwrap();
                (is_second && !begun.is_empty()).then_some(())
            })
        });
    }

    /// Checks that nothing was lost and nothing was done twice.
    pub(super) fn is_sound(&mut self) {
        let logs: Vec<_> = DEVICES
            .iter()
            .map(|(name, _)| (DeviceName::new(name).unwrap(), self.received(name)))
            .collect();
        let url = self.url();
        let store = self.store.take().unwrap();
        self.runtime.block_on(async {
            assert_eq!(store.unfinished().await.unwrap().len(), 0);
            assert_eq!(store.unsaved().await.unwrap(), []);
            assert_eq!(store.open_rollouts().await.unwrap().len(), 0);
            rollouts_have_no_gap(&store).await;
            target_has_no_gap(&url).await;
            let outcomes = store.outcomes(&everything()).await.unwrap();
            let ended: BTreeSet<_> = outcomes
                .iter()
                .map(|row| (row.run, row.outcome.device.clone()))
                .collect();
            assert_eq!(ended.len(), outcomes.len(), "a device ended twice in a run");
            let mut sent = 0;
            for (device, lines) in logs {
                let writings = writings_of(lines.into_iter());
                let intents = intents_of(stored_entries(&store, &device).await);
                sent += intended(&device, &writings, &intents).len();
                for intent in &intents {
                    assert!(ended.contains(&(intent.run, device.clone())), "{intent:?}");
                }
            }
            assert!(sent >= DEVICES.len(), "{sent} sessions wrote");
            for run in store.runs(&everything()).await.unwrap() {
                // A killed process ends no run; each of its devices was looked at again, and has an end.
                let is_over =
                    run.ended.is_some() || run.process.as_ref().is_some_and(|one| !one.is_alive);
                let is_complete = !run.devices.contains_key("unfinished");
                assert!(is_over && is_complete, "{run:?}");
            }
            store.close().await;
        });
    }

    /// Returns the lines that a device received.
    fn received(&mut self, device: &str) -> Vec<ReceivedLine> {
        let control = self.path("twins/twin.sock");
        let command = format!(
            "gamctl twin ctl --control '{}' log {device}",
            control.display()
        );
        let log = self.document(&command);
        let lines = log["lines"].as_array().unwrap().iter();
        lines
            .map(|line| ReceivedLine {
                session: line["session"].as_u64().unwrap(),
                at: 0,
                line: line["line"].as_str().unwrap().to_owned(),
            })
            .collect()
    }
}
