//! Renders the history: a list of runs, one run in full, and the audit log.
//!
//! `step` a step with its reasons and its lines · `device` one device of a run · `audit` the audit log.

mod audit;
mod device;
mod step;

use std::collections::BTreeMap;

use serde::Serialize;

pub use audit::{AuditLine, audit_lines};
pub use device::{DeviceStory, Happening, What, device_story};
pub(super) use step::{SentStep, exchanges, sent_step};

use super::document::time;
use super::{Align, Exit, Paint, Table, counted, moment, short_id, visible};
use crate::apply::RunResult;

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunLine {
    pub id: uuid::Uuid,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub began: u64,
    /// Left out: it runs, or its process died.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "time::maybe_seconds"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub ended: Option<u64>,
    /// The exit code that belongs to `result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    pub verb: String,
    pub who: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    pub is_uncommitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Of gamctl.
    pub version: String,
    /// Left out: it has ended, or was recorded before gamctl stored it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessLine>,
    /// The reason that all of it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The devices that it skipped or that have changes waiting, with the reasons, where it was not refused as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_carried_out: Option<String>,
    /// The number of objects that became owned by an adoption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopted: Option<u64>,
    /// The number of devices by outcome; those without one are `unfinished`.
    pub devices: BTreeMap<String, u64>,
}

/// The process of a run without an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProcessLine {
    pub host: String,
    /// The process id on that host.
    pub number: u32,
    pub state: ProcessState,
    /// The process was known to live until this time.
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub alive_until: u64,
}

/// Whether the process of a run lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProcessState {
    Running,
    Died,
}

impl RunLine {
    /// Returns the number of devices without an outcome.
    fn unfinished(&self) -> u64 {
        self.devices.get(UNFINISHED).copied().unwrap_or_default()
    }
}

impl ProcessState {
    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Died => "died",
        }
    }
}

/// The outcomes of a device, the worst first, with their words.
const ENDS: [(&str, &str); 9] = [
    ("stuck", "stuck"),
    ("interrupted", "interrupted"),
    ("unsaved", "not saved"),
    ("rolled-back", "rolled back"),
    ("refused", "refused"),
    ("moved", "moved"),
    ("unreachable", "not reached"),
    ("applied", "applied"),
    ("unchanged", "unchanged"),
];

/// The word of the store for devices without an outcome.
const UNFINISHED: &str = "unfinished";

/// Renders runs as a table, in the given order.
pub fn run_lines(runs: &[RunLine], paint: Paint) -> String {
    let mut table = Table::new([
        ("RUN", Align::Left),
        ("WHEN", Align::Left),
        ("WHO", Align::Left),
        ("WHAT", Align::Left),
        ("COMMIT", Align::Left),
        ("EXIT", Align::Left),
        ("DEVICES", Align::Left),
    ]);
    for run in runs {
        table.push([
            short_id(run.id),
            moment(run.began),
            run.who.clone(),
            run.verb.clone(),
            commit(run),
            exit(run),
            came_of(run),
        ]);
    }
    table.render(paint)
}

/// Renders the facts of a run, above its devices.
pub fn run_head(run: &RunLine, paint: Paint) -> String {
    let title = format!("{} by {}", visible(&run.verb), visible(&run.who));
    let mut text = format!("{}\n  run {}\n", paint.bold(&title), run.id);
    let end = match (run.ended, run.exit) {
        (Some(ended), Some(code)) => {
            let took = ended.saturating_sub(run.began);
            let meaning = Exit::ALL.into_iter().find(|exit| exit.code() == code);
            let meaning = meaning.map_or("", Exit::meaning);
            format!("took {took} s, exit {code}: {meaning}")
        }
        _ => unended(run),
    };
    text.push_str(&format!("  began {}, {end}\n", moment(run.began)));
    if let Some(because) = &run.refused {
        text.push_str(&format!("  refused: {}\n", visible(because)));
    }
    if let Some(because) = &run.not_carried_out {
        text.push_str(&format!("  not carried out: {}\n", visible(because)));
    }
    if let Some(objects) = run.adopted {
        text.push_str(&format!("  {objects} objects adopted\n"));
    }
    let of = match &run.commit {
        Some(commit) => format!("commit {}", visible(commit)),
        None => "an inventory that was not committed".to_owned(),
    };
    let plan = run.plan.as_deref().map_or_else(String::new, |plan| {
        format!(", plan {}", visible(plan.get(..12).unwrap_or(plan)))
    });
    text.push_str(&format!("  {of}{plan}, gamctl {}\n", visible(&run.version)));
    if run.is_uncommitted && run.commit.is_some() {
        text.push_str("  with changes that were not committed\n");
    }
    text
}

