//! `gamctl doctor`: checks that everything an apply needs is there, and advises how to fix what is not.
//!
//! `here` inventory, secrets, store and state on this machine · `service` git, webhook, instances and branch of the service,
//! `listener` its addresses · `device` the devices.

mod device;
mod here;
mod listener;
mod service;

use std::collections::BTreeSet;

use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::{Invocation, StoreUse};
use super::looking::installed;
use super::scope::ScopeArguments;
use super::source::FolderArguments;
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use crate::model::chain;
use crate::reconcile::DeliveredCommunity;
use crate::report::{
    Check, DocumentKind, Exit, Level, checks, doctor_exit, doctor_verdict, joined,
};

/// Check what an apply needs: inventory, secrets, store, device access
///
/// Asks each device for its identity over SNMP, and logs in over SSH if a host key is pinned. Where the settings have `[git]` or
/// `[serve]`, also checks git, the branch, listeners and instances of the service. Reads nothing else and changes nothing. Exits with 1 if a check fails or no device
/// answers, and with 6 if only some devices do not answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl doctor                          every check
  gamctl doctor --local                  contacts no device
  gamctl doctor --device maple-court-a   this machine and one device
  gamctl doctor --probe-private          also whether devices answer to `private`")]
pub(super) struct DoctorArguments {
    /// Contact no device
    #[arg(long)]
    local: bool,

    /// Also ask each device once with the SNMP community `private`, which can write as delivered
    ///
    /// The request only reads. Off by default: an alarm system may take it for an attack.
    #[arg(long, conflicts_with = "local")]
    probe_private: bool,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    inventory: FolderArguments,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DoctorDocument<'a> {
    checks: &'a [Check],
}

/// With more devices than this, healthy ones are only counted.
const MOST_WELL: usize = 20;

pub(super) fn run(arguments: &DoctorArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    let folder = &selected.folder;
    let scope = arguments.scope.scope()?;
    let mut found = Vec::new();
    let reconciler = selected.reconciler(StoreUse::None, &watcher)?;
    let reading = match reconciler.read(None, &watcher) {
        Ok(reading) => Some(reading),
        Err(error) => {
            let next = "run this in the inventory's folder, name it with `--inventory`, or create one with `gamctl init`";
            let what = format!("cannot be read: {}", chain(&error));
            found.push(Check::of("inventory", Level::Problem, what, next));
            None
        }
    };
    if let Some(reading) = &reading {
        found.extend(here::inventory(reading, folder));
        found.extend(here::secrets(reading, &selected.settings));
    }
    let commit = reading
        .as_ref()
        .and_then(|reading| reading.inventory.commit());
    found.extend(here::store(&selected, commit));
    found.extend(service::service(&selected)?);
    let mut reached = 0;
    if let Some(reading) = reading.filter(|_| !arguments.local) {
        let names = installed(&reading.inventory, &scope);
        let delivered = match arguments.probe_private {
            true => DeliveredCommunity::Asked,
            false => DeliveredCommunity::NotAsked,
        };
        let devices = device::devices(
            &reading.inventory,
            &names,
            &reconciler,
            &selected,
            &watcher,
            delivered,
        )?;
        let silent = devices
            .iter()
            .filter(|check| check.level == Level::Unreachable);
        let silent: BTreeSet<&String> = silent.map(|check| &check.area).collect();
        reached = names.len().saturating_sub(silent.len());
        found.extend(joined(shortened(devices, names.len(), terminal)));
    }
    let document = DoctorDocument { checks: &found };
    let text = || checks(&found, terminal.paint, terminal.width);
    terminal.print(
        arguments.format,
        || DocumentKind::Doctor.document(&document),
        text,
    )?;
    terminal.say(&doctor_verdict(&found));
    Ok(doctor_exit(&found, reached))
}

/// Counts healthy devices instead of listing them, if there are many.
fn shortened(found: Vec<Check>, devices: usize, terminal: &Terminal) -> Vec<Check> {
    if devices <= MOST_WELL || terminal.is_verbose() {
        return found;
    }
    let (well, other): (Vec<Check>, Vec<Check>) = found
        .into_iter()
        .partition(|check| check.level == Level::Ok);
    let what = format!("{} of {devices} answer and accept our login", well.len());
    let mut all = vec![Check::ok("devices", what)];
    all.extend(other);
    all
}
