//! `gamctl trust`: which host keys devices show, and pinning them in the inventory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use globset::GlobMatcher;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::changed_files::{changed, keep_new_errors, write};
use super::commit_target::CommitTarget;
use super::scope::{ScopeArguments, pattern};
use super::source::{InventoryArguments, is_bare, report};
use super::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::edit::{Edit, FileChange, KeyPath, Object, apply};
use crate::inventory::source::Limits;
use crate::inventory::{DeviceObject, Inventory, Reading, canonical_order, nearest, read_texts};
use crate::model::{Address, DeviceName, DeviceState, HostKey, Serial};
use crate::observe::identify;
use crate::reconcile::access_of;
use crate::report::{
    Exit, FindingFormat, Shown, Trust, TrustLine, counted, host_key_exit, host_key_verdict,
    host_keys, visible,
};
use crate::secrets::Secrets;
use crate::transport::snmp::{Access, Tuning};
use crate::transport::ssh::host_key_of;

/// How many devices are asked at once: a key exchange is a few milliseconds of ours and seconds of a device's.
const AT_ONCE: usize = 32;

/// How long a device may take; old firmware computes for seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// Ask devices for their SSH host keys, and pin them in the inventory
///
/// Nobody logs in, and no password is sent. Where SNMP opens the device, its serial number is held against the inventory first. A device is only ever logged in to while it shows the key that is pinned. Compare a key with the device, at its console, before you pin it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl trust maple-court-a                   show which key it has, and which is pinned
  gamctl trust 'maple-*' --pin --commit        pin the keys of devices that have none pinned
  gamctl trust maple-court-a --pin --replace   the box was replaced: pin its new key

Exit codes: 2 keys are not pinned, 4 a key has changed, 6 a device did not answer.")]
pub(super) struct TrustArguments {
    /// Devices, by name or pattern such as `maple-*` [default: all in the scope]
    #[arg(value_name = "DEVICE")]
    devices: Vec<String>,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// Pin the keys that are not pinned yet; without it a person at a terminal is asked
    #[arg(long)]
    pin: bool,

    /// Pin changed keys as well
    #[arg(long, requires = "pin")]
    replace: bool,

    /// Commit the pins, instead of writing them into the files
    #[arg(long, requires = "pin")]
    commit: bool,

    /// The commit's first line [default: what was pinned]
    #[arg(long, short, requires = "commit")]
    message: Option<String>,

    /// The branch to commit to; a new one begins at the current one [default: the settings', else the current one]
    #[arg(long, requires = "commit")]
    branch: Option<String>,

    /// Who makes the change, as `Name <address>` [default: `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL`, else git's user]
    #[arg(long, requires = "commit")]
    author: Option<String>,
}

pub(super) fn run(
    arguments: &TrustArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let settings = &arguments.inventory.settings(settings)?;
    let folder = arguments.inventory.folder(settings);
    let can_write = !is_bare(&folder) && !arguments.inventory.is_of_a_revision();
    ensure!(
        !arguments.pin || arguments.commit || can_write,
        "there are no files to write pins to; use `--commit`, without `--rev`"
    );
    ensure!(
        !(arguments.commit && arguments.inventory.is_of_a_revision()),
        "`--commit` builds on the branch and `--rev` is another commit; leave one of them out"
    );
    let target = if arguments.commit {
        let (branch, author) = (arguments.branch.as_deref(), arguments.author.as_deref());
        Some(CommitTarget::of(&folder, branch, author, settings)?)
    } else {
        None
    };
    let before = match &target {
        Some(target) => target.read()?,
        None => arguments.inventory.read(settings, terminal)?,
    };
    let questions = questions(arguments, &before.inventory, settings, terminal)?;
    let mut lines = ask(questions)?;
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
    let said = match pin(&lines, &before, terminal)? {
        Pinned::Nothing => None,
        Pinned::Wrong => return Ok(Exit::InventoryInvalid),
        Pinned::Files(changes) => Some(put(arguments, target.as_ref(), &folder, &changes, &lines)?),
    };
    terminal.json(&lines)?;
    terminal.result(&host_keys(&lines, terminal.paint))?;
    terminal.say(&host_key_verdict(&lines));
    if let Some(said) = said {
        terminal.say(&said);
    }
    hint(&lines, arguments, terminal);
    Ok(host_key_exit(&lines))
}

