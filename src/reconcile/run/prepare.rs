//! Prepares a run: reads, checks the gates, recovers, looks, plans, and selects devices to start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tracing::{Instrument as _, debug_span};
use uuid::Uuid;

use super::identity::RunIdentity;
use super::inputs::{StoreState, aside};
use super::plan_devices::complete;
use super::plan_file::only_approved;
use super::prepared::{Known, Preparation, PreparedRun, Refused};
use super::{
    Baseline, LookSource, PlanInputs, Reconciler, RunError, RunEvent, RunNote, RunRequest, Verb,
    Watcher, gates, read_intended,
};
use crate::apply::{CommitNamedBy, PreflightRefusal, RunReport, RunResult};
use crate::history::{Audit, NewRun, RunId};
use crate::inventory::source::ancestry;
use crate::inventory::{Inventory, Reading, ScopeMatcher};
use crate::model::{DeviceName, DeviceState, FreezeScope};
use crate::plan::{InventoryVersion, Planned, Refusal};
use crate::reconcile::apply::release_dead;
use crate::reconcile::{
    Accesses, Fleet, LookResults, StoreWithJournal, as_if_applied, inventory_digest, look_at_all,
    recorded,
};
use crate::report::{preflight, scope_words};

/// The time between two questions whether other runs have ended.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);

impl Reconciler {
    /// Prepares a run; nothing is written to any device.
    ///
    /// First it looks at devices that a dead process left unfinished. A caller that stops waiting leaves no lease
    /// behind: only tasks that outlive it request leases.
    pub async fn prepare(
        &self,
        request: RunRequest,
        watcher: &Watcher,
    ) -> Result<Preparation, RunError> {
        let identity = RunIdentity::new(&request);
        let preparing = self.prepare_as(&identity, request, watcher);
        preparing.instrument(identity.span.clone()).await
    }

    async fn prepare_as(
        &self,
        identity: &RunIdentity,
        request: RunRequest,
        watcher: &Watcher,
    ) -> Result<Preparation, RunError> {
        let reading = self.read_aside(&request, watcher);
        let reading = reading.instrument(debug_span!("read-inventory")).await?;
        if reading.has_errors() {
            return Ok(Preparation::InventoryInvalid(Box::new(reading)));
        }
        if let Err(refusal) = self.check_inventory(&request, &reading).await? {
            let version = version_of(&reading.inventory);
            return self.refused(&request, &version, refusal, None).await;
        }
        self.wait_for_others(&request, &reading.inventory, watcher)
            .await?;
        let recovered = self.recover(&request, &reading, watcher).await?;
        if let Some(refusal) = self.check_plan_file(&request).await? {
            let version = version_of(&reading.inventory);
            return self.refused(&request, &version, refusal, None).await;
        }
        let stale = self.stale_checkout(&request, &reading).await?;
        let inputs = self.inputs(&request, reading);
        let inputs = inputs.instrument(debug_span!("read-inputs")).await?;
        let mut fleet = inputs.fleet();
        fleet.allows_management = request.allows.management;
        let (digest, folder) = (&fleet.version.digest, self.folder.display().to_string());
        if let Err(refusal) = gates::same_inventory(request.plan_file.as_ref(), digest, &folder) {
            return self.refused(&request, &fleet.version, refusal, None).await;
        }
        let names = names_in(&request, fleet.inventory)?;
        let accesses = self.accesses_for(&request, &fleet, &names, watcher);
        let looks = self.looks_for(&request, &fleet, &names, &accesses, watcher);
        let looks = looks.await;
        let planned = self.planned(&request, &inputs, &fleet, &names, &looks, watcher);
        let mut planned = planned.await?;
        planned.refusals.extend(stale);
        if let Some(file) = &request.plan_file
            && let Err(refusal) = only_approved(&mut planned, file, &fleet)
        {
            return self.refused(&request, &fleet.version, refusal, None).await;
        }
        complete(&mut planned, &request, &fleet, &looks, watcher);
        if request.verb.writes()
            && let Err(refusal) = gates::within_limits(&planned)
        {
            return self
                .refused(&request, &fleet.version, refusal, Some(planned))
                .await;
        }
        let known = self.known(&request).await?;
        let mut run = PreparedRun::of(identity.clone(), request, &fleet, planned, looks, names);
        run.decide(&fleet, accesses, &known, &recovered);
        Ok(Preparation::Ready(Box::new(run)))
    }

