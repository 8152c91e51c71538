//! Tests every fault of answers, lists and data: nothing is taken for absent.

use gamctl::billing::{BillingProblem, Unreachable};
use gamctl::model::billing::{Collection, GapReason, Proof, WrittenMac};

use super::*;

fn gaps(snapshot: &Snapshot) -> Vec<(Collection, &GapReason)> {
    match &snapshot.proof {
        Proof::Complete { .. } => Vec::new(),
        Proof::Incomplete { gaps } => gaps
            .iter()
            .map(|gap| (gap.collection, &gap.reason))
            .collect(),
    }
}

#[tokio::test]
async fn a_wrong_answer_is_dropped_whole_and_named() {
    let stage = Stage::new(10).await;
    for (fault, path) in [
        (
            "kind = \"error-for-list\"",
            "an object where a list belongs",
        ),
        ("kind = \"html\"\nmethod = \"get\"", "a page"),
        ("kind = \"html\"\nstatus = 502", "a page with a status"),
        ("kind = \"half-json\"", "half an answer"),
        ("kind = \"server-error\"", "a server error"),
        (
            "kind = \"error-for-list\"\nstatus = 500",
            "an error object with a status",
        ),
        ("kind = \"answer-lost\"", "no write at all"),
    ] {
        let client = stage.client();
        stage.faults(fault);
        let result = client.read_everything().await;
        if fault.contains("answer-lost") {
            assert!(result.is_ok(), "reading writes nothing");
            continue;
        }
        let failed = result.unwrap_err();
        let is_expected = match &failed.problem {
            BillingProblem::Shape(_) => path.contains("object where"),
            BillingProblem::NotJson { .. } => path.contains("page"),
            BillingProblem::Unreachable(why) => {
                *why == Unreachable::Interrupted && path.contains("half")
            }
            BillingProblem::Refused { status, .. } => *status == 500 && path.contains("error"),
            _ => false,
        };
        assert!(is_expected, "{path}: {failed:?}");
        assert!(
            failed.to_string().contains(" failed at splynx: "),
            "{failed}"
        );
        stage.no_faults();
        let again = client.read_everything().await;
        let is_spared = matches!(
            again,
            Err(BillingError {
                problem: BillingProblem::Unreachable(Unreachable::CircuitOpen { .. }),
                ..
            })
        );
        assert!(again.is_ok() || is_spared, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_answer_in_the_middle_is_asked_for_again() {
    let stage = Stage::new(30).await;
    let usual = content(&snapshot(&stage.client()).await);
    for kind in ["html\"\nstatus = \"502", "half-json", "server-error"] {
        for after in [1, 4, 7] {
            let kind = kind.replace("\"502", "502");
            let kind = if kind.contains("502") {
                format!("kind = \"{kind}")
            } else {
                format!("kind = \"{kind}\"")
            };
            stage.faults(&format!("{kind}\ntimes = 1\nafter = {after}"));
            assert_eq!(
                content(&snapshot(&stage.client()).await),
                usual,
                "{kind} {after}"
            );
        }
    }
}

#[tokio::test]
async fn a_system_that_keeps_failing_is_spared() {
    let stage = Stage::new(5).await;
    let client = stage.client();
    stage.faults("kind = \"server-error\"");
    let mut last = error(&client).await;
    while !matches!(
        last.problem,
        BillingProblem::Unreachable(Unreachable::CircuitOpen { .. })
    ) {
        last = error(&client).await;
    }
    let sent = stage.server.counters()["requests_total"].as_u64().unwrap();
    assert!(sent <= 6, "{sent}");
    stage.no_faults();
    for _ in 0..5 {
        error(&client).await;
    }
    assert_eq!(stage.server.counters()["requests_total"], json!(sent));
    assert!(client.failing_for().is_some());
}

#[tokio::test]
async fn a_list_that_lacks_rows_without_an_error_is_not_complete() {
    let stage = Stage::new(40).await;
    let client = stage.client();
    for (fault, collection) in [
        (
            "kind = \"rows-missing\"\nrows = 3\ncounted = false\npath = \"customers/customer\"",
            Collection::Accounts,
        ),
        (
            "kind = \"rows-missing\"\nrows = 1\ncounted = false\npath = \"internet-services\"",
            Collection::Services,
        ),
        (
            "kind = \"empty-list\"\ncounted = false\npath = \"inventory/items\"",
            Collection::Equipment,
        ),
        (
            "kind = \"counts-move\"\npath = \"tariffs\"",
            Collection::Tariffs,
        ),
    ] {
        stage.faults(fault);
        let snapshot = snapshot(&client).await;
        let gaps = gaps(&snapshot);
        let disagrees = |gap: &(Collection, &GapReason)| {
            gap.0 == collection && matches!(gap.1, GapReason::CountsDisagree { .. })
        };
        assert!(gaps.iter().any(disagrees), "{fault}: {gaps:?}");
        assert!(!snapshot.proves_absence());
    }
}

#[tokio::test]
async fn counts_that_move_once_are_read_again() {
    let stage = Stage::new(20).await;
    stage.faults("kind = \"counts-move\"\ntimes = 1\npath = \"tariffs\"");
    let snapshot = snapshot(&stage.client()).await;
    assert!(snapshot.proof.is_complete(), "{:?}", snapshot.proof);
    assert!(stage.counted("requests", "HEAD tariffs/internet") > 2);
}

#[tokio::test]
async fn a_list_that_ends_early_is_read_on_from_where_it_ended() {
    let stage = Stage::new(20).await;
    stage.faults(
        "kind = \"rows-missing\"\nrows = 2\ncounted = false\ntimes = 1\npath = \"inventory/items\"\nmethod = \"get\"",
    );
    let snapshot = snapshot(&stage.client()).await;
    assert!(snapshot.proof.is_complete(), "{:?}", snapshot.proof);
    assert_eq!(stage.counted("requests", "HEAD inventory/items"), 2);
}

#[tokio::test]
async fn an_empty_instance_is_complete_and_empty() {
    let stage = Stage::new(20).await;
    stage.faults("kind = \"empty-list\"");
    let snapshot = snapshot(&stage.client()).await;
    // Whether that can be true is for the gate to decide.
    assert!(snapshot.proof.is_complete());
    assert!(snapshot.accounts.is_empty() && snapshot.services.is_empty());
}

#[tokio::test]
async fn a_partner_that_the_key_lost_is_a_gap_where_the_settings_name_it() {
    let stage = Stage::new(60).await;
    let client =
        stage.client_with(|settings| settings.partners = BTreeSet::from(["1".into(), "2".into()]));
    assert!(snapshot(&client).await.proof.is_complete());
    stage.faults("kind = \"partner-lost\"\npartner = 2");
    let lost = snapshot(&client).await;
    assert_eq!(
        gaps(&lost),
        [(Collection::Accounts, &GapReason::NotPermitted)]
    );
    let is_of_two = |account: &gamctl::model::billing::BillingAccount| {
        account
            .groups
            .iter()
            .any(|group| group.as_str() == "partner.2")
    };
    assert!(!lost.accounts.values().any(is_of_two));
}

#[tokio::test]
async fn a_module_that_is_off_is_absent_and_a_forbidden_one_names_its_permission() {
    let stage = Stage::new(20).await;
    let client = stage.client();
    stage.faults("kind = \"module-off\"\nmodule = \"inventory/items\"");
    let without = snapshot(&client).await;
    assert!(without.proof.is_complete() && without.equipment.is_empty());
    stage.faults("kind = \"module-off\"\nmodule = \"logs\"");
    assert!(snapshot(&client).await.proof.is_complete());
    stage.faults("kind = \"module-off\"\nmodule = \"tariffs\"");
    let off = error(&client).await;
    assert_eq!(
        off.problem,
        BillingProblem::ModuleOff {
            module: "tariffs/internet".into()
        }
    );
    for (module, permission) in [
        ("customers/customer", "Customers: Customer View"),
        ("inventory", "Inventory: Items View"),
        ("logs/changes", "Logs: Changes View"),
    ] {
        stage.faults(&format!("kind = \"forbidden\"\nmodule = \"{module}\""));
        let forbidden = error(&client).await;
        assert_eq!(
            forbidden.problem,
            BillingProblem::Forbidden {
                permission: permission.into()
            },
            "{module}"
        );
        assert!(forbidden.to_string().contains(permission));
    }
}

#[tokio::test]
async fn services_are_read_by_status_where_the_filter_by_id_has_no_effect() {
    let stage = Stage::new(700).await;
    let usual = snapshot(&stage.client()).await;
    let client = stage.client();
    stage.faults("kind = \"filters-ignored\"\ncolumn = \"id\"\npath = \"internet-services\"");
    let mut cursor = None;
    for _ in 0..2 {
        let by_status = read(&client).await;
        let proof = &by_status.snapshot.proof;
        assert!(proof.is_complete(), "{proof:?}");
        assert_eq!(content(&by_status.snapshot), content(&usual));
        cursor = Some(by_status.cursor);
    }
    // A delta cannot name the new service, and asks for a full read.
    stage.operate(json!({"do": "sell", "tariff": 31}));
    let changes = client.read_changes(&cursor.unwrap()).await.unwrap();
    assert!(changes.lost.contains(&Collection::Services));
}

#[tokio::test]
async fn services_that_cannot_be_counted_prove_nothing() {
    let stage = Stage::new(20).await;
    let usual = snapshot(&stage.client()).await;
    stage.faults("kind = \"server-error\"\nmethod = \"head\"\npath = \"internet-services\"");
    let client = stage.client();
    for _ in 0..3 {
        let read = snapshot(&client).await;
        assert_eq!(
            gaps(&read),
            [(Collection::Services, &GapReason::NotCounted)]
        );
        assert_eq!(content(&read), content(&usual));
    }
    stage.no_faults();
    assert!(snapshot(&client).await.proof.is_complete());
}

#[tokio::test]
async fn a_list_whose_pages_repeat_is_an_error_and_no_endless_loop() {
    let stage = Stage::new(700).await;
    stage.faults("kind = \"filters-ignored\"\ncolumn = \"id\"\npath = \"customers/customer\"");
    let repeated = error(&stage.client()).await;
    assert!(
        matches!(repeated.problem, BillingProblem::Shape(_)),
        "{repeated:?}"
    );
}

#[tokio::test]
async fn filters_without_effect_add_no_stranger_to_a_single_account() {
    let stage = Stage::new(20).await;
    let client = stage.client();
    let before = snapshot(&client).await;
    let id = number(&served(&before).account);
    let usual = content(&account(&client, id).await);
    stage.faults("kind = \"filters-ignored\"");
    assert_eq!(content(&account(&client, id).await), usual);
}

#[tokio::test]
async fn a_service_of_a_customer_that_is_not_listed_is_unreadable_and_stops_no_other() {
    let stage = Stage::new(20).await;
    let client = stage.client();
    let before = snapshot(&client).await;
    stage.faults("kind = \"unlisted-customer\"");
    let after = snapshot(&client).await;
    assert_eq!(after.accounts.len(), before.accounts.len() - 1);
    let held: BTreeSet<_> = after
        .unreadable
        .iter()
        .map(|record| record.account.clone().unwrap())
        .collect();
    assert_eq!(held.len(), 1);
    assert_eq!(
        after.services.len() + after.unreadable.len(),
        before.services.len()
    );
    assert!(before.accounts.contains_key(held.first().unwrap()));
}

#[tokio::test]
async fn equipment_is_read_as_it_is_written() {
    let stage = Stage::new(40).await;
    let client = stage.client();
    let macs = |snapshot: &Snapshot| {
        let items = snapshot.equipment.iter();
        items
            .map(|item| {
                (
                    item.id.clone(),
                    item.macs.iter().filter_map(WrittenMac::mac).collect(),
                )
            })
            .collect::<BTreeMap<_, Vec<_>>>()
    };
    let usual = macs(&snapshot(&client).await);
    stage.faults("kind = \"mac-notations\"");
    assert_eq!(macs(&snapshot(&client).await), usual);

    stage.faults("kind = \"same-mac\"");
    let doubled = macs(&snapshot(&client).await);
    let all: Vec<_> = doubled.values().flatten().collect();
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len() - 1, "both claims stay visible");

    stage.faults("kind = \"item-without-service\"");
    let loose = snapshot(&client).await;
    assert!(loose.equipment.iter().any(|item| matches!(
        item.place,
        gamctl::model::billing::EquipmentPlace::Account { .. }
    )));
}

#[tokio::test]
async fn a_version_without_a_link_to_devices_is_read() {
    let stage = Stage::new(20).await;
    stage.faults("kind = \"no-access-device\"\n[[fault]]\nkind = \"archived-left-out\"");
    let snapshot = snapshot(&stage.client()).await;
    assert!(snapshot.unreadable.is_empty());
    assert!(
        snapshot
            .services
            .iter()
            .all(|service| service.place_hint.is_none())
    );
}

#[tokio::test]
async fn the_own_rate_is_kept_and_the_limit_of_the_system_waited_for() {
    let stage = Stage::new(5).await;
    let client = stage.client_with(|settings| {
        settings.requests_per_minute = 120;
        settings.retries.tries = 1;
    });
    stage.faults("kind = \"limit\"\nper_minute = 4");
    let limited = error(&client).await;
    let BillingProblem::Limited { wait } = limited.problem else {
        panic!("{limited:?}");
    };
    assert!(
        Duration::from_secs(50) < wait && wait <= Duration::from_secs(60),
        "{wait:?}"
    );
    let sent = stage.server.counters()["requests_total"].clone();
    // Nothing more is sent before that time is over.
    let next = tokio::time::timeout(Duration::from_millis(100), client.locations());
    assert!(next.await.is_err());
    assert_eq!(stage.server.counters()["requests_total"], sent);
}

#[tokio::test]
async fn never_more_than_two_requests_are_sent_at_once() {
    let stage = Stage::new(20).await;
    stage.faults("kind = \"slow\"\nmillis = 5");
    let client = Arc::new(stage.client());
    let readings: Vec<_> = (0..8)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.read_everything().await.map(|_| ()) })
        })
        .collect();
    for reading in readings {
        reading.await.unwrap().unwrap();
    }
    let most = stage.server.counters()["most_at_once"].as_u64().unwrap();
    assert!(most <= 2, "{most}");
}
