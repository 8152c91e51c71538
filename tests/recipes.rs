//! Runs every step of the workflows in `docs/recipes/` with `bash -e`, against a forge that keeps comments in memory.

use std::fs;
use std::path::Path;

use crate::ci_steps::{
    CiMachine, CiStep, block, broken, gitlab_steps, has_programs, indent, search_path,
};
use crate::world::World;

/// The recipes, each with the name that the forge gives to the job's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recipe {
    GitHub,
    Forgejo,
    GitLab,
}

const ALL: [Recipe; 3] = [Recipe::GitHub, Recipe::Forgejo, Recipe::GitLab];

impl Recipe {
    fn yaml(self) -> String {
        let file = match self {
            Self::GitHub => "github-actions.yml",
            Self::Forgejo => "forgejo-actions.yml",
            Self::GitLab => "gitlab-ci.yml",
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recipes");
        fs::read_to_string(path.join(file)).unwrap()
    }

    /// Returns the steps of a job, except the one that installs gamctl.
    fn steps(self, job: &str, merge: &Merge) -> Vec<CiStep> {
        let yaml = self.yaml();
        let steps = match self {
            Self::GitLab => {
                let mut steps = gitlab_steps(&yaml, job);
                for step in &mut steps {
                    step.variables = vec![
                        ("CI_COMMIT_SHA".to_owned(), merge.commit.clone()),
                        ("CI_COMMIT_BEFORE_SHA".to_owned(), merge.before.clone()),
                    ];
                }
                steps
            }
            Self::GitHub | Self::Forgejo => actions_steps(&yaml, job, merge),
        };
        let installs = |step: &CiStep| step.script.contains("sha256sum");
        steps.into_iter().filter(|step| !installs(step)).collect()
    }

    fn pull_request_ref(self) -> &'static str {
        match self {
            Self::GitHub | Self::Forgejo => "refs/pull/12/head",
            Self::GitLab => "refs/merge-requests/12/head",
        }
    }
}

/// The push of a merge.
#[derive(Debug, Clone, Default)]
struct Merge {
    before: String,
    commit: String,
}

/// Returns the steps of a job of GitHub or Forgejo that run a script, with their variables.
fn actions_steps(yaml: &str, job: &str, merge: &Merge) -> Vec<CiStep> {
    let (_, jobs) = yaml.split_once("\njobs:\n").unwrap();
    let (_, job) = jobs.split_once(&format!("  {job}:\n")).unwrap();
    let job: Vec<&str> = job
        .lines()
        .take_while(|line| line.is_empty() || indent(line) > 2)
        .collect();
    let starts: Vec<usize> = (0..job.len())
        .filter(|at| job[*at].starts_with("      - "))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([job.len()]);
    let steps = starts.iter().zip(ends);
    steps
        .filter_map(|(start, end)| actions_step(&job[*start..end], merge))
        .collect()
}

fn actions_step(lines: &[&str], merge: &Merge) -> Option<CiStep> {
    let key = |line: &str, key: &str| line.trim_start().strip_prefix(key).map(str::to_owned);
    let at = lines.iter().position(|line| key(line, "run: ").is_some())?;
    let script = match key(lines[at], "run: ").unwrap().as_str() {
        "|" => block(lines, at),
        one => format!("{one}\n"),
    };
    // A value of the forge in a script would be a way to run commands.
    assert!(!script.contains("${{"), "{script}");
    let mut variables = vec![("GITHUB_SHA".to_owned(), merge.commit.clone())];
    if let Some(at) = lines.iter().position(|line| line.trim() == "env:") {
        let inner = lines[at + 1..]
            .iter()
            .take_while(|line| indent(line) > indent(lines[at]));
        variables.extend(inner.map(|line| {
            let (name, value) = line.trim().split_once(": ").unwrap();
            (name.to_owned(), expression(value, merge))
        }));
    }
    Some(CiStep {
        script,
        is_always: lines.iter().any(|line| line.trim() == "if: always()"),
        variables,
    })
}

