//! Checks the windows of `policy.toml`: whether each can open, for which sites, and at times that exist.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use crate::inventory::FileKind;
use crate::inventory::assemble::Inventory;
use crate::inventory::clock_change::{ClockChange, clock_changes};
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::record::{BAD_TIME, Fields};
use crate::inventory::rules::rules;
use crate::inventory::scope;
use crate::inventory::text::{TimeOfDay, Weekdays, WindowText};

/// The most site patterns of a policy. Each is compared with every site, so an unlimited number could stop `validate`.
const MOST_PATTERNS: usize = 1000;

rules! {
    /// Where a window is defined, nothing is written outside of it. One that never opens blocks all changes of its sites. A
    /// window for the whole day is from `00:00` to `24:00`.
    WINDOW_NEVER_OPENS = "window-never-opens", Error, "a window that can never open",
    wrong: [("policy.toml", "[[window]]\nfrom = \"09:00\"\nto = \"09:00\"\nzone = \"America/Montreal\"\n")],
    right: [("policy.toml", "[[window]]\nfrom = \"00:00\"\nto = \"24:00\"\nzone = \"America/Montreal\"\n")];

    /// Patterns are those of scopes: `*` is anything, `?` one character, `[a-c]` a range.
    BAD_PATTERN = "bad-pattern", Error, "a text that is not a pattern",
    wrong: [("policy.toml", "[[window]]\nsites = [\"maple-[\"]\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"America/Montreal\"\n")],
    right: [("policy.toml", "[[window]]\nsites = [\"*\"]\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"America/Montreal\"\n")];

    /// Once there is a window, devices in no window are never written to. A mistyped site leaves its devices without one.
    WINDOW_WITHOUT_SITE = "window-without-site", Warning, "a site pattern that no device's site matches",
    wrong: [("policy.toml", "[[window]]\nsites = [\"maple-*\"]\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"America/Montreal\"\n")],
    right: [("policy.toml", "[[window]]\nsites = [\"maple-*\"]\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"America/Montreal\"\n"), ("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nsite = \"maple-court\"\n")];

    /// When clocks go forward, an hour does not exist; when they go back, an hour exists twice. A window that begins or ends
    /// in such an hour is shorter or longer on that day than it looks.
    WINDOW_CLOCK_CHANGE = "window-clock-change", Warning, "a window begins or ends at a time that a clock change skips or repeats",
    wrong: [("policy.toml", "[[window]]\nfrom = \"02:30\"\nto = \"05:00\"\nzone = \"America/Montreal\"\n")],
    right: [("policy.toml", "[[window]]\nfrom = \"03:00\"\nto = \"05:00\"\nzone = \"America/Montreal\"\n")];
}

pub(super) fn check(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let windows = inventory
        .policy()
        .and_then(|policy| policy.windows.as_ref());
    let (Some(file), Some(windows)) = (inventory.policies.first(), windows) else {
        return;
    };
    let mut patterns = Patterns {
        sites: sites(inventory),
        known: BTreeMap::new(),
    };
    let mut zones: BTreeMap<&str, Vec<ClockChange>> = BTreeMap::new();
    for (number, window) in windows.iter().enumerate() {
        let at = Pointer::to_file(*file).key("window").key(number);
        check_opening(window, &at, pending);
        patterns.check(window, &at, pending);
        let days = days(window);
        if let (Some(zone), Some(days)) = (window.zone, days) {
            let zone = zone.0;
            let changes = zones
                .entry(zone.name())
                .or_insert_with(|| clock_changes(zone));
            check_clock(window, zone, days, changes, &at, pending);
        }
    }
}

/// Returns the days of a window, unless they cannot be read.
fn days(window: &WindowText) -> Option<Weekdays> {
    let default = window.is_absent("days").then_some(Weekdays::EVERY);
    window.days.or(default)
}

fn check_opening(window: &WindowText, at: &Pointer, pending: &mut Vec<Pending>) {
    let mut add = |key: &str, message: String, hint: &str| {
        let at = at.clone().value(key);
        pending.push(Pending::new(&WINDOW_NEVER_OPENS, at, message).hint(hint));
    };
    if window.sites.as_ref().is_some_and(Vec::is_empty) {
        let hint = "write `[\"*\"]` for all sites, or remove the window";
        add("sites", "the window has no sites".to_owned(), hint);
    }
    if window.days.is_some_and(Weekdays::is_empty) {
        let hint = "write for example `\"mon-fri\"`, or remove the window";
        add("days", "the window has no days".to_owned(), hint);
    }
    let (Some(from), Some(to)) = (window.from, window.to) else {
        return;
    };
    if from == to {
        let message = format!("the window ends at {to}, the time at which it begins");
        let hint = "the whole day is `from = \"00:00\"` and `to = \"24:00\"`";
        add("to", message, hint);
    } else if from == TimeOfDay::END_OF_DAY {
        pending.push(
            Pending::new(
                &BAD_TIME,
                at.clone().value("from"),
                format!("a window cannot begin at {from}"),
            )
            .hint("write `00:00` and the next day"),
        );
    }
}

