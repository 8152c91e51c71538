//! Answers from the latest looks where an endpoint is heard, and whether it is heard for long enough.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;

use crate::model::{DeviceName, MacAddress, PortNumber, VlanId, VlanSet};

/// An endpoint must be heard in so many looks before anything follows.
const LOOKS: u32 = 2;

/// The seconds between the first and the last of these looks.
const HEARD_FOR: u64 = 30;

/// A look older than this proves nothing about where an endpoint is now.
const FRESH: u64 = 15 * 60;

/// Until then an endpoint counts as heard there if no later look of the device came: it may be in two places.
const REMEMBERED: u64 = 24 * 60 * 60;

/// An endpoint on a port, as the looks of its device heard it without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardEndpoint {
    pub mac: MacAddress,
    pub device: DeviceName,
    /// Absent: the device does not report the port.
    pub port: Option<PortNumber>,
    pub state: HeardState,
    /// Times of the first and the last of these looks, in seconds since 1970.
    pub first: u64,
    pub last: u64,
    pub looks: u32,
}

/// The device's view of an endpoint that it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeardState {
    /// `quarantinedUnknownMAC`: no subscriber has it.
    Unknown,
    /// The endpoint of a subscriber, on its port or on another one.
    Configured,
}

/// The latest look at a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLook {
    /// Seconds since 1970.
    pub at: u64,
    /// VLANs of all subscribers on the device, in any role, unmanaged ones included.
    pub vlans: BTreeSet<VlanId>,
    /// VLANs that pass every uplink, if they were read.
    pub uplink_vlans: Option<VlanSet>,
}

/// The latest looks at all devices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    pub devices: BTreeMap<DeviceName, DeviceLook>,
    pub endpoints: Vec<HeardEndpoint>,
}

/// The endpoints of the latest looks, by their MAC addresses.
#[derive(Debug)]
pub(super) struct Hearing<'a> {
    looks: &'a Looks,
    now: u64,
    by_mac: HashMap<MacAddress, Vec<&'a HeardEndpoint>>,
}

