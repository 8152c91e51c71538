//! Planning by example: each folder of `plans/` is planned, compared with what it expects, and carried out on a twin.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{Cache, Reading, read};
use gamctl::model::{DeviceName, Fingerprint, GamModel, Observation, VlanId};
use gamctl::observe::record::from_bytes;
use gamctl::plan::{DevicePlan, InventoryVersion, Planned};
use gamctl::reconcile::{
    Applied, FingerprintedObservation, Fleet, LookResults, Policy, find_origins, plan_all,
};
use gamctl::report::{Paint, PlanReport};
use gamctl::simulator::commands::merge;
use gamctl::simulator::gam::{Configuration, Hardware, configuration_of};

use crate::golden::assert_golden;
use crate::observe::device::expected;

/// The examples of the billing sync, which tests/billing/examples/ runs.
const BILLING: &str = "billing";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans")
}

fn examples() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name != BILLING)
        .collect();
    names.sort();
    names
}

fn inventory(path: &Path) -> Reading {
    let source = Source::directory(path).unwrap();
    let reading = read(&source, &Limits::default(), &Cache::default()).unwrap();
    let errors: Vec<_> = reading.findings.iter().collect();
    assert!(!reading.has_errors(), "{}: {errors:#?}", path.display());
    reading
}

/// An example as it was read.
struct Example {
    name: String,
    now: Reading,
    applied: Option<Reading>,
    seen: BTreeMap<DeviceName, Observation>,
}

impl Example {
    fn read(name: &str) -> Self {
        let folder = folder().join(name);
        let applied = folder.join("applied");
        let one = folder.join("observed.toml");
        let files: Vec<PathBuf> = if one.exists() {
            vec![one]
        } else {
            let files = fs::read_dir(folder.join("observed")).unwrap();
            files.map(|file| file.unwrap().path()).collect()
        };
        let looks = files.iter().map(|file| {
            let look = from_bytes(&fs::read(file).unwrap());
            let look = look.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            (look.device.clone(), look)
        });
        Self {
            name: name.to_owned(),
            now: inventory(&folder.join("inventory")),
            applied: applied.exists().then(|| inventory(&applied)),
            seen: looks.collect(),
        }
    }

    /// Plans from what is seen; the whole fleet is in scope.
    fn plan(&self, seen: &BTreeMap<DeviceName, Observation>) -> Planned {
        let applied = self.applied.as_ref().map(|reading| &reading.inventory);
        let judging = applied.unwrap_or(&self.now.inventory);
        let fleet = Fleet::of(
            &self.now.inventory,
            InventoryVersion::default(),
            applied.map(Applied::of),
            Policy::of(judging, &self.now.inventory),
        );
        let sightings: LookResults = seen
            .iter()
            .map(|(name, look)| (name.clone(), Ok(FingerprintedObservation::of(look.clone()))))
            .collect();
        let mut planned = plan_all(&fleet, &sightings);
        if self.applied.is_some() {
            // A folder has no commit, and still it is known what was applied.
            planned.applied = Some("applied".to_owned());
        }
        // A folder has no history either: there is a line, and nobody who wrote it.
        find_origins(&mut planned, &fleet, None).unwrap();
        planned
    }

    fn text(&self) -> String {
        let planned = self.plan(&self.seen);
        assert_eq!(planned.lint_errors, [], "{}", self.name);
        let report = PlanReport {
            planned: &planned,
            is_detailed: true,
            is_expanded: true,
        };
        let text = report.text(Paint::Plain, 100);
        format!("{text}\n[exit {}]\n", report.exit().code())
    }

    /// Carries the plans out on twins of what was seen, and plans again: nothing is left to do then.
    fn carry_out(&self) {
        let planned = self.plan(&self.seen);
        let mut seen = self.seen.clone();
        for plan in &planned.devices {
            let look = seen.get_mut(&plan.device).unwrap();
            let from = plan.observed.as_ref().map(|from| &from.fingerprint);
            assert_eq!(from, Some(&Fingerprint::of(look)), "{}", self.name);
            if plan.is_refused() {
                continue;
            }
            let (hardware, mut running) = twin(look);
            let mut states = vec![running.clone()];
            for step in &plan.steps {
                self.run(&step.lines, &hardware, &mut running);
                states.push(running.clone());
            }
            let after = running.clone();
            for (at, step) in plan.steps.iter().enumerate().rev() {
                self.run(&step.inverse, &hardware, &mut running);
                if step.cannot_undo.is_some() {
                    // Somebody does it by hand.
                    running = states[at].clone();
                }
            }
            assert_eq!(running, states[0], "{}: the way back", self.name);
            look.config = expected(&after);
        }
        if planned.devices.iter().any(DevicePlan::is_refused) {
            return;
        }
        let again = self.plan(&seen);
        for plan in &again.devices {
            assert_eq!(plan.steps, [], "{}: planning again", self.name);
        }
    }

