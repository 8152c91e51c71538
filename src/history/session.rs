//! Runs SQL on either engine; statements are written once, with marks for the differences.

use std::fmt::Write as _;

use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Row as _, Transaction};
use uuid::Uuid;

use super::error::Fault;
use crate::model::DeviceName;
use crate::model::billing::BillingName;

/// A parameter of a statement.
#[derive(Debug, Clone)]
pub(super) enum Bind<'a> {
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Number(i64),
    MaybeNumber(Option<i64>),
    Id(Uuid),
    MaybeId(Option<Uuid>),
    Flag(bool),
    Document(Value),
}

/// A connection to either engine, in a transaction if needed. A transaction that is dropped without `commit` is rolled
/// back.
pub(super) enum Session {
    /// Without a transaction: each statement is one. A process that is suspended between two of them holds no lock.
    Single(PoolConnection<Postgres>),
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

/// A row of either engine.
pub(super) enum Row {
    Postgres(PgRow),
    Sqlite(SqliteRow),
}

impl Session {
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Single(_) | Self::Postgres(_))
    }

    /// Runs a statement and returns the number of changed rows.
    pub(super) async fn execute(&mut self, sql: &str, binds: &[Bind<'_>]) -> Result<u64, Fault> {
        match self {
            Self::Single(connection) => {
                let connection: &mut PgConnection = connection;
                let done = postgres(sql, binds).execute(connection).await?;
                Ok(done.rows_affected())
            }
            Self::Postgres(transaction) => {
                let connection: &mut PgConnection = transaction;
                let done = postgres(sql, binds).execute(connection).await?;
                Ok(done.rows_affected())
            }
            Self::Sqlite(transaction) => {
                let connection: &mut SqliteConnection = transaction;
                let done = sqlite(sql, binds).execute(connection).await?;
                Ok(done.rows_affected())
            }
        }
    }

    pub(super) async fn rows(&mut self, sql: &str, binds: &[Bind<'_>]) -> Result<Vec<Row>, Fault> {
        match self {
            Self::Single(connection) => {
                let connection: &mut PgConnection = connection;
                let rows = postgres(sql, binds).fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            Self::Postgres(transaction) => {
                let connection: &mut PgConnection = transaction;
                let rows = postgres(sql, binds).fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            Self::Sqlite(transaction) => {
                let connection: &mut SqliteConnection = transaction;
                let rows = sqlite(sql, binds).fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    pub(super) async fn row(
        &mut self,
        sql: &str,
        binds: &[Bind<'_>],
    ) -> Result<Option<Row>, Fault> {
        Ok(self.rows(sql, binds).await?.into_iter().next())
    }

    /// Holds a lock until the end of the transaction. SQLite has a single writer anyway.
    pub(super) async fn alone(&mut self, lock: &Lock<'_>) -> Result<(), Fault> {
        if self.is_postgres() {
            // The first row does not exist yet, so no row can be locked.
            let sql = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
            self.execute(sql, &[Bind::Text(&lock.key())]).await?;
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Single(_) => {}
            Self::Postgres(transaction) => transaction.commit().await?,
            Self::Sqlite(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

type PostgresQuery<'q> = sqlx::query::Query<'q, Postgres, sqlx::postgres::PgArguments>;
type SqliteQuery<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

// All statements are texts of this module with numbered parameters; only the number of parameters varies.
fn postgres<'q>(sql: &str, binds: &'q [Bind<'_>]) -> PostgresQuery<'q> {
    let mut query = sqlx::query(AssertSqlSafe(spelled(sql, true)));
    for bind in binds {
        query = match bind {
            Bind::Text(text) => query.bind(*text),
            Bind::MaybeText(text) => query.bind(*text),
            Bind::Number(number) => query.bind(*number),
            Bind::MaybeNumber(number) => query.bind(*number),
            Bind::Id(id) => query.bind(*id),
            Bind::MaybeId(id) => query.bind(*id),
            Bind::Flag(flag) => query.bind(*flag),
            Bind::Document(document) => query.bind(Json(document)),
        };
    }
    query
}

fn sqlite<'q>(sql: &str, binds: &'q [Bind<'_>]) -> SqliteQuery<'q> {
    let mut query = sqlx::query(AssertSqlSafe(spelled(sql, false)));
    for bind in binds {
        query = match bind {
            Bind::Text(text) => query.bind(*text),
            Bind::MaybeText(text) => query.bind(*text),
            Bind::Number(number) => query.bind(*number),
            Bind::MaybeNumber(number) => query.bind(*number),
            Bind::Id(id) => query.bind(id.to_string()),
            Bind::MaybeId(id) => query.bind(id.map(|id| id.to_string())),
            Bind::Flag(flag) => query.bind(*flag),
            Bind::Document(document) => query.bind(Json(document)),
        };
    }
    query
}

/// Returns a statement in the syntax of the engine:
///
/// `@now` the store's clock · `@later($1)` this many milliseconds after now · `@time($1)` a time from seconds since 1970 ·
/// `@seconds(column)` the reverse.
fn spelled(sql: &str, is_postgres: bool) -> String {
    let mut spelled = String::with_capacity(sql.len() + 64);
    let mut parts = sql.split('@');
    spelled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let word_end = part
            .find(|sign: char| !sign.is_ascii_lowercase())
            .unwrap_or(part.len());
        let (word, rest) = part.split_at(word_end);
        let inner = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let rest = match (word, inner) {
            ("now", _) => {
                spelled.push_str(now(is_postgres));
                rest
            }
            (_, Some((inner, rest))) => {
                let now = now(is_postgres);
                let _written = match (word, is_postgres) {
                    ("later", true) => {
                        write!(spelled, "({now} + {inner} * interval '1 millisecond')")
                    }
                    ("later", false) => write!(spelled, "({now} + {inner})"),
                    ("time", true) => write!(spelled, "to_timestamp({inner})"),
                    ("time", false) => write!(spelled, "({inner} * 1000)"),
                    ("seconds", true) => {
                        write!(spelled, "floor(extract(epoch from {inner}))::bigint")
                    }
                    ("seconds", false) => write!(spelled, "({inner} / 1000)"),
                    _ => write!(spelled, "@{word}({inner})"),
                };
                rest
            }
            _ => {
                spelled.push('@');
                part
            }
        };
        spelled.push_str(rest);
    }
    spelled
}

fn now(is_postgres: bool) -> &'static str {
    // `now()` of Postgres is the start of the transaction, which may have waited for a lock since.
    if is_postgres {
        "clock_timestamp()"
    } else {
        "cast(unixepoch('subsec') * 1000 as integer)"
    }
}

/// Returns `$3, $4, $5` for three parameters from the third on.
pub(super) fn places(from: usize, count: usize) -> String {
    let places: Vec<String> = (from..from + count)
        .map(|place| format!("${place}"))
        .collect();
    places.join(", ")
}

macro_rules! column {
    ($row:expr, $name:expr) => {
        match $row {
            Row::Postgres(row) => row.try_get($name)?,
            Row::Sqlite(row) => row.try_get($name)?,
        }
    };
}

impl Row {
    pub(super) fn text(&self, name: &str) -> Result<String, Fault> {
        Ok(column!(self, name))
    }

    pub(super) fn maybe_text(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(column!(self, name))
    }

    pub(super) fn number(&self, name: &str) -> Result<i64, Fault> {
        Ok(column!(self, name))
    }

    pub(super) fn maybe_number(&self, name: &str) -> Result<Option<i64>, Fault> {
        Ok(column!(self, name))
    }

    /// Returns a number that the schema keeps non-negative, such as a count or a time.
    pub(super) fn count(&self, name: &str) -> Result<u64, Fault> {
        Ok(u64::try_from(self.number(name)?).unwrap_or_default())
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        Ok(column!(self, name))
    }

    pub(super) fn document(&self, name: &str) -> Result<Value, Fault> {
        let Json(document): Json<Value> = column!(self, name);
        Ok(document)
    }

    pub(super) fn maybe_id(&self, name: &str) -> Result<Option<Uuid>, Fault> {
        match self {
            Self::Postgres(row) => Ok(row.try_get(name)?),
            Self::Sqlite(row) => {
                let text: Option<String> = row.try_get(name)?;
                let id = text.map(|text| Uuid::try_parse(&text)).transpose();
                id.map_err(|why| Fault::Broken(format!("an id in it cannot be read: {why}")))
            }
        }
    }

    pub(super) fn id(&self, name: &str) -> Result<Uuid, Fault> {
        self.maybe_id(name)?
            .ok_or_else(|| Fault::Broken("an id in it is missing".to_owned()))
    }
}

/// The right to write some rows that have no row to lock yet.
pub(super) enum Lock<'a> {
    Ledger(&'a DeviceName),
    Looks(&'a DeviceName),
    AppliedCommit,
    Branch,
    Billing(&'a BillingName),
}

impl Lock<'_> {
    /// Returns the text whose hash is the lock. Another version of gamctl at the same store takes the lock by the same
    /// text, so that it must never be reworded.
    fn key(&self) -> String {
        match self {
            Self::Ledger(device) => format!("what is ours on {device}"),
            Self::Looks(device) => format!("looks at {device}"),
            Self::AppliedCommit => "the applied commit".to_owned(),
            Self::Branch => "the state of the branch".to_owned(),
            Self::Billing(system) => format!("billing of {system}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_locks_are_those_of_earlier_versions() {
        let device = DeviceName::new("oak").unwrap();
        assert_eq!(Lock::Ledger(&device).key(), "what is ours on oak");
        assert_eq!(Lock::Looks(&device).key(), "looks at oak");
        assert_eq!(Lock::AppliedCommit.key(), "the applied commit");
        assert_eq!(Lock::Branch.key(), "the state of the branch");
        let system = BillingName::new("splynx").unwrap();
        assert_eq!(Lock::Billing(&system).key(), "billing of splynx");
    }

    #[test]
    fn marks_are_spelled_for_each_engine_and_the_rest_is_left_alone() {
        let sql = "select @seconds(began) from run where began < @later($1) and ended >= @time($2) and at <= @now";
        assert_eq!(
            spelled(sql, false),
            "select (began / 1000) from run where began < (cast(unixepoch('subsec') * 1000 as integer) + $1) and ended >= ($2 * 1000) and at <= cast(unixepoch('subsec') * 1000 as integer)"
        );
        assert_eq!(
            spelled(sql, true),
            "select floor(extract(epoch from began))::bigint from run where began < (clock_timestamp() + $1 * interval '1 millisecond') and ended >= to_timestamp($2) and at <= clock_timestamp()"
        );
        assert_eq!(places(3, 2), "$3, $4");
    }
}
