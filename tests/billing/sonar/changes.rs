//! Tests deltas and webhooks: every operation in the office leads to the account that it is about.

use std::collections::BTreeSet;

use gamctl::billing::Priority;
use gamctl::billing::sonar::{
    DeltaCoverage, DeltaCursor, DeltaRoot, SonarClient, SonarDelta, read_webhook,
};
use gamctl::model::billing::{AccountId, ServiceStatus, Snapshot};
use gamctl::simulator::billing::BillingTwin;
use serde_json::{Value, json};

use super::server::{Instance, NOW};

const HOOK: &str = "https://gamctl.isp.example/hooks/billing/sonar/t0ken";

async fn delta(client: &SonarClient, cursor: &DeltaCursor) -> SonarDelta {
    client.read_delta(cursor, Priority::Delta).await.unwrap()
}

fn account(id: u64) -> AccountId {
    AccountId::new(&id.to_string()).unwrap()
}

/// Starts an instance whose rows are older than the overlap, and returns accounts that are served.
async fn quiet_instance() -> (Instance, SonarClient, Vec<u64>) {
    let (instance, client, served, _) = instance_with_snapshot().await;
    (instance, client, served)
}

async fn instance_with_snapshot() -> (Instance, SonarClient, Vec<u64>, Snapshot) {
    let instance = Instance::start(60).await;
    let client = instance.client();
    let (snapshot, _) = client.read_everything(NOW).await.unwrap();
    instance.pass(4000);
    let served = snapshot.services.iter().filter(|service| {
        let mut items = snapshot.equipment.iter();
        service.status == ServiceStatus::Served
            && items
                .any(|item| item.model.is_some() && item.place.account() == Some(&service.account))
    });
    let served = served
        .map(|service| service.account.as_str().parse().unwrap())
        .collect();
    (instance, client, served, snapshot)
}

#[tokio::test]
async fn a_delta_finds_the_account_of_every_operation_once() {
    let (instance, client, served, last) = instance_with_snapshot().await;
    let mut cursor = DeltaCursor::start(instance.pass(0), 0);
    let nothing = delta(&client, &cursor).await;
    assert_eq!(nothing.changes.accounts, BTreeSet::new());
    assert_eq!(
        (nothing.coverage, &nothing.blind[..]),
        (DeltaCoverage::Whole, &[][..])
    );
    let operations = [
        json!({"do": "block", "account": served[0]}),
        json!({"do": "pay", "account": served[0]}),
        json!({"do": "change-plan", "account": served[1], "tariff": 32}),
        json!({"do": "change-plan", "account": served[2], "tariff": 33, "how": "same-day"}),
        json!({"do": "swap", "account": served[3], "mac": "00:0E:D8:00:00:01"}),
        json!({"do": "return", "account": served[4]}),
        json!({"do": "cancel", "account": served[5]}),
    ];
    for operation in operations {
        instance.pass(10);
        instance.operate(operation.clone());
        let found = delta(&client, &cursor).await;
        let id = operation["account"].as_u64().unwrap();
        let accounts = found.changes.accounts_since(&last);
        assert_eq!(accounts, BTreeSet::from([account(id)]), "{operation}");
        assert_eq!(found.coverage, DeltaCoverage::Whole, "{operation}");
        let again = delta(&client, &found.next).await;
        assert_eq!(again.changes.accounts, BTreeSet::new(), "{operation}");
        cursor = again.next;
    }
    let sold = instance.operate(json!({"do": "sell", "tariff": 31, "mac": "00:0E:D8:00:00:02"}));
    let found = delta(&client, &cursor).await;
    let id = sold.get("account").and_then(Value::as_u64).unwrap();
    assert!(
        found.changes.accounts.contains(&account(id)),
        "{:?}",
        found.changes
    );
}

#[tokio::test]
async fn an_item_that_went_back_to_the_storeroom_leads_to_the_account_that_had_it() {
    let (instance, client, served, last) = instance_with_snapshot().await;
    let cursor = DeltaCursor::start(instance.pass(10), 0);
    instance.operate(json!({"do": "return", "account": served[0]}));
    let found = delta(&client, &cursor).await;
    // The item does not know any more where it was.
    assert_eq!(found.changes.accounts, BTreeSet::new());
    let accounts = found.changes.accounts_since(&last);
    assert_eq!(accounts, BTreeSet::from([account(served[0])]));
}

#[tokio::test]
async fn what_hangs_on_an_account_changes_without_the_account_and_is_found() {
    let (instance, client, served) = quiet_instance().await;
    let cursor = DeltaCursor::start(instance.pass(10), 0);
    let owned = |table: &str| {
        let ids = instance.ids(table, |twin, id| {
            super::server::stored_id(twin, table, id, "account_id") == Some(served[0])
        });
        ids[0]
    };
    let service = owned("account_services");
    let item = instance.ids("inventory_items", |twin, id| {
        super::server::stored_id(twin, "inventory_items", id, "account_service_id") == Some(service)
    });
    let edits = [
        json!({"do": "edit", "path": "service_metadata_values/new", "value": {"account_service_id": service, "service_metadata_id": 3, "value": "x/1"}}),
        json!({"do": "edit", "path": "uninventoried_mac_addresses/new", "value": {"account_id": served[0], "mac_address": "A4:B1:C2:00:11:22"}}),
    ];
    let mut cursor = cursor;
    for edit in edits {
        instance.pass(10);
        instance.operate(edit.clone());
        let found = delta(&client, &cursor).await;
        let accounts = &found.changes.accounts;
        assert_eq!(accounts, &BTreeSet::from([account(served[0])]), "{edit}");
        cursor = found.next;
    }
    if let Some(item) = item.first() {
        let values = instance.ids("inventory_model_field_data", |twin, id| {
            super::server::stored_id(twin, "inventory_model_field_data", id, "inventory_item_id")
                == Some(*item)
        });
        let edit = json!({"do": "edit", "path": format!("inventory_model_field_data/{}/value", values[0]), "value": "00:0E:D8:AA:AA:AA"});
        instance.operate(edit);
        let found = delta(&client, &cursor).await;
        assert!(found.changes.accounts.contains(&account(served[0])));
        cursor = found.next;
    }
    instance.pass(10);
    instance.operate(json!({"do": "edit", "path": "data_service_details/1/download_speed_kilobits_per_second", "value": 50_000}));
    let found = delta(&client, &cursor).await;
    assert!(found.changes.tariffs_changed);
}

