//! Finds the lines of a list that have the same key.

use std::collections::HashMap;
use std::hash::Hash;

/// Returns the lines of each key.
pub(super) fn lines_of<K: Hash + Eq>(
    keys: impl Iterator<Item = (K, usize)>,
) -> HashMap<K, Vec<usize>> {
    let mut lines: HashMap<K, Vec<usize>> = HashMap::new();
    for (key, line) in keys {
        lines.entry(key).or_default().push(line);
    }
    lines
}

/// Returns the other lines of a key, if there are some.
pub(super) fn others(lines: Option<&Vec<usize>>, line: usize) -> Option<Vec<usize>> {
    let others = lines.into_iter().flatten().copied();
    let others: Vec<usize> = others.filter(|other| *other != line).collect();
    (!others.is_empty()).then_some(others)
}
