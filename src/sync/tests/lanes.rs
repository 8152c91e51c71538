//! Tests the lane and the weeding of changes on the text of an inventory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::world::*;
use crate::authoring::edit::apply;
use crate::inventory::source::Limits;
use crate::inventory::{Reading, canonical_order, changed_keys, read_texts};
use crate::model::billing::{BillingName, TariffId};
use crate::sync::*;

const FILES: &[(&str, &str)] = &[
    (
        "network.toml",
        "schema = 1\n[vlans]\nsubscribers = \"101-140\"\nvlan_mode = \"unique\"\n[suspension]\nservice_plan = \"home-100\"\n",
    ),
    (
        "service-plans.toml",
        "[service_plan.home-100]\ndown = 100\nup = 50\n[service_plan.home-200]\ndown = 200\nup = 100\n[service_plan.home-500]\ndown = 500\nup = 250\n",
    ),
    (
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"snmp\" } }\nssh = { user = \"admin\", password = { secret = \"ssh\" } }\n",
    ),
    (
        "devices.toml",
        "[device.maple-a]\nmodel = \"GAM-24-M\"\naddress = \"10.20.0.11\"\nsite = \"maple\"\n[device.maple-b]\nmodel = \"GAM-24-M\"\naddress = \"10.20.0.12\"\nsite = \"maple\"\n[device.oak-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.13\"\nsite = \"oak\"\n",
    ),
    (
        "subscribers/maple.toml",
        "# The first customer.\n[subscriber.acct-1042]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:10:20:01\"\nservice_plan = \"home-200\"\nvlan = 101\n[subscriber.acct-1042.external]\nsystem = \"splynx\"\naccount = \"1042\"\nservice = \"7001\"\n",
    ),
    (
        "subscribers/oak.toml",
        "[subscriber.bare]\ndevice = \"oak-a\"\nport = 1\nendpoint = \"00:0e:d8:10:20:08\"\nservice_plan = \"home-200\"\nvlan = 101\n",
    ),
];

type Texts = BTreeMap<Arc<str>, Arc<str>>;

fn texts() -> Texts {
    let files = FILES.iter();
    files
        .map(|(path, text)| ((*path).into(), (*text).into()))
        .collect()
}

fn read(texts: &Texts) -> Reading {
    read_texts(texts, &Limits::default())
}

fn view(reading: &Reading) -> SyncInventory {
    SyncInventory {
        rest_days: 7,
        ..SyncInventory::of(&reading.inventory, &"3-3799".parse().unwrap())
    }
}

/// Returns the world of `World::served` with the inventory of the files.
fn world(texts: &Texts) -> World {
    let reading = read(texts);
    assert!(!reading.has_errors(), "{:?}", reading.findings);
    let mut world = World::served();
    world.inventory = view(&reading);
    world.base = SyncBase::default();
    world.commit();
    world
}

fn edited(texts: &Texts, changes: &[ProposedChange]) -> Texts {
    let edits = authoring_edits(changes.iter().flat_map(|change| &change.edits));
    let files = apply(texts, &edits, &|kind, path| canonical_order(kind, path)).unwrap();
    let mut after = texts.clone();
    for file in files {
        match file.after {
            Some(text) => after.insert(file.path, text),
            None => after.remove(&file.path),
        };
    }
    after
}

/// Sells a line to each account, with the number of its endpoint and the port where a device hears it.
fn sell(world: &mut World, device: &str, sold: &[(&str, u8, u8)]) {
    for (account, number, port) in sold {
        world.sell(account, "1", "30");
        world.item(account, &mac(*number).to_string(), account, Some("1"));
        world.hear(mac(*number), device, *port);
    }
}

/// Returns the subscribers whose changes were refused, with the rule.
fn rules_of_refused(weeded: &Weeded) -> BTreeMap<&str, &str> {
    let refused = weeded.refused.iter();
    let rules = refused.map(|(change, reason)| (change.subscriber.as_str(), reason.rule()));
    rules.collect()
}

fn judge(before: &Texts, after: &Texts, limits: &SyncLimits) -> Vec<LaneLeft> {
    let (before, after) = (read(before), read(after));
    let changed = changed_keys(&before.inventory, &after.inventory);
    let system = BillingName::new("splynx").unwrap();
    let approved = BTreeSet::new();
    let rules = LaneRules {
        system: &system,
        limits,
        used: LaneUse::default(),
        approved: &approved,
    };
    let after_view = view(&after);
    let after = (&after_view, &after.inventory);
    judge_commit(&view(&before), after, &changed, rules)
}

/// Judges edits of a system with the limits of a world, in an hour without other changes.
fn judge_alone<'a>(
    world: &World,
    system: &BillingName,
    edits: impl IntoIterator<Item = &'a SyncEdit>,
) -> Vec<LaneLeft> {
    let approved = BTreeSet::new();
    let rules = LaneRules {
        system,
        limits: &world.limits,
        used: LaneUse::default(),
        approved: &approved,
    };
    judge_edits(&world.inventory, edits, rules)
}

