//! Reads lists page by page: smaller pages after a timeout, fewer totals if they fail.

use compact_str::CompactString;
use serde_json::Value;

use super::client::{SonarClient, is_query_error, is_timeout};
use super::connection::{Connection, readable_id};
use super::page_walk::{PAGE_SIZE, Page, PageStep, PageWalk, WalkEnd};
use super::query::{Query, SonarFeatures};
use crate::billing::json::Record;
use crate::billing::{BillingError, BillingProblem, Priority};

/// Receives the records of a list.
pub(super) trait ListSink {
    /// Drops all records: the list is read again.
    fn clear(&mut self);
    /// Receives a record that did not come before, or whose id cannot be read.
    fn add(&mut self, value: &Value, path: CompactString);
}

/// A list to read.
pub(super) struct List<'q> {
    /// The root query.
    pub(super) root: &'static str,
    pub(super) priority: Priority,
    pub(super) query: &'q (dyn Fn(Page, SonarFeatures) -> Query + Sync),
}

impl SonarClient {
    /// Reads a list to its end, again from the start while its counts disagree.
    pub(super) async fn read_list(
        &self,
        list: &List<'_>,
        sink: &mut (dyn ListSink + Send),
    ) -> Result<WalkEnd, BillingError> {
        let mut walk = PageWalk::new(PAGE_SIZE);
        sink.clear();
        loop {
            let data = self.read_page(list, &mut walk).await?;
            // Sonar may send null without an error if a permission is missing.
            if data.get(list.root).is_some_and(Value::is_null) {
                let permission = CompactString::const_new(list.root);
                return Err(self.error(list.root, BillingProblem::Forbidden { permission }));
            }
            let record = Record::of(&data, "");
            let page = record.and_then(|record| Connection::read(&record, list.root));
            let page = page.map_err(|why| self.error(list.root, BillingProblem::Shape(why)))?;
            let (info, records) = (page.page_info(), page.entities.len());
            for (value, path) in page.entities {
                if readable_id(value).is_none_or(|id| walk.is_new(&id)) {
                    sink.add(value, path);
                }
            }
            match walk.took(info, records) {
                PageStep::More => {}
                PageStep::Again => sink.clear(),
                PageStep::End(end) => return Ok(end),
            }
        }
    }

    /// Reads one page, or a smaller one if it does not come in time.
    async fn read_page(&self, list: &List<'_>, walk: &mut PageWalk) -> Result<Value, BillingError> {
        loop {
            let result = self.read_this_page(list, walk.page()).await;
            match result {
                Err(error) if is_timeout(&error) && walk.shrink() => {}
                result => return result,
            }
        }
    }

    pub(super) async fn read_this_page(
        &self,
        list: &List<'_>,
        page: Page,
    ) -> Result<Value, BillingError> {
        let features = self.features(list.root);
        let query = (list.query)(page, features);
        let first = self.ask_once(list.priority, &query).await;
        let error = match first {
            Ok(data) => return Ok(data),
            Err(error) => error,
        };
        if is_timeout(&error) {
            return Err(error);
        }
        if error.retry_helps() {
            return self.ask(list.priority, &query).await;
        }
        if !is_query_error(&error) {
            return Err(error);
        }
        // Once more as it was: an error of a moment must cost neither the reading nor its proof. A list that was counted
        // at its first page is counted to its end.
        let fewer = features.with_fewer_totals().filter(|_| page.number == 1);
        for fewer in std::iter::once(features).chain(fewer) {
            let query = (list.query)(page, fewer);
            if let Ok(data) = self.ask_once(list.priority, &query).await {
                self.remember_totals(list.root, fewer);
                return Ok(data);
            }
        }
        Err(error)
    }
}
