//! Tests that each fault shows what it promises, and nothing else.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Client, client, column, id};
use crate::simulator::billing::http::{BillingTwin, Delivery};

const LIST: &str = "{ accounts(paginator: {page: 1, records_per_page: 10}) { page_info { total_count } entities { id } } }";

fn page(client: &mut Client, number: u64) -> (Vec<u64>, i64) {
    let data = client.ask(&format!(
        "{{ accounts(paginator: {{page: {number}, records_per_page: 10}}, sorter: {{attribute: \"id\", direction: ASC}}) {{ page_info {{ total_count }} entities {{ id }} }} }}"
    ));
    let ids = column(&data["accounts"], "id").iter().map(id).collect();
    (
        ids,
        data["accounts"]["page_info"]["total_count"]
            .as_i64()
            .unwrap(),
    )
}

#[test]
fn connections_inside_others_are_cut_at_a_limit_and_keep_their_total() {
    let mut client = client(60);
    client.set_faults("[[fault]]\nkind = \"nested-limit\"\nlimit = 1");
    let data = client.ask("{ network_sites(id: 1) { entities { addresses { entities { linked_addresses { page_info { total_count } entities { id } }
        asked: linked_addresses(paginator: {page: 1, records_per_page: 100}) { entities { id } } } } } } }");
    let anchor = &data["network_sites"]["entities"][0]["addresses"]["entities"][0];
    assert_eq!(anchor["linked_addresses"]["page_info"]["total_count"], 48);
    assert_eq!(
        anchor["linked_addresses"]["entities"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(anchor["asked"]["entities"].as_array().unwrap().len(), 48);
}

#[test]
fn the_total_moves_between_pages() {
    let mut client = client(30);
    client.set_faults("[[fault]]\nkind = \"total-moves\"\ntimes = 2");
    let totals: Vec<i64> = (1..=3).map(|number| page(&mut client, number).1).collect();
    assert_eq!(totals, [30, 31, 30]);
}

#[test]
fn an_account_slips_from_page_2_to_page_1_and_is_never_read() {
    let mut client = client(30);
    client.set_faults("[[fault]]\nkind = \"account-slips\"");
    let pages: Vec<(Vec<u64>, i64)> = (1..=3).map(|number| page(&mut client, number)).collect();
    assert!(
        pages
            .iter()
            .all(|(ids, total)| ids.len() == 10 && *total == 30)
    );
    let all: Vec<u64> = pages.into_iter().flat_map(|(ids, _)| ids).collect();
    assert!(!all.contains(&1011));
    assert_eq!(all.iter().filter(|id| **id == 1010).count(), 2);
}

#[test]
fn page_info_of_one_connection_fails_and_the_query_without_it_works() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"page-info-fails\"\nconnection = \"account_services\"");
    let body = client.body(
        "{ accounts { page_info { page } entities { account_services { page_info { page } } } } }",
        &json!({}),
    );
    assert_eq!(body["data"], json!({"accounts": null}));
    assert_eq!(
        body["errors"][0]["path"],
        json!(["accounts", "entities", 0, "account_services", "page_info"])
    );
    client.ask(
        "{ accounts { page_info { page } entities { account_services { entities { id } } } } }",
    );
}

#[test]
fn large_pages_time_out() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"timeout\"\nover = 50\nmillis = 90000");
    let ask = |rows: u64| {
        format!(
            "{{ accounts(paginator: {{page: 1, records_per_page: {rows}}}) {{ entities {{ id }} }} }}"
        )
    };
    client.ask(&ask(50));
    let answer = client.post(&ask(51), &json!({}));
    assert_eq!(
        (answer.status, answer.delay),
        (504, Duration::from_secs(90))
    );
}

#[test]
fn a_page_for_people_comes_instead_of_json() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"html\"\nstatus = 503\ntimes = 1");
    let answer = client.post(LIST, &json!({}));
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with(b"<!DOCTYPE html>"));
    client.ask(LIST);
}

#[test]
fn errors_come_with_a_part_of_the_data() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"partial-data\"");
    let body = client.body(
        "{ accounts { entities { id account_services { entities { id } } } } }",
        &json!({}),
    );
    assert_eq!(
        body["errors"][0]["path"],
        json!(["accounts", "entities", 0, "account_services"])
    );
    assert_eq!(
        body["data"]["accounts"]["entities"][0]["account_services"],
        Value::Null
    );
    assert!(body["data"]["accounts"]["entities"][1]["account_services"].is_object());
}

