//! Checks `network.toml` and `policy.toml`, and the earlier ids of subscribers.

use foldhash::{HashMap, HashMapExt};

use super::vlan::RESERVED_VLAN;
use crate::inventory::assemble::{Inventory, ObjectPosition};
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::rules::rules;
use crate::inventory::text::{LimitText, LimitsText};

rules! {
    /// New subscribers get their VLANs from this pool; a VLAN of the device's own, or the management VLAN, must not be
    /// handed out.
    POOL_VLAN = "pool-vlan", Error, "the pool of subscriber VLANs has one that no subscriber can have",
    wrong: [("network.toml", "schema = 1\n[vlans]\nsubscribers = \"100-3900\"\n")],
    right: [("network.toml", "schema = 1\n[vlans]\nsubscribers = \"100-3799\"\n")];

    /// A limit without a number limits nothing.
    EMPTY_LIMIT = "empty-limit", Error, "a limit without `count` or `percent`",
    wrong: [("policy.toml", "[limits]\nremovals = {}\n")],
    right: [("policy.toml", "[limits]\nremovals = { count = 20, percent = 2 }\n")];

    /// `moved_from` names the id that a subscriber had before, so that it is moved and not cut off. The old id must be
    /// gone, and only one subscriber can come from it.
    MOVED_FROM = "moved-from", Error, "a `moved_from` that cannot be",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nmoved_from = \"acct-1\"\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nmoved_from = \"acct-0\"\n")];
}

pub(super) fn check(inventory: &Inventory, pending: &mut Vec<Pending>) {
    pool(inventory, pending);
    management(inventory, pending);
    limits(inventory, pending);
    moves(inventory, pending);
}

fn pool(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let vlans = inventory
        .network()
        .and_then(|network| network.vlans.as_ref());
    let (Some(file), Some(pool)) = (
        inventory.networks.first(),
        vlans.and_then(|vlans| vlans.subscribers.as_ref()),
    ) else {
        return;
    };
    let at = Pointer::to_file(*file).key("vlans").value("subscribers");
    let management = inventory.defaults().management_vlan;
    if let Some((vlan, problem)) = pool
        .iter()
        .find_map(|vlan| Some((vlan, vlan.check_data().err()?)))
    {
        pending.push(
            Pending::new(
                &POOL_VLAN,
                at,
                format!("the pool has VLAN {vlan}: {problem}"),
            )
            .hint("leave it out, for example `\"100-3799\"`"),
        );
    } else if inventory.known_defaults().management && pool.contains(management) {
        pending.push(
            Pending::new(
                &POOL_VLAN,
                at,
                format!("the pool has the management VLAN {management}"),
            )
            .hint(format!("end the pool below {management}, or leave it out")),
        );
    }
}

fn management(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let vlan = inventory.defaults().management_vlan;
    if let (Some(file), Err(problem)) = (inventory.networks.first(), vlan.check_management()) {
        let at = Pointer::to_file(*file).key("vlans").value("management");
        let message = format!("devices cannot be managed through VLAN {vlan}: {problem}");
        pending.push(Pending::new(&RESERVED_VLAN, at, message).hint("4093 is the default"));
    }
}

fn limits(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let limits = inventory.policy().and_then(|policy| policy.limits.as_ref());
    let (Some(file), Some(limits)) = (inventory.policies.first(), limits) else {
        return;
    };
    let LimitsText {
        removals_per_device,
        removals,
        interruptions,
        slower,
        suspensions,
        reassignments,
        devices,
        ..
    } = limits;
    let limits = [
        ("removals_per_device", removals_per_device),
        ("removals", removals),
        ("interruptions", interruptions),
        ("slower", slower),
        ("suspensions", suspensions),
        ("reassignments", reassignments),
        ("devices", devices),
    ];
    report_empty_limits(&Pointer::to_file(*file).key("limits"), &limits, pending);
}

/// Reports limits without a number in the table at `at`.
pub(super) fn report_empty_limits(
    at: &Pointer,
    limits: &[(&str, &Option<LimitText>)],
    pending: &mut Vec<Pending>,
) {
    for (key, limit) in limits {
        let is_empty = limit
            .as_ref()
            .is_some_and(|limit| limit == &LimitText::default());
        if is_empty {
            pending.push(
                Pending::new(
                    &EMPTY_LIMIT,
                    at.clone().value(key),
                    format!("the limit `{key}` has neither `count` nor `percent`"),
                )
                .hint(format!("write `{key} = {{ count = 20 }}`, or leave it out")),
            );
        }
    }
}

fn moves(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let movers: Vec<ObjectPosition> = inventory
        .subscribers
        .iter()
        .copied()
        .filter(|position| {
            inventory
                .subscriber_at(*position)
                .is_some_and(|object| object.text.moved_from.is_some())
        })
        .collect();
    if movers.is_empty() {
        return;
    }
    let here: HashMap<&str, ObjectPosition> = inventory
        .subscribers
        .iter()
        .filter_map(|position| Some((inventory.subscriber_at(*position)?.id.as_str(), *position)))
        .collect();
    let mut claimed: HashMap<&str, ObjectPosition> = HashMap::new();
    for position in movers {
        let Some(object) = inventory.subscriber_at(position) else {
            continue;
        };
        let Some(old) = &object.text.moved_from else {
            continue;
        };
        let at = inventory.point_at_subscriber(position).value("moved_from");
        if *old == object.id {
            pending.push(
                Pending::new(
                    &MOVED_FROM,
                    at,
                    format!("`{old}` is said to have moved from itself"),
                )
                .hint("take `moved_from` out"),
            );
        } else if let Some(still) = here.get(old.as_str()) {
            pending.push(
                Pending::new(
                    &MOVED_FROM,
                    at,
                    format!(
                        "`{}` is said to come from `{old}`, which is still here",
                        object.id
                    ),
                )
                .hint("rename the old one instead of copying it, or take `moved_from` out")
                .related(inventory.point_at_subscriber(*still), "the old one"),
            );
        } else if let Some(other) = claimed.get(old.as_str()) {
            pending.push(
                Pending::new(
                    &MOVED_FROM,
                    at,
                    format!("two subscribers are said to come from `{old}`"),
                )
                .hint("only one of them can be the same subscriber as before")
                .related(
                    inventory.point_at_subscriber(*other).value("moved_from"),
                    "the other one",
                ),
            );
        } else {
            claimed.insert(old.as_str(), position);
        }
    }
}