#[test]
fn edits_reach_the_text_and_the_text_says_the_same() {
    let texts = texts();
    let mut world = world(&texts);
    world.service("1042", "7001").status = not_paid();
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    world.sell("1043", "7002", "30");
    world.item("89", "00:0e:d8:10:20:02", "1043", Some("7002"));
    world.hear(mac(2), "maple-a", 2);
    let proposal = world.propose();
    assert_eq!(proposal.changes.len(), 3);
    let weeded = weed(&read(&texts), &proposal.changes);
    assert!(weeded.refused.is_empty(), "{:?}", weeded.refused);
    let after = edited(&texts, &weeded.accepted);
    let maple = &after["subscribers/maple.toml"];
    assert!(maple.contains("# The first customer."), "{maple}");
    assert!(
        maple.contains("# splynx: account 1043\n[subscriber.acct-1043]"),
        "{maple}"
    );
    assert!(!maple.contains("Okafor"));
    let expected = world.inventory.edited(proposal.edits());
    assert_eq!(view(&read(&after)), expected);
    assert_eq!(judge(&texts, &after, &SyncLimits::default()), []);
    world.accept(&proposal, &weeded.accepted, false);
    world.inventory = view(&read(&after));
    assert!(world.propose().changes.is_empty());
}

/// The error of a full port names the first and the last subscriber there, who are not changed.
#[test]
fn of_a_full_port_only_the_change_that_fills_it_is_taken_out() {
    let mut texts = texts();
    // The new one comes after the first one, by name, and before the one in the second file, who is then one too many.
    for (file, name, numbers) in [("oak", "aaa", 21..=35), ("zeta", "zzz", 36..=36)] {
        let path: Arc<str> = format!("subscribers/{file}.toml").into();
        let mut text = texts.get(&path).map_or("", |text| text).to_owned();
        for number in numbers {
            let (endpoint, vlan) = (mac(number), 100 + u16::from(number));
            text.push_str(&format!("[subscriber.{name}-{number}]\ndevice = \"oak-a\"\nport = 2\nendpoint = \"{endpoint}\"\nservice_plan = \"home-200\"\nvlan = {vlan}\n"));
        }
        texts.insert(path, text.into());
    }
    let mut world = world(&texts);
    let sold = [
        ("1043", 2, 3),
        ("1044", 3, 2),
        ("1045", 4, 4),
        ("1046", 5, 5),
    ];
    sell(&mut world, "oak-a", &sold);
    let proposal = world.propose();
    assert_eq!(proposal.changes.len(), 4);
    let weeded = weed(&read(&texts), &proposal.changes);
    let refused = BTreeMap::from([("acct-1044", "too-many-endpoints")]);
    assert_eq!(rules_of_refused(&weeded), refused);
    assert_eq!(weeded.accepted.len(), 3);
    assert!(!read(&edited(&texts, &weeded.accepted)).has_errors());
}

#[test]
fn a_change_that_causes_an_error_is_taken_out_and_the_others_stay() {
    let mut texts = texts();
    let mut world = world(&texts);
    world.service("1042", "7001").tariff = TariffId::new("31").ok();
    let long = "a-customer-with-a-long-number-of-its-own";
    let sold = [("1043", 2, 2), ("1044", 3, 3), (long, 4, 4)];
    sell(&mut world, "maple-a", &sold);
    // A VLAN that another writer took after the view was made.
    let other = "\n[subscriber.other]\ndevice = \"maple-a\"\nport = 9\nendpoint = \"00:0e:d8:10:20:09\"\nservice_plan = \"home-200\"\nvlan = 102\n";
    let path: Arc<str> = "subscribers/maple.toml".into();
    let with_other = format!("{}{other}", texts[&path]);
    texts.insert(path, with_other.into());
    let proposal = world.propose();
    assert_eq!(proposal.changes.len(), 4);
    let weeded = weed(&read(&texts), &proposal.changes);
    let refused = rules_of_refused(&weeded);
    assert_eq!(weeded.accepted.len(), 2, "{refused:?}");
    assert_eq!(refused.get("acct-1043"), Some(&"shared-vlan"));
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(!read(&edited(&texts, &weeded.accepted)).has_errors());
    // They are quarantined with the finding, and the classifications still add up.
    let mut proposal = proposal;
    proposal.quarantine(&weeded.refused, &world.base, world.now);
    assert_eq!(proposal.changes, weeded.accepted);
    let (class, rules) = proposal.verdict("1043", "1");
    assert_eq!(
        (class, rules[0]),
        (Classification::Quarantined, "shared-vlan")
    );
    assert_eq!(proposal.counts().values().sum::<usize>(), 4);
    world.accept(&proposal, &weeded.accepted, false);
    let waits = &world.base.services[&key("1043", "1")];
    assert_eq!(
        (waits.class.as_str(), waits.subscriber.as_ref()),
        ("quarantined:shared-vlan", None)
    );
}

