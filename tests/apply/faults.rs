//! Every way in which a twin fails, at every stage where that makes a difference, in a table that a person can read.
//!
//! Of each: how it ended, what runs, what is saved, what was written down.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gamctl::apply::{Ended, Entry, Pace, Progress, Purpose, Work};
use gamctl::simulator::commands::text_of;
use gamctl::simulator::fault::{At, Fault, FaultOrder, Stage as Stall};
use gamctl::simulator::gam::{Configuration, FirmwareProfile};
use gamctl::transport::snmp::Tuning;
use gamctl::transport::ssh::Patience;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::stage::{How, LONG, NEW_MAC, Stage, Told};
use crate::golden::assert_golden;

/// How many twins fail at a time.
const AT_ONCE: usize = 16;

/// What is to be done while something goes wrong: a profile comes and one goes, somebody moves, somebody comes.
fn work() -> String {
    format!(
        "ghn bw-profile 4 name home-200 rate-downstream 212 rate-upstream 212\n\
         ghn subscriber 2 bw-profile 4\n\
         no ghn bw-profile 3\n\
         ghn subscriber 1 vid 111\n\
         ghn endpoint 5 name new mac-address {NEW_MAC} port 1\n\
         ghn subscriber 5 name apt-105 vid 105 endpoint 5 bw-profile 2"
    )
}

const COPY: &str = "copy running-config";
const VERSION: &str = "show version";
const CONFIGURE: &str = "configure terminal";
const FIRST: &str = "ghn bw-profile 4 name";
const MIDDLE: &str = "ghn endpoint 5 name";
const LAST: &str = "no ghn bw-profile 3";
const END: &str = "end";

/// From when on a fault is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    Start,
    Verifying,
    Saving,
    Undoing,
}

#[derive(Debug, Clone)]
struct Row {
    what: String,
    faults: Vec<FaultOrder>,
    from: Begins,
}

fn row(what: impl Into<String>, faults: impl IntoIterator<Item = FaultOrder>, from: Begins) -> Row {
    Row {
        what: what.into(),
        faults: faults.into_iter().collect(),
        from,
    }
}

fn at(line: &str, fault: Fault) -> FaultOrder {
    // `endpoint` stands in two lines before.
    let nth = if line == END { 3 } else { 1 };
    FaultOrder::new(fault).matching(line).nth(nth)
}

fn other(line: &str) -> Fault {
    Fault::OtherEdit {
        line: line.to_owned(),
    }
}

/// The columns of subscribers in the agent.
fn subscribers(column: u32) -> gamctl::simulator::snmp::Oid {
    format!("1.3.6.1.4.1.20095.2001.143.1.2.40.1.{column}")
        .parse()
        .unwrap()
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let stages = [
        ("instead of `show version`", VERSION),
        ("entering configuration mode", CONFIGURE),
        ("the first line", FIRST),
        ("a line in the middle", MIDDLE),
        ("the last line", LAST),
        ("leaving configuration mode", END),
        ("saving", COPY),
    ];
    let drops = [
        ("is lost before", At::Before),
        ("is lost in the middle of the reply to", At::MidReply),
        ("is lost after", At::After),
    ];
    for (stage, line) in stages {
        for (when, lost) in drops {
            let fault = Fault::SshDrop { at: lost };
            rows.push(row(
                format!("the connection {when}: {stage}"),
                [at(line, fault)],
                Begins::Start,
            ));
        }
    }
    for (stage, line) in &stages[1..] {
        for (when, lost) in drops {
            let when = when.replace("is lost", "restarts");
            let fault = Fault::Reboot { at: lost };
            rows.push(row(
                format!("the device {when}: {stage}"),
                [at(line, fault)],
                Begins::Start,
            ));
        }
    }
    let answers = [
        (
            "a question instead of an answer",
            Fault::SshQuestion {
                text: "Are you sure you want to continue (y/n)? ".to_owned(),
            },
        ),
        (
            "an error",
            Fault::SshError {
                text: "% Internal error 0x00000007".to_owned(),
            },
        ),
        (
            "an answer that is none",
            Fault::SshError {
                text: "Done.".to_owned(),
            },
        ),
        ("no effect, and no word of it", Fault::SshIgnore {}),
        (
            "a message breaks in",
            Fault::SshLogLine {
                text: "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up"
                    .to_owned(),
            },
        ),
        (
            "another prompt",
            Fault::SshPrompt {
                prompt: "other#".to_owned(),
            },
        ),
        ("later than we wait", Fault::SshSlowLine { millis: 5_000 }),
        (
            "somebody else changes a subscriber of ours before",
            other("ghn subscriber 3 vid 133"),
        ),
        (
            "somebody else changes what is written here before",
            other("ghn subscriber 1 vid 199"),
        ),
        (
            "somebody else changes a guest before",
            other("ghn subscriber 4 vid 151"),
        ),
        (
            "as delivered, before",
            Fault::FactoryReset { at: At::Before },
        ),
        (
            "another firmware comes up, before",
            Fault::ChangeFirmware {
                firmware: FirmwareProfile::V1_5_4OnCx,
            },
        ),
        ("another box, before", Fault::ReplaceHardware { seed: 99 }),
    ];
    for (stage, line) in [stages[1], stages[3], stages[4], stages[5], stages[6]] {
        for (what, fault) in &answers {
            rows.push(row(
                format!("{what}: {stage}"),
                [at(line, fault.clone())],
                Begins::Start,
            ));
        }
    }
    // Refused by the device for a reason.
    let taken = "ghn subscriber 9 name apt-105";
    rows.push(row(
        "a name that somebody else has just taken",
        [at(MIDDLE, other(taken))],
        Begins::Start,
    ));
    rows.push(row(
        "a name that somebody else has just taken, and no word of the error",
        [
            at(MIDDLE, other(taken)),
            FaultOrder::new(Fault::SshHideError {}),
        ],
        Begins::Start,
    ));
    rows.push(row(
        "no line has an effect, and no word of it",
        [FaultOrder::new(Fault::SshIgnore {}).matching("ghn")],
        Begins::Start,
    ));
    rows.extend(whole_sessions());
    rows.extend(agents());
    rows.extend(saves());
    rows.extend(ways_back());
    rows
}