/// Returns the sites of all devices, `` for those without one; nothing if not all of them are known.
fn sites(inventory: &Inventory) -> Option<BTreeSet<&str>> {
    let is_known =
        |text: &crate::inventory::text::DeviceText| text.site.is_some() || text.is_absent("site");
    let is_whole = !inventory.is_partial(FileKind::Devices)
        && inventory.devices().all(|device| is_known(&device.text));
    let sites = inventory
        .devices()
        .map(|device| device.text.site.as_ref().map_or("", |site| site.as_str()));
    let sites: BTreeSet<&str> = sites.collect();
    (is_whole && !sites.is_empty()).then_some(sites)
}

/// Patterns that were compared with the sites before.
struct Patterns<'a> {
    sites: Option<BTreeSet<&'a str>>,
    /// Nothing for a good one.
    known: BTreeMap<&'a str, Option<PatternProblem>>,
}

#[derive(Debug, Clone)]
enum PatternProblem {
    Invalid(String),
    NoSite,
    TooMany,
}

impl<'a> Patterns<'a> {
    fn check(&mut self, window: &'a WindowText, at: &Pointer, pending: &mut Vec<Pending>) {
        for (number, pattern) in window.sites.iter().flatten().enumerate() {
            let pattern = pattern.as_str();
            let at = at.clone().key("sites").value(number);
            pending.extend(match self.problem(pattern) {
                Some(PatternProblem::Invalid(why)) => Some(
                    Pending::new(&BAD_PATTERN, at, why)
                        .hint("`*` is anything, `?` one character, `[a-c]` a range"),
                ),
                Some(PatternProblem::NoSite) => Some(
                    Pending::new(
                        &WINDOW_WITHOUT_SITE,
                        at,
                        format!("no device has a site that matches `{pattern}`"),
                    )
                    .hint("check the name of the site, or take the pattern out"),
                ),
                Some(PatternProblem::TooMany) => Some(
                    Pending::new(
                        &BAD_PATTERN,
                        at,
                        format!("the policy has more than {MOST_PATTERNS} patterns of sites"),
                    )
                    .hint("use patterns that match several sites, such as `maple-*`"),
                ),
                None => None,
            });
        }
    }

    fn problem(&mut self, pattern: &'a str) -> Option<PatternProblem> {
        if let Some(known) = self.known.get(pattern) {
            return known.clone();
        }
        if self.known.len() >= MOST_PATTERNS {
            // One finding reports it for all.
            let is_first = self.known.len() == MOST_PATTERNS;
            if is_first {
                self.known.insert(pattern, None);
            }
            return is_first.then_some(PatternProblem::TooMany);
        }
        let problem = match (scope::pattern(pattern), &self.sites) {
            (Err(error), _) => Some(PatternProblem::Invalid(error.to_string())),
            (Ok(matcher), Some(sites)) if !sites.iter().any(|site| matcher.is_match(site)) => {
                Some(PatternProblem::NoSite)
            }
            (Ok(_), _) => None,
        };
        self.known.insert(pattern, problem.clone());
        problem
    }
}

fn check_clock(
    window: &WindowText,
    zone: Tz,
    days: Weekdays,
    changes: &[ClockChange],
    at: &Pointer,
    pending: &mut Vec<Pending>,
) {
    let (Some(from), Some(to)) = (window.from, window.to) else {
        return;
    };
    // `24:00` is no later than the midnight of the next day, as a time before `from` is.
    let is_next_day = to < from || to == TimeOfDay::END_OF_DAY;
    for (key, time, days_later) in [("from", from, 0), ("to", to, u64::from(is_next_day))] {
        let time_of_day = TimeDelta::minutes((time.minutes() % (24 * 60)).into());
        for is_repeated in [false, true] {
            let of_kind = changes
                .iter()
                .filter(|change| change.is_repeated == is_repeated);
            let hit: Vec<(NaiveDate, &ClockChange)> = of_kind
                .filter_map(|change| {
                    let date = hit_by(change, time_of_day)?;
                    let opened = date.checked_sub_days(Days::new(days_later))?;
                    days.contains(opened.weekday()).then_some((date, change))
                })
                .collect();
            if let [(date, change), more @ ..] = hit.as_slice() {
                let is = if is_repeated {
                    "exists twice"
                } else {
                    "does not exist"
                };
                let more = match more.len() {
                    0 => String::new(),
                    1 => ", and on another day".to_owned(),
                    more => format!(
                        ", and on {more} more days until {}",
                        ClockChange::last_year()
                    ),
                };
                let (start, end) = (change.start.time(), change.end.time());
                pending.push(
                    Pending::new(
                        &WINDOW_CLOCK_CHANGE,
                        at.clone().value(key),
                        format!("`{key}` is {time}, which {is} on {date} in {zone}{more}"),
                    )
                    .hint(format!(
                        "write a time outside of {} to {}",
                        start.format("%H:%M"),
                        end.format("%H:%M")
                    )),
                );
            }
        }
    }
}

/// Returns the date on which a clock change skips or repeats this time of day.
fn hit_by(change: &ClockChange, time_of_day: TimeDelta) -> Option<NaiveDate> {
    // A change may pass midnight.
    let dates = [change.start.date(), change.end.date()];
    dates.into_iter().find(|date| {
        let midnight = date.and_hms_opt(0, 0, 0);
        midnight.is_some_and(|midnight: NaiveDateTime| change.has(midnight + time_of_day))
    })
}
