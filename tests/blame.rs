//! Who wrote a line and who took an object out, asked of real repositories.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::inventory::blame::{History, Line, Told};

use crate::world::World;

const FILE: &str = "subscribers/maple.toml";

fn line(number: u32) -> Line {
    Line {
        file: FILE.to_owned(),
        line: number,
    }
}

fn told(world: &World, most: usize, numbers: &[u32]) -> Told {
    let lines: BTreeSet<Line> = numbers.iter().map(|number| line(*number)).collect();
    let history = History::open(world.root(), most).unwrap();
    history
        .lines(&world.git(&["rev-parse", "HEAD"]), &lines)
        .unwrap()
}

fn subjects(told: &Told) -> Vec<(u32, String)> {
    told.lines
        .iter()
        .map(|(line, written)| (line.line, written.subject.clone()))
        .collect()
}

#[test]
fn a_line_is_its_last_writers_wherever_it_moved() {
    let world = World::empty();
    world.write(FILE, "one\ntwo\nthree\n");
    world.commit_all("first");
    world.write(FILE, "one\nTWO\nthree\n");
    world.commit_all("second");
    world.write(FILE, "zero\none\nTWO\nthree\n");
    world.write("other.toml", "x\n");
    world.commit_all("third");
    let told = told(&world, 100, &[1, 2, 3, 4]);
    let expected = [(1, "third"), (2, "first"), (3, "second"), (4, "first")];
    assert_eq!(
        subjects(&told),
        expected.map(|(line, subject)| (line, subject.to_owned()))
    );
    assert!(!told.is_cut);
    let blamed = world.git(&["blame", "-l", "-s", "HEAD", "--", FILE]);
    for (line, text) in blamed.lines().enumerate() {
        let number = u32::try_from(line + 1).unwrap();
        let (_, written) = told.lines.iter().find(|(at, _)| at.line == number).unwrap();
        let id = text
            .split_whitespace()
            .next()
            .unwrap()
            .trim_start_matches('^');
        assert!(written.commit.starts_with(id), "git blames {text}");
    }
}

#[test]
fn a_merge_hands_a_line_to_the_side_that_wrote_it() {
    let world = World::empty();
    world.write(FILE, "one\ntwo\nthree\nfour\nfive\n");
    world.commit_all("first");
    world.git(&["checkout", "-q", "-b", "side"]);
    world.write(FILE, "one\ntwo\nthree\nfour\nFIVE\n");
    world.commit_all("on the side");
    world.git(&["checkout", "-q", "main"]);
    world.write(FILE, "ONE\ntwo\nthree\nfour\nfive\n");
    world.commit_all("on main");
    world.git(&["merge", "-q", "--no-ff", "-m", "merged", "side"]);
    let told = told(&world, 100, &[1, 3, 5]);
    let expected = [(1, "on main"), (3, "first"), (5, "on the side")];
    assert_eq!(
        subjects(&told),
        expected.map(|(line, subject)| (line, subject.to_owned()))
    );
}

#[test]
fn a_history_that_is_too_long_leaves_the_origin_open_and_says_so() {
    let world = World::empty();
    world.write(FILE, "one\n");
    world.commit_all("first");
    for number in 0..5 {
        world.write("other.toml", format!("{number}\n"));
        world.commit_all("more");
    }
    let cut = told(&world, 3, &[1]);
    assert!(cut.is_cut && cut.lines.is_empty());
    let whole = told(&world, 100, &[1]);
    assert_eq!(subjects(&whole), [(1, "first".to_owned())]);
}

#[test]
fn what_was_not_fetched_is_nobodys() {
    let world = World::empty();
    world.write(FILE, "one\ntwo\n");
    world.commit_all("first");
    world.write(FILE, "one\nTWO\n");
    world.commit_all("second");
    world.write(FILE, "one\nTWO\nthree\n");
    world.commit_all("third");
    let clone = world.beside("shallow");
    let from = format!("file://{}", world.root().display());
    world.git(&[
        "clone",
        "-q",
        "--depth",
        "2",
        &from,
        clone.to_str().unwrap(),
    ]);
    let history = History::open(&clone, 100).unwrap();
    let lines: BTreeSet<Line> = [1, 2, 3].map(line).into_iter().collect();
    let told = history
        .lines(&world.git(&["rev-parse", "HEAD"]), &lines)
        .unwrap();
    assert!(told.is_cut);
    assert_eq!(subjects(&told), [(3, "third".to_owned())]);
}

#[test]
fn a_removed_object_is_told_with_the_commit_that_took_it_out() {
    let world = World::empty();
    world.write(
        FILE,
        "[subscriber.acct-1]\nvlan = 1\n\n[subscriber.acct-10]\nvlan = 10\n",
    );
    world.commit_all("first");
    let before = world.git(&["rev-parse", "HEAD"]);
    world.write("other.toml", "x\n");
    world.commit_all("something else");
    world.write(FILE, "[subscriber.acct-10]\nvlan = 10\n");
    world.commit_all("acct-1 leaves");
    world.write(FILE, "[subscriber.acct-10]\nvlan = 11\n");
    world.commit_all("another VLAN");
    let history = History::open(world.root(), 100).unwrap();
    let needles = BTreeMap::from([
        (line(1), "acct-1".to_owned()),
        (line(4), "acct-10".to_owned()),
    ]);
    let told = history
        .taken_out(&before, &world.git(&["rev-parse", "HEAD"]), &needles)
        .unwrap();
    assert_eq!(told.taken_out.len(), 1);
    let taken = &told.taken_out[&line(1)];
    assert_eq!(
        (taken.at.line, taken.by.subject.as_str()),
        (1, "acct-1 leaves")
    );
}
