//! Builds random configurations, twins with them, and the expected observations.

use std::collections::BTreeMap;
use std::time::Duration;

use gamctl::model::{
    DeviceConfig, EndpointConfig, EndpointName, GamModel, HeldText, Mbps, PortAssignment,
    PortConfig, PortNumber, ProfileConfig, ProfileName, RateLimit, Slot, SubscriberConfig,
    SubscriberName, SystemConfig, UplinkConfig, UplinkNumber, VlanId,
};
use gamctl::model::{MacAddress, Poe, PortMode};
use gamctl::simulator::gam::{
    AlarmIndex, Assumptions, Build, Configuration, DeadRows, DeviceClock, Endpoint, ExpectedPort,
    FirmwareProfile, Hardware, ManagementInterface, ModuleValues, NamesSent, PortLayout, Profile,
    ShutPorts, StoredPasswords, Subscriber, SwitchportMode, TimeForm, UptimeText, UsageColumns,
    VlanRanges, vlans,
};
use gamctl::simulator::server::{Twin, TwinSettings};

/// Random-looking numbers derived from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        // xorshift64*.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn once_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    /// Draws distinct numbers from a range, in random order.
    fn some(&mut self, first: u16, last: u16, count: usize) -> Vec<u16> {
        let mut all: Vec<u16> = (first..=last).collect();
        for place in (1..all.len()).rev() {
            let other = usize::try_from(self.below(place as u64 + 1)).unwrap();
            all.swap(place, other);
        }
        all.truncate(count);
        all
    }

    fn data_vlan(&mut self) -> u16 {
        loop {
            let vlan = 3 + u16::try_from(self.below(4091)).unwrap();
            if !(3840..=3842).contains(&vlan) {
                return vlan;
            }
        }
    }
}

fn mac(number: u16) -> MacAddress {
    let [high, low] = number.to_be_bytes();
    MacAddress::new([0x00, 0x0e, 0xd8, 0x10, high, low]).unwrap()
}

/// Returns a realistic random device: gaps in the numbers, names with spaces, every optional field sometimes set.
pub(crate) fn random(
    dice: &mut Dice,
    model: GamModel,
    subscribers: usize,
) -> (Hardware, Configuration) {
    let hardware = Hardware::of(model, dice.below(1 << 40));
    let mut made = Configuration::factory(&hardware);
    if dice.once_in(2) {
        made.hostname = "maple-court-a".into();
        made.location = "closet 3, behind the stairs".into();
    }
    for uplink in made.uplinks.values_mut() {
        if dice.once_in(2) {
            let last = 3000 + u16::try_from(dice.below(1000)).unwrap();
            uplink.allowed = vlans(&[(3, 1024), (1030, 2047), (2050, last)]);
            uplink.native = dice.data_vlan();
        }
        uplink.mode = *dice.pick(&[
            SwitchportMode::Trunk,
            SwitchportMode::Trunk,
            SwitchportMode::Hybrid,
            SwitchportMode::Access,
        ]);
    }
    for (number, port) in &mut made.ports {
        if dice.once_in(3) {
            port.name = format!("riser {number}").into();
        }
        port.shutdown = dice.once_in(6);
        if !hardware.is_coax() && dice.once_in(3) {
            port.mode = PortMode::Siso;
        }
    }
    let profile_count = usize::try_from(dice.below(14)).unwrap();
    let profiles = dice.some(2, 15, profile_count);
    for id in &profiles {
        let fastest = if hardware.is_coax() { 790 } else { 990 };
        let mut rate = || 10 + u32::try_from(dice.below(fastest)).unwrap();
        let profile = Profile {
            name: format!("plan {id}").into(),
            description: if id % 3 == 0 { "sold since 2024" } else { "" }.into(),
            down: rate(),
            up: rate(),
            service_limit_level: None,
        };
        made.profiles.insert(*id, profile);
    }
    add_endpoints(dice, &hardware, &mut made, subscribers);
    add_subscribers(dice, &mut made, subscribers, &profiles);
    // Last, so that the other draws stay those of earlier seeds.
    let layout = *dice.pick(&[PortLayout::UplinksFirst, PortLayout::ManagementFirst]);
    let hardware = hardware.with_layout(layout);
    let assumptions = assumptions(dice);
    let had_interface = Configuration::factory(&hardware).vlan_interfaces;
    let hardware = hardware.with_assumptions(assumptions);
    // An interface that is there as delivered, whatever the draw says of it.
    if made.vlan_interfaces == had_interface {
        made.vlan_interfaces = Configuration::factory(&hardware).vlan_interfaces;
    }
    (hardware, made)
}

/// Returns such a device whose subscribers may also have VLANs that only the wider ranges allow, and no inventory can have.
pub(crate) fn random_in_any_range(
    dice: &mut Dice,
    model: GamModel,
    subscribers: usize,
) -> (Hardware, Configuration) {
    let (mut hardware, mut made) = random(dice, model, subscribers);
    let ranges = *dice.pick(&[VlanRanges::Narrow, VlanRanges::Wide]);
    hardware.assumptions.vlan_ranges = ranges;
    if ranges == VlanRanges::Wide {
        widen(dice, &mut made);
    }
    (hardware, made)
}

