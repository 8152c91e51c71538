//! Syncs each billing system in turn, and prints what would change or was committed.

use serde::Serialize;

use super::commit::base;
use super::one_system::sync_one;
use super::{SyncArguments, systems};
use crate::billing::BillingError;
use crate::cli::invocation::Invocation;
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::cli::terminal::Terminal;
use crate::model::billing::BillingName;
use crate::report::sync::{SyncReport, SyncState, sync_text, sync_verdict};
use crate::report::{DocumentKind, Exit, visible};

/// The result as JSON.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct SyncDocument {
    systems: Vec<SyncReport>,
    /// Billing systems that could not be read, or whose commit could not be made.
    failed: Vec<FailedSystem>,
}

/// A billing system whose sync failed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FailedSystem {
    system: String,
    error: String,
    /// Billing did not answer as it should; the error is not one of gamctl or its environment.
    is_of_billing: bool,
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
        match sync_one(arguments, &selected, &store, name, &scope) {
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
                is_of_billing: error.downcast_ref::<BillingError>().is_some(),
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
        terminal.say_always(&match failed.is_of_billing {
            true => format!("{} was not read: {error}", failed.system),
            false => format!("{} was not synced: {error}", failed.system),
        });
    }
    hint(arguments, &document, terminal);
    Ok(exit(&document))
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
    if document.failed.iter().any(|failed| !failed.is_of_billing) {
        return Exit::Failed;
    }
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
        for (is_of_billing, code) in [(true, 6), (false, 1)] {
            document.failed.push(FailedSystem {
                system: "splynx".to_owned(),
                error: "cannot connect".to_owned(),
                is_of_billing,
            });
            assert_eq!(exit(&document).code(), code);
        }
    }
}
