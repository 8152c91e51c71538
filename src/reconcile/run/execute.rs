//! Executes a confirmed run: claims the plan, carries out every device, records the results.

use std::collections::BTreeSet;
use std::time::Duration;

use tracing::{Instrument as _, debug_span};
use uuid::Uuid;

use super::gates::taken_once;
use super::prepare::{audit_of, record_not_started};
use super::prepared::{ConfirmedRun, PreparedRun};
use super::{Reconciler, RunError, RunOptions, Verb, Watcher};
use crate::apply::{PreflightRefusal, RunNotice, RunReport, RunResult, SkipReason, Skipped};
use crate::history::{Audit, NewRun, RunId};
use crate::model::DeviceName;
use crate::plan::Planned;
use crate::reconcile::StoreWithJournal;
use crate::reconcile::apply::{AliveRun, DeviceTask, LeaseWait, RunContext, carry_out};
use crate::report::{not_carried_out, plan_value, preflight};

impl Reconciler {
    /// Executes a confirmed run and returns its result.
    ///
    /// Separate tasks do the work: a caller that stops waiting does not stop a device between a line and its reply, and
    /// the end is recorded all the same. To end a run early, use `RunOptions::stop`.
    pub async fn execute(
        &self,
        confirmed: ConfirmedRun,
        options: RunOptions,
        watcher: &Watcher,
    ) -> Result<RunReport, RunError> {
        let execution = Execution {
            store: self.store.clone().ok_or(RunError::StoreMissing)?,
            clock: self.clock,
            lease: self.lease,
            wait: self.wait,
            options,
            watcher: watcher.clone(),
        };
        let span = confirmed.run.identity.span.clone();
        let executing =
            tokio::spawn(async move { execution.run(confirmed).await }.instrument(span));
        let executed = executing.await;
        executed.map_err(|why| RunError::Panicked(why.to_string()))?
    }
}

/// One execution, with its share of the reconciler.
struct Execution {
    store: StoreWithJournal,
    clock: fn() -> u64,
    lease: Duration,
    wait: Duration,
    options: RunOptions,
    watcher: Watcher,
}

/// A recorded run, with the plan that it claimed.
struct StartedRun {
    plan: String,
    notice: Option<RunNotice>,
}

impl Execution {
    async fn run(self, confirmed: ConfirmedRun) -> Result<RunReport, RunError> {
        let ConfirmedRun { mut run, refusal } = confirmed;
        let mut report = first_report(&mut run);
        let tasks = std::mem::take(&mut run.tasks);
        if let Some(refusal) = refusal {
            return self.refused(&run, refusal, report).await;
        }
        if tasks.is_empty() {
            self.record_ownership(&run, None).await?;
            self.note_commit(&run, &report).await?;
            self.find_unsaved(&run, &mut report).await?;
            // Frozen, refused and silent devices leave no record: a run on a schedule would add one each time. A rollback
            // waits for a person, who must find it.
            let is_rolled_back =
                |one: &Skipped| matches!(one.reason, SkipReason::RolledBack { .. });
            let is_held_back = report.skipped.iter().any(is_rolled_back);
            if is_held_back && let Some(because) = not_carried_out(&report) {
                let (request, result) = (&run.request, report.result());
                report.recorded_as =
                    record_not_started(&self.store, request, &run.version, because, result).await?;
            }
            return Ok(report);
        }
        if let Some(refusal) = self.lacks_room(tasks.len()) {
            return self.refused(&run, refusal, report).await;
        }
        let id = run.identity.id;
        let begun = self.begin(id, &run).instrument(debug_span!("record-plan"));
        match begun.await? {
            Ok(begun) => {
                report.plan_id = Some(begun.plan);
                report.notices.extend(begun.notice);
            }
            Err(refusal) => return self.refused(&run, refusal, report).await,
        }
        report.run = Some(id.0);
        let _alive = AliveRun::start(&self.store, id, self.lease);
        self.carry_out(id, &run, tasks, &mut report).await;
        if let Err(error) = self.record_ownership(&run, Some(id)).await {
            let error = error.to_string();
            report
                .notices
                .push(RunNotice::OwnershipNotRecorded { error });
        }
        // If the store is unreachable, the outcomes of this run show the unsaved devices.
        let _unknown = self.find_unsaved(&run, &mut report).await;
        if let Some(what) = not_carried_out(&report).filter(|_| !self.store.is_away()) {
            let audit = Audit {
                run: Some(id),
                ..audit_of(&run.request, what)
            };
            // A notice already reports an unreachable store.
            let _recorded = self.store.store.audit(&audit).await;
        }
        let result = report.result();
        run.identity
            .span
            .record("result", result.word())
            .record("failed", result != RunResult::Done);
        tracing::info!(result = result.word(), "run ended");
        let ended = self.store.store.end_run(id, report.result()).await;
        if let Err(error) = ended {
            let error = error.to_string();
            report.notices.push(RunNotice::EndNotRecorded { error });
        }
        Ok(report)
    }

