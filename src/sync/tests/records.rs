//! Tests guards about records: which service an item, a login or a link leads to.

use super::world::*;
use crate::model::Speed;
use crate::model::billing::{
    AccountId, Collection, SnapshotScope, TariffId, UnreadableRecord, WrittenMac,
};
use crate::sync::*;

fn no_lines() -> Vec<String> {
    Vec::new()
}

/// Removes records of an account from what can be read.
fn make_unreadable(world: &mut World, account: &str) {
    world.snapshot.unreadable.push(UnreadableRecord {
        collection: Collection::Equipment,
        id: None,
        account: AccountId::new(account).ok(),
        reason: "mac: expected text, got a list".into(),
    });
}

#[test]
fn one_address_in_two_services_of_an_account_is_a_question() {
    let mut world = World::sold();
    world.drop_item("88");
    world.sell("1042", "7002", "31");
    for service in ["7001", "7002"] {
        world.service("1042", service).macs = WrittenMac::read_all("00:0e:d8:10:20:01");
    }
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    assert_eq!(proposal.verdict("1042", "7001").1, ["mac-claimed-twice"]);
}

#[test]
fn the_own_address_of_a_service_that_ended_claims_nothing() {
    let mut world = World::sold();
    let old = world.sell("1040", "7000", "30");
    old.status = gone();
    old.macs = WrittenMac::read_all("00:0e:d8:10:20:01");
    let lines = world.propose().lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn a_new_service_without_a_login_does_not_continue_an_ended_one() {
    let mut world = World::served();
    world.drop_item("88");
    world.commit();
    world.service("1042", "7001").status = gone();
    world.sell("1042", "7002", "31");
    assert_eq!(world.propose().lines(), ["acct-1042 state = suspended"]);
}

#[test]
fn a_service_with_a_subscriber_of_its_own_does_not_continue_another_one() {
    let mut world = World::served();
    world.sell("1042", "7002", "30");
    world.item("89", "00:0e:d8:10:20:02", "1042", Some("7002"));
    let link = Some(("1042", "7002"));
    world.subscriber("acct-1042-2", ("maple-a", 2), Some(mac(2)), link);
    for service in ["7001", "7002"] {
        world.service("1042", service).login = Some("001042".into());
    }
    world.commit();
    world.service("1042", "7001").status = gone();
    assert_eq!(world.propose().lines(), ["acct-1042 state = suspended"]);
}

#[test]
fn two_served_rows_with_one_login_get_no_line() {
    let mut world = World::sold();
    world.sell("1042", "7002", "31");
    for service in ["7001", "7002"] {
        world.service("1042", service).login = Some("001042".into());
    }
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    for service in ["7001", "7002"] {
        assert_eq!(proposal.verdict("1042", service).1, ["login-shared"]);
    }
}

#[test]
fn a_link_without_a_service_passes_over_services_out_of_scope() {
    let mut world = World::served();
    let link = world.edit("acct-1042").external.as_mut().unwrap();
    link.service = None;
    world.base = SyncBase::default();
    world.sell("1042", "7002", "40");
    let lines = world.propose().lines();
    assert_eq!(lines, ["acct-1042 external.service = 7001"]);
}

#[test]
fn an_item_of_the_account_is_for_the_service_whose_tariff_is_mapped() {
    let mut world = World::sold();
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    world.sell("1042", "7002", "99");
    let proposal = world.propose();
    assert_eq!(proposal.lines().len(), 1);
    assert_eq!(
        proposal.verdict("1042", "7002"),
        (Classification::OutOfScope, vec!["not-for-gams"])
    );
}

#[test]
fn a_service_that_ended_or_waits_for_another_one_claims_no_item_of_its_account() {
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    world.commit();
    world.sell("1042", "7002", "31");
    world.item("88", "00:0e:d8:10:20:02", "1042", None);
    world.hear(mac(2), "maple-a", 2);
    let lines = world.propose().lines();
    assert!(
        lines.iter().any(|line| line.starts_with("+acct-1042-2 ")),
        "{lines:?}"
    );

    let mut world = World::sold();
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    world.sell("1042", "7050", "31").status = pending();
    for service in ["7001", "7050"] {
        world.service("1042", service).login = Some("001042".into());
    }
    let lines = world.propose().lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn a_new_service_with_an_unknown_status_gets_no_line() {
    let mut world = World::sold();
    world.service("1042", "7001").status = unknown();
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    assert_eq!(proposal.verdict("1042", "7001").1, ["status-unknown"]);
}

#[test]
fn an_id_with_a_link_to_another_account_is_taken() {
    let mut world = World::sold();
    let link = Some(("1050", "7009"));
    world.subscriber("acct-1042", ("oak-a", 1), Some(mac(7)), link);
    world.sell("1050", "7009", "30");
    let proposal = world.propose();
    assert_eq!(proposal.verdict("1042", "7001").1, ["id-taken"]);
}

#[test]
fn an_endpoint_is_not_reused_while_a_record_of_its_customer_is_wrong() {
    let left = || {
        let mut world = World::served();
        world.service("1042", "7001").status = gone();
        world.commit();
        world.sell("1043", "7002", "31");
        world.item("88", "00:0e:d8:10:20:01", "1043", Some("7002"));
        world
    };
    assert_eq!(left().propose().lines().len(), 2);
    let mut world = left();
    make_unreadable(&mut world, "1042");
    assert_eq!(world.propose().lines(), no_lines());
    let mut world = left();
    let twice = world.service("1042", "7001").clone();
    world.snapshot.services.push(twice);
    world.snapshot.sort();
    assert_eq!(world.propose().lines(), no_lines());
}

#[test]
fn an_item_of_the_account_leads_nowhere_while_a_record_of_it_cannot_be_read() {
    let mut world = World::sold();
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    make_unreadable(&mut world, "1042");
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    assert_eq!(proposal.verdict("1042", "7001").1, ["record-unreadable"]);
}

#[test]
fn a_new_id_of_a_service_is_not_written_in_spite_of_a_hold() {
    let mut world = World::served();
    world.service("1042", "7001").login = Some("001042".into());
    world.commit();
    world.service("1042", "7001").status = gone();
    world.sell("1042", "7050", "30").login = Some("001042".into());
    world.hold("acct-1042", SyncKey::ExternalService, NOW + DAY);
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    assert_eq!(proposal.verdict("1042", "7050").0, Classification::Held);
}

#[test]
fn the_upload_of_a_tariff_is_compared_and_a_plan_without_a_speed_agrees_with_none() {
    let mut world = World::served();
    let tariff = TariffId::new("31").unwrap();
    world.service("1042", "7001").tariff = Some(tariff.clone());
    assert_eq!(world.propose().lines().len(), 1);
    let sold = world.snapshot.tariffs.get_mut(&tariff).unwrap();
    sold.speed.as_mut().unwrap().up_kbps = 50_000;
    assert_eq!(
        world.propose().verdict("1042", "7001").1,
        ["tariff-differs"]
    );

    let mut world = World::served();
    world.service("1042", "7001").tariff = Some(tariff);
    let plans = &mut world.inventory.service_plans;
    plans.insert(plan("home-500"), Speed::Unthrottled);
    assert_eq!(
        world.propose().verdict("1042", "7001").1,
        ["tariff-differs"]
    );
}

#[test]
fn services_of_accounts_that_were_not_read_are_not_missing() {
    let mut world = World::served();
    world.snapshot.scope = SnapshotScope::Accounts([AccountId::new("1043").unwrap()].into());
    world.snapshot.services.clear();
    world.snapshot.equipment.clear();
    let proposal = world.propose();
    assert!(proposal.not_listed.is_empty(), "{:?}", proposal.not_listed);
}

#[test]
fn a_subscriber_that_is_replaced_is_not_suspended_in_the_same_run() {
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    world.sell("1043", "7002", "31");
    world.item("88", "00:0e:d8:10:20:01", "1043", Some("7002"));
    let lines = world.propose().lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "-acct-1042");
}

#[test]
fn adopting_links_no_service_twice_and_nothing_while_a_part_of_the_inventory_is_unread() {
    let mut world = World::sold();
    world.subscriber("one", ("maple-a", 1), Some(mac(1)), None);
    assert_eq!(adopt(world.inputs()).changes.len(), 1);
    world.inventory.is_partial = true;
    assert_eq!(adopt(world.inputs()), Adoption::default());
    world.inventory.is_partial = false;
    // Two items of the service are the endpoints of two subscribers.
    world.item("89", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.subscriber("other", ("maple-a", 2), Some(mac(2)), None);
    let adoption = adopt(world.inputs());
    assert!(adoption.changes.is_empty(), "{:?}", adoption.changes);
    assert_eq!(adoption.left.len(), 2);
    // The service has a subscriber.
    let mut world = World::served();
    world.item("89", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.subscriber("other", ("maple-a", 2), Some(mac(2)), None);
    let adoption = adopt(world.inputs());
    assert!(adoption.changes.is_empty(), "{:?}", adoption.changes);
    assert_eq!(adoption.left[0].0, id("other"));
}
