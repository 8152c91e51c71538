//! `gamctl observe --poll`: shows how devices and their lines are doing, without their configuration.

use serde::Serialize;

use super::clock;
use super::invocation::Selected;
use super::probe::identity_remark;
use super::progress::Bar;
use crate::inventory::Inventory;
use crate::model::{DeviceName, Poll, PollDepth};
use crate::plan::Unobservable;
use crate::reconcile::{Accesses, PollScope, PolledDevice, Polls, poll_all};
use crate::report::{PollLine, PublishedPoll, polled_device, polled_fleet};

/// The part of `--poll=PART`; each reads the ones before it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum PollPart {
    /// States: uptime, CPU, LED, uplinks, alarms, outages, endpoints (some 12 requests for a full device)
    Minute,
    /// Who is heard where, rates of lines, counters of uplinks and ports, sensors (some 70 more)
    FiveMinutes,
    /// Counters and errors of every line (some 85 more)
    QuarterHour,
    /// Links to the customers' routers (some 40 more)
    Hour,
}

impl PollPart {
    pub(super) fn depth(self) -> PollDepth {
        match self {
            Self::Minute => PollDepth::Minute,
            Self::FiveMinutes => PollDepth::FiveMinutes,
            Self::QuarterHour => PollDepth::QuarterHour,
            Self::Hour => PollDepth::Hour,
        }
    }
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PolledDocument<'a> {
    polls: Vec<PublishedPoll<'a>>,
    unobservable: Vec<Unobservable>,
}

/// Polls the devices with their accesses.
pub(super) fn ask(
    accesses: Accesses,
    depth: PollDepth,
    selected: &Selected<'_>,
) -> anyhow::Result<Polls> {
    let names = accesses.keys().map(ToString::to_string);
    let bar = Bar::new(names, "Polling", "devices", selected.terminal());
    let scope = PollScope::Depth(depth);
    let asked = poll_all(accesses, scope, clock::millis, |device| {
        bar.step(device.as_str());
    });
    let polls = selected.invocation.wait(asked)?;
    bar.end();
    Ok(polls)
}

pub(super) fn document(polls: &Polls) -> PolledDocument<'_> {
    let mut document = PolledDocument {
        polls: Vec::new(),
        unobservable: Vec::new(),
    };
    for (device, polled) in polls {
        match polled {
            Ok(PolledDevice { poll, requests, .. }) => {
                document
                    .polls
                    .push(PublishedPoll::of(device, poll, *requests));
            }
            Err(reason) => document.unobservable.push(Unobservable {
                device: device.clone(),
                reason: reason.clone(),
            }),
        }
    }
    document
}

/// Returns one device in full, several as a table.
pub(super) fn text(polls: &Polls, inventory: &Inventory, selected: &Selected<'_>) -> String {
    let paint = selected.terminal().paint;
    let remark = |device: &DeviceName, poll: &Poll| {
        let (serial, mac) = (poll.identity.serial.as_ref(), poll.identity.mac);
        identity_remark(inventory, device, serial, mac)
    };
    let mut all = polls.iter();
    if let (Some((device, Ok(polled))), None) = (all.next(), all.next()) {
        let remark = remark(device, &polled.poll);
        return polled_device(device, line(polled), remark.as_deref(), paint);
    }
    let lines = polls.iter().map(|(device, polled)| {
        let polled = polled.as_ref().map(line).map_err(ToString::to_string);
        (device, polled)
    });
    polled_fleet(lines, remark, paint)
}

fn line(polled: &PolledDevice) -> PollLine<'_> {
    PollLine {
        poll: &polled.poll,
        requests: polled.requests,
    }
}

/// Returns how many devices were polled with all of their alarms, uplinks and endpoints, and how many were not.
pub(super) fn whole_and_not(polls: &Polls) -> (usize, usize) {
    let reached = polls.values().filter(|polled| polled.is_ok()).count();
    let is_whole = |polled: &&PolledDevice| polled.poll.is_whole();
    let whole = polls.values().flatten().filter(is_whole).count();
    (reached, polls.len() - whole)
}
