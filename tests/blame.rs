//! The commit that a reason names, asked of real repositories: the one that changed what is intended.

use std::fmt::Write as _;

use gamctl::inventory::blame::History;
use gamctl::inventory::resolve_device;
use gamctl::model::DeviceName;
use gamctl::plan::{Field, InventoryVersion, Object, Planned, Verb, field_values};
use gamctl::reconcile::{Applied, Fleet, Policy, as_if_applied, find_origins, plan_all};
use gamctl::report::{Paint, PlanReport};
use proptest::prelude::*;

use crate::world::World;

/// Plans from one commit to HEAD, with the origins of at most `most` commits.
fn planned(world: &World, applied: &str, most: usize) -> Planned {
    planned_in(world, world.root(), applied, most)
}

fn planned_in(world: &World, folder: &std::path::Path, applied: &str, most: usize) -> Planned {
    let (now, before) = (world.reading_of("HEAD"), world.reading_of(applied));
    assert!(!now.has_errors(), "{:#?}", now.findings);
    let applied = Applied::of(&before.inventory);
    let fleet = Fleet::of(
        &now.inventory,
        InventoryVersion::default(),
        Some(Applied::of(&before.inventory)),
        Policy::of(&before.inventory, &now.inventory),
    );
    let names: Vec<DeviceName> = now.inventory.devices().map(|one| one.id.clone()).collect();
    let looks = as_if_applied(&fleet, &applied, &names);
    let mut planned = plan_all(&fleet, &looks);
    let history = History::open(folder, most).unwrap();
    find_origins(&mut planned, &fleet, Some(&history)).unwrap();
    planned
}

/// The reasons of a plan: `verb object fields: subject, file:line`.
fn origins_of(planned: &Planned) -> Vec<String> {
    let mut origins = Vec::new();
    for plan in &planned.devices {
        for step in &plan.steps {
            for because in &step.because {
                let fields: Vec<&str> = because.fields.iter().map(|one| one.as_str()).collect();
                let origin = because.origin.as_ref().map_or_else(
                    || "unknown".to_owned(),
                    |origin| {
                        let subject = origin.commit.as_ref().map_or("nobody", |by| &by.subject);
                        format!("{subject}, {}:{}", origin.file, origin.line)
                    },
                );
                let (verb, object) = (step.change.verb(), step.change.object());
                let words = [format!("{verb:?} {object}"), fields.join("+")];
                let words: Vec<&str> = words
                    .iter()
                    .map(String::as_str)
                    .filter(|word| !word.is_empty())
                    .collect();
                origins.push(format!("{}: {origin}", words.join(" ")));
            }
        }
    }
    origins
}

fn replace(world: &World, file: &str, from: &str, to: &str) {
    let text = world.read(file);
    assert!(text.contains(from), "{from} in {text}");
    world.write(file, text.replacen(from, to, 1));
}

fn raise_headroom(world: &World) {
    let (before, after) = ("headroom_percent = 10", "headroom_percent = 20");
    replace(world, NETWORK_FILE, before, after);
}

/// Merges a change on a branch with more headroom on `main`; returns the commit before both.
fn merged(world: &World, on_the_side: impl FnOnce()) -> String {
    let applied = world.head();
    world.git(&["checkout", "-q", "-b", "side"]);
    on_the_side();
    world.commit_all("on the side");
    world.git(&["checkout", "-q", "main"]);
    raise_headroom(world);
    world.commit_all("on main");
    world.git(&["merge", "-q", "--no-ff", "-m", "merged", "side"]);
    applied
}

const PLANS: &str =
    "[service_plan.home-100]\ndown = 100\nup = 100\n\n[service_plan.unpaid]\ndown = 10\nup = 10\n";
const NETWORK: &str = "schema = 1\n\n[profiles]\nheadroom_percent = 10\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"unpaid\"\n";
const NETWORK_FILE: &str = "network.toml";
const FILE: &str = "subscribers/maple.toml";

fn world() -> World {
    let world = World::good();
    world.write("service-plans.toml", PLANS);
    world.write(NETWORK_FILE, NETWORK);
    world.commit_all("first");
    world
}

