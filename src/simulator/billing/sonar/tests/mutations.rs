//! Tests writing through the interface.

use serde_json::json;

use super::{Client, NOW, client, column, id};
use crate::simulator::billing::http::BillingTwin;

#[test]
fn metadata_of_a_service_is_stored_changed_and_removed() {
    let mut client = client(30);
    let (_, service, _) = client.served();
    let of = client
        .twin
        .stored("account_services", service, "service_id");
    let metadata = client.first(
        "service_metadata",
        &format!("(service_id: {of}, name: \"gam_place\")"),
    );
    let write = |client: &mut Client, input: &str| {
        let data = client.ask(&format!(
            "mutation {{ updateAccountService(id: {service}, input: {{{input}}}) {{ id _version service_metadata_values {{ entities {{ service_metadata_id value }} }} }} }}"
        ));
        data["updateAccountService"]["service_metadata_values"].clone()
    };
    let one = |value: &str| {
        format!("service_metadata: [{{service_metadata_id: {metadata}, value: \"{value}\"}}]")
    };
    for value in ["maple-court-a/1", "maple-court-a/2"] {
        let values = write(&mut client, &one(value));
        assert_eq!(
            values["entities"],
            json!([{"service_metadata_id": metadata.to_string(), "value": value}])
        );
    }
    // The row of the service itself did not change.
    assert_eq!(
        client.ask(&format!(
            "{{ account_services(id: {service}) {{ entities {{ _version }} }} }}"
        ))["account_services"]["entities"][0]["_version"],
        "1"
    );
    let values = write(
        &mut client,
        &format!("unset_service_metadata: [{metadata}]"),
    );
    assert_eq!(values["entities"], json!([]));
    assert_eq!(client.twin.counters()["billing_mutations"], 0);
    assert_eq!(client.twin.counters()["writes"], 3);
}

#[test]
fn metadata_of_another_service_is_refused_with_validation_details() {
    let mut client = client(30);
    let (_, service, _) = client.served();
    let of = client
        .twin
        .stored("account_services", service, "service_id");
    let data = client.ask("{ service_metadata { entities { id service_id } } }");
    let other = data["service_metadata"]["entities"]
        .as_array()
        .unwrap()
        .iter();
    let other = other
        .clone()
        .find(|one| one["service_id"] != json!(of.to_string()))
        .unwrap();
    let error = client.error(&format!(
        "mutation {{ updateAccountService(id: {service}, input: {{service_metadata: {{service_metadata_id: {}, value: \"x\"}}}}) {{ id }} }}",
        other["id"].as_str().unwrap()
    ));
    assert_eq!(error["extensions"]["category"], "validation");
    assert!(error["extensions"]["validation"]["input.service_metadata"].is_array());
    assert_eq!(error["path"], json!(["updateAccountService"]));
}

