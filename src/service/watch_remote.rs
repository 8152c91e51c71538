//! Watches the followed repository if it is on this host, so that a commit is fetched at once and not at the next timer.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::fetch::{RefWatch, RemoteSettings};

/// The watch of an instance, made again when it was lost.
#[derive(Debug, Default)]
pub(super) struct RemoteWatch(Mutex<WatchState>);

#[derive(Debug, Default)]
enum WatchState {
    #[default]
    NotStarted,
    Watching(RefWatch),
    /// With the reason, which is logged once and not at every fetch.
    Refused(String),
}

impl RemoteWatch {
    /// Watches a repository on this host, if it is not watched; a change triggers `fetch`. Blocks for a few file accesses.
    ///
    /// Called before each fetch: what changes from then on triggers the next one. Without a watch the timer remains.
    pub(super) fn renew(&self, remote: &RemoteSettings, fetch: &Arc<Notify>) {
        let Some(path) = remote.url.local_path() else {
            return;
        };
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*state, WatchState::Watching(watch) if !watch.is_lost()) {
            return;
        }
        let trigger = fetch.clone();
        let started = RefWatch::start(&path, &remote.branch, move || trigger.notify_one());
        *state = match started {
            Ok(watch) => {
                tracing::debug!("the repository is watched");
                WatchState::Watching(watch)
            }
            Err(error) => {
                let why = crate::model::chain(&error);
                if !matches!(&*state, WatchState::Refused(known) if *known == why) {
                    tracing::warn!(
                        error = why,
                        "the repository is not watched; commits are noticed by the timer of the fetch"
                    );
                }
                WatchState::Refused(why)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::service::fetch::{BranchName, RemoteUrl};

    fn remote(url: &str) -> RemoteSettings {
        RemoteSettings {
            url: RemoteUrl::parse(url, Path::new("/")).unwrap(),
            branch: BranchName::parse("main").unwrap(),
            folder: PathBuf::new(),
            signers: None,
            known_hosts: None,
            ca_file: None,
            ssh_key: None,
            login: None,
        }
    }

    fn commit(repository: &Path) {
        fs::write(repository.join("refs/heads/main"), "a ref").unwrap();
    }

    fn is_watching(watch: &RemoteWatch) -> bool {
        matches!(&*watch.0.lock().unwrap(), WatchState::Watching(_))
    }

    #[tokio::test]
    async fn a_lost_watch_is_started_again_at_the_next_fetch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.git");
        let (watch, fetch) = (RemoteWatch::default(), Arc::new(Notify::new()));
        let remote = remote(path.to_str().unwrap());
        watch.renew(&remote, &fetch);
        assert!(!is_watching(&watch));
        git2::Repository::init_bare(&path).unwrap();
        watch.renew(&remote, &fetch);
        commit(&path);
        fetch.notified().await;
        fs::rename(&path, folder.path().join("old.git")).unwrap();
        // The loss triggers a fetch as well, which finds nothing.
        fetch.notified().await;
        watch.renew(&remote, &fetch);
        assert!(!is_watching(&watch));
        git2::Repository::init_bare(&path).unwrap();
        watch.renew(&remote, &fetch);
        assert!(is_watching(&watch));
        commit(&path);
        fetch.notified().await;
    }

    #[test]
    fn a_repository_on_another_host_is_not_watched() {
        let watch = RemoteWatch::default();
        watch.renew(&remote("ssh://git@host/x.git"), &Arc::default());
        let state = watch.0.lock().unwrap();
        assert!(matches!(&*state, WatchState::NotStarted));
    }
}
