//! Tests the faults of billing that the sync decides, each by its name.

use std::collections::BTreeSet;

use super::world::*;
use crate::inventory::text::NewVlan;
use crate::model::billing::{
    AccountId, BillingSpeed, Collection, GapReason, LocationId, Proof, ServiceStatus,
    SnapshotScope, SuspendedCause, TariffId, UnreadableRecord, WrittenMac,
};
use crate::model::{SubscriberState, VlanSet};
use crate::sync::*;

fn none() -> BTreeSet<Digest> {
    BTreeSet::new()
}

/// Returns a world with so many served subscribers at `oak`, and a base.
pub(super) fn served(count: u16) -> World {
    let mut world = World::new();
    world.inventory.pool = "101-3000".parse().unwrap();
    for number in 0..count {
        let account = format!("{}", 2000 + number);
        let [high, low] = number.to_be_bytes();
        let mac = crate::model::MacAddress::new([0x00, 0x0e, 0xd8, 0x77, high, low]).unwrap();
        world.sell(&account, "1", "31");
        world.group(
            &account,
            if number % 2 == 0 {
                "partner.1"
            } else {
                "partner.2"
            },
        );
        world.item(&account, &mac.to_string(), &account, Some("1"));
        let name = format!("acct-{account}");
        let port = u8::try_from(number % 24).unwrap() + 1;
        world.subscriber(&name, ("oak-a", port), Some(mac), Some((&account, "1")));
        world.edit(&name).service_plan = plan("home-500");
    }
    assert!(world.commit().changes.is_empty());
    world
}

#[test]
fn fault_02_a_record_of_another_shape_changes_nothing() {
    let mut world = served(3);
    world.snapshot.unreadable.push(UnreadableRecord {
        collection: Collection::Accounts,
        id: Some("2000".into()),
        account: AccountId::new("2000").ok(),
        reason: "status: expected text, got a list".into(),
    });
    world.drop_service("2000", "1");
    world.service("2001", "1").status = not_paid();
    let proposal = world.propose();
    // The record beside it goes ahead.
    assert_eq!(proposal.lines(), ["acct-2001 state = suspended"]);
    let (class, rules) = proposal.verdict("2000", "1");
    assert_eq!(
        (class, rules),
        (Classification::Quarantined, vec!["record-unreadable"])
    );
}

#[test]
fn fault_03_an_account_that_slipped_between_pages_is_not_absent() {
    let mut world = served(3);
    world.drop_service("2000", "1");
    world.snapshot.proof = incomplete();
    world.sell("1042", "7001", "30");
    world.item("88", "00:0e:d8:10:20:01", "1042", Some("7001"));
    world.hear(mac(1), "maple-a", 1);
    let proposal = world.commit();
    // Additions go ahead, absences do not.
    assert_eq!(proposal.lines().len(), 1);
    assert!(proposal.lines()[0].starts_with("+acct-1042"));
    assert_eq!(
        proposal.verdict("2000", "1"),
        (Classification::Waiting, vec!["read-incomplete"])
    );
    let gated = world.gate(&world.propose(), &none());
    assert_eq!(gated.findings, [GateFinding::ReadIncomplete { missing: 1 }]);
    // However long it lasts.
    world.pass(100 * DAY);
    assert!(world.commit().changes.is_empty());
    // A complete reading suspends, and no more.
    world.snapshot.proof = complete();
    let lines = world.commit().lines();
    assert_eq!(lines, ["acct-2000 state = suspended"]);
    assert!(world.commit().changes.is_empty());
}

#[test]
fn fault_04_a_nested_list_that_is_cut_proves_nothing_about_its_account() {
    let mut world = World::sold();
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    world.snapshot.scope = SnapshotScope::Accounts([AccountId::new("1042").unwrap()].into());
    world.snapshot.proof = Proof::Incomplete {
        gaps: vec![crate::model::billing::Gap {
            collection: Collection::Services,
            reason: GapReason::NestedList {
                record: "1042".to_owned(),
                total: 26,
                received: 25,
            },
        }],
    };
    assert_eq!(
        world.propose().verdict("1042", "7001"),
        (Classification::Waiting, vec!["read-incomplete"])
    );
}

