//! Explains a subscriber or a device: the present state, then every run that concerned it.

use serde::Serialize;

use super::apply::{cause_text, left_text, published};
use super::document::time;
use super::fold::{fact, fold};
use super::history::{SentStep, exchanges, sent_step, without_outcome};
use super::{Paint, RunLine, moment, short_id, visible};
use crate::apply::{DeviceOutcome, Ended, Exchange};
use crate::plan::Step;

/// The most steps of one run that are listed; further ones are counted.
const MOST_STEPS: usize = 12;

/// Everything known about one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explanation {
    /// Such as `subscriber acct-1042 (apt-101) on maple-court-a`.
    pub about: String,
    pub device: String,
    pub now: Now,
    /// Newest first.
    pub chapters: Vec<ChapterLine>,
    /// There may be older ones.
    pub is_cut: bool,
}

/// The present state, as far as it is known without contacting the device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Now {
    /// The intended configuration, with its location; left out: not in the inventory, or unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
    /// The reason that the intended configuration is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// The time of the last look for an apply, and the steps that would follow from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<VerifiedLine>,
    /// The freezes in force, with end and reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<String>,
}

/// The last stored look, compared with the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Looked {
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
    /// Left out: it could not be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
}

/// The last time the device was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VerifiedLine {
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    pub is_unsaved: bool,
}

/// The part of one run that concerned the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChapterLine {
    pub run: RunLine,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
    /// Each with its number in the plan.
    pub steps: Vec<(usize, Step)>,
    pub exchanges: Vec<Exchange>,
    pub is_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<String>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "published::outcome"
    )]
    #[cfg_attr(
        test,
        schemars(with = "Option<crate::report::PublishedOutcome<'static>>")
    )]
    pub outcome: Option<DeviceOutcome>,
}

impl Explanation {
    /// Renders it as text.
    pub fn text(&self, with_lines: bool, paint: Paint, width: usize) -> String {
        let page = Page { paint, width };
        let mut text = format!("{}\n\n", paint.bold(&capital(&visible(&self.about))));
        text.push_str(&page.now(&self.now, &self.device));
        for chapter in &self.chapters {
            text.push('\n');
            text.push_str(&page.chapter(chapter, &self.device, with_lines));
        }
        if self.chapters.is_empty() {
            text.push_str("\nThe store has no run that changed it.\n");
        } else if self.is_cut {
            text.push_str("\nThere may be older runs; `--limit` shows more.\n");
        }
        text
    }
}

struct Page {
    paint: Paint,
    width: usize,
}

impl Page {
    fn now(&self, now: &Now, device: &str) -> String {
        let mut text = String::new();
        let intended = match (&now.intended, &now.unknown) {
            (Some(intended), _) => visible(intended).into_owned(),
            (None, Some(reason)) => format!("not known: {}", visible(reason)),
            (None, None) => "does not have it (or no longer)".to_owned(),
        };
        self.fact(&mut text, "inventory", &intended);
        match &now.looked {
            None => self.fact(
                &mut text,
                "device",
                "the store has no look at it; `gamctl observe` looks now",
            ),
            Some(Looked { at, steps }) => {
                let at = moment(*at);
                let said = match steps.as_deref() {
                    None => format!("last looked at {at}"),
                    Some([]) => format!("as intended, by the look of {at}"),
                    Some(_) => format!("not as intended, by the look of {at}; an apply would now:"),
                };
                self.fact(&mut text, "device", &said);
                text.push_str(&self.steps(steps.iter().flatten(), device));
            }
        }
        if let Some(verified) = &now.verified {
            let of = match &verified.commit {
                Some(commit) => format!(
                    "from commit {}",
                    visible(commit.get(..12).unwrap_or(commit))
                ),
                None => "from an inventory that was not committed".to_owned(),
            };
            let saved = match verified.is_unsaved {
                true => "NOT SAVED: a restart would undo it",
                false => "saved",
            };
            let said = format!("last verified {}, {of}; {saved}", moment(verified.at));
            self.fact(&mut text, "gamctl", &said);
        }
        for frozen in &now.frozen {
            self.fact(&mut text, "frozen", &visible(frozen));
        }
        text
    }

    fn fact(&self, text: &mut String, title: &str, said: &str) {
        text.push_str(&fact(title, said, self.width));
    }

    fn steps<'a>(&self, steps: impl Iterator<Item = &'a Step>, device: &str) -> String {
        let mut text = String::new();
        let mut left = 0;
        for (number, step) in steps.enumerate() {
            if number >= MOST_STEPS {
                left += 1;
                continue;
            }
            let typed = SentStep {
                step,
                exchanges: &[],
                with_lines: false,
            };
            text.push_str(&sent_step(typed, 4, self.paint, self.width));
        }
        if left > 0 {
            text.push_str(&format!(
                "    and {left} more; `gamctl plan --device {}` shows all\n",
                visible(device)
            ));
        }
        text
    }

    fn chapter(&self, chapter: &ChapterLine, device: &str, with_lines: bool) -> String {
        let run = &chapter.run;
        let title = format!(
            "{}  {} by {}, run {}",
            moment(chapter.at),
            visible(&run.verb),
            visible(&run.who),
            short_id(run.id)
        );
        let mut text = format!("{}\n", self.paint.bold(&title));
        for (_, step) in chapter.steps.iter().take(MOST_STEPS) {
            let typed = SentStep {
                step,
                exchanges: &[],
                with_lines: false,
            };
            text.push_str(&sent_step(typed, 2, self.paint, self.width));
        }
        if let Some(left) = chapter
            .steps
            .len()
            .checked_sub(MOST_STEPS)
            .filter(|left| *left > 0)
        {
            text.push_str(&format!(
                "  and {left} more; `gamctl history --run {} --device {}` shows all\n",
                short_id(run.id),
                visible(device)
            ));
        }
        if with_lines && !chapter.exchanges.is_empty() {
            text.push_str("  sent:\n");
            text.push_str(&exchanges(&chapter.exchanges, 4));
        }
        let end = fold(&visible(&end(chapter)), 2, 4, self.width).join("\n");
        text.push_str(&format!("{end}\n"));
        text
    }
}

