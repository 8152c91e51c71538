//! Tests reading: documents, filters, pages, and the errors of wrong questions.

use serde_json::{Value, json};

use super::{NOW, SonarSettings, SonarTwin, client, column, id};
use crate::simulator::billing::http::{BillingTwin, HttpRequest};
use crate::simulator::billing::people::{People, mac_text};
use crate::simulator::gam::chance::draw;

#[test]
fn the_reading_query_of_a_client_returns_customers_with_services_units_and_endpoints() {
    let mut client = client(60);
    let query = "query Accounts($page: Paginator!, $search: [Search], $data: [ReverseRelationFilter]) {
      accounts(paginator: $page, search: $search, sorter: [{attribute: \"id\", direction: ASC}]) {
        page_info { page total_pages total_count records_per_page }
        entities {
          id name updated_at _version is_delinquent archived_at activation_date parent_account_id company_id
          account_status { id name activates_account }
          custom_field_data { page_info { total_count } entities { custom_field_id value } }
          account_services(reverse_relation_filters: $data) {
            page_info { total_count }
            entities { id updated_at _version quantity name_override
              service { id name enabled data_service_detail { download_speed_kilobits_per_second upload_speed_kilobits_per_second } }
              service_metadata_values { page_info { total_count } entities { id service_metadata_id value } }
              inventory_items { page_info { total_count } entities { id } } } }
          addresses(serviceable: true, type: PHYSICAL) {
            page_info { total_count }
            entities { id line1 line2 city subdivision zip anchor_address_id
              inventory_items { page_info { total_count } entities {
                id account_service_id status inventory_model_id updated_at
                inventory_model_field_data { page_info { total_count } entities { id value inventory_model_field { id name type primary } } } } } } }
          uninventoried_mac_addresses { page_info { total_count } entities { id mac_address } }
        } } }";
    let variables = json!({
        "page": {"page": 1, "records_per_page": 100},
        "data": [{"relation": "service", "search": [{"string_fields": [
            {"attribute": "type", "search_value": "DATA", "match": true, "partial_matching": false}]}]}],
    });
    let data = client.ask_with(query, &variables);
    let accounts = &data["accounts"];
    assert_eq!(
        accounts["page_info"],
        json!({"page": 1, "total_pages": 1, "total_count": 60, "records_per_page": 100})
    );
    let entities = accounts["entities"].as_array().unwrap();
    assert_eq!(entities.len(), 60);
    let mut macs = 0;
    for account in entities {
        assert!(account["id"].is_string() && account["company_id"].is_string());
        assert!(account["is_delinquent"].is_boolean());
        for service in account["account_services"]["entities"].as_array().unwrap() {
            let detail = &service["service"]["data_service_detail"];
            assert!(
                detail["download_speed_kilobits_per_second"]
                    .as_i64()
                    .unwrap()
                    >= 50_000
            );
        }
        for address in account["addresses"]["entities"].as_array().unwrap() {
            for item in address["inventory_items"]["entities"].as_array().unwrap() {
                let values = item["inventory_model_field_data"]["entities"]
                    .as_array()
                    .unwrap();
                macs += values
                    .iter()
                    .filter(|value| value["inventory_model_field"]["type"] == "MAC_ADDRESS")
                    .count();
            }
        }
    }
    assert!(macs > 40, "{macs}");
    assert_eq!(entities[0]["updated_at"], "2026-10-21T14:03:09+00:00");
}

#[test]
fn one_request_may_have_aliases_fragments_and_typenames() {
    let mut client = client(10);
    let data = client.ask(
        "query Q { a: accounts(id: 1001) { ...Page } b: accounts(id: \"1002\") { ...Page __typename } }
         fragment Page on AccountConnection { entities { __typename ... on Account { id } ... { name } } }",
    );
    assert_eq!(data["a"]["entities"][0]["id"], "1001");
    assert_eq!(data["b"]["entities"][0]["id"], "1002");
    assert_eq!(data["b"]["entities"][0]["__typename"], "Account");
    assert_eq!(data["b"]["__typename"], "AccountConnection");
}

#[test]
fn an_object_of_several_types_is_read_by_inline_fragments() {
    let mut client = client(10);
    let data = client.ask(
        "{ inventory_items(inventory_model_id: 14, paginator: {page: 1, records_per_page: 1}) { entities { inventoryitemable {
             __typename ... on Address { line1 } ... on NetworkSite { name } } } } }",
    );
    let owner = &data["inventory_items"]["entities"][0]["inventoryitemable"];
    assert_eq!(owner["__typename"], "Address");
    assert!(owner["line1"].is_string() && owner.get("name").is_none());
    assert_eq!(
        client.message("{ inventory_items { entities { inventoryitemable { id } } } }"),
        "Cannot query field \"id\" on type \"Inventoryitemable\"."
    );
}

