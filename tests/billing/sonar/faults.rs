//! Tests every fault of the simulated instance: nothing is invented or taken for absent.

use std::time::Duration;

use gamctl::billing::sonar::SonarClient;
use gamctl::billing::{BillingError, BillingProblem, Unauthorized, Unreachable};
use gamctl::model::billing::{Collection, GapReason, GroupId, Proof, ServiceStatus, Snapshot};
use gamctl::simulator::billing::{HttpAnswer, HttpRequest};
use serde_json::{Value, json};

use super::server::{Instance, NOW, scripted, settings};

/// Reads everything from an instance with a fault.
async fn read_with(accounts: u64, fault: &str) -> (Instance, Result<Snapshot, BillingError>) {
    let instance = Instance::start(accounts).await;
    instance.faults(&format!("[[fault]]\n{fault}"));
    let read = instance.client().read_everything(NOW).await;
    (instance, read.map(|(snapshot, _)| snapshot))
}

/// Reads everything from the same instance without a fault.
async fn read_without(accounts: u64) -> Snapshot {
    let instance = Instance::start(accounts).await;
    instance.client().read_everything(NOW).await.unwrap().0
}

fn gaps(snapshot: &Snapshot) -> Vec<(Collection, &GapReason)> {
    match &snapshot.proof {
        Proof::Complete { .. } => Vec::new(),
        Proof::Incomplete { gaps } => gaps
            .iter()
            .map(|gap| (gap.collection, &gap.reason))
            .collect(),
    }
}

fn assert_same_records(one: &Snapshot, other: &Snapshot) {
    assert_eq!(one.services, other.services);
    assert_eq!(one.equipment, other.equipment);
    assert_eq!(one.tariffs, other.tariffs);
    assert!(one.accounts.keys().eq(other.accounts.keys()));
}

#[tokio::test]
async fn nested_lists_with_a_small_default_are_read_whole() {
    let (_instance, read) = read_with(120, "kind = \"nested-limit\"\nlimit = 0").await;
    let read = read.unwrap();
    assert!(read.proves_absence(), "{:?}", read.proof);
    assert_same_records(&read, &read_without(120).await);
}

#[tokio::test]
async fn a_total_that_moves_at_each_try_leaves_the_reading_incomplete() {
    let (_instance, read) = read_with(250, "kind = \"total-moves\"").await;
    let read = read.unwrap();
    assert!(!read.proves_absence());
    let disagree = |gap: &(Collection, &GapReason)| {
        matches!(
            gap,
            (Collection::Accounts, GapReason::CountsDisagree { .. })
        )
    };
    assert!(gaps(&read).iter().any(disagree), "{:?}", read.proof);
    assert_same_records(&read, &read_without(250).await);
}

#[tokio::test]
async fn an_account_that_slips_once_is_found_by_reading_again() {
    let (_instance, read) = read_with(250, "kind = \"account-slips\"\ntimes = 1").await;
    let read = read.unwrap();
    assert!(read.proves_absence(), "{:?}", read.proof);
    assert_eq!(read.accounts.len(), 250);
}

#[tokio::test]
async fn an_account_that_always_slips_is_missing_and_proves_nothing() {
    let (_instance, read) = read_with(250, "kind = \"account-slips\"").await;
    let read = read.unwrap();
    assert!(read.accounts.len() < 250);
    assert!(!read.proves_absence());
}

#[tokio::test]
async fn totals_that_fail_are_left_out_and_prove_nothing() {
    for (connection, collection) in [
        ("accounts", Collection::Accounts),
        ("account_statuses", Collection::Statuses),
        ("services", Collection::Tariffs),
        ("account_services", Collection::Services),
        ("inventory_items", Collection::Equipment),
    ] {
        let fault = format!("kind = \"page-info-fails\"\nconnection = \"{connection}\"");
        let (_instance, read) = read_with(150, &fault).await;
        let read = read.unwrap();
        let not_counted = (collection, &GapReason::NotCounted);
        assert!(
            gaps(&read).contains(&not_counted),
            "{connection}: {:?}",
            read.proof
        );
        assert_same_records(&read, &read_without(150).await);
    }
}