#[test]
fn fault_05_lists_that_were_empty_are_no_changes_of_their_services() {
    let mut world = served(40);
    let whole = world.snapshot.clone();
    for _ in 0..3 {
        world.snapshot.services.clear();
        world.snapshot.equipment.clear();
        assert!(world.commit_gated().passed.is_empty());
        world.pass(600);
        let taken = world.snapshot.taken;
        world.snapshot = whole.clone();
        world.snapshot.taken = taken;
        assert!(world.commit_gated().passed.is_empty());
        world.pass(600);
    }
    world.service("2001", "1").status = not_paid();
    assert_eq!(world.commit().lines(), ["acct-2001 state = suspended"]);
}

#[test]
fn fault_05_an_empty_list_suspends_no_one() {
    let mut world = served(40);
    world.snapshot.services.clear();
    world.snapshot.equipment.clear();
    let proposal = world.propose();
    assert_eq!(proposal.changes.len(), 40);
    let gated = world.gate(&proposal, &none());
    assert!(gated.passed.is_empty());
    assert_eq!(
        gated.held[0].finding,
        GateFinding::EmptyExport { before: 40 }
    );
    // Again and again: the sizes of before stay.
    for _ in 0..3 {
        assert!(world.commit_gated().passed.is_empty());
        world.pass(DAY);
    }
    // Also without a base.
    world.base = SyncBase::default();
    for subscriber in world.inventory.subscribers.values_mut() {
        subscriber.state = SubscriberState::Suspended;
    }
    // Nor does an empty first reading become the measure of the next one.
    for _ in 0..3 {
        let gated = world.commit_gated();
        assert_eq!(gated.findings[0].rule(), "empty-export");
        assert!(gated.passed.is_empty());
        world.pass(20 * DAY);
    }
}

#[test]
fn fault_05_new_services_do_not_hide_that_others_are_missing() {
    let mut world = served(40);
    world.limits.suspensions = SyncLimit::default();
    for number in 0..5 {
        world.sell(&format!("{}", 3000 + number), "1", "31");
    }
    for number in 0..3 {
        world.drop_service(&format!("{}", 2000 + number), "1");
    }
    let gated = world.commit_gated();
    assert_eq!(gated.held.len(), 1);
    let finding = &gated.held[0].finding;
    assert!(
        matches!(finding, GateFinding::ExportShrank { missing: 3, .. }),
        "{finding:?}"
    );
    assert_eq!(gated.held[0].changes.len(), 3);
    assert!(gated.passed.is_empty());
}

#[test]
fn fault_05_a_partner_that_is_invisible_suspends_no_one() {
    let mut world = served(40);
    world.limits.drop = SyncLimit::default();
    let partner = |services: &crate::model::billing::BillingService| {
        let number: u16 = services.account.as_str().parse().unwrap();
        number.is_multiple_of(2)
    };
    world.snapshot.services.retain(partner);
    let gated = world.gate(&world.propose(), &none());
    assert!(gated.passed.is_empty());
    assert_eq!(gated.held[0].finding.rule(), "group-vanished");
    assert_eq!(gated.held[0].changes.len(), 20);
    world.limits.drop = SyncLimits::default().drop;
    for _ in 0..2 {
        let gated = world.commit_gated();
        assert_eq!(gated.held[0].finding.rule(), "export-shrank");
    }
}

#[test]
fn fault_06_all_customers_delinquent_waits_for_an_approval() {
    let mut world = served(40);
    for service in &mut world.snapshot.services {
        service.status = ServiceStatus::Suspended {
            cause: SuspendedCause::NotPaid,
        };
    }
    let proposal = world.propose();
    let gated = world.gate(&proposal, &none());
    assert!(gated.passed.is_empty());
    assert_eq!(gated.held.len(), 1);
    assert_eq!(gated.held[0].finding.rule(), "too-many-suspensions");
    // Another digest lets nothing through, this one exactly these.
    let other = snapshot_digest(&world.snapshot);
    assert!(world.gate(&proposal, &[other].into()).passed.is_empty());
    let approved = [gated.held[0].digest.clone()].into();
    let gated = world.gate(&proposal, &approved);
    assert_eq!(gated.passed.len(), 40);
    assert!(gated.held.is_empty());
    // One more customer is another digest.
    world.sell("1042", "7001", "30").status = not_paid();
    world.subscriber(
        "acct-1042",
        ("oak-a", 1),
        Some(mac(1)),
        Some(("1042", "7001")),
    );
    let mut known = world.base.services[&key("2000", "1")].clone();
    known.subscriber = Some(id("acct-1042"));
    world.base.services.insert(key("1042", "7001"), known);
    let gated = world.gate(&world.propose(), &approved);
    assert!(gated.passed.is_empty());
}