#[test]
fn fields_are_left_out_by_skip_and_include() {
    let mut client = client(3);
    let query = "query Q($no: Boolean!) { accounts(id: 1001) { entities { id @include(if: $no) name @skip(if: $no) } } }";
    let data = client.ask_with(query, &json!({"no": false}));
    let account = &data["accounts"]["entities"][0];
    assert!(account.get("id").is_none() && account["name"].is_string());
}

#[test]
fn an_unknown_field_is_an_error_with_line_and_column() {
    let mut client = client(3);
    let query = "{\n  accounts {\n    entities {\n      id\n      is_additionall\n    }\n  }\n}";
    let body = client.body(query, &json!({}));
    assert_eq!(
        body,
        json!({"errors": [{
            "message": "Cannot query field \"is_additionall\" on type \"Account\".",
            "locations": [{"line": 5, "column": 7}],
        }]})
    );
}

#[test]
fn an_unknown_argument_is_an_error_with_line_and_column() {
    let mut client = client(3);
    let error = client.error("{\n  accounts(limit: 5) { entities { id } } }");
    assert_eq!(
        error["message"],
        "Unknown argument \"limit\" on field \"accounts\" of type \"Query\"."
    );
    assert_eq!(error["locations"], json!([{"line": 2, "column": 12}]));
}

#[test]
fn questions_that_the_real_schema_refuses_are_refused() {
    let mut client = client(3);
    for (query, expected) in [
        (
            "{ customers { entities { id } } }",
            "Cannot query field \"customers\"",
        ),
        (
            "{ accounts { entities { inventory_items { entities { id } } } } }",
            "Cannot query field \"inventory_items\"",
        ),
        (
            "{ account_services { entities { status } } }",
            "Cannot query field \"status\"",
        ),
        (
            "{ accounts { page_info { has_next_page } } }",
            "Cannot query field \"has_next_page\"",
        ),
        ("{ accounts }", "must have a selection of subfields"),
        (
            "{ accounts { entities { id { x } } } }",
            "must not have a selection",
        ),
        (
            "{ accounts(id: \"x\") { entities { id } } }",
            "Expected type Int64Bit",
        ),
        (
            "{ addresses(type: HOME) { entities { id } } }",
            "Expected type AddressType",
        ),
        (
            "{ addresses(type: \"PHYSICAL\") { entities { id } } }",
            "Expected type AddressType",
        ),
        (
            "{ accounts(paginator: {page: 1}) { entities { id } } }",
            "of required type \"Int!\" was not provided",
        ),
        (
            "query Q($p: Paginator) { accounts { entities { id } } }",
            "is never used",
        ),
        (
            "query Q($p: Int!) { accounts(id: $p) { entities { id } } }",
            "was not provided",
        ),
        (
            "query Q($p: Int = 1) { accounts(id: $p) { entities { id } } }",
            "used in position expecting type \"Int64Bit\"",
        ),
        ("{ accounts(id: $p) { entities { id } } }", "is not defined"),
        ("{ ...F } fragment F on Query { ...F }", "within itself"),
        ("{ ...G }", "Unknown fragment"),
        (
            "{ accounts { ... on Service { id } } }",
            "can never be of type",
        ),
        (
            "{ a: accounts { entities { id } } a: services { entities { id } } }",
            "conflict",
        ),
        (
            "{ webhook_model_events { page_info { page } } }",
            "Cannot query field \"page_info\"",
        ),
        (
            "{ webhook_model_events(id: 1) { entities { model } } }",
            "Unknown argument",
        ),
        (
            "mutation { createNote(input: {message: \"x\"}) { id } }",
            "was not provided",
        ),
        (
            "subscription { accounts { entities { id } } }",
            "not configured for subscriptions",
        ),
        (
            "{ accounts(search: [{string_fields: [{attribute: \"nam\", search_value: \"x\", match: true}]}]) { entities { id } } }",
            "does not exist on Account",
        ),
        (
            "{ accounts(search: [{string_fields: [{attribute: \"company_id\", search_value: \"1\", match: true}]}]) { entities { id } } }",
            "cannot be searched",
        ),
        (
            "{ accounts(sorter: [{attribute: \"x\", direction: ASC}]) { entities { id } } }",
            "does not exist on Account",
        ),
        (
            "{ accounts(paginator: {page: 0, records_per_page: 5}) { entities { id } } }",
            "at least 1",
        ),
        (
            "{ accounts(reverse_relation_filters: [{relation: \"equipment\"}]) { entities { id } } }",
            "does not exist on Account",
        ),
    ] {
        let message = client.message(query);
        assert!(message.contains(expected), "{query}: {message}");
    }
}

