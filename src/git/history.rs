//! Searches the past of a commit by the parents in its objects, without grafts, replacements or caches.
//!
//! libgit2 reads parents from `info/grafts`, from the list of shallow commits and from the commit-graph file, if they
//! exist. A commit's id covers none of these.

use std::collections::{BinaryHeap, HashSet};
use std::fs;

use git2::{ErrorClass, ErrorCode, ObjectType, Oid, Repository};

use super::objects::{ObjectError, Objects};

/// A commit with the fields of its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawCommit {
    pub tree: Oid,
    pub parents: Vec<Oid>,
    /// The commit time in seconds since 1970. Commits are visited newest first by it, and nothing else depends on it.
    pub time: i64,
}

/// The result of a search of a commit's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    Found,
    NotFound,
    /// The clone is shallow, and the search reached its boundary.
    CutOff,
}

/// A commit that two histories have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawBase {
    pub time: i64,
    pub id: Oid,
}

impl Objects {
    /// Reads a commit.
    pub fn commit(&self, repository: &Repository, id: Oid) -> Result<RawCommit, ObjectError> {
        self.check(id)?;
        let failed = ObjectError::new(id);
        let objects = repository.odb().map_err(&failed)?;
        let object = objects.read(id).map_err(&failed)?;
        let commit = (object.kind() == ObjectType::Commit)
            .then(|| parsed(object.data()))
            .flatten();
        commit.ok_or_else(|| {
            failed(git2::Error::new(
                ErrorCode::GenericError,
                ErrorClass::Object,
                "it is not a commit",
            ))
        })
    }

    /// Searches the past of a commit for another one. `visited` has commits whose whole past is known not to contain
    /// it; searched commits are added.
    pub fn search_past(
        &self,
        repository: &Repository,
        of: Oid,
        wanted: Option<Oid>,
        visited: &mut HashSet<Oid>,
    ) -> Result<Past, ObjectError> {
        let is_shallow = repository.is_shallow();
        let mut is_cut_off = false;
        let mut next = BinaryHeap::new();
        if visited.insert(of) {
            let commit = self.commit(repository, of)?;
            next.push((commit.time, of, commit.parents));
        }
        while let Some((_, _, parents)) = next.pop() {
            for parent in parents {
                if wanted == Some(parent) {
                    return Ok(Past::Found);
                }
                if !visited.insert(parent) {
                    continue;
                }
                match self.commit(repository, parent) {
                    Ok(commit) => next.push((commit.time, parent, commit.parents)),
                    Err(error) if error.is_missing() && is_shallow => is_cut_off = true,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(if is_cut_off {
            Past::CutOff
        } else {
            Past::NotFound
        })
    }

    /// Returns the newest commits that two commits have in common, none of which is in the past of another; of the past
    /// beyond the end of a shallow clone nothing is known.
    pub fn merge_bases(
        &self,
        repository: &Repository,
        one: Oid,
        other: Oid,
    ) -> Result<Vec<RawBase>, ObjectError> {
        let mut theirs = HashSet::new();
        self.search_past(repository, other, None, &mut theirs)?;
        let is_shallow = repository.is_shallow();
        let (mut next, mut seen) = (vec![one], HashSet::from([one]));
        let mut bases: Vec<RawBase> = Vec::new();
        while let Some(id) = next.pop() {
            let commit = match self.commit(repository, id) {
                Ok(commit) => commit,
                Err(error) if error.is_missing() && is_shallow => continue,
                Err(error) => return Err(error),
            };
            if theirs.contains(&id) {
                let time = commit.time;
                bases.push(RawBase { time, id });
            } else {
                let parents = commit.parents.into_iter();
                next.extend(parents.filter(|parent| seen.insert(*parent)));
            }
        }
        bases.sort_by_key(|base| std::cmp::Reverse((base.time, base.id)));
        let mut kept: Vec<RawBase> = Vec::new();
        for base in &bases {
            let mut is_older = false;
            for later in bases.iter().filter(|later| later.id != base.id) {
                let wanted = Some(base.id);
                let past = self.search_past(repository, later.id, wanted, &mut HashSet::new())?;
                is_older |= past == Past::Found;
            }
            if !is_older {
                kept.push(*base);
            }
        }
        Ok(kept)
    }

    /// Checks the commit or tag at `id`, and the target of a tag. Returns the commit's id, if it is a commit in the
    /// end.
    pub fn check_peeled(
        &self,
        repository: &Repository,
        id: Oid,
    ) -> Result<Option<Oid>, ObjectError> {
        let mut id = id;
        // Real repositories do not nest tags deeper.
        for _ in 0..16 {
            self.check(id)?;
            let failed = ObjectError::new(id);
            let objects = repository.odb().map_err(&failed)?;
            match objects.read_header(id).map_err(&failed)?.1 {
                ObjectType::Commit => return Ok(Some(id)),
                ObjectType::Tag => {
                    let tag = repository.find_tag(id).map_err(&failed)?;
                    id = tag.target_id();
                }
                ObjectType::Tree | ObjectType::Blob | ObjectType::Any => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// Returns whether `info/grafts` gives commits other parents than they have.
pub fn has_grafts(repository: &Repository) -> bool {
    [repository.path(), repository.commondir()]
        .iter()
        .filter_map(|folder| fs::read(folder.join("info/grafts")).ok())
        .any(|text| {
            text.split(|byte| *byte == b'\n')
                .map(<[u8]>::trim_ascii)
                .any(|line| !line.is_empty() && !line.starts_with(b"#"))
        })
}

fn parsed(bytes: &[u8]) -> Option<RawCommit> {
    let id = |hex: &[u8]| Oid::from_str(std::str::from_utf8(hex).ok()?).ok();
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    let tree = id(lines.next()?.strip_prefix(b"tree ")?)?;
    let mut parents = Vec::new();
    while let Some(hex) = lines.peek().and_then(|line| line.strip_prefix(b"parent ")) {
        parents.push(id(hex)?);
        lines.next();
    }
    let committer = lines
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix(b"committer "));
    let time = committer.and_then(|line| {
        let mut words = line.rsplit(|byte| *byte == b' ');
        let seconds = words.nth(1)?;
        std::str::from_utf8(seconds).ok()?.parse().ok()
    });
    Some(RawCommit {
        tree,
        parents,
        time: time.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_read_from_the_head_of_the_object_only() {
        let [tree, one, two] = ["a", "b", "c"].map(|digit| digit.repeat(40));
        let text = format!(
            "tree {tree}\nparent {one}\nparent {two}\nauthor A <a@b> 1 +0000\ncommitter B <b@c> 1700000000 +0200\n\nparent {tree}\n"
        );
        let commit = parsed(text.as_bytes()).unwrap();
        let id = |text: &str| Oid::from_str(text).unwrap();
        assert_eq!(commit.parents, [id(&one), id(&two)]);
        assert_eq!(commit.tree, id(&tree));
        assert_eq!(commit.time, 1_700_000_000);
        assert_eq!(parsed(b"tree x\n"), None);
        assert_eq!(parsed(b""), None);
    }
}