#[test]
fn the_last_subscriber_of_a_file_is_removed_by_a_person() {
    let texts = texts();
    let mut world = world(&texts);
    world.service("1042", "7001").status = gone();
    world.commit();
    world.commit();
    world.pass(20 * DAY);
    let proposal = world.propose();
    assert_eq!(proposal.lines(), ["-acct-1042"]);
    let weeded = weed(&read(&texts), &proposal.changes);
    assert!(weeded.accepted.is_empty());
    assert_eq!(weeded.refused[0].1.rule(), "lost-file");
}

#[test]
fn fault_31_a_device_key_leaves_the_lane() {
    let before = texts();
    for (path, from, to, pattern) in [
        ("devices.toml", "GAM-24-C", "GAM-12-C", "device.model"),
        (
            "network.toml",
            "101-140",
            "101-141",
            "network.vlans.subscribers",
        ),
        (
            "service-plans.toml",
            "down = 100",
            "down = 101",
            "service_plan.down",
        ),
        (
            "subscribers/maple.toml",
            "vlan = 101",
            "vlan = 102",
            "subscriber.vlan",
        ),
        (
            "subscribers/maple.toml",
            "vlan = 101",
            "vlan = 101\ndescription = \"x\"",
            "subscriber.description",
        ),
        (
            "subscribers/maple.toml",
            "vlan = 101",
            "vlan = 101\nprotected = true",
            "subscriber.protected",
        ),
    ] {
        let mut after = before.clone();
        let text = before[path].replace(from, to);
        assert_ne!(*text, *before[path]);
        after.insert(path.into(), text.into());
        let left = judge(&before, &after, &SyncLimits::default());
        let LaneLeft::NotAllowed { pattern: found, .. } = &left[0] else {
            panic!("{left:?}")
        };
        assert_eq!((left.len(), found.as_str()), (1, pattern));
    }
}

#[test]
fn fault_31_a_subscriber_that_is_not_of_billing_leaves_the_lane() {
    let before = texts();
    let bare = |text: &str| {
        let mut after = before.clone();
        after.insert("subscribers/oak.toml".into(), text.into());
        judge(&before, &after, &SyncLimits::default())
    };
    let not_linked = LaneLeft::NotLinked {
        subscriber: id("bare"),
    };
    let text = &before["subscribers/oak.toml"];
    assert_eq!(bare(""), std::slice::from_ref(&not_linked));
    let suspended = text.replace("vlan = 101", "vlan = 101\nstate = \"suspended\"");
    assert_eq!(bare(&suspended), [not_linked]);
    // A new link is what adopting writes.
    let linked =
        format!("{text}external = {{ system = \"splynx\", account = \"9\", service = \"90\" }}\n");
    assert_eq!(bare(&linked), []);
    // A new subscriber has only keys of the sync.
    let added = format!(
        "{text}[subscriber.acct-9]\ndevice = \"oak-a\"\nport = 2\nendpoint = \"00:0e:d8:10:20:07\"\nservice_plan = \"home-200\"\nvlan = 103\npoe = \"force\"\nexternal = {{ system = \"splynx\", account = \"9\", service = \"90\" }}\n"
    );
    let left = bare(&added);
    let LaneLeft::NotAllowed { pattern, .. } = &left[0] else {
        panic!("{left:?}")
    };
    assert_eq!((left.len(), pattern.as_str()), (1, "subscriber.poe"));
    // Nor does a link change its system.
    let stolen = before["subscribers/maple.toml"].replace("splynx", "sonar");
    let mut after = before.clone();
    after.insert("subscribers/maple.toml".into(), stolen.into());
    assert!(!judge(&before, &after, &SyncLimits::default()).is_empty());
}

#[test]
fn a_subscriber_is_not_given_to_another_account() {
    let before = texts();
    let expected = [LaneLeft::NotAllowed {
        pattern: "subscriber.external.account".to_owned(),
        id: Some("acct-1042".to_owned()),
    }];
    let mut after = before.clone();
    let maple =
        before["subscribers/maple.toml"].replace("account = \"1042\"", "account = \"1043\"");
    after.insert("subscribers/maple.toml".into(), maple.into());
    assert_eq!(judge(&before, &after, &SyncLimits::default()), expected);
    let mut world = world(&before);
    world.sell("1043", "7002", "30");
    let edit = SyncEdit::Set {
        subscriber: id("acct-1042"),
        value: SyncValue::External(
            world.settings.system.clone(),
            ServiceKey::try_from(compact_str::CompactString::from("1043/7002")).unwrap(),
        ),
        from: None,
    };
    let system = &world.settings.system;
    assert_eq!(judge_alone(&world, system, [&edit]), expected);
}

