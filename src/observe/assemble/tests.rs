//! Tests that assembling loses no row, whatever the rows contain.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::model::{Poe, PortMode, UplinkMode, VlanSet};
use crate::observe::rows::{
    EndpointRow, ExpectedPort, PortRow, ProfileRow, SubscriberRow, SystemRow, Table, UplinkRow,
};

fn known<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Known<T>> {
    prop_oneof![
        9 => value.prop_map(Ok),
        1 => Just(Err("it timed out".to_owned())),
    ]
}

/// Draws one of a few names, so that some clash, and some invalid ones.
fn name() -> impl Strategy<Value = Known<String>> {
    known(prop_oneof![
        6 => "[a-d]{1,2}",
        1 => Just(String::new()),
        1 => Just("why?".to_owned()),
        1 => "[a-z]{30,34}",
        1 => any::<String>(),
    ])
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..20u32, 2 => 380..390u32, 1 => 65_534..65_540u32, 1 => any::<u32>()]
}

fn reference() -> impl Strategy<Value = Known<Option<u32>>> {
    known(prop::option::of(number()))
}

fn vlan_set() -> impl Strategy<Value = VlanSet> {
    prop::collection::vec(1..=4095u16, 0..3).prop_map(|ids| {
        ids.into_iter()
            .filter_map(|id| VlanId::new(id).ok())
            .collect()
    })
}

fn unheld() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![9 => Just(Vec::new()), 1 => Just(vec!["it uses trunk mode".to_owned()])]
}

fn lost() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![4 => Just(Vec::new()), 1 => Just(vec!["it did not hold still".to_owned()])]
}

fn table<R: std::fmt::Debug + Clone + 'static>(
    row: impl Strategy<Value = R> + 'static,
) -> impl Strategy<Value = Table<R>> {
    let rows = prop::collection::btree_map(number(), row, 0..8);
    (rows, lost()).prop_map(|(rows, lost)| Table { rows, lost })
}

fn profile() -> impl Strategy<Value = ProfileRow> {
    (name(), name(), known(number()), known(number()), unheld()).prop_map(
        |(name, description, down, up, unheld)| ProfileRow {
            name,
            description,
            down,
            up,
            unheld,
        },
    )
}

fn endpoint() -> impl Strategy<Value = EndpointRow> {
    let mac = prop_oneof![
        8 => (0..6u8).prop_map(|last| [0, 14, 216, 0, 0, last]),
        1 => any::<[u8; 6]>()
    ];
    let place = prop_oneof![
        Just(ExpectedPort::Auto),
        Just(ExpectedPort::Unassigned),
        number().prop_map(ExpectedPort::Port)
    ];
    (name(), known(mac), known(place), unheld()).prop_map(|(name, mac, port, unheld)| EndpointRow {
        name,
        mac,
        port,
        unheld,
    })
}

fn subscriber() -> impl Strategy<Value = SubscriberRow> {
    let texts = (name(), name());
    let vlans = (known(number()), reference(), known(vlan_set()), reference());
    let poe = known(prop_oneof![Just(Poe::Disable), Just(Poe::Force)]);
    let rest = (
        reference(),
        reference(),
        known(any::<bool>()),
        poe,
        unheld(),
    );
    (texts, vlans, rest).prop_map(|((name, description), vlans, rest)| {
        let (vlan, remapped_vlan, allowed_vlans, port2_vlan) = vlans;
        let (endpoint, profile, tagged, poe, unheld) = rest;
        SubscriberRow {
            name,
            description,
            endpoint,
            profile,
            vlan,
            tagged,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            poe,
            unheld,
        }
    })
}

