//! Plans by the thousand or million, judged on twins; and how fast plans are worked out for a whole network.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench prints, and ends at the first thing that goes wrong; it shares files with tests that use more of them"
)]

#[path = "../tests/properties/dice.rs"]
mod dice;
#[path = "../tests/properties/planner/mod.rs"]
mod planner;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gamctl::inventory::IntendedDevice;
use gamctl::model::{
    DeviceConfig, DeviceName, DeviceState, EndpointConfig, GamModel, MacAddress, Mbps, Observation,
    PortAssignment, PortNumber, ProfileConfig, RateLimit, Slot, SubscriberConfig, SubscriberIds,
    VlanId, VlanSet,
};
use gamctl::plan::{
    DevicePlan, InventoryFacts, Ledger, Limit, Limits, Planned, PlannedStep, Request, guard, plan,
};
use gamctl::reconcile::{DevicePlanInputs, rehearse};
use gamctl::render::render;
use gamctl::report::{Paint, PlanReport};

const DEVICES: usize = 10_000;
const HOUSEHOLDS: u16 = 25;
const RUNS: usize = 7;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut cases, mut seed, mut shown) = (1_000_u64, 1_u64, 5_u64);
    let (mut is_timed, mut is_printed) = (true, false);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().unwrap().parse().unwrap();
        match argument.as_str() {
            // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
            "--list" | "--test" => return,
            "--cases" => cases = number(),
            "--seed" => seed = number(),
            "--shown" => shown = number(),
            // For a long run in pieces: the figures of speed are the same each time.
            "--only-cases" => is_timed = false,
            // What a case is made of, for the search of its fault.
            "--print" => is_printed = true,
            _ => {}
        }
    }
    judge(cases, seed, shown, is_printed);
    if is_timed {
        speed();
        rehearsal();
    }
}

/// Judges every beginning of the plans of so many cases, on all cores.
fn judge(cases: u64, seed: u64, shown: u64, is_printed: bool) {
    let start = Instant::now();
    let cores = u64::try_from(cores()).unwrap();
    let share = |core: u64| {
        let mut wrong = Vec::new();
        let (mut steps, mut temporary, mut notes) = (0, 0, 0);
        for number in (seed..seed + cases).filter(|number| number % cores == core) {
            let mut dice = dice::Dice::seeded(number, 2_500);
            let case = planner::case::case(&mut dice);
            if is_printed {
                println!("{case:#?}");
            }
            match planner::judge::judge(&case, planner::judge::Prefixes::All) {
                Ok(judged) => {
                    steps += judged.steps;
                    temporary += judged.temporary;
                    notes += judged.notes;
                }
                Err(why) => wrong.push((number, why)),
            }
        }
        (steps, temporary, notes, wrong)
    };
    let share = &share;
    let shares: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|core| scope.spawn(move || share(core)))
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (mut steps, mut temporary, mut notes, mut wrong) = (0, 0, 0, Vec::new());
    for share in shares {
        steps += share.0;
        temporary += share.1;
        notes += share.2;
        wrong.extend(share.3);
    }
    wrong.sort();
    for (index, (number, why)) in wrong.iter().enumerate() {
        if u64::try_from(index).unwrap() < shown {
            println!("seed {number}: {why}");
        } else if index < 200 {
            println!("seed {number}: {}", why.lines().next().unwrap_or_default());
        }
    }
    println!(
        "{cases} cases from seed {seed}, {steps} steps, {temporary} of them temporary, {notes} notes, {} wrong; {:.0} s",
        wrong.len(),
        start.elapsed().as_secs_f64()
    );
    assert!(wrong.is_empty());
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// One device in memory: what is intended, and what was observed.
struct Device {
    name: DeviceName,
    intended: DeviceConfig,
    observation: Observation,
}

fn vlan(id: u16) -> VlanId {
    VlanId::new(id).unwrap()
}

