//! Holds a file during edits: its text in pieces, and the values that the text must have in the end.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashSet;

use super::error::{EditError, Obstacle};
use super::index::device_in;
use super::object::written;
use super::window::Cut;
use crate::authoring::layout::{
    Layout, LayoutError, Meaning, Statement, comments_in, same_meaning, shared,
};
use crate::inventory::FileKind;

#[derive(Debug)]
pub(super) struct OpenFile<'a> {
    pub(super) path: Arc<str>,
    pub(super) kind: FileKind,
    pub(super) layout: Layout<'a>,
    /// The values that the file must have: every edit is applied to them too, independent of the text.
    pub(super) meaning: Meaning,
    pub(super) exists: bool,
    /// The rest of the file while `layout` is only a part of it.
    pub(super) cut: Option<Cut<'a>>,
    /// Objects that are known to need the whole file.
    pub(super) spread: HashSet<String>,
}

impl<'a> OpenFile<'a> {
    pub(super) fn open(
        path: &Arc<str>,
        kind: FileKind,
        text: Option<&'a str>,
    ) -> Result<Self, EditError> {
        let whole = text.unwrap_or_default();
        let meaning = Meaning::of(whole).map_err(|error| {
            let above = error.span().and_then(|span| whole.get(..span.start));
            EditError::ParseFile {
                file: Arc::clone(path),
                line: above.unwrap_or_default().matches('\n').count() + 1,
                message: error.message().to_owned(),
            }
        })?;
        Ok(Self {
            path: Arc::clone(path),
            kind,
            layout: parse(path, whole)?,
            meaning,
            exists: text.is_some(),
            cut: None,
            spread: HashSet::default(),
        })
    }

    /// Returns the text, after reading it again.
    pub(super) fn text(&mut self) -> Result<Option<String>, EditError> {
        if !self.exists {
            return Ok(None);
        }
        self.join();
        let text = self.layout.to_text();
        match Meaning::of(&text) {
            Ok(meaning) if same_meaning(meaning.item(), self.meaning.item()) => Ok(Some(text)),
            Ok(_) | Err(_) => Err(EditError::WouldChangeMore {
                file: Arc::clone(&self.path),
            }),
        }
    }

    pub(super) fn device_of(&self, object: &[String]) -> Option<String> {
        self.meaning.get(object).and_then(device_in)
    }

    /// Returns the first line with something at or below `path`.
    pub(super) fn line_of(&self, path: &[String]) -> Option<usize> {
        let mut placed = self.layout.placed();
        let found = placed.find(|(_, header, statement)| {
            let names = header.len() + statement.path.len();
            let common = shared(header, &statement.path, path);
            common == path.len() || (!statement.value.is_empty() && common == names)
        });
        found.map(|(index, _, _)| self.layout.line_number(index))
    }

    pub(super) fn obstacle(&self, index: usize, why: impl Into<String>) -> Obstacle {
        Obstacle::new(self.layout.line_number(index), why)
    }

    /// Returns the index of the first header at or after `index`, or the number of statements.
    pub(super) fn next_header(&self, index: usize) -> usize {
        let statements = self.layout.statements.iter().skip(index);
        let length = statements.take_while(|s| !s.kind.is_header()).count();
        index + length
    }

    /// Deletes the file where nothing is left in it: no objects, no keys, no comments.
    pub(super) fn delete_if_hollow(&mut self) {
        let is_bare = |statement: &Statement<'_>| {
            statement.kind.is_header()
                && statement.path.len() == 1
                && statement.comment.is_none()
                && !comments_in(&statement.lead)
                && !comments_in(&statement.tail)
        };
        if self.layout.statements.iter().all(is_bare) && !comments_in(&self.layout.end) {
            self.layout = Layout::default();
            self.meaning = Meaning::nothing();
            self.exists = false;
        }
    }

    /// Changes the id of an object, wherever it is written.
    pub(super) fn rename(&mut self, object: &[String], to: &str) -> Result<(), Obstacle> {
        let Some((id, table)) = object.split_last() else {
            return Ok(());
        };
        let mut places = Vec::new();
        for (index, header, statement) in self.layout.placed() {
            let names = header.len() + statement.path.len();
            let common = shared(header, &statement.path, object);
            if !statement.value.is_empty() && common == names && names < object.len() {
                return Err(self.obstacle(index, "it is written within an inline table"));
            }
            let at = table.len().checked_sub(header.len());
            if let (true, Some(part)) = (
                common == object.len(),
                at.and_then(|at| statement.path.get(at)),
            ) {
                places.push((index, part.place.clone()));
            }
        }
        let key = written(&[to]);
        for (index, place) in places {
            if let Some(statement) = self.layout.statements.get_mut(index) {
                statement.splice(place, &key).map_err(|error| {
                    Obstacle::new(None, format!("`{id}` cannot become `{to}` here: {error}"))
                })?;
            }
        }
        let mut renamed = table.to_vec();
        renamed.push(to.to_owned());
        let moved = self.meaning.remove(object);
        let done = moved.is_some_and(|item| self.meaning.set(&renamed, item));
        done.then_some(())
            .ok_or_else(|| Obstacle::new(None, "it is not a table"))
    }

    /// Makes sure that a line ends before the statement at `index`.
    pub(super) fn end_line_before(&mut self, index: usize) {
        let line_end = self.layout.line_end();
        let before = index.checked_sub(1);
        if let Some(statement) = before.and_then(|index| self.layout.statements.get_mut(index)) {
            let last = if statement.tail.is_empty() {
                &mut statement.line
            } else {
                &mut statement.tail
            };
            if !last.ends_with('\n') {
                last.to_mut().push_str(line_end);
            }
        }
    }
}

/// Splits a text into statements.
pub(super) fn parse<'a>(path: &Arc<str>, text: &'a str) -> Result<Layout<'a>, EditError> {
    Layout::parse(text).map_err(|error: LayoutError| EditError::ParseFile {
        file: Arc::clone(path),
        line: error.line(text),
        message: error.to_string(),
    })
}

/// Returns whether lines between statements begin with a blank one.
pub(super) fn begins_blank(lead: &str) -> bool {
    lead.lines().next().is_some_and(|line| !comments_in(line))
}

/// Returns `text` with LF and CRLF written as `line_end`.
pub(super) fn with_line_end<'a>(text: Cow<'a, str>, line_end: &str) -> Cow<'a, str> {
    let is_so = text
        .split_inclusive('\n')
        .all(|line| !line.ends_with('\n') || line.ends_with("\r\n") == (line_end == "\r\n"));
    if is_so {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\n', line_end))
}