/// Returns the value that a forge puts in the place of an expression.
fn expression(value: &str, merge: &Merge) -> String {
    match value {
        "${{ github.token }}" => "CANARY-token".to_owned(),
        "${{ github.event.number }}" => "12".to_owned(),
        "${{ github.event.before }}" => merge.before.clone(),
        other => {
            assert!(!other.contains("${{"), "{other}");
            other.to_owned()
        }
    }
}

/// Adds a second device with two subscribers, and a policy of the service.
fn larger(world: &World) {
    world.write(
        "devices/oak.toml",
        "[device.oak-b]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.12\"\n",
    );
    let subscriber = |number: u8| {
        format!(
            "[subscriber.acct-{number}]\ndevice = \"oak-b\"\nport = {number}\nendpoint = \"00:0e:d8:00:00:0{number}\"\n\
             service_plan = \"home-100\"\nvlan = 10{number}\n\n"
        )
    };
    world.write("subscribers/oak.toml", subscriber(2) + &subscriber(3));
    world.write(
        "policy.toml",
        "[reconcile]\ncommits = \"harmless\"\n\n[approval]\ntwo_persons = [\"removals\"]\n\n\
         [[window]]\nfrom = \"22:00\"\nto = \"04:00\"\nzone = \"Europe/Vienna\"\n",
    );
    format(world);
}

fn format(world: &World) {
    let done = world.run(world.root(), env!("CARGO_BIN_EXE_gamctl"), &["fmt"]);
    assert!(done.status.success(), "{done:?}");
}

/// Removes a subscriber of one device, and moves one of the other to another VLAN.
fn removal(world: &World) {
    without_acct_3(world);
    crate::ci_steps::faster(world);
}

/// Removes a subscriber of one device, and adds one to the other, which nobody notices.
fn removal_and_addition(world: &World) {
    without_acct_3(world);
    let maple = world.read("subscribers/maple.toml");
    let added = "\n[subscriber.acct-9]\ndevice = \"maple-a\"\nport = 9\nendpoint = \"00:0e:d8:00:00:09\"\n\
                 service_plan = \"home-100\"\nvlan = 109\n";
    world.write("subscribers/maple.toml", maple + added);
    format(world);
}

fn without_acct_3(world: &World) {
    let text = world.read("subscribers/oak.toml");
    let kept = text.split("[subscriber.acct-3]").next().unwrap();
    assert!(kept.len() < text.len());
    world.write("subscribers/oak.toml", kept.trim_end().to_owned() + "\n");
}

fn place(text: &str, part: &str) -> usize {
    let place = text.find(part);
    place.unwrap_or_else(|| panic!("`{part}` is not in:\n{text}"))
}

#[test]
fn the_first_run_posts_the_plan_and_the_second_edits_the_same_comment() {
    if !has_programs() {
        return;
    }
    for recipe in ALL {
        let machine = CiMachine::with(larger, removal, None);
        // A person who quotes the marker must not get the plan, on any page.
        for _ in 0..120 {
            machine
                .forge
                .comment_of_another_person("<!-- gamctl-plan -->\nI am the plan.");
        }
        let others = machine.forge.comments_of_others();
        let steps = recipe.steps("review", &Merge::default());
        let end = machine.run(&steps);
        assert!(
            end.codes().iter().all(|code| *code == 0),
            "{recipe:?}: {}",
            end.text()
        );
        let plan = machine.plan();
        assert_eq!(machine.forge.comments(), std::slice::from_ref(&plan));
        machine.world.git_in(
            &machine.clone,
            &["commit", "-q", "--allow-empty", "-m", "More"],
        );
        let end = machine.run(&steps);
        assert!(
            end.codes().iter().all(|code| *code == 0),
            "{recipe:?}: {}",
            end.text()
        );
        assert_ne!(machine.plan(), plan);
        assert_eq!(machine.forge.comments(), [machine.plan()], "{recipe:?}");
        assert_eq!(machine.forge.comments_of_others(), others, "{recipe:?}");
    }
}

