//! Finds the accounts to read after a delta, after webhooks, and after missed webhooks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{SonarClient, is_query_error};
use super::connection::Connection;
use super::delta::{DeltaCursor, DeltaReading};
use super::delta_root::{AskedRoot, DeltaRoot, RootAccess};
use super::owner::Owners;
use super::page_walk::{PAGE_SIZE, Page};
use super::query::Query;
use super::webhook::{SonarHint, read_webhook};
use crate::billing::json::{Record, ShapeError};
use crate::billing::{BillingError, BillingProblem, Priority};
use crate::model::billing::{AccountId, EquipmentId, ServiceId, Snapshot};

/// The pages of a delta after which a full read is cheaper.
const MOST_PAGES: u32 = 10;

/// The requests after which the search for owners ends.
const MOST_LOOKUPS: u32 = 100;

/// The accounts and objects that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SonarChanges {
    /// The accounts to read.
    pub accounts: BTreeSet<AccountId>,
    /// Services that were deleted: the last snapshot has their accounts.
    pub services: BTreeSet<ServiceId>,
    /// Items that changed: the account that had one in the last snapshot has to be read too.
    pub equipment: BTreeSet<EquipmentId>,
    /// A tariff changed: the small tables have to be read again.
    pub tariffs_changed: bool,
}

impl SonarChanges {
    /// Returns the accounts to read, with those that had a deleted service or a changed item in the last snapshot.
    pub fn accounts_since(&self, last: &Snapshot) -> BTreeSet<AccountId> {
        let services = last.services.iter();
        let services = services.filter(|service| self.services.contains(&service.service));
        let services = services.map(|service| &service.account);
        let equipment = last.equipment.iter();
        let equipment = equipment.filter(|equipment| self.equipment.contains(&equipment.id));
        let equipment = equipment.filter_map(|equipment| equipment.place.account());
        let all = self.accounts.iter().chain(services).chain(equipment);
        all.cloned().collect()
    }
}

/// The result of a delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SonarDelta {
    pub changes: SonarChanges,
    /// The cursor for the next delta, to be used after the accounts were read.
    pub next: DeltaCursor,
    pub coverage: DeltaCoverage,
    /// Kinds of records whose changes this login cannot ask for.
    pub blind: Vec<DeltaRoot>,
}

/// The part of the changes that a delta found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeltaCoverage {
    /// Everything that shows in its roots.
    Whole,
    /// Something may be missing; the cursor stays, so that the next delta asks for it again.
    Partial,
    /// More than is worth reading account by account: a full read has to follow.
    TooMuch,
}

