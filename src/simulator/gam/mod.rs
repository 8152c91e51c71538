//! Simulates a GAM without I/O: configuration, rules, physical world, alarms, reboots.

mod alarms;
mod assumptions;
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
mod subscriber;
mod text;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use compact_str::CompactString;

pub use alarms::{
    Alarm, AlarmChange, AlarmCondition, Alarms, Entity, Grade, LOG_LENGTH, LogEntry, Severity,
    Wanted,
};
pub use assumptions::{
    AlarmIndex, AllowedVlansCounted, Assumptions, DeadRows, DeviceClock, EndpointsCounted,
    LongestDescription, ManagementInterface, ModuleValues, NamesSent, RemovalInUse, ShutPorts,
    StoredPasswords, TimeForm, UnnamedProfile, UptimeText, UsageColumns, VlanRanges,
};
pub use configuration::{
    Configuration, DEFAULT_EXEC_TIMEOUT, DEFAULT_PROFILE, Endpoint, ExpectedPort, KeptLine,
    Password, Port, Profile, SwitchportMode, Uplink, vlans,
};
pub use counters::{Counters, Meter, Rate, Traffic};
pub use edit::{Edit, EndpointOptions, PortOptions, ProfileOptions, UplinkOptions};
pub use firmware::{Firmware, FirmwareProfile, Image, Part};
pub use hardware::{FIRST_PHYSICAL, Hardware, Interface, PortLayout};
pub use intended::configuration_of;
pub use port_vlans::GHN_NATIVE_VLAN;
pub use refusal::Refusal;
pub use requests::{ConfigurationKind, CopyEnd, CopyPlan, Request};
pub use rules::{HIGHEST_ID, HIGHEST_PROFILE, apply};
pub use status::{Detected, EndpointState, FAIR_SNR};
pub use subscriber::{Subscriber, SubscriberOptions, UNSERVED_VLAN};
pub use text::is_hostname;
pub use world::{EndpointFamily, Plugged, Sensor, Wire, World};

use crate::model::MacAddress;
use crate::simulator::moment::Moment;

/// One simulated device. All changes go through methods, so that alarms and counters stay consistent.
#[derive(Debug, Clone)]
pub struct Gam {
    hardware: Hardware,
    firmware: Firmware,
    running: Configuration,
    /// The configuration after a reboot; `None` is the factory configuration.
    startup: Option<Saved>,
    world: World,
    alarms: Alarms,
    seed: u64,
    booted: Moment,
    /// The number of starts; SNMPv3 calls it engine boots.
    boots: u32,
    counters: Counters,
    index: Index,
    /// The link states last reported, in the order of interfaces; states at the start are not reported.
    links: Vec<bool>,
    happenings: Vec<Happening>,
    /// Increases with every change of the running-config.
    revision: u64,
    copy_status: CopyStatus,
    copy_plan: CopyPlan,
    requests: Vec<Request>,
}

/// Reverse lookups between objects.
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

/// `GAMIcfgConfigStatus`: the result of the last copy of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStatus {
    None,
    Success,
    InProgress,
    Failed,
}

/// An event to report: traps, and log lines that interrupt sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    ColdStart,
    Alarm(AlarmChange),
    Link { interface: Interface, up: bool },
}

/// The properties of a new twin.
#[derive(Debug, Clone)]
pub struct Build {
    pub hardware: Hardware,
    pub firmware: FirmwareProfile,
    pub seed: u64,
    /// `None` is the factory configuration; otherwise it is both running and saved.
    pub configuration: Option<Configuration>,
}

/// The highest number of events that wait to be taken.
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

    /// Returns the device as if these endpoints had been plugged in before the start, without missing-endpoint alarms.
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

    /// Returns whether the agent of the device has a part.
    pub fn has(&self, part: Part) -> bool {
        let assumptions = &self.hardware.assumptions;
        let is_assumed = match part {
            Part::GhnConfigurationTables => true,
            Part::Relays => assumptions.names_sent != NamesSent::NoTables,
            Part::ModuleValues => assumptions.module_values != ModuleValues::Absent,
        };
        is_assumed && self.firmware.has(part)
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

    /// Returns and clears the events since the last call.
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// Changes the running-config, or returns the reason for refusing and leaves it unchanged.
    pub fn edit(&mut self, edit: &Edit, now: Moment) -> Result<(), Refusal> {
        apply(&mut self.running, &self.hardware, edit)?;
        self.revision += 1;
        self.settle(now);
        Ok(())
    }

    /// Replaces the whole running-config.
    pub fn replace_running(&mut self, configuration: Configuration, now: Moment) {
        self.running = configuration;
        self.revision += 1;
        self.settle(now);
    }

    /// Writes the running-config to flash; `bytes` is the length of its text.
    pub fn save(&mut self, bytes: usize, now: Moment) {
        self.startup = Some(Saved {
            configuration: self.running.clone(),
            bytes,
            at: now,
        });
        self.copy_status = CopyStatus::Success;
    }

    /// Restarts from the saved configuration; unsaved changes are lost.
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

    /// Deletes the running and the saved configuration, and restarts.
    pub fn factory_reset(&mut self, now: Moment) {
        self.startup = None;
        self.boot(now);
    }

    /// Replaces the hardware: another serial number, other addresses, nothing configured.
    pub fn replace_hardware(&mut self, hardware: Hardware, now: Moment) {
        self.firmware = Firmware::of(self.firmware.active.profile, &hardware);
        self.hardware = hardware;
        self.boots = 0;
        self.factory_reset(now);
    }

    /// Starts another firmware; the configuration stays.
    pub fn change_firmware(&mut self, profile: FirmwareProfile, now: Moment) {
        self.firmware = Firmware::of(profile, &self.hardware);
        self.boot(now);
    }

    /// Overwrites the inactive image.
    pub fn install_image(&mut self, version: CompactString) {
        self.firmware.alternative.version = version;
    }

    /// Activates the other image and starts it.
    pub fn swap_images(&mut self, now: Moment) {
        self.firmware.swap();
        self.boot(now);
    }

    /// Reports links that went up or down, whether by the world or by the configuration.
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

    /// Updates links, counters and alarms from the configuration and the physical world.
    fn settle(&mut self, now: Moment) {
        self.index = Index::of(&self.running);
        self.settle_links();
        let rates = self.rates();
        self.counters.settle(&rates, now);
        let wanted = self.conditions();
        let numbering = self.hardware.assumptions.alarm_index;
        for change in self.alarms.settle(wanted, numbering, self.seed, now) {
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
