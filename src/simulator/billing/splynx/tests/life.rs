//! Tests of what people in the office do, and of the night.

use serde_json::{Value, json};

use super::{Bench, NOW, SERVICES, number};
use crate::simulator::billing::{BillingTwin, Operation};

struct Sold {
    account: u64,
    service: u64,
    item: u64,
}

fn sold(bench: &mut Bench) -> Sold {
    let sold = bench.does(
        r#"{"do":"sell","tariff":31,"mac":"00:0e:d8:2a:01:46","site":"maple court","unit":"Apt 9"}"#,
    );
    bench.hooks();
    let id = |name: &str| sold[name].as_u64().unwrap();
    Sold {
        account: id("account"),
        service: id("service"),
        item: id("item"),
    }
}

fn status_of(rows: &[Value]) -> Vec<(Value, Value)> {
    let statuses = rows.iter();
    statuses
        .map(|row| (row["old_status"].clone(), row["new_status"].clone()))
        .collect()
}

#[test]
fn a_sale_makes_a_customer_a_service_and_an_item() {
    let mut bench = Bench::new(3);
    let Sold {
        account,
        service,
        item,
    } = sold(&mut bench);
    let customer = bench.customer(account);
    assert_eq!(customer["status"], "active");
    assert_eq!(number(&customer["location_id"]), 1);
    assert_eq!(customer["additional_attributes"], json!({ "unit": "9" }));
    assert_eq!(bench.service(service)["start_date"], "2026-11-20");
    let item = bench.get(&format!("inventory/items/{item}"), "");
    assert_eq!(item["barcode"], "00:0e:d8:2a:01:46");
    assert_eq!(number(&item["service_id"]), service);
    assert_eq!(item["status"], "assigned");
    let further = bench.does(&format!(
        r#"{{"do":"sell","account":{account},"tariff":30}}"#
    ));
    let further = bench.service(further["service"].as_u64().unwrap());
    assert_eq!(further["login"], format!("{account:06}_1"));
}

