//! Tests registration, delivery, repetition and loss of webhooks.

use serde_json::{Value, json};

use super::{Client, NOW, client, column, id};
use crate::simulator::billing::http::{BillingTwin, Webhook};

const URL: &str = "https://gamctl.example.net/hooks/billing/sonar/x7";

/// Registers for accounts and services, and answers the HEAD.
fn registered(client: &mut Client) -> u64 {
    let data = client.ask(&format!(
        "mutation {{ createWebhookEndpoint(input: {{name: \"gamctl\", endpoint: \"{URL}\", enabled: true, model_events: [
             {{model: \"Account\", event: UPDATED}}, {{model: \"AccountService\", event: CREATED}}]}}) {{ id }} }}"
    ));
    let due = client.twin.due_webhooks(client.now);
    assert_eq!(
        (due.len(), due[0].method, due[0].url.as_str()),
        (1, "HEAD", URL)
    );
    client.twin.delivered(due[0].id, Some(200), client.now);
    id(&data["createWebhookEndpoint"]["id"])
}

fn body(webhook: &Webhook) -> Value {
    serde_json::from_slice(&webhook.body).unwrap()
}

fn block(client: &mut Client, account: u64) {
    client.operate(&json!({"do": "block", "account": account}));
}

#[test]
fn what_an_endpoint_is_registered_for_is_sent_to_it_once() {
    let mut client = client(20);
    registered(&mut client);
    let (account, ..) = client.served();
    client.operate(&json!({"do": "deactivate", "account": account}));
    client.operate(&json!({"do": "sell", "account": account, "tariff": 31}));
    let due = client.twin.due_webhooks(client.now);
    let bodies: Vec<Value> = due.iter().map(body).collect();
    assert_eq!(bodies[0]["event"], "account.status");
    assert_eq!(bodies[0]["object_id"], account);
    assert_eq!(bodies[0]["current"]["account_status_id"], 3);
    assert_eq!(
        bodies[0]["current"]["created_at"],
        "2026-10-21T14:03:09+00:00"
    );
    assert_eq!(bodies[1]["event"], "account.service.add");
    assert_eq!(due.len(), 2);
    assert_eq!(
        due[0].headers,
        [("content-type".to_owned(), "application/json".to_owned())]
    );
    assert_eq!(client.twin.due_webhooks(client.now), []);
}

#[test]
fn a_webhook_that_is_not_answered_with_200_is_sent_each_minute_for_four_hours() {
    let mut client = client(20);
    registered(&mut client);
    block(&mut client, 1001);
    for attempt in 0..240 {
        assert_eq!(client.twin.next_webhook(), Some(client.now), "{attempt}");
        let due = client.twin.due_webhooks(client.now);
        assert_eq!(due.len(), 1);
        assert_eq!(client.twin.next_webhook(), None);
        let status = if attempt % 2 == 0 { None } else { Some(204) };
        client.twin.delivered(due[0].id, status, client.now);
        client.now += 60;
    }
    assert_eq!(client.twin.next_webhook(), None);
    let data = client.ask("{ webhook_endpoint_event_dispatches(last_status: FAIL) { entities { payload last_status sent_at last_attempted_at test webhook_endpoint_event_dispatch_attempts(paginator: {page: 1, records_per_page: 500}) { page_info { total_count } entities { response_code } } } } }");
    let row = &data["webhook_endpoint_event_dispatches"]["entities"][0];
    let payload: Value = serde_json::from_str(row["payload"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&payload["object_id"], &payload["event"]),
        (&json!(1001), &json!("account.updated"))
    );
    assert_eq!(
        (&row["sent_at"], &row["test"]),
        (&Value::Null, &json!(false))
    );
    let attempts = &row["webhook_endpoint_event_dispatch_attempts"];
    assert_eq!(attempts["page_info"]["total_count"], 240);
    assert_eq!(
        column(attempts, "response_code")[..2],
        [Value::Null, json!(204)]
    );
}

#[test]
fn an_accepted_webhook_is_not_repeated_and_its_row_says_so() {
    let mut client = client(20);
    registered(&mut client);
    block(&mut client, 1001);
    let due = client.twin.due_webhooks(client.now);
    client.twin.delivered(due[0].id, Some(503), client.now);
    client.now += 60;
    let due = client.twin.due_webhooks(client.now);
    client.twin.delivered(due[0].id, Some(200), client.now);
    assert_eq!(client.twin.next_webhook(), None);
    let data =
        client.ask("{ webhook_endpoint_event_dispatches { entities { last_status sent_at } } }");
    assert_eq!(
        data["webhook_endpoint_event_dispatches"]["entities"],
        json!([{"last_status": "SUCCESS", "sent_at": "2026-11-20T14:04:09+00:00"}])
    );
}

#[test]
fn a_test_is_sent_and_answered_with_what_the_endpoint_answered_last() {
    let mut client = client(5);
    let endpoint = registered(&mut client);
    let test = format!(
        "mutation {{ generateTestWebhook(id: {endpoint}) {{ success status_code response }} }}"
    );
    assert_eq!(
        client.ask(&test)["generateTestWebhook"],
        json!({"success": true, "status_code": 200, "response": ""})
    );
    let due = client.twin.due_webhooks(client.now);
    assert_eq!(body(&due[0])["event"], "test");
    client.twin.delivered(due[0].id, None, client.now);
    assert_eq!(client.ask(&test)["generateTestWebhook"]["success"], false);
    let data = client
        .ask("{ webhook_endpoint_event_dispatches(test: true) { page_info { total_count } } }");
    assert_eq!(
        data["webhook_endpoint_event_dispatches"]["page_info"]["total_count"],
        2
    );
    client.error("mutation { generateTestWebhook(id: 99) { success } }");
}

#[test]
fn only_https_and_legal_events_are_accepted() {
    let mut client = client(1);
    let data = client.ask("{ webhook_model_events { entities { model events } } }");
    let models = column(&data["webhook_model_events"], "model");
    assert!(
        models.contains(&json!("Account")) && models.contains(&json!("InventoryModelFieldData"))
    );
    let create = |url: &str, model: &str| {
        format!(
            "mutation {{ createWebhookEndpoint(input: {{name: \"x\", endpoint: \"{url}\", enabled: false, model_events: {{model: \"{model}\", event: UPDATED}}}}) {{ id }} }}"
        )
    };
    let error = client.error(&create("http://gamctl.example.net/", "Account"));
    assert!(error["extensions"]["validation"]["input.endpoint"].is_array());
    client.error(&create(URL, "Nothing"));
    client.ask(&create("http://127.0.0.1:8080/hooks", "Account"));
    assert_eq!(client.twin.next_webhook(), None);
}

#[test]
fn an_administrator_registers_an_address_for_every_event() {
    let mut client = client(5);
    let endpoint = client
        .twin
        .register_webhook("http://127.0.0.1:9/hooks", NOW);
    assert_eq!(client.twin.due_webhooks(NOW)[0].method, "HEAD");
    let data = client.ask(&format!(
        "{{ webhook_endpoints(id: {endpoint}) {{ entities {{ enabled webhook_endpoint_model_events {{ page_info {{ total_count }} }} }} }}
            webhook_model_events {{ entities {{ events }} }} }}"
    ));
    let legal = column(&data["webhook_model_events"], "events");
    let legal: usize = legal
        .iter()
        .map(|events| events.as_array().unwrap().len())
        .sum();
    let events = &data["webhook_endpoints"]["entities"][0]["webhook_endpoint_model_events"];
    assert_eq!(events["page_info"]["total_count"], legal);
    block(&mut client, 1001);
    assert_eq!(client.twin.due_webhooks(NOW).len(), 1);
}

