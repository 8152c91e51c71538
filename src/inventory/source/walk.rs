//! Walks an inventory's folders, the same way in a directory and in a git tree, and decides what is read.

use std::collections::HashMap;

use crate::inventory::source::finding::{
    about, not_a_file, submodule, symlink, too_large, unreadable,
};
use crate::inventory::source::limits::Bytes;
use crate::inventory::source::{BlobId, Entry, Limits, SourceError, name, rules};
use crate::inventory::{FileKind, Sighting, classify};
use crate::model::{Finding, Place, Related};

/// How many names are looked at in folders whose own name looks misspelt: enough to notice, not a second inventory.
const LOOKALIKE_NAMES: usize = 10_000;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Folder,
    File,
    Symlink,
    Submodule,
    /// Neither of these, in words: "a named pipe".
    Other(&'static str),
    /// It could not be found out, because of this.
    Unknown(String),
}

/// A name in a folder.
pub(super) struct Named<Handle> {
    pub(super) name: Vec<u8>,
    pub(super) node: Node,
    pub(super) handle: Handle,
}

/// What a folder turned out to hold.
pub(super) enum Contents<Handle> {
    /// Its names without the hidden ones, in any order.
    Names(Vec<Named<Handle>>),
    /// More names than were asked for.
    TooMany,
    /// It is the root of another repository.
    Repository,
    Unreadable(String),
}

/// What is known of a file without reading it.
pub(super) enum Measure {
    Known { size: u64, blob: Option<BlobId> },
    Unreadable(String),
}

/// A tree of folders and files that can be walked.
pub(super) trait Tree {
    /// What a folder or file is found by, besides its path.
    type Handle;

    /// Returns the handle of the root.
    fn root(&self) -> Self::Handle;

    /// Returns what the folder at `path` holds if that is at most `most` names.
    fn contents(
        &self,
        path: &str,
        folder: &Self::Handle,
        most: usize,
    ) -> Result<Contents<Self::Handle>, SourceError>;

    /// Returns the size of the file at `path`.
    fn measure(&self, path: &str, file: &Self::Handle) -> Result<Measure, SourceError>;
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) entries: Vec<Entry>,
    pub(super) findings: Vec<Finding>,
    pub(super) stopped: bool,
}

/// Walks `tree` and returns its files and findings.
pub(super) fn walk<T: Tree>(tree: &T, limits: &Limits) -> Result<Walked, SourceError> {
    let mut walk = Walk {
        tree,
        limits,
        names_left: limits.files,
        lookalike_names_left: LOOKALIKE_NAMES,
        bytes_left: limits.total_bytes,
        forgotten: None,
        walked: Walked::default(),
    };
    walk.folder(&Folder {
        path: String::new(),
        area: Area::Top,
        depth: 0,
        handle: tree.root(),
    })?;
    if walk.walked.stopped {
        walk.walked.entries.clear();
    }
    Ok(walk.walked)
}

/// Which rules a folder's names are under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    /// The root: files of the inventory beside whatever else a repository has.
    Top,
    /// In a folder of the inventory: everything is meant for it.
    Inventory,
    /// In a folder whose name looks misspelt: only said, never read.
    Lookalike,
}

struct Folder<Handle> {
    path: String,
    area: Area,
    /// How many folders lie between the root and its names.
    depth: usize,
    handle: Handle,
}

/// The files of one lookalike folder.
struct Forgotten {
    first: String,
    count: usize,
    hint: String,
}

struct Walk<'a, T: Tree> {
    tree: &'a T,
    limits: &'a Limits,
    names_left: usize,
    lookalike_names_left: usize,
    bytes_left: u64,
    forgotten: Option<Forgotten>,
    walked: Walked,
}

