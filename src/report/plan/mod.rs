//! Renders a plan for people and programs: the summary first, losses next, nothing cut silently.
//!
//! `verdict` what it comes to, in a sentence and an exit code · `words` changes and impacts as people say them · `reason` why they are there · `note` what was not planned · `stored` what the store knows · `lost_store` what it may have lost · `drift` only what devices changed · `service` what the service would do with it · `comparison` what differs from a reviewed plan ·
//! `document` the entries and their order, `entry` one of them · `group` equal changes · `text` `markdown` `file` the output formats.

mod comparison;
mod document;
mod drift;
mod entry;
mod file;
mod group;
mod lost_store;
mod markdown;
mod note;
mod reason;
mod service;
mod stored;
mod text;
mod verdict;
mod words;

#[cfg(test)]
mod schema_check;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use comparison::ComparisonDocument;
pub use comparison::ComparisonReport;
pub use drift::{Drift, OTHER_DEVICE};
pub use file::{PlanFileError, plan_value, read_plan, write_plan};
pub use markdown::{PLAN_MARKER, no_plan_markdown};
pub(super) use reason::Reasons;
pub use service::{RolloutOutlook, ServiceOutlook, WindowOutlook};
pub(super) use stored::waits;
pub use verdict::{Totals, exit, verdict};
pub use words::some_names;
pub(super) use words::{effects, impact, object, what};

use serde::Serialize;

use super::{DocumentKind, Exit, Paint};
use crate::model::Forge;
use crate::plan::Planned;

/// The schema of a plan file.
pub const PLAN_SCHEMA: &str = include_str!("../../../schema/plan.json");

/// The amount of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanReport<'a> {
    pub planned: &'a Planned,
    /// With the lines that would be sent, and those that undo them.
    pub is_detailed: bool,
    /// Everything, however long it gets.
    pub is_expanded: bool,
}

/// A plan as programs read it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Document<'a> {
    /// One sentence.
    verdict: String,
    /// The exit code of `gamctl plan`.
    exit: u8,
    totals: &'a Totals,
    /// The plan file, as `--out` writes it.
    #[cfg_attr(test, schemars(with = "crate::report::document::types::PlanFile"))]
    plan: serde_json::Value,
}

impl PlanReport<'_> {
    /// Returns the plan for a terminal.
    pub fn text(&self, paint: Paint, width: usize) -> String {
        self.text_with(None, paint, width)
    }

    /// Returns the plan for a terminal, with what the service would do.
    pub fn text_with(
        &self,
        service: Option<&ServiceOutlook>,
        paint: Paint,
        width: usize,
    ) -> String {
        let document = document::document(self, service);
        text::render(&document, self.is_expanded, paint, width)
    }

    /// Returns the plan for a pull request, in at most so many bytes, with links to the forge where it is known.
    pub fn markdown(&self, max_bytes: usize, forge: Option<&Forge>) -> String {
        self.markdown_with(None, max_bytes, forge)
    }

    /// Returns the plan for a pull request, with what the service would do.
    pub fn markdown_with(
        &self,
        service: Option<&ServiceOutlook>,
        max_bytes: usize,
        forge: Option<&Forge>,
    ) -> String {
        let page = markdown::Page { max_bytes, forge };
        page.render(&document::document(self, service), self.planned)
    }

    /// Returns the plan for programs: the plan file, with what it comes to.
    pub fn json(&self) -> String {
        let totals = Totals::of(self.planned);
        DocumentKind::Plan.document(&Document {
            verdict: verdict(self.planned, &totals),
            exit: exit(self.planned).code(),
            totals: &totals,
            plan: plan_value(self.planned),
        })
    }

    pub fn exit(&self) -> Exit {
        exit(self.planned)
    }
}