#[test]
fn removals_come_first_and_then_what_the_service_does_by_itself_and_what_waits_for_whom() {
    if !has_programs() {
        return;
    }
    let machine = CiMachine::with(larger, removal_and_addition, None);
    let end = machine.run(&Recipe::GitHub.steps("review", &Merge::default()));
    assert!(end.codes().iter().all(|code| *code == 0), "{}", end.text());
    let plan = machine.plan();
    let order = [
        "### Removed or disconnected",
        "subscriber acct-3",
        "### What the service does after the merge",
        "by policy.toml of origin/main",
        "applies by itself: 2 steps on maple-a",
        "waits for the approval of two persons: 2 steps on oak-b",
        "2 subscribers or endpoints would be removed",
        "not by an author of these commits: Test",
        "only every day 22:00 to 04:00 Europe/Vienna: 2 devices (maple-a and oak-b)",
        "### Changes",
        "subscriber acct-9",
    ];
    let places: Vec<usize> = order.iter().map(|part| place(&plan, part)).collect();
    assert!(places.is_sorted(), "{places:?}\n{plan}");
    let summary = fs::read_to_string(machine.world.beside("summary.md")).unwrap();
    assert!(summary.contains("### Removed or disconnected"), "{summary}");
}

#[test]
fn a_pull_request_cannot_give_itself_more_rights() {
    if !has_programs() {
        return;
    }
    let change = |world: &World| {
        removal(world);
        world.write("policy.toml", "[reconcile]\ncommits = \"everything\"\n");
    };
    let machine = CiMachine::with(larger, change, None);
    let end = machine.run(&Recipe::GitHub.steps("review", &Merge::default()));
    assert!(end.codes().iter().all(|code| *code == 0), "{}", end.text());
    let plan = machine.plan();
    place(&plan, "waits for the approval of two persons");
    place(&plan, "only every day 22:00");
}

#[test]
fn an_inventory_with_errors_fails_the_job_with_the_findings_in_the_log_and_in_the_comment() {
    if !has_programs() {
        return;
    }
    for recipe in ALL {
        let machine = CiMachine::with(larger, broken, None);
        let end = machine.run(&recipe.steps("review", &Merge::default()));
        assert!(end.codes().contains(&3), "{recipe:?}: {}", end.text());
        assert!(
            end.text().contains("subscribers/maple.toml"),
            "{}",
            end.text()
        );
        assert!(end.text().contains("5000"), "{recipe:?}: {}", end.text());
        let [comment] = &machine.forge.comments()[..] else {
            panic!("{recipe:?}: {:?}\n{}", machine.forge.comments(), end.text());
        };
        assert!(comment.contains("1 error"), "{comment}");
    }
}

#[test]
fn pending_changes_pass_and_a_plan_over_a_limit_fails() {
    if !has_programs() {
        return;
    }
    let strict = |world: &World| {
        larger(world);
        world.write("policy.toml", "[limits]\nremovals = { count = 1 }\n");
    };
    for recipe in ALL {
        let machine = CiMachine::with(strict, removal, None);
        let plan = [
            "plan",
            "--rev",
            "HEAD",
            "--against",
            "origin/main",
            "--merge-base",
        ];
        let output = machine
            .world
            .run(&machine.clone, env!("CARGO_BIN_EXE_gamctl"), &plan);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let end = machine.run(&recipe.steps("review", &Merge::default()));
        assert!(
            end.codes().iter().all(|code| *code == 0),
            "{recipe:?}: {}",
            end.text()
        );
        let over = |world: &World| {
            world.write("subscribers/oak.toml", "");
            crate::ci_steps::faster(world);
        };
        let machine = CiMachine::with(strict, over, None);
        let end = machine.run(&recipe.steps("review", &Merge::default()));
        assert!(end.codes().contains(&4), "{recipe:?}: {}", end.text());
        let [comment] = &machine.forge.comments()[..] else {
            panic!("{recipe:?}: {:?}", machine.forge.comments());
        };
        place(comment, "too-many-removals");
        place(comment, "the plan as a whole is refused");
    }
}

