//! Records the entries of a device in a run, in order, under its lease.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value, json};

use super::batch::BatchEntry;
use super::deadline::repeated;
use super::document::{digest, stored};
use super::error::Fault;
use super::lease::fenced;
use super::ledger::put_ledger;
use super::look::{PreparedLook, put_look};
use super::open::Db;
use super::session::{Bind, Session};
use super::stored::{Lease, NewLedger, RunId};
use super::version::{ENTRY, OUTCOME};
use super::{Store, StoreError};
use crate::apply::{DeviceOutcome, Ended, Entry};
use crate::crash;
use crate::plan::{Change, DevicePlan, Object, PortUpdate};

/// An entry that is ready to be stored.
pub(super) struct PreparedEntry {
    pub(super) run: RunId,
    pub(super) lease: Lease,
    number: u32,
    kind: &'static str,
    /// Covers all of the entry, so that a repeated write is recognised.
    digest: String,
    content: Value,
    also: StoredWith,
}

/// The records that are stored together with an entry.
enum StoredWith {
    Nothing,
    Look(Box<PreparedLook>),
    Effects(Vec<Value>),
    Saved,
    End(Box<DeviceOutcome>, Option<Box<NewLedger>>),
}

impl Store {
    /// Stores an entry; it is durable when this returns. The same entry again changes nothing.
    ///
    /// Entries of a device in a run are numbered from 1, without a gap.
    ///
    /// # Errors
    ///
    /// `Fenced` if the lease is no longer the present one or another one has stored this entry, `Rewound` if the entry does
    /// not follow the stored ones, `Conflict` if another one has its number, `Away` if the result is unknown.
    pub async fn record(
        &self,
        run: RunId,
        lease: &Lease,
        number: u32,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        self.record_all(run, lease, number, std::slice::from_ref(entry))
            .await
    }

    /// Stores entries as `record` does, all or none; the first one gets the number `first`.
    pub async fn record_all(
        &self,
        run: RunId,
        lease: &Lease,
        first: u32,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        for before in entries.iter().filter_map(|entry| points(entry).0) {
            crash::point(before);
        }
        let prepared = (first..).zip(entries);
        let prepared =
            prepared.map(|(number, entry)| PreparedEntry::of(run, lease, number, entry, None));
        let prepared: Result<Vec<_>, Fault> = prepared.collect();
        let prepared = prepared.map_err(|fault| self.said("store an entry", fault))?;
        self.put(PreparedEntries {
            run,
            lease: lease.clone(),
            first,
            entries: prepared,
        })
        .await?;
        for after in entries.iter().filter_map(|entry| points(entry).1) {
            crash::point(after);
        }
        Ok(())
    }

    /// Stores the outcome of a device and its new ledger, both or neither.
    pub async fn finish(
        &self,
        run: RunId,
        lease: &Lease,
        number: u32,
        outcome: &DeviceOutcome,
        ledger: Option<&NewLedger>,
    ) -> Result<(), StoreError> {
        let entry = Entry::Ended {
            outcome: outcome.clone(),
        };
        let prepared = PreparedEntry::of(run, lease, number, &entry, ledger);
        let prepared = prepared.map_err(|fault| self.said("store an outcome", fault))?;
        self.put(PreparedEntries {
            run,
            lease: lease.clone(),
            first: number,
            entries: vec![prepared],
        })
        .await?;
        crash::point("outcome-after");
        Ok(())
    }

