//! Carries out what was planned: many devices at a time, each on its own, all of it written down.
//!
//! `archive` store and journal · `holder` this process · `keeper` leases · `scribe` what is written down of one device · `gate` how many at a time ·
//! `one` a device of a run · `recover` what an earlier process left behind.

mod archive;
mod gate;
mod holder;
mod keeper;
mod one;
mod recover;
mod scribe;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub use archive::Archive;
pub use gate::Bounds;
pub use one::verified;
pub use recover::{Found, Looking, Recovered, recover};

use super::{Opening, Wanted};
use crate::apply::{DeviceOutcome, Ended, Pace, Progress, Work};
use crate::history::RunId;
use crate::model::{DeviceName, Observation};
use crate::plan::DevicePlan;
use crate::report::{NotBegun, Why};
use crate::transport::snmp::Tuning;
use gate::{Closed, Gate};
use one::Common;

/// What is to be done on one device.
#[derive(Debug)]
pub struct Errand {
    pub wanted: Wanted<'static>,
    pub opening: Opening,
    /// What was approved.
    pub plan: DevicePlan,
    /// The look that it was made from, where that is known.
    pub then: Option<Observation>,
    pub work: Work,
    pub site: Option<String>,
}

/// How a run goes about it.
#[derive(Debug, Clone)]
pub struct Manner {
    pub run: RunId,
    pub commit: Option<String>,
    pub bounds: Bounds,
    /// How long a device is ours without a word to the store.
    pub lease: Duration,
    pub pace: Pace,
    pub tuning: Tuning,
    pub clock: fn() -> u64,
    /// Becomes true when the program is told to stop.
    pub stop: watch::Receiver<bool>,
}

/// What happens meanwhile, for those who watch.
#[derive(Debug)]
pub enum Event {
    /// A device is on its way.
    At(DeviceName, Progress),
    Ended(DeviceOutcome),
    NotBegun(NotBegun),
}

/// Carries out errands; `seen` is told of everything as it happens. What came of each is returned by name.
pub async fn carry_out(
    errands: Vec<Errand>,
    archive: &Archive,
    manner: &Manner,
    mut seen: impl FnMut(&Event),
) -> (Vec<DeviceOutcome>, Vec<NotBegun>) {
    let sites = errands.iter().filter_map(|errand| errand.site.as_deref());
    let gate = Arc::new(Gate::new(manner.bounds, sites, manner.stop.clone()));
    let common = Arc::new(Common {
        archive: archive.clone(),
        run: manner.run,
        lease: manner.lease,
        tuning: manner.tuning,
        clock: manner.clock,
        pace: manner.pace,
        stop: manner.stop.clone(),
        commit: manner.commit.clone(),
    });
    let (telling, mut told) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    // One at a time is in the order of their names; else whoever comes first begins first.
    let turns: Vec<Vec<Errand>> = match manner.bounds.at_once {
        0 | 1 => vec![errands],
        _ => errands.into_iter().map(|errand| vec![errand]).collect(),
    };
    for turn in turns {
        let (gate, common, telling) = (Arc::clone(&gate), Arc::clone(&common), telling.clone());
        tasks.spawn(async move {
            for errand in &turn {
                through(errand, &gate, &common, &telling).await;
            }
        });
    }
    drop(telling);
    let (mut outcomes, mut left) = (Vec::new(), Vec::new());
    while let Some(event) = told.recv().await {
        seen(&event);
        match event {
            Event::Ended(outcome) => outcomes.push(outcome),
            Event::NotBegun(device) => left.push(device),
            Event::At(..) => {}
        }
    }
    while tasks.join_next().await.is_some() {}
    outcomes.sort_by(|one, other| one.device.cmp(&other.device));
    left.sort_by(|one, other| one.device.cmp(&other.device));
    (outcomes, left)
}

async fn through(
    errand: &Errand,
    gate: &Gate,
    common: &Common,
    telling: &mpsc::UnboundedSender<Event>,
) {
    let device = &errand.wanted.intended.name;
    // Whoever listens may have stopped listening; the work goes on.
    let tell = |event| {
        let _heard = telling.send(event);
    };
    let left = |why, because: String| {
        Event::NotBegun(NotBegun {
            device: device.clone(),
            why,
            because,
        })
    };
    let place = match gate.enter(errand.site.as_deref()).await {
        Ok(place) => place,
        Err(Closed::Budget(failures)) => {
            return tell(left(
                Why::Budget,
                format!("{failures} devices failed before it, and no more are begun after that"),
            ));
        }
        Err(Closed::Stopped) => {
            return tell(left(Why::Stopped, "stopped before it was begun".to_owned()));
        }
    };
    let progress = |at| tell(Event::At(device.clone(), at));
    let event = match one::one(errand, common, &progress).await {
        Err(device) => Event::NotBegun(device),
        Ok(outcome) => {
            if is_failure(&outcome.ended) {
                gate.failed();
            }
            Event::Ended(outcome)
        }
    };
    tell(event);
    drop(place);
}

/// Returns whether a device counts against the budget: something was written there and it is not as it shall be, or nothing could be.
fn is_failure(ended: &Ended) -> bool {
    match ended {
        Ended::Unsaved { .. }
        | Ended::RolledBack { .. }
        | Ended::Stuck { .. }
        | Ended::Unreachable { .. } => true,
        Ended::Unchanged
        | Ended::Applied
        | Ended::Refused { .. }
        | Ended::Moved { .. }
        | Ended::Interrupted { .. } => false,
    }
}
