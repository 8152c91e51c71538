//! Runs one CLI session of a simulated GAM: modes, prompts, and the effect of each line.

use std::collections::VecDeque;

use super::execute::{Answer, execute};
use super::mode::{Mode, Step};
use super::running_config::running_config;
use crate::simulator::gam::{Gam, Password};
use crate::simulator::grammar::{Completion, SyntaxError};
use crate::simulator::moment::Moment;
use crate::simulator::terminal::{Event, Terminal};

/// The operation that follows a line, besides its output. The caller waits for its duration, then calls `finish_…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next prompt is shown.
    Prompt,
    /// `Building configuration...` is printed. After the time for saving, call [`write_startup`] and then
    /// [`Session::finish_save`].
    Save,
    /// `% Rebooting …` is printed; the device reboots.
    Reload,
    /// The other firmware image becomes the active one, then the device boots.
    SwapFirmware,
    /// The session ends.
    Close,
}

/// The reason why a configuration could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveFailure {
    FlashFull,
}

/// The start of sessions on a device whose settings differ from the factory defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStart {
    /// Lines above the first prompt. They may have characters other than printable ASCII, as on a real device.
    pub banner: String,
    /// Whether sessions start at `>`.
    pub lands_unprivileged: bool,
    /// The password for `enable`.
    pub enable_password: Password,
}

impl Default for SessionStart {
    fn default() -> Self {
        Self {
            banner: String::new(),
            lands_unprivileged: false,
            enable_password: Password::None,
        }
    }
}

/// The question that the next line answers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Nothing,
    EnablePassword,
    /// Whether to run this line.
    Question(String),
}

/// Writes the running-config to flash; returns its number of bytes.
pub fn write_startup(gam: &mut Gam, now: Moment) -> usize {
    let bytes = running_config(gam).len();
    gam.save(bytes, now);
    bytes
}

/// The CLI of one connection. The device is not part of it, but an argument of its methods.
#[derive(Debug)]
pub struct Session {
    terminal: Terminal,
    mode: Mode,
    history: VecDeque<String>,
    asked: Asked,
    is_confirmed: bool,
    enable_password: Password,
    prompt_override: Option<String>,
    prompt_width: usize,
}

/// The number of lines that `show history` prints.
const HISTORY: usize = 32;

impl Session {
    /// Opens a session as a factory-fresh device does: at `#`, without a banner. 0 columns or rows means unknown.
    pub fn open(gam: &Gam, columns: u16, rows: u16) -> Self {
        Self::enter(gam, columns, rows, &SessionStart::default())
    }

    /// Opens a session: prints the banner and the first prompt.
    pub fn enter(gam: &Gam, columns: u16, rows: u16, session_start: &SessionStart) -> Self {
        let mut session = Self {
            terminal: Terminal::new(columns, rows),
            mode: if session_start.lands_unprivileged {
                Mode::User
            } else {
                Mode::Privileged
            },
            history: VecDeque::new(),
            asked: Asked::Nothing,
            is_confirmed: false,
            enable_password: session_start.enable_password.clone(),
            prompt_override: None,
            prompt_width: 0,
        };
        if !session_start.banner.is_empty() {
            session
                .terminal
                .print(&format!("{}\n", session_start.banner));
        }
        session.terminal.print("\n");
        session.prompt(gam);
        session
    }

    /// Receives keys.
    pub fn type_keys(&mut self, bytes: &[u8]) {
        self.terminal.feed(bytes);
    }

    /// Returns the next entered line; help, completion and the pager are handled on the way.
    pub fn next_line(&mut self, gam: &Gam) -> Option<String> {
        loop {
            match self.terminal.next()? {
                Event::Line(line) => match std::mem::replace(&mut self.asked, Asked::Nothing) {
                    Asked::Nothing => {
                        self.is_confirmed = false;
                        return Some(line);
                    }
                    Asked::EnablePassword => self.enable(&line, gam),
                    Asked::Question(held) => {
                        if line.trim().eq_ignore_ascii_case("y") {
                            self.is_confirmed = true;
                            return Some(held);
                        }
                        self.prompt(gam);
                    }
                },
                Event::Help(left) => {
                    self.print_help(&left);
                    self.terminal.redraw();
                }
                Event::Complete(left) => self.complete(&left),
                Event::EndOfTransmission => return Some("exit".to_owned()),
                Event::EndConfiguration => {
                    if self.mode.configures() {
                        self.mode = Mode::Privileged;
                    }
                    self.prompt(gam);
                }
                Event::Cancelled => {
                    self.asked = Asked::Nothing;
                    self.prompt(gam);
                }
            }
        }
    }

    /// Returns whether the line just returned was confirmed after a question.
    pub fn is_confirmed(&self) -> bool {
        self.is_confirmed
    }

    /// Runs a line.
    pub fn run(&mut self, line: &str, gam: &mut Gam, now: Moment) -> Outcome {
        let outcome = self.run_quietly(line, gam, now);
        if outcome == Outcome::Prompt && self.asked == Asked::Nothing {
            self.prompt(gam);
        }
        outcome
    }

