//! Ends a service that is gone: suspends its subscriber, removes it after the grace period.

use super::conflict::FieldDecision;
use super::context::Context;
use super::edit::{ChangeCause, ChangeKind, SyncEdit};
use super::field_change::{Linked, Outcome, change, set_state};
use super::reason::Reason;
use super::service_key::ServiceKey;
use super::settings::DAY;
use super::status::gone_state;
use super::sync_base::GoneSince;
use crate::model::SubscriberId;
use crate::model::billing::{GoneCause, ServiceStatus};

/// Complete readings before a subscriber can be removed, however long ago the first one was.
const GONE_READINGS: u32 = 2;

/// Suspends the subscriber of a service that is gone, and removes it after the grace period.
pub(super) fn end(
    context: &Context<'_>,
    key: &ServiceKey,
    id: &SubscriberId,
    is_from_absence: bool,
    outcome: &mut Outcome,
) {
    let Some(subscriber) = context.subscriber(id) else {
        return;
    };
    let listed = context.listing.by_key.get(key).copied();
    let status = match listed {
        Some(service) => service.status.clone(),
        None => ServiceStatus::Gone {
            cause: GoneCause::NotListed,
        },
    };
    let base = context.base(key);
    let proves = context.completeness.proves_absence(key);
    let earlier = base.and_then(|base| base.gone);
    let now = context.inputs.now;
    let gone = match (proves, earlier) {
        (true, earlier) => Some(GoneSince {
            first: earlier.map_or(now, |gone| gone.first),
            readings: earlier.map_or(1, |gone| gone.readings.saturating_add(1)),
        }),
        (false, earlier) => earlier,
    };
    outcome.reading.subscriber = Some(id.clone());
    outcome.reading.status = Some(status.clone());
    outcome.reading.gone = gone;
    let linked = Linked {
        key,
        id,
        subscriber,
    };
    let wanted = gone_state(subscriber.endpoint.is_some());
    let decision = set_state(context, linked, &wanted, &status, is_from_absence, outcome);
    let grace = u64::from(context.inputs.settings.gone_after_days).saturating_mul(DAY);
    let first = gone.map_or(now, |gone| gone.first);
    let removed_at = first.saturating_add(grace);
    outcome.reasons.push(Reason::InGrace {
        since: first,
        removed_at,
    });
    let is_due = proves
        && now >= removed_at
        && gone.is_some_and(|gone| gone.readings >= GONE_READINGS)
        && decision == FieldDecision::Settled
        && subscriber.state.as_str() == wanted.value;
    if !is_due {
        return;
    }
    if subscriber.is_protected {
        let subscriber = id.clone();
        outcome.reasons.push(Reason::Protected { subscriber });
    } else if context.is_free_to_go(key, id) {
        let days = now.saturating_sub(first) / DAY;
        let cause = ChangeCause::Gone { days };
        let edit = SyncEdit::Remove {
            subscriber: id.clone(),
        };
        let mut removal = change(context, linked, ChangeKind::Removal, cause, vec![edit]);
        removal.is_from_absence = true;
        outcome.changes.push(removal);
    }
}
