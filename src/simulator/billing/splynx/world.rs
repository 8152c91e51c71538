//! Invents the first records of an instance: tariffs, buildings, devices, customers, services and items.

use serde_json::json;

use super::Splynx;
use super::cell::Cell;
use super::table::{Row, TableName};
use crate::simulator::billing::people::{Building, People, mac_text};
use crate::simulator::gam::chance;

/// The product that is a G.hn endpoint.
pub(super) const ENDPOINT: u64 = 4;

/// The product that is a router of another vendor.
pub(super) const ROUTER: u64 = 5;

/// The first ids, so that examples of different tables are not mistaken for each other.
const FIRST_SERVICE: u64 = 7001;
const FIRST_ITEM: u64 = 88;
pub(super) const FIRST_TARIFF: u64 = 30;
const FIRST_DEVICE: u64 = 12;

/// Spare endpoints in the storeroom.
const SPARES: u64 = 5;

/// Tariffs: title, price, kbps down and up. One was entered with 1024 for a megabit, one is not for the wire.
const TARIFFS: [(&str, &str, i64, i64); 6] = [
    ("Home 100", "39.0000", 100_000, 50_000),
    ("Home 500", "59.0000", 500_000, 250_000),
    ("Home 1000", "79.0000", 1_000_000, 1_000_000),
    ("Business 200", "129.0000", 200_000, 200_000),
    ("Home 100 (2019)", "35.0000", 102_400, 51_200),
    ("Radio 20", "29.0000", 20_000, 5_000),
];

/// The fields that gamctl writes back.
const OWN_FIELDS: [(&str, &str); 3] = [
    ("gam_place", "GAM place"),
    ("gam_vlan", "GAM VLAN"),
    ("gam_state", "GAM state"),
];

impl Splynx {
    pub(super) fn populate(&mut self, accounts: u64, first_customer: u64, now: u64) {
        for (table, first) in [
            (TableName::Customers, first_customer),
            (TableName::Services, FIRST_SERVICE),
            (TableName::Items, FIRST_ITEM),
            (TableName::Tariffs, FIRST_TARIFF),
            (TableName::Monitoring, FIRST_DEVICE),
            (TableName::Changes, 501),
            (TableName::Notes, 301),
            (TableName::Tickets, 201),
        ] {
            self.database.number_from(table, first);
        }
        self.small_tables();
        for building in 0..People::buildings(accounts).max(1) {
            self.add_building(building);
        }
        for _ in 0..accounts {
            self.settle(now);
        }
        for spare in 0..SPARES {
            // Far beyond the endpoints of customers.
            let mac = self.people.mac(8_000_000 + spare);
            let row = self.item(ENDPOINT, &mac_text(mac));
            let row = row.with_text("status", "stock").with_id("stock_id", 1);
            self.database.add(TableName::Items, row);
        }
    }

    fn small_tables(&mut self) {
        for (title, price, down, up) in TARIFFS {
            let row = Row::new(TableName::Tariffs)
                .with_text("title", title)
                .with_text("service_name", &title.to_lowercase().replace(' ', ""))
                .with_text("price", price)
                .with("speed_download", Cell::Number(down))
                .with("speed_upload", Cell::Number(up))
                .with("with_vat", Cell::Number(1))
                .with_text("priority", "normal")
                .with("available_for_services", Cell::Number(1))
                .with("partners_ids", Cell::Json(Box::new(json!([1, 2]))))
                .with("billing_types", Cell::Json(Box::new(json!(["recurring"]))));
            self.database.add(TableName::Tariffs, row);
        }
        for partner in ["Main", "Reseller"] {
            let row = Row::new(TableName::Partners).with_text("name", partner);
            self.database.add(TableName::Partners, row);
        }
        for vendor in ["Access Wires", "Positron"] {
            let row = Row::new(TableName::Vendors).with_text("name", vendor);
            self.database.add(TableName::Vendors, row);
        }
        for (id, name, vendor) in [(ENDPOINT, "G1001-C", 2), (ROUTER, "Home router", 1)] {
            let row = Row::new(TableName::Products)
                .with_text("name", name)
                .with_id("vendor_id", vendor)
                .with_id("category_id", 1);
            self.database.put(TableName::Products, id, row);
        }
        for (table, titles) in [
            (TableName::TicketTypes, ["Question", "Incident"]),
            (TableName::TicketStatuses, ["New", "Resolved"]),
            (TableName::TicketGroups, ["Any", "Network"]),
        ] {
            for title in titles {
                let row = Row::new(table).with_text("title", title);
                self.database.add(table, row);
            }
        }
        self.define("customers", "unit", "Unit");
        for (name, title) in OWN_FIELDS {
            self.define("services_internet", name, title);
        }
    }

