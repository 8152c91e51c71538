//! Stores the target commit, which is moved by compare-and-set, and the state of the branch that it comes from.

use serde::{Deserialize, Serialize};

use super::Leader;
use super::leader::still_leads;
use crate::history::Hint;
use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::session::{Bind, Lock, Session};
use crate::history::version::{BRANCH_STATE, TARGET_CHANGE};
use crate::history::{Store, StoreError};

/// The commit that devices are brought to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Counts the moves of the target.
    pub number: u64,
    pub commit: String,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
}

/// A move of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetChange {
    pub commit: String,
    /// The target before; left out: it is the first.
    pub before: Option<String>,
    pub who: String,
    /// The reason, where a person gave one.
    pub reason: Option<String>,
}

/// The state of the branch: whether it can be fetched, and what keeps its newest commit from becoming the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchState {
    /// The newest commit of the branch; left out: it was never fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The last successful fetch, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<u64>,
    /// Fetches fail since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<u64>,
    /// The error of the last fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The branch does not descend from the target: nothing more is applied until a person accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<RewrittenHistory>,
    /// The newest commit was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldCandidate>,
    /// A person accepted a rewritten history; it is gone once the candidate is the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedHistory>,
}

/// A rewritten history that a person accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedHistory {
    pub target: String,
    pub candidate: String,
    pub who: String,
    pub reason: String,
}

/// Both commits of a rewritten history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewrittenHistory {
    pub target: String,
    pub candidate: String,
    pub since: u64,
}

/// A commit of the branch that cannot become the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCandidate {
    pub commit: String,
    /// `unsigned`, `lane`, `invalid` or `incomplete`.
    pub word: String,
    /// One sentence for people.
    pub sentence: String,
    /// The findings, one line each; the first of them only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    pub since: u64,
}

impl Store {
    /// Returns the target, if one was set.
    pub async fn target(&self) -> Result<Option<Target>, StoreError> {
        self.within("read the target", || async {
            let mut session = self.read().await?;
            let sql = "select number, inventory_commit, @seconds(at) as seconds from target";
            let row = session.row(sql, &[]).await?;
            row.map(|row| {
                Ok(Target {
                    number: row.count("number")?,
                    commit: row.text("inventory_commit")?,
                    at: row.count("seconds")?,
                })
            })
            .transpose()
        })
        .await
    }

    /// Returns the target before a time in seconds since 1970, where there is a newer one; the first target if there was none before.
    pub async fn target_before(&self, since: u64) -> Result<Option<String>, StoreError> {
        self.within("read an earlier target", || async {
            let mut session = self.read().await?;
            let sql = "select coalesce(before, inventory_commit) as before from target_change \
                where at >= @time($1) order by number limit 1";
            let since = Bind::Number(i64::try_from(since).unwrap_or(i64::MAX));
            let row = session.row(sql, &[since]).await?;
            row.map_or(Ok(None), |row| row.maybe_text("before"))
        })
        .await
    }

    /// Returns whether a commit was the target at any time, or is it.
    pub async fn was_target(&self, commit: &str) -> Result<bool, StoreError> {
        self.within("look for an earlier target", || async {
            let mut session = self.read().await?;
            let sql = "select number from target_change where inventory_commit = $1 limit 1";
            Ok(session.row(sql, &[Bind::Text(commit)]).await?.is_some())
        })
        .await
    }

