//! Checks the VLANs of the subscribers of one device: valid, passed by the uplink, and not used twice.

use super::device::uplink_vlans;
use super::{CheckedDevice, Member};
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::rules::rules;
use crate::inventory::text::{SubscriberText, SuspensionHow};
use crate::model::{MAX_ALLOWED_VLANS, SubscriberState, VlanId, VlanMode, VlanSet};

rules! {
    /// VLANs 1, 2, 3840–3842, 4094 and 4095 are the device's own or mean "no service": a subscriber's data goes over
    /// 3–4093 without 3840–3842.
    RESERVED_VLAN = "reserved-vlan", Error, "a VLAN that the device keeps for itself",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 3841\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")];

    /// A subscriber in the management VLAN could reach the device's management, and could cut it off.
    MANAGEMENT_VLAN = "management-vlan", Error, "a subscriber in the device's management VLAN",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 4093\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")];

    /// The pool has the VLANs for subscribers. The network beyond the device may not carry another VLAN, or may use it for
    /// something else.
    OUTSIDE_POOL = "vlan-outside-pool", Warning, "a subscriber's VLAN that is not in the pool",
    wrong: [("network.toml", "schema = 1\n[vlans]\nsubscribers = \"200-299\"\n")],
    right: [("network.toml", "schema = 1\n[vlans]\nsubscribers = \"100-299\"\n")];

    /// Traffic of a VLAN that the uplink does not pass stops there, and the subscriber has no service.
    NOT_ON_UPLINK = "not-on-uplink", Error, "a VLAN that does not pass the uplink",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"200-4093\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"100-4093\"\n")];

    /// A captive suspension puts the subscriber into VLAN 4094. Where the uplink does not let it pass, the captive portal
    /// is out of reach, and the family sees nothing at all.
    CAPTIVE_NOT_ON_UPLINK = "captive-not-on-uplink", Warning, "the captive portal's VLAN 4094 does not pass the uplink",
    wrong: [("network.toml", "schema = 1\n[suspension]\nservice_plan = \"home-100\"\n"), ("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"3-4093\"\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"suspended\"\n")],
    right: [("network.toml", "schema = 1\n[suspension]\nservice_plan = \"home-100\"\n"), ("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"3-4094\"\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"suspended\"\n")];

    /// With VLANs of their own (`vlan_mode = "unique"`), two subscribers in one VLAN would see each other.
    SHARED_VLAN = "shared-vlan", Error, "two subscribers of a device share a VLAN where each has its own",
    wrong: [("network.toml", "schema = 1\n[vlans]\nvlan_mode = \"unique\"\n"), ("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 101\n")],
    right: [("network.toml", "schema = 1\n[vlans]\nvlan_mode = \"unique\"\n"), ("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\n")];

    /// The second Ethernet port of an endpoint is distinguished from the first by its VLAN.
    PORT2_VLAN = "port2-vlan", Error, "the second port's VLAN is the subscriber's own",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nport2_vlan = 101\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nport2_vlan = 201\n")];

    /// Every firmware accepts 12 allowed VLANs, some 14. Each VLAN of a range counts.
    TOO_MANY_ALLOWED_VLANS = "too-many-allowed-vlans", Error, "more allowed VLANs than all firmware versions accept",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nallowed_vlans = \"11-23\"\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nallowed_vlans = \"11-22\"\n")];

    /// A device has 15 profiles, one of them its own: subscribers of at most 14 limited service plans fit on it. The
    /// plan for the suspended is one of them while a subscriber is suspended.
    TOO_MANY_PROFILES = "too-many-profiles", Error, "subscribers of more than 14 limited service plans on one device",
    wrong: [("$", "for n in 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do printf '[service_plan.p%s]\\ndown = %s\\nup = %s\\n' $n $n $n >> service-plans.toml; printf '[subscriber.s%s]\\ndevice = \"maple-a\"\\nport = 2\\nendpoint = \"00:0e:d8:00:01:%s\"\\nservice_plan = \"p%s\"\\nvlan = 2%s\\n' $n $n $n $n >> subscribers/maple.toml; done")],
    right: [("$", "for n in 11 12 13 14 15 16 17 18 19 20 21 22 23; do printf '[service_plan.p%s]\\ndown = %s\\nup = %s\\n' $n $n $n >> service-plans.toml; printf '[subscriber.s%s]\\ndevice = \"maple-a\"\\nport = 2\\nendpoint = \"00:0e:d8:00:01:%s\"\\nservice_plan = \"p%s\"\\nvlan = 2%s\\n' $n $n $n $n >> subscribers/maple.toml; done")];
}

pub(super) const DATA_VLANS: &str = "data goes over VLANs 3 to 4093, but not 3840 to 3842";

const TAGS: &str = "tags go from 3 to 4093";

