//! Looks at devices: what is the same is stored once, what differs as a difference.

use serde_json::Value;

use super::document::{difference, digest, stored};
use super::error::Fault;
use super::ledger::{WHOLE_EVERY, put_together};
use super::session::{Bind, Session};
use super::version::LOOK;
use super::{Store, StoreError};
use crate::model::{DeviceName, Fingerprint, Observation};

const CHAIN: &str = "with recursive chain (sequence, base, content) as ( \
    select sequence, base, content from look where device = $1 and sequence = $2 \
    union all select older.sequence, older.base, older.content from look as older \
    join chain on older.sequence = chain.base where older.device = $1) \
    select content from chain order by sequence";

impl Store {
    /// Keeps a look and returns its number among those of its device.
    ///
    /// A look that found what an earlier one did, but for health and time, adds nothing and gets the number of that one.
    pub async fn keep_look(&self, look: &Observation) -> Result<u64, StoreError> {
        self.within("keep a look", || async {
            // Most looks are as the last one; these need no lock.
            let kept = PreparedLook::of(look)?;
            let mut session = self.read().await?;
            if let Some((last, true)) = last(&mut session, &kept).await? {
                return unsigned(last);
            }
            drop(session);
            let mut session = self.write().await?;
            let sequence = put_look(&mut session, &kept).await?;
            session.commit().await?;
            unsigned(sequence)
        })
        .await
    }

