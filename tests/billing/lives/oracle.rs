//! Defines how a life must end: a model of its own, made from the specification, that shares no code with the sync.

use super::bed::OAK;
use super::life::{Doubt, Life, Spot, Subscriber};

/// The rests after which the subscriber of a customer who left must be gone.
const GONE_AFTER_RESTS: u32 = 2;

/// Returns the permitted ends of a round, each with the subscribers that there must be; the first is the usual one.
pub(super) fn ends(life: &Life) -> Vec<Vec<Subscriber>> {
    let mut doubts = life.doubts.clone();
    let in_grace = life.subscribers.iter().filter(|one| {
        let rests = one.left.map_or(0, |rests| rests + 1);
        !one.is_held && rests > 0 && rests < GONE_AFTER_RESTS
    });
    doubts.extend(in_grace.map(|one| Doubt::GoneOrNot {
        customer: one.customer,
    }));
    let mut all: Vec<Vec<Subscriber>> = Vec::new();
    for choice in 0..1_u32 << doubts.len() {
        let chosen = doubts.iter().enumerate();
        let chosen = chosen.filter(|(place, _)| choice & (1 << place) != 0);
        let chosen: Vec<Doubt> = chosen.map(|(_, doubt)| *doubt).collect();
        let end = end(life, &chosen);
        if !all.contains(&end) {
            all.push(end);
        }
    }
    all
}

/// Returns the end in which these doubts went the second way.
fn end(life: &Life, chosen: &[Doubt]) -> Vec<Subscriber> {
    let mut subscribers = life.subscribers.clone();
    subscribers.retain_mut(|one| compare(life, one, chosen));
    for customer in 0..life.customers.len() {
        add(life, customer, &mut subscribers, chosen);
    }
    subscribers
}

/// Compares a subscriber with its customer; returns whether it stays.
fn compare(life: &Life, one: &mut Subscriber, chosen: &[Doubt]) -> bool {
    let customer = &life.customers[one.customer];
    let number = one.customer;
    if customer.has_left {
        let rests = one.left.map_or(0, |rests| rests + 1);
        one.left = Some(rests);
        one.is_suspended = true;
        let is_over =
            rests >= GONE_AFTER_RESTS || chosen.contains(&Doubt::GoneOrNot { customer: number });
        return one.is_held || !is_over;
    }
    one.is_suspended = !customer.has_paid;
    compare_plan(one, customer.tariff, chosen);
    let (place, heard) = (one.spot, |endpoint| life.plugged.get(&endpoint).copied());
    match customer.item {
        // Another endpoint of the same service, in the place of the old one, which is silent.
        Some(item) if item != one.endpoint => {
            let replaces = heard(item) == Some(place) && heard(one.endpoint).is_none();
            if replaces && !life.twice.contains(&item) {
                one.endpoint = item;
            }
        }
        // It is followed within the building.
        _ => {
            let to = heard(one.endpoint).filter(|to| to.device != OAK);
            if let Some(to) = to.filter(|_| !life.twice.contains(&one.endpoint)) {
                one.spot = to;
            }
        }
    }
    true
}

/// Only a new value of billing replaces an edit, and nothing replaces a value that is held.
fn compare_plan(one: &mut Subscriber, tariff: Option<usize>, chosen: &[Doubt]) {
    let Some(wanted) = tariff else { return };
    let customer = one.customer;
    let edited = chosen.iter().find_map(|doubt| match doubt {
        Doubt::TariffOrEdit {
            customer: of,
            edited,
        } if *of == customer => Some(*edited),
        _ => None,
    });
    if let Some(edited) = edited {
        // The new tariff was accepted before the edit.
        (one.accepted, one.plan) = (Some(wanted), edited);
        return;
    }
    let is_held = one.is_held && !chosen.contains(&Doubt::TariffOrHold { customer });
    let is_new = one.accepted != Some(wanted);
    if wanted == one.plan || (is_new && !is_held) {
        (one.accepted, one.plan) = (Some(wanted), wanted);
    }
}

/// Adds the subscriber of a customer whose endpoint is heard where it may be served.
fn add(life: &Life, number: usize, subscribers: &mut Vec<Subscriber>, chosen: &[Doubt]) {
    let customer = &life.customers[number];
    let has_one = subscribers.iter().any(|one| one.customer == number);
    let started = chosen.contains(&Doubt::StartedOrNot { customer: number });
    let may_start = customer.has_paid || started;
    let (Some(plan), Some(item)) = (customer.tariff, customer.item) else {
        return;
    };
    if has_one || customer.has_left || !may_start || life.twice.contains(&item) {
        return;
    }
    let heard = life.plugged.get(&item).copied();
    let Some(spot) = heard.filter(|spot| spot.device != OAK) else {
        return;
    };
    let owner = subscribers.iter().position(|one| one.endpoint == item);
    let is_free_to_go = |one: &Subscriber| life.customers[one.customer].has_left && !one.is_held;
    if owner.is_some_and(|owner| !is_free_to_go(&subscribers[owner])) {
        return;
    }
    let is_taken = |(place, one): (usize, &Subscriber)| Some(place) != owner && one.spot == spot;
    if life.is_copper && subscribers.iter().enumerate().any(is_taken) {
        return;
    }
    if let Some(owner) = owner {
        subscribers.remove(owner);
    }
    subscribers.push(Subscriber {
        customer: number,
        spot,
        endpoint: item,
        plan,
        accepted: Some(plan),
        is_suspended: !customer.has_paid,
        is_held: false,
        is_described: false,
        left: None,
        vlan: None,
    });
}

/// Returns an end as sentences.
pub(super) fn sentences(life: &Life, end: &[Subscriber]) -> String {
    let line = |one: &Subscriber| {
        let Spot { device, port } = one.spot;
        format!(
            "account {} on device {device} port {port}, endpoint {}, plan {}, {}{}",
            life.customers[one.customer].account,
            life.mac(one.endpoint),
            super::bed::PLANS[one.plan].0,
            match one.is_suspended {
                true => "suspended",
                false => "active",
            },
            one.left.map(|_| ", has left").unwrap_or_default(),
        )
    };
    match end {
        [] => "no subscriber".to_owned(),
        all => all.iter().map(line).collect::<Vec<_>>().join("; "),
    }
}
