//! Builds small worlds for tests: billing, an inventory, looks and a base that fit together.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::model::billing::{
    AccountId, BillingAccount, BillingName, BillingService, BillingSpeed, Collection, Counts,
    Equipment, EquipmentId, EquipmentPlace, Gap, GapReason, GoneCause, GroupId, LocationId,
    PendingCause, Personal, PlaceHint, Proof, ServiceId, ServiceStatus, Snapshot, SnapshotScope,
    SuspendedCause, Tariff, TariffId, WrittenBack, WrittenMac,
};
use crate::model::{
    DeviceName, DeviceState, Headroom, MacAddress, Mbps, Medium, PortAssignment, PortNumber,
    ServicePlanId, SiteName, Speed, SubscriberId, SubscriberState, VlanId,
};
use crate::sync::*;

pub(super) const NOW: u64 = 1_795_000_000;
pub(super) const DAY: u64 = 24 * 60 * 60;

/// Everything that a proposal follows from, and the settings of the gate.
#[derive(Clone)]
pub(super) struct World {
    /// The operations that made it, which are all that a failed test prints.
    pub operations: Vec<super::operations::Operation>,
    pub snapshot: Snapshot,
    pub inventory: SyncInventory,
    pub looks: Looks,
    pub base: SyncBase,
    pub settings: SyncSettings,
    pub limits: SyncLimits,
    pub used: LaneUse,
    pub now: u64,
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_list()
            .entries(self.operations.iter().map(|one| format!("{one:?}")))
            .finish()
    }
}

pub(super) fn key(account: &str, service: &str) -> ServiceKey {
    ServiceKey {
        account: AccountId::new(account).unwrap(),
        service: ServiceId::new(service).unwrap(),
    }
}

/// Returns the address of the vendor that ends with a number.
pub(super) fn mac(number: u8) -> MacAddress {
    MacAddress::new([0x00, 0x0e, 0xd8, 0x10, 0x20, number]).unwrap()
}

pub(super) fn id(id: &str) -> SubscriberId {
    SubscriberId::new(id).unwrap()
}

