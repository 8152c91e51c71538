//! Tests what people in the office do, as a client sees it.

use serde_json::{Value, json};

use super::{Client, NOW, client, column, id};
use crate::simulator::billing::http::BillingTwin;
use crate::simulator::billing::operation::{Operation, OperationError};

/// Returns what a client reads about an account.
fn account(client: &mut Client, id: u64) -> Value {
    let data = client.ask(&format!(
        "{{ accounts(id: {id}, include_archived: true) {{ entities {{ name is_delinquent archived_at activation_date
             account_status {{ id activates_account }}
             account_services {{ entities {{ id service {{ id }} inventory_items {{ entities {{ id }} }} }} }}
             addresses {{ entities {{ id line1 line2 anchor_address_id inventory_items {{ entities {{ id }} }} }} }}
             account_events {{ entities {{ event }} }} }} }} }}"
    ));
    data["accounts"]["entities"][0].clone()
}

#[test]
fn a_sale_makes_an_active_account_with_unit_service_and_endpoint() {
    let mut client = client(5);
    let sold = client.operate(&json!({"do": "sell", "tariff": 31, "mac": "000e.d81c.9508", "site": "Maple Court", "unit": "Apt 909"}));
    let seen = account(&mut client, sold["account"].as_u64().unwrap());
    assert_eq!(
        seen["account_status"],
        json!({"id": "2", "activates_account": true})
    );
    assert_eq!(seen["activation_date"], "2026-11-20");
    let address = &seen["addresses"]["entities"][0];
    assert_eq!(
        (&address["line1"], &address["line2"]),
        (&json!("12 Maple Court"), &json!("Apt 909"))
    );
    assert!(address["anchor_address_id"].is_string());
    assert_eq!(
        column(&address["inventory_items"], "id"),
        [sold["item"].to_string()]
    );
    let services = &seen["account_services"]["entities"];
    assert_eq!(services[0]["service"]["id"], "31");
    assert_eq!(
        column(&services[0]["inventory_items"], "id"),
        [sold["item"].to_string()]
    );
    let macs = client.ask("{ inventory_model_field_data(value: \"00:0E:D8:1C:95:08\") { page_info { total_count } } }");
    assert_eq!(
        macs["inventory_model_field_data"]["page_info"]["total_count"],
        1
    );
}

#[test]
fn a_second_service_is_sold_to_an_account_and_a_lead_becomes_a_customer() {
    let mut client = client(60);
    let lead = client.first("accounts", "(account_status_id: 1)");
    client.operate(&json!({"do": "sell", "account": lead, "tariff": 32}));
    client.operate(&json!({"do": "sell", "account": lead, "tariff": 36}));
    let seen = account(&mut client, lead);
    assert_eq!(seen["account_status"]["id"], "2");
    let services = seen["account_services"]["entities"].as_array().unwrap();
    assert_eq!(
        services
            .iter()
            .map(|one| id(&one["service"]["id"]))
            .collect::<Vec<_>>(),
        [32, 36]
    );
    assert_eq!(
        column(&seen["account_events"], "event"),
        [
            "STATUS_UPDATED",
            "ACTIVATED",
            "SERVICES_ADDED",
            "SERVICES_ADDED"
        ]
    );
}

#[test]
fn an_unpaid_bill_makes_delinquent_and_the_payment_ends_it() {
    let mut client = client(20);
    let (customer, ..) = client.served();
    for (operation, is_delinquent) in [("block", true), ("pay", false)] {
        client.operate(&json!({"do": operation, "account": customer}));
        let seen = account(&mut client, customer);
        assert_eq!(seen["is_delinquent"], is_delinquent);
        assert_eq!(seen["account_events"]["entities"], json!([]));
    }
}

