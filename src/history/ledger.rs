//! Stores the ledger of each device with all of its versions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::audit::insert_audit;
use super::document::{applied, difference};
use super::error::Fault;
use super::session::{Bind, Lock, Row, Session};
use super::stored::{Audit, NewLedger, RunId, StoredLedger, UnsavedDevice};
use super::version::LEDGER;
use super::{Store, StoreError};
use crate::model::DeviceName;
use crate::plan::Ledger;

/// After this many differences a version is stored whole, so that reading an old one stays fast.
pub(super) const WHOLE_EVERY: i64 = 20;

const KEPT: &str = "select ledger.device as device, ledger.content as content, ledger.version as version, inventory_commit, \
    @seconds(ledger.at) as seconds, unsaved.device is not null as is_unsaved \
    from ledger left join unsaved on unsaved.device = ledger.device";

impl Store {
    /// Returns the ledger of a device, or `None` if none was ever stored.
    pub async fn ledger(&self, device: &DeviceName) -> Result<Option<StoredLedger>, StoreError> {
        self.within("read the ledger", || async {
            let mut session = self.read().await?;
            let sql = format!("{KEPT} where ledger.device = $1");
            let row = session.row(&sql, &[Bind::Text(device.as_str())]).await?;
            row.map(|row| Ok(stored_ledger(&row)?.1)).transpose()
        })
        .await
    }

    /// Returns the ledgers of all devices.
    pub async fn ledgers(&self) -> Result<BTreeMap<DeviceName, StoredLedger>, StoreError> {
        self.within("read the ledger", || async {
            let mut session = self.read().await?;
            let rows = session.rows(KEPT, &[]).await?;
            rows.iter().map(stored_ledger).collect()
        })
        .await
    }

    /// Returns the devices whose owned objects were all found as intended: no run started on them, and nothing was adopted.
    pub async fn only_found(&self) -> Result<BTreeSet<DeviceName>, StoreError> {
        self.within("read the ledger", || async {
            let mut session = self.read().await?;
            let sql = "select device from ledger where not exists (select 1 from outcome where outcome.device = ledger.device) \
                and not exists (select 1 from audit where audit.subject = ledger.device and audit.verb = 'adopt')";
            let rows = session.rows(sql, &[]).await?;
            rows.iter().map(|row| device_name(&row.text("device")?)).collect()
        })
        .await
    }

    /// Returns an older version of a ledger.
    pub async fn ledger_version(
        &self,
        device: &DeviceName,
        version: u64,
    ) -> Result<Option<Ledger>, StoreError> {
        self.within("read an earlier ledger", || async {
            let mut session = self.read().await?;
            let version = super::run::signed(version);
            let document = version_document(&mut session, device, version).await?;
            document
                .map(|document| LEDGER.restored(document))
                .transpose()
        })
        .await
    }

    /// Stores a ledger outside of a run, together with an audit entry, both or neither.
    pub async fn set_ledger(
        &self,
        device: &DeviceName,
        ledger: &NewLedger,
        audit: &Audit,
    ) -> Result<(), StoreError> {
        let request = Uuid::now_v7();
        self.within("store the ledger", || async {
            let mut session = self.write().await?;
            put_ledger(&mut session, device, ledger, audit.run).await?;
            insert_audit(&mut session, audit, request).await?;
            session.commit().await
        })
        .await
    }

    /// Lists the devices whose running-config is not in their startup-config.
    pub async fn unsaved(&self) -> Result<Vec<UnsavedDevice>, StoreError> {
        self.within("list unsaved devices", || async {
            let mut session = self.read().await?;
            let sql = "select device, run, @seconds(at) as seconds from unsaved order by device";
            let rows = session.rows(sql, &[]).await?;
            let rows = rows.iter().map(|row| {
                Ok(UnsavedDevice {
                    device: device_name(&row.text("device")?)?,
                    run: RunId(row.id("run")?),
                    at: row.count("seconds")?,
                })
            });
            rows.collect()
        })
        .await
    }
}