/// Draws an answer to each open question about what an agent or a running-config says.
fn assumptions(dice: &mut Dice) -> Assumptions {
    Assumptions {
        dead_rows: *dice.pick(&[DeadRows::Absent, DeadRows::Zeros]),
        usage: *dice.pick(&[UsageColumns::Allocatable, UsageColumns::Traffic]),
        alarm_index: *dice.pick(&[AlarmIndex::LowestFree, AlarmIndex::Counting]),
        clock: *dice.pick(&[DeviceClock::Set, DeviceClock::Unset]),
        times: *dice.pick(&[TimeForm::Utc, TimeForm::Local, TimeForm::NoOffset]),
        uptime_text: *dice.pick(&[UptimeText::Hours, UptimeText::Days, UptimeText::Words]),
        management_interface: *dice
            .pick(&[ManagementInterface::Absent, ManagementInterface::Delivered]),
        passwords: *dice.pick(&[StoredPasswords::Hash, StoredPasswords::Base64]),
        shut_ports: *dice.pick(&[ShutPorts::ServiceGoesOn, ShutPorts::Silent]),
        names_sent: *dice.pick(&[
            NamesSent::Off,
            NamesSent::Dhcp,
            NamesSent::DhcpWithoutRelay,
            NamesSent::Pppoe,
            NamesSent::NoTables,
        ]),
        module_values: *dice.pick(&[
            ModuleValues::Absent,
            ModuleValues::Empty,
            ModuleValues::Unsupported,
            ModuleValues::Measured,
        ]),
        ..Assumptions::default()
    }
}

/// Gives some subscribers VLANs that only the wider ranges have.
fn widen(dice: &mut Dice, made: &mut Configuration) {
    for one in made.subscribers.values_mut() {
        match dice.below(12) {
            0 => one.vlan = 4095,
            1 => one.remapped_vlan = Some(4094),
            2 if one.vlan != 4094 => one.port2_vlan = Some(4094),
            3 if one.port2_vlan != Some(3841) => one.vlan = 3841,
            _ => {}
        }
    }
}

fn add_endpoints(dice: &mut Dice, hardware: &Hardware, made: &mut Configuration, wanted: usize) {
    let each = hardware.endpoints_per_port();
    let mut places: Vec<u8> = (1..=hardware.ghn_ports())
        .flat_map(|port| vec![port; each])
        .collect();
    places.truncate(wanted.min(places.len()));
    for (number, port) in dice.some(1, 384, places.len()).into_iter().zip(places) {
        let port = match dice.below(20) {
            0 => ExpectedPort::Auto,
            1 => ExpectedPort::Unassigned,
            _ => ExpectedPort::Port(port),
        };
        let endpoint = Endpoint {
            name: format!("cpe {number}").into(),
            mac: mac(number),
            description: if dice.once_in(9) { "on the roof" } else { "" }.into(),
            port,
            allow_management_access: false,
        };
        made.endpoints.insert(number, endpoint);
    }
}

fn add_subscribers(dice: &mut Dice, made: &mut Configuration, wanted: usize, profiles: &[u16]) {
    let mut endpoints: Vec<u16> = made.endpoints.keys().copied().collect();
    for number in dice.some(1, 384, wanted) {
        let mut one = Subscriber::named(&format!("acct-{number}"));
        if dice.once_in(4) {
            one.description = "second floor, door on the left".into();
        }
        one.endpoint = if dice.once_in(12) {
            None
        } else {
            endpoints.pop()
        };
        one.profile = match dice.below(8) {
            0 => None,
            _ if profiles.is_empty() => Some(1),
            _ => Some(*dice.pick(profiles)),
        };
        if !dice.once_in(10) {
            one.vlan = dice.data_vlan();
            one.tagged = dice.once_in(4);
            one.remapped_vlan = dice.once_in(6).then(|| dice.data_vlan());
            one.port2_vlan = dice
                .once_in(6)
                .then(|| dice.data_vlan())
                .filter(|vlan| *vlan != one.vlan);
            if dice.once_in(5) {
                one.allowed_vlans = vlans(&[
                    (5, 5),
                    (1020, 1030),
                    (2047, 2048),
                    (3071, 3080),
                    (4093, 4093),
                ]);
            }
        }
        one.poe = *dice.pick(&[Poe::Disable, Poe::Enable, Poe::Force]);
        made.subscribers.insert(number, one);
    }
}

pub(super) async fn twin_of(hardware: Hardware, configuration: Configuration) -> Twin {
    twin_with(hardware, configuration, FirmwareProfile::default()).await
}

pub(super) async fn twin_with(
    hardware: Hardware,
    configuration: Configuration,
    firmware: FirmwareProfile,
) -> Twin {
    Twin::start(settings(hardware, configuration, firmware))
        .await
        .unwrap()
}

