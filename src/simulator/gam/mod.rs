//! A GAM as values: configuration, rules, the physical world, alarms and reboots; time comes in as an argument.

mod alarms;
pub mod chance;
mod configuration;
mod counters;
mod edit;
mod events;
mod firmware;
mod hardware;
mod intended;
mod port_vlans;
mod refusal;
mod requests;
mod rules;
mod status;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use compact_str::CompactString;

pub use alarms::{
    Alarm, AlarmChange, Alarms, Condition, Entity, Grade, LOG_LENGTH, LogEntry, Severity, Wanted,
};
pub use configuration::{
    Configuration, DEFAULT_EXEC_TIMEOUT, DEFAULT_PROFILE, Endpoint, Password, Place, Port, Profile,
    Subscriber, SwitchportMode, UNSERVED_VLAN, Uplink, vlans,
};
pub use counters::{Counters, Meter, Rate, Traffic};
pub use edit::{
    Edit, EndpointOptions, PortOptions, ProfileOptions, SubscriberOptions, UplinkOptions,
};
pub use firmware::{Firmware, FirmwareProfile, Image, Part};
pub use hardware::{FIRST_PHYSICAL, Hardware, Interface};
pub use intended::configuration_of;
pub use port_vlans::GHN_NATIVE_VLAN;
pub use refusal::Refusal;
pub use requests::{ConfigurationKind, CopyEnd, CopyPlan, Request};
pub use rules::{HIGHEST_ID, HIGHEST_PROFILE, apply, is_hostname};
pub use status::{Detected, EndpointState, FAIR_SNR};
pub use world::{EndpointFamily, Plugged, Sensor, Wire, World};

use crate::model::MacAddress;
use crate::simulator::moment::Moment;

/// One simulated device. Everything that changes it goes through a method, so that alarms follow.
#[derive(Debug, Clone)]
pub struct Gam {
    hardware: Hardware,
    firmware: Firmware,
    running: Configuration,
    /// What a reboot goes back to; nothing saved is as delivered.
    startup: Option<Saved>,
    world: World,
    alarms: Alarms,
    seed: u64,
    booted: Moment,
    /// How often the box started; SNMPv3 calls it engine boots.
    boots: u32,
    counters: Counters,
    index: Index,
    /// As last told, in the order of interfaces: nobody is told of what was so at the start.
    links: Vec<bool>,
    happenings: Vec<Happening>,
    /// Grows with every change of the running configuration.
    revision: u64,
    copy_status: CopyStatus,
    copy_plan: CopyPlan,
    requests: Vec<Request>,
}

/// Who belongs to whom, looked up the other way round.
#[derive(Debug, Clone, Default)]
struct Index {
    by_mac: BTreeMap<MacAddress, u16>,
    /// Endpoint to subscriber.
    served: BTreeMap<u16, u16>,
}

/// The startup configuration in flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub configuration: Configuration,
    pub bytes: usize,
    pub at: Moment,
}

/// `GAMIcfgConfigStatus`: how the last copy of a configuration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStatus {
    None,
    Success,
    InProgress,
    Failed,
}

/// What others are told about: traps, and lines that break into sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    ColdStart,
    Alarm(AlarmChange),
    Link { interface: Interface, up: bool },
}

/// What a new twin is made from.
#[derive(Debug, Clone)]
pub struct Build {
    pub hardware: Hardware,
    pub firmware: FirmwareProfile,
    pub seed: u64,
    /// `None` is as delivered; otherwise running and saved.
    pub configuration: Option<Configuration>,
}

/// How many happenings wait at most for somebody to take them.
const MOST_HAPPENINGS: usize = 10_000;

impl Gam {
    pub fn new(build: Build, now: Moment) -> Self {
        let Build {
            hardware,
            firmware,
            seed,
            configuration,
        } = build;
        let running = configuration
            .clone()
            .unwrap_or_else(|| Configuration::factory(&hardware));
        let startup = configuration.map(|configuration| Saved {
            configuration,
            bytes: 0,
            at: now,
        });
        let mut gam = Self {
            world: World::healthy(&hardware, seed),
            firmware: Firmware::of(firmware, &hardware),
            hardware,
            running,
            startup,
            alarms: Alarms::default(),
            seed,
            booted: now,
            boots: 1,
            counters: Counters::default(),
            index: Index::default(),
            links: Vec::new(),
            happenings: vec![Happening::ColdStart],
            revision: 1,
            copy_status: CopyStatus::None,
            copy_plan: CopyPlan::default(),
            requests: Vec::new(),
        };
        gam.settle(now);
        gam
    }

    /// Returns the device as if these endpoints had been plugged in before it started: nobody was ever missing.
    #[must_use]
    pub fn with_plugged(mut self, plugged: &[(MacAddress, u8)], now: Moment) -> Self {
        let coax = self.hardware.is_coax();
        for (mac, port) in plugged {
            self.world.plug(*mac, *port, coax, self.seed, now);
        }
        self.alarms = Alarms::default();
        self.happenings = vec![Happening::ColdStart];
        self.settle(now);
        self
    }

