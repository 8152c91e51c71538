//! Changes a world at random: customers, installers, engineers, time and faults.

use proptest::prelude::*;

use super::world::*;
use crate::model::billing::{
    AccountId, Collection, LocationId, ServiceStatus, SnapshotScope, TariffId, UnreadableRecord,
    WrittenMac,
};
use crate::model::{DeviceState, PortAssignment, SubscriberState};
use crate::sync::*;

/// A change of a world. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Sell {
        account: u8,
        service: u8,
        tariff: u8,
        has_login: bool,
    },
    Status {
        service: u8,
        status: u8,
    },
    Tariff {
        service: u8,
        tariff: u8,
    },
    Location {
        service: u8,
        location: u8,
    },
    Renumber {
        service: u8,
    },
    DropService {
        service: u8,
    },
    Hint {
        service: u8,
        device: u8,
        port: u8,
    },
    OwnMac {
        service: u8,
        mac: u8,
    },
    Item {
        item: u8,
        mac: u8,
        account: u8,
        service: Option<u8>,
    },
    DropItem {
        item: u8,
    },
    Hear {
        mac: u8,
        device: u8,
        port: u8,
        is_known: bool,
        is_short: bool,
    },
    Silence {
        mac: u8,
    },
    Unmanage {
        device: u8,
    },
    Engineer(Edit),
    Incomplete,
    SomeAccounts {
        account: u8,
    },
    Unreadable {
        account: u8,
        has_account: bool,
    },
    LoseBase,
    Pass {
        hours: u16,
    },
    Moves,
    Commit,
}

/// An edit by an engineer.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    Plan {
        subscriber: u8,
        plan: u8,
    },
    State {
        subscriber: u8,
    },
    Port {
        subscriber: u8,
        port: u8,
    },
    Endpoint {
        subscriber: u8,
    },
    Remove {
        subscriber: u8,
    },
    Add {
        mac: u8,
        device: u8,
        port: u8,
        account: Option<u8>,
        service: u8,
    },
    Hold {
        subscriber: u8,
        key: u8,
    },
    Protect {
        subscriber: u8,
    },
}

const TARIFFS: [&str; 5] = ["30", "31", "32", "40", "99"];
const PLANS: [&str; 3] = ["home-100", "home-200", "home-500"];
const DEVICES: [&str; 3] = ["maple-a", "maple-b", "oak-a"];

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    let small = 0..6_u8;
    prop_oneof![
        8 => (0..4_u8, 0..3_u8, 0..6_u8, any::<bool>()).prop_map(|(account, service, tariff, has_login)| {
            Operation::Sell { account, service, tariff: tariff % 5, has_login }
        }),
        5 => (small.clone(), 0..6_u8).prop_map(|(service, status)| Operation::Status { service, status }),
        3 => (small.clone(), 0..5_u8).prop_map(|(service, tariff)| Operation::Tariff { service, tariff }),
        1 => (small.clone(), 0..3_u8).prop_map(|(service, location)| Operation::Location { service, location }),
        2 => small.clone().prop_map(|service| Operation::Renumber { service }),
        2 => small.clone().prop_map(|service| Operation::DropService { service }),
        2 => (small.clone(), 0..3_u8, 1..4_u8).prop_map(|(service, device, port)| Operation::Hint { service, device, port }),
        1 => (small.clone(), 1..6_u8).prop_map(|(service, mac)| Operation::OwnMac { service, mac }),
        8 => (0..6_u8, 1..6_u8, 0..4_u8, proptest::option::of(0..3_u8)).prop_map(|(item, mac, account, service)| {
            Operation::Item { item, mac, account, service }
        }),
        1 => (0..6_u8).prop_map(|item| Operation::DropItem { item }),
        8 => (1..6_u8, 0..3_u8, 1..4_u8, any::<bool>(), 0..8_u8).prop_map(|(mac, device, port, is_known, short)| {
            Operation::Hear { mac, device, port, is_known, is_short: short == 0 }
        }),
        2 => (1..6_u8).prop_map(|mac| Operation::Silence { mac }),
        1 => (0..3_u8).prop_map(|device| Operation::Unmanage { device }),
        5 => edit().prop_map(Operation::Engineer),
        1 => Just(Operation::Incomplete),
        1 => (0..4_u8).prop_map(|account| Operation::SomeAccounts { account }),
        1 => (0..4_u8, any::<bool>()).prop_map(|(account, has_account)| Operation::Unreadable { account, has_account }),
        1 => Just(Operation::LoseBase),
        3 => (1..400_u16).prop_map(|hours| Operation::Pass { hours }),
        1 => Just(Operation::Moves),
        8 => Just(Operation::Commit),
    ]
}