#[test]
fn an_account_is_switched_off_or_paused_by_a_status_and_keeps_its_services() {
    let mut client = client(20);
    let (customer, ..) = client.served();
    for (operation, status) in [("deactivate", "3"), ("stop", "4")] {
        client.operate(&json!({"do": operation, "account": customer}));
        let seen = account(&mut client, customer);
        assert_eq!(
            seen["account_status"],
            json!({"id": status, "activates_account": false})
        );
        assert!(
            !seen["account_services"]["entities"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn a_plan_changes_in_place_with_another_service_or_at_midnight() {
    let mut client = client(20);
    let (customer, service, item) = client.served();
    let change = |how: &str, tariff: u64| json!({"do": "change-plan", "account": customer, "service": null, "tariff": tariff, "how": how});
    let first = |client: &mut Client| {
        let seen = account(client, customer);
        let services = seen["account_services"]["entities"]
            .as_array()
            .unwrap()
            .clone();
        let data = services
            .into_iter()
            .find(|one| one["service"]["id"] != "36")
            .unwrap();
        (
            id(&data["id"]),
            id(&data["service"]["id"]),
            column(&data["inventory_items"], "id"),
        )
    };
    client.operate(&change("in-place", 33));
    assert_eq!(
        first(&mut client),
        (service, 33, vec![json!(item.to_string())])
    );
    let changed = client.operate(&change("same-day", 32));
    let (second, tariff, items) = first(&mut client);
    assert_ne!(second, service);
    assert_eq!((changed["service"].as_u64(), tariff), (Some(second), 32));
    assert_eq!(items, [item.to_string()]);
    client.operate(&change("scheduled", 31));
    assert_eq!(first(&mut client).0, second);
    assert_eq!(client.twin.ids("scheduled_events").len(), 1);
    let midnight = (NOW / 86_400 + 1) * 86_400;
    assert_eq!(client.twin.next_webhook(), Some(midnight));
    client.now = midnight;
    let (third, tariff, _) = first(&mut client);
    assert!(third > second && tariff == 31);
    assert!(client.twin.ids("scheduled_events").is_empty());
}

#[test]
fn a_swap_moves_the_old_endpoint_to_the_storeroom_and_puts_another_in_its_place() {
    let mut client = client(20);
    let (customer, service, item) = client.served();
    let swapped =
        client.operate(&json!({"do": "swap", "account": customer, "mac": "00:0E:D8:AA:BB:CC"}));
    assert_eq!(swapped["returned"], item);
    let new = swapped["item"].as_u64().unwrap();
    let data = client.ask(&format!(
        "{{ old: inventory_items(id: {item}) {{ entities {{ account_service_id inventoryitemable {{ __typename }} }} }}
            new: inventory_items(id: {new}) {{ entities {{ account_service_id inventoryitemable {{ __typename }} inventory_model_field_data {{ entities {{ value }} }} }} }} }}"
    ));
    assert_eq!(
        data["old"]["entities"][0],
        json!({"account_service_id": null, "inventoryitemable": {"__typename": "InventoryLocation"}})
    );
    let new = &data["new"]["entities"][0];
    assert_eq!(new["account_service_id"], service.to_string());
    assert_eq!(new["inventoryitemable"]["__typename"], "Address");
    assert_eq!(
        column(&new["inventory_model_field_data"], "value")[0],
        "00:0E:D8:AA:BB:CC"
    );
}

#[test]
fn a_returned_endpoint_is_in_the_storeroom() {
    let mut client = client(20);
    let (customer, _, item) = client.served();
    client.operate(&json!({"do": "return", "account": customer}));
    assert_eq!(
        client
            .twin
            .stored("inventory_items", item, "inventoryitemable_type"),
        "InventoryLocation"
    );
    assert_eq!(
        client
            .twin
            .stored("inventory_items", item, "account_service_id"),
        Value::Null
    );
}

#[test]
fn a_customer_who_leaves_is_archived_without_services_while_the_endpoint_stays_at_the_address() {
    let mut client = client(20);
    let (customer, _, item) = client.served();
    let address = client
        .twin
        .stored("inventory_items", item, "inventoryitemable_id");
    client.operate(&json!({"do": "cancel", "account": customer}));
    let listed = client.ask(&format!(
        "{{ accounts(id: {customer}) {{ entities {{ id }} }} }}"
    ));
    assert_eq!(listed["accounts"]["entities"], json!([]));
    let seen = account(&mut client, customer);
    assert!(seen["archived_at"].is_string());
    assert_eq!(seen["account_services"]["entities"], json!([]));
    assert_eq!(seen["addresses"]["entities"], json!([]));
    assert_eq!(
        client
            .twin
            .stored("inventory_items", item, "inventoryitemable_id"),
        address
    );
    assert_eq!(
        client
            .twin
            .stored("addresses", address.as_u64().unwrap(), "addressable_id"),
        Value::Null
    );
}

#[test]
fn an_edit_sets_makes_and_deletes_rows() {
    let mut client = client(20);
    let edit = |path: &str, value: Value| json!({"do": "edit", "path": path, "value": value});
    client.operate(&edit(
        "data_service_details/1/download_speed_kilobits_per_second",
        json!(50_000),
    ));
    assert_eq!(
        client
            .twin
            .stored("DataServiceDetail", 1, "download_speed_kilobits_per_second"),
        50_000
    );
    client.operate(&edit("accounts/*/is_delinquent", json!(true)));
    let all = client.ask("{ accounts(is_delinquent: true) { page_info { total_count } } }");
    assert_eq!(all["accounts"]["page_info"]["total_count"], 20);
    let made = client.operate(&edit(
        "account_statuses/new",
        json!({"name": "Collections", "activates_account": true, "color": "#FFFFFF", "icon": "x"}),
    ));
    assert_eq!(made, json!({"ids": [5]}));
    client.operate(&edit("accounts/1003", Value::Null));
    assert_eq!(
        client.ask("{ accounts(id: 1003) { entities { id } } }")["accounts"]["entities"],
        json!([])
    );
    let logs =
        client.ask("{ logs(type: DELETED) { entities { logged_entity_type logged_entity_id } } }");
    assert_eq!(
        logs["logs"]["entities"][0],
        json!({"logged_entity_type": "Account", "logged_entity_id": "1003"})
    );
}

#[test]
fn what_cannot_be_done_is_an_error_that_names_it() {
    let mut client = client(5);
    let mut fails = |operation: Value| {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        client.twin.operate(&operation, NOW).unwrap_err()
    };
    assert_eq!(
        fails(json!({"do": "pay", "account": 9})),
        OperationError::NoAccount(9)
    );
    assert_eq!(
        fails(json!({"do": "swap", "account": 9, "mac": "000ed8000001"})),
        OperationError::NoAccount(9)
    );
    assert_eq!(
        fails(json!({"do": "sell", "tariff": 1})),
        OperationError::NoTariff(1)
    );
    assert_eq!(
        fails(json!({"do": "sell", "tariff": 31, "mac": "x"})),
        OperationError::InvalidMac("x".to_owned())
    );
    assert_eq!(
        fails(json!({"do": "sell", "tariff": 31, "site": "Nowhere"})),
        OperationError::NoSite("Nowhere".to_owned())
    );
    assert_eq!(
        fails(json!({"do": "stop", "account": 1001, "service": 999})),
        OperationError::NoService { account: 1001 }
    );
    for path in [
        "accounts",
        "nothing/1/name",
        "accounts/1/name",
        "accounts/1001/nothing",
        "accounts/1001/name/x",
    ] {
        let error = fails(json!({"do": "edit", "path": path, "value": "x"}));
        assert_eq!(error, OperationError::NoPath(path.to_owned()));
    }
    let error = fails(json!({"do": "edit", "path": "accounts/1001/is_delinquent", "value": "yes"}));
    assert_eq!(
        error.to_string(),
        "path `accounts/1001/is_delinquent` does not accept this value; it is true or false"
    );
}
