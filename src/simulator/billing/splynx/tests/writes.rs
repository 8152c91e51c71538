//! Tests of POST, PUT and DELETE.

use serde_json::json;

use super::{Bench, SERVICES, number};
use crate::simulator::billing::BillingTwin;

fn sold() -> (Bench, u64, u64) {
    let mut bench = Bench::new(3);
    let sold = bench.does(r#"{"do":"sell","tariff":31}"#);
    let id = |name: &str| sold[name].as_u64().unwrap();
    (bench, id("account"), id("service"))
}

#[test]
fn a_put_changes_only_what_it_names_and_answers_202() {
    let (mut bench, account, service) = sold();
    let path = format!("customers/customer/{account}/internet-services--{service}");
    let before = bench.service(service);
    bench.put(
        &path,
        r#"{"access_device":12,"port_id":"1","bogus":1,"additional_attributes":{"gam_vlan":"101","other":"x"}}"#,
    );
    let after = bench.service(service);
    assert_eq!(number(&after["access_device"]), 12);
    assert_eq!(after["port_id"], "1");
    assert_eq!(after["login"], before["login"]);
    // One that is not defined is dropped without a word.
    assert_eq!(after["additional_attributes"], json!({ "gam_vlan": "101" }));
    let query = "main_attributes[status]=active&additional_attributes[gam_vlan]=101";
    assert_eq!(bench.ids(SERVICES, query), [service]);
    assert_eq!(bench.splynx.counters()["bills"], json!({}));
    let written = format!("PUT {path}");
    assert_eq!(bench.splynx.counters()["writes"][written], 1);
}

#[test]
fn a_word_that_the_model_does_not_know_is_422() {
    let (mut bench, account, service) = sold();
    let path = format!("customers/customer/{account}/internet-services--{service}");
    let answer = bench.send("PUT", &path, "", r#"{"status":"blocked"}"#);
    assert_eq!(answer.status, 422);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body[0]["attribute"], "status");
    assert_eq!(bench.service(service)["status"], "active");
    bench.faults("[[fault]]\nkind = \"validation\"\nform = \"field\"\nfrench = true");
    let answer = bench.send("PUT", &path, "", r#"{"access_device":"twelve"}"#);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body[0]["message"], "access_device n'est pas valide.");
}

#[test]
fn a_put_without_an_id_and_a_body_that_is_not_an_object_are_400() {
    let (mut bench, account, service) = sold();
    let all = format!("customers/customer/{account}/internet-services");
    for (method, path, body) in [
        ("PUT", all.clone(), "{}"),
        ("DELETE", all.clone(), ""),
        ("PUT", format!("{all}--{service}"), "[1]"),
        ("PUT", format!("{all}--{service}"), "{"),
    ] {
        assert_eq!(
            bench.send(method, &path, "", body).status,
            400,
            "{method} {path} {body}"
        );
    }
    // Tariffs are read only here, comments cannot be changed.
    assert_eq!(
        bench.send("PUT", "tariffs/internet/31", "", "{}").status,
        405
    );
    assert_eq!(
        bench
            .send("DELETE", "customers/customer-notes/1--301", "", "")
            .status,
        405
    );
}

#[test]
fn a_change_of_plan_or_status_over_the_api_is_counted_as_billing() {
    let (mut bench, account, service) = sold();
    let path = format!("customers/customer/{account}/internet-services--{service}");
    bench.put(&path, r#"{"tariff_id":32}"#);
    let log = bench.log_since(500);
    assert_eq!(
        (number(&log[0]["old_tariff"]), number(&log[0]["new_tariff"])),
        (31, 32)
    );
    assert_eq!(
        bench.send("POST", "inventory/items-sell", "", "{}").status,
        201
    );
    let bills = bench.splynx.counters()["bills"].clone();
    assert_eq!(bills.as_object().unwrap().len(), 2, "{bills}");
}

#[test]
fn comments_and_tickets_are_made_and_read() {
    let (mut bench, account, _) = sold();
    let note = format!(
        r#"{{"customer_id":{account},"type":"comment","class":"info","title":"gamctl","comment":"activated [gamctl 7f3a9c]","datetime":"2026-11-20 08:05:00"}}"#
    );
    let answer = bench.send("POST", "customers/customer-notes", "", &note);
    assert_eq!(
        (answer.status, &answer.body[..]),
        (201, &br#"{"id":301}"#[..])
    );
    let found =
        "main_attributes[comment][0]=LIKE&main_attributes[comment][1]=%25[gamctl 7f3a9c]%25";
    assert_eq!(bench.ids("customers/customer-notes", found), [301]);
    bench.get(&format!("customers/customer-notes/{account}--301"), "");

    let ticket = format!(
        r#"{{"subject":"port","priority":"high","type_id":1,"customer_id":{account},"hidden":true,"message":{{"message":"hello","hide_for_customer":true,"message_type":"note"}}}}"#
    );
    let answer = bench.send("POST", "support/tickets", "", &ticket);
    assert_eq!(
        (answer.status, &answer.body[..]),
        (201, &br#"{"id":201}"#[..])
    );
    let messages = bench.get("support/ticket-messages", "main_attributes[ticket_id]=201");
    assert_eq!(messages[0]["message"], "hello");
    bench.put("support/tickets/201", r#"{"closed":true}"#);
    assert_eq!(
        bench.ids("support/tickets", "main_attributes[closed]=1"),
        [201]
    );
    let bad = ticket.replace("high", "normal");
    assert_eq!(bench.send("POST", "support/tickets", "", &bad).status, 422);
    bench.faults("[[fault]]\nkind = \"ticket-message-ignored\"");
    bench.send("POST", "support/tickets", "", &ticket);
    let query = "main_attributes[ticket_id]=202";
    assert_eq!(bench.ids("support/ticket-messages", query), [0; 0]);
    let message =
        r#"{"ticket_id":202,"message":"later","hide_for_customer":true,"message_type":"note"}"#;
    assert_eq!(
        bench
            .send("POST", "support/ticket-messages", "", message)
            .status,
        201
    );
    assert_eq!(bench.ids("support/ticket-messages", query).len(), 1);
}

#[test]
fn an_additional_field_is_defined_once() {
    let mut bench = Bench::new(3);
    bench.faults("[[fault]]\nkind = \"fields-undefined\"");
    let service = bench.does(r#"{"do":"sell","tariff":31}"#)["service"]
        .as_u64()
        .unwrap();
    let path = format!("{SERVICES}--{service}");
    let body = r#"{"additional_attributes":{"gam_place":"maple-court-a/1"}}"#;
    bench.put(&path, body);
    assert_eq!(bench.service(service)["additional_attributes"], json!([]));
    let fields = "config/additional-fields/services_internet";
    let field = r#"{"name":"gam_place","title":"GAM place","type":"string","is_required":"0","searchable":"1"}"#;
    let answer = bench.send("POST", fields, "", field);
    assert_eq!(
        (answer.status, &answer.body[..]),
        (201, &br#"{"name":"gam_place"}"#[..])
    );
    assert_eq!(bench.send("POST", fields, "", field).status, 422);
    bench.put(&path, body);
    let written = json!({ "gam_place": "maple-court-a/1" });
    assert_eq!(bench.service(service)["additional_attributes"], written);
}

#[test]
fn a_session_is_ended_and_a_device_is_added() {
    let mut bench = Bench::new(40);
    let online = bench.get("customers/customers-online", "limit=1");
    let customer = number(&online[0]["customer_id"]);
    bench.put(
        &format!("customers/customers-online/{customer}--kill"),
        r#"{"service_id":1}"#,
    );
    let query = format!("main_attributes[customer_id]={customer}");
    assert_eq!(bench.ids("customers/customers-online", &query), [0; 0]);
    let device = r#"{"title":"oak-a","ip":"10.20.9.9"}"#;
    assert_eq!(
        bench
            .send("POST", "networking/monitoring", "", device)
            .status,
        201
    );
    let found = bench.get("networking/monitoring", "main_attributes[ip]=10.20.9.9");
    assert_eq!(found[0]["title"], "oak-a");
}
