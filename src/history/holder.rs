//! Stores the processes that hold leases and run runs, so that others can name them.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use super::document::plain;
use super::error::Fault;
use super::lease::millis;
use super::ledger::device_name;
use super::session::{Bind, Row};
use super::stored::RunId;
use super::{Store, StoreError};
use crate::apply::HeldBy;
use crate::model::DeviceName;

/// A process that holds leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    pub id: Uuid,
    /// The user as `user@host`, or the name of a trigger.
    pub who: String,
    pub host: String,
    /// The process id on that host.
    pub process: u32,
}

/// A lease in force, and its holder if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseInForce {
    pub holder: Uuid,
    /// Seconds since 1970, by the store's clock.
    pub until: u64,
    /// Left out: an earlier gamctl holds it.
    pub by: Option<HeldBy>,
}

const LEASES: &str = "select lease.device as device, lease.holder as holder, @seconds(lease.until) as ends, \
    @seconds(lease.since) as began, lease_holder.who as who, lease_holder.host as host, lease_holder.process as process, \
    (select run.id from run where run.holder = lease.holder and run.ended is null order by run.began desc limit 1) as run \
    from lease left join lease_holder on lease_holder.id = lease.holder \
    where not lease.is_released and lease.until > @now";

impl Store {
    /// Records a process before its first lease. The same process again changes nothing.
    pub async fn register(&self, holder: &LeaseHolder) -> Result<(), StoreError> {
        self.within("record this process", || async {
            let mut session = self.write_once().await?;
            let sql = "insert into lease_holder (id, who, host, process, at) \
                values ($1, $2, $3, $4, @now) on conflict (id) do nothing";
            let (who, host) = (plain(&holder.who), plain(&holder.host));
            let binds = [
                Bind::Id(holder.id),
                Bind::Text(&who),
                Bind::Text(&host),
                Bind::Number(i64::from(holder.process)),
            ];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await
    }

    /// Lists the leases in force, by device.
    pub async fn leases(&self) -> Result<BTreeMap<DeviceName, LeaseInForce>, StoreError> {
        self.within("list leases", || async {
            let mut session = self.read().await?;
            let rows = session.rows(LEASES, &[]).await?;
            let leases = rows.iter().map(lease);
            leases.collect::<Result<_, Fault>>()
        })
        .await
    }

    /// Returns the lease in force on a device.
    pub async fn lease_on(&self, device: &DeviceName) -> Result<Option<LeaseInForce>, StoreError> {
        self.within("read a lease", || async {
            let mut session = self.read().await?;
            let sql = format!("{LEASES} and lease.device = $1");
            let row = session.row(&sql, &[Bind::Text(device.as_str())]).await?;
            Ok(row
                .map(|row| lease(&row))
                .transpose()?
                .map(|(_, lease)| lease))
        })
        .await
    }

    /// Records that the process of a run lives, and will have said so again before this time is over.
    pub async fn keep_alive(&self, run: RunId, lasts: Duration) -> Result<(), StoreError> {
        self.within("record that the run goes on", || async {
            let mut session = self.write_once().await?;
            let sql = "update run set alive_until = @later($2) where id = $1 and ended is null";
            let binds = [Bind::Id(run.0), Bind::Number(millis(lasts))];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await
    }
}

fn lease(row: &Row) -> Result<(DeviceName, LeaseInForce), Fault> {
    let who = row.maybe_text("who")?;
    let by = match who {
        None => None,
        Some(who) => Some(HeldBy {
            who,
            host: row.text("host")?,
            process: u32::try_from(row.count("process")?).unwrap_or_default(),
            run: row.maybe_id("run")?,
            since: row.count("began")?,
        }),
    };
    let lease = LeaseInForce {
        holder: row.id("holder")?,
        until: row.count("ends")?,
        by,
    };
    Ok((device_name(&row.text("device")?)?, lease))
}
