//! Finds the words that apply to a device, in order of precedence, each with the fact behind it.

use super::facts::{
    AbandonedRollout, ApplyInProgress, AwaitedApproval, AwaitedWave, ClosedWindow, ConditionFacts,
    ContestedField, DriftFound, FailedApply, FreezeInForce, IdentityProblem, InvalidInventory,
    MatchedTarget, OutsideLane, PendingSteps, RemainingDifferences, RollbackHold, Unreachable,
    UsedBudget,
};
use crate::model::{ConditionSeverity, ConditionWord, DeviceState};
use crate::plan::Refusal;

/// A word that applies, with the fact that its texts are made from.
#[derive(Debug, Clone)]
pub(super) enum Reason<'a> {
    WrongDevice(&'a IdentityProblem),
    Stuck(&'a FailedApply),
    Unsaved(&'a FailedApply),
    Applying(&'a ApplyInProgress),
    Unreachable(&'a Unreachable),
    Invalid(&'a InvalidInventory),
    /// The first refusal, and the others.
    Refused(&'a Refusal, &'a [Refusal]),
    Contested(&'a ContestedField, &'a [ContestedField]),
    DoesNotConverge(&'a RemainingDifferences),
    /// The freeze that ends last, and the number of all.
    Frozen(&'a FreezeInForce, usize),
    Held(&'a RollbackHold),
    Abandoned(&'a AbandonedRollout),
    Approval(&'a AwaitedApproval),
    Window(&'a ClosedWindow),
    Budget(&'a UsedBudget),
    Wave(&'a AwaitedWave),
    Lane(&'a OutsideLane),
    Drifted(&'a DriftFound),
    Pending(&'a PendingSteps),
    Unknown(Ignorance<'a>),
    Observe,
    Locked,
    Converged(&'a MatchedTarget),
}

/// The reason that nothing is known about how a device compares with the target.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ignorance<'a> {
    /// It is not contacted.
    Preprovision,
    NeverLookedAt,
    /// Parts are unread; at least one.
    Unread(&'a [String]),
    NotCompared,
}

impl Reason<'_> {
    pub(super) fn word(&self) -> ConditionWord {
        match self {
            Self::WrongDevice(_) => ConditionWord::WrongDevice,
            Self::Stuck(_) => ConditionWord::Stuck,
            Self::Unsaved(_) => ConditionWord::Unsaved,
            Self::Applying(_) => ConditionWord::Applying,
            Self::Unreachable(_) => ConditionWord::Unreachable,
            Self::Invalid(_) => ConditionWord::Invalid,
            Self::Refused(..) => ConditionWord::Refused,
            Self::Contested(..) => ConditionWord::Contested,
            Self::DoesNotConverge(_) => ConditionWord::DoesNotConverge,
            Self::Frozen(..) => ConditionWord::Frozen,
            Self::Held(_) | Self::Abandoned(_) => ConditionWord::Held,
            Self::Approval(_) => ConditionWord::WaitingForApproval,
            Self::Window(_) => ConditionWord::WaitingForWindow,
            Self::Budget(_) => ConditionWord::WaitingForBudget,
            Self::Wave(_) => ConditionWord::WaitingForWave,
            Self::Lane(_) => ConditionWord::WaitingForLane,
            Self::Drifted(_) => ConditionWord::Drifted,
            Self::Pending(_) => ConditionWord::Pending,
            Self::Unknown(_) => ConditionWord::Unknown,
            Self::Observe => ConditionWord::Observe,
            Self::Locked => ConditionWord::Locked,
            Self::Converged(_) => ConditionWord::Converged,
        }
    }

    /// Returns the start of the condition, if known.
    pub(super) fn since(&self) -> Option<u64> {
        match self {
            Self::WrongDevice(problem) => Some(problem.since),
            Self::Stuck(apply) | Self::Unsaved(apply) => Some(apply.at),
            Self::Applying(apply) => Some(apply.since),
            Self::Unreachable(unreachable) => Some(unreachable.since),
            Self::Invalid(invalid) => Some(invalid.since),
            Self::Contested(first, rest) => {
                rest.iter().map(|one| one.since).chain([first.since]).min()
            }
            Self::DoesNotConverge(remaining) => Some(remaining.since),
            Self::Frozen(freeze, _) => Some(freeze.since),
            Self::Held(hold) => Some(hold.since),
            Self::Abandoned(abandoned) => Some(abandoned.since),
            Self::Approval(approval) => Some(approval.since),
            Self::Window(window) => window.since,
            Self::Budget(budget) => budget.since,
            Self::Wave(wave) => Some(wave.paused.as_ref().map_or(wave.since, |one| one.since)),
            Self::Lane(lane) => Some(lane.since),
            Self::Drifted(drift) => Some(drift.since),
            Self::Pending(pending) => pending.since,
            Self::Converged(matched) => matched.since,
            Self::Refused(..) | Self::Unknown(_) | Self::Observe | Self::Locked => None,
        }
    }

    /// Returns whether a look at the device shows it, unlike a freeze or a window.
    pub(super) fn is_seen_by_a_look(&self) -> bool {
        matches!(
            self,
            Self::Contested(..)
                | Self::DoesNotConverge(_)
                | Self::Drifted(_)
                | Self::Pending(_)
                | Self::Unknown(_)
                | Self::Observe
                | Self::Locked
                | Self::Converged(_)
        )
    }

    /// Returns the urgency: what needs a person is not below what needs one usually.
    pub(super) fn severity(&self) -> ConditionSeverity {
        match self {
            Self::Unknown(Ignorance::Preprovision) => ConditionSeverity::Quiet,
            one if one.needs_person() => one.word().severity().min(ConditionSeverity::Decision),
            one => one.word().severity(),
        }
    }

    /// Returns whether the device stays like this until a person acts.
    pub(super) fn needs_person(&self) -> bool {
        match self {
            Self::Unreachable(unreachable) => !unreachable.reason.retry_helps(),
            Self::Wave(wave) => wave.paused.is_some(),
            Self::Window(window) => window.opens.is_none(),
            Self::Budget(budget) => budget.free_at.is_none(),
            other => other.word().needs_person(),
        }
    }
}

/// Returns the words that apply, in order of precedence; at least one.
pub(super) fn reasons(facts: &ConditionFacts, now: u64) -> (Reason<'_>, Vec<Reason<'_>>) {
    let written = Some(facts).filter(|facts| facts.state.is_written());
    let contacted = Some(facts).filter(|facts| facts.state != DeviceState::Preprovision);
    let found = [
        facts.identity.as_ref().map(Reason::WrongDevice),
        facts.stuck.as_ref().map(Reason::Stuck),
        facts.unsaved.as_ref().map(Reason::Unsaved),
        facts.applying.as_ref().map(Reason::Applying),
        contacted.and_then(|facts| facts.unreachable.as_ref().map(Reason::Unreachable)),
        facts.invalid.as_ref().map(Reason::Invalid),
        refused(facts),
        contested(facts),
        facts.remaining.as_ref().map(Reason::DoesNotConverge),
        frozen(facts, now),
        facts.hold.as_ref().map(Reason::Held),
        written.and_then(|facts| facts.abandoned.as_ref().map(Reason::Abandoned)),
        // A device that is never written to waits for nothing: its state is the answer.
        written.and_then(|facts| facts.approval.as_ref().map(Reason::Approval)),
        written.and_then(|facts| facts.window.as_ref().map(Reason::Window)),
        written.and_then(|facts| facts.budget.as_ref().map(Reason::Budget)),
        written.and_then(|facts| facts.wave.as_ref().map(Reason::Wave)),
        written.and_then(|facts| facts.lane.as_ref().map(Reason::Lane)),
        facts.drift.as_ref().map(Reason::Drifted),
        written.and_then(|facts| facts.pending.as_ref().map(Reason::Pending)),
        ignorance(facts).map(Reason::Unknown),
        (facts.state == DeviceState::Observe).then_some(Reason::Observe),
        (facts.state == DeviceState::Locked).then_some(Reason::Locked),
        converged(facts),
    ];
    let mut found = found.into_iter().flatten();
    // Without any fact, nothing is known.
    let first = found
        .next()
        .unwrap_or(Reason::Unknown(Ignorance::NotCompared));
    (first, found.collect())
}

fn refused(facts: &ConditionFacts) -> Option<Reason<'_>> {
    let (first, rest) = facts.refused.split_first()?;
    Some(Reason::Refused(first, rest))
}

fn contested(facts: &ConditionFacts) -> Option<Reason<'_>> {
    let (first, rest) = facts.contested.split_first()?;
    Some(Reason::Contested(first, rest))
}

fn frozen(facts: &ConditionFacts, now: u64) -> Option<Reason<'_>> {
    let in_force = || facts.freezes.iter().filter(|freeze| freeze.until > now);
    let last = in_force().max_by_key(|freeze| freeze.until)?;
    Some(Reason::Frozen(last, in_force().count()))
}

/// Returns why it is not known how the device compares with the target.
fn ignorance(facts: &ConditionFacts) -> Option<Ignorance<'_>> {
    if facts.state == DeviceState::Preprovision {
        return Some(Ignorance::Preprovision);
    }
    let Some(look) = &facts.look else {
        return Some(Ignorance::NeverLookedAt);
    };
    if !look.unread.is_empty() {
        return Some(Ignorance::Unread(&look.unread));
    }
    let is_compared = facts.matched.is_some() || facts.drift.is_some() || facts.pending.is_some();
    (facts.state.is_written() && !is_compared).then_some(Ignorance::NotCompared)
}

/// Returns the proof that a device is as intended, if every part of it was read and nothing differs.
fn converged(facts: &ConditionFacts) -> Option<Reason<'_>> {
    let differs = facts.drift.is_some() || facts.pending.is_some();
    let is_known = facts.state.is_written() && ignorance(facts).is_none();
    let matched = facts.matched.as_ref()?;
    (is_known && !differs).then_some(Reason::Converged(matched))
}