/// Merges the change into main on the forge, and checks the merge out on the machine.
fn merge(machine: &CiMachine, recipe: Recipe, edit: impl FnOnce(&World)) -> Merge {
    let world = &machine.world;
    let head = world.git(&["rev-parse", "change"]);
    world.git(&["update-ref", recipe.pull_request_ref(), &head]);
    let before = world.git(&["rev-parse", "main"]);
    world.git(&["merge", "-q", "--squash", "change"]);
    edit(world);
    world.commit_all("A squashed pull request");
    world.git(&["branch", "-q", "-D", "change"]);
    let commit = world.git(&["rev-parse", "main"]);
    let clone = |arguments: &[&str]| world.git_in(&machine.clone, arguments);
    clone(&["fetch", "-q", "--prune", "origin"]);
    clone(&["checkout", "-q", "--detach", "origin/main"]);
    machine.forge.merge(12, &head);
    Merge { before, commit }
}

#[test]
fn after_the_merge_the_job_says_that_the_plan_is_the_reviewed_one() {
    if !has_programs() {
        return;
    }
    for recipe in ALL {
        let machine = CiMachine::with(larger, removal, None);
        let merged = merge(&machine, recipe, |_| {});
        let end = machine.run(&recipe.steps("merged", &merged));
        assert_eq!(end.codes(), [0], "{recipe:?}: {}", end.text());
        let said = "Identical to what was reviewed: 3 steps on 2 devices.";
        assert!(end.text().contains(said), "{recipe:?}: {}", end.text());
    }
}

#[test]
fn a_merge_that_does_something_else_fails_and_lists_every_difference() {
    if !has_programs() {
        return;
    }
    for recipe in ALL {
        let machine = CiMachine::with(larger, removal, None);
        let merged = merge(&machine, recipe, |world| {
            let maple = world.read("subscribers/maple.toml");
            world.write("subscribers/maple.toml", maple.replace("105", "106"));
            let oak = world.read("subscribers/oak.toml");
            world.write(
                "subscribers/oak.toml",
                oak.replace("vlan = 102", "vlan = 112"),
            );
        });
        let end = machine.run(&recipe.steps("merged", &merged));
        assert_eq!(end.codes(), [7], "{recipe:?}: {}", end.text());
        for part in [
            "Not what was reviewed",
            "1 step changed",
            "1 step added",
            "VLAN 101 → 106",
            "VLAN 102 → 112",
        ] {
            place(&end.text(), part);
        }
    }
}

#[test]
fn a_push_without_a_pull_request_is_named_and_does_not_fail() {
    if !has_programs() {
        return;
    }
    for recipe in ALL {
        let machine = CiMachine::with(larger, removal, None);
        let head = machine.world.git(&["rev-parse", "main"]);
        let push = Merge {
            before: head.clone(),
            commit: head,
        };
        let end = machine.run(&recipe.steps("merged", &push));
        assert_eq!(end.codes(), [0], "{recipe:?}: {}", end.text());
        place(&end.text(), "nobody reviewed a plan");
    }
}

#[test]
fn the_step_that_installs_gamctl_refuses_another_file() {
    if !has_programs() {
        return;
    }
    let yaml = Recipe::GitHub.yaml();
    let (_, script) = yaml.split_once("- name: Install gamctl").unwrap();
    let lines: Vec<&str> = script.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.trim() == "run: |")
        .unwrap();
    let script = block(&lines, at);
    assert!(yaml.matches("sha256sum --check").count() == 2, "{yaml}");
    let world = World::without_repository();
    world.write("program", "#!/bin/sh\necho hello\n");
    world.write("install.sh", &script);
    // `printf '#!/bin/sh\necho hello\n' | sha256sum`.
    let right = {
        let output = world.run(world.root(), "sha256sum", &["program"]);
        String::from_utf8(output.stdout).unwrap()[..64].to_owned()
    };
    let run = |sha: &str| {
        let home = world.root().display();
        let line = format!(
            "env -i PATH='{}' HOME='{home}' GITHUB_PATH='{home}/path' URL='file://{home}/program' SHA256='{sha}' bash -e install.sh",
            search_path()
        );
        let output = world.run(world.root(), "bash", &["-c", &line]);
        output.status.success()
    };
    assert!(!run(&"0".repeat(64)));
    assert!(!world.root().join("path").exists());
    assert!(run(&right));
    assert!(world.read("path").contains(".local/bin"));
}
