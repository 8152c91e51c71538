//! Whether one commit came after another: what was applied must be in the past of what is applied next.

use std::path::Path;

use git2::{ErrorCode, Oid};

use super::{SourceError, repository};

/// How a commit stands to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ancestry {
    Same,
    /// The earlier one is in its history.
    Descends,
    /// It is in the history of the earlier one: somebody went back.
    Precedes,
    /// Each has commits that the other has not: history was rewritten, or these are two branches.
    Apart,
    /// The repository does not have the earlier one: history was rewritten and cleaned up, or cut off.
    Unknown,
}

/// Returns how `commit` stands to `earlier` in the repository of `path`.
///
/// # Errors
///
/// Fails when the repository cannot be read, or does not have `commit`.
pub fn ancestry(path: &Path, commit: &str, earlier: &str) -> Result<Ancestry, SourceError> {
    let repository = repository::open(path)?.repository;
    let failed = |source| SourceError::Git {
        path: path.to_owned(),
        action: "follow its history",
        source,
    };
    let now = Oid::from_str(commit).map_err(failed)?;
    repository.find_commit(now).map_err(failed)?;
    let Ok(before) = Oid::from_str(earlier) else {
        return Ok(Ancestry::Unknown);
    };
    match repository.find_commit(before) {
        Ok(_) => {}
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(Ancestry::Unknown),
        Err(error) => return Err(failed(error)),
    }
    if now == before {
        return Ok(Ancestry::Same);
    }
    if repository
        .graph_descendant_of(now, before)
        .map_err(failed)?
    {
        return Ok(Ancestry::Descends);
    }
    let is_before = repository
        .graph_descendant_of(before, now)
        .map_err(failed)?;
    Ok(if is_before {
        Ancestry::Precedes
    } else {
        Ancestry::Apart
    })
}
