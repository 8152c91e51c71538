//! Draws what happens in a life next, within what the oracle can follow.

use super::deed::Deed;
use super::life::{Doubt, Life};
use crate::crash::chance::Chance;

/// What may still happen in a round, of all lives together.
pub(super) struct Budget {
    /// More at once are a fault of billing for the gate, which is tested elsewhere.
    pub(super) suspensions: u32,
}

impl Budget {
    fn take(&mut self) -> bool {
        let is_left = self.suspensions > 0;
        self.suspensions = self.suspensions.saturating_sub(1);
        is_left
    }
}

/// Returns one of `count`.
pub(super) fn pick(chance: &mut Chance, count: usize) -> usize {
    usize::try_from(chance.below(u64::try_from(count).unwrap())).unwrap()
}

fn one_in(chance: &mut Chance, count: usize) -> bool {
    pick(chance, count) == 0
}

/// A tariff; one of eight is not mapped.
fn tariff(chance: &mut Chance) -> Option<usize> {
    (!one_in(chance, 8)).then(|| pick(chance, 3))
}

/// Draws the deeds of a life in one round.
pub(super) fn deeds(chance: &mut Chance, life: &mut Life, budget: &mut Budget) -> Vec<Deed> {
    life.doubts.clear();
    let mut deeds = Vec::new();
    let Some(customer) = life.present() else {
        begin(chance, life, budget, &mut deeds);
        return deeds;
    };
    let Some(subscriber) = life.subscriber_of(customer).cloned() else {
        wait(chance, life, customer, &mut deeds);
        return deeds;
    };
    if one_in(chance, 10) && budget.take() {
        deeds.push(Deed::Cancel { customer });
        // Sometimes the next customer comes on the same day.
        if life.customers.len() < 3 && one_in(chance, 2) {
            deeds.push(Deed::SellUsed {
                endpoint: subscriber.endpoint,
                tariff: tariff(chance),
            });
        }
        return deeds;
    }
    if life.customers.len() < 3 && one_in(chance, 20) {
        let endpoint = subscriber.endpoint;
        let is_assigned = life.customers[customer].item == Some(endpoint);
        if is_assigned {
            deeds.push(Deed::SellTwice { endpoint });
            return deeds;
        }
    }
    let first = pick(chance, 4);
    let second = pick(chance, 4);
    let wants = |group| first == group || second == group;
    if wants(0) {
        let has_paid = life.customers[customer].has_paid;
        match has_paid {
            false => deeds.push(Deed::Pay { customer }),
            true if budget.take() => deeds.push(Deed::Block { customer }),
            true => {}
        }
    }
    let mut is_swapped = false;
    if wants(1) {
        is_swapped = install(chance, life, customer, &mut deeds);
    }
    let mut wanted = None;
    if wants(2) {
        let tariff = tariff(chance);
        // With another endpoint and another id on one day, nothing shows that it is the same service.
        let way = if is_swapped { 0 } else { pick(chance, 3) };
        if tariff != life.customers[customer].tariff {
            wanted = tariff.filter(|tariff| subscriber.accepted != Some(*tariff));
            deeds.push(Deed::ChangePlan {
                customer,
                tariff,
                way,
            });
        }
    }
    if wants(3) {
        match pick(chance, 3) {
            0 => {
                let plan = pick(chance, 3);
                if wanted.is_some() {
                    let edited = plan;
                    life.doubts.push(Doubt::TariffOrEdit { customer, edited });
                }
                deeds.push(Deed::EditPlan { customer, plan });
            }
            1 => {
                if wanted.is_some() && !subscriber.is_held {
                    life.doubts.push(Doubt::TariffOrHold { customer });
                }
                deeds.push(Deed::Hold { customer });
            }
            _ => deeds.push(Deed::Describe { customer }),
        }
    }
    deeds
}