#[test]
fn fault_07_an_edited_tariff_changes_no_one() {
    let mut world = served(40);
    let tariff = TariffId::new("31").unwrap();
    let sold = world.snapshot.tariffs.get_mut(&tariff).unwrap();
    sold.speed = Some(BillingSpeed {
        down_kbps: 50_000,
        up_kbps: 25_000,
    });
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    assert_eq!(proposal.tariffs.len(), 1);
    assert_eq!(proposal.tariffs[0].problem.rule(), "tariff-differs");
    assert_eq!(proposal.tariffs[0].services, 40);
}

#[test]
fn fault_08_a_new_tariff_or_status_word_is_listed_and_the_rest_goes_ahead() {
    let mut world = served(5);
    world.service("2000", "1").status = unknown();
    world.service("2001", "1").tariff = TariffId::new("77").ok();
    world.service("2002", "1").status = not_paid();
    let proposal = world.propose();
    assert_eq!(proposal.lines(), ["acct-2002 state = suspended"]);
    assert_eq!(proposal.verdict("2000", "1").1, ["status-unknown"]);
    assert_eq!(proposal.verdict("2001", "1").1, ["tariff-not-mapped"]);
    assert_eq!(world.gate(&proposal, &none()).passed.len(), 1);
}

#[test]
fn fault_09_a_service_with_another_id_is_renumbered_without_an_interruption() {
    let mut world = World::served();
    world.service("1042", "7001").login = Some("001042".into());
    world.commit();
    // A plan change by schedule: the new row waits beside the old one.
    world.sell("1042", "7050", "31").login = Some("001042".into());
    world.service("1042", "7050").status = pending();
    world.settings.pre_activate = true;
    let proposal = world.commit();
    assert!(proposal.changes.is_empty());
    assert_eq!(
        proposal.verdict("1042", "7050"),
        (Classification::Waiting, vec!["continues-another"])
    );
    // Its day comes.
    world.service("1042", "7001").status = gone();
    world.service("1042", "7050").status = ServiceStatus::Served;
    let proposal = world.commit();
    assert_eq!(
        proposal.lines(),
        [
            "acct-1042 external.service = 7050",
            "acct-1042 service_plan = home-500"
        ]
    );
    assert_eq!(
        proposal.verdict("1042", "7001").0,
        Classification::OutOfScope
    );
    assert!(world.propose().changes.is_empty());
}

#[test]
fn fault_09_a_renumbering_that_is_held_back_is_proposed_again() {
    let mut world = World::served();
    world.service("1042", "7001").login = Some("001042".into());
    world.commit();
    world.drop_service("1042", "7001");
    world.sell("1042", "7050", "30").login = Some("001042".into());
    // Only the login leads to it.
    world.drop_item("88");
    for _ in 0..3 {
        let proposal = world.propose();
        assert_eq!(proposal.lines(), ["acct-1042 external.service = 7050"]);
        world.accept(&proposal, &[], false);
    }
    world.commit();
    assert!(world.propose().changes.is_empty());
    // Without a login the MAC address of the base leads to it, or the subscriber's own.
    world.item("88", "00:0e:d8:10:20:01", "1042", None);
    world.commit();
    world.drop_service("1042", "7050");
    world.sell("1042", "7060", "30");
    let lines = world.propose().lines();
    assert_eq!(lines, ["acct-1042 external.service = 7060"]);
    world.base = SyncBase::default();
    assert_eq!(world.propose().lines(), lines);
}

#[test]
fn fault_09_a_row_that_is_only_missing_in_the_reading_is_not_renumbered() {
    let mut world = World::served();
    world.service("1042", "7001").login = Some("001042".into());
    world.commit();
    world.drop_service("1042", "7001");
    world.sell("1042", "7050", "30").login = Some("001042".into());
    world.snapshot.proof = incomplete();
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    assert_eq!(
        proposal.verdict("1042", "7050"),
        (Classification::Waiting, vec!["read-incomplete"])
    );
}

#[test]
fn fault_09_a_service_gets_no_second_subscriber_while_its_own_may_be_missing() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.hint("1042", "7001", "oak-a", "7");
    world.commit();
    world.drop_service("1042", "7001");
    world.sell("1042", "7050", "30");
    world.item("88", "00:0e:d8:10:20:01", "1042", Some("7050"));
    world.hear(mac(1), "oak-a", 7);
    world.snapshot.proof = incomplete();
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    assert_eq!(
        proposal.verdict("1042", "7050"),
        (Classification::Waiting, vec!["read-incomplete"])
    );
}

