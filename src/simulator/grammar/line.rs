//! Splits a line into words, each with its first column.

/// One word of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'line> {
    pub(super) column: usize,
    /// The column after the word and its quotes.
    pub(super) end: usize,
    /// Without quotes.
    pub(super) text: &'line str,
    pub(super) is_quoted: bool,
    /// The column of an invalid quote: one that is never closed, or one inside a word.
    pub(super) misplaced_quote: Option<usize>,
}

impl Word<'_> {
    /// Returns the word that starts at a column and is still empty.
    pub(super) fn empty(column: usize) -> Self {
        Self {
            column,
            end: column,
            text: "",
            is_quoted: false,
            misplaced_quote: None,
        }
    }
}

/// Returns the first word at or after a column.
///
/// Only spaces separate words. Between quotes every character is itself, the backslash too: there is no way to
/// write a quote inside of quotes (assumed).
pub(super) fn word_at(line: &str, from: usize) -> Option<Word<'_>> {
    let rest = line.get(from..)?;
    let trimmed = rest.trim_start_matches(' ');
    if trimmed.is_empty() {
        return None;
    }
    let column = line.len() - trimmed.len();
    if let Some(inside) = trimmed.strip_prefix('"') {
        let (text, after) = match inside.split_once('"') {
            Some((text, after)) => (text, Some(after)),
            None => (inside, None),
        };
        let is_closed = after.is_some_and(|after| after.is_empty() || after.starts_with(' '));
        let after = after.unwrap_or_default();
        let glued = after.split(' ').next().unwrap_or_default();
        return Some(Word {
            column,
            end: line.len() - after.len() + glued.len(),
            text,
            is_quoted: true,
            misplaced_quote: (!is_closed).then_some(column),
        });
    }
    let text = trimmed.split(' ').next().unwrap_or_default();
    Some(Word {
        column,
        end: column + text.len(),
        text,
        is_quoted: false,
        misplaced_quote: text.find('"').map(|at| column + at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<(usize, &str, Option<usize>)> {
        let mut from = 0;
        std::iter::from_fn(|| {
            let word = word_at(line, from)?;
            from = word.end;
            Some((word.column, word.text, word.misplaced_quote))
        })
        .collect()
    }

    #[test]
    fn spaces_separate_words_and_quotes_hold_them_together() {
        assert_eq!(
            words("  name \"a b\"  \"\" c\\"),
            [
                (2, "name", None),
                (7, "a b", None),
                (14, "", None),
                (17, "c\\", None)
            ]
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_or_not_at_an_edge_is_found() {
        assert_eq!(words("a \"b c"), [(0, "a", None), (2, "b c", Some(2))]);
        assert_eq!(
            words("a b\"c d"),
            [(0, "a", None), (2, "b\"c", Some(3)), (6, "d", None)]
        );
        assert_eq!(words("\"a\"b c"), [(0, "a", Some(0)), (5, "c", None)]);
    }
}
