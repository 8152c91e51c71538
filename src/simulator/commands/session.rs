//! One session of the command line: modes, prompts, and what a line does.

use crate::simulator::gam::Gam;
use crate::simulator::moment::Moment;

/// What has to happen after a line, besides what it printed. The caller takes the time it takes, then calls `finish_…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next prompt stands.
    Prompt,
    /// `Building configuration...` is printed; call [`Session::finish_save`] when flash has been written, or could not be.
    Save,
    /// `% Rebooting …` is printed; the device goes away and boots.
    Reload,
    /// The other firmware image becomes the active one, then the device boots.
    SwapFirmware,
    /// The session ends.
    Close,
}

/// Why a configuration could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveFailure {
    FlashFull,
}

/// The command line as one connection sees it. It holds no device: that is an argument of whatever needs one.
#[derive(Debug)]
pub struct Session {}

impl Session {
    /// Opens a session as a shell does: prints the banner and the first prompt. 0 columns or rows: not known.
    pub fn open(_gam: &Gam, _columns: u16, _rows: u16) -> Self {
        Self {}
    }

    /// Types keys.
    pub fn type_keys(&mut self, _bytes: &[u8]) {}

    /// Returns the next line that was entered; help, completion and the pager are dealt with on the way.
    pub fn next_line(&mut self, _gam: &Gam) -> Option<String> {
        None
    }

    /// Does what a line says.
    pub fn run(&mut self, _line: &str, _gam: &mut Gam, _now: Moment) -> Outcome {
        Outcome::Prompt
    }

    /// Writes the startup configuration, or says why not, and prompts.
    pub fn finish_save(&mut self, _result: Result<(), SaveFailure>, _gam: &mut Gam, _now: Moment) {}

    /// Prints text as if the command had, for faults; then prompts.
    pub fn answer_instead(&mut self, _text: &str, _gam: &Gam) {}

    /// Prints a line that breaks into whatever is on the screen.
    pub fn break_in(&mut self, _line: &str) {}

    /// Prompts with another text than the device's own until told otherwise, for a fault.
    pub fn set_prompt_override(&mut self, _prompt: Option<String>) {}

    /// Returns the bytes to send.
    pub fn take_output(&mut self) -> Vec<u8> {
        Vec::new()
    }
}
