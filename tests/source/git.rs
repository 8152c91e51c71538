//! The same inventory from every kind of place it can be read from.

use gamctl::inventory::source::{Limits, Source, SourceError};

use gamctl::inventory::GOOD_INVENTORY;

use crate::world::{World, brief, list, paths};

fn contents(source: &Source) -> Vec<(String, Vec<u8>)> {
    let mut reader = source.reader().unwrap();
    list(source)
        .entries
        .iter()
        .map(|entry| {
            let bytes = reader.read(entry, &Limits::default()).unwrap();
            (entry.path.to_string(), bytes)
        })
        .collect()
}

fn good() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = GOOD_INVENTORY
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect();
    files.sort();
    files
}

#[test]
fn directory_work_tree_bare_and_linked_work_tree_give_the_same() {
    let world = World::good();
    let (bare, linked) = (world.beside("bare.git"), world.beside("linked"));
    world.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    world.git(&[
        "worktree",
        "add",
        "-q",
        linked.to_str().unwrap(),
        "-b",
        "side",
    ]);
    let git_dir = world.root().join(".git");
    for path in [world.root(), &git_dir, &bare, &linked] {
        let source = Source::git(path, "HEAD").unwrap();
        assert_eq!(contents(&source), good(), "{}", path.display());
        let listing = list(&source);
        assert_eq!(listing.commit, Some(world.head()));
        assert_eq!(listing.prefix, "");
        assert!(listing.findings.is_empty() && !listing.stopped);
        assert!(listing.entries.iter().all(|entry| entry.blob.is_some()));
    }
    let directory = Source::directory(world.root()).unwrap();
    assert_eq!(contents(&directory), good());
    assert_eq!(list(&directory).commit, None);
}

#[test]
fn a_folder_of_a_work_tree_is_the_inventory_at_that_revision() {
    let world = World::empty();
    world.write("README.md", "around it");
    for (path, text) in GOOD_INVENTORY {
        world.write(&format!("inventory.example/{path}"), text);
    }
    let first = world.commit_all("inside");
    world.git(&["mv", "inventory.example", "moved"]);
    world.commit_all("moved");

    let source = Source::git(&world.root().join("moved"), "HEAD").unwrap();
    assert_eq!(contents(&source), good());
    assert_eq!(list(&source).prefix, "moved/");
    // The folder is not checked out any more, yet the older commit has it.
    let source = Source::git(&world.root().join("inventory.example"), &first).unwrap();
    assert_eq!(contents(&source), good());
    let error = Source::git(&world.root().join("moved"), &first).unwrap_err();
    assert!(
        matches!(error, SourceError::FolderNotCommitted { .. }),
        "{error}"
    );
}

#[test]
fn an_uncommitted_change_is_not_read() {
    let world = World::good();
    let source = Source::git(world.root(), "HEAD").unwrap();
    world.write("devices/maple.toml", "changed");
    world.write("devices/new.toml", "new");
    assert_eq!(contents(&source), good());
    // Not even a commit moves what was taken before it.
    world.commit_all("later");
    assert_eq!(contents(&source), good());
    assert_ne!(
        contents(&Source::git(world.root(), "HEAD").unwrap()),
        good()
    );
}

#[test]
fn odd_things_are_found_alike_in_directory_and_commit() {
    let world = World::good();
    world.write("devices/North.toml", "# one");
    world.write("devices/north.toml", "# other");
    world.write("devices/odd\u{200b}.toml", "# odd");
    world.write("devices/a/b/c/d/e/f/g/deep.toml", "# eight folders");
    world.write("devices/a/b/c/d/e/f/g/h/deep.toml", "# nine");
    world.write("subscriber/one.toml", "# forgotten");
    world.write("subscriber/more/two.toml", "# forgotten");
    world.write("networks.toml", "# forgotten");
    world.write("policy.toml/note", "a folder");
    world.write(".github/workflows/devices.toml", "# hidden");
    world.write("scripts/\u{200b}.toml", "# not ours");
    for (target, link) in [
        ("../network.toml", "devices/link.toml"),
        ("/etc", "devices/etc"),
        ("network.toml", "service-plans"),
        ("README.md", "NOTES.md"),
    ] {
        std::os::unix::fs::symlink(target, world.root().join(link)).unwrap();
    }
    let north = world.root().join("devices/repository");
    world.git(&["init", "-q", north.to_str().unwrap()]);
    world.git_in(&north, &["commit", "-q", "--allow-empty", "-m", "x"]);
    world.commit_all("odd");

    let listing = world.list_both();
    assert_eq!(
        brief(&listing.findings),
        [
            "too-deep devices/a/b/c/d/e/f/g/h",
            "symlink devices/etc",
            "symlink devices/link.toml",
            "case-only-file devices/north.toml",
            "file-name devices/odd\\u{200b}.toml",
            "submodule devices/repository",
            "unread-file networks.toml",
            "not-a-file policy.toml",
            "symlink service-plans",
            "unread-file subscriber/more/two.toml",
        ]
    );
    assert!(
        paths(&listing.entries).contains(&("devices/a/b/c/d/e/f/g/deep.toml", 15)),
        "{:?}",
        listing.entries
    );
    assert!(!listing.stopped);
}

#[test]
fn a_place_without_repository_or_folder_says_what_to_do() {
    let world = World::good();
    let outside = tempfile::tempdir().unwrap();
    for (error, part) in [
        (
            Source::git(outside.path(), "HEAD").unwrap_err(),
            "not in a git repository",
        ),
        (
            Source::git(&outside.path().join("none"), "HEAD").unwrap_err(),
            "there is no folder",
        ),
        (
            Source::directory(&outside.path().join("none")).unwrap_err(),
            "there is no folder",
        ),
        (
            Source::directory(&world.root().join("network.toml")).unwrap_err(),
            "is not a folder",
        ),
        (
            Source::git(&world.root().join("network.toml"), "HEAD").unwrap_err(),
            "there is no folder `network.toml` at commit",
        ),
        (
            Source::git(&world.root().join(".git/refs"), "HEAD").unwrap_err(),
            "not in a work tree",
        ),
    ] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_repository_in_a_format_we_cannot_read_is_named_as_such() {
    let world = World::good();
    world.git(&["config", "core.repositoryformatversion", "1"]);
    world.git(&["config", "extensions.partialClone", "origin"]);
    let error = Source::git(world.root(), "HEAD").unwrap_err();
    assert!(
        matches!(error, SourceError::Unsupported { .. }),
        "{error:?}"
    );
}
