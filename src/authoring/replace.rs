//! Writes a file in one step: a crash leaves the old file or the new one, never half of either.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Names that are tried where one is taken; with 64 random bits the second is never needed by chance.
const ATTEMPTS: u32 = 8;

/// The new content of a file, on disk beside it; gone again unless it is put in place.
#[derive(Debug)]
pub struct Replacement {
    temporary: PathBuf,
    target: PathBuf,
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // After the rename there is nothing to remove; a failure to remove has no remedy.
        drop(fs::remove_file(&self.temporary));
    }
}

impl Replacement {
    /// Writes the content beside `target`, with the target's permissions from the first byte on.
    ///
    /// Refuses an existing target that is not a plain file, such as a link.
    pub fn prepare(target: &Path, content: &[u8]) -> io::Result<Self> {
        let mode = match fs::symlink_metadata(target) {
            Ok(metadata) if metadata.is_file() => Some(metadata.permissions().mode() & 0o777),
            Ok(_) => return Err(io::Error::other("it exists and is not a plain file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let folder = folder_of(target);
        fs::create_dir_all(folder)?;
        let (mut file, temporary) = create_beside(folder, mode)?;
        let replacement = Self {
            temporary,
            target: target.to_owned(),
        };
        if let Some(mode) = mode {
            // The umask of the process must not take permissions from an old file.
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        file.write_all(content)?;
        file.sync_all()?;
        Ok(replacement)
    }

    /// Puts the content in place. A rename replaces a link that was created in between; it never writes through one.
    pub fn put_in_place(&self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.target)?;
        File::open(folder_of(&self.target))?.sync_all()
    }
}

/// Writes a file in one step, folders included.
pub fn replace(target: &Path, content: &[u8]) -> io::Result<()> {
    Replacement::prepare(target, content)?.put_in_place()
}

/// Fails if a link on the way from `root` to `target` would redirect the write: the author of a cloned inventory could
/// choose where.
pub fn check_no_link(root: &Path, target: &Path) -> io::Result<()> {
    let below = target
        .strip_prefix(root)
        .map_err(|_| io::Error::other("it is outside of the inventory"))?;
    let mut at = root.to_owned();
    for part in below.parent().into_iter().flat_map(Path::components) {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(facts) if facts.is_symlink() => {
                return Err(io::Error::other(format!(
                    "{} is a link, and nothing is written through links; replace it by a folder",
                    at.display()
                )));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a file of an inventory in one step, folders included, and through no link.
pub fn replace_inside(root: &Path, target: &Path, content: &[u8]) -> io::Result<()> {
    check_no_link(root, target)?;
    replace(target, content)
}

/// Creates a new file under a random name that readers of an inventory skip.
fn create_beside(folder: &Path, mode: Option<u32>) -> io::Result<(File, PathBuf)> {
    let mut attempt = 0;
    loop {
        let number = RandomState::new().build_hasher().finish();
        let path = folder.join(format!(".gamctl-{number:016x}.tmp"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if let Some(mode) = mode {
            options.mode(mode);
        }
        match options.open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < ATTEMPTS => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_keeps_its_permissions_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/a.toml");
        replace(&file, b"one").unwrap();
        for mode in [0o600, 0o666, 0o755] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            replace(&file, b"two").unwrap();
            let now = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(now & 0o777, mode);
        }
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(names(file.parent().unwrap()), ["a.toml"]);
    }

    #[test]
    fn the_new_content_is_as_closed_as_the_old_one_while_it_waits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        fs::write(&file, "one").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let waiting = Replacement::prepare(&file, b"two").unwrap();
        let mode = fs::metadata(&waiting.temporary)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(waiting);
        assert_eq!(names(folder.path()), ["a.toml"]);
        assert_eq!(fs::read(&file).unwrap(), b"one");
    }

    #[test]
    fn a_folder_that_is_a_link_is_not_written_into() {
        let place = tempfile::tempdir().unwrap();
        let (root, outside) = (place.path().join("inventory"), place.path().join("outside"));
        for folder in [&root, &outside] {
            fs::create_dir(folder).unwrap();
        }
        std::os::unix::fs::symlink(&outside, root.join("devices")).unwrap();
        for path in ["devices/a.toml", "devices/deep/a.toml"] {
            let error = replace_inside(&root, &root.join(path), b"x").unwrap_err();
            assert!(error.to_string().contains("is a link"), "{error}");
        }
        assert!(replace_inside(&root, &outside.join("a.toml"), b"x").is_err());
        assert_eq!(names(&outside), [""; 0]);
        replace_inside(&root, &root.join("new/a.toml"), b"x").unwrap();
        assert_eq!(fs::read(root.join("new/a.toml")).unwrap(), b"x");
    }

    #[test]
    fn a_link_is_never_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (file, outside) = (folder.path().join("a.toml"), folder.path().join("outside"));
        fs::write(&outside, "mine").unwrap();
        std::os::unix::fs::symlink(&outside, &file).unwrap();
        assert!(replace(&file, b"two").is_err());
        assert_eq!(names(folder.path()), ["a.toml", "outside"]);

        fs::remove_file(&file).unwrap();
        let waiting = Replacement::prepare(&file, b"two").unwrap();
        std::os::unix::fs::symlink(&outside, &file).unwrap();
        waiting.put_in_place().unwrap();
        assert_eq!(fs::read(&outside).unwrap(), b"mine");
        assert!(fs::symlink_metadata(&file).unwrap().is_file());
    }
}
