//! Enforces the limits of `policy.toml` over the plans of all devices of a run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Cause, Change, DevicePlan, Edit, Limit, Limits, Refusal, Step, Subscriber, Verb};
use crate::model::{DeviceName, SubscriberName};

/// A percentage applies from this number of objects. Below it, one household is already a large share.
const PERCENT_COUNTS_FROM: usize = 10;

/// The size of the whole inventory. Limits in percent must not depend on the devices that the operator selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InventoryFacts {
    /// Subscribers of all devices.
    pub subscribers: usize,
    /// Installed devices.
    pub devices: usize,
    /// The subscribers whose state is `suspended`, by device.
    pub suspended: BTreeMap<DeviceName, BTreeSet<SubscriberName>>,
    /// From the present name of a subscriber to its earlier one by `moved_from`, by device.
    pub renamed: BTreeMap<DeviceName, BTreeMap<SubscriberName, SubscriberName>>,
}

/// The objects on one device whose changes have a limit, as `guard` counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitedEffects {
    pub removals: usize,
    pub interruptions: usize,
    pub slower: usize,
    pub suspensions: usize,
    pub reassignments: usize,
}

/// Counts the changes of a plan that have a limit.
pub fn limited_effects(plan: &DevicePlan, inventory: &InventoryFacts) -> LimitedEffects {
    LimitedEffects {
        removals: removals_of(plan),
        interruptions: interruptions_of(plan),
        slower: slower_of(plan),
        suspensions: suspensions_of(plan, inventory),
        reassignments: reassignments_of(plan, inventory),
    }
}

