//! Describes a life: the customers of one flat, their endpoints, what engineers committed, and the story so far.

use std::collections::{BTreeMap, BTreeSet};

use super::bed::OAK;

/// A port of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) device: usize,
    pub(super) port: u8,
}

/// A customer as billing has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Customer {
    pub(super) account: u64,
    pub(super) service: u64,
    /// The service plan of the tariff; absent: the tariff is not mapped.
    pub(super) tariff: Option<usize>,
    pub(super) has_paid: bool,
    pub(super) has_left: bool,
    /// The number of the endpoint that is assigned.
    pub(super) item: Option<usize>,
}

/// A subscriber as the inventory must have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub(super) customer: usize,
    pub(super) spot: Spot,
    pub(super) endpoint: usize,
    pub(super) plan: usize,
    /// The service plan of the tariff that was accepted last.
    pub(super) accepted: Option<usize>,
    pub(super) is_suspended: bool,
    /// An engineer holds the service plan.
    pub(super) is_held: bool,
    pub(super) is_described: bool,
    /// The rests since the customer left.
    pub(super) left: Option<u32>,
    /// Known from the first rest on, and never another one.
    pub(super) vlan: Option<u16>,
}

/// Two things of one round whose order decides, and is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A customer was heard and did not pay.
    StartedOrNot { customer: usize },
    /// A tariff was changed and the plan edited to this one.
    TariffOrEdit { customer: usize, edited: usize },
    /// A tariff was changed and the plan held.
    TariffOrHold { customer: usize },
    /// The days since a customer left may be enough or not.
    GoneOrNot { customer: usize },
}

/// One life.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) number: usize,
    /// A copper port has one endpoint.
    pub(super) is_copper: bool,
    pub(super) home: Spot,
    /// Another socket of the flat.
    pub(super) other: Spot,
    /// A socket in another building.
    pub(super) away: Spot,
    pub(super) customers: Vec<Customer>,
    /// The endpoints so far.
    pub(super) endpoints: usize,
    /// Billing's rows about them.
    pub(super) rows: BTreeMap<usize, u64>,
    pub(super) plugged: BTreeMap<usize, Spot>,
    /// Endpoints that two items of billing have.
    pub(super) twice: BTreeSet<usize>,
    /// As of the last rest, with the edits of engineers since.
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) doubts: Vec<Doubt>,
    pub(super) story: Vec<String>,
}

/// The lives that have a copper port and another one of the device with 24.
pub(super) const COPPER: usize = 12;

impl Life {
    pub(super) fn new(number: usize) -> Self {
        let small = |number: usize| u8::try_from(number).unwrap();
        let is_copper = number < COPPER;
        let (device, home, other) = match is_copper {
            true => (0, 2 * number + 1, 2 * number + 2),
            false => (1, number % 24 + 1, (number + 7) % 24 + 1),
        };
        let spot = |device, port| Spot {
            device,
            port: small(port),
        };
        Self {
            number,
            is_copper,
            home: spot(device, home),
            other: spot(device, other),
            away: spot(OAK, number % 4 + 1),
            customers: Vec::new(),
            endpoints: 0,
            rows: BTreeMap::new(),
            plugged: BTreeMap::new(),
            twice: BTreeSet::new(),
            subscribers: Vec::new(),
            doubts: Vec::new(),
            story: Vec::new(),
        }
    }

    /// Returns the MAC address of an endpoint, as devices and the inventory write it.
    pub(super) fn mac(&self, endpoint: usize) -> String {
        format!("00:0e:d8:00:{:02x}:{endpoint:02x}", self.number)
    }

    pub(super) fn subscriber_of(&self, customer: usize) -> Option<&Subscriber> {
        let mut all = self.subscribers.iter();
        all.find(|one| one.customer == customer)
    }

    /// Returns the last customer who has not left.
    pub(super) fn present(&self) -> Option<usize> {
        // One with the endpoint of another customer waits for ever.
        let is_clear = |one: &Customer| one.item.is_none_or(|item| !self.twice.contains(&item));
        let mut all = (0..self.customers.len()).rev();
        all.find(|number| {
            let one = &self.customers[*number];
            !one.has_left && (is_clear(one) || self.subscriber_of(*number).is_some())
        })
    }

    /// Adds a sentence to the story.
    pub(super) fn happened(&mut self, round: usize, sentence: &str) {
        self.story.push(format!("round {round}: {sentence}"));
    }
}
