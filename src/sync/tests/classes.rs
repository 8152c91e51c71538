//! Tests one example for each classification and rule.

use super::world::*;
use crate::model::billing::{
    AccountId, Collection, LocationId, SnapshotScope, TariffId, UnreadableRecord,
};
use crate::model::{DeviceState, PortAssignment, SubscriberState};
use crate::sync::*;

/// Checks the classification and the weightiest rule of service 1042/7001.
#[track_caller]
fn expect(world: &World, class: Classification, rule: &str) {
    let proposal = world.propose();
    let (found, rules) = proposal.verdict("1042", "7001");
    assert_eq!(
        (found, rules.first().copied()),
        (class, Some(rule)),
        "{rules:?}"
    );
    if !matches!(class, Classification::New | Classification::Change) {
        assert_eq!(proposal.lines(), Vec::<String>::new());
    }
}

#[test]
fn a_service_that_agrees_is_in_sync() {
    let proposal = World::served().propose();
    assert_eq!(
        proposal.verdict("1042", "7001"),
        (Classification::InSync, vec![])
    );
    assert!(proposal.changes.is_empty());
}

#[test]
fn a_new_tariff_changes_the_service_plan() {
    let mut world = World::served();
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    let proposal = world.propose();
    assert_eq!(proposal.lines(), ["acct-1042 service_plan = home-500"]);
    assert_eq!(proposal.verdict("1042", "7001").0, Classification::Change);
}

#[test]
fn a_blocked_customer_is_suspended_and_paying_ends_it() {
    let mut world = World::served();
    world.service("1042", "7001").status = not_paid();
    let proposal = world.commit();
    assert_eq!(proposal.lines(), ["acct-1042 state = suspended"]);
    assert_eq!(proposal.changes[0].kind, ChangeKind::Suspension);
    world.service("1042", "7001").status = crate::model::billing::ServiceStatus::Served;
    let proposal = world.commit();
    assert_eq!(proposal.lines(), ["acct-1042 state = active"]);
    assert_eq!(proposal.changes[0].kind, ChangeKind::Change);
}

#[test]
fn a_heard_endpoint_of_a_sold_service_is_activated() {
    let proposal = World::sold().propose();
    assert_eq!(
        proposal.lines(),
        ["+acct-1042 maple-a/1 00:0e:d8:10:20:01 home-200 vlan 101 active"]
    );
    assert_eq!(proposal.verdict("1042", "7001").0, Classification::New);
    assert_eq!(
        proposal.of("1042", "7001").subscriber,
        Some(id("acct-1042"))
    );
}

#[test]
fn without_an_item_or_a_heard_endpoint_the_service_waits() {
    let mut world = World::sold();
    world.silence(mac(1));
    expect(&world, Classification::Waiting, "not-heard");
    world.drop_item("88");
    expect(&world, Classification::Waiting, "no-item");
}

#[test]
fn an_endpoint_must_be_heard_twice_half_a_minute_apart() {
    let mut world = World::sold();
    world.looks.endpoints[0].looks = 1;
    expect(&world, Classification::Waiting, "heard-unclearly");
    world.looks.endpoints[0].looks = 2;
    world.looks.endpoints[0].first = NOW - 29;
    expect(&world, Classification::Waiting, "heard-unclearly");
    world.looks.endpoints[0].first = NOW - 30;
    assert_eq!(world.propose().changes.len(), 1);
}

#[test]
fn an_endpoint_in_two_places_waits_until_one_remains() {
    let mut world = World::sold();
    world.hear(mac(1), "maple-b", 2);
    expect(&world, Classification::Waiting, "heard-elsewhere");
}

#[test]
fn a_device_that_is_not_managed_gets_no_subscriber() {
    for state in [
        DeviceState::Observe,
        DeviceState::Locked,
        DeviceState::Retired,
    ] {
        let mut world = World::sold();
        world.inventory.devices.get_mut("maple-a").unwrap().state = state;
        expect(&world, Classification::Waiting, "device-not-managed");
    }
}

