//! Reads single keys from a terminal, and leaves the terminal as it was however it ends.

use std::io::{IsTerminal, Stdin, stdin};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// A terminal that returns each key at once, and not only a whole line. Ctrl-C stays a signal.
pub(super) struct KeyMode {
    stdin: Stdin,
    before: Termios,
}

impl KeyMode {
    /// Returns `None` if there is no terminal.
    pub(super) fn enter() -> Option<Self> {
        let stdin = stdin();
        let before = stdin.is_terminal().then(|| tcgetattr(&stdin).ok())??;
        let mode = Self { stdin, before };
        // Keys from before are not an answer to what is shown now.
        mode.set(OptionalActions::Flush).then_some(mode)
    }

    /// Sets the mode again, after a shell took the terminal back while the program was stopped.
    pub(super) fn enter_again(&self) {
        self.set(OptionalActions::Now);
    }

    fn set(&self, when: OptionalActions) -> bool {
        let mut keys = self.before.clone();
        keys.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO);
        // A read waits for a tenth of a second at most.
        keys.special_codes[SpecialCodeIndex::VMIN] = 0;
        keys.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(&self.stdin, when, &keys).is_ok()
    }

    /// Returns the keys pressed within a tenth of a second.
    ///
    /// # Errors
    ///
    /// Fails if the terminal is gone.
    pub(super) fn keys(&self) -> Result<Vec<u8>, rustix::io::Errno> {
        let mut keys = [0; 64];
        match rustix::io::read(&self.stdin, &mut keys) {
            Ok(count) => Ok(keys.get(..count).unwrap_or_default().to_vec()),
            Err(rustix::io::Errno::INTR) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl Drop for KeyMode {
    fn drop(&mut self) {
        // A terminal that is gone needs no mode.
        let _gone = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}
