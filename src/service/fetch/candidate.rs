//! Decides whether a fetched commit may become the target.
//!
//! The first check that does not pass gives the verdict: history, signatures, lanes, the inventory itself, its
//! completeness, and the step from the target to it. The policy of the commit before is checked later, against a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::Oid;

use super::command;
use super::commit_id::CommitId;
use super::mirror::{Mirror, ReadError};
use super::new_commits::{CommitSummary, MOST_COMMITS, first_parent_steps, new_commits, summary};
use super::signature::{SignatureReportError, SignedCommit, first_unsigned, parse_report};
use super::step::{AuthoredStep, StepReader};
use crate::inventory::source::{self, Ancestry, Limits, Source, SourceError, ancestry};
use crate::inventory::{Cache, Inventory, Reading, is_acceptable, read};
use crate::model::{Finding, Severity};

/// The time limit for checking signatures: `ssh-keygen` runs once or twice a commit, some 10 ms each.
const SIGNATURE_DEADLINE: Duration = Duration::from_secs(60);

/// Fleets of fewer objects may be halved; a percentage of a few objects says little.
const SMALL_FLEET: usize = 10;

/// The rule whose steps count one by one: two pushed commits are judged alike, whether or not a fetch came between them.
const BY_COMMIT: &str = "protected-removed";

/// The steps whose whole inventories are read for it: a large one needs half a second each.
const MOST_READ_STEPS: usize = 100;

/// Judges what authors changed, oldest step first, by the policy in the target's inventory; returns what is outside.
pub type LaneJudge<'a, L> = &'a dyn Fn(&Inventory, &LaneSteps) -> Vec<L>;

/// The steps that lanes are about.
#[derive(Debug, Default)]
pub struct LaneSteps {
    /// Those to the candidate, oldest first.
    pub new: Vec<AuthoredStep>,
    /// Those to the target since `CandidateOptions::recent`.
    pub recent: Vec<AuthoredStep>,
}

/// The settings for judging a candidate.
pub struct CandidateOptions<'a, L> {
    /// The inventory's folder in the repository; empty for its root.
    pub folder: &'a Path,
    /// The allowed signers; left out: signatures are not required.
    pub signers: Option<&'a Path>,
    /// Left out: no policy has lanes.
    pub lanes: Option<LaneJudge<'a, L>>,
    /// The target at the beginning of the time for which lanes have limits; left out: it did not move since.
    pub recent: Option<&'a CommitId>,
    /// Findings of the step that a person accepted, as with `gamctl validate --accept`.
    pub accepted_rules: &'a [String],
    /// A person accepted that the fleet is halved or emptied.
    pub accepts_smaller_fleet: bool,
    /// A person accepted the history from this target to this candidate.
    pub accepted_history: Option<(&'a CommitId, &'a CommitId)>,
    pub limits: &'a Limits,
    pub cache: &'a Cache,
}

/// The verdict on a candidate.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<L> {
    /// The candidate is the target.
    Unchanged,
    /// It may become the target. The commits are those that the target does not contain, newest first.
    Acceptable {
        commits: Vec<CommitSummary>,
    },
    /// History was rewritten: the service is halted until a person accepts both commits.
    Rewritten {
        target: CommitId,
        candidate: CommitId,
        /// The branch went back to an earlier commit, nothing else.
        is_earlier: bool,
    },
    /// The oldest commit without a good signature by a listed signer. Boxed, as it is much larger than the others.
    Unsigned {
        commit: Box<SignedCommit>,
    },
    OutsideLane {
        violations: Vec<L>,
    },
    /// The inventory has errors.
    Invalid {
        findings: Vec<Finding>,
    },
    /// The step from the target has errors.
    StepInvalid {
        findings: Vec<Finding>,
    },
    /// The fleet is empty or less than half of the target's.
    Incomplete {
        devices: BeforeAndAfter,
        subscribers: BeforeAndAfter,
    },
    /// There are too many new commits to check each. If a person accepts both commits, only the candidate's own signature
    /// is checked, and no lanes.
    TooManyCommits {
        most: usize,
    },
}

/// A number of objects at the target and at the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeforeAndAfter {
    pub before: usize,
    pub after: usize,
}

impl BeforeAndAfter {
    fn is_loss(self) -> bool {
        let is_emptied = self.before > 0 && self.after == 0;
        let is_halved = self.before >= SMALL_FLEET && self.after.saturating_mul(2) < self.before;
        is_emptied || is_halved
    }
}

