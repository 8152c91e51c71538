//! Remembers up to which point the changes of a Splynx instance are known; pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use super::list::{Listed, PAGE};
use super::page::Rows;
use super::row::{ChangeRow, Customer, ServiceRow};
use crate::model::billing::{AccountId, Collection, Equipment};

/// The time before the last change that is read again: an hour that summer time may repeat, and slow transactions.
const OVERLAP: TimeDelta = TimeDelta::minutes(65);

/// The age at which a time, which has no fraction of a second, is certainly over.
const SETTLED: TimeDelta = TimeDelta::seconds(5);

const MOMENT: &str = "%Y-%m-%d %H:%M:%S";

/// The point up to which changes are known. It survives a restart as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplynxCursor {
    pub(super) counts: BTreeMap<Collection, u64>,
    pub(super) last_customer: u64,
    pub(super) last_service: u64,
    pub(super) last_item: u64,
    /// Of the log; `None` where it is switched off.
    pub(super) last_change: Option<LastChange>,
    /// The customers with the latest changes.
    recent: BTreeMap<AccountId, LastUpdate>,
}

/// The last change of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LastUpdate {
    /// By the clock of the server.
    time: CompactString,
    /// No further change can have the same time: it was over when the customer was read, or it was read twice.
    is_settled: bool,
}

/// The newest entry of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastChange {
    pub(super) id: u64,
    day: Option<CompactString>,
}

impl LastChange {
    /// Returns the newest of some entries.
    pub(super) fn of(rows: &Rows<ChangeRow>) -> Self {
        let day = rows.rows.iter().filter_map(|row| row.date).max();
        Self {
            id: rows.last_id(),
            day: day.map(|day| format_compact!("{day}")),
        }
    }

    /// Returns the day from which on the log is read again: it is only searched with a date.
    pub(super) fn since(&self) -> Option<NaiveDate> {
        let day: NaiveDate = self.day.as_deref()?.parse().ok()?;
        Some(day.pred_opt().unwrap_or(day))
    }
}

impl SplynxCursor {
    pub(super) fn of_reading(
        customers: &Listed<Customer>,
        services: &Listed<ServiceRow>,
        items: Option<&Listed<Equipment>>,
        last_change: Option<LastChange>,
        server_time: NaiveDateTime,
    ) -> Self {
        let mut counts = BTreeMap::from([
            (Collection::Accounts, customers.counts.received),
            (Collection::Services, services.counts.received),
        ]);
        counts.extend(items.map(|items| (Collection::Equipment, items.counts.received)));
        Self {
            counts,
            last_customer: customers.rows.last_id(),
            last_service: services.rows.last_id(),
            last_item: items.map_or(0, |items| items.rows.last_id()),
            last_change,
            recent: recent(&customers.rows.rows, server_time),
        }
    }

    /// Returns how many requests a reading of everything needs, if its counts agree at once.
    pub(super) fn requests_of_everything(&self) -> usize {
        // Each list is counted before and afterwards; besides the log, the partners, and a short page where the last is full.
        const BESIDES: usize = 4 * 2 + 2 + 4;
        let page = u64::try_from(PAGE).unwrap_or(u64::MAX);
        let pages = self.counts.values().map(|count| count / page);
        let pages = usize::try_from(pages.sum::<u64>()).unwrap_or(usize::MAX);
        pages.saturating_add(BESIDES)
    }

    /// Returns from when on customers are read again: before the latest change, which a wrong clock may have put in
    /// the future.
    pub(super) fn changed_since(&self, server_time: NaiveDateTime) -> NaiveDateTime {
        let latest = self
            .recent
            .values()
            .filter_map(|update| parse(&update.time))
            .max();
        let latest = latest.map_or(server_time, |latest| latest.min(server_time));
        latest.checked_sub_signed(OVERLAP).unwrap_or(latest)
    }

    /// Takes over the customers that changed, and returns those that were not known with this change.
    pub(super) fn note_customers(
        &mut self,
        customers: &Rows<Customer>,
        server_time: NaiveDateTime,
    ) -> BTreeSet<AccountId> {
        let mut updates: BTreeMap<_, _> = updates(&customers.rows, server_time).collect();
        let mut changed = BTreeSet::new();
        for customer in &customers.rows {
            let update = updates.get_mut(&customer.id);
            let known = self.recent.get(&customer.id);
            let is_known = update.zip(known).is_some_and(|(update, known)| {
                let is_same = update.time == known.time;
                update.is_settled |= is_same;
                is_same && known.is_settled
            });
            if !is_known {
                changed.insert(customer.id.clone());
            }
        }
        self.recent = updates;
        changed
    }

    /// Compares a count with what the new records explain, and returns whether records were lost.
    pub(super) fn note_count(&mut self, collection: Collection, new: u64, count: u64) -> bool {
        let known = self.counts.get(&collection).copied().unwrap_or_default();
        let expected = known.saturating_add(new);
        // A record that was added after the new ones were read comes with the next delta.
        self.counts.insert(collection, expected.min(count));
        count < expected
    }
}

