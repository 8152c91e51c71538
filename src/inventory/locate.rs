//! Finds the lines and columns of findings: objects do not store positions, only findings need them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::parse::ParsedFile;
use super::tree::{self, Item, Span, TreeLimits};
use crate::model::{Finding, Related, Rule, SourceLocation};

/// A file of the inventory with its path.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct FileSlot {
    pub path: Arc<str>,
    pub parsed: Arc<ParsedFile>,
}

/// An object, or a key of it, in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::inventory) struct Pointer {
    /// Index into the inventory's files.
    pub file: u32,
    /// Keys from the top of the file; an entry of a list by its number from 0.
    pub path: Vec<String>,
    /// The value is meant, not the key.
    pub is_value: bool,
}

impl Pointer {
    pub(in crate::inventory) fn to_file(file: u32) -> Self {
        Self {
            file,
            path: Vec::new(),
            is_value: false,
        }
    }

    pub(in crate::inventory) fn to_object(file: u32, table: &str, id: &str) -> Self {
        Self {
            file,
            path: vec![table.to_owned(), id.to_owned()],
            is_value: false,
        }
    }

    /// Points at a key within.
    pub(in crate::inventory) fn key(mut self, key: impl std::fmt::Display) -> Self {
        self.path.push(key.to_string());
        self
    }

    /// Points at the value of a key within.
    pub(in crate::inventory) fn value(mut self, key: impl std::fmt::Display) -> Self {
        self.path.push(key.to_string());
        self.is_value = true;
        self
    }
}

/// A finding with pointers instead of lines.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct Pending {
    pub rule: &'static Rule,
    pub at: Pointer,
    pub message: String,
    pub hint: Option<String>,
    pub related: Vec<(Pointer, String)>,
    /// The file that is missing, where that is the place.
    pub missing: Option<&'static str>,
    /// Whether the text it points at may be a secret.
    pub is_secret: bool,
}

impl Pending {
    pub(in crate::inventory) fn new(
        rule: &'static Rule,
        at: Pointer,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            at,
            message: message.into(),
            hint: None,
            related: Vec::new(),
            missing: None,
            is_secret: false,
        }
    }

    /// A finding about a file that is not there.
    pub(in crate::inventory) fn about_missing(
        rule: &'static Rule,
        file: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            missing: Some(file),
            ..Self::new(rule, Pointer::to_file(0), message)
        }
    }

    pub(in crate::inventory) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks the value that the finding points at as a possible secret.
    pub(in crate::inventory) fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    pub(in crate::inventory) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    pub(in crate::inventory) fn related(mut self, at: Pointer, message: impl Into<String>) -> Self {
        self.related.push((at, message.into()));
        self
    }
}

/// The starts of the lines of a text.
pub(in crate::inventory) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(in crate::inventory) fn of(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// Returns the place of a range of bytes; of a range over several lines, its first line's part.
    pub(in crate::inventory) fn place(&self, file: &Arc<str>, span: Span) -> SourceLocation {
        let usize_of = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        let mut start = usize_of(span.start).min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let line = self.starts.partition_point(|begin| *begin <= start).max(1);
        let begin = self.starts.get(line - 1).copied().unwrap_or(0);
        // No editor shows a byte order mark as a column.
        let mark =
            usize::from(line == 1 && self.text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
        let begin = begin + mark;
        let line_end = self.starts.get(line).map_or(self.text.len(), |next| {
            let text = self.text.get(begin..next - 1).unwrap_or_default();
            begin + text.strip_suffix('\r').unwrap_or(text).len()
        });
        // The end of a line is one place, however many bytes it has.
        let start = start.max(begin).min(line_end);
        let end = usize_of(span.end).clamp(start, line_end.max(start));
        let count = |from: usize, to: usize| {
            self.text
                .get(from..to)
                .map_or(0, |text| text.chars().count())
        };
        let u32_of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        SourceLocation {
            file: Arc::clone(file),
            line: u32_of(line),
            column: u32_of(count(begin, start) + 1),
            length: u32_of(count(start, end).max(1)),
        }
    }
}

/// Returns the findings of one file with their places.
pub(in crate::inventory) fn place_file_findings(slot: &FileSlot) -> Vec<Finding> {
    if slot.parsed.findings.is_empty() {
        return Vec::new();
    }
    let lines = Lines::of(&slot.parsed.text);
    let place = |span: &Span| lines.place(&slot.path, *span);
    let findings = slot.parsed.findings.iter().map(|finding| Finding {
        rule: finding.rule,
        severity: finding.rule.severity,
        place: place(&finding.span),
        message: finding.message.clone(),
        hint: finding.hint.clone(),
        related: related(&finding.related, place),
        is_secret: finding.is_secret,
    });
    findings.collect()
}

/// Returns related positions with their places.
fn related<At>(related: &[(At, String)], place: impl Fn(&At) -> SourceLocation) -> Vec<Related> {
    let related = related.iter().map(|(at, message)| Related {
        place: place(at),
        message: message.clone(),
    });
    related.collect()
}

/// Returns the pointers of each file that has some, each once and in their order.
fn by_file<'f, 'a>(
    files: &'f [FileSlot],
    pointers: impl Iterator<Item = &'a Pointer>,
) -> Vec<(&'f FileSlot, Vec<&'a Pointer>)> {
    let mut sorted: Vec<&Pointer> = pointers.collect();
    sorted.sort_unstable();
    sorted.dedup();
    let groups = sorted.chunk_by(|left, right| left.file == right.file);
    let groups = groups.filter_map(|group| {
        let file = usize::try_from(group.first()?.file).ok()?;
        Some((files.get(file)?, group.to_vec()))
    });
    groups.collect()
}

/// Returns where each pointer points, reading every file that is pointed into once.
pub(in crate::inventory) fn places<'a>(
    files: &[FileSlot],
    pointers: impl Iterator<Item = &'a Pointer>,
    limits: TreeLimits,
) -> BTreeMap<&'a Pointer, SourceLocation> {
    let mut found = BTreeMap::new();
    for (slot, pointers) in by_file(files, pointers) {
        let lines = Lines::of(&slot.parsed.text);
        let (tree, _) = tree::parse(&slot.parsed.text, limits);
        for pointer in pointers {
            let span = span_of(tree.root(), pointer);
            found.insert(pointer, lines.place(&slot.path, span));
        }
    }
    found
}

