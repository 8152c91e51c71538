//! Adds the rows of one customer: account, contact, address, service and endpoint.

use super::cell::{Cell, datetime_text};
use super::lookup::{ENDPOINT_MODEL, FIRST_FIELD, MULTIPLEXER_MODEL, ROUTER_MODEL};
use crate::simulator::billing::people::Person;

/// Adds rows; a seed does it silently, a person at work leaves logs and webhooks.
pub(crate) trait Create {
    fn create(&mut self, table: &'static str, given: &[(&str, Cell)]) -> u64;
}

/// Returns the date of a time, in UTC.
pub(crate) fn date_at(now: u64) -> String {
    datetime_text(now).chars().take(10).collect()
}

/// Adds an account with its contact.
pub(crate) fn add_account(
    to: &mut impl Create,
    person: &Person,
    (status, kind, company): (u64, u64, u64),
    activated: Option<u64>,
) -> u64 {
    let account = to.create(
        "Account",
        &[
            ("name", Cell::text(person.listed_name())),
            ("account_status_id", Cell::id(status)),
            ("account_type_id", Cell::id(kind)),
            ("company_id", Cell::id(company)),
            ("is_delinquent", Cell::Bool(false)),
            (
                "activation_date",
                activated.map_or(Cell::Null, |at| Cell::text(date_at(at))),
            ),
            (
                "activation_time",
                activated.map_or(Cell::Null, |_| Cell::text("09:00:00")),
            ),
        ],
    );
    to.create(
        "Contact",
        &[
            ("contactable_type", Cell::text("Account")),
            ("contactable_id", Cell::id(account)),
            (
                "name",
                Cell::text(format!("{} {}", person.given, person.family)),
            ),
            ("email_address", Cell::text(&person.email)),
            ("phone_number", Cell::text(&person.phone)),
            ("primary", Cell::Bool(true)),
        ],
    );
    account
}

/// The facts that distinguish an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAddress<'a> {
    pub owner: (&'a str, u64),
    pub anchor: Option<u64>,
    pub line1: &'a str,
    pub line2: Option<&'a str>,
    pub zip: &'a str,
}

/// Adds a physical address that can be served.
pub(crate) fn add_address(to: &mut impl Create, new: NewAddress<'_>) -> u64 {
    to.create(
        "Address",
        &[
            ("addressable_type", Cell::text(new.owner.0)),
            ("addressable_id", Cell::id(new.owner.1)),
            ("type", Cell::text("PHYSICAL")),
            ("serviceable", Cell::Bool(true)),
            ("is_anchor", Cell::Bool(new.anchor.is_none())),
            ("anchor_address_id", new.anchor.map_or(Cell::Null, Cell::id)),
            ("line1", Cell::text(new.line1)),
            ("line2", new.line2.map_or(Cell::Null, Cell::text)),
            ("city", Cell::text("Austin")),
            ("subdivision", Cell::text("US_TX")),
            ("zip", Cell::text(new.zip)),
            ("country", Cell::text("US")),
            ("timezone", Cell::text("America/Chicago")),
            ("address_status_id", Cell::id(1)),
        ],
    )
}

/// Adds a service to an account.
pub(crate) fn add_service(to: &mut impl Create, account: u64, service: u64, quantity: i64) -> u64 {
    to.create(
        "AccountService",
        &[
            ("account_id", Cell::id(account)),
            ("service_id", Cell::id(service)),
            ("quantity", Cell::Number(quantity)),
            ("number_of_times_billed", Cell::Number(0)),
            ("is_additional", Cell::Bool(false)),
        ],
    )
}

/// Adds an item with its MAC address and serial number, at an address or another place.
pub(crate) fn add_item(
    to: &mut impl Create,
    model: u64,
    mac: &str,
    owner: (&str, u64),
    account_service: Option<u64>,
) -> u64 {
    let item = to.create(
        "InventoryItem",
        &[
            ("inventoryitemable_type", Cell::text(owner.0)),
            ("inventoryitemable_id", Cell::id(owner.1)),
            (
                "account_service_id",
                account_service.map_or(Cell::Null, Cell::id),
            ),
            ("inventory_model_id", Cell::id(model)),
            ("status", Cell::text("FUNCTIONAL")),
            ("overall_status", Cell::text("GOOD")),
        ],
    );
    let serial = format!("GN{:07}", 2_000_000 + item % 1_000_000);
    let (first, second) = match model {
        MULTIPLEXER_MODEL => (serial.as_str(), mac),
        ROUTER_MODEL => ("on the back", mac),
        _ => (mac, serial.as_str()),
    };
    let field = FIRST_FIELD + 2 * (model - ENDPOINT_MODEL);
    for (field, value) in [(field, first), (field + 1, second)] {
        to.create(
            "InventoryModelFieldData",
            &[
                ("inventory_item_id", Cell::id(item)),
                ("inventory_model_field_id", Cell::id(field)),
                ("value", Cell::text(value)),
            ],
        );
    }
    item
}