#[test]
fn custom_fields_are_stored_at_the_type_they_are_for() {
    let mut client = client(5);
    let field = client.first("custom_fields", "(entity_type: Address)");
    let address = client.first("addresses", "(addressable_type: Account)");
    let write = |kind: &str| {
        format!(
            "mutation {{ updateEntityCustomFields(customfielddataable_type: {kind}, customfielddataable_id: {address}, input: {{custom_field_data: {{custom_field_id: {field}, value: \"riser a, port 7\"}}}}) {{ value customfielddataable {{ ... on Address {{ id }} }} }} }}"
        )
    };
    let data = client.ask(&write("Address"));
    assert_eq!(
        data["updateEntityCustomFields"],
        json!([{"value": "riser a, port 7", "customfielddataable": {"id": address.to_string()}}])
    );
    assert!(client.message(&write("Ticket")).contains("No Ticket"));
    let created = client.ask(
        "mutation { createCustomField(input: {name: \"Wing\", type: TEXT, unique: false, entity_type: Account, required: false, enum_options: [\"a\", \"b\"]}) { id entity_type enum_options }
           createServiceMetadata(input: {name: \"gam_place\", service_id: 35}) { name service { name } } }",
    );
    assert_eq!(created["createCustomField"]["enum_options"], "a,b");
    assert_eq!(
        created["createServiceMetadata"]["service"]["name"],
        "Home 50"
    );
}

#[test]
fn notes_are_made_changed_and_deleted() {
    let mut client = client(5);
    let data = client.ask(
        "mutation { createNote(input: {message: \"served\", noteable_type: Account, noteable_id: \"1001\", priority: NORMAL}) { id message noteable { ... on Account { id } } } }",
    );
    let note = id(&data["createNote"]["id"]);
    assert_eq!(data["createNote"]["noteable"]["id"], "1001");
    let data = client.ask(&format!("mutation {{ updateNote(id: {note}, input: {{message: \"moved\"}}) {{ message priority _version }} }}"));
    assert_eq!(
        data["updateNote"],
        json!({"message": "moved", "priority": "NORMAL", "_version": "2"})
    );
    let delete = format!("mutation {{ deleteNote(id: {note}) {{ success message }} }}");
    assert_eq!(
        client.ask(&delete)["deleteNote"],
        json!({"success": true, "message": null})
    );
    let error = client.body(&delete, &json!({}));
    assert_eq!(error["data"], json!({"deleteNote": null}));
    assert_eq!(error["errors"][0]["path"], json!(["deleteNote"]));
    let data = client.ask(&format!("{{ logs(type: DELETED, logged_entity_type: \"Note\") {{ entities {{ logged_entity_id loggable_type }} }} notes(id: {note}) {{ entities {{ id }} }} }}"));
    assert_eq!(
        data["logs"]["entities"][0]["logged_entity_id"],
        note.to_string()
    );
    assert_eq!(data["notes"]["entities"], json!([]));
    for wrong in [
        "noteable_type: AccountService, noteable_id: 1",
        "noteable_type: Account, noteable_id: 9",
    ] {
        client.error(&format!("mutation {{ createNote(input: {{message: \"x\", {wrong}, priority: NORMAL}}) {{ id }} }}"));
    }
}

#[test]
fn texts_and_numbers_beyond_their_types_are_refused() {
    let mut client = client(5);
    let query = "mutation N($m: Text!) { createNote(input: {message: $m, noteable_type: Account, noteable_id: 1001, priority: NORMAL}) { id } }";
    client.ask_with(query, &json!({"m": "é".repeat(100_000)}));
    let body = client.body(query, &json!({"m": "é".repeat(100_001)}));
    assert_eq!(body.get("data"), None);
    let data = client.ask("{ account_services { entities { id } } }");
    let service = id(&data["account_services"]["entities"][0]["id"]);
    let quantity = |number: i64| {
        format!(
            "mutation {{ updateAccountService(id: {service}, input: {{quantity: {number}}}) {{ quantity }} }}"
        )
    };
    let data = client.ask(&quantity(2_147_483_647));
    assert_eq!(data["updateAccountService"]["quantity"], 2_147_483_647);
    client.error(&quantity(2_147_483_648));
}

#[test]
fn tickets_are_opened_commented_and_closed() {
    let mut client = client(5);
    let data = client.ask(
        "mutation { createInternalTicket(input: {subject: \"s\", description: \"d\", status: OPEN, priority: LOW, ticketable_type: Account, ticketable_id: 1001}) { id closed_at } }",
    );
    let ticket = id(&data["createInternalTicket"]["id"]);
    let data = client.ask(&format!(
        "mutation {{ createTicketComment(input: {{ticket_id: {ticket}, body: \"b\"}}) {{ ticket {{ ticket_comments {{ page_info {{ total_count }} }} }} }}
           updateTicket(id: {ticket}, input: {{status: CLOSED}}) {{ status closed_at }} }}"
    ));
    assert_eq!(
        data["createTicketComment"]["ticket"]["ticket_comments"]["page_info"]["total_count"],
        1
    );
    assert_eq!(
        data["updateTicket"],
        json!({"status": "CLOSED", "closed_at": "2026-11-20T14:03:09+00:00"})
    );
}

