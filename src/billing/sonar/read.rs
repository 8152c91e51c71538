//! Reads a snapshot of Sonar: everything, or some accounts after a hint.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde_json::Value;

use super::account::read_account;
use super::client::{SonarClient, is_query_error, is_timeout};
use super::connection::{Connection, readable_id};
use super::list::{List, ListSink};
use super::lookups::{SonarLookups, SonarTable};
use super::page_walk::WalkEnd;
use super::query::{self, Asked};
use super::record::SonarAccount;
use super::translate::SnapshotBuilder;
use crate::billing::json::{Record, ShapeError};
use crate::billing::{BillingError, BillingProblem, Priority};
use crate::model::billing::{AccountId, Collection, Gap, GapReason, Snapshot, SnapshotScope};

/// The root of accounts.
const ACCOUNTS: &str = "accounts";

/// The most ids in one search; one page of accounts.
const MOST_IDS: usize = 100;

/// The pages after which the lists of one account are considered endless.
const MOST_LIST_PAGES: u32 = 100;

impl SonarClient {
    /// Reads the small tables, once per cycle.
    ///
    /// # Errors
    ///
    /// Fails at the first table that cannot be read: without it nothing else has a meaning.
    pub async fn read_lookups(&self, priority: Priority) -> Result<SonarLookups, BillingError> {
        let mut lookups = SonarLookups::default();
        for table in SonarTable::ALL {
            self.read_table(table, priority, &mut lookups).await?;
        }
        Ok(lookups)
    }

    /// Reads one small table into `lookups`.
    pub(super) async fn read_table(
        &self,
        table: SonarTable,
        priority: Priority,
        lookups: &mut SonarLookups,
    ) -> Result<(), BillingError> {
        let list = List {
            root: table.root(),
            priority,
            query: &|page, features| table.query(page, features),
        };
        let mut sink = TableSink {
            table,
            before: lookups.clone(),
            lookups,
        };
        let end = self.read_list(&list, &mut sink).await?;
        lookups.end(table, end);
        Ok(())
    }

    /// Reads everything; `now` is seconds since 1970.
    ///
    /// # Errors
    ///
    /// Fails if a request fails. What could not be read completely is a gap in the snapshot's proof, not an error.
    pub async fn read_everything(
        &self,
        now: u64,
    ) -> Result<(Snapshot, SonarLookups), BillingError> {
        self.forget_refusals();
        if !self.knows_fields() {
            self.learn_fields().await?;
        }
        let lookups = self.read_lookups(Priority::FullRead).await?;
        let list = List {
            root: ACCOUNTS,
            priority: Priority::FullRead,
            query: &|page, features| query::accounts(Asked::Everything, page, features),
        };
        let builder = SnapshotBuilder::new(self.settings(), &lookups, now);
        let builder = self.fill(builder, &list).await?;
        Ok((builder.finish(SnapshotScope::Everything), lookups))
    }

    /// Reads some accounts, archived ones too. Nothing follows from an account that is not returned.
    ///
    /// # Errors
    ///
    /// As `read_everything`.
    pub async fn read_accounts(
        &self,
        accounts: &BTreeSet<AccountId>,
        lookups: &SonarLookups,
        priority: Priority,
        now: u64,
    ) -> Result<Snapshot, BillingError> {
        let new_builder = || SnapshotBuilder::new(self.settings(), lookups, now);
        let mut builder = new_builder();
        builder
            .remarks()
            .gap(Collection::Accounts, GapReason::Partial);
        // Ids of Sonar are numbers. A search without any number would return all accounts.
        let is_number = |id: &&AccountId| id.as_str().parse::<u64>().is_ok();
        let ids: Vec<_> = accounts.iter().filter(is_number).cloned().collect();
        for some in ids.chunks(MOST_IDS) {
            let list = List {
                root: ACCOUNTS,
                priority,
                query: &|page, features| query::accounts(Asked::These(some), page, features),
            };
            builder.append(self.fill(new_builder(), &list).await?);
        }
        Ok(builder.finish(SnapshotScope::Accounts(accounts.clone())))
    }

