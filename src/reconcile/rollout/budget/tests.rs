//! Tests budgets: the rolling hour, lanes, devices, and that they agree with the limits of one apply.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::DeviceState;
use crate::plan::{DevicePlan, InventoryFacts, Step, guard};

const NOW: u64 = 1_800_000_000;

fn effect(device: &str, effect: CountedEffect, count: usize) -> EffectCount {
    EffectCount {
        device: device.parse().unwrap(),
        lane: None,
        effect,
        count,
    }
}

fn executed(minutes_ago: u64, effect: EffectCount) -> ExecutedEffect {
    ExecutedEffect {
        at: NOW - minutes_ago * 60,
        effect,
    }
}

fn limit(count: u32) -> Limit {
    Limit {
        count: Some(count),
        percent: None,
    }
}

fn removals(count: u32) -> BudgetLimits {
    BudgetLimits {
        fleet: Limits {
            removals: limit(count),
            ..Limits::default()
        },
        lanes: BTreeMap::new(),
    }
}

fn only(found: Vec<BudgetUse>) -> BudgetUse {
    let [one] = found.try_into().unwrap();
    one
}

use CountedEffect::{Changes, Devices, Interruptions, Removals};

#[test]
fn small_rollouts_share_the_budget_of_an_hour() {
    let done = [
        executed(50, effect("a", Removals, 6)),
        executed(20, effect("b", Removals, 3)),
    ];
    let planned = [effect("c", Removals, 4)];
    let found = only(budgets(
        &done,
        &planned,
        &removals(10),
        &BudgetSizes::default(),
        NOW,
    ));
    assert_eq!((found.used, found.planned, found.limit), (9, 4, 10));
    assert!(found.is_exceeded());
    assert_eq!(
        found.enough_at,
        Some(NOW + 10 * 60),
        "when the 6 removals are an hour old"
    );
    assert_eq!(
        found.to_string(),
        "`limits.removals` allows 10 in an hour: 9 used, 4 planned"
    );
    let later = only(budgets(
        &done,
        &planned,
        &removals(10),
        &BudgetSizes::default(),
        NOW + 600,
    ));
    assert!(!later.is_exceeded());
}

#[test]
fn waiting_does_not_help_if_the_plan_alone_is_over_the_limit() {
    let planned = [effect("a", Removals, 11)];
    let found = only(budgets(
        &[],
        &planned,
        &removals(10),
        &BudgetSizes::default(),
        NOW,
    ));
    assert_eq!(found.enough_at, None);
    assert_eq!(
        found.to_string(),
        "`limits.removals` allows 10 in an hour: 0 used, 11 planned; waiting does not help"
    );
}

#[test]
fn a_device_that_is_changed_twice_in_an_hour_counts_once() {
    let limits = BudgetLimits {
        fleet: Limits {
            devices: limit(2),
            ..Limits::default()
        },
        lanes: BTreeMap::new(),
    };
    let done = [
        executed(50, effect("a", Devices, 1)),
        executed(5, effect("a", Devices, 1)),
        executed(30, effect("b", Devices, 1)),
    ];
    let again = [effect("a", Devices, 1)];
    let found = only(budgets(
        &done,
        &again,
        &limits,
        &BudgetSizes::default(),
        NOW,
    ));
    assert_eq!((found.used, found.planned), (1, 1));
    assert!(!found.is_exceeded());
    let third = [effect("c", Devices, 1)];
    let found = only(budgets(
        &done,
        &third,
        &limits,
        &BudgetSizes::default(),
        NOW,
    ));
    assert!(found.is_exceeded());
    assert_eq!(
        found.enough_at,
        Some(NOW + 30 * 60),
        "when b expires, since a was changed again"
    );
}

#[test]
fn a_lane_has_a_budget_of_its_own() {
    let limits = BudgetLimits {
        fleet: Limits::default(),
        lanes: BTreeMap::from([("helpdesk".to_owned(), BTreeMap::from([(Changes, limit(5))]))]),
    };
    let by = |lane: &str, count| EffectCount {
        lane: Some(lane.to_owned()),
        ..effect("a", Changes, count)
    };
    let done = [
        executed(1, by("helpdesk", 4)),
        executed(1, by("billing", 40)),
        executed(1, effect("a", Changes, 40)),
    ];
    let found = only(budgets(
        &done,
        &[by("helpdesk", 2)],
        &limits,
        &BudgetSizes::default(),
        NOW,
    ));
    assert_eq!(
        (found.used, found.planned, found.is_exceeded()),
        (4, 2, true)
    );
    assert_eq!(found.key(), "lane.helpdesk.limits.changes");
    let other = only(budgets(
        &done,
        &[by("billing", 90)],
        &limits,
        &BudgetSizes::default(),
        NOW,
    ));
    assert!(!other.is_exceeded());
}

#[test]
fn removals_on_one_device_are_a_share_of_what_is_on_it() {
    let limits = BudgetLimits {
        fleet: Limits {
            removals_per_device: Limit {
                count: Some(5),
                percent: Some(20),
            },
            ..Limits::default()
        },
        lanes: BTreeMap::new(),
    };
    let sizes = BudgetSizes {
        on_device: BTreeMap::from([("a".parse().unwrap(), 11), ("b".parse().unwrap(), 9)]),
        ..BudgetSizes::default()
    };
    let planned = [
        effect("a", Removals, 4),
        effect("b", Removals, 4),
        effect("c", Interruptions, 4),
    ];
    let found = budgets(&[], &planned, &limits, &sizes, NOW);
    let limits: Vec<usize> = found.iter().map(|one| one.limit).collect();
    assert_eq!(
        limits,
        [3, 5],
        "20 % of 11, rounded up; below ten the count"
    );
    assert_eq!(
        found[0].to_string(),
        "`limits.removals_per_device` allows 3 in an hour on a: 0 used, 4 planned; waiting does not help"
    );
    assert!(!found[1].is_exceeded());
}

