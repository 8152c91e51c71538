//! Tests the rules of the gate that follow from many records.

use std::collections::BTreeSet;

use super::faults::served;
use super::world::*;
use crate::model::billing::ServiceStatus;
use crate::sync::*;

fn rules(gated: &Gated) -> Vec<&'static str> {
    gated.held.iter().map(|held| held.finding.rule()).collect()
}

fn suspend(world: &mut World, count: usize) {
    for service in world.snapshot.services.iter_mut().take(count) {
        service.status = not_paid();
    }
}

#[test]
fn suspensions_over_the_limit_of_the_hour_are_held_back_as_a_whole() {
    let mut world = served(100);
    world.limits.suspensions = SyncLimit {
        count: Some(3),
        percent: None,
    };
    suspend(&mut world, 3);
    assert!(world.commit_gated().held.is_empty());
    world.used.suspensions = 3;
    suspend(&mut world, 4);
    // The first three are there already; a fourth is one too many within the hour.
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert_eq!(rules(&gated), ["too-many-suspensions"]);
    world.used.suspensions = 0;
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert_eq!((gated.passed.len(), gated.held.len()), (1, 0));
}

#[test]
fn a_kind_that_is_held_back_does_not_hold_back_the_others() {
    let mut world = served(100);
    suspend(&mut world, 60);
    let tariff = crate::model::billing::TariffId::new("30").ok();
    for service in &mut world.snapshot.services[..5] {
        service.tariff.clone_from(&tariff);
    }
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert_eq!(gated.passed.len(), 5);
    assert_eq!(gated.held[0].changes.len(), 60);
}

#[test]
fn more_than_half_of_a_site_is_not_suspended_even_within_the_limit() {
    let mut world = served(8);
    world.limits.suspensions = SyncLimit::default();
    suspend(&mut world, 4);
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert!(gated.held.is_empty());
    suspend(&mut world, 5);
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert_eq!(rules(&gated), ["too-many-suspensions"]);
    assert!(matches!(
        gated.held[0].finding,
        GateFinding::SiteSuspended {
            suspensions: 5,
            active: 8,
            ..
        }
    ));
}

#[test]
fn additions_over_the_limit_wait_for_the_next_hour() {
    let mut world = World::new();
    for number in 1..=5_u8 {
        let account = format!("{}", 1040 + u16::from(number));
        world.sell(&account, "1", "30");
        world.item(&account, &mac(number).to_string(), &account, Some("1"));
        world.hear(mac(number), "maple-a", number);
    }
    world.limits.additions = SyncLimit {
        count: Some(3),
        percent: None,
    };
    let gated = world.commit_gated();
    assert_eq!(gated.passed.len(), 3);
    assert_eq!(rules(&gated), ["too-many-additions"]);
    let held = gated.held[0].digest.clone();
    world.used.additions = 3;
    // The rest keeps its digest, so that a person can approve it meanwhile.
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert!(gated.passed.is_empty());
    assert_eq!(gated.held[0].digest, held);
    let gated = world.gate(&world.propose(), &[held].into());
    assert_eq!(gated.passed.len(), 2);
    world.used.additions = 0;
    assert_eq!(world.commit_gated().passed.len(), 2);
    assert!(world.propose().changes.is_empty());
}

#[test]
fn removals_over_the_limit_are_held_back_with_their_replacements() {
    let mut world = served(10);
    world.limits = SyncLimits {
        suspensions: SyncLimit::default(),
        drop: SyncLimit::default(),
        removals: SyncLimit {
            count: Some(1),
            percent: None,
        },
        ..SyncLimits::default()
    };
    for account in ["2000", "2001"] {
        world.service(account, "1").status = gone();
    }
    world.commit();
    world.commit();
    world.pass(14 * DAY);
    // A third subscriber gives way to a new customer with its endpoint.
    world.service("2002", "1").status = gone();
    world.commit_gated();
    let mac = world.inventory.subscribers["acct-2002"].endpoint.unwrap();
    world.sell("3000", "1", "31");
    world.item("2002", &mac.to_string(), "3000", Some("1"));
    world.hear_as(mac, "oak-a", 3, HeardState::Configured);
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert!(gated.passed.is_empty(), "{:?}", gated.passed);
    assert_eq!(rules(&gated), ["too-many-removals"]);
    assert_eq!(gated.held[0].changes.len(), 3);
    let approved = [gated.held[0].digest.clone()].into();
    let gated = world.gate(&world.propose(), &approved);
    assert_eq!(gated.passed.len(), 3);
    assert_eq!(gated.approved.len(), 4);
    let used: Vec<_> = gated.let_through.iter().map(|one| &one.digest).collect();
    assert_eq!(used, approved.iter().collect::<Vec<_>>());
    // An approval of changes that are not there lets nothing through, and is not used.
    world.service("2001", "1").status = ServiceStatus::Served;
    let gated = world.gate(&world.propose(), &approved);
    assert!(gated.let_through.is_empty() && gated.approved.is_empty());
}

#[test]
fn many_unknown_statuses_hold_back_suspensions_and_one_never_does() {
    let mut world = served(50);
    world.limits.suspensions = SyncLimit::default();
    world.service("2000", "1").status = unknown();
    world.service("2002", "1").status = not_paid();
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert_eq!(gated.passed.len(), 1);
    world.service("2001", "1").status = unknown();
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert!(gated.passed.is_empty());
    assert_eq!(rules(&gated), ["statuses-unknown"]);
}

#[test]
fn a_reading_that_shrank_stays_one_until_a_person_approves() {
    let mut world = served(100);
    for number in 0..30 {
        world.drop_service(&format!("{}", 2000 + number), "1");
    }
    for _ in 0..3 {
        let gated = world.commit_gated();
        assert!(gated.passed.is_empty());
        assert_eq!(rules(&gated), ["export-shrank"]);
        assert!(gated.keeps_sizes);
        world.pass(DAY);
    }
    let proposal = world.propose();
    let digest = world.gate(&proposal, &BTreeSet::new()).held[0]
        .digest
        .clone();
    let gated = world.gate(&proposal, &[digest].into());
    assert_eq!((gated.passed.len(), gated.keeps_sizes), (30, false));
    world.accept(&proposal, &gated.passed.clone(), gated.keeps_sizes);
    let gated = world.gate(&world.propose(), &BTreeSet::new());
    assert!(gated.findings.is_empty());
}

#[test]
fn an_export_that_lost_a_few_customers_is_not_shrunk() {
    let mut world = served(100);
    for number in 0..2 {
        world.drop_service(&format!("{}", 2000 + number), "1");
    }
    let gated = world.commit_gated();
    assert_eq!((gated.passed.len(), gated.held.len()), (2, 0));
}

#[test]
fn a_reading_of_some_accounts_is_not_an_export_that_shrank() {
    let mut world = served(100);
    world.snapshot.services.truncate(1);
    world.snapshot.equipment.truncate(1);
    let account = world.snapshot.services[0].account.clone();
    world.snapshot.scope = crate::model::billing::SnapshotScope::Accounts([account].into());
    world.snapshot.services[0].status = not_paid();
    let gated = world.commit_gated();
    assert_eq!((gated.passed.len(), gated.findings.len()), (1, 0));
    assert_eq!(world.base.sizes.as_ref().unwrap().services, 100);
}
