//! Does what happens at midnight: planned changes start, customers are blocked, and no hook is sent.

use super::Splynx;
use super::change::{Author, NewValues};
use super::table::{Row, TableName};

impl Splynx {
    /// Runs the night if the local date is later than at the last call.
    pub(super) fn pass_time(&mut self, now: u64) {
        let today = self.clock().date(now);
        if today > self.last_night {
            self.night(&today, &[], now);
            self.last_night = today;
        }
    }

    /// Starts everything that is planned up to a date, and blocks customers.
    pub(super) fn night(&mut self, date: &str, blocked: &[u64], now: u64) {
        let is_due = |row: &Row| row.text("date") <= date;
        for id in self.database.find(TableName::PendingServices, is_due) {
            if let Some(plan) = self.database.remove(TableName::PendingServices, id) {
                self.start_plan(plan.id("service_id"), plan.id("new_service_id"), now);
            }
        }
        for id in self.database.find(TableName::PendingStatuses, is_due) {
            if let Some(plan) = self.database.remove(TableName::PendingStatuses, id) {
                let values = NewValues::text("status", plan.text("status"));
                let customer = plan.id("customer_id");
                self.change(TableName::Customers, customer, values, Author::System, now);
            }
        }
        for customer in blocked {
            let values = NewValues::text("status", "blocked");
            self.change(TableName::Customers, *customer, values, Author::System, now);
        }
    }

    fn start_plan(&mut self, old: u64, new: u64, now: u64) {
        let table = TableName::Services;
        let Some(tariff) = self.database.get(table, old).map(|row| row.id("tariff_id")) else {
            return;
        };
        // One row says both, so the rows of the two services are not logged.
        for (service, status) in [(new, "active"), (old, "disabled")] {
            if let Some(row) = self.database.get_mut(table, service) {
                row.set_text("status", status);
            }
        }
        self.move_items(old, new);
        self.log_plan(new, tariff, Author::System, now);
    }
}
