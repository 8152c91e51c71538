//! Reads everything, or single accounts, of a Splynx instance into a snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use compact_str::format_compact;
use tokio::time::Instant;

use super::super::error::{BillingError, BillingProblem};
use super::super::json::Record;
use super::super::limiter::Priority;
use super::assemble::{Circumstances, Reading};
use super::client::{Call, SplynxClient, absent_if_off};
use super::cursor::SplynxCursor;
use super::endpoint::{CUSTOMERS, ITEMS, SERVICES, TARIFFS};
use super::list::List;
use super::page::read_page;
use super::query::Query;
use super::row::{Customer, ServiceRow, read_item, read_tariff};
use crate::model::billing::{
    AccountId, Collection, Gap, Proof, Snapshot, SnapshotScope, Tariff, TariffId, UnreadableRecord,
};

/// The accounts that one request asks for.
const ACCOUNTS_AT_ONCE: usize = 50;

/// The time for which tariffs are not read again when single accounts are read.
const TARIFFS_KEPT: Duration = Duration::from_secs(60);

/// A complete reading, and where the next delta begins.
#[derive(Debug)]
pub struct SplynxReading {
    pub snapshot: Snapshot,
    pub cursor: SplynxCursor,
}

impl SplynxClient {
    /// Reads everything. What could not be counted or does not agree is a gap of the proof.
    pub async fn read_everything(&self) -> Result<SplynxReading, BillingError> {
        self.read_all(Priority::FullRead).await
    }

    /// Reads some accounts, out of everything where that costs fewer requests: services are only read account by account, and a
    /// nightly run of Splynx changes thousands of customers at once.
    pub async fn read_changed(
        &self,
        accounts: &BTreeSet<AccountId>,
        known: &SplynxCursor,
        priority: Priority,
    ) -> Result<Snapshot, BillingError> {
        if accounts.len() <= known.requests_of_everything() {
            return self.read_accounts(accounts, priority).await;
        }
        let reading = self.read_all(priority).await?;
        Ok(reading.snapshot.of_accounts(accounts))
    }

    async fn read_all(&self, priority: Priority) -> Result<SplynxReading, BillingError> {
        let list = |endpoint, collection| List {
            endpoint,
            collection,
            priority,
        };
        // The log first: what changes while the lists are read comes again with the next delta.
        let server_time = self.server_time();
        let newest_change = self.newest_change(priority).await?;
        let fields = self.field_names();
        let customers = list(CUSTOMERS, Collection::Accounts);
        let customers = self
            .read_list(customers, |record| Customer::read(record, fields))
            .await?;
        let services = list(SERVICES, Collection::Services);
        let services = self
            .read_list(services, |record| ServiceRow::read(record, fields))
            .await?;
        let items = self.read_list(list(ITEMS, Collection::Equipment), read_item);
        let items = absent_if_off(items.await)?;
        let tariffs = self
            .read_list(list(TARIFFS, Collection::Tariffs), read_tariff)
            .await?;
        let mut gaps: Vec<Gap> = services.gap.clone().into_iter().collect();
        gaps.extend(self.partner_gap().await?);

        let cursor = SplynxCursor::of_reading(
            &customers,
            &services,
            items.as_ref(),
            newest_change,
            server_time,
        );
        let mut counts = BTreeMap::from([
            (Collection::Accounts, customers.counts),
            (Collection::Services, services.counts),
            (Collection::Tariffs, tariffs.counts),
        ]);
        let mut unreadable = customers.rows.unreadable;
        unreadable.extend(services.rows.unreadable);
        unreadable.extend(tariffs.rows.unreadable);
        let mut equipment = Vec::new();
        if let Some(items) = items {
            counts.insert(Collection::Equipment, items.counts);
            unreadable.extend(items.rows.unreadable);
            equipment = items.rows.rows;
        }
        self.keep_tariffs(&tariffs.rows.rows);
        let reading = Reading {
            customers: customers.rows.rows,
            services: services.rows.rows,
            equipment,
            tariffs: tariffs.rows.rows,
            unreadable,
        };
        let proof = Proof::of(counts, gaps);
        Ok(SplynxReading {
            snapshot: self.snapshot(reading, SnapshotScope::Everything, proof),
            cursor,
        })
    }

