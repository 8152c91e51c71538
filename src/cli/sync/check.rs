//! `gamctl sync check`: asks a billing system what the login may do, and whether the settings fit.

use serde::Serialize;

use super::opened::Opened;
use super::{OneSystem, SyncArguments};
use crate::cli::clock;
use crate::cli::invocation::Invocation;
use crate::reconcile::sync::check_lines;
use crate::report::sync::{CheckLine, CheckState, check_table};
use crate::report::{DocumentKind, Exit, counted};

/// The result as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct CheckDocument {
    system: String,
    probes: Vec<CheckLine>,
}

pub(super) fn run(
    arguments: &SyncArguments,
    system: &OneSystem,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let why = "Nothing checked: the inventory has errors, so the settings may be incomplete.";
    let opened = match Opened::of(arguments, system.name.as_ref(), invocation, why)? {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    let client = opened.client()?;
    let system = &opened.system;
    let now = clock::seconds();
    let check = invocation.wait(client.check(system, now))??;
    let document = CheckDocument {
        system: system.name.to_string(),
        probes: check_lines(&check, now),
    };
    terminal.print(
        arguments.format,
        || DocumentKind::SyncCheck.document(&document),
        || check_table(&document.probes, terminal.paint),
    )?;
    let count = |state| {
        document
            .probes
            .iter()
            .filter(|line| line.state == state)
            .count()
    };
    let (bad, limited) = (count(CheckState::Bad), count(CheckState::Limited));
    terminal.say(&match (bad, limited) {
        (0, 0) => format!("{} is ready for the sync.", system.name),
        (0, limited) => format!(
            "{} is ready for the sync, with {}.",
            system.name,
            counted(limited, "limit")
        ),
        (bad, _) => format!(
            "{} of {}; the sync would not read everything.",
            counted(bad, "problem"),
            system.name
        ),
    });
    Ok(match bad {
        0 => Exit::Done,
        _ => Exit::Unobservable,
    })
}
