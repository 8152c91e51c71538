//! Selects the one object that a word means, or reports the objects that it could mean.

use anyhow::bail;

use crate::inventory::{Closeness, FieldMatch, FoundObject, Inventory, SearchWord, find};
use crate::report::{counted, visible};

/// The number of objects that the error lists.
const LISTED: usize = 4;

/// An object that a word may mean.
pub(in crate::cli) struct Candidate<T> {
    pub(in crate::cli) object: T,
    /// Such as `subscriber acct-1042`.
    pub(in crate::cli) label: String,
    pub(in crate::cli) closest: FieldMatch,
}

impl<T> Candidate<T> {
    /// Returns a remark for the operator that the word was not the id.
    pub(in crate::cli) fn remark(&self, word: &str) -> String {
        let Self { label, closest, .. } = self;
        format!(
            "`{}` is {label}: {} {}.",
            visible(word),
            closest.field,
            visible(&closest.value)
        )
    }
}

/// Returns the only candidate: among those that match as a whole, else among all.
pub(in crate::cli) fn only<T>(
    word: &str,
    mut candidates: Vec<Candidate<T>>,
) -> anyhow::Result<Option<Candidate<T>>> {
    let is_whole = |one: &Candidate<T>| one.closest.closeness == Closeness::Whole;
    if candidates.iter().any(is_whole) {
        candidates.retain(is_whole);
    }
    if candidates.len() < 2 {
        return Ok(candidates.pop());
    }
    let shown = candidates.iter().take(LISTED).map(|one| {
        let Candidate { label, closest, .. } = one;
        format!("{label} ({} {})", closest.field, visible(&closest.value))
    });
    let mut shown: Vec<String> = shown.collect();
    if candidates.len() > LISTED {
        shown.push(format!("{} more", candidates.len() - LISTED));
    }
    let word = visible(word);
    bail!(
        "`{word}` matches {}: {}; `gamctl find '{word}'` lists all",
        counted(candidates.len(), "object"),
        crate::report::listed(&shown)
    )
}

/// Returns the objects of the inventory that a word may mean, service plans left out.
pub(in crate::cli) fn candidates(inventory: &Inventory, word: &str) -> Vec<Candidate<FoundObject>> {
    let Some(word) = SearchWord::new(word) else {
        return Vec::new();
    };
    let found = find(inventory, &word).into_iter().filter_map(|found| {
        let label = match &found.object {
            FoundObject::Device(name) => format!("device {name}"),
            FoundObject::Subscriber(id) => format!("subscriber {id}"),
            FoundObject::ServicePlan(_) => return None,
        };
        Some(Candidate {
            closest: found.matches.into_iter().next()?,
            object: found.object,
            label,
        })
    });
    found.collect()
}

/// Returns the only subscriber of the inventory that a word means.
pub(in crate::cli) fn only_subscriber(
    inventory: &Inventory,
    word: &str,
) -> anyhow::Result<Option<Candidate<FoundObject>>> {
    let mut found = candidates(inventory, word);
    found.retain(|one| matches!(one.object, FoundObject::Subscriber(_)));
    only(word, found)
}

/// Returns the only device of the inventory that a word means.
pub(in crate::cli) fn only_device(
    inventory: &Inventory,
    word: &str,
) -> anyhow::Result<Option<Candidate<FoundObject>>> {
    let mut found = candidates(inventory, word);
    found.retain(|one| matches!(one.object, FoundObject::Device(_)));
    only(word, found)
}
