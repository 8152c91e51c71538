//! Syncs each billing system in turn, and prints what would change or was committed.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::commit::base;
use super::{SyncArguments, systems};
use crate::authoring::edit::FileChange;
use crate::authoring::{Base, Written};
use crate::cli::clock;
use crate::cli::commit_target::change_sentence;
use crate::cli::invocation::{Invocation, Selected};
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::cli::terminal::Terminal;
use crate::model::billing::{BillingName, Snapshot};
use crate::reconcile::sync::{ReadScope, SyncRequest, heard_endpoints, prepare};
use crate::report::sync::{SyncReport, SyncState, sync_text, sync_verdict};
use crate::report::{DocumentKind, Exit, counted, difference, visible};
use crate::sync::LaneUse;

/// The result as JSON.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct SyncDocument {
    systems: Vec<SyncReport>,
    /// Billing systems that could not be read.
    failed: Vec<FailedSystem>,
}

/// A billing system that could not be read.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FailedSystem {
    system: String,
    error: String,
}

/// The sync of one system, with its difference as text.
struct Synced {
    report: SyncReport,
    difference: String,
    /// The commit in one sentence.
    committed: Option<String>,
}

pub(super) fn run(arguments: &SyncArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let scope = arguments.scope()?;
    let (first, _) = base(arguments, &selected)?;
    if first.reading.has_errors() {
        let why = "Nothing synced: the inventory has errors, so the effect of a change is unknown.";
        return refuse(first.reading, why, terminal);
    }
    let names = systems::chosen(&first.reading.inventory, &arguments.names)?;
    let names: Vec<BillingName> = names.into_keys().collect();
    drop(first);
    let store = StoreClient::open(&selected)?;
    let mut document = SyncDocument::default();
    let mut text = String::new();
    let mut sentences = Vec::new();
    for name in &names {
        match one(arguments, &selected, &store, name, &scope) {
            Ok(synced) => {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(&sync_text(&synced.report, terminal.paint));
                if !synced.difference.is_empty() {
                    text.push_str(&format!("\n{}", synced.difference));
                }
                sentences.extend(synced.committed);
                let verdict = sync_verdict(&synced.report);
                sentences.push(match names.len() {
                    1 => verdict,
                    _ => format!("{name}: {verdict}"),
                });
                document.systems.push(synced.report);
            }
            Err(error) => document.failed.push(FailedSystem {
                system: name.to_string(),
                error: format!("{error:#}"),
            }),
        }
    }
    terminal.print(
        arguments.format,
        || DocumentKind::Sync.document(&document),
        || text,
    )?;
    for sentence in &sentences {
        terminal.say(sentence);
    }
    for failed in &document.failed {
        let error = visible(&failed.error);
        terminal.say_always(&format!("{} was not read: {error}", failed.system));
    }
    hint(arguments, &document, terminal);
    Ok(exit(&document))
}

/// Syncs one system. The inventory is read for each: the commit of one is the base of the next.
fn one(
    arguments: &SyncArguments,
    selected: &Selected<'_>,
    store: &StoreClient<'_>,
    name: &BillingName,
    scope: &ReadScope,
) -> anyhow::Result<Synced> {
    let (base, committer) = base(arguments, selected)?;
    let snapshot = read(selected, &base, name, scope)?;
    let looks = store.wait(heard_endpoints(store.store(), &base.reading.inventory))?;
    let names = [name.to_string()];
    let system = systems::chosen(&base.reading.inventory, &names)?;
    let Some(system) = system.get(name) else {
        anyhow::bail!("{name} is not in the inventory any more; run the command again");
    };
    let approved = BTreeSet::new();
    let prepared = prepare(SyncRequest {
        base: &base,
        system,
        snapshot: &snapshot,
        looks: &looks,
        memory: None,
        used: LaneUse::default(),
        approved: &approved,
        now: clock::seconds(),
    })?;
    let mut synced = Synced {
        difference: shown(&prepared.files.changes, selected.terminal()),
        report: prepared.report.clone(),
        committed: None,
    };
    if !arguments.commit || !prepared.has_changes() {
        return Ok(synced);
    }
    let run = Uuid::now_v7();
    let text = prepared.commit_text(&run.to_string())?;
    let authorship = committer.authorship(text, prepared.lane.as_ref())?;
    let written = prepared.files.by(authorship).commit()?;
    let what = counted(synced.report.changes.len(), "change");
    synced.committed = Some(change_sentence(&written, &format!("{what} of {name}")));
    if let Written::Commit { id, .. } = &written {
        synced.report.commit = Some(id.to_string());
    }
    Ok(synced)
}

/// Reads a billing system.
fn read(
    selected: &Selected<'_>,
    base: &Base,
    name: &BillingName,
    scope: &ReadScope,
) -> anyhow::Result<Snapshot> {
    let system = systems::only(&base.reading.inventory, Some(&name.to_string()))?;
    let client = systems::client(&system, selected)?;
    let note = format!("Reading {name} at {} …", system.address.origin());
    selected.terminal().detail(&note);
    let read = client.read(scope, clock::seconds());
    Ok(selected.invocation.wait(read)??)
}

fn shown(changes: &[FileChange], terminal: &Terminal) -> String {
    let text = |side: Option<&Arc<str>>| side.map_or(String::new(), ToString::to_string);
    let shown = changes.iter().map(|change| {
        let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
        difference(&change.path, &before, &after, terminal.paint)
    });
    shown.collect()
}

fn hint(arguments: &SyncArguments, document: &SyncDocument, terminal: &Terminal) {
    let systems = &document.systems;
    if systems.iter().any(|system| system.commit.is_some()) {
        terminal.hint("`gamctl plan` shows what the commit changes on devices");
    } else if systems.iter().any(|system| !system.changes.is_empty()) && !arguments.commit {
        terminal.hint("add `--commit` to commit it");
    }
}

fn exit(document: &SyncDocument) -> Exit {
    if !document.failed.is_empty() {
        return Exit::Unobservable;
    }
    let states = document.systems.iter().map(SyncReport::state);
    let states: Vec<SyncState> = states.collect();
    // What a person must look at first decides.
    let by_weight = [
        SyncState::NotComplete,
        SyncState::HeldBack,
        SyncState::Pending,
    ];
    let mut weightiest = by_weight.into_iter().filter(|state| states.contains(state));
    weightiest.next().unwrap_or(SyncState::Settled).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_was_not_read_decides_the_exit_code() {
        let mut document = SyncDocument::default();
        assert_eq!(exit(&document), Exit::Done);
        document.failed.push(FailedSystem {
            system: "splynx".to_owned(),
            error: "cannot connect".to_owned(),
        });
        assert_eq!(exit(&document).code(), 6);
    }
}
