//! Judges a plan by what its lines do to a twin: nothing of the planner is used but its result.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gamctl::model::{DeviceConfig, Observation, RateLimit};
use gamctl::plan::{Cause, DevicePlan, Object, Step, Verb};
use gamctl::render::render;
use gamctl::simulator::gam::{Configuration, ExpectedPort};

use super::case::{BlindSpot, Case, without_slots};
use super::device::observed;
use super::effects::effects;
use super::runs::Runs;
use super::way_back;

/// How many beginnings of a plan are planned again from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Prefixes {
    Some(usize),
    All,
}

/// What a judged plan was like, for counting.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) steps: usize,
    pub(crate) temporary: usize,
    pub(crate) notes: usize,
}

/// Returns what is wrong with the plan of a case.
pub(crate) fn judge(case: &Case, prefixes: Prefixes) -> Result<Judged, String> {
    let plan = dressed(case, &case.observation(&case.configuration))?;
    let story = || text_of(&plan);
    judge_plan(case, &plan, prefixes).map_err(|wrong| format!("{wrong}\n{}", story()))?;
    let temporary = plan.steps.iter().filter(|step| is_temporary(step)).count();
    Ok(Judged {
        steps: plan.steps.len(),
        temporary,
        notes: plan.notes.len(),
    })
}

fn dressed(case: &Case, seen: &Observation) -> Result<DevicePlan, String> {
    render(case.plan(seen)).map_err(|failed| format!("no lines: {}", failed.error))
}

/// Returns a plan as lines, with what goes with them.
pub(crate) fn text_of(plan: &DevicePlan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let causes: Vec<String> = step
            .because
            .iter()
            .map(|because| format!("{:?}", because.cause))
            .collect();
        let lines: Vec<&str> = step.lines.iter().map(|line| line.text()).collect();
        let lines = lines.join(" / ");
        text += &format!("  {lines}    [{:?}] {}\n", step.impact, causes.join(", "));
    }
    for note in &plan.notes {
        text += &format!("  note {}: {}\n", note.rule, note.message);
    }
    for refusal in &plan.refusals {
        text += &format!("  refusal {}: {}\n", refusal.rule, refusal.message);
    }
    text
}

fn is_temporary(step: &Step) -> bool {
    step.because.iter().any(|one| one.cause == Cause::Temporary)
}

fn judge_plan(case: &Case, plan: &DevicePlan, prefixes: Prefixes) -> Result<(), String> {
    for note in &plan.notes {
        let text = note.message.to_string();
        let object = note.object.as_ref().map(ToString::to_string);
        if object.is_some_and(|object| !text.contains(&object)) {
            return Err(format!("a note does not name its object: {text}"));
        }
    }
    if let Some(refusal) = plan
        .refusals
        .iter()
        .find(|one| one.rule != "protected-subscriber")
    {
        return Err(format!("refused: {}", refusal.message));
    }
    // A port that the inventory does not name may have the name that another one is to get.
    let is_of_port = |note: &gamctl::plan::Note| matches!(note.object, Some(Object::Port(_)));
    let is_whole = plan.notes.iter().all(is_of_port) && plan.refusals.is_empty();
    if case.is_open && !is_whole {
        return Err("something was left out although nothing stands in its way".to_owned());
    }
    let mut runs = Runs::new(&case.hardware);
    let mut states = vec![Rc::new(case.configuration.clone())];
    for step in &plan.steps {
        let running = runs.after(&states[states.len() - 1], &step.lines)?;
        states.push(running);
    }
    let looks: Vec<Observation> = states.iter().map(|state| case.observation(state)).collect();
    let last = states.len() - 1;
    let end = Rc::clone(&states[last]);
    reached(case, plan, &case.configuration, &end)?;
    let again = dressed(case, &looks[last])?;
    if !again.steps.is_empty() {
        return Err(format!("planning again is not empty:\n{}", text_of(&again)));
    }
    for (at, state) in states.iter().enumerate() {
        strangers(case, state).map_err(|wrong| format!("after step {at}: {wrong}"))?;
    }
    services(case, plan, &states)?;
    rates(&states)?;
    effects(case, plan, &states[0], &end)?;
    mentioned(plan, &case.configuration, &end)?;
    planned_again(case, plan, &states, &looks, prefixes, &mut runs)?;
    way_back::walked(plan, &states)?;
    way_back::kept(case, &looks[last])?;
    let beginnings = chosen(prefixes, states.len()).into_iter();
    for at in beginnings.chain([0, last]) {
        way_back::back_from(case, plan, &states, &looks, at, &mut runs)?;
    }
    undone(case, plan, &states, &mut runs)
}

