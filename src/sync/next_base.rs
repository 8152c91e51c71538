//! Computes the base after a run from the changes that were accepted.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::{CompactString, ToCompactString};

use super::conflict::{BillingValue, next_base};
use super::context::SyncInputs;
use super::edit::{ProposedChange, SyncEdit, SyncValue};
use super::few_set::FewSet;
use super::inventory_view::{SyncInventory, SyncSubscriber};
use super::proposal::{Proposal, ServiceReading};
use super::resting::next_resting;
use super::service_key::ServiceKey;
use super::status::{gone_state, wanted_state};
use super::subscriber_place::place_of;
use super::sync_base::{FieldBase, ServiceBase, SyncBase};
use crate::model::billing::{GoneCause, ServiceStatus, SnapshotScope};
use crate::model::{MacAddress, SubscriberId};

impl Proposal {
    /// Returns the base after a run in which `accepted` was pushed; call it without changes if nothing was.
    ///
    /// `keeps_sizes`: the gate held something back because the reading shrank, so that the earlier sizes stay.
    pub fn next_base(
        &self,
        inputs: SyncInputs<'_>,
        accepted: &[ProposedChange],
        keeps_sizes: bool,
    ) -> SyncBase {
        // A subscriber that seems to be missing may be in the part that was not read.
        if inputs.inventory.is_partial {
            return inputs.base.clone();
        }
        let edits = accepted.iter().flat_map(|change| &change.edits);
        let after = inputs.inventory.edited(edits);
        let run = Run::of(inputs, self, accepted, &after);
        let mut next = SyncBase {
            services: run.carried_over(),
            claims: self.next_claims(inputs),
            resting: next_resting(inputs, &after),
            sizes: inputs.base.sizes.clone(),
        };
        let may_replace = self.is_complete && !keeps_sizes;
        if let Some(sizes) = self.sizes.as_ref().filter(|_| may_replace) {
            next.sizes = Some(sizes.clone());
        }
        for (key, reading) in &self.readings {
            let key = run.stored_as(key, reading);
            match run.service(key, reading) {
                Some(base) => drop(next.services.insert(key.clone(), base)),
                None => drop(next.services.remove(key)),
            }
        }
        next
    }

    fn next_claims(
        &self,
        inputs: SyncInputs<'_>,
    ) -> BTreeMap<MacAddress, FewSet<super::sync_base::EarlierClaim>> {
        let mut claims = match &inputs.snapshot.scope {
            // A reading with gaps may lack some; those of before stay beside the new ones.
            SnapshotScope::Everything if self.is_complete => BTreeMap::new(),
            SnapshotScope::Everything => inputs.base.claims.clone(),
            SnapshotScope::Accounts(read) => {
                let items: BTreeSet<_> = inputs
                    .snapshot
                    .equipment
                    .iter()
                    .map(|item| &item.id)
                    .collect();
                let mut kept = inputs.base.claims.clone();
                for claims in kept.values_mut() {
                    claims.retain(|claim| {
                        let is_seen = claim.item.as_ref().is_some_and(|item| items.contains(item));
                        !read.contains(&claim.account) && !is_seen
                    });
                }
                kept
            }
        };
        for (mac, new) in &self.claims {
            claims.entry(*mac).or_default().extend(new.iter().cloned());
        }
        claims.retain(|_, claims| !claims.is_empty());
        claims
    }
}

/// A run with the changes that were accepted.
#[derive(Debug)]
struct Run<'a> {
    inputs: SyncInputs<'a>,
    proposal: &'a Proposal,
    after: &'a SyncInventory,
    listed: BTreeSet<ServiceKey>,
    /// The new subscribers of services.
    added: BTreeMap<&'a ServiceKey, &'a SubscriberId>,
    /// Services whose new id is in the inventory now.
    renumbered: BTreeSet<&'a ServiceKey>,
    /// Services of which a change was not accepted.
    unfinished: BTreeSet<&'a ServiceKey>,
}

