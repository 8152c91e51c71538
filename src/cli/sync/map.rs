//! `gamctl sync map`: prints the lines for tariffs, statuses and locations that the settings do not name.

use std::collections::BTreeSet;

use super::{OneSystem, SyncArguments, systems};
use crate::authoring::Base;
use crate::cli::clock;
use crate::cli::invocation::Invocation;
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::reconcile::sync::{ReadScope, SyncRequest, prepare};
use crate::report::sync::{UnmappedReport, unmapped_text};
use crate::report::{DocumentKind, Exit};
use crate::sync::{LaneUse, Looks};

/// The result as JSON.
pub(in crate::cli) type MapDocument = UnmappedReport;

pub(super) fn run(
    arguments: &SyncArguments,
    system: &OneSystem,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let reading = selected.read(arguments.inventory.revision())?;
    if reading.has_errors() {
        let why = "Nothing mapped: the inventory has errors, so the settings may be incomplete.";
        return refuse(reading, why, terminal);
    }
    let system = systems::only(&reading.inventory, system.name.as_ref())?;
    // Numbers of signed requests are kept beside the store.
    let _store = StoreClient::open(&selected)?;
    let client = systems::client(&system, &selected)?;
    let now = clock::seconds();
    let snapshot = invocation.wait(client.read(&ReadScope::Everything, now))??;
    let base = Base::folder(&selected.folder, reading);
    let (looks, approved) = (Looks::default(), BTreeSet::new());
    let prepared = prepare(SyncRequest {
        base: &base,
        system: &system,
        snapshot: &snapshot,
        looks: &looks,
        memory: None,
        used: LaneUse::default(),
        approved: &approved,
        now,
    })?;
    let document: MapDocument = prepared.unmapped();
    terminal.print(
        arguments.format,
        || DocumentKind::SyncMap.document(&document),
        || unmapped_text(&document),
    )?;
    match document.is_empty() {
        true => terminal.say(&format!(
            "Every tariff, status and location of {} in scope has a mapping.",
            system.name
        )),
        false => terminal.hint("paste the lines into billing.toml, and decide those with `#`"),
    }
    Ok(Exit::Done)
}
