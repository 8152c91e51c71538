//! The road that `apply` and `rollback` walk, up to the plan: remember, recover, read, look, plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::HowArguments;
use super::approved::as_approved;
use super::errands::{self, errands};
use super::file::PlanFile;
use super::permit::{self, No};
use super::table::Table;
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
use crate::history::{Audit, RunId};
use crate::inventory::Reading;
use crate::model::{DeviceName, DeviceState, Observation};
use crate::plan::Planned;
use crate::reconcile::{Archive, AutoApproval, Fleet, Looking, Looks, Wanted, plan_all, recover};
use crate::report::{Exit, counted};

/// How long a device is ours without a word to the store; long enough for most to be finished without it.
const LEASE: Duration = Duration::from_secs(120);

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
        let only_seen = without_the_untouched(&mut planned);
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
        for device in only_seen {
            self.terminal.say(&device);
        }
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

    pub(super) async fn refused(
        &self,
        start: &Start,
        no: &No,
        archive: &Archive,
    ) -> anyhow::Result<Exit> {
        self.audit(start, true, no.because.clone(), None, archive)
            .await?;
        self.terminal
            .complain(&format!("Nothing is applied: {}.", no.because));
        self.terminal.hint(&no.hint);
        Ok(Exit::Refused)
    }

    pub(super) async fn audit(
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

    pub(super) fn lease(&self) -> Duration {
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
}

/// Takes devices that are never written to out of what is to be applied, and returns what is to be said of them.
fn without_the_untouched(planned: &mut Planned) -> Vec<String> {
    let is_written =
        |state: DeviceState| matches!(state, DeviceState::Managed | DeviceState::Retired);
    let untouched = planned
        .devices
        .iter()
        .filter(|plan| !is_written(plan.state) && !plan.steps.is_empty());
    let said = untouched
        .map(|plan| {
            format!(
                "note: {} is `{}`, so it is not written to; {} would be pending there, and `gamctl plan` shows them\n",
                plan.device,
                plan.state,
                counted(plan.steps.len(), "step")
            )
        })
        .collect();
    planned.devices.retain(|plan| is_written(plan.state));
    said
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
