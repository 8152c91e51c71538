//! Computes what the service would do with a plan by itself, what would wait, and for whom.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Weekday;

use super::drift::DriftPolicy;
use super::plan_class::{plan_authors, plan_class, plan_classes, plan_removals, wave_devices};
use super::policy::RolloutPolicy;
use super::two_person::{ApprovalFacts, needed_approvals};
use super::wave::{WaveDevice, waves};
use crate::inventory::{ServicePolicy, Window, pattern};
use crate::model::{DeviceName, SiteName};
use crate::plan::{DevicePlan, Planned};
use crate::report::{RolloutOutlook, ServiceOutlook, WindowOutlook};

/// Returns what the service would do with a plan under a policy. `known` are the devices of the planned inventory.
///
/// The service decides by the same functions. It sees more: looks, freezes, holds, lanes, and what the last hour used of a limit.
pub fn service_outlook(
    planned: &Planned,
    policy: &ServicePolicy,
    policy_of: String,
    known: &[WaveDevice],
) -> ServiceOutlook {
    let rules = RolloutPolicy::of(policy);
    let is_refused = !planned.refusals.is_empty() || !planned.lint_errors.is_empty();
    let classes = match is_refused {
        true => BTreeMap::new(),
        false => plan_classes(planned, &rules),
    };
    let rollouts = classes.iter().map(|(class, devices)| {
        let plans = planned.devices.iter();
        let plans: Vec<DevicePlan> = plans
            .filter(|plan| devices.contains(&plan.device))
            .cloned()
            .collect();
        let authors: Vec<String> = plan_authors(&plans).into_iter().collect();
        let facts = ApprovalFacts {
            is_automatic: !class.needs_person,
            removals: plan_removals(&plans),
            over_limit: Vec::new(),
        };
        let needed = needed_approvals(&facts, &rules.approval, &authors);
        RolloutOutlook {
            is_drift: class.is_drift,
            steps: plans.iter().map(|plan| plan.steps.len()).sum(),
            approvals: needed.count,
            because: needed.because.iter().map(ToString::to_string).collect(),
            not_by: match needed.not_by.is_empty() {
                true => Vec::new(),
                false => authors,
            },
            waves: waves(&wave_devices(known, &plans), &rules.waves),
            settle: rules.waves.settle,
        }
    });
    let mut rollouts: Vec<RolloutOutlook> = rollouts.collect();
    rollouts.sort_by_key(|rollout| rollout.approvals);
    let names = |is_one: &dyn Fn(&DevicePlan) -> bool| -> Vec<DeviceName> {
        let plans = planned.devices.iter();
        let plans = plans.filter(|plan| !is_refused && is_one(plan));
        plans.map(|plan| plan.device.clone()).collect()
    };
    let windows = windows(policy, &rollouts, known);
    let devices: BTreeSet<&DeviceName> = rollouts
        .iter()
        .flat_map(|rollout| &rollout.waves)
        .flatten()
        .collect();
    let in_window: BTreeSet<&DeviceName> =
        windows.iter().flat_map(|window| &window.devices).collect();
    let in_no_window = match policy.windows.is_empty() {
        true => Vec::new(),
        false => devices.difference(&in_window).copied().cloned().collect(),
    };
    ServiceOutlook {
        policy_of,
        is_refused,
        refused: names(&|plan| plan.is_refused()),
        only_reported: names(&|plan| {
            !plan.steps.is_empty()
                && !plan.is_refused()
                && plan.state.is_written()
                && plan_class(plan, &rules, &[], 0).is_none()
        }),
        drift: (
            drift(rules.drift.default),
            rules
                .drift
                .fields
                .iter()
                .map(|(field, policy)| (field.clone(), drift(*policy)))
                .collect(),
        ),
        in_no_window,
        windows,
        rollouts,
    }
}

