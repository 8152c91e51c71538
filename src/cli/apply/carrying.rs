//! Carries out what was decided: a run with its plan, the devices, and how it ended.

use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use super::Format;
use super::errands::Errands;
use super::live::Live;
use super::permit::{No, short};
use super::road::Road;
use super::table::Table;
use crate::apply::{Pace, RunResult};
use crate::cli::clock;
use crate::history::{Audit, NewLedger, NewRun, RunId, Taken};
use crate::model::DeviceState;
use crate::reconcile::{Bounds, Manner, Wanted, carry_out, verified};
use crate::report::{ApplyReport, Exit, moment, write_plan};

/// How long a plan may be applied after it was made, where the settings do not say.
const PLAN_HOURS: u16 = 24;

impl Road<'_> {
    /// Carries out errands, and tells what came of them.
    pub(super) async fn carry_out(&self, table: &Table<'_>, all: Errands) -> anyhow::Result<Exit> {
        let run = RunId(Uuid::now_v7());
        let remarks = match self.begin(run, table).await? {
            Ok(remarks) => remarks,
            Err(no) => return self.refused(table.start, &no, table.archive).await,
        };
        let (stopping, stop) = watch::channel(false);
        let signals = tokio::spawn(signals(stopping));
        let manner = Manner {
            run,
            commit: table.fleet.version.commit.clone(),
            bounds: self.bounds(),
            lease: self.lease(),
            pace: Pace::default(),
            tuning: crate::observe::tuning(),
            clock: clock::seconds,
            stop: stop.clone(),
        };
        let mut live = Live::new(all.errands.len(), self.terminal);
        let (outcomes, mut left) =
            carry_out(all.errands, table.archive, &manner, |event| live.see(event)).await;
        live.end();
        signals.abort();
        left.extend(all.left);
        left.sort_by(|one, other| one.device.cmp(&other.device));
        let mut report = ApplyReport {
            run: run.0.to_string(),
            commit: table.fleet.version.commit.clone(),
            plan_id: None,
            outcomes,
            not_begun: left,
            unobservable: table.planned.unobservable.clone(),
            is_interrupted: *stop.borrow(),
            remarks,
        };
        self.end(run, table, &mut report).await;
        self.tell(table, &report)?;
        Ok(report.exit())
    }

    /// Writes down that the run begins, with its plan, which nobody else gets.
    async fn begin(
        &self,
        run: RunId,
        table: &Table<'_>,
    ) -> anyhow::Result<Result<Vec<String>, No>> {
        let (id, text) = match &table.start.file {
            Some(file) => (file.id.clone(), file.text.clone()),
            None => {
                let text = write_plan(table.planned);
                let (id, _) = crate::report::read_plan(text.as_bytes())?;
                (id, text)
            }
        };
        let document: serde_json::Value = serde_json::from_str(&text)?;
        let store = &table.archive.store;
        if table.start.file.is_none() {
            store.keep_plan(&id, &document).await?;
        }
        let new = self.new_run(run, table, Some(id.clone()));
        let hours = self.settings.apply.plan_expires_hours;
        let hours = hours.map_or(PLAN_HOURS, |hours| hours.get());
        let most = Duration::from_secs(3600 * u64::from(hours));
        let because = match store.take_plan(&id, &document, &new, most).await? {
            Taken::Now { age } => {
                let is_unknown = age.is_none() && table.start.file.is_some();
                let remark =
                    "This store did not see the plan being made, so nobody knows how old it is.";
                return Ok(Ok(is_unknown
                    .then(|| remark.to_owned())
                    .into_iter()
                    .collect()));
            }
            Taken::AlreadyApplied { run, at } => format!(
                "this plan was applied already, on {} by run {}",
                moment(at),
                run.0
            ),
            Taken::Expired { made, .. } => format!(
                "this plan was made on {}, more than {hours} hours ago",
                moment(made)
            ),
        };
        Ok(Err(No {
            because,
            hint: "make a new one with `gamctl plan --out FILE`".to_owned(),
        }))
    }

    fn bounds(&self) -> Bounds {
        let (how, settings, default) = (self.how, &self.settings.apply, Bounds::default());
        let number =
            |given: Option<std::num::NonZeroU16>, set: Option<std::num::NonZeroU16>, or| {
                given.or(set).map_or(or, |number| usize::from(number.get()))
            };
        Bounds {
            at_once: number(how.at_once, settings.at_once, default.at_once),
            at_once_per_site: number(
                how.at_once_per_site,
                settings.at_once_per_site,
                default.at_once_per_site,
            ),
            failure_budget: number(
                how.failure_budget,
                settings.failure_budget,
                default.failure_budget,
            ),
        }
    }

    /// Writes down how the run ended, as far as there is a store to write to.
    async fn end(&self, run: RunId, table: &Table<'_>, report: &mut ApplyReport) {
        let archive = table.archive;
        if archive.is_away()
            && let Err(error) = archive.replay().await
        {
            report.remarks.push(format!(
                "The store went away; what happened since is in the journal and is replayed by the next gamctl: {error}"
            ));
        }
        let ended = archive.store.end_run(run, report.exit().into()).await;
        if let Err(error) = ended {
            report.remarks.push(format!(
                "The end of the run could not be written down: {error}"
            ));
        }
        if let Err(error) = self.take_over(table).await {
            report.remarks.push(format!(
                "What is ours on devices that needed no change could not be written down: {error:#}"
            ));
        }
    }

    /// Writes down as ours what a device has exactly as the inventory says, where nobody wrote that down yet.
    pub(super) async fn take_over(&self, table: &Table<'_>) -> anyhow::Result<()> {
        for plan in &table.planned.devices {
            if !plan.steps.is_empty() || plan.is_refused() || plan.state != DeviceState::Managed {
                continue;
            }
            let sighting = table.sightings.get(&plan.device);
            let Some(Ok(sighting)) = sighting else {
                continue;
            };
            let device = table.fleet.devices.iter();
            let device = device.filter(|device| device.name == plan.device);
            for wanted in device.filter_map(|device| Wanted::of(table.fleet, device)) {
                let wanted = wanted.into_owned(table.fleet);
                let ledger = verified(&wanted, sighting.observation());
                if wanted.ledger.as_ref() == Some(&ledger) {
                    continue;
                }
                let audit = Audit {
                    who: self.settings.who.clone(),
                    verb: table.start.verb.to_owned(),
                    subject: Some(plan.device.to_string()),
                    is_refused: false,
                    what: "found as the inventory says, so it is ours".to_owned(),
                    run: None,
                };
                let new = NewLedger {
                    ledger,
                    commit: table.fleet.version.commit.clone(),
                };
                table
                    .archive
                    .store
                    .set_ledger(&plan.device, &new, &audit)
                    .await?;
            }
        }
        Ok(())
    }

    /// Writes down that a commit needs nothing to be done, once: what is applied next must come after it.
    pub(super) async fn note_commit(&self, table: &Table<'_>) -> anyhow::Result<()> {
        let store = &table.archive.store;
        let commit = table.fleet.version.commit.as_ref();
        let applied = store.applied_commit().await?;
        let is_known = applied.is_some_and(|applied| Some(&applied.commit) == commit);
        if commit.is_none() || is_known || !table.planned.unobservable.is_empty() {
            return Ok(());
        }
        let run = RunId(Uuid::now_v7());
        store.begin_run(&self.new_run(run, table, None)).await?;
        store.end_run(run, RunResult::Done).await?;
        Ok(())
    }

    fn new_run(&self, run: RunId, table: &Table<'_>, plan: Option<String>) -> NewRun {
        NewRun {
            id: run,
            verb: table.start.verb.to_owned(),
            who: self.settings.who.clone(),
            inventory: table.fleet.version.clone(),
            is_uncommitted: table.fleet.version.commit.is_none(),
            plan,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn tell(&self, table: &Table<'_>, report: &ApplyReport) -> anyhow::Result<()> {
        self.terminal.json(report)?;
        match self.how.format {
            Format::Text => {
                let text = report.text(self.terminal.paint);
                let commit = report.commit.as_deref().map(short);
                let of = commit.map_or_else(String::new, |commit| format!(" of commit {commit}"));
                let end = format!(
                    "\nRun {}{of}: `gamctl history --run {}` tells it again.\n",
                    report.run, report.run
                );
                // Behind the plan, where that was shown.
                let gap = if table.start.file.is_some() { "" } else { "\n" };
                self.terminal.result(&format!("{gap}{text}{end}"))
            }
            Format::Json => self.terminal.result(&crate::report::json_document(report)),
        }
    }
}

/// Says to stop when the program is told to; the work in hand is finished.
async fn signals(stopping: watch::Sender<bool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        // Whoever asks twice has to wait as well: a line that was sent has to be answered.
        let _heard = stopping.send(true);
    }
}
