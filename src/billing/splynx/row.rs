//! Reads the records of Splynx tolerantly: types differ between fields, versions and rows.

use chrono::{NaiveDate, NaiveDateTime};
use compact_str::CompactString;

use super::super::json::{Record, ShapeError};
use super::settings::StatePair;
use super::status::RowState;
use crate::model::billing::{
    AccountId, BillingSpeed, Equipment, EquipmentPlace, LocationId, Personal, PlaceHint, ServiceId,
    Tariff, TariffId, WrittenBack, WrittenMac,
};

/// The names of gamctl's own additional fields.
pub(super) const PLACE: &str = "gam_place";
pub(super) const VLAN: &str = "gam_vlan";
pub(super) const STATE: &str = "gam_state";

/// Returns whether a field is dropped unread: secrets, and personal data without a use here.
pub(super) fn is_dropped(key: &str) -> bool {
    let is_personal = matches!(
        key,
        "email" | "billing_email" | "phone" | "gps" | "geo" | "comment" | "notes" | "last_online"
    );
    is_personal || is_secret(key)
}

/// Returns whether a field is a password or an SNMP community.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let words = ["password", "community", "passphrase"];
    words.iter().any(|word| key.contains(word))
}

/// A customer.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: AccountId,
    pub(super) status: CompactString,
    pub(super) partner: Option<CompactString>,
    pub(super) location: Option<LocationId>,
    pub(super) name: Personal,
    pub(super) address: Personal,
    /// By the clock of the server.
    pub(super) last_update: Option<NaiveDateTime>,
    pub(super) place: Option<CompactString>,
    pub(super) unit: Option<CompactString>,
}

/// The names of the additional fields that the settings name.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FieldNames<'s> {
    pub(super) place: Option<&'s str>,
    pub(super) unit: Option<&'s str>,
}

impl Customer {
    pub(super) fn read(record: &Record<'_>, fields: FieldNames<'_>) -> Result<Self, ShapeError> {
        let additional = record.map("additional_attributes")?;
        Ok(Self {
            id: record.id("id")?,
            status: status(record)?,
            partner: record.optional_id("partner_id")?,
            location: record.optional_id("location_id")?,
            name: Personal::new(record.text("name")?.unwrap_or_default().into()),
            address: address(record)?,
            last_update: record.moment("last_update")?,
            place: field(&additional, fields.place)?,
            unit: field(&additional, fields.unit)?,
        })
    }
}

fn address(record: &Record<'_>) -> Result<Personal, ShapeError> {
    let mut lines = Vec::new();
    for key in ["street_1", "zip_code", "city"] {
        lines.extend(record.filled_text(key)?);
    }
    Ok(Personal::new(lines.join(", ")))
}

fn status(record: &Record<'_>) -> Result<CompactString, ShapeError> {
    let word = record.word("status")?;
    match StatePair::is_word(&word) {
        true => Ok(word),
        false => Err(record.wrong("status", "a word")),
    }
}

fn field(additional: &Record<'_>, name: Option<&str>) -> Result<Option<CompactString>, ShapeError> {
    name.map_or(Ok(None), |name| additional.filled_text(name))
}

/// An internet service.
#[derive(Debug, Clone)]
pub(super) struct ServiceRow {
    pub(super) id: ServiceId,
    pub(super) account: AccountId,
    pub(super) tariff: Option<TariffId>,
    pub(super) status: CompactString,
    pub(super) start: Option<NaiveDate>,
    pub(super) end: Option<NaiveDate>,
    pub(super) login: Option<CompactString>,
    pub(super) macs: Vec<WrittenMac>,
    pub(super) access_device: Option<CompactString>,
    pub(super) port: Option<CompactString>,
    pub(super) written_back: WrittenBack,
    pub(super) place: Option<CompactString>,
    pub(super) unit: Option<CompactString>,
}

impl ServiceRow {
    pub(super) fn read(record: &Record<'_>, fields: FieldNames<'_>) -> Result<Self, ShapeError> {
        let additional = record.map("additional_attributes")?;
        let mac = record.text("mac")?.unwrap_or_default();
        Ok(Self {
            id: record.id("id")?,
            account: record.id("customer_id")?,
            tariff: record.optional_id("tariff_id")?,
            status: status(record)?,
            start: record.date("start_date")?,
            end: record.date("end_date")?,
            login: record.filled_text("login")?,
            macs: WrittenMac::read_all(&mac),
            access_device: record.optional_id("access_device")?,
            port: record.filled_text("port_id")?.filter(|port| port != "0"),
            written_back: written_back(&additional)?,
            place: field(&additional, fields.place)?,
            unit: field(&additional, fields.unit)?,
        })
    }

