//! Tests of lists, counts, descriptions and the typing of values.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Bench, NOW, SERVICES, number, request};
use crate::simulator::billing::BillingTwin;

const ALL: &str = "main_attributes[id][0]=%3E&main_attributes[id][1]=0";

#[test]
fn all_services_need_a_filter() {
    let mut bench = Bench::new(30);
    let error = bench.json("GET", SERVICES, "", 500);
    assert_eq!(error["error"]["internal_code"], "SERVER_ERROR");
    // A parameter that is not known is not a filter.
    bench.json("GET", SERVICES, "page=2&limit=5", 500);
    let answer = bench.send("HEAD", SERVICES, "", "");
    assert_eq!((answer.status, answer.body.len()), (500, 0));
    assert!(bench.ids(SERVICES, "main_attributes[status]=active").len() > 10);
    bench.json("GET", "logs/changes", "", 400);
}

#[test]
fn pages_by_key_have_every_record_once_and_the_count_agrees() {
    let mut bench = Bench::new(50);
    for (path, filter) in [
        (SERVICES, ALL),
        ("customers/customer", ""),
        ("inventory/items", ""),
    ] {
        let count = bench.count(path, filter);
        let mut all = BTreeSet::new();
        let mut last = 0;
        loop {
            let page = bench.ids(
                path,
                &format!(
                    "limit=7&order[id]=ASC&main_attributes%5Bid%5D%5B0%5D=%3E&main_attributes%5Bid%5D%5B1%5D={last}"
                ),
            );
            let Some(highest) = page.last() else { break };
            last = *highest;
            assert!(page.iter().all(|id| all.insert(*id)), "{path}");
        }
        assert_eq!(all.len() as u64, count, "{path}");
    }
}

#[test]
fn a_wrong_page_parameter_gives_the_first_page_for_ever() {
    let mut bench = Bench::new(20);
    let first = bench.ids("customers/customer", "limit=5&page=1");
    assert_eq!(bench.ids("customers/customer", "limit=5&page=2"), first);
    assert_ne!(bench.ids("customers/customer", "limit=5&offset=5"), first);
    let none = "main_attributes[id]=-1";
    assert_eq!(bench.ids("customers/customer", none), [0; 0]);
    assert_eq!(bench.count("customers/customer", none), 0);
}

