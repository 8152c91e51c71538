//! A planning problem: a valid device as observed, a valid intention for it, what is ours, and what was not understood.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use gamctl::inventory::IntendedDevice;
use gamctl::model::{
    DeviceConfig, DeviceName, DeviceState, EndpointConfig, GamModel, Identity, MAX_ALLOWED_VLANS,
    MacAddress, Mbps, Medium, Observation, Part, Poe, PortAssignment, PortConfig, PortMode,
    PortNumber, ProfileConfig, ProfileName, RateLimit, Slot, SubscriberConfig, SubscriberIds,
    SubscriberName, Unclear, Unread, UplinkConfig, UplinkNumber, VlanId, VlanRange, VlanSet,
};
use gamctl::plan::{DevicePlan, Ledger, PlannedStep, Request, plan};
use gamctl::reconcile::DevicePlanInputs;
use gamctl::simulator::gam::{
    AllowedVlansCounted, Assumptions, Configuration, EndpointsCounted, Hardware, RemovalInUse,
    UnnamedProfile, configuration_of,
};

use super::super::dice::Dice;
use super::{device, mutate, odd};

/// A planning problem.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) device: DeviceName,
    pub(crate) hardware: Hardware,
    pub(crate) configuration: Configuration,
    pub(crate) intended: DeviceConfig,
    pub(crate) renamed: BTreeMap<SubscriberName, SubscriberName>,
    pub(crate) ledger: Option<Ledger>,
    pub(crate) authoritative: bool,
    pub(crate) blinds: Vec<BlindSpot>,
    /// How often the intention was changed from what is observed; nothing: it is another one altogether.
    pub(crate) changes: Option<usize>,
    /// Nothing stands in the way of the intention: all is ours, and all was read.
    pub(crate) is_open: bool,
    /// Somebody gave the device texts that gamctl could not write, or took the management VLAN off an uplink.
    pub(crate) is_odd: bool,
}

