//! Holds the state of one instance, which all of its tasks share: settings, store, target, devices, queue and triggers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::billing::BillingState;
use super::device_table::DeviceTable;
use super::fetch::{Mirror, RemoteSettings};
use super::http::routes::ROUTES;
use super::lanes::LaneHour;
use super::metrics::Metrics;
use super::requests::Requests;
use super::rollout::hour::{HourLimits, RecentEffects};
use super::rollout::known_status::KnownStatuses;
use super::rollout::past::PastOfDevice;
use super::rollout::save_attempts::SaveAttempts;
use super::schedule::Queue;
use super::settings::ServiceSettings;
use super::task_reports::TaskReports;
use super::watch_remote::RemoteWatch;
use crate::history::{Leader, NewInstance, RolloutId, Target};
use crate::model::DeviceName;
use crate::reconcile::rollout::RolloutPolicy;
use crate::reconcile::run::Reconciler;
use crate::reconcile::{StoreWithJournal, TargetDevice, TargetInventory};
use crate::secrets::SecretSources;

/// The target as this instance has read it.
#[derive(Debug)]
pub(super) struct ServedTarget {
    pub(super) target: Target,
    pub(super) inventory: TargetInventory,
    /// The commit last applied when it was read: the policy before, and the names before, come from that one.
    pub(super) applied: Option<String>,
    /// The policy of the commit before, which decides what goes by itself.
    pub(super) policy: RolloutPolicy,
    /// Computed once, like its devices: both walk the whole fleet.
    pub(super) hour: HourLimits,
    /// All that are installed, by name.
    pub(super) devices: Vec<TargetDevice>,
}

impl ServedTarget {
    pub(super) fn new(target: Target, inventory: TargetInventory, applied: Option<String>) -> Self {
        Self {
            policy: inventory.rollout_policy(),
            hour: HourLimits::of(&inventory),
            devices: inventory.devices(),
            target,
            inventory,
            applied,
        }
    }
}

/// The past of each device, and the effects of rollouts that count for an hour.
#[derive(Debug, Default)]
pub(super) struct PastRollouts {
    pub(super) devices: BTreeMap<DeviceName, PastOfDevice>,
    pub(super) hour: RecentEffects,
}

pub(super) type Past = Arc<PastRollouts>;

/// A target, and the devices that were planned for it, with the times of their looks.
type PlannedQuestion = (Target, BTreeMap<DeviceName, Option<u64>>);

/// The state of all rollouts, as far as the past of devices depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PastKey {
    pub(super) commit: String,
    /// The number of the last step of the newest rollout and of each open one.
    pub(super) last_steps: BTreeMap<RolloutId, u64>,
}

/// Starts tasks before their time. A trigger says that something may have changed, never what.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    pub(super) fetch: Arc<Notify>,
    pub(super) target: Arc<Notify>,
    pub(super) rollout: Arc<Notify>,
    pub(super) status: Arc<Notify>,
    pub(super) billing: Arc<Notify>,
    pub(super) queue: Notify,
}

/// The state of one instance.
pub(super) struct Shared {
    pub(super) settings: ServiceSettings,
    pub(super) reconciler: Reconciler,
    /// The fetched repository, and where it comes from.
    pub(super) mirror: Mirror,
    pub(super) remote: RemoteSettings,
    pub(super) watch: RemoteWatch,
    pub(super) store: StoreWithJournal,
    pub(super) instance: NewInstance,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) target: watch::Sender<Option<Arc<ServedTarget>>>,
    pub(super) triggers: Triggers,
    pub(super) reports: TaskReports,
    pub(super) metrics: Metrics,
    pub(super) requests: Requests,
    pub(super) billing: BillingState,
    pub(super) secrets: SecretSources,
    devices: Mutex<DeviceTable>,
    queue: Mutex<Queue>,
    /// What was planned last, so that the same question is not planned again every few seconds.
    planned: Mutex<Option<PlannedQuestion>>,
    past: Mutex<Option<(PastKey, Past)>>,
    statuses: Mutex<Arc<KnownStatuses>>,
    save_attempts: Mutex<SaveAttempts>,
    lane_hour: Mutex<LaneHour>,
    /// The leader tasks of this instance, by name.
    leading: Mutex<BTreeMap<&'static str, Leader>>,
    /// Until when leader tasks are left to other instances, in milliseconds since 1970.
    left_to_others: Mutex<BTreeMap<&'static str, u64>>,
    /// The last tick of the scheduler, in milliseconds since 1970.
    ticked: AtomicU64,
    /// The last heartbeat that the store took.
    heartbeat: AtomicU64,
    /// The difference to the store's clock, in seconds.
    skew: AtomicU64,
}

/// What an instance works with, opened at its start.
pub(super) struct Parts {
    pub(super) reconciler: Reconciler,
    pub(super) store: StoreWithJournal,
    pub(super) mirror: Mirror,
    pub(super) remote: RemoteSettings,
    pub(super) secrets: SecretSources,
}