/// The place where an endpoint is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whereabouts<'a> {
    Silent,
    /// In one place, and for long enough.
    Once(&'a HeardEndpoint, PortNumber),
    /// In one place: too shortly, too long ago, or without a port.
    Unclear(&'a HeardEndpoint),
    /// In several places.
    Several(Vec<&'a HeardEndpoint>),
}

impl HeardEndpoint {
    /// Returns whether it is heard long enough for something to follow.
    fn is_settled(&self) -> bool {
        self.looks >= LOOKS && self.last.saturating_sub(self.first) >= HEARD_FOR
    }
}

impl Looks {
    /// Returns the endpoints that are heard where no subscriber has them, long enough for something to follow.
    pub fn settled_elsewhere(&self) -> impl Iterator<Item = &HeardEndpoint> {
        // Where it is configured, an endpoint counts as heard in every look.
        let elsewhere = |heard: &&HeardEndpoint| heard.looks != u32::MAX;
        let endpoints = self.endpoints.iter().filter(elsewhere);
        endpoints.filter(|heard| heard.is_settled())
    }
}

impl<'a> Hearing<'a> {
    pub(super) fn of(looks: &'a Looks, now: u64) -> Self {
        let mut by_mac: HashMap<MacAddress, Vec<&HeardEndpoint>> = HashMap::default();
        for heard in &looks.endpoints {
            let look = looks.devices.get(&heard.device);
            // An earlier look heard it, the latest one does not.
            let is_current = look.is_some_and(|look| {
                heard.last >= look.at && now.saturating_sub(look.at) <= REMEMBERED
            });
            if is_current {
                by_mac.entry(heard.mac).or_default().push(heard);
            }
        }
        for places in by_mac.values_mut() {
            places.sort_by(|one, other| (&one.device, one.port).cmp(&(&other.device, other.port)));
        }
        Self { looks, now, by_mac }
    }

    pub(super) fn look(&self, device: &DeviceName) -> Option<&'a DeviceLook> {
        self.looks.devices.get(device)
    }

    pub(super) fn whereabouts(&self, mac: MacAddress) -> Whereabouts<'a> {
        let places = self.by_mac.get(&mac).map_or(&[] as &[_], Vec::as_slice);
        match places {
            [] => Whereabouts::Silent,
            [heard] => match heard.port.filter(|_| self.is_settled(heard)) {
                Some(port) => Whereabouts::Once(heard, port),
                None => Whereabouts::Unclear(heard),
            },
            several => Whereabouts::Several(several.to_vec()),
        }
    }

    /// Returns whether a fresh look at the device proves that it does not hear the endpoint.
    pub(super) fn is_silent_on(&self, mac: MacAddress, device: &DeviceName) -> bool {
        let is_fresh = self.look(device).is_some_and(|look| self.is_fresh(look.at));
        is_fresh && !self.by_mac.contains_key(&mac)
    }

    /// Returns the endpoints that no subscriber has, for finding mistyped addresses.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &'a HeardEndpoint> {
        let all = self.looks.endpoints.iter();
        all.filter(|heard| {
            heard.state == HeardState::Unknown && self.by_mac.contains_key(&heard.mac)
        })
    }

    fn is_fresh(&self, at: u64) -> bool {
        self.now.saturating_sub(at) <= FRESH
    }

    fn is_settled(&self, heard: &HeardEndpoint) -> bool {
        heard.is_settled() && self.is_fresh(heard.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(device: &str, port: u8, first: u64, last: u64, looks: u32) -> HeardEndpoint {
        HeardEndpoint {
            mac: "00:0e:d8:00:00:01".parse().unwrap(),
            device: DeviceName::new(device).unwrap(),
            port: PortNumber::new(port).ok(),
            state: HeardState::Unknown,
            first,
            last,
            looks,
        }
    }

    fn looks(at: &[(&str, u64)], endpoints: Vec<HeardEndpoint>) -> Looks {
        let look = |at| DeviceLook {
            at,
            vlans: BTreeSet::new(),
            uplink_vlans: None,
        };
        let devices = at
            .iter()
            .map(|(name, at)| (DeviceName::new(name).unwrap(), look(*at)));
        Looks {
            devices: devices.collect(),
            endpoints,
        }
    }

    #[test]
    fn an_endpoint_counts_after_two_looks_and_half_a_minute() {
        for (first, looks_, counts) in [(970, 2, true), (971, 2, false), (900, 1, false)] {
            let looks = looks(&[("a", 1000)], vec![heard("a", 1, first, 1000, looks_)]);
            let hearing = Hearing::of(&looks, 1000);
            let mac = looks.endpoints[0].mac;
            let is_once = matches!(hearing.whereabouts(mac), Whereabouts::Once(..));
            assert_eq!(is_once, counts, "{first} {looks_}");
        }
    }

    #[test]
    fn a_place_of_an_earlier_or_an_old_look_does_not_count() {
        let gone = looks(&[("a", 1100)], vec![heard("a", 1, 900, 1000, 9)]);
        let hearing = Hearing::of(&gone, 1100);
        let mac = gone.endpoints[0].mac;
        assert_eq!(hearing.whereabouts(mac), Whereabouts::Silent);
        assert!(hearing.is_silent_on(mac, &gone.endpoints[0].device));
        let old = looks(&[("a", 1000)], vec![heard("a", 1, 900, 1000, 9)]);
        let hearing = Hearing::of(&old, 1001 + FRESH);
        assert!(matches!(hearing.whereabouts(mac), Whereabouts::Unclear(_)));
        let device = &gone.endpoints[0].device;
        assert!(!Hearing::of(&gone, 1101 + FRESH).is_silent_on(mac, device));
    }

    #[test]
    fn a_device_that_is_unreachable_may_still_have_the_endpoint() {
        let both = vec![heard("a", 1, 900, 2000, 9), heard("b", 1, 100, 200, 9)];
        let looks = looks(&[("a", 2000), ("b", 200)], both);
        let mac = looks.endpoints[0].mac;
        let hearing = Hearing::of(&looks, 2000);
        assert!(matches!(hearing.whereabouts(mac), Whereabouts::Several(_)));
        let day_later = Hearing::of(&looks, 201 + REMEMBERED);
        assert!(matches!(
            day_later.whereabouts(mac),
            Whereabouts::Unclear(_)
        ));
    }
}
