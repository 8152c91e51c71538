//! Breaks text into lines that fit a terminal.

use unicode_width::UnicodeWidthStr;

/// Breaks a text at spaces so that it fits; the first line is indented by `first`, others by `others`.
pub(super) fn fold(text: &str, first: usize, others: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(first);
    let mut has_word = false;
    for word in text.split(' ') {
        if has_word && line.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(others)));
            has_word = false;
        }
        if has_word {
            line.push(' ');
        }
        line.push_str(word);
        has_word = true;
    }
    lines.push(line);
    lines
}

/// Renders a fact under a heading of nine letters at most, folded to the terminal unless it is too narrow.
pub(super) fn fact(title: &str, said: &str, width: usize) -> String {
    let folded = fold(said, 13, 13, width.max(53)).join("\n");
    format!("  {title:<9}  {}\n", folded.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_a_word_that_is_too_long_stands_alone() {
        assert_eq!(fold("a bb ccc", 2, 4, 7), ["  a bb", "    ccc"]);
        assert_eq!(
            fold("a toolongaword b", 0, 1, 5),
            ["a", " toolongaword", " b"]
        );
        assert_eq!(fold("", 2, 4, 7), ["  "]);
    }
}