#[test]
fn the_limit_answers_with_any_status() {
    let mut client = client(5);
    for status in [200, 400, 429] {
        client.set_faults(&format!("[[fault]]\nkind = \"limited\"\nstatus = {status}"));
        let answer = client.post(LIST, &json!({}));
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.body,
            br#"{"error":"Request limit of 400/min reached."}"#
        );
    }
}

#[test]
fn the_token_ends_in_the_middle() {
    let mut client = client(30);
    client.set_faults("[[fault]]\nkind = \"unauthorized\"\nafter = 1");
    page(&mut client, 1);
    assert_eq!(client.post(LIST, &json!({})).status, 401);
    assert_eq!(client.post(LIST, &json!({})).status, 401);
}

#[test]
fn an_older_instance_lacks_a_field_everywhere() {
    let mut client = client(5);
    client.set_faults(
        "[[fault]]\nkind = \"field-missing\"\ntype = \"AccountService\"\nfield = \"is_additional\"",
    );
    assert_eq!(
        client.message("{ account_services { entities { is_additional } } }"),
        "Cannot query field \"is_additional\" on type \"AccountService\"."
    );
    assert!(
        client
            .message("{ account_services(is_additional: true) { entities { id } } }")
            .contains("Unknown argument")
    );
    let data = client.ask("{ __type(name: \"AccountService\") { fields { name } } }");
    let fields = data["__type"]["fields"].as_array().unwrap();
    assert!(fields.iter().all(|field| field["name"] != "is_additional"));
    client.set_faults("");
    client.ask("{ account_services(is_additional: false) { entities { is_additional } } }");
}

#[test]
fn an_enum_has_a_word_that_the_schema_lacks() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"unknown-enum\"\ntype = \"InventoryItem\"\nfield = \"status\"\nvalue = \"RECALLED\"");
    let data = client.ask("{ inventory_items { entities { status overall_status } } }");
    assert_eq!(
        data["inventory_items"]["entities"][0],
        json!({"status": "RECALLED", "overall_status": "GOOD"})
    );
}

#[test]
fn ids_are_numbers() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"ids-as-numbers\"");
    let data = client.ask("{ accounts(id: 1001) { entities { id company_id _version } } }");
    let account = &data["accounts"]["entities"][0];
    assert!(
        account["id"] == 1001 && account["company_id"].is_u64() && account["_version"].is_string()
    );
}

#[test]
fn rights_that_shrink_look_like_data_that_shrank() {
    let mut client = client(100);
    let count = |client: &mut Client| {
        let data = client.ask("{ accounts { page_info { total_count } } account_services { page_info { total_count } } addresses(addressable_type: Account) { page_info { total_count } } }");
        ["accounts", "account_services", "addresses"]
            .map(|root| data[root]["page_info"]["total_count"].as_u64().unwrap())
    };
    let all = count(&mut client);
    for (what, number) in [("company", 2), ("status", 1), ("type", 2)] {
        client.set_faults(&format!(
            "[[fault]]\nkind = \"permission-lost\"\nwhat = \"{what}\"\nid = {number}"
        ));
        let [accounts, services, addresses] = count(&mut client);
        assert!(accounts < all[0] && addresses < all[2], "{what}");
        // Leads have no services.
        assert!(services < all[1] || what == "status");
    }
}

#[test]
fn a_relation_to_what_is_hidden_is_null() {
    let mut client = client(100);
    let linked = |client: &mut Client| {
        let data = client.ask("{ inventory_items(paginator: {page: 1, records_per_page: 500}) { entities { account_service { id } } } }");
        let services = column(&data["inventory_items"], "account_service");
        services.iter().filter(|service| !service.is_null()).count()
    };
    let all = linked(&mut client);
    client.set_faults("[[fault]]\nkind = \"permission-lost\"\nwhat = \"company\"\nid = 2");
    let seen = linked(&mut client);
    assert!(seen > 0 && seen < all, "{seen} of {all}");
}

#[test]
fn a_field_is_null_without_a_permission() {
    let mut client = client(5);
    client.set_faults(
        "[[fault]]\nkind = \"null-field\"\ntype = \"Account\"\nfield = \"account_status\"",
    );
    let data = client.ask("{ accounts { entities { account_status { id } account_status_id } } }");
    let account = &data["accounts"]["entities"][0];
    assert!(account["account_status"].is_null() && account["account_status_id"].is_string());
}

