//! Explains in one sentence why a gate is not open.

use std::fmt;

use super::WaveLine;
use crate::model::{ActiveAlarm, DeviceName, MacAddress};

/// Names in a sentence; the page of the rollout lists all of them.
const NAMED: usize = 5;

/// The reason that a gate is not open. `Display` is a sentence without a full stop; texts of the device in it, of alarms, are
/// not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateReason {
    /// The failure budget is used up.
    Failures {
        failed: Vec<DeviceName>,
        budget: usize,
    },
    Running {
        running: Vec<DeviceName>,
        of: usize,
    },
    /// No device of the wave was verified and saved, so it proves nothing.
    NothingSaved {
        /// The devices that were started.
        devices: Vec<DeviceName>,
    },
    Settling,
    /// No reading from before the wave to compare with.
    UnreadBefore {
        devices: Vec<DeviceName>,
        reading: Reading,
    },
    /// No reading since the settle time.
    UnreadAfter {
        devices: Vec<DeviceName>,
        reading: Reading,
    },
    NewAlarms {
        device: DeviceName,
        alarms: Vec<ActiveAlarm>,
        /// Other devices with new alarms.
        more_devices: usize,
    },
    /// Of the devices with too many such lines, the one with the most.
    LinesDown {
        device: DeviceName,
        down: Vec<DownLine>,
        up_before: usize,
        more_devices: usize,
    },
    /// No single device has too many such lines, but the wave has.
    LinesDownInWave {
        down: usize,
        up_before: usize,
        may_be_down: usize,
        devices: Vec<DeviceName>,
    },
}

/// A part of a poll that a gate needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Lines,
    Alarms,
}

/// A line that was up before the wave and is not known to be up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownLine {
    pub endpoint: MacAddress,
    pub line: WaveLine,
    /// Its state could not be read.
    pub is_unread: bool,
}

impl fmt::Display for Reading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Lines => "the lines",
            Self::Alarms => "the alarms",
        })
    }
}

impl fmt::Display for DownLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(port) = self.line.port {
            write!(formatter, "port {port} ")?;
        }
        match &self.line.subscriber {
            Some(subscriber) => write!(formatter, "{subscriber}")?,
            None => write!(formatter, "{}", self.endpoint)?,
        }
        formatter.write_str(if self.is_unread { " (unread)" } else { "" })
    }
}

impl fmt::Display for GateReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures { failed, budget } => write!(
                formatter,
                "{} of the wave failed, and the failure budget is {budget}: {}",
                devices(failed.len()),
                listed(failed)
            ),
            Self::Running { running, of } => write!(
                formatter,
                "{} of {of} in the wave {} not finished: {}",
                running.len(),
                is_or_are(running.len()),
                listed(running)
            ),
            Self::NothingSaved { devices } if devices.is_empty() => {
                formatter.write_str("no device of the wave was started")
            }
            Self::NothingSaved { devices } => write!(
                formatter,
                "no device of the wave was verified and saved: {}",
                listed(devices)
            ),
            Self::Settling => formatter.write_str("the settle time is not over"),
            Self::UnreadBefore {
                devices: unread,
                reading,
            } => write!(
                formatter,
                "{reading} of {} were not read before the wave, so there is nothing to compare with: {}",
                devices(unread.len()),
                listed(unread)
            ),
            Self::UnreadAfter {
                devices: unread,
                reading,
            } => write!(
                formatter,
                "{reading} of {} were not read since the settle time: {}",
                devices(unread.len()),
                listed(unread)
            ),
            Self::NewAlarms {
                device,
                alarms,
                more_devices,
            } => {
                let what = new_alarms(alarms);
                write!(formatter, "{device} has {what}{}", more(*more_devices))
            }
            Self::LinesDown {
                device,
                down,
                up_before,
                more_devices,
            } => write!(
                formatter,
                "{} of {up_before} lines on {device} that were up before the wave {} {}: {}{}",
                down.len(),
                is_or_are(down.len()),
                state_of(down),
                listed(down),
                more(*more_devices)
            ),
            Self::LinesDownInWave {
                down,
                up_before,
                may_be_down,
                devices: with_down,
            } => write!(
                formatter,
                "{down} of {up_before} lines that were up before the wave are not up again, and {may_be_down} may be down: on {}",
                listed(with_down)
            ),
        }
    }
}

fn new_alarms(alarms: &[ActiveAlarm]) -> String {
    let alarm = |alarm: &ActiveAlarm| {
        let severity = alarm.severity.word();
        format!("{severity} {} on {}", alarm.condition, alarm.entity)
    };
    let texts: Vec<String> = alarms.iter().map(alarm).collect();
    let what = match alarms.len() {
        1 => "a new service-affecting alarm".to_owned(),
        count => format!("{count} new service-affecting alarms"),
    };
    format!("{what}: {}", listed(&texts))
}

fn state_of(down: &[DownLine]) -> &'static str {
    match down.iter().any(|line| line.is_unread) {
        true => "down or unread",
        false => "down",
    }
}

fn more(more_devices: usize) -> String {
    match more_devices {
        0 => String::new(),
        count => format!("; the same on {count} more {}", device_word(count)),
    }
}

fn devices(count: usize) -> String {
    format!("{count} {}", device_word(count))
}

fn device_word(count: usize) -> &'static str {
    if count == 1 { "device" } else { "devices" }
}

fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// Returns the first few as text, with the number of the others.
fn listed<T: fmt::Display>(all: &[T]) -> String {
    let named: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    match all.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
