//! Runs the CI steps of `docs/operating.md` as they are printed there, with `bash -e`, real git and the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gamctl::inventory::GOOD_INVENTORY;

use crate::forge_server::ForgeServer;
use crate::world::World;

/// Returns the folders in which a shell finds programs, that of gamctl first.
#[expect(
    clippy::disallowed_methods,
    reason = "a shell needs the programs of this machine"
)]
pub(crate) fn search_path() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_gamctl")).parent().unwrap();
    let others = std::env::var("PATH").unwrap();
    format!("{}:{others}", program.display())
}

/// A step of a job, as the documents have it.
#[derive(Debug)]
pub(crate) struct CiStep {
    /// `run`, `script` or `after_script`.
    pub(crate) script: String,
    /// It runs although an earlier step failed.
    pub(crate) is_always: bool,
    /// Variables beside those of the forge.
    pub(crate) variables: Vec<(String, String)>,
}

/// Returns the yaml of a section that contains `part`.
fn yaml(part: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operating.md");
    let text = fs::read_to_string(path).unwrap();
    let blocks: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .filter(|block| block.contains(part))
        .collect();
    assert_eq!(blocks.len(), 1, "{part}");
    blocks[0].to_owned()
}

pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Returns the lines of a block scalar that begins after line `at`, without its indentation.
pub(crate) fn block(lines: &[&str], at: usize) -> String {
    let outer = indent(lines[at]);
    let inner = lines[at + 1..]
        .iter()
        .take_while(|line| line.trim().is_empty() || indent(line) > outer);
    let inner: Vec<&str> = inner.copied().collect();
    let depth = inner.iter().map(|line| indent(line)).min().unwrap();
    let inner = inner.iter().map(|line| &line[depth..]);
    inner.collect::<Vec<_>>().join("\n") + "\n"
}

/// Returns the steps of a workflow: `run: command`, and `run: |` with a block.
fn workflow_steps(yaml: &str) -> Vec<CiStep> {
    let lines: Vec<&str> = yaml.lines().collect();
    let mut steps = Vec::new();
    let mut is_always = false;
    for (at, line) in lines.iter().enumerate() {
        let key = line.trim_start();
        let is_new = key.starts_with("- ");
        let key = key.trim_start_matches("- ");
        if is_new {
            is_always = false;
        }
        if key == "if: always()" {
            is_always = true;
        }
        let Some(run) = key.strip_prefix("run: ") else {
            continue;
        };
        let script = match run {
            "|" => block(&lines, at),
            one => format!("{one}\n"),
        };
        steps.push(CiStep {
            script,
            is_always,
            variables: Vec::new(),
        });
    }
    steps
}

/// Returns the script of a GitLab job as one step, and its `after_script`.
pub(crate) fn gitlab_steps(yaml: &str, job: &str) -> Vec<CiStep> {
    let from = yaml.find(&format!("{job}:\n")).unwrap();
    let of_job: Vec<&str> = yaml[from..]
        .lines()
        .enumerate()
        .take_while(|(at, line)| *at == 0 || line.starts_with(' '))
        .map(|(_, line)| line)
        .collect();
    let mut steps = Vec::new();
    for (part, is_always) in [("script:", false), ("after_script:", true)] {
        let Some(at) = of_job.iter().position(|line| line.trim() == part) else {
            continue;
        };
        let mut script = String::new();
        for (index, line) in of_job.iter().enumerate().skip(at + 1) {
            match line.trim_start().strip_prefix("- ") {
                Some("|") => script.push_str(&block(&of_job, index)),
                Some(command) => script.push_str(&format!("{command}\n")),
                None if indent(line) <= indent(of_job[at]) => break,
                None => {}
            }
        }
        steps.push(CiStep {
            script,
            is_always,
            variables: Vec::new(),
        });
    }
    steps
}

/// A clone on a CI machine, and the variables of the forge.
pub(crate) struct CiMachine {
    pub(crate) world: World,
    pub(crate) clone: PathBuf,
    pub(crate) forge: ForgeServer,
}

/// The end of a job: the exit code and output of each step that ran.
pub(crate) struct CiJobEnd {
    steps: Vec<(i32, String)>,
}

impl CiJobEnd {
    pub(crate) fn codes(&self) -> Vec<i32> {
        self.steps.iter().map(|(code, _)| *code).collect()
    }

    pub(crate) fn text(&self) -> String {
        let texts = self.steps.iter().map(|(_, text)| text.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }
}

impl CiMachine {
    /// A branch with a change, cloned; the base branch has moved on since.
    fn of(change: impl FnOnce(&World), depth: Option<&str>) -> Self {
        Self::with(|_| {}, change, depth)
    }

