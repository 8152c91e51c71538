//! Stores runs: their start and result, and the commits that they applied.

use std::collections::BTreeMap;

use super::document::plain;
use super::error::Fault;
use super::session::{Bind, Lock, Row, Session, places};
use super::stored::{AppliedCommit, Filter, NewRun, OutcomeRow, RunId, RunProcess, RunSummary};
use super::version::{INVENTORY, OUTCOME};
use super::{Store, StoreError};
use crate::apply::RunResult;
use crate::crash;
use crate::model::DeviceName;

/// The word for devices of a run without an outcome: being written to, or left half-written.
const UNFINISHED: &str = "unfinished";

const RUN_COLUMNS: &str = "id, verb, who, inventory, is_uncommitted, plan, version, \
    @seconds(began) as began_seconds, @seconds(ended) as ended_seconds, result, holder, \
    (select host from lease_holder where lease_holder.id = run.holder) as host, \
    (select process from lease_holder where lease_holder.id = run.holder) as process, \
    @seconds(alive_until) as alive_seconds, coalesce(alive_until > @now, false) as is_alive, \
    (select what from audit where audit.run = run.id and audit.is_refused order by audit.id limit 1) as refused, \
    (select what from audit where audit.run = run.id and not audit.is_refused and objects is null order by audit.id limit 1) \
    as not_carried_out, \
    (select cast(sum(objects) as bigint) from audit where audit.run = run.id and audit.verb = 'adopt') as adopted";

impl Store {
    /// Records the start of a run. The same run again changes nothing.
    pub async fn begin_run(&self, run: &NewRun) -> Result<(), StoreError> {
        crash::point("run-before");
        self.within("record a run", || async {
            let mut session = self.write_once().await?;
            insert_run(&mut session, run).await?;
            session.commit().await
        })
        .await?;
        crash::point("run-after");
        Ok(())
    }

