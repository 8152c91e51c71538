//! Tests the sentences of the sync's contract over random worlds.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::operations::{Edit, Operation, edit, operations};
use super::world::*;
use crate::model::SubscriberState;
use crate::model::billing::{
    AccountId, Collection, ServiceStatus, SnapshotScope, TariffId, UnreadableRecord, WrittenBack,
};
use crate::sync::*;

fn world() -> impl Strategy<Value = World> {
    operations().prop_map(|operations| {
        let mut world = World::run(&operations);
        world.read_scope();
        world
    })
}

/// Returns a world at rest: everything was read whole, and all changes were accepted.
fn settled() -> impl Strategy<Value = World> {
    operations().prop_map(|mut operations| {
        // A removal may make room for another service, once.
        operations.extend(std::iter::repeat_n(Operation::Commit, 4));
        World::run(&operations)
    })
}

fn edits_of<'a>(proposal: &'a Proposal, name: &crate::model::SubscriberId) -> Vec<&'a SyncEdit> {
    let edits = proposal.edits();
    edits.filter(|edit| edit.subscriber() == name).collect()
}

fn is_live(status: &ServiceStatus) -> bool {
    matches!(
        status,
        ServiceStatus::Served | ServiceStatus::Suspended { .. } | ServiceStatus::Pending { .. }
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_service_has_exactly_one_classification(world in world()) {
        let proposal = world.propose();
        let listed: Vec<ServiceKey> = world.snapshot.services.iter().map(ServiceKey::of).collect();
        let classified: Vec<ServiceKey> =
            proposal.services.iter().map(|one| one.service.clone()).collect();
        prop_assert_eq!(classified, listed);
        let sum: usize = proposal.counts().values().sum();
        prop_assert_eq!(sum, world.snapshot.services.len());
        for one in &proposal.services {
            let has_changes = proposal.changes.iter().any(|change| change.service == one.service);
            let is_change = matches!(
                one.classification,
                Classification::Change | Classification::New
            );
            prop_assert_eq!(has_changes, is_change, "{:?}", one);
            let has_reason = !one.reasons.is_empty();
            prop_assert!(
                has_reason || is_change || one.classification == Classification::InSync,
                "{:?}", one
            );
        }
    }

    #[test]
    fn equal_inputs_give_equal_proposals(world in world()) {
        let mut world = world;
        world.snapshot.sort();
        let mut other = world.clone();
        other.snapshot.services.reverse();
        other.snapshot.unreadable.reverse();
        other.snapshot.equipment.reverse();
        other.snapshot.sort();
        other.looks.endpoints.reverse();
        let (one, two) = (world.propose(), other.propose());
        prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
        prop_assert_eq!(snapshot_digest(&world.snapshot), snapshot_digest(&other.snapshot));
        let base = |world: &World, proposal: &Proposal| {
            let base = proposal.next_base(world.inputs(), &proposal.changes, false);
            serde_json::to_string(&base).unwrap()
        };
        prop_assert_eq!(base(&world, &one), base(&other, &two));
    }

    #[test]
    fn after_its_own_edits_propose_returns_nothing(mut world in world()) {
        let first = world.commit();
        // Only a place or an endpoint that these edits gave up lets something else follow.
        let gives_up = first.edits().any(|edit| match edit {
            SyncEdit::Remove { .. } => true,
            SyncEdit::Set { value, .. } => {
                [SyncKey::Endpoint, SyncKey::Device, SyncKey::Port].contains(&value.key())
            }
            SyncEdit::Add { .. } => false,
        });
        let again = world.commit();
        prop_assert!(gives_up || again.changes.is_empty(), "{:?}", again.lines());
        let is_placement = |change: &ProposedChange| {
            let mut edits = change.edits.iter();
            change.kind == ChangeKind::Move || edits.any(|edit| match edit {
                SyncEdit::Add { .. } => true,
                SyncEdit::Set { value, .. } => value.key() == SyncKey::Endpoint,
                SyncEdit::Remove { .. } => false,
            })
        };
        prop_assert!(again.changes.iter().all(is_placement), "{:?}", again.lines());
        world.commit();
        world.commit();
        let last = world.propose();
        prop_assert!(last.changes.is_empty(), "{:?}", last.lines());
    }

    #[test]
    fn a_crash_before_the_base_is_written_repeats_nothing(mut world in world()) {
        let base = world.base.clone();
        world.commit();
        world.base = base;
        let again = world.propose();
        let edits: Vec<_> = again.edits().filter(|edit| !matches!(edit, SyncEdit::Set { .. })).collect();
        prop_assert!(edits.is_empty(), "{:?}", again.lines());
        for change in &again.changes {
            for edit in &change.edits {
                let SyncEdit::Set { subscriber, value, .. } = edit else { unreachable!() };
                let known = &world.inventory.subscribers[subscriber];
                let before = match value {
                    SyncValue::ServicePlan(plan) => known.service_plan != *plan,
                    SyncValue::State(state) => known.state != *state,
                    SyncValue::Endpoint(mac) => known.endpoint != Some(*mac),
                    _ => true,
                };
                prop_assert!(before, "{edit:?}");
            }
        }
    }

    #[test]
    fn what_is_not_accepted_is_proposed_again(mut world in world(), picks in any::<u64>()) {
        let proposal = world.propose();
        let mut services: BTreeSet<ServiceKey> =
            proposal.changes.iter().map(|change| change.service.clone()).collect();
        let mut bits = picks;
        services.retain(|_| { bits = bits.rotate_left(1); bits & 1 == 1 });
        let (accepted, left): (Vec<_>, Vec<_>) = proposal
            .changes
            .iter()
            .cloned()
            .partition(|change| services.contains(&change.service));
        world.accept(&proposal, &accepted, false);
        let again = world.propose();
        for change in &left {
            // An id or a VLAN may be another one.
            let same = again.changes.iter().any(|other| {
                other.service == change.service && other.kind == change.kind
            });
            let flapping = again.services.iter().any(|one| {
                one.service == change.service
                    && one.reasons.iter().any(|reason| matches!(reason, Reason::Flapping { .. }))
            });
            prop_assert!(same || flapping, "{:?}\n{:?}", change, again.lines());
        }
        for change in &accepted {
            let repeated = again.changes.iter().any(|other| {
                other.service == change.service && other.edits == change.edits
            });
            prop_assert!(!repeated, "{:?}", change);
        }
    }

    #[test]
    fn absence_has_no_consequence_without_a_complete_proof(
        mut world in world(),
        dropped in any::<u64>(),
        scope in any::<bool>(),
    ) {
        if scope {
            let all = world.snapshot.services.iter().map(|one| one.account.clone()).collect();
            world.snapshot.scope = SnapshotScope::Accounts(all);
        }
        world.snapshot.proof = incomplete();
        let mut bits = dropped;
        world.snapshot.services.retain(|_| { bits = bits.rotate_left(1); bits & 1 == 1 });
        let proposal = world.propose();
        let listed: BTreeMap<ServiceKey, &ServiceStatus> =
            world.snapshot.services.iter().map(|one| (ServiceKey::of(one), &one.status)).collect();
        prop_assert!(!proposal.changes.iter().any(|change| change.is_from_absence));
        prop_assert!(!proposal.changes.iter().any(|change| change.kind == ChangeKind::Removal));
        for change in &proposal.changes {
            prop_assert!(listed.contains_key(&change.service), "{change:?}");
        }
        for (name, subscriber) in &world.inventory.subscribers {
            let Some(link) = subscriber.link_to(&world.settings.system) else {
                prop_assert!(edits_of(&proposal, name).is_empty());
                continue;
            };
            let Some(service) = &link.service else { continue };
            let key = ServiceKey { account: link.account.clone(), service: service.clone() };
            if !listed.contains_key(&key) {
                prop_assert!(edits_of(&proposal, name).is_empty(), "{:?}", proposal.lines());
            }
        }
        world.snapshot.services.clear();
        prop_assert!(world.propose().changes.is_empty());
    }

    #[test]
    fn unknown_words_change_nothing(mut world in world(), picks in any::<u64>()) {
        let mut bits = picks;
        for service in &mut world.snapshot.services {
            bits = bits.rotate_left(2);
            if bits & 1 == 1 { service.status = unknown(); }
            if bits & 2 == 2 { service.tariff = TariffId::new("77").ok(); }
        }
        let proposal = world.propose();
        for change in &proposal.changes {
            let service = world.snapshot.services.iter().find(|one| ServiceKey::of(one) == change.service);
            let Some(service) = service else { continue };
            prop_assert!(!matches!(service.status, ServiceStatus::Unknown { .. }), "{change:?}");
            if service.tariff.as_ref().is_some_and(|tariff| tariff.as_str() == "77") {
                let sets_plan = change.edits.iter().any(|edit| match edit {
                    SyncEdit::Set { value, .. } => value.key() == SyncKey::ServicePlan,
                    SyncEdit::Add { .. } => true,
                    SyncEdit::Remove { .. } => false,
                });
                prop_assert!(!sets_plan, "{change:?}");
            }
        }
    }

    #[test]
    fn one_bad_record_never_holds_up_another(mut world in world(), kind in 0..5_u8) {
        if world.snapshot.scope != SnapshotScope::Everything { return Ok(()); }
        let before = world.propose();
        match kind {
            0 => world.sell("9999", "1", "30").status = unknown(),
            1 => drop(world.sell("9999", "1", "77")),
            2 => world.sell("9999", "1", "30").tariff = None,
            3 => world.snapshot.unreadable.push(UnreadableRecord {
                collection: Collection::Services,
                id: Some("1".into()),
                account: AccountId::new("9999").ok(),
                reason: "status: expected text, got a list".into(),
            }),
            _ => {
                world.sell("9999", "1", "30");
                world.hint("9999", "1", "nowhere", "x");
            }
        }
        let after = world.propose();
        prop_assert_eq!(&before.changes, &after.changes);
        let gates = |proposal: &Proposal| {
            let gated = world.gate(proposal, &BTreeSet::new());
            gated.passed
        };
        // One more record makes an empty export one that is not.
        let was_empty = before.sizes.as_ref().is_some_and(|sizes| sizes.services == 0);
        if !was_empty && (kind != 0 || before.unknown_statuses == 0) {
            prop_assert_eq!(gates(&before), gates(&after));
        }
    }

    #[test]
    fn losing_the_store_takes_nothing_from_a_subscriber(mut world in world()) {
        world.base = SyncBase::default();
        let proposal = world.propose();
        for change in &proposal.changes {
            prop_assert!(change.kind != ChangeKind::Suspension, "{change:?}");
            for edit in &change.edits {
                let known = world.inventory.subscribers.get(edit.subscriber());
                match edit {
                    SyncEdit::Add { .. } => prop_assert!(known.is_none()),
                    // Suspended already, and its endpoint is another customer's now.
                    SyncEdit::Remove { .. } => {
                        prop_assert!(known.unwrap().state != SubscriberState::Active);
                    }
                    SyncEdit::Set { value, .. } => {
                        let is_link = matches!(value.key(), SyncKey::ExternalService);
                        // One that never had an endpoint is activated.
                        prop_assert!(is_link || known.unwrap().endpoint.is_none(), "{edit:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn losing_billing_changes_nothing(mut world in world()) {
        world.snapshot.services.clear();
        world.snapshot.equipment.clear();
        world.snapshot.accounts.clear();
        let proposal = world.propose();
        let gated = world.gate(&proposal, &BTreeSet::new());
        let was = world.base.sizes.as_ref().map(|sizes| sizes.services);
        if world.snapshot.scope == SnapshotScope::Everything && was != Some(0) {
            prop_assert!(gated.passed.is_empty(), "{:?}", gated.passed);
        }
        world.snapshot.proof = incomplete();
        prop_assert!(world.propose().changes.is_empty());
    }

    #[test]
    fn what_gamctl_writes_back_is_never_a_request(mut world in settled(), changes in 0..4_u8) {
        // Something new, so that there is a proposal to compare.
        if changes > 0 { world.carry_out(&Operation::Status { service: changes, status: changes }); }
        let before = world.propose();
        let proposal = world.propose();
        let mut verified = BTreeMap::new();
        for one in &proposal.services {
            let known = one.subscriber.as_ref().and_then(|name| world.inventory.subscribers.get(name));
            if let Some(known) = known {
                let crate::model::PortAssignment::Port(port) = known.port else { continue };
                verified.insert(one.service.clone(), VerifiedService {
                    device: known.device.clone(),
                    port: Some(port),
                    vlan: known.vlan,
                    state: VerifiedState::Served,
                    endpoint: known.endpoint,
                });
            }
        }
        let plan = write_back(&world.snapshot, &verified, &BTreeMap::new(), NOW);
        for write in &plan.writes {
            let (account, service) = (write.service.account.clone(), write.service.service.clone());
            let service = world.service(account.as_str(), service.as_str());
            let value = |field| write.values.get(&field).cloned();
            let old = std::mem::take(&mut service.written_back);
            service.written_back = WrittenBack {
                place: value(WriteBackField::Place).or(old.place),
                vlan: value(WriteBackField::Vlan).or(old.vlan),
                state: value(WriteBackField::State).or(old.state),
            };
            if let Some((device, port)) = &write.native_place {
                service.place_hint = Some(crate::model::billing::PlaceHint {
                    device: device.as_str().into(),
                    port: Some(compact_str::format_compact!("{port}")),
                });
            }
        }
        prop_assert_eq!(&before.changes, &world.propose().changes);
        let again = write_back(&world.snapshot, &verified, &plan.memory, NOW);
        prop_assert!(again.writes.is_empty(), "{:?}", again.writes);
    }

    #[test]
    fn the_silence_of_billing_never_undoes_the_commit_of_an_engineer(
        mut world in settled(),
        edits in proptest::collection::vec(edit(), 1..4),
        hours in 0..100_u16,
    ) {
        let before = world.inventory.clone();
        prop_assert!(world.propose().changes.is_empty());
        for edit in edits.iter().filter(|edit| !matches!(edit, Edit::Add { .. } | Edit::Hold { .. })) {
            world.engineer(edit);
        }
        world.pass(u64::from(hours) * 3600);
        for _ in 0..3 {
            let proposal = world.propose();
            for change in &proposal.changes {
                for edit in &change.edits {
                    let SyncEdit::Set { subscriber, value, .. } = edit else { continue };
                    let (Some(old), Some(new)) = (
                        before.subscribers.get(subscriber),
                        world.inventory.subscribers.get(subscriber),
                    ) else { continue };
                    let is_edited = match value.key() {
                        SyncKey::ServicePlan => old.service_plan != new.service_plan,
                        SyncKey::State => old.state != new.state,
                        SyncKey::Endpoint => old.endpoint != new.endpoint,
                        SyncKey::Device | SyncKey::Port => (&old.device, old.port) != (&new.device, new.port),
                        _ => false,
                    };
                    prop_assert!(!is_edited, "{edit:?}");
                }
            }
            for name in before.subscribers.keys().filter(|name| !world.inventory.subscribers.contains_key(*name)) {
                prop_assert!(edits_of(&proposal, name).is_empty());
            }
            world.commit();
        }
    }

    #[test]
    fn a_subscriber_that_an_engineer_removed_stays_away(mut world in settled(), picks in 0..6_u8) {
        let before = world.inventory.clone();
        world.engineer(&Edit::Remove { subscriber: picks });
        let removed: Vec<_> = before
            .subscribers
            .iter()
            .filter(|(name, _)| !world.inventory.subscribers.contains_key(*name))
            .filter_map(|(_, one)| one.link_to(&world.settings.system).cloned())
            .collect();
        for _ in 0..3 {
            let proposal = world.commit();
            for change in proposal.changes.iter().filter(|change| change.kind == ChangeKind::Addition) {
                let is_back = removed.iter().any(|link| {
                    link.account == change.service.account && link.service.as_ref() == Some(&change.service.service)
                });
                prop_assert!(!is_back, "{change:?}");
            }
            world.pass(3600);
        }
    }

    #[test]
    fn no_one_loses_service_without_a_record_that_says_so(world in world()) {
        let proposal = world.propose();
        for change in &proposal.changes {
            let status = world.snapshot.services.iter().find(|one| ServiceKey::of(one) == change.service).map(|one| &one.status);
            match change.kind {
                ChangeKind::Suspension => match status {
                    Some(status) => prop_assert!(is_live(status) && *status != ServiceStatus::Served || *status == gone(), "{:?}", status),
                    None => prop_assert!(world.snapshot.proves_absence() && change.is_from_absence),
                },
                ChangeKind::Removal => {
                    prop_assert!(world.snapshot.proves_absence());
                    prop_assert!(status.is_none_or(|status| *status == gone()), "{:?}", status);
                    let known = &world.inventory.subscribers[&change.subscriber];
                    prop_assert!(!known.is_protected && !known.has_hold(world.now));
                    prop_assert!(known.state != SubscriberState::Active);
                }
                _ => {}
            }
            if let Some(replaced) = &change.replaces {
                let known = &world.inventory.subscribers[replaced];
                let link = known.link_to(&world.settings.system).unwrap();
                prop_assert!(!known.is_protected);
                let old = world.snapshot.services.iter().find(|one| {
                    one.account == link.account && Some(&one.service) == link.service.as_ref()
                });
                prop_assert!(old.is_none_or(|old| !is_live(&old.status)), "{old:?}");
            }
        }
    }

    #[test]
    fn no_vlan_endpoint_or_copper_port_is_given_twice(mut world in world()) {
        let before = world.inventory.clone();
        let proposal = world.commit();
        let mut endpoints = BTreeSet::new();
        for subscriber in world.inventory.subscribers.values() {
            if let Some(endpoint) = subscriber.endpoint {
                prop_assert!(endpoints.insert(endpoint), "{endpoint}: {:?}", proposal.lines());
            }
        }
        for edit in proposal.edits() {
            let SyncEdit::Add { subscriber, added } = edit else { continue };
            for (other, one) in &world.inventory.subscribers {
                if other != subscriber && one.device == added.device {
                    prop_assert!(one.vlan != added.vlan);
                    if added.device != device("oak-a") {
                        prop_assert!(one.port != crate::model::PortAssignment::Port(added.port), "{:?}", proposal.lines());
                    }
                }
            }
            for one in before.subscribers.values() {
                prop_assert!(one.device != added.device || one.vlan != added.vlan);
            }
        }
    }

    #[test]
    fn only_a_served_service_with_a_clear_claim_is_activated(world in world()) {
        let proposal = world.propose();
        for edit in proposal.edits() {
            let SyncEdit::Add { added, .. } = edit else { continue };
            let service = world.snapshot.services.iter().find(|one| ServiceKey::of(one) == added.service).unwrap();
            let is_sold = [ServiceStatus::Served, pending()].contains(&service.status);
            prop_assert!(is_sold, "{:?}", service);
            let Some(endpoint) = added.endpoint else {
                prop_assert_eq!(added.state, SubscriberState::Pending);
                continue;
            };
            prop_assert_eq!(&service.status, &ServiceStatus::Served);
            let places: Vec<_> = world.looks.endpoints.iter().filter(|heard| heard.mac == endpoint).collect();
            let [heard] = places[..] else { panic!("{places:?}") };
            prop_assert!(heard.device == added.device && heard.port == Some(added.port) && heard.looks >= 2);
            let items = world.snapshot.equipment.iter().filter(|item| item.macs.iter().any(|mac| mac.mac() == Some(endpoint)));
            let accounts: BTreeSet<_> = items.filter_map(|item| item.place.account().cloned()).collect();
            prop_assert!(accounts.iter().all(|account| *account == added.service.account));
            let site = service.location.as_ref().and_then(|location| world.settings.sites.get(location));
            prop_assert!(site.is_none() || world.inventory.site_of(&added.device) == site);
        }
    }

    #[test]
    fn the_gate_loses_nothing_and_stays_within_its_limits(mut world in world(), most in 0..3_u32) {
        let limit = SyncLimit { count: Some(most), percent: None };
        world.limits = SyncLimits { additions: limit, changes: limit, suspensions: limit, removals: limit, moves: limit, ..SyncLimits::default() };
        let proposal = world.propose();
        let gated = world.gate(&proposal, &BTreeSet::new());
        let held = gated.held.iter().map(|held| held.changes.len()).sum::<usize>();
        prop_assert_eq!(gated.passed.len() + held, proposal.changes.len());
        let used = |kind| gated.passed.iter().filter(|change| change.kind == kind).count();
        for kind in [ChangeKind::Addition, ChangeKind::Change, ChangeKind::Suspension, ChangeKind::Removal, ChangeKind::Move] {
            prop_assert!(used(kind) <= usize::try_from(most).unwrap());
        }
        // Approving every digest lets everything through.
        let mut approved = BTreeSet::new();
        for _ in 0..20 {
            let gated = world.gate(&proposal, &approved);
            approved.extend(gated.held.iter().map(|held| held.digest.clone()));
            if gated.held.is_empty() {
                prop_assert_eq!(gated.passed.len(), proposal.changes.len());
                return Ok(());
            }
        }
        prop_assert!(false, "approvals do not end");
    }

    #[test]
    fn the_lane_allows_what_is_proposed(world in world()) {
        let proposal = world.propose();
        let none = SyncLimit::default();
        let limits = SyncLimits { additions: none, changes: none, suspensions: none, removals: none, moves: none, drop: none };
        let approved = BTreeSet::new();
        let rules = LaneRules { system: &world.settings.system, limits: &limits, used: LaneUse::default(), approved: &approved };
        prop_assert_eq!(judge_edits(&world.inventory, proposal.edits(), rules), vec![]);
    }
}