/// Faults of connections, and of all that is said on them.
fn whole_sessions() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut start = |what: &str, fault: Fault| {
        rows.push(row(what, [FaultOrder::new(fault)], Begins::Start));
    };
    start("nobody listens", Fault::SshRefuse {});
    start("connections are reset", Fault::SshReset {});
    for (word, stage) in [
        ("tcp", Stall::Tcp),
        ("identification", Stall::Identification),
        ("kex", Stall::Kex),
        ("auth", Stall::Auth),
        ("shell", Stall::Shell),
        ("prompt", Stall::Prompt),
    ] {
        start(
            &format!("a connection stalls: {word}"),
            Fault::SshStall { stage },
        );
    }
    start("the password is refused", Fault::SshAuthFail {});
    start("another host key", Fault::SshHostKey {});
    start("all sessions are taken", Fault::SshBusy {});
    start("output comes byte by byte", Fault::SshTrickle {});
    start("output comes in one piece", Fault::SshOnePiece {});
    start(
        "another prompt all along",
        Fault::SshPrompt {
            prompt: "gam-in-the-cellar#".to_owned(),
        },
    );
    start("every line is slow", Fault::SshSlowLine { millis: 30 });
    start(
        "messages break in everywhere",
        Fault::SshLogLine {
            text: "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up".to_owned(),
        },
    );
    rows
}

/// Faults of the agent, before anything is written and after.
fn agents() -> Vec<Row> {
    let mut rows = Vec::new();
    let silence = || FaultOrder::new(Fault::SnmpSilence {});
    rows.push(row("the agent is silent", [silence()], Begins::Start));
    rows.push(row(
        "the agent is silent from the last line on",
        [silence()],
        Begins::Verifying,
    ));
    rows.push(row(
        "the agent is silent while it saves",
        [silence()],
        Begins::Saving,
    ));
    let some = || FaultOrder::new(Fault::SnmpSilence {}).times(6);
    rows.push(row(
        "the agent is silent for a while after the last line",
        [some()],
        Begins::Verifying,
    ));
    for (what, fault) in [
        ("answers get lost", Fault::SnmpLoss { percent: 3 }),
        ("answers come late", Fault::SnmpDelay { millis: 10 }),
        ("answers come twice", Fault::SnmpDuplicate { copies: 2 }),
        ("answers come one too late", Fault::SnmpLate {}),
        (
            "answers come in another order",
            Fault::SnmpReorder { among: 2 },
        ),
        (
            "answers come from another port",
            Fault::SnmpWrongSourcePort {},
        ),
        ("answers are too big", Fault::SnmpTooBig { above: 8 }),
        ("answers have few rows", Fault::SnmpFewRows { rows: 2 }),
    ] {
        rows.push(row(what, [FaultOrder::new(fault)], Begins::Start));
    }
    for (what, fault) in [
        (
            "a column ends early",
            Fault::SnmpTruncate {
                after: "1.3.6.1.4.1.20095.2001.143.1.2.40.1.10.2".parse().unwrap(),
            },
        ),
        (
            "a walk goes round",
            Fault::SnmpNonIncreasing {
                at: subscribers(10),
            },
        ),
        (
            "a column has another type",
            Fault::SnmpWrongType {
                at: subscribers(90),
            },
        ),
        (
            "a column is an error",
            Fault::SnmpGenericError {
                at: subscribers(90),
            },
        ),
        (
            "a row appears",
            Fault::SnmpRowAppears {
                endpoint: 9,
                subscriber: Some(9),
            },
        ),
    ] {
        rows.push(row(
            format!("{what}, at first"),
            [FaultOrder::new(fault.clone())],
            Begins::Start,
        ));
        rows.push(row(
            format!("{what}, after the last line"),
            [FaultOrder::new(fault)],
            Begins::Verifying,
        ));
    }
    rows
}

