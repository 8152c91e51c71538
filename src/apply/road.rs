//! The road of one device, arrow by arrow.

use std::time::Instant;

use super::before::{is_fit, is_still_so};
use super::{DeviceOutcome, Ended, Ending, Entry, Job, Moment, NotCommitted, Progress, Witness};
use crate::model::{Fingerprint, Observation};
use crate::observe::look;

/// Carries out the approved plan of one device, and says how it ended.
///
/// Every arrow is committed to `witness` before the next is taken, but for the last: `Entry::Ended` is for the caller to commit, together
/// with what is ours on the device from here on.
///
/// # Guarantees
///
/// Nothing is written unless the device is the one that is meant, is as it was when the plan was made, and planning again
/// leads to the same steps; no line is sent that is not in a committed intent; nothing is saved that was not verified by a look.
pub async fn apply_device(job: &Job<'_>, witness: &impl Witness) -> Ending {
    let began = Instant::now();
    let mut road = Road {
        job,
        witness,
        seen: None,
    };
    let ended = match road.walk().await {
        Ok(ended) | Err(ended) => ended,
    };
    let outcome = DeviceOutcome {
        device: job.request.device.clone(),
        ended,
        steps: Vec::new(),
        remarks: Vec::new(),
        millis: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Ending {
        outcome,
        seen: road.seen,
    }
}

struct Road<'a, 'j, W> {
    job: &'a Job<'j>,
    witness: &'a W,
    seen: Option<Observation>,
}

impl<W: Witness> Road<'_, '_, W> {
    async fn walk(&mut self) -> Result<Ended, Ended> {
        let job = self.job;
        is_fit(job.plan, job.request)?;
        (job.progress)(Progress::Looking);
        let before = look(&job.target)
            .await
            .map_err(|error| Ended::Unreachable {
                because: error.to_string(),
            })?;
        let fingerprint = Fingerprint::of(&before);
        self.commit(Entry::Looked {
            moment: Moment::Before,
            fingerprint,
            observation: Box::new(before.clone()),
        })
        .await?;
        let again = (job.replan)(&before);
        is_still_so(job.plan, again.as_ref().map_err(String::as_str), &before)?;
        self.seen = Some(before);
        if job.plan.steps.is_empty() {
            return Ok(Ended::Unchanged);
        }
        Err(Ended::Refused {
            rule: "cannot-write".to_owned(),
            because: "this build only reads devices".to_owned(),
            hint: "take a newer one".to_owned(),
        })
    }

    async fn commit(&self, entry: Entry) -> Result<(), Ended> {
        let committed = self.witness.commit(entry).await;
        committed.map_err(|error: NotCommitted| Ended::Interrupted {
            because: error.to_string(),
        })
    }
}
