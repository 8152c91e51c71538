//! Renders every result of a run as one JSON document.

use serde::Serialize;
use uuid::Uuid;

use super::super::document::{DocumentKind, time};
use super::preflight::{notice, preflight, skip_reason};
use super::published::PublishedOutcome;
use crate::apply::{PreflightRefusal, RunReport, RunResult, SkipReason};
use crate::model::DeviceName;
use crate::plan::{DeviceLintError, Unobservable};

/// The JSON form of a run. Published names do not change.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunDocument<'a> {
    result: RunResult,
    /// Left out if nothing was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Uuid>,
    /// The run in the history that a refusal, or changes that no device got, are recorded as; left out if `run` is there, or
    /// nothing is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_as: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedDocument<'a>>,
    outcomes: Vec<PublishedOutcome<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_begun: Vec<SkippedDocument<'a>>,
    #[serde(skip_serializing_if = "<[Unobservable]>::is_empty")]
    unobservable: &'a [Unobservable],
    /// Changes that were not carried out, because their devices could not be observed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<WaitingDocument<'a>>,
    #[serde(skip_serializing_if = "<[DeviceName]>::is_empty")]
    partly_unread: &'a [DeviceName],
    #[serde(skip_serializing_if = "<[DeviceName]>::is_empty")]
    still_unsaved: &'a [DeviceName],
    #[serde(skip_serializing_if = "<[DeviceLintError]>::is_empty")]
    lint_errors: &'a [DeviceLintError],
    is_interrupted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RefusedDocument<'a> {
    because: String,
    hint: String,
    #[serde(flatten, serialize_with = "time::within")]
    cause: &'a PreflightRefusal,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SkippedDocument<'a> {
    device: &'a DeviceName,
    why: &'static str,
    because: String,
    #[serde(serialize_with = "time::within")]
    cause: &'a SkipReason,
    retry_helps: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WaitingDocument<'a> {
    device: &'a DeviceName,
    changes: usize,
    /// The last stored look.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "time::maybe_seconds"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    last_reached: Option<u64>,
}

/// A run, or a command, that failed before it had a result.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ErrorDocument<'a> {
    /// Always `failed`.
    result: &'static str,
    error: &'a str,
}

/// Returns the JSON document of a run.
pub fn run_document(report: &RunReport) -> String {
    let refused = report.refusal.as_ref().map(|cause| {
        let text = preflight(cause);
        RefusedDocument {
            because: text.because,
            hint: text.hint,
            cause,
        }
    });
    let skipped = report.skipped.iter().map(|skipped| SkippedDocument {
        device: &skipped.device,
        why: skipped.reason.word(),
        because: skip_reason(&skipped.reason),
        cause: &skipped.reason,
        retry_helps: skipped.reason.retry_helps(),
    });
    let waiting = report.waiting.iter().map(|one| WaitingDocument {
        device: &one.device,
        changes: one.changes,
        last_reached: one.last_reached,
    });
    DocumentKind::Run.document(&RunDocument {
        result: report.result(),
        run: report.run,
        recorded_as: report.recorded_as,
        commit: report.commit.as_deref(),
        plan_id: report.plan_id.as_deref(),
        refused,
        outcomes: report.outcomes.iter().map(PublishedOutcome::from).collect(),
        not_begun: skipped.collect(),
        unobservable: &report.unobservable,
        waiting: waiting.collect(),
        partly_unread: &report.partly_unread,
        still_unsaved: &report.still_unsaved,
        lint_errors: &report.lint_errors,
        is_interrupted: report.is_interrupted,
        remarks: report.notices.iter().map(notice).collect(),
    })
}

/// Returns the JSON document of a command that failed.
pub fn error_document(error: &str) -> String {
    DocumentKind::Error.document(&ErrorDocument {
        result: "failed",
        error,
    })
}
