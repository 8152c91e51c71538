//! Enforces the limits of `policy.toml` over the plans of all devices of a run.

use std::collections::BTreeSet;

use super::{Change, DevicePlan, Limit, Limits, Refusal, Verb};

/// A percentage applies from this number of objects. Below it, one household is already a large share.
const PERCENT_COUNTS_FROM: usize = 10;

/// Adds a refusal to each plan that exceeds a limit for one device, and returns the refusals for the whole run.
///
/// A removed subscriber and its removed endpoint count as one removal. Otherwise a small network could not remove a household.
/// An interruption is a subscriber that loses service, for a moment or for good, counted once per device.
///
/// Percentages are of the objects on the devices of this run, rounded up. For removals these are the subscribers or the
/// endpoints, whichever are more.
#[must_use = "an unread refusal stops nothing"]
pub fn guard(plans: &mut [DevicePlan], limits: &Limits) -> Vec<Refusal> {
    let Limits {
        removals_per_device,
        removals,
        interruptions,
        devices,
    } = limits;
    for plan in plans.iter_mut() {
        let excess = Excess {
            count: removals_of(plan),
            of: households_of(plan),
            limit: *removals_per_device,
        };
        if let Some(limit) = excess.words("subscribers or endpoints on it") {
            plan.refusals.push(Refusal {
                rule: "too-many-removals".to_owned(),
                message: format!(
                    "{} of {} would be removed, and {limit}",
                    counted(excess.count, "subscriber or endpoint", "subscribers or endpoints"),
                    plan.device
                ),
                hint: "if they are meant to go, remove them in several steps, or raise `limits.removals_per_device` in an earlier commit".to_owned(),
            });
        }
    }
    let total = |count: fn(&DevicePlan) -> usize| plans.iter().map(count).sum::<usize>();
    let changing = plans.iter().filter(|plan| !plan.steps.is_empty()).count();
    let mut refusals = Vec::new();
    let excess = Excess {
        count: total(removals_of),
        of: total(households_of),
        limit: *removals,
    };
    if let Some(limit) = excess.words("subscribers or endpoints on these devices") {
        refusals.push(Refusal {
            rule: "too-many-removals-in-all".to_owned(),
            message: format!(
                "{} would be removed in all, and {limit}",
                counted(excess.count, "subscriber or endpoint", "subscribers or endpoints")
            ),
            hint: "if they are meant to go, apply to fewer devices at a time, or raise `limits.removals` in an earlier commit".to_owned(),
        });
    }
    let excess = Excess {
        count: total(interruptions_of),
        of: total(|plan| plan.census.subscribers),
        limit: *interruptions,
    };
    if let Some(limit) = excess.words("subscribers on these devices") {
        refusals.push(Refusal {
            rule: "too-many-interruptions".to_owned(),
            message: format!(
                "{} would be interrupted or cut off, and {limit}",
                counted(excess.count, "subscriber", "subscribers")
            ),
            hint: "apply to fewer devices at a time, or raise `limits.interruptions` in an earlier commit".to_owned(),
        });
    }
    let excess = Excess {
        count: changing,
        of: plans.len(),
        limit: *devices,
    };
    if let Some(limit) = excess.words("devices") {
        refusals.push(Refusal {
            rule: "too-many-devices".to_owned(),
            message: format!(
                "{} would be changed, and {limit}",
                counted(excess.count, "device", "devices")
            ),
            hint:
                "apply to fewer devices at a time, or raise `limits.devices` in an earlier commit"
                    .to_owned(),
        });
    }
    refusals
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn households_of(plan: &DevicePlan) -> usize {
    plan.census.subscribers.max(plan.census.endpoints)
}

fn removals_of(plan: &DevicePlan) -> usize {
    let removed = plan
        .changes()
        .filter(|change| change.verb() == Verb::Remove);
    let (mut subscribers, mut leaving, mut endpoints) = (0, BTreeSet::new(), BTreeSet::new());
    for change in removed {
        match change {
            Change::Subscriber(_, edit) => {
                subscribers += 1;
                let endpoint = edit.before().endpoint.and_then(Option::as_ref);
                leaving.extend(endpoint.map(|endpoint| endpoint.mac));
            }
            Change::Endpoint(_, edit) => {
                endpoints.insert(*edit.key());
            }
            Change::System(_) | Change::Uplink(..) | Change::Port(..) | Change::Profile(..) => {}
        }
    }
    subscribers + endpoints.difference(&leaving).count()
}

fn interruptions_of(plan: &DevicePlan) -> usize {
    let noticed = plan.steps.iter().flat_map(|step| step.impact.subscribers());
    noticed.collect::<BTreeSet<_>>().len()
}

/// A number of objects, the number of all such objects, and the limit.
#[derive(Debug, Clone, Copy)]
struct Excess {
    count: usize,
    of: usize,
    limit: Limit,
}

impl Excess {
    /// Returns the limit in words if it is exceeded. Of two limits, the smaller one applies.
    fn words(self, of_what: &str) -> Option<String> {
        let Limit { count, percent } = self.limit;
        let by_count = count.and_then(|count| usize::try_from(count).ok());
        let by_percent = percent
            .filter(|_| self.of >= PERCENT_COUNTS_FROM)
            .and_then(|percent| usize::try_from(percent).ok())
            .map(|percent| (self.of.saturating_mul(percent).div_ceil(100), percent));
        let is_passed = |most: usize| self.count > most;
        match (by_count, by_percent) {
            (_, Some((most, percent)))
                if is_passed(most) && by_count.is_none_or(|count| most <= count) =>
            {
                Some(format!(
                    "the limit is {most}, which is {percent} % of the {} {of_what}",
                    self.of
                ))
            }
            (Some(most), _) if is_passed(most) => Some(format!("the limit is {most}")),
            (Some(_) | None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(count: usize, of: usize, limit: (Option<u32>, Option<u32>)) -> Option<String> {
        let limit = Limit {
            count: limit.0,
            percent: limit.1,
        };
        Excess { count, of, limit }.words("things")
    }

    #[test]
    fn the_smaller_limit_wins_from_ten_objects_up() {
        let both = (Some(5), Some(20));
        assert_eq!(passed(5, 9, both), None);
        assert_eq!(passed(6, 9, both).unwrap(), "the limit is 5");
        assert_eq!(passed(2, 10, both), None);
        assert_eq!(
            passed(3, 10, both).unwrap(),
            "the limit is 2, which is 20 % of the 10 things"
        );
        assert_eq!(passed(5, 1000, both), None);
        assert_eq!(passed(6, 1000, both).unwrap(), "the limit is 5");
        assert_eq!(passed(300, 1000, both).unwrap(), "the limit is 5");
    }

    #[test]
    fn a_limit_of_zero_allows_nothing_and_no_limit_allows_everything() {
        assert_eq!(passed(1, 3, (Some(0), None)).unwrap(), "the limit is 0");
        assert_eq!(passed(0, 3, (Some(0), None)), None);
        assert_eq!(passed(1000, 1000, (None, None)), None);
        assert_eq!(passed(9, 9, (None, Some(1))), None);
        assert_eq!(passed(1, 10, (None, Some(1))), None);
        assert!(passed(2, 10, (None, Some(9))).is_some());
        assert!(passed(1, 10, (None, Some(0))).is_some());
    }
}
