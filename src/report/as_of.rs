//! Renders a past state of a device or subscriber: inventory, last look, last change.

use serde::Serialize;

use super::document::time;
use super::explain::{capital, end};
use super::fold::fact;
use super::{ChapterLine, Paint, moment, short_id, visible};

/// A device or subscriber at a time; left out means unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StateAt<Said, Observed> {
    /// Such as `subscriber acct-1042 (apt-101) on maple-court-a`.
    pub about: String,
    pub device: String,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
    pub is_in_inventory_now: bool,
    pub inventory: InventoryThen<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look: Option<LookThen<Observed>>,
    /// The run that had changed it last, with its present outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<ChapterLine>,
}

/// The inventory then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InventoryThen<Said> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The time at which the device was verified against it, left out: applied, but never
    /// verified here.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "time::maybe_seconds"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub verified_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// The reason that its content is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// The last look before that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LookThen<Observed> {
    /// The look that found it first, after another content.
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
    /// The first look that found another content.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "time::maybe_seconds"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub until: Option<u64>,
    /// The last look by then, if its time is known.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "time::maybe_seconds"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub confirmed: Option<u64>,
    /// Left out: it was not on the device, or could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
}

impl<Said, Observed> StateAt<Said, Observed> {
    /// Renders it as text: the facts, then the inventory and the look as separate blocks.
    pub fn text(&self, blocks: &[String], paint: Paint, width: usize) -> String {
        let title = format!("{}, as of {}", capital(&self.about), moment(self.at));
        let mut text = format!("{}\n\n", paint.bold(&visible(&title)));
        text.push_str(&fact("inventory", &self.inventory(), width));
        text.push_str(&fact("device", &self.look(), width));
        text.push_str(&fact("changed", &self.change(), width));
        if !self.is_in_inventory_now {
            let said = "no longer in the inventory";
            text.push_str(&fact("now", said, width));
        }
        for block in blocks {
            text.push('\n');
            text.push_str(block);
        }
        text
    }

    fn inventory(&self) -> String {
        let InventoryThen {
            commit,
            verified_at,
            said: _,
            unknown,
        } = &self.inventory;
        if let Some(why) = unknown {
            return format!("not known: {}", visible(why));
        }
        let commit = visible(short_commit(commit.as_deref())).into_owned();
        match verified_at {
            Some(at) => format!("commit {commit}, verified on the device {}", moment(*at)),
            None => format!(
                "commit {commit}, the last one applied on any device; {} was not verified by then",
                visible(&self.device)
            ),
        }
    }

    fn look(&self) -> String {
        let Some(look) = &self.look else {
            return "unknown: the store has no look at it by then".to_owned();
        };
        let since = format!("as found by the look of {}", moment(look.since));
        match (look.until, look.confirmed) {
            (Some(until), _) => format!(
                "{since}; the look of {} found something else",
                moment(until)
            ),
            (None, Some(confirmed)) if confirmed > look.since => {
                format!("{since}, and again by that of {}", moment(confirmed))
            }
            (None, _) => since,
        }
    }

    fn change(&self) -> String {
        let Some(chapter) = &self.changed else {
            return "by no run that the store knows by then".to_owned();
        };
        let run = &chapter.run;
        let of = match &run.commit {
            Some(commit) => format!("commit {}", short_commit(Some(commit))),
            None => "an inventory that was not committed".to_owned(),
        };
        let in_progress = match chapter.at > self.at {
            true => "in progress then; ",
            false => "",
        };
        let said = format!(
            "{} by {}, run {}, started {}, {of}: {in_progress}{}",
            run.verb,
            run.who,
            short_id(run.id),
            moment(run.began),
            end(chapter)
        );
        visible(&said).into_owned()
    }
}

fn short_commit(commit: Option<&str>) -> &str {
    let commit = commit.unwrap_or_default();
    commit.get(..12).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: u64 = 1_795_278_720;

    fn state() -> StateAt<(), ()> {
        StateAt {
            about: "device maple-a".to_owned(),
            device: "maple-a".to_owned(),
            at: THEN,
            is_in_inventory_now: true,
            inventory: InventoryThen {
                commit: Some("0123456789abcdef".to_owned()),
                verified_at: Some(THEN - 3600),
                said: Some(()),
                unknown: None,
            },
            look: Some(LookThen {
                since: THEN - 7200,
                until: None,
                confirmed: Some(THEN - 60),
                observed: None,
            }),
            changed: None,
        }
    }

    #[test]
    fn it_says_since_when_and_until_when_a_device_was_found_so() {
        let mut state = state();
        assert_eq!(
            state.text(&["A block\n".to_owned()], Paint::Plain, 100),
            "Device maple-a, as of 2026-11-21 16:32 UTC\n\n\
            \x20 inventory  commit 0123456789ab, verified on the device 2026-11-21 15:32 UTC\n\
            \x20 device     as found by the look of 2026-11-21 14:32 UTC, and again by that of 2026-11-21 16:31 UTC\n\
            \x20 changed    by no run that the store knows by then\n\
            \nA block\n"
        );
        state.look = Some(LookThen {
            since: THEN,
            until: Some(THEN + 60),
            confirmed: None,
            observed: None,
        });
        let text = state.text(&[], Paint::Plain, 200);
        assert!(
            text.contains("16:32 UTC; the look of 2026-11-21 16:33 UTC found something else"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_value_is_shown_as_unknown_and_stays_on_its_line() {
        let state = StateAt {
            is_in_inventory_now: false,
            inventory: InventoryThen {
                unknown: Some("commit 0123 cannot be read\u{1b}[2J".to_owned()),
                ..state().inventory
            },
            look: None,
            ..state()
        };
        assert_eq!(
            state.text(&[], Paint::Plain, 100),
            "Device maple-a, as of 2026-11-21 16:32 UTC\n\n\
            \x20 inventory  not known: commit 0123 cannot be read\\u{1b}[2J\n\
            \x20 device     unknown: the store has no look at it by then\n\
            \x20 changed    by no run that the store knows by then\n\
            \x20 now        no longer in the inventory\n"
        );
    }

    #[test]
    fn a_commit_that_was_only_applied_elsewhere_is_not_called_verified() {
        let mut state = state();
        state.inventory.verified_at = None;
        let text = state.text(&[], Paint::Plain, 200);
        assert!(
            text.contains("applied on any device; maple-a was not verified by then"),
            "{text}"
        );
    }
}
