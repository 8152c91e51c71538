//! Repositories whose objects are truncated, as after a full disk or a power cut: an error that names the object, and an end.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gamctl::inventory::source::{Ancestry, SourceError, ancestry, first_parent};

use crate::world::World;

/// Runs gamctl, which must end; one that loops is stopped.
pub(super) fn gamctl(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gamctl"))
        .args(arguments)
        .current_dir(world.root())
        .env("HOME", world.beside("home"))
        .env("GAMCTL_STATE", world.beside("state"))
        .env_remove("GAMCTL_STORE_URL")
        .env_remove("GAMCTL_CONFIG")
        .stdin(Stdio::null())
        .stdout(fs::File::create(world.beside("stdout")).unwrap())
        .stderr(fs::File::create(world.beside("stderr")).unwrap())
        .spawn()
        .unwrap();
    // Far more than a slow machine needs, far less than for ever.
    let until = Instant::now() + Duration::from_secs(60);
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if Instant::now() > until => {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            None => std::thread::yield_now(),
        }
    };
    let mut said = fs::read_to_string(world.beside("stdout")).unwrap();
    said.push_str(&fs::read_to_string(world.beside("stderr")).unwrap());
    (status, said)
}

/// Cuts a file off in the middle.
fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let half = bytes.len() / 2;
    // git makes its objects read-only.
    fs::remove_file(path).unwrap();
    fs::write(path, bytes.get(..half).unwrap()).unwrap();
}

fn truncate_object(world: &World, revision: &str) -> String {
    let id = world.git(&["rev-parse", revision]);
    let (folder, file) = id.split_at(2);
    truncate(&world.root().join(".git/objects").join(folder).join(file));
    id
}

/// The good inventory with a commit before the newest one.
fn two_commits() -> World {
    let world = World::good();
    world.write(
        "policy.toml",
        "[limits]\nremovals_per_device = { count = 10 }\n",
    );
    world.commit_all("second");
    world
}

#[test]
fn a_truncated_object_ends_every_command_with_an_error_that_names_it() {
    for object in [
        "HEAD",
        "HEAD^{tree}",
        "HEAD:devices",
        "HEAD:devices/maple.toml",
        "HEAD:policy.toml",
    ] {
        let world = two_commits();
        let id = truncate_object(&world, object);
        for command in [
            &["apply", "--rev", "HEAD", "--yes"][..],
            &["plan", "--rev", "HEAD"],
            &["validate", "--rev", "HEAD"],
            &["validate", "--rev", "main"],
            &["plan", "--against", "HEAD"],
        ] {
            let (code, said) = gamctl(&world, command);
            assert_eq!(code, Some(1), "{object} {command:?}: {said}");
            assert!(
                said.contains(&id) && said.contains("truncated") && said.contains("git fsck"),
                "{object} {command:?}: {said}"
            );
        }
    }
}

#[test]
fn history_before_the_commit_is_read_or_reported_too() {
    let world = two_commits();
    let (head, first) = (world.head(), world.git(&["rev-parse", "HEAD^"]));
    let id = truncate_object(&world, "HEAD^");
    for error in [
        ancestry(world.root(), &head, &first).unwrap_err(),
        first_parent(world.root(), &head).unwrap_err(),
    ] {
        assert!(
            matches!(&error, SourceError::DamagedObject { object, .. } if *object == id),
            "{error}"
        );
    }
    for revision in [
        "HEAD^",
        "HEAD~1",
        "HEAD~1^{commit}",
        ":/good",
        "HEAD^{/good}",
    ] {
        let (code, said) = gamctl(&world, &["validate", "--rev", revision]);
        assert_eq!(code, Some(1), "{revision}: {said}");
        assert!(said.contains(&id), "{revision}: {said}");
    }
    let error = walked(&world, &head);
    let chain = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(chain.contains(&id), "{chain}");
}