/// Checks that the intention is there, and nothing of ours besides.
fn reached(
    case: &Case,
    plan: &DevicePlan,
    start: &Configuration,
    end: &Configuration,
) -> Result<(), String> {
    let noted: BTreeSet<&Object> = plan
        .notes
        .iter()
        .filter_map(|note| note.object.as_ref())
        .collect();
    let is_noted = |object: Object| noted.contains(&object);
    let (before, after) = (observed(start), observed(end));
    let wanted = &case.intended;
    for (name, profile) in &wanted.profiles {
        let mut has = after.profiles.get(name).cloned();
        if let Some(has) = &mut has {
            has.slot = None;
        }
        if has.as_ref() != Some(profile) && !is_noted(Object::Profile(name.clone())) {
            return Err(format!("profile {name} is {has:?} and not {profile:?}"));
        }
    }
    for (mac, endpoint) in &wanted.endpoints {
        let mut has = after.endpoints.get(mac).cloned();
        if let Some(has) = &mut has {
            has.slot = None;
        }
        if has.as_ref() != Some(endpoint) && !is_noted(Object::Endpoint(*mac)) {
            return Err(format!("endpoint {mac} is {has:?} and not {endpoint:?}"));
        }
    }
    for (name, subscriber) in &wanted.subscribers {
        let mut has = after.subscribers.get(name).cloned();
        if let Some(has) = &mut has {
            if subscriber.poe.is_none() {
                let kept = before.subscribers.get(name);
                if kept.is_some_and(|kept| kept.slot == has.slot && kept.poe != has.poe)
                    && !slot_was_freed(plan, has.slot)
                {
                    return Err(format!("the power of {name} is not kept"));
                }
                has.poe = None;
            }
            has.slot = None;
        }
        if has.as_ref() != Some(subscriber) && !is_noted(Object::Subscriber(name.clone())) {
            return Err(format!(
                "subscriber {name} is {has:?} and not {subscriber:?}"
            ));
        }
    }
    settings_reached(wanted, &after, &noted)?;
    if plan.notes.is_empty() && plan.refusals.is_empty() {
        nothing_left(case, &after)?;
    }
    Ok(())
}

fn slot_was_freed(plan: &DevicePlan, slot: Option<gamctl::model::Slot>) -> bool {
    plan.steps.iter().any(|step| {
        step.change.verb() == Verb::Remove
            && step.change.slot() == slot
            && matches!(step.change.object(), Object::Subscriber(_))
    })
}

fn settings_reached(
    wanted: &DeviceConfig,
    after: &DeviceConfig,
    noted: &BTreeSet<&Object>,
) -> Result<(), String> {
    for (number, port) in &wanted.ports {
        let has = &after.ports[number];
        let is_there = (port.name.is_none() || port.name == has.name)
            && (port.enabled.is_none() || port.enabled == has.enabled)
            && (port.mode.is_none() || port.mode == has.mode);
        if !is_there && !noted.contains(&Object::Port(*number)) {
            return Err(format!("port {number} is {has:?} and not {port:?}"));
        }
    }
    for (number, uplink) in &wanted.uplinks {
        let has = after.uplinks.get(number);
        let is_there = uplink.allowed_vlans.is_none() || has == Some(uplink);
        if !is_there && !noted.contains(&Object::Uplink(*number)) {
            return Err(format!("uplink {number} is {has:?} and not {uplink:?}"));
        }
    }
    let (system, has) = (&wanted.system, &after.system);
    let is_there = (system.hostname.is_none() || system.hostname == has.hostname)
        && (system.location.is_none() || system.location == has.location)
        && (system.contact.is_none() || system.contact == has.contact);
    if is_there {
        Ok(())
    } else {
        Err(format!("the system is {has:?} and not {system:?}"))
    }
}

/// Checks that what is ours and not intended has gone.
fn nothing_left(case: &Case, after: &DeviceConfig) -> Result<(), String> {
    let Some(ledger) = &case.ledger else {
        return Ok(());
    };
    let wanted = &case.intended;
    for (name, subscriber) in &after.subscribers {
        if !wanted.subscribers.contains_key(name) && ledger.owns_subscriber(name) {
            return Err(format!("{name} is ours and still there: {subscriber:?}"));
        }
    }
    for mac in after.endpoints.keys() {
        if !wanted.endpoints.contains_key(mac) && ledger.owns_endpoint(*mac) {
            return Err(format!("{mac} is ours and still there"));
        }
    }
    for name in after.profiles.keys() {
        if !wanted.profiles.contains_key(name) && ledger.owns_profile(name) {
            return Err(format!("{name} is ours and still there"));
        }
    }
    Ok(())
}

