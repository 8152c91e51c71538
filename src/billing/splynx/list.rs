//! Reads complete lists of Splynx: count, pages by id, count again, and a proof if all agree.

use std::collections::BTreeSet;

use super::super::error::{BillingError, BillingProblem};
use super::super::http::HttpAnswer;
use super::super::json::{Record, ShapeError};
use super::super::limiter::Priority;
use super::client::{Call, ServiceListing, SplynxClient};
use super::endpoint::{Endpoint, SERVICES};
use super::page::{Page, Rows, read_page};
use super::query::Query;
use super::status::SERVICE_STATUSES;
use crate::model::billing::{Collection, Counts, Gap, GapReason};

/// The records of one page.
pub(super) const PAGE: usize = 500;

/// The most pages of one list: no ISP has half a million customers on one instance.
const MOST_PAGES: usize = 1000;

/// How often a list is read whose counts disagree.
const TRIES: u32 = 3;

/// The header with the number of records.
const TOTAL: &str = "x-total-count";

/// A list and how many records it should have.
#[derive(Debug)]
pub(super) struct Listed<T> {
    pub(super) rows: Rows<T>,
    pub(super) counts: Counts,
    pub(super) gap: Option<Gap>,
}

/// A list of one kind of records.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) endpoint: Endpoint,
    pub(super) collection: Collection,
    pub(super) priority: Priority,
}

impl List {
    /// Returns the filter that every record passes: the list of services needs one.
    fn everything(&self, listing: ServiceListing) -> Query {
        match (self.endpoint == SERVICES, listing) {
            (false, _) => Query::default(),
            (true, ServiceListing::ByStatus) => Query::default().greater("customer_id", "0"),
            (true, _) => Query::default().greater("id", "0"),
        }
    }

    /// Returns whether a refusal may mean that this version cannot list services by id.
    fn asks_for_ability(&self, listing: ServiceListing) -> bool {
        self.endpoint == SERVICES && listing != ServiceListing::Paged
    }
}

/// Reads the count of a HEAD answer.
fn total(answer: &HttpAnswer) -> Result<u64, BillingProblem> {
    let total = answer
        .header(TOTAL)
        .and_then(|total| total.trim().parse().ok());
    total.ok_or_else(|| {
        BillingProblem::Shape(ShapeError::new(
            "X-total-count",
            "a number of records",
            None,
        ))
    })
}

impl SplynxClient {
    /// Asks how many records a list has.
    pub(super) async fn count(&self, list: List) -> Result<u64, BillingError> {
        self.count_as(list, self.listing()).await
    }

    pub(super) async fn count_as(
        &self,
        list: List,
        listing: ServiceListing,
    ) -> Result<u64, BillingError> {
        let query = list.everything(listing);
        let call = Call {
            asks_for_ability: list.asks_for_ability(listing),
            ..Call::count(list.endpoint, query, list.priority)
        };
        self.call(&call, total).await
    }

