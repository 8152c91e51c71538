//! Kills write-back between any two steps: nothing is lost, and no note is written twice.

use serde_json::json;

use super::office::Office;
use crate::billing::product::Product;

/// Every point that a process may die at, and a second pass of it where there are two writes.
const POINTS: [&str; 5] = [
    "write-back-queued",
    "write-back-sent",
    "write-back-answered",
    "write-back-sent:2",
    "write-back-answered:2",
];

#[test]
fn a_death_at_any_point_of_write_back_loses_nothing_and_doubles_no_note() {
    for product in Product::BOTH {
        for point in POINTS {
            let office = Office::new(product, 1, "\"place\", \"notes\"");
            office.site.apply().exits(0);
            office.dies_at(point);
            office.time_passes();
            office.write_back().exits(0);
            office.write_back().exits(0).says("has everything");
            assert_eq!(office.notes(), 1, "{product:?} {point}");
            let fields = office
                .new_writes()
                .into_iter()
                .filter(|write| write.body.contains("oak-0/2") && write.body.contains("101"));
            assert_eq!(fields.count(), 1, "{product:?} {point}");
            office.nothing_bills();
        }
    }
}

#[test]
fn a_note_is_not_repeated_where_billing_gives_the_service_another_id() {
    for product in Product::BOTH {
        let mut office = Office::new(product, 1, "\"place\", \"notes\"");
        office.site.apply().exits(0);
        office.write_back().exits(0).says("activated on oak-0/2");
        let account = office.customers[0].account;
        let change =
            json!({"do": "change-plan", "account": account, "tariff": 31, "how": "same-day"});
        office.customers[0].service = office.operate(change)["service"].as_u64().unwrap();
        office.commit("another id");
        office.write_back().exits(0);
        office.write_back().exits(0).says("has everything");
        assert_eq!(office.notes(), 1, "{product:?}");
    }
}

#[test]
fn a_note_is_not_repeated_without_the_store_and_a_move_gets_another_one() {
    let mut office = Office::new(Product::Sonar, 1, "\"notes\"");
    office.site.apply().exits(0);
    office.write_back().exits(0).says("activated on oak-0/2");
    std::fs::remove_dir_all(&office.site.state).unwrap();
    // Found as intended: the ledger is there again.
    office.site.apply().exits(0);
    office.write_back().exits(0);
    assert_eq!(office.notes(), 1);
    office.customers[0].port = 3;
    office.commit("another socket");
    office.site.apply().exits(0);
    office.write_back().exits(0).says("moved on oak-0/3");
    assert_eq!(office.notes(), 2);
    office.write_back().exits(0);
    assert_eq!(office.notes(), 2);
}