#[test]
fn a_change_of_the_headroom_is_not_blamed_on_the_service_plan() {
    let world = world();
    let applied = world.head();
    raise_headroom(&world);
    world.commit_all("more headroom");
    replace(&world, "devices/maple.toml", "10.20.0.11", "10.20.0.12");
    world.commit_all("another address");
    let expected = ["Update profile home-100 down+up: more headroom, network.toml:4"];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
    replace(
        &world,
        NETWORK_FILE,
        "[profiles]\nheadroom_percent = 20\n",
        "[profiles]\n",
    );
    world.commit_all("the usual headroom");
    let expected = ["Update profile home-100 down+up: the usual headroom, network.toml:3"];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
    // Writing down what is so already changes nothing.
    replace(
        &world,
        NETWORK_FILE,
        "[profiles]\n",
        "[profiles]\nheadroom_percent = 6\n",
    );
    world.commit_all("say it");
    let expected = ["Update profile home-100 down+up: the usual headroom, network.toml:4"];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
}

#[test]
fn a_change_of_the_suspension_is_not_blamed_on_who_has_not_paid() {
    let world = world();
    replace(
        &world,
        FILE,
        "vlan = 101",
        "vlan = 101\nstate = \"suspended\"",
    );
    world.commit_all("acct-1 has not paid");
    let applied = world.head();
    replace(&world, NETWORK_FILE, "captive", "throttle");
    world.commit_all("throttle the unpaid");
    let expected = ["Update subscriber acct-1 vlan: throttle the unpaid, network.toml:7"];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
}

#[test]
fn a_suspension_ended_by_a_removed_line_is_explained_by_that_commit() {
    let world = world();
    replace(
        &world,
        FILE,
        "vlan = 101",
        "vlan = 101\nstate = \"suspended\"",
    );
    world.commit_all("acct-1 has not paid");
    let applied = world.head();
    replace(&world, FILE, "state = \"suspended\"\n", "");
    world.commit_all("acct-1 has paid");
    let origins = origins_of(&planned(&world, &applied, 100));
    let expected = [
        "Create profile home-100: acct-1 has paid, subscribers/maple.toml:1",
        "Update subscriber acct-1 rate+vlan: acct-1 has paid, subscribers/maple.toml:1",
        "Remove profile unpaid: acct-1 has paid, subscribers/maple.toml:1",
    ];
    assert_eq!(origins, expected);
}

#[test]
fn fields_that_two_commits_changed_have_two_reasons() {
    let world = world();
    let applied = world.head();
    replace(&world, FILE, "vlan = 101", "vlan = 102");
    world.commit_all("another VLAN");
    replace(&world, FILE, "port = 1", "port = 2");
    world.commit_all("another port");
    replace(
        &world,
        FILE,
        "vlan = 102",
        "vlan = 102\ndescription = \"x\"\ntagged = true",
    );
    world.commit_all("tagged");
    let expected = [
        "Update endpoint 00:0e:d8:00:00:01 port: another port, subscribers/maple.toml:3",
        "Update subscriber acct-1 description+tagged: tagged, subscribers/maple.toml:7",
        "Update subscriber acct-1 vlan: another VLAN, subscribers/maple.toml:6",
    ];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
}

#[test]
fn a_moved_or_reformatted_line_keeps_its_commit() {
    let world = world();
    let applied = world.head();
    replace(&world, FILE, "vlan = 101", "vlan = 102");
    world.commit_all("another VLAN");
    let text = world
        .read(FILE)
        .replace("vlan = 102", "vlan=102 # as agreed");
    world.write("subscribers/north/maple.toml", format!("# North\n\n{text}"));
    world.git(&["rm", "-q", FILE]);
    world.commit_all("sort the files");
    let expected = ["Update subscriber acct-1 vlan: another VLAN, subscribers/north/maple.toml:8"];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
}

#[test]
fn a_renamed_subscriber_keeps_what_it_had() {
    let world = world();
    let applied = world.head();
    replace(&world, FILE, "vlan = 101", "vlan = 102");
    world.commit_all("another VLAN");
    replace(&world, FILE, "acct-1]", "acct-9]\nmoved_from = \"acct-1\"");
    world.commit_all("another id");
    let expected = [
        "Update endpoint 00:0e:d8:00:00:01 name: another id, subscribers/maple.toml:1",
        "Update subscriber acct-1 name: another id, subscribers/maple.toml:1",
        "Update subscriber acct-1 vlan: another VLAN, subscribers/maple.toml:7",
    ];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
}

#[test]
fn a_merge_hands_a_value_to_the_side_that_changed_it() {
    let world = world();
    let applied = merged(&world, || {
        replace(&world, FILE, "vlan = 101", "vlan = 102");
    });
    let expected = [
        "Update profile home-100 down+up: on main, network.toml:4",
        "Update subscriber acct-1 vlan: on the side, subscribers/maple.toml:6",
    ];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
}