#[test]
fn an_id_is_a_string_in_answers_and_both_in_questions() {
    let mut client = client(5);
    let query = "query Q($id: Int64Bit!) { accounts(id: $id) { entities { id } } }";
    for given in [json!(1003), json!("1003")] {
        let data = client.ask_with(query, &json!({"id": given}));
        assert_eq!(data["accounts"]["entities"], json!([{"id": "1003"}]));
    }
    let unknown = client.ask_with(query, &json!({"id": 999_999}));
    assert_eq!(unknown["accounts"]["entities"], json!([]));
}

#[test]
fn a_single_value_is_accepted_where_a_list_is_expected() {
    let mut client = client(100);
    let data = client.ask(
        "{ accounts(paginator: {page: 1, records_per_page: 100}, search: {boolean_fields: {attribute: \"is_delinquent\", search_value: true}, exists: \"activation_date\"}) {
             entities { is_delinquent activation_date } } }",
    );
    let found = data["accounts"]["entities"].as_array().unwrap();
    assert!(!found.is_empty() && found.len() < 20, "{}", found.len());
    assert!(
        found
            .iter()
            .all(|one| one["is_delinquent"] == true && one["activation_date"].is_string())
    );
}

#[test]
fn a_search_is_partial_by_default_and_exact_when_asked() {
    let mut client = client(5);
    let count = |client: &mut super::Client, rest: &str| {
        let data = client.ask(&format!(
            "{{ services(search: [{{string_fields: [{{attribute: \"name\", search_value: \"Home 50\"{rest}}}]}}]) {{ page_info {{ total_count }} }} }}"
        ));
        data["services"]["page_info"]["total_count"].clone()
    };
    assert_eq!(count(&mut client, ", match: true"), 2);
    assert_eq!(
        count(&mut client, ", match: true, partial_matching: false"),
        1
    );
    assert_eq!(count(&mut client, ", match: false"), 5);
    assert_eq!(
        count(&mut client, ", match: false, partial_matching: false"),
        6
    );
}

