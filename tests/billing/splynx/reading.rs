//! Tests complete readings and readings of single accounts, in every typing and version.

use gamctl::billing::splynx::{ClockCheck, IdTyping, ListAccess};
use gamctl::model::billing::{Collection, EquipmentPlace, GoneCause, Proof, WrittenMac};

use super::*;

#[tokio::test]
async fn a_full_read_is_complete_and_proved_by_its_counts() {
    let stage = Stage::new(60).await;
    let snapshot = snapshot(&stage.client()).await;
    let Proof::Complete { counts } = &snapshot.proof else {
        panic!("{:?}", snapshot.proof);
    };
    assert_eq!(counts[&Collection::Accounts].received, 60);
    assert_eq!(snapshot.accounts.len(), 60);
    assert_eq!(snapshot.tariffs.len(), 6);
    assert!(snapshot.unreadable.is_empty(), "{:?}", snapshot.unreadable);
    let received = usize::try_from(counts[&Collection::Equipment].received).unwrap();
    assert_eq!(snapshot.equipment.len(), received);
    let by_status = count_by_status(&snapshot);
    assert!(by_status.len() >= 4, "{by_status:?}");
    assert!(snapshot.proves_absence());
}

#[tokio::test]
async fn a_long_list_is_read_in_pages() {
    let stage = Stage::new(1203).await;
    let snapshot = snapshot(&stage.client()).await;
    assert_eq!(snapshot.accounts.len(), 1203);
    assert!(snapshot.proof.is_complete());
    // Three pages each, and the log, tariffs and items besides.
    let pages = stage.counted("requests", "GET customers/customer");
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn every_typing_gives_the_same_snapshot() {
    let stage = Stage::new(80).await;
    let usual = content(&snapshot(&stage.client()).await);
    for dialect in ["strings", "mixed", "numbers"] {
        stage.faults(&format!("kind = \"dialect\"\ndialect = \"{dialect}\""));
        assert_eq!(
            content(&snapshot(&stage.client()).await),
            usual,
            "{dialect}"
        );
    }
}

#[tokio::test]
async fn a_single_account_is_what_the_full_read_has_of_it() {
    let stage = Stage::new(40).await;
    let client = stage.client();
    let all = snapshot(&client).await;
    for id in all.accounts.keys() {
        let one = account(&client, number(id)).await;
        let services: Vec<_> = all
            .services
            .iter()
            .filter(|service| service.account == *id)
            .collect();
        assert_eq!(one.services.iter().collect::<Vec<_>>(), services);
        let equipment = all
            .equipment
            .iter()
            .filter(|item| item.place.account() == Some(id));
        assert_eq!(
            one.equipment.iter().collect::<Vec<_>>(),
            equipment.collect::<Vec<_>>()
        );
        assert!(!one.proves_absence());
    }
}

#[tokio::test]
async fn many_accounts_are_read_out_of_everything_and_are_the_same() {
    let stage = Stage::new(60).await;
    let client = stage.client();
    let reading = client.read_everything().await.unwrap();
    let all: Vec<AccountId> = reading.snapshot.accounts.keys().cloned().collect();
    let counts = || stage.counted("requests", "HEAD customers/customer");
    for (count, is_of_everything) in [(10, false), (40, true)] {
        let some: BTreeSet<AccountId> = all.iter().take(count).cloned().collect();
        let alone = client.read_accounts(&some, Priority::Hint).await.unwrap();
        let before = counts();
        let read = client.read_changed(&some, &reading.cursor, Priority::Hint);
        let read = read.await.unwrap();
        assert_eq!(content(&read), content(&alone));
        assert_eq!((&read.scope, &read.proof), (&alone.scope, &alone.proof));
        assert_eq!(counts() > before, is_of_everything, "{count}");
    }
}

#[tokio::test]
async fn an_account_that_was_deleted_is_absent_and_proves_nothing() {
    let stage = Stage::new(10).await;
    let client = stage.client();
    let before = snapshot(&client).await;
    let id = number(&served(&before).account);
    stage.edit(&format!("customers/{id}"), &Value::Null);
    let after = account(&client, id).await;
    assert!(after.accounts.is_empty() && after.services.is_empty());
    assert!(!after.proves_absence());
}

#[tokio::test]
async fn no_secret_and_no_name_is_in_what_is_printed() {
    let stage = Stage::new(60).await;
    let client = stage.client();
    let snapshot = snapshot(&client).await;
    let text = format!("{snapshot:?}");
    assert!(!text.contains("canary"), "a secret");
    for account in snapshot.accounts.values() {
        assert!(!account.name.is_empty());
        assert!(!text.contains(account.name.reveal()), "a name");
        assert!(!text.contains(account.address.reveal()), "an address");
    }
    let devices = format!("{:?}", client.access_devices().await.unwrap());
    assert!(!devices.contains("canary"));
}

#[tokio::test]
async fn the_life_of_a_service_is_understood_at_each_step() {
    let stage = Stage::new(30).await;
    let client = stage.client();
    let before = snapshot(&client).await;
    let service = served(&before);
    let id = number(&service.account);
    let served_id = service.service.to_string();

    stage.operate(json!({"do": "block", "account": id}));
    assert_eq!(
        statuses(&account(&client, id).await),
        [(served_id.clone(), NOT_PAID)]
    );
    stage.operate(json!({"do": "pay", "account": id}));
    assert_eq!(
        statuses(&account(&client, id).await),
        [(served_id.clone(), ServiceStatus::Served)]
    );
    stage.operate(json!({"do": "stop", "account": id}));
    let cause = SuspendedCause::Paused;
    assert_eq!(
        statuses(&account(&client, id).await),
        [(served_id.clone(), ServiceStatus::Suspended { cause })]
    );
    stage.operate(json!({"do": "pay", "account": id}));
    stage.edit(&format!("services/{served_id}/status"), &json!("active"));

    stage.operate(json!({"do": "deactivate", "account": id}));
    let gone = account(&client, id).await;
    assert_eq!(gone.services.len(), 2, "the old row and its stopped copy");
    let cause = GoneCause::Disabled;
    assert!(
        gone.services
            .iter()
            .all(|one| one.status == ServiceStatus::Gone { cause })
    );
    stage.operate(json!({"do": "pay", "account": id}));
    let back = account(&client, id).await;
    let live: Vec<_> = back
        .services
        .iter()
        .filter(|one| one.status == ServiceStatus::Served)
        .collect();
    assert_eq!(live.len(), 1, "{:?}", back.services);
    assert_ne!(live[0].service.as_str(), served_id);
    assert_eq!(live[0].login, service.login);
}

#[tokio::test]
async fn a_plan_change_never_shows_two_services_for_one_line() {
    let stage = Stage::new(30).await;
    let client = stage.client();
    let before = snapshot(&client).await;
    let service = served(&before);
    let (id, login) = (number(&service.account), service.login.clone());
    let live = |snapshot: &Snapshot| {
        let live = snapshot
            .services
            .iter()
            .filter(|one| !matches!(one.status, ServiceStatus::Gone { .. }));
        live.map(|one| {
            (
                one.service.to_string(),
                one.tariff.as_ref().unwrap().to_string(),
                one.login.clone(),
            )
        })
        .collect::<Vec<_>>()
    };
    let first = service.service.to_string();

    stage.operate(json!({"do": "change-plan", "account": id, "tariff": 33, "how": "in-place"}));
    assert_eq!(
        live(&account(&client, id).await),
        [(first.clone(), "33".to_owned(), login.clone())]
    );
    stage.operate(json!({"do": "change-plan", "account": id, "tariff": 31, "how": "scheduled"}));
    assert_eq!(
        live(&account(&client, id).await),
        [(first.clone(), "33".to_owned(), login.clone())]
    );
    stage.operate(json!({"do": "change-plan", "account": id, "tariff": 32, "how": "same-day"}));
    let now = live(&account(&client, id).await);
    assert_eq!(now.len(), 1, "{now:?}");
    assert_eq!((now[0].1.as_str(), &now[0].2), ("32", &login));
    assert_ne!(now[0].0, first);
}

#[tokio::test]
async fn a_sold_endpoint_is_claimed_and_a_returned_one_is_in_stock() {
    let stage = Stage::new(5).await;
    let client = stage.client();
    let sold = stage
        .operate(json!({"do": "sell", "tariff": 31, "mac": "00:0e:d8:aa:bb:0c", "unit": "Apt 9"}));
    let id = sold["account"].as_u64().unwrap();
    let claim = account(&client, id).await;
    let [item] = &claim.equipment[..] else {
        panic!("{:?}", claim.equipment);
    };
    let macs: Vec<_> = item
        .macs
        .iter()
        .filter_map(WrittenMac::mac)
        .map(|mac| mac.to_string())
        .collect();
    assert_eq!(macs, ["00:0e:d8:aa:bb:0c"]);
    assert_eq!(item.place.account(), Some(&account_id(id)));
    assert_eq!(item.model.as_deref(), Some("4"));
    assert_eq!(claim.services[0].unit.as_deref(), Some("9"));
    stage.operate(json!({"do": "return", "account": id}));
    assert!(account(&client, id).await.equipment.is_empty());
    let all = snapshot(&client).await;
    let item = all.equipment.iter().find(|one| one.id == item.id).unwrap();
    assert_eq!(item.place, EquipmentPlace::Stock);
}

#[tokio::test]
async fn the_isp_s_own_words_are_used_and_others_are_unknown() {
    let stage = Stage::new(20).await;
    let client = stage.client();
    let before = snapshot(&client).await;
    let service = served(&before);
    let (id, path) = (
        number(&service.account),
        format!("services/{}/status", service.service),
    );
    stage.edit(&path, &json!("frozen"));
    let word = "active/frozen".into();
    assert_eq!(
        account(&client, id).await.services[0].status,
        ServiceStatus::Unknown { word }
    );
    let client = stage.client_with(|settings| {
        let pair = "*/frozen".parse().unwrap();
        let meaning = gamctl::inventory::text::StatusSetting::Suspended;
        settings.states =
            gamctl::billing::splynx::StateTable::new(BTreeMap::from([(pair, meaning)]));
    });
    let cause = SuspendedCause::Setting;
    assert_eq!(
        account(&client, id).await.services[0].status,
        ServiceStatus::Suspended { cause }
    );
}

#[tokio::test]
async fn a_check_reports_what_the_instance_can_do() {
    let stage = Stage::new(20).await;
    let client = stage.client_with(|settings| {
        settings.place_field = Some("wiring".into());
        settings.endpoint_models = BTreeSet::from(["4".into(), "44".into()]);
        settings.partners = BTreeSet::from(["1".into(), "9".into()]);
    });
    let check = client.check().await.unwrap();
    assert_eq!(check.login, LoginWay::Token);
    assert!(
        check
            .lists
            .iter()
            .all(|list| list.access == ListAccess::Readable),
        "{:?}",
        check.lists
    );
    let fields = check.service_fields.unwrap();
    assert!(fields.access_device && fields.port_id && fields.undefined.is_empty());
    assert_eq!(fields.undefined_settings, ["wiring", "unit"]);
    assert_eq!(
        (check.pages_by_id, check.filters),
        (Ok(Some(true)), Ok(true))
    );
    assert_eq!(check.service_updates, Ok(false));
    assert_eq!(check.hidden_partners, Ok(vec!["9".into()]));
    assert_eq!(check.unknown_models, Ok(vec!["44".into()]));
    assert_eq!(stage.counted("writes", "PUT"), 0);

    stage.faults(
        "kind = \"no-access-device\"\n[[fault]]\nkind = \"options-flat\"\n[[fault]]\nkind = \"services-updated-at\"\n\
         [[fault]]\nkind = \"fields-undefined\"\n[[fault]]\nkind = \"dialect\"\ndialect = \"strings\"\n\
         [[fault]]\nkind = \"module-off\"\nmodule = \"inventory\"\n[[fault]]\nkind = \"forbidden\"\nmodule = \"networking/monitoring\"",
    );
    let check = client.check().await.unwrap();
    let fields = check.service_fields.unwrap();
    assert!(!fields.access_device && fields.port_id);
    assert_eq!(fields.undefined, ["gam_place", "gam_vlan", "gam_state"]);
    assert_eq!(
        (check.id_typing, check.service_updates),
        (Some(IdTyping::Texts), Ok(true))
    );
    let access = |path: &str| {
        check
            .lists
            .iter()
            .find(|list| list.path == path)
            .unwrap()
            .access
            .clone()
    };
    assert_eq!(access("inventory/items"), ListAccess::Off);
    assert_eq!(access("networking/monitoring"), ListAccess::Forbidden);
    assert_eq!(access("customers/customer"), ListAccess::Readable);
}

#[tokio::test]
async fn a_check_sees_filters_without_effect_and_a_clock_ahead() {
    let stage = Stage::new(20).await;
    let client = stage.client();
    stage.faults("kind = \"filters-ignored\"\n[[fault]]\nkind = \"clock\"\nminutes_ahead = 300");
    let before = snapshot(&client).await;
    stage.operate(json!({"do": "block", "account": number(&served(&before).account)}));
    let check = client.check().await.unwrap();
    assert_eq!(check.filters, Ok(false));
    assert_eq!(check.pages_by_id, Ok(Some(false)));
    let Ok(ClockCheck::Ahead { seconds }) = check.clock else {
        panic!("{:?}", check.clock);
    };
    assert!((17_900..=18_000).contains(&seconds), "{seconds}");
}
