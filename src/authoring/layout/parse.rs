//! Parses a text into a `Layout`, from the events of the TOML parser.

use std::borrow::Cow;
use std::ops::Range;

use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ParseError, Raw, Source};

use super::{Layout, Lead, Part, Statement, StatementKind};

/// How deep arrays and inline tables may be nested; `toml_edit` has the same limit.
pub(super) const DEPTH: u32 = 80;

const MARK: &str = "\u{feff}";

/// Why a text is not TOML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct LayoutError {
    message: String,
    offset: usize,
}

impl LayoutError {
    pub(crate) fn nothing() -> Self {
        Self {
            message: "nothing to read".to_owned(),
            offset: 0,
        }
    }

    /// Returns the line in `text`, counted from 1.
    pub(crate) fn line(&self, text: &str) -> usize {
        let above = text.get(..self.offset).unwrap_or(text);
        above.matches('\n').count() + 1
    }
}

impl From<ParseError> for LayoutError {
    fn from(error: ParseError) -> Self {
        let span = error.unexpected().or(error.context());
        Self {
            message: error.description().to_owned(),
            offset: span.map_or(0, |span| span.start()),
        }
    }
}

impl<'a> Layout<'a> {
    /// Splits a text into statements.
    ///
    /// Only the grammar is checked: `toml_edit` finds duplicate keys.
    pub(crate) fn parse(text: &'a str) -> Result<Self, LayoutError> {
        let source = Source::new(text);
        let tokens = source.lex().into_vec();
        let mut events = Vec::with_capacity(tokens.len());
        let mut error: Option<ParseError> = None;
        let mut guard = RecursionGuard::new(&mut events, DEPTH);
        parse_document(&tokens, &mut guard, &mut error);
        if let Some(error) = error {
            return Err(error.into());
        }
        let mark = if text.starts_with(MARK) { MARK } else { "" };
        let mut reader = Reader {
            text,
            statements: Vec::new(),
            begin: mark.len(),
            line_begin: mark.len(),
            draft: None,
            depth: 0,
        };
        for event in events {
            reader.take(event);
        }
        reader.finish(text.len());
        let mut layout = Self {
            mark,
            end: Cow::Borrowed(text.get(reader.begin..).unwrap_or_default()),
            statements: reader.statements,
            line_end_around: None,
        };
        layout.settle();
        Ok(layout)
    }

    /// Assigns all comments between two statements to one of them.
    pub(crate) fn settle(&mut self) {
        for index in 1..=self.statements.len() {
            self.settle_above(index);
        }
    }

    /// Gives comment lines that are glued to the statement before `index`, and to nothing below, to that statement; returns those for which this no longer holds.
    pub(crate) fn settle_above(&mut self, index: usize) {
        let Some((before, after)) = self.statements.split_at_mut_checked(index) else {
            return;
        };
        let Some(above) = before.last_mut() else {
            return;
        };
        let (lead, is_end) = match after.first_mut() {
            Some(below) if !below.kind.is_header() => {
                return rejoin(&mut above.tail, &mut below.lead);
            }
            Some(below) => (&mut below.lead, false),
            None => (&mut self.end, true),
        };
        rejoin(&mut above.tail, lead);
        let at = Lead::split_tail(lead, is_end).0.len();
        if at > 0 {
            (above.tail, *lead) = split(lead, at);
        }
    }
}

fn rejoin<'a>(tail: &mut Cow<'a, str>, lead: &mut Cow<'a, str>) {
    if !tail.is_empty() {
        lead.to_mut().insert_str(0, tail);
        *tail = Cow::Borrowed("");
    }
}

fn split<'a>(text: &Cow<'a, str>, at: usize) -> (Cow<'a, str>, Cow<'a, str>) {
    match text {
        Cow::Borrowed(text) => {
            let (left, right) = text.split_at_checked(at).unwrap_or(("", text));
            (Cow::Borrowed(left), Cow::Borrowed(right))
        }
        Cow::Owned(text) => {
            let (left, right) = text.split_at_checked(at).unwrap_or(("", text));
            (Cow::Owned(left.to_owned()), Cow::Owned(right.to_owned()))
        }
    }
}

