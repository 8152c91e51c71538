//! Golden files: a text that is in the repository and must equal what the program makes today.

use std::fs;
use std::path::Path;

/// What to do about a golden file, given the environment.
#[derive(Debug, PartialEq, Eq)]
enum Mode {
    Compare,
    Rewrite,
    /// Somebody asked CI to agree with whatever the program does.
    Refuse,
}

fn mode(update: bool, ci: bool) -> Mode {
    match (update, ci) {
        (false, _) => Mode::Compare,
        (true, false) => Mode::Rewrite,
        (true, true) => Mode::Refuse,
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the switch for golden files has to come from outside of the test"
)]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Returns whether golden files are to be written.
pub(crate) fn is_rewriting() -> bool {
    mode(is_set("UPDATE_GOLDEN"), is_set("CI")) == Mode::Rewrite
}

/// Asserts that the file at `path`, relative to the package, holds `actual`.
///
/// `UPDATE_GOLDEN=1 cargo test` writes `actual` into the file instead; read the difference before you commit it.
pub(crate) fn assert_golden(path: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let expected = fs::read_to_string(&file).unwrap_or_default();
    match mode(is_set("UPDATE_GOLDEN"), is_set("CI")) {
        Mode::Compare => assert!(expected == actual, "{}", complaint(path, &expected, actual)),
        Mode::Rewrite => rewrite(&file, &expected, actual),
        Mode::Refuse => {
            panic!("UPDATE_GOLDEN is set and so is CI: golden files are never rewritten there")
        }
    }
}

fn rewrite(file: &Path, expected: &str, actual: &str) {
    if expected == actual {
        return;
    }
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, actual).unwrap();
}

fn complaint(path: &str, expected: &str, actual: &str) -> String {
    let diff = similar::TextDiff::from_lines(expected, actual);
    let diff = diff
        .unified_diff()
        .context_radius(2)
        .header(path, "what the program makes")
        .to_string();
    format!(
        "{path} is not what the program makes:\n{diff}\nif the new text is right: UPDATE_GOLDEN=1 cargo test"
    )
}

#[test]
fn ci_never_rewrites_a_golden_file() {
    assert_eq!(mode(false, false), Mode::Compare);
    assert_eq!(mode(false, true), Mode::Compare);
    assert_eq!(mode(true, false), Mode::Rewrite);
    assert_eq!(mode(true, true), Mode::Refuse);
}

#[test]
fn a_difference_is_shown_with_the_way_to_accept_it() {
    let text = complaint("docs/x.md", "one\ntwo\n", "one\nthree\n");
    assert!(
        text.contains("-two\n+three\n") && text.contains("UPDATE_GOLDEN=1"),
        "{text}"
    );
}

#[test]
fn rewriting_makes_the_folder_and_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/golden.txt");
    rewrite(&file, "", "text\n");
    assert_eq!(fs::read_to_string(file).unwrap(), "text\n");
}
