//! Everything that is typed into a device beside lines of configuration: a closed list, so that no data becomes a line.

/// A command that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    ShowVersion,
    ShowRunningConfig,
}

/// A line that is typed: a command, or what makes a session fit for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Shows the prompt once more.
    Empty,
    Enable,
    /// No pager.
    TerminalLength,
    /// No redrawn lines.
    TerminalWidth,
    Exit,
    /// Into configuration mode.
    Configure,
    /// Out of configuration mode, whichever part of it.
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

    /// Returns the line that a whole reply ends with, where one is known.
    pub(super) fn last_line(self) -> Option<&'static str> {
        match self {
            Self::ShowVersion => None,
            Self::ShowRunningConfig => Some("end"),
        }
    }
}