fn any_effect() -> impl Strategy<Value = EffectCount> {
    let kinds = prop::sample::select(&CountedEffect::ALL[..]);
    let lane = prop::option::of(prop::sample::select(vec!["billing", "helpdesk"]));
    (0_usize..4, lane, kinds, 0_usize..9).prop_map(|(device, lane, kind, count)| EffectCount {
        lane: lane.map(str::to_owned),
        ..effect(["a", "b", "c", "d"][device], kind, count)
    })
}

prop_compose! {
    fn any_executed()(effects in prop::collection::vec((0_u64..90, any_effect()), 0..20)) -> Vec<ExecutedEffect> {
        effects.into_iter().map(|(minutes, effect)| executed(minutes, effect)).collect()
    }
}

prop_compose! {
    fn any_limits()(
        fleet in prop::collection::vec((prop::option::of(0_u32..30), prop::option::of(0_u32..100)), 7),
        lane in prop::collection::btree_map(prop::sample::select(&CountedEffect::ALL[..]), (0_u32..20).prop_map(limit), 0..4),
    ) -> BudgetLimits {
        let at = |index: usize| Limit { count: fleet[index].0, percent: fleet[index].1 };
        BudgetLimits {
            fleet: Limits {
                removals_per_device: at(0), removals: at(1), interruptions: at(2), slower: at(3),
                suspensions: at(4), reassignments: at(5), devices: at(6),
            },
            lanes: BTreeMap::from([("helpdesk".to_owned(), lane)]),
        }
    }
}

fn plan_with_a_step(number: usize) -> DevicePlan {
    let flag = |is: bool| json!({ "type": "flag", "value": is });
    let fields = [json!({ "field": "enabled", "from": flag(true), "to": flag(false) })];
    let change =
        json!({ "object": { "kind": "port", "id": 1 }, "verb": "update", "fields": fields });
    let step = json!({ "change": change, "impact": { "kind": "none" }, "because": [] });
    let mut plan = DevicePlan::<Step>::preprovision(format!("gam-{number}").parse().unwrap());
    plan.state = DeviceState::Managed;
    plan.steps.push(serde_json::from_value(step).unwrap());
    plan
}

fn sizes() -> BudgetSizes {
    BudgetSizes {
        subscribers: 60,
        households: 70,
        devices: 12,
        on_device: BTreeMap::from([("a".parse().unwrap(), 5), ("b".parse().unwrap(), 50)]),
    }
}

proptest! {
    #[test]
    fn an_exceeded_budget_fits_at_the_moment_it_names_and_not_before(
        done in any_executed(), planned in prop::collection::vec(any_effect(), 0..8), limits in any_limits(),
    ) {
        for one in budgets(&done, &planned, &limits, &sizes(), NOW) {
            let at = |now| {
                let later = budgets(&done, &planned, &limits, &sizes(), now);
                later.into_iter().find(|other| (&other.scope, other.effect) == (&one.scope, one.effect)).unwrap()
            };
            match one.enough_at {
                Some(moment) => {
                    prop_assert!(one.is_exceeded() && moment > NOW);
                    prop_assert!(!at(moment).is_exceeded());
                    prop_assert!(at(moment - 1).is_exceeded());
                }
                None if one.is_exceeded() => prop_assert!(one.planned > one.limit),
                None => {}
            }
        }
    }

    #[test]
    fn more_planned_effects_never_make_an_exceeded_budget_fit(
        done in any_executed(), planned in prop::collection::vec(any_effect(), 1..8), limits in any_limits(), fewer in 0_usize..8,
    ) {
        let all = budgets(&done, &planned, &limits, &sizes(), NOW);
        let some = &planned[..fewer.min(planned.len())];
        for one in budgets(&done, some, &limits, &sizes(), NOW).into_iter().filter(BudgetUse::is_exceeded) {
            let same = all.iter().find(|other| (&other.scope, other.effect) == (&one.scope, one.effect)).unwrap();
            prop_assert!(same.is_exceeded());
        }
    }

    #[test]
    fn without_earlier_effects_a_budget_allows_as_much_as_one_apply(
        count in prop::option::of(0_u32..20), percent in prop::option::of(0_u32..100), all in 1_usize..40, changed in 1_usize..20,
    ) {
        let limits = Limits { devices: Limit { count, percent }, ..Limits::default() };
        let changed = changed.min(all);
        let mut plans: Vec<DevicePlan> = (0..changed).map(plan_with_a_step).collect();
        let inventory = InventoryFacts { devices: all, ..InventoryFacts::default() };
        let is_refused = !guard(&mut plans, &limits, &inventory).is_empty();
        let planned: Vec<EffectCount> = plans.iter().map(|plan| effect(plan.device.as_str(), Devices, 1)).collect();
        let budget = BudgetLimits { fleet: limits, lanes: BTreeMap::new() };
        let sizes = BudgetSizes { devices: all, ..BudgetSizes::default() };
        let found = budgets(&[], &planned, &budget, &sizes, NOW);
        prop_assert_eq!(found.iter().any(BudgetUse::is_exceeded), is_refused);
    }

    #[test]
    fn effects_older_than_an_hour_do_not_count(
        done in any_executed(), planned in prop::collection::vec(any_effect(), 0..8), limits in any_limits(),
    ) {
        let mut recent = done.clone();
        recent.retain(|one| one.at + 3600 > NOW);
        let all = budgets(&done, &planned, &limits, &sizes(), NOW);
        prop_assert_eq!(all, budgets(&recent, &planned, &limits, &sizes(), NOW));
    }
}
