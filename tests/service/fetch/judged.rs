//! The verdicts on fetched commits, one check after the other.

use std::fs;
use std::path::Path;

use gamctl::inventory::{GOOD_INVENTORY, Inventory};
use gamctl::model::Finding;
use gamctl::service::fetch::{BeforeAndAfter, CommitId, LaneSteps, Verdict};

use super::{Bed, is_acceptable, patterns};
use crate::world::World;

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn an_empty_commit_is_acceptable() {
    let bed = Bed::good();
    let target = bed.fetch();
    assert!(is_acceptable(&bed.push(&target), 1));
}

#[test]
fn a_rewritten_history_names_both_commits_until_a_person_accepts_them() {
    let bed = Bed::good();
    let first = bed.fetch();
    bed.add_subscriber("bob", 7);
    bed.world.commit_all("bob");
    let target = bed.fetch();
    bed.mirror.keep(&target).unwrap();
    bed.world.git(&["reset", "-q", "--hard", first.as_str()]);
    let went_back = bed.judge(Some(&target), &bed.fetch());
    let rewritten = |candidate: &CommitId, is_earlier| Verdict::Rewritten {
        target: target.clone(),
        candidate: candidate.clone(),
        is_earlier,
    };
    assert_eq!(went_back, rewritten(&first, true));
    bed.add_subscriber("carol", 8);
    bed.world.commit_all("carol");
    let candidate = bed.fetch();
    assert_eq!(
        bed.judge(Some(&target), &candidate),
        rewritten(&candidate, false)
    );
    let accept = |target: &CommitId, candidate: &CommitId| {
        let (named_target, named) = (target.clone(), candidate.clone());
        let judged = bed.judge_with(Some(&target.clone()), candidate, |options| {
            let both: &'static (CommitId, CommitId) = Box::leak(Box::new((named_target, named)));
            options.accepted_history = Some((&both.0, &both.1));
            // The file of the later commit is gone as well, which is accepted apart.
            options.accepted_rules = Box::leak(Box::new(["lost-file".to_owned()]));
        });
        judged.unwrap()
    };
    assert!(is_acceptable(&accept(&target, &candidate), 1));
    assert!(is_acceptable(&accept(&target, &first), 0));
}

#[test]
fn a_target_that_the_mirror_lacks_is_a_rewritten_history() {
    let bed = Bed::good();
    let candidate = bed.fetch();
    let target = CommitId::parse(&"7".repeat(40)).unwrap();
    assert!(matches!(
        bed.judge(Some(&target), &candidate),
        Verdict::Rewritten { .. }
    ));
}

#[test]
fn an_inventory_with_errors_is_invalid() {
    let bed = Bed::good();
    let target = bed.fetch();
    bed.world
        .write("subscribers/bad.toml", "[subscriber.x]\nvlan = 9999\n");
    let verdict = bed.push(&target);
    let Verdict::Invalid { findings } = &verdict else {
        panic!("{verdict:?}");
    };
    assert!(rules(findings).contains(&"missing-key"), "{findings:?}");
}

