//! Findings about a file as a whole.

use std::sync::Arc;

use crate::inventory::source::limits::Bytes;
use crate::inventory::source::rules;
use crate::model::{Finding, Place, Rule};

/// Returns a finding at the beginning of the file or folder at `path`.
pub(super) fn about(
    rule: &'static Rule,
    path: impl Into<Arc<str>>,
    message: String,
    hint: &str,
) -> Finding {
    Finding {
        rule,
        severity: rule.severity,
        place: Place::whole(path.into()),
        message,
        hint: Some(hint.to_owned()),
        related: Vec::new(),
        is_secret: false,
    }
}

pub(super) fn symlink(path: &str) -> Finding {
    about(
        &rules::SYMLINK,
        path,
        format!("`{path}` is a symbolic link, and links are not followed"),
        "put the file itself there",
    )
}

pub(super) fn submodule(path: &str) -> Finding {
    about(
        &rules::SUBMODULE,
        path,
        format!("`{path}` is a git repository of its own, and is not read"),
        "commit its files into the inventory's repository, or move it out of the inventory's folders",
    )
}

pub(super) fn not_a_file(path: &str, what: &str) -> Finding {
    about(
        &rules::NOT_A_FILE,
        path,
        format!("`{path}` is {what}, where a file belongs"),
        "replace it by a file, or remove it",
    )
}

pub(super) fn unreadable(path: &str, reason: &str) -> Finding {
    about(
        &rules::UNREADABLE_FILE,
        path,
        format!("cannot read `{path}`: {reason}"),
        "make it readable and run again; what it describes is unknown until then, not gone",
    )
}

pub(super) fn too_large(path: &str, size: u64, limit: u64) -> Finding {
    let (size, limit) = (Bytes(size), Bytes(limit));
    about(
        &rules::FILE_TOO_LARGE,
        path,
        format!("`{path}` has {size}, more than the {limit} a file may have"),
        "split it into several files of the same folder",
    )
}
