//! Builds findings about whole files.

use std::sync::Arc;

use crate::inventory::source::limits::Bytes;
use crate::inventory::source::rules;
use crate::model::{Finding, Related, Rule, SourceLocation};

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
        place: SourceLocation::whole(path.into()),
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

pub(super) fn inventory_too_large(path: &str, limit: u64) -> Finding {
    let limit = Bytes(limit);
    about(
        &rules::INVENTORY_TOO_LARGE,
        path,
        format!(
            "with `{path}` the inventory has more than the {limit} it may have; nothing is read"
        ),
        "look for what does not belong there, or make it two inventories",
    )
}

/// `path` is the folder with one name too many; the root's is empty.
pub(super) fn too_many(path: &str, limit: usize) -> Finding {
    let path = if path.is_empty() { "." } else { path };
    about(
        &rules::TOO_MANY_FILES,
        path,
        format!("with `{path}` there are more than {limit} names; nothing is read"),
        "look for what does not belong there, or put more of it into one file",
    )
}

/// `path` is safe to show; `problem` describes its last part.
pub(super) fn odd_name(path: String, problem: &str) -> Finding {
    let message = format!("the name `{path}` {problem}");
    about(
        &rules::FILE_NAME,
        path,
        message,
        "rename it: letters, digits, `-` and `_` are safe everywhere",
    )
}

/// `first` is the path of the other one.
pub(super) fn case_only(first: String, path: &str) -> Finding {
    let mut finding = about(
        &rules::CASE_ONLY_FILE,
        path,
        format!("`{path}` differs from `{first}` only in upper and lower case"),
        "rename one of them",
    );
    finding.related.push(Related {
        place: SourceLocation::whole(first.into()),
        message: "the other one".to_owned(),
    });
    finding
}

pub(super) fn too_deep(path: &str, limit: usize) -> Finding {
    about(
        &rules::TOO_DEEP,
        path,
        format!("`{path}` lies deeper than {limit} folders"),
        "move its files further up",
    )
}

/// `first` is the path of the first of `count` files that lie together.
pub(super) fn unread(first: &str, count: usize, hint: &str) -> Finding {
    let message = match count {
        1 => format!("`{first}` is not read"),
        2 => format!("`{first}` and another file beside it are not read"),
        _ => format!("`{first}` and {} files beside it are not read", count - 1),
    };
    about(&rules::UNREAD_FILE, first, message, hint)
}
