//! Returns the story of a device, or of objects on it: every run that concerned them, newest first.

use std::collections::BTreeSet;

use super::document::restored;
use super::error::Fault;
use super::run::{most, runs_of};
use super::session::{Bind, Session};
use super::stored::{Chapter, RunId, RunSummary, Subject};
use super::unfinished::{contents, looked};
use super::{Store, StoreError};
use crate::apply::{Entry, Exchange, Purpose};
use crate::model::DeviceName;

/// The steps of an intent that concern the subject; all of them for a device.
type Steps = BTreeSet<(u32, usize)>;

impl Store {
    /// Returns the story of a subject, newest first.
    pub async fn story(&self, subject: &Subject, at_most: u32) -> Result<Vec<Chapter>, StoreError> {
        self.within("read a story", || async {
            let mut session = self.read().await?;
            chapters_before(&mut session, subject, None, at_most).await
        })
        .await
    }
}

/// Returns the chapters of a subject, newest first; with `before`, only those that follow it.
pub(super) async fn chapters_before(
    session: &mut Session,
    subject: &Subject,
    before: Option<RunId>,
    at_most: u32,
) -> Result<Vec<Chapter>, Fault> {
    let runs = match subject {
        Subject::Device(device) => of_device(session, device, before, at_most).await?,
        Subject::Objects(device, objects) => {
            of_objects(session, device, objects, before, at_most).await?
        }
    };
    chapters(session, subject, &runs).await
}

/// Returns the chapters of these runs, newest first.
pub(super) async fn chapters(
    session: &mut Session,
    subject: &Subject,
    runs: &[RunId],
) -> Result<Vec<Chapter>, Fault> {
    let mut summaries = runs_of(session, runs).await?;
    // In the order of the query: a page ends at the start of the next one.
    summaries.sort_by_key(|summary| std::cmp::Reverse(summary.run.id));
    let mut chapters = Vec::with_capacity(summaries.len());
    for run in summaries {
        let steps = match subject {
            Subject::Device(_) => None,
            Subject::Objects(device, objects) => {
                Some(steps(session, run.run.id, device, objects).await?)
            }
        };
        chapters.push(chapter(session, run, subject.device(), steps.as_ref()).await?);
    }
    Ok(chapters)
}

/// Returns the last runs that wrote to a device, were about to, or have an outcome for it.
async fn of_device(
    session: &mut Session,
    device: &DeviceName,
    before: Option<RunId>,
    at_most: u32,
) -> Result<Vec<RunId>, Fault> {
    // Run ids are in order of time. Each half of the query walks an index from its end.
    let (earlier, most) = (earlier(before, "$2"), most(at_most));
    let sql = format!(
        "select run from (select * from (select run from outcome where device = $1 {earlier} order by run desc {most}) as ended \
        union select run from unfinished where device = $1 {earlier}) as runs order by run desc {most}"
    );
    let mut binds = vec![Bind::Text(device.as_str())];
    binds.extend(before.map(|before| Bind::Id(before.0)));
    let rows = session.rows(&sql, &binds).await?;
    rows.iter().map(|row| Ok(RunId(row.id("run")?))).collect()
}

/// Returns the condition for earlier runs, with the given parameter.
fn earlier(before: Option<RunId>, place: &str) -> String {
    before.map_or_else(String::new, |_| format!("and run < {place}"))
}

async fn of_objects(
    session: &mut Session,
    device: &DeviceName,
    objects: &[(String, String)],
    before: Option<RunId>,
    at_most: u32,
) -> Result<Vec<RunId>, Fault> {
    let mut runs = BTreeSet::new();
    for (kind, subject) in objects {
        let sql = format!(
            "select distinct run from effect where device = $1 and kind = $2 and subject = $3 {} order by run desc {}",
            earlier(before, "$4"),
            most(at_most)
        );
        let mut binds = vec![
            Bind::Text(device.as_str()),
            Bind::Text(kind),
            Bind::Text(subject),
        ];
        binds.extend(before.map(|before| Bind::Id(before.0)));
        for row in session.rows(&sql, &binds).await? {
            runs.insert(RunId(row.id("run")?));
        }
    }
    let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
    Ok(runs.into_iter().rev().take(at_most).collect())
}

async fn steps(
    session: &mut Session,
    run: RunId,
    device: &DeviceName,
    objects: &[(String, String)],
) -> Result<Steps, Fault> {
    let mut steps = Steps::new();
    for (kind, subject) in objects {
        let sql = "select number, step from effect where device = $1 and kind = $2 and subject = $3 and run = $4";
        let binds = [
            Bind::Text(device.as_str()),
            Bind::Text(kind),
            Bind::Text(subject),
            Bind::Id(run.0),
        ];
        for row in session.rows(sql, &binds).await? {
            let too_large = |_| Fault::Broken("a step's number is too large".to_owned());
            let number = u32::try_from(row.number("number")?).map_err(too_large)?;
            let step = usize::try_from(row.number("step")?).map_err(too_large)?;
            steps.insert((number, step));
        }
    }
    Ok(steps)
}

/// Builds a chapter from all entries of the device in the run.
async fn chapter(
    session: &mut Session,
    run: RunSummary,
    device: &DeviceName,
    only: Option<&Steps>,
) -> Result<Chapter, Fault> {
    let id = run.run.id;
    let mut chapter = Chapter {
        at: run.began,
        run,
        device: device.clone(),
        steps: Vec::new(),
        exchanges: Vec::new(),
        verified: None,
        saved: None,
        outcome: None,
    };
    // Number and purpose of the present intent: a step is identified by the numbers of intent and step.
    let mut intent = (0, Purpose::Apply);
    for (number, at, content) in contents(session, id, device).await? {
        chapter.at = at;
        if looked(&content)?.is_some() {
            continue;
        }
        let is_meant =
            |intent: u32, step: usize| only.is_none_or(|only| only.contains(&(intent, step)));
        match restored(content)? {
            Entry::Intent { purpose, plan } => {
                intent = (number, purpose);
                let steps = (1..).zip(plan.steps);
                let meant = steps.filter(|(step, _)| is_meant(number, *step));
                chapter.steps.extend(meant);
            }
            Entry::Sent {
                purpose,
                step,
                exchanges,
                ..
            } if purpose == intent.1 && is_meant(intent.0, step) => {
                chapter.exchanges.extend::<Vec<Exchange>>(exchanges);
            }
            Entry::Verified { fingerprint, .. } => chapter.verified = Some(fingerprint),
            Entry::Saved { proof, .. } => chapter.saved = Some(proof),
            Entry::Ended { outcome } => chapter.outcome = Some(outcome),
            Entry::Looked { .. }
            | Entry::Sent { .. }
            | Entry::Left { .. }
            | Entry::NotSaved { .. } => {}
        }
    }
    Ok(chapter)
}