    pub(in crate::reconcile) async fn read_aside(
        &self,
        request: &RunRequest,
        watcher: &Watcher,
    ) -> Result<Reading, RunError> {
        let file = request.plan_file.as_ref();
        let of_plan = file.and_then(|file| file.planned.inventory.commit.clone());
        let revision = request.revision.clone().or(of_plan);
        let (folder, cache, watcher) = (self.folder.clone(), self.cache.clone(), watcher.clone());
        aside(move || {
            Ok(read_intended(
                &folder,
                revision.as_deref(),
                &cache,
                &watcher,
            )?)
        })
        .await
    }

    pub(in crate::reconcile) async fn inputs(
        &self,
        request: &RunRequest,
        reading: Reading,
    ) -> Result<PlanInputs, RunError> {
        let state = match &self.store {
            Some(store) if request.baseline == Baseline::Store => {
                Some(StoreState::of(&store.store).await?)
            }
            _ => None,
        };
        let (folder, cache) = (self.folder.clone(), self.cache.clone());
        let baseline = request.baseline.clone();
        aside(move || PlanInputs::of(&folder, reading, &baseline, state.as_ref(), &cache)).await
    }

    /// Runs the checks that need no device.
    async fn check_inventory(
        &self,
        request: &RunRequest,
        reading: &Reading,
    ) -> Result<Result<(), PreflightRefusal>, RunError> {
        if !request.verb.writes() {
            return Ok(Ok(()));
        }
        let store = self.store.as_ref().ok_or(RunError::StoreMissing)?;
        let commit = reading.inventory.commit().map(str::to_owned);
        if let Err(refusal) = gates::committed(commit.as_deref(), request.verb, request.allows) {
            return Ok(Err(refusal));
        }
        let applied = store.store.applied_commit().await?;
        let (Some(commit), Some(applied), Verb::Apply) = (commit, applied, request.verb) else {
            return Ok(Ok(()));
        };
        self.descends(request, &commit, applied.commit).await
    }

    /// Checks that a commit descends from the last applied one.
    async fn descends(
        &self,
        request: &RunRequest,
        commit: &str,
        applied: String,
    ) -> Result<Result<(), PreflightRefusal>, RunError> {
        let folder = self.folder.clone();
        let (now, before) = (commit.to_owned(), applied.clone());
        let ancestry = aside(move || Ok(ancestry(&folder, &now, &before)?)).await?;
        let related = gates::Related {
            commit,
            applied: &applied,
            ancestry,
            named_by: match (&request.revision, &request.plan_file) {
                (Some(_), _) => CommitNamedBy::Operator,
                (None, Some(_)) => CommitNamedBy::PlanFile,
                (None, None) => CommitNamedBy::Checkout,
            },
        };
        // A plan shows what an apply would do.
        Ok(gates::descends(related, Verb::Apply, request.allows))
    }

    /// Returns the refusal of a plan whose checkout is older than the last applied commit: it would be a rollback.
    async fn stale_checkout(
        &self,
        request: &RunRequest,
        reading: &Reading,
    ) -> Result<Option<Refusal>, RunError> {
        let is_checked = request.verb == Verb::Plan
            && request.baseline == Baseline::Store
            && request.revision.is_none();
        let Some(store) = self.store.as_ref().filter(|_| is_checked) else {
            return Ok(None);
        };
        let applied = store.store.applied_commit().await?;
        let (Some(commit), Some(applied)) = (reading.inventory.commit(), applied) else {
            return Ok(None);
        };
        let checked = self.descends(request, commit, applied.commit).await?;
        let is_older =
            |refusal: &PreflightRefusal| matches!(refusal, PreflightRefusal::OlderCommit { .. });
        Ok(checked.err().filter(is_older).map(|refusal| {
            let text = crate::report::preflight(&refusal);
            Refusal {
                rule: "older-commit".to_owned(),
                message: text.because,
                hint: text.hint,
            }
        }))
    }

