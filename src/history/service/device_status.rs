//! Stores what is known of each device: its condition and the facts of its last look, one row a device.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::error::Fault;
use crate::history::ledger::device_name;
use crate::history::session::{Bind, Row};
use crate::history::version::DEVICE_STATUS;
use crate::history::{Store, StoreError};
use crate::model::{ConditionWord, DeviceName, Fingerprint, SiteName};

/// What the service knows about a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    pub word: ConditionWord,
    /// Since when the word is that, in seconds since 1970.
    pub since: u64,
    /// The facts that the condition was computed from. A reader computes its sentences again: they name times relative to
    /// its own time.
    pub facts: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    /// The target that the last look was compared with; left out: none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The last look with an answer, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<u64>,
    /// The last attempt to read anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<u64>,
    /// When the next look is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_look: Option<u64>,
    /// The first attempt without an answer since the last one with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<u64>,
    /// The reason that the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Differences to the target.
    #[serde(default)]
    pub steps: u64,
    /// Those of them that no commit made.
    #[serde(default)]
    pub drifted: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<u64>,
    /// Subscribers' lines: heard, and in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_up: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
}

/// A stored status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceStatusRow {
    /// Counts the writes.
    pub number: u64,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
    pub status: DeviceStatus,
}

/// Changes with every write of a status: one that is known need not be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusMark {
    pub number: u64,
    /// A store that was restored from a backup counts its writes again from an earlier number.
    pub at: u64,
}

/// The statuses that a reader does not know yet.
#[derive(Debug, Clone, Default)]
pub struct DeviceStatusChanges {
    /// Every device that has a status.
    pub marks: BTreeMap<DeviceName, StatusMark>,
    pub changed: BTreeMap<DeviceName, DeviceStatusRow>,
}

/// More rows than this are read in one request, together with the known ones.
const MOST_SINGLE_READS: usize = 100;

/// Rows in one transaction: a thousand devices must not exceed the deadline.
const AT_ONCE: usize = 200;

const EVERY_STATUS: &str =
    "select device, number, @seconds(at) as seconds, content from device_status";

fn status_row(row: &Row) -> Result<(DeviceName, DeviceStatusRow), Fault> {
    let status = DeviceStatusRow {
        number: row.count("number")?,
        at: row.count("seconds")?,
        status: DEVICE_STATUS.restored(row.document("content")?)?,
    };
    Ok((device_name(&row.text("device")?)?, status))
}

impl Store {
    /// Stores the status of devices. Each replaces the one before.
    pub async fn set_device_statuses(
        &self,
        statuses: &[(DeviceName, DeviceStatus)],
    ) -> Result<(), StoreError> {
        for statuses in statuses.chunks(AT_ONCE) {
            self.within("store the status of devices", || async {
                let mut session = self.write().await?;
                for (device, status) in statuses {
                    let sql = "insert into device_status (device, number, word, at, content) values ($1, 1, $2, @now, $3) \
                        on conflict (device) do update set number = device_status.number + 1, word = excluded.word, \
                        at = excluded.at, content = excluded.content";
                    let binds = [
                        Bind::Text(device.as_str()),
                        Bind::Text(status.word.word()),
                        Bind::Document(DEVICE_STATUS.stored(status)?),
                    ];
                    session.execute(sql, &binds).await?;
                }
                session.commit().await
            })
            .await?;
        }
        Ok(())
    }

    /// Returns the status of every device.
    pub async fn device_statuses(
        &self,
    ) -> Result<BTreeMap<DeviceName, DeviceStatusRow>, StoreError> {
        self.within("list the status of devices", || async {
            let mut session = self.read().await?;
            let rows = session.rows(EVERY_STATUS, &[]).await?;
            rows.iter().map(status_row).collect::<Result<_, Fault>>()
        })
        .await
    }

    /// Returns the status of each device that is not `known` as it is now.
    ///
    /// With ten thousand devices the statuses are 30 MB, and only some change between two rounds.
    pub async fn device_status_changes(
        &self,
        known: impl Fn(&DeviceName) -> Option<StatusMark>,
    ) -> Result<DeviceStatusChanges, StoreError> {
        self.within("list the changed status of devices", || async {
            let mut session = self.read().await?;
            let sql = "select device, number, @seconds(at) as seconds from device_status";
            let rows = session.rows(sql, &[]).await?;
            let marks = rows.iter().map(|row| {
                let mark = StatusMark {
                    number: row.count("number")?,
                    at: row.count("seconds")?,
                };
                Ok((device_name(&row.text("device")?)?, mark))
            });
            let marks: BTreeMap<_, _> = marks.collect::<Result<_, Fault>>()?;
            let unknown = marks
                .iter()
                .filter(|(device, mark)| known(device) != Some(**mark));
            let unknown: Vec<&DeviceName> = unknown.map(|(device, _)| device).collect();
            let mut changed = BTreeMap::new();
            if unknown.len() > MOST_SINGLE_READS {
                let rows = session.rows(EVERY_STATUS, &[]).await?;
                changed = rows.iter().map(status_row).collect::<Result<_, Fault>>()?;
            } else {
                let sql = format!("{EVERY_STATUS} where device = $1");
                for device in unknown {
                    let rows = session.rows(&sql, &[Bind::Text(device.as_str())]).await?;
                    for row in &rows {
                        changed.extend([status_row(row)?]);
                    }
                }
            }
            Ok(DeviceStatusChanges { marks, changed })
        })
        .await
    }

    /// Removes the status of devices that the target no longer has.
    pub async fn forget_devices(&self, gone: &[DeviceName]) -> Result<(), StoreError> {
        for gone in gone.chunks(AT_ONCE) {
            self.within("remove the status of devices", || async {
                let mut session = self.write().await?;
                for device in gone {
                    let sql = "delete from device_status where device = $1";
                    session.execute(sql, &[Bind::Text(device.as_str())]).await?;
                }
                session.commit().await
            })
            .await?;
        }
        Ok(())
    }
}
