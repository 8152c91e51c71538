//! A git repository in a temporary directory, out of reach of this machine's git settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gamctl::inventory::source::{Entry, Limits, Listing, Source};
use gamctl::inventory::{Cache, GOOD_INVENTORY, Reading, read};
use gamctl::model::Finding;
use tempfile::TempDir;

pub(crate) struct World {
    folder: TempDir,
    root: PathBuf,
}

impl World {
    /// An empty work tree on branch `main`.
    pub(crate) fn empty() -> Self {
        let world = Self::without_repository();
        world.git(&["init", "-q", "-b", "main"]);
        world
    }

    /// An empty folder.
    pub(crate) fn without_repository() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap().join("work");
        let world = Self { folder, root };
        fs::create_dir(&world.root).unwrap();
        world
    }

    /// The good inventory, committed.
    pub(crate) fn good() -> Self {
        let world = Self::empty();
        for (path, text) in GOOD_INVENTORY {
            world.write(path, text);
        }
        world.commit_all("good");
        world
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path outside the work tree, gone with it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.root, arguments)
    }

    pub(crate) fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.run(folder, "git", arguments);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {talk}");
        let mut text = String::from_utf8(output.stdout).unwrap();
        text.truncate(text.trim_end().len());
        text
    }

    /// Runs a program in `folder` whatever comes of it.
    pub(crate) fn run(&self, folder: &Path, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        for name in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_CONFIG_PARAMETERS",
            "GIT_CONFIG_COUNT",
            "XDG_CONFIG_HOME",
        ] {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(folder)
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_EDITOR", "true");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "Test")
                .env(format!("GIT_{role}_EMAIL"), "test@example.org")
                .env(format!("GIT_{role}_DATE"), "1700000000 +0000");
        }
        command.output().unwrap()
    }

    pub(crate) fn commit_all(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.head()
    }

    /// Reads the inventory as it was committed.
    pub(crate) fn reading_of(&self, revision: &str) -> Reading {
        let source = Source::git(&self.root, revision).unwrap();
        read(&source, &Limits::default(), &Cache::default()).unwrap()
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Lists the commit at HEAD and the directory, which must agree, and returns the commit's listing.
    pub(crate) fn list_both(&self) -> Listing {
        let directory = list(&Source::directory(&self.root).unwrap());
        let commit = list(&Source::git(&self.root, "HEAD").unwrap());
        assert_eq!(paths(&directory.entries), paths(&commit.entries));
        assert_eq!(directory.findings, commit.findings);
        assert_eq!(directory.stopped, commit.stopped);
        commit
    }
}

pub(crate) fn list(source: &Source) -> Listing {
    source.list(&Limits::default()).unwrap()
}

pub(crate) fn paths(entries: &[Entry]) -> Vec<(&str, u64)> {
    entries
        .iter()
        .map(|entry| (&*entry.path, entry.size))
        .collect()
}

/// Findings as `rule file`.
pub(crate) fn brief(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.rule.id, finding.place.file))
        .collect()
}

/// Returns the ids of the rules that were broken, sorted, each once.
pub(crate) fn rule_ids(reading: &Reading) -> Vec<&'static str> {
    let mut ids: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| finding.rule.id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
