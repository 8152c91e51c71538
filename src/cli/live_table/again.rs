//! Shows a text again and again, until `q`, a signal, or a reader that is gone.

use std::future::Future;
use std::io::{IsTerminal, stdout};
use std::time::Duration;

use super::screen::Screen;
use super::stop::{Stop, Wake};
use crate::cli::terminal::Terminal;

/// Shows what `read` returns, then waits. On a terminal each text takes the place of the one before.
pub(in crate::cli) async fn again<F, W>(
    terminal: &Terminal,
    every: Duration,
    read: F,
) -> anyhow::Result<()>
where
    F: Fn() -> W,
    W: Future<Output = anyhow::Result<String>>,
{
    let is_live = stdout().is_terminal();
    let screen = is_live.then(|| Screen::enter(terminal)).transpose()?;
    let mut stop = Stop::listen(is_live)?;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let is_due = tokio::select! {
            _ = ticks.tick() => true,
            wake = stop.wake() => match wake {
                Wake::End => return Ok(()),
                Wake::Redraw => false,
            },
        };
        let text = read().await?;
        match &screen {
            Some(screen) => {
                if !is_due {
                    screen.resume()?;
                }
                screen.draw_text(&text)?;
            }
            None => {
                terminal.result(&format!("{text}\n"))?;
                if terminal.is_reader_gone() {
                    return Ok(());
                }
            }
        }
    }
}
