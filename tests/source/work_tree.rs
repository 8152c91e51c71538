//! Commits onto the branch that is checked out: people's uncommitted work comes first.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use gamctl::authoring::commit::CommitError;

use crate::source::commit::{change, commit_on, commit_with};
use crate::world::World;

#[test]
fn changed_files_come_along_and_others_stay_as_they_are() {
    let world = World::good();
    world.write("devices/north/only.toml", "# only");
    let script = world.root().join("devices/maple.toml");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let base = world.commit_all("more");
    world.write("network.toml", "# being edited");
    world.write("credentials.toml", "# staged");
    world.git(&["add", "credentials.toml"]);
    world.write("devices/untracked.toml", "# untracked");

    let changes = [
        change("devices/maple.toml", "# new"),
        change("devices/oak/a.toml", "# oak"),
        change("devices/north/only.toml", None),
    ];
    let id = commit_on(&world, &base, &changes).unwrap();
    assert_eq!(world.head(), id.as_str());
    assert_eq!(world.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(world.read("devices/maple.toml"), "# new");
    assert_eq!(world.read("devices/oak/a.toml"), "# oak");
    assert!(!world.root().join("devices/north").exists());
    let mode = fs::metadata(&script).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    // The index is right without git having to look at the files again.
    assert_eq!(world.git(&["diff-files", "--name-only"]), "network.toml");
    assert_eq!(
        world.git(&["status", "--porcelain", "--untracked-files=all"]),
        "M  credentials.toml\n M network.toml\n?? devices/untracked.toml"
    );
    assert_eq!(world.read("network.toml"), "# being edited");
    world.git(&["fsck", "--strict"]);
}

#[test]
fn a_file_with_uncommitted_changes_is_refused() {
    type Spoil = fn(&World);
    let spoilers: [(&str, Spoil); 7] = [
        ("edited", |world| {
            world.write("devices/maple.toml", "# mine");
        }),
        ("staged only", |world| {
            let before = world.read("devices/maple.toml");
            world.write("devices/maple.toml", "# mine");
            world.git(&["add", "-A"]);
            world.write("devices/maple.toml", before);
        }),
        ("deleted", |world| {
            fs::remove_file(world.root().join("devices/maple.toml")).unwrap();
        }),
        ("removed from the index", |world| {
            world.git(&["rm", "-q", "--cached", "devices/maple.toml"]);
        }),
        ("a link now", |world| {
            let path = world.root().join("devices/maple.toml");
            fs::rename(&path, world.root().join("real.toml")).unwrap();
            std::os::unix::fs::symlink("../real.toml", path).unwrap();
        }),
        ("in a folder that is a link now", |world| {
            fs::rename(world.root().join("devices"), world.root().join("real")).unwrap();
            std::os::unix::fs::symlink("real", world.root().join("devices")).unwrap();
        }),
        ("CR LF by hand", |world| {
            let text = world.read("devices/maple.toml").replace('\n', "\r\n");
            world.write("devices/maple.toml", text);
        }),
    ];
    for (what, spoil) in spoilers {
        let world = World::good();
        let base = world.head();
        spoil(&world);
        let before = world.git(&["status", "--porcelain"]);
        let changes = [
            change("devices/maple.toml", "# new"),
            change("policy.toml", "# new"),
        ];
        let error = commit_on(&world, &base, &changes).unwrap_err();
        let CommitError::Dirty { files } = &error else {
            panic!("{what}: {error}");
        };
        assert_eq!(files, &["devices/maple.toml"], "{what}");
        assert_eq!(world.head(), base, "{what}");
        assert_eq!(world.git(&["status", "--porcelain"]), before, "{what}");
    }
}

#[test]
fn a_new_file_does_not_overwrite_an_untracked_or_ignored_one() {
    let world = World::good();
    world.write(".gitignore", "devices/ignored.toml\n");
    let base = world.commit_all("ignore");
    world.write("devices/ignored.toml", "# mine");
    world.write("devices/untracked.toml", "# mine");
    world.write("devices/folder", "# a file where a folder is wanted");
    for path in [
        "devices/ignored.toml",
        "devices/untracked.toml",
        "devices/folder/a.toml",
    ] {
        let error = commit_on(&world, &base, &[change(path, "# new")]).unwrap_err();
        assert!(
            matches!(error, CommitError::Dirty { .. }),
            "{path}: {error}"
        );
    }
    assert_eq!(world.head(), base);
}

#[test]
fn line_ends_that_git_converts_stay_converted() {
    let world = World::good();
    world.write(".gitattributes", "*.toml text eol=crlf\n");
    let base = world.commit_all("attributes");
    world.git(&["rm", "-q", "--cached", "-r", "."]);
    world.git(&["reset", "-q", "--hard"]);
    assert!(world.read("devices/maple.toml").contains("\r\n"));

    commit_on(
        &world,
        &base,
        &[change("devices/maple.toml", "# one\n# two\n")],
    )
    .unwrap();
    assert_eq!(world.read("devices/maple.toml"), "# one\r\n# two\r\n");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(
        world.git(&["cat-file", "-s", "HEAD:devices/maple.toml"]),
        "12"
    );
}

#[test]
fn a_file_that_a_sparse_checkout_leaves_out_stays_out() {
    let world = World::good();
    let base = world.head();
    world.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/devices/"]);
    assert!(!world.root().join("devices").exists());
    let id = commit_on(&world, &base, &[change("devices/maple.toml", "# new")]).unwrap();
    assert!(!world.root().join("devices").exists());
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(
        world.git(&["show", &format!("{id}:devices/maple.toml")]),
        "# new"
    );
}

#[test]
fn a_merge_or_rebase_under_way_is_a_refusal() {
    let world = World::good();
    world.git(&["checkout", "-q", "-b", "side"]);
    world.write("network.toml", "# side");
    world.commit_all("side");
    world.git(&["checkout", "-q", "main"]);
    world.write("network.toml", "# main");
    let base = world.commit_all("main");
    let changes = [change("devices/oak.toml", "# oak")];

    assert!(
        !world
            .run(world.root(), "git", &["merge", "side"])
            .status
            .success()
    );
    let error = commit_on(&world, &base, &changes).unwrap_err();
    assert!(
        error.to_string().contains("a merge is in progress"),
        "{error}"
    );
    world.git(&["merge", "--abort"]);

    // A rebase detaches HEAD; it will set `main` when it ends, and a commit made meanwhile would be gone.
    assert!(
        !world
            .run(world.root(), "git", &["rebase", "side"])
            .status
            .success()
    );
    let error = commit_on(&world, &base, &changes).unwrap_err();
    assert!(
        error.to_string().contains("a rebase is in progress"),
        "{error}"
    );
    world.git(&["rebase", "--abort"]);
    commit_on(&world, &base, &changes).unwrap();
}

#[test]
fn a_branch_that_another_work_tree_has_is_left_to_it() {
    let world = World::good();
    let base = world.head();
    let linked = world.beside("linked");
    world.git(&[
        "worktree",
        "add",
        "-q",
        "-b",
        "side",
        linked.to_str().unwrap(),
    ]);
    let changes = [change("devices/oak.toml", "# oak")];
    for (from, branch, holder) in [
        (world.root(), "side", linked.as_path()),
        (&linked, "main", world.root()),
    ] {
        let error = commit_with(from, &base, &changes, |request| request.branch = branch);
        let Err(CommitError::CheckedOutElsewhere { path, .. }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(path, holder);
    }
    // From the linked one its own branch goes, and its files come along.
    let id = commit_with(&linked, &base, &changes, |request| request.branch = "side").unwrap();
    assert_eq!(world.git_in(&linked, &["rev-parse", "HEAD"]), id.as_str());
    assert_eq!(world.git_in(&linked, &["status", "--porcelain"]), "");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_branch_that_is_not_checked_out_leaves_the_work_tree_alone() {
    let world = World::good();
    let base = world.head();
    world.write("devices/maple.toml", "# mine");
    commit_with(
        world.root(),
        &base,
        &[change("devices/maple.toml", "# new")],
        |request| request.branch = "proposal",
    )
    .unwrap();
    assert_eq!(world.read("devices/maple.toml"), "# mine");
    assert_eq!(world.git(&["show", "proposal:devices/maple.toml"]), "# new");
    assert_eq!(
        world
            .git(&["show", "HEAD:devices/maple.toml"])
            .lines()
            .count(),
        3
    );
}

#[test]
fn another_git_at_work_is_waited_for_by_the_caller() {
    let world = World::good();
    let base = world.head();
    world.write(".git/index.lock", "");
    let changes = [change("devices/maple.toml", "# new")];
    let error = commit_on(&world, &base, &changes).unwrap_err();
    assert!(matches!(error, CommitError::Busy { .. }), "{error}");
    assert_eq!(world.head(), base);
    let left: Vec<_> = fs::read_dir(world.root().join("devices"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}

#[test]
fn a_work_tree_that_the_repository_only_claims_is_not_written_to() {
    let world = World::good();
    let (bare, claimed) = (world.beside("bare.git"), world.beside("claimed"));
    std::fs::create_dir(&claimed).unwrap();
    world.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    world.git_in(&bare, &["config", "core.bare", "false"]);
    world.git_in(
        &bare,
        &["config", "core.worktree", claimed.to_str().unwrap()],
    );
    let change = change("devices/new.toml", "# new\n");
    let made = commit_with(&bare, &world.head(), &[change], |_| {});
    assert!(
        matches!(made, Err(CommitError::ForeignWorkTree { .. })),
        "{made:?}"
    );
    assert_eq!(std::fs::read_dir(&claimed).unwrap().count(), 0);
}
