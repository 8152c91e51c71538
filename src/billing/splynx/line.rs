//! Decides which of several rows counts: Splynx makes a new row for many changes of one service.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use compact_str::CompactString;

use super::row::ServiceRow;
use crate::model::MacAddress;
use crate::model::billing::{AccountId, ServiceStatus, WrittenMac};

/// A row with its status on the day of the reading.
#[derive(Debug)]
pub(super) struct DatedRow {
    pub(super) row: ServiceRow,
    pub(super) status: ServiceStatus,
    pub(super) starts_later: bool,
}

/// The thing that stays the same when the id of a service changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Login(AccountId, CompactString),
    Mac(AccountId, MacAddress),
}

impl Line {
    fn of(row: &ServiceRow) -> Option<Self> {
        if let Some(login) = &row.login {
            return Some(Self::Login(row.account.clone(), login.clone()));
        }
        let mut macs = row.macs.iter().filter_map(WrittenMac::mac);
        let mac = macs.next().filter(|_| macs.next().is_none())?;
        Some(Self::Mac(row.account.clone(), mac))
    }
}

/// The weight of a row within its line; the lowest counts. Ended rows and unknown words are never outweighed.
fn weight(row: &DatedRow) -> Option<(u8, bool)> {
    let rank = match row.status {
        ServiceStatus::Served => 0,
        ServiceStatus::Suspended { .. } => 1,
        ServiceStatus::Pending { .. } => 2,
        ServiceStatus::Gone { .. } | ServiceStatus::Unknown { .. } => return None,
    };
    Some((rank, row.starts_later))
}

/// Drops the rows that another row of the same line outweighs.
///
/// A planned successor is not a second service while its predecessor runs, and a paused copy is none beside the active
/// row. Rows of equal weight all stay: a person has to decide.
pub(super) fn deciding_rows(rows: Vec<DatedRow>) -> Vec<DatedRow> {
    let mut lowest: BTreeMap<Line, (u8, bool)> = BTreeMap::new();
    for row in &rows {
        if let (Some(line), Some(weight)) = (Line::of(&row.row), weight(row)) {
            let lowest = lowest.entry(line).or_insert(weight);
            *lowest = weight.min(*lowest);
        }
    }
    let mut rows = rows;
    rows.retain(|row| match (Line::of(&row.row), weight(row)) {
        (Some(line), Some(weight)) => lowest.get(&line) == Some(&weight),
        _ => true,
    });
    rows
}

impl DatedRow {
    /// Returns the first day of a row that has not started.
    pub(super) fn starts(&self) -> Option<NaiveDate> {
        self.row.start.filter(|_| self.starts_later)
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{Customer, FieldNames};
    use super::super::settings::StateTable;
    use super::*;
    use crate::billing::json::Record;

    const TODAY: &str = "2026-11-20";

    fn rows(customer_status: &str, rows: &[serde_json::Value]) -> Vec<DatedRow> {
        let customer = serde_json::json!({"id": 1042, "status": customer_status});
        let customer =
            Customer::read(&Record::of(&customer, "").unwrap(), FieldNames::default()).unwrap();
        let today = TODAY.parse().unwrap();
        let dated = rows.iter().map(|value| {
            let row =
                ServiceRow::read(&Record::of(value, "").unwrap(), FieldNames::default()).unwrap();
            let status = row.state(&customer).status(today, &StateTable::default());
            let starts_later = row.state(&customer).starts_later(today);
            DatedRow {
                row,
                status,
                starts_later,
            }
        });
        dated.collect()
    }

    fn left(customer: &str, given: &[serde_json::Value]) -> Vec<String> {
        let left = deciding_rows(rows(customer, given));
        left.iter().map(|row| row.row.id.to_string()).collect()
    }

    fn row(id: u64, login: &str, status: &str, start: &str, end: &str) -> serde_json::Value {
        serde_json::json!({"id": id, "customer_id": 1042, "login": login, "status": status, "start_date": start, "end_date": end})
    }

    #[test]
    fn the_row_that_is_valid_today_decides_over_its_planned_successor() {
        let planned = [
            row(6904, "001042", "active", "2025-01-05", "2026-11-30"),
            row(7001, "001042", "pending", "2026-12-01", "0000-00-00"),
        ];
        assert_eq!(left("active", &planned), ["6904"]);
        // Suspended as both are, the one of today still decides.
        assert_eq!(left("blocked", &planned), ["6904"]);
    }

    #[test]
    fn after_a_plan_change_the_ended_row_stays_visible_beside_the_new_one() {
        let changed = [
            row(6904, "001042", "disabled", "2025-01-05", "2026-11-19"),
            row(7001, "001042", "active", "2026-11-20", "0000-00-00"),
        ];
        assert_eq!(left("active", &changed), ["6904", "7001"]);
        let same_day = [
            row(6904, "001042", "archived", "2026-11-20", ""),
            row(7001, "001042", "active", "2026-11-20", ""),
        ];
        assert_eq!(left("active", &same_day), ["6904", "7001"]);
    }

    #[test]
    fn a_stopped_copy_is_no_second_service_beside_the_active_row() {
        let returned = [
            row(6904, "001042", "stopped", "2025-01-05", ""),
            row(7001, "001042", "active", "2026-11-01", ""),
        ];
        assert_eq!(left("active", &returned), ["7001"]);
    }

    #[test]
    fn two_rows_of_equal_weight_stay_for_a_person_to_decide() {
        let doubled = [
            row(6904, "001042", "active", "2025-01-05", ""),
            row(7001, "001042", "active", "2026-11-01", ""),
        ];
        assert_eq!(left("active", &doubled), ["6904", "7001"]);
    }

    #[test]
    fn rows_of_other_logins_do_not_outweigh_each_other() {
        let two = [
            row(6904, "001042", "active", "2025-01-05", ""),
            row(7001, "001042_1", "pending", "2026-12-01", ""),
            row(7002, "", "pending", "2026-12-01", ""),
        ];
        assert_eq!(left("active", &two), ["6904", "7001", "7002"]);
    }

    #[test]
    fn without_a_login_the_address_joins_rows() {
        let mut old = row(6904, "", "active", "2025-01-05", "2026-11-30");
        let mut new = row(7001, "", "pending", "2026-12-01", "");
        old["mac"] = "000ED81C9508".into();
        new["mac"] = "00:0e:d8:1c:95:08".into();
        assert_eq!(left("active", &[old.clone(), new.clone()]), ["6904"]);
        new["mac"] = "000ED81C9508, 2CC81BBDC9AB".into();
        assert_eq!(left("active", &[old, new]), ["6904", "7001"]);
    }

    #[test]
    fn an_unknown_word_is_never_outweighed() {
        let odd = [
            row(6904, "001042", "active", "2025-01-05", ""),
            row(7001, "001042", "frozen", "2026-11-01", ""),
        ];
        assert_eq!(left("active", &odd), ["6904", "7001"]);
    }
}
