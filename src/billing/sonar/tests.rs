//! Reads hand-written answers of Sonar, and mutilated ones, into snapshots.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::account::read_account;
use super::answer::read_answer;
use super::connection::readable_id;
use super::delta::{DeltaCursor, DeltaReading};
use super::delta_root::{AskedRoot, DeltaRoot};
use super::lookups::{CustomField, MetadataField, SonarLookups, SonarTable};
use super::owner::Owners;
use super::page_walk::Page;
use super::settings::{SonarAddress, SonarSettings};
use super::translate::SnapshotBuilder;
use super::webhook::read_webhook;
use crate::billing::json::ShapeError;
use crate::model::billing::{
    AccountId, BillingName, BillingService, Collection, Counts, EquipmentPlace, Gap, GapReason,
    GoneCause, LocationId, PendingCause, Proof, ServiceStatus, Snapshot, SnapshotScope,
    SuspendedCause, TariffId, WrittenMac,
};
use crate::secrets::Secret;

/// 20 November 2026.
const NOW: u64 = 1_795_183_389;

fn settings() -> SonarSettings {
    let mut settings = SonarSettings::new(
        BillingName::new("sonar").unwrap(),
        SonarAddress::parse("isp.sonar.software").unwrap(),
        Secret::new(b"t0ken".to_vec()),
    );
    settings.place_field = Some("Riser and port".into());
    settings.unit_field = Some("line2".into());
    settings
}

fn lookups() -> SonarLookups {
    let mut lookups = SonarLookups::default();
    for (id, name) in [("3", "gam_place"), ("4", "gam_vlan"), ("5", "gam_state")] {
        let field = MetadataField {
            name: name.into(),
            tariff: TariffId::new("31").unwrap(),
        };
        lookups.metadata.insert(id.into(), field);
    }
    for (id, entity) in [("1", "Address"), ("2", "Account")] {
        let field = CustomField {
            name: "Riser and port".into(),
            entity: entity.into(),
        };
        lookups.custom_fields.insert(id.into(), field);
    }
    lookups
}

fn list(entities: &[Value]) -> Value {
    json!({"page_info": {"total_count": entities.len()}, "entities": entities})
}

fn service(id: &str, metadata: &[Value]) -> Value {
    json!({"id": id, "service": {"id": "31", "type": "DATA"}, "service_metadata_values": list(metadata)})
}

fn metadata(field: &str, value: &str) -> Value {
    json!({"service_metadata_id": field, "value": value})
}

fn item(id: &str, bound: Option<&str>, mac: &str) -> Value {
    let field =
        json!({"value": mac, "inventory_model_field": {"type": "MAC_ADDRESS", "primary": true}});
    json!({"id": id, "account_service_id": bound, "status": "FUNCTIONAL", "inventory_model_id": "14",
        "inventory_model_field_data": list(&[field])})
}

fn unit(id: &str, anchor: &str, items: &[Value]) -> Value {
    json!({"id": id, "line1": "12 Maple Court", "line2": "Apt 101", "city": "Austin", "subdivision": "US_TX",
        "zip": "78701", "is_anchor": false, "anchor_address_id": anchor,
        "anchor_address": {"addressable_type": "NetworkSite", "addressable_id": "3"},
        "custom_field_data": list(&[]), "inventory_items": list(items)})
}

fn account() -> Value {
    json!({"id": "1042", "name": "Okafor, Ngozi", "is_delinquent": false, "archived_at": null,
        "activation_date": "2026-03-01", "company_id": "1", "account_type_id": "2",
        "account_status": {"id": "2", "activates_account": true},
        "custom_field_data": list(&[]),
        "account_services": list(&[service("77", &[metadata("3", "maple-court-a/1"), metadata("4", "101")])]),
        "addresses": list(&[unit("5001", "5000", &[item("9001", Some("77"), "00:0E:D8:1C:95:08")])]),
        "uninventoried_mac_addresses": list(&[])})
}