/// Something on the twin that the observation does not show as it is.
#[derive(Debug, Clone)]
pub(crate) enum BlindSpot {
    Unclear(Part, u16),
    Field(Part, u16, &'static str),
    Part(Part),
}

const MODELS: [GamModel; 7] = [
    GamModel::Gam4Mx,
    GamModel::Gam4Cx,
    GamModel::Gam8Mx,
    GamModel::Gam12M,
    GamModel::Gam12C,
    GamModel::Gam24M,
    GamModel::Gam24C,
];

pub(crate) fn case(dice: &mut Dice) -> Case {
    let model = *dice.pick(&MODELS);
    let hardware = Hardware::of(model, 7).with_assumptions(assumptions(dice));
    let size = Size::draw(dice, model);
    let observed = config(dice, model, &size, true);
    let changes = (!dice.once_in(3)).then(|| dice.below(6));
    let mut renamed = BTreeMap::new();
    let intended = match changes {
        Some(times) => {
            let mut intended = without_slots(&observed);
            for _ in 0..times {
                mutate::once(dice, model, &mut intended, &mut renamed);
            }
            intended
        }
        None => config(dice, model, &size, false),
    };
    let configuration = configuration_of(&observed, &hardware);
    let mut case = Case {
        device: DeviceName::new("oak").unwrap(),
        hardware,
        configuration,
        intended,
        renamed,
        ledger: None,
        authoritative: false,
        blinds: Vec::new(),
        changes,
        is_open: false,
        is_odd: false,
    };
    match dice.below(4) {
        0 | 1 => {
            case.ledger = Some(Ledger::of(without_slots(&observed)));
            case.is_open = true;
        }
        2 => case.ledger = Some(part_of(dice, &observed)),
        _ => {}
    }
    case.authoritative = case.ledger.is_some() && dice.once_in(12);
    if dice.once_in(3) {
        case.is_open = false;
        for _ in 0..=dice.below(2) {
            blind_spot(dice, &mut case);
        }
    }
    if dice.once_in(3) {
        odd::make_odd(dice, &mut case);
    }
    if fits_with_every_endpoint(&case) && !dice.once_in(3) {
        let assumptions = Assumptions {
            endpoints: EndpointsCounted::All,
            ..case.hardware.assumptions
        };
        case.hardware = case.hardware.with_assumptions(assumptions);
    }
    case
}

/// Returns whether the device may have all endpoints of both ends, if it counts those without a port too.
pub(crate) fn fits_with_every_endpoint(case: &Case) -> bool {
    let (observed, intended) = (&case.configuration.endpoints, &case.intended.endpoints);
    let is_new =
        |endpoint: &&gamctl::simulator::gam::Endpoint| !intended.contains_key(&endpoint.mac);
    // What is not ours stays.
    let stays = match case.is_open && !case.is_odd {
        true => 0,
        false => observed.values().filter(is_new).count(),
    };
    let capacity = case.hardware.model.endpoint_capacity();
    observed.len() <= capacity && intended.len() + stays <= capacity
}

/// Draws answers to the open questions that a plan must not depend on.
fn assumptions(dice: &mut Dice) -> Assumptions {
    Assumptions {
        removal: *dice.pick(&[
            RemovalInUse::Refused,
            RemovalInUse::Detached,
            RemovalInUse::ServiceGone,
        ]),
        allowed_vlans: *dice.pick(&[
            AllowedVlansCounted::TwelveVlans,
            AllowedVlansCounted::FourteenEntries,
        ]),
        unnamed_profile: *dice.pick(&[UnnamedProfile::None, UnnamedProfile::BuiltIn]),
        ..Assumptions::default()
    }
}

/// How much there is of everything.
pub(super) struct Size {
    endpoints: usize,
    profiles: usize,
    ports: u8,
}

impl Size {
    fn draw(dice: &mut Dice, model: GamModel) -> Self {
        let is_crowded = dice.once_in(4);
        let ports = if is_crowded && model.medium() == Medium::Coax {
            2
        } else {
            model.port_count()
        };
        let most = usize::from(ports) * model.medium().endpoints_per_port();
        Self {
            endpoints: if is_crowded {
                most.min(36)
            } else {
                most.min(10)
            },
            profiles: if dice.once_in(4) { 14 } else { 4 },
            ports,
        }
    }
}

pub(super) fn mac(number: usize) -> MacAddress {
    let [.., high, low] = u32::try_from(number).unwrap().to_be_bytes();
    MacAddress::new([0x00, 0x0e, 0xd8, 0x77, high, low]).unwrap()
}

pub(super) fn vlan(id: u16) -> VlanId {
    VlanId::new(id).unwrap()
}

/// Draws a configuration that a device of the model takes; with numbers where it is an observed one.
pub(super) fn config(
    dice: &mut Dice,
    model: GamModel,
    size: &Size,
    is_observed: bool,
) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    settings(dice, model, &mut config, is_observed);
    let mut slots = Slots::new(is_observed, 15);
    for number in distinct(dice, size.profiles, 18) {
        if config.profiles.len() == 14 {
            break;
        }
        let slot = slots.draw(dice);
        let profile = profile(dice, slot);
        config
            .profiles
            .insert(ProfileName::new(&format!("p{number}")).unwrap(), profile);
    }
    let mut slots = Slots::new(is_observed, 384);
    let names: Vec<usize> = distinct(dice, size.endpoints, 44);
    let macs = distinct(dice, size.endpoints, 44);
    for (number, name) in macs.into_iter().zip(names) {
        let port = free_port(dice, model, &config, size.ports);
        let endpoint = EndpointConfig {
            slot: slots.draw(dice),
            name: format!("e{name}").parse().unwrap(),
            port,
        };
        config.endpoints.insert(mac(number), endpoint);
    }
    let mut slots = Slots::new(is_observed, 384);
    let mut free: Vec<MacAddress> = config.endpoints.keys().copied().collect();
    dice.shuffle(&mut free);
    for number in distinct(dice, size.endpoints, 44) {
        let endpoint = if dice.once_in(8) { None } else { free.pop() };
        let slot = slots.draw(dice);
        let subscriber = subscriber(dice, &config, slot, endpoint, is_observed);
        let name = SubscriberName::new(&format!("s{number}")).unwrap();
        config.subscribers.insert(name, subscriber);
    }
    config
}

