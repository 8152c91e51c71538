//! `gamctl adopt --drift`: writes what devices have into the inventory, as a commit on a branch.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use serde::Serialize;

use super::adopt::AdoptArguments;
use super::commit_target::{People, change_sentence, named_branch};
use super::invocation::{Invocation, Selected, StoreUse};
use super::looking::all_from_files;
use super::source::refuse;
use super::terminal::Terminal;
use crate::authoring::{Base, Change, Proposal, Written, propose};
use crate::model::DeviceName;
use crate::plan::Planned;
use crate::reconcile::run::{LookSource, Preparation, PreparedRun, RunRequest, Verb};
use crate::reconcile::{AdoptedDrift, AdoptedValue, LeftOutDrift, adopt_drift};
use crate::report::{
    DocumentKind, Drift, Exit, counted, difference, moment, preflight, rfc3339, run_document,
    visible,
};

pub(super) fn run(arguments: &AdoptArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    let (base, people) = base(arguments, &selected)?;
    let request = RunRequest {
        // The plan is that of the branch: what it has already is no drift any more.
        revision: match &arguments.branch {
            Some(_) => base.reading.inventory.commit().map(str::to_owned),
            None => arguments.inventory.revision().map(str::to_owned),
        },
        scope: arguments.scope.patterns()?,
        looks: match arguments.offline.is_empty() {
            true => LookSource::Devices,
            false => LookSource::Recorded(all_from_files(&arguments.offline)?),
        },
        ..RunRequest::of(Verb::Plan, &selected.settings.who)
    };
    let reconciler = selected.reconciler(StoreUse::Required, &watcher)?;
    let exit = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::InventoryInvalid(reading) => {
            let why = "Nothing adopted: the inventory has errors, so the intended configuration is unknown.";
            refuse(*reading, why, terminal)?
        }
        Preparation::Refused(refused) => {
            if let Some(refusal) = &refused.report.refusal {
                terminal.say_always(&format!("Nothing adopted: {}.", preflight(refusal).because));
            }
            terminal.document(|| run_document(&refused.report))?;
            Exit::from(refused.report.result())
        }
        Preparation::Ready(run) => write(arguments, &base, people, &run, terminal)?,
    };
    invocation.wait(reconciler.close())?;
    Ok(exit)
}

/// Returns the inventory that the change builds on, and the people of the commit, if there is to be one.
fn base(
    arguments: &AdoptArguments,
    selected: &Selected<'_>,
) -> anyhow::Result<(Base, Option<People>)> {
    let Some(branch) = &arguments.branch else {
        let reading = selected.read(arguments.inventory.revision())?;
        return Ok((Base::folder(&selected.folder, reading), None));
    };
    let (base, people) = named_branch(selected, branch, arguments.author.as_deref())?;
    Ok((base, Some(people)))
}

fn write(
    arguments: &AdoptArguments,
    base: &Base,
    people: Option<People>,
    run: &PreparedRun,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let planned = run.planned();
    let drift = Drift::of(planned).context(
        "cannot tell drift from changes not applied yet: there is no record of what was applied",
    )?;
    let adopted = adopt_drift(&base.reading.inventory, planned, run.looks());
    let mut proposal = propose(base, Change::Edits(&adopted.edits()), None)?;
    let mut document = AdoptDriftDocument::of(&adopted, planned);
    if proposal.changes.is_empty() {
        terminal.print(
            arguments.format,
            || DocumentKind::AdoptDrift.document(&document),
            || left_out_text(&adopted.left_out),
        )?;
        terminal.say(&match adopted.left_out.is_empty() {
            true => format!("{} Nothing to adopt.", drift.verdict()),
            false => "Nothing adopted: the drift cannot be written into the inventory.".to_owned(),
        });
        return Ok(exit(planned));
    }
    if proposal.refusal().is_some()
        && let Some(after) = proposal.after.take()
    {
        let why = "Nothing adopted: what the devices have would cause errors in the inventory.";
        return refuse(after, why, terminal);
    }
    document.files = proposal
        .changes
        .iter()
        .map(|change| change.path.to_string())
        .collect();
    let text = shown(&proposal, &adopted, terminal);
    let what = summary(&adopted.values);
    let authorship = people.map(|people| people.authorship(message(&adopted.values), "adopt"));
    let said = match &arguments.branch {
        Some(_) => {
            let written = proposal.by(authorship).commit()?;
            if let Written::Commit { id, .. } = &written {
                document.commit = Some(id.to_string());
            }
            change_sentence(&written, &what)
        }
        None => format!("This would adopt {what}. Nothing is written."),
    };
    terminal.print(
        arguments.format,
        || DocumentKind::AdoptDrift.document(&document),
        || text,
    )?;
    terminal.say(&said);
    terminal.hint(match arguments.branch {
        Some(_) => {
            "review and merge the branch; `gamctl plan` then shows no change for these fields"
        }
        None => "add `--branch NAME` to commit it to a branch",
    });
    Ok(exit(planned))
}