/// Reads accounts as a page of a complete list.
fn snapshot(settings: &SonarSettings, accounts: &[Value]) -> Snapshot {
    let lookups = lookups();
    let mut builder = SnapshotBuilder::new(settings, &lookups, NOW);
    for value in accounts {
        match read_account(value, "accounts[0]".into()) {
            Ok(account) => builder.add(account),
            Err(reason) => {
                let id = readable_id(value).and_then(|id| AccountId::new(&id).ok());
                let remarks = builder.remarks();
                remarks.unreadable(Collection::Accounts, value, id.as_ref(), &reason);
            }
        }
    }
    let total = u64::try_from(accounts.len()).unwrap();
    let counts = Counts {
        before: total,
        received: total,
        after: total,
    };
    builder.count(Collection::Accounts, counts);
    builder.finish(SnapshotScope::Everything)
}

fn only_service(account: &Value) -> BillingService {
    let snapshot = snapshot(&settings(), std::slice::from_ref(account));
    assert_eq!(snapshot.unreadable, []);
    let [service] = &snapshot.services[..] else {
        unreachable!("the account has one service")
    };
    service.clone()
}

#[test]
fn an_account_is_read_with_all_that_hangs_on_it() {
    let snapshot = snapshot(&settings(), &[account()]);
    assert!(snapshot.proves_absence());
    let [service] = &snapshot.services[..] else {
        unreachable!("the account has one service")
    };
    assert_eq!(service.account.as_str(), "1042");
    assert_eq!(service.service.as_str(), "77");
    assert_eq!(service.tariff.as_ref().unwrap().as_str(), "31");
    assert_eq!(service.status, ServiceStatus::Served);
    assert_eq!(service.location.as_ref().unwrap().as_str(), "5000");
    assert_eq!(service.unit.as_deref(), Some("Apt 101"));
    assert_eq!(
        service.written_back.place.as_deref(),
        Some("maple-court-a/1")
    );
    assert_eq!(service.written_back.vlan.as_deref(), Some("101"));
    assert_eq!(service.written_back.state, None);
    let [equipment] = &snapshot.equipment[..] else {
        unreachable!("the account has one item")
    };
    assert_eq!(
        equipment.macs[0].mac().unwrap().to_string(),
        "00:0e:d8:1c:95:08"
    );
    assert_eq!(equipment.model.as_deref(), Some("14"));
    assert!(
        matches!(&equipment.place, EquipmentPlace::Service { service, .. } if service.as_str() == "77")
    );
    let account = &snapshot.accounts["1042"];
    assert_eq!(account.name.reveal(), "Okafor, Ngozi");
    assert_eq!(
        account.address.reveal(),
        "12 Maple Court, Apt 101, Austin, US_TX, 78701"
    );
    let groups: Vec<_> = account.groups.iter().map(|group| group.as_str()).collect();
    assert_eq!(groups, ["status.2", "company.1", "type.2"]);
}

#[test]
fn ids_are_strings_or_numbers() {
    let text = account().to_string();
    let numbers: String = [
        "1042", "77", "31", "5001", "5000", "9001", "14", "2", "3", "4", "1",
    ]
    .iter()
    .fold(text, |text, id| {
        text.replace(&format!(":\"{id}\""), &format!(":{id}"))
    });
    let numbers: Value = serde_json::from_str(&numbers).unwrap();
    assert_eq!(numbers["id"], json!(1042));
    assert_eq!(only_service(&numbers), only_service(&account()));
}