pub(super) fn edit() -> impl Strategy<Value = Edit> {
    let small = 0..6_u8;
    prop_oneof![
        3 => (small.clone(), 0..3_u8).prop_map(|(subscriber, plan)| Edit::Plan { subscriber, plan }),
        3 => small.clone().prop_map(|subscriber| Edit::State { subscriber }),
        2 => (small.clone(), 1..6_u8).prop_map(|(subscriber, port)| Edit::Port { subscriber, port }),
        2 => small.clone().prop_map(|subscriber| Edit::Endpoint { subscriber }),
        2 => small.clone().prop_map(|subscriber| Edit::Remove { subscriber }),
        3 => (1..6_u8, 0..3_u8, 1..4_u8, proptest::option::of(0..4_u8), 0..3_u8).prop_map(
            |(mac, device, port, account, service)| Edit::Add { mac, device, port, account, service }
        ),
        1 => (small.clone(), 0..10_u8).prop_map(|(subscriber, key)| Edit::Hold { subscriber, key }),
        1 => small.prop_map(|subscriber| Edit::Protect { subscriber }),
    ]
}

pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    proptest::collection::vec(operation(), 1..40)
}

fn account(number: u8) -> String {
    format!("{}", 1040 + u16::from(number))
}

fn service(number: u8) -> String {
    format!("{}", 7000 + u16::from(number))
}

pub(super) fn status(number: u8) -> ServiceStatus {
    match number {
        0 | 1 => ServiceStatus::Served,
        2 => not_paid(),
        3 => pending(),
        4 => gone(),
        _ => unknown(),
    }
}

impl World {
    pub(super) fn run(operations: &[Operation]) -> Self {
        let mut world = Self::new();
        world.operations = operations.to_vec();
        for operation in operations {
            world.carry_out(operation);
        }
        world
    }

    fn nth(&self, number: u8) -> Option<usize> {
        let count = self.snapshot.services.len();
        usize::from(number).checked_rem(count)
    }

    fn nth_subscriber(&self, number: u8) -> Option<crate::model::SubscriberId> {
        let count = self.inventory.subscribers.len();
        let at = usize::from(number).checked_rem(count)?;
        self.inventory.subscribers.keys().nth(at).cloned()
    }

    pub(super) fn carry_out(&mut self, operation: &Operation) {
        match operation {
            Operation::Sell {
                account: number,
                service: one,
                tariff,
                has_login,
            } => {
                let (account, service) = (account(*number), service(*one));
                let key = key(&account, &service);
                if !self
                    .snapshot
                    .services
                    .iter()
                    .any(|one| ServiceKey::of(one) == key)
                {
                    let sold = self.sell(&account, &service, TARIFFS[usize::from(*tariff)]);
                    sold.login = has_login.then(|| account.as_str().into());
                    self.group(&account, "partner.1");
                }
            }
            Operation::Item {
                item,
                mac: number,
                account: owner,
                service: of,
            } => {
                let of = of.map(service);
                let macs = mac(*number).to_string();
                self.item(&format!("{item}"), &macs, &account(*owner), of.as_deref());
            }
            Operation::DropItem { item } => self.drop_item(&format!("{item}")),
            Operation::Hear {
                mac: number,
                device,
                port,
                is_known,
                is_short,
            } => {
                let state = match is_known {
                    true => HeardState::Configured,
                    false => HeardState::Unknown,
                };
                self.hear_as(mac(*number), DEVICES[usize::from(*device)], *port, state);
                if *is_short {
                    self.looks.endpoints.last_mut().unwrap().looks = 1;
                }
            }
            Operation::Silence { mac: number } => self.silence(mac(*number)),
            Operation::Engineer(edit) => self.engineer(edit),
            Operation::Pass { hours } => self.pass(u64::from(*hours) * 3600),
            Operation::Moves => self.settings.moves = Moves::Auto,
            Operation::Commit => {
                self.read_scope();
                self.commit();
                self.snapshot.proof = complete();
                self.snapshot.scope = SnapshotScope::Everything;
                self.snapshot.unreadable.clear();
            }
            _ => {
                self.break_something(operation);
                self.change_service(operation);
            }
        }
    }

    fn break_something(&mut self, operation: &Operation) {
        match operation {
            Operation::Unmanage { device } => {
                let name = DEVICES[usize::from(*device)];
                let device = self.inventory.devices.get_mut(name).unwrap();
                device.state = match device.state {
                    DeviceState::Managed => DeviceState::Observe,
                    _ => DeviceState::Managed,
                };
            }
            Operation::Incomplete => self.snapshot.proof = incomplete(),
            Operation::SomeAccounts { account: number } => {
                let account = AccountId::new(&account(*number)).unwrap();
                self.snapshot.scope = SnapshotScope::Accounts([account].into());
            }
            Operation::Unreadable {
                account: number,
                has_account,
            } => {
                let account = AccountId::new(&account(*number)).ok();
                self.snapshot.unreadable.push(UnreadableRecord {
                    collection: Collection::Services,
                    id: None,
                    account: account.filter(|_| *has_account),
                    reason: "status: expected text, got a list".into(),
                });
            }
            Operation::LoseBase => self.base = SyncBase::default(),
            _ => {}
        }
    }

