//! Stores the outbox of write-back: each write is queued, sent, and then proved, refused or given up.

use std::collections::BTreeMap;
use std::time::Duration;

use compact_str::CompactString;
use uuid::Uuid;

use super::{BillingWrite, SERVICE_GONE, still_syncs};
use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::lease::millis;
use crate::history::run::{Conditions, most};
use crate::history::session::{Bind, Row};
use crate::history::version::BILLING_WRITE;
use crate::history::{Leader, Store, StoreError};
use crate::model::billing::BillingName;

/// A write is given up after so many tries.
pub const WRITE_TRIES: u64 = 10;

/// A write is given up after this time, if it is not proved.
pub const WRITE_GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Writes in one transaction: thousands must not exceed the deadline.
const AT_ONCE: usize = 200;

/// The state of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteState {
    /// It is due at some time.
    Queued,
    /// It is being sent, or its answer was lost: only a read decides.
    Sent,
    /// Billing was seen to have it.
    Proved,
    /// Billing rejected it.
    Refused,
    /// It did not take effect in many tries.
    GivenUp,
}

/// The answer to a write, or the result of the read that decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteAnswer {
    Proved,
    /// The code of billing's answer, or the field that it names, never its text.
    Refused(CompactString),
    /// It certainly did not take effect; the time until the next try, and the kind of the error.
    NotDone {
        again_in: Duration,
        because: CompactString,
    },
}

/// A write, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    pub id: Uuid,
    pub state: WriteState,
    /// Requests so far.
    pub tries: u64,
    /// Times in seconds since 1970, by the store's clock.
    pub queued: u64,
    pub due: u64,
    /// The last change of its state.
    pub at: u64,
    /// The reason that the last try did not take effect.
    pub because: Option<String>,
    pub write: BillingWrite,
}

impl WriteState {
    const ALL: [Self; 5] = [
        Self::Queued,
        Self::Sent,
        Self::Proved,
        Self::Refused,
        Self::GivenUp,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Proved => "proved",
            Self::Refused => "refused",
            Self::GivenUp => "given-up",
        }
    }

    fn of(word: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|state| state.word() == word);
        found.ok_or_else(|| Fault::Broken(format!("the state {word:?} in it is unknown")))
    }
}

const COLUMNS: &str = "id, state, tries, @seconds(queued) as queued_seconds, @seconds(due) as due_seconds, \
    @seconds(at) as at_seconds, because, content";

impl Store {
    /// Queues writes; each replaces an earlier one with the same key, unless that one must be sent once, or is `Sent`:
    /// a read decides about that one first. A value that was refused or given up is not queued again, another one is, and so is
    /// the same one if only its service was missing: what is due is about services that the reading has.
    pub async fn queue_writes(
        &self,
        system: &BillingName,
        writes: &[BillingWrite],
        leader: &Leader,
    ) -> Result<(), StoreError> {
        for writes in writes.chunks(AT_ONCE) {
            self.within("queue writes to billing", || async {
                let mut session = self.write().await?;
                still_syncs(&mut session, system, leader).await?;
                for write in writes {
                    let conflict = match write.is_once() {
                        true => "do nothing",
                        false => "do update set state = excluded.state, tries = 0, queued = excluded.queued, \
                            due = excluded.due, at = excluded.at, because = null, content = excluded.content \
                            where billing_write.state <> 'sent' \
                            and (billing_write.state = 'proved' or billing_write.because = $5 \
                            or billing_write.content <> excluded.content)",
                    };
                    let sql = format!(
                        "insert into billing_write (id, system, key, state, tries, queued, due, at, content) \
                        values ($1, $2, $3, 'queued', 0, @now, @now, @now, $4) on conflict (system, key) {conflict}"
                    );
                    let key = write.key();
                    let mut binds = vec![
                        Bind::Id(Uuid::now_v7()),
                        Bind::Text(system.as_str()),
                        Bind::Text(&key),
                        Bind::Document(BILLING_WRITE.stored(write)?),
                    ];
                    if !write.is_once() {
                        binds.push(Bind::Text(SERVICE_GONE));
                    }
                    session.execute(&sql, &binds).await?;
                }
                session.commit().await
            })
            .await?;
        }
        Ok(())
    }

    /// Removes writes that are still queued, because billing has the value already.
    pub async fn withdraw_writes(
        &self,
        system: &BillingName,
        keys: &[CompactString],
        leader: &Leader,
    ) -> Result<(), StoreError> {
        for keys in keys.chunks(AT_ONCE) {
            self.within("withdraw writes to billing", || async {
                let mut session = self.write().await?;
                still_syncs(&mut session, system, leader).await?;
                for key in keys {
                    let sql = "delete from billing_write where system = $1 and key = $2 and state = 'queued'";
                    let binds = [Bind::Text(system.as_str()), Bind::Text(key)];
                    session.execute(sql, &binds).await?;
                }
                session.commit().await
            })
            .await?;
        }
        Ok(())
    }

