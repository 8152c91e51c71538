//! Writes the message of a commit: counts, one line for each change, trailers, no personal data.

use std::fmt::Write as _;

use super::digest::Digest;
use super::edit::{ChangeCause, ChangeKind, ProposedChange, SyncEdit};
use super::lane::LANE;
use crate::model::billing::BillingName;

/// The message of a commit and its trailers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitText {
    pub message: String,
    pub trailers: Vec<(String, String)>,
}

/// The facts that the trailers of a commit name.
#[derive(Debug, Clone, Copy)]
pub struct CommitFacts<'a> {
    pub system: &'a BillingName,
    /// The digest of the reading.
    pub snapshot: &'a Digest,
    /// The id of the run.
    pub run: &'a str,
    /// The approvals without which some of the changes were held back.
    pub approvals: &'a [Digest],
}

/// Returns the message for changes that follow from a reading.
pub fn commit_text(changes: &[ProposedChange], facts: CommitFacts<'_>) -> CommitText {
    text(subject(facts.system, changes), "sync", changes, facts)
}

/// Returns the message for links of subscribers from before gamctl.
pub fn adoption_text(changes: &[ProposedChange], facts: CommitFacts<'_>) -> CommitText {
    let subject = format!("sync {}: {} linked", facts.system, changes.len());
    text(subject, "sync adopt", changes, facts)
}

fn text(
    subject: String,
    command: &str,
    changes: &[ProposedChange],
    facts: CommitFacts<'_>,
) -> CommitText {
    let mut message = subject;
    message.push_str("\n\n");
    for change in changes {
        for line in change_lines(change) {
            // Writing into a string cannot fail.
            let _ = writeln!(message, "{line}");
        }
    }
    let trailers = [
        ("Gamctl-Command", command),
        ("Gamctl-Lane", LANE),
        ("Gamctl-Billing", facts.system.as_str()),
        ("Gamctl-Snapshot", facts.snapshot.as_str()),
        ("Gamctl-Run", facts.run),
    ];
    let approvals = facts.approvals.iter();
    let approvals = approvals.map(|digest| ("Gamctl-Approval", digest.as_str()));
    CommitText {
        message,
        trailers: trailers
            .into_iter()
            .chain(approvals)
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// Returns one line for each edit of a change, as the commit has it.
pub fn change_lines(change: &ProposedChange) -> Vec<String> {
    let edits = change.edits.iter();
    edits.map(|edit| line(edit, change)).collect()
}

fn subject(system: &BillingName, changes: &[ProposedChange]) -> String {
    let kinds = [
        (ChangeKind::Change, "changed"),
        (ChangeKind::Suspension, "suspended"),
        (ChangeKind::Addition, "added"),
        (ChangeKind::Move, "moved"),
        (ChangeKind::Removal, "removed"),
    ];
    let counts = kinds.into_iter().filter_map(|(kind, word)| {
        let is_counted = |change: &&ProposedChange| match kind {
            ChangeKind::Removal => change.kind == kind || change.replaces.is_some(),
            _ => change.kind == kind,
        };
        let count = changes.iter().filter(is_counted).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    let counts: Vec<String> = counts.collect();
    format!("sync {system}: {}", counts.join(", "))
}

fn line(edit: &SyncEdit, change: &ProposedChange) -> String {
    let because = because(&change.cause);
    match edit {
        SyncEdit::Set {
            subscriber,
            value,
            from,
        } => {
            let key = value.key();
            let from = from.as_deref().unwrap_or("none");
            format!("{subscriber} {key} {from} → {} ({because})", value.text())
        }
        SyncEdit::Add { subscriber, added } => format!(
            "{subscriber} added on {} port {}, {}, VLAN {}, {} ({because})",
            added.device, added.port, added.service_plan, added.vlan, added.state
        ),
        SyncEdit::Remove { subscriber } if *subscriber == change.subscriber => {
            format!("{subscriber} removed ({because})")
        }
        SyncEdit::Remove { subscriber } => format!(
            "{subscriber} removed (gone, and {} has its endpoint)",
            change.subscriber
        ),
    }
}

fn because(cause: &ChangeCause) -> String {
    match cause {
        ChangeCause::Tariff { from, to } => match from {
            Some(from) if from != to => format!("tariff {from} → {to}"),
            _ => format!("tariff {to}"),
        },
        ChangeCause::Status { status, cause } => match cause {
            Some(cause) => format!("{status}: {cause}"),
            None => status.to_string(),
        },
        ChangeCause::Renumbered { from, to } => match from {
            Some(from) => format!("service {from} is {to} now"),
            None => format!("service {to}"),
        },
        ChangeCause::Heard { mac } => format!("{mac} is heard"),
        ChangeCause::Swapped { from, to } => match from {
            Some(from) => format!("{to} is heard in place of {from}"),
            None => format!("{to} is heard"),
        },
        ChangeCause::Moved => "its endpoint is heard there".to_owned(),
        ChangeCause::Planned => "planned in billing".to_owned(),
        ChangeCause::Gone { days } => format!("gone for {days} days"),
        ChangeCause::Adopted => "its endpoint is the item of this service".to_owned(),
    }
}
