//! Makes the commit of a sync: in the mirror and with a push, or in the repository of this host that has a work tree.

use std::path::PathBuf;

use crate::authoring::commit::CommitError;
use crate::authoring::{Authorship, Base, CarryOutError, Written};
use crate::crash;
use crate::reconcile::sync::{CommitFailure, PreparedSync};
use crate::service::fetch::{
    CommitId, FetchError, Mirror, PUSH_DEADLINE, PushError, RemoteSettings,
};

/// The way of a commit to the branch.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    mirror: &'a Mirror,
    remote: &'a RemoteSettings,
    /// The repository of this host. Its work tree comes along, which a push would refuse.
    work_tree: Option<PathBuf>,
}

/// The reason that there is no base, or no commit.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutgoingError {
    #[error(transparent)]
    Mirror(#[from] FetchError),
    #[error("cannot read the inventory of the branch")]
    Base(#[source] CommitError),
    #[error("cannot make the commit")]
    Commit(#[from] CarryOutError),
    #[error(transparent)]
    Push(#[from] PushError),
    #[error("the branch has another commit by now")]
    Moved,
    #[error("the commit has no id; report this, it is a fault of gamctl")]
    NoCommit,
}

impl CommitFailure for OutgoingError {
    fn is_certain(&self) -> bool {
        match self {
            Self::Commit(error) => error.is_certain(),
            Self::Push(error) => error.is_certain(),
            Self::Mirror(_) | Self::Base(_) | Self::Moved | Self::NoCommit => true,
        }
    }

    fn has_moved(&self) -> bool {
        match self {
            Self::Moved | Self::Push(PushError::Moved) => true,
            Self::Commit(error) => error.has_moved(),
            Self::Mirror(_) | Self::Base(_) | Self::Push(_) | Self::NoCommit => false,
        }
    }
}

impl<'a> Outgoing<'a> {
    pub(super) fn of(mirror: &'a Mirror, remote: &'a RemoteSettings) -> Self {
        let path = remote.url.local_path();
        Self {
            mirror,
            remote,
            work_tree: path.filter(|path| path.join(".git").symlink_metadata().is_ok()),
        }
    }

    /// Reads the inventory at the tip of the branch, for a commit on it.
    pub(super) fn base(&self, tip: &CommitId) -> Result<Base, OutgoingError> {
        let folder = &self.remote.folder;
        let base = match &self.work_tree {
            Some(path) => Base::branch(&path.join(folder), self.remote.branch.as_str()),
            None => {
                let (repository, branch) = self.mirror.begin_outgoing(tip)?;
                Base::branch(&repository.join(folder), branch)
            }
        };
        let base = base.map_err(OutgoingError::Base)?;
        match base.reading.inventory.commit() == Some(tip.as_str()) {
            true => Ok(base),
            false => Err(OutgoingError::Moved),
        }
    }

    /// Makes the commit, and returns its id once the branch has it.
    pub(super) fn commit(
        &self,
        prepared: &mut PreparedSync<'_>,
        authorship: Authorship,
    ) -> Result<String, OutgoingError> {
        let Written::Commit { id, .. } = prepared.commit(Some(authorship))? else {
            return Err(OutgoingError::NoCommit);
        };
        crash::point("sync-committed");
        if self.work_tree.is_none() {
            let commit = CommitId::parse(id.as_str()).ok_or(OutgoingError::NoCommit)?;
            self.mirror.push(self.remote, &commit, PUSH_DEADLINE)?;
        }
        Ok(id.to_string())
    }
}