#[test]
fn fault_09_two_rows_that_may_continue_a_service_are_a_question() {
    let mut world = World::served();
    world.service("1042", "7001").login = Some("001042".into());
    world.commit();
    world.service("1042", "7001").status = gone();
    for service in ["7050", "7051"] {
        world.sell("1042", service, "31").login = Some("001042".into());
    }
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    for service in ["7001", "7050", "7051"] {
        let (class, rules) = proposal.verdict("1042", service);
        assert_eq!(class, Classification::Quarantined);
        assert!(rules.contains(&"renumber-ambiguous"), "{rules:?}");
    }
}

#[test]
fn fault_09_an_unknown_word_on_the_new_row_does_not_end_the_service() {
    let mut world = World::served();
    world.service("1042", "7001").login = Some("001042".into());
    world.commit();
    world.service("1042", "7001").status = gone();
    world.sell("1042", "7050", "31").login = Some("001042".into());
    world.service("1042", "7050").status = unknown();
    assert!(world.propose().changes.is_empty());
}

#[test]
fn fault_10_a_blocked_customer_with_an_active_service_is_suspended() {
    let mut world = World::served();
    world.service("1042", "7001").status = not_paid();
    let proposal = world.propose();
    assert_eq!(proposal.lines(), ["acct-1042 state = suspended"]);
    let cause = ChangeCause::Status {
        status: "suspended".into(),
        cause: Some("not-paid"),
    };
    assert_eq!(proposal.changes[0].cause, cause);
}

#[test]
fn fault_11_one_mac_at_two_customers_quarantines_both() {
    let mut world = World::sold();
    world.sell("1043", "7002", "31");
    world.item("89", "000ED8102001", "1043", Some("7002"));
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    for (account, service) in [("1042", "7001"), ("1043", "7002")] {
        let one = proposal.of(account, service);
        assert_eq!(one.classification, Classification::Quarantined);
        let Reason::MacClaimedTwice {
            items, accounts, ..
        } = &one.reasons[0]
        else {
            panic!("{:?}", one.reasons)
        };
        assert_eq!((items.len(), accounts.len()), (2, 2));
    }
    // One item in two accounts' services, by the service's own address.
    world.drop_item("89");
    let own = WrittenMac::read_all("00-0e-d8-10-20-01");
    world.service("1043", "7002").macs = own;
    assert!(world.propose().changes.is_empty());
    // A claim of an account that was not read this time counts as well.
    world.commit();
    world.snapshot.scope = SnapshotScope::Accounts([AccountId::new("1042").unwrap()].into());
    world.drop_service("1043", "7002");
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    assert_eq!(proposal.verdict("1042", "7001").1, ["mac-claimed-twice"]);
}

#[test]
fn fault_11_one_mac_in_two_items_of_one_service_is_a_question_as_well() {
    let mut world = World::sold();
    world.item("89", "00:0e:d8:10:20:01", "1042", Some("7001"));
    assert_eq!(
        world.propose().verdict("1042", "7001"),
        (Classification::Quarantined, vec!["mac-claimed-twice"])
    );
}

#[test]
fn fault_11_a_mac_that_is_claimed_twice_takes_no_endpoint_away() {
    let mut world = World::served();
    world.sell("1043", "7002", "31");
    world.item("89", "00:0e:d8:10:20:01", "1043", Some("7002"));
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    let proposal = world.propose();
    // What does not depend on the address goes ahead.
    assert_eq!(proposal.lines(), ["acct-1042 service_plan = home-500"]);
    assert_eq!(
        proposal.of("1042", "7001").reasons[0].rule(),
        "mac-claimed-twice"
    );
    assert_eq!(
        proposal.verdict("1043", "7002").0,
        Classification::Quarantined
    );
}

#[test]
fn fault_12_a_mistyped_mac_is_suggested_and_never_accepted() {
    let mut world = World::sold();
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    let Reason::NotHeard { near, .. } = &proposal.of("1042", "7001").reasons[0] else {
        panic!("{:?}", proposal.services)
    };
    assert_eq!(near[0].heard, mac(1));
    assert_eq!(near[0].at.device, device("maple-a"));
    // Not if another account claims the one that is heard.
    world.sell("1043", "7002", "31");
    world.item("89", "00:0e:d8:10:20:01", "1043", Some("7002"));
    let proposal = world.propose();
    let Reason::NotHeard { near, .. } = &proposal.of("1042", "7001").reasons[0] else {
        panic!("{:?}", proposal.services)
    };
    assert!(near.is_empty());
}

