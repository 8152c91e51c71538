//! A sorted set of mostly one element: a `BTreeSet` makes room for eleven at once, and there are several sets for each service.

use serde::{Deserialize, Deserializer, Serialize};

/// A sorted set that is as large as its elements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FewSet<T>(Vec<T>);

impl<T> Default for FewSet<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> FewSet<T> {
    /// Returns whether the element was not there.
    pub fn insert(&mut self, element: T) -> bool {
        match self.0.binary_search(&element) {
            Ok(_) => false,
            Err(at) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, element);
                true
            }
        }
    }

    pub fn contains(&self, element: &T) -> bool {
        self.0.binary_search(element).is_ok()
    }

    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.0.retain(keep);
    }

    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Ord> Extend<T> for FewSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        for element in elements {
            self.insert(element);
        }
    }
}

impl<T: Ord> FromIterator<T> for FewSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut set = Self::default();
        set.extend(elements);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for FewSet<T> {
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<'s, T> IntoIterator for &'s FewSet<T> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T> IntoIterator for FewSet<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Ord + Deserialize<'de>> Deserialize<'de> for FewSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(elements in prop::collection::vec(0_u8..20, 0..30)) {
            let all: BTreeSet<u8> = elements.iter().copied().collect();
            let mut few = FewSet::default();
            let mut seen = BTreeSet::new();
            for element in &elements {
                prop_assert_eq!(few.insert(*element), seen.insert(*element));
            }
            prop_assert!(few.iter().eq(&all));
            prop_assert_eq!(few.first(), all.first());
            prop_assert_eq!((few.len(), few.is_empty()), (all.len(), all.is_empty()));
            for element in 0..20 {
                prop_assert_eq!(few.contains(&element), all.contains(&element));
            }
            let text = serde_json::to_string(&few).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&all).unwrap());
            let unsorted = serde_json::to_string(&elements).unwrap();
            prop_assert_eq!(serde_json::from_str::<FewSet<u8>>(&unsorted).unwrap(), few);
        }
    }
}