/// A device that is asked.
struct Question {
    device: DeviceName,
    address: Address,
    pinned: Option<HostKey>,
    legacy_algorithms: bool,
    pinned_serial: Option<Serial>,
    /// Nothing where a secret is not here: the key can be asked for without any.
    access: Option<Access>,
}

/// Returns the devices that are meant.
fn questions(
    arguments: &TrustArguments,
    inventory: &Inventory,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Vec<Question>> {
    let scope = arguments.scope.scope()?;
    let mut patterns: Vec<(&str, GlobMatcher)> = Vec::new();
    for word in &arguments.devices {
        let pattern = pattern(word)?;
        let names = || inventory.devices().map(|device| device.id.as_str());
        if !names().any(|name| pattern.is_match(name)) {
            let hint = nearest(word, names()).map(|near| format!("; did you mean `{near}`?"));
            bail!(
                "there is no device `{}`{}",
                visible(word),
                hint.unwrap_or_default()
            );
        }
        patterns.push((word, pattern));
    }
    let is_named = |device: &DeviceObject| {
        let name = device.id.as_str();
        patterns.is_empty() || patterns.iter().any(|(_, pattern)| pattern.is_match(name))
    };
    let secrets = Secrets::of(settings.secrets.clone());
    let doors: BTreeMap<&str, (bool, Option<Access>)> = inventory
        .credentials()
        .map(|credentials| {
            let ssh = credentials.text.ssh.as_ref();
            let is_legacy = ssh.and_then(|ssh| ssh.legacy_algorithms).unwrap_or(false);
            let access = access_of(credentials, &secrets).ok();
            (credentials.id.as_str(), (is_legacy, access))
        })
        .collect();
    let mut questions = Vec::new();
    let mut absent = 0;
    for device in inventory.devices().filter(|device| scope.has(device)) {
        if !is_named(device) {
            continue;
        }
        let text = &device.text;
        let credentials = text
            .credentials
            .as_ref()
            .map_or("default", |name| name.as_str());
        match text
            .address
            .filter(|_| text.state != Some(DeviceState::Preprovision))
        {
            Some(address) => questions.push(Question {
                device: device.id.clone(),
                address,
                pinned: text.host_key.clone(),
                legacy_algorithms: doors.get(credentials).is_some_and(|door| door.0),
                pinned_serial: text.serial.clone(),
                access: doors.get(credentials).and_then(|door| door.1.clone()),
            }),
            None => absent += 1,
        }
    }
    if absent > 0 {
        let devices = counted(absent, "device");
        terminal.say(&format!(
            "Not asked: {devices} not installed yet or without an address."
        ));
    }
    ensure!(!questions.is_empty(), "no device in the scope can be asked");
    questions.sort_by(|a, b| crate::model::natural_order(a.device.as_str(), b.device.as_str()));
    Ok(questions)
}

/// Asks all devices, many at a time, and returns what they show, in the same order.
fn ask(questions: Vec<Question>) -> anyhow::Result<Vec<TrustLine>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the asynchronous runtime")?;
    runtime.block_on(async {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut asking = JoinSet::new();
        for (number, question) in questions.into_iter().enumerate() {
            let places = Arc::clone(&places);
            asking.spawn(async move {
                // It is never closed; without it more would be asked at once, and nothing worse.
                let _place = places.acquire_owned().await;
                (number, answer(question).await)
            });
        }
        let mut lines = BTreeMap::new();
        while let Some(joined) = asking.join_next().await {
            let (number, line) = joined.context("a question did not come to its end")?;
            lines.insert(number, line);
        }
        Ok(lines.into_values().collect())
    })
}

