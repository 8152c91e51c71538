//! Checks the lanes of `policy.toml`: their names, their authors and their limits.

use std::collections::BTreeMap;

use super::policy::report_empty_limits;
use crate::inventory::assemble::Inventory;
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::record::Fields;
use crate::inventory::rules::rules;
use crate::inventory::text::{BILLING_LANE, LaneLimitsText, LaneText};
use crate::model::LaneName;

rules! {
    /// `billing` is the lane of the billing sync. What it may change is fixed in gamctl, so that no commit can widen it; its
    /// authors and limits are settings.
    RESERVED_LANE = "reserved-lane", Error, "the lane of the billing sync has `may`, or another lane has its limit",
    wrong: [("policy.toml", "[lane.billing]\nauthors = [\"sync@example.net\"]\nmay = [\"subscriber.state\"]\n")],
    right: [("policy.toml", "[lane.billing]\nauthors = [\"sync@example.net\"]\nlimits = { suspensions = { count = 50, percent = 5 }, drop = { count = 20, percent = 2 } }\n")];

    /// A lane restricts the commits of its authors. Without one it restricts no commit, although its author expects that.
    LANE_WITHOUT_AUTHOR = "lane-without-author", Error, "a lane has neither authors nor signers",
    wrong: [("policy.toml", "[lane.helpdesk]\nmay = [\"subscriber.state\"]\n")],
    right: [("policy.toml", "[lane.helpdesk]\nauthors = [\"helpdesk@example.net\"]\nmay = [\"subscriber.state\"]\n")];

    /// A commit is checked by one lane, so an author or a signer must not be in two of them: they would allow different
    /// changes.
    AUTHOR_IN_TWO_LANES = "author-in-two-lanes", Error, "an author or a signer is in two lanes",
    wrong: [("policy.toml", "[lane.helpdesk]\nauthors = [\"kim@example.net\"]\nmay = [\"subscriber.state\"]\n[lane.noc]\nauthors = [\"Kim@example.net\"]\nmay = [\"device.port\"]\n")],
    right: [("policy.toml", "[lane.helpdesk]\nauthors = [\"kim@example.net\"]\nmay = [\"subscriber.state\"]\n[lane.noc]\nauthors = [\"lee@example.net\"]\nmay = [\"device.port\"]\n")];
}

pub(super) fn check(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let lanes = inventory.policy().and_then(|policy| policy.lanes.as_ref());
    let (Some(file), Some(lanes)) = (inventory.policies.first(), lanes) else {
        return;
    };
    let mut members = BTreeMap::new();
    for (name, lane) in &lanes.0 {
        let at = Pointer::to_object(*file, "lane", name.as_str());
        check_reserved(name, lane, &at, pending);
        check_members(name, lane, &at, &mut members, pending);
        check_limits(lane, &at, pending);
    }
}

fn check_reserved(name: &LaneName, lane: &LaneText, at: &Pointer, pending: &mut Vec<Pending>) {
    let is_billing = name.as_str() == BILLING_LANE;
    if is_billing && !lane.is_absent("may") {
        let message =
            format!("`{BILLING_LANE}` is the lane of the billing sync, and its `may` is fixed");
        pending.push(
            Pending::new(&RESERVED_LANE, at.clone().key("may"), message)
                .hint("take `may` out, or give the lane another name"),
        );
    }
    let has_drop = lane
        .limits
        .as_ref()
        .is_some_and(|limits| !limits.is_absent("drop"));
    if !is_billing && has_drop {
        let message = format!("`drop` is a limit of the lane `{BILLING_LANE}` only");
        pending.push(
            Pending::new(
                &RESERVED_LANE,
                at.clone().key("limits").key("drop"),
                message,
            )
            .hint("take it out; `removals` limits what a lane removes"),
        );
    }
}

/// A member of a lane by its text, with the lane and the place that has it.
type Members<'a> = BTreeMap<&'a str, (&'a LaneName, Pointer)>;

fn check_members<'a>(
    name: &'a LaneName,
    lane: &'a LaneText,
    at: &Pointer,
    members: &mut Members<'a>,
    pending: &mut Vec<Pending>,
) {
    let authors = lane.authors.iter().flatten().map(|author| author.as_str());
    let signers = lane.signers.iter().flatten().map(|signer| signer.as_str());
    let authors = ("authors", authors.collect::<Vec<_>>());
    let signers = ("signers", signers.collect::<Vec<_>>());
    let is_known = |key: &str, is_read: bool| is_read || lane.is_absent(key);
    if authors.1.is_empty()
        && signers.1.is_empty()
        && is_known("authors", lane.authors.is_some())
        && is_known("signers", lane.signers.is_some())
    {
        pending.push(
            Pending::new(
                &LANE_WITHOUT_AUTHOR,
                at.clone(),
                format!(
                    "the lane `{name}` has neither authors nor signers, so it restricts no commit"
                ),
            )
            .hint("add `authors = [\"…\"]` or `signers = [\"…\"]`, or remove the lane"),
        );
    }
    for (key, texts) in [authors, signers] {
        for (number, text) in texts.into_iter().enumerate() {
            let here = at.clone().key(key).value(number);
            match members.get(text) {
                Some((other, first)) if *other != name => pending.push(
                    Pending::new(
                        &AUTHOR_IN_TWO_LANES,
                        here,
                        format!("`{text}` is in the lanes `{other}` and `{name}`"),
                    )
                    .hint("leave it in one of them")
                    .related(first.clone(), "in the other lane here"),
                ),
                Some(_) => {}
                None => {
                    members.insert(text, (name, here));
                }
            }
        }
    }
}

fn check_limits(lane: &LaneText, at: &Pointer, pending: &mut Vec<Pending>) {
    let Some(limits) = &lane.limits else { return };
    let LaneLimitsText {
        additions,
        changes,
        removals,
        suspensions,
        moves,
        drop,
        ..
    } = limits;
    let limits = [
        ("additions", additions),
        ("changes", changes),
        ("removals", removals),
        ("suspensions", suspensions),
        ("moves", moves),
        ("drop", drop),
    ];
    report_empty_limits(&at.clone().key("limits"), &limits, pending);
}
