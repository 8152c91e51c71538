//! Tests `gamctl sync write-back` from an apply on a GAM twin to the fields, notes and refusals of both billing twins.

mod kills;
mod office;
mod partial;
mod support;

use std::collections::BTreeSet;

use gamctl::history::NewSyncPause;
use gamctl::inventory::billing_systems;
use gamctl::model::billing::BillingName;
use gamctl::reconcile::sync::accounts_to_write_back;
pub(super) use office::Office;
use serde_json::{Value, json};

use crate::billing::product::Product;
use crate::crash::site::device;

/// Returns the values that a write had, from the request of either product.
fn has(body: &str, values: &[&str]) {
    for value in values {
        assert!(body.contains(value), "no `{value}` in {body}");
    }
}

/// Returns kind and state of each write of a report.
fn states(report: &Value) -> Vec<(&str, &str)> {
    let writes = report["writes"].as_array().unwrap().iter();
    let both = writes.map(|line| {
        (
            line["kind"].as_str().unwrap(),
            line["state"].as_str().unwrap(),
        )
    });
    both.collect()
}

#[test]
fn what_a_device_was_verified_with_is_written_and_is_no_request() {
    for product in Product::BOTH {
        let mut office = Office::new(product, 1, "\"place\"");
        // Intended and never verified: nothing is written.
        office.write_back().exits(0).says("has everything");
        assert_eq!(office.new_count(), 0);

        office.site.apply().exits(0);
        office
            .site
            .run(&["sync", "write-back", "--dry-run"])
            .exits(2)
            .says("gam_place = oak-0/2")
            .says("gam_vlan = 101")
            .says("gam_state = served");
        assert_eq!(office.new_count(), 0, "a dry run writes nothing");

        office.write_back().exits(0).says("1 record written");
        let writes = office.new_writes();
        assert_eq!(writes.len(), 1, "{writes:?}");
        has(&writes[0].body, &["oak-0/2", "101", "served"]);
        office.write_back().exits(0).says("has everything");
        assert_eq!(
            office.new_count(),
            0,
            "what billing has is not written again"
        );

        // Read as any other value, it is no request.
        office.site.run(&["sync"]).exits(0).says("in sync");

        office.customers[0].state = "suspended";
        office.commit("not paid");
        // Committed and not applied: billing keeps what the device was verified with.
        office.write_back().exits(0).says("has everything");
        office.site.apply().exits(0);
        office.write_back().exits(0);
        let writes = office.new_writes();
        assert_eq!(writes.len(), 1, "{writes:?}");
        has(&writes[0].body, &["suspended", "4094"]);
        assert!(
            !writes[0].body.contains("oak-0"),
            "only what differs is sent"
        );
        office.nothing_bills();
    }
}

#[test]
fn the_accounts_to_read_are_those_whose_devices_were_verified_with_something_else() {
    const NONE: [u64; 0] = [];
    let mut office = Office::new(Product::Splynx, 2, "\"place\"");
    let due = |office: &Office| {
        let reading = office.site.world.reading_of("HEAD");
        let systems = billing_systems(&reading.inventory);
        let system = systems.values().next().unwrap();
        let store = office.site.store();
        let due = accounts_to_write_back(&store, &reading.inventory, system);
        let due = office.site.runtime.block_on(due).unwrap();
        let due = due
            .iter()
            .map(|account| account.as_str().parse::<u64>().unwrap());
        due.collect::<Vec<u64>>()
    };
    assert_eq!(due(&office), NONE);
    office.site.apply().exits(0);
    let both = office.customers.iter().map(|one| one.account);
    assert_eq!(due(&office), both.collect::<Vec<_>>());
    office.write_back().exits(0);
    assert_eq!(due(&office), NONE);
    office.customers[1].state = "suspended";
    office.commit("not paid");
    assert_eq!(due(&office), NONE, "intended is not verified");
    office.site.apply().exits(0);
    assert_eq!(due(&office), [office.customers[1].account]);
    office.faults(&["kind = \"write-refused\""]);
    office.write_back().exits(4).says("refused");
    assert_eq!(due(&office), NONE, "what billing refused is not read again");
}

