//! Collects findings of one file, before its path is known.

use crate::inventory::FileKind;
use crate::inventory::tree::Span;
use crate::model::Rule;

/// A finding with its place as a range of bytes.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct FileFinding {
    pub rule: &'static Rule,
    pub span: Span,
    pub message: String,
    pub hint: Option<String>,
    pub related: Vec<(Span, String)>,
    pub is_secret: bool,
}

impl FileFinding {
    pub(in crate::inventory) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    pub(in crate::inventory) fn maybe_hint(&mut self, hint: Option<String>) -> &mut Self {
        self.hint = hint;
        self
    }

    pub(in crate::inventory) fn related(&mut self, span: Span, message: &str) -> &mut Self {
        self.related.push((span, message.to_owned()));
        self
    }

    pub(in crate::inventory) fn secret(&mut self) -> &mut Self {
        self.is_secret = true;
        self
    }
}

/// Every key of credentials. Any other key in such a file may be a name, or a secret in the wrong place.
const KEYS_OF_CREDENTIALS: [&str; 12] = [
    "credentials",
    "snmp",
    "version",
    "community",
    "user",
    "auth",
    "priv",
    "protocol",
    "secret",
    "ssh",
    "password",
    "legacy_algorithms",
];

/// The findings of one file, in the order they were made.
#[derive(Debug, Clone, Default)]
pub(in crate::inventory) struct FileFindings {
    pub list: Vec<FileFinding>,
    /// The file is about credentials: no value of it is ever repeated.
    pub is_confidential: bool,
    /// Kinds of which the file has something that could not be read as an object.
    pub unread_objects: Vec<FileKind>,
}

impl FileFindings {
    /// Returns what a key is called in a sentence, `this` where it may be confidential.
    pub(in crate::inventory) fn named(&self, key: &str) -> String {
        if self.is_confidential && !KEYS_OF_CREDENTIALS.contains(&key) {
            "this".to_owned()
        } else {
            format!("`{key}`")
        }
    }

    pub(in crate::inventory) fn add(
        &mut self,
        rule: &'static Rule,
        span: Span,
        message: impl Into<String>,
    ) -> &mut FileFinding {
        let index = self.list.len();
        self.list.push(FileFinding {
            rule,
            span,
            message: message.into(),
            hint: None,
            related: Vec::new(),
            is_secret: self.is_confidential,
        });
        #[expect(clippy::indexing_slicing, reason = "pushed in the statement above")]
        &mut self.list[index]
    }
}
