//! Links subscribers from before gamctl to billing: by the endpoint that an item of one service has.

use super::context::{Context, SyncInputs};
use super::edit::{ChangeCause, ChangeKind, ProposedChange, SyncEdit, SyncValue};
use super::reason::Reason;
use super::service_key::ServiceKey;
use crate::model::SubscriberId;

/// The links that can be written, and the subscribers that stay without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adoption {
    /// Each writes `external` and nothing else.
    pub changes: Vec<ProposedChange>,
    /// Without a reason: no item has the endpoint.
    pub left: Vec<(SubscriberId, Option<Reason>)>,
}

/// Matches subscribers without `external` with services by the MAC addresses of items.
pub fn adopt(inputs: SyncInputs<'_>) -> Adoption {
    let context = Context::of(inputs);
    let mut adoption = Adoption::default();
    if inputs.inventory.is_partial {
        return adoption;
    }
    for (id, subscriber) in &inputs.inventory.subscribers {
        if !subscriber.is_unlinked() {
            continue;
        }
        let found = match subscriber.endpoint {
            None => Err(None),
            Some(mac) => match context.claims.conflict(mac) {
                Some(conflict) => Err(Some(conflict)),
                None => service_of(&context, id, mac),
            },
        };
        match found {
            Ok(service) => {
                let site = inputs.inventory.site_of(&subscriber.device);
                let value = SyncValue::External(inputs.settings.system.clone(), service.clone());
                adoption.changes.push(ProposedChange {
                    service,
                    subscriber: id.clone(),
                    kind: ChangeKind::Change,
                    replaces: None,
                    is_from_absence: false,
                    site: site.cloned(),
                    edits: vec![SyncEdit::Set {
                        subscriber: id.clone(),
                        value,
                        from: None,
                    }],
                    cause: ChangeCause::Adopted,
                });
            }
            Err(reason) => adoption.left.push((id.clone(), reason)),
        }
    }
    refuse_doubles(&mut adoption);
    adoption
}

fn service_of(
    context: &Context<'_>,
    id: &SubscriberId,
    mac: crate::model::MacAddress,
) -> Result<ServiceKey, Option<Reason>> {
    let service = context.claims.service_of(mac).ok_or(None)?;
    match context.matches.subscribers.get(service) {
        None => Ok(service.clone()),
        Some(linked) => Err(Some(Reason::LinkedTwice {
            subscribers: vec![linked.clone(), id.clone()],
        })),
    }
}

/// Refuses services that two subscribers would be linked to.
fn refuse_doubles(adoption: &mut Adoption) {
    let all = std::mem::take(&mut adoption.changes);
    for change in &all {
        let same = all.iter().filter(|other| other.service == change.service);
        let subscribers: Vec<SubscriberId> = same.map(|one| one.subscriber.clone()).collect();
        match subscribers.len() {
            1 => adoption.changes.push(change.clone()),
            _ => {
                let reason = Reason::LinkedTwice { subscribers };
                let left = (change.subscriber.clone(), Some(reason));
                adoption.left.push(left);
            }
        }
    }
}
