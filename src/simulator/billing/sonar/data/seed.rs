//! Fills a new instance with buildings and with customers in every state that a real ISP has.

use super::cell::Cell;
use super::customer::{Create, NewAddress, add_account, add_address, add_item, add_service};
use super::database::Database;
use super::lookup::{
    ACTIVE, COMPANIES, ENDPOINT_MODEL, FIRST_FIELD, FIRST_METADATA, FIRST_SERVICE, INACTIVE, LEAD,
    MULTIPLEXER_MODEL, PAUSED, ROUTER_MODEL, SOLD, TELEVISION, add_lookup_tables,
};
use crate::simulator::billing::people::{People, mac_text};
use crate::simulator::gam::chance::draw;

/// The age of the first rows, in seconds: a new client finds nothing that changed just now.
const AGE: u64 = 30 * 86_400;

/// The numbers from which other equipment gets its MAC addresses.
const FIRST_ROUTER: u64 = 8_000_000;
const FIRST_MULTIPLEXER: u64 = 16_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeedSettings {
    /// Accounts that are listed; archived ones are in addition.
    pub accounts: u64,
    /// The id of the first account.
    pub first_account: u64,
    pub seed: u64,
    /// One of so many customers has hostile characters in name and unit; 0 is none.
    pub hostile_every: u64,
}

/// Adds rows without a trace.
struct Silent<'a> {
    db: &'a mut Database,
    now: u64,
}

impl Create for Silent<'_> {
    fn create(&mut self, table: &'static str, given: &[(&str, Cell)]) -> u64 {
        self.db.insert(table, given, self.now)
    }
}

/// Fills an empty database.
pub(crate) fn seed(db: &mut Database, settings: SeedSettings, now: u64) {
    for (table, first) in [
        ("Account", settings.first_account),
        ("Address", 5001),
        ("Service", FIRST_SERVICE),
        ("ServiceMetadata", FIRST_METADATA),
        ("InventoryItem", 9001),
        ("InventoryModel", ENDPOINT_MODEL),
        ("InventoryModelField", FIRST_FIELD),
    ] {
        db.start_ids(table, first);
    }
    let now = now.saturating_sub(AGE);
    let mut to = Silent { db, now };
    add_lookup_tables(&mut to);
    let people = People::new(settings.seed).with_hostile_text(settings.hostile_every);
    let archived = settings.accounts / 50;
    let all = settings.accounts + archived;
    let anchors: Vec<u64> = (0..People::buildings(all).max(1))
        .map(|number| add_building(&mut to, &people, number))
        .collect();
    let mut previous = None;
    for number in 0..all {
        let anchor = usize::try_from(people.person(number).building.number)
            .ok()
            .and_then(|building| anchors.get(building))
            .copied();
        let account = add_person(&mut to, &people, settings.seed, number, (anchor, previous));
        if number >= settings.accounts {
            let gone = [
                ("archived_at", Cell::time(now)),
                ("account_status_id", Cell::id(INACTIVE)),
            ];
            to.db.update("Account", account, &gone, now);
        } else {
            previous = Some(account);
        }
    }
}

/// Adds a building: a network site, and the anchor address that its units are linked to.
fn add_building(to: &mut Silent<'_>, people: &People, number: u64) -> u64 {
    let building = people.building(number);
    let site = to.create(
        "NetworkSite",
        &[
            ("name", Cell::text(&building.name)),
            ("company_id", Cell::id(1)),
        ],
    );
    let mac = mac_text(people.mac(FIRST_MULTIPLEXER + number));
    add_item(to, MULTIPLEXER_MODEL, &mac, ("NetworkSite", site), None);
    add_address(
        to,
        NewAddress {
            owner: ("NetworkSite", site),
            anchor: None,
            line1: &building.street,
            line2: None,
            zip: &building.zip,
        },
    )
}

