//! The difference between two texts of a file, as people know it from git.

use std::time::{Duration, Instant};

use foldhash::HashMap;
use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, DiffOp, capture_diff_deadline};

use crate::report::{Paint, visible};

/// How long a file's shortest difference is searched for.
///
/// It is for stretches without an unchanged line of their own. What is found by then is shown, and the rest as removed and added:
/// longer than it could be, and still right.
const PATIENCE: Duration = Duration::from_secs(2);

/// Returns the difference of a file as a unified diff.
pub(super) fn unified(path: &str, before: &str, after: &str, paint: Paint) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let name = visible(path);
    let mut text = format!(
        "{}\n{}\n",
        paint.bold(&format!("--- a/{name}")),
        paint.bold(&format!("+++ b/{name}"))
    );
    for hunk in similar::group_diff_ops(operations(&old, &new), 3) {
        text.push_str(&paint.dim(&UnifiedHunkHeader::new(&hunk).to_string()));
        text.push('\n');
        for change in hunk
            .iter()
            .flat_map(|operation| operation.iter_changes(old.as_slice(), new.as_slice()))
        {
            let line = visible(change.value().trim_end_matches(['\n', '\r'])).into_owned();
            text.push_str(&match change.tag() {
                similar::ChangeTag::Delete => paint.removed(&format!("-{line}")),
                similar::ChangeTag::Insert => paint.added(&format!("+{line}")),
                similar::ChangeTag::Equal => format!(" {line}"),
            });
            text.push('\n');
        }
    }
    text
}

/// Returns the difference, searched for between each two lines that stand once on both sides.
///
/// The work is that of the stretches which changed, and not of all changes times all lines.
fn operations(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let deadline = Instant::now() + PATIENCE;
    let (mut from_old, mut from_new) = (0, 0);
    let mut all: Vec<DiffOp> = Vec::new();
    for (to_old, to_new) in anchors(old, new)
        .into_iter()
        .chain([(old.len(), new.len())])
    {
        // Each stretch begins with an anchor, which is equal on both sides.
        let (olds, news) = (from_old..to_old, from_new..to_new);
        for found in capture_diff_deadline(Algorithm::Myers, old, olds, new, news, Some(deadline)) {
            match (all.last_mut(), found) {
                (Some(DiffOp::Equal { len, .. }), DiffOp::Equal { len: more, .. }) => *len += more,
                _ => all.push(found),
            }
        }
        (from_old, from_new) = (to_old, to_new);
    }
    all
}

/// Returns the places of lines that stand once on both sides, as many as are in the same order there.
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
    // The longest ascending row: of all rows of a length the one that ends lowest, and for each pair the one before it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_around_a_change_are_shown() {
        let shown = unified(
            "a.toml",
            "1\n2\n3\n4\n5\n6\n",
            "1\n2\n3\n4\n5\n7\n",
            Paint::Plain,
        );
        assert_eq!(
            shown,
            "--- a/a.toml\n+++ b/a.toml\n@@ -3,4 +3,4 @@\n 3\n 4\n 5\n-6\n+7\n"
        );
    }

    #[test]
    fn a_line_changed_in_each_of_many_objects_is_one_line_out_and_one_in() {
        let text = |value: &str| {
            let object = |id: u32| {
                let own = if value == "old" {
                    id.to_string()
                } else {
                    "same".to_owned()
                };
                format!("[x.{id}]\nkey = 1\nvalue = \"{own}\"\n\n")
            };
            (0..20_000).map(object).collect::<String>()
        };
        let shown = unified("a.toml", &text("old"), &text("new"), Paint::Plain);
        let count = |sign: &str| shown.lines().filter(|line| line.starts_with(sign)).count();
        assert_eq!((count("-value"), count("+value")), (20_000, 20_000));
        assert_eq!((count("-[x"), count("+[x")), (0, 0));
    }
}