    /// The same, with more in the inventory of the base branch.
    pub(crate) fn with(
        base: impl FnOnce(&World),
        change: impl FnOnce(&World),
        depth: Option<&str>,
    ) -> Self {
        let world = World::empty();
        for (path, text) in GOOD_INVENTORY {
            world.write(path, text);
        }
        base(&world);
        world.commit_all("good");
        world.git(&["checkout", "-q", "-b", "change"]);
        change(&world);
        world.commit_all("A change for a pull request");
        world.git(&["checkout", "-q", "main"]);
        world.write(
            "network.toml",
            world.read("network.toml") + "\n# Written on main meanwhile.\n",
        );
        let plans = world.read("service-plans.toml");
        world.write(
            "service-plans.toml",
            plans.replace("down = 100", "down = 99"),
        );
        world.commit_all("Main moves on");
        let clone = world.beside("clone");
        let url = format!("file://{}", world.root().display());
        let mut arguments = vec!["clone", "-q"];
        if let Some(depth) = depth {
            arguments.extend(["--depth", depth, "--branch", "change"]);
        }
        arguments.extend([url.as_str(), clone.to_str().unwrap()]);
        world.git(&arguments);
        // As CI systems do: no branch, only a commit.
        let head = match depth {
            Some(_) => "HEAD",
            None => "origin/change",
        };
        world.git_in(&clone, &["checkout", "-q", "--detach", head]);
        let forge = ForgeServer::start();
        Self {
            world,
            clone,
            forge,
        }
    }

    pub(crate) fn run(&self, steps: &[CiStep]) -> CiJobEnd {
        let mut ended = Vec::new();
        let mut has_failed = false;
        for step in steps {
            if has_failed && !step.is_always {
                continue;
            }
            let (code, text) = self.step(step);
            has_failed |= code != 0;
            ended.push((code, text));
        }
        CiJobEnd { steps: ended }
    }

