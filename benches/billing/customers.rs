//! Draws the events of a day, carries them out on both twins, and knows what must become of each customer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bed::{Bed, Served, mac, port};
use crate::engineers;
use crate::figures::Random;
use crate::shop::{Plan, Shop};

/// The first number of an endpoint that no customer has at first.
const FIRST_SPARE: usize = 1_000;

/// A field that changes more often in a day is left as it is.
const MOST_CHANGES: u8 = 3;

/// A new endpoint is believed after half a minute; until then nothing else happens to its customer.
const SETTLES: Duration = Duration::from_secs(120);

/// The time between two events of one customer.
const BETWEEN: Duration = Duration::from_secs(15);

/// The class that a customer's service must have in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    InSync,
    /// With the rule that waits or forbids.
    Waiting(&'static str),
    Quarantined(&'static str),
    Held,
    Contested,
    Gone,
    /// Its subscriber was removed for another customer.
    Removed,
}

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) line: Served,
    pub(crate) is_paid: bool,
    pub(crate) expected: Expected,
    is_described: bool,
    /// Of the state, the service plan and the endpoint.
    changes: [u8; 3],
    touched: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    Sale,
    SalePluggedLater,
    SaleNeverPlugged,
    SaleOfUnmappedTariff,
    SaleOfTakenEndpoint,
    Block,
    Payment,
    Plan,
    PlanOtherService,
    Swap,
    Cancel,
    ReusedEndpoint,
    EngineerDescribes,
    EngineerHolds,
    EngineerChangesPlan,
}

/// Each event with its share of a hundred.
const MIX: [(Event, usize); 15] = [
    (Event::Sale, 17),
    (Event::SalePluggedLater, 6),
    (Event::SaleNeverPlugged, 2),
    (Event::SaleOfUnmappedTariff, 1),
    (Event::SaleOfTakenEndpoint, 1),
    (Event::Block, 20),
    (Event::Payment, 17),
    (Event::Plan, 12),
    (Event::PlanOtherService, 6),
    (Event::Swap, 5),
    (Event::Cancel, 4),
    (Event::ReusedEndpoint, 2),
    (Event::EngineerDescribes, 4),
    (Event::EngineerHolds, 2),
    (Event::EngineerChangesPlan, 1),
];

/// All customers, and what happened.
pub(crate) struct Customers {
    pub(crate) all: Vec<Customer>,
    pub(crate) events: BTreeMap<Event, usize>,
    devices: usize,
    /// Spare endpoints that are plugged in, and the number of those used.
    spares: Vec<(usize, u8, String)>,
    next_spare: usize,
    next_mac: usize,
    next_position: Vec<usize>,
    /// Endpoints that are plugged in when their time has come.
    to_plug: Vec<(Instant, usize, u8, String)>,
    random: Random,
}

impl Customers {
    /// Takes the customers of a bed; those of the first device are left for a mistake of the office.
    pub(crate) fn of(bed: &Bed<'_>, devices: usize, seed: u64) -> Self {
        let long_ago = Instant::now().checked_sub(SETTLES).unwrap();
        let customer = |line: &Served| Customer {
            line: line.clone(),
            is_paid: true,
            expected: Expected::InSync,
            is_described: false,
            changes: match line.device {
                0 => [MOST_CHANGES, 0, 0],
                _ => [0; 3],
            },
            touched: long_ago,
        };
        let all: Vec<Customer> = bed.served.iter().map(customer).collect();
        Self {
            next_position: vec![all.len() / devices; devices],
            all,
            events: BTreeMap::new(),
            devices,
            spares: Vec::new(),
            next_spare: 0,
            next_mac: FIRST_SPARE,
            to_plug: Vec::new(),
            random: Random::new(seed),
        }
    }

    /// Plugs spare endpoints in before they are sold.
    pub(crate) fn plug_spares(&mut self, bed: &Bed<'_>, count: usize) -> Vec<(usize, String)> {
        for _ in 0..count {
            let (device, port, mac) = self.new_endpoint();
            bed.plug(device, &mac, port);
            self.spares.push((device, port, mac));
        }
        let spares = self.spares.iter();
        spares
            .map(|(device, _, mac)| (*device, mac.clone()))
            .collect()
    }

