//! Finds the run since which each object of a device is owned, from all versions of its ledger.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::audit::insert_audit;
use super::document::applied;
use super::error::Fault;
use super::ledger::put_ledger;
use super::session::{Bind, Row};
use super::stored::{Audit, NewLedger, RunId, StoredLedger};
use super::version::LEDGER;
use super::{Store, StoreError};
use crate::model::DeviceName;
use crate::plan::{Ledger, Object};

/// The version of a ledger in which an object became owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedSince {
    /// Left out: no run; the object was found as intended.
    pub run: Option<RunId>,
    pub at: u64,
    pub commit: Option<String>,
}

impl Store {
    /// Returns every owned object of a device with the version since which it is owned without a break.
    pub async fn owned_since(
        &self,
        device: &DeviceName,
    ) -> Result<BTreeMap<Object, OwnedSince>, StoreError> {
        self.within("read the ledger", || async {
            let mut session = self.read().await?;
            let sql = "select base is null as is_whole, run, inventory_commit, @seconds(at) as seconds, content \
                from ledger_version where device = $1 order by version";
            let rows = session.rows(sql, &[Bind::Text(device.as_str())]).await?;
            since(&rows)
        })
        .await
    }

    /// Releases objects of a device outside of a run, together with an audit entry, both or neither.
    ///
    /// Returns `false`, and changes nothing, if the ledger is not the given one any more.
    pub async fn release_objects(
        &self,
        device: &DeviceName,
        known: &StoredLedger,
        objects: &BTreeSet<Object>,
        audit: &Audit,
    ) -> Result<bool, StoreError> {
        let request = Uuid::now_v7();
        let ledger = &NewLedger {
            ledger: known.ledger.without(objects),
            commit: known.commit.clone(),
        };
        self.within("store the ledger", || async {
            let mut session = self.write().await?;
            put_ledger(&mut session, device, ledger, None).await?;
            // The device is locked since, so no other version can come between.
            let sql = "select version from ledger where device = $1";
            let row = session.row(sql, &[Bind::Text(device.as_str())]).await?;
            let version = row.map_or(Ok(0), |row| row.count("version"))?;
            if version != known.version + 1 {
                // The session ends without a commit.
                return Ok(false);
            }
            insert_audit(&mut session, audit, request).await?;
            session.commit().await?;
            Ok(true)
        })
        .await
    }
}

fn since(rows: &[Row]) -> Result<BTreeMap<Object, OwnedSince>, Fault> {
    let mut document = serde_json::Value::Null;
    let mut owned: BTreeMap<Object, OwnedSince> = BTreeMap::new();
    for row in rows {
        let content = row.document("content")?;
        document = match row.flag("is_whole")? {
            true => content,
            false => applied(document, content),
        };
        let ledger: Ledger = LEDGER.restored(document.clone())?;
        let version = OwnedSince {
            run: row.maybe_id("run")?.map(RunId),
            at: row.count("seconds")?,
            commit: row.maybe_text("inventory_commit")?,
        };
        let mut now = BTreeMap::new();
        for object in ledger.owned() {
            let since = owned.remove(&object).unwrap_or_else(|| version.clone());
            now.insert(object, since);
        }
        owned = now;
    }
    Ok(owned)
}
