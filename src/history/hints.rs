//! Sends hints about changes to other instances on a Postgres server, so that they need not wait for their timers.
//!
//! A hint may be lost, and a pooler of connections may never deliver one: only the tables count.

use sqlx::postgres::PgListener;

use super::error::Fault;
use super::open::Db;
use super::session::{Bind, Session};
use super::{Store, StoreError};

/// The channel; Postgres keeps the channels of databases apart.
const CHANNEL: &str = "gamctl";

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The branch of the repository: a webhook came, or a person accepted its history.
    Branch,
    Target,
    /// A person approved, froze, thawed, paused, resumed or abandoned.
    Decision,
    /// A rollout moved on, so its devices wait for something else.
    Rollout,
    /// The states of devices, which gates and new rollouts depend on.
    Devices,
    /// A webhook of a billing system came.
    Billing,
}

impl Hint {
    const ALL: [Self; 6] = [
        Self::Branch,
        Self::Target,
        Self::Decision,
        Self::Rollout,
        Self::Devices,
        Self::Billing,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Target => "target",
            Self::Decision => "decision",
            Self::Rollout => "rollout",
            Self::Devices => "devices",
            Self::Billing => "billing",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hint| hint.word() == word)
    }
}

/// The hints of all processes on the same database, this one included.
#[derive(Debug)]
pub struct Hints {
    store: String,
    listener: PgListener,
}

impl Hints {
    /// Waits for the next hint; `None` if some may have been missed.
    pub async fn next(&mut self) -> Result<Option<Hint>, StoreError> {
        let told = self.listener.try_recv().await;
        let told = told.map_err(|error| away(&self.store, &error))?;
        // A hint of a later gamctl may be unknown here.
        Ok(told.and_then(|told| Hint::of(told.payload())))
    }
}

impl Store {
    /// Listens for hints. SQLite has none: one instance uses it, and its tasks trigger each other.
    pub async fn hints(&self) -> Result<Option<Hints>, StoreError> {
        let Db::Postgres(pool) = &self.inner.db else {
            return Ok(None);
        };
        // Not within the deadline of an operation: nothing waits for it.
        let listening = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        let store = self.url().to_string();
        match listening.await {
            Ok(listener) => Ok(Some(Hints { store, listener })),
            Err(error) => Err(away(&store, &error)),
        }
    }

    /// Gives a hint that belongs to no change of the store.
    pub async fn hint(&self, hint: Hint) -> Result<(), StoreError> {
        self.within("tell other instances", || async {
            let mut session = self.read().await?;
            session.hint(hint).await
        })
        .await
    }
}

fn away(store: &str, error: &sqlx::Error) -> StoreError {
    StoreError::Away {
        store: store.to_owned(),
        doing: "listen for hints",
        because: error.to_string(),
    }
}

impl Session {
    /// Gives a hint; in a transaction, when it is committed.
    pub(super) async fn hint(&mut self, hint: Hint) -> Result<(), Fault> {
        if self.is_postgres() {
            let binds = [Bind::Text(CHANNEL), Bind::Text(hint.word())];
            self.rows("select pg_notify($1, $2)", &binds).await?;
        }
        Ok(())
    }
}
