//! Shows the events of a run on the terminal: notes as lines, looks as a bar, devices as live lines.

use std::sync::{Mutex, PoisonError};

use super::apply::Live;
use super::progress::Bar;
use super::terminal::Terminal;
use crate::history::Replayed;
use crate::model::DeviceName;
use crate::reconcile::run::{RunEvent, RunNote, Watcher};
use crate::report::{counted, lease_held, lease_holder, listed, moment, recovery, visible};

/// The bar or lines that are drawn at present.
#[derive(Default)]
struct Display {
    looking: Option<Bar>,
    live: Option<Live>,
}

/// Returns a watcher that draws the events of a run.
pub(super) fn watcher(terminal: &Terminal) -> Watcher {
    let terminal = terminal.clone();
    let display = Mutex::new(Display::default());
    Watcher::new(move |event| {
        let mut display = display.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            RunEvent::Note(note) => say(note, &terminal),
            RunEvent::Recovered(one) => terminal.say(&recovery(one)),
            RunEvent::Looking(devices) => {
                let names = devices.iter().map(ToString::to_string);
                display.looking = Some(Bar::new(names, "Looking", "devices", &terminal));
            }
            RunEvent::Looked(device) => display.looked(device),
            RunEvent::Applying(devices) => display.live = Some(Live::new(*devices, &terminal)),
            RunEvent::At(device, progress) => {
                if let Some(live) = &mut display.live {
                    live.at(device, *progress);
                }
            }
            RunEvent::Ended(outcome) => display.ended(&outcome.device),
            RunEvent::Skipped(skipped) => display.ended(&skipped.device),
        }
    })
}

impl Display {
    fn looked(&mut self, device: &DeviceName) {
        let Some(bar) = &self.looking else {
            return;
        };
        bar.step(device.as_str());
        if bar.is_done() {
            self.looking = None;
        }
    }

    fn ended(&mut self, device: &DeviceName) {
        let is_last = self.live.as_mut().is_some_and(|live| live.ended(device));
        if is_last && let Some(live) = self.live.take() {
            live.end();
        }
    }
}

fn say(note: &RunNote, terminal: &Terminal) {
    match note {
        RunNote::InventoryRead {
            folder,
            commit,
            files,
            cached,
        } => terminal.detail(&read(
            &folder.to_string_lossy(),
            commit.as_deref(),
            *files,
            *cached,
        )),
        RunNote::NotAsCommitted => terminal.say(
            "note: the inventory on disk differs from the commit, so reasons do not name commits.\n",
        ),
        RunNote::OriginsUnknown { error } => terminal.say(&format!(
            "note: reasons do not name commits: {}\n",
            visible(error)
        )),
        RunNote::ExposedSecrets(files) => {
            let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            terminal.say(&format!(
                "warning: every user of this machine can read {}: {}; run `chmod o-r` on them.",
                counted(files.len(), "secret"),
                listed(&files)
            ));
        }
        RunNote::NoStore { error } => terminal.say(&format!(
            "note: cannot query the store, so ownership is unknown: {}\n",
            visible(error)
        )),
        RunNote::PlanNotKept { error } => terminal.say(&format!(
            "note: cannot record this plan in the store, so its age will be unknown: {}\n",
            visible(error)
        )),
        RunNote::LooksNotKept { error } => terminal.detail(&format!(
            "note: the store did not take these looks, so `gamctl explain` does not know them: {}",
            visible(error)
        )),
        RunNote::WaitsForRun { device, until, by } => terminal.say(&match by {
            Some(by) => format!(
                "Waiting: {device}: {} since {}.",
                lease_holder(by),
                moment(by.since)
            ),
            None => format!("Waiting: {device}: {}.", lease_held(*until, None)),
        }),
        RunNote::Rehearsed { devices: 0 } => terminal.say("Nothing to rehearse: no device has changes."),
        RunNote::Rehearsed { devices } => terminal.say(&format!(
            "Rehearsed the plans of {} on simulated GAMs, under default and strictest assumptions.",
            counted(*devices, "device")
        )),
        RunNote::Replayed(replayed) => say_replayed(replayed, terminal),
        RunNote::NotWritten {
            device,
            state,
            steps,
        } => terminal.say(&format!(
            "note: {device} is `{state}`, so it is not written to; {} would be pending there, and `gamctl plan` shows them\n",
            counted(*steps, "step")
        )),
    }
}

fn say_replayed(replayed: &Replayed, terminal: &Terminal) {
    if replayed.entries > 0 {
        terminal.say(&format!(
            "Replayed {} that the store missed while it was unreachable.",
            match replayed.entries {
                1 => "1 entry".to_owned(),
                many => format!("{many} entries"),
            }
        ));
    }
    for rejected in &replayed.rejected {
        terminal.say_always(&format!(
            "The store rejected an entry of the journal: {}. The audit log keeps it.",
            visible(rejected)
        ));
    }
    if replayed.is_torn {
        terminal.say(
            "The last entry of the journal was incomplete and is ignored: no step depended on it.",
        );
    }
}

/// Returns a line on the inventory that was read, for `--verbose`.
pub(super) fn read(folder: &str, commit: Option<&str>, files: usize, cached: usize) -> String {
    let (files, folder) = (counted(files, "file"), visible(folder));
    let known = match cached {
        0 => String::new(),
        cached => format!(", {cached} of them cached"),
    };
    match commit {
        Some(commit) => format!("Read {files} from {folder} at commit {commit}{known}."),
        None => format!("Read {files} from {folder} on disk{known}."),
    }
}
