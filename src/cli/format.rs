//! Defines the formats that `--format` accepts, in one type for all commands and two with an addition.

use clap::ValueEnum;
use serde::Serialize;

use super::terminal::Terminal;
use crate::report::DocumentKind;

/// The output format of most commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

impl OutputFormat {
    /// Returns JSON if the flag `--json` was given, which was the spelling of `--format json`.
    pub(super) fn or_json(self, is_json: bool) -> Self {
        match is_json {
            true => Self::Json,
            false => self,
        }
    }
}

/// The output format of `plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    /// For people
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
}

/// The output format of `show`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// As TOML; not of plans
    Toml,
    /// For a pull request; plans only
    Markdown,
}

impl From<PlanFormat> for OutputFormat {
    fn from(format: PlanFormat) -> Self {
        match format {
            PlanFormat::Text | PlanFormat::Markdown => Self::Text,
            PlanFormat::Json => Self::Json,
        }
    }
}

impl From<ShowFormat> for OutputFormat {
    fn from(format: ShowFormat) -> Self {
        match format {
            ShowFormat::Text | ShowFormat::Toml | ShowFormat::Markdown => Self::Text,
            ShowFormat::Json => Self::Json,
        }
    }
}

/// Prints a value as text, JSON or TOML, and as JSON beside it.
pub(super) fn print_shown<T: Serialize>(
    kind: DocumentKind,
    value: &T,
    format: ShowFormat,
    text: impl FnOnce() -> String,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let document = || kind.document(value);
    match format {
        ShowFormat::Toml => {
            let toml = toml::to_string_pretty(value)?;
            terminal.print(format, document, || toml)
        }
        ShowFormat::Text | ShowFormat::Json | ShowFormat::Markdown => {
            terminal.print(format, document, text)
        }
    }
}