/// Why a candidate cannot be judged. The last target stays in use.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("cannot check the signatures between {} and {candidate}", shown(.target.as_ref()))]
    Signatures {
        target: Option<CommitId>,
        candidate: CommitId,
        source: ReadError,
    },
    #[error("cannot check the signatures of {candidate}: {source}")]
    SignatureReport {
        candidate: CommitId,
        source: SignatureReportError,
    },
    #[error("cannot read the allowed signers {}", .path.display())]
    Signers {
        path: PathBuf,
        source: std::io::Error,
    },
}

fn shown(target: Option<&CommitId>) -> &str {
    target.map_or("the first commit", CommitId::as_str)
}

impl CandidateError {
    /// Returns whether an object of the mirror is missing or damaged: [`Mirror::replace`], and fetch again.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Source(
                SourceError::MissingObject { .. }
                    | SourceError::DamagedObject { .. }
                    | SourceError::Grafted { .. }
                    | SourceError::NotARepository { .. }
            )
        )
    }
}

/// Judges a fetched commit. Blocks: it reads up to two whole inventories, and runs `git` if signatures are required.
pub fn judge_candidate<L>(
    mirror: &Mirror,
    target: Option<&CommitId>,
    candidate: &CommitId,
    options: &CandidateOptions<'_, L>,
) -> Result<Verdict<L>, CandidateError> {
    let judge = Judge::new(mirror, options)?;
    let base = match target {
        None => None,
        Some(target) if target == candidate => return Ok(Verdict::Unchanged),
        Some(target) => match judge.relation(target, candidate)? {
            Ancestry::Same => return Ok(Verdict::Unchanged),
            Ancestry::Descends => Some(target),
            relation => {
                if options.accepted_history != Some((target, candidate)) {
                    return Ok(Verdict::Rewritten {
                        target: target.clone(),
                        candidate: candidate.clone(),
                        is_earlier: relation == Ancestry::Precedes,
                    });
                }
                // The mirror may lack the old target, and then there is nothing to compare with.
                mirror.has(target).then_some(target)
            }
        },
    };
    let (new, checked_from) = match judge.new_commits(base, candidate)? {
        Some(new) => (new, base),
        None if options.accepted_history == target.map(|target| (target, candidate)) => (
            judge.new_commits(None, candidate)?.unwrap_or_default(),
            None,
        ),
        None => return Ok(Verdict::TooManyCommits { most: MOST_COMMITS }),
    };
    let signed = match options.signers {
        Some(signers) => judge.signatures(signers, checked_from, candidate, &new)?,
        None => Vec::new(),
    };
    if let Some(commit) = first_unsigned(&signed) {
        let commit = Box::new(commit.clone());
        return Ok(Verdict::Unsigned { commit });
    }
    let commits = judge.summaries(&new, &signed)?;
    let after = judge.read(candidate)?;
    let before = base.map(|base| judge.read(base)).transpose()?;
    if let (Some(lanes), Some(base), Some(before)) = (options.lanes, checked_from, &before) {
        let steps = LaneSteps {
            new: judge.steps(base, candidate, &commits)?,
            recent: judge.recent_steps(base)?,
        };
        let violations = lanes(&before.inventory, &steps);
        if !violations.is_empty() {
            return Ok(Verdict::OutsideLane { violations });
        }
    }
    let found = match before {
        Some(before) => judge.inventories(base, candidate, &before, after)?,
        None => invalid(after),
    };
    Ok(found.unwrap_or(Verdict::Acceptable { commits }))
}

/// Returns the steps to a target since `CandidateOptions::recent`. Blocks, as `judge_candidate` does.
pub fn steps_to<L>(
    mirror: &Mirror,
    target: &CommitId,
    options: &CandidateOptions<'_, L>,
) -> Result<Vec<AuthoredStep>, CandidateError> {
    Judge::new(mirror, options)?.recent_steps(target)
}

fn invalid<L>(reading: Reading) -> Option<Verdict<L>> {
    let is_invalid = reading.has_errors() || reading.is_partial;
    is_invalid.then_some(Verdict::Invalid {
        findings: reading.findings,
    })
}

struct Judge<'a, L> {
    mirror: &'a Mirror,
    path: PathBuf,
    opened: source::Opened,
    options: &'a CandidateOptions<'a, L>,
}