    /// Records the result of a run; the first one counts.
    pub async fn end_run(&self, run: RunId, result: RunResult) -> Result<(), StoreError> {
        self.within("end a run", || async {
            let mut session = self.write_once().await?;
            let sql = "update run set ended = @now, result = $2 where id = $1 and ended is null";
            let binds = [Bind::Id(run.0), Bind::Text(result.word())];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await?;
        crash::point("run-ended");
        Ok(())
    }

    /// Lists runs, newest first.
    pub async fn runs(&self, filter: &Filter) -> Result<Vec<RunSummary>, StoreError> {
        self.within("list runs", || async {
            let mut session = self.read().await?;
            let listed = listed(&mut session, filter, None, filter.most).await?;
            Ok(listed.into_iter().map(|(_, run)| run).collect())
        })
        .await
    }

    /// Lists outcomes of devices, newest first.
    pub async fn outcomes(&self, filter: &Filter) -> Result<Vec<OutcomeRow>, StoreError> {
        self.within("list outcomes", || async {
            let mut session = self.read().await?;
            let mut conditions = Conditions::default();
            if let Some(run) = filter.run {
                conditions.add("run = ?", Bind::Id(run.0));
            }
            conditions.any_of("device in (?)", &filter.devices);
            conditions.between("at", filter);
            // Run ids are in order of time, and have an index with device or run.
            let order = match filter.run.is_some() || !filter.devices.is_empty() {
                true => "run desc, device",
                false => "at desc, run desc, device",
            };
            let sql = format!(
                "select run, @seconds(at) as seconds, content from outcome {} order by {order} {}",
                conditions.sql(),
                most(filter.most)
            );
            let rows = session.rows(&sql, &conditions.binds).await?;
            rows.iter().map(outcome_row).collect()
        })
        .await
    }

    /// Lists the devices whose newest outcome is `stuck`: an apply left them neither as intended nor as before.
    pub async fn stuck(&self) -> Result<Vec<OutcomeRow>, StoreError> {
        self.within("list stuck devices", || async {
            let mut session = self.read().await?;
            let sql = "select run, @seconds(at) as seconds, content from outcome where ended = 'stuck' and not exists ( \
                select 1 from outcome as later where later.device = outcome.device and later.run > outcome.run) \
                order by device";
            let rows = session.rows(sql, &[]).await?;
            rows.iter().map(outcome_row).collect()
        })
        .await
    }

    /// Returns the commit last applied to at least one device, or found to need no change.
    pub async fn applied_commit(&self) -> Result<Option<AppliedCommit>, StoreError> {
        self.within("read the applied commit", || async {
            let mut session = self.read().await?;
            Ok(applied_commits(&mut session, None, 1).await?.pop())
        })
        .await
    }

    /// Returns the commits applied, or found to need no change, up to a time; newest first.
    pub async fn applied_commits(
        &self,
        until: u64,
        at_most: u32,
    ) -> Result<Vec<AppliedCommit>, StoreError> {
        self.within("list applied commits", || async {
            let mut session = self.read().await?;
            applied_commits(&mut session, Some(until), at_most).await
        })
        .await
    }

    /// Records that a commit needs no change on any device, so that the next applied commit must descend from it.
    ///
    /// Adds nothing if that commit is already the applied one.
    pub async fn note_commit(&self, commit: &str, who: &str) -> Result<(), StoreError> {
        self.within("note a commit", || async {
            let mut session = self.write().await?;
            session.alone(&Lock::AppliedCommit).await?;
            let applied = applied_commits(&mut session, None, 1).await?.pop();
            if applied.is_some_and(|applied| applied.commit == commit) {
                return Ok(());
            }
            let who = plain(who);
            let sql = "insert into converged (inventory_commit, who, at) values ($1, $2, @now)";
            let binds = [Bind::Text(commit), Bind::Text(&who)];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await
    }
}

/// Returns runs, newest first, with the microsecond of their start; with `before`, only those that follow it.
pub(super) async fn listed(
    session: &mut Session,
    filter: &Filter,
    before: Option<(i64, RunId)>,
    at_most: u32,
) -> Result<Vec<(i64, RunSummary)>, Fault> {
    let (microseconds, moment) = match session.is_postgres() {
        true => (
            "(extract(epoch from began) * 1000000)::bigint",
            "(timestamptz 'epoch' + ? * interval '1 microsecond')",
        ),
        false => ("(began * 1000)", "(? / 1000)"),
    };
    let mut conditions = Conditions::default();
    if let Some(run) = filter.run {
        conditions.add("id = ?", Bind::Id(run.0));
    }
    let sql = "exists (select 1 from outcome where outcome.run = run.id and device in (?))";
    conditions.any_of(sql, &filter.devices);
    conditions.between("began", filter);
    if let Some((began, run)) = before {
        conditions.add(&format!("began <= {moment}"), Bind::Number(began));
        let place = format!("${}", conditions.binds.len());
        let sql = format!("(began < {} or id < ?)", moment.replace('?', &place));
        conditions.add(&sql, Bind::Id(run.0));
    }
    let sql = format!(
        "select {RUN_COLUMNS}, {microseconds} as began_microseconds from run {} order by began desc, id desc {}",
        conditions.sql(),
        most(at_most)
    );
    let rows = session.rows(&sql, &conditions.binds).await?;
    let summaries = summaries(session, &rows).await?;
    let listed = rows.iter().zip(summaries);
    listed
        .map(|(row, run)| Ok((row.number("began_microseconds")?, run)))
        .collect()
}

/// Reads an outcome from the columns `run`, `seconds` and `content`.
pub(super) fn outcome_row(row: &Row) -> Result<OutcomeRow, Fault> {
    Ok(OutcomeRow {
        run: RunId(row.id("run")?),
        at: row.count("seconds")?,
        outcome: OUTCOME.restored(row.document("content")?)?,
    })
}

/// Returns applied commits, newest first; at equal times, runs come before commits that needed no change.
async fn applied_commits(
    session: &mut Session,
    until: Option<u64>,
    at_most: u32,
) -> Result<Vec<AppliedCommit>, Fault> {
    let (limit, binds) = match until {
        Some(until) => {
            let after = Bind::Number(signed(until.saturating_add(1)));
            ("where at < @time($1)", vec![after])
        }
        None => ("", Vec::new()),
    };
    let sql = format!(
        "select id, inventory_commit, @seconds(at) as seconds from ( \
        select id, inventory_commit, began as at, 1 as has_run, 0 as number from run \
        where inventory_commit is not null and verb in ('apply', 'rollback', 'adopt') \
        and (result = 'done' or exists \
        (select 1 from outcome where outcome.run = run.id and ended in ('applied', 'unchanged', 'unsaved'))) \
        union all select null, inventory_commit, at, 0, id from converged) as applied {limit} \
        order by at desc, has_run desc, id desc, number desc {}",
        most(at_most)
    );
    let rows = session.rows(&sql, &binds).await?;
    let applied = rows.iter().map(|row| {
        Ok(AppliedCommit {
            run: row.maybe_id("id")?.map(RunId),
            commit: row.text("inventory_commit")?,
            at: row.count("seconds")?,
        })
    });
    applied.collect()
}

/// Inserts a run, unless it exists.
pub(super) async fn insert_run(session: &mut Session, run: &NewRun) -> Result<(), Fault> {
    let NewRun {
        id,
        verb,
        who,
        inventory,
        is_uncommitted,
        plan,
        version,
        holder,
    } = run;
    // With uncommitted changes, the commit is not what was applied, so no later commit has to descend from it.
    let commit = inventory.commit.as_deref().filter(|_| !is_uncommitted);
    let who = plain(who);
    let sql = "insert into run \
        (id, verb, who, inventory, inventory_commit, is_uncommitted, plan, version, holder, began) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, @now) on conflict (id) do nothing";
    let binds = [
        Bind::Id(id.0),
        Bind::Text(verb),
        Bind::Text(&who),
        Bind::Document(INVENTORY.stored(inventory)?),
        Bind::MaybeText(commit),
        Bind::Flag(*is_uncommitted),
        Bind::MaybeText(plan.as_deref()),
        Bind::Text(version),
        Bind::MaybeId(*holder),
    ];
    session.execute(sql, &binds).await?;
    Ok(())
}

/// Returns those of these runs that exist, newest first.
pub(super) async fn runs_of(
    session: &mut Session,
    runs: &[RunId],
) -> Result<Vec<RunSummary>, Fault> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select {RUN_COLUMNS} from run where id in ({}) order by began desc, id desc",
        places(1, runs.len())
    );
    let binds: Vec<Bind<'_>> = runs.iter().map(|run| Bind::Id(run.0)).collect();
    let rows = session.rows(&sql, &binds).await?;
    summaries(session, &rows).await
}

async fn summaries(session: &mut Session, rows: &[Row]) -> Result<Vec<RunSummary>, Fault> {
    let mut summaries = Vec::with_capacity(rows.len());
    for row in rows {
        summaries.push(summary(row)?);
    }
    if summaries.is_empty() {
        return Ok(summaries);
    }
    let sql = format!(
        "select run, ended, count(*) as devices from outcome where run in ({}) group by run, ended",
        places(1, summaries.len())
    );
    let binds: Vec<Bind<'_>> = summaries.iter().map(|one| Bind::Id(one.run.id.0)).collect();
    let mut counts: BTreeMap<RunId, BTreeMap<String, u64>> = BTreeMap::new();
    for row in session.rows(&sql, &binds).await? {
        let of_run = counts.entry(RunId(row.id("run")?)).or_default();
        of_run.insert(row.text("ended")?, row.count("devices")?);
    }
    // An interrupted device has an outcome and may still be unfinished.
    let sql = format!(
        "select run, count(*) as devices from unfinished where run in ({}) and not exists \
        (select 1 from outcome where outcome.run = unfinished.run and outcome.device = unfinished.device) group by run",
        places(1, summaries.len())
    );
    for row in session.rows(&sql, &binds).await? {
        let of_run = counts.entry(RunId(row.id("run")?)).or_default();
        of_run.insert(UNFINISHED.to_owned(), row.count("devices")?);
    }
    for summary in &mut summaries {
        summary.devices = counts.remove(&summary.run.id).unwrap_or_default();
    }
    Ok(summaries)
}

/// Returns the process of a run; `None` for runs that were recorded without it.
fn process(row: &Row) -> Result<Option<RunProcess>, Fault> {
    let Some(host) = row.maybe_text("host")? else {
        return Ok(None);
    };
    let unsigned = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let number = unsigned(row.maybe_number("process")?).unwrap_or_default();
    Ok(Some(RunProcess {
        host,
        number: u32::try_from(number).unwrap_or_default(),
        alive_until: unsigned(row.maybe_number("alive_seconds")?).unwrap_or_default(),
        is_alive: row.flag("is_alive")?,
    }))
}

fn summary(row: &Row) -> Result<RunSummary, Fault> {
    let result = row.maybe_text("result")?.map(|word| {
        RunResult::from_word(&word)
            .ok_or_else(|| Fault::Broken(format!("`{word}` is not the result of a run")))
    });
    let ended = row.maybe_number("ended_seconds")?;
    Ok(RunSummary {
        run: NewRun {
            id: RunId(row.id("id")?),
            verb: row.text("verb")?,
            who: row.text("who")?,
            inventory: INVENTORY.restored(row.document("inventory")?)?,
            is_uncommitted: row.flag("is_uncommitted")?,
            plan: row.maybe_text("plan")?,
            version: row.text("version")?,
            holder: row.maybe_id("holder")?,
        },
        began: row.count("began_seconds")?,
        ended: ended.and_then(|ended| u64::try_from(ended).ok()),
        process: process(row)?,
        refused: row.maybe_text("refused")?,
        not_carried_out: row.maybe_text("not_carried_out")?,
        adopted: row
            .maybe_number("adopted")?
            .and_then(|objects| u64::try_from(objects).ok()),
        result: result.transpose()?,
        devices: BTreeMap::new(),
    })
}

/// Builds the conditions of a query; `?` is the next parameter.
#[derive(Default)]
pub(super) struct Conditions<'a> {
    sql: Vec<String>,
    pub(super) binds: Vec<Bind<'a>>,
}

impl<'a> Conditions<'a> {
    pub(super) fn add(&mut self, sql: &str, bind: Bind<'a>) {
        self.binds.push(bind);
        let place = format!("${}", self.binds.len());
        self.sql.push(sql.replace('?', &place));
    }

