//! One session of the command line: modes, prompts, and what a line does.

use std::collections::VecDeque;

use super::execute::{Answer, execute};
use super::mode::{Mode, Step};
use super::running_config::running_config;
use crate::simulator::gam::{Gam, Password};
use crate::simulator::grammar::{Completion, SyntaxError};
use crate::simulator::moment::Moment;
use crate::simulator::terminal::{Event, Terminal};

/// What has to happen after a line, besides what it printed. The caller takes the time it takes, then calls `finish_…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next prompt stands.
    Prompt,
    /// `Building configuration...` is printed; call [`write_startup`] when the time for it is over, and then [`Session::finish_save`].
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

/// How sessions begin where a box is set up otherwise than delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrance {
    /// Lines above the first prompt; what is not printable ASCII is a client's problem, as it is on a real box.
    pub banner: String,
    /// Whether sessions begin at `>`.
    pub lands_unprivileged: bool,
    /// What `enable` asks for.
    pub enable_password: Password,
}

impl Default for Entrance {
    fn default() -> Self {
        Self {
            banner: String::new(),
            lands_unprivileged: false,
            enable_password: Password::None,
        }
    }
}

/// What the next line that is typed answers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Nothing,
    EnablePassword,
    /// Whether to go on with this line.
    Question(String),
}

/// Writes the running configuration to flash; returns how many bytes that took.
pub fn write_startup(gam: &mut Gam, now: Moment) -> usize {
    let bytes = running_config(gam).len();
    gam.save(bytes, now);
    bytes
}

/// The command line as one connection sees it. It holds no device: that is an argument of whatever needs one.
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

/// As many lines as `show history` shows.
const HISTORY: usize = 32;

impl Session {
    /// Opens a session as a box as delivered does: at `#`, with nothing above the prompt. 0 columns or rows: not known.
    pub fn open(gam: &Gam, columns: u16, rows: u16) -> Self {
        Self::enter(gam, columns, rows, &Entrance::default())
    }

    /// Opens a session: prints what comes before the first prompt, and the prompt.
    pub fn enter(gam: &Gam, columns: u16, rows: u16, entrance: &Entrance) -> Self {
        let mut session = Self {
            terminal: Terminal::new(columns, rows),
            mode: if entrance.lands_unprivileged {
                Mode::User
            } else {
                Mode::Privileged
            },
            history: VecDeque::new(),
            asked: Asked::Nothing,
            is_confirmed: false,
            enable_password: entrance.enable_password.clone(),
            prompt_override: None,
            prompt_width: 0,
        };
        if !entrance.banner.is_empty() {
            session.terminal.print(&format!("{}\n", entrance.banner));
        }
        session.terminal.print("\n");
        session.prompt(gam);
        session
    }

    /// Types keys.
    pub fn type_keys(&mut self, bytes: &[u8]) {
        self.terminal.feed(bytes);
    }

    /// Returns the next line that was entered; help, completion and the pager are dealt with on the way.
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

    /// Returns whether the line just returned was held back by a question and is confirmed now.
    pub fn is_confirmed(&self) -> bool {
        self.is_confirmed
    }

    /// Does what a line says.
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

    /// Runs a line as if typed in a mode; `offset` is where it begins on the screen's line.
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

    /// Says how the writing of the startup configuration ended, and prompts: [`write_startup`] has done it, or it could not be done.
    pub fn finish_save(&mut self, result: Result<usize, SaveFailure>, gam: &Gam) {
        self.terminal.print(&match result {
            Ok(bytes) => format!("% Saving {bytes} bytes to flash:startup-config\n"),
            Err(SaveFailure::FlashFull) => {
                "% Error: Cannot save startup-config: no space left on flash\n".to_owned()
            }
        });
        self.prompt(gam);
    }

    /// Prints text as if the command had, for faults; then prompts.
    pub fn answer_instead(&mut self, text: &str, gam: &Gam) {
        self.terminal.print(text);
        self.prompt(gam);
    }

    /// Asks whether to go on with a line, for a fault; `next_line` returns it again after a `y`.
    pub fn hold_back(&mut self, line: String, question: &str) {
        self.asked = Asked::Question(line);
        self.terminal.ask(question, false);
    }

    /// Prompts with another text than the device's own until told otherwise, for a fault.
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