#[test]
fn a_link_or_a_huge_file_in_place_of_the_inventory_is_invalid() {
    let bed = Bed::good();
    let target = bed.fetch();
    let path = bed.world.root().join("subscribers/maple.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    let verdict = bed.push(&target);
    let Verdict::Invalid { findings } = &verdict else {
        panic!("{verdict:?}");
    };
    assert!(rules(findings).contains(&"symlink"), "{findings:?}");
    fs::remove_file(&path).unwrap();
    fs::write(&path, text + &"#\n".repeat(9 << 20)).unwrap();
    let verdict = bed.push(&target);
    let Verdict::Invalid { findings } = &verdict else {
        panic!("{verdict:?}");
    };
    assert!(rules(findings).contains(&"file-too-large"), "{findings:?}");
}

#[test]
fn a_fleet_that_is_halved_or_emptied_is_incomplete_until_a_person_accepts_it() {
    let bed = Bed::good();
    for number in 0..11 {
        bed.add_subscriber(&format!("sub-{number}"), 100 + number * 2 + 1);
    }
    bed.world.commit_all("twelve");
    let target = bed.fetch();
    for number in 0..7 {
        fs::remove_file(
            bed.world
                .root()
                .join(format!("subscribers/sub-{number}.toml")),
        )
        .unwrap();
    }
    let verdict = bed.push(&target);
    let counts = |before, after| BeforeAndAfter { before, after };
    let wanted = Verdict::Incomplete {
        devices: counts(1, 1),
        subscribers: counts(12, 5),
    };
    assert_eq!(verdict, wanted);
    let accepted = bed.judge_with(Some(&target), &bed.head(), |options| {
        options.accepts_smaller_fleet = true;
    });
    // The files are lost as well, which is accepted apart.
    let Verdict::StepInvalid { findings } = accepted.unwrap() else {
        panic!();
    };
    assert_eq!(rules(&findings), ["lost-file"; 7]);
    let rule = ["lost-file".to_owned()];
    let rule: &'static [String] = Box::leak(Box::new(rule));
    let accepted = bed.judge_with(Some(&target), &bed.head(), |options| {
        options.accepts_smaller_fleet = true;
        options.accepted_rules = rule;
    });
    assert!(is_acceptable(&accepted.unwrap(), 1));
}

#[test]
fn a_protected_subscriber_is_removed_in_two_commits_whether_or_not_a_fetch_comes_between() {
    let bed = Bed::good();
    bed.add_subscriber("bob", 7);
    let path = "subscribers/bob.toml";
    let text = bed.world.read(path);
    bed.world.write(path, format!("{text}protected = true\n"));
    bed.world.write("subscribers/keep.toml", "# nothing\n");
    bed.world.commit_all("protected");
    let target = bed.fetch();
    bed.world.write(path, "# gone\n");
    let verdict = bed.push(&target);
    let Verdict::StepInvalid { findings } = &verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(rules(findings), ["protected-removed"]);
    bed.world.git(&["reset", "-q", "--hard", target.as_str()]);
    bed.world.write(path, &text);
    bed.world.commit_all("lift the protection");
    bed.world.write(path, "# gone\n");
    assert!(is_acceptable(&bed.push(&target), 2));
    // A broken commit in between must not hide the removal.
    bed.world.git(&["reset", "-q", "--hard", target.as_str()]);
    bed.world.write(path, "<<<<<<< a\n");
    bed.world.commit_all("broken");
    bed.world.write(path, "# gone\n");
    assert!(matches!(bed.push(&target), Verdict::StepInvalid { .. }));
}

/// Judges as a lane that may change the state of subscribers; returns what each step changes beyond that.
fn helpdesk(_: &Inventory, steps: &LaneSteps) -> Vec<String> {
    let outside = steps.new.iter().flat_map(|step| {
        let keys = patterns(step).into_iter();
        let keys = keys.filter(|key| key != "subscriber.state");
        let other = step
            .paths
            .iter()
            .filter(|path| !path.starts_with("subscribers/"));
        let incomplete = (!step.changed.is_complete).then(|| "incomplete".to_owned());
        let id = step.commit.subject.clone();
        keys.chain(other.cloned())
            .chain(incomplete)
            .map(move |what| format!("{id}: {what}"))
    });
    outside.collect()
}

fn in_lanes(bed: &Bed, target: &CommitId) -> Vec<String> {
    let judged = bed.judge_with(Some(target), &bed.fetch(), |options| {
        options.lanes = Some(&helpdesk);
    });
    match judged.unwrap() {
        Verdict::OutsideLane { violations } => violations,
        Verdict::Acceptable { .. } => Vec::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_step_is_judged_with_its_paths_and_keys() {
    let bed = Bed::good();
    bed.add_subscriber("bob", 7);
    bed.world.commit_all("bob");
    let target = bed.fetch();
    let text = bed.world.read("subscribers/bob.toml");
    bed.world.write(
        "subscribers/bob.toml",
        format!("{text}state = \"pending\"\n"),
    );
    bed.world.commit_all("state");
    assert_eq!(in_lanes(&bed, &target), Vec::<String>::new());
    bed.world
        .write("subscribers/bob.toml", text.replace("vlan = 7", "vlan = 8"));
    bed.world.commit_all("vlan");
    bed.world.write("subscribers/bob.toml", text);
    bed.world.write("gamctl.toml", "");
    bed.world.commit_all("back");
    let outside = in_lanes(&bed, &target);
    let wanted = [
        "vlan: subscriber.vlan",
        "back: subscriber.vlan",
        "back: gamctl.toml",
    ];
    assert_eq!(outside, wanted);
}

#[test]
fn a_merge_that_takes_back_the_target_is_judged_as_a_whole() {
    let bed = Bed::good();
    bed.fetch();
    bed.world.git(&["checkout", "-q", "-b", "side"]);
    let text = bed.world.read("subscribers/maple.toml");
    bed.world.write(
        "subscribers/maple.toml",
        format!("{text}state = \"suspended\"\n"),
    );
    bed.world.write(
        "network.toml",
        "schema = 1\n[suspension]\nhow = \"detach\"\n",
    );
    bed.world.commit_all("both");
    bed.world.git(&["checkout", "-q", "main"]);
    bed.add_subscriber("bob", 7);
    bed.world.commit_all("bob");
    let target = bed.fetch();
    bed.world.git(&["checkout", "-q", "-B", "main", "side"]);
    bed.world
        .git(&["merge", "-q", "-s", "ours", "-m", "merge", target.as_str()]);
    let outside = in_lanes(&bed, &target);
    assert!(
        outside.contains(&"merge: subscriber-".to_owned()),
        "{outside:?}"
    );
}

#[test]
fn an_inventory_in_a_folder_of_the_repository_is_judged_there() {
    let world = crate::world::World::empty();
    for (path, text) in gamctl::inventory::GOOD_INVENTORY {
        world.write(&format!("isp/network/{path}"), text);
    }
    world.commit_all("good");
    let bed = Bed::of(world);
    let target = bed.fetch();
    bed.world.write(
        "isp/network/network.toml",
        "schema = 1\nvlans.management = 7\n",
    );
    bed.world.write("network.toml", "of another project");
    bed.world.commit_all("next");
    let judged = bed.judge_with(Some(&target), &bed.fetch(), |options| {
        options.folder = Path::new("isp/network");
        options.lanes = Some(&helpdesk);
    });
    let Verdict::OutsideLane { violations } = judged.unwrap() else {
        panic!();
    };
    let wanted = [
        "next: network.vlans.management",
        "next: isp/network/network.toml",
        "next: network.toml",
    ];
    assert_eq!(violations, wanted);
    assert!(matches!(
        bed.judge(Some(&target), &bed.head()),
        Verdict::Invalid { .. }
    ));
}

#[test]
fn an_inventory_is_judged_in_its_folder_whatever_the_folder_is_called() {
    // Some are also the names of the mirror's own files.
    for folder in ["network", "a/b", "objects", "refs/heads", "config"] {
        let bed = Bed::of(World::empty());
        for (path, text) in GOOD_INVENTORY {
            bed.world.write(&format!("{folder}/{path}"), text);
        }
        bed.world.commit_all("first");
        let target = bed.fetch();
        let judge = |target: Option<&CommitId>, candidate: &CommitId| {
            let judged = bed.judge_with(target, candidate, |options| {
                options.folder = Path::new(folder);
            });
            judged.unwrap_or_else(|error| panic!("{folder}: {error}"))
        };
        assert!(is_acceptable(&judge(None, &target), 1), "{folder}");
        let odd = "[subscriber.x]\nvlan = 9999\n";
        bed.world.write("subscribers/elsewhere.toml", odd);
        bed.world.commit_all("elsewhere");
        let candidate = bed.fetch();
        assert!(
            is_acceptable(&judge(Some(&target), &candidate), 1),
            "{folder}"
        );
        bed.world
            .write(&format!("{folder}/subscribers/x.toml"), odd);
        bed.world.commit_all("inside");
        let verdict = judge(Some(&target), &bed.fetch());
        assert!(
            matches!(verdict, Verdict::Invalid { .. }),
            "{folder}: {verdict:?}"
        );
    }
}