/// Returns the text of each value that is written, reading every file that is pointed into once; a table has an empty one.
pub(in crate::inventory) fn values<'a>(
    files: &[FileSlot],
    pointers: impl Iterator<Item = &'a Pointer>,
    limits: TreeLimits,
) -> BTreeMap<&'a Pointer, String> {
    let mut found = BTreeMap::new();
    for (slot, pointers) in by_file(files, pointers) {
        let (tree, _) = tree::parse(&slot.parsed.text, limits);
        for pointer in pointers {
            let mut path = pointer.path.iter();
            let Some(item) = path.try_fold(tree.root(), |item, key| item.get(key)) else {
                continue;
            };
            let span = item.span();
            let bounds = usize::try_from(span.start)
                .ok()
                .zip(usize::try_from(span.end).ok());
            let text = bounds.filter(|_| !item.is_table() || item.is_inline_table());
            let text = text.and_then(|(start, end)| slot.parsed.text.get(start..end));
            found.insert(pointer, text.unwrap_or_default().to_owned());
        }
    }
    found
}

/// Returns the bytes of what a pointer means, or of the nearest thing around it that is there.
fn span_of(root: Item<'_, '_>, pointer: &Pointer) -> Span {
    let mut item = root;
    let mut is_whole = true;
    for key in &pointer.path {
        match item.inner(key) {
            Some(inner) => item = inner,
            None => {
                is_whole = false;
                break;
            }
        }
    }
    let has_text = !item.is_table() || item.is_inline_table();
    if pointer.is_value && is_whole && has_text {
        item.span()
    } else {
        item.key_span()
    }
}

/// Returns pending findings with their places.
pub(in crate::inventory) fn place_pending(
    files: &[FileSlot],
    pending: &[Pending],
    limits: TreeLimits,
) -> Vec<Finding> {
    let pointers = pending
        .iter()
        .flat_map(|one| std::iter::once(&one.at).chain(one.related.iter().map(|(at, _)| at)));
    let places = places(files, pointers, limits);
    let place = |pointer: &Pointer| {
        places
            .get(pointer)
            .cloned()
            .unwrap_or_else(|| SourceLocation::whole(Arc::from(".")))
    };
    let findings = pending.iter().map(|one| Finding {
        rule: one.rule,
        severity: one.rule.severity,
        place: match one.missing {
            Some(file) => SourceLocation::whole(Arc::from(file)),
            None => place(&one.at),
        },
        message: one.message.clone(),
        hint: one.hint.clone(),
        related: related(&one.related, place),
        is_secret: one.is_secret,
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: TreeLimits = TreeLimits {
        depth: 16,
        keys: 1000,
    };

    #[test]
    fn columns_count_characters_and_lines_begin_at_one() {
        let text = "a = 1\nb = \"é\" # x\r\nc = 2";
        let lines = Lines::of(text);
        let file: Arc<str> = Arc::from("f");
        let at = |needle: &str| {
            let start = u32::try_from(text.find(needle).unwrap()).unwrap();
            let place = lines.place(
                &file,
                Span {
                    start,
                    end: start + 1,
                },
            );
            (place.line, place.column)
        };
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("x"), (2, 11));
        assert_eq!(at("c"), (3, 1));
        let end = lines.place(
            &file,
            Span {
                start: 999,
                end: 1000,
            },
        );
        assert_eq!((end.line, end.length), (3, 1));
    }

    #[test]
    fn a_byte_order_mark_has_no_column() {
        let lines = Lines::of("\u{feff}a = 1\nb = 2\n");
        let at = |start: u32| {
            let span = Span {
                start,
                end: start + 1,
            };
            let place = lines.place(&Arc::from("f"), span);
            (place.line, place.column, place.length)
        };
        assert_eq!(at(0), (1, 1, 1));
        assert_eq!(at(3), (1, 1, 1));
        assert_eq!(at(9), (2, 1, 1));
    }

    #[test]
    fn the_end_of_a_line_is_the_same_column_with_and_without_a_carriage_return() {
        let file: Arc<str> = Arc::from("f");
        for text in ["a = 1\r\nb", "a = 1\nb"] {
            let lines = Lines::of(text);
            let start = u32::try_from(text.find('\n').unwrap()).unwrap();
            let end = start + 1;
            let place = lines.place(&file, Span { start, end });
            assert_eq!((place.line, place.column), (1, 6), "{text:?}");
        }
    }

    #[test]
    fn a_missing_key_is_placed_at_its_object() {
        let text = "[subscriber.a]\nvlan = 3\n";
        let (tree, _) = tree::parse(text, LIMITS);
        let pointer = Pointer::to_object(0, "subscriber", "a");
        let header = span_of(tree.root(), &pointer);
        let text_of = |span: Span| text.get(span.start as usize..span.end as usize);
        assert_eq!(text_of(header), Some("a"));
        assert_eq!(span_of(tree.root(), &pointer.clone().value("port")), header);
        assert_eq!(
            text_of(span_of(tree.root(), &pointer.value("vlan"))),
            Some("3")
        );
    }
}
