//! `gamctl observe`: looks at devices and shows their configuration and state.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::{Invocation, StoreUse};
use super::live_table;
use super::looking::{all_from_files, named};
use super::poll::{self, PollPart};
use super::probe;
use super::scope::ScopeArguments;
use super::source::{FolderArguments, OfflineArguments, refuse};
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use crate::inventory::Inventory;
use crate::model::{NotObserved, Observation, Part, PortNumber};
use crate::observe::record;
use crate::plan::Unobservable;
use crate::reconcile::run::Watcher;
use crate::reconcile::{FingerprintedObservation, LookResults, recorded};
use crate::report::{DocumentKind, Exit, PublishedLook, observed_device, observed_fleet, visible};

/// Look at devices and show their configuration and state; read-only
///
/// One device is shown in full, several as a table. Exits with 6 where a device could not be observed,
/// and with 1 if none could.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl observe                                 every device of the inventory
  gamctl observe maple-court-a                   one device in full
  gamctl observe --probe                         one request per device: who it is, alarms, LED, CPU
  gamctl observe --poll maple-court-a            states, rates, errors and alarms, no configuration
  gamctl observe --watch 5s maple-court-a --port 7   its lines, live
  gamctl observe --site maple-court --out looks/     a file for each, for `plan --offline`")]
pub(super) struct ObserveArguments {
    /// Look at these devices [default: all in scope]
    devices: Vec<String>,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Ask each device once: identity, uptime, alarms, LED, CPU
    ///
    /// One request and one answer per device, no configuration. For frequent checks of many devices.
    #[arg(long, conflicts_with_all = ["out", "offline", "poll"])]
    probe: bool,

    /// Show how devices and their lines are doing, without configuration
    ///
    /// States, rates, counters, errors, sensors and alarms, in far fewer requests than a look. Each part reads the ones
    /// before it as well. Without a part: `quarter-hour`.
    #[arg(
        long,
        value_name = "PART",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "quarter-hour",
        conflicts_with_all = ["out", "offline"]
    )]
    poll: Option<PollPart>,

    /// Poll one device or port at this interval and show rates and errors; q quits
    ///
    /// Such as `5s` or `1m`, at least `2s`. On a terminal the table is drawn over itself; elsewhere one is printed for each
    /// interval, until the reader closes the pipe. A device that does not answer is shown with the time since when.
    #[arg(
        long,
        value_name = "INTERVAL",
        value_parser = live_table::interval,
        conflicts_with_all = ["out", "offline", "probe", "poll", "format"]
    )]
    watch: Option<Duration>,

    /// With `--watch`: show the lines of this port
    #[arg(long, value_name = "PORT", requires = "watch", value_parser = port)]
    port: Option<PortNumber>,

    #[command(flatten)]
    offline: OfflineArguments,

    /// Also write the looks: one to a file, several to a folder, a file each
    #[arg(long, alias = "save", value_name = "PATH")]
    out: Option<PathBuf>,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document of the command.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ObservedDocument<'a> {
    observations: Vec<PublishedLook<'a>>,
    unobservable: Vec<Unobservable>,
}

