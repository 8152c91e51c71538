//! Decides whether a path in settings stays in the folder of the settings.

use std::path::{Component, Path};

/// Returns whether a path of the settings stays in their folder: not absolute, no `..`, and no link that
/// leads out.
pub(super) fn is_inside(folder: &Path, inner: &Path) -> bool {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let here = if folder == Path::new("") {
        Path::new(".")
    } else {
        folder
    };
    let Ok(root) = here.canonicalize() else {
        return false;
    };
    let mut at = root.clone();
    for part in inner.components() {
        if !is_plain(part) {
            return false;
        }
        at.push(part);
        if at.symlink_metadata().is_ok_and(|facts| facts.is_symlink()) {
            match at.canonicalize() {
                Ok(real) if real.starts_with(&root) => at = real,
                _ => return false,
            }
        }
    }
    true
}

/// Returns whether all entries of a folder whose names start with `prefix` stay in the settings' folder.
pub(super) fn entries_are_inside(folder: &Path, inner: &Path, prefix: &str) -> bool {
    let Ok(entries) = folder.join(inner).read_dir() else {
        return true;
    };
    entries.flatten().all(|entry| {
        let name = entry.file_name();
        !name.as_encoded_bytes().starts_with(prefix.as_bytes())
            || is_inside(folder, &inner.join(name))
    })
}
