//! Commits onto branches that nobody has checked out, and what is refused wherever it goes.

use std::path::Path;

use gamctl::authoring::commit::{
    CommitError, CommitId, CommitRequest, CommitTime, FileChange, Person, commit, identity,
};
use gamctl::inventory::GOOD_INVENTORY;
use gamctl::inventory::source::Source;

use crate::world::{World, list, paths};

pub(crate) fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
    }
}

pub(crate) fn change(path: &str, text: impl Into<Option<&'static str>>) -> FileChange {
    FileChange {
        path: path.to_owned(),
        text: text.into().map(str::to_owned),
    }
}

/// Commits `changes` on `base` and lets `adjust` bend the request first.
pub(crate) fn commit_with(
    repository: &Path,
    base: &str,
    changes: &[FileChange],
    adjust: impl for<'a> FnOnce(&mut CommitRequest<'a>),
) -> Result<CommitId, CommitError> {
    let (author, committer) = (person("Alice"), person("Sync"));
    let mut request = CommitRequest {
        repository,
        prefix: "",
        branch: "main",
        expected_base: base,
        changes,
        author: &author,
        committer: &committer,
        time: CommitTime {
            seconds: 1_700_000_000,
            offset_minutes: -90,
        },
        message: "devices: add oak\n\nFor the new building.",
        trailers: &[("Ticket", "1042"), ("Source", "billing")],
    };
    adjust(&mut request);
    commit(&request)
}

pub(crate) fn commit_on(
    world: &World,
    base: &str,
    changes: &[FileChange],
) -> Result<CommitId, CommitError> {
    commit_with(world.root(), base, changes, |_| {})
}

fn bare(world: &World) -> std::path::PathBuf {
    let bare = world.beside("bare.git");
    world.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    bare
}

#[test]
fn a_commit_holds_base_and_changes_in_the_names_and_at_the_time_given() {
    let world = World::good();
    world.write("devices/run.toml", "# executable");
    world.run(world.root(), "chmod", &["+x", "devices/run.toml"]);
    let base = world.commit_all("executable");
    let bare = bare(&world);
    let changes = [
        change("devices/oak.toml", "# oak\r\nwith CR LF\r\n"),
        change("devices/run.toml", "# still executable"),
        change("subscribers/maple.toml", None),
    ];
    let id = commit_with(&bare, &base, &changes, |_| {}).unwrap();

    let show = |arguments: &[&str]| world.git_in(&bare, arguments);
    assert_eq!(show(&["rev-parse", "refs/heads/main"]), id.as_str());
    assert_eq!(show(&["rev-parse", "main^"]), base);
    assert_eq!(
        show(&[
            "log",
            "-1",
            "--format=%an <%ae> %ai|%cn <%ce> %ci|%s|%b",
            "main"
        ]),
        "Alice <alice@example.org> 2023-11-14 20:43:20 -0130|\
         Sync <sync@example.org> 2023-11-14 20:43:20 -0130|devices: add oak|\
         For the new building.\n\nTicket: 1042\nSource: billing"
    );
    assert_eq!(
        show(&["log", "-1", "--format=%(trailers:only,unfold)", "main"]),
        "Ticket: 1042\nSource: billing"
    );
    assert_eq!(
        show(&["diff", "--name-status", "main^", "main"]),
        "A\tdevices/oak.toml\nM\tdevices/run.toml\nD\tsubscribers/maple.toml"
    );
    assert!(show(&["ls-tree", "main", "devices/run.toml"]).starts_with("100755"));
    assert_eq!(show(&["cat-file", "-s", "main:devices/oak.toml"]), "19");
    // A folder without files is not in git, or the next commit of a person would change trees nobody touched.
    assert_eq!(show(&["ls-tree", "--name-only", "main", "subscribers"]), "");
    show(&["fsck", "--strict"]);
}

#[test]
fn a_prefix_puts_the_changes_into_the_inventorys_folder() {
    let world = World::good();
    let base = world.head();
    let bare = bare(&world);
    let changes = [change("devices/oak.toml", "# oak")];
    commit_with(&bare, &base, &changes, |request| {
        request.prefix = "inventory.example/";
        request.branch = "refs/heads/proposal";
    })
    .unwrap();
    assert_eq!(
        world.git_in(&bare, &["diff", "--name-only", "main", "proposal"]),
        "inventory.example/devices/oak.toml"
    );
    assert_eq!(world.git_in(&bare, &["rev-parse", "main"]), base);
    let source = Source::git(&bare, "proposal").unwrap();
    assert_eq!(paths(&list(&source).entries).len(), 5);
}

