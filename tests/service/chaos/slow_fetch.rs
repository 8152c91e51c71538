//! A program in front of git, which delays what a slow line would delay.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tempfile::TempDir;

/// Where git and what it starts are.
const PROGRAMS: &str = "/usr/local/bin:/usr/bin:/bin";

/// Fetches of the instances with its variables wait as long as the test wants.
pub(super) struct SlowFetch {
    folder: TempDir,
}

impl SlowFetch {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let one = Self { folder };
        let git = one.file("git");
        let script = format!(
            "#!/bin/sh\nPATH={PROGRAMS}\nfor word; do\n  if [ \"$word\" = fetch ] && [ -e '{0}' ]; then\n    \
            touch '{1}'\n    while [ -e '{0}' ]; do sleep 0.1; done\n  fi\ndone\nexec git \"$@\"\n",
            one.file("slow").display(),
            one.file("under-way").display()
        );
        fs::write(&git, script).unwrap();
        let mode = || fs::Permissions::from_mode(0o755);
        fs::set_permissions(&git, mode()).unwrap();
        fs::set_permissions(one.folder.path(), mode()).unwrap();
        one
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The variables of an instance whose fetches can be slow.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let path = format!("{}:{PROGRAMS}", self.folder.path().display());
        vec![("PATH", path)]
    }

    /// Fetches that start from now on wait.
    pub(super) fn begins(&self) {
        fs::write(self.file("slow"), "").unwrap();
    }

    /// Returns whether a fetch waited, or waits.
    pub(super) fn is_under_way(&self) -> bool {
        self.file("under-way").exists()
    }

    /// All fetches go on.
    pub(super) fn ends(&self) {
        fs::remove_file(self.file("slow")).unwrap();
    }
}