fn drift(policy: DriftPolicy) -> &'static str {
    match policy {
        DriftPolicy::Report => "reported",
        DriftPolicy::Ask => "restored after the approval of one person",
        DriftPolicy::Restore => "restored",
    }
}

/// Returns the windows that are for devices of the rollouts, with these devices. A window that never opens is for none.
fn windows(
    policy: &ServicePolicy,
    rollouts: &[RolloutOutlook],
    known: &[WaveDevice],
) -> Vec<WindowOutlook> {
    let sites: BTreeMap<&DeviceName, &str> = known
        .iter()
        .map(|device| {
            let site = device.site.as_ref();
            (&device.name, site.map_or("", SiteName::as_str))
        })
        .collect();
    let mut devices: Vec<&DeviceName> = rollouts
        .iter()
        .flat_map(|rollout| &rollout.waves)
        .flatten()
        .collect();
    devices.sort();
    let windows = policy
        .windows
        .iter()
        .filter(|window| !window.days.is_empty());
    let windows = windows.map(|window| {
        let patterns = window.sites.iter().filter_map(|site| pattern(site).ok());
        let patterns: Vec<_> = patterns.collect();
        let is_for = |device: &&&DeviceName| {
            let site = sites.get(**device).copied().unwrap_or_default();
            patterns.iter().any(|pattern| pattern.is_match(site))
        };
        WindowOutlook {
            hours: hours(window),
            devices: devices.iter().filter(is_for).copied().cloned().collect(),
        }
    });
    windows
        .filter(|window| !window.devices.is_empty())
        .collect()
}

