//! Invents a large network, the billing system that sold its lines, and what the devices hear.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gamctl::model::billing::{
    AccountId, BillingAccount, BillingName, BillingService, BillingSpeed, Collection, Counts,
    Equipment, EquipmentId, EquipmentPlace, GroupId, Personal, Proof, ServiceId, ServiceStatus,
    Snapshot, SnapshotScope, SuspendedCause, Tariff, TariffId, WrittenBack, WrittenMac,
};
use gamctl::model::{DeviceName, MacAddress, PortNumber, VlanId};
use gamctl::sync::{DeviceLook, HeardEndpoint, HeardState, Looks};

/// Any moment.
pub(crate) const NOW: u64 = 1_795_000_000;

pub(crate) const CUSTOMERS_PER_DEVICE: usize = 25;
const DEVICES_PER_SITE: usize = 20;

/// The changes since the last sync.
const CHANGED_PLANS: usize = 40;
const BLOCKED: usize = 30;
const SOLD: usize = 30;

/// The number of changes that `with_changes` makes.
pub(crate) const CHANGES: usize = CHANGED_PLANS + BLOCKED + SOLD;

/// A network with so many customers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    pub(crate) customers: usize,
}

/// The line of a customer, as both sides have it.
struct Line {
    device: DeviceName,
    port: u8,
    mac: MacAddress,
    vlan: u16,
    /// The tariff, and whether it was paid.
    is_fast: bool,
    is_paid: bool,
}

impl Network {
    pub(crate) fn devices(self) -> usize {
        self.customers.div_ceil(CUSTOMERS_PER_DEVICE)
    }

    fn line(number: usize) -> Line {
        let (device, within) = (number / CUSTOMERS_PER_DEVICE, number % CUSTOMERS_PER_DEVICE);
        let [.., high, middle, low] = number.to_be_bytes();
        Line {
            device: device_name(device),
            port: u8::try_from(within / 16 + 1).unwrap(),
            mac: MacAddress::new([0x00, 0x0e, 0xd8, high, middle, low]).unwrap(),
            vlan: u16::try_from(100 + within).unwrap(),
            is_fast: number.is_multiple_of(3),
            is_paid: !number.is_multiple_of(20),
        }
    }

