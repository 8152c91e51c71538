//! Finds the inventory around a folder: in it, or in the nearest folder above it, as git finds its repository.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::inventory::FileKind;

/// The file with the settings of an inventory.
pub const SETTINGS_FILE: &str = "gamctl.toml";

/// The inventory and the settings around a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// The nearest folder with the files of an inventory, not beyond that of the settings.
    pub inventory: Option<PathBuf>,
    /// The nearest folder with settings.
    pub settings: Option<PathBuf>,
    /// The folders that were searched, nearest first.
    pub searched: Vec<PathBuf>,
    pub end: SearchEnd,
}

/// The reason that the search went no further up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SearchEnd {
    /// Settings were found, or there is no folder above.
    #[default]
    Top,
    /// The last folder is the root of a git repository: what is above belongs to something else.
    Repository,
    /// The folder above is on another file system.
    FileSystem,
    /// The folder above belongs to another user, who could choose addresses and settings for us.
    Owner,
}

/// The facts about a folder that the search needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Level {
    folder: PathBuf,
    file_system: u64,
    /// The users that the folder and its settings belong to.
    owners: Vec<u32>,
    has_settings: bool,
    has_inventory: bool,
    is_repository: bool,
}

/// Searches a folder and those above it, up to the root of its repository or file system.
pub fn around(folder: &Path) -> Around {
    choose(folder.ancestors().map_while(Level::of))
}

fn choose(levels: impl IntoIterator<Item = Level>) -> Around {
    let mut found = Around::default();
    let mut first: Option<(u64, Vec<u32>)> = None;
    for level in levels {
        match &first {
            None => first = Some((level.file_system, level.owners.clone())),
            Some((file_system, _)) if *file_system != level.file_system => {
                found.end = SearchEnd::FileSystem;
                return found;
            }
            Some((_, owners)) if level.owners.iter().any(|owner| !owners.contains(owner)) => {
                found.end = SearchEnd::Owner;
                return found;
            }
            Some(_) => {}
        }
        found.searched.push(level.folder.clone());
        if level.has_inventory && found.inventory.is_none() {
            found.inventory = Some(level.folder.clone());
        }
        if level.has_settings {
            found.settings = Some(level.folder);
            return found;
        }
        if level.is_repository {
            found.end = SearchEnd::Repository;
            return found;
        }
    }
    found
}

impl Level {
    /// Returns nothing where the folder cannot be asked: what is above it is not searched.
    fn of(folder: &Path) -> Option<Self> {
        let facts = fs::metadata(folder).ok()?;
        let of = |name: &str| fs::symlink_metadata(folder.join(name)).ok();
        let settings = of(SETTINGS_FILE);
        let network = of("network.toml");
        let mut owners: Vec<u32> = [Some(&facts), settings.as_ref(), network.as_ref()]
            .into_iter()
            .flatten()
            .map(Metadata::uid)
            .collect();
        owners.sort_unstable();
        owners.dedup();
        Some(Self {
            folder: folder.to_path_buf(),
            file_system: facts.dev(),
            owners,
            has_settings: settings.is_some(),
            has_inventory: network.is_some_and(|facts| facts.is_file()) || has_two_kinds(folder),
            is_repository: of(".git").is_some(),
        })
    }
}

/// Returns whether a folder without `network.toml` is an inventory all the same. One file or folder is not enough:
/// other programs have a `policy.toml` or a folder `devices` as well.
fn has_two_kinds(folder: &Path) -> bool {
    let is_there = |kind: &FileKind| {
        let stem = kind.stem();
        let file = fs::symlink_metadata(folder.join(format!("{stem}.toml")));
        let is_file = file.is_ok_and(|facts| facts.is_file());
        let is_folder =
            || fs::symlink_metadata(folder.join(stem)).is_ok_and(|facts| facts.is_dir());
        is_file || (kind.may_be_split() && is_folder())
    };
    FileKind::ALL.iter().filter(|kind| is_there(kind)).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(folder: &str, file_system: u64, owner: u32) -> Level {
        Level {
            folder: folder.into(),
            file_system,
            owners: vec![owner],
            has_settings: false,
            has_inventory: folder.ends_with("net"),
            is_repository: false,
        }
    }

    #[test]
    fn the_search_ends_at_another_file_system_and_at_a_folder_of_another_user() {
        let here = || level("/net/a", 1, 1000);
        let found = choose([here(), level("/net", 1, 1000)]);
        assert_eq!(found.inventory.as_deref(), Some(Path::new("/net")));
        for (above, end) in [
            (level("/net", 2, 1000), SearchEnd::FileSystem),
            (level("/net", 1, 0), SearchEnd::Owner),
        ] {
            let found = choose([here(), above]);
            assert_eq!((found.inventory, found.end), (None, end));
            assert_eq!(found.searched, [Path::new("/net/a")]);
        }
        // A folder of ours may hold settings that another user wrote.
        let mut planted = level("/net", 1, 1000);
        planted.owners.push(1001);
        assert_eq!(choose([here(), planted]).inventory, None);
    }

    #[test]
    fn the_search_ends_at_the_root_of_a_repository_and_at_the_nearest_settings() {
        let mut root = level("/net/b", 1, 1000);
        root.is_repository = true;
        let found = choose([level("/net/b/c", 1, 1000), root, level("/net", 1, 1000)]);
        assert_eq!((found.inventory, found.end), (None, SearchEnd::Repository));
        let mut settings = level("/net", 1, 1000);
        settings.has_settings = true;
        let found = choose([level("/net/a/net", 1, 1000), settings, level("/", 1, 1000)]);
        assert_eq!(found.inventory.as_deref(), Some(Path::new("/net/a/net")));
        assert_eq!(found.settings.as_deref(), Some(Path::new("/net")));
        assert_eq!(found.searched.len(), 2);
    }

    #[test]
    fn one_file_that_other_programs_have_is_no_inventory() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("devices/inner")).unwrap();
        let inventory = || around(&root.join("devices/inner")).inventory;
        assert_eq!(inventory(), None);
        fs::write(root.join("policy.toml"), "").unwrap();
        assert_eq!(inventory(), Some(root.clone()));
        fs::remove_file(root.join("policy.toml")).unwrap();
        fs::write(root.join("network.toml"), "").unwrap();
        assert_eq!(inventory(), Some(root.clone()));
    }
}