    /// Returns a refusal if the plan file was applied already: its plan must not be shown as pending.
    async fn check_plan_file(
        &self,
        request: &RunRequest,
    ) -> Result<Option<PreflightRefusal>, RunError> {
        let (Some(file), Some(store)) = (&request.plan_file, &self.store) else {
            return Ok(None);
        };
        let applied = store.store.plan_applied(&file.id).await?;
        Ok(
            applied.map(|(run, at)| PreflightRefusal::PlanAlreadyApplied {
                run: run.0.to_string(),
                at,
            }),
        )
    }

    /// Records a refusal and returns it.
    async fn refused(
        &self,
        request: &RunRequest,
        inventory: &InventoryVersion,
        refusal: PreflightRefusal,
        planned: Option<Planned>,
    ) -> Result<Preparation, RunError> {
        let mut recorded_as = None;
        if let Some(store) = &self.store {
            let (because, result) = (preflight(&refusal).because, RunResult::Refused);
            recorded_as = record_not_started(store, request, inventory, because, result).await?;
        }
        let report = RunReport {
            recorded_as,
            refusal: Some(refusal),
            unobservable: planned
                .as_ref()
                .map(|planned| planned.unobservable.clone())
                .unwrap_or_default(),
            ..RunReport::default()
        };
        Ok(Preparation::Refused(Box::new(Refused { report, planned })))
    }

    /// Waits for some time until no other run holds a device of the request: a plan that is made during another run is
    /// outdated at its end.
    async fn wait_for_others(
        &self,
        request: &RunRequest,
        inventory: &Inventory,
        watcher: &Watcher,
    ) -> Result<(), RunError> {
        let waits = request.verb.writes() && !self.wait.is_zero();
        let Some(store) = self.store.as_ref().filter(|_| waits) else {
            return Ok(());
        };
        let names: BTreeSet<DeviceName> = names_in(request, inventory)?.into_iter().collect();
        let until = Instant::now() + self.wait;
        let mut reported = BTreeSet::new();
        loop {
            release_dead(store).await?;
            let mut leases = store.store.leases().await?;
            leases.retain(|device, _| names.contains(device));
            if leases.is_empty() || Instant::now() >= until {
                return Ok(());
            }
            for (device, lease) in leases {
                if reported.insert(lease.holder) {
                    watcher.note(RunNote::WaitsForRun {
                        device,
                        until: lease.until,
                        by: lease.by,
                    });
                }
            }
            tokio::time::sleep(BETWEEN_QUESTIONS).await;
        }
    }

    fn accesses_for(
        &self,
        request: &RunRequest,
        fleet: &Fleet<'_>,
        names: &[DeviceName],
        watcher: &Watcher,
    ) -> Accesses {
        match request.looks {
            LookSource::Devices => self.accesses(fleet.inventory, names, watcher),
            // No device is contacted, so no secret is opened.
            LookSource::Recorded(_) | LookSource::Baseline => Accesses::new(),
        }
    }

    async fn looks_for(
        &self,
        request: &RunRequest,
        fleet: &Fleet<'_>,
        names: &[DeviceName],
        accesses: &Accesses,
        watcher: &Watcher,
    ) -> LookResults {
        match (&request.looks, &fleet.applied) {
            (LookSource::Baseline, Some(before)) => as_if_applied(fleet, before, names),
            (LookSource::Recorded(looks), _) => recorded(names, looks),
            (LookSource::Devices | LookSource::Baseline, _) => {
                self.look_at(accesses.clone(), watcher).await
            }
        }
    }

    /// Looks at devices, many at once, and stores the looks if there is a store.
    pub async fn look_at(&self, accesses: Accesses, watcher: &Watcher) -> LookResults {
        watcher.see(&RunEvent::Looking(accesses.keys().cloned().collect()));
        let accesses = self.hurried(accesses).await;
        let looks = look_at_all(accesses, self.looks(), |device| {
            watcher.see(&RunEvent::Looked(device.clone()));
        })
        .await;
        self.keep(&looks, watcher).await;
        looks
    }