/// Returns what is known of a run that has no end.
fn unended(run: &RunLine) -> String {
    let Some(process) = &run.process else {
        return "its end is unknown: it still runs, or its process died".to_owned();
    };
    let name = format!("process {} on {}", process.number, visible(&process.host));
    match process.state {
        ProcessState::Running => format!("running: {name}"),
        ProcessState::Died => {
            let left = match (run.unfinished(), run.devices.is_empty()) {
                (0, true) => "it had not started on a device",
                (0, false) => "a later run looked at what it left",
                _ => "the next `gamctl apply` looks at what it left",
            };
            format!("died: {name} ended without a word; {left}")
        }
    }
}

/// Describes a device of a run that has no outcome.
pub(super) fn without_outcome(process: Option<ProcessState>) -> &'static str {
    match process {
        Some(ProcessState::Running) => "the run is writing to it",
        Some(ProcessState::Died) | None => {
            "its outcome is unknown; the next `gamctl apply` looks at the device"
        }
    }
}

fn commit(run: &RunLine) -> String {
    match (&run.commit, run.is_uncommitted) {
        (None, _) => "-".to_owned(),
        (Some(commit), is_uncommitted) => {
            let short = commit.get(..12).unwrap_or(commit);
            format!("{short}{}", if is_uncommitted { "+" } else { "" })
        }
    }
}

fn exit(run: &RunLine) -> String {
    match run.exit {
        Some(exit) => exit.to_string(),
        None => {
            let process = run.process.as_ref();
            process
                .map_or("open", |process| process.state.word())
                .to_owned()
        }
    }
}

/// The characters of a reason in the table; `--run` shows all of it.
const MOST_OF_REASON: usize = 60;

/// Renders what came of a run: devices by outcome, or why it was refused, or what became owned.
fn came_of(run: &RunLine) -> String {
    if let Some(because) = &run.refused {
        return format!("refused: {}", beginning(because));
    }
    if let Some(because) = run
        .not_carried_out
        .as_ref()
        .filter(|_| run.devices.is_empty())
    {
        return format!("not carried out: {}", beginning(because));
    }
    match run
        .adopted
        .and_then(|objects| usize::try_from(objects).ok())
    {
        Some(objects) => format!("{} adopted", counted(objects, "object")),
        None => ends(run),
    }
}

/// Returns the beginning of a reason, with a sign where it is cut.
fn beginning(because: &str) -> String {
    let short: String = because.chars().take(MOST_OF_REASON).collect();
    match short.len() < because.len() {
        true => format!("{short}…"),
        false => short,
    }
}

/// Renders the number of devices by outcome: `1 stuck, 3 applied`.
fn ends(run: &RunLine) -> String {
    let devices = &run.devices;
    let is_running = run
        .process
        .as_ref()
        .is_some_and(|process| process.state == ProcessState::Running);
    let open = match is_running {
        true => "in progress",
        false => "half-written",
    };
    let open = Some(run.unfinished())
        .filter(|number| *number > 0)
        .map(|number| format!("{number} {open}"));
    let known = ENDS.iter().filter_map(|(word, said)| {
        let number = devices.get(*word).filter(|number| **number > 0)?;
        Some(format!("{number} {said}"))
    });
    let other = devices
        .iter()
        .filter(|(word, _)| *word != UNFINISHED && !ENDS.iter().any(|(known, _)| known == word))
        .map(|(word, number)| format!("{number} {word}"));
    let parts: Vec<String> = open.into_iter().chain(known).chain(other).collect();
    if parts.is_empty() {
        return "none".to_owned();
    }
    parts.join(", ")
}