#[test]
fn services_of_a_customer_are_a_part_of_all() {
    let mut bench = Bench::new(20);
    let sold = bench.does(r#"{"do":"sell","tariff":31}"#);
    let account = sold["account"].as_u64().unwrap();
    let path = format!("customers/customer/{account}/internet-services");
    let service = sold["service"].as_u64().unwrap();
    assert_eq!(bench.ids(&path, ""), [service]);
    let one = bench.get(&format!("{path}--{service}"), "");
    assert_eq!(number(&one["customer_id"]), account);
    bench.json("GET", &format!("{path}--1"), "", 404);
    bench.json("GET", "customers/customer/999999", "", 404);
    let geo = format!("customers/customer/{account}/geo-internet-service--{service}");
    bench.put(
        &geo,
        r#"{"address":"12 Maple Court","marker":"30.2,-97.7"}"#,
    );
    assert_eq!(bench.get(&geo, "")["marker"], "30.2,-97.7");
    let info = bench.get(&format!("customers/billing-info/{account}"), "");
    assert_eq!(info["is_already_blocked"], false);
}

#[test]
fn a_description_lists_columns_and_additional_fields() {
    let mut bench = Bench::new(1);
    let described = bench.json("OPTIONS", SERVICES, "", 200);
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let columns = names(&described["attributes"]);
    assert!(columns.contains(&"access_device".to_owned()));
    assert!(!columns.contains(&"updated_at".to_owned()));
    let fields = names(&described["additional_attributes"]);
    assert_eq!(fields, ["gam_place", "gam_vlan", "gam_state"]);
    bench.faults("[[fault]]\nkind = \"options-flat\"\n[[fault]]\nkind = \"no-access-device\"\n[[fault]]\nkind = \"services-updated-at\"");
    let flat = names(&bench.json("OPTIONS", SERVICES, "", 200));
    assert!(flat.contains(&"gam_place".to_owned()) && flat.contains(&"updated_at".to_owned()));
    assert!(!flat.contains(&"access_device".to_owned()));
    let future =
        "main_attributes[updated_at][0]=%3E&main_attributes[updated_at][1]=2099-01-01+00:00:00";
    assert_eq!(bench.ids(SERVICES, future), [0; 0]);
}

#[test]
fn a_version_without_a_column_ignores_conditions_on_it() {
    let mut bench = Bench::new(10);
    let past =
        "main_attributes[updated_at][0]=%3E&main_attributes[updated_at][1]=2099-01-01+00:00:00";
    bench.json("GET", SERVICES, past, 500);
}

#[test]
fn numbers_are_texts_numbers_or_both() {
    let mut bench = Bench::new(60);
    let forms = |bench: &mut Bench| {
        let list = bench.get("customers/customer", "");
        let rows = list.as_array().unwrap().clone();
        let texts = rows.iter().filter(|row| row["id"].is_string()).count();
        (texts, rows.len() - texts)
    };
    let (texts, numbers) = forms(&mut bench);
    assert!(
        texts > 10 && numbers > 10,
        "{texts} texts, {numbers} numbers"
    );
    assert_eq!(forms(&mut bench), (texts, numbers), "the same at each read");
    bench.faults("[[fault]]\nkind = \"dialect\"\ndialect = \"strings\"");
    assert_eq!(forms(&mut bench), (60, 0));
    bench.faults("[[fault]]\nkind = \"dialect\"\ndialect = \"numbers\"");
    assert_eq!(forms(&mut bench), (0, 60));
    let sold = bench.does(r#"{"do":"sell","tariff":31}"#);
    let service = bench.service(sold["service"].as_u64().unwrap());
    assert_eq!(service["additional_attributes"], json!([]));
    assert_eq!(service["end_date"], "0000-00-00");
    assert_eq!(service["unit_price"], "59.0000");
}

#[test]
fn answers_have_passwords_and_communities() {
    let mut bench = Bench::new(5);
    let services = bench.get(SERVICES, ALL).to_string();
    assert!(services.contains("canary-password-"));
    let devices = bench.get("networking/monitoring", "").to_string();
    assert!(devices.contains("canary-community-0"));
    let customers = bench.get("customers/customer", "").to_string();
    assert!(customers.contains("canary-portal-0"));
}

#[test]
fn every_module_answers_a_list() {
    let mut bench = Bench::new(60);
    for path in [
        "customers/customer",
        "customers/customers-online",
        "tariffs/internet",
        "inventory/items",
        "inventory/products",
        "inventory/vendors",
        "networking/monitoring",
        "networking/network-sites",
        "administration/locations",
        "administration/partners",
        "config/additional-fields/services_internet",
        "support/tickets-types",
        "support/tickets-statuses",
        "support/tickets-groups",
    ] {
        assert!(!bench.ids(path, "limit=1").is_empty(), "{path}");
    }
    for path in [
        "customers/customer-notes",
        "logs/pending-statuses",
        "logs/pending-services",
        "support/tickets",
        "support/ticket-messages",
    ] {
        assert_eq!(bench.ids(path, ""), [0; 0], "{path}");
    }
    for path in ["customers/customers", "tickets/ticket", "webhooks"] {
        bench.json("GET", path, "", 404);
    }
    assert_eq!(bench.send("PATCH", "tariffs/internet", "", "").status, 405);
}

#[test]
fn a_path_outside_of_the_api_is_a_page() {
    let mut bench = Bench::new(1);
    let answer = bench
        .splynx
        .answer(&request("GET", "/api/v1/customers", "", ""), NOW);
    assert_eq!(answer.status, 404);
    assert!(answer.body.starts_with(b"<!DOCTYPE html>"));
}

#[test]
fn the_check_needs_no_key_unless_it_is_asked_to() {
    let mut bench = Bench::new(1);
    let ask = |bench: &mut Bench, query: &str| {
        let mut request = request("GET", "/api/2.0/admin/api/check", query, "");
        request.headers.clear();
        bench.splynx.answer(&request, NOW).status
    };
    assert_eq!(ask(&mut bench, ""), 200);
    assert_eq!(ask(&mut bench, "checkAuth=1"), 401);
    let answer = bench.get("api/check", "checkAuth=1");
    assert_eq!(answer["message"], "API is valid");
    assert_eq!(answer["same_server"], false);
}

#[test]
fn the_same_seed_makes_the_same_instance_and_another_one_another() {
    let answer = |seed| {
        let mut bench = Bench::with_seed(40, seed);
        bench.send("GET", "customers/customer", "", "").body
    };
    assert_eq!(answer(1), answer(1));
    assert_ne!(answer(1), answer(2));
}