#[test]
fn a_value_that_comes_from_both_sides_of_a_merge_is_the_merges() {
    let world = world();
    let applied = merged(&world, || {
        replace(&world, "service-plans.toml", "down = 100", "down = 200");
    });
    let expected = [
        "Update profile home-100 down: merged, service-plans.toml:2",
        "Update profile home-100 up: on main, network.toml:4",
    ];
    assert_eq!(origins_of(&planned(&world, &applied, 100)), expected);
}

#[test]
fn a_removed_subscriber_is_explained_by_the_commit_that_removed_it() {
    let world = world();
    let text = world.read(FILE);
    let other = text
        .replace("acct-1", "acct-10")
        .replace("01\"", "10\"")
        .replace("101", "110");
    world.write(FILE, format!("{text}\n{other}"));
    let applied = world.commit_all("a second one");
    world.write(FILE, &other);
    world.commit_all("acct-1 leaves");
    world.write(FILE, other.replace("port = 1", "port = 2"));
    world.commit_all("another port");
    let expected = [
        "Update endpoint 00:0e:d8:00:00:10 port: another port, subscribers/maple.toml:3",
        "Remove subscriber acct-1: acct-1 leaves, subscribers/maple.toml:1",
        "Remove endpoint 00:0e:d8:00:00:01: acct-1 leaves, subscribers/maple.toml:1",
    ];
    let mut origins = origins_of(&planned(&world, &applied, 100));
    origins.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(origins, expected);
}

#[test]
fn a_profile_that_loses_its_last_subscriber_is_explained_by_that_commit() {
    let world = world();
    let applied = world.head();
    replace(&world, FILE, "home-100", "unpaid");
    world.commit_all("cheaper");
    replace(&world, FILE, "vlan = 101", "vlan = 101 # x");
    world.commit_all("a remark");
    let origins = origins_of(&planned(&world, &applied, 100));
    let expected = [
        "Create profile unpaid: cheaper, subscribers/maple.toml:5",
        "Update subscriber acct-1 rate: cheaper, subscribers/maple.toml:5",
        "Remove profile home-100: cheaper, subscribers/maple.toml:5",
    ];
    assert_eq!(origins, expected);
}

#[test]
fn an_object_that_the_inventory_still_has_is_not_reported_as_gone() {
    let world = world();
    let text = world.read("devices/maple.toml");
    world.write(
        "devices/maple.toml",
        format!(
            "{text}\n{}",
            text.replace("maple-a", "maple-b").replace("0.11", "0.12")
        ),
    );
    let text = world.read(FILE);
    let second = text
        .replace("acct-1", "acct-2")
        .replace("01\"", "02\"")
        .replace("101", "102");
    let third = text
        .replace("acct-1", "acct-3")
        .replace("01\"", "03\"")
        .replace("101", "103");
    let fourth = text
        .replace("acct-1", "acct-4")
        .replace("01\"", "04\"")
        .replace("101", "104");
    world.write(FILE, format!("{text}\n{second}\n{third}\n{fourth}"));
    let applied = world.commit_all("four");
    let third = third.replace(":03\"", ":33\"");
    let second = second.replace("vlan", "state = \"pending\"\nvlan");
    let text = text.replace("maple-a", "maple-b");
    world.write(FILE, format!("{text}\n{second}\n{third}"));
    world.commit_all("changes");
    let planned = planned(&world, &applied, 100);
    let report = PlanReport {
        planned: &planned,
        is_detailed: false,
        is_expanded: false,
    };
    let text = report.text(Paint::Plain, 200);
    let lost: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != "Removed or disconnected")
        .skip(2)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split(';').next().unwrap().trim())
        .filter(|line| !line.starts_with("disconnects"))
        .collect();
    let expected = [
        "- subscriber acct-1 (1)",
        "it is on maple-b in the inventory now",
        "- subscriber acct-2 (2)",
        "it is `pending`, so not on a device",
        "- subscriber acct-4 (4)",
        "no longer in the inventory",
        "- endpoint 00:0e:d8:00:00:01 (1)",
        "its subscriber is on maple-b in the inventory now",
        "- endpoint 00:0e:d8:00:00:02 (2)",
        "its subscriber is `pending`",
        "- endpoint 00:0e:d8:00:00:04 (4)",
        "no longer in the inventory",
    ];
    let mut pairs: Vec<_> = lost.chunks(2).collect();
    let mut expected: Vec<_> = expected.chunks(2).collect();
    pairs.sort();
    expected.sort();
    assert_eq!(pairs, expected, "{text}");
}