    async fn put(&self, prepared: PreparedEntries) -> Result<(), StoreError> {
        let (run, lease, number) = (prepared.run, prepared.lease.clone(), prepared.first);
        let doing = "store an entry";
        let put = match &self.inner.db {
            Db::Sqlite { .. } => self.put_in_batch(Arc::new(prepared)).await,
            Db::Postgres(_) => {
                let put = || async {
                    let mut session = self.write().await?;
                    prepared.put(&mut session).await?;
                    session.commit().await
                };
                repeated(self.inner.timeouts.operation, put).await
            }
        };
        match put {
            Ok(()) => Ok(()),
            // Query the present lease outside of the failed transaction.
            Err(Fault::Fenced) => {
                self.within(doing, || async {
                    let mut session = self.read().await?;
                    Err(fenced(&mut session, &lease).await?)
                })
                .await
            }
            Err(Fault::Rewound) => Err(StoreError::Rewound {
                store: self.inner.url.to_string(),
                missing: format!(
                    "what comes before entry {number} of {} in run {}",
                    lease.device, run.0
                ),
            }),
            Err(fault) => Err(self.said(doing, fault)),
        }
    }
}

/// Entries of one device that are stored together.
struct PreparedEntries {
    run: RunId,
    lease: Lease,
    /// The number of the first one.
    first: u32,
    entries: Vec<PreparedEntry>,
}

impl PreparedEntries {
    async fn put(&self, session: &mut Session) -> Result<(), Fault> {
        for entry in &self.entries {
            entry.put(session).await?;
        }
        Ok(())
    }
}

impl BatchEntry for PreparedEntries {
    fn put<'a>(
        &'a self,
        session: &'a mut Session,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>> {
        Box::pin(self.put(session))
    }
}

impl PreparedEntry {
    fn of(
        run: RunId,
        lease: &Lease,
        number: u32,
        entry: &Entry,
        ledger: Option<&NewLedger>,
    ) -> Result<Self, Fault> {
        let content = match entry {
            // The content of a look is stored once, among the looks.
            Entry::Looked {
                moment,
                fingerprint,
                observation: _,
            } => json!({ "entry": "looked", "moment": moment, "fingerprint": fingerprint }),
            entry => stored(entry)?,
        };
        let mut of_all = digest(&content.to_string());
        let content = ENTRY.numbered(content);
        let also = match entry {
            Entry::Looked {
                observation,
                fingerprint,
                ..
            } => {
                let look = PreparedLook::with_fingerprint(observation, fingerprint.clone())?;
                of_all.push_str(&look.whole_digest);
                StoredWith::Look(Box::new(look))
            }
            Entry::Intent { plan, .. } => StoredWith::Effects(effects(plan)),
            Entry::Saved { .. } => StoredWith::Saved,
            Entry::Ended { outcome } => StoredWith::End(
                Box::new(outcome.clone()),
                ledger.map(|ledger| Box::new(ledger.clone())),
            ),
            Entry::Sent { .. }
            | Entry::Left { .. }
            | Entry::Verified { .. }
            | Entry::NotSaved { .. } => StoredWith::Nothing,
        };
        Ok(Self {
            run,
            lease: lease.clone(),
            number,
            kind: kind(entry),
            digest: of_all,
            content,
            also,
        })
    }

    /// Stores the entry with its records, unless it exists.
    async fn put(&self, session: &mut Session) -> Result<(), Fault> {
        let Lease {
            device,
            holder,
            epoch,
        } = &self.lease;
        let key = [
            Bind::Id(self.run.0),
            Bind::Text(device.as_str()),
            Bind::Number(i64::from(self.number)),
        ];
        // A failed statement of SQLite leaves its transaction usable, so most entries need no question before.
        let is_asked_first = session.is_postgres() || matches!(self.also, StoredWith::Look(_));
        if is_asked_first && self.is_stored(session, &key).await? {
            return Ok(());
        }
        let mut content = self.content.clone();
        if let StoredWith::Look(look) = &self.also {
            let sequence = put_look(session, look).await?;
            if let Value::Object(fields) = &mut content {
                fields.insert("look".to_owned(), Value::from(sequence));
            }
        }
        let sql = "insert into entry (run, device, number, epoch, holder, at, kind, digest, content) \
            values ($1, $2, $3, $4, $5, @now, $6, $7, $8)";
        let mut binds = key.to_vec();
        binds.extend([
            Bind::Number(*epoch),
            Bind::Id(*holder),
            Bind::Text(self.kind),
            Bind::Text(&self.digest),
            Bind::Document(content),
        ]);
        match session.execute(sql, &binds).await {
            Ok(_) => self.put_also(session).await,
            Err(fault @ (Fault::Fenced | Fault::Rewound)) if !is_asked_first => {
                match self.is_stored(session, &key).await? {
                    true => Ok(()),
                    false => Err(fault),
                }
            }
            Err(fault) => Err(fault),
        }
    }

