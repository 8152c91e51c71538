//! Reads single keys during a pause of the demonstration, and leaves the terminal as it was.

use std::io::{IsTerminal, Stdin, stdin};
use std::time::{Duration, Instant};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use super::stop::Stop;

/// The answer of a person to a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// A key, or the end of the pause.
    Continue,
    Quit,
}

/// A terminal that returns each key at once, and not only a whole line. Ctrl-C stays a signal.
struct KeyMode {
    stdin: Stdin,
    before: Termios,
}

impl KeyMode {
    fn enter() -> Option<Self> {
        let stdin = stdin();
        let before = stdin.is_terminal().then(|| tcgetattr(&stdin).ok())??;
        let mut keys = before.clone();
        keys.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO);
        // A read waits for a tenth of a second at most.
        keys.special_codes[SpecialCodeIndex::VMIN] = 0;
        keys.special_codes[SpecialCodeIndex::VTIME] = 1;
        // Keys from before the pause are not an answer to it.
        tcsetattr(&stdin, OptionalActions::Flush, &keys).ok()?;
        Some(Self { stdin, before })
    }
}

impl Drop for KeyMode {
    fn drop(&mut self) {
        // A terminal that is gone needs no mode.
        let _gone = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
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
        let mut keys = [0; 64];
        match rustix::io::read(&mode.stdin, &mut keys) {
            Ok(0) => {}
            Ok(count) => {
                let pressed = keys.get(..count).unwrap_or_default();
                return match pressed.iter().any(|key| matches!(key, b'q' | b'Q')) {
                    true => Answer::Quit,
                    false => Answer::Continue,
                };
            }
            Err(error) if error == rustix::io::Errno::INTR => {}
            Err(_) => return Answer::Continue,
        }
    }
    Answer::Continue
}
