//! Grants leases: one writer per device, by the store's clock.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::batch::BatchEntry;
use super::error::Fault;
use super::ledger::device_name;
use super::open::Db;
use super::session::{Bind, Session};
use super::stored::{AcquiredLease, Lease};
use super::{Store, StoreError};
use crate::crash;
use crate::model::DeviceName;

impl Store {
    /// Requests a lease on a device that is free: never leased, released, or expired.
    ///
    /// `claim` names this request. The same claim may repeat it if its answer was lost, and gets the same epoch. Any
    /// other claim must wait, even one of the same holder: two runs of one process must not write to one device. Each
    /// time that a device is leased again its epoch is incremented, and writes with an older epoch are rejected.
    pub async fn acquire(
        &self,
        device: &DeviceName,
        holder: Uuid,
        claim: Uuid,
        lasts: Duration,
    ) -> Result<AcquiredLease, StoreError> {
        crash::point("lease-before");
        let doing = "lease a device";
        let acquired = match &self.inner.db {
            Db::Sqlite { .. } => {
                let request = Arc::new(Request {
                    device: device.clone(),
                    ids: [holder, claim],
                    lasts,
                    acquired: Mutex::default(),
                });
                let put = self.put_in_batch(request.clone()).await;
                put.map_err(|fault| self.said(doing, fault))?;
                request
                    .take()
                    .ok_or_else(|| self.said(doing, Fault::Rewound))?
            }
            Db::Postgres(_) => {
                self.within(doing, || async {
                    let mut session = self.write_once().await?;
                    let acquired = acquire(&mut session, device, [holder, claim], lasts).await?;
                    session.commit().await?;
                    Ok(acquired)
                })
                .await?
            }
        };
        crash::point("lease-after");
        Ok(acquired)
    }

    /// Lists the holders of leases that are neither expired nor released.
    pub async fn holders(&self) -> Result<Vec<Uuid>, StoreError> {
        self.within("list the holders of leases", || async {
            let mut session = self.read().await?;
            let sql = "select distinct holder from lease where not is_released and until > @now";
            let rows = session.rows(sql, &[]).await?;
            rows.iter().map(|row| row.id("holder")).collect()
        })
        .await
    }

    /// Extends a lease to this duration from now; never shortens it.
    ///
    /// # Errors
    ///
    /// `Fenced` if it was released, or another claim has it.
    pub async fn renew(&self, lease: &Lease, lasts: Duration) -> Result<(), StoreError> {
        self.within("renew a lease", || async {
            let mut session = self.write_once().await?;
            let sql = "update lease set until = case when until < @later($4) then @later($4) else until end, \
                lasts = case when lasts < $4 then $4 else lasts end \
                where device = $1 and holder = $2 and epoch = $3 and not is_released";
            let binds = [
                Bind::Text(lease.device.as_str()),
                Bind::Id(lease.holder),
                Bind::Number(lease.epoch),
                Bind::Number(millis(lasts)),
            ];
            if session.execute(sql, &binds).await? == 0 {
                return Err(fenced(&mut session, lease).await?);
            }
            session.commit().await
        })
        .await
    }

    /// Ends all leases of a dead holder at once, and returns their devices.
    ///
    /// They end together because the proof of the death may be gone after the first query. Repeated, it returns none.
    pub async fn release_of_dead(&self, holder: Uuid) -> Result<Vec<DeviceName>, StoreError> {
        self.within("end the leases of a dead process", || async {
            let mut session = self.write().await?;
            let sql = "update lease set until = @now, is_released = $2 \
                where holder = $1 and not is_released returning device";
            let binds = [Bind::Id(holder), Bind::Flag(true)];
            let rows = session.rows(sql, &binds).await?;
            // Its runs are dead as well, and must not look alive until their time is over.
            let sql = "update run set alive_until = @now where holder = $1 and ended is null and alive_until > @now";
            session.execute(sql, &[Bind::Id(holder)]).await?;
            session.commit().await?;
            let devices = rows.iter().map(|row| device_name(&row.text("device")?));
            let mut devices: Vec<DeviceName> = devices.collect::<Result<_, Fault>>()?;
            devices.sort();
            Ok(devices)
        })
        .await
    }

    /// Releases a lease; one that another process has by now stays with that process.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let doing = "release a lease";
        match &self.inner.db {
            Db::Sqlite { .. } => {
                let put = self.put_in_batch(Arc::new(Release(lease.clone()))).await;
                put.map_err(|fault| self.said(doing, fault))
            }
            Db::Postgres(_) => {
                self.within(doing, || async {
                    let mut session = self.write_once().await?;
                    release(&mut session, lease).await?;
                    session.commit().await
                })
                .await
            }
        }
    }
}