#[test]
fn a_commit_with_more_than_its_limits_leaves_the_lane_unless_they_were_approved() {
    let world = super::faults::served(20);
    let system = world.settings.system.clone();
    let edits: Vec<SyncEdit> = world
        .inventory
        .subscribers
        .keys()
        .map(|subscriber| SyncEdit::Set {
            subscriber: subscriber.clone(),
            value: SyncValue::State(crate::model::SubscriberState::Suspended),
            from: None,
        })
        .collect();
    let mut approved = BTreeSet::new();
    let judge = |approved: &BTreeSet<LaneChange>, used: LaneUse, count: usize| {
        let rules = LaneRules {
            system: &system,
            limits: &world.limits,
            used,
            approved,
        };
        judge_edits(&world.inventory, edits.iter().take(count), rules)
    };
    let used = lane_use(&world.inventory, edits.iter().take(1), &approved);
    assert_eq!(used.suspensions, 1);
    assert_eq!(judge(&approved, LaneUse::default(), 1), []);
    let left = judge(&approved, used, 1);
    assert_eq!(
        left,
        [LaneLeft::OverLimit {
            kind: ChangeKind::Suspension,
            count: 2,
            most: 1
        }]
    );
    assert_eq!(judge(&approved, LaneUse::default(), 20).len(), 1);
    approved.extend(edits.iter().map(LaneChange::of));
    assert_eq!(judge(&approved, used, 20), []);
    // Nor do they use up the limit of the next hour.
    assert_eq!(
        lane_use(&world.inventory, &edits, &approved),
        LaneUse::default()
    );
}

#[test]
fn fault_31_edits_are_judged_before_the_commit() {
    let world = World::served();
    let other = BillingName::new("sonar").unwrap();
    let edit = SyncEdit::Remove {
        subscriber: id("acct-1042"),
    };
    let own = &world.settings.system;
    assert_eq!(judge_alone(&world, own, [&edit]), []);
    let left = judge_alone(&world, &other, [&edit]);
    assert!(matches!(left[..], [LaneLeft::NotLinked { .. }]));
}

#[test]
fn a_commit_with_a_file_that_cannot_be_read_leaves_the_lane() {
    let texts = texts();
    let mut broken = texts.clone();
    broken.insert("subscribers/more.toml".into(), "[subscriber.x\n".into());
    for (before, after) in [(&texts, &broken), (&broken, &texts)] {
        let left = judge(before, after, &SyncLimits::default());
        assert!(left.contains(&LaneLeft::Unreadable), "{left:?}");
    }
}

#[test]
fn an_edit_that_adds_a_subscriber_that_exists_leaves_the_lane() {
    let mut world = World::sold();
    let proposal = world.commit();
    let left = judge_alone(&world, &world.settings.system, proposal.edits());
    let [LaneLeft::NotAllowed { pattern, .. }] = &left[..] else {
        panic!("{left:?}")
    };
    assert_eq!(pattern, "subscriber+");
}

#[test]
fn a_commit_takes_no_subscriber_of_another_system_and_adds_none_without_a_link() {
    let texts = texts();
    let mut other = texts.clone();
    let sonar = texts["subscribers/maple.toml"].replace("splynx", "sonar");
    other.insert("subscribers/maple.toml".into(), sonar.into());
    let subscriber = id("acct-1042");
    let left = judge(&other, &texts, &SyncLimits::default());
    assert_eq!(left, [LaneLeft::NotLinked { subscriber }]);
    let mut added = texts.clone();
    let oak = &texts["subscribers/oak.toml"];
    let oak = format!(
        "{oak}[subscriber.acct-9]\ndevice = \"oak-a\"\nport = 2\nendpoint = \"00:0e:d8:10:20:07\"\nservice_plan = \"home-200\"\nvlan = 103\n"
    );
    added.insert("subscribers/oak.toml".into(), oak.into());
    let subscriber = id("acct-9");
    let left = judge(&texts, &added, &SyncLimits::default());
    assert_eq!(left, [LaneLeft::NotLinked { subscriber }]);
}

#[test]
fn a_served_subscriber_that_becomes_pending_counts_as_suspended() {
    let mut world = World::served();
    let edit = SyncEdit::Set {
        subscriber: id("acct-1042"),
        value: SyncValue::State(crate::model::SubscriberState::Pending),
        from: None,
    };
    let used = |world: &World| lane_use(&world.inventory, [&edit], &BTreeSet::new());
    assert_eq!((used(&world).suspensions, used(&world).changes), (1, 0));
    world.edit("acct-1042").state = crate::model::SubscriberState::Suspended;
    assert_eq!((used(&world).suspensions, used(&world).changes), (0, 1));
}
