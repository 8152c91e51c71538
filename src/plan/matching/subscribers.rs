//! Matches subscribers so that the fewest are interrupted.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{MacAddress, SubscriberConfig, SubscriberName};

use super::at_number;
use crate::plan::item::Subscriber;
use crate::plan::ownership::{may_remove_unmanaged, owns_subscriber};
use crate::plan::planner_state::PlannerState;

/// Matches subscribers, in this order: the slot of a rollback, the same name and endpoint, the same service under another name,
/// the same name, the earlier name, the same endpoint.
///
/// A match by name alone, if it came first, would move a service that a rename could keep. `new_macs` are the addresses that
/// endpoints will get.
pub(super) fn by_service_and_name(
    planner: &mut PlannerState<'_>,
    new_macs: &BTreeMap<usize, MacAddress>,
) {
    let intended = &planner.intended.subscribers;
    let observed = Observed::of(planner, new_macs);
    let mut found: BTreeMap<&SubscriberName, usize> = BTreeMap::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for (name, target) in intended {
        let index = at_number(&planner.subscribers, target.slot, |start| {
            owns_subscriber(planner, start)
        });
        if let Some(index) = index {
            taken.insert(index);
            found.insert(name, index);
        }
    }
    for (name, target) in intended {
        if let Some(index) = observed.with_name(name)
            && observed.mac_of(index) == target.endpoint
            && !found.contains_key(name)
            && taken.insert(index)
        {
            found.insert(name, index);
        }
    }
    let claims = observed.claims(&found, &taken);
    let mut round = |finds: &dyn Fn(&SubscriberName, &SubscriberConfig) -> Option<usize>| {
        for (name, target) in intended {
            if !found.contains_key(name)
                && observed.may_be_searched(name, target)
                && let Some(index) = finds(name, target)
                && taken.insert(index)
            {
                found.insert(name, index);
            }
        }
    };
    round(&|name, _| claims.get(name).copied());
    round(&|name, _| observed.with_name(name));
    round(&|name, _| observed.with_name(planner.request.renamed.get(name)?));
    round(&|_, target| observed.with_endpoint(target));
    planner.subscriber_of = found;
}

/// The observed subscribers by name, and by the address of their endpoint.
struct Observed<'a> {
    planner: &'a PlannerState<'a>,
    new_macs: &'a BTreeMap<usize, MacAddress>,
    by_name: BTreeMap<&'a SubscriberName, usize>,
    by_mac: BTreeMap<MacAddress, usize>,
}

impl<'a> Observed<'a> {
    fn of(planner: &'a PlannerState<'a>, new_macs: &'a BTreeMap<usize, MacAddress>) -> Self {
        let mut observed = Self {
            planner,
            new_macs,
            by_name: BTreeMap::new(),
            by_mac: BTreeMap::new(),
        };
        for (index, item) in planner.subscribers.iter().enumerate() {
            let Some(start) = &item.start else { continue };
            observed.by_name.insert(&start.name, index);
            if let Some(mac) = observed.mac_of(index) {
                observed.by_mac.insert(mac, index);
            }
        }
        observed
    }

    fn start(&self, index: usize) -> Option<&'a Subscriber> {
        self.planner.subscribers.get(index)?.start.as_ref()
    }

    /// Returns the address that the endpoint of a subscriber has, or will get.
    fn mac_of(&self, index: usize) -> Option<MacAddress> {
        let endpoint = self.start(index)?.endpoint?;
        let new = self.new_macs.get(&endpoint).copied();
        new.or_else(|| Some(self.planner.endpoints.get(endpoint)?.start.as_ref()?.mac))
    }

    fn with_name(&self, name: &SubscriberName) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    fn with_endpoint(&self, target: &SubscriberConfig) -> Option<usize> {
        self.by_mac.get(&target.endpoint?).copied()
    }

    /// Only a rollback names slots. A subscriber that is no longer in its slot is created again there.
    fn may_be_searched(&self, name: &SubscriberName, target: &SubscriberConfig) -> bool {
        target.slot.is_none() || self.by_name.contains_key(name)
    }

    /// Returns the observed subscribers that have the service of an intended one, and can get its name.
    ///
    /// A new name is only free if the subscriber that has it can give it up. If it cannot, the names stay and the endpoints
    /// move: half-way through that, the service is the same already, and planning again must not turn to the names. A claim
    /// that is dropped may have been the reason that another name is free, so this goes on until all that remain are possible.
    fn claims(
        &self,
        found: &BTreeMap<&SubscriberName, usize>,
        taken: &BTreeSet<usize>,
    ) -> BTreeMap<&'a SubscriberName, usize> {
        let intended = self.planner.intended.subscribers.iter();
        let mut claims: BTreeMap<&SubscriberName, usize> = intended
            .filter(|(name, target)| {
                !found.contains_key(name) && self.may_be_searched(name, target)
            })
            .filter_map(|(name, target)| Some((name, self.with_same_service(target)?)))
            .filter(|(_, index)| !taken.contains(index))
            .collect();
        loop {
            let count = claims.len();
            let claimed: BTreeSet<usize> = claims.values().copied().collect();
            claims.retain(|name, index| {
                let holder = self.with_name(name).filter(|holder| holder != index);
                holder.is_none_or(|holder| {
                    claimed.contains(&holder) || taken.contains(&holder) || self.may_leave(holder)
                })
            });
            if claims.len() == count {
                return claims;
            }
        }
    }

    /// Returns whether a subscriber may give up its name without getting another: it may be removed, or another match is
    /// certain. A protected one is not removed.
    fn may_leave(&self, index: usize) -> bool {
        let planner = self.planner;
        let Some(start) = self.start(index) else {
            return false;
        };
        let is_protected = || {
            let ledger = planner.ledger();
            ledger.is_some_and(|ledger| ledger.protected.contains(&start.name))
        };
        let is_matched_later = || {
            let mut intended = planner.intended.subscribers.iter();
            intended.any(|(name, target)| {
                let before = planner.request.renamed.get(name);
                !self.by_name.contains_key(name)
                    && target.slot.is_none()
                    && (before == Some(&start.name) || self.with_endpoint(target) == Some(index))
            })
        };
        (owns_subscriber(planner, start) || may_remove_unmanaged(planner.request))
            && (!is_protected() || is_matched_later())
    }

    /// Returns the observed subscriber whose service would not be interrupted as the intended one.
    ///
    /// Another rate interrupts nothing, and the profiles of a full table change their names and rates half-way.
    fn with_same_service(&self, target: &SubscriberConfig) -> Option<usize> {
        let index = self.with_endpoint(target)?;
        self.start(index)?.has_settings_of(target).then_some(index)
    }
}
