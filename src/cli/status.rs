//! `gamctl status`: shows what the service knows and does, for the fleet or one device.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::live_table::again;
use super::rollouts::rollout_line;
use super::source::FolderArguments;
use super::store_client::StoreClient;
use super::when::milliseconds;
use crate::history::{DeviceStatusRow, Instance, Store, StoreError};
use crate::model::DeviceName;
use crate::reconcile::rollout::condition::{ConditionFacts, condition};
use crate::reconcile::sync::sync_conditions;
use crate::report::{
    BranchLine, ConditionLine, DeviceStatusLine, DocumentKind, Exit, FleetStatus, HaltedLine,
    HeldLine, InstanceLine, TargetLine, by_urgency, device_status, device_statuses, fleet_status,
    visible,
};

/// Show what the service does, and what needs a person
///
/// It reads the store, so that it also works while no instance runs. Each device has a condition: one word and one sentence
/// that say why it is, or is not, as the target intends it. docs/conditions.md explains every word.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl status                        the fleet on one screen, what needs a person first
  gamctl status maple-court-a          one device: its condition and what happens next
  gamctl status --all                  every device with its condition
  gamctl status --watch                again every two seconds, until `q`
  gamctl status --format json | jq -r '.devices[] | select(.condition.needs_person).device'")]
pub(super) struct StatusArguments {
    /// Show this device
    device: Option<DeviceName>,

    /// List every device, those that need a person first
    #[arg(long, conflicts_with = "device")]
    all: bool,

    /// Show it again and again [default: every 2 s]
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        default_missing_value = "2s",
        value_parser = interval
    )]
    watch: Option<Duration>,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// An instance without a heartbeat for so long is not live.
const LIVE: u64 = 20;

fn interval(text: &str) -> anyhow::Result<Duration> {
    let millis = milliseconds(text).context("write it as `2s` or `500ms`")?;
    Ok(Duration::from_millis(millis))
}

pub(super) fn run(arguments: &StatusArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let Some(client) = StoreClient::if_there(&selected)? else {
        bail!(
            "there is no store yet, so no service has run here; start one with `gamctl serve`, or name its settings with `--config`"
        );
    };
    if let Some(every) = arguments.watch {
        let read = || async {
            let status = read_status(client.store()).await?;
            view(arguments, &status, terminal.paint, terminal.width)
        };
        client.walk(again(terminal, every, read))?;
        return Ok(Exit::Done);
    }
    let status = client.wait(read_status(client.store()))?;
    match &arguments.device {
        Some(device) => {
            let line = of_device(&status, device)?;
            let document = || DocumentKind::StatusDevice.document(line);
            let text = || device_status(line, terminal.paint, terminal.width);
            terminal.print(arguments.format, document, text)?;
        }
        None => {
            let document = || DocumentKind::Status.document(&status);
            let text = || match arguments.all {
                true => device_statuses(&status.devices, terminal.paint),
                false => fleet_status(&status, terminal.paint, terminal.width),
            };
            terminal.print(arguments.format, document, text)?;
        }
    }
    Ok(Exit::Done)
}

fn view(
    arguments: &StatusArguments,
    status: &FleetStatus,
    paint: crate::report::Paint,
    width: usize,
) -> anyhow::Result<String> {
    Ok(match (&arguments.device, arguments.all) {
        (Some(device), _) => device_status(of_device(status, device)?, paint, width),
        (None, true) => device_statuses(&status.devices, paint),
        (None, false) => fleet_status(status, paint, width),
    })
}

fn of_device<'a>(
    status: &'a FleetStatus,
    device: &DeviceName,
) -> anyhow::Result<&'a DeviceStatusLine> {
    let mut devices = status.devices.iter();
    devices.find(|line| line.device == *device).with_context(|| {
        format!(
            "the service knows no device `{}`; `gamctl status --all` lists the devices of the target",
            visible(device.as_str())
        )
    })
}

/// Reads the state of the service from the store.
async fn read_status(store: &Store) -> Result<FleetStatus, StoreError> {
    let now = store.clock().await?;
    let branch = store.branch_state().await?;
    let target = store.target().await?;
    let leaders = store.leaders().await?;
    let instances = store.instances().await?.into_iter().map(|instance| {
        let leads = leaders
            .iter()
            .filter(|(_, leader)| leader.is_in_force && leader.holder == instance.id);
        let leads = leads.map(|(task, _)| task.clone()).collect();
        instance_line(instance, leads)
    });
    let instances = instances.collect();
    let rollouts = store.open_rollouts().await?;
    let mut conditions: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut devices = Vec::new();
    for (device, row) in store.device_statuses().await? {
        let line = device_line(device, &row, now);
        *conditions.entry(line.condition.word).or_default() += 1;
        devices.push(line);
    }
    by_urgency(&mut devices);
    Ok(FleetStatus {
        target: target.map(|target| TargetLine {
            commit: target.commit,
            since: target.at,
        }),
        branch: BranchLine {
            commit: branch.commit,
            fetched: branch.fetched,
            error: branch.error,
            halted: branch.halted.map(|halted| HaltedLine {
                target: halted.target,
                candidate: halted.candidate,
                since: halted.since,
            }),
            held: branch.held.map(|held| HeldLine {
                commit: held.commit,
                word: held.word,
                sentence: held.sentence,
                findings: held.findings,
                since: held.since,
            }),
        },
        instances,
        conditions,
        rollouts: rollouts.iter().map(rollout_line).collect(),
        billing: sync_conditions(store).await?,
        devices,
        at: now,
    })
}

fn device_line(device: DeviceName, row: &DeviceStatusRow, now: u64) -> DeviceStatusLine {
    let status = &row.status;
    // The sentences name times relative to now, so they are computed again. Facts of a later version may not be readable.
    let facts = serde_json::from_value::<ConditionFacts>(status.facts.clone());
    let condition = match facts {
        Ok(facts) => ConditionLine::of(&condition(&facts, now)),
        Err(_) => ConditionLine::unreadable(status.word),
    };
    DeviceStatusLine {
        device,
        site: status.site.clone(),
        condition: ConditionLine {
            since: condition.since.or(Some(status.since)),
            ..condition
        },
        looked: status.looked,
        steps: status.steps,
        drifted: status.drifted,
        alarms: status.alarms,
        lines_up: status.lines_up,
        lines: status.lines,
    }
}

fn instance_line(instance: Instance, leads: Vec<String>) -> InstanceLine {
    let failing = instance
        .report
        .tasks
        .into_iter()
        .filter_map(|(task, report)| {
            let error = report.error.filter(|_| report.failures > 0)?;
            Some((task, error))
        });
    InstanceLine {
        id: instance.id,
        host: instance.host,
        process: instance.process,
        version: instance.version,
        devices: instance.report.devices,
        is_live: !instance.report.is_stopping && instance.silent < LIVE,
        leads,
        failing: failing.collect(),
        seen: instance.seen,
    }
}
