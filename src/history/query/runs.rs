//! Lists runs, a run's devices, the story of a subject, and the audit log, in pages.

use serde::Serialize;

use super::cursor::Position;
use super::{Cursor, Page, QueryError, size};
use crate::history::error::Fault;
use crate::history::ledger::device_name;
use crate::history::run::{most, outcome_row, runs_of};
use crate::history::session::Bind;
use crate::history::{
    AuditRow, Chapter, Filter, OutcomeRow, RunId, RunSummary, Store, StoreError, Subject, audit,
    run, story,
};
use crate::model::DeviceName;

/// A device that a run wrote to or was about to, without its entries; `Store::entries` has these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunDevice {
    pub device: DeviceName,
    /// Left out: the outcome is unknown yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeRow>,
}

impl Store {
    /// Returns the run with this id, if it exists.
    pub async fn run(&self, run: RunId) -> Result<Option<RunSummary>, StoreError> {
        self.within("read a run", || async {
            let mut session = self.read().await?;
            Ok(runs_of(&mut session, &[run]).await?.pop())
        })
        .await
    }

    /// Returns a page of runs, newest first. A page has `filter.most` items, and 100 at most.
    pub async fn run_page(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
    ) -> Result<Page<RunSummary>, QueryError> {
        let before = after.map(Cursor::run).transpose()?;
        let size = size(filter.most);
        let page = self.within("list runs", || async {
            let mut session = self.read().await?;
            let listed = run::listed(&mut session, filter, before, size + 1).await?;
            let positioned = listed.into_iter().map(|(began, summary)| {
                let run = summary.run.id;
                (Position::Run { began, run }, summary)
            });
            Ok(Page::of(size, positioned.collect()))
        });
        Ok(page.await?)
    }

    /// Returns a page of the devices of a run, by name.
    pub async fn run_devices(
        &self,
        run: RunId,
        after: Option<&Cursor>,
    ) -> Result<Page<RunDevice>, QueryError> {
        let after = after.map(Cursor::run_device).transpose()?;
        let size = size(u32::MAX);
        let page = self.within("list the devices of a run", || async {
            let mut session = self.read().await?;
// An interrupted device has an outcome and may still be unfinished.
            let sql = format!(
                "select device, run, @seconds(at) as seconds, content, content is not null as has_outcome from ( \
                select device, run, at, content from outcome where run = $1 \
                union all select device, run, null, null from unfinished where run = $1 and not exists \
                (select 1 from outcome where outcome.run = unfinished.run and outcome.device = unfinished.device)) as devices \
                where device > $2 order by device {}",
                most(size + 1)
            );
            let binds = [Bind::Id(run.0), Bind::Text(after.map_or("", DeviceName::as_str))];
            let rows = session.rows(&sql, &binds).await?;
            let devices = rows.iter().map(|row| {
                let device = device_name(&row.text("device")?)?;
                let outcome = match row.flag("has_outcome")? {
                    true => Some(outcome_row(row)?),
                    false => None,
                };
                let position = Position::RunDevice(device.clone());
                Ok::<_, Fault>((position, RunDevice { device, outcome }))
            });
            Ok(Page::of(size, devices.collect::<Result<_, _>>()?))
        });
        Ok(page.await?)
    }

    /// Returns a page of the story of a subject, newest first. A page has 100 runs at most.
    pub async fn story_page(
        &self,
        subject: &Subject,
        after: Option<&Cursor>,
        at_most: u32,
    ) -> Result<Page<Chapter>, QueryError> {
        let before = after.map(Cursor::chapter).transpose()?;
        let size = size(at_most);
        let page = self.within("read a story", || async {
            let mut session = self.read().await?;
            let chapters = story::chapters_before(&mut session, subject, before, size + 1).await?;
            let positioned = chapters.into_iter();
            let positioned =
                positioned.map(|chapter| (Position::Chapter(chapter.run.run.id), chapter));
            Ok(Page::of(size, positioned.collect()))
        });
        Ok(page.await?)
    }

    /// Returns a page of the audit log, newest first; a filter's device is a subject. A page has `filter.most` items,
    /// and 100 at most.
    pub async fn audit_page(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
    ) -> Result<Page<AuditRow>, QueryError> {
        let before = after.map(Cursor::audit).transpose()?;
        let size = size(filter.most);
        let page = self.within("list the audit", || async {
            let mut session = self.read().await?;
            let listed = audit::listed(&mut session, filter, before, size + 1).await?;
            let positioned = listed.into_iter();
            let positioned = positioned.map(|(number, row)| (Position::Audit(number), row));
            Ok(Page::of(size, positioned.collect()))
        });
        Ok(page.await?)
    }
}
