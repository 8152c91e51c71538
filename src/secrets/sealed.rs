//! Reads sealed values from the inventory: an `age` file for each secret, and the list of recipients.
//!
//! They are always read in their present state, whatever revision of the inventory is used: a password does not revert
//! with a commit.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::key::MAX_SEALED_BYTES;
use super::read_file::{is_absence, open};
use crate::git::Objects;
use crate::model::SecretName;

/// The folder of sealed values in the inventory.
pub const SEALED_FOLDER: &str = "sealed";

/// The file with the public keys of the recipients.
pub const RECIPIENTS: &str = "recipients.txt";

/// The ending of a sealed file.
pub(super) const ENDING: &str = ".age";

/// The deepest nesting of folders: `site-12/snmp` needs one.
const DEEPEST: usize = 8;

/// A sealed file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedName {
    Secret(SecretName),
    /// Not a valid name of a secret.
    Odd(PathBuf),
}

/// Returns a file of the folder of sealed values, if it exists: from the work tree, or from the newest commit of a bare
/// repository.
pub(super) fn read(path: &Path, folder: &Path) -> io::Result<Option<Vec<u8>>> {
    if let Some(repository) = bare_repository(folder) {
        let inner = path.strip_prefix(folder).map_err(io::Error::other)?;
        let inner = Path::new(SEALED_FOLDER).join(inner);
        return from_git(repository, &inner).map_err(io::Error::other);
    }
    if leads_out(path, folder) {
        return Err(io::Error::other(LEADS_OUT));
    }
    let bytes = match open(path) {
        Ok(file) if !file.metadata()?.is_file() => Err(io::Error::other("it is not a file")),
        Ok(file) => {
            let mut bytes = Vec::new();
            let read = file
                .take(MAX_SEALED_BYTES as u64 + 1)
                .read_to_end(&mut bytes);
            read.map(|_| bytes)
        }
        Err(error) => Err(error),
    };
    match bytes {
        Err(error) if is_absence(&error) => Ok(None),
        bytes => bytes.map(Some),
    }
}

/// Returns the names of all sealed values, sorted.
pub(super) fn names(folder: &Path) -> io::Result<Vec<SealedName>> {
    let mut paths = match bare_repository(folder) {
        Some(repository) => git_paths(repository).map_err(io::Error::other)?,
        None if leads_out(folder, folder) => return Err(io::Error::other(LEADS_OUT)),
        None => {
            let mut paths = Vec::new();
            walk(folder, "", 0, &mut paths)?;
            paths
        }
    };
    paths.sort();
    let names = paths.into_iter().filter_map(|path| {
        let name = path.strip_suffix(ENDING)?;
        Some(match SecretName::new(name) {
            Ok(name) => SealedName::Secret(name),
            Err(_) => SealedName::Odd(folder.join(&path)),
        })
    });
    Ok(names.collect())
}

const LEADS_OUT: &str = "it leads out of the inventory; replace the link by its target";

/// Returns whether a link on the path leads out of the inventory.
fn leads_out(path: &Path, folder: &Path) -> bool {
    let root = match folder.parent() {
        Some(root) if root != Path::new("") => root,
        _ => Path::new("."),
    };
    match (path.canonicalize(), root.canonicalize()) {
        (Ok(real), Ok(root)) => !real.starts_with(root),
        // It is missing or unreadable; opening it reports the reason.
        _ => false,
    }
}

/// Returns the names of the files in a folder that are valid names of secrets.
pub(super) fn plain_names(folder: &Path) -> io::Result<Vec<SecretName>> {
    let mut paths = Vec::new();
    walk(folder, "", 0, &mut paths)?;
    paths.sort();
    let names = paths.iter().filter(|path| !path.ends_with(ENDING));
    Ok(names
        .filter_map(|path| SecretName::new(path).ok())
        .collect())
}