#[test]
fn a_query_or_mutation_without_a_permission_is_an_error_beside_the_rest() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"forbidden\"\nfield = \"services\"\n[[fault]]\nkind = \"forbidden\"\nfield = \"createNote\"");
    let body = client.body("{ services { entities { id } } me { id } }", &json!({}));
    assert_eq!(body["data"], json!({"services": null, "me": {"id": "1"}}));
    assert_eq!(body["errors"][0]["path"], json!(["services"]));
    client.error(NOTE);
    assert!(client.twin.ids("notes").is_empty());
}

#[test]
fn a_list_is_empty_without_an_error() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"empty-list\"\nconnection = \"accounts\"\ntimes = 1");
    let data = client.ask(LIST);
    assert_eq!(
        data["accounts"],
        json!({"page_info": {"total_count": 0}, "entities": []})
    );
    assert_eq!(client.ask(LIST)["accounts"]["page_info"]["total_count"], 5);
}

const NOTE: &str = "mutation { createNote(input: {message: \"m\", noteable_type: Account, noteable_id: 1001, priority: NORMAL}) { id } }";

#[test]
fn a_refused_write_answers_without_success_or_with_an_error() {
    let mut client = client(20);
    let (_, _, item) = client.served();
    client.set_faults("[[fault]]\nkind = \"write-refused\"");
    let link = format!(
        "mutation {{ linkInventoryItemToAccountService(input: {{inventory_item_id: {item}, unset_account_service_id: true}}) {{ success message }} }}"
    );
    let data = client.ask(&link);
    assert_eq!(data["linkInventoryItemToAccountService"]["success"], false);
    assert!(
        client
            .twin
            .stored("inventory_items", item, "account_service_id")
            .is_u64()
    );
    let body = client.body(NOTE, &json!({}));
    assert_eq!(body["data"], json!({"createNote": null}));
    assert!(client.twin.ids("notes").is_empty());
}

#[test]
fn an_ignored_write_answers_as_usual_and_changes_nothing() {
    let mut client = client(5);
    client
        .twin
        .register_webhook("http://127.0.0.1:9/hooks", client.now);
    client.twin.due_webhooks(client.now);
    client.set_faults("[[fault]]\nkind = \"write-ignored\"\ntimes = 1");
    client.ask("mutation { updateAccount(id: 1001, input: {name: \"x\"}) { id } }");
    assert!(client.twin.due_webhooks(client.now).is_empty());
    assert_ne!(client.twin.stored("accounts", 1001, "name"), "x");
    client.set_faults("[[fault]]\nkind = \"write-ignored\"\ntimes = 1");
    assert_eq!(client.ask(NOTE)["createNote"]["id"], "1");
    assert!(client.twin.ids("notes").is_empty());
    client.ask(NOTE);
    assert_eq!(client.twin.ids("notes").len(), 1);
}

#[test]
fn a_write_is_carried_out_although_its_answer_is_lost() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"answer-lost\"");
    assert_eq!(client.post(NOTE, &json!({})).delivery, Delivery::Nothing);
    assert_eq!(client.twin.ids("notes").len(), 1);
    assert_eq!(client.post(LIST, &json!({})).delivery, Delivery::Whole);
}

#[test]
fn an_unreachable_instance_carries_out_nothing() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"unreachable\"");
    assert_eq!(client.post(NOTE, &json!({})).delivery, Delivery::Nothing);
    assert!(client.twin.ids("notes").is_empty());
}

#[test]
fn answers_are_slow_or_cut_in_the_middle() {
    let mut client = client(5);
    client
        .set_faults("[[fault]]\nkind = \"slow\"\nmillis = 1500\n[[fault]]\nkind = \"half-answer\"");
    let answer = client.post(LIST, &json!({}));
    assert_eq!(
        (answer.delay, answer.delivery),
        (Duration::from_millis(1500), Delivery::Half)
    );
}

#[test]
fn the_clock_of_the_instance_is_off() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"clock-off\"\nseconds = -3600");
    let answer = client.post(
        "mutation { updateAccount(id: 1001, input: {name: \"x\"}) { updated_at } }",
        &json!({}),
    );
    assert!(answer.headers.contains(&(
        "date".to_owned(),
        "Fri, 20 Nov 2026 13:03:09 GMT".to_owned()
    )));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        body["data"]["updateAccount"]["updated_at"],
        "2026-11-20T13:03:09+00:00"
    );
}

#[test]
fn faults_that_are_not_accepted_leave_the_old_ones() {
    let mut client = client(5);
    client.set_faults("[[fault]]\nkind = \"unauthorized\"");
    let wrong: toml::Table = "kind = \"nothing\"".parse().unwrap();
    assert!(client.twin.set_faults(vec![wrong]).is_err());
    assert_eq!(client.post(LIST, &json!({})).status, 401);
}