/// Renders the outcome in a sentence.
pub(super) fn end(chapter: &ChapterLine) -> String {
    let Some(outcome) = &chapter.outcome else {
        let process = chapter.run.process.as_ref();
        return without_outcome(process.map(|process| process.state)).to_owned();
    };
    let saved = match &chapter.saved {
        Some(proof) => format!("saved: {proof}"),
        None => "not saved".to_owned(),
    };
    let named = |text: String| outcome.subscriber_ids.in_text(&text).into_owned();
    let because = || cause_text(&outcome.device, &outcome.ended).map_or_else(String::new, named);
    match &outcome.ended {
        Ended::Applied if chapter.is_verified => format!("verified by a second look; {saved}"),
        Ended::Applied => saved,
        Ended::Unchanged => "nothing to write".to_owned(),
        Ended::Unsaved { .. } => {
            format!("verified by a second look, but not saved: {}", because())
        }
        Ended::RolledBack { .. } => {
            format!("rolled back, and as before by another look: {}", because())
        }
        Ended::Stuck { left, .. } => {
            let left: Vec<String> = left.iter().map(left_text).map(named).collect();
            let left = match left.as_slice() {
                [] => String::new(),
                left => format!("; left: {}", left.join(", ")),
            };
            format!("STUCK: {}{left}", because())
        }
        Ended::Refused { refusal } => {
            let (because, rule) = (because(), refusal.rule());
            format!("refused, nothing written: {because} [{rule}]")
        }
        Ended::Stale { .. } => "nothing written: the device had changed since the plan".to_owned(),
        Ended::Unreachable { .. } => format!("nothing written: {}", because()),
        Ended::Interrupted { .. } => format!("interrupted: {}", because()),
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::cause::{Failure, Left};
    use crate::model::DeviceName;
    use std::collections::BTreeMap;

    fn chapter(ended: Ended) -> ChapterLine {
        ChapterLine {
            run: RunLine {
                id: uuid::Uuid::from_u128(0x89ab),
                began: 1_795_278_720,
                ended: None,
                exit: None,
                result: None,
                verb: "apply".to_owned(),
                who: "ada@noc".to_owned(),
                commit: None,
                is_uncommitted: false,
                plan: None,
                version: "0.1.0".to_owned(),
                process: None,
                refused: None,
                not_carried_out: None,
                adopted: None,
                devices: BTreeMap::new(),
            },
            at: 1_795_278_720,
            steps: Vec::new(),
            exchanges: vec![Exchange {
                line: "hostname x".to_owned(),
                reply: vec!["% odd\u{1b}".to_owned()],
                millis: 3,
            }],
            is_verified: true,
            saved: Some("the file has 900 bytes".to_owned()),
            outcome: Some(DeviceOutcome {
                device: DeviceName::new("maple-a").unwrap(),
                ended,
                steps: Vec::new(),
                remarks: Vec::new(),
                not_compared: Vec::new(),
                subscriber_ids: crate::model::SubscriberIds::default(),
                millis: 5,
            }),
        }
    }

    fn explained(chapters: Vec<ChapterLine>, now: Now) -> Explanation {
        Explanation {
            about: "device maple-a".to_owned(),
            device: "maple-a".to_owned(),
            now,
            chapters,
            is_cut: false,
        }
    }

    #[test]
    fn the_chain_ends_with_how_it_was_verified_and_saved() {
        let applied = explained(vec![chapter(Ended::Applied)], Now::default());
        assert_eq!(
            applied.text(true, Paint::Plain, 100),
            "Device maple-a\n\n\
             \x20 inventory  does not have it (or no longer)\n\
             \x20 device     the store has no look at it; `gamctl observe` looks now\n\n\
             2026-11-21 16:32 UTC  apply by ada@noc, run 0000000089ab\n\
             \x20 sent:\n\
             \x20   > hostname x\n\
             \x20     % odd\\u{1b}\n\
             \x20 verified by a second look; saved: the file has 900 bytes\n"
        );
        assert!(!applied.text(false, Paint::Plain, 100).contains("hostname"));
    }

    #[test]
    fn a_missing_history_is_a_remark_and_a_failure_stands_out() {
        let nothing = explained(Vec::new(), Now::default()).text(false, Paint::Plain, 100);
        assert!(
            nothing.contains("The store has no run that changed it"),
            "{nothing}"
        );
        let text = |text: &str| text.to_owned();
        let cause = Failure::Earlier {
            text: text("no answer"),
        };
        let left = vec![Left::Unknown {
            object: text("subscriber apt-1"),
        }];
        let stuck = explained(
            vec![chapter(Ended::Stuck {
                cause: Box::new(cause),
                not_restored: None,
                left,
            })],
            Now {
                verified: Some(VerifiedLine {
                    at: 0,
                    commit: None,
                    is_unsaved: true,
                }),
                looked: Some(Looked {
                    at: 0,
                    steps: Some(Vec::new()),
                }),
                frozen: vec!["by ada".to_owned()],
                ..Now::default()
            },
        );
        let text = stuck.text(false, Paint::Plain, 120);
        for part in [
            "STUCK: no answer; left: subscriber apt-1 is unknown",
            "NOT SAVED",
            "as intended, by the look of 1970-01-01",
            "frozen     by ada",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