const FAILED: &str = "
query FailedDispatches($page: Paginator!, $since: [Search]) {
  webhook_endpoint_event_dispatches(last_status: FAIL, paginator: $page, search: $since,
    sorter: [{attribute: \"id\", direction: ASC}]) {
    page_info { page total_pages total_count records_per_page }
    entities { id payload }
  }
}";
const DISPATCHES: &str = "webhook_endpoint_event_dispatches";

impl SonarClient {
    /// Reads what changed since a cursor.
    ///
    /// # Errors
    ///
    /// Fails if a request fails; the cursor stays as it is then.
    pub async fn read_delta(
        &self,
        cursor: &DeltaCursor,
        priority: Priority,
    ) -> Result<SonarDelta, BillingError> {
        let mut roots = self.asked_roots();
        let mut reading = DeltaReading::new(cursor);
        let mut number = 1;
        let mut is_long = false;
        while !roots.is_empty() {
            let page = Page {
                number,
                size: PAGE_SIZE,
            };
            let data = self.ask_roots(cursor, &mut roots, page, priority).await?;
            let more = reading.read(&roots, page, &data);
            roots = more.map_err(|why| self.error("changes", BillingProblem::Shape(why)))?;
            if number == MOST_PAGES {
                is_long = !roots.is_empty();
                break;
            }
            number += 1;
        }
        if is_long {
            return Ok(SonarDelta {
                changes: SonarChanges::default(),
                next: cursor.clone(),
                coverage: DeltaCoverage::TooMuch,
                blind: self.blind_roots(),
            });
        }
        let (next, is_whole) = (reading.next(), reading.is_whole());
        Ok(SonarDelta {
            changes: self.find_owners(reading.found, priority).await?,
            next,
            coverage: match is_whole {
                true => DeltaCoverage::Whole,
                false => DeltaCoverage::Partial,
            },
            blind: self.blind_roots(),
        })
    }

    /// Asks for a page of all roots; where the instance refuses, without what it refuses.
    async fn ask_roots(
        &self,
        cursor: &DeltaCursor,
        roots: &mut Vec<AskedRoot>,
        page: Page,
        priority: Priority,
    ) -> Result<Value, BillingError> {
        let error = match self.ask(priority, &cursor.query(roots, page)).await {
            Err(error) if is_query_error(&error) && page.number == 1 => error,
            result => return result,
        };
        for asked in roots.iter() {
            self.learn_root(cursor, asked.root, priority).await?;
        }
        *roots = self.asked_roots();
        match roots.is_empty() {
            true => Err(error),
            // All of them at one moment, so that the cursor holds for all.
            false => self.ask(priority, &cursor.query(roots, page)).await,
        }
    }

    /// Finds out how a root can be asked for changes.
    async fn learn_root(
        &self,
        cursor: &DeltaCursor,
        root: DeltaRoot,
        priority: Priority,
    ) -> Result<(), BillingError> {
        let page = Page { number: 1, size: 1 };
        for (is_counted, access) in [(true, RootAccess::Counted), (false, RootAccess::Uncounted)] {
            let query = cursor.query(&[AskedRoot { root, is_counted }], page);
            match self.ask(priority, &query).await {
                Ok(_) => {
                    self.remember_root(root, access);
                    return Ok(());
                }
                Err(error) if is_query_error(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.remember_root(root, RootAccess::Refused);
        Ok(())
    }

    /// Finds the accounts that webhooks are about.
    ///
    /// # Errors
    ///
    /// Fails if a request fails.
    pub async fn read_hints(
        &self,
        hints: &[SonarHint],
        priority: Priority,
    ) -> Result<SonarChanges, BillingError> {
        let mut owners = Owners::default();
        for object in hints.iter().flat_map(|hint| &hint.objects) {
            owners.add(object.clone());
        }
        self.find_owners(owners, priority).await
    }

    /// Reads the webhooks that did not arrive since a moment, for the time after an outage.
    ///
    /// # Errors
    ///
    /// Fails if a request fails. Bodies that are not understood are left out: a delta finds the same changes.
    pub async fn read_failed_webhooks(
        &self,
        since: &DeltaCursor,
        priority: Priority,
    ) -> Result<Vec<SonarHint>, BillingError> {
        let mut hints = Vec::new();
        for number in 1..=MOST_PAGES {
            let page = Page {
                number,
                size: PAGE_SIZE,
            };
            let query = Query {
                name: DISPATCHES,
                text: FAILED.to_owned(),
                variables: json!({
                    "page": super::query::paginator(page),
                    "since": since.search("created_at"),
                }),
            };
            let data = self.ask(priority, &query).await?;
            let is_last = read_dispatches(&data, page, &mut hints);
            let is_last =
                is_last.map_err(|why| self.error(DISPATCHES, BillingProblem::Shape(why)))?;
            if is_last {
                break;
            }
        }
        Ok(hints)
    }

    async fn find_owners(
        &self,
        mut owners: Owners,
        priority: Priority,
    ) -> Result<SonarChanges, BillingError> {
        let mut changes = SonarChanges {
            equipment: owners.items.clone(),
            tariffs_changed: owners.tariffs_changed,
            ..SonarChanges::default()
        };
        let mut asked = Owners::default();
        for _ in 0..MOST_LOOKUPS {
            let Some(some) = owners.take_some() else {
                break;
            };
            let data = self.ask(priority, &some.query()).await?;
            let missing = some.read(&data, &mut owners);
            let missing =
                missing.map_err(|why| self.error("owners", BillingProblem::Shape(why)))?;
            changes.services.extend(missing);
            asked.merge(some);
            owners.remove(&asked);
        }
        changes.accounts = owners.accounts;
        Ok(changes)
    }
}

/// Reads a page of dispatches; returns whether it is the last.
fn read_dispatches(
    data: &Value,
    page: Page,
    hints: &mut Vec<SonarHint>,
) -> Result<bool, ShapeError> {
    let connection = Connection::read(&Record::of(data, "")?, DISPATCHES)?;
    let info = connection.page_info();
    let is_last = connection.entities.is_empty()
        || info.is_none_or(|info| info.total_pages <= u64::from(page.number));
    for (value, path) in connection.entities {
        let dispatch = Record::of(value, path)?;
        let payload = dispatch.long_text("payload")?.unwrap_or_default();
        hints.extend(read_webhook(payload.as_bytes()).ok());
    }
    Ok(is_last)
}
