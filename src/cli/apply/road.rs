//! The road that `apply` and `rollback` walk: remember, recover, read, look, plan, show, ask, carry out, tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::sync::watch;
use uuid::Uuid;

use super::approved::as_approved;
use super::errands::{self, Errands, errands};
use super::file::PlanFile;
use super::live::Live;
use super::permit::{self, No, short};
use super::{Format, HowArguments};
use crate::apply::Pace;
use crate::cli::clock;
use crate::cli::looking::{look_through, openings};
use crate::cli::notebook::remembered;
use crate::cli::plan::in_scope;
use crate::cli::readings::Readings;
use crate::cli::scope::Scope;
use crate::cli::source::refuse;
use crate::cli::store::place;
use crate::cli::terminal::Terminal;
use crate::config::Settings;
use crate::history::{Audit, NewRun, RunId, Taken};
use crate::inventory::Reading;
use crate::model::{DeviceName, DeviceState, Observation};
use crate::plan::Planned;
use crate::reconcile::{
    Archive, AutoApproval, Bounds, Fleet, Looking, Looks, Manner, Sightings, Wanted, carry_out,
    needs_no_person, plan_all, recover, verified,
};
use crate::report::{ApplyReport, Exit, NotBegun, PlanReport, Why, moment, write_plan};

/// How long a device is ours without a word to the store; long enough for most to be finished without it.
const LEASE: Duration = Duration::from_secs(120);
/// How long a plan may be applied after it was made, where the settings do not say.
const PLAN_HOURS: u16 = 24;

/// Where a run begins.
pub(in crate::cli) struct Start {
    pub folder: PathBuf,
    pub revision: Option<String>,
    pub file: Option<PlanFile>,
    /// `apply` or `rollback`.
    pub verb: &'static str,
    pub scope: Scope,
    /// Only these, whatever the scope; left out: all in scope.
    pub devices: Option<BTreeSet<DeviceName>>,
}

/// Who walks it, and how.
pub(in crate::cli) struct Road<'a> {
    pub how: &'a HowArguments,
    pub settings: &'a Settings,
    pub terminal: &'a Terminal,
}