#[test]
fn a_history_that_is_too_long_leaves_the_origin_open_and_says_so() {
    let world = world();
    let applied = world.head();
    replace(&world, FILE, "vlan = 101", "vlan = 102");
    world.commit_all("another VLAN");
    for number in 0..5 {
        world.write("README.md", format!("{number}\n"));
        world.commit_all("more");
    }
    let cut = planned(&world, &applied, 3);
    assert!(cut.origins_cut);
    assert_eq!(
        origins_of(&cut),
        ["Update subscriber acct-1 vlan: nobody, subscribers/maple.toml:6"]
    );
    let whole = planned(&world, &applied, 100);
    assert!(!whole.origins_cut);
    assert_eq!(
        origins_of(&whole),
        ["Update subscriber acct-1 vlan: another VLAN, subscribers/maple.toml:6"]
    );
}

#[test]
fn a_line_without_a_fetched_commit_has_no_author() {
    let world = world();
    let applied = world.head();
    replace(&world, FILE, "vlan = 101", "vlan = 102");
    world.commit_all("another VLAN");
    replace(&world, FILE, "port = 1", "port = 2");
    world.commit_all("another port");
    world.write("README.md", "x\n");
    world.commit_all("more");
    let clone = world.beside("shallow");
    let from = format!("file://{}", world.root().display());
    world.git(&[
        "clone",
        "-q",
        "--depth",
        "3",
        &from,
        clone.to_str().unwrap(),
    ]);
    let planned = planned_in(&world, &clone, &applied, 100);
    assert!(planned.origins_cut);
    let expected = [
        "Update endpoint 00:0e:d8:00:00:01 port: another port, subscribers/maple.toml:3",
        "Update subscriber acct-1 vlan: nobody, subscribers/maple.toml:6",
    ];
    assert_eq!(origins_of(&planned), expected);
}

/// A small inventory as numbers, which each commit changes somewhere.
#[derive(Debug, Clone)]
struct Small {
    headroom: Option<u32>,
    how: &'static str,
    unpaid: usize,
    plans: [(u32, Option<u32>); 3],
    subscribers: Vec<Option<Line>>,
    location: Option<u32>,
    remark: u32,
}

#[derive(Debug, Clone)]
struct Line {
    device: usize,
    plan: usize,
    state: Option<&'static str>,
    port: u32,
    vlan: u32,
    file: usize,
}

const DEVICES: [&str; 2] = ["maple-a", "maple-b"];

impl Small {
    fn start() -> Self {
        let line = |number: usize| {
            Some(Line {
                device: number % 2,
                plan: number % 2,
                state: None,
                port: 1,
                vlan: 101,
                file: 0,
            })
        };
        Self {
            headroom: None,
            how: "captive",
            unpaid: 2,
            plans: [(100, None), (200, None), (10, None)],
            subscribers: (0..4).map(line).collect(),
            location: None,
            remark: 0,
        }
    }

    fn change(&mut self, what: u32, value: u32) {
        let number = usize::try_from(value).unwrap();
        let which = number % self.subscribers.len();
        let value = value / 4;
        let pick = usize::try_from(value).unwrap();
        match what % 11 {
            0 => self.headroom = [None, Some(0), Some(10), Some(12)][pick % 4],
            1 => self.how = ["captive", "throttle", "detach"][pick % 3],
            2 => self.unpaid = pick % 3,
            3 => self.plans[which % 3].0 = [10, 11, 100, 101][pick % 4],
            4 => self.plans[which % 3].1 = [None, Some(0), Some(10)][pick % 3],
            5 => self.location = [None, Some(value % 3)][pick % 2],
            6 => self.remark = value,
            7 => match self.subscribers[which] {
                Some(_) => self.subscribers[which] = None,
                None => self.subscribers[which] = Self::start().subscribers[which].clone(),
            },
            other => {
                let Some(line) = &mut self.subscribers[which] else {
                    return;
                };
                match (other, pick % 3) {
                    (8, 0) => line.device = pick / 3 % 2,
                    (8, 1) => line.file = pick / 3 % 3,
                    (8, _) => line.port = 1 + value % 4,
                    (9, 0) => line.plan = pick / 3 % 3,
                    (9, _) => line.vlan = 101 + value % 4,
                    (_, _) => {
                        line.state = [None, Some("suspended"), Some("active"), Some("pending")]
                            [pick / 3 % 4];
                    }
                }
            }
        }
    }