/// Adds a refusal to each plan that exceeds a limit for one device, and returns the refusals for the whole run.
///
/// A removed subscriber and its removed endpoint count as one removal. Otherwise a small network could not remove a household.
/// An interruption is a subscriber that loses service, for a moment or for good, or that may be authenticated otherwise;
/// counted once per device.
///
/// Percentages are rounded up. For one device they are of the objects on it, for the whole run of the inventory, or of the
/// objects on the devices of this run if these are more.
#[must_use = "an unread refusal stops nothing"]
pub fn guard(
    plans: &mut [DevicePlan],
    limits: &Limits,
    inventory: &InventoryFacts,
) -> Vec<Refusal> {
    let removals_per_device = limits.removals_per_device;
    // No limit is about a device that is never written to.
    for plan in plans.iter_mut().filter(|plan| plan.state.is_written()) {
        let excess = Excess {
            count: removals_of(plan),
            of: households_of(plan),
            limit: removals_per_device,
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
    let rules = rules(plans, limits, inventory);
    rules.iter().filter_map(Rule::refusal).collect()
}

/// A limit over all devices, with the counts of this run.
struct Rule {
    id: &'static str,
    key: &'static str,
    limit: Limit,
    /// By device, of those that count.
    counts: Vec<usize>,
    of: usize,
    /// The counted objects: one, many, and all in the inventory.
    what: [&'static str; 3],
    happens: &'static str,
}

const PEOPLE: [&str; 3] = ["subscriber", "subscribers", "subscribers in the inventory"];
const HOUSEHOLDS: [&str; 3] = [
    "subscriber or endpoint",
    "subscribers or endpoints",
    "subscribers or endpoints in the inventory",
];
const DEVICES: [&str; 3] = ["device", "devices", "devices in the inventory"];

fn rules(plans: &[DevicePlan], limits: &Limits, inventory: &InventoryFacts) -> [Rule; 6] {
    let Limits {
        removals_per_device: _,
        removals,
        interruptions,
        slower,
        suspensions,
        reassignments,
        devices,
    } = *limits;
    let total = |count: &dyn Fn(&DevicePlan) -> usize| plans.iter().map(count).sum::<usize>();
    let each = |count: &dyn Fn(&DevicePlan) -> usize| -> Vec<usize> {
        let written = plans.iter().filter(|plan| plan.state.is_written());
        written.map(count).filter(|count| *count > 0).collect()
    };
    let people = total(&|plan| plan.census.subscribers).max(inventory.subscribers);
    let rule = |id, key, limit, counts, happens| Rule {
        id,
        key,
        limit,
        counts,
        of: people,
        what: PEOPLE,
        happens,
    };
    [
        Rule {
            of: total(&households_of).max(inventory.subscribers),
            what: HOUSEHOLDS,
            ..rule(
                "too-many-removals-in-all",
                "removals",
                removals,
                each(&removals_of),
                "would be removed in all",
            )
        },
        rule(
            "too-many-interruptions",
            "interruptions",
            interruptions,
            each(&interruptions_of),
            "would be interrupted or cut off",
        ),
        rule(
            "too-many-slower",
            "slower",
            slower,
            each(&slower_of),
            "would get slower",
        ),
        rule(
            "too-many-suspensions",
            "suspensions",
            suspensions,
            each(&|plan| suspensions_of(plan, inventory)),
            "would be suspended",
        ),
        rule(
            "too-many-reassignments",
            "reassignments",
            reassignments,
            each(&|plan| reassignments_of(plan, inventory)),
            "would get another name without `moved_from`",
        ),
        Rule {
            of: plans.len().max(inventory.devices),
            what: DEVICES,
            ..rule(
                "too-many-devices",
                "devices",
                devices,
                each(&|plan| usize::from(!plan.steps.is_empty())),
                "would be changed",
            )
        },
    ]
}

impl Rule {
    /// Returns the refusal if the limit is exceeded, with the ways out that are open.
    fn refusal(&self) -> Option<Refusal> {
        let [one, many, all] = self.what;
        let of_count = |count| Excess {
            count,
            of: self.of,
            limit: self.limit,
        };
        let count: usize = self.counts.iter().sum();
        let limit = of_count(count).words(all)?;
        // Fewer devices are a way out only if several count, and one of them alone is within the limit.
        let fits = |count: &usize| of_count(*count).words(all).is_none();
        let fewer = match self.counts.len() > 1 && self.counts.iter().any(fits) {
            true => "apply to fewer devices at a time (`--device`), ",
            false => "",
        };
        Some(Refusal {
            rule: self.id.to_owned(),
            message: format!(
                "{} {}, and {limit}",
                counted(count, one, many),
                self.happens
            ),
            hint: format!(
                "if that is intended, {fewer}split it into several commits and apply each, or raise `limits.{}` in an earlier commit",
                self.key
            ),
        })
    }
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
    let noticed = plan.steps.iter().flat_map(|step| {
        // A subscriber that is not authenticated any more is cut off too.
        step.impact
            .subscribers()
            .chain(&step.effects.authentication)
    });
    noticed.collect::<BTreeSet<_>>().len()
}

fn slower_of(plan: &DevicePlan) -> usize {
    let slower = plan.steps.iter().flat_map(|step| step.effects.slower());
    slower.collect::<BTreeSet<_>>().len()
}

/// Returns the changes of subscribers that exist before and after.
fn updates(plan: &DevicePlan) -> impl Iterator<Item = (&Step, &Edit<Subscriber>)> {
    plan.steps.iter().filter_map(|step| match &step.change {
        Change::Subscriber(_, edit) if edit.verb() == Verb::Update => Some((step, &**edit)),
        Change::Subscriber(..)
        | Change::System(_)
        | Change::Uplink(..)
        | Change::Port(..)
        | Change::Profile(..)
        | Change::Endpoint(..) => None,
    })
}

/// Counts the suspended subscribers whose service this plan restricts. The change of a name is no restriction.
fn suspensions_of(plan: &DevicePlan, inventory: &InventoryFacts) -> usize {
    let Some(suspended) = inventory.suspended.get(&plan.device) else {
        return 0;
    };
    let restricted = updates(plan).filter_map(|(_, edit)| {
        let fields = edit.after();
        let is_service =
            fields.vlan.is_some() || fields.rate.is_some() || fields.endpoint.is_some();
        is_service.then(|| edit.new_key())
    });
    let restricted = restricted.filter(|name| suspended.contains(*name));
    restricted.collect::<BTreeSet<_>>().len()
}

/// Counts the lines that get another name although no `moved_from` names the same account.
fn reassignments_of(plan: &DevicePlan, inventory: &InventoryFacts) -> usize {
    let renamed = inventory.renamed.get(&plan.device);
    let reassigned = updates(plan).filter(|(step, edit)| {
        let (old, name) = (edit.key(), edit.new_key());
        let is_known = renamed.is_some_and(|renamed| renamed.get(name) == Some(old));
        let is_temporary = step.because.iter().any(|why| why.cause == Cause::Temporary);
        old != name && !is_temporary && !is_known
    });
    reassigned.count()
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