pub(super) fn device(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

pub(super) fn port(number: u8) -> PortNumber {
    PortNumber::new(number).unwrap()
}

pub(super) fn plan(name: &str) -> ServicePlanId {
    ServicePlanId::new(name).unwrap()
}

pub(super) fn vlan(number: u16) -> VlanId {
    VlanId::new(number).unwrap()
}

pub(super) fn gone() -> ServiceStatus {
    ServiceStatus::Gone {
        cause: GoneCause::Ended,
    }
}

pub(super) fn not_paid() -> ServiceStatus {
    ServiceStatus::Suspended {
        cause: SuspendedCause::NotPaid,
    }
}

pub(super) fn pending() -> ServiceStatus {
    ServiceStatus::Pending {
        cause: PendingCause::NotStarted,
    }
}

pub(super) fn unknown() -> ServiceStatus {
    ServiceStatus::Unknown {
        word: "frozen".into(),
    }
}

pub(super) fn complete() -> Proof {
    let counts = Counts {
        before: 1,
        received: 1,
        after: 1,
    };
    Proof::of(BTreeMap::from([(Collection::Services, counts)]), Vec::new())
}

pub(super) fn incomplete() -> Proof {
    Proof::Incomplete {
        gaps: vec![Gap {
            collection: Collection::Services,
            reason: GapReason::CountsDisagree {
                before: 3,
                received: 2,
                after: 3,
            },
        }],
    }
}

fn speed(down: u32, up: u32) -> Speed {
    Speed::Limited {
        down: Mbps::new(down).unwrap(),
        up: Mbps::new(up).unwrap(),
        headroom: Headroom::DEFAULT,
    }
}

fn empty_snapshot(system: BillingName, tariffs: BTreeMap<TariffId, Tariff>) -> Snapshot {
    Snapshot {
        system,
        scope: SnapshotScope::Everything,
        proof: complete(),
        taken: NOW,
        accounts: BTreeMap::new(),
        services: Vec::new(),
        equipment: Vec::new(),
        tariffs,
        unreadable: Vec::new(),
    }
}

/// Ignores a tariff, and maps locations to sites.
fn map_further(settings: &mut SyncSettings) {
    let ignored = TariffId::new("40").unwrap();
    settings.tariffs.insert(ignored, TariffRule::Ignore);
    for (location, site) in [("3", "maple"), ("4", "oak")] {
        let site = SiteName::new(site).unwrap();
        settings
            .sites
            .insert(LocationId::new(location).unwrap(), site);
    }
}

impl World {
    /// Returns copper `maple-a` and `maple-b` at `maple`, coax `oak-a` at `oak`, and three tariffs.
    pub(super) fn new() -> Self {
        let system = BillingName::new("splynx").unwrap();
        let mut settings = SyncSettings::new(system.clone());
        let mut tariffs = BTreeMap::new();
        let mut service_plans = BTreeMap::new();
        for (tariff, name, down, up) in [
            ("30", "home-200", 200, 100),
            ("31", "home-500", 500, 250),
            ("32", "home-100", 100, 50),
        ] {
            let tariff = TariffId::new(tariff).unwrap();
            let rule = TariffRule::ServicePlan {
                service_plan: plan(name),
                as_sold: true,
            };
            settings.tariffs.insert(tariff.clone(), rule);
            service_plans.insert(plan(name), speed(down, up));
            let sold = Tariff {
                id: tariff.clone(),
                title: name.into(),
                speed: Some(BillingSpeed {
                    down_kbps: u64::from(down) * 1000,
                    up_kbps: u64::from(up) * 1000,
                }),
            };
            tariffs.insert(tariff, sold);
        }
        map_further(&mut settings);
        let devices = [
            ("maple-a", "maple", Medium::Copper),
            ("maple-b", "maple", Medium::Copper),
            ("oak-a", "oak", Medium::Coax),
        ];
        let new_device = |(name, site, medium): (&str, &str, Medium)| {
            let settings = SyncDevice {
                state: DeviceState::Managed,
                site: Some(SiteName::new(site).unwrap()),
                medium,
                ports: 24,
                is_port_aware: false,
                management_vlan: vlan(4093),
                uplink_vlans: None,
                new_vlan: NewVlan::LowestFree,
                external: None,
            };
            (device(name), settings)
        };
        let look = DeviceLook {
            at: NOW,
            vlans: BTreeSet::new(),
            uplink_vlans: None,
        };
        let looked_at = devices.map(|(name, ..)| (device(name), look.clone()));
        Self {
            operations: Vec::new(),
            snapshot: empty_snapshot(system, tariffs),
            inventory: SyncInventory {
                commit: None,
                is_partial: false,
                subscribers: BTreeMap::new(),
                devices: devices.into_iter().map(new_device).collect(),
                service_plans,
                pool: "101-140".parse().unwrap(),
                rest_days: 7,
            },
            looks: Looks {
                devices: looked_at.into(),
                endpoints: Vec::new(),
            },
            base: SyncBase::default(),
            settings,
            limits: SyncLimits::default(),
            used: LaneUse::default(),
            now: NOW,
        }
    }

    pub(super) fn inputs(&self) -> SyncInputs<'_> {
        SyncInputs {
            snapshot: &self.snapshot,
            inventory: &self.inventory,
            looks: &self.looks,
            base: &self.base,
            settings: &self.settings,
            now: self.now,
        }
    }

    pub(super) fn propose(&self) -> Proposal {
        propose(self.inputs())
    }

    /// Accepts all changes, as if they were committed and pushed.
    pub(super) fn commit(&mut self) -> Proposal {
        let proposal = self.propose();
        self.accept(&proposal, &proposal.changes.clone(), false);
        proposal
    }

    pub(super) fn accept(
        &mut self,
        proposal: &Proposal,
        changes: &[ProposedChange],
        keeps_sizes: bool,
    ) {
        let base = proposal.next_base(self.inputs(), changes, keeps_sizes);
        let edits = changes.iter().flat_map(|change| &change.edits);
        self.inventory = self.inventory.edited(edits);
        self.base = base;
    }

    /// Commits only what the gate lets through.
    pub(super) fn commit_gated(&mut self) -> Gated {
        let proposal = self.propose();
        let gated = self.gate(&proposal, &BTreeSet::new());
        self.accept(&proposal, &gated.passed.clone(), gated.keeps_sizes);
        gated
    }

    pub(super) fn gate(&self, proposal: &Proposal, approved: &BTreeSet<Digest>) -> Gated {
        let rules = GateRules {
            limits: &self.limits,
            used: self.used,
            approved,
        };
        gate(self.inputs(), proposal, rules)
    }

    /// Adds a served service.
    pub(super) fn sell(
        &mut self,
        account: &str,
        service: &str,
        tariff: &str,
    ) -> &mut BillingService {
        let key = key(account, service);
        self.account(account);
        self.snapshot.services.push(BillingService {
            account: key.account,
            service: key.service.clone(),
            login: None,
            tariff: TariffId::new(tariff).ok(),
            status: ServiceStatus::Served,
            macs: Vec::new(),
            location: None,
            place_hint: None,
            unit: None,
            starts: None,
            written_back: WrittenBack::default(),
        });
        self.snapshot.sort();
        self.service(account, service)
    }

    pub(super) fn account(&mut self, account: &str) -> &mut BillingAccount {
        let id = AccountId::new(account).unwrap();
        let accounts = &mut self.snapshot.accounts;
        accounts.entry(id.clone()).or_insert(BillingAccount {
            id,
            name: Personal::new("Ngozi Okafor".to_owned()),
            address: Personal::default(),
            groups: Vec::new(),
        })
    }

    pub(super) fn group(&mut self, account: &str, group: &str) {
        let group = GroupId::new(group).unwrap();
        self.account(account).groups.push(group);
    }

    pub(super) fn service(&mut self, account: &str, service: &str) -> &mut BillingService {
        let key = key(account, service);
        let mut services = self.snapshot.services.iter_mut();
        let found = services.find(|one| ServiceKey::of(one) == key);
        found.unwrap()
    }

    /// Takes a service out of billing.
    pub(super) fn drop_service(&mut self, account: &str, service: &str) {
        let key = key(account, service);
        self.snapshot
            .services
            .retain(|one| ServiceKey::of(one) != key);
    }

    /// Adds an item of an account, or of one of its services.
    pub(super) fn item(&mut self, item: &str, macs: &str, account: &str, service: Option<&str>) {
        let place = match service {
            None => EquipmentPlace::Account {
                account: AccountId::new(account).unwrap(),
            },
            Some(service) => {
                let key = key(account, service);
                EquipmentPlace::Service {
                    account: key.account,
                    service: key.service,
                }
            }
        };
        self.drop_item(item);
        self.snapshot.equipment.push(Equipment {
            id: EquipmentId::new(item).unwrap(),
            macs: WrittenMac::read_all(macs),
            model: None,
            place,
        });
        self.snapshot.sort();
    }

    pub(super) fn drop_item(&mut self, item: &str) {
        self.snapshot
            .equipment
            .retain(|one| one.id.as_str() != item);
    }

    pub(super) fn hint(&mut self, account: &str, service: &str, device: &str, port: &str) {
        self.service(account, service).place_hint = Some(PlaceHint {
            device: device.into(),
            port: Some(port.into()),
        });
    }

    /// Makes an endpoint heard, for long enough.
    pub(super) fn hear(&mut self, mac: MacAddress, name: &str, number: u8) {
        self.hear_as(mac, name, number, HeardState::Unknown);
    }

    pub(super) fn hear_as(&mut self, mac: MacAddress, name: &str, number: u8, state: HeardState) {
        let at = self.looks.devices[name].at;
        self.looks.endpoints.push(HeardEndpoint {
            mac,
            device: device(name),
            port: Some(port(number)),
            state,
            first: at - 60,
            last: at,
            looks: 3,
        });
    }

    pub(super) fn silence(&mut self, mac: MacAddress) {
        self.looks.endpoints.retain(|heard| heard.mac != mac);
    }

    /// Lets time pass, with looks that hear the same.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        for look in self.looks.devices.values_mut() {
            look.at += seconds;
        }
        for heard in &mut self.looks.endpoints {
            heard.last += seconds;
        }
    }

    /// Adds a subscriber to the inventory.
    pub(super) fn subscriber(
        &mut self,
        name: &str,
        place: (&str, u8),
        endpoint: Option<MacAddress>,
        service: Option<(&str, &str)>,
    ) {
        let external = service.map(|(account, service)| {
            let key = key(account, service);
            Box::new(ExternalLink {
                system: self.settings.system.clone(),
                account: key.account,
                service: Some(key.service),
            })
        });
        let number = u16::try_from(self.inventory.subscribers.len()).unwrap();
        let state = match endpoint {
            Some(_) => SubscriberState::Active,
            None => SubscriberState::Pending,
        };
        let subscriber = SyncSubscriber {
            device: device(place.0),
            port: PortAssignment::Port(port(place.1)),
            endpoint,
            service_plan: plan("home-200"),
            vlan: vlan(101 + number),
            state,
            other_vlans: None,
            is_protected: false,
            external,
            has_other_link: false,
            hold: None,
        };
        self.inventory.subscribers.insert(id(name), subscriber);
    }

    pub(super) fn edit(&mut self, name: &str) -> &mut SyncSubscriber {
        self.inventory.subscribers.get_mut(name).unwrap()
    }

    pub(super) fn hold(&mut self, name: &str, key: SyncKey, until: u64) {
        let keys = [key].into();
        self.edit(name).hold = Some(Box::new(Hold { keys, until }));
    }

    /// Returns a world in which account 1042 is served at port 1 of `maple-a`, with a base.
    pub(super) fn served() -> Self {
        let mut world = Self::new();
        world.sell("1042", "7001", "30");
        world.item("88", "00:0e:d8:10:20:01", "1042", Some("7001"));
        world.subscriber(
            "acct-1042",
            ("maple-a", 1),
            Some(mac(1)),
            Some(("1042", "7001")),
        );
        world.hear_as(mac(1), "maple-a", 1, HeardState::Configured);
        world.commit();
        world
    }

    /// Returns a world in which account 1042 bought a service and its endpoint is heard.
    pub(super) fn sold() -> Self {
        let mut world = Self::new();
        world.sell("1042", "7001", "30");
        world.item("88", "00:0E:D8:10:20:01", "1042", Some("7001"));
        world.hear(mac(1), "maple-a", 1);
        world
    }
}

