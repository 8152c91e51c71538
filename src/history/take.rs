//! Stores plans as documents; each can be claimed by one run only.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::document::stored;
use super::error::Fault;
use super::run::insert_run;
use super::session::{Bind, Session};
use super::stored::{NewRun, PlanClaim, RunId};
use super::version::restored_plan;
use super::{Store, StoreError};
use crate::crash;

impl Store {
    /// Stores a plan as in its file, with the present time. The same plan made again may be applied again.
    pub async fn keep_plan(&self, plan: &str, document: &Value) -> Result<(), StoreError> {
        let request = Uuid::now_v7();
        self.within("keep a plan", || async {
            let mut session = self.write().await?;
            insert_plan(&mut session, plan, document).await?;
            make(&mut session, plan, request).await?;
            session.commit().await
        })
        .await
    }

    /// Returns a plan and the time it was made, in seconds since 1970.
    pub async fn plan(&self, plan: &str) -> Result<Option<(Value, u64)>, StoreError> {
        self.within("read a plan", || async {
            let mut session = self.read().await?;
            let sql = "select document, (select max(@seconds(made)) from plan_made where plan_made.plan = plan_document.plan) as seconds \
                from plan_document where plan = $1";
            let row = session.row(sql, &[Bind::Text(plan)]).await?;
            row.map(|row| Ok((restored_plan(row.document("document")?)?, row.count("seconds")?)))
                .transpose()
        })
        .await
    }

    /// Returns the run that applied a plan since it was last made, and the time.
    pub async fn plan_applied(&self, plan: &str) -> Result<Option<(RunId, u64)>, StoreError> {
        self.within("read a plan", || async {
            let mut session = self.read().await?;
            let sql =
                "select max(making) as making from plan_made where plan = $1 having count(*) > 0";
            let Some(row) = session.row(sql, &[Bind::Text(plan)]).await? else {
                return Ok(None);
            };
            let number = row.number("making")?;
            taken_by(&mut session, &Making { plan, number }).await
        })
        .await
    }

    /// Starts a run that carries out a plan, unless another run claimed it, or it is older than `most`.
    ///
    /// The plan is claimed and the run starts at once or not at all. The same run again finds that it has the plan.
    pub async fn take_plan(
        &self,
        plan: &str,
        document: &Value,
        run: &NewRun,
        most: Duration,
    ) -> Result<PlanClaim, StoreError> {
        crash::point("run-before");
        let taken = self
            .within("take a plan", || async {
                let mut session = self.write().await?;
                let is_new = insert_plan(&mut session, plan, document).await?;
                if is_new {
                    make(&mut session, plan, run.id.0).await?;
                }
                let sql = "select making, @seconds(made) as seconds, @seconds(now) - @seconds(made) as age \
                    from (select making, made, @now as now from plan_made where plan = $1 \
                    order by making desc limit 1) as plan";
                let row = session.row(sql, &[Bind::Text(plan)]).await?;
                let row = row.ok_or(Fault::Rewound)?;
                let making = Making {
                    plan,
                    number: row.number("making")?,
                };
                let (made, age) = (row.count("seconds")?, row.count("age")?);
// Check before the age: an applied plan stays applied.
                if let Some((by, at)) = taken_by(&mut session, &making).await? {
                    return Ok(match by == run.id {
                        true => PlanClaim::Now { age: Some(age) },
                        false => PlanClaim::AlreadyApplied { run: by, at },
                    });
                }
                if !is_new && age > most.as_secs() {
                    return Ok(PlanClaim::Expired { made, age });
                }
                insert_run(&mut session, run).await?;
                let sql = "insert into plan_taken (plan, making, run, at) values ($1, $2, $3, @now) \
                    on conflict (plan, making) do nothing";
                let binds = [
                    Bind::Text(plan),
                    Bind::Number(making.number),
                    Bind::Id(run.id.0),
                ];
                if session.execute(sql, &binds).await? == 0 {
// Another run was faster by a moment; its row is visible now on Postgres.
                    let taken = taken_by(&mut session, &making).await?;
                    let (run, at) = taken.ok_or(Fault::Rewound)?;
                    return Ok(PlanClaim::AlreadyApplied { run, at });
                }
                session.commit().await?;
                Ok(PlanClaim::Now {
                    age: (!is_new).then_some(age),
                })
            })
            .await?;
        if matches!(taken, PlanClaim::Now { .. }) {
            crash::point("run-after");
            crash::point("plan-taken");
        }
        Ok(taken)
    }
}

/// One of the times that a plan was made.
struct Making<'a> {
    plan: &'a str,
    number: i64,
}

/// Inserts a plan and returns whether it is new.
async fn insert_plan(session: &mut Session, plan: &str, document: &Value) -> Result<bool, Fault> {
    // A plan of many devices has megabytes, and most were stored right before.
    let sql = "select 1 as is_stored from plan_document where plan = $1";
    if session.row(sql, &[Bind::Text(plan)]).await?.is_some() {
        return Ok(false);
    }
    let sql =
        "insert into plan_document (plan, document) values ($1, $2) on conflict (plan) do nothing";
    let binds = [Bind::Text(plan), Bind::Document(stored(document)?)];
    Ok(session.execute(sql, &binds).await? > 0)
}

/// Records that a plan was made now. The same plan made at the same moment is the same making.
///
/// A repeated `request`, because the answer was lost, does not make it a second time.
async fn make(session: &mut Session, plan: &str, request: Uuid) -> Result<(), Fault> {
    let sql = "insert into plan_made (plan, making, made, request) \
        select $1, coalesce(max(making), 0) + 1, @now, $2 from plan_made where plan = $1 \
        on conflict do nothing";
    let binds = [Bind::Text(plan), Bind::Id(request)];
    session.execute(sql, &binds).await?;
    Ok(())
}

async fn taken_by(
    session: &mut Session,
    making: &Making<'_>,
) -> Result<Option<(RunId, u64)>, Fault> {
    let sql = "select run, @seconds(at) as seconds from plan_taken where plan = $1 and making = $2";
    let binds = [Bind::Text(making.plan), Bind::Number(making.number)];
    let row = session.row(sql, &binds).await?;
    row.map(|row| Ok((RunId(row.id("run")?), row.count("seconds")?)))
        .transpose()
}
