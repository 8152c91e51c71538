//! Lists all lines sent to a device other than configuration; the list is closed against injection.

/// A command that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    ShowVersion,
    ShowRunningConfig,
}

/// A line to send: a reading command, or one that prepares a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Makes the device show its prompt again.
    Empty,
    Enable,
    /// Turns the pager off.
    TerminalLength,
    /// Turns redrawing of long lines off.
    TerminalWidth,
    Exit,
    /// Enters configuration mode.
    Configure,
    /// Leaves configuration mode and its submodes.
    End,
    Save,
    Read(Command),
}

impl Line {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Empty => "",
            Self::Enable => "enable",
            Self::TerminalLength => "terminal length 0",
            Self::TerminalWidth => "terminal width 0",
            Self::Exit => "exit",
            Self::Configure => "configure terminal",
            Self::End => "end",
            Self::Save => "copy running-config startup-config",
            Self::Read(command) => command.text(),
        }
    }
}

impl Command {
    pub fn text(self) -> &'static str {
        match self {
            Self::ShowVersion => "show version",
            Self::ShowRunningConfig => "show running-config",
        }
    }

    /// Returns the last line of a complete reply, where one is known.
    pub(super) fn last_line(self) -> Option<&'static str> {
        match self {
            Self::ShowVersion => None,
            Self::ShowRunningConfig => Some("end"),
        }
    }
}
