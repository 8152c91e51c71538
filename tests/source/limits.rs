//! Each limit at its edge: the last that fits, the first that does not.

use gamctl::inventory::source::{Limits, Listing, ReadProblem, Source};

use crate::world::{World, brief};

fn list(world: &World, limits: &Limits) -> Listing {
    let directory = Source::directory(world.root()).unwrap();
    let directory = directory.list(limits).unwrap();
    let commit = Source::git(world.root(), "HEAD").unwrap();
    let commit = commit.list(limits).unwrap();
    assert_eq!(directory.findings, commit.findings);
    assert_eq!(directory.entries.len(), commit.entries.len());
    assert_eq!(directory.stopped, commit.stopped);
    commit
}

#[test]
fn a_file_is_too_large_by_one_byte() {
    let world = World::good();
    world.write("devices/large.toml", "#".repeat(1000));
    world.commit_all("large");
    let mut limits = Limits {
        file_bytes: 1000,
        ..Limits::default()
    };
    assert!(list(&world, &limits).findings.is_empty());
    limits.file_bytes = 999;
    let listing = list(&world, &limits);
    assert_eq!(
        brief(&listing.findings),
        ["file-too-large devices/large.toml"]
    );
    assert_eq!(listing.entries.len(), 5, "the others are still read");
    assert!(!listing.stopped);
}

#[test]
fn a_big_blob_that_compresses_well_is_known_by_its_header() {
    let world = World::good();
    world.write("devices/large.toml", vec![b'#'; 4 << 20]);
    world.commit_all("large");
    world.git(&["gc", "-q"]);
    let limits = Limits {
        file_bytes: 1 << 20,
        ..Limits::default()
    };
    let listing = list(&world, &limits);
    assert_eq!(
        brief(&listing.findings),
        ["file-too-large devices/large.toml"]
    );
    assert!(
        listing.findings[0]
            .message
            .contains("4 MiB, more than the 1 MiB")
    );
}

#[test]
fn the_whole_is_too_large_by_one_byte_and_nothing_is_listed() {
    let world = World::good();
    let listing = list(&world, &Limits::default());
    let total: u64 = listing.entries.iter().map(|entry| entry.size).sum();
    let mut limits = Limits {
        total_bytes: total,
        ..Limits::default()
    };
    assert!(!list(&world, &limits).stopped);
    limits.total_bytes = total - 1;
    let listing = list(&world, &limits);
    assert_eq!(
        brief(&listing.findings),
        ["inventory-too-large subscribers/maple.toml"]
    );
    assert!(listing.stopped && listing.entries.is_empty());
}

#[test]
fn names_are_counted_and_the_walk_stops_at_one_too_many() {
    let world = World::good();
    // Five at the root, of which two are folders with a file each.
    let mut limits = Limits {
        files: 7,
        ..Limits::default()
    };
    assert!(!list(&world, &limits).stopped);
    limits.files = 6;
    let listing = list(&world, &limits);
    assert_eq!(brief(&listing.findings), ["too-many-files subscribers"]);
    assert!(listing.stopped && listing.entries.is_empty());
    limits.files = 4;
    assert_eq!(brief(&list(&world, &limits).findings), ["too-many-files ."]);
}

#[test]
fn hidden_names_and_other_folders_cost_nothing() {
    let world = World::good();
    for number in 0..20 {
        world.write(&format!(".cache/{number}.toml"), "");
        world.write(&format!("devices/.{number}.toml"), "");
        world.write(&format!("scripts/{number}.toml"), "");
    }
    world.commit_all("more");
    let limits = Limits {
        files: 8,
        ..Limits::default()
    };
    assert!(list(&world, &limits).findings.is_empty());
}

#[test]
fn folders_are_too_deep_by_one() {
    let world = World::good();
    world.write("devices/a/b.toml", "");
    world.commit_all("deeper");
    let mut limits = Limits {
        folder_depth: 2,
        ..Limits::default()
    };
    assert!(list(&world, &limits).findings.is_empty());
    limits.folder_depth = 1;
    let listing = list(&world, &limits);
    assert_eq!(brief(&listing.findings), ["too-deep devices/a"]);
    assert_eq!(listing.entries.len(), 5);
}

#[test]
fn a_misspelt_folder_is_looked_at_in_moderation() {
    let world = World::good();
    for number in 0..10 {
        world.write(&format!("device/{number}.toml"), "");
    }
    world.commit_all("misspelt");
    let listing = list(&world, &Limits::default());
    assert_eq!(brief(&listing.findings), ["unread-file device/0.toml"]);
    assert!(
        listing.findings[0]
            .message
            .contains("and 9 files beside it")
    );
    assert!(
        listing.findings[0]
            .hint
            .as_ref()
            .unwrap()
            .contains("`devices/`")
    );
}

#[test]
fn a_reader_keeps_the_limit_too() {
    let world = World::good();
    let limits = Limits {
        file_bytes: 3,
        ..Limits::default()
    };
    for source in [
        Source::directory(world.root()).unwrap(),
        Source::git(world.root(), "HEAD").unwrap(),
    ] {
        let listing = source.list(&Limits::default()).unwrap();
        let problem = source.reader().unwrap().read(&listing.entries[0], &limits);
        let Err(ReadProblem::Finding(finding)) = problem else {
            panic!("{problem:?}");
        };
        assert_eq!(finding.rule.id, "file-too-large");
    }
}
