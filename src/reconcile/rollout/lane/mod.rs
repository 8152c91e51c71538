//! Checks that a commit changes only what the lane of its author allows.
//!
//! The author of a commit is text that its writer chose: a person who may push can write another name. A lane by `authors`
//! alone therefore protects against mistakes, not against a person who wants to leave it. With `[git] signers`, every commit is
//! signed by a key on the list, and a lane by `signers` is firm: another author line does not lead out of it.

mod permission;
#[cfg(test)]
mod tests;

pub use permission::{ChangedKey, InventoryChange, Permission, PermissionError};

use globset::GlobMatcher;

use super::budget::LaneLimits;
use crate::inventory::{ScopeError, pattern};

/// The reason that a lane is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    #[error(transparent)]
    Permission(#[from] PermissionError),
    #[error("lane `{0}` has neither `authors` nor `signers`, so no commit is in it")]
    NoMembers(String),
    #[error(transparent)]
    Pattern(#[from] ScopeError),
}

/// One `[lane.*]` of `policy.toml`.
#[derive(Debug, Clone)]
pub struct Lane {
    name: String,
    authors: Vec<GlobMatcher>,
    signers: Vec<String>,
    may: Vec<Permission>,
    limits: LaneLimits,
}

impl Lane {
    /// Makes a lane from patterns for the e-mail addresses of authors, in which upper and lower case letters are the same,
    /// and from signers exactly as git reports them, such as the fingerprints of their keys.
    ///
    /// # Errors
    ///
    /// `LaneError` if no commit can be in it, or a pattern or permission is invalid.
    pub fn new(
        name: &str,
        authors: &[String],
        signers: &[String],
        may: &[String],
        limits: LaneLimits,
    ) -> Result<Self, LaneError> {
        if authors.is_empty() && signers.is_empty() {
            return Err(LaneError::NoMembers(name.to_owned()));
        }
        let authors = authors.iter().map(|author| pattern(&author.to_lowercase()));
        Ok(Self {
            name: name.to_owned(),
            authors: authors.collect::<Result<_, _>>()?,
            signers: signers.to_vec(),
            may: may
                .iter()
                .map(|word| Permission::parse(word))
                .collect::<Result<_, _>>()?,
            limits,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn limits(&self) -> &LaneLimits {
        &self.limits
    }

    fn has_author(&self, commit: &CommitIdentity) -> bool {
        let author = commit.author.to_lowercase();
        self.authors.iter().any(|pattern| pattern.is_match(&author))
    }

    fn has_signer(&self, commit: &CommitIdentity) -> bool {
        let signer = commit.signer.as_ref();
        signer.is_some_and(|signer| self.signers.contains(signer))
    }
}

/// The people of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitIdentity {
    /// The e-mail address of the author.
    pub author: String,
    /// The listed signer of a good signature; `None` if it is unsigned or the signature is not good.
    pub signer: Option<String>,
}

/// The changes that authors in no lane may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherAuthors {
    #[default]
    Everything,
    Nothing,
}

/// The lanes of a policy.
#[derive(Debug, Clone, Default)]
pub struct Lanes {
    pub lanes: Vec<Lane>,
    pub others: OtherAuthors,
}

/// The result of the check of a commit that stays within its lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithinLane {
    /// The lane whose budget the commit uses: the first by name that its author is in; left out for an author in no lane.
    pub lane: Option<String>,
}

/// The changes of a commit that its lane does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct OutsideLane {
    pub author: String,
    /// The lanes of the commit; none if its author is in no lane and `others` are denied everything.
    pub lanes: Vec<String>,
    /// In the order of the changes.
    pub outside: Vec<ChangedKey>,
}

/// Changes that a sentence names; the caller has all of them.
const NAMED: usize = 3;

impl OutsideLane {
    fn sentence(&self) -> String {
        let Self {
            author,
            lanes,
            outside,
        } = self;
        let named: Vec<String> = outside
            .iter()
            .take(NAMED)
            .map(ToString::to_string)
            .collect();
        let more = match outside.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = named.join(", ");
        match lanes.join("` and `") {
            lanes if lanes.is_empty() => {
                format!("{author} is in no lane and may change nothing: {named}{more}")
            }
            lanes => format!("{author} may not change this in lane `{lanes}`: {named}{more}"),
        }
    }
}

impl Lanes {
    /// Returns the lanes of a commit, by name. The lanes of its signer come before those of its author: if the signer is in
    /// a lane, the author line does not lead to another one.
    fn of(&self, commit: &CommitIdentity) -> Vec<&Lane> {
        let by_signer: Vec<&Lane> = self
            .lanes
            .iter()
            .filter(|lane| lane.has_signer(commit))
            .collect();
        let mut lanes = match by_signer.is_empty() {
            false => by_signer,
            true => self
                .lanes
                .iter()
                .filter(|lane| lane.has_author(commit))
                .collect(),
        };
        lanes.sort_by(|left, right| left.name.cmp(&right.name));
        lanes
    }

    /// Checks the changes of one commit. An author in several lanes may change what any of them allows.
    ///
    /// # Errors
    ///
    /// `OutsideLane` with every change that no lane of the commit allows.
    pub fn check(
        &self,
        commit: &CommitIdentity,
        changes: &[ChangedKey],
    ) -> Result<WithinLane, OutsideLane> {
        let lanes = self.of(commit);
        let is_free = lanes.is_empty() && self.others == OtherAuthors::Everything;
        let is_allowed = |change: &ChangedKey| {
            let mut permissions = lanes.iter().flat_map(|lane| &lane.may);
            permissions.any(|permission| permission.allows(change))
        };
        let outside = changes
            .iter()
            .filter(|change| !is_free && !is_allowed(change));
        let outside: Vec<ChangedKey> = outside.cloned().collect();
        match outside.is_empty() {
            true => Ok(WithinLane {
                lane: lanes.first().map(|lane| lane.name.clone()),
            }),
            false => Err(OutsideLane {
                author: commit.author.clone(),
                lanes: lanes.iter().map(|lane| lane.name.clone()).collect(),
                outside,
            }),
        }
    }
}
