//! Stores where the next delta of a system begins, and the highest number of its signed requests.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::still_syncs;
use crate::history::session::{Bind, Lock};
use crate::history::version::DELTA_CURSOR;
use crate::history::{Leader, Store, StoreError};
use crate::model::billing::BillingName;

impl Store {
    /// Returns the cursor of a system's deltas, as its client wrote it.
    ///
    /// # Errors
    ///
    /// `Broken` if it is of another client: read everything then.
    pub async fn delta_cursor<C: DeserializeOwned>(
        &self,
        system: &BillingName,
    ) -> Result<Option<C>, StoreError> {
        self.within("read the cursor of a billing system", || async {
            let mut session = self.read().await?;
            let sql = "select content from billing_cursor where system = $1";
            let row = session.row(sql, &[Bind::Text(system.as_str())]).await?;
            row.map(|row| DELTA_CURSOR.restored(row.document("content")?))
                .transpose()
        })
        .await
    }

    /// Stores the cursor of a system's deltas, once everything before it was synced.
    pub async fn set_delta_cursor<C: Serialize>(
        &self,
        system: &BillingName,
        cursor: &C,
        leader: &Leader,
    ) -> Result<(), StoreError> {
        self.within("store the cursor of a billing system", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            let sql = "insert into billing_cursor (system, at, content) values ($1, @now, $2) \
                on conflict (system) do update set at = excluded.at, content = excluded.content";
            let binds = [
                Bind::Text(system.as_str()),
                Bind::Document(DELTA_CURSOR.stored(cursor)?),
            ];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await
    }

    /// Raises the number of a system's signed requests to `least`, or to `reserved` above itself, whichever is higher.
    /// Returns the number before, 0 if there was none.
    ///
    /// It is durable when this returns. Asked again because an answer was lost, it skips numbers and repeats none.
    pub async fn reserve_nonces(
        &self,
        system: &BillingName,
        least: u64,
        reserved: u64,
    ) -> Result<u64, StoreError> {
        self.within("reserve numbers of requests", || async {
            let mut session = self.write().await?;
            session.alone(&Lock::Billing(system)).await?;
            let name = Bind::Text(system.as_str());
            let sql = "select number from billing_nonce where system = $1";
            let row = session.row(sql, std::slice::from_ref(&name)).await?;
            let before = row.map_or(Ok(0), |row| row.count("number"))?;
            let number = least.max(before.saturating_add(reserved));
            let sql = "insert into billing_nonce (system, number) values ($1, $2) \
                on conflict (system) do update set number = excluded.number";
            let number = Bind::Number(i64::try_from(number).unwrap_or(i64::MAX));
            session.execute(sql, &[name, number]).await?;
            session.commit().await?;
            Ok(before)
        })
        .await
    }
}