    /// Returns a refusal if the store or the journal lacks space for the records of this many devices.
    fn lacks_room(&self, devices: usize) -> Option<PreflightRefusal> {
        let store = self.store.store.check_room(devices).err();
        let journal = || self.store.journal.check_room(devices).err();
        let error = store.map(|error| error.to_string());
        let error = error.or_else(|| journal().map(|error| error.to_string()))?;
        Some(PreflightRefusal::StoreFull { error })
    }

    async fn refused(
        &self,
        run: &PreparedRun,
        refusal: PreflightRefusal,
        mut report: RunReport,
    ) -> Result<RunReport, RunError> {
        let because = match not_carried_out(&report) {
            Some(rest) => format!("{}; {rest}", preflight(&refusal).because),
            None => preflight(&refusal).because,
        };
        let result = RunResult::Refused;
        let recorded =
            record_not_started(&self.store, &run.request, &run.version, because, result).await;
        // A full store has no space for an audit entry either.
        report.recorded_as = match recorded {
            Err(_) if matches!(refusal, PreflightRefusal::StoreFull { .. }) => None,
            recorded => recorded?,
        };
        report.refusal = Some(refusal);
        Ok(report)
    }

    /// Records the start of the run and claims its plan, so that no other run can apply it.
    async fn begin(
        &self,
        id: RunId,
        run: &PreparedRun,
    ) -> Result<Result<StartedRun, PreflightRefusal>, RunError> {
        let not_storable = |why: &dyn ToString| RunError::PlanNotStorable(why.to_string());
        let file = run.request.plan_file.as_ref();
        let document = match file {
            Some(file) => serde_json::from_str(&file.text).map_err(|why| not_storable(&why))?,
            None => plan_value(&run.planned),
        };
        let plan = document.get("plan_id").and_then(serde_json::Value::as_str);
        let plan = plan.ok_or_else(|| not_storable(&"it has no `plan_id`"))?;
        let store = &self.store.store;
        if file.is_none() {
            store.keep_plan(plan, &document).await?;
        }
        let holder = self.store.registered().await?;
        let new = new_run(id, run, Some(plan.to_owned()), holder);
        let hours = self.options.plan_hours;
        let most = Duration::from_secs(3600 * u64::from(hours));
        let taken = store.take_plan(plan, &document, &new, most).await?;
        Ok(taken_once(&taken, hours).map(|age| {
            let is_unknown = age.is_none() && file.is_some();
            StartedRun {
                plan: plan.to_owned(),
                notice: is_unknown.then_some(RunNotice::PlanAgeUnknown),
            }
        }))
    }

