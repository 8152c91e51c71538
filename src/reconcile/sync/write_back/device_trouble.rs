//! Finds the reason that the last attempt to bring a device to its intended state failed.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::apply::Ended;
use crate::history::{DeviceStatusRow, Filter, Silence, Store, StoreError};
use crate::model::{ConditionWord, DeviceName};

/// The word for a device that does not answer, as in conditions and outcomes.
const UNREACHABLE: &str = "unreachable";

/// The troubles of devices, each read when it is asked for first.
pub(super) struct Troubles<'s> {
    store: &'s Store,
    /// Read once a device has changes left: most runs find none, and the statuses of a large network are megabytes.
    facts: Option<TroubleFacts>,
    known: BTreeMap<DeviceName, Option<CompactString>>,
}

/// The facts about all devices.
struct TroubleFacts {
    silences: BTreeMap<DeviceName, Silence>,
    statuses: BTreeMap<DeviceName, DeviceStatusRow>,
}

impl<'s> Troubles<'s> {
    pub(super) fn of(store: &'s Store) -> Self {
        Self {
            store,
            facts: None,
            known: BTreeMap::new(),
        }
    }

    /// Returns the rule or the condition for which a device did not get its changes.
    ///
    /// The newest fact decides: the outcome of the last run that started on the device, the last look without an answer, or the
    /// condition that the service stored. A run that skips a silent device leaves no outcome, and without the service there is
    /// no condition.
    pub(super) async fn of_device(
        &mut self,
        device: &DeviceName,
    ) -> Result<Option<CompactString>, StoreError> {
        if let Some(known) = self.known.get(device) {
            return Ok(known.clone());
        }
        let last = Filter {
            devices: vec![device.clone()],
            most: 1,
            ..Filter::default()
        };
        let outcome = self.store.outcomes(&last).await?.pop();
        let outcome = outcome.map(|row| (row.at, of_outcome(&row.outcome.ended)));
        let facts = match self.facts.take() {
            Some(facts) => facts,
            None => TroubleFacts {
                silences: self.store.silences().await?,
                statuses: self.store.device_statuses().await?,
            },
        };
        let status = facts.statuses.get(device);
        let status = status.map(|row| (row.at, of_condition(row.status.word)));
        let silence = facts.silences.get(device);
        let silence = silence.map(|silence| (silence.at, Some(CompactString::from(UNREACHABLE))));
        // Of equal times the last one counts.
        let all = [outcome, status, silence].into_iter().flatten();
        let newest = all.max_by_key(|(at, _)| *at);
        self.facts = Some(facts);
        let trouble = newest.and_then(|(_, trouble)| trouble);
        self.known.insert(device.clone(), trouble.clone());
        Ok(trouble)
    }
}

fn of_outcome(ended: &Ended) -> Option<CompactString> {
    match ended {
        Ended::Unchanged | Ended::Applied | Ended::Unsaved { .. } => None,
        // The next run plans again; nothing was refused and nothing failed.
        Ended::Stale { .. } => None,
        Ended::Refused { refusal } => Some(refusal.rule().into()),
        Ended::RolledBack { .. }
        | Ended::Stuck { .. }
        | Ended::Unreachable { .. }
        | Ended::Interrupted { .. } => Some(ended.word().into()),
    }
}

fn of_condition(word: ConditionWord) -> Option<CompactString> {
    match word {
        ConditionWord::WrongDevice
        | ConditionWord::Stuck
        | ConditionWord::Unreachable
        | ConditionWord::Invalid
        | ConditionWord::Refused
        | ConditionWord::Contested
        | ConditionWord::DoesNotConverge => Some(word.word().into()),
        // Waiting for a person, a window or a turn is not a failure.
        ConditionWord::Unsaved
        | ConditionWord::Applying
        | ConditionWord::Frozen
        | ConditionWord::Held
        | ConditionWord::WaitingForApproval
        | ConditionWord::WaitingForWindow
        | ConditionWord::WaitingForBudget
        | ConditionWord::WaitingForWave
        | ConditionWord::WaitingForLane
        | ConditionWord::Drifted
        | ConditionWord::Pending
        | ConditionWord::Unknown
        | ConditionWord::Observe
        | ConditionWord::Locked
        | ConditionWord::Converged => None,
    }
}