    fn run_quietly(&mut self, line: &str, gam: &mut Gam, now: Moment) -> Outcome {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['!', '#']) {
            return Outcome::Prompt;
        }
        if self.history.len() >= HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(line.to_owned());
        self.run_in(self.mode, line, 0, gam, now)
    }

    /// Runs a line in a mode; `offset` is its column on the screen.
    fn run_in(
        &mut self,
        mode: Mode,
        line: &str,
        offset: usize,
        gam: &mut Gam,
        now: Moment,
    ) -> Outcome {
        let parsed = match mode.grammar().parse(line) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.print_syntax_error(error, offset);
                return Outcome::Prompt;
            }
        };
        if !mode.configures() {
            return match execute(parsed.id, &parsed.arguments, gam, now) {
                Answer::Text(text) => {
                    self.terminal.print(&text);
                    Outcome::Prompt
                }
                Answer::Refused(refusal) => self.refuse(&refusal.to_string()),
                Answer::Ends(text, outcome) => {
                    self.terminal.print(&text);
                    outcome
                }
                Answer::Session(action) => self.act(action, gam),
            };
        }
        match mode.step(parsed.id, &parsed.arguments, gam.hardware()) {
            Err(refusal) => self.refuse(&refusal.to_string()),
            Ok((_, Step::Do(rest))) => {
                let at = line.len().saturating_sub(rest.len());
                self.run_in(Mode::Privileged, &rest, offset + at, gam, now)
            }
            Ok((next, Step::Move)) => {
                self.mode = next;
                Outcome::Prompt
            }
            Ok((next, Step::Edits(edits))) => {
                match edits.iter().try_for_each(|edit| gam.edit(edit, now)) {
                    Ok(()) => {
                        self.mode = next;
                        Outcome::Prompt
                    }
                    Err(refusal) => self.refuse(&refusal.to_string()),
                }
            }
        }
    }

    fn refuse(&mut self, why: &str) -> Outcome {
        self.terminal.print(&format!("% {why}\n"));
        Outcome::Prompt
    }

    fn act(&mut self, action: super::execute::Action, gam: &Gam) -> Outcome {
        use super::execute::Action;
        match action {
            Action::Close => return Outcome::Close,
            Action::Configure => self.mode = Mode::Configuration,
            Action::Disable => self.mode = Mode::User,
            Action::Enable => {
                if self.mode == Mode::User && self.enable_password != Password::None {
                    self.asked = Asked::EnablePassword;
                    self.terminal.ask("Password: ", true);
                } else {
                    self.enable("", gam);
                }
            }
            Action::Length(rows) => self.terminal.set_length(rows),
            Action::Width(columns) => self.terminal.set_width(columns),
            Action::History => {
                let lines: Vec<String> = self
                    .history
                    .iter()
                    .map(|line| format!("  {line}\n"))
                    .collect();
                self.terminal.print(&lines.concat());
            }
        }
        Outcome::Prompt
    }

    fn enable(&mut self, password: &str, gam: &Gam) {
        if self.mode != Mode::User {
            return;
        }
        if self.enable_password.is(password) {
            self.mode = Mode::Privileged;
        } else {
            self.terminal.print("% Access denied\n");
        }
        if self.enable_password != Password::None {
            self.prompt(gam);
        }
    }

    fn print_syntax_error(&mut self, error: SyntaxError, offset: usize) {
        let (column, what) = match error {
            SyntaxError::Invalid { column } => (column, "Invalid"),
            SyntaxError::Ambiguous { column } => (column, "Ambiguous"),
            SyntaxError::Incomplete => {
                self.terminal.print("% Incomplete command.\n");
                return;
            }
        };
        let spaces = " ".repeat(self.prompt_width + offset + column);
        self.terminal.print(&format!(
            "{spaces}^\n% {what} word detected at '^' marker.\n"
        ));
    }

    fn print_help(&mut self, left: &str) {
        if self.asked != Asked::Nothing {
            return;
        }
        let entries = self.mode.grammar().help(left);
        if entries.is_empty() {
            self.terminal.print("% No such command or parameter.\n");
            return;
        }
        let width = entries
            .iter()
            .map(|entry| entry.word.len())
            .max()
            .unwrap_or(0);
        let lines: Vec<String> = entries
            .iter()
            .map(|entry| {
                let line = format!("    {:<width$}    {}", entry.word, entry.text);
                format!("{}\n", line.trim_end())
            })
            .collect();
        self.terminal.print(&lines.concat());
    }

    fn complete(&mut self, left: &str) {
        let Completion { line, candidates } = self.mode.grammar().complete(left);
        if candidates.len() > 1 {
            self.terminal.print(&format!("{}\n", candidates.join(" ")));
        }
        self.terminal.replace_line(&line);
    }

    /// Prints the result of writing the startup-config, then the prompt. The caller has called [`write_startup`] or
    /// failed to.
    pub fn finish_save(&mut self, result: Result<usize, SaveFailure>, gam: &Gam) {
        self.terminal.print(&match result {
            Ok(bytes) => format!("% Saving {bytes} bytes to flash:startup-config\n"),
            Err(SaveFailure::FlashFull) => {
                "% Error: Cannot save startup-config: no space left on flash\n".to_owned()
            }
        });
        self.prompt(gam);
    }

    /// Prints a text in place of a command's output, for faults; then the prompt.
    pub fn answer_instead(&mut self, text: &str, gam: &Gam) {
        self.terminal.print(text);
        self.prompt(gam);
    }

    /// Asks for confirmation of a line, for a fault; `next_line` returns the line again after a `y`.
    pub fn hold_back(&mut self, line: String, question: &str) {
        self.asked = Asked::Question(line);
        self.terminal.ask(question, false);
    }

    /// Replaces the prompt text until the next call, for a fault.
    pub fn set_prompt_override(&mut self, prompt: Option<String>) {
        self.prompt_override = prompt;
    }

    /// Returns the bytes to send.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.terminal.take_output()
    }

    fn prompt(&mut self, gam: &Gam) {
        let prompt = match &self.prompt_override {
            Some(prompt) => prompt.clone(),
            None => self.mode.prompt(&gam.running().hostname).into_string(),
        };
        self.prompt_width = prompt.chars().count();
        self.terminal.prompt(&prompt);
    }
}
