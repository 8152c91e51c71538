//! Notices changes of the refs of a repository on this host, so that a commit is fetched at once.
//!
//! An event only triggers a fetch and is not used otherwise. Where events are missing (a network file system, a folder
//! that was replaced), the timer of the fetch remains.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::remote::BranchName;

/// Why the refs cannot be watched. The timer remains.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("{} is not a git repository", .0.display())]
    NotARepository(PathBuf),
    #[error("cannot watch {}", .path.display())]
    Folder {
        path: PathBuf,
        source: notify::Error,
    },
}

/// The folders that change when a branch moves.
#[derive(Debug)]
struct RefFolders {
    /// Refs that were packed are in a file here.
    git_dir: PathBuf,
    /// Parents first.
    refs: Vec<PathBuf>,
}

/// What an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Nothing,
    /// A ref may have changed.
    Changed,
    /// The repository is gone or has another name.
    Gone,
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

    /// Watches the folders, as far as they exist: that of a branch `a/b` may be made later. Watching one twice changes
    /// nothing.
    fn add(&self, watcher: &mut RecommendedWatcher) -> Result<(), WatchError> {
        for (index, folder) in std::iter::once(&self.git_dir).chain(&self.refs).enumerate() {
            // The git folder and `refs/heads` are always there. A file in place of another folder is a branch.
            if index > 1 && !folder.is_dir() {
                break;
            }
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(|source| WatchError::Folder {
                    path: folder.clone(),
                    source,
                })?;
        }
        Ok(())
    }

    fn meaning(&self, event: &Event) -> Meaning {
        // Some were lost, and any of them may have mattered.
        if event.need_rescan() {
            return Meaning::Changed;
        }
        if !is_a_change(event.kind) {
            return Meaning::Nothing;
        }
        let is_gone = matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        );
        let paths = &event.paths;
        if is_gone && paths.contains(&self.git_dir) {
            return Meaning::Gone;
        }
        match paths.iter().any(|path| self.is_of_a_ref(path)) {
            true => Meaning::Changed,
            false => Meaning::Nothing,
        }
    }

    fn is_of_a_ref(&self, path: &Path) -> bool {
        if path.parent() == Some(self.git_dir.as_path()) {
            return path.ends_with("packed-refs");
        }
        // git writes each ref as `NAME.lock` first.
        *path != self.git_dir && path.extension().is_none_or(|extension| extension != "lock")
    }
}

/// Returns whether an event is more than reading: a fetch itself reads the refs, and must not trigger the next one.
fn is_a_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

/// A watch of the refs of a local repository. Dropping it ends the watch.
#[derive(Debug)]
pub struct RefWatch {
    /// Owned here; the thread has it only for as long as it adds folders.
    _watcher: Arc<Mutex<RecommendedWatcher>>,
    git_dir: PathBuf,
    /// The device and number of the git folder when the watch began.
    identity: Option<(u64, u64)>,
    is_lost: Arc<AtomicBool>,
}

impl RefWatch {
    /// Calls `trigger` after changes of the refs, from a thread of its own, and once when the watch is lost. Changes
    /// during a call lead to one more.
    pub fn start(
        repository: &Path,
        branch: &BranchName,
        trigger: impl Fn() + Send + 'static,
    ) -> Result<Self, WatchError> {
        let folders = Arc::new(RefFolders::of(repository, branch)?);
        let git_dir = folders.git_dir.clone();
        let failed = |source| WatchError::Folder {
            path: git_dir.clone(),
            source,
        };
        let is_lost = Arc::new(AtomicBool::new(false));
        // One place: whatever happens before it is taken is noticed by the same call.
        let (changed, changes) = sync_channel(1);
        let (seen, lost) = (folders.clone(), is_lost.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let meaning = match event {
                Ok(event) => seen.meaning(&event),
                Err(_) => Meaning::Gone,
            };
            if meaning == Meaning::Gone {
                lost.store(true, Ordering::Release);
            }
            if meaning != Meaning::Nothing {
                // A full channel has the news already, and a closed one has no reader.
                let _merged = changed.try_send(());
            }
        })
        .map_err(failed)?;
        let identity = identity(&git_dir);
        folders.add(&mut watcher)?;
        let watcher = Arc::new(Mutex::new(watcher));
        let watch = Self {
            _watcher: watcher.clone(),
            git_dir,
            identity,
            is_lost: is_lost.clone(),
        };
        let follower = Follower {
            folders,
            watcher: Arc::downgrade(&watcher),
            is_lost,
        };
        std::thread::spawn(move || follower.follow(&changes, &trigger));
        Ok(watch)
    }

    /// Returns whether no more changes are noticed, because a folder is gone, was replaced, or the system refused. Start
    /// another watch at the next timer.
    pub fn is_lost(&self) -> bool {
        // A folder that was unmounted, or whose parent was renamed, sends no event.
        self.is_lost.load(Ordering::Acquire) || identity(&self.git_dir) != self.identity
    }
}

