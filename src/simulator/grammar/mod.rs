//! Parses CLI lines as the device does: abbreviations, ranges, and errors with their column.
//!
//! Commands are data: a table of patterns, compiled once. A pattern is made of
//!
//! - `word`: a keyword; `'|'`: a keyword with special characters,
//! - `<name:type>`: an argument; `int(1-384)`, `text(1-31)`, `line`, `line(0-255)`, `mac`, `vlans`, `ports`, `ipv4`,
//! - `[ a | b ]`: one of these or none; `{ a | b }`: one of these,
//! - `( a | b )*`: any of these, in any order, each at most once; `( a | b )+`: at least one. Two that exclude
//!   each other are one option: `( {tagged|untagged} | poe )*`.
//!
//! ```text
//! ghn endpoint <id:int(1-384)> ( name <name:text(1-31)> | port {<port:int(1-24)>|unassigned|auto} )*
//! show running-config [ '|' {include|exclude|begin} <pattern:line> ]
//! ```
//!
//! All commands are matched in parallel. A word that starts just one of the possible keywords, or equals one, is that
//! keyword; arguments are not tried then. Only a word that starts no keyword can be an argument. If several commands
//! match a line, the first one of the table is used.

mod argument;
mod line;
mod pattern;
mod program;
mod walk;

#[cfg(test)]
mod tests;

use line::{Word, word_at};
use program::{Program, Step};
use walk::{Reading, Walk};

pub use argument::Arguments;
pub use pattern::PatternError;

/// One command of a table.
#[derive(Debug, Clone, Copy)]
pub struct Syntax<Id> {
    pub id: Id,
    pub pattern: &'static str,
    /// The help text of `?`.
    pub help: &'static str,
}

/// A parsed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<Id> {
    pub id: Id,
    pub arguments: Arguments,
}

/// The reason why a line was not parsed, in the device's terms; columns count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    #[error("% Invalid word detected at '^' marker.")]
    Invalid { column: usize },
    #[error("% Ambiguous word detected at '^' marker.")]
    Ambiguous { column: usize },
    #[error("% Incomplete command.")]
    Incomplete,
}

impl SyntaxError {
    /// Returns the column of the `^`, counted from the beginning of the line.
    pub fn column(self) -> Option<usize> {
        match self {
            Self::Invalid { column } | Self::Ambiguous { column } => Some(column),
            Self::Incomplete => None,
        }
    }
}

/// One line of help.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HelpEntry {
    /// A keyword, an argument such as `<1-384>`, or `<cr>`.
    pub word: String,
    pub text: String,
}

/// The result of TAB on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The line with its last word extended as far as all candidates agree; a single one is followed by a space.
    pub line: String,
    /// The possible keywords for the word.
    pub candidates: Vec<String>,
}

/// Returns whether a line is blank or a comment. Such lines must not be passed to `parse`.
pub fn is_silent(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    line.is_empty() || line.starts_with(['!', '#'])
}

/// A table of commands, ready for lines.
#[derive(Debug)]
pub struct Grammar<Id> {
    commands: Vec<Syntax<Id>>,
    programs: Vec<Program>,
    /// The help of keywords that lead to several commands.
    glossary: Vec<(&'static str, &'static str)>,
}

impl<Id: Copy> Grammar<Id> {
    pub fn new(commands: &[Syntax<Id>]) -> Result<Self, PatternError> {
        let programs = commands.iter().map(|command| Program::new(command.pattern));
        Ok(Self {
            commands: commands.to_vec(),
            programs: programs.collect::<Result<_, _>>()?,
            glossary: Vec::new(),
        })
    }

    /// Adds help for keywords, in place of the help of the first command that has them.
    #[must_use]
    pub fn with_glossary(mut self, glossary: &[(&'static str, &'static str)]) -> Self {
        self.glossary.extend_from_slice(glossary);
        self
    }

