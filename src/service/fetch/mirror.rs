//! Fetches the inventory's branch into a bare repository below the state directory.
//!
//! A mirror's folder holds `repository.git`, `lock` (held while the repository changes) and at most one repository that
//! was set aside because it was damaged. Every instance has a mirror of its own.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::child::{ChildLimits, Ended, GitProgram, NotEnded, run};
use super::command::{self, CANDIDATE_REF, GitCommand, INCOMING_REF, TARGET_REF};
use super::commit_id::CommitId;
use super::error::FetchError;
use super::failure::{FailureCause, cause_of, masked};
use super::remote::RemoteSettings;
use super::repository::{BareRepository, create_private};

/// The time limit of a fetch.
pub const FETCH_DEADLINE: Duration = Duration::from_secs(60);

/// The disk space of a mirror, unless a test sets another: four times the largest inventory that is read, with its history.
///
/// git cannot limit the size of a fetch (`receive.maxInputSize` is for pushes), so the folder is measured meanwhile.
const MOST_BYTES: u64 = 1 << 30;

/// Each fetch adds a pack, and git searches all of them for an object. gc merges 50.
const MOST_PACKS: usize = 50;

const REPOSITORY: &str = "repository.git";
const SET_ASIDE: &str = "damaged.git";
const UNFINISHED: &str = "unfinished.git";
const LOCK: &str = "lock";

/// The interval at which a lock of another process is tried again.
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// A copy of the repository that inventories are fetched from.
#[derive(Debug, Clone)]
pub struct Mirror {
    folder: PathBuf,
    git: GitProgram,
    most_bytes: u64,
}

/// A fetched commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The commit that the branch is at.
    pub commit: CommitId,
    /// The disk space of the mirror.
    pub bytes: u64,
    /// The mirror was created by this fetch, or was damaged and replaced: an earlier target may be missing in it.
    pub is_new: bool,
}

impl Mirror {
    /// Opens the mirror in `folder`, or creates it. A damaged one is replaced by the next fetch.
    pub fn open_or_create(folder: &Path, git: GitProgram) -> Result<Self, FetchError> {
        let failed = |error| FetchError::of_file(folder.to_owned(), "create the folder", error);
        // `git` runs in the root folder.
        let absolute = std::path::absolute(folder).map_err(failed)?;
        create_private(&absolute).map_err(failed)?;
        Ok(Self {
            folder: absolute,
            git,
            most_bytes: MOST_BYTES,
        })
    }

    /// Limits the disk space of the mirror.
    #[must_use]
    pub fn with_most_bytes(mut self, most_bytes: u64) -> Self {
        self.most_bytes = most_bytes;
        self
    }

    /// Returns the folder of the bare repository, to read inventories from.
    pub fn repository(&self) -> PathBuf {
        self.folder.join(REPOSITORY)
    }

    /// Returns whether the mirror has a commit with this id that can be read.
    pub fn has(&self, commit: &CommitId) -> bool {
        self.bare().has(commit)
    }

    /// Keeps the objects of the target, also if the branch no longer contains it.
    pub fn keep(&self, target: &CommitId) -> Result<(), FetchError> {
        let _lock = self.lock(Instant::now() + Duration::from_secs(5))?;
        self.point(TARGET_REF, target)
    }

    /// Returns the commit that was kept last.
    pub fn kept(&self) -> Option<CommitId> {
        self.bare().commit_at(TARGET_REF)
    }

    /// Returns the newest commit of the branch, as it was fetched last.
    pub fn newest(&self) -> Option<CommitId> {
        self.bare().commit_at(CANDIDATE_REF)
    }

    /// Fetches the branch. Blocks for at most `deadline`, or until the stop request of the git program.
    ///
    /// *Guarantees*: after an error the candidate's ref is as it was before, and no process that was started is left. Only
    /// objects that `git fsck` accepts get into the mirror. A damaged mirror is set aside and fetched again in the same
    /// call.
    ///
    /// Needs git 2.29, and 2.34 for signatures.
    pub fn fetch(
        &self,
        remote: &RemoteSettings,
        deadline: Duration,
    ) -> Result<Fetched, FetchError> {
        let until = Instant::now() + deadline;
        let _lock = self.lock(until)?;
        let call = Call {
            mirror: self,
            remote,
            deadline,
            until,
        };
        let mut is_new = call.ensure_created()?;
        let before = self.bare().commit_at(CANDIDATE_REF);
        let mut result = call.fetch_once();
        let may_be_damaged = match &result {
            // git does not read older objects again when new ones arrive, and gamctl will.
            Ok(commit) => before.as_ref() != Some(commit),
            Err(error) => may_be_damage(error),
        };
        if !is_new && may_be_damaged && !self.bare().is_sound() {
            self.set_aside()?;
            is_new = call.ensure_created()?;
            result = call.fetch_once();
        }
        let commit = result?;
        call.merge_packs();
        Ok(Fetched {
            commit,
            bytes: self.bare().size(),
            is_new,
        })
    }

