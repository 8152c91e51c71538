//! Determines the subscribers that a plan makes slower or faster, and the step that does it.

use std::collections::BTreeMap;

use crate::model::{Slot, SubscriberName};
use crate::plan::item::Profile;
use crate::plan::planner_state::PlannerState;
use crate::plan::{Field, Limiter, SpeedChange};

use super::partial_state::PartialState;
use super::service::{ServedSubscribers, unclear_subscribers};

/// The subscribers whose rate limit the plan changes, with the limit before and after the plan.
///
/// The step that reaches the limit after the plan gets the change. The speeds in between are no effect of their own: a cycle
/// of profiles is broken by a moment without a limit, and the next step would seem to make the subscriber slower.
#[derive(Debug)]
pub(super) struct Speeds {
    pending: BTreeMap<usize, SpeedOf>,
}

#[derive(Debug)]
struct SpeedOf {
    name: SubscriberName,
    from: Limiter,
    to: Limiter,
    /// The limit at which the change is complete, with the stand-ins of rates that were not read.
    reached: Limiter,
}

impl Speeds {
    /// Subscribers without service before or after the plan are left out, because they lose or gain more than speed. So are
    /// those whose rate was not read: it has a stand-in value here, see `of_unread_users`.
    pub(super) fn begin(
        planner: &PlannerState<'_>,
        partial: &PartialState,
        served: &ServedSubscribers,
    ) -> Self {
        let mut pending = BTreeMap::new();
        for (index, item) in planner.subscribers.iter().enumerate() {
            let (Some(start), Some(goal)) = (&item.start, &item.goal) else {
                continue;
            };
            let may_be_served = served.is_served_after(index) || served.is_unknown_after(index);
            let is_served = served.is_served_before(index) && may_be_served;
            let after = |profile: usize| planner.profiles.get(profile)?.goal.as_ref();
            let to = match goal.rate {
                None => Some(Limiter::Unthrottled),
                Some(profile) => after(profile).map(of_profile),
            };
            let (Some(from), Some(reached)) = (limiter_of(partial, index), to) else {
                continue;
            };
            // The rates of one profile can be compared: what was not read of it stays. Those of two profiles cannot.
            let shown = |rate: Option<usize>, limiter| {
                let is_unread =
                    start.rate != goal.rate && rate.is_some_and(|rate| is_unread(planner, rate));
                if is_unread { Limiter::Unread } else { limiter }
            };
            let (from, to) = (shown(start.rate, from), shown(goal.rate, reached));
            let may_change = from != to || from == Limiter::Unread;
            if is_served && may_change && !item.is_unread(Field::Rate) {
                let change = SpeedOf {
                    name: start.name.clone(),
                    from,
                    to,
                    reached,
                };
                pending.insert(index, change);
            }
        }
        Self { pending }
    }

    /// Returns the changes of these subscribers that are complete at this point of the plan.
    pub(super) fn completed(
        &mut self,
        partial: &PartialState,
        touched: impl IntoIterator<Item = usize>,
    ) -> Vec<SpeedChange> {
        let mut changes = Grouped::new();
        for index in touched {
            let now = limiter_of(partial, index);
            let is_complete = self
                .pending
                .get(&index)
                .is_some_and(|one| now == Some(one.reached));
            if let Some(SpeedOf { name, from, to, .. }) =
                is_complete.then(|| self.pending.remove(&index)).flatten()
            {
                changes.entry((from, to)).or_default().push(name);
            }
        }
        grouped(changes)
    }
}

type Grouped = BTreeMap<(Limiter, Limiter), Vec<SubscriberName>>;

fn grouped(changes: Grouped) -> Vec<SpeedChange> {
    let changes = changes.into_iter().map(|((from, to), mut subscribers)| {
        subscribers.sort();
        SpeedChange {
            subscribers,
            from,
            to,
        }
    });
    changes.collect()
}

/// Returns the change of subscribers that may use a profile, because their profile or the whole object was not read.
pub(super) fn of_unread_users(
    planner: &PlannerState<'_>,
    profile: Slot,
    from: Limiter,
    to: Limiter,
) -> Option<SpeedChange> {
    let unread = planner.subscribers.iter();
    let unread = unread.filter(|item| item.is_unread(Field::Rate));
    let unread = unread.filter_map(|item| Some(item.start.as_ref()?.name.clone()));
    let unclear = unclear_subscribers(planner)
        .filter(|unclear| unclear.uses_profile == Some(profile))
        .filter_map(|unclear| SubscriberName::new(unclear.name.as_deref()?).ok());
    let mut subscribers: Vec<SubscriberName> = unread.chain(unclear).collect();
    subscribers.sort();
    subscribers.dedup();
    (from != to && !subscribers.is_empty()).then_some(SpeedChange {
        subscribers,
        from,
        to,
    })
}

/// Returns whether a rate of a profile was not read.
fn is_unread(planner: &PlannerState<'_>, profile: usize) -> bool {
    let item = planner.profiles.get(profile);
    item.is_some_and(|item| item.is_unread(Field::Down) || item.is_unread(Field::Up))
}

fn limiter_of(partial: &PartialState, index: usize) -> Option<Limiter> {
    match partial.subscriber(index)?.rate {
        None => Some(Limiter::Unthrottled),
        Some(profile) => limiter(partial, profile),
    }
}

/// Returns the limit of a profile at this point of the plan.
pub(super) fn limiter(partial: &PartialState, profile: usize) -> Option<Limiter> {
    partial.profile(profile).map(of_profile)
}

fn of_profile(profile: &Profile) -> Limiter {
    Limiter::Limited {
        down: profile.down,
        up: profile.up,
    }
}
