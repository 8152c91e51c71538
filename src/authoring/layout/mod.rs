//! Splits an inventory file into statements that together hold every byte of it.

mod comment;
mod meaning;
mod parse;
mod value;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use comment::{Lead, comments_in, is_directive};
pub(crate) use meaning::{Meaning, same_meaning, without_empty_tables};
pub(crate) use parse::LayoutError;
pub(crate) use value::{Entry, Node, Shape};

/// A file, in order: concatenating all its pieces gives the text back byte for byte.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout<'a> {
    /// The byte order mark, or nothing.
    pub(crate) mark: &'static str,
    pub(crate) statements: Vec<Statement<'a>>,
    /// Comments and blank lines after the last statement.
    pub(crate) end: Cow<'a, str>,
    /// The line end of the whole file, if this is a part of one.
    pub(crate) line_end_around: Option<&'static str>,
}

/// The kind of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatementKind {
    /// `[table]`
    Header,
    /// `[[table]]`
    ArrayHeader,
    /// `key = value`
    KeyValue,
}

impl StatementKind {
    pub(crate) fn is_header(self) -> bool {
        match self {
            Self::Header | Self::ArrayHeader => true,
            Self::KeyValue => false,
        }
    }
}

/// One element of a key, with its place.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    /// Without quotes and escapes.
    pub(crate) name: Cow<'a, str>,
    /// As it is written, within the text that it is part of.
    pub(crate) place: Range<usize>,
}

/// A header or a `key = value`, with the comments around it.
#[derive(Debug, Clone)]
pub(crate) struct Statement<'a> {
    /// The whole lines of comments and blanks above it.
    pub(crate) lead: Cow<'a, str>,
    pub(crate) kind: StatementKind,
    /// The key as written: relative to the header above where it is a `key = value`.
    pub(crate) path: Vec<Part<'a>>,
    /// From the beginning of its first line to the line end of its last.
    pub(crate) line: Cow<'a, str>,
    /// The value within `line`; empty for a header.
    pub(crate) value: Range<usize>,
    /// The comment behind it within `line`.
    pub(crate) comment: Option<Range<usize>>,
    /// Comment lines glued below the last statement of a table: usually keys that were commented out, so they belong to this table and not to the next.
    pub(crate) tail: Cow<'a, str>,
}

impl<'a> Layout<'a> {
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from(self.mark);
        for statement in &self.statements {
            text.push_str(&statement.lead);
            text.push_str(&statement.line);
            text.push_str(&statement.tail);
        }
        text.push_str(&self.end);
        text
    }

    /// Returns each statement with its index and the path of the header above it (empty for headers and at the top of the file).
    pub(crate) fn placed(&self) -> impl Iterator<Item = (usize, &[Part<'a>], &Statement<'a>)> {
        let mut header: &[Part<'a>] = &[];
        self.statements
            .iter()
            .enumerate()
            .map(move |(index, statement)| {
                if statement.kind.is_header() {
                    header = &statement.path;
                    (index, Default::default(), statement)
                } else {
                    (index, header, statement)
                }
            })
    }

    /// Returns the line, counted from 1, on which the statement at `index` begins.
    pub(crate) fn line_number(&self, index: usize) -> usize {
        let above = self.statements.iter().take(index);
        let above: usize = above.map(Statement::line_breaks).sum();
        let lead = self.statements.get(index).map_or(0, |s| breaks(&s.lead));
        above + lead + 1
    }

    /// Returns how the file ends its lines; the first line decides.
    pub(crate) fn line_end(&self) -> &'static str {
        let around = self.line_end_around;
        around.unwrap_or_else(|| line_end_of(self.statements.iter(), &self.end))
    }
}

/// Returns the line end of statements and of the text after them; the first line decides.
pub(crate) fn line_end_of<'s, 'a: 's>(
    statements: impl Iterator<Item = &'s Statement<'a>>,
    end: &'s str,
) -> &'static str {
    let pieces = statements.flat_map(|s| [s.lead.as_ref(), s.line.as_ref()]);
    let mut pieces = pieces.chain([end]);
    match pieces.find_map(|piece| piece.split_once('\n')) {
        Some((line, _)) if line.ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}

fn breaks(text: &str) -> usize {
    text.matches('\n').count()
}

impl Statement<'_> {
    pub(crate) fn value_text(&self) -> &str {
        self.line.get(self.value.clone()).unwrap_or_default()
    }

    /// Returns how many lines end in it and in what belongs to it.
    pub(crate) fn line_breaks(&self) -> usize {
        breaks(&self.lead) + breaks(&self.line) + breaks(&self.tail)
    }

    pub(crate) fn indentation(&self) -> &str {
        let rest = self.line.trim_start_matches([' ', '\t']);
        self.line.strip_suffix(rest).unwrap_or_default()
    }

    /// Replaces the bytes at `place` of its line, and finds its parts again.
    pub(crate) fn splice(&mut self, place: Range<usize>, text: &str) -> Result<(), LayoutError> {
        let mut line = self.line.clone().into_owned();
        line.replace_range(place, text);
        self.set_line(line)
    }

    fn set_line(&mut self, line: String) -> Result<(), LayoutError> {
        let layout = Layout::parse(&line)?;
        let Some(again) = layout.statements.into_iter().next() else {
            return Err(LayoutError::nothing());
        };
        let Statement {
            path,
            value,
            comment,
            ..
        } = again.into_owned();
        self.path = path;
        self.value = value;
        self.comment = comment;
        self.line = Cow::Owned(line);
        Ok(())
    }

    pub(crate) fn into_owned(self) -> Statement<'static> {
        Statement {
            lead: Cow::Owned(self.lead.into_owned()),
            kind: self.kind,
            path: self
                .path
                .into_iter()
                .map(|part| Part {
                    name: Cow::Owned(part.name.into_owned()),
                    place: part.place,
                })
                .collect(),
            line: Cow::Owned(self.line.into_owned()),
            value: self.value,
            comment: self.comment,
            tail: Cow::Owned(self.tail.into_owned()),
        }
    }
}

/// Returns how many leading names of `path` the key `header` + `keys` has in common with it.
pub(crate) fn shared<S: AsRef<str>>(header: &[Part<'_>], keys: &[Part<'_>], path: &[S]) -> usize {
    header
        .iter()
        .chain(keys)
        .zip(path)
        .take_while(|(part, name)| part.name == name.as_ref())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_file_give_its_bytes_back() {
        let text = "\u{feff}#:schema x\r\n\r\n  a . 'b c' = [ 1,\r\n # in\r\n 2 ] # behind\r\n# glued\r\n\r\n# own\r\n[x.\"y\"] # head\r\nk = \"\"\"\r\n# no comment\r\n\"\"\"\r\n\r\n# end";
        let layout = Layout::parse(text).unwrap();
        assert_eq!(layout.to_text(), text);
        assert_eq!(layout.line_end(), "\r\n");
        assert_eq!(layout.statements.len(), 3);
        assert_eq!(layout.statements[0].tail, "# glued\r\n");
        assert_eq!(layout.statements[0].value_text(), "[ 1,\r\n # in\r\n 2 ]");
        assert_eq!(layout.statements[1].path[1].name, "y");
        assert_eq!(layout.line_number(1), 9);
        assert_eq!(layout.end, "\r\n# end");
    }
}
