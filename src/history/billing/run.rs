//! Stores the runs of the sync, each in one transaction with the base and the classifications that it left.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::classified::{ClassifiedScope, put_classified};
use super::held::{digest_of, put_held};
use super::still_syncs;
use super::stored_base::{BaseChange, put_base};
use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::run::{most, signed};
use crate::history::session::{Bind, Lock, Row, Session};
use crate::history::version::SYNC_RUN;
use crate::history::{Leader, Store, StoreError};
use crate::model::billing::{BillingName, Proof};
use crate::sync::{Classification, ClassifiedService, Digest, HeldBack, LaneUse};

/// The part of billing that a run read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncScope {
    Everything,
    Accounts,
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncOutcome {
    /// A commit was pushed; there may be held changes as well.
    Pushed,
    Nothing,
    /// The gate held back everything that there was.
    HeldBack,
    /// Billing was not read completely, and nothing else followed.
    Incomplete,
    /// Billing could not be read, or the commit could not be pushed.
    Failed,
}

/// A run as it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSyncRun {
    pub id: Uuid,
    pub scope: SyncScope,
    pub outcome: SyncOutcome,
    /// Seconds since 1970, by the store's clock.
    pub began: u64,
    /// Of the snapshot; absent: there was none.
    pub digest: Option<Digest>,
    /// The commit that was pushed. Exactly the runs with the outcome `Pushed` have one.
    pub commit: Option<String>,
    pub who: String,
    pub report: SyncReport,
}

/// The facts of a run, without text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncReport {
    /// Accounts that were read.
    pub accounts: u64,
    /// Absent: billing could not be read.
    pub proof: Option<Proof>,
    pub counts: BTreeMap<Classification, u64>,
    /// The changes of the commit, by kind.
    pub committed: LaneUse,
    /// Changes that were held back.
    pub held: u64,
    /// The kind of the error, such as `unauthorized`, never its text.
    pub failure: Option<CompactString>,
    /// The full reading found changes that no hint had named.
    pub missed_by_hooks: u64,
}

/// A run, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRun {
    pub system: BillingName,
    pub run: NewSyncRun,
    /// Seconds since 1970, by the store's clock.
    pub ended: u64,
    /// Runs in sequence with this scope and outcome, and the start of the first; 1 for a run that pushed.
    pub runs: u64,
    pub first_began: u64,
}

/// All that a run leaves.
#[derive(Debug, Clone, Copy)]
pub struct FinishedSync<'a> {
    pub run: &'a NewSyncRun,
    /// Absent: the base is the same.
    pub base: Option<BaseChange<'a>>,
    /// Absent: nothing was classified, so that the earlier rows stay, and with them what is held back.
    pub classified: Option<(ClassifiedScope<'a>, &'a [ClassifiedService])>,
    pub held: &'a [HeldBack],
}

impl SyncScope {
    fn word(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Accounts => "accounts",
        }
    }
}

impl SyncOutcome {
    const ALL: [Self; 5] = [
        Self::Pushed,
        Self::Nothing,
        Self::HeldBack,
        Self::Incomplete,
        Self::Failed,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Pushed => "pushed",
            Self::Nothing => "nothing",
            Self::HeldBack => "held-back",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }

    fn of(word: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|outcome| outcome.word() == word);
        found.ok_or_else(|| Fault::Broken(format!("the outcome {word:?} in it is unknown")))
    }
}

const RUNS: &str = "select id, system, scope, outcome, @seconds(began) as began_seconds, @seconds(ended) as ended_seconds, \
    runs, @seconds(first_began) as first_seconds, digest, inventory_commit, who, content from sync_run";

