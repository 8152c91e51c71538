//! `gamctl show`: shows the intended configuration of all devices, a device or a subscriber.

use anyhow::{bail, ensure};
use clap::Subcommand;
use serde::Serialize;

use super::find::{only_device, only_subscriber};
use super::format::{ShowFormat, print_shown};
use super::invocation::Invocation;
use super::scope::{Scope, ScopeArguments, did_you_mean};
use super::show_at::shown_at;
use super::show_line::line;
use super::show_observed::{ObservedArguments, Subject, compared};
use super::show_plan::{PlanFileArguments, show_plan};
use super::source::{InventoryArguments, refuse, summary};
use super::terminal::Terminal;
use crate::inventory::{
    Inventory, Reading, complete_service_plans, complete_subscriber, nearest, resolve_device,
};
use crate::model::{DeviceConfig, DeviceName, DeviceState, GamModel, Subscriber};
use crate::report::{self as paper, DocumentKind, Exit};

/// Show the intended configuration: of all, a device or a subscriber
///
/// Defaults are filled in, profiles are made from service plans, and suspensions are applied.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl show --site maple-court                      devices, with their subscribers counted
  gamctl show subscriber acct-1042 --observed         what it should get, and what the device gives it
  gamctl show subscriber 1c:95:08                     by a part of its MAC address; `gamctl find` lists what matches
  gamctl show device maple-court-a --at 2026-11-20    what it was like at the end of that day
  gamctl show subscriber acct-1042 --at '2026-11-20 10:00'
  gamctl show plan plan.json --detailed               a plan file, with every line that would be sent

`--at` accepts a day (to its end), a day with a time (UTC), or `3d` for three days ago. It reads the store and git, and contacts no device.")]
pub(super) struct ShowArguments {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    scope: ScopeArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    format: ShowFormat,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the intended configuration of a device
    Device {
        /// Show the device with this name, address, serial number or MAC
        name: String,
        #[command(flatten)]
        beside: ObservedArguments,
    },
    /// Show the intended configuration of a subscriber
    Subscriber {
        /// Show the subscriber with this id, or what `find` finds uniquely
        #[arg(value_name = "ID|WORD")]
        id: String,
        #[command(flatten)]
        beside: ObservedArguments,
    },
    /// Show a plan file of `gamctl plan --out`; contacts no device
    Plan(PlanFileArguments),
}

impl What {
    fn asked(&self) -> Option<(Subject<'_>, &ObservedArguments)> {
        match self {
            Self::Device { name, beside } => Some((Subject::Device(name), beside)),
            Self::Subscriber { id, beside } => Some((Subject::Subscriber(id), beside)),
            Self::Plan(_) => None,
        }
    }

    /// Returns the subject and the time, if `--at` is given.
    fn at(&self) -> Option<(Subject<'_>, &str)> {
        let (subject, beside) = self.asked()?;
        Some((subject, beside.at()?))
    }

    /// Returns the arguments of a look at the device, if one is requested.
    fn with_look(&self) -> Option<&ObservedArguments> {
        let (_, beside) = self.asked()?;
        beside.is_asked().then_some(beside)
    }
}

/// A device in the JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ShownDevice<'a> {
    pub(super) device: &'a DeviceName,
    pub(super) state: DeviceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<GamModel>,
    pub(super) intended: &'a DeviceConfig,
}

/// A subscriber in the JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ShownSubscriber<'a> {
    pub(super) subscriber: &'a Subscriber,
    /// Its configuration on the device; absent while it is not served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) intended: Option<&'a crate::model::SubscriberConfig>,
}

/// The whole inventory in the JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Overview {
    summary: paper::Summary,
    devices: Vec<paper::DeviceLine>,
}

