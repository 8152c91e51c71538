//! Notices changes of the refs of a repository on this host, so that a commit is fetched at once.
//!
//! An event only triggers a fetch and is not used otherwise. Where events are missing (another system than Linux, a
//! network file system, a folder that was replaced), the timer of the fetch remains.

use std::io;
use std::path::{Path, PathBuf};

use super::remote::BranchName;

/// Why the refs cannot be watched. The timer remains.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("{} is not a git repository", .0.display())]
    NotARepository(PathBuf),
    #[error("cannot watch {}", .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("this system cannot watch files; changes are noticed at the next fetch")]
    NotSupported,
}

/// The folders that change when a branch moves, parents first.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "only Linux watches")
)]
struct RefFolders {
    /// Refs that were packed are in a file here.
    git_dir: PathBuf,
    refs: Vec<PathBuf>,
}

impl RefFolders {
    fn of(repository: &Path, branch: &BranchName) -> Result<Self, WatchError> {
        let opened = git2::Repository::open(repository)
            .map_err(|_| WatchError::NotARepository(repository.to_owned()))?;
        let git_dir = opened.commondir().to_owned();
        let mut at = git_dir.join("refs/heads");
        let mut refs = vec![at.clone()];
        let folders = branch
            .as_str()
            .rsplit_once('/')
            .map_or("", |(folders, _)| folders);
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            at.push(part);
            refs.push(at.clone());
        }
        Ok(Self { git_dir, refs })
    }
}