impl Store {
    /// Stores what a run leaves. Returns false, and stores nothing, if another run replaced the base: propose again then.
    ///
    /// A run that pushed adds a row. Any other replaces the row of the last run with its scope and outcome. Asked again with
    /// the same run, it changes nothing.
    pub async fn finish_sync(
        &self,
        system: &BillingName,
        finished: &FinishedSync<'_>,
        leader: &Leader,
    ) -> Result<bool, StoreError> {
        self.within("store a run of the sync", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            session.alone(&Lock::Billing(system)).await?;
            let sql = "select id from sync_run where id = $1";
            let run = finished.run;
            if session.row(sql, &[Bind::Id(run.id)]).await?.is_some() {
                return Ok(true);
            }
            if let Some(change) = &finished.base
                && !put_base(&mut session, system, change, run.id).await?
            {
                return Ok(false);
            }
            if let Some((scope, services)) = finished.classified {
                put_classified(&mut session, system, scope, services).await?;
                put_held(&mut session, system, scope, finished.held).await?;
            }
            put_run(&mut session, system, run).await?;
            session.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Returns the last run of each system.
    pub async fn last_sync_runs(&self) -> Result<BTreeMap<BillingName, SyncRun>, StoreError> {
        self.within("list the last runs of the sync", || async {
            let mut session = self.read().await?;
            let sql = "select distinct system from sync_run";
            let systems = session.rows(sql, &[]).await?;
            let mut last = BTreeMap::new();
            for row in systems {
                let system = row.text("system")?;
                let sql = format!(
                    "{RUNS} where system = $1 order by sync_run.ended desc, id desc limit 1"
                );
                let row = session.row(&sql, &[Bind::Text(&system)]).await?;
                let run = row.map(|row| run_of(&row)).transpose()?;
                last.extend(run.map(|run| (run.system.clone(), run)));
            }
            Ok(last)
        })
        .await
    }

    /// Lists runs of a system, newest first, at most so many.
    pub async fn sync_runs(
        &self,
        system: &BillingName,
        at_most: u32,
    ) -> Result<Vec<SyncRun>, StoreError> {
        self.within("list runs of the sync", || async {
            let mut session = self.read().await?;
            let sql = format!(
                "{RUNS} where system = $1 order by sync_run.ended desc, id desc {}",
                most(at_most)
            );
            let rows = session.rows(&sql, &[Bind::Text(system.as_str())]).await?;
            rows.iter().map(run_of).collect()
        })
        .await
    }
}

async fn put_run(
    session: &mut Session,
    system: &BillingName,
    run: &NewSyncRun,
) -> Result<(), Fault> {
    let scope = [Bind::Text(system.as_str()), Bind::Text(run.scope.word())];
    let mut runs = 1;
    let mut first_began = run.began;
    if run.outcome != SyncOutcome::Pushed {
        let sql = format!(
            "{RUNS} where system = $1 and scope = $2 order by sync_run.ended desc, id desc limit 1"
        );
        let last = session.row(&sql, &scope).await?;
        let last = last.map(|row| run_of(&row)).transpose()?;
        if let Some(last) = last.filter(|last| last.run.outcome == run.outcome) {
            runs = last.runs.saturating_add(1);
            first_began = last.first_began;
        }
        let sql = "delete from sync_run where system = $1 and scope = $2 and outcome = $3";
        let [name, word] = scope;
        let binds = [name, word, Bind::Text(run.outcome.word())];
        session.execute(sql, &binds).await?;
    }
    let who = plain(&run.who);
    let commit = run.commit.as_deref().map(plain);
    let sql = "insert into sync_run (id, system, scope, outcome, began, ended, runs, first_began, digest, \
        inventory_commit, who, content) values ($1, $2, $3, $4, @time($5), @now, $6, @time($7), $8, $9, $10, $11)";
    let binds = [
        Bind::Id(run.id),
        Bind::Text(system.as_str()),
        Bind::Text(run.scope.word()),
        Bind::Text(run.outcome.word()),
        Bind::Number(signed(run.began)),
        Bind::Number(signed(runs)),
        Bind::Number(signed(first_began)),
        Bind::MaybeText(run.digest.as_ref().map(Digest::as_str)),
        Bind::MaybeText(commit.as_deref()),
        Bind::Text(&who),
        Bind::Document(SYNC_RUN.stored(&run.report)?),
    ];
    session.execute(sql, &binds).await?;
    Ok(())
}

fn run_of(row: &Row) -> Result<SyncRun, Fault> {
    let digest = row.maybe_text("digest")?;
    Ok(SyncRun {
        system: super::stored_base::system_name(&row.text("system")?)?,
        run: NewSyncRun {
            id: row.id("id")?,
            scope: match row.text("scope")?.as_str() {
                "everything" => SyncScope::Everything,
                _ => SyncScope::Accounts,
            },
            outcome: SyncOutcome::of(&row.text("outcome")?)?,
            began: row.count("began_seconds")?,
            digest: digest.map(|digest| digest_of(&digest)).transpose()?,
            commit: row.maybe_text("inventory_commit")?,
            who: row.text("who")?,
            report: SYNC_RUN.restored(row.document("content")?)?,
        },
        ended: row.count("ended_seconds")?,
        runs: row.count("runs")?,
        first_began: row.count("first_seconds")?,
    })
}