impl<'a> Run<'a> {
    fn of(
        inputs: SyncInputs<'a>,
        proposal: &'a Proposal,
        accepted: &'a [ProposedChange],
        after: &'a SyncInventory,
    ) -> Self {
        let mut run = Self {
            inputs,
            proposal,
            after,
            listed: inputs
                .snapshot
                .services
                .iter()
                .map(ServiceKey::of)
                .collect(),
            added: BTreeMap::new(),
            renumbered: BTreeSet::new(),
            unfinished: BTreeSet::new(),
        };
        for change in accepted {
            for edit in &change.edits {
                match edit {
                    SyncEdit::Add { subscriber, .. } => {
                        run.added.insert(&change.service, subscriber);
                    }
                    SyncEdit::Set {
                        value: SyncValue::ExternalService(_),
                        ..
                    } => drop(run.renumbered.insert(&change.service)),
                    SyncEdit::Set { .. } | SyncEdit::Remove { .. } => {}
                }
            }
        }
        // An earlier run committed the new id and ended before it stored the base.
        let system = &inputs.settings.system;
        let is_linked = |key: &ServiceKey, reading: &ServiceReading| {
            let id = reading.subscriber.as_ref();
            let known = id.and_then(|id| inputs.inventory.subscribers.get(id));
            let link = known.and_then(|known| known.link_to(system));
            link.and_then(|link| link.service.as_ref()) == Some(&key.service)
        };
        let renamed = proposal
            .readings
            .iter()
            .filter(|(key, reading)| reading.renumbered_from.is_some() && is_linked(key, reading));
        run.renumbered.extend(renamed.map(|(key, _)| key));
        let is_accepted = |change: &&ProposedChange| accepted.contains(change);
        let left = proposal.changes.iter().filter(|one| !is_accepted(one));
        run.unfinished = left.map(|change| &change.service).collect();
        run
    }

    /// Returns the key that the base of a service has: until its new id is in the inventory, that is the old one.
    fn stored_as<'k>(&self, key: &'k ServiceKey, reading: &'k ServiceReading) -> &'k ServiceKey {
        let old = reading.renumbered_from.as_ref();
        old.filter(|_| !self.renumbered.contains(key))
            .unwrap_or(key)
    }

    /// Returns the bases that stay until a reading replaces them.
    fn carried_over(&self) -> BTreeMap<ServiceKey, ServiceBase> {
        let readings = self.proposal.readings.iter();
        let renumbered: BTreeSet<&ServiceKey> = readings
            .filter(|(key, _)| self.renumbered.contains(key))
            .filter_map(|(_, reading)| reading.renumbered_from.as_ref())
            .collect();
        let is_kept = |key: &ServiceKey| match &self.inputs.snapshot.scope {
            // Absent for certain: there is nothing to remember, unless a subscriber has it, which has a reading.
            SnapshotScope::Everything => !self.proposal.is_complete || self.listed.contains(key),
            SnapshotScope::Accounts(_) => true,
        };
        let all = self.inputs.base.services.iter();
        all.filter(|(key, _)| is_kept(key) && !renumbered.contains(key))
            .map(|(key, base)| (key.clone(), base.clone()))
            .collect()
    }
}

/// A field on both sides.
struct Field<'a> {
    base: Option<&'a FieldBase>,
    billing: Option<BillingValue>,
    before: CompactString,
    after: CompactString,
}

