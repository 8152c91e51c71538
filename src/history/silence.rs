//! Stores the looks of a run, and the devices that did not answer: since when, and until when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::Fault;
use super::ledger::device_name;
use super::look::{PreparedLook, put_look};
use super::session::{Bind, Session, places};
use super::{Store, StoreError};
use crate::model::{DeviceName, Observation};

/// Looks in one transaction: some milliseconds each, so that a thousand devices do not exceed the deadline.
const AT_ONCE: usize = 50;

/// A device that did not answer the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The first look without an answer since the last one with, in seconds since 1970.
    pub since: u64,
    /// The last look without an answer.
    pub at: u64,
}

impl Store {
    /// Stores the looks of a run, and which devices did not answer.
    ///
    /// Looks that equal the last one of their device change only its time and health, as `keep_look` does.
    pub async fn keep_looks(
        &self,
        looks: &[&Observation],
        silent: &[&DeviceName],
    ) -> Result<(), StoreError> {
        for looks in looks.chunks(AT_ONCE) {
            self.within("keep looks", || async {
                let mut session = self.write().await?;
                for look in looks {
                    put_look(&mut session, &PreparedLook::of(look)?).await?;
                }
                answered(&mut session, looks).await?;
                session.commit().await
            })
            .await?;
        }
        for silent in silent.chunks(AT_ONCE) {
            self.within("keep silent devices", || async {
                let mut session = self.write().await?;
                for device in silent {
                    let sql = "insert into silence (device, since, at) values ($1, @now, @now) \
                        on conflict (device) do update set at = excluded.at";
                    let binds = [Bind::Text(device.as_str())];
                    session.execute(sql, &binds).await?;
                }
                session.commit().await
            })
            .await?;
        }
        Ok(())
    }

    /// Returns the devices that did not answer the last look.
    pub async fn silences(&self) -> Result<BTreeMap<DeviceName, Silence>, StoreError> {
        self.within("list silent devices", || async {
            let mut session = self.read().await?;
            let sql =
                "select device, @seconds(since) as began, @seconds(at) as last_asked from silence";
            let rows = session.rows(sql, &[]).await?;
            let silences = rows.iter().map(|row| {
                let silence = Silence {
                    since: row.count("began")?,
                    at: row.count("last_asked")?,
                };
                Ok((device_name(&row.text("device")?)?, silence))
            });
            silences.collect::<Result<_, Fault>>()
        })
        .await
    }
}

async fn answered(session: &mut Session, looks: &[&Observation]) -> Result<(), Fault> {
    let devices = looks.iter().map(|look| Bind::Text(look.device.as_str()));
    let devices: Vec<Bind<'_>> = devices.collect();
    let places = places(1, devices.len());
    let sql = format!("delete from silence where device in ({places})");
    session.execute(&sql, &devices).await?;
    Ok(())
}
