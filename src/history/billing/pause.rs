//! Stores pauses: systems that are not synced until a time, with the reason.

use std::collections::BTreeMap;

use super::stored_base::system_name;
use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::run::signed;
use crate::history::session::Bind;
use crate::history::{Hint, Store, StoreError};
use crate::model::billing::BillingName;

/// A pause as a person asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSyncPause {
    pub system: BillingName,
    pub who: String,
    pub reason: String,
    /// Seconds since 1970.
    pub until: u64,
}

/// A pause in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPause {
    pub who: String,
    pub reason: String,
    /// Seconds since 1970, by the store's clock.
    pub since: u64,
    pub until: u64,
}

impl Store {
    /// Pauses the sync of a system; a pause before is replaced.
    ///
    /// # Errors
    ///
    /// `Broken` if it has no reason, or ends before it starts: the database itself rejects it.
    pub async fn pause_sync(&self, pause: &NewSyncPause) -> Result<(), StoreError> {
        self.within("pause a sync", || async {
            let mut session = self.write_once().await?;
            let (who, reason) = (plain(&pause.who), plain(&pause.reason));
            let sql = "insert into billing_pause (system, who, reason, since, until) \
                values ($1, $2, $3, @now, @time($4)) on conflict (system) do update set who = excluded.who, \
                reason = excluded.reason, since = excluded.since, until = excluded.until";
            let binds = [
                Bind::Text(pause.system.as_str()),
                Bind::Text(&who),
                Bind::Text(&reason),
                Bind::Number(signed(pause.until)),
            ];
            let paused = session.execute(sql, &binds).await;
            paused.map_err(|fault| match fault {
                Fault::Refused(_) => Fault::Refused(
                    "a pause needs a reason, and an end after its start by the store's clock"
                        .to_owned(),
                ),
                other => other,
            })?;
            session.hint(Hint::Decision).await?;
            session.commit().await
        })
        .await
    }

    /// Ends the pause of a system, and returns whether it was paused.
    pub async fn resume_sync(&self, system: &BillingName) -> Result<bool, StoreError> {
        self.within("resume a sync", || async {
            let mut session = self.write_once().await?;
            let sql = "delete from billing_pause where system = $1 and until > @now";
            let resumed = session.execute(sql, &[Bind::Text(system.as_str())]).await?;
            session.hint(Hint::Decision).await?;
            session.commit().await?;
            Ok(resumed > 0)
        })
        .await
    }

    /// Returns the pauses in force by the store's clock.
    pub async fn sync_pauses(&self) -> Result<BTreeMap<BillingName, SyncPause>, StoreError> {
        self.within("list paused syncs", || async {
            let mut session = self.read().await?;
            let sql = "select system, who, reason, @seconds(since) as began, @seconds(until) as ends \
                from billing_pause where until > @now";
            let rows = session.rows(sql, &[]).await?;
            let pauses = rows.iter().map(|row| {
                let pause = SyncPause {
                    who: row.text("who")?,
                    reason: row.text("reason")?,
                    since: row.count("began")?,
                    until: row.count("ends")?,
                };
                Ok((system_name(&row.text("system")?)?, pause))
            });
            pauses.collect::<Result<_, Fault>>()
        })
        .await
    }
}
