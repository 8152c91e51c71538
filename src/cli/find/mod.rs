//! `gamctl find`: finds objects by any value that identifies them, and names the command that shows more.
//!
//! `on_devices` searches the objects that only the store knows · `unique` selects the one that a word means.

mod on_devices;
mod unique;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use anyhow::Context;
use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::source::{InventoryArguments, summary};
use super::store_client::StoreClient;
use crate::inventory::{
    Closeness, FieldMatch, Found, FoundObject, Inventory, KeyReference, ReferencedObject,
    SearchWord, complete_service_plans, complete_subscriber, find, locations,
};
use crate::model::{DeviceState, ServicePlan, Speed};
use crate::report::{
    DocumentKind, Exit, FoundLine, FoundPlace, MatchLine, counted, found_objects, visible,
};

pub(super) use on_devices::heard_elsewhere;
pub(super) use unique::{Candidate, candidates, only, only_device, only_subscriber};

/// Find devices, subscribers and service plans by any of their values
///
/// Searches ids, names, accounts, MAC addresses, VLANs, descriptions, serial numbers, addresses and host names, and
/// objects that only the store knows: owned ones that left the inventory, those of the last looks, and subscribers that
/// gamctl removed (by their whole id, name or MAC address). A value that is
/// the word comes before one that contains it. Contacts no device.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl find acct-1042              an id, or an account of the billing system
  gamctl find 000e.d81c.9508         a MAC address in any notation
  gamctl find 1c:95:08               the last digits on the label, four or more
  gamctl find 101                    a VLAN
  gamctl find 10.20.0.11             an address of a device
  gamctl find 'apt 7'                a part of a name or description

`gamctl show subscriber WORD` and `gamctl explain WORD` accept a word that matches one subscriber only.
Exit codes: 0 found, 1 nothing matches.")]
pub(super) struct FindArguments {
    /// Find this text, number or address, or a part of it
    word: String,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// Show at most this many entries
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    limit: NonZeroU32,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FindDocument<'a> {
    word: &'a str,
    /// The number of objects found; `found` has at most `--limit` of them.
    total: usize,
    found: &'a [FoundLine],
}

pub(super) fn run(arguments: &FindArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let word = SearchWord::new(&arguments.word).context("give a word to find, such as an id")?;
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let reading = selected.read(arguments.inventory.revision())?;
    if reading.has_errors() {
        let errors = counted(summary(&reading).errors, "error");
        terminal.say_always(&format!(
            "The inventory has {errors}, so an object may be missing here; `gamctl validate` shows what is wrong."
        ));
    }
    let inventory = &reading.inventory;
    let found = find(inventory, &word);
    let is_exact = found
        .first()
        .is_some_and(|found| found.closeness() == Closeness::Whole);
    let most = usize::try_from(arguments.limit.get())?;
    let mut total = found.len();
    let shown: Vec<&Found> = found.iter().take(most).collect();
    let mut lines = lines(inventory, &shown);
    let searched = StoreClient::if_there(&selected).and_then(|store| match store {
        Some(store) => on_devices::find(&store, inventory, &word, arguments.word.trim(), is_exact),
        None => Ok(Vec::new()),
    });
    // The inventory has its answer, also where the store has none.
    let unsearched = match searched {
        Ok(more) => {
            total += more.len();
            lines.extend(more);
            None
        }
        Err(error) => {
            let error = format!("{error:#}");
            terminal.say_always(&format!(
                "Only the inventory was searched: {}; `gamctl doctor --local` checks the store",
                visible(&error)
            ));
            Some(error)
        }
    };
    lines.sort_by_key(|line| !line.is_whole());
    lines.truncate(most);
    if let Some(folder) = invocation.named(arguments.inventory.given()) {
        let folder = folder.display().to_string();
        for command in lines.iter_mut().filter_map(|line| line.command.as_mut()) {
            command.push_str(&format!(" -i {folder}"));
        }
    }
    let document = FindDocument {
        word: &arguments.word,
        total,
        found: &lines,
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Find.document(&document),
        || found_objects(&lines, terminal.paint),
    )?;
    if total == 0 {
        if unsearched.is_some() {
            terminal.say_always(&format!(
                "Nothing in the inventory matches `{}`.",
                visible(&arguments.word)
            ));
            return Ok(Exit::Failed);
        }
        terminal.say_always(&format!(
            "Nothing matches `{}`: neither the inventory nor the store has it.",
            visible(&arguments.word)
        ));
        return Ok(Exit::Failed);
    }
    if total > lines.len() {
        let more = total - lines.len();
        terminal.say(&format!("and {more} more; `--limit {total}` shows all"));
    }
    // Half a search is no success for a program.
    Ok(match unsearched {
        Some(_) => Exit::Failed,
        None => Exit::Done,
    })
}

