//! Matches equal lines of two texts, fast for large files with many changes.

use std::ops::Range;

use foldhash::HashMap;
use similar::{Algorithm, DiffOp, capture_diff};

/// The longest stretch without an unchanged unique line that is searched, as old lines times new lines.
///
/// Beyond it the difference is longer than necessary, but still right.
const MAX_WORK: usize = 4_000_000;

/// Returns the difference, searched between each two lines that are unique on both sides.
///
/// The cost is that of the changed stretches, not of all changes times all lines.
pub(super) fn operations(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let (mut from_old, mut from_new) = (0, 0);
    let mut all: Vec<DiffOp> = Vec::new();
    for (to_old, to_new) in anchors(old, new)
        .into_iter()
        .chain([(old.len(), new.len())])
    {
        // Each stretch starts with an anchor, which is equal on both sides.
        let (olds, news) = (from_old..to_old, from_new..to_new);
        for found in stretch(old, olds, new, news) {
            match (all.last_mut(), found) {
                (Some(DiffOp::Equal { len, .. }), DiffOp::Equal { len: more, .. }) => *len += more,
                _ => all.push(found),
            }
        }
        (from_old, from_new) = (to_old, to_new);
    }
    all
}

/// Returns the difference of one stretch; a stretch that is too long counts as replaced.
fn stretch(old: &[&str], olds: Range<usize>, new: &[&str], news: Range<usize>) -> Vec<DiffOp> {
    if olds.len().saturating_mul(news.len()) <= MAX_WORK {
        return capture_diff(Algorithm::Myers, old, olds, new, news);
    }
    vec![DiffOp::Replace {
        old_index: olds.start,
        old_len: olds.len(),
        new_index: news.start,
        new_len: news.len(),
    }]
}

/// Returns the positions of lines that are unique on both sides, as many as are in the same order there.
fn anchors(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let mut once: HashMap<&str, Option<usize>> = HashMap::default();
    for (index, line) in new.iter().enumerate() {
        once.entry(line)
            .and_modify(|at| *at = None)
            .or_insert(Some(index));
    }
    let mut is_once: HashMap<&str, bool> = HashMap::default();
    for line in old {
        is_once
            .entry(line)
            .and_modify(|is| *is = false)
            .or_insert(true);
    }
    let pairs = old
        .iter()
        .enumerate()
        .filter(|(_, line)| is_once.get(*line) == Some(&true));
    let pairs = pairs.filter_map(|(at, line)| Some((at, (*once.get(line)?)?)));
    // The longest ascending sequence: for each length the sequence with the lowest end, and for each pair the one
    // before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut row: Vec<(usize, usize, Option<usize>)> = Vec::new();
    for (at, place) in pairs {
        let length = ends.partition_point(|end| row.get(*end).is_some_and(|pair| pair.1 < place));
        let before = length
            .checked_sub(1)
            .and_then(|length| ends.get(length).copied());
        match ends.get_mut(length) {
            Some(end) => *end = row.len(),
            None => ends.push(row.len()),
        }
        row.push((at, place, before));
    }
    let mut found = Vec::new();
    let mut next = ends.last().copied();
    while let Some((at, place, before)) = next.and_then(|index| row.get(index).copied()) {
        found.push((at, place));
        next = before;
    }
    found.reverse();
    found
}