#[test]
fn elements_of_a_search_are_alternatives_and_fields_of_an_element_all_hold() {
    let mut client = client(30);
    let query = "query Q($s: [Search]) { accounts(search: $s) { entities { id } } }";
    let is = |attribute: &str, operator: &str, value: u64| json!({"attribute": attribute, "operator": operator, "search_value": value});
    let either = json!([
        {"integer_fields": [is("id", "EQ", 1001)]},
        {"integer_fields": [is("id", "EQ", 1005)]},
    ]);
    let data = client.ask_with(query, &json!({"s": either}));
    assert_eq!(column(&data["accounts"], "id"), ["1001", "1005"]);
    let both = json!([{"integer_fields": [is("id", "GTE", 1003), is("id", "LT", 1006), is("id", "NEQ", 1004)]}]);
    let data = client.ask_with(query, &json!({"s": both}));
    assert_eq!(column(&data["accounts"], "id"), ["1003", "1005"]);
    let never = json!([{"integer_fields": [is("id", "EQ", 1001), is("id", "EQ", 1005)]}]);
    let data = client.ask_with(query, &json!({"s": never}));
    assert_eq!(data["accounts"]["entities"], json!([]));
}

#[test]
fn numbers_dates_and_truths_are_compared_by_operators() {
    let mut client = client(30);
    let total = |client: &mut super::Client, arguments: &str| {
        let data = client.ask(&format!(
            "{{ accounts({arguments}) {{ page_info {{ total_count }} }} }}"
        ));
        data["accounts"]["page_info"]["total_count"]
            .as_u64()
            .unwrap()
    };
    for (operator, expected) in [
        ("GTE", 26),
        ("GT", 25),
        ("LTE", 5),
        ("LT", 4),
        ("EQ", 1),
        ("NEQ", 29),
    ] {
        let search = format!(
            "search: {{integer_fields: {{attribute: \"id\", search_value: \"1005\", operator: {operator}}}}}"
        );
        assert_eq!(total(&mut client, &search), expected, "{operator}");
    }
    let dated = |operator: &str| {
        format!(
            "search: {{date_fields: {{attribute: \"activation_date\", search_value: \"2026-01-01\", operator: {operator}}}}}"
        )
    };
    let (since, before) = (
        total(&mut client, &dated("GTE")),
        total(&mut client, &dated("LT")),
    );
    let leads = total(&mut client, "account_status_id: 1");
    assert!(since > 0 && before > 0);
    assert_eq!(since + before + leads, 30);
    let delinquent = total(&mut client, "is_delinquent: true");
    let not = "search: {boolean_fields: {attribute: \"is_delinquent\", search_value: true, operator: NEQ}}";
    assert_eq!(total(&mut client, not) + delinquent, 30);
    assert!(delinquent < 30);
}

#[test]
fn an_argument_is_equality_for_times_and_null_too() {
    let mut client = client(30);
    client.now = NOW + 60;
    let data =
        client.ask("mutation { updateAccount(id: 1004, input: {name: \"x\"}) { _version } }");
    let version = &data["updateAccount"]["_version"];
    let data = client.ask(&format!(
        "{{ at: accounts(updated_at: \"2026-11-20T08:04:09-06:00\") {{ entities {{ id }} }} version: accounts(_version: {version}, name: \"x\") {{ entities {{ id }} }}
            alone: accounts(parent_account_id: null) {{ page_info {{ total_count }} }} }}"
    ));
    assert_eq!(column(&data["at"], "id"), ["1004"]);
    assert_eq!(column(&data["version"], "id"), ["1004"]);
    let children = client
        .ask("{ accounts(search: {exists: \"parent_account_id\"}) { page_info { total_count } } }");
    let total = |value: &Value| value["page_info"]["total_count"].as_u64().unwrap();
    assert_eq!(total(&data["alone"]) + total(&children["accounts"]), 30);
}

