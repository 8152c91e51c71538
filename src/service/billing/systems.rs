//! Keeps the billing systems between their runs: client, cursor, when each is due.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;
use uuid::Uuid;

use super::due::{Due, DueIntervals, Work};
use super::echo::OwnWrites;
use super::known_looks::KnownLooks;
use super::turn::in_turn;
use crate::inventory::BillingSystem;
use crate::model::billing::{AccountId, BillingName};
use crate::model::{MacAddress, SecretName};
use crate::reconcile::sync::{BillingClient, BillingHint, SyncCursor};
use crate::secrets::Secret;

/// All billing systems of the target, as far as this instance syncs them.
#[derive(Debug, Default)]
pub(in crate::service) struct BillingState {
    systems: Mutex<BTreeMap<BillingName, Arc<OneSystem>>>,
    /// Held while the looks are read.
    pub(in crate::service) looks: tokio::sync::Mutex<KnownLooks>,
    /// The commit of the target that the systems are of.
    commit: Mutex<Option<String>>,
    /// The last commits of this instance.
    made: Mutex<VecDeque<String>>,
    running: Mutex<Vec<JoinHandle<()>>>,
    /// The secrets of webhooks, each with the time of its reading: a request that proves nothing must not run a command.
    hook_secrets: Mutex<BTreeMap<SecretName, (Secret, u64)>>,
}

/// The time, in milliseconds, after which a secret is read again: it may have been replaced.
const SECRET_KEPT: u64 = 60_000;

/// The own commits that are remembered: a target is never far behind.
const MOST_MADE: usize = 100;

/// One billing system.
pub(in crate::service) struct OneSystem {
    pub(super) settings: BillingSystem,
    due: Mutex<Due>,
    own_writes: Mutex<OwnWrites>,
    /// Milliseconds since 1970.
    known_since: u64,
    counts: Mutex<SystemCounts>,
    /// When approvals were looked for last, and the newest one that was found: one that lets nothing through stays in force.
    asked: Mutex<(u64, Option<Uuid>)>,
    /// When accounts to write back were searched last, and the last one that had its turn.
    searched: Mutex<(u64, Option<AccountId>)>,
    /// Held by the run in progress.
    pub(super) open: tokio::sync::Mutex<OpenSystem>,
}

/// The time between two looks for approvals, in milliseconds: the person who approved waits.
const BETWEEN_APPROVALS: u64 = 5_000;

/// The numbers of the last reading of everything.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct SystemCounts {
    pub(in crate::service) classes: BTreeMap<&'static str, usize>,
    pub(in crate::service) held: usize,
}

/// The connection to a system, kept between its runs for its limits and its circuit.
#[derive(Default)]
pub(super) struct OpenSystem {
    pub(super) client: Option<BillingClient>,
    pub(super) cursor: Option<SyncCursor>,
    /// Accounts of deltas that are not synced yet: the cursor does not report them again.
    pub(super) unread: BTreeSet<AccountId>,
}

impl std::fmt::Debug for OneSystem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OneSystem")
    }
}

impl OneSystem {
    fn new(settings: BillingSystem, now: u64) -> Self {
        Self {
            settings,
            due: Mutex::default(),
            own_writes: Mutex::default(),
            known_since: now,
            counts: Mutex::default(),
            asked: Mutex::default(),
            searched: Mutex::default(),
            open: tokio::sync::Mutex::default(),
        }
    }

    pub(in crate::service) fn name(&self) -> &BillingName {
        &self.settings.name
    }

    pub(in crate::service) fn due(&self) -> MutexGuard<'_, Due> {
        locked(&self.due)
    }

    /// Locked after `due` where both are needed.
    pub(super) fn own_writes(&self) -> MutexGuard<'_, OwnWrites> {
        locked(&self.own_writes)
    }

    /// Returns when the last synced reading began, or when this instance began to sync the system.
    pub(in crate::service) fn last_reading(&self) -> u64 {
        self.due().last_reading().unwrap_or(self.known_since)
    }

    /// Returns whether approvals are to be looked for again, and notes that they are.
    pub(in crate::service) fn is_approval_due(&self, now: u64) -> bool {
        let mut asked = locked(&self.asked);
        let is_due = now.saturating_sub(asked.0) >= BETWEEN_APPROVALS;
        if is_due {
            asked.0 = now;
        }
        is_due
    }

    /// Returns whether an approval was not seen before, and notes it.
    pub(in crate::service) fn is_new_approval(&self, approval: Uuid) -> bool {
        locked(&self.asked).1.replace(approval) != Some(approval)
    }

    /// Returns whether accounts to write back are to be searched again, and notes that they are.
    pub(super) fn is_search_due(&self, now: u64, every: u64) -> bool {
        let mut searched = locked(&self.searched);
        let is_due = now.saturating_sub(searched.0) >= every;
        if is_due {
            searched.0 = now;
        }
        is_due
    }

    /// Returns the accounts whose turn it is.
    pub(super) fn next_in_turn(&self, all: &[AccountId], most: usize) -> Vec<AccountId> {
        let mut searched = locked(&self.searched);
        let next = in_turn(all, searched.1.as_ref(), most);
        searched.1 = next.last().cloned();
        next
    }

    pub(in crate::service) fn counts(&self) -> SystemCounts {
        locked(&self.counts).clone()
    }

    pub(super) fn set_counts(&self, counts: SystemCounts) {
        *locked(&self.counts) = counts;
    }

    /// Returns what to read now, if the run before has ended.
    pub(in crate::service) fn take_work(
        &self,
        changes: std::time::Duration,
        now: u64,
    ) -> Option<Work> {
        // A run in progress holds it.
        let _open = self.open.try_lock().ok()?;
        let intervals = DueIntervals {
            changes,
            everything: self.settings.full_every,
        };
        self.due().take(intervals, now)
    }
}