fn config() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    for (slot, name) in (2..).zip(["home-100", "home-200", "home-500", "suspended"]) {
        let speed = Mbps::new(106 * u32::from(slot)).unwrap();
        let profile = ProfileConfig {
            slot: Some(Slot(slot)),
            description: None,
            down: speed,
            up: speed,
        };
        config.profiles.insert(name.parse().unwrap(), profile);
    }
    for number in 1..=HOUSEHOLDS {
        let [high, low] = number.to_be_bytes();
        let mac = MacAddress::new([0, 0x0e, 0xd8, 0, high, low]).unwrap();
        let port = PortNumber::new(u8::try_from(number % 24 + 1).unwrap()).unwrap();
        let name = format!("acct-{number:06}");
        config.endpoints.insert(
            mac,
            EndpointConfig {
                slot: Some(Slot(number)),
                name: name.parse().unwrap(),
                port: PortAssignment::Port(port),
            },
        );
        config.subscribers.insert(
            name.parse().unwrap(),
            SubscriberConfig {
                slot: Some(Slot(number)),
                description: None,
                endpoint: Some(mac),
                rate: RateLimit::Profile("home-100".parse().unwrap()),
                vlan: vlan(100 + number),
                tagged: false,
                remapped_vlan: None,
                allowed_vlans: VlanSet::default(),
                port2_vlan: None,
                poe: None,
            },
        );
    }
    config
}

fn network(change: impl Fn(usize, &mut DeviceConfig)) -> Vec<Device> {
    (0..DEVICES)
        .map(|number| {
            let name = DeviceName::new(&format!("device-{number:05}")).unwrap();
            let mut observation = Observation::of(name.clone());
            observation.identity.model = Some(GamModel::Gam24C);
            observation.config = config();
            let mut intended = config();
            change(number, &mut intended);
            Device {
                name,
                intended,
                observation,
            }
        })
        .collect()
}

fn plan_of(
    device: &Device,
    ledger: &Ledger,
    renamed: &BTreeMap<gamctl::model::SubscriberName, gamctl::model::SubscriberName>,
) -> DevicePlan<PlannedStep> {
    let request = Request {
        device: &device.name,
        state: DeviceState::Managed,
        model: GamModel::Gam24C,
        serial: None,
        mac: None,
        management_vlan: VlanId::DEFAULT_MANAGEMENT,
        authoritative: false,
        removes_unmanaged: false,
        intended: &device.intended,
        renamed,
        ledger: Some(ledger),
        allows_management: false,
    };
    plan(&request, &device.observation)
}