    /// Writes the inventory, a file of subscribers for each site.
    pub(crate) fn write(self, folder: &Path) {
        let write = |path: &str, text: &str| {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        for (path, text) in FILES {
            write(path, text);
        }
        for site in 0..self.devices().div_ceil(DEVICES_PER_SITE) {
            let (mut devices, mut subscribers) = (String::new(), String::new());
            let first = site * DEVICES_PER_SITE;
            for device in first..(first + DEVICES_PER_SITE).min(self.devices()) {
                write!(devices, "[device.{}]\nmodel = \"GAM-24-C\"\naddress = \"10.{}.{}.{}\"\nsite = \"site-{site:04}\"\n\n", device_name(device), site / 250, site % 250, device - first + 1).unwrap();
                let first = device * CUSTOMERS_PER_DEVICE;
                for number in first..(first + CUSTOMERS_PER_DEVICE).min(self.customers) {
                    let line = Self::line(number);
                    let state = match line.is_paid {
                        true => "",
                        false => "state = \"suspended\"\n",
                    };
                    write!(subscribers, "[subscriber.acct-{account}]\ndevice = \"{}\"\nport = {}\nendpoint = \"{}\"\nservice_plan = \"{}\"\nvlan = {}\n{state}external = {{ system = \"splynx\", account = \"{account}\", service = \"{}\" }}\n\n", line.device, line.port, line.mac, plan(line.is_fast), line.vlan, service(number), account = account(number)).unwrap();
                }
            }
            write(&format!("devices/site-{site:04}.toml"), &devices);
            write(&format!("subscribers/site-{site:04}.toml"), &subscribers);
        }
    }

    /// Returns a complete reading that agrees with the inventory.
    pub(crate) fn snapshot(self) -> Snapshot {
        let mut snapshot = Snapshot {
            system: BillingName::new("splynx").unwrap(),
            scope: SnapshotScope::Everything,
            proof: Proof::of(BTreeMap::new(), Vec::new()),
            taken: NOW,
            accounts: BTreeMap::new(),
            services: Vec::with_capacity(self.customers),
            equipment: Vec::with_capacity(self.customers),
            tariffs: tariffs(),
            unreadable: Vec::new(),
        };
        for number in 0..self.customers {
            sell(&mut snapshot, number);
        }
        prove(&mut snapshot);
        snapshot
    }

    /// Returns looks that hear every endpoint where it is configured.
    pub(crate) fn looks(self) -> Looks {
        let mut looks = Looks::default();
        for device in 0..self.devices() {
            let vlans = (0..CUSTOMERS_PER_DEVICE).map(|within| vlan(100 + within));
            let look = DeviceLook {
                at: NOW - 60,
                vlans: vlans.collect(),
                uplink_vlans: Some("3-4094".parse().unwrap()),
            };
            looks.devices.insert(device_name(device), look);
        }
        let heard = (0..self.customers).map(|number| {
            let line = Self::line(number);
            HeardEndpoint {
                state: HeardState::Configured,
                first: 0,
                looks: u32::MAX,
                ..heard(line.mac, line.device, line.port)
            }
        });
        looks.endpoints = heard.collect();
        looks
    }

    /// Changes plans, blocks, and sells to new customers whose endpoints are heard.
    pub(crate) fn change(self, snapshot: &mut Snapshot, looks: &mut Looks) {
        let paid = (1..self.customers).filter(|number| Self::line(*number).is_paid);
        // From one end of the network to the other; one in twenty is not paid.
        let apart = self.customers / (CHANGED_PLANS + BLOCKED) * 9 / 10;
        let mut changed = paid.step_by(apart.max(1));
        for number in changed.by_ref().take(CHANGED_PLANS) {
            let service = &mut snapshot.services[number];
            let is_fast = service.tariff == Some(tariff(true));
            service.tariff = Some(tariff(!is_fast));
        }
        for number in changed.take(BLOCKED) {
            snapshot.services[number].status = blocked();
        }
        for number in self.customers..self.customers + SOLD {
            sell(snapshot, number);
            let line = Self::line(number);
            let device = device_name((number - self.customers) * self.devices() / SOLD);
            looks.endpoints.push(heard(line.mac, device, 3));
            let service = &mut snapshot.services[number];
            (service.status, service.written_back) =
                (ServiceStatus::Served, WrittenBack::default());
        }
        prove(snapshot);
    }
}

fn sell(snapshot: &mut Snapshot, number: usize) {
    let line = Network::line(number);
    let (account, service) = (account(number), service(number));
    let (account, service) = (
        AccountId::new(&account).unwrap(),
        ServiceId::new(&service).unwrap(),
    );
    let site = number / CUSTOMERS_PER_DEVICE / DEVICES_PER_SITE;
    snapshot.accounts.insert(
        account.clone(),
        BillingAccount {
            id: account.clone(),
            name: Personal::new(format!("Customer Number {number}")),
            address: Personal::new(format!("{number} Long Street, Apt {}", number % 400)),
            groups: vec![
                GroupId::new("partner.1").unwrap(),
                GroupId::new(&format!("location.{site}")).unwrap(),
            ],
        },
    );
    let state = if line.is_paid { "served" } else { "suspended" };
    snapshot.services.push(BillingService {
        account: account.clone(),
        service: service.clone(),
        login: Some(account.as_str().into()),
        tariff: Some(tariff(line.is_fast)),
        status: if line.is_paid {
            ServiceStatus::Served
        } else {
            blocked()
        },
        macs: Vec::new(),
        location: None,
        place_hint: None,
        unit: None,
        starts: None,
        written_back: WrittenBack {
            place: Some(format!("{}/{}", line.device, line.port).into()),
            vlan: Some(line.vlan.to_string().into()),
            state: Some(state.into()),
        },
    });
    snapshot.equipment.push(Equipment {
        id: EquipmentId::new(&format!("{}", 1_000_000 + number)).unwrap(),
        macs: vec![WrittenMac::Read { mac: line.mac }],
        model: Some("4".into()),
        place: EquipmentPlace::Service { account, service },
    });
}

/// Makes the proof of what the snapshot has.
fn prove(snapshot: &mut Snapshot) {
    let counts = |count: usize| {
        let count = u64::try_from(count).unwrap();
        Counts {
            before: count,
            received: count,
            after: count,
        }
    };
    let all = BTreeMap::from([
        (Collection::Accounts, counts(snapshot.accounts.len())),
        (Collection::Services, counts(snapshot.services.len())),
        (Collection::Equipment, counts(snapshot.equipment.len())),
        (Collection::Tariffs, counts(snapshot.tariffs.len())),
    ]);
    snapshot.proof = Proof::of(all, Vec::new());
    assert!(snapshot.proof.is_complete());
}

fn heard(mac: MacAddress, device: DeviceName, port: u8) -> HeardEndpoint {
    HeardEndpoint {
        mac,
        device,
        port: Some(PortNumber::new(port).unwrap()),
        state: HeardState::Unknown,
        first: NOW - 120,
        last: NOW - 60,
        looks: 2,
    }
}

fn tariffs() -> BTreeMap<TariffId, Tariff> {
    let tariffs = [(false, 100_000, 50_000), (true, 500_000, 250_000)];
    let tariffs = tariffs.map(|(is_fast, down_kbps, up_kbps)| {
        let tariff = Tariff {
            id: tariff(is_fast),
            title: plan(is_fast).into(),
            speed: Some(BillingSpeed { down_kbps, up_kbps }),
        };
        (tariff.id.clone(), tariff)
    });
    tariffs.into()
}

fn tariff(is_fast: bool) -> TariffId {
    TariffId::new(if is_fast { "31" } else { "30" }).unwrap()
}

fn plan(is_fast: bool) -> &'static str {
    if is_fast { "home-500" } else { "home-100" }
}