    /// Returns whether this entry was stored before; another entry of its number is an error.
    async fn is_stored(&self, session: &mut Session, key: &[Bind<'_>; 3]) -> Result<bool, Fault> {
        let Lease {
            device,
            holder,
            epoch,
        } = &self.lease;
        let sql = "select digest, epoch, holder from entry where run = $1 and device = $2 and number = $3";
        let Some(row) = session.row(sql, key).await? else {
            return Ok(false);
        };
        // A recovery continues the numbers of the run: an entry of another lease means that this one was taken over.
        let is_of_this_lease = row.number("epoch")? == *epoch && row.id("holder")? == *holder;
        if !is_of_this_lease {
            return Err(Fault::Fenced);
        }
        match row.text("digest")? == self.digest {
            true => Ok(true),
            false => Err(Fault::Another(format!(
                "another entry {} of {device} in run {}",
                self.number, self.run.0
            ))),
        }
    }

    async fn put_also(&self, session: &mut Session) -> Result<(), Fault> {
        let device = &self.lease.device;
        let run_and_device = [Bind::Id(self.run.0), Bind::Text(device.as_str())];
        match &self.also {
            StoredWith::Nothing | StoredWith::Look(_) => {}
            StoredWith::Effects(effects) => {
                let sql =
                    "insert into unfinished (run, device) values ($1, $2) on conflict do nothing";
                session.execute(sql, &run_and_device).await?;
                let sql = match session.is_postgres() {
                    true => {
                        "insert into effect (run, device, number, kind, subject, step) \
                        select $1, $2, $3, e->>'kind', e->>'subject', (e->>'step')::bigint from jsonb_array_elements($4) as e"
                    }
                    false => {
                        "insert into effect (run, device, number, kind, subject, step) \
                        select $1, $2, $3, value->>'kind', value->>'subject', value->>'step' from json_each($4)"
                    }
                };
                let [run, device] = run_and_device;
                let binds = [
                    run,
                    device,
                    Bind::Number(i64::from(self.number)),
                    Bind::Document(Value::Array(effects.clone())),
                ];
                session.execute(sql, &binds).await?;
            }
            StoredWith::Saved => {
                let sql = "delete from unsaved where device = $1";
                session.execute(sql, &[Bind::Text(device.as_str())]).await?;
            }
            StoredWith::End(outcome, ledger) => {
                if let Some(ledger) = ledger {
                    crash::point("ledger-before");
                    put_ledger(session, device, ledger, Some(self.run)).await?;
                    crash::point("ledger-after");
                }
                crash::point("outcome-before");
                put_outcome(session, &run_and_device, outcome).await?;
            }
        }
        Ok(())
    }
}

async fn put_outcome(
    session: &mut Session,
    run_and_device: &[Bind<'_>; 2],
    outcome: &DeviceOutcome,
) -> Result<(), Fault> {
    let [run, device] = run_and_device;
    // An interrupted device gets another outcome after recovery.
    let sql = "insert into outcome (run, device, at, ended, content) values ($1, $2, @now, $3, $4) \
        on conflict (run, device) do update set at = excluded.at, ended = excluded.ended, content = excluded.content";
    let binds = [
        run.clone(),
        device.clone(),
        Bind::Text(outcome.ended.word()),
        Bind::Document(OUTCOME.stored(outcome)?),
    ];
    session.execute(sql, &binds).await?;
    // An interrupted device stays unfinished until recovery has looked at it; later work belongs to another run.
    let sql = match outcome.ended {
        Ended::Interrupted { .. } => {
            "delete from unfinished where run = $1 and device = $2 and exists (select 1 from entry \
            where run = $1 and device = $2 and kind = 'looked' and content->>'moment' = 'recovery')"
        }
        _ => "delete from unfinished where run = $1 and device = $2",
    };
    session.execute(sql, run_and_device).await?;
    match outcome.ended {
        // A stuck device may run as intended but unread; the next look decides.
        Ended::Unsaved { .. } | Ended::Stuck { .. } => {
            let sql = "insert into unsaved (run, device, at) values ($1, $2, @now) on conflict (device) do nothing";
            session.execute(sql, run_and_device).await?;
        }
        Ended::Applied => {
            let sql = "delete from unsaved where device = $1";
            session.execute(sql, std::slice::from_ref(device)).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Returns the objects touched by each step: their kind, new name, and the subscribers who notice.
fn effects(plan: &DevicePlan) -> Vec<Value> {
    let mut effects = BTreeSet::new();
    for (step, number) in plan.steps.iter().zip(1_u64..) {
        // The name or address that it has from then on is a subject as well.
        for object in [step.change.object(), step.change.object_after()] {
            effects.insert((number, object.kind(), subject(&object)));
        }
        if let Change::Port(_, PortUpdate { name, .. }) = &step.change
            && let Some(Some(name)) = name.as_ref().map(|name| &name.to)
        {
            effects.insert((number, "port", name.as_str().to_owned()));
        }
        // The inventory's id finds a subscriber that was removed and has another name on the device.
        if let Change::Subscriber(_, edit) = &step.change {
            let ids = [edit.key(), edit.new_key()].map(|name| step.subscriber_ids.get(name));
            for id in ids.into_iter().flatten() {
                effects.insert((number, "subscriber-id", id.to_string()));
            }
        }
        for subscriber in step.impact.subscribers() {
            effects.insert((number, "subscriber", subscriber.to_string()));
        }
    }
    let effects = effects.into_iter();
    effects
        .map(|(step, kind, subject)| json!({ "step": step, "kind": kind, "subject": subject }))
        .collect()
}

/// Returns the search key of an object.
fn subject(object: &Object) -> String {
    match object {
        Object::System => String::new(),
        Object::Uplink(number) => number.to_string(),
        Object::Port(number) => number.to_string(),
        Object::Profile(name) => name.to_string(),
        Object::Endpoint(mac) => mac.to_string(),
        Object::Subscriber(name) => name.to_string(),
    }
}

fn kind(entry: &Entry) -> &'static str {
    match entry {
        Entry::Looked { .. } => "looked",
        Entry::Intent { .. } => "intent",
        Entry::Sent { .. } => "typed",
        Entry::Left { .. } => "left",
        Entry::Verified { .. } => "verified",
        Entry::Saved { .. } => "saved",
        Entry::NotSaved { .. } => "not-saved",
        Entry::Ended { .. } => "ended",
    }
}

/// Returns the crash points around an entry.
fn points(entry: &Entry) -> (Option<&'static str>, Option<&'static str>) {
    match entry {
        Entry::Looked { .. } => (Some("looked-before"), Some("looked-after")),
        Entry::Intent { .. } => (Some("intent-before"), Some("intent-after")),
        Entry::Sent { .. } => (Some("step-before"), Some("step-after")),
        Entry::Left { .. } => (None, Some("left-after")),
        Entry::Verified { .. } => (Some("verified-before"), Some("verified-after")),
        Entry::Saved { .. } => (None, Some("saved-after")),
        Entry::NotSaved { .. } => (None, None),
        Entry::Ended { .. } => (None, Some("outcome-after")),
    }
}
