//! Describes the links of subscribers from before gamctl to services of billing, and the subscribers that stay without one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::description::{ChangeLine, HeldLine, ReadingLine};
use crate::report::{Exit, Paint, counted, visible};

/// The subscribers of one reason that are shown; the others are counted.
const SHOWN: usize = 10;

/// The result of adopting: links, and subscribers without one.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AdoptionReport {
    pub system: String,
    /// The commit that it was compared with; null: files on disk.
    pub base: Option<String>,
    pub reading: ReadingLine,
    /// Each writes `external` of one subscriber, and nothing else.
    pub links: Vec<ChangeLine>,
    /// Links that a rule of the gate holds back from the lane of the sync.
    pub held_back: Vec<HeldLine>,
    pub left: Vec<LeftLine>,
    /// Files that the links alter.
    pub files: Vec<String>,
    /// Null: nothing was committed.
    pub commit: Option<String>,
}

/// A subscriber that stays without a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeftLine {
    pub subscriber: String,
    pub rule: &'static str,
    pub because: String,
    pub next_step: &'static str,
}

impl AdoptionReport {
    /// Returns the exit code: something to commit, held back, or not read completely.
    pub fn exit(&self) -> Exit {
        if !self.reading.is_complete {
            Exit::Unobservable
        } else if !self.held_back.is_empty() {
            Exit::Refused
        } else if !self.links.is_empty() && self.commit.is_none() {
            Exit::ChangesPending
        } else {
            Exit::Done
        }
    }
}

/// Returns the result as text, without the difference of files.
pub fn adoption_text(report: &AdoptionReport, paint: Paint) -> String {
    let mut text = String::new();
    if !report.links.is_empty() {
        let title = match report.commit {
            Some(_) => "Linked:",
            None => "Would be linked:",
        };
        text.push_str(&format!("{}\n", paint.bold(title)));
        text.push_str(&lines(&report.links));
    }
    for held in &report.held_back {
        let count = counted(held.changes.len(), "link");
        let title = format!("Held back: {count} ({})", held.rule);
        text.push_str(&format!("{}\n", paint.warning(&title)));
        text.push_str(&format!("  {}\n", visible(&held.because)));
        text.push_str(&lines(&held.changes));
        text.push_str("  next: commit them in your own name, with `--commit --branch NAME`\n");
    }
    let mut by_rule: BTreeMap<&str, Vec<&LeftLine>> = BTreeMap::new();
    for line in &report.left {
        by_rule.entry(line.rule).or_default().push(line);
    }
    for (rule, lines) in by_rule {
        let count = counted(lines.len(), "subscriber");
        let title = format!("Not linked: {count} ({rule})");
        text.push_str(&format!("{}\n", paint.bold(&title)));
        for line in lines.iter().take(SHOWN) {
            text.push_str(&format!(
                "  {}: {}\n",
                visible(&line.subscriber),
                visible(&line.because)
            ));
        }
        if lines.len() > SHOWN {
            text.push_str(&format!("  and {} more\n", lines.len() - SHOWN));
        }
        if let Some(line) = lines.first() {
            text.push_str(&format!("  next: {}\n", line.next_step));
        }
    }
    text
}

fn lines(changes: &[ChangeLine]) -> String {
    let lines = changes.iter().flat_map(|change| &change.lines);
    lines.map(|line| format!("  {}\n", visible(line))).collect()
}

/// Returns the result in one sentence.
pub fn adoption_verdict(report: &AdoptionReport) -> String {
    let links = counted(report.links.len(), "link");
    let held: usize = report.held_back.iter().map(|held| held.changes.len()).sum();
    match report.exit() {
        Exit::Unobservable => format!(
            "{} was not read completely, so another item may have the same endpoint: nothing is linked.",
            report.system
        ),
        Exit::Refused => format!("{} held back.", counted(held, "link")),
        Exit::ChangesPending => format!("{links} to commit. Nothing is written."),
        _ if report.commit.is_some() => format!("{links} committed."),
        _ => "Nothing to link.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(links: usize) -> AdoptionReport {
        let change = ChangeLine {
            subscriber: "apt-1".to_owned(),
            service: "1042/7001".to_owned(),
            kind: "change",
            lines: vec!["apt-1 external.account none → 1042/7001".to_owned()],
        };
        AdoptionReport {
            system: "splynx".to_owned(),
            base: None,
            reading: ReadingLine {
                taken: "2026-11-30T12:00:00Z".to_owned(),
                is_complete: true,
                is_of_accounts: false,
                counts: Vec::new(),
                gaps: Vec::new(),
                unreadable: 0,
                digest: String::new(),
            },
            links: vec![change; links],
            held_back: Vec::new(),
            left: Vec::new(),
            files: Vec::new(),
            commit: None,
        }
    }

    #[test]
    fn the_exit_code_follows_from_what_is_left_to_do() {
        assert_eq!(report(0).exit(), Exit::Done);
        assert_eq!(report(1).exit(), Exit::ChangesPending);
        let committed = AdoptionReport {
            commit: Some("abc".to_owned()),
            ..report(1)
        };
        assert_eq!(committed.exit(), Exit::Done);
        let mut incomplete = report(0);
        incomplete.reading.is_complete = false;
        assert_eq!(incomplete.exit(), Exit::Unobservable);
        assert!(adoption_verdict(&incomplete).ends_with("nothing is linked."));
    }

    #[test]
    fn subscribers_of_one_reason_are_counted_after_the_first_ten() {
        let mut many = report(0);
        many.left = (1..=12)
            .map(|number| LeftLine {
                subscriber: format!("apt-{number}"),
                rule: "no-item",
                because: "no item has its endpoint".to_owned(),
                next_step: "correct it in billing",
            })
            .collect();
        let text = adoption_text(&many, Paint::Plain);
        assert!(text.starts_with("Not linked: 12 subscribers (no-item)\n"));
        assert!(text.ends_with("  and 2 more\n  next: correct it in billing\n"));
    }
}
