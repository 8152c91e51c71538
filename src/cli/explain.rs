//! `gamctl explain`: shows the history that made a subscriber or a device what it is.

use super::format::OutputFormat;
use super::history::run_line;
use super::invocation::{Invocation, StoreUse};
use super::scope::DeviceArguments;
use super::source::FolderArguments;
use super::store_client::StoreClient;
use super::subject::{Known, ResolvedSubject, ResolvedSubscriber};
use crate::history::{Chapter, Freeze, StoredLedger};
use crate::inventory::{
    self, Cache, Inventory, KeyReference, Reading, ReferencedObject, complete_subscriber, locations,
};
use crate::model::{DeviceName, Observation, SubscriberState, subscriber_word};
use crate::plan::{DevicePlan, Object, Step};
use crate::reconcile::run::{Baseline, PlanInputs, StoreState, Watcher};
use crate::reconcile::{FingerprintedObservation, LookResults, plan_all};
use crate::report::{
    ChapterLine, DocumentKind, Exit, Explanation, Looked, Now, VerifiedLine, moment, visible,
};

/// Show why a subscriber or a device is configured as it is
///
/// Shows the history, newest first: the commit and its author, the plan, the lines sent, the replies of the device, and
/// how the change was verified and saved. Above it is the present: the intended configuration, and whether the last
/// look agrees with it. Contacts no device.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl explain acct-1042                       a subscriber, by its id in the inventory
  gamctl explain apt-101 --device maple-court-a  by its name on the device
  gamctl explain 00:0e:d8:1c:95:08               by the MAC address of its endpoint, or a part of it
  gamctl explain acct-1042 --device maple-b      its history there, before it moved
  gamctl explain maple-court-a --detailed        a device, with every line that was sent")]
pub(super) struct ExplainArguments {
    /// Explain this device or subscriber: id, name, or what `find` finds
    #[arg(value_name = "SUBSCRIBER|DEVICE")]
    what: String,

    #[command(flatten)]
    device: DeviceArguments,

    /// Include the CLI lines, and those that undo them or the replies
    ///
    /// They are always shown for a subscriber.
    #[arg(long, alias = "lines")]
    detailed: bool,