/// Draws some of the first numbers, at most so many.
fn distinct(dice: &mut Dice, most: usize, below: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..below).collect();
    dice.shuffle(&mut numbers);
    let count = if dice.once_in(2) {
        most
    } else {
        dice.below(most + 1)
    };
    numbers.truncate(count);
    numbers
}

struct Slots {
    is_given: bool,
    next: u16,
    most: u16,
    left: usize,
}

impl Slots {
    fn new(is_given: bool, most: u16) -> Self {
        Self {
            is_given,
            next: if most == 15 { 2 } else { 1 },
            most,
            left: 40,
        }
    }

    /// Returns the next number, sometimes with a hole before it.
    fn draw(&mut self, dice: &mut Dice) -> Option<Slot> {
        if !self.is_given {
            return None;
        }
        self.left = self.left.saturating_sub(1);
        if self.most > 15 && dice.once_in(4) {
            self.next += u16::try_from(1 + dice.below(3)).unwrap();
        }
        let slot = Slot(self.next);
        assert!(self.next <= self.most);
        self.next += 1;
        Some(slot)
    }
}

fn settings(dice: &mut Dice, model: GamModel, config: &mut DeviceConfig, is_observed: bool) {
    if dice.once_in(4) {
        config.system.hostname = Some(format!("gam-{}", dice.below(3)).parse().unwrap());
    }
    if dice.once_in(6) {
        let text = format!("Cellar {}", dice.below(3));
        config.system.location = Some(text.parse().unwrap());
    }
    if dice.once_in(3) {
        let mut names: Vec<usize> = (0..usize::from(model.port_count())).collect();
        dice.shuffle(&mut names);
        for (port, name) in (1..=model.port_count()).zip(names) {
            let mut settings = PortConfig::default();
            if dice.once_in(3) {
                settings.name = Some(format!("riser {name}").parse().unwrap());
            }
            if dice.once_in(4) {
                settings.enabled = Some(dice.below(3) > 0);
            }
            if model.medium() == Medium::Copper && dice.once_in(3) {
                settings.mode = Some(*dice.pick(&[PortMode::Mimo, PortMode::Siso]));
            }
            config
                .ports
                .insert(PortNumber::new(port).unwrap(), settings);
        }
    }
    if dice.once_in(3) || is_observed {
        let uplinks = if model.port_count() >= 12 { 2 } else { 1 };
        for number in 1..=uplinks {
            if dice.once_in(2) {
                let allowed = uplink_vlans(dice);
                config.uplinks.insert(
                    UplinkNumber::new(number).unwrap(),
                    UplinkConfig {
                        allowed_vlans: Some(allowed),
                    },
                );
            }
        }
    }
}

/// Draws what an uplink lets pass; the management VLAN always.
pub(super) fn uplink_vlans(dice: &mut Dice) -> VlanSet {
    let first = dice.between(3, 130);
    let last = first + dice.between(0, 60);
    let range = |first: u32, last: u32| VlanRange {
        first: vlan(u16::try_from(first).unwrap()),
        last: vlan(u16::try_from(last).unwrap()),
    };
    VlanSet::from_ranges([range(first, last), range(4093, 4094)])
}

pub(super) fn profile(dice: &mut Dice, slot: Option<Slot>) -> ProfileConfig {
    let speeds = [100, 50, 200, 10, 500, 800].map(|speed| Mbps::new(speed).unwrap());
    ProfileConfig {
        slot,
        description: dice.once_in(4).then(|| text(dice)),
        down: *dice.pick(&speeds),
        up: *dice.pick(&speeds),
    }
}

pub(super) fn text(dice: &mut Dice) -> gamctl::model::HeldText {
    let texts = ["Home", "a b", "#!|;<>'$`%", "x"];
    let text: &str = dice.pick::<&str>(&texts);
    text.parse().unwrap()
}

