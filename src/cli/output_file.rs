//! Refuses an output file that cannot be written, before a command does anything.

use std::path::Path;

use anyhow::ensure;

/// Checks that `path` can be a file in an existing folder; `what` names its content in the error.
pub(super) fn check_output_file(what: &str, path: &Path) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    ensure!(
        folder.is_dir(),
        "cannot write {what} to {}: there is no folder {}; create it first",
        path.display(),
        folder.display()
    );
    ensure!(
        !path.is_dir(),
        "cannot write {what} to {}: it is a folder; name a file in it",
        path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_no_folder_and_a_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let check = |path: &Path| check_output_file("the plan", path).map_err(|e| e.to_string());
        assert_eq!(check(&folder.path().join("plan.json")), Ok(()));
        assert_eq!(check(Path::new("plan.json")), Ok(()));
        let missing = check(&folder.path().join("missing/plan.json")).unwrap_err();
        assert!(missing.ends_with("create it first"), "{missing}");
        let is_folder = check(folder.path()).unwrap_err();
        assert!(is_folder.contains("it is a folder"), "{is_folder}");
    }
}
