//! Parses the texts in which devices say how long they run, and completes an uptime whose counter wrapped.

use crate::model::UPTIME_WRAP as WRAP;

/// The tolerated difference between the counter and the text.
const SLACK: u64 = 600;

/// Returns the seconds of one of the known forms (docs/gam.md): `435:00:05`, `18d 06:33:06`, `12 days, 2h 18m 33s`. A text that
/// was cut off is none of them.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let (days, rest) = match text.split_once(' ') {
        None => (0, text),
        Some((days, rest)) => match days.strip_suffix('d') {
            Some(days) => (number(days)?, rest),
            None => {
                let rest = rest.strip_prefix("day")?;
                let rest = rest.strip_prefix('s').unwrap_or(rest);
                (number(days)?, rest.strip_prefix(", ")?)
            }
        },
    };
    let [hours, minutes, seconds] = clock(rest)?;
    if minutes >= 60 || seconds >= 60 {
        return None;
    }
    let hours = days.checked_mul(24)?.checked_add(hours)?;
    hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)
}

/// Parses `06:33:06` or `2h 18m 33s`.
fn clock(text: &str) -> Option<[u64; 3]> {
    let mut parts = text.split(':');
    if let (Some(hours), Some(minutes), Some(seconds), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    {
        let is_whole = minutes.len() == 2 && seconds.len() == 2;
        let clock = [number(hours)?, number(minutes)?, number(seconds)?];
        return is_whole.then_some(clock);
    }
    let mut words = text.split(' ');
    let mut next = |unit| number(words.next()?.strip_suffix(unit)?);
    let clock = [next('h')?, next('m')?, next('s')?];
    words.next().is_none().then_some(clock)
}

fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Returns the uptime: by the counter, with the wraps that the text shows; by the text alone where there is no counter. A text
/// that does not agree with the counter is ignored.
pub(super) fn whole(counted: Option<u64>, said: Option<u64>) -> Option<u64> {
    let (Some(counted), Some(said)) = (counted, said) else {
        return counted.or(said);
    };
    let wraps = said.saturating_sub(counted).saturating_add(WRAP / 2) / WRAP;
    let whole = counted.saturating_add(wraps.saturating_mul(WRAP));
    Some(if whole.abs_diff(said) <= SLACK {
        whole
    } else {
        counted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uptime_is_read_in_all_known_forms() {
        for (text, expected) in [
            ("00:00:09", Some(9)),
            ("435:00:05", Some(18 * 86_400 + 3 * 3600 + 5)),
            ("9999:59:59", Some(10_000 * 3600 - 1)),
            ("3d 13:32:27", Some(3 * 86_400 + 13 * 3600 + 32 * 60 + 27)),
            ("18d 06:33:06", Some(18 * 86_400 + 6 * 3600 + 33 * 60 + 6)),
            ("0d 00:00:00", Some(0)),
            (
                "12 days, 2h 18m 33s",
                Some(12 * 86_400 + 2 * 3600 + 18 * 60 + 33),
            ),
            ("1 day, 0h 0m 1s", Some(86_401)),
            // Ten characters of a longer text, and texts that are none.
            ("18d 06:33:", None),
            ("12 days, 2", None),
            ("12 days, 2h 18m", None),
            ("18d 06:33:0", None),
            ("18d 06:99:00", None),
            ("-1:00:00", None),
            ("1:2:3:4", None),
            ("", None),
            ("99999999999999999999:00:00", None),
            ("18446744073709551615:00:00", None),
            ("0h 999999999999999999m 0s", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn a_counter_that_wrapped_is_completed_by_the_text_and_by_nothing_else() {
        let year = 600 * 86_400;
        assert_eq!(whole(Some(year - WRAP), Some(year + 1)), Some(year));
        assert_eq!(whole(Some(7), Some(9)), Some(7));
        // The agent started later than the device: only a whole number of wraps explains a difference.
        assert_eq!(whole(Some(7), Some(86_400)), Some(7));
        assert_eq!(whole(Some(86_400), Some(7)), Some(86_400));
        assert_eq!(whole(None, Some(7)), Some(7));
        assert_eq!(whole(Some(7), None), Some(7));
        assert_eq!(whole(Some(u64::MAX), Some(u64::MAX)), Some(u64::MAX));
        assert_eq!(whole(None, None), None);
    }
}
