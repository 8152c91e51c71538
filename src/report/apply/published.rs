//! Renders outcomes as JSON: the sentences of earlier versions, with the facts beside them.

use serde::{Serialize, Serializer};

use super::cause::{cause_text, failure_text, left_text, remark_text, save_failure_text};
use super::refusal::hint;
use crate::apply::cause::{
    Failure, Interruption, Left, NotReached, NotRestored, Refusal, Remark, Restored, SaveFailure,
    Unsaved,
};
use crate::apply::{DeviceOutcome, Difference, Ended, NotCompared, StepOutcome};
use crate::model::{DeviceName, SubscriberIds};

/// An outcome in `--format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PublishedOutcome<'a> {
    device: &'a DeviceName,
    ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<&'a [Difference]>,
    /// Whether another run can end better with nothing changed before it; left out if it ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_helps: Option<bool>,
    #[serde(flatten)]
    facts: Facts<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<PublishedStep<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    remark_facts: &'a [Remark],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not_compared: &'a [NotCompared],
    /// The ids of the subscribers that the sentences name, where the id is not the name on the device; by name.
    #[serde(skip_serializing_if = "SubscriberIds::is_empty")]
    subscriber_ids: &'a SubscriberIds,
    millis: u64,
}

/// The causes of an outcome, as facts.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Facts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<Restored>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_restored: Option<&'a NotRestored>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_facts: Option<&'a [Left]>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
enum Cause<'a> {
    Failure(&'a Failure),
    Unsaved(&'a Unsaved),
    Refusal(&'a Refusal),
    NotReached(&'a NotReached),
    Interruption(&'a Interruption),
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PublishedStep<'a> {
    step: usize,
    #[serde(flatten)]
    failure: Option<PublishedFailure<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::report) struct PublishedFailure<'a> {
    failure: String,
    cause: &'a Failure,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::report) struct PublishedSaveFailure<'a> {
    because: String,
    cause: &'a SaveFailure,
}

impl<'a> From<&'a DeviceOutcome> for PublishedOutcome<'a> {
    fn from(outcome: &'a DeviceOutcome) -> Self {
        let DeviceOutcome {
            device,
            ended,
            steps,
            remarks,
            not_compared,
            subscriber_ids,
            millis,
        } = outcome;
        let named = |text: String| subscriber_ids.in_text(&text).into_owned();
        let (mut rule, mut advice, mut left, mut differences) = (None, None, None, None);
        match ended {
            Ended::Refused { refusal } => {
                (rule, advice) = (Some(refusal.rule()), Some(hint(refusal)));
            }
            Ended::Stuck { left: of, .. } => {
                left = Some(of.iter().map(left_text).map(named).collect());
            }
            Ended::Stale { differences: of } => differences = Some(of.as_slice()),
            _ => {}
        }
        let is_done = matches!(ended, Ended::Unchanged | Ended::Applied);
        Self {
            device,
            ended: ended.word(),
            rule,
            because: cause_text(device, ended).map(named),
            hint: advice,
            left,
            differences,
            retry_helps: (!is_done).then(|| ended.retry_helps()),
            facts: facts(ended),
            steps: steps.iter().map(published_step).collect(),
            remarks: remarks.iter().map(remark_text).collect(),
            remark_facts: remarks,
            not_compared,
            subscriber_ids,
            millis: *millis,
        }
    }
}

fn facts(ended: &Ended) -> Facts<'_> {
    let only = |cause| Facts {
        cause: Some(cause),
        ..Facts::default()
    };
    match ended {
        Ended::Unchanged | Ended::Applied | Ended::Stale { .. } => Facts::default(),
        Ended::Unsaved { cause } => only(Cause::Unsaved(cause)),
        Ended::RolledBack { cause, restored } => Facts {
            restored: Some(*restored),
            ..only(Cause::Failure(cause))
        },
        Ended::Stuck {
            cause,
            not_restored,
            left,
        } => Facts {
            not_restored: not_restored.as_deref(),
            left_facts: Some(left),
            ..only(Cause::Failure(cause))
        },
        Ended::Refused { refusal } => only(Cause::Refusal(refusal)),
        Ended::Unreachable { cause } => only(Cause::NotReached(cause)),
        Ended::Interrupted { cause } => only(Cause::Interruption(cause)),
    }
}

fn published_step(step: &StepOutcome) -> PublishedStep<'_> {
    PublishedStep {
        step: step.step,
        failure: step.failure.as_ref().map(published_failure),
    }
}

fn published_failure(cause: &Failure) -> PublishedFailure<'_> {
    PublishedFailure {
        failure: failure_text(cause),
        cause,
    }
}

/// Writes an outcome that may not be known yet.
pub(in crate::report) fn outcome<S: Serializer>(
    outcome: &Option<DeviceOutcome>,
    to: S,
) -> Result<S::Ok, S::Error> {
    outcome.as_ref().map(PublishedOutcome::from).serialize(to)
}

/// Writes the failure of a step, if any, as `failure` and `cause`.
pub(in crate::report) fn failure<S: Serializer>(
    failure: &Option<Failure>,
    to: S,
) -> Result<S::Ok, S::Error> {
    failure.as_ref().map(published_failure).serialize(to)
}

/// Writes the reason that a device was not saved as `because` and `cause`.
pub(in crate::report) fn save_failure<S: Serializer>(
    cause: &SaveFailure,
    to: S,
) -> Result<S::Ok, S::Error> {
    let because = save_failure_text(cause);
    PublishedSaveFailure { because, cause }.serialize(to)
}