#[test]
fn an_endpoint_that_another_subscriber_has_is_not_given_away() {
    let mut world = World::sold();
    world.subscriber("old", ("maple-a", 5), Some(mac(1)), None);
    expect(&world, Classification::Quarantined, "endpoint-in-use");
}

#[test]
fn an_endpoint_that_the_device_has_configured_by_hand_is_not_activated() {
    let mut world = World::sold();
    world.looks.endpoints[0].state = HeardState::Configured;
    expect(&world, Classification::Quarantined, "endpoint-unmanaged");
}

#[test]
fn an_item_of_the_account_leads_to_its_only_service() {
    let mut world = World::sold();
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    assert_eq!(world.propose().changes.len(), 1);
    world.sell("1042", "7002", "31");
    world.silence(mac(1));
    expect(&world, Classification::Quarantined, "claim-ambiguous");
    world.hear(mac(1), "maple-a", 1);
    expect(&world, Classification::Quarantined, "claim-ambiguous");
    // The reading may lack the account's other service.
    world.drop_service("1042", "7002");
    world.snapshot.proof = incomplete();
    expect(&world, Classification::Waiting, "read-incomplete");
    // An item that names its service needs no proof.
    world.item("88", "00:0e:d8:10:20:01", "1042", Some("7001"));
    assert_eq!(world.propose().changes.len(), 1);
}

#[test]
fn a_reading_of_one_account_proves_that_it_has_one_service() {
    let mut world = World::sold();
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    world.snapshot.scope = SnapshotScope::Accounts([AccountId::new("1042").unwrap()].into());
    assert_eq!(world.propose().changes.len(), 1);
}

#[test]
fn a_service_that_starts_later_waits_unless_it_is_pre_activated() {
    let mut world = World::sold();
    world.service("1042", "7001").status = pending();
    expect(&world, Classification::Waiting, "not-started");
    world.settings.pre_activate = true;
    let proposal = world.commit();
    assert_eq!(proposal.lines().len(), 1);
    assert!(proposal.lines()[0].ends_with("active"));
    assert!(world.propose().changes.is_empty());
}

#[test]
fn a_service_that_is_suspended_before_it_started_waits() {
    let mut world = World::sold();
    world.service("1042", "7001").status = not_paid();
    expect(&world, Classification::Waiting, "suspended-before-start");
}

#[test]
fn a_planned_place_reserves_port_and_vlan_and_the_endpoint_activates_it() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.hint("1042", "7001", "maple-a", "7");
    let proposal = world.commit();
    assert_eq!(
        proposal.lines(),
        ["+acct-1042 maple-a/7 - home-200 vlan 101 pending"]
    );
    expect(&world, Classification::Waiting, "not-heard");
    // Heard on another port of the site: that wins.
    world.hear(mac(1), "maple-b", 2);
    let proposal = world.commit();
    assert_eq!(
        proposal.lines(),
        [
            "acct-1042 endpoint = 00:0e:d8:10:20:01",
            "acct-1042 device = maple-b",
            "acct-1042 port = 2",
            "acct-1042 state = active"
        ]
    );
    assert!(world.propose().changes.is_empty());
}

#[test]
fn a_planned_place_at_another_site_than_the_endpoint_is_for_a_person() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.hint("1042", "7001", "maple-a", "7");
    world.commit();
    world.hear(mac(1), "oak-a", 2);
    expect(&world, Classification::Quarantined, "moved-elsewhere");
}

#[test]
fn a_planned_place_must_be_one() {
    let mut world = World::sold();
    world.silence(mac(1));
    for (device, port) in [("maple-z", "1"), ("maple-a", "0x04"), ("maple-a", "99")] {
        world.hint("1042", "7001", device, port);
        expect(&world, Classification::Quarantined, "place-unknown");
    }
    world.hint("1042", "7001", "maple-a", "7");
    world.service("1042", "7001").location = LocationId::new("4").ok();
    expect(&world, Classification::Quarantined, "planned-elsewhere");
}

#[test]
fn an_access_device_of_billing_is_found_by_its_id() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.hint("1042", "7001", "12", "7");
    expect(&world, Classification::Quarantined, "place-unknown");
    world.inventory.devices.get_mut("maple-b").unwrap().external = Some("12".into());
    assert!(world.propose().lines()[0].starts_with("+acct-1042 maple-b/7"));
    // Two devices with one id are none.
    world.inventory.devices.get_mut("oak-a").unwrap().external = Some("12".into());
    expect(&world, Classification::Quarantined, "place-unknown");
}

