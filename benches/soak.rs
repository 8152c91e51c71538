//! A long attack on three twins: noise and damaged requests in every version, rude clients of SSH, faults that come and go; honest clients must not notice.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a soak prints, and ends at the first thing that goes wrong"
)]

#[path = "soak/chance.rs"]
mod chance;
#[path = "soak/datagrams.rs"]
mod datagrams;
#[path = "soak/honest.rs"]
mod honest;
#[path = "resident.rs"]
mod resident;
#[path = "soak/sessions.rs"]
mod sessions;
#[path = "soak/troubles.rs"]
mod troubles;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gamctl::model::GamModel;
use gamctl::simulator::gam::{Build, FirmwareProfile, Hardware};
use gamctl::simulator::server::{State, Twin, TwinSettings};
use gamctl::simulator::snmp::{Access, Authentication, Privacy, User};
use resident::resident;

/// How much more memory may be resident at the end than after a quarter of the time, in megabytes.
const MOST_GROWTH: f64 = 64.0;

/// How many twins come and go at the end, how often.
const CROWD: u64 = 100;
const CROWDS: usize = 5;

static PANICS: AtomicU64 = AtomicU64::new(0);

/// What everybody counts, and when they stop.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) is_over: AtomicBool,
    pub(crate) datagrams: AtomicU64,
    pub(crate) answers: AtomicU64,
    pub(crate) longest_answer: AtomicU64,
    pub(crate) keys: AtomicU64,
    pub(crate) shells: AtomicU64,
    pub(crate) knocks: AtomicU64,
    pub(crate) troubles: AtomicU64,
}

impl Tally {
    pub(crate) fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }
}

/// Adds to a count.
pub(crate) fn count(what: &AtomicU64, more: usize) {
    what.fetch_add(u64::try_from(more).unwrap(), Ordering::Relaxed);
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this has.
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return ExitCode::SUCCESS;
    }
    let minutes: f64 = number(&arguments, "--minutes", 1.0);
    let seed: u64 = number(&arguments, "--seed", 1);
    println!(
        "setup: 3 twins of a GAM-12-C, {minutes} minutes, seed {seed}, {} cores, {} build; memory may grow by {MOST_GROWTH:.0} MB",
        std::thread::available_parallelism().map_or(1, usize::from),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    );
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        count(&PANICS, 1);
        usual(panic);
    }));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let time = Duration::from_secs_f64(60.0 * minutes);
    let mut wrong = runtime.block_on(attack(time, seed));
    wrong.extend(runtime.block_on(crowds(seed)));
    let panics = PANICS.load(Ordering::Relaxed);
    println!("panics: {panics}");
    if panics > 0 {
        wrong.push(format!("{panics} panics"));
    }
    for wrong in &wrong {
        println!("FAILED: {wrong}");
    }
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn number<N: std::str::FromStr>(arguments: &[String], name: &str, otherwise: N) -> N {
    let at = arguments.iter().position(|argument| argument == name);
    let given = at.and_then(|at| arguments.get(at + 1));
    given.map_or(otherwise, |given| {
        given
            .parse()
            .unwrap_or_else(|_| panic!("{name} wants a number, not `{given}`"))
    })
}

fn settings(seed: u64) -> TwinSettings {
    let mut settings = TwinSettings::new(Build {
        hardware: Hardware::of(GamModel::Gam12C, seed),
        firmware: FirmwareProfile::V1_8,
        seed,
        configuration: None,
    });
    let user = User::private(
        datagrams::USER,
        Access::Write,
        (Authentication::Sha1, "soaked to the skin"),
        (Privacy::Aes, "and still dry inside"),
    );
    settings.snmp.users = vec![user.unwrap()];
    settings
}

