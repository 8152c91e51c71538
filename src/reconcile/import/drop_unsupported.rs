//! Drops what the inventory cannot express, one round at a time, until it is valid and changes nothing.

use std::collections::BTreeMap;

use super::draft::{Draft, Object, Written, quoted, quoted_key};
use super::service_plan::{Plans, plans};
use super::{FoundDevice, ImportError, Imported, Texts, said, together};
use crate::authoring::new_files::{schema_line, template};
use crate::inventory::{FileKind, Inventory, Reading, resolve_device};
use crate::model::{DeviceConfig, Finding, Severity, SourceLocation, SubscriberId, SubscriberName};

/// Each round leaves something out, and no device has more than that.
const MOST_ROUNDS: usize = 10_000;

/// Findings that are about the uplinks of a device, wherever they are shown.
const ABOUT_UPLINKS: [&str; 2] = ["not-on-uplink", "management-cut-off"];

/// Repeats until what is left is an inventory without errors that changes nothing.
pub(super) fn drop_unsupported(
    mut draft: Draft,
    found: &[FoundDevice],
    before: &Reading,
    existing: &Texts,
) -> Result<Imported, ImportError> {
    for _ in 0..MOST_ROUNDS {
        let plans = plans(&draft, found, before, existing);
        for (id, why) in &plans.unfit {
            draft.leave_out_subscriber(id, why);
        }
        let written = write(&draft, &plans, existing);
        let reading = together(existing, &written.files);
        let errors = reading.findings.iter();
        let errors: Vec<&Finding> = errors
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        let is_less = if errors.is_empty() {
            settle(&mut draft, found, &reading.inventory)
        } else {
            let mut is_less = false;
            for finding in &errors {
                is_less |= give_in(&mut draft, &plans, &written, finding);
            }
            if !is_less {
                let first = errors.first().map(|finding| said(finding));
                return Err(ImportError::Stuck(first.unwrap_or_default()));
            }
            true
        };
        if !is_less {
            return Ok(imported(draft, &plans, written));
        }
    }
    Err(ImportError::Stuck(
        "every round leaves new errors".to_owned(),
    ))
}

fn imported(mut draft: Draft, plans: &Plans, written: Written) -> Imported {
    draft.left_out.sort();
    draft.left_out.dedup();
    Imported {
        devices: draft.devices.len(),
        subscribers: draft.subscribers.len(),
        service_plans: plans.new.len(),
        files: written.into_files(),
        left_out: draft.left_out,
        guesses: guesses(plans, &draft.subscribers),
    }
}

fn guesses(
    plans: &Plans,
    subscribers: &BTreeMap<SubscriberId, super::draft::SubscriberDraft>,
) -> Vec<String> {
    let mut guesses = plans.guesses.clone();
    let suspended = subscribers.iter().filter(|(_, one)| one.is_suspended);
    let suspended: Vec<String> = suspended.map(|(id, _)| format!("`{id}`")).collect();
    match suspended.as_slice() {
        [] => {}
        [id] => guesses.push(format!(
            "subscriber {id} is in VLAN 4094, so it is suspended: its `vlan` and `service_plan` are placeholders, correct both before it is active again"
        )),
        ids => guesses.push(format!(
            "{} subscribers are in VLAN 4094, so they are suspended: their `vlan` and `service_plan` are placeholders, correct both before they are active again: {}",
            ids.len(),
            ids.join(", ")
        )),
    }
    guesses
}

fn write(draft: &Draft, plans: &Plans, existing: &Texts) -> Written {
    let mut written = draft.write(|id| plans.of.get(id).cloned());
    let path = match existing.contains_key("service-plans.toml") {
        false => "service-plans.toml".to_owned(),
        true => {
            let numbered = (2_u32..).map(|number| format!("service-plans/imported-{number}.toml"));
            let mut all = std::iter::once("service-plans/imported.toml".to_owned()).chain(numbered);
            let free = all.find(|path| !existing.contains_key(path.as_str()));
            free.unwrap_or_default()
        }
    };
    if draft.has_schemas && !plans.new.is_empty() {
        written.start(&path, &schema_line(&path, FileKind::ServicePlans));
    }
    for plan in &plans.new {
        let head = format!("service_plan.{}", quoted_key(plan.id.as_str()));
        let object = Object::ServicePlan(plan.id.clone());
        written.table(&path, &head, &plan.keys, object);
    }
    if !existing.contains_key("network.toml") {
        written.start("network.toml", &network(draft));
        if let Some(plan) = &plans.suspension {
            let keys = vec![
                ("how", quoted("captive")),
                ("service_plan", quoted(plan.as_str())),
            ];
            written.table("network.toml", "suspension", &keys, Object::Network);
        }
    }
    written
}

/// Returns the settings of a new inventory: those of `gamctl init`, without the suspension. VLANs stay shared where they
/// are.
fn network(draft: &Draft) -> String {
    let text = template("network.toml");
    let settings = text.split("[suspension]").next().unwrap_or(text);
    let settings = settings.trim_end();
    match draft.shares_vlans() {
        false => format!("{settings}\n"),
        true => format!(
            "{}\n",
            settings.replace("vlan_mode = \"unique\"", "vlan_mode = \"shared\"")
        ),
    }
}

