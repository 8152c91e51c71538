//! Checks that service plans can become profiles on the devices that use them.

use std::collections::BTreeMap;

use foldhash::{HashSet, HashSetExt};

use super::CheckedDevice;
use crate::inventory::NetworkDefaults;
use crate::inventory::assemble::{Inventory, ObjectPosition, ServicePlanObject};
use crate::inventory::defaults::KnownDefaults;
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::record::{Fields, TOO_LONG};
use crate::inventory::rules::rules;
use crate::inventory::text::SuspensionHow;
use crate::model::{
    Headroom, LIMITER_RANGE, Mbps, Medium, ProfileName, ServicePlanId, SubscriberState,
    highest_limiter,
};

rules! {
    /// A service plan is either so fast down and so fast up, or as fast as the line goes.
    SERVICE_PLAN_SPEED = "service-plan-speed", Error, "a service plan without a clear speed",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n")];

    /// The rate limiter is set above the sold speed (headroom), and must then still be one the medium can hold:
    /// 10 to 800 Mbps on coax, 10 to 1000 Mbps on copper. A faster service must go unthrottled.
    IMPOSSIBLE_RATE = "impossible-rate", Error, "a speed that no rate limiter of the device can be set to",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 900\nup = 900\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\nunthrottled = true\n")];

    /// A device identifies profiles by name.
    DUPLICATE_PROFILE_NAME = "duplicate-profile-name", Error, "two service plans make profiles of one name",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n[service_plan.home-200]\ndown = 200\nup = 200\nprofile_name = \"home-100\"\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n[service_plan.home-200]\ndown = 200\nup = 200\n")];

    /// Subscribers are suspended by the rule in `network.toml`; `captive` and `throttle` need a service plan to go to.
    NO_SUSPENSION_PLAN = "no-suspension-plan", Error, "nothing says how subscribers are suspended",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"suspended\"\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"suspended\"\n"), ("network.toml", "schema = 1\n[suspension]\nhow = \"detach\"\n")];
}

/// A subscriber for each service plan and medium that meet.
pub(super) type Uses = BTreeMap<(ObjectPosition, Medium), ObjectPosition>;

pub(super) fn check(
    inventory: &Inventory,
    defaults: &NetworkDefaults,
    known: KnownDefaults,
    users: &Uses,
    pending: &mut Vec<Pending>,
) {
    let mut names: BTreeMap<String, ObjectPosition> = BTreeMap::new();
    for position in &inventory.service_plans {
        let Some(plan) = inventory.service_plan_at(*position) else {
            continue;
        };
        let at = inventory.point_at_service_plan(*position);
        check_speed(plan, &at, inventory.is_partial_at(*position), pending);
        check_name(inventory, *position, plan, &mut names, pending);
        let of_plan = users.range((*position, Medium::Coax)..=(*position, Medium::Copper));
        let media: Vec<_> = of_plan
            .map(|((_, medium), user)| (*medium, *user))
            .collect();
        let knows_headroom = plan.text.is_absent("headroom_percent") && known.headroom;
        if let Some(headroom) = plan
            .text
            .headroom_percent
            .or(knows_headroom.then_some(defaults.headroom))
        {
            check_rate(inventory, plan, &at, headroom, &media, pending);
        }
    }
}

/// Returns the service plans that a device's subscribers are on, and reports suspensions without a rule.
pub(super) fn uses(
    checked: &CheckedDevice<'_>,
    pending: &mut Vec<Pending>,
) -> Vec<(ObjectPosition, Medium, ObjectPosition)> {
    let (inventory, defaults) = (checked.inventory, checked.defaults);
    let needs_plan = defaults.suspension != SuspensionHow::Detach;
    let mut seen: HashSet<&ServicePlanId> = HashSet::new();
    let mut plans: Vec<(&ServicePlanId, ObjectPosition)> = Vec::new();
    for member in &checked.subscribers {
        let text = &member.object.text;
        let suspended_plan = match member.state() {
            SubscriberState::Suspended if needs_plan => defaults.suspension_plan.as_ref(),
            SubscriberState::Suspended | SubscriberState::Active | SubscriberState::Pending => None,
        };
        if member.state() == SubscriberState::Suspended
            && needs_plan
            && suspended_plan.is_none()
            && checked.known.suspension
        {
            let at = checked.point_at(member).value("state");
            let id = &member.object.id;
            pending.push(
                Pending::new(
                    &NO_SUSPENSION_PLAN,
                    at,
                    format!("subscriber `{id}` is suspended, and `network.toml` names no service plan for that"),
                )
                .hint("add `[suspension]` with `how` and `service_plan` to `network.toml`"),
            );
        }
        for plan in suspended_plan.into_iter().chain(&text.service_plan) {
            if seen.insert(plan) {
                plans.push((plan, member.position));
            }
        }
    }
    let Some(model) = checked.model else {
        return Vec::new();
    };
    plans
        .into_iter()
        .filter_map(|(plan, member)| {
            let position = inventory.service_plan_position(plan.as_str())?;
            Some((position, model.medium(), member))
        })
        .collect()
}