    pub(super) fn state<'r>(&'r self, customer: &'r Customer) -> RowState<'r> {
        RowState {
            customer: &customer.status,
            service: &self.status,
            start: self.start,
            end: self.end,
        }
    }

    /// Returns the place that billing names: the wiring of the flat, else the access device, else what gamctl wrote.
    pub(super) fn place_hint(&self, customer: &Customer) -> Option<PlaceHint> {
        let wiring = self.place.as_ref().or(customer.place.as_ref());
        let access = || {
            self.access_device.clone().map(|device| PlaceHint {
                device,
                port: self.port.clone(),
            })
        };
        let own = || self.written_back.place.as_deref().map(split_place);
        wiring
            .map(|text| split_place(text))
            .or_else(access)
            .or_else(own)
    }
}

/// Splits `maple-court-a/7` into a device and a port.
fn split_place(text: &str) -> PlaceHint {
    let (device, port) = match text.rsplit_once('/') {
        Some((device, port)) => (device.trim(), Some(port.trim())),
        None => (text.trim(), None),
    };
    PlaceHint {
        device: device.into(),
        port: port.filter(|port| !port.is_empty()).map(CompactString::new),
    }
}

pub(super) fn written_back(additional: &Record<'_>) -> Result<WrittenBack, ShapeError> {
    Ok(WrittenBack {
        place: additional.filled_text(PLACE)?,
        vlan: additional.filled_text(VLAN)?,
        state: additional.filled_text(STATE)?,
    })
}

/// Reads a tariff; without both speeds it has none, and 0 is none.
pub(super) fn read_tariff(record: &Record<'_>) -> Result<Tariff, ShapeError> {
    let speed = |key| Ok(record.number(key)?.filter(|kbps| *kbps > 0));
    let (down, up) = (speed("speed_download")?, speed("speed_upload")?);
    Ok(Tariff {
        id: record.id("id")?,
        title: record.filled_text("title")?.unwrap_or_default(),
        speed: down
            .zip(up)
            .map(|(down_kbps, up_kbps)| BillingSpeed { down_kbps, up_kbps }),
    })
}

/// Reads an item of the inventory: it has no field for a MAC address, which is in `barcode` or in `serial_number`.
pub(super) fn read_item(record: &Record<'_>) -> Result<Equipment, ShapeError> {
    let mut macs = Vec::new();
    for key in ["barcode", "serial_number"] {
        macs.extend(WrittenMac::read_all(&record.text(key)?.unwrap_or_default()));
    }
    macs.sort();
    macs.dedup();
    Ok(Equipment {
        id: record.id("id")?,
        macs,
        model: record.optional_id("product_id")?,
        place: item_place(record)?,
    })
}

fn item_place(record: &Record<'_>) -> Result<EquipmentPlace, ShapeError> {
    let account: Option<AccountId> = record.optional_id("customer_id")?;
    let service: Option<ServiceId> = record.optional_id("service_id")?;
    if record.filled_text("mark")?.as_deref() == Some("broken") {
        return Ok(EquipmentPlace::Broken);
    }
    Ok(match (record.word("status")?.as_str(), account, service) {
        ("stock" | "returned", _, _) => EquipmentPlace::Stock,
        ("internal_usage", _, _) | ("assigned" | "sold" | "rent", None, _) => {
            EquipmentPlace::Elsewhere
        }
        ("assigned" | "sold" | "rent", Some(account), Some(service)) => {
            EquipmentPlace::Service { account, service }
        }
        ("assigned" | "sold" | "rent", Some(account), None) => EquipmentPlace::Account { account },
        _ => return Err(record.wrong("status", "a status of items")),
    })
}

/// A row with a title: a location, a partner, an access device, a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRow {
    pub id: CompactString,
    pub title: CompactString,
}

