//! Inventories on disk and in git for the tests to read.

use std::path::{Path, PathBuf};
use std::process::Command;

use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{Cache, GOOD_INVENTORY, Reading, read};
use tempfile::TempDir;

/// A git work tree that holds the small good inventory in its first commit.
pub struct Repository {
    directory: TempDir,
}

impl Repository {
    pub fn good() -> Self {
        let repository = Self::empty();
        for (path, text) in GOOD_INVENTORY {
            repository.write(path, text);
        }
        repository.commit("the good inventory");
        repository
    }

    pub fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let repository = Self { directory };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.file(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).unwrap()
    }

    /// Runs git, away from the settings of whoever runs the tests.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = hermetic(Command::new("git"))
            .args(arguments)
            .current_dir(self.path())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    pub fn shell(&self, script: &str) {
        let status = hermetic(Command::new("sh"))
            .args(["-ec", script])
            .current_dir(self.path())
            .status()
            .unwrap();
        assert!(status.success(), "{script}");
    }

    /// Commits everything as it stands, and returns the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub fn reading_of(&self, revision: &str) -> Reading {
        let source = Source::git(self.path(), revision).unwrap();
        read(&source, &Limits::default(), &Cache::default()).unwrap()
    }

    pub fn reading_of_directory(&self) -> Reading {
        let source = Source::directory(self.path()).unwrap();
        read(&source, &Limits::default(), &Cache::default()).unwrap()
    }
}

/// Takes away what would make git behave differently on another machine.
pub fn hermetic(mut command: Command) -> Command {
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.net")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.net")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE");
    command
}

/// Returns the ids of the rules that were broken, sorted, each once.
pub fn rule_ids(reading: &Reading) -> Vec<&'static str> {
    let mut ids: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| finding.rule.id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