#[test]
fn fault_13_two_macs_in_a_field_are_both_read_and_one_may_be_heard() {
    let mut world = World::sold();
    world.item(
        "88",
        "00-0E-D8-10-20-01, 000ed8102002",
        "1042",
        Some("7001"),
    );
    assert_eq!(world.propose().changes.len(), 1);
    world.hear(mac(2), "maple-a", 2);
    assert_eq!(
        world.propose().verdict("1042", "7001"),
        (Classification::Quarantined, vec!["two-endpoints-heard"])
    );
}

#[test]
fn fault_14_the_right_mac_in_the_wrong_building_connects_no_one() {
    let mut world = World::sold();
    world.service("1042", "7001").location = LocationId::new("4").ok();
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    assert_eq!(
        proposal.verdict("1042", "7001"),
        (Classification::Quarantined, vec!["heard-elsewhere"])
    );
    // A device without a site is at no site that billing could mean.
    world.inventory.devices.get_mut("maple-a").unwrap().site = None;
    world.service("1042", "7001").location = LocationId::new("3").ok();
    assert!(world.propose().changes.is_empty());
}

#[test]
fn fault_15_a_copper_port_whose_subscriber_answers_is_taken() {
    for is_answering in [true, false] {
        let mut world = World::sold();
        world.subscriber("other", ("maple-a", 1), Some(mac(9)), None);
        if is_answering {
            world.hear_as(mac(9), "maple-a", 1, HeardState::Configured);
        }
        let proposal = world.propose();
        assert!(proposal.changes.is_empty());
        let expected = Reason::PortTaken {
            at: DevicePort {
                device: device("maple-a"),
                port: Some(port(1)),
            },
            subscriber: id("other"),
            is_answering,
        };
        assert_eq!(proposal.of("1042", "7001").reasons, [expected]);
    }
}

#[test]
fn fault_16_an_endpoint_of_a_cancelled_customer_serves_another_in_one_run() {
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    world.commit();
    world.sell("1043", "7002", "31");
    world.item("88", "00:0e:d8:10:20:01", "1043", Some("7002"));
    world.silence(mac(1));
    world.hear_as(mac(1), "maple-a", 1, HeardState::Configured);
    let proposal = world.commit();
    assert_eq!(
        proposal.lines(),
        [
            "-acct-1042",
            "+acct-1043 maple-a/1 00:0e:d8:10:20:01 home-500 vlan 102 active"
        ]
    );
    assert!(world.propose().changes.is_empty());
}

#[test]
fn fault_16_an_endpoint_of_a_served_customer_is_not_reused() {
    for status in [ServiceStatus::Served, not_paid(), pending(), unknown()] {
        let mut world = World::served();
        world.service("1042", "7001").status = status.clone();
        world.sell("1043", "7002", "31");
        world.item("88", "00:0e:d8:10:20:01", "1043", Some("7002"));
        let proposal = world.propose();
        assert!(
            proposal
                .lines()
                .iter()
                .all(|line| !line.starts_with(['+', '-'])),
            "{status:?}"
        );
    }
    // Nor of one who may only be missing in the reading.
    let mut world = World::served();
    world.drop_service("1042", "7001");
    world.sell("1043", "7002", "31");
    world.item("88", "00:0e:d8:10:20:01", "1043", Some("7002"));
    world.snapshot.proof = incomplete();
    let proposal = world.propose();
    assert!(proposal.changes.is_empty());
    assert_eq!(proposal.verdict("1043", "7002").1, ["endpoint-in-use"]);
    // Nor of a subscriber that an engineer made active again.
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    world.commit();
    world.edit("acct-1042").state = SubscriberState::Active;
    world.sell("1043", "7002", "31");
    world.item("88", "00:0e:d8:10:20:01", "1043", Some("7002"));
    assert!(world.propose().changes.is_empty());
    // Nor of a subscriber that a person keeps.
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    world.commit();
    world.edit("acct-1042").is_protected = true;
    world.sell("1043", "7002", "31");
    world.item("88", "00:0e:d8:10:20:01", "1043", Some("7002"));
    assert!(world.propose().changes.is_empty());
}

