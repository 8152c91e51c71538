//! Grants leader tasks: only one instance runs such a task at a time, by the store's clock.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use crate::history::error::Fault;
use crate::history::lease::millis;
use crate::history::session::{Bind, Session};
use crate::history::{Store, StoreError};

/// The right of an instance to run a task. Its writes name it, so that a late one of an earlier leader is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    pub task: String,
    pub holder: Uuid,
    pub epoch: i64,
}

/// The leader of a task, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderRow {
    pub holder: Uuid,
    pub epoch: i64,
    /// Seconds since 1970, by the store's clock.
    pub until: u64,
    pub is_in_force: bool,
}

impl Store {
    /// Makes this instance the leader of a task, or extends its time; `None` if another instance leads.
    ///
    /// The epoch counts up whenever another instance becomes the leader.
    pub async fn lead(
        &self,
        task: &str,
        holder: Uuid,
        lasts: Duration,
    ) -> Result<Option<Leader>, StoreError> {
        self.within("become the leader of a task", || async {
            let mut session = self.write_once().await?;
            let sql = "insert into leader (task, holder, epoch, until) values ($1, $2, 1, @later($3)) \
                on conflict (task) do update set \
                epoch = case when leader.holder = excluded.holder then leader.epoch else leader.epoch + 1 end, \
                holder = excluded.holder, until = excluded.until \
                where leader.holder = excluded.holder or leader.until <= @now returning epoch";
            let binds = [Bind::Text(task), Bind::Id(holder), Bind::Number(millis(lasts))];
            let row = session.row(sql, &binds).await?;
            let epoch = row.map(|row| row.number("epoch")).transpose()?;
            session.commit().await?;
            Ok(epoch.map(|epoch| Leader {
                task: task.to_owned(),
                holder,
                epoch,
            }))
        })
        .await
    }

    /// Gives a task up, so that another instance can lead it at once.
    pub async fn stop_leading(&self, leader: &Leader) -> Result<(), StoreError> {
        self.within("give up a task", || async {
            let mut session = self.write_once().await?;
            let sql = "update leader set until = @now where task = $1 and holder = $2 and epoch = $3 and until > @now";
            session.execute(sql, &leader.binds()).await?;
            session.commit().await
        })
        .await
    }

    /// Lists the leaders, by task.
    pub async fn leaders(&self) -> Result<BTreeMap<String, LeaderRow>, StoreError> {
        self.within("list leaders", || async {
            let mut session = self.read().await?;
            let sql = "select task, holder, epoch, @seconds(until) as ends, until > @now as is_in_force from leader";
            let rows = session.rows(sql, &[]).await?;
            let leaders = rows.iter().map(|row| {
                let leader = LeaderRow {
                    holder: row.id("holder")?,
                    epoch: row.number("epoch")?,
                    until: row.count("ends")?,
                    is_in_force: row.flag("is_in_force")?,
                };
                Ok((row.text("task")?, leader))
            });
            leaders.collect::<Result<_, Fault>>()
        })
        .await
    }
}

impl Leader {
    fn binds(&self) -> [Bind<'_>; 3] {
        [
            Bind::Text(&self.task),
            Bind::Id(self.holder),
            Bind::Number(self.epoch),
        ]
    }
}

/// Fails unless an instance still leads a task; the row stays locked until the end of the transaction.
pub(in crate::history) async fn still_leads(
    session: &mut Session,
    leader: &Leader,
) -> Result<(), Fault> {
    let lock = if session.is_postgres() {
        " for share"
    } else {
        ""
    };
    let sql = format!(
        "select task from leader where task = $1 and holder = $2 and epoch = $3 and until > @now{lock}"
    );
    match session.row(&sql, &leader.binds()).await? {
        Some(_) => Ok(()),
        None => Err(Fault::from(StoreError::NotLeader {
            task: leader.task.clone(),
        })),
    }
}
