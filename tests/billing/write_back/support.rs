//! Tests tickets about services that need a person, and the health of items.

use serde_json::json;

use super::office::Office;
use crate::billing::product::Product;
use crate::crash::site::device;

#[test]
fn a_problem_of_four_hours_gets_one_ticket_that_is_commented_and_closed_when_it_is_gone() {
    for product in Product::BOTH {
        let office = Office::new(product, 1, "\"tickets\"");
        let policy = office.site.world.read("policy.toml");
        let lane = format!("{policy}\n[lane.billing]\nauthors = [\"sync@isp.example\"]\n");
        office.site.world.write("policy.toml", lane);
        office.site.world.commit_all("a lane");
        office.site.run(&["sync", "--commit"]).exits(0);
        // The endpoint of the first customer is at a second one as well.
        let mac = "000ED81C0001";
        let second = office.operate(json!({"do": "sell", "tariff": 31, "mac": mac}));
        office
            .site
            .run(&["sync", "--commit"])
            .says("mac-claimed-twice");
        office.write_back().exits(0).says("has everything");
        assert_eq!(office.tickets(), (0, 0), "{product:?}: it may be gone soon");

        office.hours_pass();
        office
            .write_back()
            .exits(0)
            .says("opened about mac-claimed-twice");
        let (opened, _) = office.tickets();
        assert!(opened > 0, "{product:?}");
        office.write_back().exits(0);
        assert_eq!(office.tickets(), (opened, 0), "{product:?}: one for each");

        // A third customer has it too: the same rule, for another reason.
        assert_eq!(office.ticket_comments(), 0, "{product:?}");
        let third = office.operate(json!({"do": "sell", "tariff": 31, "mac": mac}));
        office.site.run(&["sync", "--commit"]);
        let said = office.write_back();
        said.says("commented about mac-claimed-twice");
        let comments = office.ticket_comments();
        assert!((1..=opened).contains(&comments), "{product:?}: {comments}");
        office.write_back().exits(0);
        assert_eq!(office.ticket_comments(), comments, "{product:?}: once");

        for sold in [&second, &third] {
            office.operate(json!({"do": "return", "account": sold["account"]}));
        }
        office.site.run(&["sync", "--commit"]);
        let said = office.write_back();
        said.exits(0).says("closed about mac-claimed-twice");
        let closed = match product {
            // The items in the storeroom still have the address: that is left of the first customer's problem.
            Product::Splynx => opened - 1,
            // Sonar's storeroom is not read.
            Product::Sonar => opened,
        };
        assert_eq!(office.tickets(), (opened, closed), "{product:?}");
        office.write_back().exits(0);
        assert_eq!(office.tickets(), (opened, closed), "{product:?}");
        office.nothing_bills();
    }
}

#[test]
fn the_health_of_an_item_is_written_when_a_look_shows_another_one() {
    let office = Office::new(Product::Sonar, 1, "\"health\"");
    office.site.apply().exits(0);
    // A look at the endpoint as it is configured now: nothing is plugged in.
    office.site.run(&["plan"]).exits(0);
    office.write_back().exits(0).says("DOWN");
    office.write_back().exits(0).says("has everything");
    let counters = office.server.counters();
    assert_eq!(
        counters["mutations"],
        json!({"updateInventoryItemStatus": 1})
    );
    office.nothing_bills();
}

#[test]
fn a_suspended_line_has_no_health() {
    let mut office = Office::new(Product::Sonar, 1, "\"health\"");
    office.customers[0].state = "suspended";
    office.commit("not paid");
    office.site.apply().exits(0);
    office.site.run(&["plan"]).exits(0);
    office.write_back().exits(0).says("has everything");
}

#[test]
fn an_old_look_at_a_device_that_is_silent_now_is_no_health() {
    let mut office = Office::new(Product::Sonar, 1, "\"health\"");
    office.site.apply().exits(0);
    office.site.run(&["plan"]).exits(0);
    drop(office.site.twins.remove(&device(0)));
    let planned = office.site.run(&["plan", "--timeout", "2s"]);
    assert_ne!(planned.status.code(), Some(0), "{}", planned.text);
    office.write_back().exits(0).says("has everything");
}
