//! Defines notes: what was not planned, and why, in parts that `report` can arrange.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Object;
use crate::model::Part;

/// A note about something that was not planned, with a stable id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Such as `not-read`.
    pub rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Object>,
    /// Names the object.
    pub message: NoteText,
}

/// The text of a note. It is stored as its sentence; `PartUnread` is read back as such, any other as a plain `Sentence`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum NoteText {
    /// Not all objects of a part could be read, so none is created or removed there.
    PartUnread {
        part: Part,
        reason: String,
    },
    Sentence(Sentence),
}

/// A sentence, with the reason that something could not be read in brackets. A reader may have seen the reason already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    before: String,
    reason: Option<String>,
    after: String,
}

impl Note {
    pub(crate) fn new(rule: &str, object: Option<Object>, message: impl Into<NoteText>) -> Self {
        Self {
            rule: rule.to_owned(),
            object,
            message: message.into(),
        }
    }
}

impl NoteText {
    /// Returns the sentence for one part or several that could not be read for the same reason.
    pub fn parts_unread(parts: &str, reason: &str) -> String {
        let (before, after) = around_reason(parts);
        format!("{before}{reason}{after}")
    }

    /// Returns the same text with its words changed.
    pub(super) fn map(self, words: impl Fn(&str) -> String) -> Self {
        match self {
            Self::PartUnread { part, reason } => Self::PartUnread {
                part,
                reason: words(&reason),
            },
            Self::Sentence(Sentence {
                before,
                reason,
                after,
            }) => Self::Sentence(Sentence {
                before: words(&before),
                reason: reason.map(|reason| words(&reason)),
                after: words(&after),
            }),
        }
    }
}

impl Sentence {
    /// Returns the sentence `what (reason)`.
    pub(crate) fn because(what: impl Into<String>, reason: &str) -> Self {
        Self {
            before: what.into(),
            reason: Some(reason.to_owned()),
            after: String::new(),
        }
    }

    /// Returns the sentence with words before it.
    #[must_use]
    pub(super) fn after(mut self, words: &str) -> Self {
        self.before.insert_str(0, words);
        self
    }

    /// Returns the sentence with words behind it.
    #[must_use]
    pub(super) fn then(mut self, words: &str) -> Self {
        self.after.push_str(words);
        self
    }

    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Returns the sentence for a reader who has seen the reason already.
    pub fn without_reason(&self) -> String {
        format!("{}{}", self.before, self.after)
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            before,
            reason,
            after,
        } = self;
        match reason {
            Some(reason) => write!(formatter, "{before} ({reason}){after}"),
            None => write!(formatter, "{before}{after}"),
        }
    }
}

impl fmt::Display for NoteText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartUnread { part, reason } => {
                formatter.write_str(&Self::parts_unread(part.as_str(), reason))
            }
            Self::Sentence(sentence) => sentence.fmt(formatter),
        }
    }
}

/// Two texts are the same if they read the same: a stored one has lost its parts.
impl PartialEq for NoteText {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for NoteText {}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self {
            before: text,
            reason: None,
            after: String::new(),
        }
    }
}

impl From<Sentence> for NoteText {
    fn from(sentence: Sentence) -> Self {
        Self::Sentence(sentence)
    }
}

/// Reads the stored form; the inverse of `Display`.
impl From<String> for NoteText {
    fn from(text: String) -> Self {
        let of_part = |part: Part| {
            let (before, after) = around_reason(part.as_str());
            let reason = text.strip_prefix(&before)?.strip_suffix(after)?.to_owned();
            Some(Self::PartUnread { part, reason })
        };
        let of_part = Part::ALL.into_iter().find_map(of_part);
        of_part.unwrap_or_else(|| Self::Sentence(text.into()))
    }
}

/// Returns the words of `PartUnread` before and after its reason.
fn around_reason(parts: &str) -> (String, &'static str) {
    let before = format!("not all {parts} could be read: ");
    (before, "; nothing is created or removed there")
}

impl From<NoteText> for String {
    fn from(text: NoteText) -> Self {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_note_reads_back_as_the_same_facts() {
        for part in Part::ALL {
            let reason = "no answer; 3 tries: timed out".to_owned();
            let text = NoteText::PartUnread { part, reason };
            let stored = serde_json::to_value(&text).unwrap();
            let read: NoteText = serde_json::from_value(stored).unwrap();
            assert!(matches!(&read, NoteText::PartUnread { part: of, .. } if *of == part));
            assert_eq!(read, text);
        }
        let text = "subscriber a is not planned: not all subscribers could be read (no answer)";
        let read = NoteText::from(text.to_owned());
        assert!(matches!(read, NoteText::Sentence(_)));
        assert_eq!(read.to_string(), text);
    }
}
