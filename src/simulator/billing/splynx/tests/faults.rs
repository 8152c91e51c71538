//! Tests of every fault: each does what it says, and goes when it is cleared.

use std::time::Duration;

use serde_json::json;

use super::super::refusal::HTML;
use super::{Bench, NOW, SERVICES, number, request};
use crate::simulator::billing::{BillingTwin, Delivery};

const ACTIVE: &str = "main_attributes[status]=active";

#[test]
fn an_answer_can_be_a_page_half_a_body_an_error_or_late() {
    let mut bench = Bench::new(9);
    bench.faults("[[fault]]\nkind = \"html\"\ntimes = 1\n[[fault]]\nkind = \"half-json\"\nafter = 1\ntimes = 1\n[[fault]]\nkind = \"server-error\"\nstatus = 503\nafter = 2\ntimes = 1\n[[fault]]\nkind = \"slow\"\nmillis = 40\nafter = 3\ntimes = 1");
    let answer = bench.send("GET", "tariffs/internet", "", "");
    assert_eq!((answer.status, answer.headers[0].1.as_str()), (200, HTML));
    let answer = bench.send("GET", "tariffs/internet", "", "");
    assert_eq!((answer.status, answer.delivery), (200, Delivery::Half));
    let answer = bench.send("GET", "tariffs/internet", "", "");
    assert_eq!((answer.status, answer.delivery), (503, Delivery::Whole));
    let answer = bench.send("GET", "tariffs/internet", "", "");
    assert_eq!(
        (answer.status, answer.delay),
        (200, Duration::from_millis(40))
    );
    let answer = bench.send("GET", "tariffs/internet", "", "");
    assert_eq!((answer.status, answer.delay), (200, Duration::ZERO));
}

#[test]
fn a_list_can_be_an_error_object_empty_short_or_slow() {
    let mut bench = Bench::new(30);
    let count = bench.count(SERVICES, ACTIVE);
    let ids = bench.ids(SERVICES, ACTIVE);
    bench.faults("[[fault]]\nkind = \"error-for-list\"\npath = \"internet-services\"");
    assert!(bench.get(SERVICES, ACTIVE)["error"].is_object());
    assert_eq!(bench.count(SERVICES, ACTIVE), count);
    assert!(bench.get("tariffs/internet", "").is_array());
    bench.faults("[[fault]]\nkind = \"empty-list\"\ncounted = false");
    assert_eq!(bench.ids(SERVICES, ACTIVE), [0; 0]);
    assert_eq!(bench.count(SERVICES, ACTIVE), count);
    bench.faults("[[fault]]\nkind = \"empty-list\"");
    assert_eq!(bench.count(SERVICES, ACTIVE), 0);
    bench.faults("[[fault]]\nkind = \"rows-missing\"\nrows = 3\npath = \"customers/customer\"");
    let all = "main_attributes[id][0]=%3E&main_attributes[id][1]=0";
    let total = bench
        .splynx
        .database
        .rows(super::super::TableName::Customers)
        .count();
    assert_eq!(bench.ids("customers/customer", all).len(), total - 3);
    assert_eq!(bench.count("customers/customer", all), total as u64 - 3);
    bench.faults("[[fault]]\nkind = \"slow-list\"\nmillis = 900\ntimes = 1");
    assert_eq!(
        bench.send("GET", SERVICES, ACTIVE, "").delay,
        Duration::from_millis(900)
    );
    bench.splynx.set_faults(Vec::new()).unwrap();
    assert_eq!(bench.ids(SERVICES, ACTIVE), ids);
}

#[test]
fn counts_move_while_a_client_reads() {
    let mut bench = Bench::new(30);
    let count = bench.count(SERVICES, ACTIVE);
    bench.faults("[[fault]]\nkind = \"counts-move\"\nby = 2");
    assert_eq!(bench.count(SERVICES, ACTIVE), count + 2);
    assert_eq!(bench.ids(SERVICES, ACTIVE).len() as u64, count);
    assert_eq!(bench.count(SERVICES, ACTIVE), count + 4);
    bench.faults("[[fault]]\nkind = \"counts-move\"\ntimes = 1");
    assert_eq!(bench.count(SERVICES, ACTIVE), count + 1);
    assert_eq!(bench.count(SERVICES, ACTIVE), count);
}

#[test]
fn filters_can_have_no_effect() {
    let mut bench = Bench::new(20);
    let none = "main_attributes[id]=-1&main_attributes[status]=active";
    bench.faults("[[fault]]\nkind = \"filters-ignored\"\ncolumn = \"id\"");
    assert!(!bench.ids("customers/customer", none).is_empty());
    let active = bench.ids("customers/customer", none).len();
    bench.faults("[[fault]]\nkind = \"filters-ignored\"");
    assert!(bench.ids("customers/customer", none).len() > active);
}

