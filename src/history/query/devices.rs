//! Lists the last outcome and the last look of each device, in pages.

use serde::Serialize;

use super::cursor::Position;
use super::{Cursor, Page, QueryError, size};
use crate::history::error::Fault;
use crate::history::ledger::device_name;
use crate::history::look::status;
use crate::history::run::{most, outcome_row};
use crate::history::session::{Bind, Row, Session};
use crate::history::{LookStatus, OutcomeRow, Store, StoreError};
use crate::model::{DeviceName, Fingerprint};

/// Selects every device. One with an outcome was leased; each of these tables has one row per device.
pub(in crate::history) const EVERY_DEVICE: &str =
    "select device from lease union select device from last_look union select device from ledger";

/// The last outcome and look of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceSummary {
    pub device: DeviceName,
    /// Of the newest run that ended with it; left out: none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeRow>,
    /// Its last successful look; left out: none was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look: Option<LookSummary>,
}

/// The last look at a device, without the configuration that it found; `Store::last_look` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookSummary {
    pub sequence: u64,
    pub fingerprint: Fingerprint,
    /// The time that the store got it, in seconds since 1970; left out with its status if an older gamctl stored it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<LookStatus>,
}

impl Store {
    /// Returns a page of devices by name: all that were ever leased, looked at, or have a ledger.
    pub async fn device_page(
        &self,
        after: Option<&Cursor>,
    ) -> Result<Page<DeviceSummary>, QueryError> {
        let after = after.map(Cursor::device).transpose()?;
        let size = size(u32::MAX);
        let page = self.within("list devices", || async {
            let mut session = self.read().await?;
            let known = format!(
                "select device from ({EVERY_DEVICE}) as every where device > $1 order by device {}",
                most(size + 1)
            );
            let after = Bind::Text(after.map_or("", DeviceName::as_str));
            let devices = summaries(&mut session, &known, after).await?.into_iter();
            let positioned = devices.map(|one| (Position::Device(one.device.clone()), one));
            Ok(Page::of(size, positioned.collect()))
        });
        Ok(page.await?)
    }

    /// Returns the names of all devices that were ever leased, looked at, or have a ledger.
    pub async fn known_devices(&self) -> Result<Vec<DeviceName>, StoreError> {
        self.within("list devices", || async {
            let mut session = self.read().await?;
            let sql = format!("select device from ({EVERY_DEVICE}) as every order by device");
            let rows = session.rows(&sql, &[]).await?;
            let names = rows.iter().map(|row| device_name(&row.text("device")?));
            names.collect()
        })
        .await
    }

    /// Returns the summary of one device.
    pub async fn device_summary(&self, device: &DeviceName) -> Result<DeviceSummary, StoreError> {
        self.within("read the summary of a device", || async {
            let mut session = self.read().await?;
            // Postgres needs the type of a value that is alone.
            let known = "select cast($1 as text) as device";
            let device_bind = Bind::Text(device.as_str());
            let found = summaries(&mut session, known, device_bind).await?.pop();
            Ok(found.unwrap_or_else(|| DeviceSummary {
                device: device.clone(),
                outcome: None,
                look: None,
            }))
        })
        .await
    }
}

/// Returns the summaries of the devices that a statement lists.
async fn summaries(
    session: &mut Session,
    known: &str,
    bind: Bind<'_>,
) -> Result<Vec<DeviceSummary>, Fault> {
    // Run ids are in order of time; the newest is at the end of an index.
    let sql = format!(
        "select known.device as device, outcome.run as run, @seconds(outcome.at) as seconds, outcome.content as content, \
        outcome.content is not null as has_outcome, last_look.sequence as sequence, fingerprint, \
        @seconds(last_look.at) as looked_seconds, status, status is not null as has_status from ({known}) as known \
        left join outcome on outcome.device = known.device and outcome.run = \
        (select run from outcome as newest where newest.device = known.device order by run desc limit 1) \
        left join last_look on last_look.device = known.device \
        left join look on look.device = known.device and look.sequence = last_look.sequence \
        order by known.device"
    );
    let rows = session.rows(&sql, &[bind]).await?;
    rows.iter().map(summary).collect()
}

fn summary(row: &Row) -> Result<DeviceSummary, Fault> {
    let outcome = match row.flag("has_outcome")? {
        true => Some(outcome_row(row)?),
        false => None,
    };
    let look = match row.maybe_number("sequence")? {
        Some(sequence) => Some(LookSummary {
            sequence: u64::try_from(sequence).unwrap_or_default(),
            fingerprint: serde_json::from_value(row.text("fingerprint")?.into())?,
            at: row
                .maybe_number("looked_seconds")?
                .and_then(|at| u64::try_from(at).ok()),
            status: status(row)?,
        }),
        None => None,
    };
    Ok(DeviceSummary {
        device: device_name(&row.text("device")?)?,
        outcome,
        look,
    })
}
