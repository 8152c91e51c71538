//! Renders the differences between a reviewed plan and the present one, for people and programs.
//!
//! `entry` the entries for people · `published` the document for programs.

mod entry;
mod published;
#[cfg(test)]
mod tests;

pub(crate) use published::ComparisonDocument;

use super::super::{DocumentKind, Exit, Paint, counted, listed};
use super::document::{Document, Section};
use super::{exit, markdown, text};
use crate::model::Forge;
use crate::plan::{PlanComparison, Planned};
use entry::{device_entries, refusals};

/// The number of lines of a comparison on a terminal; further ones are counted.
const MOST_LINES: usize = 150;

/// A reviewed plan, the present one, and the differences between them.
#[derive(Debug)]
pub struct ComparisonReport<'a> {
    reviewed: &'a Planned,
    reviewed_id: &'a str,
    now: &'a Planned,
    comparison: PlanComparison<'a>,
}

impl<'a> ComparisonReport<'a> {
    /// Compares a reviewed plan with the present one.
    pub fn of(reviewed: &'a Planned, reviewed_id: &'a str, now: &'a Planned) -> Self {
        Self {
            reviewed,
            reviewed_id,
            now,
            comparison: PlanComparison::of(reviewed, now),
        }
    }

    /// Returns the exit code of the present plan if it is the reviewed one, else `Stale`.
    pub fn exit(&self) -> Exit {
        match self.comparison.is_identical() {
            true => exit(self.now),
            false => Exit::Stale,
        }
    }

    /// Returns one sentence.
    pub fn verdict(&self) -> String {
        let steps = |planned: &Planned| -> usize {
            planned.devices.iter().map(|plan| plan.steps.len()).sum()
        };
        if self.comparison.is_identical() {
            let devices = self.now.devices.iter();
            let devices = devices.filter(|plan| !plan.steps.is_empty()).count();
            return format!(
                "Identical to what was reviewed: {} on {}.",
                counted(steps(self.now), "step"),
                counted(devices, "device")
            );
        }
        let [added, missing, changed] = self.comparison.counts();
        let counts = [(missing, "missing"), (changed, "changed"), (added, "added")];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let mut parts: Vec<String> = counts
            .map(|(count, how)| format!("{} {how}", counted(count, "step")))
            .collect();
        if parts.is_empty() {
            parts.push("the same steps otherwise".to_owned());
        }
        let on = match self.comparison.devices.len() {
            0 => String::new(),
            devices => format!(" on {}", counted(devices, "device")),
        };
        format!(
            "Not what was reviewed: {}{on}; {} reviewed, {} now.",
            listed(&parts),
            counted(steps(self.reviewed), "step"),
            steps(self.now)
        )
    }

    /// Returns the comparison for a terminal.
    pub fn text(&self, paint: Paint, width: usize, is_expanded: bool) -> String {
        text::render(&self.document(), is_expanded, paint, width)
    }

    /// Returns the comparison for a merged pull request, in at most so many bytes.
    pub fn markdown(&self, max_bytes: usize, forge: Option<&Forge>) -> String {
        let page = markdown::Page { max_bytes, forge };
        page.body(&self.document(), "")
    }

    /// Returns the comparison for programs.
    pub fn json(&self) -> String {
        DocumentKind::Comparison.document(&ComparisonDocument::of(self))
    }

    fn document(&self) -> Document {
        let comparison = &self.comparison;
        let mut entries = refusals(None, &comparison.refused, &comparison.no_longer_refused);
        entries.extend(comparison.devices.iter().flat_map(device_entries));
        let section = Section {
            title: "Differences from the reviewed plan",
            most: Some(MOST_LINES),
            noun: "difference",
            entries,
        };
        Document {
            exit: self.exit(),
            verdict: self.verdict(),
            premises: Vec::new(),
            sections: match section.entries.is_empty() {
                true => Vec::new(),
                false => vec![section],
            },
        }
    }
}
