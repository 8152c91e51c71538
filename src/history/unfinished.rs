//! Lists devices that a dead process was writing to, with all of their entries.

use serde_json::Value;
use uuid::Uuid;

use super::document::restored;
use super::error::Fault;
use super::ledger::device_name;
use super::look::look_at;
use super::session::{Bind, Row, Session};
use super::stored::{EntryRow, RunId, Unfinished};
use super::version::{ENTRY, INVENTORY};
use super::{Store, StoreError};
use crate::apply::{Entry, LookReason, StepOutcome};
use crate::model::{DeviceName, Fingerprint};

const ENTRIES: &str = "select number, @seconds(at) as seconds, content from entry where run = $1 and device = $2 order by number";

const UNFINISHED: &str = "select unfinished.run as run, unfinished.device as device, inventory, @seconds(began) as seconds, \
    (select holder from lease where lease.device = unfinished.device and not is_released and until > @now) as held_by \
    from unfinished join run on run.id = unfinished.run";

impl Store {
    /// Lists the devices with an intent and without a known outcome, oldest first.
    pub async fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        self.within("list unfinished devices", || async {
            let mut session = self.read().await?;
            let sql = format!("{UNFINISHED} order by began, unfinished.device");
            let rows = session.rows(&sql, &[]).await?;
            let mut all = Vec::with_capacity(rows.len());
            for row in &rows {
                all.push(unfinished(&mut session, row).await?);
            }
            Ok(all)
        })
        .await
    }

    /// Returns the state of one device in a run, unless its end is known by now.
    pub async fn unfinished_of(
        &self,
        run: RunId,
        device: &DeviceName,
    ) -> Result<Option<Unfinished>, StoreError> {
        self.within("ask whether a device is unfinished", || async {
            let mut session = self.read().await?;
            let sql = format!("{UNFINISHED} where unfinished.run = $1 and unfinished.device = $2");
            let binds = [Bind::Id(run.0), Bind::Text(device.as_str())];
            let rows = session.rows(&sql, &binds).await?;
            match rows.first() {
                Some(row) => Ok(Some(unfinished(&mut session, row).await?)),
                None => Ok(None),
            }
        })
        .await
    }

    /// Returns all entries of a device in a run, in order.
    pub async fn entries(
        &self,
        run: RunId,
        device: &DeviceName,
    ) -> Result<Vec<EntryRow>, StoreError> {
        self.within("read what was recorded", || async {
            let mut session = self.read().await?;
            let mut entries = Vec::new();
            for (number, at, content) in contents(&mut session, run, device).await? {
                let content = with_its_look(&mut session, device, content).await?;
                entries.push(EntryRow {
                    number,
                    at,
                    entry: restored(content)?,
                });
            }
            Ok(entries)
        })
        .await
    }
}

async fn unfinished(session: &mut Session, row: &Row) -> Result<Unfinished, Fault> {
    let device = device_name(&row.text("device")?)?;
    let held_by: Option<Uuid> = row.maybe_id("held_by")?;
    let mut one = Unfinished {
        run: RunId(row.id("run")?),
        device,
        inventory: INVENTORY.restored(row.document("inventory")?)?,
        intents: Vec::new(),
        before: None,
        steps: Vec::new(),
        began: row.count("seconds")?,
        held_by,
        next_entry: 1,
    };
    let mut last_look: Option<Fingerprint> = None;
    for (number, _, content) in contents(session, one.run, &one.device).await? {
        one.next_entry = number.saturating_add(1);
        if let Some((moment, fingerprint)) = looked(&content)? {
            if moment == LookReason::Before {
                last_look = Some(fingerprint);
            }
            continue;
        }
        match restored(content)? {
            Entry::Intent { purpose, plan } => {
                if one.intents.is_empty() {
                    one.before = last_look.take();
                }
                one.intents.push((purpose, *plan));
                one.steps.clear();
            }
            Entry::Sent { step, failure, .. } => one.steps.push(StepOutcome { step, failure }),
            Entry::Looked { .. }
            | Entry::Left { .. }
            | Entry::Verified { .. }
            | Entry::Saved { .. }
            | Entry::NotSaved { .. }
            | Entry::Ended { .. } => {}
        }
    }
    Ok(one)
}

/// Returns the stored entries of a device in a run, in the newest version, without the content of looks.
pub(super) async fn contents(
    session: &mut Session,
    run: RunId,
    device: &DeviceName,
) -> Result<Vec<(u32, u64, Value)>, Fault> {
    let binds = [Bind::Id(run.0), Bind::Text(device.as_str())];
    let rows = session.rows(ENTRIES, &binds).await?;
    let rows = rows.iter().map(|row| {
        let number = u32::try_from(row.number("number")?);
        let number = number.map_err(|_| Fault::Broken("an entry's number is too large".to_owned()));
        let content = ENTRY.upgraded(row.document("content")?)?;
        Ok((number?, row.count("seconds")?, content))
    });
    rows.collect()
}

/// Returns reason and fingerprint of a look, if an entry is one.
pub(super) fn looked(content: &Value) -> Result<Option<(LookReason, Fingerprint)>, Fault> {
    if content.get("entry").and_then(Value::as_str) != Some("looked") {
        return Ok(None);
    }
    let part = |name| content.get(name).cloned().unwrap_or_default();
    Ok(Some((
        serde_json::from_value(part("moment"))?,
        serde_json::from_value(part("fingerprint"))?,
    )))
}

async fn with_its_look(
    session: &mut Session,
    device: &DeviceName,
    mut content: Value,
) -> Result<Value, Fault> {
    let Value::Object(fields) = &mut content else {
        return Ok(content);
    };
    let Some(sequence) = fields.remove("look").and_then(|look| look.as_i64()) else {
        return Ok(content);
    };
    let look = look_at(session, device, sequence).await?;
    let look =
        look.ok_or_else(|| Fault::Broken(format!("look {sequence} at {device} is missing")))?;
    fields.insert("observation".to_owned(), super::document::stored(&look)?);
    Ok(content)
}