#[tokio::test]
async fn a_deleted_service_leads_to_the_account_that_had_it() {
    let (instance, client, served, last) = instance_with_snapshot().await;
    let service = instance.ids("account_services", |twin, id| {
        super::server::stored_id(twin, "account_services", id, "account_id") == Some(served[0])
    })[0];
    let cursor = DeltaCursor::start(instance.pass(10), 0);
    instance.operate(
        json!({"do": "edit", "path": format!("account_services/{service}"), "value": null}),
    );
    let found = delta(&client, &cursor).await;
    let accounts = found.changes.accounts_since(&last);
    assert_eq!(accounts, BTreeSet::from([account(served[0])]));
}

#[tokio::test]
async fn a_root_that_the_instance_refuses_is_blind_and_stops_no_other() {
    let (instance, client, served) = quiet_instance().await;
    instance
        .faults("[[fault]]\nkind = \"field-missing\"\ntype = \"Log\"\nfield = \"loggable_type\"");
    let cursor = DeltaCursor::start(instance.pass(10), 0);
    instance.operate(json!({"do": "block", "account": served[0]}));
    let found = delta(&client, &cursor).await;
    assert_eq!(found.blind, [DeltaRoot::Deleted]);
    assert!(found.changes.accounts.contains(&account(served[0])));
}

#[tokio::test]
async fn a_root_that_cannot_be_counted_is_asked_for_without_its_total() {
    let (instance, client, served) = quiet_instance().await;
    instance.faults("[[fault]]\nkind = \"page-info-fails\"\nconnection = \"accounts\"");
    let cursor = DeltaCursor::start(instance.pass(10), 0);
    instance.operate(json!({"do": "block", "account": served[0]}));
    let found = delta(&client, &cursor).await;
    assert_eq!(found.blind, []);
    assert!(found.changes.accounts.contains(&account(served[0])));
    let again = delta(&client, &found.next).await;
    assert_eq!(again.changes.accounts, BTreeSet::new());
}

#[tokio::test]
async fn too_many_changes_are_left_to_a_full_reading() {
    let instance = Instance::start(1200).await;
    let client = instance.client();
    let cursor = DeltaCursor::start(instance.pass(4000), 0);
    instance.operate(json!({"do": "edit", "path": "accounts/*/is_delinquent", "value": true}));
    let found = delta(&client, &cursor).await;
    assert_eq!(found.coverage, DeltaCoverage::TooMuch);
    assert_eq!(found.next, cursor);
}

#[tokio::test]
async fn a_webhook_leads_to_its_account_and_a_missed_one_can_be_asked_for() {
    let (instance, client, served) = quiet_instance().await;
    client.register_webhook(HOOK).await.unwrap();
    let since = DeltaCursor::start(instance.pass(10), 0);
    instance.operate(json!({"do": "block", "account": served[0]}));
    instance.operate(json!({"do": "change-plan", "account": served[1], "tariff": 33}));
    let now = instance.pass(1);
    let webhooks = instance.twin().due_webhooks(now);
    assert!(webhooks.iter().any(|webhook| webhook.method == "HEAD"));
    let mut hints = Vec::new();
    for webhook in webhooks {
        if webhook.method == "POST" {
            hints.push(read_webhook(&webhook.body).unwrap());
        }
        instance.twin().delivered(webhook.id, Some(503), now);
    }
    let wanted = [account(served[0]), account(served[1])];
    let changes = client.read_hints(&hints, Priority::Hint).await.unwrap();
    assert!(
        wanted
            .iter()
            .all(|account| changes.accounts.contains(account)),
        "{changes:?}"
    );
    let missed = client
        .read_failed_webhooks(&since, Priority::Delta)
        .await
        .unwrap();
    let changes = client.read_hints(&missed, Priority::Hint).await.unwrap();
    assert!(
        wanted
            .iter()
            .all(|account| changes.accounts.contains(account)),
        "{changes:?}"
    );
}

#[tokio::test]
async fn a_forged_webhook_costs_a_look_and_changes_nothing() {
    let (instance, client, _) = quiet_instance().await;
    let forged =
        read_webhook(br#"{"event":"account.service.add","object_id":4000000001}"#).unwrap();
    let changes = client.read_hints(&[forged], Priority::Hint).await.unwrap();
    let lookups = client.read_lookups(Priority::Hint).await.unwrap();
    let read = client
        .read_accounts(&changes.accounts, &lookups, Priority::Hint, NOW)
        .await
        .unwrap();
    assert_eq!((read.accounts.len(), read.services.len()), (0, 0));
    assert_eq!(instance.counter("writes"), json!(0));
}