#[test]
fn items_are_linked_marked_measured_and_moved() {
    let mut client = client(50);
    let (_, service, item) = client.served();
    let data = client.ask(&format!(
        "mutation {{
           off: linkInventoryItemToAccountService(input: {{inventory_item_id: {item}, unset_account_service_id: true}}) {{ success }}
           updateInventoryItemStatus(id: {item}, input: {{override_status: DOWN}}) {{ override_status overall_status account_service_id }}
           on: linkInventoryItemToAccountService(input: {{inventory_item_id: {item}, account_service_id: {service}}}) {{ success }}
           updateInventoryItemFields(id: {item}, input: {{fields: [{{inventory_model_field_id: 40, value: \"00:0E:D8:00:00:01\"}}, {{inventory_model_field_id: 41, unset: true}}]}}) {{
             account_service_id inventory_model_field_data {{ entities {{ value }} }} }} }}"
    ));
    assert_eq!(
        data["updateInventoryItemStatus"],
        json!({"override_status": "DOWN", "overall_status": "DOWN", "account_service_id": null})
    );
    let fields = &data["updateInventoryItemFields"];
    assert_eq!(fields["account_service_id"], service.to_string());
    assert_eq!(
        column(&fields["inventory_model_field_data"], "value"),
        ["00:0E:D8:00:00:01"]
    );
    let data = client.ask(&format!(
        "mutation {{ updateInventoryItemStatus(id: {item}, input: {{unset_override_status: true}}) {{ override_status overall_status }}
           assignInventoryItems(ids: [{item}], input: {{inventoryitemable_type: Vehicle, inventoryitemable_id: 1}}) {{ inventoryitemable {{ __typename }} inventory_item_events {{ entities {{ event }} }} }} }}"
    ));
    assert_eq!(
        data["updateInventoryItemStatus"],
        json!({"override_status": null, "overall_status": "GOOD"})
    );
    assert_eq!(
        data["assignInventoryItems"][0]["inventoryitemable"]["__typename"],
        "Vehicle"
    );
    assert_eq!(
        data["assignInventoryItems"][0]["inventory_item_events"]["entities"][0]["event"],
        "ASSIGNED"
    );
    for wrong in [
        format!(
            "updateInventoryItemFields(id: {item}, input: {{fields: [{{inventory_model_field_id: 40, value: \"x\"}}]}}) {{ id }}"
        ),
        format!(
            "updateInventoryItemFields(id: {item}, input: {{fields: [{{inventory_model_field_id: 43, value: \"x\"}}]}}) {{ id }}"
        ),
        format!(
            "assignInventoryItems(ids: [{item}], input: {{inventoryitemable_type: Address, inventoryitemable_id: 1}}) {{ id }}"
        ),
        format!(
            "assignInventoryItems(ids: [{item}], input: {{inventoryitemable_type: Account, inventoryitemable_id: 1001}}) {{ id }}"
        ),
        "linkInventoryItemToAccountService(input: {inventory_item_id: 1}) { success }".to_owned(),
    ] {
        client.error(&format!("mutation {{ {wrong} }}"));
    }
}

#[test]
fn mutations_that_bill_work_and_are_counted() {
    let mut client = client(50);
    let (account, service, _) = client.served();
    let data = client.ask(&format!(
        "mutation {{
           updateAccount(id: {account}, input: {{account_status_id: 3, prorate: true}}) {{ account_status {{ name }} }}
           addServiceToAccount(input: {{account_id: {account}, service_id: 32}}) {{ service {{ name }} quantity }}
           quantity: updateAccountService(id: {service}, input: {{quantity: 2}}) {{ quantity }}
           deleteAccountService(id: {service}) {{ success }}
           disconnectAccount(id: {account}) {{ addresses {{ entities {{ id }} }} disconnection_logs {{ page_info {{ total_count }} }} }}
           archiveAccount(id: {account}) {{ archived_at account_events {{ entities {{ event }} }} }} }}"
    ));
    assert_eq!(data["updateAccount"]["account_status"]["name"], "Inactive");
    assert_eq!(
        data["addServiceToAccount"],
        json!({"service": {"name": "Home 100"}, "quantity": 1})
    );
    assert_eq!(
        data["disconnectAccount"],
        json!({"addresses": {"entities": []}, "disconnection_logs": {"page_info": {"total_count": 1}}})
    );
    assert_eq!(
        column(&data["archiveAccount"]["account_events"], "event"),
        [
            "STATUS_UPDATED",
            "SERVICES_ADDED",
            "SERVICES_UPDATED",
            "SERVICES_REMOVED",
            "ARCHIVED"
        ]
    );
    let counters = client.twin.counters();
    assert_eq!(counters["billing_mutations"], 6);
    assert_eq!(counters["mutations"]["updateAccountService"], 1);
}

#[test]
fn a_write_moves_version_and_time_of_its_row_and_leaves_a_log() {
    let mut client = client(5);
    client.now = NOW + 60;
    let data = client.ask("mutation { updateAccount(id: 1001, input: {name: \"Renamed\"}) { _version updated_at created_at } }");
    assert_eq!(
        data["updateAccount"],
        json!({"_version": "2", "updated_at": "2026-11-20T14:04:09+00:00", "created_at": "2026-10-21T14:03:09+00:00"})
    );
    let data = client.ask("{ logs(loggable_type: \"Account\", loggable_id: 1001) { entities { type previous current user { name } } } }");
    let log = &data["logs"]["entities"][0];
    assert_eq!(
        (&log["type"], &log["current"]),
        (&json!("UPDATED"), &json!("{\"name\":\"Renamed\"}"))
    );
    assert_eq!(log["user"]["name"], "gamctl");
}