    /// Returns the stored facts that decide which devices are started.
    async fn known(&self, request: &RunRequest) -> Result<Known, RunError> {
        let Some(store) = self.store.as_ref().filter(|_| request.verb.writes()) else {
            return Ok(Known::default());
        };
        let unsaved = store.store.unsaved().await?.into_iter();
        let unsaved: BTreeSet<DeviceName> = unsaved.map(|one| one.device).collect();
        let mut earlier_looks = BTreeMap::new();
        let plans = request.plan_file.iter();
        for plan in plans.flat_map(|file| &file.planned.devices) {
            let Some(observed) = &plan.observed else {
                continue;
            };
            let look = store.store.look_of(&plan.device, &observed.fingerprint);
            if let Some(look) = look.await? {
                earlier_looks.insert(plan.device.clone(), look);
            }
        }
        Ok(Known {
            freezes: store.store.freezes().await?,
            unsaved,
            earlier_looks,
        })
    }
}

/// Returns the version of an inventory, for the record.
fn version_of(inventory: &Inventory) -> InventoryVersion {
    InventoryVersion {
        commit: inventory.commit().map(str::to_owned),
        tree: None,
        digest: inventory_digest(inventory),
    }
}

/// Records a run that started no device, as refused or with changes that it could not carry out: in the history, and the
/// reason in the audit log.
pub(super) async fn record_not_started(
    store: &StoreWithJournal,
    request: &RunRequest,
    inventory: &InventoryVersion,
    because: String,
    result: RunResult,
) -> Result<Option<Uuid>, RunError> {
    let id = RunId(Uuid::now_v7());
    let is_run = request.verb != Verb::Plan;
    let audit = Audit {
        is_refused: result == RunResult::Refused,
        run: is_run.then_some(id),
        ..audit_of(request, because)
    };
    if is_run {
        let run = NewRun {
            id,
            verb: request.verb.word().to_owned(),
            who: request.who.clone(),
            inventory: inventory.clone(),
            is_uncommitted: inventory.commit.is_none(),
            plan: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            holder: Some(store.registered().await?),
        };
        store.store.begin_run(&run).await?;
    }
    store.store.audit(&audit).await?;
    if is_run {
        store.store.end_run(id, result).await?;
    }
    Ok(is_run.then_some(id.0))
}

/// Returns the audit entry about a request as a whole.
pub(super) fn audit_of(request: &RunRequest, what: String) -> Audit {
    let scope = match request.scope == FreezeScope::default() {
        true => "all devices".to_owned(),
        false => scope_words(&request.scope).join(" "),
    };
    let plan = request.plan_file.as_ref().map(|file| file.id.clone());
    Audit {
        who: request.who.clone(),
        verb: request.verb.word().to_owned(),
        subject: Some(plan.unwrap_or(scope)),
        is_refused: false,
        what,
        objects: None,
        run: None,
    }
}

/// Returns the names of the installed devices in a request's scope.
fn names_in(request: &RunRequest, inventory: &Inventory) -> Result<Vec<DeviceName>, RunError> {
    let scope = ScopeMatcher::of(&request.scope)?;
    let devices = || inventory.devices();
    let in_scope = || devices().filter(|device| scope.has_device(device));
    if devices().next().is_some() && in_scope().next().is_none() {
        return Err(RunError::NoDeviceInScope);
    }
    let file = request.plan_file.as_ref();
    let planned: Option<BTreeSet<&DeviceName>> = file.map(|file| file.devices().collect());
    let installed =
        in_scope().filter(|device| device.text.state != Some(DeviceState::Preprovision));
    let mut names: Vec<DeviceName> = installed.map(|device| device.id.clone()).collect();
    names.retain(|name| {
        planned
            .as_ref()
            .is_none_or(|planned| planned.contains(name))
            && request.only.as_ref().is_none_or(|only| only.contains(name))
    });
    names.sort();
    Ok(names)
}
