//! Finds the accounts that changed since the last reading; a delta costs seven small requests.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use super::super::error::BillingError;
use super::super::json::Record;
use super::super::limiter::Priority;
use super::client::{Call, ServiceListing, SplynxClient, absent_if_off};
use super::endpoint::{CHANGES, CUSTOMERS, Endpoint, ITEMS, SERVICES};
use super::list::{List, Listed};
use super::page::{Rows, read_page};
use super::query::Query;
use super::row::{ChangeRow, Customer, ServiceRow, read_item};
use crate::model::billing::{AccountId, Collection, Equipment};

/// The time before the last change that is read again: an hour that summer time may repeat, and slow transactions.
const OVERLAP: TimeDelta = TimeDelta::minutes(65);

/// The age at which a time, which has no fraction of a second, is certainly over.
const SETTLED: TimeDelta = TimeDelta::seconds(5);

const MOMENT: &str = "%Y-%m-%d %H:%M:%S";

/// The point up to which changes are known. It survives a restart as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplynxCursor {
    counts: BTreeMap<Collection, u64>,
    last_customer: u64,
    last_service: u64,
    last_item: u64,
    /// Of the log; `None` where it is switched off.
    last_change: Option<LastChange>,
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

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastChange {
    id: u64,
    /// The log is only searched with a date.
    day: Option<CompactString>,
}

/// The accounts that may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplynxChanges {
    pub accounts: BTreeSet<AccountId>,
    /// The collections with fewer records than their changes explain: only a full read finds what was deleted.
    pub lost: BTreeSet<Collection>,
    pub cursor: SplynxCursor,
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

    /// Returns from when on customers are read again: before the latest change, which a wrong clock may have put in
    /// the future.
    fn changed_since(&self, server_time: NaiveDateTime) -> NaiveDateTime {
        let latest = self
            .recent
            .values()
            .filter_map(|update| parse(&update.time))
            .max();
        let latest = latest.map_or(server_time, |latest| latest.min(server_time));
        latest.checked_sub_signed(OVERLAP).unwrap_or(latest)
    }

    /// Takes over the customers that changed, and returns those that were not known with this change.
    fn note_customers(
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
    fn note_count(&mut self, collection: Collection, new: u64, count: u64) -> bool {
        let known = self.counts.get(&collection).copied().unwrap_or_default();
        let expected = known.saturating_add(new);
        // A record that was added after the new ones were read comes with the next delta.
        self.counts.insert(collection, expected.min(count));
        count < expected
    }
}

