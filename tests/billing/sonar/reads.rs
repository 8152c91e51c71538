//! Tests full readings, readings of some accounts, and the checks before the first sync.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::billing::Priority;
use gamctl::billing::sonar::{CheckWishes, OwnField, TokenEnd, WebhookState};
use gamctl::model::billing::{
    AccountId, Collection, EquipmentPlace, GapReason, GoneCause, Proof, ServiceStatus, Snapshot,
    SnapshotScope, SuspendedCause, TariffId,
};
use gamctl::simulator::billing::sonar::SonarTwin;
use serde_json::{Value, json};

use super::server::{Instance, NOW, stored_id};

fn is_listed(twin: &SonarTwin, account: u64) -> bool {
    twin.stored("accounts", account, "archived_at").is_null()
}

/// The services with a DATA tariff of accounts that are listed, by id, with their tariffs.
fn data_services(instance: &Instance) -> BTreeMap<String, String> {
    let twin = instance.twin();
    let services = twin.ids("account_services").into_iter();
    let services = services.filter_map(|id| {
        let account = stored_id(&twin, "account_services", id, "account_id")?;
        let tariff = stored_id(&twin, "account_services", id, "service_id")?;
        let is_data = twin.stored("services", tariff, "type") == json!("DATA");
        (is_data && is_listed(&twin, account)).then(|| (id.to_string(), tariff.to_string()))
    });
    services.collect()
}

fn services(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let services = snapshot.services.iter();
    let services = services.map(|service| {
        let tariff = service.tariff.as_ref().unwrap();
        (
            service.service.as_str().to_owned(),
            tariff.as_str().to_owned(),
        )
    });
    services.collect()
}

#[tokio::test]
async fn everything_is_read_and_proved_complete() {
    let instance = Instance::start(250).await;
    let (snapshot, lookups) = instance.client().read_everything(NOW).await.unwrap();
    assert_eq!(snapshot.unreadable, []);
    assert!(snapshot.proves_absence(), "{:?}", snapshot.proof);
    let listed = instance.ids("accounts", is_listed);
    let read: Vec<u64> = snapshot
        .accounts
        .keys()
        .map(|id| id.as_str().parse().unwrap())
        .collect();
    assert_eq!(
        read.iter().collect::<BTreeSet<_>>(),
        listed.iter().collect()
    );
    assert_eq!(services(&snapshot), data_services(&instance));
    assert_eq!(lookups.tariffs.len(), 5);
    assert_eq!(lookups.statuses.len(), 4);
    let Proof::Complete { counts } = &snapshot.proof else {
        unreachable!("it is complete")
    };
    assert_eq!(counts[&Collection::Accounts].received, 250);
    assert_eq!(counts[&Collection::Tariffs].received, 5);
    assert_eq!(counts[&Collection::Statuses].received, 4);
    let total = u64::try_from(snapshot.services.len()).unwrap();
    assert!(counts[&Collection::Services].received >= total);
    assert_eq!(instance.counter("mutations"), json!({}));
}

#[tokio::test]
async fn equipment_is_where_it_is_and_has_the_mac_of_its_field() {
    let instance = Instance::start(250).await;
    let (snapshot, _) = instance.client().read_everything(NOW).await.unwrap();
    let twin = instance.twin();
    let mut checked = 0;
    for equipment in &snapshot.equipment {
        let Ok(id) = equipment.id.as_str().parse::<u64>() else {
            assert!(equipment.id.as_str().starts_with("uninventoried."));
            continue;
        };
        let address = stored_id(&twin, "inventory_items", id, "inventoryitemable_id").unwrap();
        let owner = stored_id(&twin, "addresses", address, "addressable_id").unwrap();
        assert_eq!(
            equipment.place.account().unwrap().as_str(),
            owner.to_string()
        );
        let bound = stored_id(&twin, "inventory_items", id, "account_service_id");
        let is_bound = matches!(equipment.place, EquipmentPlace::Service { .. });
        assert_eq!(bound.is_some(), is_bound);
        // One MAC each, and for the router not the one whose name is MAC.
        assert_eq!(equipment.macs.len(), 1, "{equipment:?}");
        assert!(equipment.macs[0].mac().is_some(), "{equipment:?}");
        checked += 1;
    }
    assert!(checked > 200);
    let own = snapshot.equipment.len() - checked;
    assert!(own > 0, "some customers have a box of their own");
}