fn saves() -> Vec<Row> {
    vec![
        row(
            "flash is full",
            [FaultOrder::new(Fault::SaveFails {})],
            Begins::Start,
        ),
        row(
            "flash is full once",
            [FaultOrder::new(Fault::SaveFails {}).nth(1)],
            Begins::Start,
        ),
        row(
            "the device goes down while it saves",
            [FaultOrder::new(Fault::SaveCrashes {})],
            Begins::Start,
        ),
        row(
            "no reply to any save",
            [FaultOrder::new(Fault::SshDrop { at: At::MidReply }).matching(COPY)],
            Begins::Start,
        ),
        row(
            "no save is begun",
            [FaultOrder::new(Fault::SshDrop { at: At::Before }).matching(COPY)],
            Begins::Start,
        ),
        row(
            "a save has no effect, and a reply as if it had",
            [FaultOrder::new(Fault::SshError {
                text: "Building configuration...\r\n% Saving 4711 bytes to flash:startup-config"
                    .to_owned(),
            })
            .matching(COPY)],
            Begins::Start,
        ),
    ]
}

/// A line in the middle fails, and then the way back does.
fn ways_back() -> Vec<Row> {
    let broken = || {
        at(
            MIDDLE,
            Fault::SshError {
                text: "% Internal error 0x00000007".to_owned(),
            },
        )
    };
    let back = |what: &str, fault: FaultOrder| {
        row(
            format!("a line fails, and on the way back {what}"),
            [broken(), fault],
            Begins::Start,
        )
    };
    vec![
        back(
            "the connection is lost once",
            at("no ghn bw-profile 4", Fault::SshDrop { at: At::Before }),
        ),
        back(
            "the reply is lost",
            at("no ghn bw-profile 4", Fault::SshDrop { at: At::MidReply }),
        ),
        back(
            "a line is refused once",
            at(
                "no ghn bw-profile 4",
                Fault::SshError {
                    text: "% Internal error 0x00000007".to_owned(),
                },
            ),
        ),
        back(
            "a line is always refused",
            FaultOrder::new(Fault::SshError {
                text: "% Internal error 0x00000007".to_owned(),
            })
            .matching("no ghn bw-profile 4"),
        ),
        back(
            "the device restarts",
            at("no ghn bw-profile 4", Fault::Reboot { at: At::Before }),
        ),
        back(
            "somebody uses what must go",
            at(
                "no ghn bw-profile 4",
                other("ghn subscriber 4 bw-profile 4"),
            ),
        ),
        row(
            "a line fails, and nobody can log in for the way back",
            [broken(), FaultOrder::new(Fault::SshAuthFail {})],
            Begins::Undoing,
        ),
        row(
            "a line fails, and the agent is silent from then on",
            [broken(), FaultOrder::new(Fault::SnmpSilence {})],
            Begins::Undoing,
        ),
    ]
}