pub(super) const MANAGEMENT_HINT: &str = "choose another VLAN; if the device is managed through another one, say so with `management_vlan`";

/// 15 in all, one of them the device's own default.
const MAX_PROFILES: usize = 14;

pub(super) fn check(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let passing = uplink_vlans(checked);
    let management = checked.management_vlan();
    for member in &checked.subscribers {
        check_member(checked, member, management, passing.as_ref(), pending);
    }
    check_captive(checked, passing.as_ref(), pending);
    check_unique(checked, pending);
    check_profiles(checked, pending);
}

/// Returns the VLANs that a subscriber's data has toward the network, with their keys.
fn own_vlans(text: &SubscriberText) -> impl Iterator<Item = (&'static str, VlanId)> {
    [("vlan", text.vlan), ("port2_vlan", text.port2_vlan)]
        .into_iter()
        .filter_map(|(key, vlan)| Some((key, vlan?)))
}

fn check_member(
    checked: &CheckedDevice<'_>,
    member: &Member<'_>,
    management: Option<VlanId>,
    passing: Option<&VlanSet>,
    pending: &mut Vec<Pending>,
) {
    let text = &member.object.text;
    let id = &member.object.id;
    let at = |key: &str| checked.point_at(member).value(key);
    if let Some(Err(problem)) = text.remapped_vlan.map(VlanId::check_tag) {
        let message = format!("`remapped_vlan` of `{id}` cannot be: {problem}");
        pending.push(Pending::new(&RESERVED_VLAN, at("remapped_vlan"), message).hint(TAGS));
    }
    for (key, vlan) in own_vlans(text) {
        if let Err(problem) = vlan.check_data() {
            pending.push(
                Pending::new(
                    &RESERVED_VLAN,
                    at(key),
                    format!("`{key}` of `{id}` is {vlan}: {problem}"),
                )
                .hint(DATA_VLANS),
            );
        } else if Some(vlan) == management {
            let message = format!(
                "`{key}` of `{id}` is {vlan}, through which `{}` is managed",
                checked.device.id
            );
            pending.push(Pending::new(&MANAGEMENT_VLAN, at(key), message).hint(MANAGEMENT_HINT));
        } else if passing.is_some_and(|passing| !passing.contains(vlan)) {
            not_on_uplink(
                checked,
                at(key),
                &format!(
                    "`{key}` of `{id}` is {vlan}, which does not pass the uplink of `{}`",
                    checked.device.id
                ),
                pending,
            );
        } else {
            check_pool(checked, member, (key, vlan), pending);
        }
    }
    if text.port2_vlan.is_some() && text.port2_vlan == text.vlan {
        pending.push(
            Pending::new(
                &PORT2_VLAN,
                at("port2_vlan"),
                format!("`port2_vlan` of `{id}` is the same as its `vlan`"),
            )
            .hint("give the second port another VLAN, or leave it out"),
        );
    }
    if let Some(allowed) = &text.allowed_vlans {
        check_allowed(checked, member, allowed, management, passing, pending);
    }
}