#[test]
fn the_status_table_is_applied_to_what_the_account_shows() {
    let status = |key: &str, value: Value| {
        let mut account = account();
        account[key] = value;
        only_service(&account).status
    };
    let suspended = |cause| ServiceStatus::Suspended { cause };
    assert_eq!(
        status("is_delinquent", json!(true)),
        suspended(SuspendedCause::NotPaid)
    );
    let inactive = json!({"id": "3", "activates_account": false});
    assert_eq!(
        status("account_status", inactive.clone()),
        suspended(SuspendedCause::Inactive)
    );
    let gone = ServiceStatus::Gone {
        cause: GoneCause::Archived,
    };
    assert_eq!(
        status("archived_at", json!("2026-11-20T14:03:09+00:00")),
        gone
    );
    let unknown = |word: &str| ServiceStatus::Unknown { word: word.into() };
    assert_eq!(status("account_status", Value::Null), unknown("no-status"));
    assert_eq!(status("account_status", json!({"id": "9"})), unknown("9"));
    assert_eq!(
        status(
            "account_status",
            json!({"id": "9", "activates_account": "maybe"})
        ),
        unknown("9")
    );
    let mut lead = account();
    lead["account_status"] = inactive.clone();
    lead["activation_date"] = Value::Null;
    let pending = |cause| ServiceStatus::Pending { cause };
    assert_eq!(only_service(&lead).status, pending(PendingCause::Lead));
    lead["activation_date"] = json!("2026-12-01");
    let later = only_service(&lead);
    assert_eq!(later.status, pending(PendingCause::NotStarted));
    assert_eq!(later.starts.as_deref(), Some("2026-12-01"));
}

#[test]
fn an_account_without_a_data_service_has_none() {
    let mut television = account();
    television["account_services"]["entities"][0]["service"]["type"] = json!("RECURRING");
    let snapshot = snapshot(&settings(), &[television]);
    assert_eq!(snapshot.services, []);
    assert_eq!(snapshot.unreadable, []);
    assert!(snapshot.proof.is_complete());
}