pub(super) fn written(moment: NaiveDateTime) -> CompactString {
    format_compact!("{}", moment.format(MOMENT))
}

fn parse(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, MOMENT).ok()
}

/// Returns the customers whose last change is within the overlap before the latest one.
fn recent(customers: &[Customer], server_time: NaiveDateTime) -> BTreeMap<AccountId, LastUpdate> {
    let latest = customers
        .iter()
        .filter_map(|customer| customer.last_update)
        .max();
    let Some(since) = latest.and_then(|latest| latest.checked_sub_signed(OVERLAP)) else {
        return BTreeMap::new();
    };
    let since = written(since);
    updates(customers, server_time)
        .filter(|(_, update)| update.time >= since)
        .collect()
}

/// Returns the last changes of customers; `server_time` is from before they were read.
fn updates(
    customers: &[Customer],
    server_time: NaiveDateTime,
) -> impl Iterator<Item = (AccountId, LastUpdate)> {
    customers.iter().filter_map(move |customer| {
        let time = customer.last_update?;
        let update = LastUpdate {
            time: written(time),
            is_settled: time
                .checked_add_signed(SETTLED)
                .is_none_or(|settled| settled <= server_time),
        };
        Some((customer.id.clone(), update))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::json::Record;
    use super::super::row::FieldNames;
    use super::*;

    fn rows(customers: &[(u64, &str)]) -> Rows<Customer> {
        let mut rows = Rows::default();
        rows.rows = customers
            .iter()
            .map(|(id, update)| {
                let value =
                    serde_json::json!({"id": id, "status": "active", "last_update": update});
                Customer::read(&Record::of(&value, "").unwrap(), FieldNames::default()).unwrap()
            })
            .collect();
        rows
    }

    fn noted(cursor: &mut SplynxCursor, customers: &[(u64, &str)]) -> Vec<String> {
        let changed =
            cursor.note_customers(&rows(customers), parse("2026-11-20 08:10:00").unwrap());
        changed.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_customer_is_reported_once_for_each_change() {
        let mut cursor = SplynxCursor::default();
        let first = [(1, "2026-11-20 08:00:00"), (2, "2026-11-20 07:30:00")];
        assert_eq!(noted(&mut cursor, &first), ["1", "2"]);
        assert!(noted(&mut cursor, &first).is_empty());
        let second = [(1, "2026-11-20 08:00:00"), (2, "2026-11-20 08:00:00")];
        assert_eq!(noted(&mut cursor, &second), ["2"]);
        // The hour that summer time repeats.
        let repeated = [(1, "2026-11-20 08:00:00"), (2, "2026-11-20 07:10:00")];
        assert_eq!(noted(&mut cursor, &repeated), ["2"]);
    }

    #[test]
    fn a_change_within_the_second_of_another_one_is_not_missed() {
        let mut cursor = SplynxCursor::default();
        let just_now = [(1, "2026-11-20 08:10:00"), (2, "2026-11-20 08:09:00")];
        assert_eq!(noted(&mut cursor, &just_now), ["1", "2"]);
        assert_eq!(noted(&mut cursor, &just_now), ["1"]);
        assert!(noted(&mut cursor, &just_now).is_empty());
    }

    #[test]
    fn changes_are_read_again_from_before_the_latest_one() {
        let mut cursor = SplynxCursor::default();
        let now = parse("2026-11-20 08:10:00").unwrap();
        assert_eq!(written(cursor.changed_since(now)), "2026-11-20 07:05:00");
        noted(
            &mut cursor,
            &[(1, "2026-11-20 08:00:00"), (2, "2026-11-20 01:00:00")],
        );
        assert_eq!(written(cursor.changed_since(now)), "2026-11-20 06:55:00");
        // A change in the future must not hide the ones before it.
        noted(&mut cursor, &[(1, "2099-01-01 00:00:00")]);
        assert_eq!(written(cursor.changed_since(now)), "2026-11-20 07:05:00");
    }

    #[test]
    fn a_count_that_new_records_explain_is_not_a_loss() {
        let mut cursor = SplynxCursor::default();
        cursor.counts.insert(Collection::Services, 10);
        assert!(!cursor.note_count(Collection::Services, 2, 12));
        // One more was added after the new ones were read.
        assert!(!cursor.note_count(Collection::Services, 0, 13));
        assert!(!cursor.note_count(Collection::Services, 1, 13));
        assert!(cursor.note_count(Collection::Services, 1, 13));
        assert!(!cursor.note_count(Collection::Services, 0, 13));
        assert!(cursor.note_count(Collection::Services, 0, 12));
    }

    #[test]
    fn a_cursor_survives_as_json() {
        let mut cursor = SplynxCursor {
            last_change: Some(LastChange {
                id: 501,
                day: Some("2026-11-20".into()),
            }),
            ..SplynxCursor::default()
        };
        noted(&mut cursor, &[(1, "2026-11-20 08:00:00")]);
        let text = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<SplynxCursor>(&text).unwrap(), cursor);
    }
}