fn walk(folder: &Path, prefix: &str, depth: usize, paths: &mut Vec<String>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if is_absence(&error) => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() && depth < DEEPEST {
            walk(&entry.path(), &format!("{path}/"), depth + 1, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// Returns the bare repository that the folder would be in.
fn bare_repository(folder: &Path) -> Option<&Path> {
    let here = Path::new(".");
    let root = folder.parent()?;
    let root = if root == Path::new("") { here } else { root };
    let is_bare =
        root.join("HEAD").is_file() && root.join("objects").is_dir() && root.join("refs").is_dir();
    is_bare.then_some(root)
}

fn from_git(repository: &Path, path: &Path) -> Result<Option<Vec<u8>>, git2::Error> {
    let repository = git2::Repository::open_bare(repository)?;
    let objects = Objects::of(&repository);
    let path = path.to_string_lossy();
    let Some(entry) = objects.entry_at(&repository, newest_tree(&repository, &objects)?, &path)?
    else {
        return Ok(None);
    };
    if !entry.is_file() {
        return Err(git2::Error::from_str("it is not a file"));
    }
    // The header has the size, so a far too large object is never unpacked, only truncated like a file.
    let (size, _) = repository.odb()?.read_header(entry.id)?;
    if size > MAX_SEALED_BYTES {
        return Ok(Some(vec![0; MAX_SEALED_BYTES + 1]));
    }
    Ok(Some(objects.bytes(&repository, entry.id)?))
}

/// Returns the tree of the newest commit.
fn newest_tree(repository: &git2::Repository, objects: &Objects) -> Result<git2::Oid, git2::Error> {
    let head = repository.refname_to_id("HEAD")?;
    Ok(objects.commit(repository, head)?.tree)
}

fn git_paths(repository: &Path) -> Result<Vec<String>, git2::Error> {
    let repository = git2::Repository::open_bare(repository)?;
    let objects = Objects::of(&repository);
    let root = newest_tree(&repository, &objects)?;
    let mut paths = Vec::new();
    if let Some(folder) = objects.entry_at(&repository, root, SEALED_FOLDER)?
        && folder.is_tree()
    {
        let mut folders = vec![(String::new(), folder.id, 0)];
        while let Some((prefix, id, depth)) = folders.pop() {
            for entry in &objects.tree(&repository, id)? {
                let Ok(name) = std::str::from_utf8(entry.name_bytes()) else {
                    continue;
                };
                match entry.kind() {
                    Some(git2::ObjectType::Blob) => paths.push(format!("{prefix}{name}")),
                    Some(git2::ObjectType::Tree) if depth < DEEPEST => {
                        folders.push((format!("{prefix}{name}/"), entry.id(), depth + 1));
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_parts_of_names_and_other_files_are_passed_over() {
        let inventory = tempfile::tempdir().unwrap();
        let folder = inventory.path().join(SEALED_FOLDER);
        assert_eq!(names(&folder).unwrap(), []);
        std::fs::create_dir_all(folder.join("site-12")).unwrap();
        for path in [
            "b.age",
            "site-12/snmp.age",
            "recipients.txt",
            ".x.age",
            "ä.age",
        ] {
            std::fs::write(folder.join(path), path).unwrap();
        }
        let name = |text: &str| SealedName::Secret(SecretName::new(text).unwrap());
        let odd = SealedName::Odd(folder.join("ä.age"));
        assert_eq!(
            names(&folder).unwrap(),
            [name("b"), name("site-12/snmp"), odd]
        );
        let got = read(&folder.join("site-12/snmp.age"), &folder).unwrap();
        assert_eq!(got.unwrap(), b"site-12/snmp.age");
        assert_eq!(read(&folder.join("c.age"), &folder).unwrap(), None);
    }

    #[test]
    fn a_link_out_of_the_inventory_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let other = place.path().join("other/sealed");
        std::fs::create_dir_all(&other).unwrap();
        std::fs::write(other.join("snmp.age"), "of another inventory").unwrap();
        let inventory = place.path().join("inventory");
        std::fs::create_dir(&inventory).unwrap();
        let folder = inventory.join(SEALED_FOLDER);
        std::os::unix::fs::symlink(&other, &folder).unwrap();
        let error = read(&folder.join("snmp.age"), &folder).unwrap_err();
        assert!(
            error.to_string().contains("out of the inventory"),
            "{error}"
        );
        assert!(names(&folder).is_err());
        std::fs::remove_file(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&other, folder.join("site-12")).unwrap();
        assert!(read(&folder.join("site-12/snmp.age"), &folder).is_err());
        assert_eq!(read(&folder.join("absent.age"), &folder).unwrap(), None);
    }

    #[test]
    fn a_repository_without_a_work_tree_is_read_at_its_newest_commit() {
        let place = tempfile::tempdir().unwrap();
        let repository = git2::Repository::init_bare(place.path()).unwrap();
        let blob = repository.blob(b"sealed").unwrap();
        let mut inner = repository.treebuilder(None).unwrap();
        inner.insert("snmp.age", blob, 0o100_644).unwrap();
        let inner = inner.write().unwrap();
        let mut folder = repository.treebuilder(None).unwrap();
        folder.insert("site-12", inner, 0o040_000).unwrap();
        folder.insert("recipients.txt", blob, 0o100_644).unwrap();
        let folder = folder.write().unwrap();
        let mut root = repository.treebuilder(None).unwrap();
        root.insert(SEALED_FOLDER, folder, 0o040_000).unwrap();
        let tree = repository.find_tree(root.write().unwrap()).unwrap();
        let who = git2::Signature::new("a", "a@example.org", &git2::Time::new(0, 0)).unwrap();
        let commit = repository.commit(Some("HEAD"), &who, &who, "m", &tree, &[]);
        commit.unwrap();
        let folder = place.path().join(SEALED_FOLDER);
        let name = SealedName::Secret(SecretName::new("site-12/snmp").unwrap());
        assert_eq!(names(&folder).unwrap(), [name]);
        let got = read(&folder.join("site-12/snmp.age"), &folder).unwrap();
        assert_eq!(got.unwrap(), b"sealed");
        assert_eq!(read(&folder.join("other.age"), &folder).unwrap(), None);
    }
}