    /// Reads a whole list, again if its counts disagree.
    pub(super) async fn read_list<T>(
        &self,
        list: List,
        read: impl Fn(&Record<'_>) -> Result<T, ShapeError>,
    ) -> Result<Listed<T>, BillingError> {
        let mut tries = TRIES;
        loop {
            let listed = self.read_once(list, &read).await?;
            tries -= 1;
            if listed.counts.agree() || tries == 0 {
                return Ok(listed);
            }
        }
    }

    async fn read_once<T>(
        &self,
        list: List,
        read: &impl Fn(&Record<'_>) -> Result<T, ShapeError>,
    ) -> Result<Listed<T>, BillingError> {
        if list.endpoint != SERVICES {
            return self.read_paged(list, read).await;
        }
        match self.listing() {
            ServiceListing::ByStatus => self.read_by_status(list, read).await,
            ServiceListing::Paged => self.read_paged(list, read).await,
            ServiceListing::Unknown => match self.read_paged(list, read).await {
                Ok(listed) => {
                    self.set_listing(ServiceListing::Paged);
                    Ok(listed)
                }
                Err(error) if blames_filter(&error.problem) => {
                    let listed = self.read_by_status(list, read).await?;
                    // A refusal may pass, and is asked for again; a filter without effect stays as it is.
                    if error.problem == BillingProblem::Shape(not_following()) {
                        self.set_listing(ServiceListing::ByStatus);
                    }
                    Ok(listed)
                }
                Err(error) => Err(error),
            },
        }
    }

    async fn read_paged<T>(
        &self,
        list: List,
        read: &impl Fn(&Record<'_>) -> Result<T, ShapeError>,
    ) -> Result<Listed<T>, BillingError> {
        let before = self.count(list).await?;
        let rows = self.pages_after(list, 0, before, read).await?;
        let after = self.count(list).await?;
        let received = rows.received();
        Ok(Listed {
            rows,
            counts: Counts {
                before,
                received,
                after,
            },
            gap: None,
        })
    }

    /// Reads all records with ids above one; `expected` is how many there should be, if that is known.
    pub(super) async fn pages_after<T>(
        &self,
        list: List,
        last: u64,
        expected: u64,
        read: &impl Fn(&Record<'_>) -> Result<T, ShapeError>,
    ) -> Result<Rows<T>, BillingError> {
        let mut rows = Rows::default();
        let mut last = last;
        for _ in 0..MOST_PAGES {
            let query = Query::default()
                .greater("id", &last.to_string())
                .sorted_by_id()
                .limit(PAGE);
            let call = Call {
                asks_for_ability: list.asks_for_ability(self.listing()),
                ..Call::list(list.endpoint, query, list.priority)
            };
            let page = self.call(&call, |answer| {
                let page = read_page(answer, list.endpoint, list.collection, read)?;
                match page.follows(last) {
                    true => Ok(page),
                    false => Err(BillingProblem::Shape(not_following())),
                }
            });
            let page: Page<T> = page.await?;
            let highest = page.ids.last().copied();
            let is_short = page.length < PAGE;
            rows.add(page);
            // A short page is the last one, unless the server has a lower limit of its own.
            let is_last = is_short && rows.received() >= expected;
            match highest {
                Some(highest) if !is_last => last = highest,
                _ => return Ok(rows),
            }
        }
        let call = Call::list(list.endpoint, Query::default(), list.priority);
        Err(self.error(&call, BillingProblem::Shape(not_following())))
    }

    /// Reads the services of every known status. A status that is not known would be missing, so they are counted too.
    async fn read_by_status<T>(
        &self,
        list: List,
        read: &impl Fn(&Record<'_>) -> Result<T, ShapeError>,
    ) -> Result<Listed<T>, BillingError> {
        let by_status = ServiceListing::ByStatus;
        let before = self.count_as(list, by_status).await.ok();
        let mut rows = Rows::default();
        for status in SERVICE_STATUSES {
            let query = Query::default().equal("status", status);
            let call = Call::list(list.endpoint, query, list.priority);
            let page = self.call(&call, |answer| {
                read_page(answer, list.endpoint, list.collection, read)
            });
            rows.add(page.await?);
        }
        let after = self.count_as(list, by_status).await.ok();
        let received = rows.received();
        let counted = before.zip(after);
        let (before, after) = counted.unwrap_or((received, received));
        let not_counted = Gap {
            collection: list.collection,
            reason: GapReason::NotCounted,
        };
        Ok(Listed {
            rows,
            counts: Counts {
                before,
                received,
                after,
            },
            gap: counted.is_none().then_some(not_counted),
        })
    }

    /// Reads the records of a list whose field has one of some values; others, if they come, are dropped by the caller.
    pub(super) async fn read_where<T>(
        &self,
        list: List,
        field: &str,
        values: &BTreeSet<&str>,
        read: &impl Fn(&Record<'_>) -> Result<T, ShapeError>,
    ) -> Result<Rows<T>, BillingError> {
        let query = Query::default().any_of(field, values.iter().copied());
        let call = Call::list(list.endpoint, query, list.priority);
        let page = self.call(&call, |answer| {
            read_page(answer, list.endpoint, list.collection, read)
        });
        let mut rows = Rows::default();
        rows.add(page.await?);
        Ok(rows)
    }
}

fn not_following() -> ShapeError {
    ShapeError {
        path: "id".into(),
        expected: "ids above the one asked for, in order",
        came: "others".into(),
    }
}

/// Returns whether an error may come from the filter by id, which not every version accepts for all services.
pub(super) fn blames_filter(problem: &BillingProblem) -> bool {
    match problem {
        BillingProblem::Refused { status, .. } => matches!(status, 400 | 404 | 500),
        BillingProblem::Shape(shape) => *shape == not_following(),
        _ => false,
    }
}
