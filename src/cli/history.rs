//! `gamctl history`: shows past runs, one run in full, or the audit log.

use std::path::Path;

use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::{Invocation, Selected};
use super::scope::{DeviceArguments, DevicePatterns};
use super::source::InventoryArguments;
use super::store_client::StoreClient;
use super::subject::Known;
use super::terminal::Terminal;
use super::when::{Of, moment_of};
use crate::history::{Audit, AuditRow, Filter, NewRun, RunSummary, Store, Subject};
use crate::model::DeviceName;
use crate::reconcile::is_known_dead;
use crate::reconcile::run::run_named;
use crate::report::{
    AuditLine, DeviceStory, DocumentKind, Exit, ProcessLine, ProcessState, RunLine, audit_lines,
    device_story, run_head, run_lines, runs_verdict,
};

/// With more devices than this, a run shows its details only for a named device.
const MOST_IN_FULL: usize = 20;

/// Show past runs, newest first
///
/// Without options: the last runs with user, time, commit, and the outcome per device. Times are the store's clock, in
/// UTC.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rev", |revision| revision.requires("subscriber")))]
#[command(after_help = "\
Examples:
  gamctl history                                  the last runs
  gamctl history --device maple-court-a --since 7d
  gamctl history --subscriber acct-1042           runs that changed this subscriber
  gamctl history --run 8333abcd --detailed        one run: devices, steps, every line and every reply
  gamctl history --audit --since 2026-11-01       all actions and refusals by user, with freezes and adoptions
  gamctl history --audit --refused --since 7d     who was refused what, above everything else

`gamctl explain acct-1042` shows why a subscriber is configured as it is.")]
pub(super) struct HistoryArguments {
    #[command(flatten)]
    device: DeviceArguments,

    /// Show only runs that changed this subscriber (id, name or MAC address)
    #[arg(long, value_name = "ID", conflicts_with_all = ["run", "audit"])]
    subscriber: Option<String>,

    /// Start at this time: `2026-11-21`, `2026-11-21 18:00`, or `3d` ago
    #[arg(long, value_name = "TIME", conflicts_with = "run")]
    since: Option<String>,

    /// End at this time, such as `2026-11-21 18:00`; a day is included
    #[arg(long, value_name = "TIME", conflicts_with = "run")]
    until: Option<String>,

    /// Show one run in full (its number, or its first or last characters)
    #[arg(long, value_name = "RUN", conflicts_with = "audit")]
    run: Option<String>,

    /// Include the CLI lines, and those that undo them or the replies
    #[arg(long, alias = "lines", requires = "run")]
    detailed: bool,

    /// Show who did what, and who was refused what
    #[arg(long)]
    audit: bool,

    /// Show refusals first, in the audit log
    #[arg(long, requires = "audit")]
    refused: bool,

    /// Show at most this many entries
    #[arg(long, alias = "most", value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document of the list.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Runs<'a> {
    runs: &'a [RunLine],
}

/// The JSON document of the audit log.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Entries<'a> {
    entries: &'a [AuditLine],
}

/// The JSON document of one run with all of its devices.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RunInFull {
    run: RunLine,
    devices: Vec<DeviceStory>,
}