#[test]
fn two_services_for_one_copper_port_are_quarantined_both() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.sell("1043", "7002", "31");
    world.hint("1042", "7001", "maple-a", "7");
    world.hint("1043", "7002", "maple-a", "7");
    expect(&world, Classification::Quarantined, "place-claimed-twice");
    let proposal = world.propose();
    assert_eq!(
        proposal.verdict("1043", "7002").0,
        Classification::Quarantined
    );
    // Coax has room for both.
    world.hint("1042", "7001", "oak-a", "7");
    world.hint("1043", "7002", "oak-a", "7");
    assert_eq!(world.propose().changes.len(), 2);
}

#[test]
fn a_port_aware_device_is_placed_by_billing_alone() {
    let mut world = World::sold();
    world.silence(mac(1));
    world
        .inventory
        .devices
        .get_mut("maple-a")
        .unwrap()
        .is_port_aware = true;
    world.hint("1042", "7001", "maple-a", "7");
    let lines = world.commit().lines();
    assert_eq!(lines, ["+acct-1042 maple-a/7 - home-200 vlan 101 active"]);
    assert!(world.propose().changes.is_empty());
}

#[test]
fn another_endpoint_in_the_same_place_is_a_swap_once_the_old_one_is_silent() {
    let mut world = World::served();
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    expect(&world, Classification::Waiting, "not-heard");
    world.hear(mac(2), "maple-a", 1);
    expect(&world, Classification::Waiting, "old-still-heard");
    world.silence(mac(1));
    let lines = world.commit().lines();
    assert_eq!(lines, ["acct-1042 endpoint = 00:0e:d8:10:20:02"]);
    assert!(world.propose().changes.is_empty());
}