#[test]
fn a_record_that_is_not_understood_is_named_and_holds_up_no_other() {
    let mut broken = account();
    broken["id"] = json!("1041");
    broken["is_delinquent"] = Value::Null;
    let read = snapshot(&settings(), &[broken, account(), json!("x")]);
    let ids: Vec<_> = read
        .services
        .iter()
        .map(|service| service.account.as_str())
        .collect();
    assert_eq!(ids, ["1042"]);
    let unreadable: Vec<_> = read
        .unreadable
        .iter()
        .map(|record| {
            (
                record.id.as_deref(),
                record.account.as_ref().map(AccountId::as_str),
                record.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        unreadable,
        [
            (
                None,
                None,
                "accounts[0]: expected an object, got a text of 1 character"
            ),
            (
                Some("1041"),
                Some("1041"),
                "accounts[0].is_delinquent: expected a boolean, got null"
            ),
        ]
    );
}

#[test]
fn a_service_that_is_not_understood_is_named_with_its_account() {
    let mut broken = account();
    let good = service("78", &[]);
    let mut bad = service("79", &[]);
    bad["service"] = Value::Null;
    broken["account_services"] = list(&[good, bad]);
    let read = snapshot(&settings(), &[broken]);
    assert_eq!(read.services.len(), 1);
    let [unreadable] = &read.unreadable[..] else {
        unreachable!("one service is not understood")
    };
    assert_eq!(unreadable.id.as_deref(), Some("79"));
    assert_eq!(unreadable.account.as_ref().unwrap().as_str(), "1042");
    assert_eq!(unreadable.collection, Collection::Services);
    // It came, so it is not absent.
    assert!(read.proof.is_complete());
}

#[test]
fn a_list_that_is_shorter_than_its_total_is_a_gap_and_holds_the_account() {
    for path in [
        "/account_services",
        "/addresses",
        "/uninventoried_mac_addresses",
        "/custom_field_data",
        "/account_services/entities/0/service_metadata_values",
        "/addresses/entities/0/inventory_items",
        "/addresses/entities/0/custom_field_data",
        "/addresses/entities/0/inventory_items/entities/0/inventory_model_field_data",
    ] {
        let mut cut = account();
        let list = cut.pointer_mut(path).unwrap();
        list["page_info"]["total_count"] = json!(26);
        let read = snapshot(&settings(), &[cut]);
        assert!(!read.proof.is_complete(), "{path}");
        let Proof::Incomplete { gaps } = &read.proof else {
            unreachable!("a list is cut")
        };
        let is_nested = |gap: &Gap| matches!(gap.reason, GapReason::NestedList { total: 26, .. });
        assert!(gaps.iter().any(is_nested), "{path}");
        assert!(
            read.unreadable
                .iter()
                .any(|record| record.account.is_some()),
            "{path}"
        );
    }
}

#[test]
fn a_list_without_a_total_proves_nothing() {
    let mut uncounted = account();
    uncounted["addresses"]["page_info"] = Value::Null;
    let read = snapshot(&settings(), &[uncounted]);
    let Proof::Incomplete { gaps } = read.proof else {
        unreachable!("a list is not counted")
    };
    assert_eq!(gaps[0].reason, GapReason::NotCounted);
    assert_eq!(read.unreadable, []);
}

#[test]
fn hidden_parts_of_an_account_are_not_taken_for_empty_ones() {
    for key in [
        "account_services",
        "addresses",
        "uninventoried_mac_addresses",
        "custom_field_data",
        "is_delinquent",
    ] {
        for absent in [true, false] {
            let mut hidden = account();
            match absent {
                true => drop(hidden.as_object_mut().unwrap().remove(key)),
                false => hidden[key] = Value::Null,
            }
            let read = snapshot(&settings(), &[hidden]);
            assert_eq!(read.unreadable.len(), 1, "{key}");
            assert_eq!(read.services, [], "{key}");
        }
    }
    let mut without = account();
    without.as_object_mut().unwrap().remove("archived_at");
    assert_eq!(snapshot(&settings(), &[without]).unreadable.len(), 1);
}

#[test]
fn a_mac_without_an_item_is_equipment_of_its_account_or_service() {
    let mut own = account();
    own["uninventoried_mac_addresses"] = list(&[
        json!({"id": "61", "mac_address": "a4-b1-c2-00-11-22"}),
        json!({"id": "62", "mac_address": "A4B1C2001133", "account_service_id": "77"}),
    ]);
    let read = snapshot(&settings(), &[own]);
    let place = |id: &str| {
        let equipment = read
            .equipment
            .iter()
            .find(|equipment| equipment.id.as_str() == id);
        equipment.unwrap().place.clone()
    };
    assert!(matches!(
        place("uninventoried.61"),
        EquipmentPlace::Account { .. }
    ));
    assert!(matches!(
        place("uninventoried.62"),
        EquipmentPlace::Service { .. }
    ));
}

#[test]
fn a_place_is_named_by_the_service_then_by_the_unit_then_by_an_account_with_one_service() {
    let field =
        |field: &str, value: &str| list(&[json!({"custom_field_id": field, "value": value})]);
    let hint = |account: &Value| {
        let hint = only_service(account).place_hint.unwrap();
        (
            hint.device.to_string(),
            hint.port.unwrap_or_default().to_string(),
        )
    };
    let mut of_unit = account();
    assert_eq!(hint(&of_unit), ("maple-court-a".into(), "1".into()));
    of_unit["addresses"]["entities"][0]["custom_field_data"] = field("1", " riser-a / 7 ");
    assert_eq!(hint(&of_unit), ("riser-a".into(), "7".into()));
    let mut of_account = account();
    of_account["custom_field_data"] = field("2", "riser-b/8");
    assert_eq!(hint(&of_account), ("riser-b".into(), "8".into()));
    // A field of an address at the account, or of an account at the address, is another field.
    let mut of_other = account();
    of_other["custom_field_data"] = field("1", "riser-c/9");
    assert_eq!(hint(&of_other), ("maple-court-a".into(), "1".into()));
    let two = list(&[service("77", &[]), service("78", &[])]);
    of_account["account_services"] = two;
    let read = snapshot(&settings(), &[of_account]);
    assert!(
        read.services
            .iter()
            .all(|service| service.place_hint.is_none())
    );
}

#[test]
fn a_service_is_in_the_building_of_its_item_else_in_the_only_one() {
    let location = |settings: &SonarSettings, account: &Value| {
        let read = snapshot(settings, std::slice::from_ref(account));
        read.services[0]
            .location
            .as_ref()
            .map(|location| location.as_str().to_owned())
    };
    let plain = settings();
    let mut two = account();
    let bound = item("9001", Some("77"), "000ED81C9508");
    two["addresses"] = list(&[
        unit("5001", "5000", std::slice::from_ref(&bound)),
        unit("5002", "6000", &[]),
    ]);
    assert_eq!(location(&plain, &two).as_deref(), Some("5000"));
    two["addresses"] = list(&[unit("5001", "5000", &[]), unit("5002", "6000", &[])]);
    assert_eq!(location(&plain, &two), None);
    two["addresses"] = list(&[unit("5001", "6000", &[]), unit("5002", "6000", &[])]);
    assert_eq!(location(&plain, &two).as_deref(), Some("6000"));
    two["addresses"] = list(&[
        unit("5001", "5000", std::slice::from_ref(&bound)),
        unit("5002", "6000", &[bound]),
    ]);
    assert_eq!(location(&plain, &two), None);
    let mut mapped = settings();
    mapped
        .sites
        .insert(LocationId::new("network-site.3").unwrap());
    assert_eq!(
        location(&mapped, &account()).as_deref(),
        Some("network-site.3")
    );
    let mut house = account();
    house["addresses"]["entities"][0]["is_anchor"] = json!(true);
    house["addresses"]["entities"][0]["anchor_address_id"] = Value::Null;
    house["addresses"]["entities"][0]["anchor_address"] = Value::Null;
    assert_eq!(location(&plain, &house).as_deref(), Some("5001"));
}

#[test]
fn no_error_has_a_value_of_a_person() {
    let mut broken = account();
    broken["name"] = json!(["Ngozi"]);
    broken["addresses"]["entities"][0]["line1"] = json!({"Ngozi": 1});
    let read = snapshot(&settings(), &[broken]);
    assert_eq!(read.unreadable.len(), 1);
    assert!(!format!("{read:?}").contains("Ngozi"));
    let whole = snapshot(&settings(), &[account()]);
    assert!(!format!("{whole:?}").contains("Okafor"));
    assert!(!format!("{whole:?}").contains("12 Maple"));
}

/// All paths of a value.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                paths(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                paths(value, &format!("{path}/{at}"), found);
            }
        }
        _ => {}
    }
}

fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!(true)),
        Just(json!("MYSTERY")),
        Just(json!("")),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!(["Ngozi"])),
        "\\PC{0,12}".prop_map(Value::String),
        any::<u64>().prop_map(|number| json!(number)),
    ]
}

proptest! {
    #[test]
    fn a_mutilated_account_never_panics_and_never_invents(
        at in any::<prop::sample::Index>(),
        junk in junk(),
        remove in any::<bool>(),
    ) {
        let mut mutilated = account();
        let mut all = Vec::new();
        paths(&mutilated, "", &mut all);
        let path = at.get(&all);
        match path.rsplit_once('/') {
            Some((parent, key)) if remove && mutilated.pointer(parent).is_some_and(Value::is_object) => {
                let parent = mutilated.pointer_mut(parent).and_then(Value::as_object_mut);
                parent.unwrap().remove(key);
            }
            _ => *mutilated.pointer_mut(path).unwrap() = junk,
        }
        let text = mutilated.to_string();
        let read = snapshot(&settings(), std::slice::from_ref(&mutilated));
        let whole = snapshot(&settings(), &[account()]);
        for service in &read.services {
            prop_assert!(text.contains(service.service.as_str()));
            prop_assert!(text.contains(service.account.as_str()));
        }
        for mac in read.equipment.iter().flat_map(|equipment| &equipment.macs) {
            if let WrittenMac::Read { mac } = mac {
                let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
                let mac: String = mac.to_string().split(':').collect();
                prop_assert!(digits.to_lowercase().contains(&mac));
            }
        }
        // A service that is not read any more was named, or its list was: nothing is taken for absent in silence.
        let is_gone = read.services.len() < whole.services.len();
        let is_other_type = text.contains("account_services") && !text.contains("\"DATA\"");
        let is_named = !read.unreadable.is_empty() || !read.proof.is_complete();
        prop_assert!(!is_gone || is_named || is_other_type, "{}", path);
        let lost_item = read.equipment.len() < whole.equipment.len();
        prop_assert!(!lost_item || is_named, "{}", path);
    }
}