/// Attacks the first two twins, and returns what went wrong.
async fn attack(time: Duration, seed: u64) -> Vec<String> {
    let mut twins = Vec::new();
    for number in 0..3 {
        let twin = Twin::start(settings(seed + number)).await.unwrap();
        twins.push(Arc::new(twin));
    }
    let [flooded, troubled, calm] = &twins[..] else {
        panic!("three twins");
    };
    let files = open_files();
    let tally = Arc::new(Tally::default());
    let mut tasks = attackers(flooded, troubled, &tally, seed);
    let honest: Vec<_> = [("the flooded twin", flooded), ("the calm twin", calm)]
        .map(|(name, twin)| {
            (
                name,
                tokio::spawn(honest::ask(Arc::clone(twin), Arc::clone(&tally))),
            )
        })
        .into();

    let start = Instant::now();
    let mut memory = Vec::new();
    for (title, part) in [
        ("start", 0.0),
        ("first quarter", 0.25),
        ("middle", 0.5),
        ("end", 1.0),
    ] {
        let until = start + time.mul_f64(part);
        tokio::time::sleep_until(until.into()).await;
        memory.push(resident("VmRSS"));
        println!("resident at the {title}: {:.0} MB", resident("VmRSS"));
    }
    tally.is_over.store(true, Ordering::Relaxed);
    report(&tally, start.elapsed());
    let mut wrong = Vec::new();
    for (name, asking) in honest {
        match asking.await.unwrap() {
            Ok(asked) => println!("honest client of {name}: {asked}"),
            Err(problem) => wrong.push(format!("honest client of {name}: {problem}")),
        }
    }
    while tasks.join_next().await.is_some() {}
    troubled.clear_faults();
    if tally.longest_answer.load(Ordering::Relaxed) > 1472 {
        wrong.push("an answer was longer than an agent may send".to_owned());
    }
    if memory[3] - memory[1] > MOST_GROWTH {
        wrong.push(format!("memory grew by {:.0} MB", memory[3] - memory[1]));
    }
    wrong.extend(afterwards(&twins, files).await);
    for twin in twins {
        Arc::into_inner(twin).unwrap().stop().await;
    }
    wrong
}

fn attackers(
    flooded: &Arc<Twin>,
    troubled: &Arc<Twin>,
    tally: &Arc<Tally>,
    seed: u64,
) -> tokio::task::JoinSet<()> {
    let mut tasks = tokio::task::JoinSet::new();
    for (number, twin) in (1..).zip([flooded, troubled]) {
        for part in 0..2 {
            let seed = seed ^ (number << 16) ^ (part << 8);
            tasks.spawn(datagrams::flood(Arc::clone(twin), Arc::clone(tally), seed));
            tasks.spawn(sessions::type_on(Arc::clone(twin), Arc::clone(tally), seed));
            tasks.spawn(sessions::knock_on(
                Arc::clone(twin),
                Arc::clone(tally),
                seed,
            ));
        }
        tasks.spawn(sessions::be_rude(Arc::clone(twin), Arc::clone(tally), seed));
    }
    tasks.spawn(troubles::make(
        Arc::clone(troubled),
        Arc::clone(tally),
        seed,
    ));
    tasks
}

/// Waits until everybody has left, and returns what is not as it was.
async fn afterwards(twins: &[Arc<Twin>], files: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, twin) in (1..).zip(twins) {
        let is_quiet = |state: &State| state.is_up && state.is_idle() && state.sessions() == 0;
        if twin
            .wait_until(is_quiet, Duration::from_secs(60))
            .await
            .is_err()
        {
            let left = twin.state(State::sessions);
            wrong.push(format!(
                "twin {number} still has connections, and {left} sessions"
            ));
        }
        if let Err(problem) = honest::once(twin.snmp_address()).await {
            wrong.push(format!("twin {number} in the end: {problem}"));
        }
    }
    println!(
        "resident when everybody has left: {:.0} MB; open files: {files} before, {} after",
        resident("VmRSS"),
        open_files()
    );
    if open_files() > files {
        wrong.push("open files were left behind".to_owned());
    }
    wrong
}

fn report(tally: &Tally, elapsed: Duration) {
    let total = |what: &AtomicU64| what.load(Ordering::Relaxed);
    let rate = |what| total(what) as f64 / elapsed.as_secs_f64();
    println!(
        "{:.0} datagrams/s, {:.0} answers/s, the longest {} bytes",
        rate(&tally.datagrams),
        rate(&tally.answers),
        total(&tally.longest_answer)
    );
    println!(
        "{:.0} keys/s in {} shells, {} rude connections, {} faults and changes",
        rate(&tally.keys),
        total(&tally.shells),
        total(&tally.knocks),
        total(&tally.troubles)
    );
}

/// Starts and stops many twins, again and again.
async fn crowds(seed: u64) -> Vec<String> {
    let mut files = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..CROWDS {
        let mut twins = Vec::new();
        for number in 0..CROWD {
            twins.push(Twin::start(settings(seed + number)).await.unwrap());
        }
        for twin in twins {
            twin.reboot();
            twin.stop().await;
        }
        while tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
            > 0
        {
            tokio::task::yield_now().await;
        }
        files.push(open_files());
        memory.push(resident("VmRSS"));
    }
    println!(
        "{CROWDS} times {CROWD} twins started and stopped: open files {files:?}, resident {:.0} to {:.0} MB",
        memory[0],
        memory[CROWDS - 1]
    );
    if files.iter().any(|count| *count > files[0]) {
        return vec!["twins that stopped left files open".to_owned()];
    }
    Vec::new()
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
