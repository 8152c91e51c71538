//! Repositories, configurations and servers of an attacker: no program of theirs runs.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::time::Duration;

use gamctl::service::fetch::{FetchError, GitProgram, Mirror, RemoteUrl, RemoteUrlError};

use super::{Bed, LONG, canary, git, is_acceptable, remote};
use crate::world::World;

#[test]
fn an_address_that_names_a_program_is_refused() {
    for text in [
        "ext::sh -c touch% /tmp/x",
        "--upload-pack=touch",
        "ssh://-oProxyCommand=x/y",
    ] {
        assert!(RemoteUrl::parse(text, "/".as_ref()).is_err(), "{text}");
    }
    let text = "https://user:hunter2@host/x";
    let error = RemoteUrl::parse(text, "/".as_ref()).unwrap_err();
    assert_eq!(error, RemoteUrlError::EmbeddedLogin);
}

#[test]
fn hooks_of_the_mirror_and_of_the_repository_do_not_run() {
    let bed = Bed::good();
    let first = bed.fetch();
    let note = bed.world.beside("canary");
    for folder in [bed.mirror.repository(), bed.world.root().join(".git")] {
        for name in [
            "reference-transaction",
            "post-update",
            "update",
            "pre-auto-gc",
            "post-checkout",
        ] {
            canary(&bed.world, &folder.join("hooks").join(name));
        }
    }
    bed.world.git(&[
        "-c",
        "core.hooksPath=/dev/null",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "next",
    ]);
    let head = bed.fetch();
    assert!(is_acceptable(&bed.judge(Some(&first), &head), 1));
    assert!(!note.exists());
    // The same fetch without gamctl's settings would have run one.
    let bare = bed.mirror.repository();
    let url = bed.world.root().to_str().unwrap();
    bed.world
        .git_in(&bare, &["fetch", "-q", url, "+main:refs/heads/other"]);
    assert!(note.exists());
}

#[test]
fn the_configuration_of_the_repository_runs_nothing() {
    let bed = Bed::good();
    let note = canary(&bed.world, &bed.world.beside("program"));
    let program = bed.world.beside("program");
    let program = program.to_str().unwrap();
    for key in [
        "uploadpack.packObjectsHook",
        "core.fsmonitor",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "core.gitProxy",
        "gpg.program",
    ] {
        bed.world
            .git_in(&bed.world.beside("work"), &["config", key, program]);
    }
    bed.world
        .git(&["config", "remote.origin.uploadpack", program]);
    bed.fetch();
    assert!(!note.exists());
}

#[test]
fn no_configuration_of_the_user_or_the_system_is_read() {
    let world = World::good();
    let list = world.beside("list");
    let script = world.beside("git");
    let real = "exec git \"$@\"";
    let text = format!(
        "#!/bin/sh\ngit config --list --show-origin >> {0} 2>&1\nenv >> {0}\n{real}\n",
        list.display()
    );
    fs::write(&script, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, mode).unwrap();
    let program = GitProgram {
        program: script,
        ..git()
    };
    let mirror = Mirror::open_or_create(&world.beside("mirror"), program).unwrap();
    mirror
        .fetch(&remote(world.root().to_str().unwrap()), LONG)
        .unwrap();
    let list = fs::read_to_string(list).unwrap();
    assert!(!list.contains("file:"), "{list}");
    assert!(list.contains("HOME=/dev/null") && list.contains("GIT_CONFIG_NOSYSTEM=1"));
    assert!(!list.contains("SSH_AUTH_SOCK") && !list.contains("CARGO"));
}

#[test]
fn a_damaged_object_of_the_repository_is_refused_and_the_candidate_stays() {
    let bed = Bed::good();
    let first = bed.fetch();
    bed.world.write("README.md", "damaged");
    let damaged = bed.world.commit_all("next");
    let blob = bed.world.git(&["rev-parse", "HEAD:README.md"]);
    let (folder, file) = blob.split_at(2);
    let object = bed
        .world
        .root()
        .join(".git/objects")
        .join(folder)
        .join(file);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&object, mode).unwrap();
    fs::write(object, "not zlib").unwrap();
    let error = bed.try_fetch().unwrap_err();
    assert!(
        matches!(error, FetchError::CorruptObjects { .. }),
        "{error}"
    );
    assert!(bed.mirror.has(&first));
    let candidate = bed.world.git_in(
        &bed.mirror.repository(),
        &["rev-parse", "refs/gamctl/candidate"],
    );
    assert_eq!(candidate, first.as_str());
    assert_ne!(candidate, damaged);
}

