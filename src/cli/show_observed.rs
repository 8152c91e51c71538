//! `gamctl show … --observed`: shows the intended and the observed configuration and their difference.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde::Serialize;

use super::find::heard_elsewhere;
use super::format::{ShowFormat, print_shown};
use super::invocation::{Invocation, Selected, StoreUse};
use super::looking::{all_from_files, known};
use super::scope::did_you_mean;
use super::show_line::line;
use super::source::{InventoryArguments, OfflineArguments};
use super::store_client::StoreClient;
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use crate::inventory::{
    Inventory, complete_service_plans, complete_subscriber, nearest, resolve_device,
};
use crate::model::{
    DeviceConfig, DeviceName, EndpointState, EthernetPort, Observation, SubscriberConfig,
    SubscriberName,
};
use crate::plan::{DevicePlan, Object, Planned};
use crate::reconcile::run::{Baseline, LookSource, Preparation, Reconciler, RunRequest, Verb};
use crate::report::{
    self as paper, DocumentKind, Exit, HeardElsewhere, LineBefore, LineFacts, LineReport,
    PlanReport, visible,
};

/// The second configuration to show beside the intended one.
#[derive(Debug, clap::Args)]
pub(super) struct ObservedArguments {
    /// Also look at the device, and show its configuration and differences
    #[arg(long)]
    observed: bool,

    #[command(flatten)]
    offline: OfflineArguments,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Show the inventory, last look and last change as of this time
    #[arg(long, value_name = "TIME", conflicts_with_all = ["observed", "offline"])]
    at: Option<String>,
}

/// The device or subscriber to show.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    Device(&'a str),
    Subscriber(&'a str),
}

/// The JSON document: intended, observed and the difference.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Compared<'a, T: Serialize> {
    device: &'a DeviceName,
    intended: Option<T>,
    observed: Option<T>,
    /// Only of a subscriber.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'a LineReport>,
    difference: &'a DevicePlan,
}

impl ObservedArguments {
    pub(super) fn is_asked(&self) -> bool {
        self.observed || !self.offline.files.is_empty()
    }

    /// Returns the time as it was given.
    pub(super) fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }
}

pub(super) fn compared(
    what: Subject<'_>,
    beside: &ObservedArguments,
    arguments: &InventoryArguments,
    format: ShowFormat,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.given())?
        .waiting(beside.timeout);
    let watcher = selected.watcher();
    let reconciler = selected.reconciler(StoreUse::None, &watcher)?;
    let terminal = &invocation.terminal;
    let reading = selected.read(arguments.revision())?;
    let inventory = &reading.inventory;
    let device = device_of(inventory, what)?;
    let looks = match beside.offline.files.is_empty() {
        true => LookSource::Devices,
        false => LookSource::Recorded(all_from_files(&beside.offline.files)?),
    };
    let request = RunRequest {
        revision: arguments.revision().map(str::to_owned),
        only: Some(BTreeSet::from([device.clone()])),
        // No baseline: differences are shown, and showing removes nothing.
        baseline: Baseline::Nothing,
        looks,
        ..RunRequest::of(Verb::Plan, &selected.settings.who)
    };
    let run = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::Ready(run) => run,
        Preparation::InventoryInvalid(_) | Preparation::Refused(_) => {
            bail!("the inventory changed during the command; run it again")
        }
    };
    let observation = match run.looks().get(&device) {
        Some(Ok(look)) => look.observation(),
        Some(Err(reason)) => {
            let reason = visible(&reason.to_string()).into_owned();
            match what {
                Subject::Device(name) => bail!(
                    "{reason}; `gamctl explain {name}` shows what is known of it without a look"
                ),
                Subject::Subscriber(id) => bail!(
                    "{reason}; `gamctl explain {id}` shows what is known of it without a look"
                ),
            }
        }
        None => bail!("`{device}` was not looked at"),
    };
    let mut planned = run.planned().clone();
    planned.out_of_scope = crate::plan::OutOfScope::default();
    match what {
        Subject::Device(_) => whole(inventory, observation, &planned, format, terminal)?,
        Subject::Subscriber(id) => {
            let line = LineSources {
                ethernet: match beside.offline.files.is_empty() {
                    true => ethernet(inventory, id, &device, &reconciler, &selected)?,
                    false => None,
                },
                before: before(id, &device, inventory, &selected),
                elsewhere: elsewhere(id, &device, inventory, &selected),
            };
            let shown = (format, terminal);
            one(inventory, id, observation, &mut planned, line, shown)?;
        }
    }
    Ok(paper::plan_exit(&planned))
}

/// What is known about a line besides the look.
struct LineSources {
    ethernet: Option<Result<Vec<EthernetPort>, String>>,
    before: Option<LineBefore>,
    elsewhere: Option<HeardElsewhere>,
}

/// Requests the Ethernet ports of a subscriber's endpoint.
fn ethernet(
    inventory: &Inventory,
    id: &str,
    device: &DeviceName,
    reconciler: &Reconciler,
    selected: &Selected<'_>,
) -> anyhow::Result<Option<Result<Vec<EthernetPort>, String>>> {
    let endpoint = inventory.subscriber(id).and_then(|one| one.text.endpoint);
    let Some(endpoint) = endpoint else {
        return Ok(None);
    };
    let asking = reconciler.ethernet_of(inventory, device, endpoint);
    Ok(Some(selected.invocation.wait(asking)?))
}

