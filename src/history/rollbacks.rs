//! Returns what operators rolled back: the changes of rollback runs, by device.

use std::collections::BTreeSet;

use super::error::Fault;
use super::ledger::device_name;
use super::run::most;
use super::stored::{DeviceRollback, RunId, Subject};
use super::story::chapters;
use super::{Store, StoreError};
use crate::model::DeviceName;

/// The devices of past rollbacks that are searched, newest first.
const MOST: u32 = 10_000;

impl Store {
    /// Returns the rollbacks that were carried out on these devices, newest first.
    pub async fn rollbacks(
        &self,
        devices: &BTreeSet<DeviceName>,
    ) -> Result<Vec<DeviceRollback>, StoreError> {
        self.within("list rollbacks", || async {
            let mut session = self.read().await?;
            let sql = format!(
                "select run.id as run, outcome.device as device from run join outcome on outcome.run = run.id \
                where run.verb = 'rollback' and outcome.ended in ('applied', 'unsaved') \
                order by run.id desc, outcome.device {}",
                most(MOST)
            );
            let rows = session.rows(&sql, &[]).await?;
            let rows = rows.iter().map(|row| {
                Ok::<_, Fault>((RunId(row.id("run")?), device_name(&row.text("device")?)?))
            });
            let mut found = Vec::new();
            for (run, device) in rows.collect::<Result<Vec<_>, _>>()? {
                if !devices.contains(&device) {
                    continue;
                }
                let subject = Subject::Device(device.clone());
                for chapter in chapters(&mut session, &subject, &[run]).await? {
                    found.push(DeviceRollback {
                        device: device.clone(),
                        run: chapter.run,
                        changes: chapter.steps.into_iter().map(|(_, step)| step.change).collect(),
                    });
                }
            }
            Ok(found)
        })
        .await
    }
}