/// Checks that nothing is touched that is neither ours nor named by the inventory, nor what was not understood.
fn strangers(case: &Case, now: &Configuration) -> Result<(), String> {
    let start = &case.configuration;
    let wanted = &case.intended;
    let before = observed(start);
    let is_unclear = |part: gamctl::model::Part, id: u16| {
        case.blinds.iter().any(
            |spot| matches!(spot, BlindSpot::Unclear(of, number) if *of == part && *number == id),
        )
    };
    let owns = |owns: &dyn Fn(&gamctl::plan::Ledger) -> bool| {
        case.authoritative || case.ledger.as_ref().is_some_and(owns)
    };
    let mut our_endpoints: BTreeSet<u16> = BTreeSet::new();
    for (id, subscriber) in &start.subscribers {
        let name = subscriber.name.parse().unwrap();
        let mac = subscriber.endpoint.map(|id| start.endpoints[&id].mac);
        let is_claimed = wanted.subscribers.iter().any(|(new, one)| {
            (mac.is_some() && one.endpoint == mac) || case.renamed.get(new) == Some(&name)
        });
        let is_ours = wanted.subscribers.contains_key(&name)
            || is_claimed
            || owns(&|ledger| ledger.owns_subscriber(&name));
        let is_ours = is_ours && !is_unclear(gamctl::model::Part::Subscribers, *id);
        if is_ours {
            our_endpoints.extend(subscriber.endpoint);
        } else if now.subscribers.get(id) != Some(subscriber) {
            return Err(format!("subscriber {name} is nobody's and was touched"));
        }
    }
    for (id, endpoint) in &start.endpoints {
        let is_ours = wanted.endpoints.contains_key(&endpoint.mac)
            || our_endpoints.contains(id)
            || owns(&|ledger| ledger.owns_endpoint(endpoint.mac));
        let is_ours = is_ours && !is_unclear(gamctl::model::Part::Endpoints, *id);
        if !is_ours && now.endpoints.get(id) != Some(endpoint) {
            return Err(format!(
                "endpoint {} is nobody's and was touched",
                endpoint.mac
            ));
        }
    }
    for (id, profile) in &start.profiles {
        let name = profile.name.parse().unwrap();
        let is_ours = wanted.profiles.contains_key(&name)
            || (owns(&|ledger| ledger.owns_profile(&name)) && *id != 1);
        let is_ours = is_ours && !is_unclear(gamctl::model::Part::Profiles, *id);
        if !is_ours && now.profiles.get(id) != Some(profile) {
            return Err(format!("profile {name} is nobody's and was touched"));
        }
    }
    let after = observed(now);
    for (number, port) in &before.ports {
        let is_meant = wanted.ports.iter().any(|(one, _)| one == number);
        if !is_meant && after.ports.get(number) != Some(port) {
            return Err(format!("port {number} was touched"));
        }
    }
    Ok(())
}

/// How one subscriber's traffic goes; nothing where it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    mac: gamctl::model::MacAddress,
    place: ExpectedPort,
    mode: Option<gamctl::model::PortMode>,
    rest: gamctl::simulator::gam::Subscriber,
}

pub(super) fn way(running: &Configuration, id: u16) -> Option<Way> {
    let subscriber = running.subscribers.get(&id)?;
    let endpoint = running.endpoints.get(&subscriber.endpoint?)?;
    let mut mode = None;
    match endpoint.port {
        ExpectedPort::Unassigned => return None,
        ExpectedPort::Auto => {}
        ExpectedPort::Port(port) => {
            let port = &running.ports[&port];
            if port.shutdown {
                return None;
            }
            mode = Some(port.mode);
        }
    }
    let vlan = gamctl::model::VlanId::new(subscriber.vlan).unwrap();
    let mut uplinks = running.uplinks.values();
    if subscriber.vlan == 4094 || !uplinks.any(|uplink| uplink.allowed.contains(vlan)) {
        return None;
    }
    let mut rest = subscriber.clone();
    rest.name = "".into();
    rest.description = "".into();
    rest.profile = None;
    rest.endpoint = None;
    Some(Way {
        mac: endpoint.mac,
        place: endpoint.port,
        mode,
        rest,
    })
}