#[cfg(target_os = "linux")]
pub use linux::RefWatch;
#[cfg(not(target_os = "linux"))]
pub use other::RefWatch;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::inotify::{
        CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch,
    };

    use super::{RefFolders, WatchError};
    use crate::service::fetch::remote::BranchName;

    /// A watch of the refs of a local repository. Dropping it ends the watch.
    #[derive(Debug)]
    pub struct RefWatch {
        inotify: Arc<OwnedFd>,
        state: Arc<State>,
        /// The watch of the git folder: removing it wakes the thread.
        first: i32,
    }

    #[derive(Debug, Default)]
    struct State {
        is_over: AtomicBool,
        is_lost: AtomicBool,
    }

    impl RefWatch {
        /// Calls `trigger` after each change of the refs, from a thread of its own, and once when the watch is lost.
        pub fn start(
            repository: &Path,
            branch: &BranchName,
            trigger: impl Fn() + Send + 'static,
        ) -> Result<Self, WatchError> {
            let folders = RefFolders::of(repository, branch)?;
            let failed = |source: io::Error| WatchError::Folder {
                path: folders.git_dir.clone(),
                source,
            };
            let inotify =
                Arc::new(init(CreateFlags::CLOEXEC).map_err(|error| failed(error.into()))?);
            let first = folders.add(&inotify).map_err(failed)?;
            let state = Arc::new(State::default());
            let watch = Self {
                inotify: Arc::clone(&inotify),
                state: Arc::clone(&state),
                first,
            };
            std::thread::spawn(move || {
                let ended = folders.follow(&inotify, first, &state, &trigger);
                state.is_lost.store(true, Ordering::Release);
                if ended.is_err() || !state.is_over.load(Ordering::Acquire) {
                    trigger();
                }
            });
            Ok(watch)
        }

        /// Returns whether no more changes are noticed, because a folder is gone or the system refused. Start another
        /// watch at the next timer.
        pub fn is_lost(&self) -> bool {
            self.state.is_lost.load(Ordering::Acquire)
        }
    }

    impl Drop for RefWatch {
        fn drop(&mut self) {
            self.state.is_over.store(true, Ordering::Release);
            // An error means that the watch is lost already, and the thread has ended.
            let _gone = remove_watch(&self.inotify, self.first);
        }
    }

    impl RefFolders {
        /// Watches the folders, as far as they exist: that of a branch `a/b` may be made later. Returns the watch of the
        /// git folder.
        fn add(&self, inotify: &OwnedFd) -> io::Result<i32> {
            let flags = WatchFlags::CREATE
                | WatchFlags::MOVED_TO
                | WatchFlags::CLOSE_WRITE
                | WatchFlags::DELETE
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
            let first = add_watch(inotify, &self.git_dir, flags)?;
            for (index, folder) in self.refs.iter().enumerate() {
                match add_watch(inotify, folder, flags) {
                    Ok(_) => {}
                    Err(rustix::io::Errno::NOENT) if index > 0 => break,
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(first)
        }

        /// Returns when the watch is over or lost.
        fn follow(
            &self,
            inotify: &OwnedFd,
            first: i32,
            state: &State,
            trigger: &impl Fn(),
        ) -> io::Result<()> {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(inotify, &mut buffer);
            loop {
                let event = match reader.next() {
                    Ok(event) => event,
                    Err(rustix::io::Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                };
                if state.is_over.load(Ordering::Acquire) {
                    return Ok(());
                }
                let name = event.file_name().map(std::ffi::CStr::to_bytes);
                let is_git_dir = event.wd() == first;
                let is_moved = event
                    .events()
                    .intersects(ReadFlags::MOVE_SELF | ReadFlags::DELETE_SELF);
                if is_moved && is_git_dir {
                    return Ok(());
                }
                if matters(name, is_git_dir) || event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                    // A folder of refs may be new. Adding a watch twice changes nothing.
                    self.add(inotify)?;
                    trigger();
                }
            }
        }
    }

    /// Returns whether an event on a file is about refs. git writes each file as `NAME.lock` first.
    fn matters(name: Option<&[u8]>, is_git_dir: bool) -> bool {
        match name {
            Some(name) if is_git_dir => name == b"packed-refs",
            Some(name) => !name.ends_with(b".lock"),
            // The folder itself.
            None => true,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::path::Path;

    use super::{RefFolders, WatchError};
    use crate::service::fetch::remote::BranchName;

    /// A watch of the refs of a local repository; this system has none.
    #[derive(Debug)]
    pub struct RefWatch(());

    impl RefWatch {
        pub fn start(
            repository: &Path,
            branch: &BranchName,
            _trigger: impl Fn() + Send + 'static,
        ) -> Result<Self, WatchError> {
            RefFolders::of(repository, branch)?;
            Err(WatchError::NotSupported)
        }

        pub fn is_lost(&self) -> bool {
            true
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn branch(name: &str) -> BranchName {
        BranchName::parse(name).unwrap()
    }

    #[test]
    fn a_moved_branch_and_a_lost_folder_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.git");
        git2::Repository::init_bare(&path).unwrap();
        let (sender, receiver) = channel();
        let watch = RefWatch::start(&path, &branch("a/b"), move || {
            sender.send(()).unwrap_or_default();
        })
        .unwrap();
        fs::create_dir(path.join("refs/heads/a")).unwrap();
        receiver.recv_timeout(PATIENCE).unwrap();
        while receiver.try_recv().is_ok() {}
        fs::write(path.join("packed-refs.lock"), "").unwrap();
        fs::rename(path.join("packed-refs.lock"), path.join("packed-refs")).unwrap();
        receiver.recv_timeout(PATIENCE).unwrap();
        assert!(!watch.is_lost());
        fs::rename(&path, folder.path().join("y.git")).unwrap();
        // The sender is gone with the thread.
        while receiver.recv_timeout(PATIENCE).is_ok() {}
        assert!(watch.is_lost());
    }

    #[test]
    fn a_dropped_watch_ends_its_thread_without_a_trigger() {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init(folder.path()).unwrap();
        let (sender, receiver) = channel();
        let watch = RefWatch::start(folder.path(), &branch("main"), move || {
            sender.send(()).unwrap_or_default();
        });
        drop(watch.unwrap());
        let ended = receiver.recv_timeout(PATIENCE);
        assert_eq!(ended, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
    }

    #[test]
    fn a_folder_without_a_repository_cannot_be_watched() {
        let folder = tempfile::tempdir().unwrap();
        let watch = RefWatch::start(folder.path(), &branch("main"), || {});
        assert!(matches!(watch, Err(WatchError::NotARepository(_))));
    }
}
