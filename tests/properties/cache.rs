//! A commit read with the cache of another commit is the commit read without one.

use std::path::Path;

use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{Cache, Reading, read};
use git2::{Oid, Repository, Signature, Time};
use proptest::prelude::*;

use super::dice::Dice;
use super::write::{Texts, varied};
use super::{dice, resolved, tried, valid_inventory};

fn tree(repository: &Repository, texts: &Texts, folder: &str) -> Oid {
    let mut builder = repository.treebuilder(None).unwrap();
    for (path, text) in texts {
        let Some(rest) = path.strip_prefix(folder) else {
            continue;
        };
        match rest.split_once('/') {
            None => {
                let blob = repository.blob(text.as_bytes()).unwrap();
                builder.insert(rest, blob, 0o100_644).unwrap();
            }
            Some((name, _)) => {
                let inner = tree(repository, texts, &format!("{folder}{name}/"));
                builder.insert(name, inner, 0o040_000).unwrap();
            }
        }
    }
    builder.write().unwrap()
}

fn commit(repository: &Repository, texts: &Texts) -> String {
    let tree = repository.find_tree(tree(repository, texts, "")).unwrap();
    let person = Signature::new("A", "a@example.org", &Time::new(1_700_000_000, 0)).unwrap();
    let id = repository
        .commit(None, &person, &person, "any", &tree, &[])
        .unwrap();
    id.to_string()
}

/// Changes some of the files as commits do: a line goes, a file goes, moves, is copied, or is another's.
fn changed(texts: &Texts, dice: &mut Dice) -> Texts {
    let mut texts = texts.clone();
    for _ in 0..=dice.below(3) {
        let paths: Vec<_> = texts.keys().cloned().collect();
        if paths.is_empty() {
            break;
        }
        let path = dice.pick(&paths).clone();
        let text = texts[&path].clone();
        match dice.below(6) {
            0 | 1 => {
                let mut lines: Vec<_> = text.split_inclusive('\n').collect();
                if !lines.is_empty() {
                    lines.remove(dice.below(lines.len()));
                }
                texts.insert(path, lines.concat().into());
            }
            2 => drop(texts.remove(&path)),
            3 => {
                texts.remove(&path);
                texts.insert("devices/moved.toml".into(), text);
            }
            4 => drop(texts.insert("subscribers/copied.toml".into(), text)),
            _ => drop(texts.insert(dice.pick(&paths).clone(), text)),
        }
    }
    texts
}

fn read_commit(folder: &Path, id: &str, cache: &Cache) -> Reading {
    read(&Source::git(folder, id).unwrap(), &Limits::default(), cache).unwrap()
}

proptest! {
    #![proptest_config(tried(10))]

    #[test]
    fn a_warm_cache_changes_nothing(
        spec in valid_inventory(), mut layout in dice::dice(600), mut dice in dice::dice(40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let mut texts = varied(&spec, &mut layout);
        let cache = Cache::default();
        let mut earlier: Option<Reading> = None;
        for _ in 0..4 {
            let id = commit(&repository, &texts);
            let mut warm = read_commit(folder.path(), &id, &cache);
            let mut cold = read_commit(folder.path(), &id, &Cache::default());
            prop_assert_eq!(&warm.findings, &cold.findings);
            prop_assert_eq!(resolved(&warm), resolved(&cold));
            prop_assert_eq!(warm.inventory.commit(), Some(id.as_str()));
            if let Some(earlier) = &earlier {
                warm.compare_with(&earlier.inventory);
                cold.compare_with(&earlier.inventory);
                prop_assert_eq!(&warm.findings, &cold.findings);
            }
            earlier = Some(warm);
            texts = changed(&texts, &mut dice);
        }
    }
}

#[test]
fn a_cache_forgets_what_two_readings_did_not_need() {
    let world = crate::world::World::good();
    let cache = Cache::default();
    for number in 0..6 {
        world.write("policy.toml", format!("# version {number}\n"));
        let commit = world.commit_all("policy");
        let source = Source::git(world.root(), &commit).unwrap();
        read(&source, &Limits::default(), &cache).unwrap();
    }
    // The six files of the last commit, and the policy of the one before it.
    assert_eq!(cache.len(), 7);
}
