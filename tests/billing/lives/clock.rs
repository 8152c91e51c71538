//! Moves the clock of the program under test ahead, and that of the billing twin with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The seconds of an hour and of a day.
pub(super) const HOUR: u64 = 3600;
pub(super) const DAY: u64 = 24 * HOUR;

/// Where distributions have the library of `libfaketime`; `./test` installs it on Debian.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// A clock that is ahead of this host's, for a program and a billing twin alike. Timers go on as they are.
#[derive(Clone)]
pub(super) struct Clock {
    /// The file that the library reads at each look at the clock.
    file: PathBuf,
    ahead: Arc<AtomicU64>,
}

impl Clock {
    pub(super) fn new(file: PathBuf) -> Self {
        let clock = Self {
            file,
            ahead: Arc::default(),
        };
        clock.ahead(0);
        clock
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        #[allow(
            clippy::disallowed_methods,
            reason = "the twin and the program share it"
        )]
        let now = SystemTime::now();
        let now = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
        now + self.offset()
    }

    /// Returns by how many seconds it is ahead of this host.
    pub(super) fn offset(&self) -> u64 {
        self.ahead.load(Ordering::SeqCst)
    }

    pub(super) fn ahead(&self, seconds: u64) {
        let offset = self.ahead.fetch_add(seconds, Ordering::SeqCst) + seconds;
        // The program must not read half of it.
        let beside = self.file.with_extension("new");
        fs::write(&beside, format!("+{offset}")).unwrap();
        fs::rename(beside, &self.file).unwrap();
    }

    /// Moves it to shortly after the next midnight.
    pub(super) fn to_the_next_day(&self) {
        self.ahead(DAY - self.now() % DAY + 60);
    }

    /// Returns the variables of a process that lives by it.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let library = FAKETIME.into_iter().find(|path| Path::new(path).exists());
        let library = library
            .expect("libfaketime is not installed; run `./test`, which installs it or says how");
        let file = self.file.display().to_string();
        vec![
            ("LD_PRELOAD", library.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", file),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }
}