#[test]
fn a_branch_that_moved_is_not_overwritten() {
    let world = World::good();
    let base = world.head();
    let bare = bare(&world);
    let changes = [change("devices/oak.toml", "# oak")];
    let first = commit_with(&bare, &base, &changes, |_| {}).unwrap();
    let changes = [change("devices/elm.toml", "# elm")];
    let error = commit_with(&bare, &base, &changes, |_| {}).unwrap_err();
    let CommitError::BaseMoved {
        branch,
        expected,
        found,
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(branch, "refs/heads/main");
    assert_eq!((expected, found.as_str()), (&base, first.as_str()));
    let said = error.to_string();
    assert!(
        said.contains(&base) && said.contains(first.as_str()),
        "{said}"
    );
    assert_eq!(world.git_in(&bare, &["rev-parse", "main"]), first.as_str());
}

#[test]
fn of_writers_at_once_exactly_one_wins_each_round() {
    let world = World::good();
    let bare = bare(&world);
    let mut base = world.head();
    for round in 0..10 {
        let won: Vec<CommitId> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let (bare, base) = (&bare, &base);
                    scope.spawn(move || {
                        let changes = [FileChange {
                            path: format!("devices/{writer}.toml"),
                            text: Some(format!("# {round}")),
                        }];
                        commit_with(bare, base, &changes, |_| {})
                    })
                })
                .collect();
            let outcomes = writers.into_iter().map(|writer| writer.join().unwrap());
            outcomes
                .filter_map(|outcome| match outcome {
                    Ok(id) => Some(id),
                    Err(CommitError::BaseMoved { .. }) => None,
                    // Two at the lock at once: the loser is told so by git.
                    Err(CommitError::Busy { .. }) => None,
                    Err(error) => panic!("{error:?}"),
                })
                .collect()
        });
        assert_eq!(won.len(), 1, "round {round}");
        base = won[0].to_string();
        assert_eq!(world.git_in(&bare, &["rev-parse", "main"]), base);
    }
}

#[test]
fn an_edit_that_changes_nothing_is_not_committed() {
    let world = World::good();
    let base = world.head();
    let (_, text) = GOOD_INVENTORY[2];
    for changes in [
        vec![],
        vec![change("credentials.toml", text)],
        vec![change("devices/none.toml", None)],
    ] {
        let error = commit_on(&world, &base, &changes).unwrap_err();
        assert!(
            matches!(error, CommitError::NothingToCommit { .. }),
            "{error}"
        );
    }
    assert_eq!(world.head(), base);
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let world = World::good();
    std::os::unix::fs::symlink("/etc", world.root().join("devices/link")).unwrap();
    let base = world.commit_all("link");
    for path in [
        "../outside.toml",
        "/etc/gamctl.toml",
        "devices//a.toml",
        "devices/./a.toml",
        ".git/hooks/post-commit",
        "devices/.GIT/config",
        "GIT~1/config",
        "devices/a\nb.toml",
        "",
        "devices",
        "devices/link",
        "devices/link/a.toml",
        "network.toml/a.toml",
    ] {
        let changes = [FileChange {
            path: path.to_owned(),
            text: Some("# x".to_owned()),
        }];
        let error = commit_on(&world, &base, &changes).unwrap_err();
        assert!(matches!(error, CommitError::Path { .. }), "{path}: {error}");
    }
    let twice = [
        change("devices/a.toml", "# 1"),
        change("devices/a.toml", "# 2"),
    ];
    let error = commit_on(&world, &base, &twice).unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
    assert_eq!(world.head(), base);
}

#[test]
fn names_and_messages_that_could_pose_as_others_are_refused() {
    let world = World::good();
    let base = world.head();
    let changes = [change("devices/oak.toml", "# oak")];
    for (name, email) in [
        ("", "a@example.org"),
        ("A\nauthor B", "a@example.org"),
        ("A", "a@example.org> 0 +0000\ncommitter B <b@example.org"),
        ("A <b@example.org>", "a@example.org"),
        ("A\u{202e}B", "a@example.org"),
        ("A", " "),
    ] {
        let someone = Person {
            name: name.to_owned(),
            email: email.to_owned(),
        };
        let good = person("Alice");
        for (author, committer) in [(&someone, &good), (&good, &someone)] {
            let request = CommitRequest {
                repository: world.root(),
                prefix: "",
                branch: "main",
                expected_base: &base,
                changes: &changes,
                author,
                committer,
                time: CommitTime {
                    seconds: 0,
                    offset_minutes: 0,
                },
                message: "x",
                trailers: &[],
            };
            let error = commit(&request).unwrap_err();
            assert!(
                matches!(error, CommitError::Field { .. }),
                "{name}: {error}"
            );
        }
    }
    let error = commit_with(world.root(), &base, &changes, |request| {
        request.trailers = &[("Ticket", "1\nApproved-by: B")];
    });
    assert!(matches!(error, Err(CommitError::Field { .. })));
    assert_eq!(world.head(), base);
}

#[test]
fn branches_and_bases_that_are_none_are_refused() {
    let world = World::good();
    let base = world.head();
    world.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    let changes = [change("devices/oak.toml", "# oak")];
    for branch in [
        "",
        "HEAD",
        "-x",
        "a..b",
        "refs/tags/v1",
        "a b",
        "a\u{1b}",
        "alias",
    ] {
        let error = commit_with(world.root(), &base, &changes, |request| {
            request.branch = branch;
        });
        assert!(matches!(error, Err(CommitError::Branch { .. })), "{branch}");
    }
    for no_base in ["", "HEAD", &base[..10], &"0".repeat(40)] {
        let error = commit_on(&world, no_base, &changes).unwrap_err();
        assert!(matches!(error, CommitError::NoBase { .. }), "{error}");
    }
    assert_eq!(world.head(), base);
}

#[test]
fn the_author_is_the_one_of_git_and_has_no_odd_characters() {
    let world = World::good();
    world.git(&["config", "user.name", "Alice"]);
    world.git(&["config", "user.email", "alice@example.org"]);
    assert_eq!(identity(world.root(), None, None), Some(person("Alice")));
    world.git(&["config", "user.name", "Alice <x>"]);
    assert_eq!(identity(world.root(), None, None), None);
    assert_eq!(identity(Path::new("/"), None, None), None);
}
