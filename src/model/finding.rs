//! Defines findings: an error in the data with its source location, rule and hint.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The inventory cannot be used like this.
    Error,
    /// It can be used, but a person should look.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A file of an example: its path in the inventory and its text.
pub type ExampleFile = (&'static str, &'static str);

/// A check of the inventory, with its documentation.
#[derive(Debug)]
pub struct Rule {
    /// Stable, in kebab-case; scripts and suppressions refer to it.
    pub id: &'static str,
    pub severity: Severity,
    /// One sentence without a full stop.
    pub summary: &'static str,
    /// The reason, for the reference.
    pub why: &'static str,
    /// Files added to a small valid inventory that cause this finding and no other.
    pub wrong: &'static [ExampleFile],
    /// The same files, corrected: no finding at all.
    pub right: &'static [ExampleFile],
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// A location in a file of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SourceLocation {
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
    /// The number of characters concerned in that line; 0 for the file as a whole.
    #[serde(skip)]
    pub length: u32,
}

impl SourceLocation {
    /// Returns the beginning of a file, for a finding about the file as a whole.
    pub fn whole(file: Arc<str>) -> Self {
        Self {
            file,
            line: 1,
            column: 1,
            length: 0,
        }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Another location that belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    #[serde(flatten)]
    pub place: SourceLocation,
    /// A description: "first defined here".
    pub message: String,
}

/// An error in the data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a finding that is not reported is a mistake that is not fixed"]
pub struct Finding {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub place: SourceLocation,
    /// One sentence that names the object and the value.
    pub message: String,
    /// The next step for the author.
    pub hint: Option<String>,
    pub related: Vec<Related>,
    /// The line may contain a secret: print the location, never the text.
    pub is_secret: bool,
}

/// Orders findings as a person reads files: by file, line, column, then rule.
pub fn by_place(left: &Finding, right: &Finding) -> Ordering {
    (&left.place, left.rule.id, &left.message, &left.hint).cmp(&(
        &right.place,
        right.rule.id,
        &right.message,
        &right.hint,
    ))
}
