//! `gamctl accept-history`: lets a halted service go on with a branch whose history was rewritten.

use anyhow::{bail, ensure};

use super::invocation::Invocation;
use super::source::FolderArguments;
use super::store_client::StoreClient;
use crate::history::{AcceptedHistory, Audit};
use crate::report::{Exit, visible};

/// Accept a branch whose history was rewritten
///
/// After a force-push the service is halted: it applies nothing, because the branch does not descend from the target. Put the
/// branch back, or accept it here by naming both commits. The new commit is still checked like any other.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl status                                                    names both commits
  gamctl accept-history 3f2a9c1d 8b7e6d5c --reason 'secrets removed from the history'")]
pub(super) struct AcceptHistoryArguments {
    /// The target, as `gamctl status` names it
    target: String,

    /// The commit that the branch is at now
    candidate: String,

    /// State the reason, for the audit log and for other operators
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    inventory: FolderArguments,
}

/// Shorter parts of an id could name another commit.
const SHORTEST: usize = 7;

pub(super) fn run(
    arguments: &AcceptHistoryArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let reason = arguments.reason.trim();
    ensure!(
        !reason.is_empty(),
        "a reason is needed, shown to others; give `--reason 'secrets removed'`"
    );
    let selected = invocation.select(arguments.inventory.given())?;
    let client = StoreClient::open(&selected)?;
    let state = client.wait(client.store().branch_state())?;
    let Some(halted) = state.halted else {
        bail!("the service is not halted; `gamctl status` shows what it does");
    };
    let is = |commit: &str, given: &str| {
        let given = given.trim().to_ascii_lowercase();
        given.len() >= SHORTEST && commit.starts_with(&given)
    };
    ensure!(
        is(&halted.target, &arguments.target) && is(&halted.candidate, &arguments.candidate),
        "the service is halted between {} and {}, and these are not both of them; `gamctl status` shows them",
        halted.target,
        halted.candidate
    );
    let who = &selected.settings.who;
    let accepted = AcceptedHistory {
        target: halted.target.clone(),
        candidate: halted.candidate.clone(),
        who: who.clone(),
        reason: reason.to_owned(),
    };
    client.wait(client.store().accept_history(&accepted))?;
    let audit = Audit {
        who: who.clone(),
        verb: "accept-history".to_owned(),
        subject: Some(halted.candidate.clone()),
        is_refused: false,
        what: format!(
            "accepted that the branch went from {} to {}: {}",
            halted.target,
            halted.candidate,
            visible(reason)
        ),
        objects: None,
        run: None,
    };
    client.wait(client.store().audit(&audit))?;
    let terminal = &invocation.terminal;
    terminal.say("Accepted: the service checks the commit at its next fetch.");
    terminal.hint("`gamctl status` shows whether it became the target");
    Ok(Exit::Done)
}