/// Returns the days and hours of a window, such as `mon-fri 22:00 to 04:00 Europe/Vienna`.
fn hours(window: &Window) -> String {
    const DAYS: [(Weekday, &str); 7] = [
        (Weekday::Mon, "mon"),
        (Weekday::Tue, "tue"),
        (Weekday::Wed, "wed"),
        (Weekday::Thu, "thu"),
        (Weekday::Fri, "fri"),
        (Weekday::Sat, "sat"),
        (Weekday::Sun, "sun"),
    ];
    let is_open = |(day, _): &&(Weekday, &str)| window.days.contains(*day);
    let days: Vec<&str> = DAYS.iter().filter(is_open).map(|(_, word)| *word).collect();
    let is_range = DAYS
        .iter()
        .skip_while(|day| !is_open(day))
        .take(days.len())
        .all(|day| is_open(&day));
    let days = match (days.len(), days.first(), days.last()) {
        (7, _, _) => "every day".to_owned(),
        (3.., Some(first), Some(last)) if is_range => format!("{first}-{last}"),
        _ => days.join(","),
    };
    format!(
        "{days} {} to {} {}",
        window.from,
        window.to,
        window.zone.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::text::{CommitPolicy, TimeOfDay, TwoPersonCase, Weekdays};
    use crate::model::DeviceState;
    use crate::plan::Refusal;
    use serde_json::json;

    fn name(name: &str) -> DeviceName {
        DeviceName::new(name).unwrap()
    }

    fn known(device: &str, site: &str) -> WaveDevice {
        WaveDevice {
            name: name(device),
            site: Some(site.parse().unwrap()),
            is_canary: false,
            subscribers: 3,
            interrupted: 0,
        }
    }

    /// A plan that removes a subscriber, or enables a port.
    fn plan(device: &str, is_removal: bool) -> DevicePlan {
        let step = match is_removal {
            true => json!({
                "change": {
                    "object": { "kind": "subscriber", "id": "apt-1" },
                    "slot": 1,
                    "verb": "remove",
                    "fields": [
                        { "field": "name", "from": { "type": "text", "value": "apt-1" } },
                        { "field": "rate", "from": { "type": "unthrottled" } },
                        { "field": "vlan", "from": { "type": "vlan", "value": 101 } },
                        { "field": "tagged", "from": { "type": "flag", "value": false } },
                    ],
                },
                "impact": { "kind": "disconnects", "subscribers": ["apt-1"] },
                "because": [{ "cause": { "kind": "gone" } }],
            }),
            false => json!({
                "change": {
                    "object": { "kind": "port", "id": 1 },
                    "verb": "update",
                    "fields": [{
                        "field": "enabled",
                        "from": { "type": "flag", "value": false },
                        "to": { "type": "flag", "value": true },
                    }],
                },
                "impact": { "kind": "none" },
                "because": [{ "cause": { "kind": "inventory" }, "fields": ["enabled"] }],
            }),
        };
        let mut plan = DevicePlan::preprovision(name(device));
        plan.state = DeviceState::Managed;
        plan.steps.push(serde_json::from_value(step).unwrap());
        plan
    }

    fn planned(devices: Vec<DevicePlan>) -> Planned {
        Planned {
            devices,
            ..Planned::default()
        }
    }

    fn outlook(planned: &Planned, policy: &ServicePolicy) -> ServiceOutlook {
        let known = [known("oak", "north"), known("elm", "south")];
        service_outlook(planned, policy, "main".to_owned(), &known)
    }

    #[test]
    fn each_class_of_plans_is_a_rollout_with_its_own_approvals() {
        let policy = ServicePolicy {
            commits: CommitPolicy::Harmless,
            two_persons: [TwoPersonCase::Removals].into(),
            ..ServicePolicy::default()
        };
        let planned = planned(vec![plan("elm", true), plan("oak", false)]);
        let outlook = outlook(&planned, &policy);
        let approvals: Vec<_> = outlook
            .rollouts
            .iter()
            .map(|rollout| (rollout.approvals, rollout.waves.clone()))
            .collect();
        assert_eq!(
            approvals,
            [(0, vec![vec![name("oak")]]), (2, vec![vec![name("elm")]])]
        );
        let asked = super::service_outlook(
            &planned,
            &ServicePolicy::default(),
            String::new(),
            &[known("oak", "north"), known("elm", "south")],
        );
        assert_eq!(asked.rollouts.len(), 1);
        assert_eq!(asked.rollouts[0].approvals, 1);
        assert_eq!(asked.rollouts[0].waves.len(), 2);
    }

    #[test]
    fn a_refusal_of_all_plans_leaves_nothing_and_one_of_a_device_only_that_device() {
        let refusal = || Refusal {
            rule: "too-many-removals".to_owned(),
            message: String::new(),
            hint: String::new(),
        };
        let mut planned = planned(vec![plan("elm", true), plan("oak", false)]);
        planned.devices[0].refusals.push(refusal());
        let one = outlook(&planned, &ServicePolicy::default());
        assert_eq!(one.refused, [name("elm")]);
        assert_eq!(one.rollouts.len(), 1);
        planned.refusals.push(refusal());
        let all = outlook(&planned, &ServicePolicy::default());
        assert!(all.is_refused && all.rollouts.is_empty() && all.refused.is_empty());
    }

    #[test]
    fn a_device_is_named_under_its_windows_or_as_in_none() {
        let window = |site: &str, days| Window {
            sites: vec![site.to_owned()],
            days,
            from: TimeOfDay::new(22 * 60).unwrap(),
            to: TimeOfDay::new(4 * 60).unwrap(),
            zone: chrono_tz::Tz::UTC,
        };
        let policy = ServicePolicy {
            windows: vec![
                window("nor*", Weekdays::EVERY),
                // It never opens.
                window("*", Weekdays::NONE),
            ],
            ..ServicePolicy::default()
        };
        let planned = planned(vec![plan("elm", false), plan("oak", false)]);
        let outlook = outlook(&planned, &policy);
        assert_eq!(outlook.in_no_window, [name("elm")]);
        let [window] = outlook.windows.as_slice() else {
            panic!("{:?}", outlook.windows)
        };
        assert_eq!(window.hours, "every day 22:00 to 04:00 UTC");
        assert_eq!(window.devices, [name("oak")]);
    }
}