fn check_speed(
    plan: &ServicePlanObject,
    at: &Pointer,
    is_partial: bool,
    pending: &mut Vec<Pending>,
) {
    let text = &plan.text;
    let id = &plan.id;
    let speeds = ["down", "up"].map(|key| !text.is_absent(key));
    let mut add = |key: Option<&str>, message: String, hint: &str| {
        let at = key.map_or_else(|| at.clone(), |key| at.clone().key(key));
        pending.push(Pending::new(&SERVICE_PLAN_SPEED, at, message).hint(hint));
    };
    match (text.unthrottled == Some(true), speeds) {
        (true, [false, false]) | (false, [true, true]) => {}
        (true, _) => add(
            Some("unthrottled"),
            format!("service plan `{id}` is unthrottled and has a speed as well"),
            "keep one of the two",
        ),
        // What is missing may be in a part that cannot be read.
        (false, _) if is_partial => {}
        // Unreadable parts are reported in their own place.
        (false, _) if !text.is_absent("unthrottled") && text.unthrottled.is_none() => {}
        (false, [false, false]) => add(
            None,
            format!("service plan `{id}` has no speed"),
            "add `down = …` and `up = …`, or `unthrottled = true`",
        ),
        (false, [has_down, _]) => {
            let missing = if has_down { "up" } else { "down" };
            add(
                None,
                format!("service plan `{id}` has no `{missing}`"),
                "a service plan has both `down` and `up`",
            );
        }
    }
}

fn check_name(
    inventory: &Inventory,
    position: ObjectPosition,
    plan: &ServicePlanObject,
    names: &mut BTreeMap<String, ObjectPosition>,
    pending: &mut Vec<Pending>,
) {
    if plan.text.unthrottled == Some(true)
        || (!plan.text.is_absent("profile_name") && plan.text.profile_name.is_none())
    {
        return;
    }
    let at = inventory.point_at_service_plan(position);
    let name = plan
        .text
        .profile_name
        .as_ref()
        .map_or(plan.id.as_str(), |name| name.as_str());
    if name.len() > ProfileName::MAX {
        pending.push(
            Pending::new(&TOO_LONG, at, format!("the id `{name}` is too long for the profile's name: a device keeps {} characters", ProfileName::MAX))
                .hint("add a shorter `profile_name`"),
        );
        return;
    }
    if let Some(first) = names.get(name).filter(|first| {
        inventory
            .service_plan_at(**first)
            .is_some_and(|other| other.id != plan.id)
    }) {
        let other = inventory
            .service_plan_at(*first)
            .map_or("", |other| other.id.as_str());
        pending.push(
            Pending::new(
                &DUPLICATE_PROFILE_NAME,
                at.key("profile_name"),
                format!(
                    "service plans `{other}` and `{}` both make profiles called `{name}`",
                    plan.id
                ),
            )
            .hint("give one of the two another `profile_name`")
            .related(inventory.point_at_service_plan(*first), "the other one"),
        );
    } else {
        names.entry(name.to_owned()).or_insert(position);
    }
}

/// Checks the limiter against every medium that the plan is used on; against both if no subscriber uses it yet, only from below.
fn check_rate(
    inventory: &Inventory,
    plan: &ServicePlanObject,
    at: &Pointer,
    headroom: Headroom,
    media: &[(Medium, ObjectPosition)],
    pending: &mut Vec<Pending>,
) {
    for (key, sold) in [("down", plan.text.down), ("up", plan.text.up)] {
        let Some(sold) = sold else { continue };
        let limiter = headroom.above(sold);
        let shown = if limiter == sold {
            format!("{sold} Mbps")
        } else {
            format!(
                "{limiter} Mbps ({sold} and {} % headroom)",
                headroom.percent()
            )
        };
        let here = at.clone().value(key);
        let id = &plan.id;
        if limiter.get() < *LIMITER_RANGE.start() {
            pending.push(
                Pending::new(
                    &IMPOSSIBLE_RATE,
                    here,
                    format!(
                        "`{key}` of service plan `{id}` is {shown}, and limiters begin at {} Mbps",
                        LIMITER_RANGE.start()
                    ),
                )
                .hint("no GAM can limit a subscriber to less"),
            );
            continue;
        }
        let too_fast = |highest: Mbps| limiter > highest;
        let slowest = media
            .iter()
            .filter(|(medium, _)| too_fast(highest_limiter(*medium)));
        if let Some((medium, user)) = slowest.min_by_key(|(medium, _)| highest_limiter(*medium)) {
            let name = inventory
                .subscriber_at(*user)
                .map_or("", |object| object.id.as_str());
            pending.push(
                Pending::new(&IMPOSSIBLE_RATE, here, format!("`{key}` of service plan `{id}` needs a limiter of {shown}; {medium} goes up to {} Mbps", highest_limiter(*medium)))
                    .hint("sell it as `unthrottled = true`, or make it slower")
                    .related(inventory.point_at_subscriber(*user), format!("used on {medium} by `{name}`")),
            );
        } else if too_fast(highest_limiter(Medium::Copper)) {
            pending.push(
                Pending::new(&IMPOSSIBLE_RATE, here, format!("`{key}` of service plan `{id}` needs a limiter of {shown}; no GAM goes above {} Mbps", highest_limiter(Medium::Copper)))
                    .hint("sell it as `unthrottled = true`, or make it slower"),
            );
        }
    }
}