#[tokio::test]
async fn pages_that_take_too_long_are_asked_for_in_halves() {
    let instance = Instance::start(150).await;
    instance.faults("[[fault]]\nkind = \"timeout\"\nover = 25");
    let mut settings = instance.settings();
    settings.timeout = Duration::from_millis(500);
    let client = SonarClient::new(settings).unwrap();
    let (read, _) = client.read_everything(NOW).await.unwrap();
    assert!(read.proves_absence(), "{:?}", read.proof);
    assert_same_records(&read, &read_without(150).await);
}

#[tokio::test]
async fn an_answer_of_a_proxy_half_an_answer_and_none_are_asked_for_again() {
    for fault in [
        "kind = \"html\"",
        "kind = \"half-answer\"",
        "kind = \"unreachable\"",
        "kind = \"html\"\nstatus = 200",
    ] {
        let (_instance, read) = read_with(30, &format!("{fault}\nafter = 3\ntimes = 1")).await;
        assert!(read.unwrap().proves_absence(), "{fault}");
    }
}

#[tokio::test]
async fn what_stays_wrong_is_an_error_that_names_it() {
    let instance = Instance::start(5).await;
    let client = instance.client();
    let error = |fault: &'static str| {
        instance.faults(&format!("[[fault]]\n{fault}"));
        let client = &client;
        // A mutation is sent once, so that no pause follows.
        async move { client.close_ticket("1").await.unwrap_err() }
    };
    let html = error("kind = \"html\"").await;
    assert!(
        matches!(html.problem, BillingProblem::NotJson { status: 502, .. }),
        "{html}"
    );
    let cut = error("kind = \"half-answer\"").await;
    assert!(
        matches!(
            cut.problem,
            BillingProblem::Unreachable(Unreachable::Interrupted)
        ),
        "{cut}"
    );
    let none = error("kind = \"unreachable\"").await;
    assert!(
        matches!(
            none.problem,
            BillingProblem::Unreachable(Unreachable::Interrupted)
        ),
        "{none}"
    );
    let login = error("kind = \"unauthorized\"").await;
    assert_eq!(
        login.problem,
        BillingProblem::Unauthorized(Unauthorized::Token)
    );
}

#[tokio::test]
async fn the_request_limit_is_known_whatever_its_status() {
    for status in [200, 400, 429] {
        let instance = Instance::start(5).await;
        instance.faults(&format!("[[fault]]\nkind = \"limited\"\nstatus = {status}"));
        let error = instance.client().close_ticket("1").await.unwrap_err();
        assert!(
            matches!(error.problem, BillingProblem::Limited { .. }),
            "{status}: {error}"
        );
    }
}

#[tokio::test]
async fn partial_data_is_never_used() {
    let (instance, read) = read_with(30, "kind = \"partial-data\"").await;
    let error = read.unwrap_err();
    assert!(
        matches!(error.problem, BillingProblem::Refused { status: 200, .. }),
        "{error}"
    );
    // A part that is lost in the middle of a reading loses the reading.
    instance.faults("[[fault]]\nkind = \"partial-data\"\nafter = 5");
    assert!(instance.client().read_everything(NOW).await.is_err());
}