pub(super) fn run(arguments: &ObserveArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    // The store only remembers the looks: without it, the command is the same.
    let reconciler = selected.reconciler(StoreUse::IfThere, &Watcher::silent())?;
    let reading = reconciler.read_as_it_is(&watcher)?;
    if reading.has_errors() {
        let why = "No device was contacted: the inventory has errors, so the devices are unknown.";
        return refuse(reading, why, terminal);
    }
    let inventory = &reading.inventory;
    let names = named(inventory, &arguments.devices, &arguments.scope)?;
    if let Some(interval) = arguments.watch {
        terminal.no_json("a watch")?;
        let accesses = reconciler.accesses(inventory, &names, &watcher);
        invocation.wait(reconciler.close())?;
        return live_table::run(accesses, arguments.port, interval, inventory, &selected);
    }
    if arguments.probe {
        let accesses = reconciler.accesses(inventory, &names, &watcher);
        invocation.wait(reconciler.close())?;
        let probes = probe::ask(accesses, &selected)?;
        let document = || DocumentKind::Probe.document(&probe::document(&probes));
        let text = || probe::text(&probes, inventory, &selected);
        terminal.print(arguments.format, document, text)?;
        let reached = probes.values().filter(|probe| probe.is_ok()).count();
        return Ok(Exit::of_looks(reached, probes.len() - reached));
    }
    if let Some(part) = arguments.poll {
        let accesses = reconciler.accesses(inventory, &names, &watcher);
        invocation.wait(reconciler.close())?;
        let polls = poll::ask(accesses, part.depth(), &selected)?;
        let document = || DocumentKind::Poll.document(&poll::document(&polls));
        let text = || poll::text(&polls, inventory, &selected);
        terminal.print(arguments.format, document, text)?;
        let (reached, not_whole) = poll::whole_and_not(&polls);
        return Ok(Exit::of_looks(reached, not_whole));
    }
    let sightings = if arguments.offline.files.is_empty() {
        let accesses = reconciler.accesses(inventory, &names, &watcher);
        invocation.wait(reconciler.look_at(accesses, &watcher))?
    } else {
        recorded(&names, &all_from_files(&arguments.offline.files)?)
    };
    invocation.wait(reconciler.close())?;
    if let Some(target) = &arguments.out {
        save(&sightings, target)?;
    }
    let document = || DocumentKind::Observe.document(&seen(&sightings));
    let text = || text(inventory, &sightings, terminal);
    terminal.print(arguments.format, document, text)?;
    // A device that left out a table counts as not observed, as in `plan`.
    let is_whole = |sighting: &FingerprintedObservation| {
        let observation = sighting.observation();
        Part::ALL
            .into_iter()
            .all(|part| observation.incomplete(part).is_none())
    };
    let is_whole =
        |seen: &Result<FingerprintedObservation, NotObserved>| seen.as_ref().is_ok_and(is_whole);
    let reached = sightings.values().filter(|seen| seen.is_ok()).count();
    let not_whole = sightings.values().filter(|seen| !is_whole(seen)).count();
    Ok(Exit::of_looks(reached, not_whole))
}

fn text(inventory: &Inventory, sightings: &LookResults, terminal: &Terminal) -> String {
    let remark = |look: &Observation| remark(inventory, look);
    let mut all = sightings.iter();
    match (all.next(), all.next()) {
        (Some((_, Ok(sighting))), None) => {
            let look = sighting.observation();
            observed_device(look, remark(look).as_deref(), terminal.paint)
        }
        _ => {
            let reasons: Vec<String> = sightings
                .values()
                .map(|seen| {
                    seen.as_ref()
                        .err()
                        .map_or_else(String::new, ToString::to_string)
                })
                .collect();
            let looks = sightings
                .iter()
                .zip(&reasons)
                .map(|((name, seen), reason)| {
                    let look = seen.as_ref().map(FingerprintedObservation::observation);
                    (name, look.map_err(|_| reason.as_str()))
                });
            observed_fleet(looks, remark, terminal.paint)
        }
    }
}

/// Returns a remark if the inventory and the look disagree on the device's identity.
fn remark(inventory: &Inventory, look: &Observation) -> Option<String> {
    let device = &inventory.device(look.device.as_str())?.text;
    let mut parts = Vec::new();
    let identity = &look.identity;
    if let (Some(pinned), Some(found)) = (&device.serial, &identity.serial)
        && pinned != found
    {
        parts.push(format!("the inventory pins serial {pinned}"));
    }
    if let (Some(wanted), Some(found)) = (device.model, identity.model)
        && wanted != found
    {
        parts.push(format!("the inventory has a {wanted}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn seen(sightings: &LookResults) -> ObservedDocument<'_> {
    let mut seen = ObservedDocument {
        observations: Vec::new(),
        unobservable: Vec::new(),
    };
    for (device, sighting) in sightings {
        match sighting {
            Ok(sighting) => seen
                .observations
                .push(PublishedLook::of(sighting.observation())),
            Err(reason) => seen.unobservable.push(Unobservable {
                device: device.clone(),
                reason: reason.clone(),
            }),
        }
    }
    seen
}

fn save(sightings: &LookResults, target: &Path) -> anyhow::Result<()> {
    let looks = sightings
        .values()
        .flatten()
        .map(FingerprintedObservation::observation);
    let is_file = sightings.len() == 1
        && !target.is_dir()
        && !target.as_os_str().to_string_lossy().ends_with('/');
    if !is_file {
        std::fs::create_dir_all(target)
            .with_context(|| format!("failed to create the folder {}", target.display()))?;
    }
    for look in looks {
        let file = if is_file {
            target.to_path_buf()
        } else {
            target.join(format!("{}.toml", look.device))
        };
        std::fs::write(&file, record::to_toml(look)?)
            .with_context(|| format!("failed to write {}", file.display()))?;
    }
    Ok(())
}

/// Parses the number of a port.
fn port(text: &str) -> anyhow::Result<PortNumber> {
    let number = text.parse::<u8>().ok();
    let port = number.and_then(|number| PortNumber::new(number).ok());
    port.with_context(|| format!("`{}` is not a port from 1 to 24", visible(text)))
}
