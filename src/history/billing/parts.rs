//! Writes many rows of the sync in one statement, and finds the rows that changed.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Value, json};

use crate::history::error::Fault;
use crate::history::session::{Bind, Session};
use crate::model::billing::BillingName;

/// Rows in one statement: a few hundred kilobytes.
pub(super) const AT_ONCE: usize = 1000;

/// A kind of rows in `billing_base_part`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Service,
    Claim,
    Written,
}

impl PartKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Claim => "claim",
            Self::Written => "written",
        }
    }
}

/// Returns a source of rows from a list in a parameter; each is `e.value`.
pub(super) fn each(session: &Session, parameter: usize) -> String {
    match session.is_postgres() {
        true => format!("jsonb_array_elements(${parameter}) as e(value)"),
        false => format!("json_each(${parameter}) as e"),
    }
}

/// Writes the parts that differ between two maps.
///
/// The first must be what is stored: whoever calls this compared the number of the base, or holds its lock.
pub(super) async fn put_changed<K: Ord + Display, V: PartialEq>(
    session: &mut Session,
    system: &BillingName,
    kind: PartKind,
    (before, after): (&BTreeMap<K, V>, &BTreeMap<K, V>),
    stored: impl Fn(&V) -> Result<Value, serde_json::Error>,
) -> Result<(), Fault> {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let gone: Vec<&K> = gone.collect();
    let changed = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(*value));
    let changed: Vec<(&K, &V)> = changed.collect();
    let source = each(session, 3);
    let sql = format!(
        "delete from billing_base_part where system = $1 and kind = $2 \
        and name in (select e.value->>'name' from {source})"
    );
    for gone in gone.chunks(AT_ONCE) {
        let rows = gone.iter().map(|key| json!({ "name": key.to_string() }));
        let binds = binds(system, kind, rows.collect());
        session.execute(&sql, &binds).await?;
    }
    let sql = format!(
        "insert into billing_base_part (system, kind, name, content) \
        select $1, $2, e.value->>'name', e.value->'content' from {source} where true \
        on conflict (system, kind, name) do update set content = excluded.content"
    );
    for changed in changed.chunks(AT_ONCE) {
        let rows = changed
            .iter()
            .map(|(key, value)| Ok(json!({ "name": key.to_string(), "content": stored(value)? })));
        let rows = rows.collect::<Result<_, serde_json::Error>>()?;
        session.execute(&sql, &binds(system, kind, rows)).await?;
    }
    Ok(())
}

fn binds(system: &BillingName, kind: PartKind, rows: Vec<Value>) -> [Bind<'_>; 3] {
    [
        Bind::Text(system.as_str()),
        Bind::Text(kind.word()),
        Bind::Document(Value::Array(rows)),
    ]
}
