//! Syncs each billing system in turn, and prints what would change or was committed.

use anyhow::Context;
use serde::Serialize;

use super::approve::{Approval, refused};
use super::commit::base;
use super::one_system::{Purpose, Synced, sync_one};
use super::pause::Paused;
use super::{SyncArguments, systems};
use crate::billing::BillingError;
use crate::cli::invocation::Invocation;
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::cli::terminal::Terminal;
use crate::model::billing::BillingName;
use crate::report::sync::{
    ApprovalReport, ApprovalResult, PauseLine, SyncReport, SyncState, approval_text,
    approval_verdict, sync_text, sync_verdict,
};
use crate::report::{DocumentKind, Exit, visible};

/// The result as JSON.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct SyncDocument {
    systems: Vec<SyncReport>,
    /// Billing systems that could not be read, or whose commit could not be made.
    failed: Vec<FailedSystem>,
    /// Null: none was asked for.
    approval: Option<ApprovalReport>,
}

/// A billing system whose sync failed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FailedSystem {
    system: String,
    error: String,
    /// Billing did not answer as it should; the error is not one of gamctl or its environment.
    is_of_billing: bool,
    /// The pause that forbids the commit; null: the error is another one.
    pause: Option<PauseLine>,
}

pub(super) fn run(arguments: &SyncArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let scope = arguments.scope()?;
    let approval = Approval::of(arguments)?;
    let (first, _) = base(arguments.goal(), &selected)?;
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
        let one = |purpose| sync_one(arguments, &selected, &store, (name, &scope), purpose);
        let result = match &approval {
            None => one(Purpose::AsAsked),
            Some(approval) => approved(approval, one, arguments.yes, terminal),
        };
        match result {
            Ok(synced) => {
                if !text.is_empty() {
                    text.push('\n');
                }
                // The question showed what it is about.
                if !is_declined(synced.approval.as_ref()) {
                    text.push_str(&sync_text(&synced.report, terminal.paint));
                }
                if !synced.difference.is_empty() {
                    text.push_str(&format!("\n{}", synced.difference));
                }
                sentences.extend(synced.committed);
                let verdict = sync_verdict(&synced.report);
                sentences.push(match names.len() {
                    1 => verdict,
                    _ => format!("{name}: {verdict}"),
                });
                if let Some(approval) = &synced.approval {
                    text.push_str(&approval_text(approval, terminal.paint));
                    sentences.push(approval_verdict(approval));
                }
                document.approval = synced.approval;
                document.systems.push(synced.report);
            }
            Err(error) => document.failed.push(FailedSystem {
                system: name.to_string(),
                error: format!("{error:#}"),
                is_of_billing: error.downcast_ref::<BillingError>().is_some(),
                pause: error.downcast::<Paused>().ok().map(|paused| paused.pause),
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

fn is_declined(approval: Option<&ApprovalReport>) -> bool {
    approval.is_some_and(|approval| approval.result == ApprovalResult::NotConfirmed)
}

/// Carries out an approval: shows what it is about and asks, then reads again.
fn approved<'a>(
    approval: &'a Approval,
    one: impl Fn(Purpose<'a>) -> anyhow::Result<Synced>,
    is_confirmed: bool,
    terminal: &Terminal,
) -> anyhow::Result<Synced> {
    if !is_confirmed {
        let mut preview = one(Purpose::Preview(approval))?;
        let named = preview.approval.take();
        let named = named.context("the approval was not looked at")?;
        let refused = match named.result {
            ApprovalResult::Approved => refused(&preview.report, named, terminal),
            ApprovalResult::Changed | ApprovalResult::NotConfirmed => Some(named),
        };
        if refused.is_some() {
            preview.approval = refused;
            return Ok(preview);
        }
    }
    one(Purpose::Approve(approval))
}

fn hint(arguments: &SyncArguments, document: &SyncDocument, terminal: &Terminal) {
    let systems = &document.systems;
    if systems.iter().any(|system| system.commit.is_some()) {
        terminal.hint("`gamctl plan` shows what the commit changes on devices");
    } else if systems.iter().any(|system| !system.changes.is_empty()) && !arguments.is_committing()
    {
        terminal.hint("add `--commit` to commit it");
    }
    if is_declined(document.approval.as_ref()) {
        terminal.hint("`--yes` approves without asking");
    }
}

fn exit(document: &SyncDocument) -> Exit {
    let failed = &document.failed;
    let is_paused = |failed: &&FailedSystem| failed.pause.is_some();
    let mut others = failed.iter().filter(|failed| !is_paused(failed));
    if others.any(|failed| !failed.is_of_billing) {
        return Exit::Failed;
    }
    if failed.iter().any(|failed| failed.is_of_billing) {
        return Exit::Unobservable;
    }
    let approval = document.approval.as_ref().map(|approval| approval.result);
    let is_refused = approval.is_some_and(|result| result != ApprovalResult::Approved);
    if is_refused || failed.iter().any(|failed| is_paused(&failed)) {
        return Exit::Refused;
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
                pause: None,
            });
            assert_eq!(exit(&document).code(), code);
        }
    }

    #[test]
    fn a_paused_system_and_an_approval_of_nothing_are_refusals() {
        let mut document = SyncDocument::default();
        document.failed.push(FailedSystem {
            system: "splynx".to_owned(),
            error: "paused".to_owned(),
            is_of_billing: false,
            pause: Some(PauseLine {
                who: "ada".to_owned(),
                reason: "migration".to_owned(),
                since: 0,
                until: 60,
            }),
        });
        assert_eq!(exit(&document), Exit::Refused);
        document.failed.clear();
        for (result, expected) in [
            (ApprovalResult::Approved, Exit::Done),
            (ApprovalResult::Changed, Exit::Refused),
            (ApprovalResult::NotConfirmed, Exit::Refused),
        ] {
            document.approval = Some(ApprovalReport {
                digest: "3f2a9c1d77e0".to_owned(),
                result,
                who: "ada".to_owned(),
                reason: "checked".to_owned(),
                changes: 4,
                until: None,
                before: None,
                no_longer_held: Vec::new(),
                newly_held: Vec::new(),
            });
            assert_eq!(exit(&document), expected, "{result:?}");
        }
    }
}
