//! Many looks at once: each device by one task, so many devices at a time, and a dead one delays nobody else.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Opening, Sighting, Sightings};
use crate::model::DeviceName;
use crate::observe;
use crate::transport::snmp::Tuning;

/// How many devices are looked at at a time.
///
/// A dead one holds its place for as long as we are patient, some 15 seconds, so this is far above what the healthy ones need.
const AT_ONCE: usize = 200;

/// What many looks have in common.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    pub tuning: Tuning,
    /// The time now, in seconds since 1970.
    pub clock: fn() -> u64,
    pub at_once: usize,
}

impl Looks {
    pub fn new(clock: fn() -> u64) -> Self {
        Self {
            tuning: observe::tuning(),
            clock,
            at_once: AT_ONCE,
        }
    }
}

/// One look, as it came in.
#[derive(Debug)]
pub struct Looked {
    pub device: DeviceName,
    pub result: Result<Sighting, String>,
}

/// Looks at every device; `seen` is told of each as it comes in.
pub async fn look_at_all(
    devices: Vec<(DeviceName, Result<Opening, String>)>,
    looks: Looks,
    mut seen: impl FnMut(&Looked),
) -> Sightings {
    let places = Arc::new(Semaphore::new(looks.at_once.max(1)));
    let mut sightings = Sightings::new();
    let mut tasks = JoinSet::new();
    for (device, opening) in devices {
        match opening {
            Err(reason) => {
                let looked = Looked {
                    device,
                    result: Err(reason),
                };
                seen(&looked);
                sightings.insert(looked.device, looked.result);
            }
            Ok(opening) => {
                let places = Arc::clone(&places);
                tasks.spawn(async move {
                    // Nobody closes the semaphore; without a place the look would only be too eager.
                    let _place = places.acquire().await.ok();
                    let result = look_at(&device, &opening, looks).await;
                    Looked { device, result }
                });
            }
        }
    }
    while let Some(ended) = tasks.join_next().await {
        // A look that panicked has no sighting and is reported as out of reach by its absence.
        let Ok(looked) = ended else { continue };
        seen(&looked);
        sightings.insert(looked.device, looked.result);
    }
    sightings
}

/// Looks at one device.
pub async fn look_at(
    device: &DeviceName,
    opening: &Opening,
    looks: Looks,
) -> Result<Sighting, String> {
    let target = observe::Target {
        device,
        address: opening.snmp,
        access: &opening.access,
        tuning: looks.tuning,
        command_line: opening.command_line.clone(),
        clock: looks.clock,
    };
    let looked = observe::look(&target).await;
    looked.map(Sighting::of).map_err(|error| chain(&error))
}

/// Returns an error with everything that led to it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(source) = inner {
        text.push_str(": ");
        text.push_str(&source.to_string());
        inner = source.source();
    }
    text
}
