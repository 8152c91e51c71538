//! Describes the author, date and subject of a commit.

use git2::Commit;

/// The author and time of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub commit: String,
    pub author: String,
    /// `2026-11-20`, in the time zone of the author.
    pub date: String,
    pub subject: String,
}

impl Written {
    pub(super) fn by(commit: &Commit<'_>) -> Self {
        let author = commit.author();
        let when = author.when();
        Self {
            commit: commit.id().to_string(),
            author: String::from_utf8_lossy(author.name_bytes()).into_owned(),
            date: date(when.seconds(), when.offset_minutes()),
            subject: commit
                .summary_bytes()
                .map(|subject| String::from_utf8_lossy(subject).into_owned())
                .unwrap_or_default(),
        }
    }
}

/// Returns the day of a time in seconds since 1970, in its own zone.
fn date(seconds: i64, offset_minutes: i32) -> String {
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
}
