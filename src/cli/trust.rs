//! `gamctl trust`: shows the SSH host keys of devices, and pins them in the inventory.

use anyhow::{bail, ensure};
use globset::GlobMatcher;
use serde::Serialize;

use super::commit_target::{CommitArguments, People, change_sentence};
use super::format::OutputFormat;
use super::invocation::{Invocation, Selected};
use super::progress::Bar;
use super::scope::{ScopeArguments, did_you_mean, pattern};
use super::source::{InventoryArguments, is_bare, report};
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use crate::authoring::edit::{Edit, KeyPath, Object};
use crate::authoring::{Base, Change, propose};
use crate::inventory::{DeviceObject, Inventory, nearest};
use crate::reconcile::{HostKeyAnswer, HostKeyQuestion, ask_host_keys, host_key_questions};
use crate::report::{
    DocumentKind, Exit, FindingFormat, Shown, Trust, TrustLine, counted, host_key_exit,
    host_key_verdict, host_keys, visible,
};
use crate::secrets::Secrets;

/// Ask devices for their SSH host keys, and pin them in the inventory
///
/// gamctl does not log in and sends no password. If SNMP gives access to a device, its serial number is compared with the inventory first. Other commands log in to a device only while it shows the pinned key. Compare a key with the device, at its console, before you pin it. --pin writes the pins into the files, --pin --commit commits them instead.
#[derive(Debug, clap::Args)]
#[command(mut_arg("commit", |commit| commit.requires("pin")))]
#[command(after_help = "\
Examples:
  gamctl trust maple-court-a                   show which key it has, and which is pinned
  gamctl trust 'maple-*' --pin --commit        pin the keys of devices that have none pinned
  gamctl trust maple-court-a --pin --replace   the hardware was replaced: pin its new key

Exit codes: 2 keys are not pinned, 4 a key has changed, 6 a device did not answer.")]
pub(super) struct TrustArguments {
    /// Devices, by name or pattern such as `maple-*` [default: all in the scope]
    #[arg(value_name = "DEVICE")]
    devices: Vec<String>,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Pin keys of devices without a pin; without it, ask first
    #[arg(long)]
    pin: bool,

    /// Pin changed keys as well
    #[arg(long, requires = "pin")]
    replace: bool,

    #[command(flatten)]
    commit: CommitArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TrustDocument<'a> {
    host_keys: &'a [TrustLine],
}

pub(super) fn run(arguments: &TrustArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let (folder, terminal) = (&selected.folder, &invocation.terminal);
    let can_write = !is_bare(folder) && !arguments.inventory.is_of_a_revision();
    ensure!(
        !arguments.pin || arguments.commit.commit || can_write,
        "there are no files to write pins to; use `--commit`, without `--rev`"
    );
    ensure!(
        !(arguments.commit.commit && arguments.inventory.is_of_a_revision()),
        "`--commit` builds on the branch and `--rev` is another commit; leave one of them out"
    );
    let (base, people) = arguments.commit.base(&selected, &arguments.inventory)?;
    let questions = questions(arguments, &base.reading.inventory, &selected)?;
    let names = questions.iter().map(|asked| asked.device.to_string());
    let bar = Bar::new(names, "Asking", "devices", terminal);
    let asked = ask_host_keys(questions, selected.silence(), |device| {
        bar.step(device.as_str());
    });
    let answers = invocation.wait(asked)?;
    bar.end();
    let mut lines: Vec<TrustLine> = answers.into_iter().map(line).collect();
    let is_wanted = arguments.pin || is_confirmed(&lines, can_write, terminal);
    if is_wanted {
        for line in &mut lines {
            line.is_newly_pinned = match line.trust() {
                Trust::NotPinned => true,
                Trust::Changed => arguments.replace,
                Trust::AsPinned | Trust::OtherBox | Trust::Unknown => false,
            };
        }
    }
    let said = match pin(&lines, &base, people, arguments, terminal)? {
        Pinned::Nothing => None,
        Pinned::Wrong => return Ok(Exit::InventoryInvalid),
        Pinned::Done(said) => Some(said),
    };
    let text = || host_keys(&lines, terminal.paint);
    terminal.print(
        arguments.format,
        || DocumentKind::Trust.document(&TrustDocument { host_keys: &lines }),
        text,
    )?;
    terminal.say(&host_key_verdict(&lines));
    if let Some(said) = said {
        terminal.say(&said);
    }
    hint(&lines, arguments, terminal);
    Ok(host_key_exit(&lines))
}