/// Applies while things go wrong, and returns what came of it as lines of the table.
async fn happened(row: Row) -> String {
    let mut stage = Stage::new().await;
    stage.intend(&work());
    stage.patience = Patience {
        login: Duration::from_secs(6),
        silence: Duration::from_millis(2_000),
        reply: Duration::from_secs(4),
        saving: Duration::from_millis(2_500),
        pause: Duration::from_millis(100),
        ..Patience::default()
    };
    stage.tuning = Tuning {
        timeout: Duration::from_millis(250),
        ..stage.tuning
    };
    stage.pace = Pace {
        settle: Duration::from_millis(2_000),
        restart: Duration::from_secs(5),
        pause: Duration::from_millis(100),
    };
    let (seen, plan) = stage.planned().await;
    let intended = stage.after(&plan);
    let set = |faults: &[FaultOrder]| {
        for fault in faults {
            stage.twin.set_fault(fault.clone());
        }
    };
    let is_set = AtomicBool::new(row.from == Begins::Start);
    if row.from == Begins::Start {
        set(&row.faults);
    }
    if row.from == Begins::Undoing {
        set(&row.faults[..1]);
    }
    let progress = |progress: Progress| {
        let is_now = match row.from {
            Begins::Start => false,
            Begins::Verifying => progress == Progress::Verifying,
            Begins::Saving => progress == Progress::Saving,
            Begins::Undoing => progress == Progress::LookingAgain,
        };
        if is_now && !is_set.swap(true, Ordering::SeqCst) {
            set(&row.faults[usize::from(row.from == Begins::Undoing)..]);
        }
    };
    let how = How {
        progress: Some(&progress),
        ..How::default()
    };
    let told = stage.carry_out(plan, Some(&seen), how).await;
    stage.twin.clear_faults();
    let up = |state: &gamctl::simulator::server::State| state.is_up && state.is_idle();
    stage.twin.wait_until(up, LONG).await.unwrap();
    let ends = Ends {
        before: stage.at_first.clone(),
        intended,
        running: stage.running(),
        saved: stage.startup(),
    };
    let picture = |has: &Configuration| ends.name(&stage, has);
    let (runs, saved) = (picture(&ends.running), picture(&ends.saved));
    let lies = ends.agree(&row, &told);
    let again = again(&stage, &row, &told).await;
    let outcome = &told.ending.outcome;
    let mut text = format!("{}\n", row.what);
    for fault in &row.faults {
        let fault = serde_json::to_string(fault).unwrap().replace('"', "");
        let from = match row.from {
            Begins::Start => String::new(),
            other => format!(" from {other:?} on").to_lowercase(),
        };
        text += &format!("    fault    {fault}{from}\n");
    }
    text += &format!("    ended    {}\n", outcome.ended.word());
    for line in words(&outcome.ended) {
        text += &format!("             {}\n", plain(&line));
    }
    text += &format!("    runs     {runs}\n");
    text += &format!("    saved    {saved}\n");
    text += &format!("    written  {}\n", told.story());
    for remark in &outcome.remarks {
        text += &format!("    remark   {}\n", plain(remark));
    }
    for lie in lies {
        text += &format!("    {lie}\n");
    }
    text += &format!("    again    {again}\n\n");
    text
}

/// What a device can be.
struct Ends {
    before: Configuration,
    intended: Configuration,
    running: Configuration,
    saved: Configuration,
}

impl Ends {
    /// Returns a picture in words: as before, as intended, or which lines are otherwise than before.
    fn name(&self, stage: &Stage, has: &Configuration) -> String {
        if *has == self.before {
            return "as before".to_owned();
        }
        if *has == self.intended {
            return "as intended".to_owned();
        }
        let lines = |of: &Configuration| -> BTreeSet<String> {
            let text = stage.twin.gam(|gam| text_of(gam, of));
            text.lines().map(|line| line.trim().to_owned()).collect()
        };
        let (was, wanted, is) = (lines(&self.before), lines(&self.intended), lines(has));
        let from_end = wanted.symmetric_difference(&is).count();
        let (name, was) = match from_end < was.symmetric_difference(&is).count() {
            true => ("as intended", wanted),
            false => ("as before", was),
        };
        let count = was.symmetric_difference(&is).count();
        if count > 8 {
            return format!("something else: {count} lines are otherwise than before");
        }
        let mut text = format!("{name}, but for");
        for line in was.difference(&is) {
            text += &format!("\n             - {line}");
        }
        for line in is.difference(&was) {
            text += &format!("\n             + {line}");
        }
        text
    }

