//! Defines a subscriber in the planner: its fields, conversions, comparisons and the effect of a change.
//!
//! The lists of `kinds!` and `numbered!` and the functions that make or split a subscriber have every field: a new one does not
//! compile until each of them has it.

use super::kinds::{Cell, kinds, numbered};
use super::stored::{Given, Nonsense};
use super::value::{EndpointRef, FieldValue, Rate};
use super::{Changed, Field, FieldView, Kind};
use crate::model::{
    HeldText, Poe, RateLimit, Slot, SubscriberConfig, SubscriberName, VlanId, VlanSet,
};

/// A subscriber. The planner refers to endpoint and profile by the index of their items, a change by their slots at that step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber<E = EndpointRef, R = Rate> {
    pub name: SubscriberName,
    pub description: Option<HeldText>,
    /// Left out if the subscriber is detached.
    pub endpoint: Option<E>,
    pub rate: R,
    pub vlan: VlanId,
    pub tagged: bool,
    pub remapped_vlan: Option<VlanId>,
    pub allowed_vlans: VlanSet,
    pub port2_vlan: Option<VlanId>,
    /// Left out if it is not known, or if the device decides it.
    pub poe: Option<Poe>,
}

kinds! {
    Subscriber => SubscriberUpdate, SubscriberFields {
        name: Changed<SubscriberName> = Name from SubscriberName;
        description: Option<Changed<Option<HeldText>>> = Description from Option<HeldText>;
        endpoint: Option<Changed<Option<EndpointRef>>> = Endpoint from Option<EndpointRef>;
        rate: Option<Changed<Rate>> = Rate from Rate;
        vlan: Option<Changed<VlanId>> = Vlan from VlanId;
        tagged: Option<Changed<bool>> = Tagged from bool;
        remapped_vlan: Option<Changed<Option<VlanId>>> = RemappedVlan from Option<VlanId>;
        allowed_vlans: Option<Changed<VlanSet>> = AllowedVlans from VlanSet;
        port2_vlan: Option<Changed<Option<VlanId>>> = Port2Vlan from Option<VlanId>;
        poe: Option<Changed<Option<Poe>>> = Poe from Option<Poe>;
    }
}

numbered! {
    Subscriber, (<E: Clone, R: Clone> Subscriber<E, R>) => SubscriberFields, name: SubscriberName, Subscriber {
        name = Name, description = Description, endpoint = Endpoint, rate = Rate, vlan = Vlan, tagged = Tagged,
        remapped_vlan = RemappedVlan, allowed_vlans = AllowedVlans, port2_vlan = Port2Vlan, poe = Poe,
    }
}

impl<E, R> Subscriber<E, R> {
    /// Returns a subscriber of a configuration, with references of another type to its endpoint and profile.
    pub fn of(
        name: SubscriberName,
        config: &SubscriberConfig,
        endpoint: Option<E>,
        rate: R,
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
        Self {
            name,
            description: description.clone(),
            endpoint,
            rate,
            vlan: *vlan,
            tagged: *tagged,
            remapped_vlan: *remapped_vlan,
            allowed_vlans: allowed_vlans.clone(),
            port2_vlan: *port2_vlan,
            poe: *poe,
        }
    }

    /// Returns the same subscriber, with references of another type to its endpoint and profile.
    pub(in crate::plan) fn using<E2, R2>(
        &self,
        endpoint: Option<E2>,
        rate: R2,
    ) -> Subscriber<E2, R2> {
        let Self {
            name,
            description,
            endpoint: _,
            rate: _,
            vlan,
            tagged,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            poe,
        } = self;
        Subscriber {
            name: name.clone(),
            description: description.clone(),
            endpoint,
            rate,
            vlan: *vlan,
            tagged: *tagged,
            remapped_vlan: *remapped_vlan,
            allowed_vlans: allowed_vlans.clone(),
            port2_vlan: *port2_vlan,
            poe: *poe,
        }
    }

    /// Returns every VLAN that the subscriber has.
    pub(in crate::plan) fn vlans(&self) -> impl Iterator<Item = VlanId> {
        [Some(self.vlan), self.remapped_vlan, self.port2_vlan]
            .into_iter()
            .flatten()
            .chain(self.allowed_vlans.iter())
    }

    /// Returns the settings of the service itself.
    fn settings(&self) -> Settings<'_> {
        let Self {
            name: _,
            description: _,
            endpoint: _,
            rate: _,
            vlan,
            tagged,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            poe,
        } = self;
        Settings {
            vlan: *vlan,
            tagged: *tagged,
            remapped_vlan: *remapped_vlan,
            allowed_vlans,
            port2_vlan: *port2_vlan,
            poe: *poe,
        }
    }

    /// Returns whether the settings are as intended; endpoint and rate limit are not compared.
    pub(in crate::plan) fn has_settings_of(&self, intended: &SubscriberConfig) -> bool {
        self.settings().are(&Settings::of(intended))
    }
}