pub(super) fn read_named(record: &Record<'_>) -> Result<NamedRow, ShapeError> {
    let title = match record.filled_text("title")? {
        Some(title) => Some(title),
        None => record.filled_text("name")?,
    };
    Ok(NamedRow {
        id: record.id("id")?,
        title: title.unwrap_or_default(),
    })
}

/// An entry of the log of statuses and plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChangeRow {
    pub(super) account: Option<AccountId>,
    pub(super) date: Option<NaiveDate>,
}

impl ChangeRow {
    pub(super) fn read(record: &Record<'_>) -> Result<Self, ShapeError> {
        Ok(Self {
            account: record.optional_id("customer_id")?,
            date: record.date("date")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const FIELDS: FieldNames<'_> = FieldNames {
        place: Some("wiring"),
        unit: Some("unit"),
    };

    fn with<T>(
        value: &Value,
        read: impl Fn(&Record<'_>) -> Result<T, ShapeError>,
    ) -> Result<T, ShapeError> {
        read(&Record::of(value, "[0]").unwrap())
    }

    fn customer(value: &Value) -> Result<Customer, ShapeError> {
        with(value, |record| Customer::read(record, FIELDS))
    }

    fn service(value: &Value) -> Result<ServiceRow, ShapeError> {
        with(value, |record| ServiceRow::read(record, FIELDS))
    }

    fn item(value: &Value) -> Result<Equipment, ShapeError> {
        with(value, read_item)
    }

    fn ngozi() -> Value {
        json!({"id": 1042, "login": "001042", "status": "active", "partner_id": "1", "location_id": "3", "parent_id": 0,
            "name": "Ngozi Okafor", "street_1": "12 Maple Court, Apt 101", "zip_code": "78701", "city": "Austin",
            "subdivision_id": null, "last_update": "2026-11-20 08:03:09", "additional_attributes": {"unit": "101"}})
    }

    fn row() -> Value {
        json!({"id": "7001", "type": "internet", "customer_id": "1042", "tariff_id": "31", "status": "active",
            "start_date": "2026-03-01", "end_date": "0000-00-00", "login": "001042_1", "mac": "2CC81BBDC9AB, 00E04C687E6A",
            "port_id": "", "access_device": "12",
            "additional_attributes": {"gam_place": "maple-court-a/1", "gam_vlan": "101", "gam_state": "served"}})
    }

    #[test]
    fn a_customer_is_read() {
        let read = customer(&ngozi()).unwrap();
        assert_eq!((read.id.as_str(), read.status.as_str()), ("1042", "active"));
        assert_eq!(read.partner.as_deref(), Some("1"));
        assert_eq!(read.name.reveal(), "Ngozi Okafor");
        assert_eq!(
            read.address.reveal(),
            "12 Maple Court, Apt 101, 78701, Austin"
        );
        assert_eq!(read.unit.as_deref(), Some("101"));
        assert!(!format!("{read:?}").contains("Okafor"));
    }

    #[test]
    fn both_typings_of_a_service_are_the_same_service() {
        let other = json!({"id": 7001, "customer_id": 1042, "tariff_id": 31, "status": "active", "start_date": "2026-03-01",
            "end_date": null, "login": "001042_1", "mac": "00:E0:4C:68:7E:6A;2c-c8-1b-bd-c9-ab", "port_id": null, "access_device": 12,
            "additional_attributes": {"gam_place": "maple-court-a/1", "gam_vlan": 101, "gam_state": "served"}});
        let (one, other) = (service(&row()).unwrap(), service(&other).unwrap());
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!(one.macs.len(), 2);
        assert_eq!(one.written_back.vlan.as_deref(), Some("101"));
    }

    #[test]
    fn a_short_row_of_an_older_version_is_read() {
        let old = json!({"id": 6904, "customer_id": 1042, "tariff_id": 30, "status": "disabled", "start_date": "2025-01-05",
            "end_date": "2026-02-28", "login": "001042", "mac": "", "additional_attributes": []});
        let read = service(&old).unwrap();
        assert_eq!(
            read.end.map(|end| end.to_string()).as_deref(),
            Some("2026-02-28")
        );
        assert_eq!(
            (read.access_device, read.written_back),
            (None, WrittenBack::default())
        );
        assert!(read.macs.is_empty());
    }

    #[test]
    fn a_field_of_another_shape_is_an_error_with_its_path() {
        for (key, wrong, path) in [
            ("status", json!(["active"]), "[0].status"),
            ("status", json!(null), "[0].status"),
            ("status", json!(""), "[0].status"),
            ("status", json!("ac\u{7}tive"), "[0].status"),
            ("id", json!(null), "[0].id"),
            ("customer_id", json!("0"), "[0].customer_id"),
            ("tariff_id", json!({"id": 31}), "[0].tariff_id"),
            ("end_date", json!("soon"), "[0].end_date"),
            ("mac", json!(["000ED81C9508"]), "[0].mac"),
            (
                "additional_attributes",
                json!(["x"]),
                "[0].additional_attributes",
            ),
            (
                "additional_attributes",
                json!({"gam_vlan": [101]}),
                "[0].additional_attributes.gam_vlan",
            ),
        ] {
            let mut value = row();
            value[key] = wrong;
            assert_eq!(service(&value).unwrap_err().path, path, "{key}");
        }
    }

    #[test]
    fn a_place_comes_from_the_wiring_then_the_access_device_then_our_own_field() {
        let hint = |service_value: &Value, customer_value: &Value| {
            let (row, customer) = (
                service(service_value).unwrap(),
                customer(customer_value).unwrap(),
            );
            row.place_hint(&customer)
                .map(|hint| (hint.device.to_string(), hint.port.map(String::from)))
        };
        let place =
            |device: &str, port: Option<&str>| Some((device.to_owned(), port.map(str::to_owned)));
        let mut value = row();
        assert_eq!(hint(&value, &ngozi()), place("12", None));
        value["port_id"] = json!(7);
        assert_eq!(hint(&value, &ngozi()), place("12", Some("7")));
        value["additional_attributes"]["wiring"] = json!(" maple-court-b / 3 ");
        assert_eq!(hint(&value, &ngozi()), place("maple-court-b", Some("3")));
        let mut value = row();
        value["access_device"] = json!("0");
        assert_eq!(hint(&value, &ngozi()), place("maple-court-a", Some("1")));
        let mut flat = ngozi();
        flat["additional_attributes"]["wiring"] = json!("maple-court-c");
        assert_eq!(hint(&value, &flat), place("maple-court-c", None));
        value["additional_attributes"] = json!([]);
        assert_eq!(hint(&value, &ngozi()), None);
    }

    #[test]
    fn an_item_has_its_address_in_either_field_in_any_notation() {
        for (barcode, serial) in [
            ("00:0E:D8:1C:95:08", ""),
            ("", "000ed81c9508"),
            ("GN2041187", "000e.d81c.9508"),
            ("00-0E-D8-1C-95-08", "GN2041187"),
        ] {
            let value = json!({"id": 88, "product_id": 4, "barcode": barcode, "serial_number": serial, "status": "assigned",
                "mark": "new", "customer_id": 1042, "service_id": 0});
            let read = item(&value).unwrap();
            let macs: Vec<_> = read
                .macs
                .iter()
                .filter_map(WrittenMac::mac)
                .map(|mac| mac.to_string())
                .collect();
            assert_eq!(macs, ["00:0e:d8:1c:95:08"], "{barcode} {serial}");
            assert_eq!(read.model.as_deref(), Some("4"));
        }
    }

    #[test]
    fn an_item_is_where_its_status_and_its_customer_put_it() {
        let account = || AccountId::new("1042").unwrap();
        let at_account = EquipmentPlace::Account { account: account() };
        let at_service = EquipmentPlace::Service {
            account: account(),
            service: ServiceId::new("7001").unwrap(),
        };
        for (status, mark, customer, service, place) in [
            (
                "assigned",
                "new",
                json!(1042),
                json!("7001"),
                at_service.clone(),
            ),
            ("rent", "used", json!("1042"), json!(7001), at_service),
            ("sold", "new", json!(1042), json!(0), at_account.clone()),
            ("assigned", "", json!(1042), json!(null), at_account),
            (
                "assigned",
                "new",
                json!(0),
                json!(0),
                EquipmentPlace::Elsewhere,
            ),
            (
                "internal_usage",
                "new",
                json!(null),
                json!(null),
                EquipmentPlace::Elsewhere,
            ),
            ("stock", "new", json!(0), json!(0), EquipmentPlace::Stock),
            (
                "returned",
                "used",
                json!(1042),
                json!(7001),
                EquipmentPlace::Stock,
            ),
            (
                "assigned",
                "broken",
                json!(1042),
                json!(7001),
                EquipmentPlace::Broken,
            ),
        ] {
            let value = json!({"id": 88, "status": status, "mark": mark, "customer_id": customer, "service_id": service});
            assert_eq!(item(&value).unwrap().place, place, "{status} {mark}");
        }
        let unknown = json!({"id": 88, "status": "lent", "customer_id": 1042});
        assert_eq!(item(&unknown).unwrap_err().path, "[0].status");
    }

    #[test]
    fn a_tariff_has_a_speed_only_if_it_has_both() {
        let tariff = |down: Value, up: Value| {
            let value =
                json!({"id": 31, "title": "Home 500", "speed_download": down, "speed_upload": up});
            with(&value, read_tariff)
                .map(|tariff| tariff.speed.map(|speed| (speed.down_kbps, speed.up_kbps)))
        };
        assert_eq!(
            tariff(json!(500_000), json!("250000")),
            Ok(Some((500_000, 250_000)))
        );
        assert_eq!(tariff(json!(0), json!("250000")), Ok(None));
        assert_eq!(tariff(json!("500000.0000"), json!(null)), Ok(None));
        assert!(tariff(json!("fast"), json!(1)).is_err());
    }

    #[test]
    fn secrets_and_unused_personal_data_are_dropped() {
        for key in [
            "password",
            "snmp_community",
            "SNMP_Community_RW",
            "phone",
            "email",
            "service_password",
        ] {
            assert!(is_dropped(key), "{key}");
        }
        for key in [
            "name",
            "login",
            "mac",
            "barcode",
            "unit",
            "gam_place",
            "title",
        ] {
            assert!(!is_dropped(key), "{key}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[0-9a-z:;, /-]{0,20}".prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            Just(json!("0000-00-00")),
            Just(json!("active")),
            Just(json!("2026-11-20")),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-z_]{1,8}", inner, 0..3)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    fn any_record() -> impl Strategy<Value = Value> {
        let keys = [
            "id",
            "customer_id",
            "tariff_id",
            "status",
            "start_date",
            "end_date",
            "login",
            "mac",
            "access_device",
            "port_id",
            "additional_attributes",
            "partner_id",
            "location_id",
            "last_update",
            "name",
            "city",
            "barcode",
            "serial_number",
            "mark",
            "product_id",
            "service_id",
            "title",
            "speed_download",
            "speed_upload",
            "date",
        ];
        prop::collection::btree_map(prop::sample::select(keys.to_vec()), any_value(), 0..12)
            .prop_map(|map| {
                map.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            })
    }

    /// Returns a scalar of a record as text.
    fn came(value: &Value, key: &str) -> String {
        match &value[key] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    proptest! {
        #[test]
        fn no_reader_panics_or_invents(value in any_record()) {
            if let Ok(read) = service(&value) {
                prop_assert_eq!(read.id.as_str(), came(&value, "id"));
                prop_assert_eq!(read.account.as_str(), came(&value, "customer_id"));
                prop_assert_eq!(read.status.as_str(), came(&value, "status").trim().to_owned());
                if let Some(tariff) = &read.tariff {
                    prop_assert_eq!(tariff.as_str(), came(&value, "tariff_id"));
                }
                if let Some(end) = read.end {
                    prop_assert!(came(&value, "end_date").starts_with(&end.to_string()));
                }
                let mac = came(&value, "mac").to_lowercase().replace([':', '-', '.'], "");
                for written in read.macs.iter().filter_map(WrittenMac::mac) {
                    prop_assert!(mac.contains(&written.to_string().replace(':', "")));
                }
            }
            if let Ok(read) = customer(&value) {
                prop_assert_eq!(read.id.as_str(), came(&value, "id"));
                prop_assert_eq!(read.status.as_str(), came(&value, "status").trim().to_owned());
            }
            let place = item(&value).map(|read| read.place);
            if let Some(account) = place.as_ref().ok().and_then(EquipmentPlace::account) {
                prop_assert_eq!(account.as_str(), came(&value, "customer_id"));
            }
            let _tariff = with(&value, read_tariff);
            let _named = with(&value, read_named);
            let _change = with(&value, ChangeRow::read);
        }
    }
}