#[tokio::test]
async fn a_part_that_is_lost_once_costs_a_request_and_not_the_proof() {
    // The first page of accounts, and the second one.
    for after in [5, 6] {
        let fault = format!("kind = \"partial-data\"\nafter = {after}\ntimes = 1");
        let (instance, read) = read_with(120, &fault).await;
        let read = read.unwrap();
        assert!(read.proves_absence(), "{:?}", read.proof);
        assert_eq!(instance.counter("queries")["accounts"], json!(3));
    }
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_ends_the_reading() {
    let (_instance, read) = read_with(250, "kind = \"unauthorized\"\nafter = 7").await;
    assert_eq!(
        read.unwrap_err().problem,
        BillingProblem::Unauthorized(Unauthorized::Token)
    );
}

#[tokio::test]
async fn an_older_instance_is_read_without_the_fields_that_it_lacks() {
    let fault = "kind = \"field-missing\"\ntype = \"UninventoriedMacAddress\"\nfield = \"account_service_id\"";
    let (_instance, read) = read_with(60, fault).await;
    let read = read.unwrap();
    assert!(read.proves_absence());
    assert_same_records(&read, &read_without(60).await);
}

#[tokio::test]
async fn a_field_that_every_instance_has_and_this_one_lacks_is_an_error() {
    let fault = "kind = \"field-missing\"\ntype = \"Account\"\nfield = \"is_delinquent\"";
    let (_instance, read) = read_with(10, fault).await;
    let error = read.unwrap_err();
    assert_eq!(error.request, "accounts");
    assert!(
        matches!(error.problem, BillingProblem::Refused { status: 200, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_word_that_is_not_known_holds_its_record_and_no_other() {
    let fault = "kind = \"unknown-enum\"\ntype = \"InventoryItem\"\nfield = \"status\"";
    let (_instance, read) = read_with(30, fault).await;
    let (read, whole) = (read.unwrap(), read_without(30).await);
    assert_eq!(read.services, whole.services);
    assert!(read.proves_absence(), "they came, so they are not absent");
    assert!(!read.unreadable.is_empty());
    for record in &read.unreadable {
        assert!(record.reason.contains("`MYSTERY`"), "{record:?}");
        assert!(record.account.is_some());
    }
    let fault = "kind = \"unknown-enum\"\ntype = \"InventoryModelField\"\nfield = \"type\"\nvalue = \"NEW_TYPE\"";
    let (_instance, read) = read_with(30, fault).await;
    let read = read.unwrap();
    assert!(
        read.equipment
            .iter()
            .filter(|item| item.model.is_some())
            .all(|item| item.macs.is_empty())
    );
}

#[tokio::test]
async fn ids_may_be_numbers() {
    let (_instance, read) = read_with(150, "kind = \"ids-as-numbers\"").await;
    let read = read.unwrap();
    assert!(
        read.proves_absence(),
        "{:?} {:?}",
        read.proof,
        read.unreadable
    );
    assert_same_records(&read, &read_without(150).await);
}

#[tokio::test]
async fn a_group_that_vanishes_can_be_seen_by_its_accounts() {
    let whole = read_without(250).await;
    for (what, group, id) in [
        ("company", "company.2", 2),
        ("type", "type.2", 2),
        ("status", "status.3", 3),
    ] {
        let fault = format!("kind = \"permission-lost\"\nwhat = \"{what}\"\nid = {id}");
        let (_instance, read) = read_with(250, &fault).await;
        let read = read.unwrap();
        let group = GroupId::new(group).unwrap();
        let members = |snapshot: &Snapshot| {
            let accounts = snapshot.accounts.values();
            accounts
                .filter(|account| account.groups.contains(&group))
                .count()
        };
        assert!(members(&whole) > 0 && members(&read) == 0, "{what}");
    }
}

#[tokio::test]
async fn a_hidden_status_is_unknown_and_a_hidden_part_holds_its_account() {
    let (_instance, read) = read_with(
        30,
        "kind = \"null-field\"\ntype = \"Account\"\nfield = \"account_status\"",
    )
    .await;
    let read = read.unwrap();
    assert!(!read.services.is_empty());
    for service in &read.services {
        assert!(
            matches!(service.status, ServiceStatus::Unknown { .. }),
            "{service:?}"
        );
    }
    for field in [
        "account_services",
        "addresses",
        "uninventoried_mac_addresses",
    ] {
        let fault = format!("kind = \"null-field\"\ntype = \"Account\"\nfield = \"{field}\"");
        let (_instance, read) = read_with(30, &fault).await;
        let read = read.unwrap();
        assert_eq!(
            (read.services.len(), read.unreadable.len()),
            (0, 30),
            "{field}"
        );
        assert!(
            read.unreadable
                .iter()
                .all(|record| record.account.is_some())
        );
    }
}

#[tokio::test]
async fn an_empty_list_is_what_the_instance_claims_and_is_left_to_the_gate() {
    let (_instance, read) = read_with(30, "kind = \"empty-list\"\nconnection = \"accounts\"").await;
    let read = read.unwrap();
    assert_eq!(read.accounts.len(), 0);
}

#[tokio::test]
async fn no_error_and_no_unreadable_record_has_a_name_of_a_person() {
    let names = |snapshot: &Snapshot| {
        let accounts = snapshot.accounts.values();
        accounts
            .map(|account| account.name.reveal().to_owned())
            .collect::<Vec<_>>()
    };
    let whole = read_without(60).await;
    let people = names(&whole);
    assert!(people.iter().all(|name| !name.is_empty()));
    for fault in [
        "kind = \"partial-data\"",
        "kind = \"html\"",
        "kind = \"unknown-enum\"\ntype = \"InventoryItem\"\nfield = \"status\"",
        "kind = \"null-field\"\ntype = \"Account\"\nfield = \"addresses\"",
    ] {
        let instance = Instance::start(60).await;
        instance.faults(&format!("[[fault]]\n{fault}\ntimes = 100"));
        let text = match instance.client().read_everything(NOW).await {
            Ok((snapshot, _)) => format!("{:?}", snapshot.unreadable),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(
            people.iter().all(|name| !text.contains(name.as_str())),
            "{fault}"
        );
    }
}

/// Answers like an instance with two accounts, the first of which never shows more than one of its two services.
fn capped(request: &HttpRequest) -> HttpAnswer {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let query = asked["query"].as_str().unwrap();
    let list = |entities: Value, total: usize| json!({"page_info": {"page": 1, "total_pages": 1, "total_count": total, "records_per_page": 100}, "entities": entities});
    let none = || list(json!([]), 0);
    let account = |id: &str, total: usize| {
        let service = json!({"id": format!("7{id}"), "service": {"id": "31", "type": "DATA"}, "service_metadata_values": none()});
        json!({"id": id, "name": "n", "is_delinquent": false, "archived_at": null, "activation_date": null,
            "company_id": "1", "account_type_id": "1", "account_status": {"id": "2", "activates_account": true},
            "custom_field_data": none(), "account_services": list(json!([service]), total),
            "addresses": none(), "uninventoried_mac_addresses": none()})
    };
    let search = asked["variables"]["search"].is_array();
    let accounts = match search {
        false => list(json!([account("1", 2), account("2", 1)]), 2),
        true => list(json!([account("1", 2)]), 1),
    };
    let status = json!({"id": "2", "name": "Active", "activates_account": true});
    let roots = [
        ("accounts(", "accounts", accounts),
        (
            "account_statuses(",
            "account_statuses",
            list(json!([status]), 1),
        ),
        ("services(type", "services", none()),
        ("custom_fields(", "custom_fields", none()),
        ("service_metadata(", "service_metadata", none()),
        ("inventory_models(", "inventory_models", none()),
    ];
    let found = roots.into_iter().find(|(call, _, _)| query.contains(call));
    let data = found.map_or(json!({}), |(_, root, list)| json!({ root: list }));
    HttpAnswer::new(200, "application/json", json!({ "data": data }).to_string())
}

#[tokio::test]
async fn an_account_that_never_shows_all_of_a_list_is_held_and_proves_nothing() {
    let address = scripted(capped).await;
    let client = SonarClient::new(settings(address, "t0ken")).unwrap();
    let (read, _) = client.read_everything(NOW).await.unwrap();
    assert_eq!(read.services.len(), 2);
    let nested = |gap: &(Collection, &GapReason)| {
        matches!(
            gap,
            (
                Collection::Services,
                GapReason::NestedList {
                    total: 2,
                    received: 1,
                    ..
                }
            )
        )
    };
    assert!(gaps(&read).iter().any(nested), "{:?}", read.proof);
    let [held] = &read.unreadable[..] else {
        unreachable!("one account is held")
    };
    assert_eq!(held.account.as_ref().unwrap().as_str(), "1");
}

#[tokio::test]
async fn a_root_that_is_null_without_an_error_is_a_missing_permission() {
    let address = scripted(|_| {
        let data = r#"{"data":{"account_statuses":null}}"#;
        HttpAnswer::new(200, "application/json", data)
    });
    let client = SonarClient::new(settings(address.await, "t0ken")).unwrap();
    let error = client.read_everything(NOW).await.unwrap_err();
    let permission = "account_statuses".into();
    assert_eq!(error.problem, BillingProblem::Forbidden { permission });
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_stays_here() {
    let address = scripted(|request| {
        assert_eq!(request.header("authorization"), Some("Bearer t0ken"));
        let mut answer = HttpAnswer::new(302, "text/html", "");
        let location = ("location".to_owned(), "http://127.0.0.2/".to_owned());
        answer.headers.push(location);
        answer
    });
    let client = SonarClient::new(settings(address.await, "t0ken")).unwrap();
    let error = client.close_ticket("1").await.unwrap_err();
    let redirect = Unreachable::Redirect { status: 302 };
    assert_eq!(error.problem, BillingProblem::Unreachable(redirect));
}