/// Returns the error of asking the history for the commit behind a device's location.
fn walked(world: &World, head: &str) -> SourceError {
    use gamctl::inventory::Inventory;
    use gamctl::inventory::blame::{Answers, Found, History, Tables};
    use gamctl::model::DeviceName;

    struct Anything;

    impl Answers for Anything {
        type Question = ();

        fn tables(&self, _: &DeviceName, _: &[()]) -> Option<Tables> {
            None
        }

        fn unchanged(
            &self,
            _: &DeviceName,
            asked: &[()],
            _: &Inventory,
            _: &Inventory,
        ) -> Vec<Option<()>> {
            asked.iter().map(|()| Some(())).collect()
        }

        fn found(&mut self, _: Vec<(DeviceName, ())>, _: &Found<'_>) {}
    }

    let history = History::open(world.root(), 100).unwrap();
    let reading = world.reading_of(head);
    let asked = [(DeviceName::new("maple-a").unwrap(), vec![()])];
    let walked = history.walk(head, &reading.inventory, asked.into(), &mut Anything);
    walked.unwrap_err()
}

#[test]
fn a_truncated_tree_or_file_before_the_commit_is_reported_by_who_asks_for_the_origin_of_a_value() {
    for object in ["HEAD^^{tree}", "HEAD^:devices", "HEAD^:devices/maple.toml"] {
        let world = World::good();
        world.write(
            "devices/maple.toml",
            world.read("devices/maple.toml") + "\n",
        );
        world.commit_all("second");
        let head = world.head();
        let id = truncate_object(&world, object);
        let error = walked(&world, &head);
        let chain = format!("{error}: {}", std::error::Error::source(&error).unwrap());
        assert!(chain.contains(&id), "{object}: {chain}");
    }
}

#[test]
fn a_truncated_pack_is_an_error_as_well() {
    let world = two_commits();
    world.git(&["repack", "-adq"]);
    let packs = fs::read_dir(world.root().join(".git/objects/pack")).unwrap();
    for file in packs.map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "pack") {
            truncate(&file);
        }
    }
    let (code, said) = gamctl(&world, &["validate", "--rev", "HEAD"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("error:"), "{said}");
}

#[test]
fn a_truncated_object_of_a_borrowed_repository_is_found() {
    let world = two_commits();
    let borrower = world.beside("borrower");
    world.git(&["clone", "-q", "--shared", ".", borrower.to_str().unwrap()]);
    let id = truncate_object(&world, "HEAD:devices");
    let path = borrower.to_str().unwrap();
    let (code, said) = gamctl(&world, &["validate", path, "--rev", "HEAD"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&id), "{said}");
}

#[test]
fn a_commit_on_a_damaged_repository_ends_with_an_error() {
    for object in [
        "HEAD",
        "HEAD^{tree}",
        "HEAD:devices",
        "HEAD:devices/maple.toml",
    ] {
        let world = two_commits();
        let head = world.head();
        let id = truncate_object(&world, object);
        let change = super::commit::change("devices/maple.toml", "# new\n");
        let error = super::commit::commit_on(&world, &head, &[change]).unwrap_err();
        let chain = format!("{error}: {:?}", std::error::Error::source(&error));
        assert!(chain.contains(&id), "{object}: {chain}");
    }
}

#[test]
fn the_past_of_a_commit_is_distinguished_from_its_objects() {
    let world = two_commits();
    let (second, first) = (world.head(), world.git(&["rev-parse", "HEAD^"]));
    world.git(&["checkout", "-q", "-b", "side", &first]);
    let side = world.commit_all("side");
    world.git(&["merge", "-q", "-m", "merge", &second]);
    let merge = world.head();
    let ask = |now: &str, before: &str| ancestry(world.root(), now, before).unwrap();
    assert_eq!(ask(&second, &second), Ancestry::Same);
    assert_eq!(ask(&second, &first), Ancestry::Descends);
    assert_eq!(ask(&first, &second), Ancestry::Precedes);
    assert_eq!(ask(&side, &second), Ancestry::Apart);
    assert_eq!(ask(&merge, &second), Ancestry::Descends);
    assert_eq!(ask(&merge, &side), Ancestry::Descends);
    assert_eq!(ask(&second, &"0".repeat(40)), Ancestry::Unknown);
    assert_eq!(ask(&second, "not an id"), Ancestry::Unknown);
    assert_eq!(first_parent(world.root(), &merge).unwrap(), Some(side));
    assert_eq!(first_parent(world.root(), &first).unwrap(), None);
}