#[test]
fn objects_that_no_honest_git_writes_are_refused() {
    let bed = Bed::good();
    let first = bed.fetch();
    let repository = git2::Repository::open(bed.world.root()).unwrap();
    let odb = repository.odb().unwrap();
    let blob = repository.blob(b"x").unwrap();
    let tree = |name: &str| {
        let mut bytes = format!("100644 {name}\0").into_bytes();
        bytes.extend_from_slice(blob.as_bytes());
        odb.write(git2::ObjectType::Tree, &bytes).unwrap()
    };
    let good = repository.head().unwrap().peel_to_tree().unwrap().id();
    let person = "A <a@example.org> 1700000000 +0000";
    let commits = [
        format!(
            "tree {}\nauthor {person}\ncommitter {person}\n\nx\n",
            tree(".git")
        ),
        format!(
            "tree {}\nauthor {person}\ncommitter {person}\n\nx\n",
            tree("..")
        ),
        format!("tree {good}\nauthor A a@example.org\ncommitter {person}\n\nx\n"),
        format!("tree {good}\nauthor {person}\nauthor {person}\ncommitter {person}\n\nx\n"),
        format!("tree {good}\ncommitter {person}\n\nx\n"),
    ];
    for text in commits {
        let id = odb
            .write(git2::ObjectType::Commit, text.as_bytes())
            .unwrap();
        repository
            .reference("refs/heads/main", id, true, "test")
            .unwrap();
        let error = bed.try_fetch().unwrap_err();
        assert!(
            matches!(error, FetchError::CorruptObjects { .. }),
            "{text}: {error}"
        );
        assert!(error.to_string().contains("none of which is used"));
    }
    assert!(bed.mirror.has(&first));
}

#[test]
fn a_submodule_is_not_fetched() {
    let bed = Bed::good();
    let target = bed.fetch();
    let other = World::good();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/x", listener.local_addr().unwrap());
    bed.world.write(
        ".gitmodules",
        format!("[submodule \"x\"]\n\tpath = x\n\turl = {url}\n"),
    );
    bed.world.git(&["add", ".gitmodules"]);
    let entry = format!("160000,{},x", other.head());
    bed.world
        .git(&["update-index", "--add", "--cacheinfo", &entry]);
    bed.world.git(&["commit", "-q", "-m", "submodule"]);
    let candidate = bed.fetch();
    assert!(is_acceptable(&bed.judge(Some(&target), &candidate), 1));
    listener.set_nonblocking(true).unwrap();
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
    assert!(!bed.mirror.repository().join("modules").exists());
}

#[test]
fn replacements_and_alternates_of_the_repository_change_nothing() {
    let bed = Bed::good();
    let first = bed.fetch();
    let elsewhere = World::good();
    elsewhere.write("secret", "of another repository");
    let secret = elsewhere.commit_all("secret");
    let alternates = bed.world.root().join(".git/objects/info/alternates");
    fs::write(
        alternates,
        elsewhere.root().join(".git/objects").to_str().unwrap(),
    )
    .unwrap();
    bed.world.git(&["replace", first.as_str(), &secret]);
    assert_eq!(bed.fetch(), first);
    let secret = gamctl::service::fetch::CommitId::parse(&secret).unwrap();
    assert!(!bed.mirror.has(&secret));
    assert!(
        !bed.mirror
            .repository()
            .join("objects/info/alternates")
            .exists()
    );
}

#[test]
fn a_server_that_never_answers_is_given_up_with_all_processes() {
    let world = World::empty();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Ends when the client is gone.
        let mut received = Vec::new();
        let _ended = stream.read_to_end(&mut received);
        received.len()
    });
    let mirror = Mirror::open_or_create(&world.beside("mirror"), git()).unwrap();
    let url = format!("https://127.0.0.1:{port}/network.git");
    let deadline = Duration::from_secs(2);
    let error = mirror.fetch(&remote(&url), deadline).unwrap_err();
    assert!(matches!(error, FetchError::TimedOut { .. }), "{error}");
    assert!(silent.join().unwrap() > 0);
    let left: Vec<String> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("cmdline")).ok())
        .filter(|line| line.contains(&url))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
