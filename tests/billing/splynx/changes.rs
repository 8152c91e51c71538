//! Tests deltas: which accounts they report, and what only a full read finds.

use gamctl::billing::splynx::{SplynxChanges, SplynxCursor};
use gamctl::model::billing::Collection;

use super::*;

/// Changes of the twin lie minutes back by our clock, so each is reported once and not a second time for certainty.
const EARLIER: i64 = -10;

async fn changes(client: &SplynxClient, cursor: &mut SplynxCursor) -> SplynxChanges {
    let changes = client.read_changes(cursor).await.unwrap();
    *cursor = changes.cursor.clone();
    changes
}

async fn accounts(client: &SplynxClient, cursor: &mut SplynxCursor) -> Vec<u64> {
    let changes = changes(client, cursor).await;
    assert!(changes.lost.is_empty(), "{changes:?}");
    changes.accounts.iter().map(number).collect()
}

#[tokio::test]
async fn nothing_changed_gives_nothing() {
    let stage = Stage::in_zone(30, EARLIER).await;
    let client = stage.client();
    let mut cursor = read(&client).await.cursor;
    for _ in 0..3 {
        assert!(accounts(&client, &mut cursor).await.is_empty());
    }
}

#[tokio::test]
async fn each_step_of_a_life_is_found_once() {
    let stage = Stage::in_zone(30, EARLIER).await;
    let client = stage.client();
    let reading = read(&client).await;
    let mut cursor = reading.cursor;
    let id = number(&served(&reading.snapshot).account);
    for operation in [
        json!({"do": "block", "account": id}),
        json!({"do": "pay", "account": id}),
        json!({"do": "change-plan", "account": id, "tariff": 33, "how": "in-place"}),
        json!({"do": "change-plan", "account": id, "tariff": 32, "how": "same-day"}),
        json!({"do": "deactivate", "account": id}),
    ] {
        stage.operate(operation.clone());
        assert_eq!(accounts(&client, &mut cursor).await, [id], "{operation}");
        assert!(
            accounts(&client, &mut cursor).await.is_empty(),
            "{operation}"
        );
    }
    let sold = stage.operate(json!({"do": "sell", "tariff": 31, "mac": "000ED8AABB0C"}));
    assert_eq!(
        accounts(&client, &mut cursor).await,
        [sold["account"].as_u64().unwrap()]
    );
    stage.operate(json!({"do": "swap", "account": id, "mac": "00:0e:d8:aa:bb:0d"}));
    assert_eq!(accounts(&client, &mut cursor).await, [id], "a new item");
}

#[tokio::test]
async fn the_nightly_run_is_found_without_a_hook() {
    let stage = Stage::in_zone(30, EARLIER).await;
    let client = stage.client();
    let reading = read(&client).await;
    let mut cursor = reading.cursor;
    let id = number(&served(&reading.snapshot).account);
    stage.edit("nightly", &json!([id]));
    assert_eq!(accounts(&client, &mut cursor).await, [id]);
}

#[tokio::test]
async fn a_deleted_record_is_a_loss_that_only_a_full_read_explains() {
    let stage = Stage::in_zone(30, EARLIER).await;
    let client = stage.client();
    let reading = read(&client).await;
    let mut cursor = reading.cursor;
    let service = served(&reading.snapshot);
    stage.edit(&format!("services/{}", service.service), &Value::Null);
    let lost = changes(&client, &mut cursor).await.lost;
    assert!(lost.contains(&Collection::Services), "{lost:?}");
    assert!(
        changes(&client, &mut cursor).await.lost.is_empty(),
        "it is reported once"
    );
    stage.edit(&format!("customers/{}", service.account), &Value::Null);
    let lost = changes(&client, &mut cursor).await.lost;
    assert!(lost.contains(&Collection::Accounts), "{lost:?}");
}

#[tokio::test]
async fn a_cursor_that_was_stored_goes_on_where_it_was() {
    let stage = Stage::in_zone(30, EARLIER).await;
    let reading = read(&stage.client()).await;
    let id = number(&served(&reading.snapshot).account);
    stage.operate(json!({"do": "block", "account": id}));
    let stored = serde_json::to_string(&reading.cursor).unwrap();
    let mut cursor = serde_json::from_str(&stored).unwrap();
    assert_eq!(accounts(&stage.client(), &mut cursor).await, [id]);
}

#[tokio::test]
async fn a_clock_in_another_zone_hides_no_change() {
    for minutes_ahead in [-660, -61, 61, 660] {
        let stage = Stage::new(20).await;
        let client = stage.client();
        let reading = read(&client).await;
        let mut cursor = reading.cursor;
        stage.faults(&format!(
            "kind = \"clock\"\nminutes_ahead = {minutes_ahead}"
        ));
        let id = number(&served(&reading.snapshot).account);
        stage.operate(json!({"do": "block", "account": id}));
        let found = changes(&client, &mut cursor).await.accounts;
        assert!(found.contains(&account_id(id)), "{minutes_ahead}");
    }
}

#[tokio::test]
async fn a_delta_without_a_log_still_finds_customers_and_new_records() {
    let stage = Stage::new(20).await;
    let client = stage.client();
    stage.faults("kind = \"module-off\"\nmodule = \"logs\"");
    let reading = read(&client).await;
    let mut cursor = reading.cursor;
    let id = number(&served(&reading.snapshot).account);
    stage.operate(json!({"do": "block", "account": id}));
    let sold = stage.operate(json!({"do": "sell", "tariff": 31}));
    let expected = [id, sold["account"].as_u64().unwrap()];
    let found = accounts(&client, &mut cursor).await;
    assert!(expected.iter().all(|id| found.contains(id)), "{found:?}");
}

#[tokio::test]
async fn a_delta_costs_few_requests() {
    let stage = Stage::new(20).await;
    let client = stage.client();
    let cursor = read(&client).await.cursor;
    let total = |stage: &Stage| stage.server.counters()["requests_total"].as_u64().unwrap();
    let before = total(&stage);
    client.read_changes(&cursor).await.unwrap();
    assert_eq!(total(&stage) - before, 7);
}
