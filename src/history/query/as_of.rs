//! Looks up a past state of a device or subscriber: last verified ledger, last look, last change.

use serde::Serialize;

use crate::history::error::Fault;
use crate::history::ledger::version_document;
use crate::history::look::look_at;
use crate::history::run::signed;
use crate::history::session::{Bind, Session};
use crate::history::story::chapters;
use crate::history::version::LEDGER;
use crate::history::{Chapter, RunId, Store, StoreError, Subject};
use crate::model::{DeviceName, Observation};
use crate::plan::Ledger;

/// The stored state of a subject as of a time. Left out means unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AsOf {
    /// The last verified ledger of the device by then, with its commit.
    pub verified: Option<VerifiedThen>,
    /// The last look at the device by then.
    pub found: Option<FoundThen>,
    /// The newest run that had started to change the subject by then, with its end as known now, which may be later.
    pub changed: Option<Chapter>,
}

/// A verified ledger of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedThen {
    /// Seconds since 1970.
    pub at: u64,
    /// Left out: the inventory was not committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Left out: it was stored without a write to the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    pub ledger: Ledger,
}

/// The content of the last look at a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundThen {
    /// With the health and time of the first look that found it.
    pub observation: Observation,
    /// The look that found it first after another content; seconds since 1970.
    pub since: u64,
    /// The first later look that found another content.
    pub until: Option<u64>,
    /// The last look that found the same, if known and not later than the requested time.
    pub confirmed: Option<u64>,
}

impl Store {
    /// Returns the state of a subject as of a time, in seconds since 1970.
    pub async fn as_of(&self, subject: &Subject, at: u64) -> Result<AsOf, StoreError> {
        self.within("read an earlier state", || async {
            let mut session = self.read().await?;
            let device = subject.device();
            // A second includes its milliseconds.
            let end = signed(at.saturating_add(1));
            let run = match subject {
                Subject::Device(device) => device_change(&mut session, device, end).await?,
                Subject::Objects(device, objects) => {
                    object_change(&mut session, device, objects, end).await?
                }
            };
            let runs: Vec<RunId> = run.into_iter().collect();
            Ok(AsOf {
                verified: verified(&mut session, device, end).await?,
                found: found(&mut session, device, end).await?,
                changed: chapters(&mut session, subject, &runs).await?.pop(),
            })
        })
        .await
    }
}

async fn verified(
    session: &mut Session,
    device: &DeviceName,
    end: i64,
) -> Result<Option<VerifiedThen>, Fault> {
    let sql = "select version, @seconds(at) as seconds, inventory_commit, run from ledger_version \
        where device = $1 and at < @time($2) order by version desc limit 1";
    let binds = [Bind::Text(device.as_str()), Bind::Number(end)];
    let Some(row) = session.row(sql, &binds).await? else {
        return Ok(None);
    };
    let version = row.number("version")?;
    let Some(document) = version_document(session, device, version).await? else {
        return Err(Fault::Broken(format!(
            "version {version} of the ledger of {device} is missing"
        )));
    };
    Ok(Some(VerifiedThen {
        at: row.count("seconds")?,
        commit: row.maybe_text("inventory_commit")?,
        run: row.maybe_id("run")?.map(RunId),
        ledger: LEDGER.restored(document)?,
    }))
}

async fn found(
    session: &mut Session,
    device: &DeviceName,
    end: i64,
) -> Result<Option<FoundThen>, Fault> {
    let sql = "select number, sequence, @seconds(at) as seconds from look_change \
        where device = $1 and at < @time($2) order by number desc limit 1";
    let binds = [Bind::Text(device.as_str()), Bind::Number(end)];
    let Some(row) = session.row(sql, &binds).await? else {
        return Ok(None);
    };
    let (number, sequence) = (row.number("number")?, row.number("sequence")?);
    let Some(observation) = look_at(session, device, sequence).await? else {
        return Err(Fault::Broken(format!(
            "look {sequence} at {device} is missing"
        )));
    };
    let sql = "select @seconds(at) as seconds from look_change where device = $1 and number > $2 order by number limit 1";
    let binds = [Bind::Text(device.as_str()), Bind::Number(number)];
    let later = session.row(sql, &binds).await?;
    let until = later.map(|row| row.count("seconds")).transpose()?;
    // Among equal looks only the last one's time is stored.
    let confirmed = match until {
        Some(_) => None,
        None => {
            let sql = "select @seconds(at) as seconds from last_look where device = $1 and at < @time($2)";
            let binds = [Bind::Text(device.as_str()), Bind::Number(end)];
            let last = session.row(sql, &binds).await?;
            last.map(|row| row.count("seconds")).transpose()?
        }
    };
    Ok(Some(FoundThen {
        observation,
        since: row.count("seconds")?,
        until,
        confirmed,
    }))
}

/// Returns the newest run that had recorded an intent for a device.
async fn device_change(
    session: &mut Session,
    device: &DeviceName,
    end: i64,
) -> Result<Option<RunId>, Fault> {
    let sql = "select run from (select run from outcome where device = $1 \
        union select run from unfinished where device = $1) as runs where exists (select 1 from entry \
        where entry.run = runs.run and entry.device = $1 and kind = 'intent' and at < @time($2)) \
        order by run desc limit 1";
    let binds = [Bind::Text(device.as_str()), Bind::Number(end)];
    let row = session.row(sql, &binds).await?;
    row.map(|row| Ok(RunId(row.id("run")?))).transpose()
}

/// Returns the newest run that had recorded an intent for one of these objects.
async fn object_change(
    session: &mut Session,
    device: &DeviceName,
    objects: &[(String, String)],
    end: i64,
) -> Result<Option<RunId>, Fault> {
    let mut newest = None;
    for (kind, subject) in objects {
        let sql = "select effect.run as run from effect join entry on entry.run = effect.run \
            and entry.device = effect.device and entry.number = effect.number where effect.device = $1 \
            and effect.kind = $2 and effect.subject = $3 and entry.at < @time($4) order by effect.run desc limit 1";
        let binds = [
            Bind::Text(device.as_str()),
            Bind::Text(kind),
            Bind::Text(subject),
            Bind::Number(end),
        ];
        if let Some(row) = session.row(sql, &binds).await? {
            newest = newest.max(Some(RunId(row.id("run")?)));
        }
    }
    Ok(newest)
}