/// Adds one customer, in a state that follows from the seed.
fn add_person(
    to: &mut Silent<'_>,
    people: &People,
    seed: u64,
    number: u64,
    (anchor, previous): (Option<u64>, Option<u64>),
) -> u64 {
    let percent = |purpose: &str| draw(seed, purpose, number) % 100;
    let person = people.person(number);
    let (status, is_activated) = match percent("status") {
        0..4 => (LEAD, false),
        4..6 => (INACTIVE, true),
        6 => (PAUSED, true),
        _ => (ACTIVE, true),
    };
    let business = u64::from(percent("type") < 5);
    let [first, second] = COMPANIES;
    let company = if percent("company") < 10 {
        second
    } else {
        first
    };
    let days = draw(seed, "since", number) % 700;
    let since = to.now.saturating_sub(86_400 * days);
    let account = add_account(
        to,
        &person,
        (status, 1 + business, company),
        is_activated.then_some(since),
    );
    let mut facts = Vec::new();
    if status == ACTIVE && percent("delinquent") < 3 {
        facts.push(("is_delinquent", Cell::Bool(true)));
    }
    if let Some(parent) = previous.filter(|_| percent("child") < 2) {
        facts.push(("parent_account_id", Cell::id(parent)));
    }
    to.db.update("Account", account, &facts, to.now);
    let address = add_address(
        to,
        NewAddress {
            owner: ("Account", account),
            anchor,
            line1: &person.building.street,
            line2: Some(&person.unit),
            zip: &person.building.zip,
        },
    );
    if status != LEAD {
        add_what_is_sold(to, people, seed, number, (account, address));
    }
    account
}

/// Adds services and equipment: mostly one of each, linked or not, sometimes more, sometimes the customer's own.
fn add_what_is_sold(
    to: &mut Silent<'_>,
    people: &People,
    seed: u64,
    number: u64,
    (account, address): (u64, u64),
) {
    let percent = |purpose: &str| draw(seed, purpose, number) % 100;
    let tariff = FIRST_SERVICE + draw(seed, "tariff", number) % SOLD;
    let service = add_service(to, account, tariff, 1);
    if percent("television") < 20 {
        add_service(to, account, TELEVISION, 1);
    }
    if percent("second") < 2 {
        add_service(to, account, FIRST_SERVICE, 1);
    }
    let mac = mac_text(people.mac(number));
    if percent("own") < 4 {
        to.create(
            "UninventoriedMacAddress",
            &[
                ("account_id", Cell::id(account)),
                ("mac_address", Cell::text(mac)),
            ],
        );
        return;
    }
    let linked = (percent("linked") < 70).then_some(service);
    let owner = ("Address", address);
    add_item(to, ENDPOINT_MODEL, &mac, owner, linked);
    if percent("router") < 8 {
        let mac = mac_text(people.mac(FIRST_ROUTER + number));
        add_item(to, ROUTER_MODEL, &mac, owner, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::billing::sonar::schema::Schema;

    fn instance(accounts: u64) -> Database {
        let schema = Schema::current();
        let tables: Vec<&'static str> = schema.tables().collect();
        let mut db = Database::new(&schema, &tables, 1);
        let settings = SeedSettings {
            accounts,
            first_account: 1001,
            seed: 1,
            hostile_every: 0,
        };
        seed(&mut db, settings, 1_795_183_389);
        db
    }

    #[test]
    fn an_instance_has_as_many_listed_accounts_as_asked_for_and_archived_ones_besides() {
        let db = instance(1000);
        let accounts = db.table("Account").unwrap();
        assert_eq!(accounts.len(), 1020);
        let archived = accounts.column("archived_at").unwrap();
        let listed = accounts
            .rows()
            .filter(|row| row.cells[archived] == Cell::Null);
        assert_eq!(listed.count(), 1000);
    }

    #[test]
    fn customers_are_in_every_state_and_every_reference_leads_to_a_row() {
        let db = instance(1000);
        for status in [LEAD, ACTIVE, INACTIVE, PAUSED] {
            assert!(
                !db.find("Account", "account_status_id", status).is_empty(),
                "{status}"
            );
        }
        assert!(db.table("UninventoriedMacAddress").unwrap().len() > 10);
        for row in db.table("InventoryModelFieldData").unwrap().rows() {
            for (column, table) in [
                ("inventory_item_id", "InventoryItem"),
                ("inventory_model_field_id", "InventoryModelField"),
            ] {
                let id = db
                    .get("InventoryModelFieldData", row.id, column)
                    .as_id()
                    .unwrap();
                assert!(db.row(table, id).is_some(), "{table} {id}");
            }
        }
        assert_eq!(db.get("Service", 31, "name"), &Cell::text("Home 500"));
        assert_eq!(
            db.get("Service", TELEVISION, "type"),
            &Cell::text("RECURRING")
        );
        assert_eq!(
            db.get("InventoryModelField", FIRST_FIELD, "type"),
            &Cell::text("MAC_ADDRESS")
        );
    }
}
