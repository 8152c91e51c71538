//! Draws a progress bar on a terminal that names the devices still waited for; nothing elsewhere.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;

/// The time before a bar is drawn: one that disappears at once only flickers.
const UNTIL_SHOWN: Duration = Duration::from_millis(400);

/// The time between two drawings: the elapsed seconds must move.
const TICK: Duration = Duration::from_millis(250);

/// More names than this are counted.
const MOST_NAMES: usize = 3;

/// A progress bar. It appears by itself if the work takes longer than a moment, and disappears at its end.
pub(super) struct Bar {
    bar: ProgressBar,
    waiting: Mutex<BTreeSet<String>>,
    noun: &'static str,
    ended: Arc<Mutex<bool>>,
    /// Ends the wait of the thread that shows the bar.
    _showing: Option<Sender<()>>,
}

impl Bar {
    /// Creates a bar for these things; `doing` is one word, such as `Looking`, and `noun` names the things.
    pub(super) fn new(
        things: impl IntoIterator<Item = String>,
        doing: &'static str,
        noun: &'static str,
        terminal: &Terminal,
    ) -> Self {
        let waiting: BTreeSet<String> = things.into_iter().collect();
        let total = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let shape = "{prefix} {bar:20} {pos}/{len} {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(shape) {
            bar.set_style(style);
        }
        bar.set_prefix(doing);
        bar.set_message(message(noun, &waiting));
        let ended = Arc::new(Mutex::new(false));
        let is_wanted = std::io::stderr().is_terminal() && !terminal.is_quiet;
        let showing = is_wanted.then(|| show_later(bar.clone(), Arc::clone(&ended)));
        Self {
            bar,
            waiting: Mutex::new(waiting),
            noun,
            ended,
            _showing: showing,
        }
    }

    /// Counts one thing as done.
    pub(super) fn step(&self, thing: &str) {
        let mut waiting = lock(&self.waiting);
        waiting.remove(thing);
        self.bar.set_message(message(self.noun, &waiting));
        self.bar.inc(1);
    }

    /// Returns whether everything is done.
    pub(super) fn is_done(&self) -> bool {
        lock(&self.waiting).is_empty()
    }

    pub(super) fn end(&self) {
        let mut ended = lock(&self.ended);
        *ended = true;
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}

/// Shows a bar after a moment, unless it ended before.
fn show_later(bar: ProgressBar, ended: Arc<Mutex<bool>>) -> Sender<()> {
    let (sender, receiver) = channel();
    // Without the thread the work goes on unseen.
    let _shown = thread::Builder::new().spawn(move || {
        if receiver.recv_timeout(UNTIL_SHOWN) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        // Locked until it is drawn: a bar that ends meanwhile must not be left on the screen.
        let ended = lock(&ended);
        if !*ended {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
    });
    sender
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the text behind the numbers: `devices, waiting for maple-a, maple-b, maple-c and 2 more`.
fn message(noun: &str, waiting: &BTreeSet<String>) -> String {
    if waiting.is_empty() {
        return noun.to_owned();
    }
    let names: Vec<&str> = waiting
        .iter()
        .take(MOST_NAMES)
        .map(String::as_str)
        .collect();
    let more = match waiting.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{noun}, waiting for {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_names_some_of_those_waited_for_and_counts_the_rest() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let of = |waiting: &[&str]| message("devices", &names(waiting));
        assert_eq!(of(&[]), "devices");
        assert_eq!(of(&["oak-a"]), "devices, waiting for oak-a");
        assert_eq!(
            of(&["oak-a", "oak-b", "oak-c", "oak-d"]),
            "devices, waiting for oak-a, oak-b, oak-c and 1 more"
        );
    }
}