    fn step(&self, step: &CiStep) -> (i32, String) {
        let file = self.world.beside("step.sh");
        fs::write(&file, &step.script).unwrap();
        let api = self.forge.address();
        let output = Command::new("bash")
            .args(["-e", file.to_str().unwrap()])
            .current_dir(&self.clone)
            .env_clear()
            .env("PATH", search_path())
            .env("HOME", self.world.beside("home"))
            .env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_BASE_REF", "main")
            .env("GITHUB_SERVER_URL", "https://git.example.net")
            .env("GITHUB_REPOSITORY", "isp/network")
            .env("GITHUB_API_URL", &api)
            .env("GITHUB_STEP_SUMMARY", self.world.beside("summary.md"))
            .env("NUMBER", "12")
            .env("TOKEN", "CANARY-token")
            .env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
            .env("CI_API_V4_URL", &api)
            .env("CI_PROJECT_ID", "7")
            .env("CI_MERGE_REQUEST_IID", "12")
            .env("COMMENT_TOKEN", "CANARY-token")
            .envs(step.variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .concat();
        (output.status.code().unwrap(), text)
    }

    pub(crate) fn plan(&self) -> String {
        fs::read_to_string(self.clone.join("plan.md")).unwrap()
    }
}

/// Returns whether the machine has the programs of the last step; else prints that a test is skipped.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn has_programs() -> bool {
    let has = |program: &str| {
        let found = Command::new(program).arg("--version").output();
        found.is_ok_and(|output| output.status.success())
    };
    let has_all = has("curl") && has("jq");
    if !has_all {
        println!("skipped: curl or jq is not installed");
    }
    has_all
}

pub(crate) fn faster(world: &World) {
    let subscribers = world.read("subscribers/maple.toml");
    assert!(subscribers.contains("vlan = 101"), "{subscribers}");
    world.write(
        "subscribers/maple.toml",
        subscribers.replace("vlan = 101", "vlan = 105"),
    );
}

pub(crate) fn broken(world: &World) {
    let subscribers = world.read("subscribers/maple.toml");
    world.write(
        "subscribers/maple.toml",
        subscribers.replace("vlan = 101", "vlan = 5000"),
    );
}

#[test]
fn the_workflow_of_the_documents_is_green_for_a_good_change_and_edits_its_own_comment() {
    if !has_programs() {
        return;
    }
    let steps = workflow_steps(&yaml("on: pull_request"));
    assert_eq!(steps.len(), 4, "{steps:#?}");
    let machine = CiMachine::of(faster, None);
    let end = machine.run(&steps);
    assert_eq!(end.codes(), [0, 0, 0, 0], "{}", end.text());
    let plan = machine.plan();
    assert!(plan.starts_with("<!-- gamctl-plan -->\n"), "{plan}");
    assert!(plan.contains("VLAN 101 → 105"), "{plan}");
    // What main did since is not taken back by this branch.
    assert!(!plan.contains("profile home-100"), "{plan}");
    let head = machine.world.git(&["rev-parse", "change"]);
    let base = machine.world.git(&["rev-parse", "change^"]);
    let page = format!("(https://git.example.net/isp/network/compare/{base}...{head})");
    assert!(plan.contains(&page), "{plan}");
    assert_eq!(machine.forge.comments(), std::slice::from_ref(&plan));
    machine.world.git_in(
        &machine.clone,
        &["commit", "-q", "--allow-empty", "-m", "More"],
    );
    let end = machine.run(&steps);
    assert_eq!(end.codes(), [0, 0, 0, 0], "{}", end.text());
    assert_eq!(machine.forge.comments(), [machine.plan()]);
    assert_ne!(machine.plan(), plan);
}

#[test]
fn an_inventory_with_errors_fails_the_workflow_and_its_comment_has_the_findings() {
    if !has_programs() {
        return;
    }
    let steps = workflow_steps(&yaml("on: pull_request"));
    let machine = CiMachine::of(broken, None);
    let end = machine.run(&steps);
    // `fmt` did not run; the plan and the comment did.
    assert_eq!(end.codes(), [3, 3, 0], "{}", end.text());
    let [comment] = &machine.forge.comments()[..] else {
        panic!("{:?}", machine.forge.comments());
    };
    assert!(comment.starts_with("<!-- gamctl-plan -->\n"), "{comment}");
    assert!(comment.contains("1 error"), "{comment}");
    let head = machine.world.git(&["rev-parse", "change"]);
    let line = format!("https://git.example.net/isp/network/blob/{head}/subscribers/maple.toml#L");
    assert!(comment.contains(&line), "{comment}");
}

#[test]
fn a_shallow_clone_is_named_with_the_setting_of_the_forge_and_the_comment_is_not_empty() {
    if !has_programs() {
        return;
    }
    let steps = workflow_steps(&yaml("on: pull_request"));
    let machine = CiMachine::of(faster, Some("1"));
    let end = machine.run(&steps);
    assert_eq!(end.codes(), [1, 1, 0], "{}", end.text());
    assert!(end.text().contains("`fetch-depth: 0`"), "{}", end.text());
    let plan = machine.plan();
    assert!(
        plan.starts_with("<!-- gamctl-plan -->\n**No plan: "),
        "{plan}"
    );
    assert!(plan.contains("shallow clone"), "{plan}");
    assert_eq!(machine.forge.comments(), [plan]);
}

#[test]
fn the_gitlab_jobs_of_the_documents_do_the_same() {
    if !has_programs() {
        return;
    }
    let yaml = yaml("merge_request_event");
    let validate = gitlab_steps(&yaml, "validate");
    let plan = gitlab_steps(&yaml, "plan");
    assert_eq!((validate.len(), plan.len()), (1, 2));
    let machine = CiMachine::of(faster, None);
    let end = machine.run(&validate);
    assert_eq!(end.codes(), [0], "{}", end.text());
    let end = machine.run(&plan);
    assert_eq!(end.codes(), [0, 0], "{}", end.text());
    let end = machine.run(&plan);
    assert_eq!(end.codes(), [0, 0], "{}", end.text());
    assert_eq!(machine.forge.comments(), [machine.plan()]);
    let machine = CiMachine::of(broken, None);
    let end = machine.run(&plan);
    assert_eq!(end.codes(), [3, 0], "{}", end.text());
    assert_eq!(machine.forge.comments(), [machine.plan()]);
}

#[test]
fn the_findings_for_code_scanning_fail_no_step_and_explain_their_rules() {
    let steps = workflow_steps(&yaml("upload-sarif"));
    let machine = CiMachine::of(broken, None);
    let end = machine.run(&steps);
    assert_eq!(end.codes(), [0], "{}", end.text());
    let sarif = fs::read(machine.clone.join("gamctl.sarif")).unwrap();
    let sarif: serde_json::Value = serde_json::from_slice(&sarif).unwrap();
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][0];
    let help = rule["help"]["markdown"].as_str().unwrap();
    assert!(help.contains("Wrong:\n\n```toml\n"), "{help}");
}