impl Road<'_> {
    pub(in crate::cli) fn take(&self, start: Start) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("failed to start the threads that work on devices")?;
        runtime.block_on(self.walk(start))
    }

    async fn walk(&self, start: Start) -> anyhow::Result<Exit> {
        let place = place(self.settings, &start.folder)?;
        let archive = place.archive(&self.settings.who, self.terminal).await?;
        let exit = self.with_memory(start, &archive).await;
        archive.store.close().await;
        exit
    }

    async fn with_memory(&self, start: Start, archive: &Archive) -> anyhow::Result<Exit> {
        let planned_commit = start
            .file
            .as_ref()
            .and_then(|file| file.planned.inventory.commit.clone());
        let revision = start.revision.clone().or(planned_commit);
        let reading = Readings::intended(&start.folder, revision.as_deref(), self.terminal)?;
        if reading.has_errors() {
            let why = "Nothing is applied: with errors there is no telling what is intended.";
            return refuse(reading, why, self.terminal);
        }
        if let Some(no) = self.refusal(&start, &reading, archive).await? {
            return self.refused(&start, &no, archive).await;
        }
        self.recover(&start, &reading, archive).await?;
        let known = remembered(&archive.store).await?;
        let readings = Readings::of(start.folder.clone(), reading, None, Some(known))?;
        let mut fleet = readings.fleet();
        fleet.allows_management = self.how.allow_management;
        if let Some(file) = &start.file {
            ensure!(
                file.planned.inventory.digest == fleet.version.digest,
                "the plan was made from another inventory than the one in {}; make it again with `gamctl plan --out FILE`",
                start.folder.display()
            );
        }
        let names = self.names(&start, &fleet)?;
        let openings = openings(fleet.inventory, &names, self.settings, self.terminal);
        let sightings = look_through(openings.clone(), self.terminal).await;
        let mut planned = plan_all(&fleet, &sightings);
        if let Some(file) = &start.file {
            as_approved(&mut planned, file, &fleet);
        } else {
            readings.origins(&mut planned, &fleet, self.terminal);
        }
        let freezes = archive.store.freezes().await?;
        let unsaved = archive.store.unsaved().await?;
        let unsaved = unsaved.into_iter().map(|device| device.device).collect();
        let then = then(&start, archive).await?;
        let approval = match start.file {
            // Somebody looked at it before.
            Some(_) => AutoApproval::Everything,
            None => self.how.approval(),
        };
        let errands = errands(errands::From {
            fleet: &fleet,
            planned: &planned,
            sightings: &sightings,
            then,
            openings,
            freezes: &freezes,
            unsaved: &unsaved,
            approval,
        });
        let table = Table {
            start: &start,
            fleet: &fleet,
            planned: &planned,
            sightings: &sightings,
            archive,
        };
        self.decide(&table, errands).await
    }

    /// Returns why nothing at all is applied, where that can be told before any device is asked.
    async fn refusal(
        &self,
        start: &Start,
        reading: &Reading,
        archive: &Archive,
    ) -> anyhow::Result<Option<No>> {
        let inventory = &reading.inventory;
        if let Some(no) = permit::by_commit(inventory, self.how.allow_uncommitted) {
            return Ok(Some(no));
        }
        // A rollback goes back on purpose.
        if start.verb == "rollback" {
            return Ok(None);
        }
        let applied = archive.store.applied_commit().await?;
        permit::by_history(
            &start.folder,
            inventory.commit(),
            applied.as_ref(),
            self.how.accept_history,
        )
    }

    async fn refused(&self, start: &Start, no: &No, archive: &Archive) -> anyhow::Result<Exit> {
        self.audit(start, true, no.because.clone(), None, archive)
            .await?;
        self.terminal
            .complain(&format!("Nothing is applied: {}.", no.because));
        self.terminal.hint(&no.hint);
        Ok(Exit::Refused)
    }

    async fn audit(
        &self,
        start: &Start,
        is_refused: bool,
        what: String,
        run: Option<RunId>,
        archive: &Archive,
    ) -> anyhow::Result<()> {
        let audit = Audit {
            who: self.settings.who.clone(),
            verb: start.verb.to_owned(),
            subject: start.file.as_ref().map(|file| file.id.clone()),
            is_refused,
            what,
            run,
        };
        Ok(archive.store.audit(&audit).await?)
    }

    /// Looks what an earlier process left behind.
    async fn recover(
        &self,
        start: &Start,
        reading: &Reading,
        archive: &Archive,
    ) -> anyhow::Result<()> {
        let left = archive.store.unfinished().await?;
        if left.is_empty() {
            return Ok(());
        }
        let known = remembered(&archive.store).await?;
        let again = Readings::intended(&start.folder, reading.inventory.commit(), self.terminal)?;
        let readings = Readings::of(start.folder.clone(), again, None, Some(known))?;
        let fleet = readings.fleet();
        let names: Vec<DeviceName> = left.iter().map(|left| left.device.clone()).collect();
        let openings = openings(fleet.inventory, &names, self.settings, self.terminal);
        let wanted = fleet.devices.iter().filter_map(|device| {
            let wanted = Wanted::of(&fleet, device)?;
            names
                .contains(&device.name)
                .then(|| (device.name.clone(), wanted.into_owned(&fleet)))
        });
        let wanted: BTreeMap<_, _> = wanted.collect();
        let looking = Looking {
            looks: Looks::new(clock::seconds),
            lease: self.lease(),
        };
        for found in recover(left, openings, wanted, archive, looking).await {
            self.terminal.say(&format!(
                "{}: an earlier run ended while it wrote there; {}.",
                found.device,
                found.found.sentence()
            ));
        }
        Ok(())
    }

    fn lease(&self) -> Duration {
        let seconds = self.settings.apply.lease_seconds;
        seconds.map_or(LEASE, |seconds| Duration::from_secs(seconds.get().into()))
    }

    /// Returns the devices that this is about.
    fn names(&self, start: &Start, fleet: &Fleet<'_>) -> anyhow::Result<Vec<DeviceName>> {
        let mut names = in_scope(fleet.inventory, &start.scope)?;
        if let Some(file) = &start.file {
            let planned: BTreeSet<&DeviceName> = file
                .planned
                .devices
                .iter()
                .filter(|plan| !plan.steps.is_empty())
                .map(|plan| &plan.device)
                .collect();
            names.retain(|name| planned.contains(name));
        }
        if let Some(devices) = &start.devices {
            names.retain(|name| devices.contains(name));
        }
        Ok(names)
    }

    /// Shows the plan, asks where somebody is to be asked, and carries it out.
    async fn decide(&self, table: &Table<'_>, mut all: Errands) -> anyhow::Result<Exit> {
        let planned = table.planned;
        let plan = PlanReport {
            planned,
            is_detailed: self.how.detailed,
            is_expanded: false,
        };
        let shows_plan = table.start.file.is_none() && self.how.format == Format::Text;
        if shows_plan {
            self.terminal
                .result(&plan.text(self.terminal.paint, self.terminal.width))?;
        }
        if !planned.complaints.is_empty() || !planned.refusals.is_empty() {
            if !shows_plan {
                self.terminal
                    .complain(&plan.text(self.terminal.paint, self.terminal.width));
            }
            let mut reasons = planned.refusals.iter().map(|refusal| &refusal.message);
            let what = reasons
                .next()
                .cloned()
                .unwrap_or_else(|| "the plan has faults of gamctl".to_owned());
            self.audit(table.start, true, what, None, table.archive)
                .await?;
            self.terminal.complain("Nothing is applied.");
            return Ok(Exit::Refused);
        }
        if all.errands.is_empty() && all.left.is_empty() {
            self.take_over(table).await?;
            return Ok(self.nothing_to_do(table, &plan));
        }
        if all.is_to_be_asked && !all.errands.is_empty() && !self.is_agreed(&mut all) {
            self.audit(
                table.start,
                true,
                "nobody said yes".to_owned(),
                None,
                table.archive,
            )
            .await?;
            self.terminal
                .complain("Nothing is applied: nobody said yes.");
            self.terminal
                .hint("`--yes` asks nobody, `--auto-approve harmless` only about what somebody would notice");
            return Ok(Exit::Refused);
        }
        self.carry_out(table, all).await
    }

    /// Returns whether what is left of the errands may be done.
    fn is_agreed(&self, all: &mut Errands) -> bool {
        let devices = crate::report::counted(all.errands.len(), "device");
        if self.terminal.confirms(&format!("Apply this to {devices}?")) {
            return true;
        }
        let (kept, asked): (Vec<_>, Vec<_>) = std::mem::take(&mut all.errands)
            .into_iter()
            .partition(|errand| needs_no_person(&errand.plan, self.how.approval()));
        all.errands = kept;
        all.left.extend(asked.into_iter().map(|errand| NotBegun {
            device: errand.plan.device,
            why: Why::Refused,
            because: "somebody would notice, and nobody said yes; `--yes` asks nobody".to_owned(),
        }));
        !all.errands.is_empty()
    }

    fn nothing_to_do(&self, table: &Table<'_>, plan: &PlanReport<'_>) -> Exit {
        if self.how.format == Format::Json || table.start.file.is_some() {
            self.terminal.say("Nothing to do.");
        }
        match plan.exit() {
            // Only what cannot be planned differs.
            Exit::ChangesPending => Exit::Done,
            exit => exit,
        }
    }

    async fn carry_out(&self, table: &Table<'_>, all: Errands) -> anyhow::Result<Exit> {
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
        self.tell(&report)?;
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
        let new = NewRun {
            id: run,
            verb: table.start.verb.to_owned(),
            who: self.settings.who.clone(),
            inventory: table.fleet.version.clone(),
            is_uncommitted: table.fleet.version.commit.is_none(),
            plan: Some(id.clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
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
        let ended = archive.store.end_run(run, report.exit().code()).await;
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
    async fn take_over(&self, table: &Table<'_>) -> anyhow::Result<()> {
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
                let new = crate::history::NewLedger {
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

    fn tell(&self, report: &ApplyReport) -> anyhow::Result<()> {
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
                self.terminal.result(&format!("\n{text}{end}"))
            }
            Format::Json => self.terminal.result(&crate::report::json_document(report)),
        }
    }
}

/// What lies on the table once everything was read and looked at.
struct Table<'a> {
    start: &'a Start,
    fleet: &'a Fleet<'a>,
    planned: &'a Planned,
    sightings: &'a Sightings,
    archive: &'a Archive,
}

/// Returns the looks that a plan from a file was made from, as far as the store has them.
async fn then(
    start: &Start,
    archive: &Archive,
) -> anyhow::Result<BTreeMap<DeviceName, Observation>> {
    let mut then = BTreeMap::new();
    let plans = start.file.iter().flat_map(|file| &file.planned.devices);
    for plan in plans {
        let Some(observed) = &plan.observed else {
            continue;
        };
        let look = archive.store.look_of(&plan.device, &observed.fingerprint);
        if let Some(look) = look.await? {
            then.insert(plan.device.clone(), look);
        }
    }
    Ok(then)
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
