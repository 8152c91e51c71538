//! Finds what is at the cursor: a flag, the value of one, a command, or an argument of it.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, ValueHint};

use super::values::Candidate;
use crate::config::{Settings, SettingsError};

/// The command that is entered, and what is at the cursor.
pub(super) struct Target<'a> {
    command: &'a Command,
    /// The names of the commands inside of the program: `["twin", "ctl"]`.
    pub(super) path: Vec<&'a str>,
    pub(super) position: Position<'a>,
    /// The arguments without a name before the cursor.
    pub(super) words: Vec<String>,
    /// The flags before the cursor.
    used: Vec<&'a str>,
    inventory: Option<PathBuf>,
    config: Option<PathBuf>,
}

/// What is at the cursor.
pub(super) enum Position<'a> {
    Flags,
    /// A value of a flag, behind `before` in the same word.
    Value {
        argument: &'a Arg,
        before: String,
    },
    /// A command, or an argument without a name.
    Word(Option<&'a Arg>),
}

impl<'a> Target<'a> {
    pub(super) fn of(root: &'a Command, line: &[String]) -> Self {
        let mut target = Self {
            command: root,
            path: Vec::new(),
            position: Position::Word(None),
            words: Vec::new(),
            used: Vec::new(),
            inventory: None,
            config: None,
        };
        let (current, before) = match line.split_last() {
            Some((current, before)) => (current.as_str(), before),
            None => ("", line),
        };
        // The flag whose value comes next, and whether more than one may.
        let mut open: Option<(&Arg, bool)> = None;
        let mut is_plain = false;
        for word in before.iter().skip(1) {
            if let Some((argument, is_many)) = open
                && (!is_many || !word.starts_with('-'))
            {
                target.take(argument, word);
                open = Some((argument, true)).filter(|_| is_many);
                continue;
            }
            open = None;
            if is_plain || !word.starts_with('-') || word == "-" {
                target.plain(word);
            } else if word == "--" {
                is_plain = true;
            } else {
                open = target.flag(word);
            }
        }
        target.position = match open {
            Some((argument, is_many)) if !is_many || !current.starts_with('-') => Position::Value {
                argument,
                before: String::new(),
            },
            _ => target.at(current, is_plain),
        };
        target
    }

    fn at(&self, current: &str, is_plain: bool) -> Position<'a> {
        if is_plain || !current.starts_with('-') {
            return Position::Word(self.positional());
        }
        let flag = current.split_once('=').and_then(|(name, _)| {
            let argument = self.long(name.strip_prefix("--")?)?;
            Some((argument, format!("{name}=")))
        });
        match flag {
            Some((argument, before)) => Position::Value { argument, before },
            None => Position::Flags,
        }
    }

    fn plain(&mut self, word: &str) {
        let is_first = self.words.is_empty();
        match self.command.find_subcommand(word).filter(|_| is_first) {
            Some(inner) => {
                self.command = inner;
                self.path.push(inner.get_name());
            }
            None => {
                // The old spelling of `-i`.
                if is_first
                    && let Some(argument) = self.positional()
                    && argument.get_id() == "path"
                {
                    self.inventory = Some(PathBuf::from(word));
                }
                self.words.push(word.to_owned());
            }
        }
    }

    /// Notes a flag, and returns it if its value is the next word.
    fn flag(&mut self, word: &str) -> Option<(&'a Arg, bool)> {
        let (argument, value) = match word.strip_prefix("--") {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (self.long(name)?, Some(value)),
                None => (self.long(long)?, None),
            },
            None => self.short(word.strip_prefix('-')?)?,
        };
        self.used.extend(argument.get_long());
        match value {
            Some(value) => {
                self.take(argument, value);
                None
            }
            None if argument.get_action().takes_values() => {
                let most = argument
                    .get_num_args()
                    .map_or(1, |range| range.max_values());
                Some((argument, most > 1))
            }
            None => None,
        }
    }

    /// Returns the first flag of `-qvi` that takes a value, with the rest of the word, else the last flag.
    fn short<'w>(&self, letters: &'w str) -> Option<(&'a Arg, Option<&'w str>)> {
        let mut last = None;
        for (at, letter) in letters.char_indices() {
            let mut arguments = self.command.get_arguments();
            let argument = arguments.find(|one| one.get_short() == Some(letter))?;
            if argument.get_action().takes_values() {
                let rest = letters.get(at + letter.len_utf8()..)?;
                return Some((argument, Some(rest).filter(|rest| !rest.is_empty())));
            }
            last = Some((argument, None));
        }
        last
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|argument| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long() == Some(name) || aliases.contains(&name)
        })
    }

    fn take(&mut self, argument: &Arg, value: &str) {
        match argument.get_long() {
            Some("inventory") => self.inventory = Some(PathBuf::from(value)),
            Some("config") => self.config = Some(PathBuf::from(value)),
            _ => {}
        }
    }

    /// Returns the argument without a name that comes next.
    fn positional(&self) -> Option<&'a Arg> {
        let mut left = self.words.len();
        for argument in self.command.get_positionals() {
            let most = argument
                .get_num_args()
                .map_or(1, |range| range.max_values());
            let is_repeated = matches!(argument.get_action(), ArgAction::Append);
            if left < most || is_repeated {
                return Some(argument);
            }
            left -= most;
        }
        None
    }

    /// Returns the commands that may come next.
    pub(super) fn subcommands(&self) -> Vec<Candidate> {
        if !self.words.is_empty() {
            return Vec::new();
        }
        let inner = self.command.get_subcommands();
        inner
            .filter(|inner| !inner.is_hide_set())
            .map(|inner| Candidate::new(inner.get_name(), text(inner.get_about())))
            .collect()
    }

    /// Returns the flags that are not there yet, or may be repeated.
    pub(super) fn flags(&self) -> Vec<Candidate> {
        let shown = self
            .command
            .get_arguments()
            .filter(|one| !one.is_hide_set());
        let shown = shown.filter_map(|argument| Some((argument.get_long()?, argument)));
        let mut flags: Vec<Candidate> = shown
            .filter(|(name, argument)| {
                let is_repeated = matches!(argument.get_action(), ArgAction::Append);
                is_repeated || !self.used.contains(name)
            })
            .map(|(name, argument)| Candidate::new(format!("--{name}"), text(argument.get_help())))
            .collect();
        flags.sort_by(|one, other| one.text.cmp(&other.text));
        flags
    }

    pub(super) fn is_path(&self, argument: &Arg) -> bool {
        let hint = argument.get_value_hint();
        matches!(
            hint,
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
        )
    }

    pub(super) fn path_kind(&self, argument: &Arg) -> &'static str {
        let names = argument.get_value_names().unwrap_or_default();
        let is_folder = names.iter().any(|name| name == "FOLDER");
        let is_inventory = argument.get_long() == Some("inventory") || argument.get_id() == "path";
        match is_folder || is_inventory {
            true => "folders",
            false => "files",
        }
    }

    /// Returns the settings by the flags that the line has so far.
    pub(super) fn given(
        &self,
        settings: impl Fn(Option<&Path>, Option<&Path>) -> Result<Settings, SettingsError>,
    ) -> Option<Settings> {
        settings(self.config.as_deref(), self.inventory.as_deref()).ok()
    }
}

fn text(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}