#[test]
fn a_subscriber_is_written_once_its_device_was_verified_with_it() {
    let mut office = Office::new(Product::Splynx, 1, "\"place\"");
    office.site.apply().exits(0);
    office.sell(0);
    office.commit("sold");
    office.write_back().exits(0).says("1 record written");
    office.site.apply().exits(0);
    office.write_back().exits(0).says("1 record written");
    assert_eq!(office.new_count(), 2);
}

#[test]
fn a_note_is_about_what_the_sync_added_and_is_new_to_billing() {
    for product in Product::BOTH {
        let mut office = Office::new(product, 1, "\"notes\"");
        office.named = "flat";
        office.commit("from before gamctl");
        office.site.apply().exits(0);
        office.write_back().exits(0);
        assert_eq!(office.notes(), 0, "{product:?}: not added by the sync");
        let mut office = Office::new(product, 1, "\"place\"");
        office.site.apply().exits(0);
        office.write_back().exits(0);
        office.facts = "\"place\", \"notes\"";
        office.commit("notes are switched on");
        office.write_back().exits(0);
        assert_eq!(office.notes(), 0, "{product:?}: served before");
    }
}

#[test]
fn a_pending_subscriber_is_written_once_its_device_was_verified_without_it() {
    let mut office = Office::new(Product::Splynx, 1, "\"place\"");
    office.site.apply().exits(0);
    office.write_back().exits(0);
    office.new_writes();
    office.customers[0].state = "pending";
    office.commit("the installer comes again");
    office.write_back().exits(0).says("has everything");
    office.site.apply().exits(0);
    office.write_back().exits(0).says("gam_state = pending");
    let writes = office.new_writes();
    assert_eq!(writes.len(), 1, "place and VLAN stay reserved: {writes:?}");
    assert!(!writes[0].body.contains("gam_place"), "{writes:?}");
}

#[test]
fn a_paused_system_is_not_written_to() {
    let office = Office::new(Product::Splynx, 1, "\"place\"");
    office.site.apply().exits(0);
    let pause = NewSyncPause {
        system: BillingName::new("splynx").unwrap(),
        who: "ada@noc".to_owned(),
        reason: "billing is migrated".to_owned(),
        until: u64::from(u32::MAX),
    };
    let store = office.site.store();
    office
        .site
        .runtime
        .block_on(store.pause_sync(&pause))
        .unwrap();
    office
        .write_back()
        .exits(4)
        .says("ada@noc paused it until")
        .says("billing is migrated");
    assert_eq!(office.new_count(), 0);
    let resumed = store.resume_sync(&pause.system);
    assert!(office.site.runtime.block_on(resumed).unwrap());
    office.write_back().exits(0);
    assert_eq!(office.new_count(), 1);
}

#[test]
fn only_gamctls_own_fields_are_ever_in_a_write() {
    let office = Office::new(Product::Splynx, 1, "\"place\", \"notes\"");
    let world = &office.site.world;
    let devices = world.read("devices/oaks.toml");
    let linked = devices.replace(
        "test_bed = true\n",
        "test_bed = true\nexternal = { system = \"splynx\", device = \"12\" }\n",
    );
    world.write("devices/oaks.toml", linked);
    world.commit_all("the device in billing");
    office.site.apply().exits(0);
    office.write_back().exits(0);
    let writes = office.new_writes();
    let mut keys = BTreeSet::new();
    for write in writes.iter().filter(|write| write.method == "PUT") {
        assert!(write.path.contains("internet-services--"), "{write:?}");
        let body: Value = serde_json::from_str(&write.body).unwrap();
        for (key, value) in body.as_object().unwrap() {
            keys.insert(key.clone());
            keys.extend(
                value
                    .as_object()
                    .into_iter()
                    .flat_map(|map| map.keys().cloned()),
            );
        }
    }
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "access_device",
            "additional_attributes",
            "gam_place",
            "gam_state",
            "gam_vlan",
            "port_id"
        ]
    );
    let posts = writes.iter().filter(|write| write.method == "POST");
    let paths: Vec<&str> = posts.map(|write| write.path.as_str()).collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
    assert!(paths[0].ends_with("customers/customer-notes"), "{paths:?}");
    office.write_back().exits(0).says("has everything");
    office.nothing_bills();

    // Sonar gets mutations of service metadata and notes.
    let office = Office::new(Product::Sonar, 1, "\"place\", \"notes\"");
    office.site.apply().exits(0);
    office.write_back().exits(0);
    let counters = office.server.counters();
    assert_eq!(
        counters["mutations"],
        json!({"createNote": 1, "updateAccountService": 1})
    );
    for write in office.new_writes() {
        for billing in ["quantity", "price_override", "prorate", "next_bill_date"] {
            assert!(!write.body.contains(billing), "{}", write.body);
        }
    }
    office.nothing_bills();
}

