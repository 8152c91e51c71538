//! Tests the texts of commits, digests, and the values that go back to billing.

use std::collections::BTreeMap;

use super::world::*;
use crate::model::billing::{PlaceHint, TariffId, WrittenBack};
use crate::sync::*;

fn verified() -> BTreeMap<ServiceKey, VerifiedService> {
    let one = VerifiedService {
        device: device("maple-a"),
        port: Some(port(1)),
        vlan: vlan(101),
        state: VerifiedState::Served,
        endpoint: Some(mac(1)),
    };
    BTreeMap::from([(key("1042", "7001"), one)])
}

#[test]
fn a_commit_message_has_counts_reasons_and_trailers_and_no_person() {
    let mut world = World::served();
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    world.sell("1043", "7002", "30").unit = Some("Okafor, Apt 3".into());
    world.settings.describes_units = true;
    world.item("89", "00:0e:d8:10:20:02", "1043", Some("7002"));
    world.hear(mac(2), "maple-a", 2);
    let proposal = world.propose();
    let digest = snapshot_digest(&world.snapshot);
    let approvals = [digest.clone()];
    let facts = CommitFacts {
        system: &world.settings.system,
        snapshot: &digest,
        run: "run-1",
        approvals: &approvals,
    };
    let text = commit_text(&proposal.changes, facts);
    assert_eq!(
        text.message,
        "sync splynx: 1 changed, 1 added\n\n\
         acct-1042 service_plan home-200 → home-500 (tariff 30 → 31)\n\
         acct-1043 added on maple-a port 2, home-200, VLAN 102, active (00:0e:d8:10:20:02 is heard)\n"
    );
    let keys: Vec<&str> = text.trailers.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "Gamctl-Command",
            "Gamctl-Lane",
            "Gamctl-Billing",
            "Gamctl-Snapshot",
            "Gamctl-Run",
            "Gamctl-Approval"
        ]
    );
    assert!(!format!("{text:?}").contains("Okafor"));
}

#[test]
fn every_cause_is_written() {
    let mut world = World::served();
    world.service("1042", "7001").status = gone();
    let mut messages = Vec::new();
    let mut write = |world: &mut World| {
        let proposal = world.commit();
        let digest = snapshot_digest(&world.snapshot);
        let facts = CommitFacts {
            system: &world.settings.system,
            snapshot: &digest,
            run: "r",
            approvals: &[],
        };
        let text = commit_text(&proposal.changes, facts);
        messages.push(text.message.lines().skip(2).collect::<Vec<_>>().join("\n"));
    };
    write(&mut world);
    world.pass(20 * DAY);
    write(&mut world);
    assert_eq!(
        messages,
        [
            "acct-1042 state active → suspended (gone: ended)",
            "acct-1042 removed (gone for 20 days)"
        ]
    );
}

#[test]
fn equal_snapshots_have_equal_digests_and_personal_data_has_no_part_in_them() {
    let world = World::served();
    let digest = snapshot_digest(&world.snapshot);
    let mut other = world.clone();
    other.snapshot.taken += 99;
    other.account("1042").name = crate::model::billing::Personal::new("Kim Lee".to_owned());
    other.service("1042", "7001").unit = None;
    assert_eq!(snapshot_digest(&other.snapshot), digest);
    other.service("1042", "7001").status = not_paid();
    assert_ne!(snapshot_digest(&other.snapshot), digest);
    assert_eq!(digest.as_str().len(), 64);
    assert!(digest.as_str().starts_with(digest.short()));
}

#[test]
fn only_verified_values_that_differ_are_written_back() {
    let mut world = World::served();
    let plan = write_back(&world.snapshot, &BTreeMap::new(), &BTreeMap::new(), NOW);
    assert!(plan.writes.is_empty());
    let plan = write_back(&world.snapshot, &verified(), &BTreeMap::new(), NOW);
    let values: Vec<&str> = plan.writes[0].values.values().map(|one| &**one).collect();
    assert_eq!(values, ["maple-a/1", "101", "served"]);
    assert_eq!(
        plan.writes[0].native_place,
        Some((device("maple-a"), port(1)))
    );
    world.service("1042", "7001").written_back = WrittenBack {
        place: Some("maple-a/1".into()),
        vlan: Some("101".into()),
        state: Some("pending".into()),
    };
    let plan = write_back(&world.snapshot, &verified(), &plan.memory, NOW);
    assert_eq!(plan.writes[0].values.len(), 1);
    let mut failed = verified();
    for one in failed.values_mut() {
        one.state = VerifiedState::Failed("unreachable".into());
    }
    let plan = write_back(&world.snapshot, &failed, &plan.memory, NOW);
    assert_eq!(
        plan.writes[0].values[&WriteBackField::State],
        "failed: unreachable"
    );
}

