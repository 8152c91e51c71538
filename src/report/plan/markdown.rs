//! Renders a plan as Markdown within a byte limit, with a prominent notice if it was truncated.

use super::super::counted;
use super::super::markdown::{escaped_markdown, with_linked_commits};
use super::document::{Document, Section};
use super::entry::Entry;
use crate::model::Forge;
use crate::plan::Planned;

/// The first line of a plan in Markdown: the job that posts it finds its earlier comment by this, and edits that.
pub const PLAN_MARKER: &str = "<!-- gamctl-plan -->\n";

/// Bytes reserved for the notices that something was left out.
const RESERVE: usize = 800;

/// The number of lines above which a part is folded away. Refusals, losses and faults are always open.
const UNFOLDED: usize = 20;

/// The word for the entries of the part with the reasons that nothing may be applied.
const REFUSAL: &str = "refusal";

/// The limits and links of a plan in Markdown.
pub(super) struct Page<'a> {
    pub max_bytes: usize,
    pub forge: Option<&'a Forge>,
}

impl Page<'_> {
    pub(super) fn render(&self, document: &Document, planned: &Planned) -> String {
        let mut text = self.body(document, &self.commits(planned));
        text.insert_str(0, PLAN_MARKER);
        text
    }

    /// Renders a document without a marker.
    pub(super) fn body(&self, document: &Document, commits: &str) -> String {
        let max_bytes = self.max_bytes;
        let room = max_bytes.saturating_sub(RESERVE);
        let mut text = format!("**{}**\n", escaped_markdown(&document.verdict));
        text.push_str(commits);
        for premise in &document.premises {
            text.push_str(&format!("\n{}\n", escaped_markdown(premise)));
        }
        let mut left_out: Vec<String> = Vec::new();
        let mut missing = 0;
        for section in &document.sections {
            let (part, left) = self.part(section, room.saturating_sub(text.len()));
            text.push_str(&part);
            if left > 0 {
                left_out.push(counted(left, section.noun));
                // What is vital has no limit of its own on a terminal either.
                missing += if section.most.is_none() { left } else { 0 };
            }
        }
        if missing > 0 {
            let warning = format!(
                "> **WARNING: {} of what is removed or disconnected, or wrong, did not fit into {max_bytes} bytes and \
                 is NOT shown here. Do not judge this change by this text: run `gamctl plan` and read all of it.**\n\n",
                counted(missing, "entry").replace("entrys", "entries")
            );
            text.insert_str(0, &warning);
        }
        if !left_out.is_empty() {
            text.push_str(&format!(
                "\n_Left out to stay within {max_bytes} bytes: {}. `gamctl plan` shows all._\n",
                left_out.join(", ")
            ));
        }
        text
    }

    /// Returns a line on the commits that the plan is about: `base…head` for a comparison.
    fn commits(&self, planned: &Planned) -> String {
        let Some(head) = &planned.inventory.commit else {
            return String::new();
        };
        let linked = |shown: String, page: Option<String>| match page {
            Some(page) => format!("[{shown}]({page})"),
            None => shown,
        };
        match &planned.against {
            Some(base) => {
                let page = self.forge.map(|forge| forge.comparison(base, head));
                let range = format!("`{}…{}`", short(base), short(head));
                format!("\nCommits: {}\n", linked(range, page))
            }
            None => {
                let page = self.forge.map(|forge| forge.commit(head));
                format!("\nCommit: {}\n", linked(format!("`{}`", short(head)), page))
            }
        }
    }

    /// Returns as much of a section as fits, and how many objects of it do not.
    fn part(&self, section: &Section, room: usize) -> (String, usize) {
        let title = section.title;
        let mut text = String::new();
        let mut under = None;
        let mut left = 0;
        for entry in &section.entries {
            let mut item = String::new();
            if entry.under != under {
                let device = entry.under.as_deref().unwrap_or("everywhere");
                item.push_str(&format!("\n**{}**\n\n", escaped_markdown(device)));
            } else if under.is_none() && text.is_empty() {
                item.push('\n');
            }
            item.push_str(&self.bullet(entry));
            // Once something did not fit, everything after it is left out: what is shown is the beginning, without holes.
            if left > 0 || text.len() + item.len() > room.saturating_sub(title.len()) {
                left += entry.weight;
                continue;
            }
            under.clone_from(&entry.under);
            text.push_str(&item);
        }
        if text.is_empty() {
            return (String::new(), left);
        }
        let is_long = text.lines().count() > UNFOLDED;
        if is_long && section.most.is_some() && section.noun != REFUSAL {
            let weight: usize = section.entries.iter().map(|entry| entry.weight).sum();
            let count = counted(weight, section.noun);
            let summary = format!("<summary>{title} ({count})</summary>");
            return (format!("\n<details>{summary}\n{text}\n</details>\n"), left);
        }
        (format!("\n### {title}\n{text}"), left)
    }

    fn bullet(&self, entry: &Entry) -> String {
        let mut text = format!("- {}{}\n", code_sign(entry), escaped_markdown(&entry.head));
        for below in &entry.below {
            let below = with_linked_commits(below, self.forge);
            text.push_str(&format!("  - {below}\n"));
        }
        if !entry.lines.is_empty() {
            text.push_str("  ```\n");
            for line in &entry.lines {
                text.push_str(&format!("  {line}\n"));
            }
            for line in &entry.undo {
                text.push_str(&format!("  undo: {line}\n"));
            }
            text.push_str("  ```\n");
        }
        if let Some(remark) = &entry.remark {
            text.push_str(&format!("  - {}\n", escaped_markdown(remark)));
        }
        text
    }
}

/// The sign as code: a bare `-` or `+` would begin another list.
fn code_sign(entry: &Entry) -> String {
    match entry.sign.mark().trim_end() {
        "" => String::new(),
        mark => format!("`{mark}` "),
    }
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// Renders the end of a plan that could not be made, so that a comment is never empty.
pub fn no_plan_markdown(why: &str) -> String {
    format!(
        "{PLAN_MARKER}**No plan: {}**\n",
        escaped_markdown(&super::super::visible(why))
    )
}
