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
const PAGE: usize = 500;

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
    /// The filter that every record passes. The list of services needs one, and so does the log.
    fn everything() -> Query {
        Query::default().greater("id", "0")
    }

    fn filter(&self) -> Query {
        match self.endpoint == SERVICES {
            true => Self::everything(),
            false => Query::default(),
        }
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
        let call = Call::count(list.endpoint, list.filter(), list.priority);
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
        let is_services = list.endpoint == SERVICES;
        if is_services && self.listing() == ServiceListing::ByStatus {
            return self.read_by_status(list, read).await;
        }
        match self.read_paged(list, read).await {
            Err(error) if is_services && blames_filter(&error.problem) => {
                let listed = self.read_by_status(list, read).await?;
                self.list_by_status();
                Ok(listed)
            }
            result => result,
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
            let call = Call::list(list.endpoint, query, list.priority);
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
        let before = self.count(list).await.ok();
        let mut rows = Rows::default();
        for status in SERVICE_STATUSES {
            let query = Query::default().equal("status", status);
            let call = Call::list(list.endpoint, query, list.priority);
            let page = self.call(&call, |answer| {
                read_page(answer, list.endpoint, list.collection, read)
            });
            rows.add(page.await?);
        }
        let after = self.count(list).await.ok();
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
fn blames_filter(problem: &BillingProblem) -> bool {
    match problem {
        BillingProblem::Refused { status, .. } => matches!(status, 400 | 404 | 500),
        BillingProblem::Shape(shape) => *shape == not_following(),
        _ => false,
    }
}
