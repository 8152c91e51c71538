//! Writes an inventory file in canonical order and spacing; comments stay with the lines they explain.

mod arrange;
mod spacing;
#[cfg(test)]
mod tests;
mod value;

use crate::authoring::layout::{Layout, Meaning, same_meaning};
use crate::inventory::FileKind;

/// Returns the canonical order of the keys of the table at a path, or nothing where the table is unknown.
pub(in crate::authoring) type Order<'a> = &'a dyn Fn(&[&str]) -> Option<Vec<&'static str>>;

/// Why a file was not formatted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("line {line}, column {column}: {message}")]
    Parse {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        message: String,
    },
    #[error(
        "the formatted text would not mean the same, so it stays as it is; please report this file"
    )]
    WouldChangeMeaning,
}

/// Returns `text` in canonical order and spacing.
///
/// The order: keys as in `order`, unknown ones after them in their old order; a table's own keys, then its sub-tables; numbers
/// (`port.2`, `port.10`) and the ids of objects as people count. Objects move only within a section, which begins at a comment
/// block with a blank line around it. A comment directly above a key or a header moves with it; a comment glued below a table's
/// last key stays with that table; the first and the last comment of a file stay there. Headers stay where they are in a file
/// with arrays of tables, whose order has a meaning.
///
/// The spacing: one blank line before a header, none between keys but before a comment; two spaces before a comment behind a
/// value; arrays on several lines get one element per line. Strings stay as they were written, line ends within
/// multi-line strings included; all other line ends become LF, and a byte order mark is dropped.
///
/// # Guarantees
///
/// The result reads back as the same values, and formatting it again changes nothing.
pub fn format(
    kind: FileKind,
    text: &str,
    order: &dyn Fn(&[&str]) -> Option<Vec<&'static str>>,
) -> Result<String, FormatError> {
    let before = Meaning::of(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        FormatError::Parse {
            line,
            column,
            message: error.message().to_owned(),
        }
    })?;
    let layout = Layout::parse(text).map_err(|error| FormatError::Parse {
        line: error.line(text),
        column: 1,
        message: error.to_string(),
    })?;
    let formatted = spacing::write(&arrange::arrange(kind, layout, order), order);
    match Meaning::of(&formatted) {
        Ok(after) if same_meaning(before.item(), after.item()) => Ok(formatted),
        Ok(_) | Err(_) => Err(FormatError::WouldChangeMeaning),
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let above = text.get(..offset).unwrap_or(text);
    let column = above.rsplit('\n').next().unwrap_or(above).chars().count();
    (above.matches('\n').count() + 1, column + 1)
}
