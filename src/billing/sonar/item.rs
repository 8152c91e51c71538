//! Reads items of equipment: MAC addresses by the type of their field, and the bound service.

use compact_str::{CompactString, format_compact};

use super::lookups::{MAC_FIELD, required_flag};
use super::reading::Reading;
use super::record::{OwnBox, SonarItem};
use crate::billing::json::{Record, ShapeError};
use crate::model::billing::{AccountId, Collection, EquipmentId, WrittenMac};

/// The longest word of a status that is shown.
const MOST_WORD: usize = 40;

/// Reads an item.
pub(super) fn read_item(
    reading: &mut Reading,
    record: &Record<'_>,
) -> Result<Option<SonarItem>, ShapeError> {
    let values = reading.values(
        record,
        "inventory_model_field_data",
        Collection::Equipment,
        read_macs,
    )?;
    let mut values: Vec<_> = values.into_iter().flatten().collect();
    // A stable sort: primary fields first, the others in the order of Sonar.
    values.sort_by_key(|(is_primary, _)| !is_primary);
    let mut macs: Vec<WrittenMac> = Vec::new();
    for mac in values.into_iter().flat_map(|(_, macs)| macs) {
        if !macs.contains(&mac) {
            macs.push(mac);
        }
    }
    let model: Option<AccountId> = record.optional_id("inventory_model_id")?;
    Ok(Some(SonarItem {
        id: record.id("id")?,
        service: bound_service(record)?,
        is_broken: is_broken(record)?,
        model: model.map(|model| CompactString::new(model.as_str())),
        macs,
    }))
}

/// Returns the addresses in a field, and whether it is the primary one; `None` for a field of another type.
fn read_macs(record: &Record<'_>) -> Result<Option<(bool, Vec<WrittenMac>)>, ShapeError> {
    let field = record.optional("inventory_model_field")?;
    let field = field.ok_or_else(|| record.wrong("inventory_model_field", "an object"))?;
    if field.word("type")? != MAC_FIELD {
        return Ok(None);
    }
    let is_primary = required_flag(&field, "primary")?;
    let value = record.filled_text("value")?.unwrap_or_default();
    Ok(Some((is_primary, WrittenMac::read_all(&value))))
}

/// Returns the service that an item is bound to. The key must be there: an item that is not bound serves any service.
fn bound_service<T: std::str::FromStr>(record: &Record<'_>) -> Result<Option<T>, ShapeError> {
    if !record.has("account_service_id") {
        return Err(record.wrong("account_service_id", "an id or null"));
    }
    record.optional_id("account_service_id")
}

fn is_broken(record: &Record<'_>) -> Result<bool, ShapeError> {
    let word = record.word("status")?;
    match word.as_str() {
        "FUNCTIONAL" => Ok(false),
        "FAILED" | "LOST" => Ok(true),
        _ => Err(unknown_word(record, "status", &word)),
    }
}

/// Makes the error of a word that no table has; the word is kept if it is one of a program.
fn unknown_word(record: &Record<'_>, key: &str, word: &str) -> ShapeError {
    let is_word = word.len() <= MOST_WORD
        && word
            .bytes()
            .all(|sign| sign.is_ascii_alphanumeric() || sign == b'_');
    let mut error = record.wrong(key, "a known word");
    if is_word {
        error.came = format_compact!("`{word}`");
    }
    error
}

