//! Plans: kept as documents, and taken once.

use std::time::Duration;

use serde_json::Value;

use super::document::{restored, stored};
use super::error::Fault;
use super::kept::{NewRun, RunId, Taken};
use super::run::insert_run;
use super::session::{Bind, Session};
use super::{Store, StoreError};
use crate::crash;

impl Store {
    /// Keeps a plan as it is in its file. The same plan again changes nothing, also not when it was made.
    pub async fn keep_plan(&self, plan: &str, document: &Value) -> Result<(), StoreError> {
        self.within("keep a plan", async {
            let mut session = self.write().await?;
            insert_plan(&mut session, plan, document).await?;
            session.commit().await
        })
        .await
    }

    /// Returns a plan and when it was made, in seconds since 1970.
    pub async fn plan(&self, plan: &str) -> Result<Option<(Value, u64)>, StoreError> {
        self.within("read a plan", async {
            let mut session = self.read().await?;
            let sql = "select document, @seconds(made) from plan_document where plan = $1";
            let row = session.row(sql, &[Bind::Text(plan)]).await?;
            row.map(|row| Ok((restored(row.document(0)?)?, row.count(1)?)))
                .transpose()
        })
        .await
    }

    /// Begins a run that carries out a plan, unless another did, or the plan is older than `most`.
    ///
    /// The plan is taken and the run begins at once or not at all. The same run again finds that it has the plan.
    pub async fn take_plan(
        &self,
        plan: &str,
        document: &Value,
        run: &NewRun,
        most: Duration,
    ) -> Result<Taken, StoreError> {
        crash::point("run-before");
        let taken = self
            .within("take a plan", async {
                let mut session = self.write().await?;
                let is_new = insert_plan(&mut session, plan, document).await?;
                let sql = "select @seconds(made), @seconds(now) - @seconds(made) \
                    from (select made, @now as now from plan_document where plan = $1) as plan";
                let row = session.row(sql, &[Bind::Text(plan)]).await?;
                let row = row.ok_or(Fault::Rewound)?;
                let (made, age) = (row.count(0)?, row.count(1)?);
                // Before its age: one that was applied stays that.
                if let Some((by, at)) = taken_by(&mut session, plan).await? {
                    return Ok(match by == run.id {
                        true => Taken::Now { age: Some(age) },
                        false => Taken::AlreadyApplied { run: by, at },
                    });
                }
                if !is_new && age > most.as_secs() {
                    return Ok(Taken::Expired { made, age });
                }
                insert_run(&mut session, run).await?;
                let sql = "insert into plan_taken (plan, run, at) values ($1, $2, @now) on conflict (plan) do nothing";
                let binds = [Bind::Text(plan), Bind::Id(run.id.0)];
                if session.execute(sql, &binds).await? == 0 {
                    // Somebody was faster by a moment; on Postgres their row is seen now.
                    let taken = taken_by(&mut session, plan).await?;
                    let (run, at) = taken.ok_or(Fault::Rewound)?;
                    return Ok(Taken::AlreadyApplied { run, at });
                }
                session.commit().await?;
                Ok(Taken::Now {
                    age: (!is_new).then_some(age),
                })
            })
            .await?;
        if matches!(taken, Taken::Now { .. }) {
            crash::point("run-after");
            crash::point("plan-taken");
        }
        Ok(taken)
    }
}

/// Puts a plan in and says whether it was not there.
async fn insert_plan(session: &mut Session, plan: &str, document: &Value) -> Result<bool, Fault> {
    let sql = "insert into plan_document (plan, document, made) values ($1, $2, @now) on conflict (plan) do nothing";
    let binds = [Bind::Text(plan), Bind::Document(stored(document)?)];
    Ok(session.execute(sql, &binds).await? > 0)
}

async fn taken_by(session: &mut Session, plan: &str) -> Result<Option<(RunId, u64)>, Fault> {
    let sql = "select run, @seconds(at) from plan_taken where plan = $1";
    let row = session.row(sql, &[Bind::Text(plan)]).await?;
    row.map(|row| Ok((RunId(row.id(0)?), row.count(1)?)))
        .transpose()
}
