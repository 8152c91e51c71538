//! Defines a subscriber of the twin: its fields, an edit of them, and the values that the device accepts.
//!
//! Each function destructures: a new field does not compile until each of them has it.

use compact_str::CompactString;

use super::text::check_description;
use super::{AllowedVlansCounted, Hardware, Refusal, VlanRanges};
use crate::model::{Poe, SubscriberConfig, VlanId, VlanSet};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    pub name: CompactString,
    pub description: CompactString,
    pub endpoint: Option<u16>,
    pub vlan: u16,
    pub tagged: bool,
    pub remapped_vlan: Option<u16>,
    /// `None` is unthrottled.
    pub profile: Option<u16>,
    pub allowed_vlans: VlanSet,
    pub port2_vlan: Option<u16>,
    pub poe: Poe,
}

/// `Some(None)` removes a value, if the command has a `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriberOptions {
    pub name: Option<CompactString>,
    pub description: Option<CompactString>,
    pub endpoint: Option<Option<u16>>,
    pub vlan: Option<u16>,
    pub tagged: Option<bool>,
    pub remapped_vlan: Option<Option<u16>>,
    pub profile: Option<Option<u16>>,
    pub allowed_vlans: Option<VlanSet>,
    pub port2_vlan: Option<Option<u16>>,
    pub poe: Option<Poe>,
}

/// "No service configured": the VLAN of a subscriber without a VLAN.
pub const UNSERVED_VLAN: u16 = 4094;

/// The most allowed VLANs, the twin's own number (docs/gam.md).
const MOST_ALLOWED_VLANS: usize = 12;

/// The most entries in a list of them, where a firmware counts entries.
const MOST_ALLOWED_ENTRIES: usize = 14;

impl Subscriber {
    /// Returns the defaults of a new subscriber.
    pub fn named(name: &str) -> Self {
        Self {
            name: CompactString::from(name),
            description: CompactString::default(),
            endpoint: None,
            vlan: UNSERVED_VLAN,
            tagged: false,
            remapped_vlan: None,
            // A sample of the guides shows none; what a device gives is not known.
            profile: None,
            allowed_vlans: VlanSet::default(),
            port2_vlan: None,
            poe: Poe::Disable,
        }
    }

    /// Returns a subscriber as somebody configured it by hand, with the numbers of its endpoint and its profile.
    pub(super) fn of(
        name: &str,
        config: &SubscriberConfig,
        endpoint: Option<u16>,
        profile: Option<u16>,
    ) -> Self {
        let SubscriberConfig {
            slot: _,
            description,
            endpoint: _,
            rate: _,
            vlan,
            tagged,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            poe,
        } = config;
        let description = description.as_ref().map(|text| text.as_str());
        Self {
            name: CompactString::from(name),
            description: CompactString::from(description.unwrap_or_default()),
            endpoint,
            vlan: vlan.get(),
            tagged: *tagged,
            remapped_vlan: remapped_vlan.map(VlanId::get),
            profile,
            allowed_vlans: allowed_vlans.clone(),
            port2_vlan: port2_vlan.map(VlanId::get),
            poe: poe.unwrap_or(Self::named(name).poe),
        }
    }

    /// Takes the given options over.
    pub(super) fn take(&mut self, options: &SubscriberOptions) {
        fn set<T: Clone>(field: &mut T, given: &Option<T>) {
            if let Some(given) = given {
                field.clone_from(given);
            }
        }
        let SubscriberOptions {
            name,
            description,
            endpoint,
            vlan,
            tagged,
            remapped_vlan,
            profile,
            allowed_vlans,
            port2_vlan,
            poe,
        } = options;
        set(&mut self.name, name);
        set(&mut self.description, description);
        set(&mut self.endpoint, endpoint);
        set(&mut self.vlan, vlan);
        set(&mut self.tagged, tagged);
        set(&mut self.remapped_vlan, remapped_vlan);
        set(&mut self.profile, profile);
        set(&mut self.allowed_vlans, allowed_vlans);
        set(&mut self.port2_vlan, port2_vlan);
        set(&mut self.poe, poe);
    }

    /// Refuses values that no subscriber can have, whatever else is configured.
    pub(super) fn check_values(&self, hardware: &Hardware) -> Result<(), Refusal> {
        let Self {
            // `rules` checks these against the other objects.
            name: _,
            endpoint: _,
            profile: _,
            description,
            vlan,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            // These have no wrong value.
            tagged: _,
            poe: _,
        } = self;
        let ranges = hardware.assumptions.vlan_ranges;
        if *vlan != UNSERVED_VLAN && !ranges.has_data(*vlan) {
            return Err(Refusal::DataVlan);
        }
        if remapped_vlan.is_some_and(|remapped| !ranges.has_tag(remapped)) {
            return Err(Refusal::RemappedVlan);
        }
        if let Some(port2) = *port2_vlan {
            if !ranges.has_port2(port2) {
                return Err(Refusal::Port2Vlan);
            }
            if port2 == *vlan {
                return Err(Refusal::SameAsPort2Vlan);
            }
        }
        let too_many = match hardware.assumptions.allowed_vlans {
            AllowedVlansCounted::TwelveVlans => allowed_vlans.iter().count() > MOST_ALLOWED_VLANS,
            AllowedVlansCounted::FourteenEntries => {
                allowed_vlans.ranges().len() > MOST_ALLOWED_ENTRIES
            }
        };
        if too_many {
            return Err(Refusal::TooManyAllowedVlans);
        }
        if !allowed_vlans.iter().all(|vlan| is_tag(vlan.get())) {
            return Err(Refusal::AllowedVlan);
        }
        check_description(description)
    }
}

impl VlanRanges {
    /// Returns whether the device carries subscriber data on this VLAN: not on its own ones (docs/gam.md).
    fn has_data(self, vlan: u16) -> bool {
        match self {
            Self::Narrow => is_tag(vlan) && !(3840..=3842).contains(&vlan),
            Self::Wide => (3..=4095).contains(&vlan),
        }
    }

    fn has_tag(self, vlan: u16) -> bool {
        match self {
            Self::Narrow => is_tag(vlan),
            Self::Wide => (3..=4094).contains(&vlan),
        }
    }

    fn has_port2(self, vlan: u16) -> bool {
        match self {
            Self::Narrow => self.has_data(vlan),
            Self::Wide => self.has_tag(vlan),
        }
    }
}

fn is_tag(vlan: u16) -> bool {
    (3..=4093).contains(&vlan)
}
