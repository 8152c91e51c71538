//! Stores looks: equal ones once, others as a difference, with the times they were current.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{difference, digest, stored};
use super::error::Fault;
use super::ledger::{WHOLE_EVERY, device_name, put_together};
use super::run::signed;
use super::session::{Bind, Lock, Row, Session};
use super::store::CLOCK;
use super::version::{LOOK, LOOK_STATUS};
use super::{Store, StoreError};
use crate::model::{
    DeviceName, EndpointState, Fingerprint, Health, MacAddress, Observation, PortNumber,
};

const CHAIN: &str = "with recursive chain (sequence, base, content) as ( \
    select sequence, base, content from look where device = $1 and sequence = $2 \
    union all select older.sequence, older.base, older.content from look as older \
    join chain on older.sequence = chain.base where older.device = $1) \
    select content from chain order by sequence";

/// The parts of a look that change every time: only those of each device's last look are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookStatus {
    /// The time at which the look ended, in seconds since 1970, by the clock of the process that looked.
    pub taken_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
    #[serde(default)]
    pub health: Health,
    /// Endpoints that are heard and are not where the configuration has them: how long without a gap.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub heard: BTreeMap<MacAddress, HeardSince>,
}

/// The looks that heard an endpoint on the same port, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardSince {
    /// Left out: the device does not report the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortNumber>,
    /// The time of the first look, in seconds since 1970.
    pub first: u64,
    pub looks: u32,
}

impl LookStatus {
    /// Returns the status of a look, with the endpoints that it hears for the first time.
    fn of(look: &Observation) -> Self {
        let endpoints = look.health.endpoints.iter();
        let elsewhere = endpoints.filter(|(_, line)| {
            matches!(
                line.state,
                Some(EndpointState::Unknown | EndpointState::WrongPort)
            )
        });
        let heard = elsewhere.map(|(mac, line)| {
            let since = HeardSince {
                port: line.port,
                first: look.taken_at,
                looks: 1,
            };
            (*mac, since)
        });
        Self {
            taken_at: look.taken_at,
            uptime_seconds: look.identity.uptime_seconds,
            health: look.health.clone(),
            heard: heard.collect(),
        }
    }

    /// Counts the endpoints on that the look before heard on the same port. The same look stored twice is one look.
    fn follow(&mut self, before: &Self) {
        let is_another = before.taken_at < self.taken_at;
        for (mac, since) in &mut self.heard {
            let earlier = before.heard.get(mac);
            if let Some(earlier) = earlier.filter(|earlier| earlier.port == since.port) {
                since.first = since.first.min(earlier.first);
                since.looks = earlier.looks.saturating_add(u32::from(is_another));
            }
        }
    }
}