/// Renders the number of runs, and whether there may be more.
pub fn runs_verdict(runs: &[RunLine], most: u32) -> String {
    let is_full = u32::try_from(runs.len()).is_ok_and(|count| count >= most);
    match runs.len() {
        0 => "No run matches.".to_owned(),
        count if is_full => format!("The last {}; `--limit` shows more.", counted(count, "run")),
        count => format!("{}.", counted(count, "run")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunLine {
        RunLine {
            id: uuid::Uuid::from_u128(0x0199_f3a2_1111_7222_8333_0123_4567_89ab),
            began: 1_795_278_720,
            ended: Some(1_795_278_732),
            exit: Some(5),
            result: Some(RunResult::DeviceFailed),
            verb: "apply".to_owned(),
            who: "ada@noc\u{1b}".to_owned(),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            is_uncommitted: false,
            plan: None,
            version: "0.1.0".to_owned(),
            process: None,
            refused: None,
            not_carried_out: None,
            adopted: None,
            devices: BTreeMap::from([
                ("applied".to_owned(), 3),
                ("stuck".to_owned(), 1),
                ("new-word".to_owned(), 1),
            ]),
        }
    }

    #[test]
    fn runs_are_listed_worst_first_and_a_run_without_an_end_is_open() {
        let open = RunLine {
            ended: None,
            exit: None,
            result: None,
            commit: None,
            devices: BTreeMap::new(),
            ..run()
        };
        assert_eq!(
            run_lines(&[run(), open], Paint::Plain),
            "RUN           WHEN                  WHO            WHAT   COMMIT        EXIT  DEVICES\n\
             0123456789ab  2026-11-21 16:32 UTC  ada@noc\\u{1b}  apply  0123456789ab  5     1 stuck, 3 applied, 1 new-word\n\
             0123456789ab  2026-11-21 16:32 UTC  ada@noc\\u{1b}  apply  -             open  none\n"
        );
        assert_eq!(runs_verdict(&[run()], 50), "1 run.");
        assert_eq!(
            runs_verdict(&[run()], 1),
            "The last 1 run; `--limit` shows more."
        );
    }

    #[test]
    fn a_run_says_how_long_it_took_and_what_its_exit_means() {
        let text = run_head(&run(), Paint::Plain);
        assert!(
            text.contains("took 12 s, exit 5: at least one device failed"),
            "{text}"
        );
        let died = run_head(
            &RunLine {
                exit: None,
                result: None,
                ended: None,
                ..run()
            },
            Paint::Plain,
        );
        assert!(
            died.contains("it still runs, or its process died"),
            "{died}"
        );
    }

    #[test]
    fn a_run_without_an_end_names_what_is_left_of_it_and_not_what_was_recovered() {
        let of = |state: ProcessState, devices: &[(&str, u64)]| RunLine {
            exit: None,
            result: None,
            ended: None,
            process: Some(ProcessLine {
                host: "noc1".to_owned(),
                number: 4711,
                state,
                alive_until: 1_795_278_840,
            }),
            devices: devices
                .iter()
                .map(|(word, number)| ((*word).to_owned(), *number))
                .collect(),
            ..run()
        };
        type Row = (
            ProcessState,
            &'static [(&'static str, u64)],
            &'static str,
            &'static str,
        );
        let table: &[Row] = &[
            (
                ProcessState::Running,
                &[("unfinished", 2)],
                "2 in progress",
                "running: process",
            ),
            (
                ProcessState::Died,
                &[("unfinished", 1), ("applied", 3)],
                "1 half-written, 3 applied",
                "the next `gamctl apply` looks at what it left",
            ),
            (
                ProcessState::Died,
                &[("interrupted", 1)],
                "1 interrupted",
                "a later run looked at what it left",
            ),
            (
                ProcessState::Died,
                &[],
                "none",
                "it had not started on a device",
            ),
        ];
        for (state, devices, listed, headed) in table {
            let run = of(*state, devices);
            let head = run_head(&run, Paint::Plain);
            assert!(head.contains(headed), "{head}");
            let line = run_lines(&[run], Paint::Plain);
            assert!(line.contains(listed), "{line}");
        }
    }

    #[test]
    fn a_run_that_started_no_device_names_the_changes_that_it_did_not_carry_out() {
        let run = RunLine {
            not_carried_out: Some("oak-a: 11 changes wait; no answer in 5 s".to_owned()),
            devices: BTreeMap::new(),
            ..run()
        };
        let said = "not carried out: oak-a: 11 changes wait; no answer in 5 s";
        for text in [
            run_lines(std::slice::from_ref(&run), Paint::Plain),
            run_head(&run, Paint::Plain),
        ] {
            assert!(text.contains(said), "{text}");
        }
    }

    #[test]
    fn a_run_in_progress_is_distinguished_from_one_whose_process_died() {
        let of = |state: ProcessState| RunLine {
            exit: None,
            result: None,
            ended: None,
            process: Some(ProcessLine {
                host: "noc1".to_owned(),
                number: 4711,
                state,
                alive_until: 1_795_278_840,
            }),
            ..run()
        };
        let (running, died) = (of(ProcessState::Running), of(ProcessState::Died));
        let text = run_head(&running, Paint::Plain);
        assert!(text.contains("running: process 4711 on noc1"), "{text}");
        let text = run_head(&died, Paint::Plain);
        assert!(text.contains("died: process 4711 on noc1 ended"), "{text}");
        let table = run_lines(&[running, died], Paint::Plain);
        assert!(
            table.contains("  running  ") && table.contains("  died  "),
            "{table}"
        );
    }
}
