//! Stores the values that billing was seen to have after gamctl wrote them.

use std::collections::BTreeMap;

use super::parts::{PartKind, put_changed};
use super::still_syncs;
use super::stored_base::service_key;
use crate::history::error::Fault;
use crate::history::session::{Bind, Lock};
use crate::history::version::WRITE_BACK_MEMORY;
use crate::history::{Leader, Store, StoreError};
use crate::model::billing::BillingName;
use crate::sync::{ServiceKey, WriteBackMemory};

impl Store {
    /// Returns the memory of write-back to a system.
    pub async fn write_back_memory(
        &self,
        system: &BillingName,
    ) -> Result<BTreeMap<ServiceKey, WriteBackMemory>, StoreError> {
        self.within("read the memory of write-back", || async {
            let mut session = self.read().await?;
            let sql = "select name, content from billing_base_part where system = $1 and kind = $2";
            let binds = [
                Bind::Text(system.as_str()),
                Bind::Text(PartKind::Written.word()),
            ];
            let rows = session.rows(sql, &binds).await?;
            let memory = rows.iter().map(|row| {
                let content = row.document("content")?;
                let memory = WRITE_BACK_MEMORY.restored(content)?;
                Ok((service_key(&row.text("name")?)?, memory))
            });
            memory.collect::<Result<_, Fault>>()
        })
        .await
    }

    /// Replaces the memory of write-back; `before` is what this run read.
    pub async fn set_write_back_memory(
        &self,
        system: &BillingName,
        before: &BTreeMap<ServiceKey, WriteBackMemory>,
        after: &BTreeMap<ServiceKey, WriteBackMemory>,
        leader: &Leader,
    ) -> Result<(), StoreError> {
        self.within("store the memory of write-back", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            session.alone(&Lock::Billing(system)).await?;
            let maps = (before, after);
            put_changed(&mut session, system, PartKind::Written, maps, |memory| {
                WRITE_BACK_MEMORY.stored(memory)
            })
            .await?;
            session.commit().await
        })
        .await
    }
}