/// Decodes one element of a key.
pub(super) fn part<'a>(text: &'a str, event: Event, origin: usize) -> Part<'a> {
    let span = event.span();
    let raw = text.get(span.start()..span.end()).unwrap_or_default();
    let mut name = Cow::Borrowed("");
    // Errors of keys were reported when the document was parsed; a key that is wrong keeps a wrong name and nothing finds it.
    Raw::new_unchecked(raw, event.encoding(), span).decode_key(&mut name, &mut ());
    Part {
        name,
        place: span.start().saturating_sub(origin)..span.end().saturating_sub(origin),
    }
}

struct Reader<'a> {
    text: &'a str,
    statements: Vec<Statement<'a>>,
    /// The end of the statement before.
    begin: usize,
    line_begin: usize,
    draft: Option<Draft<'a>>,
    /// How many arrays and inline tables are open.
    depth: usize,
}

struct Draft<'a> {
    kind: StatementKind,
    line_begin: usize,
    path: Vec<Part<'a>>,
    value: Option<Range<usize>>,
    comment: Option<Range<usize>>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, event: Event) {
        let (start, end) = (event.span().start(), event.span().end());
        match event.kind() {
            EventKind::StdTableOpen => self.open(StatementKind::Header),
            EventKind::ArrayTableOpen => self.open(StatementKind::ArrayHeader),
            EventKind::SimpleKey if self.depth == 0 => {
                if self.draft.is_none() {
                    self.open(StatementKind::KeyValue);
                }
                if let Some(draft) = &mut self.draft {
                    let part = part(self.text, event, draft.line_begin);
                    draft.path.push(part);
                }
            }
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                self.value(start..end);
                self.depth += 1;
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                self.depth = self.depth.saturating_sub(1);
                self.value(start..end);
            }
            EventKind::Scalar => self.value(start..end),
            EventKind::Comment if self.depth == 0 => {
                if let Some(draft) = &mut self.draft {
                    draft.comment = Some(start - draft.line_begin..end - draft.line_begin);
                }
            }
            EventKind::Newline if self.depth == 0 => {
                self.finish(end);
                self.line_begin = end;
            }
            EventKind::StdTableClose
            | EventKind::ArrayTableClose
            | EventKind::SimpleKey
            | EventKind::KeySep
            | EventKind::KeyValSep
            | EventKind::ValueSep
            | EventKind::Whitespace
            | EventKind::Comment
            | EventKind::Newline
            | EventKind::Error => {}
        }
    }

    fn open(&mut self, kind: StatementKind) {
        self.draft = Some(Draft {
            kind,
            line_begin: self.line_begin,
            path: Vec::new(),
            value: None,
            comment: None,
        });
    }

    fn value(&mut self, place: Range<usize>) {
        if let (Some(draft), 0) = (&mut self.draft, self.depth) {
            let end = place.end - draft.line_begin;
            match &mut draft.value {
                Some(value) => value.end = end,
                None => draft.value = Some(place.start - draft.line_begin..end),
            }
        }
    }

    fn finish(&mut self, end: usize) {
        let Some(draft) = self.draft.take() else {
            return;
        };
        let lead = self.text.get(self.begin..draft.line_begin);
        let line = self.text.get(draft.line_begin..end);
        self.statements.push(Statement {
            lead: Cow::Borrowed(lead.unwrap_or_default()),
            kind: draft.kind,
            path: draft.path,
            line: Cow::Borrowed(line.unwrap_or_default()),
            value: draft.value.unwrap_or(0..0),
            comment: draft.comment,
            tail: Cow::Borrowed(""),
        });
        self.begin = end;
    }
}
