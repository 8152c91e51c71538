//! Parses arrays and inline tables, with the position of everything in them.

use std::ops::Range;

use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_value};
use toml_parser::{ParseError, Source};

use super::Part;
use super::parse::{DEPTH, LayoutError, part};

/// The outer form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Scalar,
    Array,
    InlineTable,
}

/// A value within a text.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) shape: Shape,
    pub(crate) place: Range<usize>,
    pub(crate) entries: Vec<Entry<'a>>,
    /// Comments after the last entry, on lines of their own.
    pub(crate) end_comments: Vec<Range<usize>>,
    /// Whether a line ends directly inside it.
    pub(crate) is_multi_line: bool,
}

/// An element of an array, or a key and value of an inline table.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Empty in an array.
    pub(crate) key: Vec<Part<'a>>,
    pub(crate) value: Node<'a>,
    /// Comments on the lines above.
    pub(crate) comments_above: Vec<Range<usize>>,
    /// The comment behind it on the same line.
    pub(crate) comment_behind: Option<Range<usize>>,
}

impl<'a> Entry<'a> {
    /// Returns its place, from the key to the end of the value.
    pub(crate) fn place(&self) -> Range<usize> {
        let start = self
            .key
            .first()
            .map_or(&self.value.place, |part| &part.place);
        start.start..self.value.place.end
    }
}

impl<'a> Node<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, LayoutError> {
        let tokens = Source::new(text).lex().into_vec();
        let mut events = Vec::with_capacity(tokens.len());
        let mut error: Option<ParseError> = None;
        let mut guard = RecursionGuard::new(&mut events, DEPTH);
        parse_value(&tokens, &mut guard, &mut error);
        if let Some(error) = error {
            return Err(error.into());
        }
        let mut open: Vec<Builder<'a>> = vec![Builder::new(Shape::Array, 0)];
        for event in events {
            take(text, &mut open, event);
        }
        open.pop()
            .and_then(|mut root| root.node.entries.pop())
            .map(|entry| entry.value)
            .ok_or_else(LayoutError::nothing)
    }

    /// Returns whether it has a comment itself, not only in nested values.
    pub(crate) fn has_own_comments(&self) -> bool {
        !self.end_comments.is_empty()
            || self
                .entries
                .iter()
                .any(|entry| !entry.comments_above.is_empty() || entry.comment_behind.is_some())
    }

    /// Returns the places of all comments in it, in order.
    pub(crate) fn comments(&self) -> Vec<Range<usize>> {
        let mut all = Vec::new();
        for entry in &self.entries {
            all.extend(entry.comments_above.iter().cloned());
            all.extend(entry.value.comments());
            all.extend(entry.comment_behind.clone());
        }
        all.extend(self.end_comments.iter().cloned());
        all
    }
}

/// An array or inline table that is still open.
struct Builder<'a> {
    node: Node<'a>,
    key: Vec<Part<'a>>,
    comments: Vec<Range<usize>>,
    /// Whether a line ended after the last entry.
    is_on_new_line: bool,
}

impl<'a> Builder<'a> {
    fn new(shape: Shape, start: usize) -> Self {
        Self {
            node: Node {
                shape,
                place: start..start,
                entries: Vec::new(),
                end_comments: Vec::new(),
                is_multi_line: false,
            },
            key: Vec::new(),
            comments: Vec::new(),
            is_on_new_line: false,
        }
    }

    fn push(&mut self, value: Node<'a>) {
        self.node.entries.push(Entry {
            key: std::mem::take(&mut self.key),
            value,
            comments_above: std::mem::take(&mut self.comments),
            comment_behind: None,
        });
        self.is_on_new_line = false;
    }
}

fn take<'a>(text: &'a str, open: &mut Vec<Builder<'a>>, event: Event) {
    let place = event.span().start()..event.span().end();
    let closes = matches!(
        event.kind(),
        EventKind::ArrayClose | EventKind::InlineTableClose
    );
    if closes && open.len() > 1 {
        let Some(mut closed) = open.pop() else {
            return;
        };
        closed.node.place.end = place.end;
        closed.node.end_comments = std::mem::take(&mut closed.comments);
        if let Some(outer) = open.last_mut() {
            outer.push(closed.node);
        }
        return;
    }
    let Some(inner) = open.last_mut() else {
        return;
    };
    match event.kind() {
        EventKind::ArrayOpen => open.push(Builder::new(Shape::Array, place.start)),
        EventKind::InlineTableOpen => open.push(Builder::new(Shape::InlineTable, place.start)),
        EventKind::SimpleKey => inner.key.push(part(text, event, 0)),
        EventKind::Scalar => {
            let mut scalar = Builder::new(Shape::Scalar, place.start);
            scalar.node.place.end = place.end;
            inner.push(scalar.node);
        }
        EventKind::Comment => match inner.node.entries.last_mut() {
            // There is no comment between a key and its value, so this one is behind an entry.
            Some(entry) if !inner.is_on_new_line => entry.comment_behind = Some(place),
            Some(_) | None => inner.comments.push(place),
        },
        EventKind::Newline => {
            inner.node.is_multi_line = true;
            inner.is_on_new_line = true;
        }
        EventKind::ArrayClose
        | EventKind::InlineTableClose
        | EventKind::StdTableOpen
        | EventKind::StdTableClose
        | EventKind::ArrayTableOpen
        | EventKind::ArrayTableClose
        | EventKind::KeySep
        | EventKind::KeyValSep
        | EventKind::ValueSep
        | EventKind::Whitespace
        | EventKind::Error => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_belongs_to_the_entry_on_its_line_else_to_the_next() {
        let text = "[ # first\n 1, # one\n # two\n 2\n # last\n]";
        let node = Node::parse(text).unwrap();
        let written = |places: &[Range<usize>]| -> Vec<&str> {
            places
                .iter()
                .map(|place| text.get(place.clone()).unwrap())
                .collect()
        };
        assert_eq!(written(&node.entries[0].comments_above), ["# first"]);
        assert_eq!(
            node.entries[0]
                .comment_behind
                .clone()
                .and_then(|place| text.get(place)),
            Some("# one")
        );
        assert_eq!(written(&node.entries[1].comments_above), ["# two"]);
        assert_eq!(written(&node.end_comments), ["# last"]);
        assert!(node.is_multi_line);
        assert_eq!(node.place, 0..text.len());
    }

    #[test]
    fn entries_of_inline_tables_know_their_dotted_keys() {
        let text = "{ a.b = 1, \"c d\" = [2] }";
        let node = Node::parse(text).unwrap();
        assert_eq!(text.get(node.entries[0].place()), Some("a.b = 1"));
        assert_eq!(node.entries[1].key[0].name, "c d");
        assert_eq!(node.entries[1].value.shape, Shape::Array);
    }
}