/// Checks that nobody is worse off half-way than at both ends, apart from those whom the plan names.
fn services(case: &Case, plan: &DevicePlan, states: &[Rc<Configuration>]) -> Result<(), String> {
    // What could not be read is taken for served, and named once too often rather than not at all.
    let is_plain = case.blinds.is_empty();
    let start = &states[0];
    let end = &states[states.len() - 1];
    let mut interrupted: BTreeSet<&str> = BTreeSet::new();
    let mut disconnected: BTreeSet<&str> = BTreeSet::new();
    let mut by_uplink: BTreeSet<&str> = BTreeSet::new();
    for step in &plan.steps {
        let names = step.impact.disconnected().iter().map(|name| name.as_str());
        match step.change.object() {
            Object::Uplink(_) => by_uplink.extend(names),
            _ => disconnected.extend(names),
        }
        let names = step.impact.interrupted().iter().map(|name| name.as_str());
        interrupted.extend(names);
    }
    for (id, subscriber) in &start.subscribers {
        let name = subscriber.name.as_str();
        let first = way(start, *id);
        // The number may have a new owner in the end.
        let is_removed = plan.steps.iter().any(|step| {
            step.change.verb() == Verb::Remove
                && step.change.slot().is_some_and(|slot| slot.0 == *id)
                && matches!(step.change.object(), Object::Subscriber(_))
        });
        let last = if is_removed { None } else { way(end, *id) };
        let is_named = interrupted.contains(name) || disconnected.contains(name);
        if first.is_none() {
            if is_named && is_plain {
                return Err(format!("{name} is not served, and is named"));
            }
            continue;
        }
        if first == last && is_named && is_plain {
            return Err(format!("{name} is interrupted for nothing"));
        }
        if last.is_none() && !disconnected.contains(name) && !by_uplink.contains(name) {
            return Err(format!("{name} is cut off, and nobody says so"));
        }
        if last.is_some() && disconnected.contains(name) && is_plain {
            return Err(format!("{name} is served, and said to be cut off"));
        }
        if is_named || by_uplink.contains(name) {
            continue;
        }
        for (at, state) in states.iter().enumerate() {
            if way(state, *id) != first {
                return Err(format!(
                    "{name} is worse off after step {at}, and nobody says so"
                ));
            }
        }
    }
    Ok(())
}

/// Checks that nobody is slower half-way than both before and after.
fn rates(states: &[Rc<Configuration>]) -> Result<(), String> {
    let rate = |state: &Configuration, id: u16| -> Option<(u32, u32)> {
        let subscriber = state.subscribers.get(&id)?;
        Some(match subscriber.profile {
            None => (u32::MAX, u32::MAX),
            Some(profile) => {
                let profile = &state.profiles[&profile];
                (profile.down, profile.up)
            }
        })
    };
    let end = &states[states.len() - 1];
    for id in states[0].subscribers.keys() {
        let (Some(first), Some(last)) = (rate(&states[0], *id), rate(end, *id)) else {
            continue;
        };
        if states
            .iter()
            .any(|state| !state.subscribers.contains_key(id))
        {
            continue;
        }
        for (at, state) in states.iter().enumerate() {
            let now = rate(state, *id).unwrap();
            if now.0 < first.0.min(last.0) || now.1 < first.1.min(last.1) {
                return Err(format!("subscriber {id} is too slow after step {at}"));
            }
        }
    }
    Ok(())
}

/// Checks that each object is spoken of once, and only when it is otherwise in the end.
fn mentioned(plan: &DevicePlan, start: &Configuration, end: &Configuration) -> Result<(), String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for step in &plan.steps {
        let slot = step.change.slot().map_or(0, |slot| slot.0);
        let (key, differs) = match &step.change.object() {
            Object::Profile(_) => (
                format!("profile {slot}"),
                start.profiles.get(&slot) != end.profiles.get(&slot),
            ),
            Object::Endpoint(_) => (
                format!("endpoint {slot}"),
                start.endpoints.get(&slot) != end.endpoints.get(&slot),
            ),
            Object::Subscriber(_) => (
                format!("subscriber {slot}"),
                start.subscribers.get(&slot) != end.subscribers.get(&slot),
            ),
            other => (other.to_string(), true),
        };
        if !differs {
            return Err(format!("{key} is spoken of, and is as it was"));
        }
        if is_temporary(step) {
            continue;
        }
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        let is_new_tenant = matches!(step.change.verb(), Verb::Create) && *count == 2;
        let is_uplink = matches!(step.change.object(), Object::Uplink(_)) && *count == 2;
        if *count > 1 && !is_new_tenant && !is_uplink {
            return Err(format!("{key} takes more than one line"));
        }
    }
    Ok(())
}