    /// What was told must be what is.
    fn agree(&self, row: &Row, told: &Told) -> Vec<String> {
        let edits = |order: &FaultOrder| {
            matches!(
                order.fault,
                Fault::OtherEdit { .. } | Fault::SnmpRowAppears { .. }
            )
        };
        let resets = |order: &FaultOrder| {
            matches!(
                order.fault,
                Fault::FactoryReset { .. } | Fault::ReplaceHardware { .. }
            )
        };
        let is_edited = row.faults.iter().any(edits);
        let has = |wanted: fn(&Entry) -> bool| told.entries.iter().any(wanted);
        let is_saved = has(|entry| matches!(entry, Entry::Saved { .. }));
        let is_verified = has(|entry| {
            let purpose = Purpose::Apply;
            matches!(entry, Entry::Verified { purpose: of, .. } if *of == purpose)
        });
        let is_intended = has(|entry| matches!(entry, Entry::Intent { .. }));
        let is_typed = has(|entry| matches!(entry, Entry::Typed { .. }));
        let is_before = self.running == self.before || is_edited;
        let is_reached = self.running == self.intended || is_edited;
        let must = match &told.ending.outcome.ended {
            Ended::Applied => vec![
                ("verified and saved", is_verified && is_saved),
                ("what runs is saved", self.saved == self.running),
                ("runs as intended", is_reached),
            ],
            Ended::RolledBack { .. } => vec![
                ("intended, and not saved", is_intended && !is_saved),
                ("runs as before", is_before),
            ],
            Ended::Unsaved { .. } => vec![
                ("typed, and not saved", is_intended && is_typed && !is_saved),
                ("runs as intended", is_reached),
            ],
            Ended::Unreachable { .. } | Ended::Refused { .. } | Ended::Moved { .. } => vec![
                ("nothing was intended", !is_intended && !is_typed),
                ("runs as before", is_before || row.faults.iter().any(resets)),
            ],
            Ended::Stuck { left, .. } => vec![
                ("intended, and not saved", is_intended && !is_saved),
                ("something is left", !left.is_empty()),
            ],
            Ended::Unchanged | Ended::Interrupted { .. } => vec![("nobody stopped it", false)],
        };
        let is_known = told.ending.outcome.ended == Ended::Applied
            || row.faults.iter().any(resets)
            || self.saved == self.before;
        let must = must.into_iter().chain([("startup is as told", is_known)]);
        must.filter(|(_, holds)| !holds)
            .map(|(what, _)| format!("NOT TRUE: {what}"))
            .collect()
    }
}

/// Applies once more with nothing going wrong, and returns what came of it: after whatever went wrong that must lead to the end, and
/// after a success there must be nothing to do.
async fn again(stage: &Stage, row: &Row, told: &Told) -> String {
    let (seen, plan) = stage.planned().await;
    let steps = plan.steps.len();
    let work = match &told.ending.outcome.ended {
        Ended::Applied if steps == 0 => return "nothing to do".to_owned(),
        Ended::Applied => {
            // Whoever edits between the last look and the save is found by the next plan.
            let is_edited = row
                .faults
                .iter()
                .any(|order| matches!(order.fault, Fault::OtherEdit { .. }));
            assert!(is_edited, "{}: {steps} steps after a success", row.what);
            Work::Steps
        }
        // As it shall be, and only in memory.
        Ended::Unsaved { .. } | Ended::Stuck { .. } if steps == 0 => Work::SaveOnly,
        _ => Work::Steps,
    };
    let how = How {
        work: Some(work),
        ..How::default()
    };
    let again = stage.twice(plan, Some(&seen), how).await;
    let word = again.ending.outcome.ended.word();
    if !matches!(again.ending.outcome.ended, Ended::Applied) {
        return format!(
            "{word}: {}",
            plain(&words(&again.ending.outcome.ended).join("; "))
        );
    }
    let (_, empty) = stage.planned().await;
    if stage.running() != stage.startup() || !empty.steps.is_empty() {
        return "NOT TRUE: the next apply leads to the end".to_owned();
    }
    match work {
        Work::Steps => format!("{word}, {steps} steps"),
        Work::SaveOnly => format!("{word}, nothing but saved"),
    }
}

fn words(ended: &Ended) -> Vec<String> {
    match ended {
        Ended::Applied | Ended::Unchanged => Vec::new(),
        Ended::Unsaved { because }
        | Ended::RolledBack { because }
        | Ended::Unreachable { because }
        | Ended::Interrupted { because } => vec![because.clone()],
        Ended::Stuck { because, left } => {
            let mut words = vec![because.clone()];
            words.extend(left.iter().take(6).map(|left| format!("left: {left}")));
            if left.len() > 6 {
                words.push(format!("left: {} more", left.len() - 6));
            }
            words
        }
        Ended::Refused { rule, because, .. } => vec![format!("{rule}: {because}")],
        Ended::Moved { differences } => differences
            .iter()
            .map(|one| {
                format!(
                    "{} {:?}: {:?} {:?} {:?}",
                    one.object, one.field, one.then, one.now, one.intended
                )
            })
            .collect(),
    }
}