pub(super) fn run(arguments: &HistoryArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let Some(memory) = StoreClient::if_there(&selected)? else {
        let nothing = String::new;
        match (&arguments.run, arguments.audit) {
            (None, true) => print(
                arguments,
                DocumentKind::HistoryAudit,
                &Entries { entries: &[] },
                nothing(),
                terminal,
            )?,
            _ => print(
                arguments,
                DocumentKind::History,
                &Runs { runs: &[] },
                nothing(),
                terminal,
            )?,
        }
        terminal.say("No runs yet: there is no store. The first `gamctl apply` creates it.");
        return Ok(Exit::Done);
    };
    if let Some(named) = &arguments.run {
        let state = selected.store_location()?.state;
        return one(arguments, named, &state, &memory, terminal);
    }
    let now = memory.wait(memory.store().clock())?;
    let at = |text: &Option<String>, of: Of| {
        let text = text.as_deref();
        text.map(|text| moment_of(text, of, now)).transpose()
    };
    let filter = Filter {
        run: None,
        devices: devices(arguments, &memory, &selected)?,
        since: at(&arguments.since, Of::Beginning)?,
        until: at(&arguments.until, Of::End)?,
        most: arguments.limit,
        refused_first: arguments.refused,
    };
    if arguments.audit {
        let rows = memory.wait(memory.store().audits(&filter))?;
        let lines: Vec<AuditLine> = rows.into_iter().map(audit_line).collect();
        let text = audit_lines(&lines, terminal.paint, terminal.width);
        let document = Entries { entries: &lines };
        print(
            arguments,
            DocumentKind::HistoryAudit,
            &document,
            text,
            terminal,
        )?;
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
    let state = selected.store_location()?.state;
    let runs = runs.into_iter().map(|run| as_known_here(run, &state));
    let lines: Vec<RunLine> = runs.map(run_line).collect();
    let text = match lines.as_slice() {
        [] => String::new(),
        lines => run_lines(lines, terminal.paint),
    };
    let document = Runs { runs: &lines };
    print(arguments, DocumentKind::History, &document, text, terminal)?;
    terminal.say(&runs_verdict(&lines, arguments.limit));
    Ok(Exit::Done)
}

fn print<T: Serialize>(
    arguments: &HistoryArguments,
    kind: DocumentKind,
    value: &T,
    text: String,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    terminal.print(arguments.format, || kind.document(value), || text)
}

/// Returns the devices that `--device` names, among those that the inventory or the store has; without it, none.
fn devices(
    arguments: &HistoryArguments,
    memory: &StoreClient<'_>,
    selected: &Selected<'_>,
) -> anyhow::Result<Vec<DeviceName>> {
    let Some(patterns) = arguments.device.patterns()? else {
        return Ok(Vec::new());
    };
    let mut known = memory.wait(memory.store().known_devices())?;
    // The history is readable without an inventory.
    if let Ok(reading) = selected.read(None) {
        known.extend(reading.inventory.devices().map(|device| device.id.clone()));
    }
    Ok(patterns.among(&known)?.into_iter().cloned().collect())
}

/// Returns the runs that changed a subscriber.
fn of_subscriber(
    arguments: &HistoryArguments,
    subscriber: &str,
    filter: &Filter,
    memory: &StoreClient<'_>,
    selected: &Selected<'_>,
) -> anyhow::Result<Vec<RunSummary>> {
    let reading = selected.read(arguments.inventory.revision())?;
    let ledgers = memory.wait(memory.store().ledgers())?;
    let known = Known {
        inventory: &reading.inventory,
        ledgers: &ledgers,
        store: Some(memory),
        unasked: None,
    };
    let only = arguments.device.patterns()?;
    let meant = known.meant(subscriber, only.as_ref())?;
    memory.walk(in_time(memory.store(), &meant.subject(), filter))
}

/// Returns the runs of a subject's history that started in the time range of a filter.
async fn in_time(
    store: &Store,
    subject: &Subject,
    filter: &Filter,
) -> anyhow::Result<Vec<RunSummary>> {
    let most = usize::try_from(filter.most)?;
    let is_too_old = |run: &RunSummary| filter.since.is_some_and(|since| run.began < since);
    let is_too_new = |run: &RunSummary| filter.until.is_some_and(|until| run.began > until);
    let (mut runs, mut next) = (Vec::new(), None);
    loop {
        let page = store
            .story_page(subject, next.as_ref(), filter.most)
            .await?;
        let found: Vec<RunSummary> = page.items.into_iter().map(|chapter| chapter.run).collect();
        let is_over = page.next.is_none() || found.last().is_some_and(is_too_old);
        runs.extend(
            found
                .into_iter()
                .filter(|run| !is_too_old(run) && !is_too_new(run)),
        );
        if is_over || runs.len() >= most {
            runs.truncate(most);
            return Ok(runs);
        }
        next = page.next;
    }
}

fn one(
    arguments: &HistoryArguments,
    named: &str,
    state: &Path,
    memory: &StoreClient<'_>,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let only = arguments.device.patterns()?;
    let (run, devices) = memory.walk(in_full(memory.store(), named, only.as_ref()))?;
    let found = RunInFull {
        run: run_line(as_known_here(run, state)),
        devices,
    };
    let mut text = run_head(&found.run, terminal.paint);
    let process = found.run.process.as_ref().map(|process| process.state);
    let is_short = found.devices.len() > MOST_IN_FULL && only.is_none();
    for device in &found.devices {
        text.push('\n');
        if is_short {
            let short = DeviceStory {
                happenings: Vec::new(),
                ..device.clone()
            };
            text.push_str(&device_story(
                &short,
                process,
                false,
                terminal.paint,
                terminal.width,
            ));
        } else {
            let lines = arguments.detailed;
            text.push_str(&device_story(
                device,
                process,
                lines,
                terminal.paint,
                terminal.width,
            ));
        }
    }
    print(arguments, DocumentKind::HistoryRun, &found, text, terminal)?;
    if is_short {
        terminal.hint("`--device NAME` shows one of them in full");
    } else if !arguments.detailed {
        terminal.hint("`--detailed` shows the lines sent and the replies");
    }
    Ok(Exit::Done)
}

async fn in_full(
    store: &Store,
    named: &str,
    only: Option<&DevicePatterns>,
) -> anyhow::Result<(RunSummary, Vec<DeviceStory>)> {
    let run = run_named(store, named).await?;
    let id = run.run.id;
    let mut stories = Vec::new();
    let mut next = None;
    loop {
        let page = store.run_devices(id, next.as_ref()).await?;
        for of_run in page.items {
            if only.is_some_and(|only| !only.has(&of_run.device)) {
                continue;
            }
            let entries = store.entries(id, &of_run.device).await?;
            let entries = entries.into_iter().map(|row| (row.at, row.entry));
            stories.push(DeviceStory::of(&of_run.device, entries));
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    if stories.is_empty()
        && let Some(only) = only
    {
        anyhow::bail!("run {} did not include `{only}`", id.0);
    }
    Ok((run, stories))
}

pub(super) fn run_line(summary: RunSummary) -> RunLine {
    let RunSummary {
        run,
        began,
        ended,
        result,
        process,
        refused,
        not_carried_out,
        adopted,
        devices,
    } = summary;
    let process = process.filter(|_| ended.is_none());
    let NewRun {
        id,
        verb,
        who,
        inventory,
        is_uncommitted,
        plan,
        version,
        holder: _,
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
        process: process.map(|process| ProcessLine {
            host: process.host,
            number: process.number,
            state: match process.is_alive {
                true => ProcessState::Running,
                false => ProcessState::Died,
            },
            alive_until: process.alive_until,
        }),
        refused,
        not_carried_out,
        adopted,
        devices,
    }
}

/// Corrects a run whose process is known to be dead on this host before the store can know it.
fn as_known_here(mut run: RunSummary, state: &Path) -> RunSummary {
    let is_dead = run.run.holder.is_some_and(|id| is_known_dead(state, id));
    if let Some(process) = run.process.as_mut().filter(|_| is_dead) {
        process.is_alive = false;
    }
    run
}

fn audit_line(row: AuditRow) -> AuditLine {
    let Audit {
        who,
        verb,
        subject,
        is_refused,
        what,
        objects,
        run,
    } = row.audit;
    AuditLine {
        at: row.at,
        who,
        verb,
        subject,
        is_refused,
        what,
        objects,
        run: run.map(|run| run.0),
    }
}