impl<'a, L> Judge<'a, L> {
    fn new(
        mirror: &'a Mirror,
        options: &'a CandidateOptions<'a, L>,
    ) -> Result<Self, CandidateError> {
        let path = mirror.repository().join(options.folder);
        let opened = source::open(&path)?;
        Ok(Self {
            mirror,
            path,
            opened,
            options,
        })
    }

    fn object(&self) -> impl Fn(crate::git::ObjectError) -> CandidateError {
        let path = self.path.clone();
        move |error| SourceError::object(&path, error, "its history").into()
    }

    fn oid(&self, id: &CommitId) -> Result<Oid, CandidateError> {
        Oid::from_str(id.as_str()).map_err(|source| {
            let path = self.path.clone();
            let action = "read a commit's id";
            CandidateError::Source(SourceError::Git {
                path,
                action,
                source,
            })
        })
    }

    fn relation(
        &self,
        target: &CommitId,
        candidate: &CommitId,
    ) -> Result<Ancestry, CandidateError> {
        Ok(ancestry(&self.path, candidate.as_str(), target.as_str())?)
    }

    fn new_commits(
        &self,
        target: Option<&CommitId>,
        candidate: &CommitId,
    ) -> Result<Option<Vec<Oid>>, CandidateError> {
        let target = target.map(|target| self.oid(target)).transpose()?;
        let candidate = self.oid(candidate)?;
        new_commits(
            &self.opened.repository,
            &self.opened.objects,
            target,
            candidate,
        )
        .map_err(self.object())
    }

    fn signatures(
        &self,
        signers: &Path,
        target: Option<&CommitId>,
        candidate: &CommitId,
        new: &[Oid],
    ) -> Result<Vec<SignedCommit>, CandidateError> {
        // Without the file every signer would be unknown, and the verdict would name the wrong cause.
        std::fs::File::open(signers).map_err(|source| CandidateError::Signers {
            path: signers.to_owned(),
            source,
        })?;
        let repository = self.mirror.repository();
        let path = self.mirror.path_variable();
        let command = command::signatures(&repository, signers, target, candidate, path);
        let report = self.mirror.read(&command, SIGNATURE_DEADLINE);
        let report = report.map_err(|source| CandidateError::Signatures {
            target: target.cloned(),
            candidate: candidate.clone(),
            source,
        })?;
        let expected: Vec<CommitId> = new.iter().map(|id| (*id).into()).collect();
        parse_report(&report, &expected).map_err(|source| CandidateError::SignatureReport {
            candidate: candidate.clone(),
            source,
        })
    }

    /// `signed` is empty, or has the same commits.
    fn summaries(
        &self,
        new: &[Oid],
        signed: &[SignedCommit],
    ) -> Result<Vec<CommitSummary>, CandidateError> {
        let (repository, objects) = (&self.opened.repository, &self.opened.objects);
        let mut signed = signed.iter();
        new.iter()
            .map(|id| {
                let mut summary = summary(repository, objects, *id).map_err(self.object())?;
                if let Some(signed) = signed.next() {
                    summary.signer.clone_from(&signed.signer);
                    let key = signed.key.clone();
                    summary.signer_key = key.filter(|_| signed.signer.is_some());
                }
                Ok(summary)
            })
            .collect()
    }

    fn read(&self, commit: &CommitId) -> Result<Reading, CandidateError> {
        let source = Source::git(&self.path, commit.as_str())?;
        Ok(read(&source, self.options.limits, self.options.cache)?)
    }

    fn steps(
        &self,
        target: &CommitId,
        candidate: &CommitId,
        commits: &[CommitSummary],
    ) -> Result<Vec<AuthoredStep>, CandidateError> {
        let reader = StepReader {
            repository: &self.opened.repository,
            objects: &self.opened.objects,
            prefix: &self.opened.prefix,
            limits: self.options.limits,
        };
        let by_id: BTreeMap<&CommitId, &CommitSummary> =
            commits.iter().map(|commit| (&commit.id, commit)).collect();
        let mut steps = Vec::new();
        for (before, after) in self.first_parent_steps(target, candidate)? {
            // Each step ends in a commit that the target does not contain.
            if let Some(commit) = by_id.get(&CommitId::from(after)) {
                let step = reader.read(before, (*commit).clone(), after);
                steps.push(step.map_err(self.object())?);
            }
        }
        Ok(steps)
    }

