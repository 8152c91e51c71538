//! `gamctl freeze` and `gamctl thaw`: block and allow writes to devices.

use anyhow::{bail, ensure};
use serde::Serialize;
use uuid::Uuid;

use super::format::OutputFormat;
use super::invocation::{Invocation, Selected};
use super::scope::ScopeArguments;
use super::source::FolderArguments;
use super::store_client::StoreClient;
use super::terminal::Terminal;
use super::when::{length, moment_to_come};
use crate::config::Settings;
use crate::history::{Audit, Freeze, Store};
use crate::inventory::{Inventory, freezes};
use crate::model::FreezeScope;
use crate::report::{
    self, DocumentKind, Exit, FreezeLine, counted, held, moment, scope_words, short_id, visible,
};

/// A longer freeze is a wrong year, or a device that should be in state `observe`.
pub(super) const LONGEST: u64 = 366 * 86_400;

/// Block writes to the devices in scope until a given time
///
/// `apply` and `rollback` skip frozen devices and exit with 4. Looking and planning continue. A freeze has a reason and
/// an end, applies to every user of the same store, and ends by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl freeze --for 3d --reason 'holidays'                  every device
  gamctl freeze --site maple-court --until '2026-11-21 18:00' --reason 'electrician in the cellar'
  gamctl freeze --list
  gamctl thaw 0199f3a2                                        ends one early

Times are UTC; a day given to --until is included. Without a scope, every device is frozen.")]
pub(super) struct FreezeArguments {
    /// List the freezes in force
    #[arg(long, conflicts_with_all = ["reason", "until", "length"])]
    list: bool,

    /// State the reason, for the audit log and for other operators
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// End at this time, such as `2026-11-21 18:00`; a day is included
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// End after this duration, such as `90m`, `2h` or `3d`
    #[arg(
        long = "for",
        id = "length",
        value_name = "DURATION",
        conflicts_with = "until"
    )]
    length: Option<String>,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// End a freeze early, so that devices can be written to again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl freeze --list         list the freezes with their numbers
  gamctl thaw 8333abcd         end one freeze
  gamctl thaw --all            end all of them")]
pub(super) struct ThawArguments {
    /// End the freeze with this number, or its first or last characters
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    freeze: Option<String>,

    /// End all freezes in force
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document of several freezes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FreezesDocument<'a> {
    freezes: &'a [FreezeLine],
}

pub(super) fn freeze(arguments: &FreezeArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let (settings, terminal) = (&selected.settings, &invocation.terminal);
    let inventory = inventory(&selected);
    if arguments.list {
        let memory = StoreClient::if_there(&selected)?;
        return list(
            memory.as_ref(),
            inventory.as_ref(),
            arguments.format,
            terminal,
        );
    }
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    ensure!(
        !reason.is_empty(),
        "a freeze needs a reason, shown to others; give `--reason 'electrician in the cellar'`"
    );
    ensure!(
        arguments.until.is_some() || arguments.length.is_some(),
        "a freeze needs an end; give `--for 3d` or `--until 2026-11-21`"
    );
    // An invalid pattern is refused here: stored, it would freeze every device.
    arguments.scope.scope()?;
    let scope = arguments.scope.patterns()?;
    let reach = reach(inventory.as_ref(), &scope);
    // A mistyped scope would freeze no device, and the operator would not notice.
    ensure!(
        reach != Some(0),
        "no device of the inventory is in this scope; nothing was frozen"
    );
    let memory = StoreClient::open(&selected)?;
    let now = memory.wait(memory.store().clock())?;
    let until = match (&arguments.until, &arguments.length) {
        (Some(until), _) => moment_to_come(until, now)?,
        (None, Some(time)) => now.saturating_add(length(time)?),
        (None, None) => bail!("a freeze needs an end"),
    };
    ensure!(
        until <= now.saturating_add(LONGEST),
        "{} is more than a year ahead; to block writes for so long, set `state = \"observe\"` in the inventory",
        moment(until)
    );
    let freeze = Freeze {
        id: Uuid::now_v7(),
        scope,
        reason: reason.to_owned(),
        who: settings.who.clone(),
        since: now,
        until,
    };
    let held = held(&scope_words(&freeze.scope), reach);
    memory.wait(memory.store().freeze(&freeze))?;
    let what = format!(
        "froze {held} until {}: {}",
        moment(until),
        visible(&freeze.reason)
    );
    audited(&memory, settings, "freeze", freeze.id, what)?;
    let number = short_id(freeze.id);
    let line = line(freeze, None);
    let document = || DocumentKind::Freeze.document(&line);
    terminal.print(arguments.format, document, || format!("{number}\n"))?;
    terminal.say(&format!("Frozen: {held}, until {}.", moment(until)));
    terminal.hint(&format!("`gamctl thaw {number}` ends it early"));
    Ok(Exit::Done)
}