    /// Adds a condition with a `?` for a list of devices; an empty list adds none.
    pub(super) fn any_of(&mut self, sql: &str, devices: &'a [DeviceName]) {
        if devices.is_empty() {
            return;
        }
        let places = places(self.binds.len() + 1, devices.len());
        let devices = devices.iter().map(|device| Bind::Text(device.as_str()));
        self.binds.extend(devices);
        self.sql.push(sql.replace('?', &places));
    }

    pub(super) fn between(&mut self, column: &str, filter: &Filter) {
        // A second includes its milliseconds.
        if let Some(since) = filter.since {
            self.add(
                &format!("{column} >= @time(?)"),
                Bind::Number(signed(since)),
            );
        }
        if let Some(until) = filter.until {
            let after = Bind::Number(signed(until.saturating_add(1)));
            self.add(&format!("{column} < @time(?)"), after);
        }
    }

    pub(super) fn sql(&self) -> String {
        match self.sql.is_empty() {
            true => String::new(),
            false => format!("where {}", self.sql.join(" and ")),
        }
    }
}

pub(super) fn most(most: u32) -> String {
    format!("limit {most}")
}

/// Returns a count in the databases' type. Times end in the year 9999, as in Postgres's clients.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number)
        .unwrap_or(i64::MAX)
        .min(253_402_300_799)
}
