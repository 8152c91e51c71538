//! Finds the bases of services whose new id was committed by a run that ended before it stored the base.

use std::collections::BTreeMap;

use super::completeness::Completeness;
use super::matching::{Listing, Matches, has_ended};
use super::service_key::ServiceKey;
use super::sync_base::SyncBase;
use crate::model::SubscriberId;
use crate::model::billing::ServiceId;

impl Matches {
    /// Finds services that the inventory has by their new id and the base by the old one, which has ended.
    ///
    /// Without it, their base would be unknown, and a swap that waits for an installer would be contested for ever.
    pub(super) fn find_earlier_bases(
        &mut self,
        listing: &Listing<'_>,
        base: &SyncBase,
        completeness: &Completeness<'_>,
    ) {
        let is_known = |key: &ServiceKey| {
            let known = base.services.get(key);
            known.is_some_and(|known| known.subscriber.is_some())
        };
        let unknown = self
            .subscribers
            .iter()
            .filter(|(key, _)| !self.renumbered.contains_key(*key) && !is_known(key))
            .map(|(key, id)| (id, key));
        let unknown: BTreeMap<&SubscriberId, &ServiceKey> = unknown.collect();
        if unknown.is_empty() {
            return;
        }
        let mut found: BTreeMap<&ServiceKey, Vec<&ServiceId>> = BTreeMap::new();
        for (old, known) in &base.services {
            let subscriber = known.subscriber.as_ref();
            let Some(key) = subscriber.and_then(|id| unknown.get(id)) else {
                continue;
            };
            let has_ended = match listing.by_key.get(old) {
                Some(service) => has_ended(service),
                None => completeness.proves_end(old),
            };
            if old.account == key.account && has_ended && !self.subscribers.contains_key(old) {
                found.entry(key).or_default().push(&old.service);
            }
        }
        let only = found
            .into_iter()
            .filter_map(|(key, old)| match old.as_slice() {
                [only] => Some((key.clone(), (*only).clone())),
                _ => None,
            });
        self.remembered_as = only.collect();
    }

    /// Returns the key by which the base has a service whose id changed.
    pub(super) fn earlier_id(&self, key: &ServiceKey) -> Option<ServiceKey> {
        let renumbered = self.renumbered.get(key).and_then(Option::as_ref);
        let old = renumbered.or_else(|| self.remembered_as.get(key))?;
        Some(ServiceKey {
            account: key.account.clone(),
            service: old.clone(),
        })
    }
}