fn rows() -> impl Strategy<Value = Rows> {
    let system = (name(), name(), name()).prop_map(|(hostname, location, contact)| SystemRow {
        hostname,
        location,
        contact,
    });
    let port = (name(), known(any::<bool>()), known(Just(PortMode::Coax))).prop_map(
        |(name, enabled, mode)| PortRow {
            name,
            enabled,
            mode,
        },
    );
    let uplink = (
        known(Just(UplinkMode::Trunk)),
        known(number()),
        known(vlan_set()),
    )
        .prop_map(|(mode, native_vlan, allowed_vlans)| UplinkRow {
            mode,
            native_vlan,
            allowed_vlans,
        });
    let parts = (table(uplink), table(port), table(profile()));
    (system, parts, table(endpoint()), table(subscriber())).prop_map(
        |(system, (uplinks, ports, profiles), endpoints, subscribers)| Rows {
            system,
            uplinks,
            ports,
            profiles,
            endpoints,
            subscribers,
        },
    )
}

/// Checks that every row is in the configuration or unclear, or that the part is reported as incomplete.
fn all_there<R>(
    part: Part,
    table: &Table<R>,
    held: &BTreeSet<u32>,
    assembled: &Assembled,
) -> Result<(), TestCaseError> {
    let unclear: BTreeSet<u32> = assembled
        .unclear
        .iter()
        .filter(|one| one.part == part)
        .map(|one| u32::from(one.slot.0))
        .collect();
    let is_all = !assembled
        .unread
        .iter()
        .any(|one| one.part == part && one.number.is_none());
    for number in table.rows.keys() {
        let ways = usize::from(held.contains(number)) + usize::from(unclear.contains(number));
        prop_assert!(ways == 1 || (ways == 0 && !is_all), "{:?} {}", part, number);
    }
    prop_assert!(table.lost.is_empty() || !is_all);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..ProptestConfig::default() })]

    #[test]
    fn no_row_is_lost_without_a_word(rows in rows()) {
        let assembled = assemble(&rows, GamModel::Gam24C);
        let config = &assembled.config;
        let slots = |slots: Vec<Option<Slot>>| -> BTreeSet<u32> {
            slots.into_iter().flatten().map(|slot| u32::from(slot.0)).collect()
        };
        let profiles = slots(config.profiles.values().map(|one| one.slot).collect());
        let endpoints = slots(config.endpoints.values().map(|one| one.slot).collect());
        let subscribers = slots(config.subscribers.values().map(|one| one.slot).collect());
        all_there(Part::Profiles, &rows.profiles, &profiles, &assembled)?;
        all_there(Part::Endpoints, &rows.endpoints, &endpoints, &assembled)?;
        all_there(Part::Subscribers, &rows.subscribers, &subscribers, &assembled)?;
        let ports = config.ports.keys().map(|port| u32::from(port.get())).collect();
        all_there(Part::Ports, &rows.ports, &ports, &assembled)?;
        let uplinks = config.uplinks.keys().map(|uplink| u32::from(uplink.get())).collect();
        all_there(Part::Uplinks, &rows.uplinks, &uplinks, &assembled)?;
        // Whoever is in the configuration refers to what is there.
        for one in config.subscribers.values() {
            if let Some(mac) = one.endpoint {
                prop_assert!(config.endpoints.contains_key(&mac));
            }
            if let crate::model::RateLimit::Profile(name) = &one.rate {
                prop_assert!(config.profiles.contains_key(name));
            }
        }
    }

    #[test]
    fn an_unknown_field_is_reported_as_unread(rows in rows()) {
        let assembled = assemble(&rows, GamModel::Gam24C);
        for one in assembled.config.subscribers.values() {
            let slot = one.slot.unwrap_or(Slot(0)).0;
            let row = &rows.subscribers.rows[&u32::from(slot)];
            let said = |field: &str| assembled.unread.iter().any(|unread| {
                unread.part == Part::Subscribers
                    && unread.number == Some(slot)
                    && unread.field.as_deref() == Some(field)
            });
            prop_assert_eq!(said("vlan"), row.vlan.is_err());
            prop_assert_eq!(said("tagged"), row.tagged.is_err());
            prop_assert_eq!(said("poe"), row.poe.is_err());
            prop_assert_eq!(said("allowed_vlans"), row.allowed_vlans.is_err());
            prop_assert!(said("endpoint") || one.endpoint.is_some() == row.endpoint.clone().unwrap().is_some());
        }
    }
}