#[test]
fn one_who_does_not_pay_is_blocked_and_the_service_stays_active() {
    let mut bench = Bench::new(3);
    let Sold {
        account, service, ..
    } = sold(&mut bench);
    bench.does(&format!(r#"{{"do":"block","account":{account}}}"#));
    assert_eq!(bench.customer(account)["status"], "blocked");
    assert_eq!(bench.service(service)["status"], "active");
    let log = bench.log_since(500);
    assert_eq!(status_of(&log), [(json!("active"), json!("blocked"))]);
    assert_eq!(log[0]["service_id"], Value::Null);
    assert_eq!(log[0]["tariff_type"], Value::Null);
    assert_eq!(number(&log[0]["customer_id"]), account);
    assert_eq!(
        (&log[0]["date"], &log[0]["time"]),
        (&json!("2026-11-20"), &json!("14:03:09"))
    );
    assert_eq!(bench.hooks().len(), 1);
    bench.does(&format!(r#"{{"do":"pay","account":{account}}}"#));
    assert_eq!(bench.customer(account)["status"], "active");
    assert_eq!(bench.log_since(501).len(), 1);
    bench.does(&format!(r#"{{"do":"pay","account":{account}}}"#));
    assert_eq!(bench.log_since(502).len(), 0, "nothing changed");
    let of_customer = format!("customers/customer/{account}/logs-changes");
    assert_eq!(bench.ids(&of_customer, ""), [501, 502]);
}

#[test]
fn deactivation_makes_a_stopped_copy_and_payment_brings_it_back() {
    let mut bench = Bench::new(3);
    let Sold {
        account,
        service,
        item,
    } = sold(&mut bench);
    let done = bench.does(&format!(r#"{{"do":"deactivate","account":{account}}}"#));
    let copy = done["services"][0]["service"].as_u64().unwrap();
    assert_ne!(copy, service);
    assert_eq!(bench.customer(account)["status"], "disabled");
    let old = bench.service(service);
    assert_eq!(
        (&old["status"], &old["end_date"]),
        (&json!("disabled"), &json!("2026-11-20"))
    );
    let stopped = bench.service(copy);
    assert_eq!(stopped["status"], "stopped");
    assert_eq!(stopped["login"], old["login"]);
    assert_eq!(stopped["end_date"], "0000-00-00");
    let linked = bench.get(&format!("inventory/items/{item}"), "");
    assert_eq!(number(&linked["service_id"]), copy);
    bench.does(&format!(r#"{{"do":"pay","account":{account}}}"#));
    assert_eq!(bench.service(copy)["status"], "active");
    assert_eq!(bench.service(service)["status"], "disabled");
    let statuses = status_of(&bench.log_since(500));
    assert!(statuses.contains(&(json!("active"), json!("disabled"))));
    assert!(statuses.contains(&(json!("disabled"), json!("active"))));
}

#[test]
fn a_plan_changes_in_place_on_the_same_day_or_by_schedule() {
    let mut bench = Bench::new(3);
    let Sold {
        account, service, ..
    } = sold(&mut bench);
    let change = |bench: &mut Bench, tariff: u64, how: &str| {
        let operation = format!(
            r#"{{"do":"change-plan","account":{account},"tariff":{tariff},"how":"{how}"}}"#
        );
        bench.does(&operation)["service"].as_u64().unwrap()
    };
    assert_eq!(change(&mut bench, 32, "in-place"), service);
    let row = bench.service(service);
    assert_eq!(
        (number(&row["tariff_id"]), &row["description"]),
        (32, &json!("Home 1000"))
    );

    let same_day = change(&mut bench, 30, "same-day");
    assert_ne!(same_day, service);
    assert_eq!(bench.service(service)["status"], "archived");
    let row = bench.service(same_day);
    assert_eq!(
        (&row["status"], &row["start_date"]),
        (&json!("active"), &json!("2026-11-20"))
    );

    let next = change(&mut bench, 31, "scheduled");
    assert_eq!(bench.service(same_day)["status"], "active");
    assert_eq!(bench.service(same_day)["end_date"], "2026-11-20");
    let row = bench.service(next);
    assert_eq!(
        (&row["status"], &row["start_date"]),
        (&json!("pending"), &json!("2026-11-21"))
    );
    assert_eq!(bench.ids("logs/pending-services", ""), [1]);
    bench.hooks();
    let last = number(&bench.log_since(500).last().unwrap()["id"]);

    bench.now = NOW + 86_400;
    assert_eq!(bench.service(next)["status"], "active");
    assert_eq!(bench.service(same_day)["status"], "disabled");
    assert_eq!(bench.ids("logs/pending-services", ""), [0; 0]);
    let log = bench.log_since(last);
    assert_eq!(log.len(), 1);
    assert_eq!(
        (number(&log[0]["old_tariff"]), number(&log[0]["new_tariff"])),
        (30, 31)
    );
    assert_eq!(number(&log[0]["administrator_id"]), 0);
    assert!(bench.hooks().is_empty(), "the night sends no hook");
}

#[test]
fn the_night_blocks_without_hooks_and_the_log_has_it() {
    let mut bench = Bench::new(3);
    let Sold { account, .. } = sold(&mut bench);
    bench.does(&format!(
        r#"{{"do":"edit","path":"nightly","value":[{account}]}}"#
    ));
    assert_eq!(bench.customer(account)["status"], "blocked");
    assert!(bench.hooks().is_empty());
    assert_eq!(number(&bench.log_since(500)[0]["administrator_id"]), 0);
    let planned = format!(r#"{{"customer_id":{account},"status":"active","date":"2026-12-01"}}"#);
    assert_eq!(
        bench
            .send("POST", "logs/pending-statuses", "", &planned)
            .status,
        201
    );
    bench.does(r#"{"do":"edit","path":"nightly","value":"2026-12-01"}"#);
    assert_eq!(bench.customer(account)["status"], "active");
    assert!(bench.hooks().is_empty());
}

#[test]
fn a_pause_an_archived_and_a_deleted_service_are_logged_as_the_end_of_a_plan() {
    let mut bench = Bench::new(3);
    let Sold {
        account, service, ..
    } = sold(&mut bench);
    bench.does(&format!(r#"{{"do":"stop","account":{account}}}"#));
    assert_eq!(bench.service(service)["status"], "stopped");
    let log = bench.log_since(500);
    assert_eq!(
        (number(&log[0]["old_tariff"]), &log[0]["new_tariff"]),
        (31, &Value::Null)
    );
    assert_eq!(log[0]["new_status"], Value::Null);
    let edit =
        |path: &str, value: &str| format!(r#"{{"do":"edit","path":"{path}","value":{value}}}"#);
    bench.does(&edit(&format!("services/{service}/status"), "\"active\""));
    bench.does(&edit(&format!("services/{service}/status"), "\"archived\""));
    assert_eq!(bench.log_since(501).len(), 2);
    bench.hooks();
    bench.does(&edit(&format!("services/{service}"), "null"));
    assert_eq!(bench.hooks()[0]["data"]["action"], "delete");
    bench.json("GET", &format!("{SERVICES}--{service}"), "", 404);
    bench.does(&edit(&format!("customers/{account}"), "null"));
    bench.json("GET", &format!("customers/customer/{account}"), "", 404);
}

#[test]
fn an_endpoint_is_swapped_returned_and_used_again() {
    let mut bench = Bench::new(3);
    let Sold {
        account,
        service,
        item,
    } = sold(&mut bench);
    let done = bench.does(&format!(
        r#"{{"do":"swap","account":{account},"mac":"000ed82a0147"}}"#
    ));
    assert_eq!(done["returned"], json!([item]));
    let old = bench.get(&format!("inventory/items/{item}"), "");
    assert_eq!(
        (&old["status"], number(&old["customer_id"])),
        (&json!("returned"), 0)
    );
    let new = bench.get(&format!("inventory/items/{}", done["item"]), "");
    assert_eq!(number(&new["service_id"]), service);
    bench.does(&format!(r#"{{"do":"cancel","account":{account}}}"#));
    assert_eq!(bench.customer(account)["status"], "disabled");
    let ended = bench.service(service);
    assert_eq!(
        (&ended["status"], &ended["end_date"]),
        (&json!("disabled"), &json!("2026-11-20"))
    );
    // The same hardware in another notation, for another customer.
    let again = bench.does(r#"{"do":"sell","tariff":30,"mac":"00-0E-D8-2A-01-47"}"#);
    assert_eq!(again["item"], done["item"]);
    let account = again["account"].as_u64().unwrap();
    bench.does(&format!(r#"{{"do":"return","account":{account}}}"#));
    let refused: Operation =
        serde_json::from_str(&format!(r#"{{"do":"return","account":{account}}}"#)).unwrap();
    assert!(bench.splynx.operate(&refused, NOW).is_err());
}

#[test]
fn an_impossible_operation_is_refused_with_the_reason() {
    let mut bench = Bench::new(3);
    for (operation, why) in [
        (r#"{"do":"block","account":5}"#, "account 5 does not exist"),
        (r#"{"do":"sell","tariff":999}"#, "tariff 999 does not exist"),
        (
            r#"{"do":"sell","tariff":31,"site":"x"}"#,
            "site `x` does not exist",
        ),
        (
            r#"{"do":"sell","tariff":31,"mac":"x"}"#,
            "invalid MAC address `x`",
        ),
        (
            r#"{"do":"edit","path":"x","value":1}"#,
            "path `x` leads to nothing",
        ),
        (
            r#"{"do":"edit","path":"tariffs/31/bogus","value":1}"#,
            "leads to nothing",
        ),
        (
            r#"{"do":"edit","path":"tariffs/31/speed_download","value":"fast"}"#,
            "does not accept",
        ),
        (
            r#"{"do":"edit","path":"tariffs/31","value":1}"#,
            "does not accept",
        ),
        (
            r#"{"do":"edit","path":"nightly","value":7}"#,
            "does not accept",
        ),
        (
            r#"{"do":"edit","path":"key/unsecure","value":7}"#,
            "true or false",
        ),
        (
            r#"{"do":"edit","path":"key/bogus","value":true}"#,
            "leads to nothing",
        ),
    ] {
        let read: Operation = serde_json::from_str(operation).unwrap();
        let error = bench.splynx.operate(&read, NOW).unwrap_err().to_string();
        assert!(error.contains(why), "{operation}: {error}");
    }
}

#[test]
fn all_records_of_a_table_can_be_edited_at_once() {
    let mut bench = Bench::new(20);
    bench.does(r#"{"do":"edit","path":"accounts/*/status","value":"blocked"}"#);
    assert_eq!(
        bench.count("customers/customer", "main_attributes[status]=blocked"),
        20
    );
    let done = bench.does(r#"{"do":"edit","path":"services/*","value":null}"#);
    assert!(done["records"].as_u64().unwrap() > 15);
    let all = "main_attributes[id][0]=%3E&main_attributes[id][1]=0";
    assert_eq!(bench.count(SERVICES, all), 0);
}

#[test]
fn customers_have_hostile_names_only_if_asked_to() {
    let hostile = |bench: &mut Bench| {
        let list = bench.get("customers/customer", "");
        let names = list.as_array().unwrap().clone();
        let is_hostile = |row: &&Value| {
            let name = row["name"].as_str().unwrap();
            name.chars()
                .any(|sign| sign == '?' || sign.is_control() || sign > '\u{2000}')
        };
        names.iter().filter(is_hostile).count()
    };
    assert_eq!(hostile(&mut Bench::new(60)), 0);
    assert!(hostile(&mut Bench::with_hostile(60, 3)) > 5);
}

#[test]
fn a_tariff_can_be_edited_and_a_key_revoked() {
    let mut bench = Bench::new(3);
    bench.does(r#"{"do":"edit","path":"tariffs/31/speed_download","value":50000}"#);
    let tariff = bench.get("tariffs/internet/31", "");
    assert_eq!(number(&tariff["speed_download"]), 50_000);
    // A person can enter a status that is new.
    bench.does(r#"{"do":"edit","path":"accounts/1001/status","value":"frozen"}"#);
    assert_eq!(bench.customer(1001)["status"], "frozen");
    bench.does(r#"{"do":"edit","path":"services/7001/additional/gam_vlan","value":"7"}"#);
    assert_eq!(
        bench.service(7001)["additional_attributes"]["gam_vlan"],
        "7"
    );
    bench.does(r#"{"do":"edit","path":"key/revoked","value":true}"#);
    bench.json("GET", "tariffs/internet", "", 401);
}
