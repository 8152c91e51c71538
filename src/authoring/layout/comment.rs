//! Assigns comments between statements: to the statement above, to the one below, or to neither.

/// The lines above a statement, in paragraphs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lead<'a> {
    /// Whether a blank line comes before the first comment.
    pub(crate) begins_blank: bool,
    /// Comment lines without indentation and trailing white space; blank lines part the paragraphs.
    pub(crate) paragraphs: Vec<Vec<&'a str>>,
    /// Whether the last paragraph is directly above the statement.
    pub(crate) is_attached: bool,
}

impl<'a> Lead<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut lead = Self::default();
        for line in text.lines().map(trim) {
            if line.is_empty() {
                lead.begins_blank |= lead.paragraphs.is_empty();
                lead.is_attached = false;
                continue;
            }
            match lead.paragraphs.last_mut() {
                Some(paragraph) if lead.is_attached => paragraph.push(line),
                Some(_) | None => lead.paragraphs.push(vec![line]),
            }
            lead.is_attached = true;
        }
        lead
    }

    /// Splits off the comment directly above the statement: (free-standing, attached).
    pub(crate) fn split_attached(text: &str) -> (&str, &str) {
        let mut at = text.len();
        for line in text.split_inclusive('\n').rev() {
            if trim(line).is_empty() {
                break;
            }
            at -= line.len();
        }
        text.split_at_checked(at).unwrap_or((text, ""))
    }

    /// Splits what stays at the top of a file from the comment on its first statement: (head, rest).
    ///
    /// Editors look for `#:schema …` on the first line, so it must not move with the statement below it.
    pub(crate) fn split_head(text: &str) -> (&str, &str) {
        let (free, attached) = Self::split_attached(text);
        if comments_in(free) {
            return (free, attached);
        }
        let directives = attached
            .split_inclusive('\n')
            .take_while(|line| is_directive(line));
        let at = free.len() + directives.map(str::len).sum::<usize>();
        text.split_at_checked(at).unwrap_or((free, attached))
    }

    /// Splits off the comment that is glued to the statement above and to nothing below: (tail, rest).
    pub(crate) fn split_tail(text: &str, is_at_end: bool) -> (&str, &str) {
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if trim(line).is_empty() {
                return text.split_at_checked(at).unwrap_or(("", text));
            }
            at += line.len();
        }
        if is_at_end { (text, "") } else { ("", text) }
    }
}

/// Returns whether a comment line speaks to a program and not to people.
pub(crate) fn is_directive(line: &str) -> bool {
    trim(line).starts_with("#:")
}

/// Removes the white space that TOML knows; other kinds are part of a comment's text.
fn trim(line: &str) -> &str {
    line.trim_matches([' ', '\t', '\r', '\n'])
}

/// Returns whether there is a comment in lines between statements.
pub(crate) fn comments_in(text: &str) -> bool {
    text.lines().any(|line| !trim(line).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_belongs_to_what_it_touches() {
        let lead = Lead::parse("\n# one\n# two\n\n  # three \n");
        assert!(lead.begins_blank && lead.is_attached);
        assert_eq!(lead.paragraphs, [vec!["# one", "# two"], vec!["# three"]]);
        assert_eq!(
            Lead::split_attached("\n# a\n\n# b\n"),
            ("\n# a\n\n", "# b\n")
        );
        assert_eq!(Lead::split_attached("# a\n\n"), ("# a\n\n", ""));
    }

    #[test]
    fn a_block_between_two_statements_belongs_to_the_lower_one() {
        assert_eq!(Lead::split_tail("# a\n", false), ("", "# a\n"));
        assert_eq!(
            Lead::split_tail("# a\n\n# b\n", false),
            ("# a\n", "\n# b\n")
        );
        assert_eq!(Lead::split_tail("# a", true), ("# a", ""));
        assert_eq!(Lead::split_tail("\n# a", true), ("", "\n# a"));
    }
}