    /// Queues writes that were refused or given up once more, because a person removed the cause.
    pub async fn requeue_writes(
        &self,
        system: &BillingName,
        leader: &Leader,
    ) -> Result<u64, StoreError> {
        self.within("queue refused writes to billing", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            let sql = "update billing_write set state = 'queued', tries = 0, queued = @now, due = @now, at = @now, \
                because = null where system = $1 and state in ('refused', 'given-up')";
            let queued = session
                .execute(sql, &[Bind::Text(system.as_str())])
                .await?;
            session.commit().await?;
            Ok(queued)
        })
        .await
    }

    /// Marks the write that is due first as sent, and returns it for the request; `None`: none is due.
    ///
    /// It is durable when this returns, so that a request is never repeated blindly. If the answer is lost, another write
    /// may be returned, and this one waits for a read like any other that is `Sent`.
    pub async fn claim_write(
        &self,
        system: &BillingName,
        leader: &Leader,
    ) -> Result<Option<OutboxRow>, StoreError> {
        self.within("take a write from the outbox", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            let lock = match session.is_postgres() {
                true => " for update skip locked",
                false => "",
            };
            let sql = format!(
                "update billing_write set state = 'sent', tries = tries + 1, at = @now where id = ( \
                select id from billing_write where system = $1 and state = 'queued' and due <= @now \
                order by billing_write.due, id limit 1{lock}) returning {COLUMNS}"
            );
            let row = session.row(&sql, &[Bind::Text(system.as_str())]).await?;
            let row = row.map(|row| row_of(&row)).transpose()?;
            session.commit().await?;
            Ok(row)
        })
        .await
    }

    /// Stores the answer to a try of a write, and returns its state; `None` if that try is not the last one.
    ///
    /// A lost answer is not an answer: leave the write as `Sent`.
    pub async fn settle_write(
        &self,
        system: &BillingName,
        sent: &OutboxRow,
        answer: &WriteAnswer,
        leader: &Leader,
    ) -> Result<Option<WriteState>, StoreError> {
        self.within("store the answer to a write", || async {
            let mut session = self.write().await?;
            still_syncs(&mut session, system, leader).await?;
            let (because, again_in) = match answer {
                WriteAnswer::Proved => (None, Duration::ZERO),
                WriteAnswer::Refused(because) => (Some(plain(because)), Duration::ZERO),
                WriteAnswer::NotDone { again_in, because } => (Some(plain(because)), *again_in),
            };
            let state = match answer {
                WriteAnswer::Proved => WriteState::Proved,
                WriteAnswer::Refused(_) => WriteState::Refused,
                WriteAnswer::NotDone { .. } if sent.tries >= WRITE_TRIES => WriteState::GivenUp,
                WriteAnswer::NotDone { .. } => WriteState::Queued,
            };
            // Only a write that would be tried again can be too old.
            let sql = "update billing_write set state = case when $3 = 'queued' and queued <= @later($4) then 'given-up' \
                else $3 end, due = @later($5), at = @now, because = $6 \
                where id = $1 and tries = $2 and state = 'sent'";
            let tries = Bind::Number(i64::try_from(sent.tries).unwrap_or(i64::MAX));
            let binds = [
                Bind::Id(sent.id),
                tries.clone(),
                Bind::Text(state.word()),
                Bind::Number(-millis(WRITE_GIVEN_UP_AFTER)),
                Bind::Number(millis(again_in)),
                Bind::MaybeText(because.as_deref()),
            ];
            session.execute(sql, &binds).await?;
            // Also if the same was asked before, and its answer was lost.
            let sql = "select state from billing_write where id = $1 and tries = $2";
            let row = session.row(sql, &[Bind::Id(sent.id), tries]).await?;
            session.commit().await?;
            row.map(|row| WriteState::of(&row.text("state")?))
                .transpose()
        })
        .await
    }

    /// Lists writes of a state, those without a change for longest first, at most so many.
    pub async fn billing_writes(
        &self,
        system: &BillingName,
        state: Option<WriteState>,
        at_most: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.within("list writes to billing", || async {
            let mut session = self.read().await?;
            let mut conditions = Conditions::default();
            conditions.add("system = ?", Bind::Text(system.as_str()));
            if let Some(state) = state {
                conditions.add("state = ?", Bind::Text(state.word()));
            }
            let sql = format!(
                "select {COLUMNS} from billing_write {} order by billing_write.at, id {}",
                conditions.sql(),
                most(at_most)
            );
            let rows = session.rows(&sql, &conditions.binds).await?;
            rows.iter().map(row_of).collect()
        })
        .await
    }

    /// Lists all steps of tickets, whatever their state: a later step follows from the earlier ones.
    pub async fn billing_tickets(
        &self,
        system: &BillingName,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.within("list tickets in billing", || async {
            let mut session = self.read().await?;
            let sql = format!(
                "select {COLUMNS} from billing_write where system = $1 and key like 'ticket %' \
                order by billing_write.at, id"
            );
            let rows = session.rows(&sql, &[Bind::Text(system.as_str())]).await?;
            rows.iter().map(row_of).collect()
        })
        .await
    }

    /// Returns the number of writes in each state.
    pub async fn billing_write_counts(
        &self,
        system: &BillingName,
    ) -> Result<BTreeMap<WriteState, u64>, StoreError> {
        self.within("count writes to billing", || async {
            let mut session = self.read().await?;
            let sql = "select state, count(*) as writes from billing_write where system = $1 group by state";
            let rows = session.rows(sql, &[Bind::Text(system.as_str())]).await?;
            let counts = rows
                .iter()
                .map(|row| Ok((WriteState::of(&row.text("state")?)?, row.count("writes")?)));
            counts.collect::<Result<_, Fault>>()
        })
        .await
    }
}

fn row_of(row: &Row) -> Result<OutboxRow, Fault> {
    Ok(OutboxRow {
        id: row.id("id")?,
        state: WriteState::of(&row.text("state")?)?,
        tries: row.count("tries")?,
        queued: row.count("queued_seconds")?,
        due: row.count("due_seconds")?,
        at: row.count("at_seconds")?,
        because: row.maybe_text("because")?,
        write: BILLING_WRITE.restored(row.document("content")?)?,
    })
}
