//! Names subscribers for people: by the id of the inventory, then by the name on the device.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{SubscriberId, SubscriberName};

/// What stands before a subscriber's name in a sentence.
const KIND: &str = "subscriber ";

/// Returns the word for a subscriber in every text for people: `acct-20001 (a01)`, or one of both where they are equal.
pub fn subscriber_word(id: &str, name: &str) -> String {
    match id == name {
        true => id.to_owned(),
        false => format!("{id} ({name})"),
    }
}

/// The ids of subscribers by the names that a device has for them, where both differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<IdOfName>", into = "Vec<IdOfName>")]
pub struct SubscriberIds(BTreeMap<SubscriberName, SubscriberId>);

/// The stored form of one of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdOfName {
    name: SubscriberName,
    id: SubscriberId,
}

impl SubscriberIds {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the id of a name; a name that is the id needs none.
    pub fn set(&mut self, name: SubscriberName, id: SubscriberId) {
        if name.as_str() == id.as_str() {
            self.0.remove(&name);
        } else {
            self.0.insert(name, id);
        }
    }

    /// Removes the id of a name.
    pub fn forget(&mut self, name: &SubscriberName) {
        self.0.remove(name);
    }

    pub fn get(&self, name: &SubscriberName) -> Option<&SubscriberId> {
        self.0.get(name)
    }

    pub fn extend(&mut self, others: &Self) {
        let others = others.0.iter();
        self.0
            .extend(others.map(|(name, id)| (name.clone(), id.clone())));
    }

    /// Returns those of some names.
    #[must_use]
    pub fn only<'a>(&self, names: impl Iterator<Item = &'a SubscriberName>) -> Self {
        let known = names.filter_map(|name| self.0.get_key_value(name));
        Self(known.map(|(name, id)| (name.clone(), id.clone())).collect())
    }

    /// Returns the word for the subscriber with a name.
    pub fn word(&self, name: &SubscriberName) -> String {
        let id = self.0.get(name).map_or(name.as_str(), SubscriberId::as_str);
        subscriber_word(id, name.as_str())
    }

    /// Puts the ids into a sentence: `subscriber a01` becomes `subscriber acct-20001 (a01)`.
    pub fn in_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_empty() || !text.contains(KIND) {
            return Cow::Borrowed(text);
        }
        let mut said = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(KIND) {
            said.push_str(before);
            said.push_str(KIND);
            rest = after;
            if !self.is_named(after)
                && let Some((name, id, left)) = self.at_start(after)
            {
                said.push_str(&subscriber_word(id.as_str(), name.as_str()));
                rest = left;
            }
        }
        said.push_str(rest);
        Cow::Owned(said)
    }

    /// Returns whether a text starts with a word that already has id and name: a name may be the id of another subscriber.
    fn is_named(&self, text: &str) -> bool {
        self.0.iter().any(|(name, id)| {
            let left = text.strip_prefix(id.as_str());
            let left = left.and_then(|left| left.strip_prefix(" ("));
            let left = left.and_then(|left| left.strip_prefix(name.as_str()));
            left.is_some_and(|left| left.starts_with(')'))
        })
    }

    /// Returns the longest name at the start of a text, its id, and the text behind it.
    fn at_start<'a>(&self, text: &'a str) -> Option<(&SubscriberName, &SubscriberId, &'a str)> {
        let known = self.0.iter().filter_map(|(name, id)| {
            let left = text.strip_prefix(name.as_str())?;
            ends_there(left).then_some((name, id, left))
        });
        known.max_by_key(|(name, ..)| name.as_str().len())
    }
}

/// Returns whether a name ends before this text, and is not the start of a longer one.
fn ends_there(left: &str) -> bool {
    let mut letters = left.chars();
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    match letters.next() {
        None => true,
        // A full stop ends a sentence, unless the name goes on.
        Some('.') => !letters.next().is_some_and(is_part),
        Some(letter) => !is_part(letter),
    }
}

impl From<Vec<IdOfName>> for SubscriberIds {
    fn from(ids: Vec<IdOfName>) -> Self {
        Self(ids.into_iter().map(|one| (one.name, one.id)).collect())
    }
}

impl From<SubscriberIds> for Vec<IdOfName> {
    fn from(ids: SubscriberIds) -> Self {
        let ids = ids.0.into_iter();
        ids.map(|(name, id)| IdOfName { name, id }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(all: &[(&str, &str)]) -> SubscriberIds {
        let mut ids = SubscriberIds::default();
        for (name, id) in all {
            ids.set(name.parse().unwrap(), id.parse().unwrap());
        }
        ids
    }

    #[test]
    fn a_subscriber_is_named_by_id_then_name_and_once_where_both_are_equal() {
        let ids = ids(&[("a01", "acct-20001"), ("apt-2", "apt-2")]);
        assert_eq!(ids.word(&"a01".parse().unwrap()), "acct-20001 (a01)");
        assert_eq!(ids.word(&"apt-2".parse().unwrap()), "apt-2");
        assert_eq!(ids.word(&"b07".parse().unwrap()), "b07");
    }

    #[test]
    fn two_that_have_each_others_id_as_name_are_not_confused() {
        let ids = ids(&[("a1", "a2"), ("a2", "a1")]);
        let said = "subscriber a2 (a1) and subscriber a1 (a2)";
        assert_eq!(ids.in_text("subscriber a1 and subscriber a2"), said);
        assert_eq!(ids.in_text(said), said);
    }

    #[test]
    fn a_sentence_gets_the_id_of_the_whole_name_and_of_no_other() {
        let ids = ids(&[("a1", "acct-1"), ("a1 left", "acct-2"), ("a1.b", "acct-3")]);
        for (text, said) in [
            (
                "subscriber a1 is not planned",
                "subscriber acct-1 (a1) is not planned",
            ),
            ("subscriber a1", "subscriber acct-1 (a1)"),
            ("of subscriber a1.", "of subscriber acct-1 (a1)."),
            ("subscriber a1 left: no", "subscriber acct-2 (a1 left): no"),
            (
                "subscriber a1.b, subscriber a1",
                "subscriber acct-3 (a1.b), subscriber acct-1 (a1)",
            ),
            (
                "subscriber a10 and subscriber a1.c",
                "subscriber a10 and subscriber a1.c",
            ),
            ("subscribers a1", "subscribers a1"),
            ("profile a1", "profile a1"),
        ] {
            assert_eq!(ids.in_text(text), said);
            assert_eq!(ids.in_text(said), said, "once is enough");
        }
    }
}