/// Returns a port with room, or none at all.
pub(super) fn free_port(
    dice: &mut Dice,
    model: GamModel,
    config: &DeviceConfig,
    ports: u8,
) -> PortAssignment {
    let placed = config.endpoints.values();
    let placed = placed
        .filter(|endpoint| endpoint.port != PortAssignment::Unassigned)
        .count();
    if dice.once_in(10) || placed >= model.endpoint_capacity() {
        return PortAssignment::Unassigned;
    }
    if dice.once_in(12) {
        return PortAssignment::Auto;
    }
    let first = dice.below(usize::from(ports));
    for turn in 0..usize::from(ports) {
        let number = (first + turn) % usize::from(ports) + 1;
        let port = PortAssignment::Port(PortNumber::new(u8::try_from(number).unwrap()).unwrap());
        let there = config.endpoints.values().filter(|other| other.port == port);
        if there.count() < model.medium().endpoints_per_port() {
            return port;
        }
    }
    PortAssignment::Unassigned
}

pub(super) fn rate(dice: &mut Dice, config: &DeviceConfig) -> RateLimit {
    let names: Vec<&ProfileName> = config.profiles.keys().collect();
    match dice.position(names.len() + 1) {
        Some(at) if at < names.len() => RateLimit::Profile(names[at].clone()),
        _ => RateLimit::Unthrottled,
    }
}

pub(super) fn service_vlan(dice: &mut Dice) -> VlanId {
    if dice.once_in(10) {
        VlanId::UNSERVED
    } else {
        vlan(u16::try_from(dice.between(100, 140)).unwrap())
    }
}

/// Returns a short list of allowed VLANs, or the longest one that every firmware accepts.
pub(super) fn allowed_vlans(dice: &mut Dice) -> VlanSet {
    if dice.once_in(2) {
        // Apart or neighbours: each VLAN of a range counts.
        let step = if dice.once_in(2) { 2 } else { 1 };
        let longest = (1100..).step_by(step).take(MAX_ALLOWED_VLANS);
        longest.map(vlan).collect()
    } else {
        [vlan(1000), vlan(1001)].into_iter().collect()
    }
}

fn subscriber(
    dice: &mut Dice,
    config: &DeviceConfig,
    slot: Option<Slot>,
    endpoint: Option<MacAddress>,
    is_observed: bool,
) -> SubscriberConfig {
    let poe = *dice.pick(&[Poe::Disable, Poe::Enable, Poe::Force]);
    SubscriberConfig {
        slot,
        description: dice.once_in(5).then(|| text(dice)),
        endpoint,
        rate: rate(dice, config),
        vlan: service_vlan(dice),
        tagged: dice.once_in(5),
        remapped_vlan: dice.once_in(8).then(|| vlan(300)),
        allowed_vlans: if dice.once_in(8) {
            allowed_vlans(dice)
        } else {
            VlanSet::default()
        },
        port2_vlan: dice.once_in(8).then(|| vlan(201)),
        poe: (is_observed || dice.once_in(3)).then_some(poe),
    }
}

pub(super) fn without_slots(config: &DeviceConfig) -> DeviceConfig {
    let mut config = config.clone();
    for profile in config.profiles.values_mut() {
        profile.slot = None;
    }
    for endpoint in config.endpoints.values_mut() {
        endpoint.slot = None;
    }
    for subscriber in config.subscribers.values_mut() {
        subscriber.slot = None;
    }
    config
}

/// Returns a ledger of some of what there is; some of it was otherwise when it was verified.
fn part_of(dice: &mut Dice, observed: &DeviceConfig) -> Ledger {
    let mut verified = without_slots(observed);
    verified.profiles.retain(|_, _| !dice.once_in(3));
    verified.endpoints.retain(|_, _| !dice.once_in(3));
    verified.subscribers.retain(|_, _| !dice.once_in(3));
    for subscriber in verified.subscribers.values_mut() {
        if dice.once_in(4) {
            subscriber.vlan = service_vlan(dice);
        }
    }
    let protected: BTreeSet<SubscriberName> = verified
        .subscribers
        .keys()
        .filter(|_| dice.once_in(20))
        .cloned()
        .collect();
    Ledger {
        verified,
        protected,
    }
}