    fn new_endpoint(&mut self) -> (usize, u8, String) {
        let device = self.next_mac % self.devices;
        let mac = mac(self.next_mac);
        self.next_mac += 1;
        let position = &mut self.next_position[device];
        *position += 1;
        (device, port(*position - 1), mac)
    }

    /// Carries out one event of the mix that fits.
    pub(crate) fn happen(&mut self, bed: &Bed<'_>, shop: &Shop) {
        loop {
            let mut drawn = self.random.below(100);
            let event = MIX.iter().find(|(_, share)| {
                let is_it = drawn < *share;
                drawn = drawn.wrapping_sub(*share);
                is_it
            });
            let (event, _) = *event.unwrap();
            if self.carry_out(event, bed, shop) {
                *self.events.entry(event).or_default() += 1;
                return;
            }
        }
    }

    /// Plugs in the endpoints whose time has come.
    pub(crate) fn plug_due(&mut self, bed: &Bed<'_>, now: Instant) {
        for (_, device, port, mac) in self.to_plug.extract_if(.., |(at, ..)| *at <= now) {
            bed.plug(device, &mac, port);
        }
    }

    fn carry_out(&mut self, event: Event, bed: &Bed<'_>, shop: &Shop) -> bool {
        match event {
            Event::Sale
            | Event::SalePluggedLater
            | Event::SaleNeverPlugged
            | Event::SaleOfUnmappedTariff
            | Event::SaleOfTakenEndpoint => self.sell(event, shop),
            _ => {
                let number = self.random.below(self.all.len());
                self.change(event, number, bed, shop)
            }
        }
    }

    fn sell(&mut self, event: Event, shop: &Shop) -> bool {
        let mut tariff = Plan::Home100.tariff(shop.product);
        let mut expected = Expected::InSync;
        let (device, port, mac) = match event {
            Event::SalePluggedLater => {
                let later = self.new_endpoint();
                let at = Instant::now() + Duration::from_secs(12);
                self.to_plug.push((at, later.0, later.1, later.2.clone()));
                later
            }
            Event::SaleNeverPlugged => {
                expected = Expected::Waiting("not-heard");
                self.new_endpoint()
            }
            Event::SaleOfTakenEndpoint => {
                expected = Expected::Quarantined("mac-claimed-twice");
                let number = self.random.below(self.all.len());
                if !self.is_quiet(number, SETTLES) {
                    return false;
                }
                let taken = &mut self.all[number];
                taken.expected = expected;
                (taken.line.device, taken.line.port, taken.line.mac.clone())
            }
            _ => {
                let Some(spare) = self.spares.get(self.next_spare) else {
                    return false;
                };
                self.next_spare += 1;
                spare.clone()
            }
        };
        if event == Event::SaleOfUnmappedTariff {
            tariff = shop.product.unmapped();
            expected = Expected::Quarantined("tariff-not-mapped");
        }
        let sale = shop.sell(tariff, &mac);
        self.all.push(Customer {
            line: Served {
                account: sale.account,
                service: sale.service,
                device,
                port,
                mac,
                plan: Plan::Home100,
            },
            is_paid: true,
            expected,
            is_described: false,
            changes: [0; 3],
            // Not before it is served.
            touched: Instant::now() + SETTLES,
        });
        true
    }

    fn is_quiet(&self, number: usize, time: Duration) -> bool {
        let customer = &self.all[number];
        let elapsed = Instant::now().checked_duration_since(customer.touched);
        customer.expected == Expected::InSync && elapsed.is_some_and(|elapsed| elapsed >= time)
    }

    /// Returns the field that an event changes, if the customer may have it now.
    fn changed_field(&self, event: Event, number: usize) -> Option<usize> {
        let quiet = match event {
            Event::Swap | Event::ReusedEndpoint => SETTLES,
            _ => BETWEEN,
        };
        let customer = &self.all[number];
        let field = match event {
            Event::Block | Event::Payment | Event::Cancel | Event::ReusedEndpoint => 0,
            Event::Swap => 2,
            _ => 1,
        };
        let is_possible = customer.is_paid != (event == Event::Payment);
        let may_change = is_possible && customer.changes[field] < MOST_CHANGES;
        (may_change && self.is_quiet(number, quiet)).then_some(field)
    }

