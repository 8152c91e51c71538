//! Histories that git shows as other than they are: replacements, grafts, shallow clones. Only what is stored counts.

use std::fs;

use gamctl::inventory::source::{
    Ancestry, Source, SourceError, ancestry, first_parent, merge_base,
};

use super::damaged::gamctl;
use crate::world::World;

/// A commit that was applied, and another root that somebody wrote in place of all history.
fn rewritten() -> (World, String, String) {
    let world = World::good();
    let applied = world.commit_all("applied");
    world.git(&["checkout", "-q", "--orphan", "other"]);
    world.write("README.md", "rewritten");
    let other = world.commit_all("rewritten");
    (world, applied, other)
}

fn graft(world: &World, line: &str) {
    fs::create_dir_all(world.root().join(".git/info")).unwrap();
    world.write(".git/info/grafts", line);
}

#[test]
fn a_replacement_makes_no_descendant() {
    let (world, applied, other) = rewritten();
    assert_eq!(
        ancestry(world.root(), &other, &applied).unwrap(),
        Ancestry::Apart
    );
    world.git(&["replace", "--graft", &other, &applied]);
    // git itself is taken in.
    world.git(&["merge-base", "--is-ancestor", &applied, &other]);
    assert_eq!(
        ancestry(world.root(), &other, &applied).unwrap(),
        Ancestry::Apart
    );
    assert_eq!(first_parent(world.root(), &other).unwrap(), None);
}

#[test]
fn a_replaced_file_is_read_as_it_was_committed() {
    let world = World::good();
    let committed = world.read("devices/maple.toml");
    world.write("swapped", "# swapped\n");
    let new = world.git(&["hash-object", "-w", "swapped"]);
    fs::remove_file(world.root().join("swapped")).unwrap();
    let old = world.git(&["rev-parse", "HEAD:devices/maple.toml"]);
    world.git(&["replace", &old, &new]);
    assert_eq!(world.git(&["show", "HEAD:devices/maple.toml"]), "# swapped");
    let text = world.reading_of("HEAD");
    let text = text.inventory.text_of("devices/maple.toml").unwrap();
    assert_eq!(text.to_string(), committed);
}

#[test]
fn a_graft_is_refused_by_everything_that_reads_commits() {
    let (world, applied, other) = rewritten();
    graft(&world, "");
    assert!(Source::git(world.root(), "HEAD").is_ok());
    graft(&world, &format!("{other} {applied}\n"));
    world.git(&["merge-base", "--is-ancestor", &applied, &other]);
    for error in [
        ancestry(world.root(), &other, &applied).unwrap_err(),
        first_parent(world.root(), &other).unwrap_err(),
        Source::git(world.root(), "HEAD").unwrap_err(),
    ] {
        assert!(matches!(error, SourceError::Grafted { .. }), "{error}");
    }
    let (code, said) = gamctl(&world, &["apply", "--rev", "HEAD", "--yes"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("info/grafts"), "{said}");
}

#[test]
fn a_commit_graph_file_that_lies_is_not_believed() {
    let (world, applied, other) = rewritten();
    // A graph of the grafted history, as old versions of git wrote one.
    let lie = world.git(&["replace", "--graft", &other, &applied]);
    assert!(lie.is_empty());
    let written = world.run(
        world.root(),
        "git",
        &["commit-graph", "write", "--reachable"],
    );
    assert!(written.status.success());
    assert_eq!(
        ancestry(world.root(), &other, &applied).unwrap(),
        Ancestry::Apart
    );
}

#[test]
fn a_shallow_clone_knows_only_what_it_holds() {
    let world = World::good();
    let first = world.head();
    let second = world.commit_all("second");
    let third = world.commit_all("third");
    let shallow = world.beside("shallow");
    let url = format!("file://{}", world.root().display());
    world.git(&[
        "clone",
        "-q",
        "--depth",
        "2",
        &url,
        shallow.to_str().unwrap(),
    ]);
    let ask = |now: &str, before: &str| ancestry(&shallow, now, before).unwrap();
    assert_eq!(ask(&third, &second), Ancestry::Descends);
    assert_eq!(ask(&second, &third), Ancestry::Precedes);
    // It may or may not have come before.
    assert_eq!(ask(&third, &first), Ancestry::Unknown);
    assert_eq!(
        first_parent(&shallow, &third).unwrap(),
        Some(second.clone())
    );
    let error = first_parent(&shallow, &second).unwrap_err();
    assert!(matches!(error, SourceError::Shallow { .. }), "{error}");
    // Both are there, and what is between them is not.
    world.git(&["checkout", "-q", "-b", "side", &first]);
    world.write("README.md", "side");
    let side = world.commit_all("side");
    world.git_in(&shallow, &["fetch", "-q", "--depth", "1", "origin", "side"]);
    assert_eq!(ask(&third, &side), Ancestry::Unknown);
}

#[test]
fn two_branches_are_compared_from_where_they_parted_also_after_merges() {
    let world = World::good();
    let first = world.head();
    let base = |head: &str, other: &str| merge_base(world.root(), head, other).unwrap();
    assert_eq!(base("HEAD", "main"), first);
    world.git(&["checkout", "-q", "-b", "change"]);
    let change = world.commit_all("change");
    world.git(&["checkout", "-q", "main"]);
    let moved = world.commit_all("main moves on");
    assert_eq!(base("change", "main"), first);
    assert_eq!(base("main", "change"), first);
    world.git(&["merge", "-q", "--no-edit", "-m", "merge", "change"]);
    // What a forge checks out for a pull request: the merge of both.
    assert_eq!(base("HEAD", &moved), moved);
    assert_eq!(base("HEAD", "change"), change);
    world.git(&["checkout", "-q", "change"]);
    world.git(&["merge", "-q", "--no-edit", "-m", "merge back", &moved]);
    // Crossed: both earlier tips are in both; git names one of them, too.
    let crossed = base("change", "main");
    let of_git = world.git(&["merge-base", "--all", "change", "main"]);
    assert!(
        of_git.lines().any(|id| id == crossed),
        "{crossed}: {of_git}"
    );
    assert_eq!(of_git.lines().count(), 2);
}

#[test]
fn branches_without_a_common_commit_are_no_comparison() {
    let (world, applied, other) = rewritten();
    let error = merge_base(world.root(), &other, &applied).unwrap_err();
    assert!(matches!(error, SourceError::Unrelated { .. }), "{error}");
    let error = merge_base(world.root(), &other, "nothing").unwrap_err();
    assert!(
        matches!(error, SourceError::UnknownRevision { .. }),
        "{error}"
    );
}
