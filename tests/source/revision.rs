//! What a revision may be, and what is said when it names nothing.

use std::collections::HashMap;

use gamctl::inventory::source::{Source, SourceError};
use git2::{ObjectType, Oid, Repository};

use crate::world::{World, list};

fn commit_at(world: &World, revision: &str) -> String {
    let source = Source::git(world.root(), revision).unwrap();
    list(&source).commit.unwrap()
}

fn refusal(world: &World, revision: &str) -> String {
    Source::git(world.root(), revision).unwrap_err().to_string()
}

#[test]
fn every_usual_way_to_name_a_commit_works() {
    let world = World::good();
    let first = world.head();
    let second = world.commit_all("second");
    world.git(&["tag", "-a", "v1", "-m", "annotated", &first]);
    world.git(&["update-ref", "refs/remotes/origin/main", &first]);
    for (revision, commit) in [
        ("HEAD", &second),
        ("@", &second),
        ("HEAD^", &first),
        ("main", &second),
        ("main~1", &first),
        ("refs/heads/main", &second),
        ("heads/main", &second),
        ("origin/main", &first),
        ("v1", &first),
        ("v1^{commit}", &first),
        ("@{1}", &first),
        (":/good", &first),
        (&first[..8], &first),
        (&first, &first),
    ] {
        assert_eq!(&commit_at(&world, revision), commit, "{revision}");
    }
}

#[test]
fn a_name_that_is_branch_and_tag_is_refused_with_both_full_names() {
    let world = World::good();
    let first = world.head();
    world.git(&["branch", "RELEASE"]);
    world.git(&["tag", "main"]);
    // Both at one commit: no question which is meant.
    assert_eq!(commit_at(&world, "main"), first);
    let second = world.commit_all("second");
    world.git(&["tag", "RELEASE"]);
    for revision in ["main", "main^", "RELEASE"] {
        let said = refusal(&world, revision);
        let name = revision.trim_end_matches('^');
        assert!(said.contains(&format!("`refs/heads/{name}`")), "{said}");
        assert!(said.contains(&format!("`refs/tags/{name}`")), "{said}");
    }
    assert_eq!(commit_at(&world, "refs/heads/main"), second);
    assert_eq!(commit_at(&world, "refs/tags/main"), first);
}

#[test]
fn a_branch_cannot_pose_as_head_or_as_a_commit() {
    let world = World::good();
    let first = world.head();
    let second = world.commit_all("second");
    world.git(&["update-ref", "refs/heads/HEAD", &first]);
    world.git(&["update-ref", &format!("refs/heads/{second}"), &first]);
    world.git(&["update-ref", "refs/main", &first]);
    assert_eq!(commit_at(&world, "HEAD"), second);
    assert_eq!(commit_at(&world, &second), second);
    assert_eq!(commit_at(&world, "main"), second);
}

#[test]
fn an_unknown_name_gets_its_neighbours() {
    let world = World::good();
    world.git(&["branch", "production"]);
    world.git(&["update-ref", "refs/remotes/origin/staging", "HEAD"]);
    for (revision, said) in [
        ("prodution", "did you mean `production`?"),
        ("staging", "did you mean `origin/staging`?"),
        ("nothing-like-it", "`git branch --all`"),
        ("main~7", "there is no `main~7`"),
        ("main..production", "there is no `main..production`"),
        ("", "there is no ``"),
        ("--help", "there is no `--help`"),
    ] {
        let refusal = refusal(&world, revision);
        assert!(refusal.contains(said), "{revision}: {refusal}");
    }
}

#[test]
fn an_object_that_is_not_a_commit_is_named_by_its_kind() {
    let world = World::good();
    for (revision, kind) in [("HEAD^{tree}", "a tree"), ("HEAD:network.toml", "a blob")] {
        let said = refusal(&world, revision);
        assert!(said.contains(kind), "{said}");
    }
}

#[test]
fn a_repository_without_commits_says_so() {
    let world = World::empty();
    for revision in ["HEAD", "@", "HEAD^"] {
        let error = Source::git(world.root(), revision).unwrap_err();
        assert!(matches!(error, SourceError::NoCommitYet { .. }), "{error}");
    }
}

#[test]
fn beyond_a_shallow_clone_the_next_step_is_named() {
    let world = World::good();
    world.commit_all("second");
    let shallow = world.beside("shallow");
    let url = format!("file://{}", world.root().display());
    world.git(&[
        "clone",
        "-q",
        "--depth",
        "1",
        &url,
        shallow.to_str().unwrap(),
    ]);
    assert!(Source::git(&shallow, "HEAD").is_ok());
    let error = Source::git(&shallow, "HEAD^").unwrap_err();
    assert!(
        error.to_string().contains("git fetch --unshallow"),
        "{error}"
    );
    // A branch that was not fetched is not a misspelt one.
    for revision in ["origin/release", "v42"] {
        let error = Source::git(&shallow, revision).unwrap_err();
        assert!(
            matches!(error, SourceError::NotInShallowClone { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("`fetch-depth: 0`"), "{error}");
    }
    let error = Source::git(&shallow, "origin/mian").unwrap_err();
    assert!(
        error.to_string().contains("did you mean `origin/main`"),
        "{error}"
    );
}

#[test]
fn a_short_id_that_fits_several_objects_is_refused() {
    let world = World::good();
    let mut by_start = HashMap::new();
    let (first, second) = (0..)
        .find_map(|number: u32| {
            let text = number.to_string();
            let id = Oid::hash_object(ObjectType::Blob, text.as_bytes()).unwrap();
            let before = by_start.insert(id.to_string()[..4].to_owned(), text.clone());
            before.map(|before| (before, text))
        })
        .unwrap();
    let repository = Repository::open(world.root()).unwrap();
    repository.blob(first.as_bytes()).unwrap();
    let id = repository.blob(second.as_bytes()).unwrap().to_string();
    let error = Source::git(world.root(), &id[..4]).unwrap_err();
    assert!(matches!(error, SourceError::AmbiguousId { .. }), "{error}");
}