    /// Returns the latest look at a device with this fingerprint.
    pub async fn look_of(
        &self,
        device: &DeviceName,
        fingerprint: &Fingerprint,
    ) -> Result<Option<Observation>, StoreError> {
        self.within("read a look", || async {
            let mut session = self.read().await?;
            let sql =
                "select max(sequence) as newest from look where device = $1 and fingerprint = $2";
            let binds = [
                Bind::Text(device.as_str()),
                Bind::Text(fingerprint.as_str()),
            ];
            let row = session.row(sql, &binds).await?;
            match row.map_or(Ok(None), |row| row.maybe_number("newest"))? {
                Some(sequence) => look_at(&mut session, device, sequence).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// Returns what the last look at a device found, with the health and the time of when that was first found.
    pub async fn last_look(&self, device: &DeviceName) -> Result<Option<Observation>, StoreError> {
        self.within("read a look", || async {
            let mut session = self.read().await?;
            let sql = "select sequence from last_look where device = $1";
            match session.row(sql, &[Bind::Text(device.as_str())]).await? {
                Some(row) => look_at(&mut session, device, row.number("sequence")?).await,
                None => Ok(None),
            }
        })
        .await
    }
}

/// A look, ready to be stored.
pub(super) struct PreparedLook {
    device: DeviceName,
    fingerprint: Fingerprint,
    /// What it is found by when it is there already: all but what is never twice the same.
    digest: String,
    content: Value,
    length: usize,
    /// What tells it from any other look, health and time included.
    pub(super) whole_digest: String,
}

impl PreparedLook {
    pub(super) fn of(look: &Observation) -> Result<Self, Fault> {
        let mut content = stored(look)?;
        // The store counts.
        set(&mut content, "sequence", Value::from(0));
        let mut lasting = content.clone();
        for changing in ["taken_at", "health"] {
            set(&mut lasting, changing, Value::Null);
        }
        if let Some(identity) = lasting.get_mut("identity") {
            set(identity, "uptime_seconds", Value::Null);
        }
        let text = content.to_string();
        Ok(Self {
            device: look.device.clone(),
            fingerprint: Fingerprint::of(look),
            digest: digest(&lasting.to_string()),
            // It is found by what it has, not by how that is written.
            content: LOOK.numbered(content),
            length: text.len(),
            whole_digest: digest(&text),
        })
    }
}

fn set(document: &mut Value, field: &str, value: Value) {
    if let Value::Object(fields) = document {
        fields.insert(field.to_owned(), value);
    }
}

/// Returns the number of the device's last look, and whether it found the same.
async fn last(session: &mut Session, look: &PreparedLook) -> Result<Option<(i64, bool)>, Fault> {
    let sql = "select sequence, digest from last_look join look using (device, sequence) where device = $1";
    let row = session
        .row(sql, &[Bind::Text(look.device.as_str())])
        .await?;
    row.map(|row| Ok((row.number("sequence")?, row.text("digest")? == look.digest)))
        .transpose()
}

/// Puts a look in, where it is no old one, and makes it the last one.
pub(super) async fn put_look(session: &mut Session, kept: &PreparedLook) -> Result<i64, Fault> {
    let device = Bind::Text(kept.device.as_str());
    session.alone(&format!("looks at {}", kept.device)).await?;
    let last = match last(session, kept).await? {
        Some((last, true)) => return Ok(last),
        Some((last, false)) => Some(last),
        None => None,
    };
    let sql = "select sequence from look where device = $1 and digest = $2";
    let binds = [device.clone(), Bind::Text(&kept.digest)];
    let sequence = match session.row(sql, &binds).await? {
        Some(row) => row.number("sequence")?,
        None => {
            let sql = "select coalesce(max(sequence), 0) + 1 as next from look where device = $1";
            let row = session.row(sql, std::slice::from_ref(&device)).await?;
            let sequence = row.map_or(Ok(1), |row| row.number("next"))?;
            let (base, content) = written(session, last, sequence, kept).await?;
            let sql = "insert into look (device, sequence, digest, fingerprint, base, content, at) \
                values ($1, $2, $3, $4, $5, $6, @now)";
            let binds = [
                device.clone(),
                Bind::Number(sequence),
                Bind::Text(&kept.digest),
                Bind::Text(kept.fingerprint.as_str()),
                Bind::MaybeNumber(base),
                Bind::Document(content),
            ];
            session.execute(sql, &binds).await?;
            sequence
        }
    };
    let sql = "insert into last_look (device, sequence) values ($1, $2) \
        on conflict (device) do update set sequence = excluded.sequence";
    session
        .execute(sql, &[device, Bind::Number(sequence)])
        .await?;
    Ok(sequence)
}

/// Returns a look as a difference to the last one, or whole where that is shorter or the chain gets long.
async fn written(
    session: &mut Session,
    last: Option<i64>,
    sequence: i64,
    look: &PreparedLook,
) -> Result<(Option<i64>, Value), Fault> {
    let whole = (None, look.content.clone());
    let Some(last) = last.filter(|_| sequence % WHOLE_EVERY != 0) else {
        return Ok(whole);
    };
    let binds = [Bind::Text(look.device.as_str()), Bind::Number(last)];
    let chain = session.rows(CHAIN, &binds).await?;
    // A device that goes back and forth makes chains that do not go by numbers.
    if i64::try_from(chain.len()).unwrap_or(i64::MAX) >= WHOLE_EVERY {
        return Ok(whole);
    }
    let Some(old) = put_together(&chain)? else {
        return Ok(whole);
    };
    let difference = difference(&old, &look.content);
    let is_shorter = difference.to_string().len() < look.length / 2;
    Ok(if is_shorter {
        (Some(last), difference)
    } else {
        whole
    })
}

pub(super) async fn look_at(
    session: &mut Session,
    device: &DeviceName,
    sequence: i64,
) -> Result<Option<Observation>, Fault> {
    let binds = [Bind::Text(device.as_str()), Bind::Number(sequence)];
    let Some(document) = put_together(&session.rows(CHAIN, &binds).await?)? else {
        return Ok(None);
    };
    let look: Observation = LOOK.restored(document)?;
    Ok(Some(Observation {
        sequence: unsigned(sequence)?,
        ..look
    }))
}

fn unsigned(sequence: i64) -> Result<u64, Fault> {
    u64::try_from(sequence).map_err(|_| Fault::Broken("a look has a number below zero".to_owned()))
}
