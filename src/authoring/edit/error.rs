//! Lists the reasons why edits are refused.

use std::sync::Arc;

use super::Object;
use crate::inventory::FileKind;
use crate::model::NameError;

/// Why edits were refused; none of them was carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("there is no {object} in the inventory{}", hint(.nearest))]
    UnknownObject {
        object: Object,
        /// Ids that look alike, the most alike first.
        nearest: Vec<String>,
    },
    #[error("{object} is already there, at {file}:{line}; change that one or choose another id")]
    AlreadyThere {
        object: Object,
        file: Arc<str>,
        line: usize,
    },
    #[error("{file}:{line} is not TOML: {message}; fix the file first")]
    ParseFile {
        file: Arc<str>,
        line: usize,
        message: String,
    },
    #[error("{object} is in {}; move its tables into one file first", files.join(" and in "))]
    SpreadOverFiles {
        object: Object,
        files: Vec<Arc<str>>,
    },
    #[error("cannot edit {object} at {file}:{line}: {why}; change the file by hand")]
    NotEditable {
        object: Object,
        file: Arc<str>,
        line: usize,
        why: String,
    },
    #[error("{file} cannot hold {object}; name a file of the kind `{kind}`")]
    WrongFile {
        object: Object,
        file: Arc<str>,
        kind: FileKind,
    },
    #[error("{0} is not one object with an id; name an object that its kind has")]
    NoSuchKind(Object),
    #[error("cannot use the id of {object}: {source}")]
    Id { object: Object, source: NameError },
    #[error(
        "the edits to {file} would change more than was asked, so none was made; change the file by hand and report this"
    )]
    WouldChangeMore { file: Arc<str> },
}

fn hint(nearest: &[String]) -> String {
    let ids: Vec<String> = nearest.iter().map(|id| format!("`{id}`")).collect();
    match ids.as_slice() {
        [] => "; add it first".to_owned(),
        _ => format!("; did you mean {}?", ids.join(" or ")),
    }
}

/// Why one file cannot be edited as asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// Its line in the visible part of the text, if it is there.
    line: Option<usize>,
    why: String,
}

impl Obstacle {
    pub(super) fn new(line: impl Into<Option<usize>>, why: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            why: why.into(),
        }
    }

    /// Returns it with `lines` more lines above.
    pub(super) fn below(mut self, lines: usize) -> Self {
        self.line = self.line.map(|line| line + lines);
        self
    }

    pub(super) fn on(self, object: &Object, file: &Arc<str>) -> EditError {
        EditError::NotEditable {
            object: object.clone(),
            file: Arc::clone(file),
            line: self.line.unwrap_or(1),
            why: self.why,
        }
    }
}
