//! Finds subscribers that an earlier run changed, by name or MAC address, also those that it removed.

use std::collections::BTreeMap;

use super::document::restored;
use super::error::Fault;
use super::query::EVERY_DEVICE;
use super::run::runs_of;
use super::session::{Bind, Session};
use super::stored::RunId;
use super::unfinished::{contents, looked};
use super::{Store, StoreError};
use crate::apply::{Ended, Entry, Purpose};
use crate::history::ledger::device_name;
use crate::model::{DeviceName, MacAddress, SubscriberId, SubscriberName};
use crate::plan::{Change, Edit};

/// A subscriber on a device, by the newest run that was about to change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastSubscriber {
    pub device: DeviceName,
    /// In the inventory of that run; left out: it is the name, or was not recorded.
    pub id: Option<SubscriberId>,
    pub name: SubscriberName,
    /// Left out: the run did not name it.
    pub endpoint: Option<MacAddress>,
    pub run: RunId,
    /// The start of the run, in seconds since 1970.
    pub at: u64,
    pub who: String,
    /// The run removed it, and verified that.
    pub is_removed: bool,
}

impl Store {
    /// Returns the subscribers of this name or id, or whose endpoint has this MAC address, one for each device.
    pub async fn past_subscribers(&self, word: &str) -> Result<Vec<PastSubscriber>, StoreError> {
        self.within("find a subscriber in the history", || async {
            let mut session = self.read().await?;
            let mac: Option<MacAddress> = word.parse().ok();
            let mut found: Vec<PastSubscriber> = Vec::new();
            if let Some(mac) = mac {
                for (device, run) in newest(&mut session, "endpoint", &mac.to_string()).await? {
                    found.extend(changed(&mut session, &device, run, word).await?);
                }
                return Ok(found);
            }
            for (device, run) in newest(&mut session, "subscriber", word).await? {
                found.extend(changed(&mut session, &device, run, word).await?);
            }
            for (device, run) in newest(&mut session, "subscriber-id", word).await? {
                if let Some(named) = changed(&mut session, &device, run, word).await? {
                    let one = newest_of(&mut session, named).await?;
                    found.retain(|other| (&other.device, &other.name) != (&one.device, &one.name));
                    found.push(one);
                }
            }
            Ok(found)
        })
        .await
    }
}

/// Returns the newest change of a subscriber that an id named. A removal may not know the id any more; another subscriber
/// may have the name by then.
async fn newest_of(session: &mut Session, named: PastSubscriber) -> Result<PastSubscriber, Fault> {
    let name = named.name.to_string();
    let runs = newest(session, "subscriber", &name).await?;
    let Some(run) = runs.get(&named.device) else {
        return Ok(named);
    };
    let last = changed(session, &named.device, *run, &name).await?;
    Ok(match last {
        Some(last) if last.id.is_none() || last.id == named.id => PastSubscriber {
            id: named.id,
            ..last
        },
        _ => named,
    })
}

/// Returns the newest run that was about to change an object, for each device that had it.
async fn newest(
    session: &mut Session,
    kind: &str,
    subject: &str,
) -> Result<BTreeMap<DeviceName, RunId>, Fault> {
    // With the devices named, both engines look rows up by the primary key.
    let sql = format!(
        "select distinct device, run from effect where device in (select device from ({EVERY_DEVICE}) as every) \
        and kind = $1 and subject = $2"
    );
    let rows = session
        .rows(&sql, &[Bind::Text(kind), Bind::Text(subject)])
        .await?;
    let mut newest: BTreeMap<DeviceName, RunId> = BTreeMap::new();
    for row in rows {
        let run = RunId(row.id("run")?);
        let of_device = newest
            .entry(device_name(&row.text("device")?)?)
            .or_insert(run);
        // Run ids are in order of time.
        *of_device = (*of_device).max(run);
    }
    Ok(newest)
}

/// Returns the last change in a run of a subscriber with this name, id or MAC address.
async fn changed(
    session: &mut Session,
    device: &DeviceName,
    run: RunId,
    word: &str,
) -> Result<Option<PastSubscriber>, Fault> {
    let mac: Option<MacAddress> = word.parse().ok();
    let Some(summary) = runs_of(session, &[run]).await?.pop() else {
        return Ok(None);
    };
    let mut last: Option<PastSubscriber> = None;
    let mut is_applied = false;
    for (_, _, content) in contents(session, run, device).await? {
        if looked(&content)?.is_some() {
            continue;
        }
        match restored(content)? {
            Entry::Intent {
                purpose: Purpose::Apply,
                plan,
            } => {
                for step in &plan.steps {
                    let Change::Subscriber(_, edit) = &step.change else {
                        continue;
                    };
                    let whole = match edit.as_ref() {
                        Edit::Create(whole) | Edit::Remove(whole) => Some(whole),
                        Edit::Update(_) => None,
                    };
                    let endpoint = whole.and_then(|whole| whole.endpoint.as_ref());
                    let endpoint = endpoint.map(|endpoint| endpoint.mac);
                    let id = step.subscriber_ids.get(edit.new_key());
                    let names = [edit.key().as_str(), edit.new_key().as_str()];
                    let is_meant = match mac {
                        Some(_) => endpoint == mac,
                        None => names.contains(&word) || id.is_some_and(|id| id.as_str() == word),
                    };
                    if is_meant {
                        last = Some(PastSubscriber {
                            device: device.clone(),
                            id: id.cloned(),
                            name: edit.new_key().clone(),
                            endpoint,
                            run,
                            at: summary.began,
                            who: summary.run.who.clone(),
                            is_removed: matches!(edit.as_ref(), Edit::Remove(_)),
                        });
                    }
                }
            }
            Entry::Ended { outcome } => {
                is_applied = matches!(outcome.ended, Ended::Applied | Ended::Unsaved { .. });
            }
            _ => {}
        }
    }
    Ok(last.map(|last| PastSubscriber {
        is_removed: last.is_removed && is_applied,
        ..last
    }))
}
