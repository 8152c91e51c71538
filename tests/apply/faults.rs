//! Applies against every fault of a twin, at every stage that matters, into one readable table.
//!
//! Each row has the outcome, the running-config, the startup-config and the log.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gamctl::apply::{ApplyTimeouts, DeviceOutcome, Ended, Entry, Progress, Purpose, Work};
use gamctl::report::{cause_text, left_text, remark_text};
use gamctl::simulator::commands::text_of;
use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::gam::Configuration;
use gamctl::transport::snmp::SnmpOptions;
use gamctl::transport::ssh::SshTimeouts;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::rows::{Begins, Row, rows, work};
use super::stage::{ApplyRecord, How, LONG, Stage};
use crate::golden::assert_golden;

/// The number of twins at once.
const AT_ONCE: usize = 8;

/// Applies with a fault, and returns the result as lines of the table.
async fn happened(row: Row) -> String {
    let mut stage = Stage::new().await;
    stage.intend(&work());
    hurry(&mut stage);
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
    let record = stage.carry_out(plan, Some(&seen), how).await;
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
    let lies = ends.agree(&row, &record);
    let again = again(&stage, &row, &record).await;
    let outcome = &record.ending.outcome;
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
    for line in words(outcome) {
        // Whether one more line was sent before the connection was seen to be closed is a matter of luck.
        let line = match row.what.contains(" after: ") {
            true => line
                .replace("was sent, and may have taken effect", "was sent or not")
                .replace("was not sent", "was sent or not"),
            false => line,
        };
        text += &format!("             {}\n", plain(&line));
    }
    text += &format!("    runs     {runs}\n");
    text += &format!("    saved    {saved}\n");
    text += &format!("    written  {}\n", record.story());
    for remark in &outcome.remarks {
        text += &format!("    remark   {}\n", plain(&remark_text(remark)));
    }
    for lie in lies {
        text += &format!("    {lie}\n");
    }
    text += &format!("    again    {again}\n\n");
    text
}

/// Sets timeouts that are long enough for a busy machine.
fn hurry(stage: &mut Stage) {
    stage.patience = SshTimeouts {
        login: Duration::from_secs(6),
        silence: Duration::from_millis(2_000),
        reply: Duration::from_secs(4),
        saving: Duration::from_millis(2_500),
        pause: Duration::from_millis(100),
        ..SshTimeouts::default()
    };
    stage.snmp_options = SnmpOptions {
        timeout: Duration::from_millis(250),
        ..stage.snmp_options
    };
    stage.timeouts = ApplyTimeouts {
        settle: Duration::from_millis(2_000),
        restart: Duration::from_secs(5),
        pause: Duration::from_millis(100),
    };
}

/// The configurations that a device may end with.
struct Ends {
    before: Configuration,
    intended: Configuration,
    running: Configuration,
    saved: Configuration,
}

impl Ends {
    /// Describes a configuration: as before, as intended, or the lines that differ from before.
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

    /// Compares the report with the device.
    fn agree(&self, row: &Row, record: &ApplyRecord) -> Vec<String> {
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
        let has = |wanted: fn(&Entry) -> bool| record.entries.iter().any(wanted);
        let is_saved = has(|entry| matches!(entry, Entry::Saved { .. }));
        let is_verified = has(|entry| {
            let purpose = Purpose::Apply;
            matches!(entry, Entry::Verified { purpose: of, .. } if *of == purpose)
        });
        let is_intended = has(|entry| matches!(entry, Entry::Intent { .. }));
        let is_typed = has(|entry| matches!(entry, Entry::Sent { .. }));
        let is_before = self.running == self.before || is_edited;
        let is_reached = self.running == self.intended || is_edited;
        let must = match &record.ending.outcome.ended {
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
            Ended::Unreachable { .. } | Ended::Refused { .. } | Ended::Stale { .. } => vec![
                ("nothing was intended", !is_intended && !is_typed),
                ("runs as before", is_before || row.faults.iter().any(resets)),
            ],
            Ended::Stuck { left, .. } => vec![
                ("intended, and not saved", is_intended && !is_saved),
                ("something is left", !left.is_empty()),
            ],
            Ended::Unchanged | Ended::Interrupted { .. } => vec![("nobody stopped it", false)],
        };
        let is_known = record.ending.outcome.ended == Ended::Applied
            || row.faults.iter().any(resets)
            || self.saved == self.before;
        let must = must.into_iter().chain([("startup is as told", is_known)]);
        must.filter(|(_, holds)| !holds)
            .map(|(what, _)| format!("NOT TRUE: {what}"))
            .collect()
    }
}