    /// Reads a list of accounts; those with cut lists once more, one by one.
    async fn fill<'s>(
        &self,
        builder: SnapshotBuilder<'s>,
        list: &List<'_>,
    ) -> Result<SnapshotBuilder<'s>, BillingError> {
        let mut sink = AccountSink {
            builder,
            cut: Vec::new(),
        };
        let end = self.read_list(list, &mut sink).await?;
        let AccountSink { mut builder, cut } = sink;
        match end {
            WalkEnd::Counted(counts) => builder.count(Collection::Accounts, counts),
            WalkEnd::NotCounted => {
                let remarks = builder.remarks();
                remarks.gap(Collection::Accounts, GapReason::NotCounted);
            }
        }
        for cut in cut {
            let whole = self.read_alone(&cut.id, list.priority).await;
            match whole {
                Ok(Some(whole)) => builder.add(whole),
                // Gone meanwhile: the gaps remain, and the next reading decides.
                Ok(None) => builder.add(cut),
                // One account that is too large, or not understood, holds up no other.
                Err(error) if is_about_one(&error) => builder.add(cut),
                Err(error) => return Err(error),
            }
        }
        Ok(builder)
    }

    /// Reads one account alone, its lists page by page; `None` if it does not come back.
    async fn read_alone(
        &self,
        account: &AccountId,
        priority: Priority,
    ) -> Result<Option<SonarAccount>, BillingError> {
        let features = self.features(ACCOUNTS);
        let mut whole: Option<SonarAccount> = None;
        for page in 1..=MOST_LIST_PAGES {
            let query = query::one_account(account, page, features);
            let data = self.ask(priority, &query).await?;
            let Some(read) = read_one(&data, account)
                .map_err(|why| self.error(ACCOUNTS, BillingProblem::Shape(why)))?
            else {
                return Ok(whole);
            };
            let Some(so_far) = &mut whole else {
                if !read.has_cut_lists() {
                    return Ok(Some(read));
                }
                whole = Some(read);
                continue;
            };
            let before = so_far.received();
            so_far.extend(read);
            if !so_far.has_cut_lists() || so_far.received() == before {
                break;
            }
        }
        Ok(whole)
    }
}

/// Returns whether a failed query may succeed for another account.
fn is_about_one(error: &BillingError) -> bool {
    let is_shape = matches!(error.problem, BillingProblem::Shape(_));
    is_timeout(error) || is_query_error(error) || is_shape
}

/// Returns the account of an answer to a query for it alone.
fn read_one(data: &Value, account: &AccountId) -> Result<Option<SonarAccount>, ShapeError> {
    let record = Record::of(data, "")?;
    for (value, path) in Connection::read(&record, ACCOUNTS)?.entities {
        if readable_id(value).is_some_and(|id| id == account.as_str()) {
            return read_account(value, path).map(Some);
        }
    }
    Ok(None)
}

impl SonarLookups {
    /// Notes how a table ended.
    fn end(&mut self, table: SonarTable, end: WalkEnd) {
        let Some(collection) = table.collection() else {
            return;
        };
        match end {
            WalkEnd::Counted(counts) => {
                self.counts.insert(collection, counts);
            }
            WalkEnd::NotCounted => self.gaps.push(Gap {
                collection,
                reason: GapReason::NotCounted,
            }),
        }
    }
}

/// Receives the rows of a table.
struct TableSink<'l> {
    table: SonarTable,
    /// The tables before this one.
    before: SonarLookups,
    lookups: &'l mut SonarLookups,
}

impl ListSink for TableSink<'_> {
    fn clear(&mut self) {
        *self.lookups = self.before.clone();
    }

    fn add(&mut self, value: &Value, path: CompactString) {
        self.lookups.add(self.table, value, path);
    }
}

/// Translates accounts as they come, except for those that are read again alone.
struct AccountSink<'s> {
    builder: SnapshotBuilder<'s>,
    cut: Vec<SonarAccount>,
}

impl ListSink for AccountSink<'_> {
    fn clear(&mut self) {
        self.cut.clear();
        self.builder.clear();
    }

    fn add(&mut self, value: &Value, path: CompactString) {
        match read_account(value, path) {
            Ok(account) if account.is_cut() => self.cut.push(account),
            Ok(account) => self.builder.add(account),
            Err(reason) => {
                let account = readable_id(value).and_then(|id| AccountId::new(&id).ok());
                let remarks = self.builder.remarks();
                remarks.unreadable(Collection::Accounts, value, account.as_ref(), &reason);
            }
        }
    }
}