fn check_pool(
    checked: &CheckedDevice<'_>,
    member: &Member<'_>,
    (key, vlan): (&'static str, VlanId),
    pending: &mut Vec<Pending>,
) {
    let Some(pool) = checked.defaults.pool.as_ref() else {
        return;
    };
    if pool.contains(vlan) {
        return;
    }
    let id = &member.object.id;
    let at = checked.point_at(member).value(key);
    let message = format!("`{key}` of `{id}` is {vlan}, and the pool is {pool}");
    pending.push(Pending::new(&OUTSIDE_POOL, at, message).hint(
        "choose a VLAN of the pool, or add this one to `subscribers` in `[vlans]` of `network.toml`",
    ));
}

/// Reports once for a device that its suspended subscribers cannot reach the captive portal.
fn check_captive(
    checked: &CheckedDevice<'_>,
    passing: Option<&VlanSet>,
    pending: &mut Vec<Pending>,
) {
    let is_captive =
        checked.defaults.suspension == SuspensionHow::Captive && checked.known.suspension;
    let is_cut_off = passing.is_some_and(|passing| !passing.contains(VlanId::UNSERVED));
    let suspended = checked
        .subscribers
        .iter()
        .find(|member| member.state() == SubscriberState::Suspended);
    let (true, true, Some(member)) = (is_captive, is_cut_off, suspended) else {
        return;
    };
    let (name, id) = (&checked.device.id, &member.object.id);
    let message =
        format!("VLAN 4094 does not pass the uplink of `{name}`, where `{id}` is suspended");
    pending.push(
        Pending::new(&CAPTIVE_NOT_ON_UPLINK, checked.point_at_uplink(), message)
            .hint("add 4094 to the uplink's `allowed_vlans`, or suspend by `throttle` or `detach`")
            .related(checked.point_at(member).value("state"), "suspended here"),
    );
}

pub(super) fn not_on_uplink(
    checked: &CheckedDevice<'_>,
    at: Pointer,
    message: &str,
    pending: &mut Vec<Pending>,
) {
    pending.push(
        Pending::new(&NOT_ON_UPLINK, at, message)
            .hint("add it to the uplink's `allowed_vlans`, or choose another VLAN")
            .related(checked.point_at_uplink(), "what passes"),
    );
}

fn check_allowed(
    checked: &CheckedDevice<'_>,
    member: &Member<'_>,
    allowed: &VlanSet,
    management: Option<VlanId>,
    passing: Option<&VlanSet>,
    pending: &mut Vec<Pending>,
) {
    let id = &member.object.id;
    let at = || checked.point_at(member).value("allowed_vlans");
    if allowed.count() > MAX_ALLOWED_VLANS {
        pending.push(
            Pending::new(&TOO_MANY_ALLOWED_VLANS, at(), format!("`allowed_vlans` of `{id}` has {} VLANs; at most {MAX_ALLOWED_VLANS} are accepted", allowed.count()))
                .hint(format!("list at most {MAX_ALLOWED_VLANS} VLANs; each VLAN of a range counts")),
        );
    }
    if let Some((vlan, problem)) = allowed
        .iter()
        .find_map(|vlan| Some((vlan, vlan.check_tag().err()?)))
    {
        pending.push(
            Pending::new(
                &RESERVED_VLAN,
                at(),
                format!("`allowed_vlans` of `{id}` has {vlan}: {problem}"),
            )
            .hint(DATA_VLANS),
        );
    } else if let Some(vlan) = management.filter(|vlan| allowed.contains(*vlan)) {
        let message = format!(
            "`allowed_vlans` of `{id}` has {vlan}, through which `{}` is managed",
            checked.device.id
        );
        pending.push(Pending::new(&MANAGEMENT_VLAN, at(), message).hint(MANAGEMENT_HINT));
    } else if let Some(vlan) = passing.and_then(|passing| allowed.first_outside(passing)) {
        not_on_uplink(
            checked,
            at(),
            &format!(
                "`allowed_vlans` of `{id}` has {vlan}, which does not pass the uplink of `{}`",
                checked.device.id
            ),
            pending,
        );
    }
}

fn check_unique(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let mode = checked
        .device
        .text
        .vlan_mode
        .unwrap_or(checked.defaults.vlan_mode);
    if mode == VlanMode::Shared {
        return;
    }
    let mut vlans: Vec<(VlanId, &'static str, &Member<'_>)> = checked
        .subscribers
        .iter()
        .flat_map(|member| {
            own_vlans(&member.object.text).map(move |(key, vlan)| (vlan, key, member))
        })
        .collect();
    vlans.sort_unstable_by_key(|(vlan, key, member)| (*vlan, member.position, *key));
    for group in vlans.chunk_by(|left, right| left.0 == right.0) {
        let [(vlan, first_key, first), others @ ..] = group else {
            continue;
        };
        for (_, key, member) in others {
            if member.object.id == first.object.id {
                continue;
            }
            pending.push(
                Pending::new(&SHARED_VLAN, checked.point_at(member).value(*key), format!("on `{}` both `{}` and `{}` are in VLAN {vlan}", checked.device.id, first.object.id, member.object.id))
                    .hint("give one of the two another VLAN, or let them share with `vlan_mode = \"shared\"`")
                    .related(checked.point_at(first).value(*first_key), "first used here"),
            );
        }
    }
}

fn check_profiles(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let mut used: Vec<&str> = Vec::new();
    let suspended = checked.defaults.suspension_plan.as_ref();
    let swaps_plan = checked.defaults.suspension != SuspensionHow::Detach;
    for member in &checked.subscribers {
        let plan = match member.state() {
            SubscriberState::Pending => continue,
            SubscriberState::Suspended if swaps_plan => suspended,
            SubscriberState::Suspended | SubscriberState::Active => {
                member.object.text.service_plan.as_ref()
            }
        };
        let Some(plan) = plan.map(|plan| plan.as_str()) else {
            continue;
        };
        if used.contains(&plan) {
            continue;
        }
        let is_limited = checked
            .inventory
            .service_plan(plan)
            .is_some_and(|plan| plan.text.unthrottled != Some(true));
        if !is_limited {
            continue;
        }
        used.push(plan);
        if used.len() == MAX_PROFILES + 1 {
            pending.push(
                Pending::new(&TOO_MANY_PROFILES, checked.point_at(member).value("service_plan"), format!("`{plan}` of `{}` is limited service plan {} on `{}`, which has room for {MAX_PROFILES}", member.object.id, used.len(), checked.device.id))
                    .hint("move subscribers to fewer service plans, or to another device"),
            );
            return;
        }
    }
}