#[test]
fn a_second_item_is_not_a_swap() {
    let mut world = World::served();
    world.item("89", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.hear(mac(2), "maple-a", 1);
    world.silence(mac(1));
    expect(&world, Classification::Quarantined, "two-endpoints-heard");
}

#[test]
fn a_swap_on_another_port_is_listed() {
    let mut world = World::served();
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.silence(mac(1));
    world.hear(mac(2), "maple-a", 3);
    expect(&world, Classification::Quarantined, "moved");
}

#[test]
fn a_moved_endpoint_is_listed_and_followed_only_where_that_is_set() {
    let mut world = World::served();
    world.silence(mac(1));
    world.hear(mac(1), "maple-b", 4);
    expect(&world, Classification::Quarantined, "moved");
    world.settings.moves = Moves::Auto;
    let proposal = world.commit();
    assert_eq!(
        proposal.lines(),
        ["acct-1042 device = maple-b", "acct-1042 port = 4"]
    );
    assert_eq!(proposal.changes[0].kind, ChangeKind::Move);
    assert!(world.propose().changes.is_empty());
    // Never to another site.
    world.silence(mac(1));
    world.hear(mac(1), "oak-a", 4);
    expect(&world, Classification::Quarantined, "moved-elsewhere");
}

#[test]
fn a_move_needs_a_free_port_and_its_vlan() {
    let mut world = World::served();
    world.settings.moves = Moves::Auto;
    world.silence(mac(1));
    world.hear(mac(1), "maple-b", 4);
    world.subscriber("other", ("maple-b", 4), Some(mac(9)), None);
    expect(&world, Classification::Quarantined, "port-taken");
    world.edit("other").port = PortAssignment::Port(port(5));
    world.edit("other").vlan = vlan(101);
    expect(&world, Classification::Quarantined, "vlan-taken");
    world.edit("other").vlan = vlan(102);
    assert_eq!(world.propose().changes.len(), 1);
}

#[test]
fn a_port_that_a_person_chose_is_not_undone_by_a_look() {
    let mut world = World::served();
    world.settings.moves = Moves::Auto;
    world.edit("acct-1042").port = PortAssignment::Port(port(9));
    expect(&world, Classification::Contested, "contested");
}

#[test]
fn an_endpoint_that_a_person_set_is_contested_until_billing_has_another() {
    let mut world = World::served();
    world.edit("acct-1042").endpoint = Some(mac(5));
    expect(&world, Classification::Contested, "contested");
    world.commit();
    expect(&world, Classification::Contested, "contested");
    world.item("88", "00:0e:d8:10:20:06", "1042", Some("7001"));
    world.silence(mac(1));
    world.hear(mac(6), "maple-a", 1);
    assert_eq!(
        world.propose().lines(),
        ["acct-1042 endpoint = 00:0e:d8:10:20:06"]
    );
}

#[test]
fn a_held_key_stays_until_the_hold_ends() {
    let mut world = World::served();
    world.hold("acct-1042", SyncKey::ServicePlan, NOW + DAY);
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    expect(&world, Classification::Held, "held");
    // Other keys are not held.
    world.service("1042", "7001").status = not_paid();
    assert_eq!(world.propose().lines(), ["acct-1042 state = suspended"]);
    world.commit();
    world.pass(DAY);
    assert_eq!(
        world.propose().lines(),
        ["acct-1042 service_plan = home-500"]
    );
}

#[test]
fn a_person_decides_for_billing() {
    let mut world = World::served();
    world.edit("acct-1042").service_plan = plan("home-100");
    expect(&world, Classification::Contested, "contested");
    assert!(world.base.take_billing(&key("1042", "7001")));
    let lines = world.commit().lines();
    assert_eq!(lines, ["acct-1042 service_plan = home-200"]);
    // The decision is used up.
    world.edit("acct-1042").service_plan = plan("home-100");
    expect(&world, Classification::Contested, "contested");
}

#[test]
fn a_subscriber_that_a_person_removed_is_not_added_again() {
    let mut world = World::served();
    world.inventory.subscribers.clear();
    world.looks.endpoints[0].state = HeardState::Unknown;
    for _ in 0..2 {
        expect(&world, Classification::Contested, "subscriber-removed");
        world.commit();
    }
    // Billing has another endpoint for it now.
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.hear(mac(2), "maple-a", 1);
    assert_eq!(world.propose().changes.len(), 1);
}

#[test]
fn a_service_that_is_gone_is_suspended_then_removed_after_the_grace_period() {
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    assert_eq!(world.commit().lines(), ["acct-1042 state = suspended"]);
    world.pass(13 * DAY);
    let proposal = world.commit();
    assert_eq!(proposal.lines(), Vec::<String>::new());
    assert_eq!(
        proposal.verdict("1042", "7001"),
        (Classification::Gone, vec!["in-grace"])
    );
    world.pass(DAY);
    // Only a complete reading removes.
    world.snapshot.proof = incomplete();
    assert_eq!(world.commit().lines(), Vec::<String>::new());
    world.snapshot.proof = complete();
    assert_eq!(world.commit().lines(), ["-acct-1042"]);
    assert_eq!(
        world.propose().verdict("1042", "7001"),
        (Classification::OutOfScope, vec!["ended"])
    );
    // Its VLAN rests.
    assert!(world.base.resting["maple-a"].contains_key(&vlan(101)));
}

#[test]
fn a_suspension_that_was_held_back_comes_before_the_removal() {
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    for _ in 0..3 {
        let proposal = world.propose();
        assert_eq!(proposal.lines(), ["acct-1042 state = suspended"]);
        world.accept(&proposal, &[], false);
        world.pass(10 * DAY);
    }
    world.commit();
    assert_eq!(world.commit().lines(), ["-acct-1042"]);
}

#[test]
fn a_held_endpoint_is_not_swapped() {
    let mut world = World::served();
    world.hold("acct-1042", SyncKey::Endpoint, NOW + DAY);
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.silence(mac(1));
    world.hear(mac(2), "maple-a", 1);
    expect(&world, Classification::Held, "held");
}

#[test]
fn a_service_that_comes_back_starts_a_new_grace_period() {
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    world.commit();
    world.pass(13 * DAY);
    world.service("1042", "7001").status = crate::model::billing::ServiceStatus::Served;
    assert_eq!(world.commit().lines(), ["acct-1042 state = active"]);
    world.pass(DAY);
    world.service("1042", "7001").status = gone();
    world.commit();
    world.pass(DAY);
    assert_eq!(world.propose().lines(), Vec::<String>::new());
}

#[test]
fn a_hold_or_an_edit_keeps_a_subscriber_that_is_gone() {
    for is_held in [true, false] {
        let mut world = World::served();
        world.service("1042", "7001").status = gone();
        world.commit();
        world.commit();
        world.pass(15 * DAY);
        if is_held {
            world.hold("acct-1042", SyncKey::ServicePlan, NOW + 99 * DAY);
        } else {
            world.edit("acct-1042").state = SubscriberState::Active;
        }
        assert_eq!(world.propose().lines(), Vec::<String>::new(), "{is_held}");
    }
}

#[test]
fn records_that_contradict_each_other_are_quarantined() {
    let mut world = World::served();
    let service = world.service("1042", "7001").clone();
    world.snapshot.services.push(service);
    expect(&world, Classification::Quarantined, "service-listed-twice");
    assert_eq!(world.propose().services.len(), 2);

    let mut world = World::served();
    world.subscriber("twin", ("oak-a", 1), Some(mac(8)), Some(("1042", "7001")));
    world.service("1042", "7001").status = not_paid();
    expect(&world, Classification::Quarantined, "external-twice");

    let mut world = World::served();
    world.snapshot.unreadable.push(UnreadableRecord {
        collection: Collection::Services,
        id: Some("7002".into()),
        account: AccountId::new("1042").ok(),
        reason: "status: expected text, got a list".into(),
    });
    world.service("1042", "7001").status = not_paid();
    expect(&world, Classification::Quarantined, "record-unreadable");
}

#[test]
fn an_unknown_status_or_tariff_changes_nothing() {
    let mut world = World::served();
    world.service("1042", "7001").status = unknown();
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    expect(&world, Classification::Quarantined, "status-unknown");

    let mut world = World::served();
    world.service("1042", "7001").tariff = TariffId::new("99").ok();
    expect(&world, Classification::Quarantined, "tariff-not-mapped");
    world.service("1042", "7001").tariff = None;
    expect(&world, Classification::Quarantined, "tariff-missing");
    world.service("1042", "7001").tariff = TariffId::new("40").ok();
    expect(&world, Classification::Quarantined, "tariff-ignored");
    // The state is understood all the same.
    world.service("1042", "7001").status = not_paid();
    assert_eq!(world.propose().lines(), ["acct-1042 state = suspended"]);
}

#[test]
fn a_mapped_tariff_needs_a_plan_and_a_speed() {
    let mut world = World::sold();
    world.snapshot.tariffs.clear();
    expect(&world, Classification::Quarantined, "tariff-speed-unknown");
    world.inventory.service_plans.clear();
    expect(&world, Classification::Quarantined, "tariff-plan-unknown");
    assert_eq!(world.propose().tariffs.len(), 1);
}

#[test]
fn a_tariff_that_is_not_sold_by_its_speed_is_not_compared() {
    let mut world = World::sold();
    world.snapshot.tariffs.clear();
    let rule = TariffRule::ServicePlan {
        service_plan: plan("home-500"),
        as_sold: false,
    };
    let tariff = TariffId::new("30").unwrap();
    world.settings.tariffs.insert(tariff, rule);
    assert!(world.propose().lines()[0].contains("home-500"));
}

#[test]
fn a_changed_mapping_reaches_subscribers_that_no_person_edited() {
    let mut world = World::served();
    let rule = TariffRule::ServicePlan {
        service_plan: plan("home-100"),
        as_sold: false,
    };
    let tariff = TariffId::new("30").unwrap();
    world.settings.tariffs.insert(tariff, rule);
    assert_eq!(
        world.propose().lines(),
        ["acct-1042 service_plan = home-100"]
    );
    world.edit("acct-1042").service_plan = plan("home-500");
    expect(&world, Classification::Contested, "contested");
}

#[test]
fn services_that_are_not_for_gams_are_out_of_scope() {
    let mut world = World::new();
    world.sell("1042", "7001", "99");
    expect(&world, Classification::OutOfScope, "not-for-gams");
    world.service("1042", "7001").tariff = TariffId::new("40").ok();
    expect(&world, Classification::OutOfScope, "tariff-ignored");
    world.service("1042", "7001").tariff = TariffId::new("30").ok();
    world.service("1042", "7001").status = gone();
    expect(&world, Classification::OutOfScope, "ended");
    world.service("1042", "7001").status = crate::model::billing::ServiceStatus::Served;
    let group = crate::model::billing::GroupId::new("partner.1").unwrap();
    world.settings.groups.insert(group);
    expect(&world, Classification::OutOfScope, "other-group");
    world.group("1042", "partner.1");
    expect(&world, Classification::Waiting, "no-item");
}

#[test]
fn an_endpoint_brings_a_service_into_scope_by_model_or_address() {
    let mut world = World::new();
    world.sell("1042", "7001", "99");
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    expect(&world, Classification::Quarantined, "tariff-not-mapped");
    world.settings.endpoint_models.insert("4".into());
    world.snapshot.equipment[0].model = Some("5".into());
    expect(&world, Classification::OutOfScope, "not-for-gams");
    world.snapshot.equipment[0].model = Some("4".into());
    expect(&world, Classification::Quarantined, "tariff-not-mapped");
}

#[test]
fn a_link_without_a_service_gets_the_only_one() {
    let mut world = World::served();
    let link = world.edit("acct-1042").external.as_mut().unwrap();
    link.service = None;
    world.base = SyncBase::default();
    assert_eq!(
        world.propose().lines(),
        ["acct-1042 external.service = 7001"]
    );
    world.snapshot.proof = incomplete();
    expect(&world, Classification::Waiting, "read-incomplete");
    world.snapshot.proof = complete();
    world.sell("1042", "7002", "31");
    expect(&world, Classification::Quarantined, "external-incomplete");
}

#[test]
fn an_id_that_is_taken_is_not_given_out_again() {
    let mut world = World::sold();
    world.subscriber("acct-1042", ("oak-a", 1), Some(mac(7)), None);
    expect(&world, Classification::Quarantined, "id-taken");
    // Another service of the same account.
    let mut world = World::served();
    world.sell("1042", "7002", "31");
    world.item("89", "00:0e:d8:10:20:02", "1042", Some("7002"));
    world.hear(mac(2), "maple-a", 2);
    assert!(world.propose().lines()[0].starts_with("+acct-1042-2 "));
}

#[test]
fn a_change_on_both_sides_every_hour_is_flapping() {
    let mut world = World::served();
    for round in 0..4 {
        let tariff = if round % 2 == 0 { "31" } else { "30" };
        world.service("1042", "7001").tariff = TariffId::new(tariff).ok();
        world.pass(3600);
        if round < 3 {
            assert_eq!(world.commit().changes.len(), 1, "{round}");
        }
    }
    expect(&world, Classification::Quarantined, "flapping");
    world.commit();
    world.pass(DAY);
    assert_eq!(world.propose().changes.len(), 1);
}

#[test]
fn nothing_follows_from_an_inventory_that_cannot_be_read_whole() {
    let mut world = World::sold();
    world.inventory.is_partial = true;
    expect(&world, Classification::Waiting, "inventory-partial");
    let before = world.base.clone();
    world.commit();
    assert_eq!(world.base, before);
}

#[test]
fn a_classification_keeps_its_time_until_it_changes() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.commit();
    world.pass(500);
    assert_eq!(world.commit().of("1042", "7001").since, NOW);
    world.drop_item("88");
    assert_eq!(world.propose().of("1042", "7001").since, NOW + 500);
}

#[test]
fn every_reason_has_a_rule_of_its_own_or_shares_it_on_purpose() {
    for class in Classification::ALL {
        assert!(!class.as_str().contains(' '), "{class:?}");
    }
    assert_eq!(Reason::NoItem.next_step(), NextStep::FixBilling);
    assert_eq!(Reason::ReadIncomplete.next_step(), NextStep::ReadAgain);
}
