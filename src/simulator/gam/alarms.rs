//! Tracks a device's alarms: active conditions, their start times, and the alarm log.

use std::collections::{BTreeMap, VecDeque};

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use super::{AlarmIndex, chance};
use crate::simulator::moment::Moment;

macro_rules! conditions {
    ($($variant:ident = $number:literal, $word:literal, $text:literal;)*) => {
        /// `GAMAlarmCondType`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum AlarmCondition {
            $($variant,)*
        }

        impl AlarmCondition {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub fn number(self) -> i32 {
                match self { $(Self::$variant => $number,)* }
            }

            /// Returns the condition's word in the MIB.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

conditions! {
    HwFlt = 1, "hwflt", "Hardware fault";
    SwFlt = 2, "swflt", "Software fault";
    FanFlt = 3, "fanflt", "Fan fault";
    HighTemp = 4, "hightemp", "High temperature";
    ThermalShutdown = 5, "thermalshutdown", "Thermal shutdown";
    Restart = 6, "restart", "System restarted";
    ClkChange = 7, "clkchange", "Clock was changed";
    LinkDown = 8, "linkdown", "Link is down";
    SfpRmvd = 9, "sfprmvd", "SFP removed";
    SfpMismatch = 10, "sfpmismatch", "SFP mismatch";
    Outage = 11, "outage", "Port outage";
    LowSnr = 12, "lowsnr", "Low signal to noise ratio";
    Los = 13, "los", "Endpoint (CPE) loss of signal (missing)";
    PortMismatch = 14, "portmismatch", "Endpoint (CPE) detected on the wrong port";
    HwMismatch = 15, "hwmismatch", "Hardware mismatch";
    SwRevMismat = 16, "swrevmismat", "Firmware revision mismatch";
    SwDl = 17, "swdl", "Software download in progress";
    FwUpg = 18, "fwupg", "Firmware upgrade in progress";
    LockoutConsole = 19, "lockoutconsole", "Console locked out";
    LockoutHost = 20, "lockouthost", "Host locked out";
    LockoutGlobal = 21, "lockoutglobal", "All logins locked out";
    LpbkFacility = 22, "lpbkfacility", "Facility loopback";
    LpbkTerm = 23, "lpbkterm", "Terminal loopback";
}

/// `GAMAlarmSeverity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not reported.
    Nr,
    /// Not alarmed.
    Na,
    /// Minor.
    Mn,
    /// Major.
    Mj,
    /// Critical.
    Cr,
}

/// The subject of an alarm: its name, and its interface number if it has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    /// 0 if the entity is not an interface.
    pub if_index: u32,
    pub name: CompactString,
}

/// A condition that must be active now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grade {
    pub severity: Severity,
    pub service_affecting: bool,
}

/// One row of the active table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub index: u32,
    pub uuid: [u8; 16],
    pub condition: AlarmCondition,
    pub entity: Entity,
    pub severity: Severity,
    pub service_affecting: bool,
    pub occurred: Moment,
}

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    pub index: u32,
    pub raising: bool,
    pub alarm: Alarm,
    pub reported: Moment,
}

/// A change of one alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmChange {
    Added(Alarm),
    Modified(Alarm),
    Removed(Alarm),
}

/// The number of entries in the log (assumed).
pub const LOG_LENGTH: usize = 500;

pub type Wanted = BTreeMap<(AlarmCondition, Entity), Grade>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alarms {
    pub active: BTreeMap<u32, Alarm>,
    pub log: VecDeque<LogEntry>,
    /// Raised by hand, in addition to those of the simulated world.
    pub by_hand: Wanted,
    /// The alarms raised since the start.
    raised: u32,
    last_log: u32,
}

impl Alarms {
    /// Makes the active table contain exactly these conditions; returns the changes.
    pub fn settle(
        &mut self,
        mut wanted: Wanted,
        numbering: AlarmIndex,
        seed: u64,
        now: Moment,
    ) -> Vec<AlarmChange> {
        for (key, grade) in &self.by_hand {
            wanted.entry(key.clone()).or_insert(*grade);
        }
        let mut changes = Vec::new();
        let mut gone = Vec::new();
        for alarm in self.active.values_mut() {
            let key = (alarm.condition, alarm.entity.clone());
            match wanted.remove(&key) {
                None => gone.push(alarm.index),
                Some(grade)
                    if grade.severity != alarm.severity
                        || grade.service_affecting != alarm.service_affecting =>
                {
                    alarm.severity = grade.severity;
                    alarm.service_affecting = grade.service_affecting;
                    changes.push(AlarmChange::Modified(alarm.clone()));
                }
                Some(_) => {}
            }
        }
        for index in gone {
            if let Some(alarm) = self.active.remove(&index) {
                self.note(false, &alarm, now);
                changes.push(AlarmChange::Removed(alarm));
            }
        }
        for ((condition, entity), grade) in wanted {
            self.raised += 1;
            let alarm = Alarm {
                index: self.index(numbering),
                uuid: uuid(seed, self.raised, now),
                condition,
                entity,
                severity: grade.severity,
                service_affecting: grade.service_affecting,
                occurred: now,
            };
            self.note(true, &alarm, now);
            self.active.insert(alarm.index, alarm.clone());
            changes.push(AlarmChange::Added(alarm));
        }
        changes
    }

    /// Returns the number of the alarm that is raised now.
    fn index(&self, numbering: AlarmIndex) -> u32 {
        match numbering {
            AlarmIndex::Counting => self.raised,
            AlarmIndex::LowestFree => {
                let mut numbers = 1..;
                let free = numbers.find(|number| !self.active.contains_key(number));
                free.unwrap_or(self.raised)
            }
        }
    }

    fn note(&mut self, raising: bool, alarm: &Alarm, now: Moment) {
        self.last_log += 1;
        if self.log.len() >= LOG_LENGTH {
            self.log.pop_front();
        }
        self.log.push_back(LogEntry {
            index: self.last_log,
            raising,
            alarm: alarm.clone(),
            reported: now,
        });
    }
}

/// Returns a version 4 UUID that is the same for the same alarm of the same run.
fn uuid(seed: u64, index: u32, now: Moment) -> [u8; 16] {
    let high = chance::draw(seed ^ now.unix_millis(), "uuid high", u64::from(index));
    let low = chance::draw(seed ^ now.unix_millis(), "uuid low", u64::from(index));
    let mut octets = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    if let Some(octet) = octets.get_mut(6) {
        *octet = *octet & 0x0f | 0x40;
    }
    if let Some(octet) = octets.get_mut(8) {
        *octet = *octet & 0x3f | 0x80;
    }
    octets
}

impl Severity {
    pub const ALL: [Self; 5] = [Self::Nr, Self::Na, Self::Mn, Self::Mj, Self::Cr];

    pub fn number(self) -> i32 {
        match self {
            Self::Nr => 0,
            Self::Na => 1,
            Self::Mn => 2,
            Self::Mj => 3,
            Self::Cr => 4,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Nr => "NR",
            Self::Na => "NA",
            Self::Mn => "MN",
            Self::Mj => "MJ",
            Self::Cr => "CR",
        }
    }
}

impl Entity {
    pub fn endpoint(id: u16) -> Self {
        Self {
            if_index: 0,
            name: format_compact!("CPE-{id}"),
        }
    }

    pub fn system() -> Self {
        Self {
            if_index: 0,
            name: CompactString::const_new("System"),
        }
    }
}
