//! Stores the changes that the gate held back in the last run, by the digests that approvals name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::classified::ClassifiedScope;
use crate::history::error::Fault;
use crate::history::session::{Bind, Session};
use crate::history::version::HELD_BACK;
use crate::history::{Store, StoreError};
use crate::model::SubscriberId;
use crate::model::billing::BillingName;
use crate::sync::{Digest, GateFinding, HeldBack};

/// Changes that one rule held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    pub digest: Digest,
    pub finding: GateFinding,
    pub subscribers: Vec<SubscriberId>,
    /// The first run that held exactly these back, in seconds since 1970.
    pub since: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    finding: GateFinding,
    subscribers: Vec<SubscriberId>,
}

impl Store {
    /// Lists the changes that the last reading of everything held back, and those of some accounts since, oldest first.
    pub async fn held_changes(&self, system: &BillingName) -> Result<Vec<HeldRow>, StoreError> {
        self.within("list held changes", || async {
            let mut session = self.read().await?;
            let sql = "select digest, @seconds(since) as began, content from billing_held where system = $1 \
                order by billing_held.since, digest";
            let rows = session.rows(sql, &[Bind::Text(system.as_str())]).await?;
            let held = rows.iter().map(|row| {
                let content: Content = HELD_BACK.restored(row.document("content")?)?;
                Ok(HeldRow {
                    digest: digest_of(&row.text("digest")?)?,
                    finding: content.finding,
                    subscribers: content.subscribers,
                    since: row.count("began")?,
                })
            });
            held.collect()
        })
        .await
    }
}

/// Reads a stored digest.
pub(super) fn digest_of(text: &str) -> Result<Digest, Fault> {
    Digest::parse(text).ok_or_else(|| Fault::Broken("a digest in it cannot be read".to_owned()))
}

/// Replaces what is held back; what was held before keeps its time.
///
/// A reading of some accounts does not have what one of everything held back, so it removes nothing.
pub(super) async fn put_held(
    session: &mut Session,
    system: &BillingName,
    scope: ClassifiedScope<'_>,
    held: &[HeldBack],
) -> Result<(), Fault> {
    let held: BTreeMap<&str, &HeldBack> = held
        .iter()
        .map(|held| (held.digest.as_str(), held))
        .collect();
    let sql = "select digest from billing_held where system = $1";
    let rows = session.rows(sql, &[Bind::Text(system.as_str())]).await?;
    let is_whole = matches!(scope, ClassifiedScope::Everything);
    for row in rows {
        let digest = row.text("digest")?;
        if is_whole && !held.contains_key(digest.as_str()) {
            let sql = "delete from billing_held where system = $1 and digest = $2";
            let binds = [Bind::Text(system.as_str()), Bind::Text(&digest)];
            session.execute(sql, &binds).await?;
        }
    }
    for (digest, held) in held {
        let changes = held.changes.iter();
        let content = Content {
            finding: held.finding.clone(),
            subscribers: changes.map(|change| change.subscriber.clone()).collect(),
        };
        let sql = "insert into billing_held (system, digest, since, content) values ($1, $2, @now, $3) \
            on conflict (system, digest) do update set content = excluded.content";
        let binds = [
            Bind::Text(system.as_str()),
            Bind::Text(digest),
            Bind::Document(HELD_BACK.stored(&content)?),
        ];
        session.execute(sql, &binds).await?;
    }
    Ok(())
}