/// Applies again without a fault, and returns the result: after any fault that must reach the intended configuration,
/// and after a success there must be nothing to do.
async fn again(stage: &Stage, row: &Row, record: &ApplyRecord) -> String {
    let (seen, plan) = stage.planned().await;
    let steps = plan.steps.len();
    let work = match &record.ending.outcome.ended {
        Ended::Applied if steps == 0 => return "nothing to do".to_owned(),
        Ended::Applied => {
            // An edit between the last look and the save is found by the next plan.
            let is_edited = row
                .faults
                .iter()
                .any(|order| matches!(order.fault, Fault::OtherEdit { .. }));
            assert!(is_edited, "{}: {steps} steps after a success", row.what);
            Work::Steps
        }
        // As intended, but only in the running-config.
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
            plain(&words(&again.ending.outcome).join("; "))
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

fn words(outcome: &DeviceOutcome) -> Vec<String> {
    let because = cause_text(&outcome.device, &outcome.ended);
    let mut words = Vec::from_iter(because);
    match &outcome.ended {
        Ended::Stuck { left, .. } => {
            words.extend(
                left.iter()
                    .take(6)
                    .map(|one| format!("left: {}", left_text(one))),
            );
            if left.len() > 6 {
                words.push(format!("left: {} more", left.len() - 6));
            }
        }
        Ended::Refused { refusal } => {
            return vec![format!("{}: {}", refusal.rule(), words.concat())];
        }
        Ended::Stale { differences } => words.extend(differences.iter().map(|one| {
            format!(
                "{} {:?}: {:?} {:?} {:?}",
                one.object, one.field, one.then, one.now, one.intended
            )
        })),
        _ => {}
    }
    words
}

/// Replaces the parts of a text that vary: addresses, keys, times.
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
        let last = words.last().map(String::as_str);
        let is_count = word.bytes().all(|byte| byte.is_ascii_digit()) && !word.is_empty();
        // Among many requests at once any may be the first without an answer.
        if last == Some("for") && word.starts_with("1.3.6.1.") {
            let end = word.trim_start_matches(|one: char| one.is_ascii_digit() || one == '.');
            words.push(format!("NAME{end}"));
        } else if is_count && matches!(last, Some("for" | "and")) {
            words.push("N".to_owned());
        } else {
            words.push(word);
        }
    }
    // A reset may arrive before or after the connection is known to be there.
    let (early, late) = (
        "cannot connect to ADDRESS over SSH: Connection reset by peer (os error 104)",
        "ADDRESS closed the connection while negotiating keys",
    );
    words.join(" ").replace(early, late)
}

/// Returns the name of a fault; a new kind does not compile until it has a row.
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

/// The number of kinds of faults.
const KINDS: usize = 37;

const HEAD: &str = "\
The outcome of an apply for every fault of a twin.
In 6 steps: a profile is added and one removed, one subscriber gets another VLAN, one another profile, and one is added.
fault: as `gamctl twin ctl` accepts it. ended: the outcome, its cause and the differences left. runs, saved: running-config and
startup-config. written: the log entries in the order in which they became durable. again: the next apply, without a fault.

";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_is_reported_as_it_is() {
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
    let mut rows = tasks.join_all().await;
    rows.sort();
    let texts: Vec<String> = rows.into_iter().map(|(_, text)| text).collect();
    assert_golden(
        "tests/apply/faults.txt",
        &format!("{HEAD}{}", texts.concat()),
    );
}

#[test]
fn every_kind_of_fault_is_counted() {
    // The error for an unknown kind lists them all.
    let error = serde_json::from_str::<FaultOrder>(r#"{"fault":"?"}"#).unwrap_err();
    let error = error.to_string();
    let (_, all) = error.split_once("expected one of ").unwrap();
    assert_eq!(all.split(", ").count(), KINDS);
}