impl<E: PartialEq, R> Subscriber<E, R> {
    /// Returns whether two states give the same service; their names, descriptions and rate limits may differ.
    pub(in crate::plan) fn serves_like(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint && self.settings() == other.settings()
    }
}

/// The settings whose change interrupts a subscriber, apart from its endpoint (docs/gam.md).
#[derive(PartialEq, Eq)]
struct Settings<'a> {
    vlan: VlanId,
    tagged: bool,
    remapped_vlan: Option<VlanId>,
    allowed_vlans: &'a VlanSet,
    port2_vlan: Option<VlanId>,
    poe: Option<Poe>,
}

impl<'a> Settings<'a> {
    fn of(config: &'a SubscriberConfig) -> Self {
        let SubscriberConfig {
            slot: _,
            description: _,
            endpoint: _,
            rate: _,
            vlan,
            tagged,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            poe,
        } = config;
        Self {
            vlan: *vlan,
            tagged: *tagged,
            remapped_vlan: *remapped_vlan,
            allowed_vlans,
            port2_vlan: *port2_vlan,
            poe: *poe,
        }
    }

    /// Returns whether observed settings are as intended. Without an intended power setting, the device keeps its own.
    fn are(&self, intended: &Self) -> bool {
        let poe = intended.poe.or(self.poe);
        *self == Self { poe, ..*intended }
    }
}

impl Subscriber {
    /// Returns a subscriber of a configuration for a comparison. The slots of its endpoint and profile are left out.
    pub fn without_numbers(name: SubscriberName, config: &SubscriberConfig) -> Self {
        let slot = Slot(0);
        let rate = match &config.rate {
            RateLimit::Unthrottled => Rate::Unthrottled,
            RateLimit::Profile(name) => Rate::Profile {
                name: name.clone(),
                slot,
            },
        };
        let endpoint = config.endpoint.map(|mac| EndpointRef { mac, slot });
        Self::of(name, config, endpoint, rate)
    }

    /// Returns the configuration of a subscriber that was just created, before the fields of the change are set.
    pub(in crate::plan) fn created(&self, slot: Slot) -> SubscriberConfig {
        SubscriberConfig {
            slot: Some(slot),
            description: None,
            endpoint: None,
            rate: RateLimit::Unthrottled,
            vlan: self.vlan,
            tagged: self.tagged,
            remapped_vlan: None,
            allowed_vlans: self.allowed_vlans.clone(),
            port2_vlan: None,
            // A new subscriber is without power (docs/gam.md).
            poe: Some(Poe::Disable),
        }
    }
}

impl SubscriberFields<'_> {
    /// Sets the fields of a change in a configuration.
    pub(in crate::plan) fn set_in(&self, config: &mut SubscriberConfig) {
        fn set<T: Clone>(field: &mut T, to: Option<&T>) {
            if let Some(to) = to {
                field.clone_from(to);
            }
        }
        let Self {
            name: _,
            description,
            endpoint,
            rate,
            vlan,
            tagged,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            poe,
        } = *self;
        set(&mut config.description, description);
        if let Some(endpoint) = endpoint {
            config.endpoint = endpoint.as_ref().map(|EndpointRef { mac, slot: _ }| *mac);
        }
        match rate {
            None => {}
            Some(Rate::Unthrottled) => config.rate = RateLimit::Unthrottled,
            Some(Rate::Profile { name, slot: _ }) => config.rate = RateLimit::Profile(name.clone()),
        }
        set(&mut config.vlan, vlan);
        set(&mut config.tagged, tagged);
        set(&mut config.remapped_vlan, remapped_vlan);
        set(&mut config.allowed_vlans, allowed_vlans);
        set(&mut config.port2_vlan, port2_vlan);
        // No command removes a power setting, so an update without one keeps it.
        config.poe = poe.copied().flatten().or(config.poe);
    }
}

/// Returns whether an observed subscriber is as intended.
pub(in crate::plan) fn same_subscriber(
    intended: &SubscriberConfig,
    has: &SubscriberConfig,
) -> bool {
    // Without a slot no line can address it, so it is never the same. A field that is not in `Settings` is compared here.
    has.slot.is_some()
        && has.endpoint == intended.endpoint
        && has.rate == intended.rate
        && has.description == intended.description
        && Settings::of(has).are(&Settings::of(intended))
}
