//! Splits the line before the cursor into words, as each shell hands it over, and quotes what is inserted.

use super::CompletingShell;

/// The words of the line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Without quotes; the last one is the word at the cursor.
    pub(super) words: Vec<String>,
    shell: CompletingShell,
    /// The length of the part of the last word that bash does not replace.
    kept: usize,
    /// The quote that the last word begins with.
    quote: Option<char>,
}

/// Characters at which bash splits a word that a person sees as one: `--device=oak`, `00:0e:d8`.
const GLUE: [&str; 2] = ["=", ":"];

impl Line {
    pub(super) fn of(given: &[String], shell: CompletingShell) -> Self {
        let quote = given.last().and_then(|word| word.chars().next());
        let mut line = Self {
            words: Vec::new(),
            shell,
            kept: 0,
            quote: quote.filter(|letter| ['"', '\''].contains(letter)),
        };
        let mut is_glued = false;
        for word in given {
            let is_glue = shell == CompletingShell::Bash && is_glue(word);
            let plain = unquoted(word);
            line.kept = 0;
            match line.words.last_mut().filter(|_| is_glue || is_glued) {
                Some(last) => {
                    line.kept = last.len() + if is_glue { plain.len() } else { 0 };
                    last.push_str(&plain);
                }
                None => line.words.push(plain),
            }
            is_glued = is_glue;
        }
        line
    }

    /// Returns whether the shell shows what a candidate means. bash would insert it into the line.
    pub(super) fn shows_help(&self) -> bool {
        self.shell != CompletingShell::Bash
    }

    /// Returns a candidate as the shell inserts it; `None` if the open quote leaves no way to write it.
    pub(super) fn inserted(&self, candidate: &str) -> Option<String> {
        if self.shell != CompletingShell::Bash {
            // zsh and fish quote by themselves.
            return Some(candidate.to_owned());
        }
        let word = candidate.get(self.kept..)?;
        match self.quote {
            Some('\'') => (!word.contains('\'')).then(|| word.to_owned()),
            Some(_) => (!word.contains(['"', '$', '`', '\\', '!'])).then(|| word.to_owned()),
            None => Some(escaped(word)),
        }
    }
}

/// Returns whether bash split the line at this word: one or more of the characters, and nothing else.
fn is_glue(word: &str) -> bool {
    let is_one = |letter: char| GLUE.iter().any(|glue| glue.starts_with(letter));
    !word.is_empty() && word.chars().all(is_one)
}

/// Removes quotes and backslashes; nothing is expanded.
fn unquoted(word: &str) -> String {
    let (mut plain, mut quote) = (String::new(), None);
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', None | Some('"')) => plain.extend(letters.next()),
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (letter, _) => plain.push(letter),
        }
    }
    plain
}

/// Returns a word that a shell reads as itself. It has no line breaks: such candidates are left out.
fn escaped(word: &str) -> String {
    let mut text = String::new();
    for letter in word.chars() {
        if !(letter.is_alphanumeric() || "_-./,:=@%+".contains(letter)) {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(words: &[&str], shell: CompletingShell) -> Line {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        Line::of(&words, shell)
    }

    #[test]
    fn bash_splits_at_equals_and_colons_and_replaces_only_the_last_part() {
        let bash = line(
            &["gamctl", "plan", "--device", "=", "oak"],
            CompletingShell::Bash,
        );
        assert_eq!(bash.words, ["gamctl", "plan", "--device=oak"]);
        assert_eq!(bash.inserted("--device=oak-a").as_deref(), Some("oak-a"));
        let bash = line(&["gamctl", "plan", "--device", "="], CompletingShell::Bash);
        assert_eq!(bash.words, ["gamctl", "plan", "--device="]);
        assert_eq!(bash.inserted("--device=oak-a").as_deref(), Some("oak-a"));
        let mac = ["gamctl", "find", "00", ":", "0e", ":", "d"];
        let bash = line(&mac, CompletingShell::Bash);
        assert_eq!(bash.words, ["gamctl", "find", "00:0e:d"]);
        assert_eq!(bash.inserted("00:0e:d8").as_deref(), Some("d8"));
        let zsh = line(&["gamctl", "plan", "="], CompletingShell::Zsh);
        assert_eq!(zsh.words, ["gamctl", "plan", "="]);
    }

    #[test]
    fn quotes_of_the_line_are_no_part_of_the_word_and_what_is_inserted_is_quoted() {
        let open = line(&["gamctl", "'map"], CompletingShell::Bash);
        assert_eq!(open.words, ["gamctl", "map"]);
        assert_eq!(open.inserted("maple $x").as_deref(), Some("maple $x"));
        assert_eq!(open.inserted("maple's"), None);
        let open = line(&["gamctl", "\"map"], CompletingShell::Bash);
        assert_eq!(open.inserted("maple $x"), None);
        let plain = line(&["gamctl", "map\\ l"], CompletingShell::Bash);
        assert_eq!(plain.words, ["gamctl", "map l"]);
        assert_eq!(
            plain.inserted("a;$(b)`c`").as_deref(),
            Some("a\\;\\$\\(b\\)\\`c\\`")
        );
    }

    proptest! {
        #[test]
        fn an_escaped_word_is_read_as_itself(word in "[^\\p{C}]{0,20}") {
            prop_assert_eq!(unquoted(&escaped(&word)), word);
        }
    }
}