impl Store {
    /// Stores a look and returns its number among those of its device.
    ///
    /// A look that equals an earlier one except for health and time adds nothing and gets the number of that one. Its
    /// health and time replace those of the look before.
    pub async fn keep_look(&self, look: &Observation) -> Result<u64, StoreError> {
        self.within("keep a look", || async {
            // Most looks equal the last one; these need no lock and change one row.
            let kept = PreparedLook::of(look)?;
            let mut session = self.write_once().await?;
            if let Some(sequence) = put_status(&mut session, &kept).await? {
                session.commit().await?;
                return unsigned(sequence);
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

    /// Returns the devices whose last look was stored at or after a time, with the times, and the time of this reading, all by
    /// the store's clock in seconds since 1970. A look of an early version of gamctl has the time 0.
    pub async fn looks_stored_since(
        &self,
        since: u64,
    ) -> Result<(Vec<(DeviceName, u64)>, u64), StoreError> {
        self.within("list new looks", || async {
            let mut session = self.read().await?;
            let clock = session.row(CLOCK, &[]).await?;
            let now = clock.map_or(Ok(0), |row| row.count("clock"))?;
            let sql = "select device, @seconds(at) as stored from last_look where at is null or at >= @time($1)";
            let rows = session.rows(sql, &[Bind::Number(signed(since))]).await?;
            let devices = rows.iter().map(|row| {
                let device = device_name(&row.text("device")?)?;
                let at = row.maybe_number("stored")?.and_then(|at| u64::try_from(at).ok());
                Ok((device, at.unwrap_or_default()))
            });
            Ok((devices.collect::<Result<_, Fault>>()?, now))
        })
        .await
    }

    /// Returns the last look at a device, with its own health and time.
    pub async fn last_look(&self, device: &DeviceName) -> Result<Option<Observation>, StoreError> {
        let last = self.last_look_and_heard(device).await?;
        Ok(last.map(|(look, _)| look))
    }

    /// Returns the last look at a device, and how long it hears the endpoints that are not where they are configured.
    pub async fn last_look_and_heard(
        &self,
        device: &DeviceName,
    ) -> Result<Option<(Observation, BTreeMap<MacAddress, HeardSince>)>, StoreError> {
        self.within("read a look", || async {
            let mut session = self.read().await?;
            let sql = "select sequence, status, status is not null as has_status from last_look where device = $1";
            let Some(row) = session.row(sql, &[Bind::Text(device.as_str())]).await? else {
                return Ok(None);
            };
            let look = look_at(&mut session, device, row.number("sequence")?).await?;
            Ok(match (look, status(&row)?) {
                (Some(mut look), Some(status)) => {
                    look.taken_at = status.taken_at;
                    look.identity.uptime_seconds = status.uptime_seconds;
                    look.health = status.health;
                    Some((look, status.heard))
                }
                (look, _) => look.map(|look| (look, BTreeMap::new())),
            })
        })
        .await
    }
}

/// A look that is ready to be stored.
pub(super) struct PreparedLook {
    device: DeviceName,
    fingerprint: Fingerprint,
    /// Identifies an equal look: covers all except the parts that change every time.
    digest: String,
    content: Value,
    status: LookStatus,
    length: usize,
    /// Identifies this look alone, health and time included.
    pub(super) whole_digest: String,
}

impl PreparedLook {
    pub(super) fn of(look: &Observation) -> Result<Self, Fault> {
        Self::with_fingerprint(look, Fingerprint::of(look))
    }

    pub(super) fn with_fingerprint(
        look: &Observation,
        fingerprint: Fingerprint,
    ) -> Result<Self, Fault> {
        let mut content = stored(look)?;
        // The store assigns the number.
        set(&mut content, "sequence", Some(Value::from(0)));
        let text = content.to_string();
        // A copy without these would be as large as the look.
        let taken_at = set(&mut content, "taken_at", Some(Value::Null));
        let health = set(&mut content, "health", Some(Value::Null));
        let set_uptime = |content: &mut Value, uptime| {
            let identity = content.get_mut("identity");
            identity.and_then(|identity| set(identity, "uptime_seconds", uptime))
        };
        let uptime = set_uptime(&mut content, Some(Value::Null));
        let lasting = content.to_string();
        set(&mut content, "taken_at", taken_at);
        set(&mut content, "health", health);
        set_uptime(&mut content, uptime);
        Ok(Self {
            device: look.device.clone(),
            fingerprint,
            digest: digest(&lasting),
            // Equality is about the content, not about the version of its form.
            content: LOOK.numbered(content),
            status: LookStatus::of(look),
            length: text.len(),
            whole_digest: digest(&text),
        })
    }
}

/// Sets or removes a field of an object, and returns what it was.
fn set(document: &mut Value, field: &str, value: Option<Value>) -> Option<Value> {
    let Value::Object(fields) = document else {
        return None;
    };
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    }
}

/// Returns the status of a device's last look, or `None` if an older gamctl stored it without one.
pub(super) fn status(row: &Row) -> Result<Option<LookStatus>, Fault> {
    match row.flag("has_status")? {
        true => Ok(Some(LOOK_STATUS.restored(row.document("status")?)?)),
        false => Ok(None),
    }
}

/// Returns the status of a look as it is stored.
async fn status_document(session: &mut Session, look: &PreparedLook) -> Result<Value, Fault> {
    // Most looks hear nothing that is not configured; these need no read.
    if look.status.heard.is_empty() {
        return Ok(LOOK_STATUS.stored(&look.status)?);
    }
    let sql = "select status, status is not null as has_status from last_look where device = $1";
    let row = session
        .row(sql, &[Bind::Text(look.device.as_str())])
        .await?;
    let before = row.as_ref().map_or(Ok(None), status)?;
    let mut now = look.status.clone();
    if let Some(before) = &before {
        now.follow(before);
    }
    Ok(LOOK_STATUS.stored(&now)?)
}

/// Stores the status of a look that equals the last one, and returns the number of that one.
async fn put_status(session: &mut Session, look: &PreparedLook) -> Result<Option<i64>, Fault> {
    let sql = "update last_look set at = @now, status = $3 where device = $1 \
        and sequence = (select sequence from look where device = $1 and digest = $2) returning sequence";
    let document = status_document(session, look).await?;
    let binds = [
        Bind::Text(look.device.as_str()),
        Bind::Text(&look.digest),
        Bind::Document(document),
    ];
    let row = session.row(sql, &binds).await?;
    row.map(|row| row.number("sequence")).transpose()
}

/// Stores a look unless an equal one exists, and makes it the last one.
pub(super) async fn put_look(session: &mut Session, kept: &PreparedLook) -> Result<i64, Fault> {
    let device = Bind::Text(kept.device.as_str());
    session.alone(&Lock::Looks(&kept.device)).await?;
    if let Some(last) = put_status(session, kept).await? {
        return Ok(last);
    }
    let sql = "select sequence from last_look where device = $1";
    let last = session.row(sql, std::slice::from_ref(&device)).await?;
    let last = last.map(|row| row.number("sequence")).transpose()?;
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
    let document = status_document(session, kept).await?;
    let sql = "insert into last_look (device, sequence, at, status) values ($1, $2, @now, $3) \
        on conflict (device) do update set sequence = excluded.sequence, at = excluded.at, status = excluded.status";
    let binds = [
        device.clone(),
        Bind::Number(sequence),
        Bind::Document(document),
    ];
    session.execute(sql, &binds).await?;
    let sql = "insert into look_change (device, number, sequence, at) \
        select $1, coalesce(max(number), 0) + 1, $2, @now from look_change where device = $1";
    session
        .execute(sql, &[device, Bind::Number(sequence)])
        .await?;
    Ok(sequence)
}

/// Returns a look as a difference to the last one, or whole if that is shorter or the chain is too long.
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
    // A device that alternates between two states makes chains that do not follow the numbers.
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