/// Returns the chosen devices.
fn questions(
    arguments: &TrustArguments,
    inventory: &Inventory,
    selected: &Selected<'_>,
) -> anyhow::Result<Vec<HostKeyQuestion>> {
    let scope = arguments.scope.scope()?;
    let mut patterns: Vec<GlobMatcher> = Vec::new();
    for word in &arguments.devices {
        let pattern = pattern(word)?;
        let names = || inventory.devices().map(|device| device.id.as_str());
        if !names().any(|name| pattern.is_match(name)) {
            let hint = did_you_mean(nearest(word, names()));
            bail!("there is no device `{}`{hint}", visible(word));
        }
        patterns.push(pattern);
    }
    let is_named = |device: &DeviceObject| {
        let name = device.id.as_str();
        patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(name))
    };
    let secrets = Secrets::of(selected.settings.secrets.clone());
    let meant = host_key_questions(inventory, &secrets, |device| {
        scope.has(device) && is_named(device)
    });
    if meant.not_asked > 0 {
        let devices = counted(meant.not_asked, "device");
        selected.terminal().say(&format!(
            "Not asked: {devices} not installed yet or without an address."
        ));
    }
    ensure!(
        !meant.questions.is_empty(),
        "no device in the scope can be asked"
    );
    Ok(meant.questions)
}

fn line(answer: HostKeyAnswer) -> TrustLine {
    TrustLine {
        device: answer.device,
        address: answer.address,
        pinned: answer.pinned,
        shown: match answer.presented {
            Ok(key) => Shown::Presented(key),
            Err(problem) => Shown::Failed(problem.to_string()),
        },
        serial: answer.serial,
        pinned_serial: answer.pinned_serial,
        is_newly_pinned: false,
    }
}

/// Asks a person whether the new keys are to be pinned; changed ones are never pinned this way.
fn is_confirmed(lines: &[TrustLine], can_write: bool, terminal: &Terminal) -> bool {
    let new: Vec<&TrustLine> = lines
        .iter()
        .filter(|line| line.trust() == Trust::NotPinned)
        .collect();
    if new.is_empty() || !can_write {
        return false;
    }
    let shown: Vec<String> = new
        .iter()
        .filter_map(|line| match &line.shown {
            Shown::Presented(key) => Some(format!("  {}  {key}\n", line.device)),
            Shown::Failed(_) => None,
        })
        .collect();
    let keys = counted(new.len(), "key");
    terminal.confirms(&format!("Pin {keys}?\n{}", shown.concat()))
}

/// The result of pinning.
enum Pinned {
    Nothing,
    /// The inventory would have errors; they were reported.
    Wrong,
    /// Written or committed, in a sentence.
    Done(String),
}

/// Writes or commits the new pins.
fn pin(
    lines: &[TrustLine],
    base: &Base,
    people: Option<People>,
    arguments: &TrustArguments,
    terminal: &Terminal,
) -> anyhow::Result<Pinned> {
    let edits: Vec<Edit> = lines.iter().filter_map(edit).collect();
    if edits.is_empty() {
        return Ok(Pinned::Nothing);
    }
    let before = &base.reading;
    if before.is_partial {
        terminal.document(|| report(before, FindingFormat::Json, "", terminal))?;
        terminal.say_always("A file of the inventory cannot be read in full, so the effect of a change is unknown. Nothing is pinned; `gamctl validate` shows what is wrong.");
        return Ok(Pinned::Wrong);
    }
    let message = || first_line(lines);
    let authorship = arguments.commit.authorship(people, message, "trust");
    let proposal = propose(base, Change::Edits(&edits), authorship)?;
    let Some(after) = proposal.refusal() else {
        let keys = counted(edits.len(), "host key");
        return Ok(Pinned::Done(change_sentence(&proposal.commit()?, &keys)));
    };
    let report = |format| report(after, format, "", terminal);
    let text = || report(FindingFormat::Human);
    terminal.print(arguments.format, || report(FindingFormat::Json), text)?;
    terminal.say_always("Nothing is pinned: it would cause errors in the inventory.");
    Ok(Pinned::Wrong)
}

/// Returns the first line of the commit.
fn first_line(lines: &[TrustLine]) -> String {
    let pinned: Vec<&TrustLine> = lines.iter().filter(|line| line.is_newly_pinned).collect();
    match pinned.as_slice() {
        [one] => format!("pin the host key of {}", one.device),
        many => format!("pin the host keys of {} devices", many.len()),
    }
}

fn edit(line: &TrustLine) -> Option<Edit> {
    let Shown::Presented(key) = &line.shown else {
        return None;
    };
    line.is_newly_pinned.then(|| Edit::Set {
        object: Object::device(line.device.as_str()),
        key: KeyPath::from(["host_key"]),
        value: key.as_str().into(),
    })
}

fn hint(lines: &[TrustLine], arguments: &TrustArguments, terminal: &Terminal) {
    let has_open = |trust: Trust| {
        let mut open = lines.iter().filter(|line| !line.is_newly_pinned);
        open.any(|line| line.trust() == trust)
    };
    let mut open = lines.iter().filter(|line| !line.is_newly_pinned);
    if let Some(changed) = open.find(|line| line.trust() == Trust::Changed) {
        terminal.hint(&format!(
            "once you know why the key of {0} has changed: `gamctl trust {0} --pin --replace`",
            changed.device
        ));
    } else if has_open(Trust::NotPinned) && !arguments.pin {
        terminal.hint("compare keys with the devices, then add `--pin`");
    }
}