pub(super) fn thaw(arguments: &ThawArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let (settings, terminal) = (&selected.settings, &invocation.terminal);
    let memory = StoreClient::if_there(&selected)?;
    let in_force = match &memory {
        Some(memory) => memory.wait(memory.store().freezes())?,
        None => Vec::new(),
    };
    let meant = match &arguments.freeze {
        Some(named) => vec![one(&in_force, named)?],
        None => in_force.iter().collect(),
    };
    let mut thawed = Vec::new();
    for freeze in meant {
        let Some(memory) = &memory else { break };
        let store: &Store = memory.store();
        // The freeze may have ended in the meantime.
        if memory.wait(store.thaw(freeze.id, &settings.who))? {
            let what = format!(
                "thawed {}, frozen by {}: {}",
                held(&scope_words(&freeze.scope), None),
                visible(&freeze.who),
                visible(&freeze.reason)
            );
            audited(memory, settings, "thaw", freeze.id, what)?;
            thawed.push(freeze.clone());
        }
    }
    let lines: Vec<FreezeLine> = thawed
        .iter()
        .map(|freeze: &Freeze| line(freeze.clone(), None))
        .collect();
    terminal.print(
        arguments.format,
        || DocumentKind::Freezes.document(&FreezesDocument { freezes: &lines }),
        String::new,
    )?;
    for freeze in &thawed {
        terminal.say(&format!(
            "Thawed: {}; frozen by {} until {}: {}",
            held(&scope_words(&freeze.scope), None),
            visible(&freeze.who),
            moment(freeze.until),
            visible(&freeze.reason)
        ));
    }
    if thawed.is_empty() {
        terminal.say("Nothing is frozen.");
    }
    Ok(Exit::Done)
}

/// Returns the one freeze in force with this number.
fn one<'a>(in_force: &'a [Freeze], named: &str) -> anyhow::Result<&'a Freeze> {
    let wanted = named.trim().to_ascii_lowercase();
    let mut found = in_force.iter().filter(|freeze| {
        let whole = freeze.id.to_string();
        wanted.len() >= 4 && (whole.starts_with(&wanted) || whole.ends_with(&wanted))
    });
    match (found.next(), found.next()) {
        (Some(freeze), None) => Ok(freeze),
        (Some(_), Some(_)) => bail!(
            "`{}` matches several freezes; give more characters",
            visible(named)
        ),
        (None, _) => bail!(
            "no freeze `{}` is in force; `gamctl freeze --list` shows all",
            visible(named)
        ),
    }
}

fn list(
    memory: Option<&StoreClient<'_>>,
    inventory: Option<&Inventory>,
    format: OutputFormat,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let in_force = match memory {
        Some(memory) => memory.wait(memory.store().freezes())?,
        None => Vec::new(),
    };
    let lines: Vec<FreezeLine> = in_force
        .into_iter()
        .map(|freeze| line(freeze, inventory))
        .collect();
    let text = || match lines.is_empty() {
        true => String::new(),
        false => report::freezes(&lines, terminal.paint),
    };
    let document = FreezesDocument { freezes: &lines };
    terminal.print(format, || DocumentKind::Freezes.document(&document), text)?;
    terminal.say(&match lines.len() {
        0 => "Nothing is frozen.".to_owned(),
        number => format!("{} in force.", counted(number, "freeze")),
    });
    Ok(Exit::Done)
}

fn line(freeze: Freeze, inventory: Option<&Inventory>) -> FreezeLine {
    let Freeze {
        id,
        scope,
        reason,
        who,
        since,
        until,
    } = freeze;
    FreezeLine {
        id,
        devices: reach(inventory, &scope),
        scope: scope_words(&scope),
        reason,
        who,
        since,
        until,
    }
}

/// Returns the inventory if it can be read: an invalid one must not prevent a freeze.
fn inventory(selected: &Selected<'_>) -> Option<Inventory> {
    let terminal = selected.terminal();
    match selected.read(None) {
        Ok(reading) if !reading.is_partial => Some(reading.inventory),
        Ok(_) => {
            terminal.say(
                "note: a file of the inventory has errors, so the number of devices is unknown.",
            );
            None
        }
        Err(error) => {
            terminal.say(&format!(
                "note: cannot read the inventory, so the number of devices is unknown: {}",
                visible(&format!("{error:#}"))
            ));
            None
        }
    }
}

/// Returns the number of devices in a scope.
fn reach(inventory: Option<&Inventory>, scope: &FreezeScope) -> Option<usize> {
    let devices = inventory?.devices();
    Some(devices.filter(|device| freezes(scope, device)).count())
}

fn audited(
    memory: &StoreClient<'_>,
    settings: &Settings,
    verb: &str,
    freeze: Uuid,
    what: String,
) -> anyhow::Result<()> {
    let audit = Audit {
        who: settings.who.clone(),
        verb: verb.to_owned(),
        subject: Some(freeze.to_string()),
        is_refused: false,
        what,
        objects: None,
        run: None,
    };
    memory.wait(memory.store().audit(&audit))
}
