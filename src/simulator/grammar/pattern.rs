//! Parses the pattern language of commands into a tree.

use super::argument::Kind;

/// The reason why a pattern is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern `{pattern}` is wrong at {column}: {problem}")]
pub struct PatternError {
    pub pattern: &'static str,
    pub column: usize,
    pub problem: &'static str,
}

/// One part of a pattern.
#[derive(Debug)]
pub(super) enum Item {
    Word(&'static str),
    Argument {
        name: &'static str,
        kind: Kind,
    },
    /// `{a|b}`, and `[a|b]`, which may be left out.
    Choice {
        alternatives: Vec<Vec<Self>>,
        is_optional: bool,
    },
    /// `( a | b )*` and `( a | b )+`.
    Options {
        alternatives: Vec<Vec<Self>>,
        is_optional: bool,
    },
}

/// Special characters outside of apostrophes.
const SPECIAL: &str = "[]{}()|<>'";

/// Parses a pattern.
pub(super) fn read(pattern: &'static str) -> Result<Vec<Item>, PatternError> {
    let mut reader = Reader {
        pattern,
        rest: pattern,
    };
    let items = reader.sequence()?;
    if !reader.rest.is_empty() {
        return Err(reader.wrong("this closes nothing"));
    }
    if can_be_empty(&items) {
        return Err(reader.wrong("a command has at least one word"));
    }
    Ok(items)
}

/// Returns whether a line may leave these out.
fn can_be_empty(items: &[Item]) -> bool {
    items.iter().all(|item| match item {
        Item::Word(_) | Item::Argument { .. } => false,
        Item::Choice { is_optional, .. } | Item::Options { is_optional, .. } => *is_optional,
    })
}

struct Reader {
    pattern: &'static str,
    rest: &'static str,
}

impl Reader {
    fn wrong(&self, problem: &'static str) -> PatternError {
        PatternError {
            pattern: self.pattern,
            column: self.pattern.len() - self.rest.len(),
            problem,
        }
    }

    /// Consumes `text` if it comes next.
    fn takes(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start_matches(' ');
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Consumes everything up to and including `end`.
    fn until(&mut self, end: char) -> Result<&'static str, PatternError> {
        let Some((before, rest)) = self.rest.split_once(end) else {
            return Err(self.wrong("this is never closed"));
        };
        self.rest = rest;
        Ok(before)
    }

    fn sequence(&mut self) -> Result<Vec<Item>, PatternError> {
        let mut items = Vec::new();
        loop {
            if self.takes("<") {
                items.push(self.argument()?);
            } else if self.takes("'") {
                let word = self.until('\'')?;
                if word.is_empty() || word.contains([' ', '"']) {
                    return Err(self.wrong("this is not a word"));
                }
                items.push(Item::Word(word));
            } else if self.takes("{") {
                items.push(self.choice("}", false)?);
            } else if self.takes("[") {
                items.push(self.choice("]", true)?);
            } else if self.takes("(") {
                items.push(self.options()?);
            } else {
                let end = self
                    .rest
                    .find(|character| character == ' ' || SPECIAL.contains(character))
                    .unwrap_or(self.rest.len());
                let Some((word, rest)) = self.rest.split_at_checked(end) else {
                    return Ok(items);
                };
                if word.is_empty() {
                    return Ok(items);
                }
                if word.contains('"') {
                    return Err(self.wrong("a word has no quotes"));
                }
                self.rest = rest;
                items.push(Item::Word(word));
            }
        }
    }

    fn argument(&mut self) -> Result<Item, PatternError> {
        let written = self.until('>')?;
        let (name, kind) = written.split_once(':').unwrap_or((written, ""));
        match Kind::from_pattern(kind) {
            Some(kind) if !name.is_empty() => Ok(Item::Argument { name, kind }),
            _ => Err(self.wrong("before this stands no `<name:type>`")),
        }
    }

    fn alternatives(&mut self, end: &str) -> Result<Vec<Vec<Item>>, PatternError> {
        let mut alternatives = Vec::new();
        loop {
            let items = self.sequence()?;
            if can_be_empty(&items) {
                return Err(self.wrong("before this stands an alternative that may be empty"));
            }
            alternatives.push(items);
            if self.takes(end) {
                return Ok(alternatives);
            }
            if !self.takes("|") {
                return Err(self.wrong("this does not close what is open"));
            }
        }
    }

    fn choice(&mut self, end: &str, is_optional: bool) -> Result<Item, PatternError> {
        Ok(Item::Choice {
            alternatives: self.alternatives(end)?,
            is_optional,
        })
    }

    fn options(&mut self) -> Result<Item, PatternError> {
        let alternatives = self.alternatives(")")?;
        let is_optional = self.takes("*");
        if !is_optional && !self.takes("+") {
            return Err(self.wrong("after `)` comes `*` or `+`"));
        }
        Ok(Item::Options {
            alternatives,
            is_optional,
        })
    }
}
