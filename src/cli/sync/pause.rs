//! `gamctl sync pause` and `gamctl sync resume`: stop and continue the sync of a billing system.

use anyhow::{bail, ensure};

use super::audited::{Decision, audited};
use super::{SyncArguments, systems};
use crate::cli::freeze::LONGEST;
use crate::cli::invocation::{Invocation, Selected};
use crate::cli::store_client::StoreClient;
use crate::cli::terminal::Terminal;
use crate::cli::when::{length, moment_to_come};
use crate::history::{NewSyncPause, SyncPause};
use crate::model::billing::BillingName;
use crate::report::sync::{PauseLine, PauseReport, pause_words};
use crate::report::{DocumentKind, Exit, moment, visible};

/// Stop the sync of a billing system until a given time
///
/// Nothing is committed and nothing is written back meanwhile; a dry run still shows what would be. A pause has a reason and an
/// end, applies to every user of the same store, and ends by itself. Pausing again replaces it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl sync pause splynx --for 2h --reason 'tariffs are being renamed'
  gamctl sync pause splynx --until '2026-11-21 18:00' --reason 'migration of the billing system'
  gamctl sync resume splynx      ends it early

Times are UTC; a day given to --until is included.")]
pub(super) struct PauseArguments {
    /// The billing system, by its name in the inventory
    #[arg(value_name = "NAME")]
    name: String,

    /// State the reason, for the audit log and for other operators
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// End at this time, such as `2026-11-21 18:00`; a day is included
    #[arg(long, value_name = "TIME", required_unless_present = "length")]
    until: Option<String>,

    /// End after this duration, such as `90m`, `2h` or `3d`
    #[arg(
        long = "for",
        id = "length",
        value_name = "DURATION",
        conflicts_with = "until"
    )]
    length: Option<String>,
}

/// End the pause of a billing system, so that it is synced again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl sync                    shows which systems are paused
  gamctl sync resume splynx      ends the pause of one")]
pub(super) struct ResumeArguments {
    /// The billing system, by its name in the inventory
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn pause(
    arguments: &SyncArguments,
    pause: &PauseArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let reason = pause.reason.trim();
    ensure!(
        !reason.is_empty(),
        "a pause needs a reason, shown to others; give `--reason 'tariffs are being renamed'`"
    );
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let system = declared(&selected, &pause.name)?;
    let store = StoreClient::open(&selected)?;
    let now = store.wait(store.store().clock())?;
    let until = match (&pause.until, &pause.length) {
        (Some(until), _) => moment_to_come(until, now)?,
        (None, Some(time)) => now.saturating_add(length(time)?),
        (None, None) => bail!("a pause needs an end"),
    };
    ensure!(
        until <= now.saturating_add(LONGEST),
        "{} is more than a year ahead; to stop the sync for so long, remove the system from billing.toml",
        moment(until)
    );
    let new = NewSyncPause {
        system: system.clone(),
        who: selected.settings.who.clone(),
        reason: reason.to_owned(),
        until,
    };
    store.wait(store.store().pause_sync(&new))?;
    let decision = Decision {
        verb: "sync pause",
        what: format!(
            "paused the sync of {system} until {}: {}",
            moment(until),
            visible(reason)
        ),
    };
    audited(&store, &selected, &system, decision)?;
    let line = PauseLine {
        who: new.who,
        reason: new.reason,
        since: now,
        until,
    };
    let said = format!("The sync of {system} is {}.", pause_words(&line));
    let report = PauseReport {
        system: system.to_string(),
        paused: Some(line),
    };
    terminal.print(
        arguments.format,
        || DocumentKind::SyncPause.document(&report),
        String::new,
    )?;
    terminal.say(&said);
    terminal.hint(&format!("`gamctl sync resume {system}` ends it early"));
    Ok(Exit::Done)
}

pub(super) fn resume(
    arguments: &SyncArguments,
    resume: &ResumeArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let system = declared(&selected, &resume.name)?;
    let mut paused = None;
    if let Some(store) = StoreClient::if_there(&selected)? {
        paused = in_force(&store, &system)?;
        if let Some(pause) = &paused
            && store.wait(store.store().resume_sync(&system))?
        {
            let decision = Decision {
                verb: "sync resume",
                what: format!("resumed the sync of {system}, {}", pause_words(pause)),
            };
            audited(&store, &selected, &system, decision)?;
        }
    }
    let report = PauseReport {
        system: system.to_string(),
        paused: None,
    };
    terminal.print(
        arguments.format,
        || DocumentKind::SyncPause.document(&report),
        String::new,
    )?;
    terminal.say(&match paused {
        Some(pause) => format!(
            "The sync of {system} continues; it was {}.",
            pause_words(&pause)
        ),
        None => format!("The sync of {system} is not paused."),
    });
    Ok(Exit::Done)
}

/// Returns the name of a billing system that the inventory declares. Errors elsewhere must not prevent a pause.
fn declared(selected: &Selected<'_>, name: &str) -> anyhow::Result<BillingName> {
    let reading = selected.read(None)?;
    let names = [name.to_owned()];
    let mut known = systems::chosen(&reading.inventory, &names)?;
    match known.pop_first() {
        Some((name, _)) => Ok(name),
        None => bail!("there is no billing system `{}`", visible(name)),
    }
}

/// Returns the pause of a system that is in force.
pub(super) fn in_force(
    store: &StoreClient<'_>,
    system: &BillingName,
) -> anyhow::Result<Option<PauseLine>> {
    let mut pauses = store.wait(store.store().sync_pauses())?;
    Ok(pauses.remove(system).map(line))
}

fn line(pause: SyncPause) -> PauseLine {
    let SyncPause {
        who,
        reason,
        since,
        until,
    } = pause;
    PauseLine {
        who,
        reason,
        since,
        until,
    }
}

/// The reason that nothing is committed: a person paused the sync.
#[derive(Debug, thiserror::Error)]
#[error(
    "the sync of {system} is {}; `gamctl sync resume {system}` ends it",
    pause_words(pause)
)]
pub(super) struct Paused {
    pub(super) system: BillingName,
    pub(super) pause: PauseLine,
}

/// Reports a pause as the refusal that it is.
pub(super) fn refused(ended: anyhow::Result<Exit>, terminal: &Terminal) -> anyhow::Result<Exit> {
    match ended {
        Err(error) if error.is::<Paused>() => {
            terminal.error(&error);
            Ok(Exit::Refused)
        }
        ended => ended,
    }
}

/// Fails if a system is paused.
pub(super) fn refuse_if_paused(
    store: &StoreClient<'_>,
    system: &BillingName,
) -> anyhow::Result<()> {
    match in_force(store, system)? {
        Some(pause) => Err(Paused {
            system: system.clone(),
            pause,
        }
        .into()),
        None => Ok(()),
    }
}
