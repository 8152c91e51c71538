//! Makes a twin of either billing system without customers.

use gamctl::simulator::billing::sonar::{SonarSettings, SonarTwin};
use gamctl::simulator::billing::splynx::{HookSettings, Splynx, SplynxSettings};

pub(crate) const KEY: &str = "a-key";
pub(crate) const SECRET: &str = "canary-secret";

/// The seed of the people of a Splynx twin; that of Sonar has its usual one.
pub(crate) const SEED: u64 = 7;

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