fn blocked() -> ServiceStatus {
    ServiceStatus::Suspended {
        cause: SuspendedCause::NotPaid,
    }
}

/// Of equal length, so that the order of numbers is that of ids.
fn account(number: usize) -> String {
    (1_000_000 + number).to_string()
}

fn service(number: usize) -> String {
    (7_000_000 + number).to_string()
}

fn device_name(device: usize) -> DeviceName {
    DeviceName::new(&format!("gam-{device:05}")).unwrap()
}

fn vlan(number: usize) -> VlanId {
    VlanId::new(u16::try_from(number).unwrap()).unwrap()
}

/// Returns no digest: nothing is approved.
pub(crate) fn none_approved() -> BTreeSet<gamctl::sync::Digest> {
    BTreeSet::new()
}

const FILES: [(&str, &str); 5] = [
    (
        "network.toml",
        "schema = 1\n\n[vlans]\nmanagement = 4093\nsubscribers = \"100-3799\"\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"suspended\"\n",
    ),
    (
        "service-plans.toml",
        "[service_plan.home-100]\ndown = 100\nup = 50\n\n[service_plan.home-500]\ndown = 500\nup = 250\n\n[service_plan.suspended]\ndown = 10\nup = 10\n",
    ),
    (
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"snmp\" } }\nssh = { user = \"admin\", password = { secret = \"ssh\" } }\n",
    ),
    (
        "policy.toml",
        "[lane.billing]\nauthors = [\"sync@isp.example\"]\n",
    ),
    (
        "billing.toml",
        "[billing.splynx]\nkind = \"splynx\"\naddress = \"https://isp.splynx.app\"\nlogin = { key = { secret = \"k\" }, secret = { secret = \"s\" } }\ntime_zone = \"America/Chicago\"\n\n[billing.splynx.tariff.30]\nservice_plan = \"home-100\"\n\n[billing.splynx.tariff.31]\nservice_plan = \"home-500\"\n",
    ),
];