impl<T: Tree> Walk<'_, T> {
    fn folder(&mut self, folder: &Folder<T::Handle>) -> Result<(), SourceError> {
        let is_lookalike = folder.area == Area::Lookalike;
        let left = if is_lookalike {
            self.lookalike_names_left
        } else {
            self.names_left
        };
        let mut names = match self.tree.contents(&folder.path, &folder.handle, left)? {
            Contents::Names(names) => names,
            _ if is_lookalike => return Ok(()),
            Contents::TooMany => {
                self.stop_at_too_many(&folder.path);
                return Ok(());
            }
            Contents::Repository => {
                self.walked.findings.push(submodule(&folder.path));
                return Ok(());
            }
            Contents::Unreadable(reason) => {
                self.walked.findings.push(unreadable(&folder.path, &reason));
                return Ok(());
            }
        };
        if is_lookalike {
            self.lookalike_names_left = left.saturating_sub(names.len());
        } else {
            self.names_left = left.saturating_sub(names.len());
        }
        names.sort_by(|left, right| left.name.cmp(&right.name));
        let mut by_lower_case = HashMap::new();
        let mut previous = Vec::new();
        for named in names {
            if named.name == previous {
                self.odd_name(folder, &named.name, "stands twice in its folder");
                continue;
            }
            previous.clone_from(&named.name);
            self.name(folder, named, &mut by_lower_case)?;
            if self.walked.stopped {
                break;
            }
        }
        Ok(())
    }

    /// Judges one name; `by_lower_case` has the names before it in the folder.
    fn name(
        &mut self,
        folder: &Folder<T::Handle>,
        named: Named<T::Handle>,
        by_lower_case: &mut HashMap<String, String>,
    ) -> Result<(), SourceError> {
        let text = match name::check(&named.name) {
            Ok(text) => text,
            Err(problem) => {
                self.odd_name(folder, &named.name, &problem);
                return Ok(());
            }
        };
        let path = join(&folder.path, text);
        let is_ours = is_for_the_inventory(folder, text, &named.node);
        if is_ours {
            let first = by_lower_case
                .entry(text.to_lowercase())
                .or_insert_with(|| text.to_owned());
            if first != text {
                self.walked.findings.push(case_only(folder, first, &path));
            }
        }
        match named.node {
            Node::Folder => self.sub_folder(folder, text, path, named.handle),
            Node::File => self.file(folder, &path, &named.handle),
            _ if !is_ours => Ok(()),
            Node::Symlink => self.report(symlink(&path)),
            Node::Submodule => self.report(submodule(&path)),
            Node::Other(what) => self.report(not_a_file(&path, what)),
            Node::Unknown(reason) => self.report(unreadable(&path, &reason)),
        }
    }

    /// Records a finding that does not end the walk.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "every way out of a name has one type"
    )]
    fn report(&mut self, finding: Finding) -> Result<(), SourceError> {
        self.walked.findings.push(finding);
        Ok(())
    }

    fn sub_folder(
        &mut self,
        folder: &Folder<T::Handle>,
        name: &str,
        path: String,
        handle: T::Handle,
    ) -> Result<(), SourceError> {
        let area = match folder.area {
            Area::Top => match top_folder(name) {
                Some(area) => area,
                None => {
                    if matches!(classify(name), Sighting::Inventory(_)) {
                        self.walked.findings.push(not_a_file(&path, "a folder"));
                    }
                    return Ok(());
                }
            },
            inner @ (Area::Inventory | Area::Lookalike) => inner,
        };
        let depth = folder.depth + 1;
        if depth > self.limits.folder_depth {
            if area == Area::Inventory {
                self.walked.findings.push(too_deep(&path, self.limits));
            }
            return Ok(());
        }
        self.folder(&Folder {
            path,
            area,
            depth,
            handle,
        })?;
        if folder.area == Area::Top
            && let Some(forgotten) = self.forgotten.take()
        {
            self.walked.findings.push(unread(&forgotten));
        }
        Ok(())
    }

    fn file(
        &mut self,
        folder: &Folder<T::Handle>,
        path: &str,
        handle: &T::Handle,
    ) -> Result<(), SourceError> {
        match classify(path) {
            Sighting::Foreign => Ok(()),
            Sighting::Suspicious(hint) => {
                let forgotten = Forgotten {
                    first: path.to_owned(),
                    count: 1,
                    hint,
                };
                if folder.area != Area::Lookalike {
                    self.walked.findings.push(unread(&forgotten));
                } else if let Some(known) = &mut self.forgotten {
                    known.count += 1;
                } else {
                    self.forgotten = Some(forgotten);
                }
                Ok(())
            }
            Sighting::Inventory(kind) => self.entry(kind, path, handle),
        }
    }

    fn entry(&mut self, kind: FileKind, path: &str, handle: &T::Handle) -> Result<(), SourceError> {
        let (size, blob) = match self.tree.measure(path, handle)? {
            Measure::Known { size, blob } => (size, blob),
            Measure::Unreadable(reason) => {
                self.walked.findings.push(unreadable(path, &reason));
                return Ok(());
            }
        };
        if size > self.limits.file_bytes {
            let finding = too_large(path, size, self.limits.file_bytes);
            self.walked.findings.push(finding);
            return Ok(());
        }
        let Some(left) = self.bytes_left.checked_sub(size) else {
            let limit = Bytes(self.limits.total_bytes);
            self.walked.findings.push(about(
                &rules::INVENTORY_TOO_LARGE,
                path,
                format!("with `{path}` the inventory has more than the {limit} it may have; nothing is read"),
                "look for what does not belong there, or make it two inventories",
            ));
            self.walked.stopped = true;
            return Ok(());
        };
        self.bytes_left = left;
        self.walked.entries.push(Entry {
            path: path.into(),
            kind,
            size,
            blob,
        });
        Ok(())
    }

    fn odd_name(&mut self, folder: &Folder<T::Handle>, name: &[u8], problem: &str) {
        let matters = match folder.area {
            Area::Inventory => true,
            Area::Lookalike => false,
            Area::Top => {
                let seeming = name::as_it_seems(name);
                classify(&seeming) != Sighting::Foreign || top_folder(&seeming).is_some()
            }
        };
        if matters {
            let path = join(&folder.path, &name::shown(name));
            let message = format!("the name `{path}` {problem}");
            self.walked.findings.push(about(
                &rules::FILE_NAME,
                path,
                message,
                "rename it: letters, digits, `-` and `_` are safe everywhere",
            ));
        }
    }

    fn stop_at_too_many(&mut self, path: &str) {
        let limit = self.limits.files;
        let place = if path.is_empty() {
            "the inventory"
        } else {
            path
        };
        self.walked.findings.push(about(
            &rules::TOO_MANY_FILES,
            path,
            format!("with the names in `{place}` there are more than {limit}; nothing is read"),
            "look for what does not belong there, or put more of it into one file",
        ));
        self.walked.stopped = true;
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Returns what a folder of this name at the root is walked as.
fn top_folder(name: &str) -> Option<Area> {
    match classify(&format!("{name}/x.toml")) {
        Sighting::Inventory(_) => Some(Area::Inventory),
        Sighting::Suspicious(_) => Some(Area::Lookalike),
        Sighting::Foreign => None,
    }
}

/// Returns whether the inventory would miss something if this were left out.
fn is_for_the_inventory<Handle>(folder: &Folder<Handle>, name: &str, node: &Node) -> bool {
    let is_file = || matches!(classify(&join(&folder.path, name)), Sighting::Inventory(_));
    match (folder.area, node) {
        (Area::Lookalike, _) => false,
        (Area::Inventory, Node::File) => is_file(),
        (Area::Inventory, _) => true,
        (Area::Top, Node::File) => is_file(),
        (Area::Top, _) => is_file() || top_folder(name) == Some(Area::Inventory),
    }
}

fn case_only<Handle>(folder: &Folder<Handle>, first: &str, path: &str) -> Finding {
    let first = join(&folder.path, first);
    let mut finding = about(
        &rules::CASE_ONLY_FILE,
        path,
        format!("`{path}` differs from `{first}` only in upper and lower case"),
        "rename one of them",
    );
    finding.related.push(Related {
        place: Place::whole(first.into()),
        message: "the other one".to_owned(),
    });
    finding
}

fn too_deep(path: &str, limits: &Limits) -> Finding {
    let limit = limits.folder_depth;
    about(
        &rules::TOO_DEEP,
        path,
        format!("`{path}` lies deeper than {limit} folders"),
        "move its files further up",
    )
}

fn unread(forgotten: &Forgotten) -> Finding {
    let Forgotten { first, count, hint } = forgotten;
    let message = match count {
        1 => format!("`{first}` is not read"),
        2 => format!("`{first}` and another file beside it are not read"),
        _ => format!("`{first}` and {} files beside it are not read", count - 1),
    };
    about(&rules::UNREAD_FILE, first.as_str(), message, hint)
}