#[tokio::test]
async fn the_status_of_a_service_follows_the_life_of_its_account() {
    let instance = Instance::start(30).await;
    let client = instance.client();
    let (before, _) = client.read_everything(NOW).await.unwrap();
    let served = before
        .services
        .iter()
        .filter(|service| service.status == ServiceStatus::Served);
    let accounts: Vec<u64> = served
        .map(|service| service.account.as_str().parse().unwrap())
        .collect();
    let [blocked, inactive, archived, ..] = accounts[..] else {
        unreachable!("most accounts are served")
    };
    instance.operate(json!({"do": "block", "account": blocked}));
    instance.operate(json!({"do": "deactivate", "account": inactive}));
    let archived_at = json!({"do": "edit", "path": format!("accounts/{archived}/archived_at"), "value": "2026-11-20T14:00:00+00:00"});
    instance.operate(archived_at);
    let (after, lookups) = client.read_everything(NOW).await.unwrap();
    let status = |snapshot: &Snapshot, account: u64| {
        let account = account.to_string();
        let found = snapshot
            .services
            .iter()
            .find(|service| service.account.as_str() == account);
        found.map(|service| service.status.clone())
    };
    let suspended = |cause| Some(ServiceStatus::Suspended { cause });
    assert_eq!(status(&after, blocked), suspended(SuspendedCause::NotPaid));
    assert_eq!(
        status(&after, inactive),
        suspended(SuspendedCause::Inactive)
    );
    assert_eq!(status(&after, archived), None);
    assert!(after.proves_absence());
    // Asked for by its id, an archived account is known to be archived.
    let some =
        BTreeSet::from([archived, blocked].map(|id| AccountId::new(&id.to_string()).unwrap()));
    let some = client
        .read_accounts(&some, &lookups, Priority::Hint, NOW)
        .await
        .unwrap();
    let gone = ServiceStatus::Gone {
        cause: GoneCause::Archived,
    };
    assert_eq!(status(&some, archived), Some(gone));
    instance.operate(json!({"do": "pay", "account": blocked}));
    let (paid, _) = client.read_everything(NOW).await.unwrap();
    assert_eq!(status(&paid, blocked), Some(ServiceStatus::Served));
}

#[tokio::test]
async fn some_accounts_are_read_as_in_a_full_reading_and_prove_no_absence() {
    let instance = Instance::start(250).await;
    let client = instance.client();
    let (whole, lookups) = client.read_everything(NOW).await.unwrap();
    let mut wanted: BTreeSet<AccountId> = whole.accounts.keys().take(120).cloned().collect();
    wanted.insert(AccountId::new("999999").unwrap());
    wanted.insert(AccountId::new("not-a-number").unwrap());
    let some = client
        .read_accounts(&wanted, &lookups, Priority::Hint, NOW)
        .await
        .unwrap();
    assert_eq!(some.accounts.len(), 120);
    let of_wanted = whole
        .services
        .iter()
        .filter(|service| wanted.contains(&service.account));
    assert!(some.services.iter().eq(of_wanted));
    assert_eq!(some.scope, SnapshotScope::Accounts(wanted));
    assert!(!some.proves_absence());
    let Proof::Incomplete { gaps } = &some.proof else {
        unreachable!("only some accounts were asked for")
    };
    assert!(
        gaps.iter().all(|gap| gap.reason == GapReason::Partial),
        "{gaps:?}"
    );
}

