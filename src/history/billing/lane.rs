//! Stores how many changes the sync committed within the last hour, counted before each push.

use std::time::Duration;

use uuid::Uuid;

use super::approval::use_approval;
use super::still_syncs;
use crate::history::error::Fault;
use crate::history::lease::millis;
use crate::history::session::{Bind, Row};
use crate::history::{Leader, Store, StoreError};
use crate::model::billing::BillingName;
use crate::sync::{Digest, LaneUse};

/// The time for which a change counts.
const COUNTS: Duration = Duration::from_secs(3600);

impl Store {
    /// Counts the changes of a commit, and uses the approvals that let some of them through, before the push.
    /// Returns false, and stores nothing, if one of these is not in force any more: propose again then.
    ///
    /// A run may do it again with another proposal, which replaces the count of the one before.
    pub async fn reserve_lane(
        &self,
        system: &BillingName,
        run: Uuid,
        used: LaneUse,
        approvals: &[Digest],
        leader: &Leader,
    ) -> Result<bool, StoreError> {
        self.within("count the changes of a commit", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            for digest in approvals {
                if !use_approval(&mut session, system, digest, run).await? {
                    return Ok(false);
                }
            }
            let sql = "delete from lane_use where system = $1 and at <= @later($2)";
            let name = Bind::Text(system.as_str());
            let binds = [name.clone(), Bind::Number(-millis(COUNTS))];
            session.execute(sql, &binds).await?;
            let sql = "insert into lane_use (run, system, at, additions, changes, suspensions, removals, moves) \
                values ($1, $2, @now, $3, $4, $5, $6, $7) on conflict (run) do update set at = excluded.at, \
                additions = excluded.additions, changes = excluded.changes, suspensions = excluded.suspensions, \
                removals = excluded.removals, moves = excluded.moves";
            let number = |count: usize| Bind::Number(i64::try_from(count).unwrap_or(i64::MAX));
            let binds = [
                Bind::Id(run),
                name,
                number(used.additions),
                number(used.changes),
                number(used.suspensions),
                number(used.removals),
                number(used.moves),
            ];
            session.execute(sql, &binds).await?;
            session.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Takes back what a run reserved, once it is certain that nothing was pushed.
    pub async fn release_lane(
        &self,
        system: &BillingName,
        run: Uuid,
        leader: &Leader,
    ) -> Result<(), StoreError> {
        self.within("take back the count of a commit", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            for sql in [
                "delete from lane_use where run = $1",
                "delete from billing_approval_use where run = $1",
            ] {
                session.execute(sql, &[Bind::Id(run)]).await?;
            }
            session.commit().await
        })
        .await
    }

    /// Returns the changes of a system within the last hour, without those of one run.
    pub async fn lane_use(
        &self,
        system: &BillingName,
        without: Option<Uuid>,
    ) -> Result<LaneUse, StoreError> {
        self.within("read the changes of the last hour", || async {
            let mut session = self.read().await?;
            let sums = ["additions", "changes", "suspensions", "removals", "moves"]
                .map(|kind| format!("cast(coalesce(sum({kind}), 0) as bigint) as {kind}"));
            let sql = format!(
                "select {} from lane_use where system = $1 and at > @later($2) and ($3 is null or run <> $3)",
                sums.join(", ")
            );
            let binds = [
                Bind::Text(system.as_str()),
                Bind::Number(-millis(COUNTS)),
                Bind::MaybeId(without),
            ];
            let row = session.row(&sql, &binds).await?;
            row.map_or(Ok(LaneUse::default()), |row| lane_use(&row))
        })
        .await
    }
}

fn lane_use(row: &Row) -> Result<LaneUse, Fault> {
    let sum = |kind: &str| Ok::<_, Fault>(usize::try_from(row.count(kind)?).unwrap_or(usize::MAX));
    Ok(LaneUse {
        additions: sum("additions")?,
        changes: sum("changes")?,
        suspensions: sum("suspensions")?,
        removals: sum("removals")?,
        moves: sum("moves")?,
    })
}