/// Returns the exit code: 6 if some devices could not be looked at, 1 if none could.
fn exit(planned: &Planned) -> Exit {
    Exit::of_looks(planned.devices.len(), planned.unobservable.len())
}

/// Returns the difference of the files, each adopted value, and what is left out.
fn shown(proposal: &Proposal<'_>, adopted: &AdoptedDrift, terminal: &Terminal) -> String {
    let text = |side: Option<&Arc<str>>| side.map_or(String::new(), ToString::to_string);
    let mut shown = String::new();
    for change in &proposal.changes {
        let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
        shown.push_str(&difference(&change.path, &before, &after, terminal.paint));
    }
    shown.push('\n');
    for value in &adopted.values {
        shown.push_str(&line(value));
        shown.push('\n');
    }
    shown.push_str(&left_out_text(&adopted.left_out));
    shown
}

fn left_out_text(left_out: &[LeftOutDrift]) -> String {
    let mut text = String::new();
    if left_out.is_empty() {
        return text;
    }
    text.push_str("Left out:\n");
    for one in left_out {
        let field = one.field.map(|field| format!(" {}", field.label()));
        let because = one.because.to_string();
        text.push_str(&format!(
            "  {}, {}{}: {}\n",
            one.device,
            visible(&one.object),
            field.unwrap_or_default(),
            visible(&because)
        ));
    }
    text
}

/// Returns a value as `oak-1, subscriber apt-2: VLAN 102 → 777`.
fn line(value: &AdoptedValue) -> String {
    let absent = || value.field.absent().to_owned();
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(absent);
    let (before, on_device) = (shown(&value.before), shown(&value.on_device));
    format!(
        "{}, {}: {} {} → {}",
        value.device,
        visible(&value.object),
        value.field.label(),
        visible(&before),
        visible(&on_device)
    )
}

/// Returns `2 drifted fields of oak-1`, or of how many devices.
fn summary(values: &[AdoptedValue]) -> String {
    let devices: BTreeSet<&DeviceName> = values.iter().map(|value| &value.device).collect();
    let fields = counted(values.len(), "drifted field");
    match devices.first() {
        Some(device) if devices.len() == 1 => format!("{fields} of {device}"),
        _ => format!("{fields} of {}", counted(devices.len(), "device")),
    }
}

/// Returns the message of the commit. No line of it has the form of a trailer: a device's text must not become one.
fn message(values: &[AdoptedValue]) -> String {
    let mut message = format!(
        "adopt {}\n\nBefore in the inventory → on the device, and the time of the look:\n",
        summary(values)
    );
    for value in values {
        let at = moment(value.looked_at);
        message.push_str(&format!("- {}, {at}\n", line(value)));
    }
    message
}

/// The result as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AdoptDriftDocument {
    values: Vec<AdoptedField>,
    left_out: Vec<LeftOutField>,
    /// Devices that could not be looked at.
    unobservable: Vec<String>,
    files: Vec<String>,
    /// Null if nothing was committed.
    commit: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AdoptedField {
    device: String,
    object: String,
    field: String,
    /// The intended value before; null is none.
    before: Option<String>,
    on_device: Option<String>,
    /// When the device was looked at.
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    looked_at: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LeftOutField {
    device: String,
    object: String,
    /// Null: the whole object.
    field: Option<String>,
    because: String,
}

impl AdoptDriftDocument {
    fn of(adopted: &AdoptedDrift, planned: &Planned) -> Self {
        let values = adopted.values.iter().map(|value| AdoptedField {
            device: value.device.to_string(),
            object: value.object.clone(),
            field: value.field.to_string(),
            before: value.before.clone(),
            on_device: value.on_device.clone(),
            looked_at: rfc3339(value.looked_at),
        });
        let left_out = adopted.left_out.iter().map(|one| LeftOutField {
            device: one.device.to_string(),
            object: one.object.clone(),
            field: one.field.map(|field| field.to_string()),
            because: one.because.to_string(),
        });
        let unobservable = planned.unobservable.iter();
        Self {
            values: values.collect(),
            left_out: left_out.collect(),
            unobservable: unobservable.map(|one| one.device.to_string()).collect(),
            files: Vec::new(),
            commit: None,
        }
    }
}
