//! Makes untrusted text safe and legible on a terminal, and cuts long lines around the point shown.

use std::borrow::Cow;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::model::hazard_on_a_terminal;

/// The replacement of a tab in a line of a file; a real one would move the carets.
const TAB: &str = "    ";

/// More combining marks than this on one letter are not writing: they would paint over the lines above and below.
const MAX_MARKS: usize = 4;

/// The longest escape is ten columns wide; a narrower window could not show one with its surroundings.
const MIN_WIDTH: usize = 32;

const CUT: &str = "…";
const MASK: &str = "****";

/// Returns `text` as one line in which every character is visible and none moves the cursor or the text around it.
///
/// Tabs are escaped too: in a name or a message a tab that looks like spaces is misleading.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut room_for_marks = 0;
    for character in text.chars() {
        let mark = character.width() == Some(0);
        if hazard_on_a_terminal(character).is_some() || (mark && room_for_marks == 0) {
            shown.extend(character.escape_unicode());
            room_for_marks = 0;
        } else {
            shown.push(character);
            room_for_marks = if mark { room_for_marks - 1 } else { MAX_MARKS };
        }
    }
    Cow::Owned(shown)
}

/// A line of a file as it is shown, with the part that is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// The number of terminal columns before the marked part.
    pub offset: usize,
    /// The number of columns of the marked part; at least 1, even past the end of the line.
    pub width: usize,
}

/// Some characters of the line that are shown, marked and cut as one.
struct Piece {
    text: String,
    columns: Range<usize>,
    is_meant: bool,
    /// The number of marks that may still be added.
    room_for_marks: usize,
}

/// Renders a line of a file in at most `width` columns.
///
/// `meant` counts characters from 0 and may be outside the line; `masked` are the hidden byte ranges, sorted, which
/// become `****` at any length.
pub fn excerpt(line: &str, meant: Range<usize>, masked: &[Range<usize>], width: usize) -> Excerpt {
    let width = width.max(MIN_WIDTH);
    // A piece has at most `1 + MAX_MARKS` characters and at least one column, so text further off cannot be in the
    // window.
    let reach = width.saturating_mul(1 + MAX_MARKS);
    let length = line.chars().count();
    let start = meant.start.min(length);
    let meant = start..meant.end.max(start.saturating_add(1));
    let first = start.saturating_sub(reach);
    let last = start.saturating_add(reach).min(length);
    let mut row = Row::new(masked);
    let near = line.char_indices().enumerate().take(last).skip(first);
    for (index, (at, character)) in near {
        row.push(at, character, meant.contains(&index));
    }
    row.cut(width, first > 0, last < length)
}

struct Row<'m> {
    pieces: Vec<Piece>,
    masked: std::iter::Peekable<std::slice::Iter<'m, Range<usize>>>,
    /// The end of the last piece's mask.
    mask_end: usize,
}

impl<'m> Row<'m> {
    fn new(masked: &'m [Range<usize>]) -> Self {
        Self {
            pieces: Vec::new(),
            masked: masked.iter().peekable(),
            mask_end: 0,
        }
    }