/// Leaves out the object of a finding; `false` if the draft does not have it.
fn give_in(draft: &mut Draft, plans: &Plans, written: &Written, finding: &Finding) -> bool {
    let places = std::iter::once(&finding.place);
    let places = places.chain(finding.related.iter().map(|related| &related.place));
    let why = said(finding);
    for place in places {
        let Some(object) = written.object_at(&place.file, place.line).cloned() else {
            continue;
        };
        let is_less = match &object {
            Object::Subscriber(id) if ABOUT_UPLINKS.contains(&finding.rule.id) => {
                let device = draft.subscribers.get(id).map(|one| one.found);
                device.is_some_and(|device| drop_uplinks(draft, device, &why))
            }
            Object::Subscriber(id) => {
                let is_there = draft.subscribers.contains_key(id);
                draft.leave_out_subscriber(id, &why);
                is_there
            }
            Object::Uplinks(device) => drop_uplinks(draft, *device, &why),
            Object::Device(device) if ABOUT_UPLINKS.contains(&finding.rule.id) => {
                drop_uplinks(draft, *device, &why)
            }
            Object::Device(device) => drop_key(draft, written, *device, place, &why),
            Object::Port(device, port) => drop_port(draft, *device, *port, &why),
            Object::ServicePlan(plan) => {
                let users: Vec<SubscriberId> = plans
                    .of
                    .iter()
                    .filter(|(_, of)| *of == plan)
                    .map(|(id, _)| id.clone())
                    .collect();
                for id in &users {
                    draft.leave_out_subscriber(id, &why);
                }
                !users.is_empty()
            }
            Object::Network => false,
        };
        if is_less {
            return true;
        }
    }
    false
}

fn drop_uplinks(draft: &mut Draft, device: usize, why: &str) -> bool {
    let Some(one) = draft.devices.get_mut(&device) else {
        return false;
    };
    let is_less = !one.uplinks.is_empty();
    one.uplinks.clear();
    say(draft, device, is_less, "its uplinks", why)
}

fn drop_port(draft: &mut Draft, device: usize, port: u8, why: &str) -> bool {
    let removed = draft
        .devices
        .get_mut(&device)
        .map(|one| one.ports.remove(&port));
    let what = format!("port {port}");
    say(draft, device, matches!(removed, Some(Some(_))), &what, why)
}

/// Leaves out the key of a device that a line has; the device as a whole where it cannot do without.
fn drop_key(
    draft: &mut Draft,
    written: &Written,
    device: usize,
    place: &SourceLocation,
    why: &str,
) -> bool {
    let text = written.files.get(place.file.as_ref());
    let line = usize::try_from(place.line).unwrap_or_default();
    let line = text.and_then(|text| text.lines().nth(line.saturating_sub(1)));
    let key = line
        .and_then(|line| line.split_once(" = "))
        .map(|(key, _)| key.to_owned());
    let Some(one) = draft.devices.get_mut(&device) else {
        return false;
    };
    let needed = ["model", "address"];
    if let Some(key) = key.filter(|key| !needed.contains(&key.as_str())) {
        let before = one.keys.len();
        one.keys.retain(|(name, _)| *name != key);
        let is_less = one.keys.len() < before;
        return say(draft, device, is_less, &format!("its `{key}`"), why);
    }
    draft.devices.remove(&device);
    draft.subscribers.retain(|_, one| one.found != device);
    say(draft, device, true, "the device", why)
}

fn say(draft: &mut Draft, device: usize, is_less: bool, what: &str, why: &str) -> bool {
    if let (true, Some(name)) = (is_less, draft.names.get(&device).cloned()) {
        draft.leave_out(&name, what, why);
    }
    is_less
}

/// Leaves out what would change a device; `false` when nothing would.
fn settle(draft: &mut Draft, found: &[FoundDevice], inventory: &Inventory) -> bool {
    let mut changing: Vec<(SubscriberId, &str)> = Vec::new();
    for (place, name) in &draft.names {
        let (Some(one), Some(intended)) =
            (found.get(*place), resolve_device(inventory, name.as_str()))
        else {
            continue;
        };
        let observed = &one.observation.config;
        for (id, subscriber) in &draft.subscribers {
            if subscriber.found == *place
                && let Some(what) = change(&intended.config, observed, &subscriber.name)
            {
                changing.push((id.clone(), what));
            }
        }
    }
    for (id, what) in &changing {
        let why = format!("the inventory would change its {what}");
        draft.leave_out_subscriber(id, &why);
    }
    !changing.is_empty()
}

/// Returns what would change of a subscriber: slots aside, it is to be what it is.
fn change(
    intended: &DeviceConfig,
    observed: &DeviceConfig,
    name: &SubscriberName,
) -> Option<&'static str> {
    let (Some(wanted), Some(has)) = (
        intended.subscribers.get(name),
        observed.subscribers.get(name),
    ) else {
        return Some("existence");
    };
    let mut same = wanted.clone();
    same.slot = has.slot;
    same.poe = same.poe.or(has.poe);
    if same != *has {
        return Some("fields");
    }
    if let Some(mac) = has.endpoint {
        let (wanted, has) = (intended.endpoints.get(&mac)?, observed.endpoints.get(&mac)?);
        if (&wanted.name, wanted.port) != (&has.name, has.port) {
            return Some("endpoint");
        }
    }
    if let crate::model::RateLimit::Profile(profile) = &has.rate {
        let (wanted, has) = (
            intended.profiles.get(profile)?,
            observed.profiles.get(profile)?,
        );
        if (wanted.down, wanted.up, &wanted.description) != (has.down, has.up, &has.description) {
            return Some("profile");
        }
    }
    None
}
