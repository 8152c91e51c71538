//! Leases: one writer per device, by the store's clock.

use std::time::Duration;

use uuid::Uuid;

use super::error::Fault;
use super::kept::{Acquired, Lease};
use super::session::{Bind, Session};
use super::{Store, StoreError};
use crate::crash;
use crate::model::DeviceName;

impl Store {
    /// Asks for a device. Who has it may ask again; a lease that ran out is anybody's.
    ///
    /// Each time that it goes to somebody else, its epoch is counted up, and what is written under an older one is rejected.
    pub async fn acquire(
        &self,
        device: &DeviceName,
        holder: Uuid,
        lasts: Duration,
    ) -> Result<Acquired, StoreError> {
        crash::point("lease-before");
        let acquired = self
            .within("lease a device", async {
                let mut session = self.write().await?;
                let sql = "insert into lease (device, holder, epoch, since, until, is_released) \
                    values ($1, $2, 1, @now, @later($3), $4) \
                    on conflict (device) do update set \
                    epoch = case when lease.holder = excluded.holder then lease.epoch else lease.epoch + 1 end, \
                    holder = excluded.holder, since = excluded.since, until = excluded.until, is_released = excluded.is_released \
                    where lease.holder = excluded.holder or lease.is_released or lease.until <= @now \
                    returning epoch";
                let binds = [
                    Bind::Text(device.as_str()),
                    Bind::Id(holder),
                    Bind::Number(millis(lasts)),
                    Bind::Flag(false),
                ];
                if let Some(row) = session.row(sql, &binds).await? {
                    let epoch = row.number(0)?;
                    session.commit().await?;
                    let device = device.clone();
                    return Ok(Acquired::Lease(Lease {
                        device,
                        holder,
                        epoch,
                    }));
                }
                let sql = "select holder, @seconds(since), @seconds(until) from lease where device = $1";
                let row = session.row(sql, &[Bind::Text(device.as_str())]).await?;
                let row = row.ok_or(Fault::Rewound)?;
                Ok(Acquired::Held {
                    by: row.id(0)?,
                    since: row.count(1)?,
                    until: row.count(2)?,
                })
            })
            .await?;
        crash::point("lease-after");
        Ok(acquired)
    }

    /// Makes a lease last until so long from now, never less than it does.
    ///
    /// # Errors
    ///
    /// `Fenced` where it was given back, or is not the store's any more.
    pub async fn renew(&self, lease: &Lease, lasts: Duration) -> Result<(), StoreError> {
        self.within("renew a lease", async {
            let mut session = self.write().await?;
            let sql = "update lease set until = case when until < @later($4) then @later($4) else until end \
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

    /// Ends the lease of a holder that is known to be dead, so that its device can be looked at now.
    pub async fn release_of_dead(
        &self,
        device: &DeviceName,
        holder: Uuid,
    ) -> Result<(), StoreError> {
        self.within("end the lease of a dead process", async {
            let mut session = self.write().await?;
            let sql = "update lease set until = @now, is_released = $3 \
                where device = $1 and holder = $2 and not is_released";
            let binds = [
                Bind::Text(device.as_str()),
                Bind::Id(holder),
                Bind::Flag(true),
            ];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await
    }

    /// Gives a lease back; one that is somebody else's by now stays theirs.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.within("give a lease back", async {
            let mut session = self.write().await?;
            let sql = "update lease set until = @now, is_released = $4 \
                where device = $1 and holder = $2 and epoch = $3";
            let binds = [
                Bind::Text(lease.device.as_str()),
                Bind::Id(lease.holder),
                Bind::Number(lease.epoch),
                Bind::Flag(true),
            ];
            session.execute(sql, &binds).await?;
            session.commit().await
        })
        .await
    }
}

/// Returns the error that tells whose lease it is.
pub(super) async fn fenced(session: &mut Session, lease: &Lease) -> Result<Fault, Fault> {
    let sql = "select epoch from lease where device = $1";
    let row = session
        .row(sql, &[Bind::Text(lease.device.as_str())])
        .await?;
    let stores = row.map(|row| row.number(0)).transpose()?;
    Ok(Fault::from(StoreError::Fenced {
        device: lease.device.clone(),
        ours: lease.epoch,
        stores,
    }))
}

/// A lease for longer than a day is a mistake; the bound keeps times inside of what databases can hold.
fn millis(lasts: Duration) -> i64 {
    i64::try_from(lasts.as_millis()).map_or(86_400_000, |millis| millis.min(86_400_000))
}