/// Measures planning from memory, spread over the cores, and rendering.
fn speed() {
    println!(
        "setup: {DEVICES} devices, {} subscribers, {} cores, {} build, median of {RUNS} runs (fastest in brackets)",
        DEVICES * usize::from(HOUSEHOLDS),
        cores(),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    let ledger = Ledger::of(config());
    let renamed = BTreeMap::new();
    type Change = fn(usize, &mut DeviceConfig);
    let cases: [(&str, Change); 3] = [
        ("nothing differs", |_, _| {}),
        ("one device in ten has one change", |number, config| {
            if number.is_multiple_of(10)
                && let Some(one) = config.subscribers.values_mut().next()
            {
                one.vlan = vlan(200);
            }
        }),
        ("every subscriber of every device changes", |_, config| {
            for one in config.subscribers.values_mut() {
                one.rate = RateLimit::Profile("home-200".parse().unwrap());
                one.vlan = vlan(one.vlan.get() + 100);
            }
        }),
    ];
    for (what, change) in cases {
        let devices = network(change);
        let mut times: Vec<Duration> = Vec::new();
        let mut steps = 0;
        for _ in 0..RUNS {
            let start = Instant::now();
            let plans = all_plans(&devices, &ledger, &renamed);
            times.push(start.elapsed());
            steps = plans.iter().map(|plan| plan.steps.len()).sum();
        }
        print_times(&format!("plan, {what} ({steps} steps)"), times);
        let plans = all_plans(&devices, &ledger, &renamed);
        let start = Instant::now();
        let plans: Vec<_> = plans
            .into_iter()
            .map(|plan| render(plan).unwrap())
            .collect();
        print_times("  lines of it, one core", vec![start.elapsed()]);
        report(plans);
    }
}

/// Measures how long a plan takes to be judged by the limits and written for people, and how long it gets.
fn report(plans: Vec<DevicePlan>) {
    let mut planned = Planned {
        devices: plans,
        ..Planned::default()
    };
    let start = Instant::now();
    planned.refusals = guard(&mut planned.devices, &limits(), &InventoryFacts::default());
    print_times("  held to the limits, one core", vec![start.elapsed()]);
    for is_expanded in [false, true] {
        let mut times = Vec::new();
        let mut lines = 0;
        for _ in 0..RUNS {
            let report = PlanReport {
                planned: &planned,
                is_detailed: false,
                is_expanded,
            };
            let start = Instant::now();
            let text = report.text(Paint::Plain, 100);
            times.push(start.elapsed());
            lines = text.lines().count();
        }
        let (what, goal) = match is_expanded {
            false => ("text", " (goal ≤ 2 s, ≤ 200 lines)"),
            true => ("text, expanded", ""),
        };
        print_times(&format!("  {what} of {lines} lines{goal}, one core"), times);
    }
}

/// Those of an inventory that says nothing.
fn limits() -> Limits {
    let limit = |count, percent| Limit {
        count: Some(count),
        percent,
    };
    Limits {
        removals_per_device: limit(5, Some(20)),
        removals: limit(20, Some(2)),
        interruptions: limit(100, Some(10)),
        slower: limit(100, Some(10)),
        suspensions: limit(20, Some(10)),
        reassignments: limit(20, Some(10)),
        devices: limit(25, None),
    }
}

fn all_plans(
    devices: &[Device],
    ledger: &Ledger,
    renamed: &BTreeMap<gamctl::model::SubscriberName, gamctl::model::SubscriberName>,
) -> Vec<DevicePlan<PlannedStep>> {
    let share = devices.len().div_ceil(cores());
    std::thread::scope(|scope| {
        let threads: Vec<_> = devices
            .chunks(share)
            .map(|chunk| {
                scope.spawn(move || {
                    let plans = chunk.iter().map(|device| plan_of(device, ledger, renamed));
                    plans.collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect()
    })
}

/// Measures what `--rehearse` adds to a plan of a thousand changes: every plan on two simulated devices, spread over the cores.
fn rehearsal() {
    const REHEARSED: usize = 50;
    const CHANGED: usize = 20;
    let mut devices = network(|_, config| {
        for one in config.subscribers.values_mut().take(CHANGED) {
            one.rate = RateLimit::Profile("home-200".parse().unwrap());
        }
    });
    devices.truncate(REHEARSED);
    let inputs: Vec<_> = devices.iter().map(inputs).collect();
    let plans: Vec<DevicePlan> = devices
        .iter()
        .zip(&inputs)
        .map(|(device, inputs)| inputs.plan(&device.observation).0)
        .collect();
    let steps: usize = plans.iter().map(|plan| plan.steps.len()).sum();
    assert_eq!(steps, REHEARSED * CHANGED);
    let tried: Vec<_> = devices.iter().zip(&inputs).zip(&plans).collect();
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for share in tried.chunks(tried.len().div_ceil(cores())) {
                scope.spawn(move || {
                    for ((device, inputs), plan) in share {
                        rehearse(inputs, plan, &device.observation).unwrap();
                    }
                });
            }
        });
        times.push(start.elapsed());
    }
    print_times(
        &format!("rehearsal of {steps} changes on {REHEARSED} devices (goal ≤ 1 s)"),
        times,
    );
}

fn inputs(device: &Device) -> DevicePlanInputs<'static> {
    DevicePlanInputs {
        intended: Cow::Owned(IntendedDevice {
            name: device.name.clone(),
            state: DeviceState::Managed,
            config: device.intended.clone(),
        }),
        model: GamModel::Gam24C,
        serial: None,
        mac: None,
        management_vlan: VlanId::DEFAULT_MANAGEMENT,
        authoritative: false,
        removes_unmanaged: false,
        renamed: BTreeMap::new(),
        subscriber_ids: SubscriberIds::default(),
        ledger: Some(Ledger::of(config())),
        protected: BTreeSet::new(),
        allows_management: false,
    }
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!(
        "{what}: {:.1} ms ({:.1})",
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[0].as_secs_f64() * 1e3
    );
}
