//! Waits for a key during a pause of the demonstration.

use std::io::{IsTerminal, stdin};
use std::time::{Duration, Instant};

use super::stop::Stop;
use crate::cli::key_mode::KeyMode;

/// The answer of a person to a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// A key, or the end of the pause.
    Continue,
    Quit,
}

/// Returns whether keys can be read.
pub(super) fn has_keys() -> bool {
    stdin().is_terminal()
}

/// Waits for a key, for at most this long; `q` ends the demonstration.
pub(super) fn pause(most: Duration, stop: &Stop) -> Answer {
    let mode = KeyMode::enter();
    let began = Instant::now();
    while began.elapsed() < most && !stop.is_asked() {
        let Some(mode) = &mode else {
            let left = most.saturating_sub(began.elapsed());
            std::thread::sleep(left.min(Duration::from_millis(100)));
            continue;
        };
        match mode.keys() {
            Ok(keys) if keys.is_empty() => {}
            Ok(keys) => {
                return match keys.iter().any(|key| matches!(key, b'q' | b'Q')) {
                    true => Answer::Quit,
                    false => Answer::Continue,
                };
            }
            Err(_) => return Answer::Continue,
        }
    }
    Answer::Continue
}