#[test]
fn fault_17_used_and_unmanaged_vlans_are_skipped_until_none_is_left() {
    let mut world = World::sold();
    world.subscriber("other", ("maple-a", 2), Some(mac(9)), None);
    world.edit("other").other_vlans = Some(Box::new([vlan(102)].into()));
    let look = world.looks.devices.get_mut("maple-a").unwrap();
    look.vlans = [vlan(103)].into();
    let resting = [(vlan(104), NOW - 6 * DAY), (vlan(105), NOW - 7 * DAY)];
    world.base.resting.insert(device("maple-a"), resting.into());
    // 101, 102 in use, 103 seen, 104 resting.
    assert!(world.propose().lines()[0].contains("vlan 105 "));
    let uplink: VlanSet = "101-104,106-110".parse().unwrap();
    let maple = world.inventory.devices.get_mut("maple-a").unwrap();
    maple.uplink_vlans = Some(uplink);
    maple.management_vlan = vlan(106);
    assert!(world.propose().lines()[0].contains("vlan 107 "));
    world.inventory.pool = "101-106".parse().unwrap();
    assert_eq!(
        world.propose().verdict("1042", "7001"),
        (Classification::Waiting, vec!["no-vlan-left"])
    );
    let maple = world.inventory.devices.get_mut("maple-a").unwrap();
    maple.new_vlan = NewVlan::Shared(vlan(300));
    assert!(world.propose().lines()[0].contains("vlan 300 "));
}

#[test]
fn fault_17_reserved_vlans_are_never_given_out() {
    let mut world = World::sold();
    world.inventory.pool = "1-4,3840-3843,4094-4095".parse().unwrap();
    let observed: VlanSet = "4,3843".parse().unwrap();
    assert!(world.propose().lines()[0].contains("vlan 3 "));
    let look = world.looks.devices.get_mut("maple-a").unwrap();
    look.uplink_vlans = Some(observed);
    look.vlans = [vlan(4)].into();
    assert!(world.propose().lines()[0].contains("vlan 3843 "));
}

#[test]
fn fault_18_a_plan_that_an_engineer_set_stays_until_billing_has_a_new_one() {
    let mut world = World::served();
    world.edit("acct-1042").service_plan = plan("home-100");
    for _ in 0..3 {
        let proposal = world.commit();
        assert!(proposal.changes.is_empty());
        assert_eq!(
            proposal.verdict("1042", "7001"),
            (Classification::Contested, vec!["contested"])
        );
        world.pass(DAY);
    }
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    assert_eq!(
        world.commit().lines(),
        ["acct-1042 service_plan = home-500"]
    );
}

#[test]
fn fault_19_a_branch_that_moved_is_proposed_for_again() {
    let mut world = World::sold();
    let first = world.propose();
    // Another writer used the VLAN meanwhile.
    world.subscriber("other", ("maple-a", 2), Some(mac(9)), None);
    let second = world.propose();
    assert!(first.lines()[0].contains("vlan 101 "));
    assert!(second.lines()[0].contains("vlan 102 "));
}

#[test]
fn fault_20_a_crash_between_push_and_base_is_repaired_without_an_edit() {
    let mut world = World::sold();
    let before = world.base.clone();
    world.commit();
    world.base = before.clone();
    assert!(world.commit().changes.is_empty());
    assert_eq!(
        world.base.services[&key("1042", "7001")].subscriber,
        Some(id("acct-1042"))
    );
    let before = world.base.clone();
    world.service("1042", "7001").status = not_paid();
    world.commit();
    world.base = before;
    assert!(world.commit().changes.is_empty());
    world.service("1042", "7001").status = ServiceStatus::Served;
    assert_eq!(world.propose().lines(), ["acct-1042 state = active"]);
}

#[test]
fn fault_20_a_crash_after_a_new_id_was_pushed_keeps_what_was_known_by_the_old_one() {
    let mut world = World::served();
    // Billing is ahead of the installer.
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.commit();
    let before = world.base.clone();
    world.drop_service("1042", "7001");
    world.sell("1042", "7050", "31");
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7050"));
    world.commit();
    world.base = before;
    assert!(world.commit().changes.is_empty());
    let services: Vec<_> = world.base.services.keys().collect();
    assert_eq!(services, [&key("1042", "7050")]);
    // The installer comes.
    world.silence(mac(1));
    world.hear(mac(2), "maple-a", 1);
    assert_eq!(
        world.propose().lines(),
        ["acct-1042 endpoint = 00:0e:d8:10:20:02"]
    );
}