    /// Sets the repository aside, because an object that it must have cannot be read. The next fetch makes a new one.
    pub fn replace(&self) -> Result<(), FetchError> {
        let _lock = self.lock(Instant::now() + Duration::from_secs(5))?;
        self.set_aside()
    }

    /// Runs a command that only reads the repository, and returns its output.
    pub(super) fn read(
        &self,
        command: &GitCommand,
        deadline: Duration,
    ) -> Result<Vec<u8>, ReadError> {
        let limits = ChildLimits {
            until: Instant::now() + deadline,
            output_bytes: 64 << 20,
            is_too_large: &|| false,
        };
        let ended = run(&self.git, command, &limits).map_err(ReadError::of)?;
        match ended.status.success() {
            true => Ok(ended.output),
            false => Err(ReadError::Failed(masked(&ended.errors, &[]))),
        }
    }

    pub(super) fn path_variable(&self) -> &std::ffi::OsStr {
        self.git.path.as_ref()
    }

    pub(super) fn point(&self, name: &str, commit: &CommitId) -> Result<(), FetchError> {
        self.bare().point(name, commit).map_err(|error| {
            let source = std::io::Error::other(error);
            FetchError::of_file(self.repository(), "write a ref of", source)
        })
    }

    fn bare(&self) -> BareRepository {
        BareRepository {
            path: self.repository(),
        }
    }

    fn failed(&self, path: &str, action: &'static str) -> impl Fn(std::io::Error) -> FetchError {
        let path = self.folder.join(path);
        move |error| FetchError::of_file(path.clone(), action, error)
    }

    /// Holds the lock until the file is dropped; the kernel releases the lock of a killed process.
    pub(super) fn lock(&self, until: Instant) -> Result<File, FetchError> {
        let mut options = File::options();
        options.create(true).append(true).mode(0o600);
        let failed = self.failed(LOCK, "lock the file");
        let file = options.open(self.folder.join(LOCK)).map_err(&failed)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock)
                    if Instant::now() < until && !self.git.stop.is_stopped() =>
                {
                    std::thread::sleep(LOCK_RETRY);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(FetchError::Busy {
                        mirror: self.folder.clone(),
                    });
                }
            }
        }
    }

    fn set_aside(&self) -> Result<(), FetchError> {
        // One is kept for a person to look at; more would fill the disk.
        remove(&self.folder.join(SET_ASIDE)).map_err(self.failed(SET_ASIDE, "remove"))?;
        if !self.bare().exists() {
            return Ok(());
        }
        fs::rename(self.repository(), self.folder.join(SET_ASIDE))
            .map_err(self.failed(REPOSITORY, "set aside"))
    }
}

/// Why a command that only reads failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("`git` is not installed, or not in PATH; install it")]
    GitNotInstalled,
    #[error("reading the mirror took too long and was stopped")]
    TimedOut,
    #[error("reading the mirror was stopped because gamctl is stopping")]
    Stopped,
    #[error("git printed more than gamctl reads")]
    TooMuchOutput,
    #[error("cannot read the mirror: git answered `{0}`")]
    Failed(String),
}

impl ReadError {
    fn of(error: NotEnded) -> Self {
        match error {
            NotEnded::NotInstalled => Self::GitNotInstalled,
            NotEnded::TimedOut => Self::TimedOut,
            NotEnded::Stopped => Self::Stopped,
            NotEnded::TooMuchOutput | NotEnded::TooLarge => Self::TooMuchOutput,
            NotEnded::NotStarted(error) => Self::Failed(error.to_string()),
        }
    }
}

/// Returns whether a damaged mirror could be the cause.
fn may_be_damage(error: &FetchError) -> bool {
    matches!(
        error,
        FetchError::CorruptObjects { .. }
            | FetchError::NoSuchRepository { .. }
            | FetchError::Unreachable { .. }
            | FetchError::Other { .. }
    )
}

/// One call of [`Mirror::fetch`], with the lock held.
pub(super) struct Call<'a> {
    pub(super) mirror: &'a Mirror,
    pub(super) remote: &'a RemoteSettings,
    pub(super) deadline: Duration,
    pub(super) until: Instant,
}