    /// Show at most this many entries
    #[arg(long, alias = "most", value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

pub(super) fn run(arguments: &ExplainArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    let reconciler = selected.reconciler(StoreUse::None, &watcher)?;
    let reading = reconciler.read(None, &watcher)?;
    // The inventory has its answer, also where the store has none.
    let opened = StoreClient::if_there(&selected).and_then(|memory| match memory {
        Some(memory) => {
            let known = memory.wait(StoreState::of(memory.store()))?;
            Ok((Some(memory), known))
        }
        None => Ok((None, StoreState::default())),
    });
    let (memory, known, unanswered) = match opened {
        Ok((memory, known)) => (memory, known, None),
        Err(error) => (None, StoreState::default(), Some(format!("{error:#}"))),
    };
    let meant = Known {
        inventory: &reading.inventory,
        ledgers: &known.ledgers,
        store: memory.as_ref(),
        unasked: unanswered.as_deref(),
    }
    .meant(&arguments.what, arguments.device.patterns()?.as_ref())?;
    let device = meant.device();
    let mut now = Now {
        verified: known.ledgers.get(device).map(verified),
        ..Now::default()
    };
    let (mut chapters, mut look) = (Vec::new(), None);
    if let Some(memory) = &memory {
        let store = memory.store();
        chapters = memory.wait(store.story(&meant.subject(), arguments.limit))?;
        look = memory.wait(store.last_look(device))?;
        let freezes = memory.wait(store.freezes())?;
        now.frozen = frozen(&reading.inventory, device, &freezes);
    }
    if reading.has_errors() {
        now.unknown = Some("it has errors; `gamctl validate` shows them".to_owned());
        now.looked = look.map(|look| Looked {
            at: look.taken_at,
            steps: None,
        });
    } else {
        now.intended = intended(&reading, &meant);
        now.looked = look
            .map(|look| looked(&selected.folder, reading, &known, &meant, look, &watcher))
            .transpose()?;
    }
    let is_cut = u32::try_from(chapters.len()).is_ok_and(|count| count >= arguments.limit);
    let explanation = Explanation {
        about: about(&meant),
        device: device.to_string(),
        now,
        chapters: chapters.into_iter().map(chapter).collect(),
        is_cut,
    };
    let with_lines = arguments.detailed || matches!(meant, ResolvedSubject::Subscriber(_));
    let text = || explanation.text(with_lines, terminal.paint, terminal.width);
    terminal.print(
        arguments.format,
        || DocumentKind::Explain.document(&explanation),
        text,
    )?;
    if let Some(error) = unanswered {
        terminal.say_always(&format!(
            "The history is missing here: {}; `gamctl doctor --local` checks the store",
            visible(&error)
        ));
        return Ok(Exit::Failed);
    }
    if memory.is_none() {
        terminal.say("There is no store yet: nothing was applied from here.");
    }
    Ok(Exit::Done)
}

fn about(meant: &ResolvedSubject) -> String {
    match meant {
        ResolvedSubject::Device(device) => format!("device {device}"),
        ResolvedSubject::Subscriber(ResolvedSubscriber {
            id, device, name, ..
        }) => match id {
            Some(id) => format!(
                "subscriber {} on {device}",
                subscriber_word(id, name.as_str())
            ),
            None => format!("subscriber {name} on {device}"),
        },
    }
}

fn verified(kept: &StoredLedger) -> VerifiedLine {
    VerifiedLine {
        at: kept.at,
        commit: kept.commit.clone(),
        is_unsaved: kept.is_unsaved,
    }
}

fn frozen(inventory: &Inventory, device: &DeviceName, freezes: &[Freeze]) -> Vec<String> {
    let Some(object) = inventory.device(device.as_str()) else {
        return Vec::new();
    };
    let holds = |freeze: &&Freeze| inventory::freezes(&freeze.scope, object);
    let held = freezes.iter().filter(holds);
    let said = held.map(|freeze| {
        let Freeze {
            who, until, reason, ..
        } = freeze;
        format!("by {who} until {}: {reason}", moment(*until))
    });
    said.collect()
}

/// Returns the intended configuration, and its location in the inventory.
fn intended(reading: &Reading, meant: &ResolvedSubject) -> Option<String> {
    let inventory = &reading.inventory;
    let (said, object) = match meant {
        ResolvedSubject::Device(device) => {
            let text = &inventory.device(device.as_str())?.text;
            let state = text.state.unwrap_or(crate::model::DeviceState::Managed);
            let model = text
                .model
                .map_or_else(String::new, |model| format!(", {model}"));
            let site = text.site.as_ref();
            let site = site.map_or_else(String::new, |site| format!(", site {site}"));
            let count = inventory.subscribers_of(device.as_str()).count();
            let subscribers = crate::report::counted(count, "subscriber");
            (
                format!("{state}{model}{site}, {subscribers}"),
                ReferencedObject::Device(device.to_string()),
            )
        }
        ResolvedSubject::Subscriber(served) => {
            let id = served.id.as_deref()?;
            let subscriber = complete_subscriber(inventory.subscriber(id)?)?;
            let state = match subscriber.state {
                SubscriberState::Active => "active",
                SubscriberState::Suspended => "suspended",
                SubscriberState::Pending => "pending",
            };
            let endpoint = subscriber.endpoint;
            let endpoint =
                endpoint.map_or_else(String::new, |endpoint| format!(", endpoint {endpoint}"));
            let here = match subscriber.device == served.device {
                true => String::new(),
                false => format!("on {} now: ", subscriber.device),
            };
            let said = format!(
                "{here}{state}, service plan {}, VLAN {}, port {}{endpoint}",
                subscriber.service_plan, subscriber.vlan, subscriber.port
            );
            (said, ReferencedObject::Subscriber(id.to_owned()))
        }
    };
    let place = locations(inventory, &[KeyReference::new(object, [])]);
    let place = place.into_iter().flatten().next();
    let place = place.map_or_else(String::new, |place| {
        format!(" ({}:{})", visible(&place.file), place.line)
    });
    Some(format!("{said}{place}"))
}

/// Compares the last look with the inventory, as a plan would.
fn looked(
    folder: &std::path::Path,
    reading: Reading,
    known: &StoreState,
    meant: &ResolvedSubject,
    look: Observation,
    watcher: &Watcher,
) -> anyhow::Result<Looked> {
    let at = look.taken_at;
    let device = look.device.clone();
    let cache = Cache::default();
    let inputs = PlanInputs::of(folder, reading, &Baseline::Store, Some(known), &cache)?;
    let fleet = inputs.fleet();
    let sightings = LookResults::from([(device.clone(), Ok(FingerprintedObservation::of(look)))]);
    let mut planned = plan_all(&fleet, &sightings);
    planned.devices.retain(|plan| plan.device == device);
    for plan in &mut planned.devices {
        keep(plan, meant);
    }
    inputs.add_origins(&mut planned, &fleet, watcher);
    let steps = planned.devices.into_iter().next().map(|plan| plan.steps);
    Ok(Looked { at, steps })
}

/// Keeps only the parts of a plan that concern the subject.
fn keep(plan: &mut DevicePlan, meant: &ResolvedSubject) {
    let ResolvedSubject::Subscriber(served) = meant else {
        return;
    };
    let own = Object::Subscriber(served.name.clone());
    let endpoint = served.endpoint.map(Object::Endpoint);
    plan.steps.retain(|step: &Step| {
        step.change.object() == own
            || Some(&step.change.object()) == endpoint.as_ref()
            || step.impact.subscribers().any(|name| *name == served.name)
    });
}

pub(super) fn chapter(chapter: Chapter) -> ChapterLine {
    let Chapter {
        run,
        device: _,
        at,
        steps,
        exchanges,
        verified,
        saved,
        outcome,
    } = chapter;
    ChapterLine {
        run: run_line(run),
        at,
        steps,
        exchanges,
        is_verified: verified.is_some(),
        saved,
        outcome,
    }
}