impl Shared {
    pub(super) fn new(
        settings: ServiceSettings,
        parts: Parts,
        instance: NewInstance,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let now = (settings.clock)();
        let Parts {
            reconciler,
            store,
            mirror,
            remote,
            secrets,
        } = parts;
        Self {
            reconciler,
            store,
            mirror,
            remote,
            watch: RemoteWatch::default(),
            instance,
            stop,
            target: watch::channel(None).0,
            triggers: Triggers::default(),
            reports: TaskReports::default(),
            metrics: Metrics::new(env!("CARGO_PKG_VERSION"), now / 1000, &ROUTES),
            requests: Requests::new(settings.serve.requests_per_second),
            billing: BillingState::default(),
            secrets,
            devices: Mutex::default(),
            queue: Mutex::new(Queue::new(settings.queue_limits)),
            planned: Mutex::default(),
            past: Mutex::default(),
            statuses: Mutex::default(),
            save_attempts: Mutex::default(),
            lane_hour: Mutex::default(),
            leading: Mutex::default(),
            left_to_others: Mutex::default(),
            ticked: AtomicU64::new(0),
            heartbeat: AtomicU64::new(now),
            skew: AtomicU64::new(0),
            settings,
        }
    }

    pub(super) fn devices(&self) -> MutexGuard<'_, DeviceTable> {
        locked(&self.devices)
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        locked(&self.queue)
    }

    pub(super) fn save_attempts(&self) -> MutexGuard<'_, SaveAttempts> {
        locked(&self.save_attempts)
    }

    fn leading(&self) -> MutexGuard<'_, BTreeMap<&'static str, Leader>> {
        locked(&self.leading)
    }

    /// Returns whether these devices, by their looks, were not planned for this target before.
    pub(super) fn is_new_question(
        &self,
        target: &Target,
        looks: &BTreeMap<DeviceName, Option<u64>>,
    ) -> bool {
        let mut planned = locked(&self.planned);
        let is_same = planned
            .as_ref()
            .is_some_and(|known| known.0 == *target && known.1 == *looks);
        if !is_same {
            *planned = Some((target.clone(), looks.clone()));
        }
        !is_same
    }

    /// Has the last question planned again.
    pub(super) fn forget_question(&self) {
        *locked(&self.planned) = None;
    }

    /// Returns the past of the devices, if no rollout moved on since it was read.
    pub(super) fn known_past(&self, key: &PastKey) -> Option<Past> {
        let past = locked(&self.past);
        let (known, past) = past.as_ref()?;
        (known == key).then(|| past.clone())
    }

    /// Returns the past of the devices as it was read last.
    pub(super) fn last_past(&self) -> Option<Past> {
        let past = locked(&self.past);
        past.as_ref().map(|(_, past)| past.clone())
    }

    pub(super) fn lane_hour(&self) -> MutexGuard<'_, LaneHour> {
        locked(&self.lane_hour)
    }

    pub(super) fn keep_past(&self, key: PastKey, past: Past) {
        *locked(&self.past) = Some((key, past));
    }

    /// The statuses of all devices as the leader of rollouts read them last.
    pub(super) fn statuses(&self) -> MutexGuard<'_, Arc<KnownStatuses>> {
        locked(&self.statuses)
    }

    /// Returns milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        (self.settings.clock)()
    }

    /// Returns seconds since 1970.
    pub(super) fn seconds(&self) -> u64 {
        self.now() / 1000
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(super) fn served_target(&self) -> Option<Arc<ServedTarget>> {
        self.target.borrow().clone()
    }

    pub(super) fn id(&self) -> Uuid {
        self.instance.id
    }

    /// Returns the right to run a leader task, if this instance leads it.
    pub(super) fn leader(&self, task: &str) -> Option<Leader> {
        if !self.is_heard() {
            return None;
        }
        self.leading().get(task).cloned()
    }

    pub(super) fn set_leader(&self, task: &'static str, leader: Option<Leader>) {
        let mut leading = self.leading();
        match leader {
            Some(leader) => leading.insert(task, leader),
            None => leading.remove(task),
        };
    }

    /// Leaves a leader task to other instances for a while, because it fails here.
    pub(super) fn leave_to_others(&self, task: &'static str, until: u64) {
        locked(&self.left_to_others).insert(task, until);
    }

    pub(super) fn is_left_to_others(&self, task: &str) -> bool {
        locked(&self.left_to_others)
            .get(task)
            .is_some_and(|until| self.now() < *until)
    }

    /// Returns the leader tasks of this instance.
    pub(super) fn all_leading(&self) -> Vec<Leader> {
        self.leading().values().cloned().collect()
    }

    pub(super) fn heard(&self) {
        self.heartbeat.store(self.now(), Ordering::SeqCst);
    }

    /// Returns whether the store took a heartbeat recently: without one, others may have taken over.
    pub(super) fn is_heard(&self) -> bool {
        let since = self
            .now()
            .saturating_sub(self.heartbeat.load(Ordering::SeqCst));
        // Others take over when the whole time has passed.
        Duration::from_millis(since) < self.settings.timing.leads.saturating_mul(3) / 4
    }

    pub(super) fn set_skew(&self, seconds: u64) {
        self.skew.store(seconds, Ordering::SeqCst);
    }

    pub(super) fn tick(&self) {
        self.ticked.store(self.now(), Ordering::SeqCst);
        self.metrics.scheduler_tick().since(self.seconds());
    }

    /// Returns the time since the last tick of the scheduler, or `None` before the first.
    pub(super) fn since_tick(&self) -> Option<Duration> {
        match self.ticked.load(Ordering::SeqCst) {
            0 => None,
            at => Some(Duration::from_millis(self.now().saturating_sub(at))),
        }
    }
}

/// Locks a value that no panic can leave half changed.
fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