#[test]
fn a_field_that_others_change_back_is_set_back_twice_and_then_left() {
    let mut world = World::served();
    let agreed = WrittenBack {
        place: Some("maple-a/1".into()),
        vlan: Some("101".into()),
        state: Some("served".into()),
    };
    let mut memory = BTreeMap::new();
    let mut outcomes = Vec::new();
    for round in 0..4 {
        world.service("1042", "7001").written_back = agreed.clone();
        memory = write_back(&world.snapshot, &verified(), &memory, NOW + round).memory;
        world.service("1042", "7001").written_back.vlan = Some("999".into());
        let plan = write_back(&world.snapshot, &verified(), &memory, NOW + round);
        outcomes.push((plan.writes.len(), plan.overwritten.len()));
        memory = plan.memory;
    }
    assert_eq!(outcomes, [(1, 0), (1, 0), (0, 1), (0, 1)]);
    let plan = write_back(&world.snapshot, &verified(), &memory, NOW + DAY + 9);
    assert_eq!(plan.writes.len(), 1);
}

#[test]
fn a_write_that_was_lost_is_not_an_overwrite() {
    let world = World::served();
    let mut memory = BTreeMap::new();
    for round in 0..9 {
        let plan = write_back(&world.snapshot, &verified(), &memory, NOW + round);
        assert_eq!((plan.writes.len(), plan.overwritten.len()), (1, 0));
        memory = plan.memory;
    }
}

#[test]
fn a_place_that_a_person_wrote_in_billing_stays() {
    let mut world = World::served();
    world.hint("1042", "7001", "12", "4");
    let plan = write_back(&world.snapshot, &verified(), &BTreeMap::new(), NOW);
    assert_eq!(plan.writes[0].native_place, None);
    // One that gamctl wrote follows the subscriber.
    let mut world = World::served();
    let plan = write_back(&world.snapshot, &verified(), &BTreeMap::new(), NOW);
    let service = world.service("1042", "7001");
    service.place_hint = Some(PlaceHint {
        device: "12".into(),
        port: Some("1".into()),
    });
    service.written_back = WrittenBack {
        place: Some("maple-a/1".into()),
        vlan: Some("101".into()),
        state: Some("served".into()),
    };
    let plan = write_back(&world.snapshot, &verified(), &plan.memory, NOW);
    assert!(plan.writes.is_empty());
    let mut moved = verified();
    for one in moved.values_mut() {
        one.port = Some(port(2));
    }
    let plan = write_back(&world.snapshot, &moved, &plan.memory, NOW);
    assert_eq!(
        plan.writes[0].native_place,
        Some((device("maple-a"), port(2)))
    );
}

#[test]
fn a_place_that_gamctl_wrote_is_not_a_request_after_the_customer_left() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.inventory.devices.get_mut("maple-a").unwrap().external = Some("12".into());
    world.hint("1042", "7001", "12", "7");
    assert_eq!(world.propose().changes.len(), 1);
    world.service("1042", "7001").written_back.place = Some("maple-a/7".into());
    assert!(world.propose().changes.is_empty());
}

#[test]
fn adopting_links_by_the_endpoint_and_writes_nothing_else() {
    let mut world = World::served();
    world.edit("acct-1042").external = None;
    world.base = SyncBase::default();
    world.subscriber("lost", ("oak-a", 2), Some(mac(5)), None);
    world.subscriber("bare", ("oak-a", 3), None, None);
    let adoption = adopt(world.inputs());
    let edits = adoption.changes.iter().flat_map(|change| &change.edits);
    assert_eq!(lines(edits), ["acct-1042 external.account = 1042/7001"]);
    let digest = snapshot_digest(&world.snapshot);
    let facts = CommitFacts {
        system: &world.settings.system,
        snapshot: &digest,
        run: "r",
        approvals: &[],
    };
    let text = adoption_text(&adoption.changes, facts);
    assert!(text.message.starts_with("sync splynx: 1 linked\n\n"));
    assert_eq!(text.trailers[0].1, "sync adopt");
    assert_eq!(adoption.left.len(), 2);
    world.inventory = world
        .inventory
        .edited(adoption.changes.iter().flat_map(|change| &change.edits));
    assert!(adopt(world.inputs()).changes.is_empty());
    world.commit();
    assert_eq!(
        world.propose().verdict("1042", "7001").0,
        Classification::InSync
    );
    // A link of another kind stays.
    world.edit("acct-1042").external = None;
    world.edit("acct-1042").has_other_link = true;
    assert!(adopt(world.inputs()).changes.is_empty());
    world.edit("acct-1042").has_other_link = false;
    // An address in two items adopts no one.
    world.sell("1043", "7002", "30");
    world.item("89", "00:0e:d8:10:20:01", "1043", Some("7002"));
    let adoption = adopt(world.inputs());
    assert!(adoption.changes.is_empty());
    assert!(adoption.left.iter().any(|(_, reason)| reason.is_some()));
}