#[test]
fn a_device_that_does_not_answer_is_written_as_failed_and_the_others_as_done() {
    let mut office = Office::new(Product::Splynx, 2, "\"place\"");
    office.site.apply().exits(0);
    office.write_back().exits(0);
    office.new_writes();
    for customer in &mut office.customers {
        customer.state = "suspended";
    }
    office.commit("not paid");
    drop(office.site.twins.remove(&device(1)));
    let applied = office.site.run(&["apply", "--yes", "--timeout", "2s"]);
    assert_ne!(applied.status.code(), Some(0), "{}", applied.text);
    let report = office.report(&[]);
    assert_eq!(states(&report), [("fields", "proved"); 2], "{report}");
    let writes = office.new_writes();
    let body_of = |service: u64| {
        let wanted = format!("--{service}");
        let mut writes = writes.iter().filter(|write| write.path.ends_with(&wanted));
        writes.next().unwrap().body.clone()
    };
    has(
        &body_of(office.customers[0].service),
        &["suspended", "4094"],
    );
    let failed = body_of(office.customers[1].service);
    has(&failed, &["failed: unreachable"]);
    // Place and VLAN stay those that were verified.
    assert!(!failed.contains("gam_vlan"), "{failed}");
}

#[test]
fn a_write_that_changes_nothing_is_sent_again_and_one_that_is_refused_is_not() {
    for product in Product::BOTH {
        let mut office = Office::new(product, 1, "\"place\"");
        office.site.apply().exits(0);
        office.writes_are_ignored();
        office.write_back().exits(2).says("queued");
        assert_eq!(office.new_count(), 1);
        // It was never there, so no one changed it back.
        for _ in 0..3 {
            office.writes_are_ignored();
            office.time_passes();
            office.write_back().exits(2).says("queued");
            assert_eq!(office.new_count(), 1);
        }
        office.faults(&[]);
        office.write_back().exits(2);
        assert_eq!(office.new_count(), 0, "the next try waits");
        office.time_passes();
        office.write_back().exits(0).says("written");
        assert_eq!(office.new_count(), 1);

        office.faults(&["kind = \"write-refused\""]);
        office.customers[0].state = "suspended";
        office.commit("not paid");
        office.site.apply().exits(0);
        office.write_back().exits(4).says("refused");
        assert_eq!(office.new_count(), 1);
        office.faults(&[]);
        office.write_back().exits(4).says("refused");
        assert_eq!(office.new_count(), 0, "the same value is not sent again");
        let retry = office.site.run(&["sync", "write-back", "--retry"]);
        retry.exits(0).says("written");
        assert_eq!(office.new_count(), 1, "unless a person asks for it");
        office.customers[0].state = "active";
        office.customers[0].port = 4;
        office.commit("paid, and moved");
        office.site.apply().exits(0);
        office.write_back().exits(0).says("written");
        assert_eq!(office.new_count(), 1, "another value is");
    }
}

#[test]
fn an_answer_that_was_lost_is_decided_by_a_read() {
    for product in Product::BOTH {
        let office = Office::new(product, 1, "\"place\"");
        office.site.apply().exits(0);
        office.faults(&["kind = \"answer-lost\"\ntimes = 1"]);
        office.write_back().exits(0).says("1 record written");
        assert_eq!(office.new_count(), 1, "read back, not sent again");
        office.nothing_bills();
    }
}