/// Returns the lines of objects of the inventory.
fn lines(inventory: &Inventory, found: &[&Found]) -> Vec<FoundLine> {
    let references: Vec<KeyReference> = found.iter().map(|one| reference(one)).collect();
    let plans = complete_service_plans(inventory);
    let places = locations(inventory, &references);
    let lines = found.iter().zip(places).map(|(one, place)| FoundLine {
        place: place.map(|place| FoundPlace {
            file: place.file.to_string(),
            line: place.line,
        }),
        matches: one.matches.iter().map(matched).collect(),
        ..described(inventory, &one.object, &plans)
    });
    lines.collect()
}

fn matched(one: &FieldMatch) -> MatchLine {
    MatchLine {
        field: one.field,
        value: one.value.clone(),
        is_whole: one.closeness == Closeness::Whole,
    }
}

/// Returns the key whose line is shown: that of the closest match.
fn reference(found: &Found) -> KeyReference {
    let object = match &found.object {
        FoundObject::Device(name) => ReferencedObject::Device(name.to_string()),
        FoundObject::Subscriber(id) => ReferencedObject::Subscriber(id.to_string()),
        FoundObject::ServicePlan(id) => ReferencedObject::ServicePlan(id.to_string()),
    };
    let field = found.matches.first().map_or("id", |one| one.field);
    let is_device = matches!(found.object, FoundObject::Device(_));
    let is_header = field == "id" || (field == "name" && is_device);
    let keys = field.split('.').filter(|_| !is_header);
    KeyReference::new(object, keys)
}

/// Describes an object of the inventory.
fn described(
    inventory: &Inventory,
    object: &FoundObject,
    plans: &BTreeMap<String, ServicePlan>,
) -> FoundLine {
    let id = object.id().to_owned();
    match object {
        FoundObject::Device(_) => FoundLine {
            state: device_state(inventory, &id),
            command: Some(format!("gamctl show device {id}")),
            ..FoundLine::of("device", id)
        },
        FoundObject::Subscriber(_) => subscriber(inventory, id),
        FoundObject::ServicePlan(_) => {
            let speed = plans.get(&id).map(|plan| match &plan.speed {
                Speed::Unthrottled => "unthrottled".to_owned(),
                Speed::Limited { down, up, .. } => format!("{down}/{up} Mbps"),
            });
            let is_user = |one: &&crate::inventory::SubscriberObject| {
                let plan = one.text.service_plan.as_ref();
                plan.is_some_and(|plan| plan.as_str() == id)
            };
            let users = counted(
                inventory.subscribers().filter(is_user).count(),
                "subscriber",
            );
            FoundLine {
                state: speed
                    .into_iter()
                    .chain([users])
                    .collect::<Vec<_>>()
                    .join(", "),
                ..FoundLine::of("service plan", id)
            }
        }
    }
}

fn device_state(inventory: &Inventory, name: &str) -> String {
    let Some(object) = inventory.device(name) else {
        return String::new();
    };
    let text = &object.text;
    let count = inventory.subscribers_of(name).count();
    let facts = [
        text.model.map(|model| model.to_string()),
        Some(text.state.unwrap_or(DeviceState::Managed).to_string()),
        text.address.map(|address| address.to_string()),
        text.site.as_ref().map(|site| format!("site {site}")),
        Some(counted(count, "subscriber")),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn subscriber(inventory: &Inventory, id: String) -> FoundLine {
    let complete = inventory.subscriber(&id).and_then(complete_subscriber);
    let command = Some(format!("gamctl show subscriber {id}"));
    let Some(one) = complete else {
        return FoundLine {
            state: "not complete in the inventory".to_owned(),
            command: Some("gamctl validate".to_owned()),
            ..FoundLine::of("subscriber", id)
        };
    };
    FoundLine {
        device: Some(one.device.to_string()),
        state: format!(
            "{} port {}, VLAN {}, {}, {}",
            one.device, one.port, one.vlan, one.service_plan, one.state
        ),
        name: (one.name.as_str() != id).then(|| one.name.to_string()),
        command,
        ..FoundLine::of("subscriber", id)
    }
}
