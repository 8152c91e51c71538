//! Tests of hooks: their bodies in both modes, their faults, and the requests that make none.

use serde_json::json;

use super::{Bench, NOW, SERVICES};
use crate::simulator::billing::BillingTwin;

#[test]
fn a_hook_has_the_record_as_texts_and_what_changed() {
    let mut bench = Bench::new(3);
    let sold = bench.does(r#"{"do":"sell","tariff":31}"#);
    let (account, service) = (sold["account"].clone(), sold["service"].clone());
    bench.hooks();
    bench.does(&format!(r#"{{"do":"block","account":{account}}}"#));
    let hook = bench.hooks().remove(0);
    assert_eq!(
        (&hook["type"], &hook["call"]),
        (&json!("event"), &json!("customer/update"))
    );
    let data = &hook["data"];
    assert_eq!(data["model"], r"models\common\customers\Customers");
    assert_eq!(data["attributes"]["id"], account.to_string());
    assert_eq!(data["attributes"]["status"], "blocked");
    assert_eq!(data["changed_attributes"], json!({ "status": "active" }));
    assert_eq!(
        (&data["customer_id"], &data["result"]),
        (&json!(null), &json!("success"))
    );
    assert_eq!(
        data["attributes_additional"]["unit"]
            .as_str()
            .map(str::is_empty),
        Some(false)
    );

    bench.put(&format!("{SERVICES}--{service}"), r#"{"port_id":"7"}"#);
    let hook = bench.hooks().remove(0);
    assert_eq!(hook["call"], "");
    let data = &hook["data"];
    assert_eq!(data["model"], r"models\common\customers\ServicesInternet");
    assert_eq!(
        (&data["action"], &data["source"]),
        (&json!("edit"), &json!("api"))
    );
    assert_eq!(data["customer_id"], account.to_string());
    assert_eq!(data["attributes_additional"], json!([]));
    // What changes nothing is no event.
    bench.put(&format!("{SERVICES}--{service}"), r#"{"port_id":"7"}"#);
    assert!(bench.hooks().is_empty());
}

#[test]
fn a_hook_can_be_a_form() {
    let mut bench = Bench::new(3);
    bench.faults("[[fault]]\nkind = \"hook-form\"");
    bench.does(r#"{"do":"block","account":1001}"#);
    let hook = bench.splynx.due_webhooks(NOW).remove(0);
    let body = String::from_utf8(hook.body).unwrap();
    assert!(
        body.contains("data%5Battributes%5D%5Bstatus%5D=blocked"),
        "{body}"
    );
    assert!(!body.contains("changed_attributes%5D=&"), "{body}");
    let content_type = (
        "content-type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    );
    assert!(hook.headers.contains(&content_type));
}

#[test]
fn a_refused_save_is_a_failed_event_and_a_ping_is_none() {
    let mut bench = Bench::new(3);
    let path = format!("{SERVICES}--7001");
    assert_eq!(
        bench.send("PUT", &path, "", r#"{"status":"bogus"}"#).status,
        422
    );
    let hook = bench.hooks().remove(0);
    assert_eq!(hook["data"]["result"], "failed");
    assert_eq!(hook["data"]["errors"][0]["attribute"], "status");
    bench.does(r#"{"do":"edit","path":"ping","value":null}"#);
    assert_eq!(bench.hooks()[0]["type"], "ping");
    bench.faults("[[fault]]\nkind = \"hook-ping\"");
    assert_eq!(bench.hooks()[0]["type"], "ping");
}

#[test]
fn hooks_are_doubled_delayed_lost_and_failed_by_faults() {
    let mut bench = Bench::new(9);
    let block = |bench: &mut Bench, account: u64| {
        bench.does(&format!(
            r#"{{"do":"edit","path":"customers/{account}/phone","value":"1"}}"#
        ));
        bench.hooks().len()
    };
    bench.faults("[[fault]]\nkind = \"hook-double\"\ntimes = 1");
    assert_eq!((block(&mut bench, 1001), block(&mut bench, 1002)), (2, 1));
    bench.faults("[[fault]]\nkind = \"hook-lost\"\nafter = 1");
    assert_eq!((block(&mut bench, 1003), block(&mut bench, 1004)), (1, 0));
    bench.faults("[[fault]]\nkind = \"hook-delay\"\nseconds = 30\npath = \"Customers\"");
    assert_eq!(block(&mut bench, 1005), 0);
    assert_eq!(bench.splynx.next_webhook(), Some(NOW + 30));
    bench.now += 30;
    assert_eq!(bench.hooks().len(), 1);
    bench.faults("[[fault]]\nkind = \"hook-failed\"");
    assert_eq!((block(&mut bench, 1006), block(&mut bench, 1007)), (2, 1));
}
