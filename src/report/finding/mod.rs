//! Renders findings for people, code review and CI systems.

mod excerpt;
mod fingerprint;
mod github;
mod gitlab;
mod human;
mod json;
mod login;
mod markdown;
mod mask;
mod masked_file;
mod nesting;
#[cfg(test)]
mod sample;
mod sarif;
mod sensitive;

use serde::Serialize;

#[cfg(test)]
pub(crate) use json::Document as FindingsDocument;
pub use json::document as json_document;
pub(super) use masked_file::MaskedFile;

use super::{Paint, counted, listed};
use crate::model::{Finding, Forge};

/// The extent of a reading, and its number of findings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    pub errors: usize,
    pub warnings: usize,
    /// The number of files read.
    pub files: usize,
    pub devices: usize,
    pub subscribers: usize,
    pub service_plans: usize,
    /// The commit that was read, if it was not a plain directory.
    pub commit: Option<String>,
}

impl Summary {
    /// Renders the verdict in one sentence.
    pub fn verdict(&self) -> String {
        let Self {
            errors,
            warnings,
            files,
            devices,
            subscribers,
            service_plans,
            commit: _,
        } = self;
        let files = counted(*files, "file");
        if *errors == 0 && *warnings == 0 {
            let objects = [
                counted(*devices, "device"),
                counted(*subscribers, "subscriber"),
                counted(*service_plans, "service plan"),
            ];
            return format!("No findings: {} in {files}.", listed(&objects));
        }
        let counts: Vec<String> = [(*errors, "error"), (*warnings, "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| counted(number, noun))
            .collect();
        format!("{} in {files}.", listed(&counts))
    }
}

/// The web addresses that a report links to, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Web<'a> {
    pub forge: Option<&'a Forge>,
    /// The address of gamctl's documents, without a slash at the end.
    pub docs: Option<&'a str>,
}

/// The inputs of a report on findings.
pub struct FindingReport<'a> {
    /// In the order in which they are reported.
    pub findings: &'a [Finding],
    pub summary: Summary,
    /// Returns the text of a file of the inventory, for excerpts.
    pub text_of: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The inventory's path in its repository (`inventory.example/`), for formats that a forge reads; may be empty.
    pub path_prefix: &'a str,
    pub web: Web<'a>,
}

/// The reader of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FindingFormat {
    /// A person, at a terminal or in a log.
    #[default]
    Human,
    /// A script.
    Json,
    /// Code scanning, in the Static Analysis Results Interchange Format 2.1.0.
    Sarif,
    /// GitHub Actions, as workflow commands.
    Github,
    /// GitLab, as a Code Quality artifact.
    Gitlab,
}

impl FindingFormat {
    pub const ALL: [Self; 5] = [
        Self::Human,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
    ];

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
        }
    }
}

impl FindingReport<'_> {
    /// Renders the whole report as text with a newline at its end; `paint` and `width` only matter for `Human`.
    ///
    /// # Guarantees
    /// No format contains a character that could control a terminal, nor text of a line that is marked as secret.
    pub fn render(&self, format: FindingFormat, paint: Paint, width: usize) -> String {
        match format {
            FindingFormat::Human => human::render(self, paint, width),
            FindingFormat::Json => json::render(self),
            FindingFormat::Sarif => sarif::render(self),
            FindingFormat::Github => github::render(self),
            FindingFormat::Gitlab => gitlab::render(self),
        }
    }

    /// Renders the whole report for a comment on a pull request, in at most so many bytes.
    pub fn markdown(&self, max_bytes: usize) -> String {
        markdown::render(self, max_bytes)
    }

    /// Returns a file's path from the root of the repository.
    fn path_in_repository(&self, file: &str) -> String {
        let prefix = self.path_prefix.trim_end_matches('/');
        if prefix.is_empty() {
            file.to_owned()
        } else {
            format!("{prefix}/{file}")
        }
    }
}