fn written(moment: NaiveDateTime) -> CompactString {
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

impl SplynxClient {
    /// Finds what changed since a reading or an earlier delta.
    ///
    /// It does not see edits of addresses, ports, items and additional fields: the next full read does.
    pub async fn read_changes(&self, since: &SplynxCursor) -> Result<SplynxChanges, BillingError> {
        let mut changes = SplynxChanges {
            accounts: BTreeSet::new(),
            lost: BTreeSet::new(),
            cursor: since.clone(),
        };
        self.logged_changes(&mut changes).await?;
        self.changed_customers(&mut changes).await?;
        self.new_services(&mut changes).await?;
        self.new_items(&mut changes).await?;
        Ok(changes)
    }

    /// Returns the newest entry of the log; `None` if the log is switched off.
    pub(super) async fn newest_change(
        &self,
        priority: Priority,
    ) -> Result<Option<LastChange>, BillingError> {
        let query = Query::default().greater("id", "0").newest_first().limit(1);
        let rows = self.changes(query, priority).await?;
        Ok(rows.map(|rows| LastChange {
            id: rows.last_id(),
            day: newest_day(&rows.rows),
        }))
    }

    async fn changes(
        &self,
        query: Query,
        priority: Priority,
    ) -> Result<Option<Rows<ChangeRow>>, BillingError> {
        let call = Call::list(CHANGES, query, priority);
        let page = self.call(&call, |answer| {
            read_page(answer, CHANGES, Collection::Statuses, ChangeRow::read)
        });
        let page = absent_if_off(page.await)?;
        Ok(page.map(|page| {
            let mut rows = Rows::default();
            rows.add(page);
            rows
        }))
    }

    async fn logged_changes(&self, changes: &mut SplynxChanges) -> Result<(), BillingError> {
        let Some(last) = changes.cursor.last_change.clone() else {
            return Ok(());
        };
        let mut query = Query::default().greater("id", &last.id.to_string());
        if let Some(day) = last
            .day
            .as_deref()
            .and_then(|day| day.parse::<NaiveDate>().ok())
        {
            let day = day.pred_opt().unwrap_or(day);
            query = query.at_least("date", &day.to_string());
        }
        let rows = self.changes(query.sorted_by_id(), Priority::Delta).await?;
        let Some(rows) = rows else {
            changes.cursor.last_change = None;
            return Ok(());
        };
        if rows.last_id() > last.id {
            changes.cursor.last_change = Some(LastChange {
                id: rows.last_id(),
                day: newest_day(&rows.rows).or(last.day),
            });
        }
        changes
            .accounts
            .extend(rows.rows.into_iter().filter_map(|row| row.account));
        changes
            .accounts
            .extend(rows.unreadable.into_iter().filter_map(|row| row.account));
        Ok(())
    }

    async fn changed_customers(&self, changes: &mut SplynxChanges) -> Result<(), BillingError> {
        let list = delta(CUSTOMERS, Collection::Accounts);
        let fields = self.field_names();
        let server_time = self.server_time();
        let since = changes.cursor.changed_since(server_time);
        let query = Query::default()
            .at_least("last_update", &written(since))
            .sorted_by_id();
        let call = Call::list(CUSTOMERS, query, Priority::Delta);
        let page = self.call(&call, |answer| {
            read_page(answer, CUSTOMERS, Collection::Accounts, |record| {
                Customer::read(record, fields)
            })
        });
        let page = page.await?;
        let known = changes.cursor.last_customer;
        let new = page
            .ids
            .iter()
            .filter(|id| **id > known)
            .collect::<BTreeSet<_>>()
            .len();
        let mut rows = Rows::default();
        rows.add(page);
        let count = self.count(list).await?;
        let cursor = &mut changes.cursor;
        if cursor.note_count(
            Collection::Accounts,
            u64::try_from(new).unwrap_or(u64::MAX),
            count,
        ) {
            changes.lost.insert(Collection::Accounts);
        }
        // A customer without a time of its last change is counted, though it is not among these.
        cursor.counts.insert(Collection::Accounts, count);
        cursor.last_customer = known.max(rows.last_id());
        changes
            .accounts
            .extend(rows.unreadable.iter().filter_map(|row| row.account.clone()));
        changes
            .accounts
            .extend(cursor.note_customers(&rows, server_time));
        Ok(())
    }

    async fn new_services(&self, changes: &mut SplynxChanges) -> Result<(), BillingError> {
        let list = delta(SERVICES, Collection::Services);
        if self.listing() == ServiceListing::ByStatus {
            // Searching by id does not work here, and a full read is cheap where it is asked for.
            let count = self.count(list).await?;
            if changes.cursor.counts.insert(Collection::Services, count) != Some(count) {
                changes.lost.insert(Collection::Services);
            }
            return Ok(());
        }
        let fields = self.field_names();
        let read = |record: &Record<'_>| ServiceRow::read(record, fields);
        let rows = self
            .pages_after(list, changes.cursor.last_service, 0, &read)
            .await?;
        let count = self.count(list).await?;
        changes.cursor.last_service = changes.cursor.last_service.max(rows.last_id());
        if changes
            .cursor
            .note_count(Collection::Services, rows.received(), count)
        {
            changes.lost.insert(Collection::Services);
        }
        changes
            .accounts
            .extend(rows.rows.into_iter().map(|row| row.account));
        changes
            .accounts
            .extend(rows.unreadable.into_iter().filter_map(|row| row.account));
        Ok(())
    }

    async fn new_items(&self, changes: &mut SplynxChanges) -> Result<(), BillingError> {
        if !changes.cursor.counts.contains_key(&Collection::Equipment) {
            return Ok(());
        }
        let list = delta(ITEMS, Collection::Equipment);
        let rows = self
            .pages_after(list, changes.cursor.last_item, 0, &read_item)
            .await;
        let Some(rows) = absent_if_off(rows)? else {
            return Ok(());
        };
        let count = self.count(list).await?;
        changes.cursor.last_item = changes.cursor.last_item.max(rows.last_id());
        if changes
            .cursor
            .note_count(Collection::Equipment, rows.received(), count)
        {
            changes.lost.insert(Collection::Equipment);
        }
        let accounts = rows
            .rows
            .iter()
            .filter_map(|item| item.place.account().cloned());
        changes.accounts.extend(accounts);
        changes
            .accounts
            .extend(rows.unreadable.into_iter().filter_map(|row| row.account));
        Ok(())
    }
}

fn delta(endpoint: Endpoint, collection: Collection) -> List {
    List {
        endpoint,
        collection,
        priority: Priority::Delta,
    }
}

fn newest_day(rows: &[ChangeRow]) -> Option<CompactString> {
    let day = rows.iter().filter_map(|row| row.date).max()?;
    Some(format_compact!("{day}"))
}

#[cfg(test)]
mod tests {
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
