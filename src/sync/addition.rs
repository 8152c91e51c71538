//! Makes new subscribers of candidates: resolves places that two of them want, gives out ids and VLANs.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::{CompactString, format_compact};

use super::context::Context;
use super::edit::{ChangeKind, ProposedChange, SyncEdit};
use super::reason::{DevicePort, Reason};
use super::service_key::ServiceKey;
use super::unmatched::Candidate;
use super::vlan::VlanPool;
use crate::model::billing::AccountId;
use crate::model::{DeviceName, Medium, PortNumber, SubscriberId};

/// The changes that candidates became, and the reasons of those that did not.
#[derive(Debug, Default)]
pub(super) struct Additions {
    pub changes: Vec<ProposedChange>,
    pub refused: Vec<(ServiceKey, Reason)>,
}

/// Makes additions of candidates, in the order of their ids.
pub(super) fn additions(
    context: &Context<'_>,
    candidates: Vec<Candidate>,
    vlans: &mut VlanPool<'_>,
) -> Additions {
    let mut additions = Additions::default();
    let candidates = refuse_same_place(context, candidates, &mut additions);
    let mut ids = Ids::default();
    let mut with_ids: BTreeMap<SubscriberId, Candidate> = BTreeMap::new();
    for candidate in candidates {
        match ids.next(context, &candidate.key.account) {
            Ok(id) => drop(with_ids.insert(id, candidate)),
            Err(id) => {
                let reason = Reason::IdTaken { id };
                additions.refused.push((candidate.key, reason));
            }
        }
    }
    for (id, candidate) in with_ids {
        match vlans.assign(&candidate.place.device) {
            Ok(vlan) => {
                let added = candidate.added(vlan, &context.inputs.settings.system);
                let add = SyncEdit::Add {
                    subscriber: id.clone(),
                    added: Box::new(added),
                };
                additions.changes.push(change(context, id, candidate, add));
            }
            Err(reason) => additions.refused.push((candidate.key, reason)),
        }
    }
    additions
}

fn change(
    context: &Context<'_>,
    subscriber: SubscriberId,
    candidate: Candidate,
    add: SyncEdit,
) -> ProposedChange {
    let place = candidate.place;
    let site = context.inputs.inventory.site_of(&place.device);
    let (replaces, is_from_absence) = place.replaces.unzip();
    let removal = replaces
        .clone()
        .map(|subscriber| SyncEdit::Remove { subscriber });
    ProposedChange {
        service: candidate.key,
        subscriber,
        kind: ChangeKind::Addition,
        replaces,
        is_from_absence: is_from_absence.unwrap_or(false),
        site: site.cloned(),
        // The endpoint must be free before it is given to another subscriber.
        edits: removal.into_iter().chain([add]).collect(),
        cause: place.cause,
    }
}

/// Refuses candidates for one copper port: there is no reason to prefer one of them.
fn refuse_same_place(
    context: &Context<'_>,
    candidates: Vec<Candidate>,
    additions: &mut Additions,
) -> Vec<Candidate> {
    let mut wanted: BTreeMap<(DeviceName, PortNumber), Vec<ServiceKey>> = BTreeMap::new();
    let is_copper = |device: &DeviceName| {
        let known = context.inputs.inventory.devices.get(device);
        known.is_some_and(|known| known.medium == Medium::Copper)
    };
    for candidate in candidates.iter().filter(|one| is_copper(&one.place.device)) {
        let place = (candidate.place.device.clone(), candidate.place.port);
        wanted.entry(place).or_default().push(candidate.key.clone());
    }
    wanted.retain(|_, services| services.len() > 1);
    let mut refused = BTreeSet::new();
    for ((device, port), services) in wanted {
        let at = DevicePort {
            device,
            port: Some(port),
        };
        for service in &services {
            let reason = Reason::PlaceClaimedTwice {
                at: at.clone(),
                services: services.clone(),
            };
            additions.refused.push((service.clone(), reason));
            refused.insert(service.clone());
        }
    }
    let all = candidates.into_iter();
    all.filter(|candidate| !refused.contains(&candidate.key))
        .collect()
}

/// The ids that were given out in this run.
#[derive(Debug, Default)]
struct Ids {
    given: BTreeSet<SubscriberId>,
}

impl Ids {
    /// Returns `acct-{account}`, with `-2`, `-3` for further services; or the id that another subscriber has.
    fn next(
        &mut self,
        context: &Context<'_>,
        account: &AccountId,
    ) -> Result<SubscriberId, CompactString> {
        let first = format_compact!("acct-{account}");
        let system = &context.inputs.settings.system;
        let most = context.inputs.inventory.subscribers.len() + self.given.len() + 1;
        for number in 1..=most {
            let id = match number {
                1 => first.clone(),
                further => format_compact!("{first}-{further}"),
            };
            let Ok(id) = SubscriberId::new(&id) else {
                return Err(first);
            };
            match context.subscriber(&id) {
                // It may be this customer's, from before gamctl: adopting it is for a person.
                Some(known) if known.external.is_none() => return Err(id.as_str().into()),
                Some(known)
                    if known
                        .link_to(system)
                        .is_some_and(|link| link.account != *account) =>
                {
                    return Err(id.as_str().into());
                }
                Some(_) => {}
                None if self.given.insert(id.clone()) => return Ok(id),
                None => {}
            }
        }
        Err(first)
    }
}
