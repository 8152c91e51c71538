//! Stores freezes: devices that must not be written to until a time, with the reason.

use uuid::Uuid;

use super::document::plain;
use super::error::Fault;
use super::run::signed;
use super::session::Bind;
use super::stored::Freeze;
use super::version::FREEZE_SCOPE;
use super::{Hint, Store, StoreError};

impl Store {
    /// Stores a freeze; the store's clock fills in `since`. The same id again changes nothing.
    ///
    /// # Errors
    ///
    /// `Broken` if it has no reason, or ends before it starts: the database itself rejects it.
    pub async fn freeze(&self, freeze: &Freeze) -> Result<(), StoreError> {
        let Freeze {
            id,
            scope,
            reason,
            who,
            since: _,
            until,
        } = freeze;
        self.within("freeze", || async {
            let mut session = self.write_once().await?;
            let (reason, who) = (plain(reason), plain(who));
            let sql = "insert into frozen (id, scope, reason, who, since, until) \
                values ($1, $2, $3, $4, @now, @time($5)) on conflict (id) do nothing";
            let binds = [
                Bind::Id(*id),
                Bind::Document(FREEZE_SCOPE.stored(scope)?),
                Bind::Text(&reason),
                Bind::Text(&who),
                Bind::Number(signed(*until)),
            ];
            session
                .execute(sql, &binds)
                .await
                .map_err(|fault| match fault {
                    Fault::Refused(_) => Fault::Refused(
                        "a freeze needs a reason, and an end after its start by the store's clock"
                            .to_owned(),
                    ),
                    other => other,
                })?;
            session.hint(Hint::Decision).await?;
            session.commit().await
        })
        .await
    }

    /// Ends a freeze and returns whether it was in force.
    pub async fn thaw(&self, freeze: Uuid, who: &str) -> Result<bool, StoreError> {
        self.within("thaw", || async {
            let mut session = self.write_once().await?;
            let who = plain(who);
            let sql = "insert into thaw (frozen, who, at) \
                select id, $2, @now from frozen where id = $1 and until > @now on conflict (frozen) do nothing";
            let binds = [Bind::Id(freeze), Bind::Text(&who)];
            let thawed = session.execute(sql, &binds).await? > 0;
            session.hint(Hint::Decision).await?;
            session.commit().await?;
            Ok(thawed)
        })
        .await
    }

    /// Lists the freezes in force by the store's clock, oldest first.
    pub async fn freezes(&self) -> Result<Vec<Freeze>, StoreError> {
        self.within("list freezes", || async {
            let mut session = self.read().await?;
            let sql = "select id, scope, reason, who, @seconds(since) as began, @seconds(until) as ends from frozen \
                where frozen.until > @now and not exists (select 1 from thaw where thaw.frozen = frozen.id) \
                order by frozen.since, id";
            let rows = session.rows(sql, &[]).await?;
            let freezes = rows.iter().map(|row| {
                Ok(Freeze {
                    id: row.id("id")?,
                    scope: FREEZE_SCOPE.restored(row.document("scope")?)?,
                    reason: row.text("reason")?,
                    who: row.text("who")?,
                    since: row.count("began")?,
                    until: row.count("ends")?,
                })
            });
            freezes.collect()
        })
        .await
    }
}
