//! Fetches the branch and judges its newest commit; one that passes becomes the target.

use std::sync::Arc;

use super::TaskError;
use super::heartbeat::FETCH;
use crate::history::{BranchState, HeldCandidate, RewrittenHistory, TargetChange};
use crate::model::Finding;
use crate::reconcile::rollout::HOUR;
use crate::report::{counted, visible};
use crate::service::branch;
use crate::service::fetch::{CommitId, Fetched, SignedCommit, Verdict};
use crate::service::instance_state::Shared;
use crate::service::lanes::LaneViolation;

/// Findings of a held commit that are stored; `gamctl validate --rev` lists all of them.
pub(super) const MOST_FINDINGS: usize = 10;

/// Renders a finding in one line, safe on a terminal: it is stored, and others may print it as it is.
pub(super) fn finding_line(finding: &Finding) -> String {
    let line = format!(
        "{}: {} ({})",
        finding.place, finding.message, finding.rule.id
    );
    visible(&line).into_owned()
}

pub(in crate::service) async fn fetch(shared: Arc<Shared>) -> Result<(), TaskError> {
    let Some(leader) = shared.leader(FETCH) else {
        // The leader exports it; two instances would contradict each other.
        shared.metrics.fetch_age().clear();
        return Ok(());
    };
    let store = &shared.store.store;
    let mut state = store.branch_state().await?;
    let accepted = state.accepted.clone();
    let now = shared.seconds();
    let metrics = &shared.metrics;
    metrics.fetch_age().since(state.fetched.unwrap_or(now));
    let fetched = match branch::fetch(&shared).await {
        Ok(fetched) => fetched,
        // `git` was ended by the stop, which says nothing about the branch.
        Err(_) if shared.is_stopping() => return Ok(()),
        Err(error) => {
            state.failing_since = state.failing_since.or(Some(now));
            state.error = Some(crate::model::chain(&error));
            store
                .set_branch_state(&state, &leader, accepted.as_ref())
                .await?;
            return Err(error.into());
        }
    };
    (state.fetched, state.failing_since, state.error) = (Some(now), None, None);
    state.commit = Some(fetched.commit.as_str().to_owned());
    metrics.fetch_age().since(now);
    match judge(&shared, &fetched, &mut state, now).await {
        Err(TaskError::Branch(_)) if shared.is_stopping() => {}
        judged => judged?,
    }
    metrics.halted().set_flag(state.halted.is_some());
    metrics.candidate_refused().set_flag(state.held.is_some());
    let has_decision = store.set_branch_state(&state, &leader, accepted.as_ref());
    if has_decision.await? {
        // A person accepted the history while it was fetched.
        shared.triggers.fetch.notify_one();
    }
    Ok(())
}

/// Judges the fetched commit, and makes it the target if it passes.
async fn judge(
    shared: &Arc<Shared>,
    fetched: &Fetched,
    state: &mut BranchState,
    now: u64,
) -> Result<(), TaskError> {
    let store = &shared.store.store;
    let target = store.target().await?;
    let before = target.as_ref().map(|target| target.commit.clone());
    let known = before.as_deref().and_then(CommitId::parse);
    let accepted = state.accepted.as_ref().and_then(|accepted| {
        let target = CommitId::parse(&accepted.target)?;
        Some((target, CommitId::parse(&accepted.candidate)?))
    });
    let clock = store.clock().await?;
    let recent = store.target_before(clock.saturating_sub(HOUR)).await?;
    let recent = (recent.as_deref().and_then(CommitId::parse), clock);
    let approved = store.approved_sync_commits().await?;
    let candidate = fetched.commit.clone();
    let verdict = branch::judge(shared, known, candidate, accepted, recent, approved).await?;
    let candidate = fetched.commit.as_str();
    state.halted = match &verdict {
        Verdict::Rewritten {
            target, candidate, ..
        } => {
            let known = state.halted.take().filter(|known| {
                known.target == target.as_str() && known.candidate == candidate.as_str()
            });
            Some(known.unwrap_or_else(|| RewrittenHistory {
                target: target.as_str().to_owned(),
                candidate: candidate.as_str().to_owned(),
                since: now,
            }))
        }
        _ => None,
    };
    state.held = held(&verdict, candidate, state.held.take(), now);
    if let Verdict::Acceptable { commits } = verdict {
        let change = TargetChange {
            commit: candidate.to_owned(),
            before,
            who: shared.instance.who.clone(),
            reason: state.accepted.take().map(|accepted| {
                format!("{} accepted the history: {}", accepted.who, accepted.reason)
            }),
        };
        let leader = shared.leader(FETCH);
        if store.move_target(&change, leader.as_ref()).await? {
            tracing::info!(
                commit = candidate,
                commits = commits.len(),
                "the target moved"
            );
            branch::keep(shared, fetched.commit.clone()).await;
            shared.triggers.target.notify_one();
        }
    }
    Ok(())
}

/// Returns why a commit cannot become the target, in a word and a sentence.
fn held(
    verdict: &Verdict<LaneViolation>,
    candidate: &str,
    before: Option<HeldCandidate>,
    now: u64,
) -> Option<HeldCandidate> {
    let (word, sentence, findings) = match verdict {
        Verdict::Unchanged | Verdict::Acceptable { .. } | Verdict::Rewritten { .. } => return None,
        Verdict::Unsigned { commit } => ("unsigned", unsigned(commit), Vec::new()),
        Verdict::OutsideLane { violations } => {
            let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
            let first = lines.first().cloned().unwrap_or_default();
            ("lane", first, lines)
        }
        Verdict::Invalid { findings } => {
            let sentence = format!(
                "the inventory has {}; `gamctl validate --rev {}` lists them",
                counted(findings.len(), "finding"),
                short(candidate)
            );
            (
                "invalid",
                sentence,
                findings.iter().map(finding_line).collect(),
            )
        }
        Verdict::StepInvalid { findings } => {
            let sentence = format!(
                "the step from the target has {}; `gamctl validate --against` lists them",
                counted(findings.len(), "finding")
            );
            (
                "invalid",
                sentence,
                findings.iter().map(finding_line).collect(),
            )
        }
        Verdict::Incomplete {
            devices,
            subscribers,
        } => {
            let sentence = format!(
                "the inventory shrinks from {} to {} devices and from {} to {} subscribers; if that is intended, accept it",
                devices.before, devices.after, subscribers.before, subscribers.after
            );
            ("incomplete", sentence, Vec::new())
        }
        Verdict::TooManyCommits { most } => {
            let sentence =
                format!("there are more than {most} new commits, too many to check each");
            ("incomplete", sentence, Vec::new())
        }
    };
    let mut findings = findings;
    findings.truncate(MOST_FINDINGS);
    let since = before
        .filter(|before| before.commit == candidate)
        .map_or(now, |before| before.since);
    Some(HeldCandidate {
        commit: candidate.to_owned(),
        word: word.to_owned(),
        sentence,
        findings,
        since,
    })
}

fn unsigned(commit: &SignedCommit) -> String {
    format!(
        "commit {} by {} <{}> has no good signature by a listed signer ({:?})",
        short(commit.id.as_str()),
        visible(&commit.author),
        visible(&commit.email),
        commit.result
    )
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
