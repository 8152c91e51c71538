//! Puts the condition of a device together: the first word that applies, its texts, and the evidence.

use super::facts::{ConditionFacts, LastLook};
use super::next_step::next_step;
use super::reason::{Reason, reasons};
use super::sentence::sentence;
use super::wording::{name, time};
use crate::model::{Condition, ConditionEvidence, ConditionWord, LastKnownCondition, LookEvidence};
use crate::report::visible;

/// A look older than this many intervals may no longer hold. Pages show such values grey, with their age.
const STALE_AFTER: u64 = 3;

/// The most lines of evidence: a lane or an inventory may have thousands, and a condition is in every answer.
const MOST_DETAILS: usize = 20;

/// Computes the condition of one device from everything known about it.
///
/// `now` is in seconds since 1970, by the store's clock. The first word that applies is the condition. Without a look of
/// every managed part, it is never `converged`.
pub fn condition(facts: &ConditionFacts, now: u64) -> Condition {
    let (first, others) = reasons(facts, now);
    let mut evidence = evidence(&first, facts, now);
    evidence.also = others.iter().map(Reason::word).collect();
    if matches!(first, Reason::Unreachable(_)) && facts.look.is_some() {
        let known = others.iter().find(|one| one.is_seen_by_a_look());
        evidence.last_known = known.map(|known| LastKnownCondition {
            word: known.word(),
            sentence: sentence(known, facts, now),
        });
    }
    Condition {
        word: first.word(),
        sentence: sentence(&first, facts, now),
        next: next_step(&first, facts, now),
        severity: first.severity(),
        needs_person: first.needs_person(),
        since: first.since(),
        evidence,
    }
}

/// Computes the word alone, where no text is needed: for ten thousand devices every few seconds.
pub fn condition_word(facts: &ConditionFacts, now: u64) -> ConditionWord {
    let (first, _) = reasons(facts, now);
    first.word()
}

/// Returns the evidence of one reason; what further reasons say is not in it.
fn evidence(reason: &Reason<'_>, facts: &ConditionFacts, now: u64) -> ConditionEvidence {
    let details = details(reason, facts, now);
    let shown = details.iter().take(MOST_DETAILS);
    ConditionEvidence {
        last_look: facts.look.as_ref().map(|look| last_look(look, now)),
        details: shown.map(|line| visible(line).into_owned()).collect(),
        details_left_out: details.len().saturating_sub(MOST_DETAILS),
        ..links(reason)
    }
}

/// Returns the run, rollout, freeze, plan or commit that a reason is about.
fn links(reason: &Reason<'_>) -> ConditionEvidence {
    let mut links = ConditionEvidence::default();
    match reason {
        Reason::Stuck(apply) | Reason::Unsaved(apply) => links.run = Some(apply.run),
        Reason::Applying(apply) => links.run = Some(apply.run),
        Reason::DoesNotConverge(remaining) => links.run = Some(remaining.run),
        Reason::Held(hold) => links.run = Some(hold.run),
        Reason::Abandoned(abandoned) => links.rollout = Some(abandoned.rollout),
        Reason::Frozen(freeze, _) => links.freeze = Some(freeze.id),
        Reason::Wave(wave) => links.rollout = Some(wave.rollout),
        Reason::Approval(approval) => links.plan = Some(approval.plan.clone()),
        Reason::Window(window) => links.plan = window.plan.clone(),
        Reason::Budget(budget) => links.plan = budget.plan.clone(),
        Reason::Invalid(invalid) => links.commit = Some(invalid.commit.clone()),
        Reason::Lane(lane) => links.commit = Some(lane.commit.clone()),
        Reason::Pending(pending) => links.commit = Some(pending.commit.clone()),
        Reason::Converged(matched) => links.commit = Some(matched.commit.clone()),
        Reason::WrongDevice(_)
        | Reason::Unreachable(_)
        | Reason::Refused(..)
        | Reason::Contested(..)
        | Reason::Drifted(_)
        | Reason::Unknown(_)
        | Reason::Observe
        | Reason::Locked => {}
    }
    links
}

/// Returns what the sentence cuts or leaves out.
fn details(reason: &Reason<'_>, facts: &ConditionFacts, now: u64) -> Vec<String> {
    match reason {
        Reason::Stuck(apply) | Reason::Unsaved(apply) => {
            let cause = [apply.cause.clone()].into_iter();
            cause.chain(apply.left.iter().cloned()).collect()
        }
        Reason::Unreachable(one) => vec![one.reason.to_string()],
        Reason::Invalid(invalid) => invalid.findings.clone(),
        Reason::Refused(..) => {
            let refusals = facts.refused.iter();
            refusals
                .map(|one| format!("{}: {}; {}", one.rule, one.message, one.hint))
                .collect()
        }
        Reason::Contested(..) => {
            let fields = facts.contested.iter();
            fields.map(|one| one.field.clone()).collect()
        }
        Reason::DoesNotConverge(remaining) => remaining.differences.clone(),
        Reason::Frozen(..) => freezes(facts, now),
        Reason::Held(hold) => vec![hold.reason.clone()],
        Reason::Abandoned(abandoned) => vec![abandoned.reason.clone()],
        Reason::Approval(approval) => {
            let because = [approval.because.clone()].into_iter();
            let excluded = approval.excluded.iter();
            let excluded = excluded.map(|who| format!("an approval of {who} does not count"));
            because.chain(excluded).collect()
        }
        Reason::Wave(wave) => {
            let paused = wave.paused.iter().map(|paused| paused.reason.clone());
            [wave.gate.clone()].into_iter().chain(paused).collect()
        }
        Reason::Lane(lane) => lane.outside.clone(),
        Reason::Drifted(drift) => drift.differences.clone(),
        Reason::Unknown(_) => {
            let looks = facts.look.iter();
            looks.flat_map(|look| look.unread.clone()).collect()
        }
        Reason::WrongDevice(_)
        | Reason::Applying(_)
        | Reason::Window(_)
        | Reason::Budget(_)
        | Reason::Pending(_)
        | Reason::Observe
        | Reason::Locked
        | Reason::Converged(_) => Vec::new(),
    }
}

fn last_look(look: &LastLook, now: u64) -> LookEvidence {
    let oldest = look.interval.saturating_mul(STALE_AFTER);
    LookEvidence {
        at: look.at,
        is_stale: now.saturating_sub(look.at) > oldest,
    }
}

/// Renders each freeze in force, in a line.
fn freezes(facts: &ConditionFacts, now: u64) -> Vec<String> {
    let in_force = facts.freezes.iter().filter(|freeze| freeze.until > now);
    in_force
        .map(|freeze| {
            let (who, until) = (name(&freeze.who), time(freeze.until, now));
            format!("until {until} by {who}: {}", freeze.reason)
        })
        .collect()
}
