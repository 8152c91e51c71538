//! Walks an inventory's folders, in a directory or a git tree, and decides which files are read.

use std::collections::HashMap;

use crate::inventory::source::finding::{
    case_only, inventory_too_large, not_a_file, odd_name, submodule, symlink, too_deep, too_large,
    too_many, unread, unreadable,
};
use crate::inventory::source::tree::{Contents, Measure, Named, Node, Tree};
use crate::inventory::source::{Entry, Limits, SourceError, name};
use crate::inventory::{FileKind, PathKind, classify};
use crate::model::Finding;

/// The number of names that are read in a folder with a misspelt name: enough to notice the mistake.
const LOOKALIKE_NAMES: usize = 10_000;

/// The result of a walk.
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

/// The rules that apply to the names in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    /// The root: files of the inventory beside whatever else a repository has.
    Top,
    /// In a folder of the inventory: everything is meant for it.
    Inventory,
    /// In a folder whose name looks misspelt: reported, never read.
    Lookalike,
}

struct Folder<Handle> {
    path: String,
    area: Area,
    /// The number of folders between the root and its names.
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
                self.odd_name(folder, &named.name, "is in its folder twice");
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
                self.walked
                    .findings
                    .push(case_only(join(&folder.path, first), &path));
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
                    if matches!(classify(name), PathKind::Inventory(_)) {
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
                self.walked
                    .findings
                    .push(too_deep(&path, self.limits.folder_depth));
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
            let Forgotten { first, count, hint } = forgotten;
            self.walked.findings.push(unread(&first, count, &hint));
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
            PathKind::Foreign => Ok(()),
            PathKind::Suspicious(hint) => {
                if folder.area != Area::Lookalike {
                    self.walked.findings.push(unread(path, 1, &hint));
                } else if let Some(forgotten) = &mut self.forgotten {
                    forgotten.count += 1;
                } else {
                    self.forgotten = Some(Forgotten {
                        first: path.to_owned(),
                        count: 1,
                        hint,
                    });
                }
                Ok(())
            }
            PathKind::Inventory(kind) => self.entry(kind, path, handle),
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
            let finding = inventory_too_large(path, self.limits.total_bytes);
            self.walked.findings.push(finding);
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
                classify(&seeming) != PathKind::Foreign || top_folder(&seeming).is_some()
            }
        };
        if matters {
            let path = join(&folder.path, &name::shown(name));
            self.walked.findings.push(odd_name(path, problem));
        }
    }

    fn stop_at_too_many(&mut self, path: &str) {
        self.walked.findings.push(too_many(path, self.limits.files));
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
        PathKind::Inventory(_) => Some(Area::Inventory),
        PathKind::Suspicious(_) => Some(Area::Lookalike),
        PathKind::Foreign => None,
    }
}

/// Returns whether the inventory would miss something if this were left out.
fn is_for_the_inventory<Handle>(folder: &Folder<Handle>, name: &str, node: &Node) -> bool {
    let is_file = || matches!(classify(&join(&folder.path, name)), PathKind::Inventory(_));
    match (folder.area, node) {
        (Area::Lookalike, _) => false,
        (Area::Inventory, Node::File) => is_file(),
        (Area::Inventory, _) => true,
        (Area::Top, Node::File) => is_file(),
        (Area::Top, _) => is_file() || top_folder(name) == Some(Area::Inventory),
    }
}