fn identity(folder: &Path) -> Option<(u64, u64)> {
    let facts = fs::metadata(folder).ok()?;
    Some((facts.dev(), facts.ino()))
}

/// What the thread of a watch works with. A folder can be added only from outside of the watcher's own thread.
struct Follower {
    folders: Arc<RefFolders>,
    watcher: Weak<Mutex<RecommendedWatcher>>,
    is_lost: Arc<AtomicBool>,
}

impl Follower {
    /// Returns when the watch is over or lost.
    fn follow(&self, changes: &Receiver<()>, trigger: &impl Fn()) {
        while changes.recv().is_ok() {
            let Some(watcher) = self.watcher.upgrade() else {
                return;
            };
            // A folder of refs may be new. It is watched before the trigger: a ref that is written meanwhile is fetched.
            let added = self
                .folders
                .add(&mut watcher.lock().unwrap_or_else(PoisonError::into_inner));
            drop(watcher);
            if added.is_err() {
                self.is_lost.store(true, Ordering::Release);
            }
            // Before the trigger: what is lost during it has a call of its own.
            let is_lost = self.is_lost.load(Ordering::Acquire);
            trigger();
            if is_lost {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn branch(name: &str) -> BranchName {
        BranchName::parse(name).unwrap()
    }

    /// Starts a watch whose triggers arrive in a channel.
    fn watched(path: &Path, name: &str) -> (RefWatch, Receiver<()>) {
        let (sender, receiver) = channel();
        let watch = RefWatch::start(path, &branch(name), sending(sender)).unwrap();
        (watch, receiver)
    }

    fn sending(sender: Sender<()>) -> impl Fn() + Send + 'static {
        move || sender.send(()).unwrap_or_default()
    }

    /// Writes a ref as git does.
    fn write_ref(folder: &Path, name: &str) {
        let lock = folder.join(format!("{name}.lock"));
        fs::write(&lock, "").unwrap();
        fs::rename(lock, folder.join(name)).unwrap();
    }

    #[test]
    fn a_moved_branch_and_a_lost_folder_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.git");
        git2::Repository::init_bare(&path).unwrap();
        let (watch, receiver) = watched(&path, "a/b");
        fs::create_dir(path.join("refs/heads/a")).unwrap();
        receiver.recv_timeout(PATIENCE).unwrap();
        while receiver.try_recv().is_ok() {}
        write_ref(&path, "packed-refs");
        receiver.recv_timeout(PATIENCE).unwrap();
        assert!(!watch.is_lost());
        fs::rename(&path, folder.path().join("y.git")).unwrap();
        // The sender is gone with the thread.
        while receiver.recv_timeout(PATIENCE).is_ok() {}
        assert!(watch.is_lost());
    }

    #[test]
    fn a_ref_in_a_folder_that_was_made_later_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(folder.path()).unwrap();
        let heads = folder.path().join("refs/heads");
        let seen = heads.join("a/b");
        let (sender, receiver) = channel();
        let _watch = RefWatch::start(folder.path(), &branch("a/b"), move || {
            sender.send(seen.exists()).unwrap_or_default();
        })
        .unwrap();
        // Removed and made again: the second folder is another one.
        fs::create_dir(heads.join("a")).unwrap();
        fs::remove_dir(heads.join("a")).unwrap();
        fs::create_dir(heads.join("a")).unwrap();
        receiver.recv_timeout(PATIENCE).unwrap();
        write_ref(&heads.join("a"), "b");
        while !receiver.recv_timeout(PATIENCE).unwrap() {}
    }

