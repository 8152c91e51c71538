//! Stores approvals: the consent of a person to one plan, at one target and policy.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::history::Hint;
use crate::history::document::plain;
use crate::history::session::Bind;
use crate::history::version::APPROVAL;
use crate::history::{Store, StoreError};

/// An approval as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApproval {
    /// Made by the caller, so that a repeated request adds no second one.
    pub id: Uuid,
    pub plan: String,
    /// The target at that time.
    pub commit: String,
    /// The digest of the policy that the plan was checked with.
    pub policy: String,
    pub who: String,
    pub reason: String,
    /// Carry it out now, also outside of the windows.
    pub now: bool,
    /// The e-mail addresses of the person, to compare with authors of commits.
    pub addresses: Vec<String>,
}

/// An approval, with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub id: Uuid,
    pub plan: String,
    pub commit: String,
    pub policy: String,
    pub who: String,
    pub reason: String,
    pub now: bool,
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    #[serde(default)]
    now: bool,
    #[serde(default)]
    addresses: Vec<String>,
}

impl Store {
    /// Stores an approval. The same id again changes nothing.
    pub async fn approve(&self, approval: &NewApproval) -> Result<(), StoreError> {
        self.within("store an approval", || async {
            let mut session = self.write_once().await?;
            let (who, reason) = (plain(&approval.who), plain(&approval.reason));
            let sql = "insert into approval (id, plan, inventory_commit, policy, who, reason, at, content) \
                values ($1, $2, $3, $4, $5, $6, @now, $7) on conflict (id) do nothing";
            let content = Content {
                now: approval.now,
                addresses: approval.addresses.clone(),
            };
            let binds = [
                Bind::Id(approval.id),
                Bind::Text(&approval.plan),
                Bind::Text(&approval.commit),
                Bind::Text(&approval.policy),
                Bind::Text(&who),
                Bind::Text(&reason),
                Bind::Document(APPROVAL.stored(&content)?),
            ];
            session.execute(sql, &binds).await?;
            session.hint(Hint::Decision).await?;
            session.commit().await
        })
        .await
    }

    /// Lists the approvals of a plan, oldest first.
    pub async fn approvals(&self, plan: &str) -> Result<Vec<Approval>, StoreError> {
        self.within("list approvals", || async {
            let mut session = self.read().await?;
            let sql = "select id, plan, inventory_commit, policy, who, reason, @seconds(at) as seconds, content \
                from approval where plan = $1 order by approval.at, id";
            let rows = session.rows(sql, &[Bind::Text(plan)]).await?;
            let approvals = rows.iter().map(|row| {
                let content: Content =
                    APPROVAL.restored(row.document("content")?)?;
                Ok(Approval {
                    id: row.id("id")?,
                    plan: row.text("plan")?,
                    commit: row.text("inventory_commit")?,
                    policy: row.text("policy")?,
                    who: row.text("who")?,
                    reason: row.text("reason")?,
                    now: content.now,
                    addresses: content.addresses,
                    at: row.count("seconds")?,
                })
            });
            approvals.collect()
        })
        .await
    }
}