    /// Parses a line. A blank one is `Incomplete`; see `is_silent`.
    pub fn parse(&self, line: &str) -> Result<Parsed<Id>, SyntaxError> {
        let mut walk = Walk::new(&self.programs);
        walk.over(line)?;
        let ended = walk
            .readings
            .iter()
            .chain(&walk.finished)
            .filter(|reading| walk.is_end(reading))
            .min_by_key(|reading| reading.command)
            .ok_or(SyntaxError::Incomplete)?;
        let command = self
            .commands
            .get(ended.command)
            .ok_or(SyntaxError::Incomplete)?;
        Ok(Parsed {
            id: command.id,
            arguments: walk.arguments(ended),
        })
    }

    /// Returns the possible next words, or those that start with the unfinished word; nothing after an error.
    pub fn help(&self, left_of_cursor: &str) -> Vec<HelpEntry> {
        let Ok((walk, word)) = self.before_last(left_of_cursor) else {
            return Vec::new();
        };
        let mut keywords: Vec<HelpEntry> = Vec::new();
        let mut arguments: Vec<HelpEntry> = Vec::new();
        let known = walk.keywords(&word);
        for reading in walk.readings.iter().chain(&walk.finished) {
            let entry = |word: String, text: &str| HelpEntry {
                word,
                text: text.to_owned(),
            };
            match walk.step(reading) {
                Some(Step::Word { text, .. }) if known.contains(text) => {
                    keywords.push(entry((*text).to_owned(), self.describe(text, reading)));
                }
                Some(Step::Argument { kind, .. }) if kind.could_begin(&word) => {
                    arguments.push(entry(kind.shown(), self.help_of(reading)));
                }
                _ => {}
            }
        }
        // The first command with a word gives its help text, so the sort must be stable.
        keywords.sort_by(|one, other| one.word.cmp(&other.word));
        keywords.dedup_by(|later, first| later.word == first.word);
        arguments.sort_by(|one, other| one.word.cmp(&other.word));
        arguments.dedup_by(|later, first| later.word == first.word);
        keywords.extend(arguments);
        let is_between_words = word.text.is_empty() && !word.is_quoted;
        let may_end = walk.readings.iter().chain(&walk.finished);
        if is_between_words && may_end.into_iter().any(|reading| walk.is_end(reading)) {
            keywords.push(HelpEntry {
                word: "<cr>".to_owned(),
                text: String::new(),
            });
        }
        keywords
    }

    /// Completes the word left of the cursor as far as it is unambiguous.
    pub fn complete(&self, left_of_cursor: &str) -> Completion {
        let unchanged = |candidates| Completion {
            line: left_of_cursor.to_owned(),
            candidates,
        };
        let Ok((walk, word)) = self.before_last(left_of_cursor) else {
            return unchanged(Vec::new());
        };
        let mut candidates: Vec<String> = walk
            .keywords(&word)
            .into_iter()
            .map(str::to_owned)
            .collect();
        candidates.sort();
        let Some(first) = candidates.first() else {
            return unchanged(candidates);
        };
        let mut agreed = first.clone();
        for other in &candidates {
            let same = agreed
                .chars()
                .zip(other.chars())
                .take_while(|(one, other)| one.eq_ignore_ascii_case(other));
            agreed = same.map(|(character, _)| character).collect();
        }
        let before = left_of_cursor.get(..word.column).unwrap_or_default();
        let space = if candidates.len() == 1 { " " } else { "" };
        Completion {
            line: format!("{before}{agreed}{space}"),
            candidates,
        }
    }

    /// Matches a line up to its unfinished last word.
    fn before_last<'line>(&self, line: &'line str) -> Result<(Walk<'_>, Word<'line>), SyntaxError> {
        let mut walk = Walk::new(&self.programs);
        let mut from = 0;
        while let Some(word) = word_at(line, from) {
            if word.end == line.len() {
                return Ok((walk, word));
            }
            walk.take(&word, line.get(word.column..).unwrap_or_default())?;
            from = word.end;
        }
        Ok((walk, Word::empty(line.len())))
    }

    fn describe(&self, keyword: &str, reading: &Reading) -> &'static str {
        self.glossary
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(keyword))
            .map_or_else(|| self.help_of(reading), |(_, text)| text)
    }

    fn help_of(&self, reading: &Reading) -> &'static str {
        self.commands
            .get(reading.command)
            .map_or("", |command| command.help)
    }
}