/// Reads a MAC address without an item; older instances do not bind it to a service.
pub(super) fn read_own_box(record: &Record<'_>) -> Result<Option<OwnBox>, ShapeError> {
    let id: AccountId = record.id("id")?;
    let id = EquipmentId::new(&format_compact!("uninventoried.{id}"));
    let mac = record.filled_text("mac_address")?;
    let mac = mac.ok_or_else(|| record.wrong("mac_address", "a text"))?;
    Ok(Some(OwnBox {
        id: id.map_err(|_| record.wrong("id", "an id"))?,
        service: record.optional_id("account_service_id")?,
        macs: WrittenMac::read_all(&mac),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn field(value: &str, kind: &str, primary: bool) -> Value {
        json!({"value": value, "inventory_model_field": {"type": kind, "primary": primary}})
    }

    fn item(status: &str, fields: &[Value]) -> Value {
        json!({
            "id": "9001", "account_service_id": "77", "status": status, "inventory_model_id": "14",
            "inventory_model_field_data": {"page_info": {"total_count": fields.len()}, "entities": fields},
        })
    }

    fn read(value: &Value) -> Result<SonarItem, ShapeError> {
        let mut reading = Reading::new(AccountId::new("1042").unwrap());
        let read = read_item(&mut reading, &Record::of(value, "item").unwrap());
        read.map(|item| item.unwrap())
    }

    fn macs(item: &SonarItem) -> Vec<String> {
        let macs = item.macs.iter().filter_map(WrittenMac::mac);
        macs.map(|mac| mac.to_string()).collect()
    }

    #[test]
    fn the_mac_is_the_value_of_a_field_of_that_type_and_primary_ones_come_first() {
        let read = read(&item(
            "FUNCTIONAL",
            &[
                field("A4:B1:C2:00:11:22", "MAC_ADDRESS", false),
                field("GN2041187", "TEXT", true),
                field("00:0E:D8:1C:95:99", "TEXT", false),
                field("000ED81C9508", "MAC_ADDRESS", true),
                field("x", "NEW_TYPE", false),
            ],
        ));
        let read = read.unwrap();
        assert_eq!(macs(&read), ["00:0e:d8:1c:95:08", "a4:b1:c2:00:11:22"]);
        assert_eq!(read.service.unwrap().as_str(), "77");
        assert_eq!(read.model.as_deref(), Some("14"));
        assert!(!read.is_broken);
    }

    #[test]
    fn a_mistyped_mac_is_kept_and_is_no_address() {
        let read = read(&item(
            "FUNCTIONAL",
            &[field("00:0E:D8:1C:95", "MAC_ADDRESS", true)],
        ));
        let read = read.unwrap();
        assert!(matches!(read.macs[..], [WrittenMac::Unreadable { .. }]));
    }

    #[test]
    fn a_failed_or_lost_item_is_broken_and_an_unknown_word_is_kept() {
        assert!(read(&item("FAILED", &[])).unwrap().is_broken);
        assert!(read(&item("LOST", &[])).unwrap().is_broken);
        let error = read(&item("REFURBISHED", &[])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "item.status: expected a known word, got `REFURBISHED`"
        );
        let personal = read(&item("Ngozi Okafor", &[])).unwrap_err();
        assert!(!personal.to_string().contains("Ngozi"));
    }

    #[test]
    fn an_item_without_the_key_of_its_service_is_not_taken_for_an_unbound_one() {
        let mut unbound = item("FUNCTIONAL", &[]);
        unbound["account_service_id"] = Value::Null;
        assert_eq!(read(&unbound).unwrap().service, None);
        unbound
            .as_object_mut()
            .unwrap()
            .remove("account_service_id");
        assert!(read(&unbound).is_err());
    }

    #[test]
    fn an_item_whose_fields_are_hidden_is_not_an_item_without_a_mac() {
        let mut hidden = item("FUNCTIONAL", &[]);
        hidden["inventory_model_field_data"] = Value::Null;
        assert!(read(&hidden).is_err());
        let mut hidden = item("FUNCTIONAL", &[field("000ED81C9508", "MAC_ADDRESS", true)]);
        hidden["inventory_model_field_data"]["entities"][0]["inventory_model_field"] = Value::Null;
        assert!(read(&hidden).is_err());
    }

    #[test]
    fn a_mac_without_an_item_has_an_id_that_no_item_has() {
        let own = json!({"id": "61", "mac_address": "A4:B1:C2:00:11:22"});
        let own = read_own_box(&Record::of(&own, "").unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(own.id.as_str(), "uninventoried.61");
        assert_eq!(own.service, None);
        let bound = json!({"id": 61, "mac_address": "A4:B1:C2:00:11:22", "account_service_id": 77});
        let bound = read_own_box(&Record::of(&bound, "").unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(bound.service.unwrap().as_str(), "77");
        let empty = json!({"id": 61, "mac_address": null});
        assert!(read_own_box(&Record::of(&empty, "").unwrap()).is_err());
    }
}
