//! What only a directory can hold: pipes, files that change, names that are not text.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use gamctl::inventory::FileKind;
use gamctl::inventory::source::{Entry, Limits, ReadProblem, Source};
use gamctl::model::Severity;

use crate::world::{World, brief, list, paths};

/// Far above what reading a handful of files takes; a pipe without writer blocks for ever.
const PATIENCE: Duration = Duration::from_secs(20);

fn read(source: &Source, path: &str) -> Result<Vec<u8>, String> {
    let entry = Entry {
        path: path.into(),
        kind: FileKind::Devices,
        size: 0,
        blob: None,
    };
    match source.reader().unwrap().read(&entry, &Limits::default()) {
        Ok(bytes) => Ok(bytes),
        Err(ReadProblem::Finding(finding)) => {
            assert_eq!(finding.severity, Severity::Error);
            assert_eq!(&*finding.place.file, path);
            Err(format!("{}: {}", finding.rule.id, finding.message))
        }
        Err(ReadProblem::Source(error)) => panic!("{error}"),
    }
}

#[test]
fn a_pipe_is_found_and_never_waited_for() {
    let world = World::good();
    for pipe in ["devices/pipe.toml", "policy.toml", "unrelated"] {
        let path = world.root().join(pipe);
        let output = world.run(world.root(), "mkfifo", &[path.to_str().unwrap()]);
        assert!(output.status.success());
    }
    let root = world.root().to_owned();
    let (sender, receiver) = mpsc::channel();
    let reading = thread::spawn(move || {
        let source = Source::directory(&root).unwrap();
        let listing = list(&source);
        let direct = read(&source, "devices/pipe.toml");
        sender.send((brief(&listing.findings), direct)).unwrap();
    });
    let (findings, direct) = receiver
        .recv_timeout(PATIENCE)
        .expect("reading must not block");
    reading.join().unwrap();
    assert_eq!(
        findings,
        ["not-a-file devices/pipe.toml", "not-a-file policy.toml"]
    );
    assert!(direct.unwrap_err().starts_with("not-a-file"));
}

#[test]
fn a_file_that_changes_between_listing_and_reading_is_found() {
    let world = World::good();
    let source = Source::directory(world.root()).unwrap();
    let gone = read(&source, "devices/gone.toml").unwrap_err();
    assert!(
        gone.starts_with("unreadable-file") && gone.contains("vanished"),
        "{gone}"
    );

    let maple = world.root().join("devices/maple.toml");
    fs::remove_file(&maple).unwrap();
    std::os::unix::fs::symlink("../network.toml", &maple).unwrap();
    assert!(
        read(&source, "devices/maple.toml")
            .unwrap_err()
            .starts_with("symlink")
    );

    fs::remove_file(&maple).unwrap();
    fs::create_dir(&maple).unwrap();
    assert!(
        read(&source, "devices/maple.toml")
            .unwrap_err()
            .starts_with("not-a-file")
    );

    fs::remove_dir(&maple).unwrap();
    let large = fs::File::create(&maple).unwrap();
    large.set_len((16 << 20) + 1).unwrap();
    assert!(
        read(&source, "devices/maple.toml")
            .unwrap_err()
            .starts_with("file-too-large")
    );
    large.set_len(16 << 20).unwrap();
    assert_eq!(read(&source, "devices/maple.toml").unwrap().len(), 16 << 20);
}

#[test]
fn a_sparse_file_of_three_gigabytes_costs_a_sentence() {
    let world = World::good();
    let file = fs::File::create(world.root().join("devices/huge.toml")).unwrap();
    file.set_len(3 << 30).unwrap();
    let listing = list(&Source::directory(world.root()).unwrap());
    assert_eq!(
        brief(&listing.findings),
        ["file-too-large devices/huge.toml"]
    );
    assert!(
        listing.findings[0]
            .message
            .contains("has 3 GiB, more than the 16 MiB"),
        "{}",
        listing.findings[0].message
    );
    assert_eq!(listing.entries.len(), 5);
}

#[test]
fn names_that_are_not_utf8_are_shown_escaped() {
    let world = World::good();
    for name in [
        &b"devices/caf\xe9.toml"[..],
        b"network\xff.toml",
        b"caf\xe9.txt",
    ] {
        fs::write(world.root().join(OsStr::from_bytes(name)), "# x").unwrap();
    }
    let listing = list(&Source::directory(world.root()).unwrap());
    assert_eq!(
        brief(&listing.findings),
        [
            "file-name devices/caf\\xe9.toml",
            "file-name network\\xff.toml"
        ]
    );
    world.commit_all("odd names");
    world.list_both();
}

#[test]
fn a_repository_inside_is_found_before_it_is_committed() {
    let world = World::good();
    world.write("devices/north/a.toml", "# its own");
    world.write("subscribers/south/a.toml", "# its own");
    let north = world.root().join("devices/north");
    world.git(&["init", "-q", north.to_str().unwrap()]);
    // A submodule's work tree has a file there.
    world.write("subscribers/south/.git", "gitdir: elsewhere");
    let listing = list(&Source::directory(world.root()).unwrap());
    assert_eq!(
        brief(&listing.findings),
        ["submodule devices/north", "submodule subscribers/south"]
    );
    assert_eq!(listing.entries.len(), 5);
}

#[test]
fn the_root_may_be_a_link_but_nothing_below_it() {
    let world = World::good();
    let link = world.beside("link");
    std::os::unix::fs::symlink(world.root(), &link).unwrap();
    let listing = list(&Source::directory(&link).unwrap());
    assert_eq!(paths(&listing.entries).len(), 5);
    assert!(listing.findings.is_empty());
}

#[test]
fn an_empty_directory_is_an_empty_listing() {
    let empty = tempfile::tempdir().unwrap();
    let listing = list(&Source::directory(empty.path()).unwrap());
    assert!(listing.entries.is_empty() && listing.findings.is_empty() && !listing.stopped);
}