fn one_subscriber(row: SubscriberRow) -> Rows {
    let mut rows = Rows::default();
    rows.subscribers.rows.insert(7, row);
    rows
}

fn plain() -> SubscriberRow {
    SubscriberRow {
        name: Ok("apt-7".to_owned()),
        description: Ok(String::new()),
        endpoint: Ok(None),
        profile: Ok(None),
        vlan: Ok(101),
        tagged: Ok(false),
        remapped_vlan: Ok(None),
        allowed_vlans: Ok(VlanSet::default()),
        port2_vlan: Ok(None),
        poe: Ok(Poe::Disable),
        unheld: Vec::new(),
    }
}

#[test]
fn each_oddity_has_its_reason() {
    let with = |change: &dyn Fn(&mut SubscriberRow)| {
        let mut row = plain();
        change(&mut row);
        row
    };
    let cases = [
        (
            with(&|row| row.endpoint = Ok(Some(9))),
            "endpoint 9, which the device does not have",
        ),
        (
            with(&|row| row.profile = Ok(Some(9))),
            "profile 9, which the device does not have",
        ),
        (with(&|row| row.vlan = Ok(0)), "its VLAN is 0"),
        (with(&|row| row.vlan = Ok(70_000)), "its VLAN is 70000"),
        (
            with(&|row| row.name = Ok("why?".to_owned())),
            "name \"why?\"",
        ),
        (
            with(&|row| row.name = Err("it timed out".to_owned())),
            "its name is unknown: it timed out",
        ),
        (
            with(&|row| row.unheld = vec!["it uses double tags".to_owned()]),
            "double tags",
        ),
    ];
    for (row, reason) in cases {
        let assembled = assemble(&one_subscriber(row), GamModel::Gam4Cx);
        assert!(assembled.config.subscribers.is_empty(), "{reason}");
        let unclear = &assembled.unclear[0];
        assert_eq!(unclear.slot, Slot(7));
        assert!(unclear.reason.contains(reason), "{}", unclear.reason);
    }
}

#[test]
fn a_text_that_gamctl_could_not_write_is_held_as_it_is() {
    for text in ["why?", "a\\b", " a  b ", "\u{1b}[2J", &"x".repeat(70)] {
        let mut row = plain();
        row.description = Ok(text.to_owned());
        let mut rows = one_subscriber(row);
        rows.system.location = Ok(text.to_owned());
        rows.system.hostname = Ok(text.to_owned());
        let assembled = assemble(&rows, GamModel::Gam4Cx);
        let held = |held: &Option<HeldText>| held.as_ref().map(|held| held.as_str().to_owned());
        let description = &assembled.config.subscribers["apt-7"].description;
        let system = &assembled.config.system;
        for found in [description, &system.location, &system.hostname] {
            assert_eq!(held(found).as_deref(), Some(text));
        }
        let is_about = |unread: &Unread| matches!(unread.part, Part::Subscribers | Part::System);
        assert!(!assembled.unread.iter().any(is_about), "{text:?}");
    }
}

#[test]
fn a_text_that_is_longer_than_any_device_keeps_is_unread_and_its_owner_is_not() {
    let mut row = plain();
    row.description = Ok("x".repeat(256));
    let assembled = assemble(&one_subscriber(row), GamModel::Gam4Cx);
    assert_eq!(assembled.config.subscribers["apt-7"].description, None);
    let unread = assembled
        .unread
        .iter()
        .find(|unread| unread.part == Part::Subscribers);
    assert_eq!(unread.unwrap().field.as_deref(), Some("description"));
}

#[test]
fn two_of_one_name_are_both_unclear() {
    let mut rows = one_subscriber(plain());
    rows.subscribers.rows.insert(8, plain());
    let assembled = assemble(&rows, GamModel::Gam4Cx);
    assert!(assembled.config.subscribers.is_empty());
    assert_eq!(assembled.unclear.len(), 2);
}