#[test]
fn a_401_comes_in_the_middle_and_goes() {
    let mut bench = Bench::new(9);
    bench.faults("[[fault]]\nkind = \"unauthorized\"\nafter = 2");
    let statuses = [(); 4].map(|()| bench.send("GET", "tariffs/internet", "", "").status);
    assert_eq!(statuses, [200, 200, 401, 200]);
}

#[test]
fn present_tokens_are_refused_until_a_new_login() {
    for (kind, code) in [
        ("ip-changed", "IP_CHANGED"),
        ("user-agent-changed", "USER_AGENT_CHANGED"),
        ("token-banned", "TOKEN_BANNED"),
        ("token-expired", "EXPIRED_ACCESS_TOKEN"),
    ] {
        let mut bench = Bench::new(3);
        bench.splynx.access.key.checks_nonce = false;
        // Calculated with Python's `hmac`: SHA-256 of `7K` under `S`.
        let login = json!({ "auth_type": "api_key", "key": "K", "nonce": 7, "signature": "670B6D45CED8FE863E2199AB476DA68815EA20D1DA849D93B2ECF24C39047221" });
        let log_in = |bench: &mut Bench| {
            let answer = bench.send("POST", "auth/tokens", "", &login.to_string());
            assert_eq!(answer.status, 201);
            let pair: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            pair["access_token"].as_str().unwrap().to_owned()
        };
        let ask = |bench: &mut Bench, token: &str| {
            let mut request = request("GET", "/api/2.0/admin/tariffs/internet", "", "");
            request.headers[0].1 = format!("Splynx-EA (access_token={token})");
            let answer = bench.splynx.answer(&request, NOW);
            (answer.status, String::from_utf8(answer.body).unwrap())
        };
        bench.faults(&format!("[[fault]]\nkind = \"{kind}\"\nafter = 1"));
        let token = log_in(&mut bench);
        assert_eq!(ask(&mut bench, &token).0, 200);
        for _ in 0..2 {
            let (status, body) = ask(&mut bench, &token);
            assert!(status == 401 && body.contains(code), "{kind}: {body}");
        }
        let token = log_in(&mut bench);
        assert_eq!(ask(&mut bench, &token).0, 200);
    }
}

#[test]
fn a_module_can_be_off_or_forbidden() {
    let mut bench = Bench::new(3);
    bench.faults("[[fault]]\nkind = \"module-off\"\nmodule = \"inventory\"\n[[fault]]\nkind = \"forbidden\"\nmodule = \"support/tickets\"");
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"] {
        let answer = bench.send(method, "inventory/items/88", "", "{}");
        let body = if method == "HEAD" { 0 } else { 88 };
        assert_eq!((answer.status, answer.body.len()), (405, body), "{method}");
    }
    bench.json("GET", "support/tickets", "", 403);
    bench.get("support/tickets-types", "");
    let wrong: toml::Table =
        toml::from_str("kind = \"module-off\"\nmodule = \"inventry\"").unwrap();
    let error = bench
        .splynx
        .set_faults(vec![wrong])
        .unwrap_err()
        .to_string();
    assert!(error.contains("unknown module `inventry`"), "{error}");
}

#[test]
fn a_lost_partner_takes_its_rows_without_an_error() {
    let mut bench = Bench::new(100);
    let of_partner = bench.ids("customers/customer", "main_attributes[partner_id]=2");
    assert!(of_partner.len() > 2);
    let (customers, services) = (
        bench.count("customers/customer", ""),
        bench.count(SERVICES, ACTIVE),
    );
    bench.faults("[[fault]]\nkind = \"partner-lost\"\npartner = 2");
    let lost = of_partner.len() as u64;
    assert_eq!(bench.count("customers/customer", ""), customers - lost);
    assert!(bench.count(SERVICES, ACTIVE) < services);
    let path = format!("customers/customer/{}", of_partner[0]);
    let error = bench.json("GET", &path, "", 403);
    assert_eq!(
        error["error"]["internal_code"],
        "NOT_ALLOWED_BY_PARTNER_RESTRICTION"
    );
    assert_eq!(bench.ids("administration/partners", ""), [1]);
}