/// Checks that whoever stops half-way and plans again gets to the same end.
fn planned_again(
    case: &Case,
    first: &DevicePlan,
    states: &[Rc<Configuration>],
    looks: &[Observation],
    prefixes: Prefixes,
    runs: &mut Runs<'_>,
) -> Result<(), String> {
    let count = states.len();
    let end = &states[count - 1];
    let wanted = without_slots(&observed(end));
    for at in chosen(prefixes, count) {
        let plan = dressed(case, &looks[at])?;
        let broken = |wrong: String| format!("again after step {at}: {wrong}\n{}", text_of(&plan));
        if plan.refusals.iter().any(|one| one.rule == "no-safe-order") {
            return Err(broken("no order".to_owned()));
        }
        let lines = plan.steps.iter().map(|step| &step.lines);
        let running = runs.all(&states[at], lines).map_err(broken)?;
        // An endpoint that is there already, and that somebody unread may use, waits for a look that tells.
        let is_in_doubt = plan.notes.iter().any(|note| note.rule == "not-read");
        if !first.notes.is_empty() || is_in_doubt {
            // What stood in the way may have gone with the first steps, and the end be nearer to the intention.
            reached(case, &plan, &states[at], &running).map_err(broken)?;
            continue;
        }
        if running == *end {
            continue;
        }
        let has = without_slots(&observed(&running));
        if has != wanted {
            return Err(broken(difference(&has, &wanted)));
        }
    }
    Ok(())
}

/// Returns after how many steps to stop, out of so many states.
fn chosen(prefixes: Prefixes, count: usize) -> Vec<usize> {
    match prefixes {
        Prefixes::All => (1..count.saturating_sub(1)).collect(),
        // Spread over the plan, by its length and not by chance.
        Prefixes::Some(most) => (1..=most)
            .map(|turn| turn * count / (most + 1))
            .filter(|at| *at > 0 && *at + 1 < count)
            .collect(),
    }
}

pub(super) fn difference(has: &DeviceConfig, wanted: &DeviceConfig) -> String {
    let rates = |config: &DeviceConfig| -> Vec<RateLimit> {
        config
            .subscribers
            .values()
            .map(|one| one.rate.clone())
            .collect()
    };
    let mut text = String::from("another end:");
    for (name, one) in &has.subscribers {
        if wanted.subscribers.get(name) != Some(one) {
            text += &format!(
                "\n    {name} {one:?}\n    and not {:?}",
                wanted.subscribers.get(name)
            );
        }
    }
    for name in wanted.subscribers.keys() {
        if !has.subscribers.contains_key(name) {
            text += &format!(" no {name}");
        }
    }
    for (mac, one) in &has.endpoints {
        if wanted.endpoints.get(mac) != Some(one) {
            text += &format!(" {mac} {one:?}");
        }
    }
    for mac in wanted.endpoints.keys() {
        if !has.endpoints.contains_key(mac) {
            text += &format!(" no {mac}");
        }
    }
    if has.profiles != wanted.profiles || rates(has) != rates(wanted) {
        text += &format!(" profiles {:?} and not {:?}", has.profiles, wanted.profiles);
    }
    if has.ports != wanted.ports {
        text += " ports";
    }
    if has.uplinks != wanted.uplinks {
        text += " uplinks";
    }
    text
}

/// Checks that the inverse lines, last step first, lead back; a port's first name stays (docs/gam.md). What is said not to be
/// undoable is taken back by hand.
fn undone(
    case: &Case,
    plan: &DevicePlan,
    states: &[Rc<Configuration>],
    runs: &mut Runs<'_>,
) -> Result<(), String> {
    let mut running = Rc::clone(&states[states.len() - 1]);
    for (at, step) in plan.steps.iter().enumerate().rev() {
        if let Some(reason) = &step.cannot_undo {
            if !case.is_odd || !step.inverse.is_empty() {
                return Err(format!(
                    "it can be undone, and is said not to be: {reason:?}"
                ));
            }
            running = Rc::clone(&states[at]);
            continue;
        }
        running = runs
            .after(&running, &step.inverse)
            .map_err(|wrong| format!("undoing: {wrong} ({:?})", step.inverse))?;
    }
    let mut running = Rc::unwrap_or_clone(running);
    for (number, port) in &mut running.ports {
        if case.configuration.ports[number].name.is_empty() {
            port.name = "".into();
        }
    }
    if running == case.configuration {
        return Ok(());
    }
    let has = without_slots(&observed(&running));
    let wanted = without_slots(&observed(&case.configuration));
    Err(format!(
        "undoing leads elsewhere: {}",
        difference(&has, &wanted)
    ))
}