fn settings(
    hardware: Hardware,
    configuration: Configuration,
    firmware: FirmwareProfile,
) -> TwinSettings {
    let plugged = configuration.expected(&hardware, 3);
    TwinSettings {
        plugged,
        save_time: Duration::from_millis(10),
        boot_time: Duration::from_millis(60),
        ..TwinSettings::new(Build {
            hardware,
            firmware,
            seed: 7,
            configuration: Some(configuration),
        })
    }
}

/// Returns a device with a few objects of every kind.
pub(super) fn usual() -> (Hardware, Configuration) {
    let mut dice = Dice::new(11);
    random(&mut dice, GamModel::Gam4Cx, 24)
}

/// Returns the expected observation of a device with this configuration, computed from the twin's own types.
pub(crate) fn expected(configuration: &Configuration) -> DeviceConfig {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let profiles: BTreeMap<u16, ProfileName> = configuration
        .profiles
        .iter()
        .map(|(id, profile)| (*id, ProfileName::new(&profile.name).unwrap()))
        .collect();
    let macs: BTreeMap<u16, MacAddress> = configuration
        .endpoints
        .iter()
        .map(|(id, one)| (*id, one.mac))
        .collect();
    DeviceConfig {
        system: SystemConfig {
            hostname: text(&configuration.hostname).map(|name| HeldText::new(&name).unwrap()),
            location: text(&configuration.location).map(|text| HeldText::new(&text).unwrap()),
            contact: text(&configuration.contact).map(|text| HeldText::new(&text).unwrap()),
        },
        uplinks: configuration
            .uplinks
            .iter()
            .map(|(number, uplink)| {
                let allowed_vlans = match uplink.mode {
                    SwitchportMode::Access => [vlan(uplink.native)].into_iter().collect(),
                    SwitchportMode::Trunk | SwitchportMode::Hybrid => uplink.allowed.clone(),
                };
                let allowed_vlans = Some(allowed_vlans);
                (
                    UplinkNumber::new(*number).unwrap(),
                    UplinkConfig { allowed_vlans },
                )
            })
            .collect(),
        ports: configuration
            .ports
            .iter()
            .map(|(number, port)| {
                let config = PortConfig {
                    name: text(&port.name).map(|name| HeldText::new(&name).unwrap()),
                    enabled: Some(!port.shutdown),
                    mode: Some(port.mode),
                };
                (PortNumber::new(*number).unwrap(), config)
            })
            .collect(),
        profiles: configuration
            .profiles
            .iter()
            .map(|(id, profile)| {
                let config = ProfileConfig {
                    slot: Some(Slot(*id)),
                    description: description(&profile.description),
                    down: Mbps::new(profile.down).unwrap(),
                    up: Mbps::new(profile.up).unwrap(),
                };
                (profiles[id].clone(), config)
            })
            .collect(),
        endpoints: configuration
            .endpoints
            .iter()
            .map(|(id, endpoint)| {
                let config = endpoint_of(*id, endpoint);
                (endpoint.mac, config)
            })
            .collect(),
        subscribers: configuration
            .subscribers
            .iter()
            .map(|(id, one)| {
                let config = subscriber(*id, one, &profiles, &macs);
                (SubscriberName::new(&one.name).unwrap(), config)
            })
            .collect(),
    }
}

fn endpoint_of(id: u16, endpoint: &Endpoint) -> EndpointConfig {
    EndpointConfig {
        slot: Some(Slot(id)),
        name: EndpointName::new(&endpoint.name).unwrap(),
        port: match endpoint.port {
            ExpectedPort::Auto => PortAssignment::Auto,
            ExpectedPort::Unassigned => PortAssignment::Unassigned,
            ExpectedPort::Port(port) => PortAssignment::Port(PortNumber::new(port).unwrap()),
        },
    }
}

fn description(words: &str) -> Option<HeldText> {
    (!words.is_empty()).then(|| HeldText::new(words).unwrap())
}

fn vlan(number: u16) -> VlanId {
    VlanId::new(number).unwrap()
}

fn subscriber(
    id: u16,
    one: &Subscriber,
    profiles: &BTreeMap<u16, ProfileName>,
    macs: &BTreeMap<u16, MacAddress>,
) -> SubscriberConfig {
    let rate = one
        .profile
        .map(|id| RateLimit::Profile(profiles[&id].clone()));
    SubscriberConfig {
        slot: Some(Slot(id)),
        description: description(&one.description),
        endpoint: one.endpoint.map(|id| macs[&id]),
        rate: rate.unwrap_or(RateLimit::Unthrottled),
        vlan: vlan(one.vlan),
        tagged: one.tagged,
        remapped_vlan: one.remapped_vlan.map(vlan),
        allowed_vlans: one.allowed_vlans.clone(),
        port2_vlan: one.port2_vlan.map(vlan),
        poe: Some(one.poe),
    }
}
