//! Invents customers of long standing: their status, services, endpoint and session.

use super::Splynx;
use super::table::{Row, TableName};
use super::world::{ENDPOINT, FIRST_TARIFF, ROUTER};
use crate::simulator::billing::people::mac_text;
use crate::simulator::gam::chance;

/// The tariffs of most customers; one of them is sold twice as often.
const USUAL_TARIFFS: [u64; 4] = [30, 31, 31, 32];

/// The days since an old service started, and since customers were deactivated.
const OLD_DAYS: u64 = 1500;
const DEACTIVATED_DAYS: u64 = 3;

/// A customer who is being invented.
struct Newcomer {
    /// Counts from 0.
    number: u64,
    customer: u64,
    status: &'static str,
    /// The date since which the present service runs.
    since: String,
}

impl Splynx {
    /// Adds one customer of long standing, with services and equipment.
    pub(super) fn settle(&mut self, now: u64) {
        let newcomer = self.register(now);
        if newcomer.status == "new" {
            return;
        }
        let service = self.provide(&newcomer, now);
        self.equip(&newcomer, service);
        if newcomer.status == "active" && self.share("online", newcomer.number) < 80 {
            let row = Row::new(TableName::Online)
                .with_id("customer_id", newcomer.customer)
                .with_id("service_id", service)
                .with_text("login", &format!("{:06}", newcomer.customer))
                .with_text("start_session", &self.clock().date_and_time(now));
            self.database.add(TableName::Online, row);
        }
    }

    /// Draws a percentage for one purpose.
    fn share(&self, purpose: &str, number: u64) -> u64 {
        chance::draw(self.seed, purpose, number) % 100
    }

    fn register(&mut self, now: u64) -> Newcomer {
        let number = self.persons;
        let status = match self.share("status", number) {
            0..=87 => "active",
            88..=92 => "blocked",
            93..=95 => "new",
            _ => "disabled",
        };
        let since = self.clock().date_before(now, 30 + number % 900);
        let row = self
            .next_person(None, None, now)
            .with_text("status", status)
            .with_text("date_add", &since);
        let customer = self.database.add(TableName::Customers, row);
        let has_parent = self.share("family", number) < 3 && number > 0;
        if let Some(row) = self.database.get_mut(TableName::Customers, customer) {
            row.set_text("login", &format!("{customer:06}"));
            if has_parent {
                row.set_id("parent_id", customer - 1);
            }
        }
        Newcomer {
            number,
            customer,
            status,
            since,
        }
    }

    /// Adds the services of a customer; returns the present one.
    fn provide(&mut self, newcomer: &Newcomer, now: u64) -> u64 {
        let Newcomer {
            number,
            customer,
            status,
            since,
        } = newcomer;
        let place = usize::try_from(self.share("tariff", *number) % 4).unwrap_or(0);
        let tariff = USUAL_TARIFFS.get(place).copied().unwrap_or(FIRST_TARIFF);
        let clock = self.clock();
        let before = u64::from(self.share("old", *number) < 8);
        if before > 0 {
            let start = clock.date_before(now, OLD_DAYS);
            let row = self
                .service_row(*customer, FIRST_TARIFF, &start, 0)
                .with_text("status", "disabled")
                .with_text("end_date", since);
            self.database.add(TableName::Services, row);
        }
        let mut row = self.service_row(*customer, tariff, since, before);
        if self.share("typed", *number) < 30 {
            let mac = self.people.mac(*number);
            let digits = mac.map(|octet| format!("{octet:02X}"));
            row.set_text("mac", &digits.concat());
        }
        if *status == "disabled" {
            let ended = clock.date_before(now, DEACTIVATED_DAYS);
            let old = row.clone().with_text("status", "disabled");
            let old = old.with_text("end_date", &ended);
            self.database.add(TableName::Services, old);
            row.set_text("status", "stopped");
            row.set_text("start_date", &ended);
        }
        let service = self.database.add(TableName::Services, row);
        if *status == "active" && self.share("further", *number) < 4 {
            let row = self.service_row(*customer, FIRST_TARIFF, since, before + 1);
            self.database.add(TableName::Services, row);
        }
        service
    }

    /// Assigns an endpoint, or a router of another vendor, often without its service.
    fn equip(&mut self, newcomer: &Newcomer, service: u64) {
        let mac = self.people.mac(newcomer.number);
        let [_, _, _, a, b, c] = mac;
        let drawn = self.share("equipment", newcomer.number);
        let (product, mac) = match drawn {
            0..=4 => return,
            5..=9 => (ROUTER, [0x2c, 0xc8, 0x1b, a, b, c]),
            _ => (ENDPOINT, mac),
        };
        let row = self
            .item(product, &mac_text(mac))
            .with_text("status", "assigned")
            .with_id("customer_id", newcomer.customer)
            .with_id("service_id", if drawn < 60 { service } else { 0 });
        self.database.add(TableName::Items, row);
    }

    pub(super) fn item(&self, product: u64, barcode: &str) -> Row {
        let number = chance::draw(self.seed, barcode, 0) % 10_000_000;
        Row::new(TableName::Items)
            .with_id("product_id", product)
            .with_text("barcode", barcode)
            .with_text("serial_number", &format!("GN{number:07}"))
    }
}