fn blind_spot(dice: &mut Dice, case: &mut Case) {
    let parts = [Part::Subscribers, Part::Endpoints, Part::Profiles];
    let part = *dice.pick(&parts);
    let running = &case.configuration;
    let numbers: Vec<u16> = match part {
        Part::Profiles => running
            .profiles
            .keys()
            .copied()
            .filter(|id| *id > 1)
            .collect(),
        Part::Endpoints => running.endpoints.keys().copied().collect(),
        _ => running.subscribers.keys().copied().collect(),
    };
    let Some(at) = dice.position(numbers.len()) else {
        return;
    };
    let number = numbers[at];
    let spot = match dice.below(5) {
        0 | 1 => BlindSpot::Unclear(part, number),
        2 => BlindSpot::Part(part),
        _ => {
            let fields: &[&'static str] = match part {
                Part::Profiles => &["description", "down"],
                Part::Endpoints => &["name", "port"],
                _ => &["endpoint", "rate", "vlan", "tagged", "poe", "description"],
            };
            BlindSpot::Field(part, number, dice.pick::<&'static str>(fields))
        }
    };
    case.blinds.push(spot);
}

impl Case {
    /// Returns what a look at the twin would tell, blind spots included.
    pub(crate) fn observation(&self, running: &Configuration) -> Observation {
        let mut observation = Observation::of(self.device.clone());
        observation.identity = Identity {
            model: Some(self.hardware.model),
            ..Identity::default()
        };
        observation.sends_names = Some(false);
        observation.config = device::observed(running);
        for spot in &self.blinds {
            match spot {
                BlindSpot::Unclear(part, number) => {
                    device::make_unclear(&mut observation, running, *part, *number);
                }
                BlindSpot::Field(part, number, field) => {
                    device::lose_field(&mut observation, *part, *number, field);
                }
                BlindSpot::Part(part) => observation.unread.push(Unread {
                    part: *part,
                    number: None,
                    field: None,
                    reason: "timed out".to_owned(),
                }),
            }
        }
        observation
    }

    pub(crate) fn plan(&self, observation: &Observation) -> DevicePlan<PlannedStep> {
        plan(&self.request(), observation)
    }

    /// Returns what a run knows of the device, besides the look.
    pub(crate) fn inputs(&self) -> DevicePlanInputs<'static> {
        DevicePlanInputs {
            intended: Cow::Owned(IntendedDevice {
                name: self.device.clone(),
                state: DeviceState::Managed,
                config: self.intended.clone(),
            }),
            model: self.hardware.model,
            serial: None,
            mac: None,
            management_vlan: VlanId::DEFAULT_MANAGEMENT,
            authoritative: self.authoritative,
            removes_unmanaged: self.authoritative,
            renamed: self.renamed.clone(),
            subscriber_ids: SubscriberIds::default(),
            ledger: self.ledger.clone(),
            protected: BTreeSet::new(),
            allows_management: false,
        }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            device: &self.device,
            state: DeviceState::Managed,
            model: self.hardware.model,
            serial: None,
            mac: None,
            management_vlan: VlanId::DEFAULT_MANAGEMENT,
            authoritative: self.authoritative,
            removes_unmanaged: self.authoritative,
            intended: &self.intended,
            renamed: &self.renamed,
            ledger: self.ledger.as_ref(),
            allows_management: false,
        }
    }
}

/// An object that our types could not hold, as the observation tells of it.
pub(super) fn unclear(part: Part, slot: u16) -> Unclear {
    Unclear {
        part,
        slot: Slot(slot),
        name: None,
        mac: None,
        port: None,
        uses_endpoint: None,
        uses_profile: None,
        vlans: VlanSet::default(),
        reason: "a value that nobody knows".to_owned(),
    }
}
