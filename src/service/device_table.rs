//! Holds what this instance knows of each device of the target, and which of them it looks at.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::schedule::{Activity, LastRead, LastReads, PerKind};
use super::share::owner;
use super::stored_status::{StatusChange, StoredStatus};
use crate::history::{DeviceStatus, DeviceStatusRow};
use crate::model::{ConditionWord, DeviceName, Fingerprint, MacAddress, NotObserved};
use crate::reconcile::rollout::DriftEvent;
use crate::reconcile::rollout::condition::ConditionFacts;
use crate::reconcile::{DeviceAccess, TargetDevice};

/// The devices of the target.
#[derive(Debug, Default)]
pub(super) struct DeviceTable {
    devices: BTreeMap<DeviceName, ServedDevice>,
    /// This instance, and those that live.
    own: Option<Uuid>,
    live: BTreeSet<Uuid>,
    /// The instances changed, and the devices are not shared among them yet.
    is_to_share: bool,
}

/// What is known of a device. Times are milliseconds since 1970, except in `facts`.
#[derive(Debug, Clone)]
pub(super) struct ServedDevice {
    pub(super) device: TargetDevice,
    /// This instance looks at it.
    pub(super) is_own: bool,
    pub(super) facts: ConditionFacts,
    /// The last condition, and since when, in seconds.
    pub(super) word: ConditionWord,
    pub(super) since: u64,
    pub(super) reads: ReadFacts,
    pub(super) activity: Activity,
    /// Kept as long as the target is the same: it holds what was learned about the device's speed.
    pub(super) access: Option<Result<DeviceAccess, NotObserved>>,
    /// The differences to the target that the last look found, for people.
    pub(super) steps: u64,
    pub(super) drifted: u64,
    /// Restores of its fields, and when they were changed back.
    pub(super) restores: Vec<DriftEvent>,
    /// The status as it is in the store, to write only what changed.
    pub(super) stored: Option<StoredStatus>,
}

/// The results of the last reads of a device.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadFacts {
    /// The last attempt of each kind.
    pub(super) last: LastReads,
    /// The last look that was answered.
    pub(super) looked: Option<u64>,
    /// When that look began: only what was read after a moment says anything about the time since.
    pub(super) look_began: Option<u64>,
    pub(super) tried: Option<u64>,
    pub(super) silent_since: Option<u64>,
    pub(super) error: Option<NotObserved>,
    /// Endpoints that the last look heard and no subscriber has.
    pub(super) unknown: BTreeSet<MacAddress>,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) uptime_seconds: Option<u64>,
    pub(super) alarms: Option<u64>,
    pub(super) lines_up: Option<u64>,
    pub(super) lines: Option<u64>,
}

impl ServedDevice {
    /// Returns a device of which only the inventory is known.
    fn new(device: TargetDevice, now: u64) -> Self {
        Self {
            facts: ConditionFacts::new(device.name.clone(), device.state),
            device,
            is_own: false,
            word: ConditionWord::Unknown,
            since: now / 1000,
            reads: ReadFacts::default(),
            activity: Activity::quiet_since(now),
            access: None,
            steps: 0,
            drifted: 0,
            restores: Vec::new(),
            stored: None,
        }
    }

    /// Takes over what the store has, such as after a restart or from another instance.
    fn restore(&mut self, row: &DeviceStatusRow) {
        let status = &row.status;
        // Facts of a later version that cannot be read are found again by the next look.
        if let Ok(facts) = serde_json::from_value::<ConditionFacts>(status.facts.clone()) {
            self.facts = facts;
            self.facts.state = self.device.state;
        }
        (self.word, self.since) = (status.word, status.since);
        let millis = |seconds: Option<u64>| seconds.map(|seconds| seconds * 1000);
        self.reads.looked = millis(status.looked);
        self.reads.tried = millis(status.tried);
        self.reads.silent_since = millis(status.silent_since);
        let failures = u32::from(status.silent_since.is_some());
        let at = if failures > 0 {
            self.reads.tried
        } else {
            self.reads.looked
        };
        self.reads.last = PerKind::of(|_| LastRead { at, failures });
        self.reads.fingerprint.clone_from(&status.fingerprint);
        self.reads.uptime_seconds = status.uptime_seconds;
        self.reads.alarms = status.alarms;
        self.reads.lines_up = status.lines_up;
        self.reads.lines = status.lines;
        (self.steps, self.drifted) = (status.steps, status.drifted);
        self.stored = Some(StoredStatus::new(status.clone()));
    }