    /// Returns the steps to the target within the time for which lanes have limits. They were judged before: only who made
    /// them counts. After a rewritten history there is no way from one to the other, and the limits begin again.
    fn recent_steps(&self, target: &CommitId) -> Result<Vec<AuthoredStep>, CandidateError> {
        let Some(recent) = self.options.recent.filter(|recent| self.mirror.has(recent)) else {
            return Ok(Vec::new());
        };
        if self.relation(recent, target)? != Ancestry::Descends {
            return Ok(Vec::new());
        }
        let Some(commits) = self.new_commits(Some(recent), target)? else {
            return Ok(Vec::new());
        };
        let signed = match self.options.signers {
            Some(signers) => self.signatures(signers, Some(recent), target, &commits)?,
            None => Vec::new(),
        };
        self.steps(recent, target, &self.summaries(&commits, &signed)?)
    }

    fn first_parent_steps(
        &self,
        target: &CommitId,
        candidate: &CommitId,
    ) -> Result<Vec<(Oid, Oid)>, CandidateError> {
        let (repository, objects) = (&self.opened.repository, &self.opened.objects);
        let (target, candidate) = (self.oid(target)?, self.oid(candidate)?);
        first_parent_steps(repository, objects, target, candidate).map_err(self.object())
    }

    /// Judges the candidate's inventory, and the step to it.
    fn inventories(
        &self,
        target: Option<&CommitId>,
        candidate: &CommitId,
        before: &Reading,
        mut after: Reading,
    ) -> Result<Option<Verdict<L>>, CandidateError> {
        if after.has_errors() || after.is_partial {
            return Ok(invalid(after));
        }
        let (old, new) = (&before.inventory, &after.inventory);
        let devices = BeforeAndAfter {
            before: old.devices().count(),
            after: new.devices().count(),
        };
        let subscribers = BeforeAndAfter {
            before: old.subscribers().count(),
            after: new.subscribers().count(),
        };
        let is_loss = devices.is_loss() || subscribers.is_loss();
        if is_loss && !self.options.accepts_smaller_fleet {
            return Ok(Some(Verdict::Incomplete {
                devices,
                subscribers,
            }));
        }
        after.compare_with(old);
        let accepted = |finding: &Finding| {
            let rules = self.options.accepted_rules;
            is_acceptable(finding.rule.id) && rules.iter().any(|rule| rule == finding.rule.id)
        };
        let mut errors = after.findings;
        errors.retain(|finding| finding.severity == Severity::Error && !accepted(finding));
        if let Some(target) = target
            && errors.iter().any(|finding| finding.rule.id == BY_COMMIT)
            && let Some(by_commit) = self.errors_of_steps(target, candidate)?
        {
            let is_of_a_step = |finding: &Finding| by_commit.contains(&finding.message);
            errors.retain(|finding| finding.rule.id != BY_COMMIT || is_of_a_step(finding));
        }
        Ok((!errors.is_empty()).then_some(Verdict::StepInvalid { findings: errors }))
    }

    /// Returns the messages of [`BY_COMMIT`] for each step along first parents; nothing if an inventory on the way has
    /// errors, since it could hide a removal, or if there are too many.
    fn errors_of_steps(
        &self,
        target: &CommitId,
        candidate: &CommitId,
    ) -> Result<Option<BTreeSet<String>>, CandidateError> {
        let steps = self.first_parent_steps(target, candidate)?;
        if steps.len() > MOST_READ_STEPS {
            return Ok(None);
        }
        let mut messages = BTreeSet::new();
        for (before, after) in steps {
            let before = self.read(&before.into())?;
            let mut after = self.read(&after.into())?;
            if [&before, &after]
                .iter()
                .any(|reading| reading.has_errors() || reading.is_partial)
            {
                return Ok(None);
            }
            after.compare_with(&before.inventory);
            let found = after.findings.into_iter();
            let found = found.filter(|finding| finding.rule.id == BY_COMMIT);
            messages.extend(found.map(|finding| finding.message));
        }
        Ok(Some(messages))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_that_is_emptied_or_halved_is_a_loss() {
        for (before, after, is_loss) in [
            (0, 0, false),
            (0, 5, false),
            (1, 0, true),
            (9, 1, false),
            (9, 0, true),
            (10, 5, false),
            (10, 4, true),
            (1_000, 499, true),
            (1_000, 500, false),
            (usize::MAX, usize::MAX, false),
        ] {
            let counts = BeforeAndAfter { before, after };
            assert_eq!(counts.is_loss(), is_loss, "{before} {after}");
        }
    }
}