impl Call<'_> {
    /// Creates the repository if there is none, or if it is not as gamctl created it; returns whether it is new.
    fn ensure_created(&self) -> Result<bool, FetchError> {
        let mirror = self.mirror;
        let unfinished = mirror.folder.join(UNFINISHED);
        remove(&unfinished).map_err(mirror.failed(UNFINISHED, "remove"))?;
        let bare = mirror.bare();
        if bare.exists() && bare.is_as_created() {
            bare.remove_remains();
            return Ok(false);
        }
        mirror.set_aside()?;
        let command = command::init(&unfinished, mirror.path_variable());
        let ended = self.run(&command)?;
        if !ended.status.success() {
            return Err(self.failure(&ended));
        }
        let new = BareRepository { path: unfinished };
        new.write_config()
            .map_err(mirror.failed(UNFINISHED, "write the configuration of"))?;
        // Either there is no repository or a complete one.
        fs::rename(&new.path, &bare.path).map_err(mirror.failed(UNFINISHED, "rename"))?;
        Ok(true)
    }

    fn fetch_once(&self) -> Result<CommitId, FetchError> {
        if let Some(path) = self.remote.url.local_path()
            && !path.is_dir()
        {
            // git would read a file as a bundle.
            return Err(FetchError::NoSuchRepository {
                url: self.url(),
                said: "not a folder".to_owned(),
            });
        }
        let mirror = self.mirror;
        let bare = mirror.bare();
        let command = command::fetch(self.remote, &bare.path, mirror.path_variable())?;
        let failed = mirror.failed(REPOSITORY, "remove a ref of");
        bare.remove_incoming().map_err(failed)?;
        let result = self.run(&command);
        // What did not arrive as a whole would count as space in use.
        bare.remove_remains();
        let ended = result?;
        if !ended.status.success() {
            return Err(self.failure(&ended));
        }
        if bare.size() > mirror.most_bytes {
            return Err(self.too_large());
        }
        let commit = bare.commit_at(INCOMING_REF);
        let commit = commit.ok_or_else(|| self.failure(&ended))?;
        mirror.point(CANDIDATE_REF, &commit)?;
        Ok(commit)
    }

    /// Merges the packs of many fetches. A failure only delays it.
    fn merge_packs(&self) {
        if self.mirror.bare().pack_count() > MOST_PACKS {
            let mirror = self.mirror;
            let command = command::repack(&mirror.repository(), mirror.path_variable());
            drop(self.run(&command));
            mirror.bare().remove_remains();
        }
    }

    pub(super) fn run(&self, command: &GitCommand) -> Result<Ended, FetchError> {
        let mirror = self.mirror;
        let is_too_large = || mirror.bare().size() > mirror.most_bytes;
        let limits = ChildLimits {
            until: self.until,
            output_bytes: 1 << 20,
            is_too_large: &is_too_large,
        };
        run(&mirror.git, command, &limits).map_err(|error| match error {
            NotEnded::NotInstalled => FetchError::GitNotInstalled,
            NotEnded::TimedOut => FetchError::TimedOut {
                url: self.url(),
                deadline: self.deadline,
            },
            NotEnded::Stopped => FetchError::Stopped { url: self.url() },
            NotEnded::TooLarge => self.too_large(),
            NotEnded::TooMuchOutput => FetchError::Other {
                url: self.url(),
                said: "more output than gamctl reads".to_owned(),
            },
            NotEnded::NotStarted(error) => {
                FetchError::of_file(mirror.git.program.clone(), "run", error)
            }
        })
    }

    pub(super) fn failure(&self, ended: &Ended) -> FetchError {
        let login = self.remote.login.as_ref();
        let password = login.and_then(|login| std::str::from_utf8(login.password.reveal()).ok());
        let said = masked(&ended.errors, password.as_slice());
        let cause = match ended.status.code() {
            Some(_) => cause_of(&String::from_utf8_lossy(&ended.errors)),
            // Killed by the system, which is most often short of memory.
            None => FailureCause::Other,
        };
        let (url, branch) = (self.url(), self.remote.branch.as_str());
        FetchError::of(cause, url, branch, said, self.mirror.folder.clone())
    }

    fn too_large(&self) -> FetchError {
        FetchError::TooLarge {
            url: self.url(),
            mirror: self.mirror.folder.clone(),
            limit: self.mirror.most_bytes,
        }
    }

    fn url(&self) -> String {
        self.remote.url.to_string()
    }
}

/// Removes a folder with all that is in it, if it is there.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