impl BillingState {
    /// Takes over the systems of a target; those with the same settings keep their connection.
    pub(in crate::service) fn set(
        &self,
        commit: &str,
        settings: impl FnOnce() -> BTreeMap<BillingName, BillingSystem>,
        now: u64,
    ) {
        let mut known_commit = locked(&self.commit);
        if known_commit.as_deref() == Some(commit) {
            return;
        }
        let is_own = locked(&self.made).iter().any(|made| made == commit);
        let is_other = known_commit.is_some() && !is_own;
        *known_commit = Some(commit.to_owned());
        let settings = settings();
        let mut systems = locked(&self.systems);
        systems.retain(|name, _| settings.contains_key(name));
        for (name, settings) in settings {
            match systems.get(&name) {
                Some(known) if known.settings == settings => {
                    if is_other {
                        known.due().note_commit();
                    }
                }
                _ => {
                    systems.insert(name, Arc::new(OneSystem::new(settings, now)));
                }
            }
        }
    }

    /// Remembers a commit that this instance made.
    pub(super) fn made(&self, commit: &str) {
        let mut made = locked(&self.made);
        made.push_back(commit.to_owned());
        if made.len() > MOST_MADE {
            made.pop_front();
        }
    }

    /// Returns the secret of webhooks, if it was read a short time ago.
    pub(in crate::service) fn hook_secret(&self, name: &SecretName, now: u64) -> Option<Secret> {
        let known = locked(&self.hook_secrets);
        let (secret, at) = known.get(name)?;
        (now.saturating_sub(*at) < SECRET_KEPT).then(|| secret.clone())
    }

    pub(in crate::service) fn keep_hook_secret(&self, name: SecretName, secret: Secret, now: u64) {
        locked(&self.hook_secrets).insert(name, (secret, now));
    }

    /// Remembers a run in progress.
    pub(in crate::service) fn started(&self, run: JoinHandle<()>) {
        let mut running = locked(&self.running);
        running.retain(|run| !run.is_finished());
        running.push(run);
    }

    /// Waits for the runs in progress, which end when the service stops.
    pub(in crate::service) async fn finish(&self) {
        let running = std::mem::take(&mut *locked(&self.running));
        for run in running {
            let _panicked = run.await;
        }
    }

    /// Forgets all systems: another instance syncs them.
    pub(in crate::service) fn clear(&self) {
        locked(&self.systems).clear();
        *locked(&self.commit) = None;
    }

    pub(in crate::service) fn all(&self) -> Vec<Arc<OneSystem>> {
        locked(&self.systems).values().cloned().collect()
    }

    pub(in crate::service) fn get(&self, name: &str) -> Option<Arc<OneSystem>> {
        locked(&self.systems).get(name).cloned()
    }

    /// Asks every system for its changes.
    pub(in crate::service) fn want_changes(&self) {
        for system in self.all() {
            system.due().want_changes();
        }
    }

    /// Takes a webhook of a system; returns false if this instance does not sync it.
    pub(in crate::service) fn add_hint(&self, name: &str, hint: BillingHint, now: u64) -> bool {
        let system = self.get(name);
        if let Some(system) = &system {
            system.due().add_hint(hint, now);
        }
        system.is_some()
    }
}

/// Returns the accounts that claimed endpoints in the last reading.
pub(in crate::service) fn claimants<'a>(
    claims: &'a BTreeMap<MacAddress, crate::sync::FewSet<crate::sync::EarlierClaim>>,
    heard: &'a BTreeSet<MacAddress>,
) -> impl Iterator<Item = &'a AccountId> {
    let claimed = heard.iter().filter_map(|mac| claims.get(mac)).flatten();
    claimed.map(|claim| &claim.account)
}

/// Locks a value that no panic can leave half changed.
fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