impl Run<'_> {
    fn service(&self, key: &ServiceKey, reading: &ServiceReading) -> Option<ServiceBase> {
        let services = &self.inputs.base.services;
        let added = self.added.get(key).copied();
        let subscriber = added.or(reading.subscriber.as_ref()).cloned();
        let base = match &reading.renumbered_from {
            Some(old) => services.get(old).or_else(|| services.get(key)),
            None => services.get(key),
        };
        let mut next = ServiceBase {
            login: reading.login.clone(),
            macs: reading.macs.clone(),
            class: reading.class.clone(),
            since: reading.since,
            ..base.cloned().unwrap_or_default()
        };
        let id = subscriber.as_ref();
        let after = id.and_then(|id| self.after.subscribers.get(id));
        let Some(after) = after else {
            return self.without_subscriber(key, reading, next);
        };
        let before = id.and_then(|id| self.inputs.inventory.subscribers.get(id));
        // A new subscriber had no values of its own.
        let before = before.unwrap_or(after);
        let is_another = base.is_some_and(|base| base.subscriber != subscriber);
        if is_another && base.is_some_and(|base| base.subscriber.is_some()) {
            // Another subscriber: what an earlier one had is of no account.
            next = ServiceBase {
                login: next.login,
                macs: next.macs,
                class: next.class,
                since: next.since,
                ..ServiceBase::default()
            };
        }
        next.subscriber.clone_from(&subscriber);
        next.vlan = Some((after.device.clone(), after.vlan));
        next.gone = reading.gone;
        self.fields(&mut next, reading, before, after);
        // A person's decision applies until its changes are accepted.
        next.takes_billing &= self.unfinished.contains(key);
        Some(next)
    }

    fn fields(
        &self,
        next: &mut ServiceBase,
        reading: &ServiceReading,
        before: &SyncSubscriber,
        after: &SyncSubscriber,
    ) {
        let endpoint = |subscriber: &SyncSubscriber| {
            let mac = subscriber.endpoint;
            mac.map(|mac| mac.to_compact_string()).unwrap_or_default()
        };
        let billing = self.endpoint(reading, after);
        let is_endpoint_settled = billing
            .as_ref()
            .is_some_and(|billing| billing.value == endpoint(after));
        let fields = [
            (
                &mut next.service_plan,
                reading.service_plan.clone(),
                before.service_plan.as_str().into(),
                after.service_plan.as_str().into(),
            ),
            (
                &mut next.state,
                self.state(reading, before, after),
                before.state.as_str().into(),
                after.state.as_str().into(),
            ),
            (
                &mut next.endpoint,
                billing,
                endpoint(before),
                endpoint(after),
            ),
            (
                &mut next.place,
                reading.place.clone(),
                place_of(before),
                place_of(after),
            ),
        ];
        for (base, billing, before, after) in fields {
            let field = Field {
                base: base.as_ref(),
                billing,
                before,
                after,
            };
            *base = field.next(self.inputs.now);
        }
        if is_endpoint_settled {
            next.accepted_macs.clone_from(&reading.macs);
        }
    }

    /// Returns the state that billing has; none to remember if the service is only missing and nothing followed from that.
    ///
    /// A list that is empty by mistake, and full again, is no change of each of its services: two such mistakes a day would make
    /// them all flap, and payments of that day would reach no one.
    fn state(
        &self,
        reading: &ServiceReading,
        before: &SyncSubscriber,
        after: &SyncSubscriber,
    ) -> Option<BillingValue> {
        let devices = &self.after.devices;
        let is_port_aware = devices
            .get(&after.device)
            .is_some_and(|device| device.is_port_aware);
        let has_endpoint = after.endpoint.is_some() || is_port_aware;
        match reading.status.as_ref()? {
            ServiceStatus::Gone {
                cause: GoneCause::NotListed,
            } if before.state == after.state => None,
            ServiceStatus::Gone { .. } => Some(gone_state(after.endpoint.is_some())),
            status => wanted_state(status, self.inputs.settings.pre_activate, has_endpoint),
        }
    }

    fn endpoint(&self, reading: &ServiceReading, after: &SyncSubscriber) -> Option<BillingValue> {
        let own = after.endpoint.filter(|mac| reading.macs.contains(mac));
        let mac = own.or_else(|| reading.macs.first().copied())?;
        let text = mac.to_compact_string();
        Some(BillingValue {
            raw: text.clone(),
            value: text,
        })
    }

    /// Returns the base of a service without a subscriber.
    fn without_subscriber(
        &self,
        key: &ServiceKey,
        reading: &ServiceReading,
        next: ServiceBase,
    ) -> Option<ServiceBase> {
        let had = next.subscriber.clone();
        let is_gone = matches!(reading.status, None | Some(ServiceStatus::Gone { .. }));
        // The sync removed it in this run, or both sides agree that it ended.
        let was_there = reading
            .subscriber
            .as_ref()
            .is_some_and(|id| self.inputs.inventory.subscribers.contains_key(id));
        if had.is_some() && !was_there && !is_gone {
            // A person removed it: that is remembered until billing has something new.
            let base = self.inputs.base.services.get(key);
            let last = base.filter(|base| base.vlan.is_some());
            let known = last.map(|base| base.macs.clone());
            return Some(ServiceBase {
                vlan: None,
                accepted_macs: known.unwrap_or(next.accepted_macs),
                ..next
            });
        }
        if !self.listed.contains(key) {
            return None;
        }
        Some(ServiceBase {
            login: next.login,
            macs: next.macs,
            class: next.class,
            since: next.since,
            ..ServiceBase::default()
        })
    }
}

impl Field<'_> {
    fn next(&self, now: u64) -> Option<FieldBase> {
        next_base(
            self.base,
            self.billing.as_ref(),
            &self.before,
            &self.after,
            now,
        )
    }
}