/// Takes out of a text what is another one each time: addresses, keys, times.
fn plain(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let is_key = word.contains("SHA256:");
        let word = match word.find("127.0.0.1:") {
            Some(at) => {
                let rest = word[at + "127.0.0.1:".len()..]
                    .trim_start_matches(|one: char| one.is_ascii_digit());
                format!("{}ADDRESS{rest}", &word[..at])
            }
            None if is_key => "KEY".to_owned(),
            None => word.to_owned(),
        };
        let is_count = word.bytes().all(|byte| byte.is_ascii_digit()) && !word.is_empty();
        if words.last().is_some_and(|last| last == "for") && is_count {
            words.push("N".to_owned());
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}

/// The name of a fault; a new kind does not compile until it has a row.
fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::SnmpSilence {} => "snmp-silence",
        Fault::SnmpLoss { .. } => "snmp-loss",
        Fault::SnmpDelay { .. } => "snmp-delay",
        Fault::SnmpDuplicate { .. } => "snmp-duplicate",
        Fault::SnmpLate {} => "snmp-late",
        Fault::SnmpReorder { .. } => "snmp-reorder",
        Fault::SnmpWrongSourcePort {} => "snmp-wrong-source-port",
        Fault::SnmpTruncate { .. } => "snmp-truncate",
        Fault::SnmpNonIncreasing { .. } => "snmp-non-increasing",
        Fault::SnmpWrongType { .. } => "snmp-wrong-type",
        Fault::SnmpTooBig { .. } => "snmp-too-big",
        Fault::SnmpFewRows { .. } => "snmp-few-rows",
        Fault::SnmpGenericError { .. } => "snmp-generic-error",
        Fault::SnmpRowAppears { .. } => "snmp-row-appears",
        Fault::SshRefuse {} => "ssh-refuse",
        Fault::SshReset {} => "ssh-reset",
        Fault::SshStall { .. } => "ssh-stall",
        Fault::SshDrop { .. } => "ssh-drop",
        Fault::SshAuthFail {} => "ssh-auth-fail",
        Fault::SshHostKey {} => "ssh-host-key",
        Fault::SshPrompt { .. } => "ssh-prompt",
        Fault::SshLogLine { .. } => "ssh-log-line",
        Fault::SshTrickle {} => "ssh-trickle",
        Fault::SshOnePiece {} => "ssh-one-piece",
        Fault::SshQuestion { .. } => "ssh-question",
        Fault::SshError { .. } => "ssh-error",
        Fault::SshIgnore {} => "ssh-ignore",
        Fault::SshHideError {} => "ssh-hide-error",
        Fault::SshBusy {} => "ssh-busy",
        Fault::SshSlowLine { .. } => "ssh-slow-line",
        Fault::SaveFails {} => "save-fails",
        Fault::SaveCrashes {} => "save-crashes",
        Fault::Reboot { .. } => "reboot",
        Fault::FactoryReset { .. } => "factory-reset",
        Fault::ReplaceHardware { .. } => "replace-hardware",
        Fault::ChangeFirmware { .. } => "change-firmware",
        Fault::OtherEdit { .. } => "other-edit",
    }
}

/// How many kinds there are.
const KINDS: usize = 37;

const HEAD: &str = "\
What becomes of an apply when a device fails, for every way in which a twin can fail.
A profile comes and one goes, one subscriber moves to another VLAN, one to another profile, and somebody new comes, in 6 steps.
fault: as `gamctl twin ctl` takes it. ended: the outcome, why, and what is left. runs, saved: what the twin has then.
written: the entries in the order in which they became durable. again: what the next apply does when nothing goes wrong.

";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_is_told_as_it_is() {
    let rows = rows();
    let kinds: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| &row.faults)
        .map(|order| kind(&order.fault))
        .collect();
    assert_eq!(
        kinds.len(),
        KINDS,
        "each kind of fault has a row: {kinds:?}"
    );
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (number, row) in rows.into_iter().enumerate() {
        let places = Arc::clone(&places);
        tasks.spawn(async move {
            let _place = places.acquire().await;
            (number, happened(row).await)
        });
    }
    let mut told = tasks.join_all().await;
    told.sort();
    let texts: Vec<String> = told.into_iter().map(|(_, text)| text).collect();
    assert_golden(
        "tests/apply/faults.txt",
        &format!("{HEAD}{}", texts.concat()),
    );
}
