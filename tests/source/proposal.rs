//! Proposals: one way from edits to files or a commit, for every author.

use std::collections::BTreeMap;

use gamctl::authoring::commit::{CommitError, CommitTime};
use gamctl::authoring::edit::{Edit, KeyPath, Object};
use gamctl::authoring::{Authorship, Base, CarryOutError, Change, Written, propose};
use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{Cache, read};

use super::commit::person;
use crate::world::World;

fn set_vlan(vlan: i64) -> [Edit; 1] {
    [Edit::Set {
        object: Object::subscriber("acct-1"),
        key: KeyPath::from(["vlan"]),
        value: vlan.into(),
    }]
}

fn authorship() -> Option<Authorship> {
    Some(Authorship {
        author: person("Alice"),
        committer: person("Sync"),
        time: CommitTime {
            seconds: 1_700_000_000,
            offset_minutes: 0,
        },
        message: "subscribers: change a VLAN".to_owned(),
        trailers: vec![("Gamctl-Lane".to_owned(), "billing".to_owned())],
    })
}

fn folder(world: &World) -> Base {
    let source = Source::directory(world.root()).unwrap();
    let reading = read(&source, &Limits::default(), &Cache::default()).unwrap();
    Base::folder(world.root(), reading)
}

#[test]
fn a_proposal_on_a_bare_repository_becomes_a_commit_with_author_and_trailers() {
    let world = World::good();
    let bare = world.beside("bare.git");
    world.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let base = Base::branch(&bare, "main").unwrap();
    let edits = set_vlan(102);
    let proposal = propose(&base, Change::Edits(&edits), authorship()).unwrap();
    assert_eq!(proposal.changes.len(), 1);
    assert!(proposal.refusal().is_none());
    let Written::Commit {
        id,
        branch,
        starts_from,
    } = proposal.commit().unwrap()
    else {
        panic!("no commit");
    };
    assert_eq!((branch.as_str(), starts_from), ("main", None));
    let shown = world.git_in(&bare, &["show", "-s", "--format=%H %an %cn%n%B", "main"]);
    assert!(shown.starts_with(&format!("{id} Alice Sync\n")), "{shown}");
    assert!(shown.ends_with("Gamctl-Lane: billing"), "{shown}");
    let text = world.git_in(&bare, &["show", "main:subscribers/maple.toml"]);
    assert!(text.ends_with("vlan = 102"), "{text}");
    // The same proposal again: its base is not the branch any more.
    let again = proposal.commit().unwrap_err();
    assert!(
        matches!(again, CarryOutError::Commit(CommitError::BaseMoved { .. })),
        "{again}"
    );
}

#[test]
fn a_new_branch_says_where_it_starts() {
    let world = World::good();
    let base = Base::branch(world.root(), "review/vlan").unwrap();
    let edits = set_vlan(102);
    let proposal = propose(&base, Change::Edits(&edits), authorship()).unwrap();
    let Written::Commit { starts_from, .. } = proposal.commit().unwrap() else {
        panic!("no commit");
    };
    assert_eq!(starts_from.as_deref(), Some("refs/heads/main"));
    let unnamed = propose(&base, Change::Edits(&edits), None).unwrap();
    assert!(matches!(unnamed.commit(), Err(CarryOutError::NoAuthor)));
}

#[test]
fn errors_that_the_change_causes_refuse_it_and_old_ones_do_not() {
    let world = World::good();
    world.write("devices/oak.toml", "[device.oak]\nmodel = \"GAM-24-X\"\n");
    let base = folder(&world);
    assert!(base.reading.has_errors());
    let edits = set_vlan(102);
    let good = propose(&base, Change::Edits(&edits), None).unwrap();
    assert!(good.refusal().is_none());
    let edits = set_vlan(4096);
    let wrong = propose(&base, Change::Edits(&edits), None).unwrap();
    let rules = wrong.refusal().unwrap().findings.iter();
    assert_eq!(
        rules.map(|one| one.rule.id).collect::<Vec<_>>(),
        ["out-of-range"]
    );
    assert!(matches!(wrong.commit(), Err(CarryOutError::NewErrors(1))));
    assert!(world.read("subscribers/maple.toml").contains("vlan = 101"));
    good.commit().unwrap();
    assert!(world.read("subscribers/maple.toml").contains("vlan = 102"));
}

#[test]
fn nothing_is_written_where_the_effect_is_unknown() {
    let world = World::good();
    world.write("devices/oak.toml", "[device.oak\n");
    let base = folder(&world);
    let edits = set_vlan(102);
    let proposal = propose(&base, Change::Edits(&edits), None).unwrap();
    assert!(proposal.after.is_none());
    assert!(matches!(
        proposal.commit(),
        Err(CarryOutError::BaseIncomplete)
    ));
    assert!(world.read("subscribers/maple.toml").contains("vlan = 101"));
}

#[test]
fn files_that_changed_meanwhile_are_left_alone_all_of_them() {
    let world = World::good();
    let base = folder(&world);
    let texts = BTreeMap::from([
        ("devices/a.toml".to_owned(), "# a\n".to_owned()),
        ("devices/b.toml".to_owned(), "# b\n".to_owned()),
    ]);
    let proposal = propose(&base, Change::NewFiles(&texts), None).unwrap();
    world.write("devices/b.toml", "# mine\n");
    assert!(matches!(proposal.commit(), Err(CarryOutError::Created(_))));
    assert!(!world.root().join("devices/a.toml").exists());
    std::fs::remove_file(world.root().join("devices/b.toml")).unwrap();
    let written = proposal.commit().unwrap();
    assert_eq!(
        written,
        Written::Files(texts.keys().map(|path| world.root().join(path)).collect())
    );
    let edits = set_vlan(102);
    let proposal = propose(&base, Change::Edits(&edits), None).unwrap();
    world.write("subscribers/maple.toml", "# mine\n");
    assert!(matches!(proposal.commit(), Err(CarryOutError::Changed(_))));
    assert_eq!(world.read("subscribers/maple.toml"), "# mine\n");
}

#[test]
fn no_file_changes_where_a_later_one_cannot_be_written() {
    let world = World::good();
    // A file where the folder of the second new file would be.
    world.write("sites", "");
    let base = folder(&world);
    let texts = BTreeMap::from([
        ("devices/a.toml".to_owned(), "# a\n".to_owned()),
        ("sites/b.toml".to_owned(), "# b\n".to_owned()),
    ]);
    let proposal = propose(&base, Change::NewFiles(&texts), None).unwrap();
    let error = proposal.commit().unwrap_err();
    assert!(matches!(error, CarryOutError::File { .. }), "{error}");
    let names = std::fs::read_dir(world.root().join("devices")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !names
            .iter()
            .any(|name| name.to_string_lossy().contains("a.toml")),
        "{names:?}"
    );
}

#[test]
fn of_two_edited_files_none_is_written_where_one_changed() {
    let world = World::good();
    let base = folder(&world);
    let [vlan] = set_vlan(102);
    let name = Edit::Set {
        object: Object::device("maple-a"),
        key: KeyPath::from(["location"]),
        value: "x".into(),
    };
    let edits = [vlan, name];
    let proposal = propose(&base, Change::Edits(&edits), None).unwrap();
    let paths: Vec<&str> = proposal
        .changes
        .iter()
        .map(|change| &*change.path)
        .collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
    let (first, second) = (world.read(paths[0]), paths[1]);
    world.write(second, "# mine\n");
    assert!(matches!(proposal.commit(), Err(CarryOutError::Changed(_))));
    assert_eq!(world.read(paths[0]), first);
}
