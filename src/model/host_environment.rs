//! Holds the environment's facts on the CI job, the terminal and the documentation.

use super::CiJob;

/// The environment of the program besides its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostEnvironment {
    pub ci: Option<CiJob>,
    /// The width of the output where it is not a terminal.
    pub columns: Option<usize>,
    /// The folders in which a shell finds programs, `PATH`.
    pub path: Option<String>,
    /// The web address of gamctl's documents, for links from findings; without a slash at the end.
    pub docs_url: Option<String>,
}

impl HostEnvironment {
    pub fn of(variable: &impl Fn(&str) -> Option<String>) -> Self {
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let docs_url = variable("GAMCTL_DOCS_URL");
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        Self {
            ci: CiJob::of(variable),
            // Narrower than this nothing can be read, and wider than this no terminal is.
            columns: columns.filter(|columns| (20..=1_000).contains(columns)),
            path: variable("PATH"),
            docs_url: docs_url
                .filter(is_web)
                .map(|url| url.trim_end_matches('/').to_owned()),
        }
    }

    /// Returns the person that a forge names.
    pub fn who(&self) -> Option<String> {
        self.ci.as_ref()?.who.clone()
    }
}