#[test]
fn changes_are_found_by_their_time_and_parents_do_not_move_with_children() {
    let mut client = client(30);
    let (account, service, _) = client.served();
    client.now = NOW + 600;
    client.ask(&format!(
        "mutation {{ updateAccountService(id: {service}, input: {{name_override: \"x\"}}) {{ id }} }}"
    ));
    let since = json!({"s": [{"datetime_fields": [{"attribute": "updated_at", "operator": "GTE", "search_value": "2026-11-20T14:10:00+00:00"}]}]});
    let query = "query Q($s: [Search]) {
        accounts(search: $s, sorter: {attribute: \"updated_at\", direction: ASC}) { entities { id } }
        account_services(search: $s) { entities { id account_id _version updated_at } } }";
    let data = client.ask_with(query, &since);
    assert_eq!(data["accounts"]["entities"], json!([]));
    assert_eq!(
        data["account_services"]["entities"],
        json!([{
            "id": service.to_string(), "account_id": account.to_string(), "_version": "2",
            "updated_at": "2026-11-20T14:13:09+00:00",
        }])
    );
}

#[test]
fn relations_filter_by_paths_and_groups_are_alternatives() {
    let mut client = client(100);
    let total = |client: &mut super::Client, filters: &str| -> i64 {
        let data = client.ask(&format!(
            "{{ accounts(reverse_relation_filters: {filters}) {{ page_info {{ total_count }} }} }}"
        ));
        data["accounts"]["page_info"]["total_count"]
            .as_i64()
            .unwrap()
    };
    let with_items = total(&mut client, "[{relation: \"addresses.inventory_items\"}]");
    let without = total(
        &mut client,
        "[{relation: \"addresses.inventory_items\", is_empty: true}]",
    );
    assert!(with_items > 70 && without > 0);
    assert_eq!(with_items + without, 100);
    let television = "{relation: \"account_services.service\", search: {string_fields: {attribute: \"type\", search_value: \"RECURRING\", match: true, partial_matching: false}}";
    let own = "{relation: \"uninventoried_mac_addresses\"";
    let viewers = total(&mut client, &format!("[{television}}}]"));
    let owners = total(&mut client, &format!("[{own}}}]"));
    let both = total(&mut client, &format!("[{television}}}, {own}}}]"));
    let either = total(
        &mut client,
        &format!("[{television}, group: \"1\"}}, {own}, group: \"2\"}}]"),
    );
    assert!(viewers > 0 && owners > 0 && both < viewers);
    assert_eq!(either, viewers + owners - both);
}

#[test]
fn a_relation_to_one_is_null_where_its_arguments_do_not_match() {
    let mut client = client(50);
    let data = client.ask(
        "{ account_services(paginator: {page: 1, records_per_page: 200}) { entities { any: service { type } data: service(type: DATA) { type } } } }",
    );
    let services = data["account_services"]["entities"].as_array().unwrap();
    let is_data = |one: &&Value| one["any"]["type"] == "DATA";
    assert!(services.iter().any(|one| !is_data(&one)));
    assert!(
        services
            .iter()
            .all(|one| one["data"].is_null() != is_data(&one))
    );
}

#[test]
fn a_page_has_25_rows_without_a_paginator_and_none_past_the_end() {
    let mut client = client(60);
    let data = client.ask(
        "{ accounts { page_info { total_count total_pages records_per_page } entities { id } } }",
    );
    assert_eq!(data["accounts"]["entities"].as_array().unwrap().len(), 25);
    assert_eq!(
        data["accounts"]["page_info"],
        json!({"total_count": 60, "total_pages": 3, "records_per_page": 25})
    );
    let data = client.ask("{ accounts(paginator: {page: 4, records_per_page: 25}) { page_info { page total_count } entities { id } } }");
    assert_eq!(
        data["accounts"],
        json!({"page_info": {"page": 4, "total_count": 60}, "entities": []})
    );
}

#[test]
fn all_pages_together_have_every_account_once_in_the_order_of_numbers() {
    let mut client = client(130);
    let mut seen = Vec::new();
    for page in 1..=4 {
        let data = client.ask(&format!(
            "{{ accounts(paginator: {{page: {page}, records_per_page: 40}}, sorter: [{{attribute: \"id\", direction: ASC}}]) {{ entities {{ id }} }} }}"
        ));
        seen.extend(column(&data["accounts"], "id").iter().map(id));
    }
    assert_eq!(seen, (1001..1131).collect::<Vec<u64>>());
    let data = client.ask("{ service_down: data_service_details(sorter: [{attribute: \"download_speed_kilobits_per_second\", direction: DESC}]) { entities { download_speed_kilobits_per_second } } }");
    assert_eq!(
        column(&data["service_down"], "download_speed_kilobits_per_second"),
        [1_000_000, 500_000, 250_000, 100_000, 50_000]
    );
}

#[test]
fn a_connection_inside_another_one_has_its_own_page_and_total() {
    let mut client = client(60);
    let data = client.ask(
        "{ network_sites(id: 1) { entities { addresses { entities { is_anchor linked_addresses(paginator: {page: 2, records_per_page: 30}) { page_info { total_count } entities { id } }
           all: linked_addresses { page_info { total_count } entities { id } } } } } } }",
    );
    let anchor = &data["network_sites"]["entities"][0]["addresses"]["entities"][0];
    assert_eq!(anchor["is_anchor"], true);
    assert_eq!(anchor["linked_addresses"]["page_info"]["total_count"], 48);
    assert_eq!(
        anchor["linked_addresses"]["entities"]
            .as_array()
            .unwrap()
            .len(),
        18
    );
    assert_eq!(anchor["all"]["entities"].as_array().unwrap().len(), 25);
}

