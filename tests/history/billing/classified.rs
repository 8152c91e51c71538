//! Tests the classifications of services: replaced as a whole or by account, and found again.

use gamctl::history::{ClassifiedScope, ServiceFilter};
use gamctl::model::billing::{AccountId, PlaceHint};
use gamctl::model::{DeviceName, PortNumber};
use gamctl::sync::{Classification, NearMiss, Reason, SyncKey};

use super::{classified, classify, key, leader, list, splynx, subscriber};
use crate::history::{Bed, on_both};

on_both!(
    classifications_are_replaced_and_found_by_class_account_and_subscriber,
    a_reading_of_some_accounts_leaves_the_others,
    a_service_that_is_listed_twice_has_one_row,
    every_reason_is_read_back,
);

async fn classifications_are_replaced_and_found_by_class_account_and_subscriber(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let waits = Reason::NotHeard {
        macs: ["00:0e:d8:00:00:01".parse().unwrap()].into(),
        near: Vec::new(),
    };
    let mut in_sync = classified("1042/7001", Classification::InSync, &[]);
    in_sync.subscriber = Some(subscriber("acct-1042"));
    let services = [
        in_sync.clone(),
        classified(
            "1042/7002",
            Classification::Waiting,
            std::slice::from_ref(&waits),
        ),
        classified(
            "1043/7003",
            Classification::Waiting,
            std::slice::from_ref(&waits),
        ),
    ];
    classify(store, &leader, ClassifiedScope::Everything, &services).await;
    let class = Some(Classification::Waiting);
    let of_class = ServiceFilter {
        class,
        ..ServiceFilter::default()
    };
    assert_eq!(
        list(store, of_class.clone()).await,
        ["1042/7002", "1043/7003"]
    );
    let account = Some(AccountId::new("1042").unwrap());
    let of_account = ServiceFilter {
        account,
        ..ServiceFilter::default()
    };
    assert_eq!(list(store, of_account).await, ["1042/7001", "1042/7002"]);
    let of_subscriber = ServiceFilter {
        subscriber: Some(subscriber("acct-1042")),
        ..ServiceFilter::default()
    };
    assert_eq!(list(store, of_subscriber).await, ["1042/7001"]);
    let next_page = ServiceFilter {
        after: Some(key("1042/7001")),
        ..ServiceFilter::default()
    };
    assert_eq!(list(store, next_page).await, ["1042/7002", "1043/7003"]);
    let counts = store.classification_counts(&splynx()).await.unwrap();
    assert_eq!(
        counts,
        [(Classification::InSync, 1), (Classification::Waiting, 2)].into()
    );
    let rows = store.classified_services(&splynx(), &of_class, 1).await;
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].since, &rows[0].reasons), (100, &vec![waits]));
    // The next reading of everything does not have two of them.
    in_sync.classification = Classification::Change;
    classify(store, &leader, ClassifiedScope::Everything, &[in_sync]).await;
    assert_eq!(list(store, ServiceFilter::default()).await, ["1042/7001"]);
    let counts = store.classification_counts(&splynx()).await.unwrap();
    assert_eq!(counts, [(Classification::Change, 1)].into());
}

async fn a_reading_of_some_accounts_leaves_the_others(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let services = ["1/1", "1/2", "2/3", "3/4"]
        .map(|service| classified(service, Classification::InSync, &[]));
    classify(store, &leader, ClassifiedScope::Everything, &services).await;
    let accounts = ["1", "2"].map(|id| AccountId::new(id).unwrap()).into();
    let scope = ClassifiedScope::Accounts(&accounts);
    let read = [classified("1/2", Classification::Gone, &[])];
    classify(store, &leader, scope, &read).await;
    assert_eq!(list(store, ServiceFilter::default()).await, ["1/2", "3/4"]);
    let counts = store.classification_counts(&splynx()).await.unwrap();
    assert_eq!(
        counts,
        [(Classification::InSync, 1), (Classification::Gone, 1)].into()
    );
}

async fn a_service_that_is_listed_twice_has_one_row(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let twice = classified("1/1", Classification::Quarantined, &[Reason::ListedTwice]);
    let services = [twice.clone(), twice];
    for _ in 0..2 {
        classify(store, &leader, ClassifiedScope::Everything, &services).await;
        assert_eq!(list(store, ServiceFilter::default()).await, ["1/1"]);
    }
}

async fn every_reason_is_read_back(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let at = gamctl::sync::DevicePort {
        device: DeviceName::new("maple-a").unwrap(),
        port: PortNumber::new(4).ok(),
    };
    let mac = "00:0e:d8:00:00:01".parse().unwrap();
    let reasons = vec![
        Reason::CausesFinding {
            rule: "lost-file",
            message: "a file would have no object left".into(),
        },
        Reason::CausesFinding {
            rule: "unknown-device",
            message: "two\u{0}".into(),
        },
        Reason::Tariff {
            tariff: gamctl::model::billing::TariffId::new("31").unwrap(),
            problem: gamctl::sync::TariffProblem::NotMapped,
        },
        Reason::Contested {
            key: SyncKey::ServicePlan,
            billing: "home-500".into(),
            inventory: "home-100".into(),
        },
        Reason::NotHeard {
            macs: [mac].into(),
            near: vec![NearMiss {
                written: "000e.d800.0002".into(),
                heard: mac,
                at: at.clone(),
            }],
        },
        Reason::PlaceUnknown {
            hint: PlaceHint {
                device: "?".into(),
                port: None,
            },
        },
        Reason::Moved {
            from: at.clone(),
            to: at,
        },
        Reason::InGrace {
            since: 1,
            removed_at: 2,
        },
        Reason::NoItem,
    ];
    let services = [classified("1/1", Classification::Quarantined, &reasons)];
    classify(store, &leader, ClassifiedScope::Everything, &services).await;
    let rows = store
        .classified_services(&splynx(), &ServiceFilter::default(), 9)
        .await;
    assert_eq!(rows.unwrap()[0].reasons, reasons);
}
