//! Finds the accounts that changed since the last reading; a delta costs seven small requests.

use std::collections::BTreeSet;

use super::super::error::BillingError;
use super::super::json::Record;
use super::super::limiter::Priority;
use super::client::{Call, ServiceListing, SplynxClient, absent_if_off};
use super::cursor::{LastChange, SplynxCursor, written};
use super::endpoint::{CHANGES, CUSTOMERS, Endpoint, ITEMS, SERVICES};
use super::list::{List, blames_filter};
use super::page::{Rows, read_page};
use super::query::Query;
use super::row::{ChangeRow, Customer, ServiceRow, read_item};
use crate::model::billing::{AccountId, Collection};

/// The accounts that may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplynxChanges {
    pub accounts: BTreeSet<AccountId>,
    /// The collections with fewer records than their changes explain: only a full read finds what was deleted.
    pub lost: BTreeSet<Collection>,
    pub cursor: SplynxCursor,
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
        Ok(rows.as_ref().map(LastChange::of))
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
        if let Some(day) = last.since() {
            query = query.at_least("date", &day.to_string());
        }
        let rows = self.changes(query.sorted_by_id(), Priority::Delta).await?;
        let Some(rows) = rows else {
            changes.cursor.last_change = None;
            return Ok(());
        };
        if rows.last_id() > last.id {
            changes.cursor.last_change = Some(LastChange::of(&rows));
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
            return self.count_services(list, changes).await;
        }
        let fields = self.field_names();
        let read = |record: &Record<'_>| ServiceRow::read(record, fields);
        let rows = self
            .pages_after(list, changes.cursor.last_service, 0, &read)
            .await;
        let rows = match rows {
            Err(error)
                if self.listing() == ServiceListing::Unknown && blames_filter(&error.problem) =>
            {
                return self.count_services(list, changes).await;
            }
            rows => rows?,
        };
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

    /// Compares the number of services where searching by id does not work: only a full read finds which are new.
    async fn count_services(
        &self,
        list: List,
        changes: &mut SplynxChanges,
    ) -> Result<(), BillingError> {
        let count = self.count_as(list, ServiceListing::ByStatus).await?;
        if changes.cursor.counts.insert(Collection::Services, count) != Some(count) {
            changes.lost.insert(Collection::Services);
        }
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