    fn columns(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.columns.end)
    }

    fn push(&mut self, at: usize, character: char, is_meant: bool) {
        if at < self.mask_end
            && let Some(mask) = self.pieces.last_mut()
        {
            mask.is_meant |= is_meant;
            return;
        }
        while let Some(range) = self.masked.next_if(|range| range.start <= at) {
            self.mask_end = range.end.max(self.mask_end);
        }
        if at < self.mask_end {
            return self.add(MASK.to_owned(), MASK.len(), is_meant, 0);
        }
        let escaped = || character.escape_unicode().to_string();
        if character == '\t' {
            self.add(TAB.to_owned(), TAB.len(), is_meant, 0);
        } else if hazard_on_a_terminal(character).is_some() {
            self.add(escaped(), escaped().len(), is_meant, 0);
        } else if let Some(width) = character.width().filter(|width| *width > 0) {
            self.add(character.to_string(), width, is_meant, MAX_MARKS);
        } else if let Some(letter) = self.pieces.last_mut().filter(|it| it.room_for_marks > 0) {
            letter.text.push(character);
            letter.room_for_marks -= 1;
            letter.is_meant |= is_meant;
        } else {
            self.add(escaped(), escaped().len(), is_meant, 0);
        }
    }

    fn add(&mut self, text: String, width: usize, is_meant: bool, room_for_marks: usize) {
        let start = self.columns();
        self.pieces.push(Piece {
            text,
            columns: start..start + width,
            is_meant,
            room_for_marks,
        });
    }

    /// Returns the pieces that fit, if the line itself may start before them and go on after them.
    fn cut(&self, width: usize, is_before: bool, is_after: bool) -> Excerpt {
        let end = self.columns();
        let first_meant = self.pieces.iter().find(|piece| piece.is_meant);
        let point = first_meant.map_or(end, |piece| piece.columns.start);
        // One more column if the caret is behind the line, one for each `…` that is there anyway.
        let needed = end.max(point + 1) + usize::from(is_before) + usize::from(is_after);
        let window = if needed <= width {
            0..end
        } else {
            // Text before the point is less useful than text after it; both ends keep a column for the `…`.
            let latest = (end + 2).saturating_sub(width);
            let start = point.saturating_sub(width / 3).min(latest);
            start..start + width - 2
        };
        let mut shown = Excerpt {
            text: String::new(),
            offset: 0,
            width: 0,
        };
        let mut column = 0;
        let fits =
            |piece: &&Piece| piece.columns.start >= window.start && piece.columns.end <= window.end;
        let mut last_end = 0;
        for piece in self.pieces.iter().filter(fits) {
            if column == 0 && (is_before || piece.columns.start > 0) {
                shown.text.push_str(CUT);
                column = 1;
            }
            let piece_width = piece.columns.len();
            if piece.is_meant {
                if shown.width == 0 {
                    shown.offset = column;
                }
                shown.width = column + piece_width - shown.offset;
            }
            shown.text.push_str(&piece.text);
            column += piece_width;
            last_end = piece.columns.end;
        }
        if shown.width == 0 {
            shown.offset = column;
            shown.width = 1;
        }
        if is_after || last_end < end {
            shown.text.push_str(CUT);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    const NOTHING: Range<usize> = 0..0;

    fn shown(line: &str, meant: Range<usize>, masked: Range<usize>, width: usize) -> String {
        let it = excerpt(line, meant, from_ref(&masked), width);
        let carets = "^".repeat(it.width);
        format!("{}\n{}{carets}", it.text, " ".repeat(it.offset))
    }

    #[test]
    fn a_character_that_moves_the_cursor_is_shown_as_its_number() {
        assert_eq!(
            visible("a\u{1b}[2J\u{202e}b\u{200b}\tc\nd\u{9b}"),
            "a\\u{1b}[2J\\u{202e}b\\u{200b}\\u{9}c\\u{a}d\\u{9b}"
        );
        assert_eq!(visible("Žluť 日本 e\u{301}"), "Žluť 日本 e\u{301}");
    }

    #[test]
    fn marks_without_a_letter_and_heaps_of_marks_are_written_out() {
        assert_eq!(visible("\u{301}a"), "\\u{301}a");
        let heap = format!("a{}", "\u{301}".repeat(6));
        let expected = format!("a{}\\u{{301}}\\u{{301}}", "\u{301}".repeat(4));
        assert_eq!(visible(&heap), expected);
        assert_eq!(excerpt(&heap, 0..1, &[], 80).text, expected);
    }

    #[test]
    fn carets_stand_under_wide_combining_and_escaped_characters() {
        assert_eq!(shown("日本 = x", 5..6, NOTHING, 80), "日本 = x\n       ^");
        assert_eq!(shown("日本 = x", 0..2, NOTHING, 80), "日本 = x\n^^^^");
        assert_eq!(
            shown("e\u{301}e = x", 2..3, NOTHING, 80),
            "e\u{301}e = x\n ^"
        );
        assert_eq!(
            shown("e\u{301}e = x", 1..2, NOTHING, 80),
            "e\u{301}e = x\n^"
        );
        assert_eq!(
            shown("a\u{202e}b", 1..3, NOTHING, 80),
            "a\\u{202e}b\n ^^^^^^^^^"
        );
        assert_eq!(shown("\ta", 1..2, NOTHING, 80), "    a\n    ^");
    }

    #[test]
    fn carets_end_with_the_line_and_may_stand_behind_it() {
        assert_eq!(shown("abc", 1..900, NOTHING, 80), "abc\n ^^");
        assert_eq!(shown("abc", 3..4, NOTHING, 80), "abc\n   ^");
        assert_eq!(shown("abc", 70_000..70_001, NOTHING, 80), "abc\n   ^");
        assert_eq!(shown("", 0..1, NOTHING, 80), "\n^");
        assert_eq!(
            shown("abc", usize::MAX..usize::MAX, NOTHING, 80),
            "abc\n   ^"
        );
    }

    #[test]
    fn a_mask_has_one_width_whatever_it_hides() {
        assert_eq!(shown("a = 'x' # b", 0..1, 5..6, 80), "a = '****' # b\n^");
        assert_eq!(
            shown("a = 'wörtchen' # b", 7..8, 5..14, 80),
            "a = '****' # b\n     ^^^^"
        );
        assert_eq!(
            shown("a = 'secret' # b", 15..16, 5..11, 80),
            "a = '****' # b\n             ^"
        );
        assert_eq!(
            shown("a = 'secret' # b", 4..12, 5..11, 80),
            "a = '****' # b\n    ^^^^^^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_meant() {
        let line: String = ('a'..='z').cycle().take(100).collect();
        assert_eq!(
            shown(&line, 0..2, NOTHING, 32),
            "abcdefghijklmnopqrstuvwxyzabcd…\n^^"
        );
        assert_eq!(
            shown(&line, 52..54, NOTHING, 32),
            "…qrstuvwxyzabcdefghijklmnopqrst…\n           ^^"
        );
        assert_eq!(
            shown(&line, 100..101, NOTHING, 32),
            "…stuvwxyzabcdefghijklmnopqrstuv\n                               ^"
        );
        assert_eq!(
            shown(&line, 50..99, NOTHING, 32),
            "…opqrstuvwxyzabcdefghijklmnopqr…\n           ^^^^^^^^^^^^^^^^^^^^"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_excerpt_is_wider_than_asked_and_the_carets_stay_within(
            line in "[ -~\\t日e\u{301}\u{202e}\u{1b}]{0,200}",
            start in 0usize..220,
            length in 0usize..50,
            mask in 0usize..100,
            width in 32usize..90,
        ) {
            let it = excerpt(&line, start..start + length, from_ref(&(mask..mask + 20)), width);
            let columns = unicode_width::UnicodeWidthStr::width(it.text.as_str());
            proptest::prop_assert!(columns <= width, "{columns} {it:?}");
            proptest::prop_assert!(it.width >= 1 && it.offset + it.width <= width.min(columns + 1), "{it:?}");
        }
    }
}
