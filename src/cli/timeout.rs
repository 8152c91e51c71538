//! Parses `--timeout`: the time until a device that does not answer is given up.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::when::milliseconds;
use crate::report::visible;

/// Shorter times give a healthy device no chance to answer.
const SHORTEST: Duration = Duration::from_millis(50);

const LONGEST: Duration = Duration::from_secs(600);

/// The argument; without it, each command uses the default.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct TimeoutArguments {
    /// Give up on a device that does not answer at all after this time
    ///
    /// Such as `3s`, `500ms` or `1m`. A device that has answered is given longer: it may be busy. [default: 5s; 2s for
    /// a device that did not answer the last time]
    #[arg(long, value_name = "DURATION", value_parser = time)]
    pub(super) timeout: Option<Duration>,
}

/// Parses `3s`, `500ms`, `1m`; a number alone is in milliseconds, as `discover` had it before.
fn time(text: &str) -> anyhow::Result<Duration> {
    let meant = || {
        format!(
            "invalid time `{}`; write it as `3s` or `500ms`",
            visible(text)
        )
    };
    let millis = match text.parse() {
        Ok(millis) => millis,
        Err(_) => milliseconds(text).with_context(meant)?,
    };
    let time = Duration::from_millis(millis);
    ensure!(
        (SHORTEST..=LONGEST).contains(&time),
        "`{}` is not between 50ms and 10m; write it as `3s` or `500ms`",
        visible(text)
    );
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_a_number_alone_is_in_milliseconds() {
        for (text, millis) in [("3s", 3000), ("500ms", 500), ("1m", 60_000), ("2000", 2000)] {
            assert_eq!(time(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in [
            "",
            "s",
            "3",
            "1h",
            "1d",
            "-3s",
            "1.5s",
            "20m",
            "3 s",
            "99999999999999999999s",
        ] {
            let said = time(text).unwrap_err().to_string();
            assert!(said.contains("write it as `3s`"), "{text}: {said}");
        }
    }
}
