//! Compares the lines of two versions of a file, and formats texts and times for blame.

use git2::{DiffOptions, Oid, Repository};

/// The line numbers of a file in its previous version.
pub(super) struct Passed {
    /// Old start and count, new start and count of each difference, in order.
    hunks: Vec<(u32, u32, u32, u32)>,
}

impl Passed {
    pub(super) fn between(
        repository: &Repository,
        old: Oid,
        new: Oid,
    ) -> Result<Self, git2::Error> {
        let (old, new) = (repository.find_blob(old)?, repository.find_blob(new)?);
        let mut hunks = Vec::new();
        let mut options = DiffOptions::new();
        options.context_lines(0).force_text(true);
        repository.diff_blobs(
            Some(&old),
            None,
            Some(&new),
            None,
            Some(&mut options),
            None,
            None,
            Some(&mut |_, hunk| {
                hunks.push((
                    hunk.old_start(),
                    hunk.old_lines(),
                    hunk.new_start(),
                    hunk.new_lines(),
                ));
                true
            }),
            None,
        )?;
        Ok(Self { hunks })
    }

    /// Returns the number that a line had before; nothing for a line that is new.
    pub(super) fn before(&self, line: u32) -> Option<u32> {
        let mut shift = 0i64;
        for (_, old_lines, new_start, new_lines) in &self.hunks {
            // A difference that adds nothing is behind the line that it names.
            let first = if *new_lines == 0 {
                new_start + 1
            } else {
                *new_start
            };
            if line < first {
                break;
            }
            if line < first + new_lines {
                return None;
            }
            shift += i64::from(*old_lines) - i64::from(*new_lines);
        }
        u32::try_from(i64::from(line) + shift).ok()
    }
}

/// Returns the line, counted from 1, that has `needle` as a word of its own.
pub(super) fn find(text: &[u8], needle: &str) -> Option<u32> {
    let text = String::from_utf8_lossy(text);
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let has = |line: &str| {
        line.match_indices(needle).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line
                .get(at + needle.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    };
    let line = text.lines().position(has)?;
    u32::try_from(line + 1).ok()
}

/// Returns the day of a time in seconds since 1970, in its own zone.
pub(super) fn date(seconds: i64, offset_minutes: i32) -> String {
    let days = (seconds + i64::from(offset_minutes) * 60).div_euclid(86_400);
    // Days are counted from the 1st of March of the year 0, so that the leap day is the last one of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_one_where_the_author_was() {
        assert_eq!(date(0, 0), "1970-01-01");
        assert_eq!(date(1_709_164_799, 0), "2024-02-28");
        assert_eq!(date(1_709_164_800, 0), "2024-02-29");
        assert_eq!(date(1_709_251_199, 60), "2024-03-01");
        assert_eq!(date(-1, 0), "1969-12-31");
    }

    #[test]
    fn a_line_keeps_its_text_while_its_number_moves() {
        // Two lines in front became one, and line 5 went away.
        let passed = Passed {
            hunks: vec![(1, 2, 1, 1), (5, 1, 3, 0)],
        };
        assert_eq!(passed.before(1), None);
        assert_eq!(passed.before(2), Some(3));
        assert_eq!(passed.before(3), Some(4));
        assert_eq!(passed.before(4), Some(6));
    }

    #[test]
    fn an_id_is_found_as_a_whole_word() {
        let text = b"[subscriber.acct-10]\n[subscriber.acct-1]\n";
        assert_eq!(find(text, "acct-1"), Some(2));
        assert_eq!(find(text, "acct"), None);
    }
}
