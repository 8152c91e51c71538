//! Stores the running instances of the service, with their heartbeat and the last result of each task.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::session::{Bind, Row};
use crate::history::version::INSTANCE;
use crate::history::{Store, StoreError};

/// An instance as it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstance {
    pub id: Uuid,
    pub who: String,
    pub host: String,
    pub process: u32,
    pub version: String,
}

/// What an instance reports about itself with each heartbeat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceReport {
    /// The instance ends: it takes up nothing more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_stopping: bool,
    /// The devices that it looks at.
    #[serde(default)]
    pub devices: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<String, TaskReport>,
}

/// The state of one task of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReport {
    /// The end of its last run, in seconds since 1970; left out: it never ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// How long its last run took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// The error of its last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The number of runs in a row that failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// An instance, with its last heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: Uuid,
    pub who: String,
    pub host: String,
    pub process: u32,
    pub version: String,
    /// Seconds since 1970, by the store's clock.
    pub began: u64,
    pub seen: u64,
    /// Seconds since the last heartbeat, by the store's clock.
    pub silent: u64,
    pub report: InstanceReport,
}

impl Store {
    /// Records the heartbeat of an instance; the first one adds it.
    pub async fn heartbeat(
        &self,
        instance: &NewInstance,
        report: &InstanceReport,
    ) -> Result<(), StoreError> {
        self.within("record a heartbeat", || async {
            let mut session = self.write_once().await?;
            let sql = "insert into instance (id, who, host, process, version, began, seen, content) \
                values ($1, $2, $3, $4, $5, @now, @now, $6) \
                on conflict (id) do update set seen = excluded.seen, content = excluded.content";
            let (who, host) = (plain(&instance.who), plain(&instance.host));
            let binds = [
                Bind::Id(instance.id),
                Bind::Text(&who),
                Bind::Text(&host),
                Bind::Number(i64::from(instance.process)),
                Bind::Text(&instance.version),
                Bind::Document(INSTANCE.stored(report)?),
            ];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await
    }

    /// Removes an instance that ended.
    pub async fn remove_instance(&self, id: Uuid) -> Result<(), StoreError> {
        self.within("remove an instance", || async {
            let mut session = self.write_once().await?;
            session
                .execute("delete from instance where id = $1", &[Bind::Id(id)])
                .await?;
            session.commit().await
        })
        .await
    }

    /// Lists the instances, oldest first.
    pub async fn instances(&self) -> Result<Vec<Instance>, StoreError> {
        self.within("list instances", || async {
            let mut session = self.read().await?;
            let sql = "select id, who, host, process, version, @seconds(began) as began_seconds, \
                @seconds(seen) as seen_seconds, @seconds(t) as now_seconds, content \
                from instance, (select @now as t) as moment order by instance.began, instance.id";
            let rows = session.rows(sql, &[]).await?;
            rows.iter().map(instance).collect()
        })
        .await
    }
}

fn instance(row: &Row) -> Result<Instance, Fault> {
    let seen = row.count("seen_seconds")?;
    Ok(Instance {
        id: row.id("id")?,
        who: row.text("who")?,
        host: row.text("host")?,
        process: u32::try_from(row.count("process")?).unwrap_or_default(),
        version: row.text("version")?,
        began: row.count("began_seconds")?,
        seen,
        silent: row.count("now_seconds")?.saturating_sub(seen),
        report: INSTANCE.restored(row.document("content")?)?,
    })
}
