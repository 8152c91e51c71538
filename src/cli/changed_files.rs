//! Validates the files of an inventory as a change leaves them, then writes them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use foldhash::HashSet;

use crate::inventory::Reading;
use crate::inventory::edit::FileChange;
use crate::inventory::source::{check_no_link, replace};
use crate::model::Severity;

/// Returns the files with the changes applied.
pub(super) fn changed(
    files: &BTreeMap<Arc<str>, Arc<str>>,
    changes: &[FileChange],
) -> BTreeMap<Arc<str>, Arc<str>> {
    let mut after = files.clone();
    for FileChange {
        path, after: text, ..
    } in changes
    {
        match text {
            Some(text) => after.insert(Arc::clone(path), Arc::clone(text)),
            None => after.remove(path),
        };
    }
    after
}

/// Keeps only the errors of `after` that `before` does not have.
pub(super) fn keep_new_errors(before: &Reading, after: &mut Reading) {
    let known = before.findings.iter();
    let known: HashSet<(&str, &str)> = known.map(|old| (old.rule.id, &*old.message)).collect();
    after.findings.retain(|finding| {
        let is_old = known.contains(&(finding.rule.id, &*finding.message));
        finding.severity == Severity::Error && !is_old
    });
}

/// Writes the changed files, unless another process changed one in the meantime.
pub(super) fn write(root: &Path, changes: &[FileChange]) -> anyhow::Result<()> {
    for FileChange {
        path,
        before,
        after,
    } in changes
    {
        let file = root.join(&**path);
        // An editor may have saved the file since it was read.
        let now = std::fs::read_to_string(&file).ok();
        ensure!(
            now.as_deref() == before.as_deref(),
            "{} was changed by another program; run the command again",
            file.display()
        );
        check_no_link(root, &file).with_context(|| format!("did not write {}", file.display()))?;
        match after {
            Some(text) => replace(&file, text.as_bytes())
                .with_context(|| format!("failed to write {}", file.display()))?,
            None => std::fs::remove_file(&file)
                .with_context(|| format!("failed to remove {}", file.display()))?,
        }
    }
    Ok(())
}