    fn write(&self, world: &World) {
        let mut network = "schema = 1\n".to_owned();
        if let Some(headroom) = self.headroom {
            writeln!(network, "[profiles]\nheadroom_percent = {headroom}").unwrap();
        }
        let (how, unpaid) = (self.how, self.unpaid);
        writeln!(
            network,
            "[suspension]\nhow = \"{how}\"\nservice_plan = \"plan-{unpaid}\""
        )
        .unwrap();
        world.write(NETWORK_FILE, network);
        let mut plans = String::new();
        for (number, (rate, headroom)) in self.plans.iter().enumerate() {
            writeln!(
                plans,
                "[service_plan.plan-{number}]\ndown = {rate}\nup = 50"
            )
            .unwrap();
            if let Some(headroom) = headroom {
                writeln!(plans, "headroom_percent = {headroom}").unwrap();
            }
        }
        world.write("service-plans.toml", plans);
        let location = self
            .location
            .map_or_else(String::new, |at| format!("location = \"Roof {at}\"\n"));
        let devices = DEVICES.iter().enumerate().map(|(number, name)| {
            format!(
                "[device.{name}]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.1{number}\"\n{location}"
            )
        });
        world.write("devices/maple.toml", devices.collect::<String>());
        for file in 0..3 {
            let mut text = format!("# {}\n", self.remark);
            for (number, line) in self.subscribers.iter().enumerate() {
                let Some(line) = line.as_ref().filter(|line| line.file == file) else {
                    continue;
                };
                let Line {
                    device,
                    plan,
                    state,
                    port,
                    vlan,
                    ..
                } = line;
                writeln!(
                    text,
                    "[subscriber.acct-{number}]\ndevice = \"{}\"\nport = {}\nendpoint = \"00:0e:d8:00:00:0{number}\"\n\
                     service_plan = \"plan-{plan}\"\nvlan = {vlan}{number}",
                    DEVICES[*device],
                    usize::try_from(*port).unwrap() + 4 * number,
                )
                .unwrap();
                if let Some(state) = state {
                    writeln!(text, "state = \"{state}\"").unwrap();
                }
            }
            world.write(&format!("subscribers/{file}.toml"), text);
        }
    }
}

/// The value of a field of an object on a device at a commit, or whether the object is there: the whole inventory is read.
fn value(
    reading: &gamctl::inventory::Reading,
    device: &DeviceName,
    object: &Object,
    field: Option<Field>,
) -> Option<String> {
    let config = resolve_device(&reading.inventory, device.as_str())?.config;
    let values = field_values(&config, object)?;
    match field {
        None => Some(String::new()),
        Some(field) => values
            .into_iter()
            .find(|(known, _)| *known == field)
            .map(|(_, value)| value),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        max_shrink_iters: 100,
        max_global_rejects: 200,
        ..ProptestConfig::default()
    })]
    #[test]
    fn the_commit_that_is_named_is_the_last_one_that_changed_the_intended_value(
        changes in prop::collection::vec((any::<u32>(), any::<u32>(), any::<bool>()), 4..16),
        applied in any::<prop::sample::Index>(),
    ) {
        let world = World::good();
        let mut small = Small::start();
        small.write(&world);
        world.git(&["rm", "-q", "--cached", FILE]);
        std::fs::remove_file(world.root().join(FILE)).unwrap();
        let mut commits = vec![world.commit_all("start")];
        for (what, value, is_alone) in changes {
            small.change(what, value);
            if is_alone {
                small.write(&world);
                commits.push(world.commit_all(&format!("commit {}", commits.len())));
            }
        }
        small.write(&world);
        commits.push(world.commit_all("last"));
        let readings: Vec<_> = commits.iter().map(|commit| world.reading_of(commit)).collect();
        prop_assume!(!readings.iter().any(gamctl::inventory::Reading::has_errors));
        let planned = planned(&world, &commits[applied.index(commits.len())], 1000);
        prop_assert!(!planned.origins_cut);
        for plan in &planned.devices {
            for step in &plan.steps {
                for because in &step.because {
                    let fields: Vec<Option<Field>> = match because.fields.as_slice() {
                        [] => vec![None],
                        fields => fields.iter().copied().map(Some).collect(),
                    };
                    let object = match step.change.verb() {
                        Verb::Remove => step.change.object(),
                        Verb::Create | Verb::Update => step.change.object_after(),
                    };
                    for field in fields {
                        let values: Vec<_> = readings
                            .iter()
                            .map(|reading| value(reading, &plan.device, &object, field))
                            .collect();
                        let last = (1..values.len()).rev().find(|at| values[*at] != values[at - 1]);
                        let named = because.origin.as_ref().and_then(|origin| origin.commit.as_ref());
                        let named = named.map(|by| by.id.as_str());
                        prop_assert_eq!(
                            named,
                            last.map(|at| commits[at].as_str()),
                            "{} {:?} {:?} of {:?}",
                            plan.device, step.change.object(), field, commits
                        );
                    }
                }
            }
        }
    }
}
