//! Renders times, durations and untrusted texts for the sentences of a condition.

use crate::report::{counted, moment, visible};

/// Texts of people and devices are cut to this many characters, so that a sentence stays one line. Evidence has all of it.
const LONGEST_TEXT: usize = 60;

/// Names of persons, lanes and rules are cut to this many: a sentence has several of them.
const LONGEST_NAME: usize = 32;

/// Commits and plans are shown with this many characters, as everywhere in reports.
const SHORT_ID: usize = 12;

/// Renders a time: `14:02 UTC` on the day of `now`, else with its date.
pub(super) fn time(at: u64, now: u64) -> String {
    let (at, now) = (moment(at), moment(now));
    match (at.split_once(' '), now.split_once(' ')) {
        (Some((day, clock)), Some((today, _))) if day == today => clock.to_owned(),
        _ => at,
    }
}

/// Renders the time from `now` until `at`: `now`, `in 40 s`, `in 3 h`.
pub(super) fn until(at: u64, now: u64) -> String {
    match at.saturating_sub(now) {
        0 => "now".to_owned(),
        left => format!("in {}", duration(left)),
    }
}

/// Renders the time from `at` until `now`: `40 s ago`.
pub(super) fn ago(at: u64, now: u64) -> String {
    format!("{} ago", duration(now.saturating_sub(at)))
}

/// Renders seconds in the largest unit of which there are at least two, rounded down.
fn duration(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        _ if seconds >= 2 * DAY => format!("{} days", seconds / DAY),
        _ if seconds >= 2 * HOUR => format!("{} h", seconds / HOUR),
        _ if seconds >= 2 * MINUTE => format!("{} min", seconds / MINUTE),
        _ => format!("{seconds} s"),
    }
}

/// Makes an untrusted text visible, on one line and of limited length.
pub(super) fn short(text: &str) -> String {
    cut(text, LONGEST_TEXT)
}

/// Makes the name of a person, a lane or a rule visible.
pub(super) fn name(text: &str) -> String {
    cut(text, LONGEST_NAME)
}

fn cut(text: &str, longest: usize) -> String {
    let text = visible(text.trim());
    let mut shown: String = text.chars().take(longest).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Returns the start of a commit's or plan's id.
pub(super) fn short_hash(id: &str) -> String {
    let id: String = id.chars().take(SHORT_ID).collect();
    visible(&id).into_owned()
}

/// Renders the first of several texts, and the number of the others.
pub(super) fn first_of(texts: &[String]) -> String {
    first_and_number(texts, short)
}

/// Renders the first of several names, and the number of the others.
pub(super) fn first_name(names: &[String]) -> String {
    first_and_number(names, name)
}

fn first_and_number(texts: &[String], render: fn(&str) -> String) -> String {
    match texts {
        [] => String::new(),
        [only] => render(only),
        [first, rest @ ..] => format!("{} and {} more", render(first), rest.len()),
    }
}

/// Returns a number of differences with the noun.
pub(super) fn differences(texts: &[String]) -> String {
    counted(texts.len(), "difference")
}

/// Appends a text after a colon, unless it is empty.
pub(super) fn with_detail(sentence: String, detail: &str) -> String {
    match detail {
        "" => sentence,
        detail => format!("{sentence}: {detail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 16:32:05 UTC.
    const NOW: u64 = 1_795_278_725;

    #[test]
    fn a_time_of_today_has_no_date() {
        assert_eq!(time(NOW - 9000, NOW), "14:02 UTC");
        assert_eq!(time(NOW - 86_400, NOW), "2026-11-20 16:32 UTC");
        assert_eq!(time(NOW + 86_400, NOW), "2026-11-22 16:32 UTC");
    }

    #[test]
    fn a_duration_has_one_unit_and_never_only_one_of_it() {
        let shown = [0, 1, 119, 120, 7199, 7200, 172_799, 172_800].map(duration);
        assert_eq!(
            shown,
            [
                "0 s", "1 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"
            ]
        );
        assert_eq!(until(NOW, NOW + 5), "now");
        assert_eq!(until(NOW + 40, NOW), "in 40 s");
        assert_eq!(ago(NOW + 5, NOW), "0 s ago");
    }

    #[test]
    fn a_text_of_a_person_is_one_visible_line_of_limited_length() {
        assert_eq!(short(" holi\ndays "), "holi\\u{a}days");
        assert_eq!(short(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
        assert_eq!(short(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(name(&"é".repeat(33)), format!("{}…", "é".repeat(32)));
    }

    #[test]
    fn of_several_texts_the_first_is_shown_and_the_others_are_counted() {
        let texts = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(first_of(&texts), "a and 2 more");
        assert_eq!(first_of(&texts[..1]), "a");
        assert_eq!(with_detail("x".to_owned(), &first_of(&[])), "x");
    }
}
