//! Reads an account of Sonar with its services, units and equipment, and names unreadable parts.

use compact_str::{CompactString, format_compact};
use serde_json::Value;

use super::item::{read_item, read_own_box};
use super::lookups::required_flag;
use super::reading::Reading;
use super::record::{FieldValue, SonarAccount, SonarService, SonarUnit};
use super::states::{AccountState, AccountStatus};
use crate::billing::json::{Record, ShapeError};
use crate::model::billing::{AccountId, Collection, GroupId, LocationId, Personal};

/// The type of Services that sell internet access.
const DATA: &str = "DATA";

/// Reads an account. An error is about the account itself; what hangs on it is noted in its remarks.
pub(super) fn read_account(value: &Value, path: CompactString) -> Result<SonarAccount, ShapeError> {
    let record = &Record::of(value, path)?;
    let mut reading = Reading::new(record.id("id")?);
    let status = read_status(record);
    let groups = read_groups(record, status.as_ref())?;
    let state = AccountState {
        status,
        is_delinquent: required_flag(record, "is_delinquent")?,
        is_archived: is_set(record, "archived_at")?,
        activation_date: known(record, "activation_date")?.date("activation_date")?,
    };
    let name = Personal::new(record.text("name")?.unwrap_or_default().into());
    let fields = reading.values(record, "custom_field_data", Collection::Services, |field| {
        read_field(field, "custom_field_id")
    })?;
    let services = reading.records(
        record,
        "account_services",
        Collection::Services,
        read_service,
    )?;
    let units = reading.records(record, "addresses", Collection::Equipment, read_unit)?;
    let uninventoried = reading.records(
        record,
        "uninventoried_mac_addresses",
        Collection::Equipment,
        |_, own| read_own_box(own),
    )?;
    Ok(SonarAccount {
        id: reading.account,
        name,
        state,
        groups,
        fields,
        services,
        units,
        uninventoried,
        cut: reading.cut,
        uncounted: reading.uncounted,
        remarks: reading.remarks,
    })
}

/// Returns the record if it has the key: a key that was asked for and did not come is not the same as null.
fn known<'r, 'v>(record: &'r Record<'v>, key: &str) -> Result<&'r Record<'v>, ShapeError> {
    match record.has(key) {
        true => Ok(record),
        false => Err(record.wrong(key, "a value or null")),
    }
}

fn is_set(record: &Record<'_>, key: &str) -> Result<bool, ShapeError> {
    Ok(known(record, key)?.filled_text(key)?.is_some())
}

/// Reads the status. Where it is missing or not understood there is none, and that is not the same as a default.
fn read_status(record: &Record<'_>) -> Option<AccountStatus> {
    let status = record.optional("account_status").ok().flatten()?;
    let id: AccountId = status.id("id").ok()?;
    Some(AccountStatus {
        id: CompactString::new(id.as_str()),
        activates: status.flag("activates_account").ok().flatten(),
    })
}

/// Returns the groups whose disappearance would look like many accounts that left.
fn read_groups(
    record: &Record<'_>,
    status: Option<&AccountStatus>,
) -> Result<Vec<GroupId>, ShapeError> {
    let company = record.optional_id::<AccountId>("company_id")?;
    let kind = record.optional_id::<AccountId>("account_type_id")?;
    let groups = [
        ("status", status.map(|status| status.id.as_str())),
        ("company", company.as_ref().map(AccountId::as_str)),
        ("type", kind.as_ref().map(AccountId::as_str)),
    ];
    let groups = groups.into_iter().filter_map(|(kind, id)| {
        let group = format_compact!("{kind}.{}", id?);
        GroupId::new(&group).ok()
    });
    Ok(groups.collect())
}

fn read_field(record: &Record<'_>, id: &str) -> Result<FieldValue, ShapeError> {
    let value = record.long_text("value")?;
    let value = value.ok_or_else(|| record.wrong("value", "a text"))?;
    Ok(FieldValue {
        field: record.id(id)?,
        value: Personal::new(value.into()),
    })
}

fn read_service(
    reading: &mut Reading,
    record: &Record<'_>,
) -> Result<Option<SonarService>, ShapeError> {
    let sold = record.optional("service")?;
    let sold = sold.ok_or_else(|| record.wrong("service", "an object"))?;
    // An instance that does not filter sends services of other types too.
    if sold.word("type")? != DATA {
        return Ok(None);
    }
    let metadata = reading.values(
        record,
        "service_metadata_values",
        Collection::Services,
        |field| read_field(field, "service_metadata_id"),
    )?;
    Ok(Some(SonarService {
        id: record.id("id")?,
        tariff: sold.id("id")?,
        metadata,
    }))
}

fn read_unit(reading: &mut Reading, record: &Record<'_>) -> Result<Option<SonarUnit>, ShapeError> {
    let id: LocationId = record.id("id")?;
    let mut lines = Vec::new();
    for key in ["line1", "line2", "city", "subdivision", "zip"] {
        lines.extend(record.filled_text(key)?);
    }
    let line2 = record.filled_text("line2")?.unwrap_or_default();
    let anchor: Option<LocationId> =
        known(record, "anchor_address_id")?.optional_id("anchor_address_id")?;
    let is_anchor = required_flag(record, "is_anchor")?;
    let fields = reading.values(record, "custom_field_data", Collection::Services, |field| {
        read_field(field, "custom_field_id")
    })?;
    let items = reading.records(record, "inventory_items", Collection::Equipment, read_item)?;
    let list = record.path("inventory_items");
    reading.note_total(Collection::Equipment, list, items.total, items.received());
    Ok(Some(SonarUnit {
        lines: Personal::new(lines.join(", ")),
        line2: Personal::new(line2.into()),
        network_site: read_network_site(record)?,
        anchor: anchor.or_else(|| is_anchor.then_some(id)),
        fields,
        items,
    }))
}

/// Returns the network site that the building belongs to, `network-site.3`: its ids are not those of addresses.
fn read_network_site(record: &Record<'_>) -> Result<Option<LocationId>, ShapeError> {
    let Some(anchor) = record.optional("anchor_address")? else {
        return Ok(None);
    };
    let kind = anchor.filled_text("addressable_type")?;
    if kind.is_none_or(|kind| kind != "NetworkSite") {
        return Ok(None);
    }
    let site: AccountId = anchor.id("addressable_id")?;
    let location = format_compact!("network-site.{site}");
    let location = LocationId::new(&location);
    location
        .map(Some)
        .map_err(|_| anchor.wrong("addressable_id", "an id"))
}
