//! Encodes positions in lists as texts for URLs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::history::RunId;
use crate::model::DeviceName;

/// The start of a page. Callers copy it unchanged from the page before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(Position);

/// The last item of the page before, by the sort key of its list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Position {
    Run {
        /// Microseconds since 1970.
        began: i64,
        run: RunId,
    },
    Chapter(RunId),
    Audit(i64),
    Device(DeviceName),
    RunDevice(DeviceName),
}

/// The reason that a cursor is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    #[error(
        "invalid cursor `{text}`; take `next` of the page before, or no cursor for the first page"
    )]
    Invalid {
        /// Shortened, with control characters escaped.
        text: String,
    },
    #[error("the cursor is one of {of}, not of {wanted}; take `next` of the page before")]
    OtherList {
        of: &'static str,
        wanted: &'static str,
    },
}

const RUNS: &str = "runs";
const STORY: &str = "story";
const AUDIT: &str = "audit";
const DEVICES: &str = "devices";
const RUN_DEVICES: &str = "run-devices";

impl Cursor {
    pub(super) fn at(position: Position) -> Self {
        Self(position)
    }

    pub(super) fn run(&self) -> Result<(i64, RunId), CursorError> {
        match &self.0 {
            Position::Run { began, run } => Ok((*began, *run)),
            _ => Err(self.not_of(RUNS)),
        }
    }

    pub(super) fn chapter(&self) -> Result<RunId, CursorError> {
        match &self.0 {
            Position::Chapter(run) => Ok(*run),
            _ => Err(self.not_of(STORY)),
        }
    }

    pub(super) fn audit(&self) -> Result<i64, CursorError> {
        match &self.0 {
            Position::Audit(number) => Ok(*number),
            _ => Err(self.not_of(AUDIT)),
        }
    }

    pub(super) fn device(&self) -> Result<&DeviceName, CursorError> {
        match &self.0 {
            Position::Device(device) => Ok(device),
            _ => Err(self.not_of(DEVICES)),
        }
    }

    pub(super) fn run_device(&self) -> Result<&DeviceName, CursorError> {
        match &self.0 {
            Position::RunDevice(device) => Ok(device),
            _ => Err(self.not_of(RUN_DEVICES)),
        }
    }

    fn list(&self) -> &'static str {
        match &self.0 {
            Position::Run { .. } => RUNS,
            Position::Chapter(_) => STORY,
            Position::Audit(_) => AUDIT,
            Position::Device(_) => DEVICES,
            Position::RunDevice(_) => RUN_DEVICES,
        }
    }

    fn not_of(&self, wanted: &'static str) -> CursorError {
        CursorError::OtherList {
            of: self.list(),
            wanted,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = self.list();
        match &self.0 {
            Position::Run { began, run } => {
                write!(formatter, "{list}.{began}.{}", run.0.simple())
            }
            Position::Chapter(run) => write!(formatter, "{list}.{}", run.0.simple()),
            Position::Audit(number) => write!(formatter, "{list}.{number}"),
            Position::Device(device) | Position::RunDevice(device) => {
                write!(formatter, "{list}.{device}")
            }
        }
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let cursor = position(text).map(Self);
        // Accept only the text that `Display` writes: each number has one spelling.
        let cursor = cursor.filter(|cursor| cursor.to_string() == text);
        cursor.ok_or_else(|| CursorError::Invalid {
            text: text.chars().take(80).flat_map(char::escape_debug).collect(),
        })
    }
}

fn position(text: &str) -> Option<Position> {
    let (list, key) = text.split_once('.')?;
    let run = |text: &str| Some(RunId(Uuid::try_parse(text).ok()?));
    Some(match list {
        RUNS => {
            let (began, of_run) = key.split_once('.')?;
            Position::Run {
                began: number(began)?,
                run: run(of_run)?,
            }
        }
        STORY => Position::Chapter(run(key)?),
        AUDIT => Position::Audit(number(key)?),
        DEVICES => Position::Device(DeviceName::new(key).ok()?),
        RUN_DEVICES => Position::RunDevice(DeviceName::new(key).ok()?),
        _ => return None,
    })
}

/// Limits times to the year 9999, as Postgres's clients do.
fn number(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (0..=253_402_300_799_999_999)
        .contains(&number)
        .then_some(number)
}

impl TryFrom<String> for Cursor {
    type Error = CursorError;

    fn try_from(text: String) -> Result<Self, CursorError> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all() -> [Cursor; 5] {
        let run = RunId(Uuid::from_u128(0x89ab));
        let device = DeviceName::new("maple-a.b").unwrap();
        let began = 1_795_278_720_123_456;
        [
            Position::Run { began, run },
            Position::Chapter(run),
            Position::Audit(17),
            Position::Device(device.clone()),
            Position::RunDevice(device),
        ]
        .map(Cursor)
    }

    #[test]
    fn a_cursor_is_a_text_of_a_url_and_comes_back_the_same() {
        for cursor in all() {
            let text = cursor.to_string();
            let is_plain = |sign: char| sign.is_ascii_alphanumeric() || ".-_".contains(sign);
            assert!(text.chars().all(is_plain), "{text}");
            assert_eq!(text.parse(), Ok(cursor.clone()));
            let json = serde_json::to_string(&cursor).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Cursor>(&json).unwrap(), cursor);
        }
    }

    #[test]
    fn any_other_text_is_refused_without_repeating_control_characters() {
        for text in [
            "",
            "runs",
            "runs.",
            "runs.1",
            "runs.1.2",
            "runs.01.000000000000000000000000000089ab",
            "runs.-1.000000000000000000000000000089ab",
            "runs.9223372036854775807.000000000000000000000000000089ab",
            "story.00000000-0000-0000-0000-0000000089ab",
            "audit.+7",
            "audit.7.7",
            "devices.",
            "devices.maple a",
            "devices.\u{1b}[2J",
            "people.7",
            "audit.7 ",
        ] {
            let said = text.parse::<Cursor>().unwrap_err().to_string();
            assert!(said.starts_with("invalid cursor `"), "{said}");
            assert!(!said.contains('\u{1b}'), "{said}");
            assert!(serde_json::from_value::<Cursor>(text.into()).is_err());
        }
        let long = "x".repeat(10_000).parse::<Cursor>().unwrap_err();
        assert!(long.to_string().len() < 200);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused_by_name() {
        let [runs, ..] = all();
        let said = runs.audit().unwrap_err().to_string();
        assert!(said.contains("one of runs, not of audit"), "{said}");
        for (number, cursor) in all().iter().enumerate() {
            let taken = [
                cursor.run().is_ok(),
                cursor.chapter().is_ok(),
                cursor.audit().is_ok(),
                cursor.device().is_ok(),
                cursor.run_device().is_ok(),
            ];
            let expected = [0, 1, 2, 3, 4].map(|other| other == number);
            assert_eq!(taken, expected, "{cursor}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_written_the_same_or_an_error(text in "(runs|story|audit|devices|run-devices)?[.0-9a-f-]{0,60}|.*") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }
    }
}