#[tokio::test]
async fn an_account_with_more_than_a_page_in_its_lists_is_read_alone() {
    let instance = Instance::start(40).await;
    let account = 1007;
    let add = |table: &str, value: Value| {
        let path = format!("{table}/new");
        instance.operate(json!({"do": "edit", "path": path, "value": value}));
    };
    for number in 0..250 {
        add(
            "account_services",
            json!({"account_id": account, "service_id": 31, "quantity": 1}),
        );
        let mac = format!("A4:B1:C2:00:11:{number:02X}");
        add(
            "uninventoried_mac_addresses",
            json!({"account_id": account, "mac_address": mac}),
        );
    }
    let address = instance.ids("addresses", |twin, id| {
        stored_id(twin, "addresses", id, "addressable_id") == Some(account)
            && twin.stored("addresses", id, "addressable_type") == json!("Account")
    })[0];
    for _ in 0..130 {
        add(
            "inventory_items",
            json!({"inventoryitemable_type": "Address", "inventoryitemable_id": address, "inventory_model_id": 14, "status": "FUNCTIONAL"}),
        );
    }
    let (snapshot, lookups) = instance.client().read_everything(NOW).await.unwrap();
    assert_eq!(snapshot.unreadable, []);
    assert!(snapshot.proves_absence(), "{:?}", snapshot.proof);
    assert_eq!(services(&snapshot), data_services(&instance));
    let id = AccountId::new(&account.to_string()).unwrap();
    let of_account = |snapshot: &Snapshot| {
        let equipment = snapshot.equipment.iter();
        equipment
            .filter(|item| item.place.account() == Some(&id))
            .count()
    };
    assert!(of_account(&snapshot) >= 380);
    let some = BTreeSet::from([id.clone()]);
    let client = instance.client();
    let some = client
        .read_accounts(&some, &lookups, Priority::Hint, NOW)
        .await
        .unwrap();
    assert_eq!(of_account(&some), of_account(&snapshot));
    assert_eq!(some.unreadable, []);
}

#[tokio::test]
async fn no_account_is_asked_for_where_no_id_is_one_of_sonar() {
    let instance = Instance::start(3).await;
    let client = instance.client();
    let lookups = client.read_lookups(Priority::Hint).await.unwrap();
    for wanted in [
        BTreeSet::new(),
        BTreeSet::from([AccountId::new("x").unwrap()]),
    ] {
        let read = client
            .read_accounts(&wanted, &lookups, Priority::Hint, NOW)
            .await
            .unwrap();
        assert_eq!(read.accounts.len(), 0);
    }
    assert_eq!(instance.counter("queries").get("accounts"), None);
}

#[tokio::test]
async fn a_check_answers_every_question_of_the_first_day() {
    let instance = Instance::start(20).await;
    instance.faults("[[fault]]\nkind = \"clock-off\"\nseconds = 90");
    let client = instance.client();
    let wishes = CheckWishes {
        tariffs: BTreeSet::from(["31", "35"].map(|id| TariffId::new(id).unwrap())),
        webhook: Some("https://gamctl.isp.example/hooks/billing/sonar/t0ken"),
    };
    let check = client.check(&wishes, NOW).await;
    assert!(!check.user.unwrap().is_super_admin);
    assert_eq!(
        check.token_end,
        TokenEnd::At {
            at: i64::try_from(NOW).unwrap() + 86_400
        }
    );
    assert!(check.token_end.is_near(i64::try_from(NOW).unwrap()));
    assert_eq!(check.clock_ahead, Some(90));
    assert!(
        check
            .tables
            .values()
            .all(|rows| rows.as_ref().is_ok_and(|rows| *rows > 0))
    );
    let features = check.accounts.unwrap();
    assert!(features.root_totals && features.nested_totals && features.uninventoried_service);
    assert_eq!(check.without_totals, [""; 0]);
    assert_eq!(check.unmapped_statuses.len(), 4);
    // 35 is not sold any more, and the ISP did not define the fields for it.
    assert_eq!(
        check.undefined_fields,
        BTreeMap::from([(TariffId::new("35").unwrap(), OwnField::ALL.to_vec())])
    );
    assert_eq!(check.webhook.unwrap().unwrap(), WebhookState::Missing);
}

#[tokio::test]
async fn a_check_names_the_lists_that_cannot_be_counted() {
    let instance = Instance::start(5).await;
    instance.faults("[[fault]]\nkind = \"page-info-fails\"\nconnection = \"addresses\"");
    let check = instance.client().check(&CheckWishes::default(), NOW).await;
    assert_eq!(check.without_totals, ["accounts"]);
    let features = check.accounts.unwrap();
    assert!(features.root_totals && !features.nested_totals);
}

#[tokio::test]
async fn a_wrong_token_is_named_by_every_check_and_nothing_panics() {
    let instance = Instance::start(3).await;
    let mut settings = instance.settings();
    settings.token = gamctl::secrets::Secret::new(b"another".to_vec());
    let client = gamctl::billing::sonar::SonarClient::new(settings).unwrap();
    let check = client.check(&CheckWishes::default(), NOW).await;
    let text = check.user.unwrap_err().to_string();
    assert!(text.contains("me failed at sonar"), "{text}");
    assert!(text.contains("personal access token"), "{text}");
    assert!(check.tables.values().all(Result::is_err));
    assert!(check.webhook.is_none());
}