/// The keys that readers ask for, so that random objects get past the first one.
const KEYS: &[&str] = &[
    "accounts",
    "account_services",
    "account_id",
    "account_service_id",
    "account_status",
    "activates_account",
    "addressable_id",
    "addressable_type",
    "addresses",
    "custom_field_data",
    "data_service_detail",
    "download_speed_kilobits_per_second",
    "entities",
    "entity_type",
    "event",
    "events",
    "fields",
    "id",
    "inventory_items",
    "inventory_model_fields",
    "inventoryitemable_id",
    "inventoryitemable_type",
    "is_delinquent",
    "logs",
    "me",
    "model",
    "name",
    "object_id",
    "page_info",
    "payload",
    "service_id",
    "total_count",
    "total_pages",
    "type",
    "updated_at",
    "upload_speed_kilobits_per_second",
    "webhook_endpoints",
    "webhook_model_events",
    "_version",
];

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "Account",
        "AccountService",
        "Address",
        "2026-11-20T14:03:09+00:00",
        "77",
        "DATA",
    ]);
    let leaf = prop_oneof![junk(), word.prop_map(|word| json!(word))];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let entry = (prop::sample::select(KEYS), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            prop::collection::vec(entry, 0..7).prop_map(|entries| {
                let entries = entries.into_iter();
                Value::Object(
                    entries
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_reader_panics_and_none_makes_an_id_that_did_not_come(value in any_json()) {
        let text = value.to_string();
        let mut lookups = SonarLookups::default();
        for table in SonarTable::ALL {
            lookups.add(table, &value, table.root().into());
        }
        prop_assert!(lookups.tariffs.keys().all(|id| text.contains(id.as_str())));
        prop_assert!(lookups.statuses.keys().all(|id| text.contains(id.as_str())));
        for root in DeltaRoot::ALL {
            let mut reading = DeltaReading::new(&DeltaCursor::start(NOW, 0));
            let page = Page { number: 1, size: 100 };
            let asked = AskedRoot { root, is_counted: true };
            if reading.read(&[asked], page, &value).is_ok() {
                let found = &reading.found;
                prop_assert!(found.accounts.iter().all(|id| text.contains(id.as_str())));
                prop_assert!(found.services.iter().all(|id| text.contains(id.as_str())));
                prop_assert!(found.items.iter().all(|id| text.contains(id.as_str())));
            }
        }
        let mut found = Owners::default();
        if Owners::default().read(&value, &mut found).is_ok() {
            prop_assert!(found.accounts.iter().all(|id| text.contains(id.as_str())));
        }
        if let Ok(account) = read_account(&value, "".into()) {
            prop_assert!(text.contains(account.id.as_str()));
        }
        if let Ok(data) = read_answer(200, text.as_bytes()) {
            prop_assert_eq!(value.get("data"), Some(&data));
        }
        prop_assert!(read_webhook(text.as_bytes()).is_err() || text.contains("object_id"));
    }
}

#[test]
fn a_shape_error_has_its_path() {
    let error: ShapeError = read_account(&json!({"id": []}), "accounts[7]".into()).unwrap_err();
    assert_eq!(error.path, "accounts[7].id");
}