#[test]
fn a_write_that_could_not_be_read_back_is_decided_by_the_next_reading() {
    for product in Product::BOTH {
        let office = Office::new(product, 1, "\"place\", \"notes\"");
        office.site.apply().exits(0);
        office.cut_after_a_write(true);
        let cut = office.write_back();
        assert_ne!(cut.status.code(), Some(0), "{}", cut.text);
        office.cut_after_a_write(false);
        office.time_passes();
        office.write_back().exits(0);
        office.write_back().exits(0).says("has everything");
        let writes = office.new_writes();
        let fields = writes.iter().filter(|one| one.body.contains("oak-0/2"));
        assert_eq!(fields.count(), 1, "{product:?}: {writes:?}");
        assert_eq!(office.notes(), 1, "{product:?}");
    }
}

#[test]
fn no_further_write_is_tried_once_the_system_does_not_answer() {
    for product in Product::BOTH {
        let office = Office::new(product, 4, "\"place\"");
        office.site.apply().exits(0);
        office.cut_after_a_write(true);
        let report = office.report(&[]);
        let tries = report["writes"].as_array().unwrap().iter();
        let tried = tries.filter(|one| one["tries"].as_u64() != Some(0)).count();
        assert!((1..=3).contains(&tried), "{product:?}: {report}");
    }
}

#[test]
fn a_write_is_sent_once_its_service_is_back_in_a_reading() {
    for product in Product::BOTH {
        let office = Office::new(product, 1, "\"place\"");
        office.site.apply().exits(0);
        office.dies_at("write-back-sent");
        office.time_passes();
        // Half of the services with fitting counts, as a lost permission returns them.
        office.faults(&[match product {
            Product::Splynx => "kind = \"empty-list\"\npath = \"internet-services\"",
            Product::Sonar => "kind = \"empty-list\"\nconnection = \"accounts\"",
        }]);
        let gone = office.write_back();
        let text = gone.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("billing returned no such service"), "{text}");
        assert_eq!(office.new_count(), 0, "{product:?}");
        office.faults(&[]);
        office.write_back().exits(0).says("1 record written");
        assert_eq!(office.new_count(), 1, "{product:?}");
    }
}

#[test]
fn a_field_that_others_change_back_is_set_back_twice_and_then_left() {
    for product in Product::BOTH {
        let office = Office::new(product, 1, "\"place\"");
        office.site.apply().exits(0);
        office.write_back().exits(0);
        office.new_writes();
        let path = match product {
            Product::Splynx => "services/*/additional/gam_vlan",
            Product::Sonar => "service_metadata_values/*/value",
        };
        for _ in 0..2 {
            office.operate(json!({"do": "edit", "path": path, "value": "999"}));
            office.write_back().exits(0);
            assert_eq!(office.new_count(), 1, "{product:?}");
        }
        for _ in 0..2 {
            office.operate(json!({"do": "edit", "path": path, "value": "999"}));
            office
                .write_back()
                .exits(4)
                .says("write-back-overwritten")
                .says("gam_vlan");
            assert_eq!(office.new_count(), 0, "{product:?}");
        }
        // The network does not follow either.
        office.site.run(&["plan"]).exits(0);
    }
}

#[test]
fn fields_that_are_not_defined_are_named_with_the_next_step() {
    let office = Office::new(Product::Splynx, 1, "\"place\"");
    office.site.apply().exits(0);
    office.faults(&["kind = \"fields-undefined\""]);
    office
        .write_back()
        .exits(4)
        .says("`gam_place`")
        .says("gamctl sync check splynx");
    assert_eq!(office.new_count(), 0);
    // The fields alone: a note needs none.
    let report = office.report(&["--dry-run"]);
    assert_eq!(states(&report), [], "{report}");
}

#[test]
fn without_a_setting_nothing_is_written_back() {
    let office = Office::new(Product::Splynx, 1, "");
    office.site.apply().exits(0);
    office
        .write_back()
        .exits(0)
        .says("write_back = [\"place\"]");
    assert_eq!(office.new_count(), 0);
}
