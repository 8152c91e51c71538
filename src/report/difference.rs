//! Renders the change of a file as a unified diff without secrets.

use std::borrow::Cow;
use std::ops::Range;

use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, DiffTag};

use super::finding::MaskedFile;
use super::line_match::operations;
use super::{Paint, visible};

const MASK: &str = "****";

/// Renders the change of an inventory file as a unified diff.
///
/// # Guarantees
/// Neither side shows a text that an excerpt of the file would hide.
pub fn difference(path: &str, before: &str, after: &str, paint: Paint) -> String {
    let (old, new) = (MaskedFile::new(path, before), MaskedFile::new(path, after));
    unified(path, (before, &old), (after, &new), paint)
}

/// Renders the change of a text that has no secrets, such as a backup, as a unified diff.
pub fn text_difference(path: &str, before: &str, after: &str, paint: Paint) -> String {
    let (old, new) = (MaskedFile::open(before), MaskedFile::open(after));
    unified(path, (before, &old), (after, &new), paint)
}

/// Counts the lines that were added and removed.
pub fn changed_lines(before: &str, after: &str) -> (usize, usize) {
    let old_lines: Vec<&str> = before.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = after.split_inclusive('\n').collect();
    let (mut added, mut removed) = (0, 0);
    for operation in operations(&old_lines, &new_lines) {
        if operation.tag() != DiffTag::Equal {
            added += operation.new_range().len();
            removed += operation.old_range().len();
        }
    }
    (added, removed)
}

fn unified(
    path: &str,
    (before, old): (&str, &MaskedFile<'_>),
    (after, new): (&str, &MaskedFile<'_>),
    paint: Paint,
) -> String {
    let old_lines: Vec<&str> = before.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = after.split_inclusive('\n').collect();
    let name = visible(path);
    let mut text = format!(
        "{}\n{}\n",
        paint.bold(&format!("--- a/{name}")),
        paint.bold(&format!("+++ b/{name}"))
    );
    for hunk in similar::group_diff_ops(operations(&old_lines, &new_lines), 3) {
        text.push_str(&paint.dim(&UnifiedHunkHeader::new(&hunk).to_string()));
        text.push('\n');
        let changes = hunk
            .iter()
            .flat_map(|operation| operation.iter_changes(&*old_lines, &*new_lines));
        for change in changes {
            let old = change.old_index().and_then(|number| old.line(number));
            let new = change.new_index().and_then(|number| new.line(number));
            let line = shown(&old, &new);
            text.push_str(&match change.tag() {
                ChangeTag::Delete => paint.removed(&format!("-{line}")),
                ChangeTag::Insert => paint.added(&format!("+{line}")),
                ChangeTag::Equal => format!(" {line}"),
            });
            text.push('\n');
        }
    }
    text
}

type Line<'t> = Option<(&'t str, Vec<Range<usize>>)>;

/// Returns a line without the parts that either side hides: the lines around decide that, and they may differ.
fn shown(old: &Line<'_>, new: &Line<'_>) -> String {
    let Some((text, _)) = new.as_ref().or(old.as_ref()) else {
        return String::new();
    };
    let mut masks: Vec<Range<usize>> = [old, new]
        .into_iter()
        .flatten()
        .flat_map(|(_, masks)| masks.iter().cloned())
        .collect();
    masks.sort_by_key(|mask| (mask.start, mask.end));
    let mut line = String::new();
    let mut at = 0;
    for mask in masks {
        if mask.start >= at {
            line.push_str(&legible(text.get(at..mask.start)));
            line.push_str(MASK);
        }
        at = mask.end.max(at);
    }
    line.push_str(&legible(text.get(at..)));
    line
}

fn legible(text: Option<&str>) -> Cow<'_, str> {
    visible(text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_side_of_a_difference_shows_a_secret() {
        let before = "[credentials.default]\npassword = \"CANARY-1\" # CANARY\nnote = 'CANARY'\nssh={user='u',password='CANARY'}\n";
        let after = "[credentials.default]\nnote = \"CANARY\"\npassword = \"CANARY-2\"\nssh = { user = \"u\", password = \"CANARY\" }\n";
        for path in ["credentials.toml", "devices/maple.toml"] {
            let text = difference(path, before, after, Paint::Plain);
            assert!(!text.contains("CANARY"), "{text}");
            assert!(text.contains("password = \"****\""), "{text}");
        }
    }

    #[test]
    fn a_line_that_only_one_side_takes_for_a_secret_is_hidden_on_both() {
        let text = difference(
            "devices/a.toml",
            "[device.a.password]\nvalue = \"CANARY\"\n",
            "[device.a.note]\nvalue = \"CANARY\"\n",
            Paint::Plain,
        );
        assert!(!text.contains("CANARY"), "{text}");
    }

    #[test]
    fn a_difference_that_hides_nothing_is_a_unified_diff() {
        assert_eq!(
            difference(
                "a.toml",
                "a = 1\nb = 2\r\n",
                "a = 1\nb = \"\u{202e}\"\n",
                Paint::Plain
            ),
            "--- a/a.toml\n+++ b/a.toml\n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = \"\\u{202e}\"\n"
        );
    }

    #[test]
    fn a_line_changed_in_each_of_many_objects_is_one_line_out_and_one_in() {
        let text = |value: fn(u32) -> String| {
            let object = |id: u32| format!("[x.{id}]\nkey = 1\nvalue = \"{}\"\n\n", value(id));
            (0..20_000).map(object).collect::<String>()
        };
        let (before, after) = (text(|id| id.to_string()), text(|_| "same".to_owned()));
        let shown = difference("a.toml", &before, &after, Paint::Plain);
        let count = |sign: &str| shown.lines().filter(|line| line.starts_with(sign)).count();
        assert_eq!((count("-value"), count("+value")), (20_000, 20_000));
        assert_eq!((count("-[x"), count("+[x")), (0, 0));
    }
}