    pub fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    pub fn firmware(&self) -> &Firmware {
        &self.firmware
    }

    pub fn running(&self) -> &Configuration {
        &self.running
    }

    pub fn startup(&self) -> Option<&Saved> {
        self.startup.as_ref()
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    pub fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn boots(&self) -> u32 {
        self.boots
    }

    pub fn booted(&self) -> Moment {
        self.booted
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn copy_status(&self) -> CopyStatus {
        self.copy_status
    }

    pub fn set_copy_status(&mut self, status: CopyStatus) {
        self.copy_status = status;
    }

    pub fn uptime(&self, now: Moment) -> Duration {
        now.since(self.booted)
    }

    /// Returns and forgets what happened since the last call.
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// Changes the running configuration, or says why not and leaves it.
    pub fn edit(&mut self, edit: &Edit, now: Moment) -> Result<(), Refusal> {
        apply(&mut self.running, &self.hardware, edit)?;
        self.revision += 1;
        self.settle(now);
        Ok(())
    }

    /// Replaces the running configuration whole.
    pub fn replace_running(&mut self, configuration: Configuration, now: Moment) {
        self.running = configuration;
        self.revision += 1;
        self.settle(now);
    }

    /// Writes the running configuration to flash; `bytes` is how long its text is.
    pub fn save(&mut self, bytes: usize, now: Moment) {
        self.startup = Some(Saved {
            configuration: self.running.clone(),
            bytes,
            at: now,
        });
        self.copy_status = CopyStatus::Success;
    }

    /// Starts again from what is saved; what was only running is gone.
    pub fn boot(&mut self, now: Moment) {
        self.running = match &self.startup {
            Some(saved) => saved.configuration.clone(),
            None => Configuration::factory(&self.hardware),
        };
        self.booted = now;
        self.boots = self.boots.saturating_add(1);
        self.counters.clear_all();
        let by_hand = std::mem::take(&mut self.alarms.by_hand);
        self.alarms = Alarms::default();
        self.alarms.by_hand = by_hand;
        self.copy_status = CopyStatus::None;
        self.copy_plan = CopyPlan::default();
        self.requests.clear();
        self.links.clear();
        self.revision += 1;
        self.push(Happening::ColdStart);
        self.settle(now);
    }

    /// Forgets everything that was configured and saved, and starts again.
    pub fn factory_reset(&mut self, now: Moment) {
        self.startup = None;
        self.boot(now);
    }

    /// Somebody put another box in the closet: another serial number, other addresses, nothing configured.
    pub fn replace_hardware(&mut self, hardware: Hardware, now: Moment) {
        self.firmware = Firmware::of(self.firmware.active.profile, &hardware);
        self.hardware = hardware;
        self.boots = 0;
        self.factory_reset(now);
    }

    /// Another firmware starts; the configuration stays.
    pub fn change_firmware(&mut self, profile: FirmwareProfile, now: Moment) {
        self.firmware = Firmware::of(profile, &self.hardware);
        self.boot(now);
    }

    /// Puts an image into the place of the one that is not running.
    pub fn install_image(&mut self, version: CompactString) {
        self.firmware.alternative.version = version;
    }

    /// Makes the other image the active one and starts it.
    pub fn swap_images(&mut self, now: Moment) {
        self.firmware.swap();
        self.boot(now);
    }

    /// Tells which links came and went, whether the world or the configuration made them.
    fn settle_links(&mut self) {
        let links: Vec<bool> = self
            .hardware
            .interfaces()
            .map(|interface| self.link(interface))
            .collect();
        let before = std::mem::replace(&mut self.links, links.clone());
        let both = before.into_iter().zip(links);
        for (interface, (was, up)) in self.hardware.interfaces().zip(both) {
            if up != was {
                self.push(Happening::Link { interface, up });
            }
        }
    }

    fn push(&mut self, happening: Happening) {
        if self.happenings.len() < MOST_HAPPENINGS {
            self.happenings.push(happening);
        }
    }

    /// Lets links, counters and alarms follow from what is configured and what is true.
    fn settle(&mut self, now: Moment) {
        self.index = Index::of(&self.running);
        self.settle_links();
        let rates = self.rates();
        self.counters.settle(&rates, now);
        let wanted = self.conditions();
        for change in self.alarms.settle(wanted, self.seed, now) {
            self.push(Happening::Alarm(change));
        }
    }
}

impl Index {
    fn of(configuration: &Configuration) -> Self {
        Self {
            by_mac: configuration
                .endpoints
                .iter()
                .map(|(id, endpoint)| (endpoint.mac, *id))
                .collect(),
            served: configuration
                .subscribers
                .iter()
                .filter_map(|(id, subscriber)| Some((subscriber.endpoint?, *id)))
                .collect(),
        }
    }
}