    /// Moves the target if it is still `change.before`; returns whether it is now `change.commit`.
    ///
    /// Asked twice, the second time changes nothing.
    pub async fn move_target(
        &self,
        change: &TargetChange,
        leader: Option<&Leader>,
    ) -> Result<bool, StoreError> {
        self.within("move the target", || async {
            let mut session = self.write().await?;
            if let Some(leader) = leader {
                still_leads(&mut session, leader).await?;
            }
            let lock = if session.is_postgres() { " for update" } else { "" };
            let sql = format!("select number, inventory_commit from target where id = 1{lock}");
            let (number, before) = match session.row(&sql, &[]).await? {
                Some(row) => (row.number("number")?, Some(row.text("inventory_commit")?)),
                None => (0, None),
            };
            if before.as_deref() == Some(change.commit.as_str()) {
                return Ok(true);
            }
            if before != change.before {
                return Ok(false);
            }
            let next = number + 1;
            let sql = "insert into target (id, number, inventory_commit, at) values (1, $1, $2, @now) \
                on conflict (id) do update set number = excluded.number, \
                inventory_commit = excluded.inventory_commit, at = excluded.at where target.number = $3";
            let binds = [
                Bind::Number(next),
                Bind::Text(&change.commit),
                Bind::Number(number),
            ];
            if session.execute(sql, &binds).await? == 0 {
                return Ok(false);
            }
            let who = plain(&change.who);
            let sql = "insert into target_change (number, inventory_commit, before, who, at, content) \
                values ($1, $2, $3, $4, @now, $5)";
            let content = serde_json::json!({ "reason": change.reason });
            let binds = [
                Bind::Number(next),
                Bind::Text(&change.commit),
                Bind::MaybeText(change.before.as_deref()),
                Bind::Text(&who),
                Bind::Document(TARGET_CHANGE.stored(&content)?),
            ];
            session.execute(sql, &binds).await?;
            session.hint(Hint::Target).await?;
            session.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Returns the state of the branch, as the last fetch found it.
    pub async fn branch_state(&self) -> Result<BranchState, StoreError> {
        self.within("read the state of the branch", || async {
            stored_state(&mut self.read().await?).await
        })
        .await
    }

    /// Stores the state of the branch as a fetch found it. `accepted` is the decision that the leader read before its fetch: one
    /// of a person that came meanwhile stays. Returns whether there is such a decision, which the next fetch has to use.
    pub async fn set_branch_state(
        &self,
        state: &BranchState,
        leader: &Leader,
        accepted: Option<&AcceptedHistory>,
    ) -> Result<bool, StoreError> {
        self.within("store the state of the branch", || async {
            let mut session = self.write().await?;
            still_leads(&mut session, leader).await?;
            session.alone(&Lock::Branch).await?;
            let present = stored_state(&mut session).await?.accepted;
            let is_newer = present.as_ref() != accepted;
            let mut state = state.clone();
            if is_newer {
                state.accepted = present;
            }
            store_state(&mut session, &state).await?;
            session.commit().await?;
            Ok(is_newer && state.accepted.is_some())
        })
        .await
    }

    /// Stores that a person accepted a rewritten history; the leader judges the branch anew.
    pub async fn accept_history(&self, accepted: &AcceptedHistory) -> Result<(), StoreError> {
        self.within("store an accepted history", || async {
            let mut session = self.write().await?;
            session.alone(&Lock::Branch).await?;
            let state = BranchState {
                accepted: Some(accepted.clone()),
                ..stored_state(&mut session).await?
            };
            store_state(&mut session, &state).await?;
            session.hint(Hint::Branch).await?;
            session.commit().await
        })
        .await
    }
}

async fn stored_state(session: &mut Session) -> Result<BranchState, Fault> {
    let sql = "select content from candidate where id = 1";
    match session.row(sql, &[]).await? {
        Some(row) => BRANCH_STATE.restored(row.document("content")?),
        None => Ok(BranchState::default()),
    }
}

async fn store_state(session: &mut Session, state: &BranchState) -> Result<(), Fault> {
    let sql = "insert into candidate (id, inventory_commit, at, content) values (1, $1, @now, $2) \
        on conflict (id) do update set inventory_commit = excluded.inventory_commit, \
        at = excluded.at, content = excluded.content";
    let binds = [
        Bind::MaybeText(state.commit.as_deref()),
        Bind::Document(BRANCH_STATE.stored(state)?),
    ];
    session.execute(sql, &binds).await?;
    Ok(())
}