    fn run(
        &self,
        lines: &[gamctl::model::ConfigLine],
        hardware: &Hardware,
        running: &mut Configuration,
    ) {
        let lines: Vec<&str> = lines.iter().map(|line| line.text()).collect();
        let text = lines.join("\n");
        let rejected = merge(&text, running, hardware);
        assert_eq!(rejected, [], "{}: {text}", self.name);
    }
}

/// Returns a twin that is configured as a device was seen to be.
fn twin(look: &Observation) -> (Hardware, Configuration) {
    let hardware = Hardware::of(look.identity.model.unwrap_or(GamModel::Gam12M), 1);
    let mut config = look.config.clone();
    // The box brings its own profile.
    config
        .profiles
        .retain(|name, _| name.as_str() != "Default BW Profile");
    let running = configuration_of(&config, &hardware);
    (hardware, running)
}

#[test]
fn every_example_is_planned_as_it_says() {
    let mut failed = Vec::new();
    for name in examples() {
        let planned = std::panic::catch_unwind(|| {
            assert_golden(
                &format!("plans/{name}/plan.txt"),
                &Example::read(&name).text(),
            );
        });
        if planned.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "see above: {failed:#?}");
}

#[test]
fn a_fault_in_the_plan_of_one_device_refuses_that_one_and_no_other() {
    let mut example = Example::read("refused-too-many-devices");
    let before = example.plan(&example.seen);
    assert_eq!(before.lint_errors, []);
    // No device takes one VLAN on both Ethernet ports, so undoing leads where no line can.
    let seen = example.seen.get_mut("birch").unwrap();
    let one = seen.config.subscribers.values_mut().next().unwrap();
    one.vlan = VlanId::new(201).unwrap();
    one.port2_vlan = Some(one.vlan);
    let planned = example.plan(&example.seen);
    assert!(!planned.lint_errors.is_empty());
    assert!(
        planned
            .lint_errors
            .iter()
            .all(|found| found.device.as_str() == "birch")
    );
    for (plan, was) in planned.devices.iter().zip(&before.devices) {
        if plan.device.as_str() == "birch" {
            let refusal = &plan.refusals[0];
            assert_eq!(refusal.rule, "lint");
            let first = planned.lint_errors[0].lint_error.to_string();
            assert!(refusal.message.contains(&first), "{}", refusal.message);
            assert!(!plan.steps.is_empty(), "it still shows what it would be");
        } else {
            assert_eq!(plan, was);
            assert!(!plan.is_refused() && !plan.steps.is_empty());
        }
    }
    assert_eq!(gamctl::report::plan_exit(&planned).code(), 1);
}

#[test]
fn every_example_can_be_carried_out_and_taken_back() {
    let mut failed = Vec::new();
    for name in examples() {
        let carried = std::panic::catch_unwind(|| Example::read(&name).carry_out());
        if carried.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "see above: {failed:#?}");
}

#[test]
fn the_index_names_every_example_with_its_title_and_its_verdict() {
    let mut text = String::from(
        "# Planning by example\n\n\
         Each folder shows one rule of gamctl's planning. `inventory/` is the intention, `applied/` the inventory at the last apply (it defines\n\
         ownership, and its policy sets the limits), `observed.toml` the device as observed, and `plan.txt` the output of\n\
         `gamctl plan --detailed --expand`. Without `applied/`, no `--applied` was given.\n\n\
         Tests plan each of them, apply the lines to a twin, undo them, and plan again.\n\
         `UPDATE_GOLDEN=1 cargo test --test all plans` writes `plan.txt` and this page.\n\n\
         [billing/](billing/README.md) has the examples of the billing sync.\n\n\
         | folder | rule | exit |\n\
         | --- | --- | --- |\n",
    );
    for name in examples() {
        let readme = fs::read_to_string(folder().join(&name).join("README.md")).unwrap();
        let title = readme
            .lines()
            .next()
            .unwrap()
            .strip_prefix("# ")
            .unwrap()
            .to_owned();
        let lines = readme.lines().filter(|line| !line.is_empty()).count();
        assert!(
            (2..=6).contains(&lines),
            "{name}: a README has 2 to 5 lines below its title"
        );
        let example = Example::read(&name);
        let exit = gamctl::report::plan_exit(&example.plan(&example.seen)).code();
        text.push_str(&format!("| [{name}]({name}/) | {title} | {exit} |\n"));
    }
    assert!(examples().len() >= 20);
    assert_golden("plans/README.md", &text);
}