    #[test]
    fn a_branch_is_noticed_from_a_linked_work_tree_and_through_a_linked_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main");
        let repository = git2::Repository::init(&path).unwrap();
        let at = git2::Time::new(1_700_000_000, 0);
        let author = git2::Signature::new("A", "a@example.org", &at).unwrap();
        let tree = repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap());
        let commit = repository.commit(Some("HEAD"), &author, &author, "x", &tree.unwrap(), &[]);
        commit.unwrap();
        let linked = folder.path().join("linked");
        repository.worktree("linked", &linked, None).unwrap();
        let heads = path.join(".git/refs/heads");
        let elsewhere = folder.path().join("heads");
        fs::rename(&heads, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &heads).unwrap();
        let (_watch, receiver) = watched(&linked, "main");
        write_ref(&elsewhere, "main");
        receiver.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn a_burst_of_changes_is_merged() {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(folder.path()).unwrap();
        let heads = folder.path().join("refs/heads");
        let last = heads.join("last");
        let (sender, receiver) = channel();
        let (release, released) = channel::<()>();
        let _watch = RefWatch::start(folder.path(), &branch("main"), move || {
            sender.send(last.exists()).unwrap_or_default();
            // The first one lasts until all refs are written; later ones find the other end closed.
            released.recv().unwrap_or_default();
        })
        .unwrap();
        for number in 0..300 {
            write_ref(&heads, &number.to_string());
        }
        assert!(!receiver.recv_timeout(PATIENCE).unwrap());
        drop(release);
        write_ref(&heads, "last");
        let mut count = 1;
        while !receiver.recv_timeout(PATIENCE).unwrap() {
            count += 1;
        }
        assert!(count < 150, "{count} triggers for 300 refs");
    }

    #[test]
    fn reading_and_locks_are_no_changes() {
        let folders = RefFolders {
            git_dir: "/x.git/".into(),
            refs: vec!["/x.git/refs/heads".into()],
        };
        let meaning = |kind, path: &str| folders.meaning(&Event::new(kind).add_path(path.into()));
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        let renamed = EventKind::Modify(ModifyKind::Name(notify::event::RenameMode::From));
        let metadata = notify::event::MetadataKind::Any;
        let metadata = EventKind::Modify(ModifyKind::Metadata(metadata));
        for (kind, path, expected) in [
            (written, "/x.git/refs/heads/main", Meaning::Changed),
            (written, "/x.git/refs/heads/main.lock", Meaning::Nothing),
            (opened, "/x.git/refs/heads/main", Meaning::Nothing),
            (metadata, "/x.git/refs/heads/main", Meaning::Nothing),
            (written, "/x.git/packed-refs", Meaning::Changed),
            (written, "/x.git/index", Meaning::Nothing),
            (written, "/x.git", Meaning::Nothing),
            (renamed, "/x.git/refs/heads", Meaning::Changed),
            (renamed, "/x.git", Meaning::Gone),
        ] {
            assert_eq!(meaning(kind, path), expected, "{kind:?} {path}");
        }
        let lost = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        assert_eq!(folders.meaning(&lost), Meaning::Changed);
    }

    #[test]
    fn a_folder_that_was_replaced_without_an_event_loses_the_watch() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("repositories");
        let path = parent.join("x.git");
        git2::Repository::init_bare(&path).unwrap();
        let (watch, _receiver) = watched(&path, "main");
        assert!(!watch.is_lost());
        fs::rename(&parent, folder.path().join("old")).unwrap();
        git2::Repository::init_bare(&path).unwrap();
        assert!(watch.is_lost());
    }

    #[test]
    fn a_dropped_watch_ends_its_thread_without_a_trigger() {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init(folder.path()).unwrap();
        let (watch, receiver) = watched(folder.path(), "main");
        drop(watch);
        let ended = receiver.recv_timeout(PATIENCE);
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn a_folder_without_a_repository_cannot_be_watched() {
        let folder = tempfile::tempdir().unwrap();
        let watch = RefWatch::start(folder.path(), &branch("main"), || {});
        assert!(matches!(watch, Err(WatchError::NotARepository(_))));
    }
}
