//! Stores the audit log: actions and refusals, with their users.

use uuid::Uuid;

use super::document::plain;
use super::error::Fault;
use super::run::{Conditions, most, signed};
use super::session::{Bind, Session};
use super::stored::{Audit, AuditRow, Filter, RunId};
use super::{Store, StoreError};

impl Store {
    /// Records that a user did something, or was refused.
    pub async fn audit(&self, audit: &Audit) -> Result<(), StoreError> {
        let request = Uuid::now_v7();
        self.within("store an audit entry", || async {
            let mut session = self.write_once().await?;
            insert_audit(&mut session, audit, request).await?;
            session.commit().await
        })
        .await
    }

    /// Lists audit entries, newest first; a filter's device is a subject.
    pub async fn audits(&self, filter: &Filter) -> Result<Vec<AuditRow>, StoreError> {
        self.within("list the audit", || async {
            let mut session = self.read().await?;
            let listed = listed(&mut session, filter, None, filter.most).await?;
            Ok(listed.into_iter().map(|(_, row)| row).collect())
        })
        .await
    }
}

/// Returns numbered audit entries, newest first; with `before`, only those that follow it.
pub(super) async fn listed(
    session: &mut Session,
    filter: &Filter,
    before: Option<i64>,
    at_most: u32,
) -> Result<Vec<(i64, AuditRow)>, Fault> {
    let mut conditions = Conditions::default();
    if let Some(run) = filter.run {
        conditions.add("run = ?", Bind::Id(run.0));
    }
    conditions.any_of("subject in (?)", &filter.devices);
    conditions.between("at", filter);
    if let Some(before) = before {
        conditions.add("id < ?", Bind::Number(before));
    }
    let sql = format!(
        "select id, @seconds(at) as seconds, who, verb, subject, is_refused, what, objects, run from audit {} order by {} {}",
        conditions.sql(),
        match filter.refused_first {
            true => "is_refused desc, id desc",
            false => "id desc",
        },
        most(at_most)
    );
    let rows = session.rows(&sql, &conditions.binds).await?;
    let rows = rows.iter().map(|row| {
        let listed = AuditRow {
            at: row.count("seconds")?,
            audit: Audit {
                who: row.text("who")?,
                verb: row.text("verb")?,
                subject: row.maybe_text("subject")?,
                is_refused: row.flag("is_refused")?,
                what: row.text("what")?,
                objects: row
                    .maybe_number("objects")?
                    .and_then(|objects| u64::try_from(objects).ok()),
                run: row.maybe_id("run")?.map(RunId),
            },
        };
        Ok((row.number("id")?, listed))
    });
    rows.collect()
}

/// Inserts an audit entry, unless this request did before and its answer was lost.
pub(super) async fn insert_audit(
    session: &mut Session,
    audit: &Audit,
    request: Uuid,
) -> Result<(), Fault> {
    let Audit {
        who,
        verb,
        subject,
        is_refused,
        what,
        objects,
        run,
    } = audit;
    let (who, what) = (plain(who), plain(what));
    let subject = subject.as_deref().map(plain);
    let sql = "insert into audit (at, who, verb, subject, is_refused, what, objects, run, request) \
        values (@now, $1, $2, $3, $4, $5, $6, $7, $8) on conflict (request) do nothing";
    let binds = [
        Bind::Text(&who),
        Bind::Text(verb),
        Bind::MaybeText(subject.as_deref()),
        Bind::Flag(*is_refused),
        Bind::Text(&what),
        Bind::MaybeNumber(objects.map(signed)),
        Bind::MaybeId(run.map(|run| run.0)),
        Bind::Id(request),
    ];
    session.execute(sql, &binds).await?;
    Ok(())
}