/// Returns the endpoint in the last stored look; a store that cannot be read leaves it out.
fn before(
    id: &str,
    device: &DeviceName,
    inventory: &Inventory,
    selected: &Selected<'_>,
) -> Option<LineBefore> {
    let endpoint = inventory.subscriber(id)?.text.endpoint?;
    let store = StoreClient::if_there(selected).ok()??;
    let look = store.wait(store.store().last_look(device)).ok()??;
    let state = look.health.endpoints.get(&endpoint)?.state?;
    Some(LineBefore {
        at: look.taken_at,
        is_heard: state != EndpointState::NotDetected,
    })
}

/// Returns another device that hears the endpoint; a store that cannot be read leaves it out.
fn elsewhere(
    id: &str,
    device: &DeviceName,
    inventory: &Inventory,
    selected: &Selected<'_>,
) -> Option<HeardElsewhere> {
    let endpoint = inventory.subscriber(id)?.text.endpoint?;
    let store = StoreClient::if_there(selected).ok()??;
    heard_elsewhere(&store, endpoint, device).ok()?
}

fn device_of(inventory: &Inventory, what: Subject<'_>) -> anyhow::Result<DeviceName> {
    let name = match what {
        Subject::Device(name) => name,
        Subject::Subscriber(id) => {
            let Some(subscriber) = inventory.subscriber(id) else {
                let ids = inventory
                    .subscribers()
                    .map(|subscriber| subscriber.id.as_str());
                let near = did_you_mean(nearest(id, ids));
                bail!("there is no subscriber `{}`{near}", visible(id));
            };
            let device = subscriber.text.device.as_ref();
            device.context("the subscriber has no device")?.as_str()
        }
    };
    known(inventory, name)?;
    Ok(DeviceName::new(name)?)
}

fn difference(planned: &Planned, terminal: &Terminal) -> String {
    let report = PlanReport {
        planned,
        is_detailed: false,
        is_expanded: true,
    };
    let text = report.text(terminal.paint, terminal.width);
    format!("\n{}\n{text}", terminal.paint.bold("Difference"))
}

fn whole(
    inventory: &Inventory,
    observation: &Observation,
    planned: &Planned,
    format: ShowFormat,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let name = observation.device.as_str();
    let (Some(intended), Some(object)) = (resolve_device(inventory, name), inventory.device(name))
    else {
        bail!("there is no device `{name}`");
    };
    let Some(plan) = planned.devices.first() else {
        bail!("`{name}` was not planned");
    };
    let shown: Compared<'_, &DeviceConfig> = Compared {
        device: &observation.device,
        intended: Some(&intended.config),
        observed: Some(&observation.config),
        line: None,
        difference: plan,
    };
    let text = || {
        let line = line(inventory, object);
        let intended = paper::device(&line, &intended.config, terminal.paint);
        let observed = paper::observed_device(observation, None, terminal.paint);
        format!("{intended}\n{observed}{}", difference(planned, terminal))
    };
    print_shown(DocumentKind::DeviceObserved, &shown, format, text, terminal)
}

fn one(
    inventory: &Inventory,
    id: &str,
    observation: &Observation,
    planned: &mut Planned,
    line: LineSources,
    (format, terminal): (ShowFormat, &Terminal),
) -> anyhow::Result<()> {
    let subscriber = inventory.subscriber(id).and_then(complete_subscriber);
    let subscriber = subscriber.with_context(|| format!("there is no subscriber `{id}`"))?;
    let intended = resolve_device(inventory, subscriber.device.as_str());
    let served = intended
        .as_ref()
        .and_then(|device| device.config.subscribers.get(&subscriber.name));
    let seen = observation.config.subscribers.get(&subscriber.name);
    let endpoint = subscriber.endpoint.map(Object::Endpoint);
    for plan in &mut planned.devices {
        keep(plan, &subscriber.name, endpoint.as_ref());
    }
    let Some(plan) = planned.devices.first() else {
        bail!("`{}` was not planned", subscriber.device);
    };
    let line = LineReport::of(&LineFacts {
        subscriber: &subscriber,
        intended: served,
        look: observation,
        ethernet: line.ethernet,
        before: line.before,
        elsewhere: line.elsewhere,
    });
    let shown: Compared<'_, &SubscriberConfig> = Compared {
        device: &subscriber.device,
        intended: served,
        observed: seen,
        line: Some(&line),
        difference: plan,
    };
    let text = || {
        let plans = complete_service_plans(inventory);
        let sold = plans.get(subscriber.service_plan.as_str());
        let intended = paper::subscriber(&subscriber, sold, served, terminal.paint);
        let observed = paper::observed_subscriber(&subscriber.name, observation, terminal.paint);
        let attention = line.attention_text(terminal.paint);
        let ethernet = line.ethernet_text();
        format!(
            "{attention}\n{intended}\n{observed}{ethernet}{}",
            difference(planned, terminal)
        )
    };
    print_shown(
        DocumentKind::SubscriberObserved,
        &shown,
        format,
        text,
        terminal,
    )
}

/// Keeps only the parts of a plan that concern one subscriber.
fn keep(plan: &mut DevicePlan, name: &SubscriberName, endpoint: Option<&Object>) {
    let own = Object::Subscriber(name.clone());
    plan.steps.retain(|step| {
        step.change.object() == own
            || Some(&step.change.object()) == endpoint
            || step.impact.subscribers().any(|one| one == name)
    });
    plan.notes.retain(|note| {
        note.object.as_ref() == Some(&own)
            || (endpoint.is_some() && note.object.as_ref() == endpoint)
    });
    plan.unmanaged.clear();
}