pub(super) fn run(arguments: &ShowArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    ensure!(
        arguments.what.is_none() || arguments.scope.is_everything(),
        "a scope is for the table of all devices; leave it out, or leave out the name"
    );
    if let Some(What::Plan(file)) = &arguments.what {
        ensure!(
            !arguments.inventory.is_of_a_revision(),
            "a plan file was made from a commit of its own; leave out `--rev`"
        );
        return show_plan(file, arguments.format, terminal);
    }
    if arguments.format == ShowFormat::Markdown {
        bail!("`--format markdown` is for `gamctl show plan FILE`; use text, json or toml here");
    }
    if let Some((what, time)) = arguments.what.as_ref().and_then(What::at) {
        return shown_at(
            what,
            time,
            &arguments.inventory,
            arguments.format,
            invocation,
        );
    }
    let selected = invocation.select(arguments.inventory.given())?;
    let reading = selected.read(arguments.inventory.revision())?;
    if reading.has_errors() {
        let why =
            "Nothing shown: the inventory has errors, so the intended configuration is unknown.";
        return refuse(reading, why, terminal);
    }
    let what = resolved(arguments.what.as_ref(), &reading.inventory, terminal)?;
    if let Some(asked) = &what
        && let Some(beside) = arguments.what.as_ref().and_then(What::with_look)
    {
        return compared(
            asked.subject(),
            beside,
            &arguments.inventory,
            arguments.format,
            invocation,
        );
    }
    let inventory = &reading.inventory;
    match &what {
        None => overview(
            &reading,
            &arguments.scope.scope()?,
            arguments.format,
            terminal,
        )?,
        Some(Asked::Device(name)) => {
            device(inventory, name, arguments.format, terminal)?;
        }
        Some(Asked::Subscriber(id)) => {
            subscriber(inventory, id, arguments.format, terminal)?;
        }
    }
    Ok(Exit::Done)
}

/// The device or subscriber that a word means.
enum Asked {
    Device(String),
    Subscriber(String),
}

impl Asked {
    fn subject(&self) -> Subject<'_> {
        match self {
            Self::Device(name) => Subject::Device(name),
            Self::Subscriber(id) => Subject::Subscriber(id),
        }
    }
}

/// Resolves a word that is not an id to the only object that it means; a word that means none stays as it is.
fn resolved(
    what: Option<&What>,
    inventory: &Inventory,
    terminal: &Terminal,
) -> anyhow::Result<Option<Asked>> {
    let (word, found) = match what {
        Some(What::Device { name, .. }) => match inventory.device(name) {
            Some(_) => (name, None),
            None => (name, only_device(inventory, name)?),
        },
        Some(What::Subscriber { id, .. }) => match inventory.subscriber(id) {
            Some(_) => (id, None),
            None => (id, only_subscriber(inventory, id)?),
        },
        Some(What::Plan(_)) | None => return Ok(None),
    };
    if let Some(found) = &found {
        terminal.say(&found.remark(word));
    }
    let id = found.map_or_else(|| word.clone(), |found| found.object.id().to_owned());
    Ok(Some(match what {
        Some(What::Device { .. }) => Asked::Device(id),
        _ => Asked::Subscriber(id),
    }))
}

fn overview(
    reading: &Reading,
    scope: &Scope,
    format: ShowFormat,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let mut devices: Vec<_> = reading
        .inventory
        .devices()
        .filter(|object| scope.has(object))
        .map(|object| line(&reading.inventory, object))
        .collect();
    devices.sort_by(|left, right| {
        crate::model::natural_order(left.name.as_str(), right.name.as_str())
    });
    let overview = Overview {
        summary: summary(reading),
        devices,
    };
    let text = || paper::overview(&overview.devices, &overview.summary, terminal.paint);
    print_shown(DocumentKind::Inventory, &overview, format, text, terminal)
}

fn device(
    inventory: &Inventory,
    name: &str,
    format: ShowFormat,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let (Some(intended), Some(object)) = (resolve_device(inventory, name), inventory.device(name))
    else {
        let near = nearest(name, inventory.devices().map(|device| device.id.as_str()));
        bail!(
            "there is no device `{}`{}",
            paper::visible(name),
            did_you_mean(near)
        );
    };
    let shown = ShownDevice {
        device: &intended.name,
        state: intended.state,
        model: object.text.model,
        intended: &intended.config,
    };
    let text = || {
        let line = line(inventory, object);
        paper::device(&line, &intended.config, terminal.paint)
    };
    print_shown(DocumentKind::Device, &shown, format, text, terminal)
}

fn subscriber(
    inventory: &Inventory,
    id: &str,
    format: ShowFormat,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let Some(subscriber) = inventory.subscriber(id).and_then(complete_subscriber) else {
        let near = nearest(
            id,
            inventory
                .subscribers()
                .map(|subscriber| subscriber.id.as_str()),
        );
        bail!(
            "there is no subscriber `{}`{}",
            paper::visible(id),
            did_you_mean(near)
        );
    };
    let device = resolve_device(inventory, subscriber.device.as_str());
    let intended = device
        .as_ref()
        .and_then(|device| device.config.subscribers.get(&subscriber.name));
    let plans = complete_service_plans(inventory);
    let shown = ShownSubscriber {
        subscriber: &subscriber,
        intended,
    };
    let text = || {
        let plan = plans.get(subscriber.service_plan.as_str());
        paper::subscriber(&subscriber, plan, intended, terminal.paint)
    };
    print_shown(DocumentKind::Subscriber, &shown, format, text, terminal)
}