#[test]
fn an_endpoint_that_is_disabled_or_deleted_gets_nothing_more() {
    let mut client = client(20);
    let endpoint = registered(&mut client);
    block(&mut client, 1001);
    client.ask(&format!(
        "mutation {{ updateWebhookEndpoint(id: {endpoint}, input: {{enabled: false}}) {{ id }} }}"
    ));
    assert_eq!(client.twin.due_webhooks(client.now), []);
    client.ask(&format!("mutation {{ updateWebhookEndpoint(id: {endpoint}, input: {{enabled: true, model_events: {{model: \"Address\", event: UPDATED}}}}) {{ id }} }}"));
    block(&mut client, 1002);
    let methods: Vec<&str> = client
        .twin
        .due_webhooks(client.now)
        .iter()
        .map(|one| one.method)
        .collect();
    assert_eq!(methods, ["HEAD"]);
    client.ask(&format!(
        "mutation {{ deleteWebhookEndpoint(id: {endpoint}) {{ success }} }}"
    ));
    let data = client.ask("{ webhook_endpoints { entities { id } } webhook_endpoint_model_events { entities { id } } }");
    assert_eq!(data["webhook_endpoints"]["entities"], json!([]));
    assert_eq!(data["webhook_endpoint_model_events"]["entities"], json!([]));
}

#[test]
fn webhooks_are_delayed_doubled_lost_or_forged_by_faults() {
    let mut client = client(20);
    registered(&mut client);
    client.set_faults("[[fault]]\nkind = \"webhook-delayed\"\nseconds = 90");
    block(&mut client, 1001);
    assert_eq!(client.twin.due_webhooks(NOW + 89), []);
    assert_eq!(client.twin.due_webhooks(NOW + 90).len(), 1);
    client.set_faults("[[fault]]\nkind = \"webhook-doubled\"\ncopies = 2");
    block(&mut client, 1002);
    assert_eq!(client.twin.due_webhooks(NOW).len(), 3);
    client.set_faults("[[fault]]\nkind = \"webhook-never\"\ntimes = 1");
    block(&mut client, 1003);
    assert_eq!(client.twin.due_webhooks(NOW), []);
    block(&mut client, 1004);
    assert_eq!(client.twin.due_webhooks(NOW).len(), 1);
    client.set_faults("[[fault]]\nkind = \"webhook-forged\"");
    block(&mut client, 1005);
    let ids: Vec<u64> = client
        .twin
        .due_webhooks(NOW)
        .iter()
        .map(|one| body(one)["object_id"].as_u64().unwrap())
        .collect();
    assert!(
        ids.len() == 2 && ids[0] >= 4_000_000_000 && ids[1] == 1005,
        "{ids:?}"
    );
}

#[test]
fn webhooks_overtake_each_other_by_a_fault() {
    let mut client = client(40);
    registered(&mut client);
    client.set_faults("[[fault]]\nkind = \"webhook-reordered\"\nseconds = 5");
    for account in 1001..1021 {
        block(&mut client, account);
    }
    let mut order = Vec::new();
    for second in 0..=5 {
        let due = client.twin.due_webhooks(NOW + second);
        order.extend(
            due.iter()
                .map(|one| body(one)["object_id"].as_u64().unwrap()),
        );
    }
    let sorted = (1001..1021).collect::<Vec<u64>>();
    assert_ne!(order, sorted);
    order.sort_unstable();
    let delinquent_before = 20 - order.len();
    assert!(delinquent_before <= 2, "{order:?}");
}
