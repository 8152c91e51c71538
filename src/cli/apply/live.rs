//! Draws a line on the terminal for each device that is being written to.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::terminal::Terminal;
use crate::model::DeviceName;
use crate::reconcile::run::{Progress, Purpose};

/// More lines than this scroll by unread.
const MOST_LINES: usize = 12;

/// The live display.
pub(in crate::cli) struct Live {
    all: MultiProgress,
    total: ProgressBar,
    lines: BTreeMap<DeviceName, ProgressBar>,
    is_wanted: bool,
}

impl Live {
    pub(in crate::cli) fn new(devices: usize, terminal: &Terminal) -> Self {
        let is_wanted = std::io::stderr().is_terminal() && !terminal.is_quiet;
        let target = if is_wanted {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let all = MultiProgress::with_draw_target(target);
        let total = ProgressBar::new(u64::try_from(devices).unwrap_or(u64::MAX));
        if let Ok(style) =
            ProgressStyle::with_template("Applying {wide_bar} {pos}/{len} devices, {elapsed}")
        {
            total.set_style(style);
        }
        let total = all.add(total);
        if is_wanted {
            total.enable_steady_tick(Duration::from_millis(250));
        }
        Self {
            all,
            total,
            lines: BTreeMap::new(),
            is_wanted,
        }
    }

    pub(in crate::cli) fn at(&mut self, device: &DeviceName, progress: Progress) {
        if !self.is_wanted {
            return;
        }
        if !self.lines.contains_key(device) {
            if self.lines.len() >= MOST_LINES {
                return;
            }
            let line = self.all.insert_before(&self.total, ProgressBar::new(1));
            if let Ok(style) = ProgressStyle::with_template("  {prefix:24} {msg}") {
                line.set_style(style);
            }
            line.set_prefix(device.to_string());
            self.lines.insert(device.clone(), line);
        }
        if let Some(line) = self.lines.get(device) {
            line.set_message(words(progress));
        }
    }

    /// Counts a device, and returns whether it was the last.
    pub(in crate::cli) fn ended(&mut self, device: &DeviceName) -> bool {
        if let Some(line) = self.lines.remove(device) {
            line.finish_and_clear();
        }
        self.total.inc(1);
        self.total
            .length()
            .is_none_or(|all| self.total.position() >= all)
    }

    pub(in crate::cli) fn end(&self) {
        self.total.finish_and_clear();
    }
}

/// Describes the progress of a device.
fn words(progress: Progress) -> String {
    match progress {
        Progress::Looking => "looking".to_owned(),
        Progress::Sending {
            purpose: Purpose::Apply,
            step,
            of,
        } => format!("step {step} of {of}"),
        Progress::Sending {
            purpose: Purpose::Undo,
            step,
            of,
        } => format!("rolling back, step {step} of {of}"),
        Progress::Verifying => "looking again".to_owned(),
        Progress::Saving => "saving".to_owned(),
        Progress::LookingAgain => "a step failed; looking at the device".to_owned(),
        Progress::Waiting => "it does not answer; waiting for it".to_owned(),
        Progress::WaitingForLease => "another run writes to it; waiting for that".to_owned(),
    }
}