async fn answer(question: Question) -> TrustLine {
    let Question {
        device,
        address,
        pinned,
        legacy_algorithms,
        pinned_serial,
        access,
    } = question;
    let at = SocketAddr::new(address.ip, address.ssh_port);
    let serial = serial(
        SocketAddr::new(address.ip, address.snmp_port),
        access.as_ref(),
    );
    let key = host_key_of(at, legacy_algorithms, pinned.clone(), PATIENCE);
    let (shown, serial) = tokio::join!(key, serial);
    TrustLine {
        device,
        address,
        pinned,
        shown: match shown {
            Ok(key) => Shown::Presented(key),
            Err(error) => Shown::Failed(format!("{:#}", anyhow::Error::from(error))),
        },
        serial,
        pinned_serial,
        is_newly_pinned: false,
    }
}

/// Returns what a device says that it is; nothing where it does not tell.
async fn serial(at: SocketAddr, access: Option<&Access>) -> Option<Serial> {
    let identified = identify(at, access?, Tuning::default()).await;
    identified.ok()?.0.serial
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

/// What pinning comes to.
enum Pinned {
    Nothing,
    /// The inventory would be wrong; that was said.
    Wrong,
    Files(Vec<FileChange>),
}

/// Returns the files with the pins in them.
fn pin(lines: &[TrustLine], before: &Reading, terminal: &Terminal) -> anyhow::Result<Pinned> {
    let edits: Vec<Edit> = lines.iter().filter_map(edit).collect();
    if edits.is_empty() {
        return Ok(Pinned::Nothing);
    }
    if before.is_partial {
        terminal.complain("A file of the inventory cannot be read in full, so nobody can tell what a change would do. Nothing is pinned; `gamctl validate` shows what is wrong.");
        return Ok(Pinned::Wrong);
    }
    let files: BTreeMap<Arc<str>, Arc<str>> = before.inventory.texts().collect();
    let changes = apply(&files, &edits, &|kind, path| canonical_order(kind, path))?;
    let mut after = read_texts(&changed(&files, &changes), &Limits::default());
    keep_new_errors(before, &mut after);
    if after.findings.is_empty() {
        return Ok(Pinned::Files(changes));
    }
    terminal.result(&report(&after, FindingFormat::Human, "", terminal))?;
    terminal.complain("Nothing is pinned: it would make the inventory wrong.");
    Ok(Pinned::Wrong)
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

/// Commits or writes the pins, and returns what was done.
fn put(
    arguments: &TrustArguments,
    target: Option<&CommitTarget>,
    folder: &Path,
    changes: &[FileChange],
    lines: &[TrustLine],
) -> anyhow::Result<String> {
    let pinned: Vec<&str> = lines
        .iter()
        .filter(|line| line.is_newly_pinned)
        .map(|line| line.device.as_str())
        .collect();
    let Some(target) = target else {
        write(folder, changes)?;
        let keys = counted(pinned.len(), "host key");
        return Ok(format!(
            "Wrote {keys} in {}.",
            counted(changes.len(), "file")
        ));
    };
    let what = match pinned.as_slice() {
        [one] => format!("pin the host key of {one}"),
        many => format!("pin the host keys of {} devices", many.len()),
    };
    let first_line = arguments.message.clone().unwrap_or(what);
    let id = target.commit(changes, &first_line, "trust")?;
    Ok(target.told(&id))
}

fn hint(lines: &[TrustLine], arguments: &TrustArguments, terminal: &Terminal) {
    let has_open = |trust: Trust| {
        let mut open = lines.iter().filter(|line| !line.is_newly_pinned);
        open.any(|line| line.trust() == trust)
    };
    if has_open(Trust::Changed) {
        terminal
            .hint("once you know why a key has changed: `--pin --replace`, for that device alone");
    } else if has_open(Trust::NotPinned) && !arguments.pin {
        terminal.hint("compare keys with the devices, then add `--pin`");
    }
}