    /// Compares the status with the one in the store.
    pub(super) fn change(&mut self, commit: &str) -> StatusChange {
        let rest = self.status_without_facts(commit);
        let stored = self.stored.as_mut();
        stored.map_or(StatusChange::News, |stored| {
            stored.change(&rest, &self.facts)
        })
    }

    /// Returns the status to store.
    pub(super) fn status(&self, commit: &str) -> DeviceStatus {
        DeviceStatus {
            facts: serde_json::to_value(&self.facts).unwrap_or_default(),
            ..self.status_without_facts(commit)
        }
    }

    fn status_without_facts(&self, commit: &str) -> DeviceStatus {
        let seconds = |millis: Option<u64>| millis.map(|millis| millis / 1000);
        DeviceStatus {
            word: self.word,
            since: self.since,
            facts: serde_json::Value::Null,
            site: self.device.site.clone(),
            commit: Some(commit.to_owned()),
            looked: seconds(self.reads.looked),
            tried: seconds(self.reads.tried),
            next_look: self.facts.next_look,
            silent_since: seconds(self.reads.silent_since),
            error: self.reads.error.as_ref().map(ToString::to_string),
            fingerprint: self.reads.fingerprint.clone(),
            steps: self.steps,
            drifted: self.drifted,
            uptime_seconds: self.reads.uptime_seconds,
            alarms: self.reads.alarms,
            lines_up: self.reads.lines_up,
            lines: self.reads.lines,
        }
    }
}

/// The devices that came, went, or changed hands.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TableChange {
    /// This instance looks at them from now on.
    pub(super) taken: Vec<DeviceName>,
    /// It does not any more.
    pub(super) left: Vec<DeviceName>,
    /// They are not in the target any more.
    pub(super) gone: Vec<DeviceName>,
}

impl DeviceTable {
    /// Sets the live instances; returns whether they changed. An instance always counts itself.
    pub(super) fn set_instances(&mut self, own: Uuid, live: BTreeSet<Uuid>) -> bool {
        let is_new = self.own != Some(own) || self.live != live;
        (self.own, self.live) = (Some(own), live);
        self.is_to_share |= is_new;
        is_new
    }

    /// Sets the devices of the target, with what the store knows of new ones, and shares them among the instances.
    pub(super) fn set_devices(
        &mut self,
        devices: Vec<TargetDevice>,
        stored: &BTreeMap<DeviceName, DeviceStatusRow>,
        is_new_target: bool,
        now: u64,
    ) -> TableChange {
        let mut change = TableChange::default();
        let mut before = std::mem::take(&mut self.devices);
        let live: Vec<Uuid> = self.live.iter().copied().collect();
        for device in devices {
            let name = device.name.clone();
            let mut served = before.remove(&name).unwrap_or_else(|| {
                let mut served = ServedDevice::new(device.clone(), now);
                if let Some(row) = stored.get(&name) {
                    served.restore(row);
                }
                served
            });
            served.facts.state = device.state;
            served.device = device;
            if is_new_target {
                served.access = None;
            }
            let is_own = owner(&name, &live) == self.own;
            // Another instance looked at it until now, and knows more.
            if is_own
                && !served.is_own
                && let Some(row) = stored.get(&name)
            {
                served.restore(row);
            }
            match (served.is_own, is_own) {
                (false, true) => change.taken.push(name.clone()),
                (true, false) => change.left.push(name.clone()),
                _ => {}
            }
            served.is_own = is_own;
            self.devices.insert(name, served);
        }
        change.gone = before.into_keys().collect();
        change
    }