    async fn carry_out(
        &self,
        id: RunId,
        run: &PreparedRun,
        tasks: Vec<DeviceTask>,
        report: &mut RunReport,
    ) {
        let context = RunContext {
            store: self.store.clone(),
            run: id,
            commit: run.version.commit.clone(),
            lease: self.lease,
            wait: LeaseWait {
                most: self.wait,
                stop: self.options.stop.clone(),
            },
            timeouts: self.options.timeouts,
            snmp_options: crate::observe::snmp_options(),
            clock: self.clock,
            stop: self.options.stop.clone(),
            finishes_devices: self.options.finishes_devices,
        };
        let done = carry_out(tasks, context, self.options.limits, &self.watcher).await;
        report.outcomes = done.outcomes;
        report.notices.extend(done.notices);
        report.skipped.extend(done.skipped);
        report
            .skipped
            .sort_by(|one: &Skipped, other| one.device.cmp(&other.device));
        report.is_interrupted = *self.options.stop.borrow();
        if !self.store.journal.is_empty()
            && let Err(error) = self.store.replay().await
        {
            let error = error.to_string();
            report.notices.push(RunNotice::StoreUnreachable { error });
        }
    }

    /// Records the ownership of objects that were found exactly as intended.
    async fn record_ownership(&self, run: &PreparedRun, id: Option<RunId>) -> Result<(), RunError> {
        for change in &run.ownership {
            let audit = Audit {
                who: run.request.who.clone(),
                verb: run.request.verb.word().to_owned(),
                subject: Some(change.device.to_string()),
                is_refused: false,
                what: "found as intended, so it is owned".to_owned(),
                objects: u64::try_from(change.added).ok(),
                run: id,
            };
            let store = &self.store.store;
            store
                .set_ledger(&change.device, &change.ledger, &audit)
                .await?;
        }
        Ok(())
    }

    /// Records, once, a commit without pending changes: the next applied commit must descend from it.
    async fn note_commit(&self, run: &PreparedRun, report: &RunReport) -> Result<(), RunError> {
        let is_whole = report.unobservable.is_empty()
            && report.skipped.is_empty()
            && report.lint_errors.is_empty();
        let store = &self.store.store;
        let counts = is_whole && run.request.verb != Verb::Save;
        let Some(commit) = run.version.commit.as_ref().filter(|_| counts) else {
            return Ok(());
        };
        store.note_commit(commit, &run.request.who).await?;
        Ok(())
    }

    /// Lists devices in scope that are unsaved in the store and missing from the report.
    async fn find_unsaved(
        &self,
        run: &PreparedRun,
        report: &mut RunReport,
    ) -> Result<(), RunError> {
        let mentioned: BTreeSet<&DeviceName> = report
            .outcomes
            .iter()
            .map(|outcome| &outcome.device)
            .chain(report.skipped.iter().map(|skipped| &skipped.device))
            .chain(report.unobservable.iter().map(|device| &device.device))
            .collect();
        let unsaved = self.store.store.unsaved().await?.into_iter();
        report.still_unsaved = unsaved
            .map(|one| one.device)
            .filter(|device| run.names.contains(device) && !mentioned.contains(device))
            .collect();
        Ok(())
    }
}

/// Returns the report of a run before any device was started.
pub(super) fn first_report(run: &mut PreparedRun) -> RunReport {
    RunReport {
        commit: run.version.commit.clone(),
        observed: run.looks.values().filter(|look| look.is_ok()).count(),
        skipped: std::mem::take(&mut run.skipped),
        unobservable: run.planned.unobservable.clone(),
        waiting: run.planned.stored.waiting.clone(),
        looks_new: looks_new(&run.planned),
        partly_unread: run.planned.partly_unread().cloned().collect(),
        lint_errors: run.planned.lint_errors.clone(),
        ..RunReport::default()
    }
}

/// Returns the devices whose plan calls them factory-new.
fn looks_new(planned: &Planned) -> BTreeSet<DeviceName> {
    let new = planned
        .devices
        .iter()
        .filter(|plan| plan.notes.iter().any(|note| note.rule == "factory-new"));
    new.map(|plan| plan.device.clone()).collect()
}

/// Returns the record of a starting run.
pub(super) fn new_run(id: RunId, run: &PreparedRun, plan: Option<String>, holder: Uuid) -> NewRun {
    NewRun {
        id,
        verb: run.request.verb.word().to_owned(),
        who: run.request.who.clone(),
        inventory: run.version.clone(),
        is_uncommitted: run.version.commit.is_none(),
        plan,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        holder: Some(holder),
    }
}