impl Proposal {
    /// Returns a service of the snapshot, or one that is not listed.
    pub(super) fn of(&self, account: &str, service: &str) -> &ClassifiedService {
        let key = key(account, service);
        let mut all = self.services.iter().chain(&self.not_listed);
        all.find(|one| one.service == key).unwrap()
    }

    /// Returns the classification and the rules of a service.
    pub(super) fn verdict(&self, account: &str, service: &str) -> (Classification, Vec<&str>) {
        let one = self.of(account, service);
        let rules = one.reasons.iter().map(Reason::rule).collect();
        (one.classification, rules)
    }

    /// Returns all edits, one line each.
    pub(super) fn lines(&self) -> Vec<String> {
        lines(self.edits())
    }
}

pub(super) fn lines<'a>(edits: impl Iterator<Item = &'a SyncEdit>) -> Vec<String> {
    edits
        .map(|edit| match edit {
            SyncEdit::Set {
                subscriber, value, ..
            } => format!("{subscriber} {} = {}", value.key(), value.text()),
            SyncEdit::Add { subscriber, added } => format!(
                "+{subscriber} {}/{} {} {} vlan {} {}",
                added.device,
                added.port,
                added.endpoint.map_or(CompactString::from("-"), |mac| {
                    compact_str::ToCompactString::to_compact_string(&mac)
                }),
                added.service_plan,
                added.vlan,
                added.state
            ),
            SyncEdit::Remove { subscriber } => format!("-{subscriber}"),
        })
        .collect()
}