#[test]
fn archived_accounts_are_hidden_unless_asked_for() {
    let mut client = client(100);
    let data = client.ask(
        "{ a: accounts { page_info { total_count } } b: accounts(include_archived: true) { page_info { total_count } }
           c: accounts(include_archived: true, search: {exists: \"archived_at\"}) { entities { archived_at } } }",
    );
    assert_eq!(data["a"]["page_info"]["total_count"], 100);
    assert_eq!(data["b"]["page_info"]["total_count"], 102);
    assert_eq!(
        column(&data["c"], "archived_at"),
        ["2026-10-21T14:03:09+00:00"; 2]
    );
}

#[test]
fn the_owner_of_an_endpoint_is_found_by_its_mac_address() {
    let mut client = client(20);
    let (_, service, item) = client.served();
    let values = client.twin.ids("inventory_model_field_data");
    let value = values
        .into_iter()
        .find(|value| {
            client
                .twin
                .stored("inventory_model_field_data", *value, "inventory_item_id")
                == json!(item)
        })
        .unwrap();
    let mac = client
        .twin
        .stored("inventory_model_field_data", value, "value");
    let is_invented = |number| json!(mac_text(People::new(1).mac(number))) == mac;
    assert!((0..20).any(is_invented), "{mac}");
    let query = "query Q($s: [Search]) { inventory_model_field_data(search: $s) { entities { value inventory_item { id account_service_id inventoryitemable_type } } } }";
    let exact = json!({"s": [{"string_fields": [{"attribute": "value", "search_value": mac, "match": true, "partial_matching": false}]}]});
    let data = client.ask_with(query, &exact);
    assert_eq!(
        data["inventory_model_field_data"]["entities"],
        json!([{"value": mac, "inventory_item": {"id": item.to_string(), "account_service_id": service.to_string(), "inventoryitemable_type": "Address"}}])
    );
}

#[test]
fn unset_fields_addresses_and_relations_are_searched() {
    let mut client = client(30);
    let count = |client: &mut super::Client, root: &str, search: &str| {
        let data = client.ask(&format!(
            "{{ {root}(search: {search}) {{ page_info {{ total_count }} }} }}"
        ));
        data[root]["page_info"]["total_count"].as_u64().unwrap()
    };
    let set = count(
        &mut client,
        "inventory_items",
        "{exists: [\"account_service_id\"]}",
    );
    let unset = count(
        &mut client,
        "inventory_items",
        "{unset_fields: \"account_service_id\"}",
    );
    assert!(set > 10 && unset > 3);
    assert_eq!(set + unset, client.twin.ids("inventory_items").len() as u64);
    let served = count(
        &mut client,
        "account_services",
        "{exists: \"inventory_items\"}",
    );
    assert_eq!(served, set);
    client.operate(&json!({"do": "edit", "path": "ip_assignments/new", "value": {
        "subnet": "192.0.2.7/32", "account_id": 1001, "ipassignmentable_type": "AccountService", "ipassignmentable_id": 1}}));
    for (search, expected) in [
        (
            "{ip_address_fields: {attribute: \"subnet\", search_value: \"192.0.2.7/32\", match: true}}",
            1,
        ),
        (
            "{ip_address_fields: {attribute: \"subnet\", search_value: \"192.0.2.7\", match: true}}",
            0,
        ),
        (
            "{reverse_relation_filters: {relation: \"ipassignmentable.service\"}}",
            1,
        ),
    ] {
        assert_eq!(
            count(&mut client, "ip_assignments", search),
            expected,
            "{search}"
        );
    }
}

#[test]
fn fragments_that_double_at_every_level_cost_no_time() {
    let mut client = client(3);
    let levels: String = (0..60)
        .map(|level| {
            let next = format!("...F{0} ... on Account {{ ...F{0} }}", level + 1);
            format!("fragment F{level} on Account {{ parent_account {{ {next} }} {next} }} ")
        })
        .collect();
    let query = format!(
        "{{ accounts {{ entities {{ ...F0 }} }} }} {levels} fragment F60 on Account {{ id }}"
    );
    let data = client.ask(&query);
    assert_eq!(data["accounts"]["entities"][0]["id"], "1001");
    let aliases: String = (0..5_001).map(|number| format!("a{number}: id ")).collect();
    let message = client.message(&format!("{{ accounts {{ entities {{ {aliases} }} }} }}"));
    assert_eq!(message, "The query is too large.");
}

#[test]
fn a_broken_document_is_an_error_and_never_a_panic() {
    let mut client = client(3);
    let whole = "query Q($s: [Search] = [{exists: \"id\"}], $p: Paginator) { a: accounts(search: $s, paginator: $p) { ...F } } fragment F on AccountConnection { page_info { page } entities { id name @skip(if: false) addresses(type: PHYSICAL) { entities { ... on Address { line1 inventory_items { entities { inventoryitemable { __typename } } } } } } } }";
    let signs: Vec<char> = whole.chars().collect();
    let others: Vec<char> = "{}()[]$!:\"@.…#0a \n\\".chars().collect();
    let mut answered = 0;
    for number in 0..600 {
        let pick = |purpose: &str, among: usize| {
            usize::try_from(draw(7, purpose, number) % among as u64).unwrap()
        };
        let mut broken = signs.clone();
        let at = pick("at", broken.len());
        match pick("how", 3) {
            0 => broken.truncate(at),
            1 => broken[at] = others[pick("sign", others.len())],
            _ => {
                broken.drain(at..(at + pick("length", 9)).min(signs.len()));
            }
        }
        let text: String = broken.into_iter().collect();
        client.now += 1;
        let body = client.body(&text, &json!({}));
        assert!(
            body["errors"].is_array() || body["data"].is_object(),
            "{text}: {body}"
        );
        answered += usize::from(body["errors"].is_null());
    }
    assert!(answered < 200, "{answered}");
}

#[test]
fn a_general_search_looks_at_all_texts() {
    let mut client = client(100);
    let data = client.ask("{ services(general_search: \"busi\") { entities { name } } none: services(general_search: \"zzz\") { entities { name } } }");
    assert_eq!(column(&data["services"], "name"), ["Business 250"]);
    assert_eq!(data["none"]["entities"], json!([]));
}

#[test]
fn me_is_the_user_of_the_token() {
    let mut client = client(1);
    assert_eq!(
        client.ask("{ me { id name username super_admin role_id } }")["me"],
        json!({"id": "1", "name": "gamctl", "username": "gamctl", "super_admin": false, "role_id": "2"})
    );
}

#[test]
fn statuses_are_rows_of_the_isp() {
    let mut client = client(1);
    let data = client.ask("{ account_statuses { entities { id name activates_account } } }");
    assert_eq!(
        data["account_statuses"]["entities"],
        json!([
            {"id": "1", "name": "Lead", "activates_account": false},
            {"id": "2", "name": "Active", "activates_account": true},
            {"id": "3", "name": "Inactive", "activates_account": false},
            {"id": "4", "name": "Seasonal pause", "activates_account": false},
        ])
    );
}

#[test]
fn another_path_is_a_page_for_people_and_a_wrong_token_is_not_let_in() {
    let mut client = client(1);
    let token = client.twin.token().to_owned();
    for (method, path, status) in [
        ("POST", "/", 404),
        ("POST", "/api/v1/accounts", 404),
        ("GET", "/api/graphql", 405),
    ] {
        let answer = client.send(method, path, &token, "{}");
        assert_eq!(answer.status, status);
        assert!(answer.body.starts_with(b"<!DOCTYPE html>"), "{path}");
    }
    let answer = client.send("POST", "/api/graphql", "x.y.z", "{}");
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (401, br#"{"message":"Unauthenticated."}"#.as_slice())
    );
    let date = (
        "date".to_owned(),
        "Fri, 20 Nov 2026 14:03:09 GMT".to_owned(),
    );
    assert!(answer.headers.contains(&date));
}

#[test]
fn an_instance_that_is_started_again_has_the_same_token_and_customers() {
    let mut first = client(5);
    let settings = SonarSettings {
        accounts: 5,
        ..SonarSettings::default()
    };
    let mut again = super::Client {
        twin: SonarTwin::new(settings, NOW + 900),
        now: NOW + 900,
    };
    assert_eq!(first.twin.token(), again.twin.token());
    let query = "{ accounts { entities { id name sonar_unique_id } } }";
    assert_eq!(first.ask(query), again.ask(query));
}

#[test]
fn a_body_that_is_no_request_is_an_error() {
    let mut client = client(1);
    let token = client.twin.token().to_owned();
    for body in [
        "",
        "[]",
        "{}",
        "{\"query\": 1}",
        "{\"query\": \"{ me { id } }\", \"variables\": 3}",
    ] {
        let answer = client.send("POST", "/api/graphql", &token, body);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(body["errors"][0]["message"].is_string(), "{body}");
    }
    let mut plain = HttpRequest {
        method: "POST".to_owned(),
        path: "/api/graphql".to_owned(),
        query: String::new(),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
        body: br#"{"query": "{ me { id } }"}"#.to_vec(),
        from: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    };
    let answer = client.twin.answer(&plain, NOW);
    assert_eq!(
        answer.body,
        br#"{"errors":[{"message":"The request is not JSON."}]}"#
    );
    let json = "application/json; charset=utf-8".to_owned();
    plain.headers.push(("content-type".to_owned(), json));
    let answer = client.twin.answer(&plain, NOW);
    assert_eq!(answer.body, br#"{"data":{"me":{"id":"1"}}}"#);
    let named =
        r#"{"query": "query A { me { id } } query B { me { name } }", "operationName": "B"}"#;
    let answer = client.send("POST", "/api/graphql", &token, named);
    assert_eq!(answer.body, br#"{"data":{"me":{"name":"gamctl"}}}"#);
}

#[test]
fn the_401st_request_of_a_minute_is_refused_with_the_words_of_the_limit() {
    let mut client = client(1);
    client.now = NOW / 60 * 60;
    for _ in 0..400 {
        client.ask("{ me { id } }");
    }
    let answer = client.post("{ me { id } }", &json!({}));
    assert_eq!(answer.status, 429);
    assert_eq!(
        answer.body,
        br#"{"error":"Request limit of 400/min reached."}"#
    );
    let other = client.twin.add_token(9, None);
    let answer = client.send(
        "POST",
        "/api/graphql",
        &other,
        r#"{"query": "{ me { id } }"}"#,
    );
    assert_eq!(answer.status, 200);
    client.now += 60;
    client.ask("{ me { id } }");
    assert_eq!(client.twin.counters()["refused_by_limit"], 1);
}