    pub(super) fn has(&self, device: &DeviceName) -> bool {
        self.devices.contains_key(device)
    }

    /// Returns whether the live instances changed since the devices were shared.
    pub(super) fn is_shared_anew(&mut self) -> bool {
        std::mem::take(&mut self.is_to_share)
    }

    pub(super) fn get(&self, device: &DeviceName) -> Option<&ServedDevice> {
        self.devices.get(device)
    }

    pub(super) fn get_mut(&mut self, device: &DeviceName) -> Option<&mut ServedDevice> {
        self.devices.get_mut(device)
    }

    /// Returns the devices that this instance looks at.
    pub(super) fn own_mut(&mut self) -> impl Iterator<Item = &mut ServedDevice> {
        self.devices.values_mut().filter(|served| served.is_own)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &ServedDevice> {
        self.devices.values()
    }

    /// Returns the number of devices that this instance looks at.
    pub(super) fn owned(&self) -> usize {
        self.all().filter(|served| served.is_own).count()
    }

    pub(super) fn live_instances(&self) -> usize {
        self.live.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceState;

    fn device(name: &str) -> TargetDevice {
        TargetDevice {
            name: DeviceName::new(name).unwrap(),
            site: None,
            state: DeviceState::Managed,
            labels: Vec::new(),
            is_canary: false,
            subscribers: 0,
        }
    }

    fn names(names: &[&str]) -> Vec<DeviceName> {
        names
            .iter()
            .map(|name| DeviceName::new(name).unwrap())
            .collect()
    }

    const OWN: Uuid = Uuid::from_u128(1);

    #[test]
    fn a_single_instance_looks_at_every_device() {
        let mut table = DeviceTable::default();
        assert!(table.set_instances(OWN, BTreeSet::from([OWN])));
        assert!(!table.set_instances(OWN, BTreeSet::from([OWN])));
        let change = table.set_devices(
            vec![device("oak"), device("elm")],
            &BTreeMap::new(),
            true,
            0,
        );
        assert_eq!(change.taken, names(&["oak", "elm"]));
        let change = table.set_devices(vec![device("oak")], &BTreeMap::new(), true, 0);
        assert_eq!(change.gone, names(&["elm"]));
        assert!(change.taken.is_empty());
        assert_eq!(table.owned(), 1);
    }

    #[test]
    fn a_second_instance_takes_its_share_and_gives_it_back_when_it_ends() {
        let devices = || {
            (0..50)
                .map(|number| device(&format!("gam-{number}")))
                .collect::<Vec<_>>()
        };
        let mut table = DeviceTable::default();
        table.set_instances(OWN, BTreeSet::from([OWN]));
        table.set_devices(devices(), &BTreeMap::new(), true, 0);
        assert!(table.set_instances(OWN, BTreeSet::from([OWN, Uuid::from_u128(2)])));
        let change = table.set_devices(devices(), &BTreeMap::new(), false, 0);
        assert!(change.taken.is_empty() && !change.left.is_empty());
        assert_eq!(table.owned() + change.left.len(), 50);
        table.set_instances(OWN, BTreeSet::from([OWN]));
        let back = table.set_devices(devices(), &BTreeMap::new(), false, 0);
        assert_eq!(back.taken, change.left);
    }

    #[test]
    fn a_device_that_nobody_looked_at_is_unknown() {
        let mut table = DeviceTable::default();
        table.set_instances(OWN, BTreeSet::from([OWN]));
        table.set_devices(vec![device("oak")], &BTreeMap::new(), true, 5000);
        let oak = table.get(&DeviceName::new("oak").unwrap()).unwrap();
        assert_eq!((oak.word, oak.since), (ConditionWord::Unknown, 5));
    }
}
