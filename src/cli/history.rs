//! `gamctl history`: what was done, by whom and how it ended; one run in full; who did or was refused what.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::{Invocation, Selected};
use super::source::InventoryArguments;
use super::store_client::StoreClient;
use super::subject::Known;
use super::terminal::Terminal;
use super::when::{Of, moment_of};
use crate::apply::{Entry, Purpose};
use crate::history::{Audit, AuditRow, EntryRow, Filter, NewRun, RunSummary, Store};
use crate::model::DeviceName;
use crate::plan::DevicePlan;
use crate::reconcile::run::run_named;
use crate::report::{
    AuditLine, DeviceStory, Exit, Happening, RunLine, What, audit_lines, device_story,
    json_document, run_head, run_lines, runs_verdict, visible,
};

/// More devices than these are not told in full unless one is named.
const MOST_IN_FULL: usize = 20;

/// Show what was done, newest first
///
/// Without more: the last runs, with who, when, from which commit, and how it ended on how many devices. Everything is by the store's clock, in UTC.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl history                                  the last runs
  gamctl history --device maple-court-a --since 7d
  gamctl history --subscriber acct-1042           runs that changed this subscriber
  gamctl history --run 8333abcd --lines           one run: devices, steps, every line and every reply
  gamctl history --audit --since 2026-11-01       who did or was refused what, freezes and adoptions too

`gamctl explain acct-1042` tells why a subscriber is as it is.")]
pub(super) struct HistoryArguments {
    /// Only what was done to this device
    #[arg(long, value_name = "NAME")]
    device: Option<DeviceName>,

    /// Only runs that changed this subscriber: its id, its name on the device, or its endpoint's MAC address
    #[arg(long, value_name = "ID", conflicts_with_all = ["run", "audit"])]
    subscriber: Option<String>,

    /// From then on: `2026-11-21`, `2026-11-21 18:00`, or `3d` ago
    #[arg(long, value_name = "TIME", conflicts_with = "run")]
    since: Option<String>,

    /// Up to then; a day counts to its end
    #[arg(long, value_name = "TIME", conflicts_with = "run")]
    until: Option<String>,

    /// One run in full: its number, or how that begins or ends
    #[arg(long, value_name = "RUN", conflicts_with = "audit")]
    run: Option<String>,

    /// With every line that was typed, and what the device said
    #[arg(long, requires = "run")]
    lines: bool,