#[test]
fn a_put_can_change_nothing_and_its_answer_can_be_lost() {
    let mut bench = Bench::new(3);
    let path = format!("{SERVICES}--7001");
    bench.faults("[[fault]]\nkind = \"put-ignored\"\n[[fault]]\nkind = \"answer-lost\"\nafter = 1");
    bench.put(&path, r#"{"port_id":"7"}"#);
    assert_eq!(bench.service(7001)["port_id"], "");
    let answer = bench.send("PUT", &path, "", r#"{"port_id":"7"}"#);
    assert_eq!(answer.delivery, Delivery::Nothing);
    assert_eq!(bench.service(7001)["port_id"], "7");
    bench.faults("[[fault]]\nkind = \"write-refused\"\nfield = \"port_id\"");
    assert_eq!(bench.send("PUT", &path, "", "{}").status, 422);
    bench.put(&path, "{}");
}

#[test]
fn the_clock_can_be_in_another_zone() {
    let mut bench = Bench::new(3);
    bench.faults("[[fault]]\nkind = \"clock\"\nminutes_ahead = -360");
    bench.does(r#"{"do":"edit","path":"accounts/1001/status","value":"blocked"}"#);
    assert_eq!(bench.log_since(500)[0]["time"], "08:03:09");
    assert_eq!(bench.customer(1001)["last_update"], "2026-11-20 08:03:09");
}

#[test]
fn data_faults_change_items_and_are_put_back() {
    let mut bench = Bench::new(40);
    let items = bench.get("inventory/items", "");
    bench.faults("[[fault]]\nkind = \"same-mac\"");
    let list = bench.get("inventory/items", "");
    assert_eq!(list[0]["barcode"], list[1]["barcode"]);
    bench.faults("[[fault]]\nkind = \"mac-notations\"");
    let list = bench.get("inventory/items", "");
    let lengths: Vec<usize> = (0..5)
        .map(|place| list[place]["barcode"].as_str().unwrap().len())
        .collect();
    assert_eq!(lengths, [17, 17, 17, 14, 12]);
    let linked = items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| number(&item["service_id"]) != 0);
    let linked = number(&linked.unwrap()["id"]);
    bench.faults("[[fault]]\nkind = \"item-without-service\"");
    let item = bench.get(&format!("inventory/items/{linked}"), "");
    assert_eq!(number(&item["service_id"]), 0);
    assert_ne!(number(&item["customer_id"]), 0);
    bench.splynx.set_faults(Vec::new()).unwrap();
    assert_eq!(bench.get("inventory/items", ""), items);
}

#[test]
fn a_service_can_be_of_a_customer_who_is_not_listed() {
    let mut bench = Bench::new(10);
    let service = bench.get(SERVICES, "limit=1&main_attributes[status]=active");
    let customer = number(&service[0]["customer_id"]);
    bench.faults("[[fault]]\nkind = \"unlisted-customer\"");
    assert!(!bench.ids("customers/customer", "").contains(&customer));
    assert_eq!(bench.count("customers/customer", ""), 9);
    let path = format!("customers/customer/{customer}");
    bench.json("GET", &path, "", 404);
    assert_eq!(
        bench.get(SERVICES, "limit=1&main_attributes[status]=active"),
        service
    );
}

#[test]
fn archived_services_can_be_left_out() {
    let mut bench = Bench::new(3);
    bench.does(r#"{"do":"edit","path":"services/7001/status","value":"archived"}"#);
    let all = "main_attributes[id][0]=%3E&main_attributes[id][1]=0";
    assert!(bench.ids(SERVICES, all).contains(&7001));
    bench.faults("[[fault]]\nkind = \"archived-left-out\"");
    assert!(!bench.ids(SERVICES, all).contains(&7001));
    assert_eq!(
        bench.ids(SERVICES, "main_attributes[status]=archived"),
        [7001]
    );
}

#[test]
fn a_limit_refuses_with_429_and_the_time_to_wait() {
    let mut bench = Bench::new(3);
    bench.faults("[[fault]]\nkind = \"limit\"\nper_minute = 2");
    bench.get("tariffs/internet", "");
    bench.now += 20;
    bench.get("tariffs/internet", "");
    let answer = bench.send("GET", "tariffs/internet", "", "");
    assert_eq!(answer.status, 429);
    assert!(
        answer
            .headers
            .contains(&("retry-after".to_owned(), "40".to_owned()))
    );
    bench.now += 40;
    bench.get("tariffs/internet", "");
    let counters = bench.splynx.counters();
    assert_eq!(
        (&counters["limited"], &counters["most_in_one_minute"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(counters["requests"]["GET tariffs/internet"], 4);
    assert_eq!(counters["logins"]["basic"], 3);
}

#[test]
fn faults_are_counted() {
    let mut bench = Bench::new(3);
    bench.faults("[[fault]]\nkind = \"html\"\nafter = 1");
    for _ in 0..3 {
        bench.send("GET", "tariffs/internet", "", "");
    }
    let counters = bench.splynx.counters();
    assert_eq!(
        counters["faults"],
        json!([{ "kind": "html", "seen": 3, "struck": 2 }])
    );
}