    /// Drops what a reading of some accounts does not have, and returns all of it.
    pub(super) fn read_scope(&mut self) -> crate::model::billing::Snapshot {
        let whole = self.snapshot.clone();
        if let SnapshotScope::Accounts(read) = self.snapshot.scope.clone() {
            self.snapshot
                .services
                .retain(|one| read.contains(&one.account));
            self.snapshot.equipment.retain(|item| {
                item.place
                    .account()
                    .is_some_and(|account| read.contains(account))
            });
        }
        whole
    }

    fn change_service(&mut self, operation: &Operation) {
        let (Operation::Status {
            service: number, ..
        }
        | Operation::Tariff {
            service: number, ..
        }
        | Operation::Location {
            service: number, ..
        }
        | Operation::Renumber { service: number }
        | Operation::DropService { service: number }
        | Operation::Hint {
            service: number, ..
        }
        | Operation::OwnMac {
            service: number, ..
        }) = operation
        else {
            return;
        };
        let Some(at) = self.nth(*number) else {
            return;
        };
        let one = &mut self.snapshot.services[at];
        match operation {
            Operation::Status { status: word, .. } => one.status = status(*word),
            Operation::Tariff { tariff, .. } => {
                one.tariff = TariffId::new(TARIFFS[usize::from(*tariff)]).ok();
            }
            Operation::Location { location, .. } => {
                one.location = LocationId::new(&format!("{}", 3 + location)).ok();
            }
            Operation::Hint { device, port, .. } => {
                let key = ServiceKey::of(one);
                let device = DEVICES[usize::from(*device)];
                let port = port.to_string();
                self.hint(key.account.as_str(), key.service.as_str(), device, &port);
            }
            Operation::OwnMac { mac: number, .. } => {
                one.macs = WrittenMac::read_all(&mac(*number).to_string());
            }
            Operation::DropService { .. } => drop(self.snapshot.services.remove(at)),
            _ => {
                let mut new = one.clone();
                one.status = gone();
                let number: u16 = one.service.as_str().parse().unwrap();
                let id = format!("{}", number + 10);
                new.service = crate::model::billing::ServiceId::new(&id).unwrap();
                let key = ServiceKey::of(&new);
                if !self
                    .snapshot
                    .services
                    .iter()
                    .any(|one| ServiceKey::of(one) == key)
                {
                    self.snapshot.services.push(new);
                    self.snapshot.sort();
                }
            }
        }
    }

    pub(super) fn engineer(&mut self, edit: &Edit) {
        if let Edit::Add {
            mac: number,
            device,
            port,
            account: owner,
            service: of,
        } = edit
        {
            let taken = |world: &Self| {
                let mut all = world.inventory.subscribers.values();
                all.any(|one| one.endpoint == Some(mac(*number)))
            };
            if !taken(self) {
                let name = format!("made-{}", self.inventory.subscribers.len());
                let link = owner.map(|owner| (account(owner), service(*of)));
                let link = link.as_ref().map(|(a, s)| (a.as_str(), s.as_str()));
                let place = (DEVICES[usize::from(*device)], *port);
                self.subscriber(&name, place, Some(mac(*number)), link);
            }
            return;
        }
        let (Edit::Plan { subscriber, .. }
        | Edit::State { subscriber }
        | Edit::Port { subscriber, .. }
        | Edit::Endpoint { subscriber }
        | Edit::Remove { subscriber }
        | Edit::Hold { subscriber, .. }
        | Edit::Protect { subscriber }) = edit
        else {
            return;
        };
        let Some(name) = self.nth_subscriber(*subscriber) else {
            return;
        };
        let now = self.now;
        let count = u8::try_from(self.inventory.subscribers.len() % 50).unwrap();
        let one = self.edit(name.as_str());
        match edit {
            Edit::Plan { plan: number, .. } => {
                one.service_plan = plan(PLANS[usize::from(*number)]);
            }
            Edit::State { .. } if one.endpoint.is_some() => {
                one.state = match one.state {
                    SubscriberState::Active => SubscriberState::Suspended,
                    _ => SubscriberState::Active,
                };
            }
            Edit::Port { port: number, .. } => one.port = PortAssignment::Port(port(*number)),
            Edit::Endpoint { .. } if one.endpoint.is_some() => {
                one.endpoint = Some(mac(100 + count + *subscriber));
            }
            Edit::Hold { key, .. } => {
                let keys = [SyncKey::ALL[usize::from(*key)]].into();
                let until = now + 10 * DAY;
                one.hold = Some(Box::new(Hold { keys, until }));
            }
            Edit::Protect { .. } => one.is_protected = true,
            Edit::Remove { .. } => drop(self.inventory.subscribers.remove(&name)),
            _ => {}
        }
    }
}
