//! Describes the approval of held changes, or why nothing was approved: what was held back, and what is now.

use serde::Serialize;

use crate::report::document::time;
use crate::report::{Paint, counted, moment, some_names, visible};

/// The outcome of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalResult {
    /// The reading still gives exactly the changes of the digest, and they are approved.
    Approved,
    /// The digest names nothing that is held back now: nothing is approved.
    Changed,
    NotConfirmed,
}

/// The approval of held changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ApprovalReport {
    /// In full if it names something that is held back, else as it was given.
    pub digest: String,
    pub result: ApprovalResult,
    pub who: String,
    pub reason: String,
    /// The number of changes that the digest names now.
    pub changes: usize,
    /// The time until which the approval can be used; null: none is stored, or the commit used it.
    #[serde(serialize_with = "time::maybe_seconds")]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub until: Option<u64>,
    /// The changes that the digest named; null: no run in the lane of the sync stored any.
    pub before: Option<HeldBefore>,
    /// Subscribers that were held back, and are not now.
    pub no_longer_held: Vec<String>,
    /// Subscribers that are held back by the same rule now, and were not.
    pub newly_held: Vec<String>,
}

/// Changes that an earlier run held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeldBefore {
    pub rule: &'static str,
    pub because: String,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
    pub subscribers: Vec<String>,
}

/// Returns the difference between the changes that a digest named and those that are held back now.
pub fn approval_text(report: &ApprovalReport, paint: Paint) -> String {
    if report.result != ApprovalResult::Changed {
        return String::new();
    }
    let digest = visible(report.digest.get(..12).unwrap_or(&report.digest));
    let title = format!("Not approved: {digest} names nothing that is held back now");
    let mut text = format!("\n{}\n", paint.warning(&title));
    let Some(before) = &report.before else {
        text.push_str("  No run stored what it named.\n");
        return text;
    };
    text.push_str(&format!(
        "  It named {} ({}), held back since {}: {}\n",
        counted(before.subscribers.len(), "change"),
        before.rule,
        moment(before.since),
        visible(&before.because)
    ));
    let names = |ids: &[String]| some_names(ids.iter().map(|id| visible(id)));
    if !report.no_longer_held.is_empty() {
        let ids = names(&report.no_longer_held);
        text.push_str(&format!("  no longer held back: {ids}\n"));
    }
    if !report.newly_held.is_empty() {
        let ids = names(&report.newly_held);
        text.push_str(&format!("  held back now, and not before: {ids}\n"));
    }
    if report.no_longer_held.is_empty() && report.newly_held.is_empty() {
        text.push_str("  The same subscribers are held back, with other values.\n");
    }
    text
}

/// Returns the outcome in one sentence.
pub fn approval_verdict(report: &ApprovalReport) -> String {
    match report.result {
        ApprovalResult::Approved => {
            let until = report
                .until
                .map(|until| format!(" The approval can be used once, until {}.", moment(until)));
            format!(
                "Approved {}: {}.{}",
                counted(report.changes, "change"),
                visible(&report.reason),
                until.unwrap_or_default()
            )
        }
        ApprovalResult::Changed => "Nothing approved, and nothing committed.".to_owned(),
        ApprovalResult::NotConfirmed => "Nothing approved: not confirmed.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: Option<HeldBefore>) -> ApprovalReport {
        ApprovalReport {
            digest: "3f2a9c1d77e0".to_owned(),
            result: ApprovalResult::Changed,
            who: "ada".to_owned(),
            reason: "dunning".to_owned(),
            changes: 0,
            until: None,
            before,
            no_longer_held: Vec::new(),
            newly_held: Vec::new(),
        }
    }

    #[test]
    fn a_digest_of_no_run_and_one_with_other_values_are_different_sentences() {
        let unknown = approval_text(&changed(None), Paint::Plain);
        assert!(unknown.contains("No run stored"), "{unknown}");
        let before = HeldBefore {
            rule: "too-many-suspensions",
            because: "4 suspensions; the limit of an hour is 2".to_owned(),
            since: 0,
            subscribers: vec!["acct-1".to_owned()],
        };
        let mut report = changed(Some(before));
        let same = approval_text(&report, Paint::Plain);
        assert!(same.contains("with other values"), "{same}");
        report.newly_held = vec!["acct-2".to_owned()];
        let other = approval_text(&report, Paint::Plain);
        assert!(
            other.contains("held back now, and not before: acct-2"),
            "{other}"
        );
        report.result = ApprovalResult::Approved;
        assert_eq!(approval_text(&report, Paint::Plain), "");
    }

    #[test]
    fn an_approval_says_until_when_it_can_be_used() {
        let report = ApprovalReport {
            result: ApprovalResult::Approved,
            changes: 4,
            until: Some(3600),
            ..changed(None)
        };
        assert_eq!(
            approval_verdict(&report),
            "Approved 4 changes: dunning. The approval can be used once, until 1970-01-01 01:00 UTC."
        );
    }
}
