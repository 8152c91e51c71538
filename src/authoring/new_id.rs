//! Derives ids of new objects from names on devices.

use std::collections::BTreeSet;

/// Ids that are taken; two that differ only in capitals are one.
#[derive(Debug, Clone, Default)]
pub struct Ids(BTreeSet<String>);

impl Ids {
    pub fn take<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) {
        self.0.extend(ids.into_iter().map(str::to_ascii_lowercase));
    }

    /// Returns a new id: the first of these that is free, else the last with a number behind it.
    pub fn free(&mut self, wishes: &[String]) -> String {
        let last = wishes.last().cloned().unwrap_or_default();
        let numbered = (2_u32..).map(|number| format!("{last}-{number}"));
        let mut all = wishes.iter().cloned().chain(numbered);
        let id = all
            .find(|id| !self.0.contains(&id.to_ascii_lowercase()))
            .unwrap_or(last);
        self.0.insert(id.to_ascii_lowercase());
        id
    }
}

/// Returns an id that is as near to a text as an id can be: letters, digits and `. _ -`, beginning with a letter or a digit.
pub fn slug(text: &str, otherwise: &str) -> String {
    let mut id = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || "._-".contains(character) {
            id.push(character);
        } else if !id.ends_with('-') {
            id.push('-');
        }
    }
    let id = id.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let id: String = id.trim_end_matches('-').chars().take(48).collect();
    if id.is_empty() {
        otherwise.to_owned()
    } else {
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_the_nearest_id() {
        for (name, id) in [
            ("apt-101", "apt-101"),
            ("apt 101", "apt-101"),
            ("Unit+4/b", "Unit-4-b"),
            ("--x--", "x"),
            ("!!!", "nobody"),
        ] {
            assert_eq!(slug(name, "nobody"), id);
        }
    }

    #[test]
    fn an_id_is_given_once_whatever_its_capitals() {
        let mut ids = Ids::default();
        let wish = |text: &str| vec![text.to_owned()];
        assert_eq!(ids.free(&wish("a")), "a");
        assert_eq!(ids.free(&wish("A")), "A-2");
        assert_eq!(ids.free(&["a".to_owned(), "a-oak".to_owned()]), "a-oak");
    }
}