/// A request for a lease, with its result once it was written.
struct Request {
    device: DeviceName,
    /// The holder and the claim.
    ids: [Uuid; 2],
    lasts: Duration,
    acquired: Mutex<Option<AcquiredLease>>,
}

impl Request {
    fn take(&self) -> Option<AcquiredLease> {
        let mut acquired = self.acquired.lock().unwrap_or_else(PoisonError::into_inner);
        acquired.take()
    }
}

impl BatchEntry for Request {
    fn put<'a>(
        &'a self,
        session: &'a mut Session,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>> {
        Box::pin(async {
            let got = acquire(session, &self.device, self.ids, self.lasts).await?;
            let mut acquired = self.acquired.lock().unwrap_or_else(PoisonError::into_inner);
            *acquired = Some(got);
            Ok(())
        })
    }
}

/// A lease to release.
struct Release(Lease);

impl BatchEntry for Release {
    fn put<'a>(
        &'a self,
        session: &'a mut Session,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>> {
        Box::pin(release(session, &self.0))
    }
}

async fn release(session: &mut Session, lease: &Lease) -> Result<(), Fault> {
    let sql = "update lease set until = @now, is_released = $4 \
        where device = $1 and holder = $2 and epoch = $3";
    let binds = [
        Bind::Text(lease.device.as_str()),
        Bind::Id(lease.holder),
        Bind::Number(lease.epoch),
        Bind::Flag(true),
    ];
    session.execute(sql, &binds).await?;
    Ok(())
}

async fn acquire(
    session: &mut Session,
    device: &DeviceName,
    [holder, claim]: [Uuid; 2],
    lasts: Duration,
) -> Result<AcquiredLease, Fault> {
    let sql = "insert into lease (device, holder, claim, epoch, since, until, lasts, is_released) \
        values ($1, $2, $3, 1, @now, @later($4), $4, $5) \
        on conflict (device) do update set \
        epoch = case when lease.claim = excluded.claim and lease.holder = excluded.holder and not lease.is_released \
            then lease.epoch else lease.epoch + 1 end, \
        holder = excluded.holder, claim = excluded.claim, since = excluded.since, until = excluded.until, \
        lasts = excluded.lasts, is_released = excluded.is_released \
        where lease.is_released or lease.until <= @now \
            or (lease.claim = excluded.claim and lease.holder = excluded.holder) \
        returning epoch";
    let name = Bind::Text(device.as_str());
    let binds = [
        name.clone(),
        Bind::Id(holder),
        Bind::Id(claim),
        Bind::Number(millis(lasts)),
        Bind::Flag(false),
    ];
    if let Some(row) = session.row(sql, &binds).await? {
        return Ok(AcquiredLease::Lease(Lease {
            device: device.clone(),
            holder,
            epoch: row.number("epoch")?,
        }));
    }
    // The clock of its holder may have been ahead. A living holder renews it; the lease of a dead one ends after this
    // time.
    let sql = "update lease set until = @later(lasts) where device = $1 and until > @later(lasts)";
    session.execute(sql, std::slice::from_ref(&name)).await?;
    let sql = "select holder, @seconds(since) as began, @seconds(until) as ends from lease where device = $1";
    let row = session.row(sql, &[name]).await?;
    let row = row.ok_or(Fault::Rewound)?;
    Ok(AcquiredLease::Held {
        by: row.id("holder")?,
        since: row.count("began")?,
        until: row.count("ends")?,
    })
}

/// Returns the error that names the present holder.
pub(super) async fn fenced(session: &mut Session, lease: &Lease) -> Result<Fault, Fault> {
    let sql = "select epoch from lease where device = $1";
    let row = session
        .row(sql, &[Bind::Text(lease.device.as_str())])
        .await?;
    let stores = row.map(|row| row.number("epoch")).transpose()?;
    Ok(Fault::from(StoreError::Fenced {
        device: lease.device.clone(),
        epoch: lease.epoch,
        stores,
    }))
}

/// A lease for longer than a day is a mistake; the bound keeps times within the range of databases.
pub(super) fn millis(lasts: Duration) -> i64 {
    i64::try_from(lasts.as_millis()).map_or(86_400_000, |millis| millis.min(86_400_000))
}
