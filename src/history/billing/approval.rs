//! Stores approvals of held changes: valid for an hour, and used by one run.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use super::held::digest_of;
use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::lease::millis;
use crate::history::session::{Bind, Session};
use crate::history::{Hint, Store, StoreError};
use crate::model::billing::BillingName;
use crate::sync::Digest;

/// The time for which an approval can be used.
const VALID: Duration = Duration::from_secs(3600);

/// An approval as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHeldApproval {
    /// Made by the caller, so that a repeated request adds no second one.
    pub id: Uuid,
    pub system: BillingName,
    pub digest: Digest,
    pub who: String,
    pub reason: String,
}

/// An approval, with its times and its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldApproval {
    pub id: Uuid,
    pub digest: Digest,
    pub who: String,
    pub reason: String,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
    pub until: u64,
    /// The run that used it.
    pub used_by: Option<Uuid>,
    /// It is neither used nor too old.
    pub is_in_force: bool,
}

impl Store {
    /// Stores an approval of held changes. The same id again changes nothing.
    ///
    /// # Errors
    ///
    /// `Broken` if it has no reason: the database itself rejects it.
    pub async fn approve_held(&self, approval: &NewHeldApproval) -> Result<(), StoreError> {
        self.within("store an approval of held changes", || async {
            let mut session = self.write_once().await?;
            let (who, reason) = (plain(&approval.who), plain(&approval.reason));
            let sql = "insert into billing_approval (id, system, digest, who, reason, at, until) \
                values ($1, $2, $3, $4, $5, @now, @later($6)) on conflict (id) do nothing";
            let binds = [
                Bind::Id(approval.id),
                Bind::Text(approval.system.as_str()),
                Bind::Text(approval.digest.as_str()),
                Bind::Text(&who),
                Bind::Text(&reason),
                Bind::Number(millis(VALID)),
            ];
            session.execute(sql, &binds).await?;
            session.hint(Hint::Decision).await?;
            session.commit().await
        })
        .await
    }

    /// Returns the newest approval of a system, if it is in force.
    pub async fn newest_held_approval(
        &self,
        system: &BillingName,
    ) -> Result<Option<Uuid>, StoreError> {
        let newest = self.held_approvals(system, 1).await?;
        let in_force = newest.into_iter().find(|approval| approval.is_in_force);
        Ok(in_force.map(|approval| approval.id))
    }

    /// Returns the commits of syncs that used an approval.
    pub async fn approved_sync_commits(&self) -> Result<BTreeSet<String>, StoreError> {
        self.within("list approved commits of syncs", || async {
            let mut session = self.read().await?;
            let sql = "select distinct inventory_commit from sync_run join billing_approval_use \
                on billing_approval_use.run = sync_run.id where inventory_commit is not null";
            let rows = session.rows(sql, &[]).await?;
            rows.iter()
                .map(|row| row.text("inventory_commit"))
                .collect()
        })
        .await
    }

    /// Lists the approvals of a system, newest first, at most so many.
    pub async fn held_approvals(
        &self,
        system: &BillingName,
        at_most: u32,
    ) -> Result<Vec<HeldApproval>, StoreError> {
        self.within("list approvals of held changes", || async {
            let mut session = self.read().await?;
            let sql = "select id, digest, who, reason, @seconds(billing_approval.at) as given, @seconds(until) as ends, \
                run, (until > @now and run is null) as is_in_force from billing_approval \
                left join billing_approval_use on approval = id where system = $1 \
                order by billing_approval.at desc, id desc limit $2";
            let binds = [Bind::Text(system.as_str()), Bind::Number(i64::from(at_most))];
            let rows = session.rows(sql, &binds).await?;
            let approvals = rows.iter().map(|row| {
                Ok(HeldApproval {
                    id: row.id("id")?,
                    digest: digest_of(&row.text("digest")?)?,
                    who: row.text("who")?,
                    reason: row.text("reason")?,
                    at: row.count("given")?,
                    until: row.count("ends")?,
                    used_by: row.maybe_id("run")?,
                    is_in_force: row.flag("is_in_force")?,
                })
            });
            approvals.collect()
        })
        .await
    }
}

/// Uses an approval for a run; returns false if none is in force and the run has not used one before.
pub(super) async fn use_approval(
    session: &mut Session,
    system: &BillingName,
    digest: &Digest,
    run: Uuid,
) -> Result<bool, Fault> {
    let (name, digest) = (Bind::Text(system.as_str()), Bind::Text(digest.as_str()));
    let used = "select id from billing_approval join billing_approval_use on approval = id \
        where system = $1 and digest = $2 and run = $3";
    let binds = [name, digest, Bind::Id(run)];
    if session.row(used, &binds).await?.is_some() {
        return Ok(true);
    }
    let sql = "insert into billing_approval_use (approval, run, at) \
        select id, $3, @now from billing_approval where system = $1 and digest = $2 and until > @now \
        and not exists (select 1 from billing_approval_use where approval = id) \
        order by billing_approval.at, id limit 1 on conflict (approval) do nothing";
    Ok(session.execute(sql, &binds).await? == 1)
}