    fn define(&mut self, module: &str, name: &str, title: &str) {
        let row = Row::new(TableName::AdditionalFields)
            .with_text("module", module)
            .with_text("name", name)
            .with_text("title", title)
            .with_text("type", "string")
            .with("is_add", Cell::Number(1))
            .with("show_in_list", Cell::Number(1))
            .with("searchable", Cell::Number(1));
        self.database.add(TableName::AdditionalFields, row);
    }

    /// Adds a location, a site and a device for a building; returns the location.
    fn add_building(&mut self, number: u64) -> u64 {
        let building = self.people.building(number);
        let Building { name, street, .. } = &building;
        let row = Row::new(TableName::Locations).with_text("name", name);
        let location = self.database.add(TableName::Locations, row);
        let both = || Cell::Json(Box::new(json!([1, 2])));
        let row = Row::new(TableName::Sites)
            .with_text("title", name)
            .with_text("address", street)
            .with_id("location_id", location)
            .with("partners_ids", both());
        let site = self.database.add(TableName::Sites, row);
        let title = format!("{}-a", name.to_lowercase().replace(' ', "-"));
        let ip = format!("10.20.{}.{}", number / 200, 11 + number % 200);
        let row = Row::new(TableName::Monitoring)
            .with_text("title", &title)
            .with_id("network_site_id", site)
            .with_text("model", "GAM-24-C")
            .with_text("ip", &ip)
            .with_id("type", 5)
            .with_id("producer", 2)
            .with_id("monitoring_group", 1)
            .with_id("location_id", location)
            .with("partners_ids", both())
            .with_text("address", street)
            .with("active", Cell::Number(1))
            .with("is_ping", Cell::Number(1))
            .with("access_device", Cell::Number(1))
            .with_text("ping_state", "up")
            .with_text("snmp_state", "up")
            .with_text("snmp_community", &format!("canary-community-{number}"));
        self.database.add(TableName::Monitoring, row);
        location
    }

    /// Returns the location of a building. People move in building by building, so its id follows from the number.
    fn location(&mut self, building: &Building) -> u64 {
        let id = building.number + 1;
        match self.database.get(TableName::Locations, id) {
            Some(_) => id,
            None => self.add_building(building.number),
        }
    }

    /// Returns the record of the next person, who lives in a unit of their own.
    pub(super) fn next_person(&mut self, site: Option<u64>, unit: Option<&str>, now: u64) -> Row {
        let number = self.persons;
        self.persons += 1;
        let person = self.people.person(number);
        let location = match site {
            Some(location) => location,
            None => self.location(&person.building),
        };
        let unit = unit.unwrap_or(&person.unit);
        let partner = 1 + u64::from(chance::draw(self.seed, "partner", number).is_multiple_of(12));
        let mut row = Row::new(TableName::Customers)
            .with_text("status", "active")
            .with_id("partner_id", partner)
            .with_id("location_id", location)
            .with_text("added_by", "admin")
            .with_id("added_by_id", 1)
            .with_text("name", &format!("{} {}", person.given, person.family))
            .with_text("email", &person.email)
            .with_text("phone", &person.phone)
            .with_text("street_1", &format!("{}, {unit}", person.building.street))
            .with_text("zip_code", &person.building.zip)
            .with_text("city", person.building.city)
            .with_text("date_add", &self.clock().date(now))
            .with_text("last_update", &self.clock().date_and_time(now))
            .with("customer_labels", Cell::Json(Box::new(json!([]))))
            .with_text("password", &format!("canary-portal-{number}"));
        let name = unit.strip_prefix("Apt ").unwrap_or(unit).to_owned();
        row.additional.insert("unit".to_owned(), name);
        row
    }

    /// Makes a customer by hand.
    pub(super) fn new_customer(&mut self, site: Option<u64>, unit: Option<&str>, now: u64) -> u64 {
        let row = self.next_person(site, unit, now);
        let author = super::change::Author::Person;
        let customer = self.create(TableName::Customers, row, author, now);
        if let Some(row) = self.database.get_mut(TableName::Customers, customer) {
            row.set_text("login", &format!("{customer:06}"));
        }
        customer
    }

    /// Returns a new service of a customer who had some before.
    pub(super) fn service_row(&self, customer: u64, tariff: u64, start: &str, before: u64) -> Row {
        let (title, price) = self.title_and_price(tariff);
        let login = match before {
            0 => format!("{customer:06}"),
            before => format!("{customer:06}_{before}"),
        };
        Row::new(TableName::Services)
            .with_text("type", "internet")
            .with_id("customer_id", customer)
            .with_id("tariff_id", tariff)
            .with_text("status", "active")
            .with_text("description", &title)
            .with("quantity", Cell::Number(1))
            .with_text("unit_price", &price)
            .with_text("start_date", start)
            .with("period", Cell::Number(-1))
            .with_text("login", &login)
            .with_text("password", &format!("canary-password-{login}"))
            .with(
                "geo",
                Cell::Json(Box::new(json!({ "address": "", "marker": "" }))),
            )
    }
}