    /// Reads single accounts with their services and their equipment. It proves nothing about what is absent.
    pub async fn read_accounts(
        &self,
        accounts: &BTreeSet<AccountId>,
        priority: Priority,
    ) -> Result<Snapshot, BillingError> {
        let mut reading = Reading {
            customers: Vec::new(),
            services: Vec::new(),
            equipment: Vec::new(),
            tariffs: Vec::new(),
            unreadable: Vec::new(),
        };
        let ids: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
        for ids in ids.chunks(ACCOUNTS_AT_ONCE) {
            self.read_some(&ids.iter().copied().collect(), priority, &mut reading)
                .await?;
        }
        for account in accounts {
            self.read_services_of(account, priority, &mut reading)
                .await?;
        }
        let needed: BTreeSet<_> = reading
            .services
            .iter()
            .filter_map(|row| row.tariff.as_ref())
            .collect();
        reading.tariffs = self
            .tariffs_with(&needed, priority, &mut reading.unreadable)
            .await?;
        // A filter that this version ignores returns the records of others.
        let read = self.snapshot(reading, SnapshotScope::Everything, Proof::of_accounts());
        Ok(read.of_accounts(accounts))
    }

    async fn read_some(
        &self,
        ids: &BTreeSet<&str>,
        priority: Priority,
        reading: &mut Reading,
    ) -> Result<(), BillingError> {
        let list = |endpoint, collection| List {
            endpoint,
            collection,
            priority,
        };
        let fields = self.field_names();
        let read = |record: &Record<'_>| Customer::read(record, fields);
        let customers = self
            .read_where(list(CUSTOMERS, Collection::Accounts), "id", ids, &read)
            .await?;
        reading.customers.extend(customers.rows);
        reading.unreadable.extend(customers.unreadable);
        let items = list(ITEMS, Collection::Equipment);
        let items = self.read_where(items, "customer_id", ids, &read_item).await;
        if let Some(items) = absent_if_off(items)? {
            reading.equipment.extend(items.rows);
            reading.unreadable.extend(items.unreadable);
        }
        Ok(())
    }

    async fn read_services_of(
        &self,
        account: &AccountId,
        priority: Priority,
        reading: &mut Reading,
    ) -> Result<(), BillingError> {
        let fields = self.field_names();
        let path = format_compact!("customers/customer/{account}/internet-services");
        let call = Call::list(SERVICES, Query::default(), priority).at(&path);
        let page = self.call(&call, |answer| {
            read_page(answer, SERVICES, Collection::Services, |record| {
                ServiceRow::read(record, fields)
            })
        });
        match page.await {
            Ok(page) => {
                reading.services.extend(page.rows);
                reading
                    .unreadable
                    .extend(page.unreadable.into_iter().map(|record| UnreadableRecord {
                        account: Some(account.clone()),
                        ..record
                    }));
                Ok(())
            }
            // The customer was deleted.
            Err(BillingError {
                problem: BillingProblem::Refused { status: 404, .. },
                ..
            }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns all tariffs, read again if one is needed that is not known.
    async fn tariffs_with(
        &self,
        needed: &BTreeSet<&TariffId>,
        priority: Priority,
        unreadable: &mut Vec<UnreadableRecord>,
    ) -> Result<Vec<Tariff>, BillingError> {
        let has_all = |kept: &Vec<Tariff>| {
            let mut needed = needed.iter();
            needed.all(|id| kept.iter().any(|tariff| tariff.id == **id))
        };
        if let Some(kept) = self.kept_tariffs().filter(has_all) {
            return Ok(kept);
        }
        let list = List {
            endpoint: TARIFFS,
            collection: Collection::Tariffs,
            priority,
        };
        let tariffs = self.pages_after(list, 0, 0, &read_tariff).await?;
        self.keep_tariffs(&tariffs.rows);
        unreadable.extend(tariffs.unreadable);
        Ok(tariffs.rows)
    }

    fn kept_tariffs(&self) -> Option<Vec<Tariff>> {
        let kept = self.tariffs.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, tariffs) = kept.as_ref()?;
        (read.elapsed() < TARIFFS_KEPT).then(|| tariffs.clone())
    }

    fn keep_tariffs(&self, tariffs: &[Tariff]) {
        let kept = Some((Instant::now(), tariffs.to_vec()));
        *self.tariffs.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    fn snapshot(&self, reading: Reading, scope: SnapshotScope, proof: Proof) -> Snapshot {
        reading.snapshot(Circumstances {
            system: self.settings.system.clone(),
            scope,
            proof,
            taken: self.now(),
            today: self.server_time().date(),
            states: &self.settings.states,
        })
    }
}