    fn change(&mut self, event: Event, number: usize, bed: &Bed<'_>, shop: &Shop) -> bool {
        let Some(field) = self.changed_field(event, number) else {
            return false;
        };
        // A sale that was blocked before it was served waits for a payment: another story than those told here.
        if !engineers::knows(bed, self.all[number].line.account) {
            return false;
        }
        let product = shop.product;
        let customer = &mut self.all[number];
        let account = customer.line.account;
        match event {
            Event::Block | Event::Payment => {
                customer.is_paid = event == Event::Payment;
                let word = if customer.is_paid { "pay" } else { "block" };
                shop.operate(json!({"do": word, "account": account}));
            }
            Event::Plan | Event::PlanOtherService => {
                let is_same_service = event == Event::Plan;
                let how = if is_same_service {
                    "in-place"
                } else {
                    "same-day"
                };
                customer.line.plan = customer.line.plan.other();
                let tariff = customer.line.plan.tariff(product);
                let changed = shop.operate(
                    json!({"do": "change-plan", "account": account, "tariff": tariff, "how": how}),
                );
                customer.line.service = changed["service"].as_u64().unwrap();
            }
            Event::Swap => {
                let new = mac(self.next_mac);
                self.next_mac += 1;
                bed.unplug(customer.line.device, &customer.line.mac);
                bed.plug(customer.line.device, &new, customer.line.port);
                shop.operate(json!({"do": "swap", "account": account, "mac": new}));
                customer.line.mac = new;
            }
            Event::Cancel => {
                shop.operate(json!({"do": "cancel", "account": account}));
                customer.expected = Expected::Gone;
            }
            Event::ReusedEndpoint => {
                self.reuse_endpoint(number, shop);
                return true;
            }
            Event::EngineerDescribes => {
                if customer.is_described || !engineers::describe(bed, account) {
                    return false;
                }
                customer.is_described = true;
            }
            Event::EngineerHolds => {
                if !engineers::hold(bed, account) {
                    return false;
                }
                // The office sells another plan, which the hold keeps away.
                let tariff = customer.line.plan.other().tariff(product);
                shop.operate(json!({"do": "change-plan", "account": account, "tariff": tariff}));
                customer.expected = Expected::Held;
            }
            Event::EngineerChangesPlan => {
                let plan = customer.line.plan;
                if !engineers::change_plan(bed, account, plan, plan.other()) {
                    return false;
                }
                customer.expected = Expected::Contested;
            }
            _ => return false,
        }
        let customer = &mut self.all[number];
        customer.changes[field] += 1;
        customer.touched = Instant::now();
        if event == Event::Swap {
            // Sonar links a service that replaces another one by its endpoint alone. If both change before the next reading, the
            // new service is another subscriber, and the one before stays in its days of grace.
            customer.touched += SETTLES;
        }
        true
    }

    /// A customer gives the endpoint back, and it serves another one.
    fn reuse_endpoint(&mut self, number: usize, shop: &Shop) {
        let customer = &mut self.all[number];
        let account = customer.line.account;
        shop.operate(json!({"do": "return", "account": account}));
        shop.operate(json!({"do": "cancel", "account": account}));
        customer.expected = Expected::Removed;
        let mut line = customer.line.clone();
        let sale = shop.sell(Plan::Home100.tariff(shop.product), &line.mac);
        (line.account, line.service, line.plan) = (sale.account, sale.service, Plan::Home100);
        self.all.push(Customer {
            line,
            is_paid: true,
            expected: Expected::InSync,
            is_described: false,
            changes: [0; 3],
            touched: Instant::now() + SETTLES,
        });
    }

    /// Blocks everyone in the first building by mistake, or takes it back.
    pub(crate) fn mistake(&mut self, is_made: bool, shop: &Shop) -> usize {
        let word = if is_made { "block" } else { "pay" };
        let first = self.all.iter();
        let first = first.filter(|one| one.line.device == 0 && one.changes[0] == MOST_CHANGES);
        let first = first.filter(|one| one.expected == Expected::InSync);
        let operated = first.map(|one| {
            shop.operate(json!({"do": word, "account": one.line.account}));
        });
        operated.count()
    }
}