    /// Who did what, and who was refused what
    #[arg(long)]
    audit: bool,

    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    most: u32,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// One run with all of its devices, for programs.
#[derive(Serialize)]
struct InFull {
    run: RunLine,
    devices: Vec<DeviceStory>,
}

pub(super) fn run(arguments: &HistoryArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let Some(memory) = StoreClient::if_there(&selected)? else {
        print(arguments, &[] as &[RunLine], String::new(), terminal)?;
        terminal
            .say("Nothing was done yet: there is no store. The first `gamctl apply` makes one.");
        return Ok(Exit::Done);
    };
    if let Some(named) = &arguments.run {
        return one(arguments, named, &memory, terminal);
    }
    let now = memory.wait(memory.store().clock())?;
    let at = |text: &Option<String>, of: Of| {
        let text = text.as_deref();
        text.map(|text| moment_of(text, of, now)).transpose()
    };
    let filter = Filter {
        run: None,
        device: arguments.device.clone(),
        since: at(&arguments.since, Of::Beginning)?,
        until: at(&arguments.until, Of::End)?,
        most: arguments.most,
    };
    if arguments.audit {
        let rows = memory.wait(memory.store().audits(&filter))?;
        let lines: Vec<AuditLine> = rows.into_iter().map(audit_line).collect();
        let text = audit_lines(&lines, terminal.paint, terminal.width);
        print(arguments, &lines, text, terminal)?;
        terminal.say(&match lines.len() {
            1 => "1 entry.".to_owned(),
            number => format!("{number} entries."),
        });
        return Ok(Exit::Done);
    }
    let runs = match &arguments.subscriber {
        Some(subscriber) => of_subscriber(arguments, subscriber, &filter, &memory, &selected)?,
        None => memory.wait(memory.store().runs(&filter))?,
    };
    let lines: Vec<RunLine> = runs.into_iter().map(run_line).collect();
    let text = match lines.as_slice() {
        [] => String::new(),
        lines => run_lines(lines, terminal.paint),
    };
    print(arguments, &lines, text, terminal)?;
    terminal.say(&runs_verdict(&lines, arguments.most));
    Ok(Exit::Done)
}

fn print<T: Serialize + ?Sized>(
    arguments: &HistoryArguments,
    value: &T,
    text: String,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    terminal.json(&value)?;
    terminal.result(&match arguments.format {
        OutputFormat::Text => text,
        OutputFormat::Json => json_document(&value),
    })
}

/// Returns the runs that changed a subscriber.
fn of_subscriber(
    arguments: &HistoryArguments,
    subscriber: &str,
    filter: &Filter,
    memory: &StoreClient<'_>,
    selected: &Selected<'_>,
) -> anyhow::Result<Vec<RunSummary>> {
    let terminal = selected.terminal();
    let reading = arguments.inventory.read(&selected.settings, terminal)?;
    let ledgers = memory.wait(memory.store().ledgers())?;
    let known = Known {
        inventory: &reading.inventory,
        ledgers: &ledgers,
    };
    let only = arguments.device.as_ref().map(DeviceName::as_str);
    let meant = known.meant(subscriber, only)?;
    let chapters = memory.wait(memory.store().story(&meant.subject(), filter.most))?;
    let is_in_time = |run: &RunSummary| {
        filter.since.is_none_or(|since| run.began >= since)
            && filter.until.is_none_or(|until| run.began <= until)
    };
    let runs = chapters.into_iter().map(|chapter| chapter.run);
    Ok(runs.filter(is_in_time).collect())
}

fn one(
    arguments: &HistoryArguments,
    named: &str,
    memory: &StoreClient<'_>,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let (run, devices) = memory.walk(in_full(memory.store(), named, arguments))?;
    let found = InFull {
        run: run_line(run),
        devices,
    };
    let mut text = run_head(&found.run, terminal.paint);
    let is_short = found.devices.len() > MOST_IN_FULL && arguments.device.is_none();
    for device in &found.devices {
        text.push('\n');
        if is_short {
            let short = DeviceStory {
                happenings: Vec::new(),
                ..device.clone()
            };
            text.push_str(&device_story(&short, false, terminal.paint, terminal.width));
        } else {
            let lines = arguments.lines;
            text.push_str(&device_story(device, lines, terminal.paint, terminal.width));
        }
    }
    print(arguments, &found, text, terminal)?;
    if is_short {
        terminal.hint("`--device NAME` tells one of them in full");
    } else if !arguments.lines {
        terminal.hint("`--lines` shows what was typed, and what the devices said");
    }
    Ok(Exit::Done)
}

async fn in_full(
    store: &Store,
    named: &str,
    arguments: &HistoryArguments,
) -> anyhow::Result<(RunSummary, Vec<DeviceStory>)> {
    let run = run_named(store, named).await?;
    let id = run.run.id;
    let filter = Filter {
        run: Some(id),
        device: arguments.device.clone(),
        most: 1_000_000,
        ..Filter::default()
    };
    let outcomes = store.outcomes(&filter).await?;
    let mut devices: BTreeSet<DeviceName> = BTreeSet::new();
    devices.extend(outcomes.into_iter().map(|row| row.outcome.device));
    for open in store.unfinished().await? {
        let is_meant = arguments
            .device
            .as_ref()
            .is_none_or(|only| *only == open.device);
        if open.run == id && is_meant {
            devices.insert(open.device);
        }
    }
    let mut stories = Vec::new();
    for device in devices {
        let entries = store.entries(id, &device).await?;
        stories.push(story(&device, entries));
    }
    if stories.is_empty()
        && let Some(only) = &arguments.device
    {
        anyhow::bail!("run {} did nothing with `{}`", id.0, visible(only.as_str()));
    }
    Ok((run, stories))
}

/// Returns what happened with a device, from what was recorded.
fn story(device: &DeviceName, entries: Vec<EntryRow>) -> DeviceStory {
    let mut outcome = None;
    let mut plans: BTreeMap<bool, Box<DevicePlan>> = BTreeMap::new();
    let mut happenings = Vec::new();
    for EntryRow {
        number: _,
        at,
        entry,
    } in entries
    {
        let is_undo = |purpose: Purpose| purpose == Purpose::Undo;
        let what = match entry {
            Entry::Looked {
                moment,
                fingerprint,
                observation: _,
            } => What::Looked {
                moment,
                fingerprint: fingerprint.to_string(),
            },
            Entry::Intent { purpose, plan } => {
                let steps = plan.steps.len();
                plans.insert(is_undo(purpose), plan);
                What::Intended { purpose, steps }
            }
            Entry::Typed {
                purpose,
                step: number,
                exchanges,
                failure,
            } => {
                let plan = plans.get(&is_undo(purpose));
                let step = plan.and_then(|plan| plan.steps.get(number.checked_sub(1)?));
                What::Typed {
                    purpose,
                    number,
                    step: step.cloned().map(Box::new),
                    exchanges,
                    failure,
                }
            }
            Entry::Left { purpose } => What::Left { purpose },
            Entry::Verified {
                purpose,
                fingerprint,
            } => What::Verified {
                purpose,
                fingerprint: fingerprint.to_string(),
            },
            Entry::Saved {
                bytes: _,
                proof,
                exchanges,
            } => What::Saved { proof, exchanges },
            Entry::NotSaved { cause, exchanges } => What::NotSaved { cause, exchanges },
            Entry::Ended { outcome: ended } => {
                outcome = Some(ended);
                continue;
            }
        };
        happenings.push(Happening { at, what });
    }
    DeviceStory {
        device: device.to_string(),
        outcome,
        happenings,
    }
}

pub(super) fn run_line(summary: RunSummary) -> RunLine {
    let RunSummary {
        run,
        began,
        ended,
        result,
        devices,
    } = summary;
    let NewRun {
        id,
        verb,
        who,
        inventory,
        is_uncommitted,
        plan,
        version,
    } = run;
    RunLine {
        id: id.0,
        began,
        ended,
        exit: result.map(|result| Exit::from(result).code()),
        result,
        verb,
        who,
        commit: inventory.commit,
        is_uncommitted,
        plan,
        version,
        devices,
    }
}

fn audit_line(row: AuditRow) -> AuditLine {
    let Audit {
        who,
        verb,
        subject,
        is_refused,
        what,
        run,
    } = row.audit;
    AuditLine {
        at: row.at,
        who,
        verb,
        subject,
        is_refused,
        what,
        run: run.map(|run| run.0),
    }
}
