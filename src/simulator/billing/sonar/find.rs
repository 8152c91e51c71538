//! Finds the rows that an operation is about, or reports what is missing.

use super::data::mac_of;
use super::write::Writer;
use crate::simulator::billing::operation::OperationError;

const ACCOUNT: &str = "Account";
const SERVICE: &str = "AccountService";
const ITEM: &str = "InventoryItem";

pub(super) fn must_exist(writer: &Writer<'_>, account: u64) -> Result<(), OperationError> {
    match writer.db.row(ACCOUNT, account) {
        Some(_) => Ok(()),
        None => Err(OperationError::NoAccount(account)),
    }
}

pub(super) fn tariff_must_exist(writer: &Writer<'_>, tariff: u64) -> Result<(), OperationError> {
    match writer.db.row("Service", tariff) {
        Some(_) => Ok(()),
        None => Err(OperationError::NoTariff(tariff)),
    }
}

pub(super) fn checked_mac(mac: &str) -> Result<String, OperationError> {
    mac_of(mac).ok_or_else(|| OperationError::InvalidMac(mac.to_owned()))
}

/// Returns a service of the account: the given one, or the first for data.
pub(super) fn service_of(
    writer: &Writer<'_>,
    account: u64,
    service: Option<u64>,
) -> Result<u64, OperationError> {
    must_exist(writer, account)?;
    let is_data = |id: &u64| {
        let service = writer.db.get(SERVICE, *id, "service_id").as_id();
        let kind = service.map(|service| writer.db.get("Service", service, "type").as_text());
        kind.flatten() == Some("DATA")
    };
    let mut all = writer.db.find(SERVICE, "account_id", account).into_iter();
    all.find(|id| service.map_or_else(|| is_data(id), |service| *id == service))
        .ok_or(OperationError::NoService { account })
}

pub(super) fn addresses(writer: &Writer<'_>, account: u64) -> Vec<u64> {
    let owner = (ACCOUNT, account);
    writer
        .db
        .owned("Address", "addressable_type", "addressable_id", owner)
}

/// Returns the first item at the addresses of an account.
pub(super) fn item_of(writer: &Writer<'_>, account: u64) -> Result<u64, OperationError> {
    must_exist(writer, account)?;
    let columns = ("inventoryitemable_type", "inventoryitemable_id");
    addresses(writer, account)
        .into_iter()
        .flat_map(|address| {
            writer
                .db
                .owned(ITEM, columns.0, columns.1, ("Address", address))
        })
        .next()
        .ok_or(OperationError::NoEndpoint { account })
}

/// Returns the anchor address of a building, by the name of its network site or by its street.
pub(super) fn anchor_of(writer: &Writer<'_>, site: &str) -> Result<u64, OperationError> {
    let no_site = || OperationError::NoSite(site.to_owned());
    let addresses = writer.db.table("Address").ok_or_else(no_site)?;
    let is_named = |id: u64| {
        let owner = writer.db.get("Address", id, "addressable_id").as_id();
        let name = owner.map(|owner| writer.db.get("NetworkSite", owner, "name").as_text());
        name.flatten() == Some(site)
            || writer.db.get("Address", id, "line1").as_text() == Some(site)
    };
    let is_anchor = |id: u64| {
        writer.db.get("Address", id, "is_anchor").as_bool() == Some(true)
            && writer.db.get("Address", id, "addressable_type").as_text() == Some("NetworkSite")
    };
    let mut rows = addresses.rows().map(|row| row.id);
    rows.find(|id| is_anchor(*id) && is_named(*id))
        .ok_or_else(no_site)
}
