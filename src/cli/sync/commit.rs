//! Makes the commit of a sync: in the name of its lane, or of a person on a branch of their own.

use anyhow::Context;

use crate::authoring::commit::current_branch;
use crate::authoring::{Authorship, Base};
use crate::cli::clock;
use crate::cli::commit_target::{People, named_branch};
use crate::cli::invocation::Selected;
use crate::inventory::Lane;
use crate::reconcile::sync::lane_authorship;
use crate::sync::CommitText;

/// The trailer that marks a commit of the lane.
const LANE: &str = "Gamctl-Lane";

/// The people of a commit.
pub(super) enum Committer {
    /// Nothing is committed.
    None,
    Lane,
    Person(People),
}

/// The target of a commit of the sync, as the arguments name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommitGoal<'a> {
    pub(super) commits: bool,
    /// In a person's name; absent: in the lane, to the branch that the sync builds on.
    pub(super) branch: Option<&'a str>,
    pub(super) author: Option<&'a str>,
    pub(super) revision: Option<&'a str>,
}

/// Returns the inventory that the sync builds on, and the people of the commit.
pub(super) fn base(
    goal: CommitGoal<'_>,
    selected: &Selected<'_>,
) -> anyhow::Result<(Base, Committer)> {
    if !goal.commits {
        let reading = selected.read(goal.revision)?;
        return Ok((Base::folder(&selected.folder, reading), Committer::None));
    }
    if let Some(branch) = goal.branch {
        let (base, people) = named_branch(selected, branch, goal.author)?;
        return Ok((base, Committer::Person(people)));
    }
    Ok((lane_base(selected)?, Committer::Lane))
}

/// Returns the inventory at the branch that the lane of the sync commits to.
pub(super) fn lane_base(selected: &Selected<'_>) -> anyhow::Result<Base> {
    let branch = match &selected.settings.branch {
        Some(branch) => branch.clone(),
        None => current_branch(&selected.folder)?,
    };
    Ok(Base::branch(&selected.folder, &branch)?)
}

impl Committer {
    /// Returns author, time, message and trailers of the commit.
    pub(super) fn authorship(
        self,
        text: CommitText,
        command: &str,
        lane: Option<&Lane>,
    ) -> anyhow::Result<Option<Authorship>> {
        let CommitText { message, trailers } = text;
        Ok(match self {
            Self::None => None,
            Self::Lane => {
                let text = CommitText { message, trailers };
                let authorship = lane_authorship(lane, text, clock::seconds());
                Some(authorship.context(
                    "the policy has no lane for the sync, so it makes no commit; add `[lane.billing]` with `authors` to policy.toml, or commit in your own name with `--branch`",
                )?)
            }
            // A person may change everything, so the commit is not in the lane.
            Self::Person(people) => Some(Authorship {
                trailers: trailers
                    .into_iter()
                    .filter(|(key, _)| key != LANE)
                    .collect(),
                ..people.authorship(message, command)
            }),
        })
    }
}
