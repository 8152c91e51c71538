//! Names the two billing systems; the bench `billing` uses it as well.

use std::time::{SystemTime, UNIX_EPOCH};

/// The product of a billing system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    Splynx,
    Sonar,
}

impl Product {
    pub(crate) const BOTH: [Self; 2] = [Self::Splynx, Self::Sonar];

    /// Returns one of two values.
    pub(crate) fn choose<T>(self, splynx: T, sonar: T) -> T {
        match self {
            Self::Splynx => splynx,
            Self::Sonar => sonar,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.choose("splynx", "sonar")
    }
}

/// Returns seconds since 1970.
pub(crate) fn now() -> u64 {
    #[allow(
        clippy::disallowed_methods,
        reason = "the program under test reads the clock too"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap().as_secs()
}
