//! The difference between two texts of a file, as people know it from git.

use std::time::Duration;

use crate::report::{Paint, visible};

/// How long a file's shortest difference is searched for.
///
/// 70 000 changed lines take a tenth of it; two texts without anything in common would take hours. What is found by then is shown,
/// and the rest as removed and added: longer than it could be, and still right.
const PATIENCE: Duration = Duration::from_secs(2);

/// Returns the difference of a file as a unified diff.
pub(super) fn unified(path: &str, before: &str, after: &str, paint: Paint) -> String {
    let diff = similar::TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before, after);
    let name = visible(path);
    let mut text = format!(
        "{}\n{}\n",
        paint.bold(&format!("--- a/{name}")),
        paint.bold(&format!("+++ b/{name}"))
    );
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&paint.dim(&hunk.header().to_string()));
        text.push('\n');
        for change in hunk.iter_changes() {
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
            let object = |id: u32| format!("[x.{id}]\nkey = 1\nvalue = \"{value}\"\n\n");
            (0..20_000).map(object).collect::<String>()
        };
        let shown = unified("a.toml", &text("old"), &text("new"), Paint::Plain);
        let count = |sign: &str| shown.lines().filter(|line| line.starts_with(sign)).count();
        assert_eq!((count("-value"), count("+value")), (20_000, 20_000));
        assert_eq!((count("-[x"), count("+[x")), (0, 0));
    }
}