/// The flat is empty: a customer is sold a line, and perhaps an installer comes.
fn begin(chance: &mut Chance, life: &mut Life, budget: &mut Budget, deeds: &mut Vec<Deed>) {
    if life.customers.len() >= 3 {
        return;
    }
    let last = life.customers.len().checked_sub(1);
    let used = last.and_then(|last| {
        let subscriber = life.subscriber_of(last)?;
        let is_free = !life.twice.contains(&subscriber.endpoint);
        is_free.then_some(subscriber.endpoint)
    });
    if let Some(endpoint) = used.filter(|_| one_in(chance, 2)) {
        let tariff = tariff(chance);
        deeds.push(Deed::SellUsed { endpoint, tariff });
        return;
    }
    let (customer, endpoint) = (life.customers.len(), life.endpoints);
    let (tariff, has_item) = (tariff(chance), !one_in(chance, 8));
    deeds.push(Deed::Sell { tariff, has_item });
    let spot = match pick(chance, 8) {
        0..=4 => Some(life.home),
        5 => Some(life.away),
        _ => None,
    };
    if let Some(spot) = spot.filter(|_| has_item) {
        if life.is_copper {
            // The socket has room for one plug.
            let others = life.plugged.iter().filter(|(_, at)| **at == spot);
            let others: Vec<usize> = others.map(|(endpoint, _)| *endpoint).collect();
            deeds.extend(others.into_iter().map(|endpoint| Deed::Unplug { endpoint }));
        }
        deeds.push(Deed::Plug { endpoint, spot });
        if one_in(chance, 8) && budget.take() {
            life.doubts.push(Doubt::StartedOrNot { customer });
            deeds.push(Deed::Block { customer });
        }
    }
}

/// A customer waits: for a payment, an installer, the right building, another tariff.
fn wait(chance: &mut Chance, life: &Life, customer: usize, deeds: &mut Vec<Deed>) {
    let known = &life.customers[customer];
    let at_home = known
        .item
        .map(|item| life.plugged.get(&item) == Some(&life.home));
    match (known.has_paid, known.tariff, at_home) {
        (false, ..) => deeds.push(Deed::Pay { customer }),
        (_, None, _) => {
            let tariff = Some(pick(chance, 3));
            deeds.push(Deed::ChangePlan {
                customer,
                tariff,
                way: 0,
            });
        }
        (_, _, Some(false)) if !one_in(chance, 4) => {
            let endpoint = known.item.unwrap_or_default();
            let others = life.plugged.iter();
            let others = others.filter(|(other, at)| **other != endpoint && **at == life.home);
            if life.is_copper {
                deeds.extend(others.map(|(endpoint, _)| Deed::Unplug {
                    endpoint: *endpoint,
                }));
            }
            let spot = life.home;
            deeds.push(Deed::Plug { endpoint, spot });
        }
        _ => {}
    }
}

/// An installer comes; returns whether billing has another endpoint afterwards.
fn install(chance: &mut Chance, life: &Life, customer: usize, deeds: &mut Vec<Deed>) -> bool {
    let Some(subscriber) = life.subscriber_of(customer) else {
        return false;
    };
    let old = subscriber.endpoint;
    if life.twice.contains(&old) {
        return false;
    }
    let (spot, new) = (subscriber.spot, life.endpoints);
    let item = life.customers[customer].item;
    if let Some(item) = item.filter(|item| *item != old) {
        // Billing was ahead of the installer.
        deeds.push(Deed::Unplug { endpoint: old });
        deeds.push(Deed::Plug {
            endpoint: item,
            spot,
        });
        return false;
    }
    match pick(chance, 6) {
        0 | 1 => {
            let to = [life.home, life.other, life.away];
            let to = to[if one_in(chance, 4) {
                2
            } else {
                pick(chance, 2)
            }];
            deeds.push(Deed::Plug {
                endpoint: old,
                spot: to,
            });
        }
        2 | 3 => {
            deeds.push(Deed::Swap { customer });
            deeds.push(Deed::Unplug { endpoint: old });
            deeds.push(Deed::Plug {
                endpoint: new,
                spot,
            });
            return true;
        }
        4 => {
            deeds.push(Deed::Swap { customer });
            if !life.is_copper {
                // The old one is left in its socket.
                deeds.push(Deed::Plug {
                    endpoint: new,
                    spot,
                });
            }
            return true;
        }
        _ => deeds.push(Deed::Unplug { endpoint: old }),
    }
    false
}