#[test]
fn fault_20_a_vlan_rests_although_the_run_that_gave_it_up_ended_before_the_base() {
    let mut world = World::served();
    let before = world.base.clone();
    let first = world.inventory.subscribers["acct-1042"].vlan;
    // The run pushed the removal, and ended.
    world.inventory.subscribers.remove("acct-1042");
    world.base = before;
    world.service("1042", "7001").status = gone();
    world.silence(mac(1));
    world.sell("1043", "7002", "30");
    world.item("89", "00:0e:d8:10:20:02", "1043", Some("7002"));
    world.hear(mac(2), "maple-a", 2);
    world.commit();
    let second = world.inventory.subscribers["acct-1043"].vlan;
    assert_ne!(first, second);
    assert!(world.base.resting["maple-a"].contains_key(&first));
}

#[test]
fn fault_21_with_the_store_lost_differences_are_contested_and_equal_values_are_the_base() {
    let mut world = World::served();
    world.base = SyncBase::default();
    world.service("1042", "7001").status = not_paid();
    let proposal = world.commit();
    assert!(proposal.changes.is_empty());
    assert_eq!(
        proposal.verdict("1042", "7001").0,
        Classification::Contested
    );
    // The tariff was equal, so its next value applies.
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    assert_eq!(
        world.propose().lines(),
        ["acct-1042 service_plan = home-500"]
    );
}

#[test]
fn fault_25_a_vlan_that_someone_edits_in_billing_changes_nothing() {
    let mut world = World::served();
    let written = &mut world.service("1042", "7001").written_back;
    written.vlan = Some("999".into());
    written.place = Some("oak-a/3".into());
    written.state = Some("suspended".into());
    assert!(world.propose().changes.is_empty());
}

#[test]
fn fault_28_a_unit_with_control_bytes_is_left_out_and_the_record_goes_ahead() {
    let mut world = World::sold();
    world.settings.describes_units = true;
    for (unit, kept) in [
        ("Apt 101", true),
        ("Apt 101?", false),
        ("Apt\u{1b}[2J", false),
        ("Apt \u{202e}101", false),
        ("Wohnung 3 \u{fc}", false),
        ("", false),
    ] {
        world.service("1042", "7001").unit = Some(unit.into());
        let proposal = world.propose();
        let [SyncEdit::Add { added, .. }] = &proposal.changes[0].edits[..] else {
            panic!("{unit}")
        };
        assert_eq!(added.description.is_some(), kept, "{unit:?}");
    }
}

#[test]
fn fault_29_a_deleted_customer_is_suspended_then_removed_unless_protected() {
    for is_protected in [false, true] {
        let mut world = World::served();
        world.edit("acct-1042").is_protected = is_protected;
        world.drop_service("1042", "7001");
        let proposal = world.commit();
        assert_eq!(proposal.lines(), ["acct-1042 state = suspended"]);
        assert!(proposal.changes[0].is_from_absence);
        world.pass(14 * DAY);
        let proposal = world.commit();
        match is_protected {
            false => assert_eq!(proposal.lines(), ["-acct-1042"]),
            true => {
                assert!(proposal.changes.is_empty());
                let one = &proposal.not_listed[0];
                assert_eq!(one.classification, Classification::Contested);
                assert_eq!(one.reasons[0].rule(), "protected");
            }
        }
    }
}

#[test]
fn fault_29_one_complete_reading_never_removes() {
    let mut world = World::served();
    world.edit("acct-1042").state = SubscriberState::Suspended;
    world.settings.gone_after_days = 0;
    world.drop_service("1042", "7001");
    world.base = SyncBase::default();
    assert!(world.commit().changes.is_empty());
    assert_eq!(world.commit().lines(), ["-acct-1042"]);
}

#[test]
fn fault_30_a_mass_change_within_the_lane_is_left_to_the_limits_of_the_plan() {
    let mut world = served(40);
    world.limits = SyncLimits {
        changes: SyncLimit::default(),
        ..SyncLimits::default()
    };
    for service in &mut world.snapshot.services {
        service.tariff = TariffId::new("30").ok();
    }
    let gated = world.gate(&world.propose(), &none());
    assert_eq!(gated.passed.len(), 40);
}
