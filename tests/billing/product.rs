//! Names the two billing systems, and makes a twin of either without customers.

use std::time::{SystemTime, UNIX_EPOCH};

use gamctl::simulator::billing::sonar::{SonarSettings, SonarTwin};
use gamctl::simulator::billing::splynx::{HookSettings, Splynx, SplynxSettings};

pub(crate) const KEY: &str = "a-key";
pub(crate) const SECRET: &str = "canary-secret";

/// The seed of the people of a Splynx twin; that of Sonar has its usual one.
pub(crate) const SEED: u64 = 7;

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

/// Returns Splynx without customers.
pub(crate) fn empty_splynx(hook: Option<HookSettings>, now: u64) -> Splynx {
    let settings = SplynxSettings {
        accounts: 0,
        seed: SEED,
        key: KEY.to_owned(),
        secret: SECRET.to_owned(),
        hook,
        minutes_ahead: 0,
        hostile_every: 0,
    };
    Splynx::new(settings, now)
}

/// Returns Sonar without customers, and with as many requests as a test sends.
pub(crate) fn empty_sonar(now: u64) -> SonarTwin {
    let settings = SonarSettings {
        accounts: 0,
        requests_per_minute: 100_000,
        ..SonarSettings::default()
    };
    SonarTwin::new(settings, now)
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