fn stored_ledger(row: &Row) -> Result<(DeviceName, StoredLedger), Fault> {
    let kept = StoredLedger {
        ledger: LEDGER.restored(row.document("content")?)?,
        version: row.count("version")?,
        commit: row.maybe_text("inventory_commit")?,
        at: row.count("seconds")?,
        is_unsaved: row.flag("is_unsaved")?,
    };
    Ok((device_name(&row.text("device")?)?, kept))
}

pub(super) fn device_name(text: &str) -> Result<DeviceName, Fault> {
    DeviceName::new(text)
        .map_err(|_| Fault::Broken(format!("it has an invalid device name: {text:?}")))
}

/// Stores a new version. Equal content with the same commit is not a new version.
pub(super) async fn put_ledger(
    session: &mut Session,
    device: &DeviceName,
    new: &NewLedger,
    run: Option<RunId>,
) -> Result<(), Fault> {
    let NewLedger { ledger, commit } = new;
    let content = LEDGER.stored(ledger)?;
    session.alone(&Lock::Ledger(device)).await?;
    let name = Bind::Text(device.as_str());
    let sql = "select version, content, inventory_commit from ledger where device = $1";
    let old = session.row(sql, std::slice::from_ref(&name)).await?;
    let (last, old, is_same) = match &old {
        Some(row) => {
            let old = row.document("content")?;
            // Compare in the newest form: an upgrade alone does not make a new version.
            let upgraded = LEDGER.numbered(LEDGER.upgraded(old.clone())?);
            let is_same = upgraded == content && row.maybe_text("inventory_commit")? == *commit;
            (row.number("version")?, Some(old), is_same)
        }
        None => (0, None, false),
    };
    if is_same {
        return Ok(());
    }
    let version = last + 1;
    let (base, written) = match old {
        Some(old) if version % WHOLE_EVERY != 0 => (Some(last), difference(&old, &content)),
        _ => (None, content.clone()),
    };
    let sql = "insert into ledger_version (device, version, base, inventory_commit, run, at, content) \
        values ($1, $2, $3, $4, $5, @now, $6)";
    let binds = [
        name.clone(),
        Bind::Number(version),
        Bind::MaybeNumber(base),
        Bind::MaybeText(commit.as_deref()),
        Bind::MaybeId(run.map(|run| run.0)),
        Bind::Document(written),
    ];
    session.execute(sql, &binds).await?;
    let sql = "insert into ledger (device, version, inventory_commit, at, content) \
        values ($1, $2, $3, @now, $4) on conflict (device) do update set version = excluded.version, \
        inventory_commit = excluded.inventory_commit, at = excluded.at, content = excluded.content";
    let binds = [
        name,
        Bind::Number(version),
        Bind::MaybeText(commit.as_deref()),
        Bind::Document(content),
    ];
    session.execute(sql, &binds).await?;
    Ok(())
}

pub(super) async fn version_document(
    session: &mut Session,
    device: &DeviceName,
    version: i64,
) -> Result<Option<Value>, Fault> {
    let sql = "with recursive chain (version, base, content) as ( \
        select version, base, content from ledger_version where device = $1 and version = $2 \
        union all select older.version, older.base, older.content from ledger_version as older \
        join chain on older.version = chain.base where older.device = $1) \
        select content from chain order by version";
    let binds = [Bind::Text(device.as_str()), Bind::Number(version)];
    put_together(&session.rows(sql, &binds).await?)
}

/// Returns the document at the end of a chain that starts with a whole one.
pub(super) fn put_together(chain: &[Row]) -> Result<Option<Value>, Fault> {
    let Some((whole, differences)) = chain.split_first() else {
        return Ok(None);
    };
    let mut document = whole.document("content")?;
    for difference in differences {
        document = applied(document, difference.document("content")?);
    }
    Ok(Some(document))
}
