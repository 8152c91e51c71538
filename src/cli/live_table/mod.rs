//! `gamctl observe --watch`: polls one device or port again and again, and shows rates, errors and states.
//!
//! `screen` draws on the terminal and gives it back, `stop` ends the watch on `q`, a signal, or a reader that is gone, `again`
//! shows any text again and again.

mod again;
mod screen;
mod stop;

use std::collections::BTreeMap;
use std::io::{IsTerminal, stdout};
use std::time::Duration;

pub(super) use again::again;
use anyhow::{Context, bail, ensure};
use screen::Screen;
use stop::{Stop, Wake};

use super::clock;
use super::invocation::Selected;
use super::when::milliseconds;
use crate::inventory::Inventory;
use crate::model::{DeviceName, MacAddress, Poll, PortAssignment, PortNumber};
use crate::reconcile::{Accesses, DeviceAccess, PollScope, PolledDevice, poll_one};
use crate::report::{Exit, WatchView, visible, watched};

/// Shorter intervals load the device: each poll asks it some twenty times.
const SHORTEST: Duration = Duration::from_secs(2);

const LONGEST: Duration = Duration::from_secs(3600);

/// Parses the interval: `5s`, `1m`.
pub(super) fn interval(text: &str) -> anyhow::Result<Duration> {
    let millis = milliseconds(text);
    let millis = millis.with_context(|| {
        let text = visible(text);
        format!("invalid interval `{text}`; write it as `5s` or `1m`")
    })?;
    let interval = Duration::from_millis(millis);
    ensure!(
        (SHORTEST..=LONGEST).contains(&interval),
        "`{}` is not between 2s and 1h; shorter intervals load the device",
        visible(text)
    );
    Ok(interval)
}

/// What is watched, with what is known so far.
struct Watched {
    device: DeviceName,
    access: DeviceAccess,
    scope: PollScope,
    interval: Duration,
    subscribers: BTreeMap<MacAddress, String>,
    now: Option<PolledDevice>,
    before: Option<Poll>,
    /// Since when the device does not answer, in seconds since 1970, and why.
    silence: Option<(u64, String)>,
}

/// Watches the only device among these until somebody ends it.
pub(super) fn run(
    accesses: Accesses,
    port: Option<PortNumber>,
    interval: Duration,
    inventory: &Inventory,
    selected: &Selected<'_>,
) -> anyhow::Result<Exit> {
    let mut all = accesses.into_iter();
    let (Some((device, access)), None) = (all.next(), all.next()) else {
        bail!(
            "`--watch` shows one device; name it, as in `gamctl observe --watch 5s maple-court-a`"
        );
    };
    let access = match access {
        Ok(access) => access,
        Err(why) => bail!("cannot watch {device}: {why}"),
    };
    let subscribers = inventory.subscribers_of(device.as_str());
    let lines: Vec<(MacAddress, String, Option<PortAssignment>)> = subscribers
        .filter_map(|one| Some((one.text.endpoint?, one.id.to_string(), one.text.port)))
        .collect();
    let scope = match port {
        None => PollScope::Interfaces,
        Some(port) => PollScope::Port {
            port,
            expected: lines
                .iter()
                .filter(|(_, _, assigned)| *assigned == Some(PortAssignment::Port(port)))
                .map(|(mac, ..)| *mac)
                .collect(),
        },
    };
    let mut watched = Watched {
        device,
        access,
        scope,
        interval,
        subscribers: lines.into_iter().map(|(mac, id, _)| (mac, id)).collect(),
        now: None,
        before: None,
        silence: None,
    };
    selected
        .invocation
        .wait(async { watch(&mut watched, selected).await })??;
    Ok(match watched.now {
        Some(_) => Exit::Done,
        None => Exit::of_looks(0, 1),
    })
}

async fn watch(watched: &mut Watched, selected: &Selected<'_>) -> anyhow::Result<()> {
    let terminal = selected.terminal();
    let is_live = stdout().is_terminal();
    let screen = is_live.then(|| Screen::enter(terminal)).transpose()?;
    // Where another program shows the output, the keys are its own.
    let mut stop = Stop::listen(is_live)?;
    let mut ticks = tokio::time::interval(watched.interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        // The first picture is shown before the first answer: it may take a while.
        if let Some(screen) = &screen {
            screen.draw(&watched.view())?;
        }
        let tick = async {
            ticks.tick().await;
            watched.poll().await
        };
        let polled = {
            tokio::pin!(tick);
            loop {
                tokio::select! {
                    polled = &mut tick => break polled,
                    wake = stop.wake() => match wake {
                        Wake::End => return Ok(()),
                        Wake::Redraw => if let Some(screen) = &screen {
                            screen.resume()?;
                            screen.draw(&watched.view())?;
                        },
                    },
                }
            }
        };
        watched.take(polled);
        if screen.is_none() {
            let lines = watched_lines(watched);
            terminal.result(&format!("{lines}\n"))?;
            if terminal.is_reader_gone() {
                return Ok(());
            }
        }
    }
}

fn watched_lines(one: &Watched) -> String {
    let lines = watched(&one.view());
    lines
        .iter()
        .map(|line| format!("{}\n", line.text))
        .collect()
}

impl Watched {
    async fn poll(&self) -> Result<PolledDevice, String> {
        let polled = poll_one(&self.device, &self.access, &self.scope, clock::millis).await;
        polled.map_err(|why| why.to_string())
    }

    /// Takes the result of a poll. After a silence, rates are those since the last answer.
    fn take(&mut self, polled: Result<PolledDevice, String>) {
        match polled {
            Ok(polled) => {
                self.silence = None;
                self.before = self.now.replace(polled).map(|earlier| earlier.poll);
            }
            Err(why) => match &mut self.silence {
                Some((_, reason)) => *reason = why,
                None => self.silence = Some((clock::seconds(), why)),
            },
        }
    }

    fn view(&self) -> WatchView<'_> {
        WatchView {
            device: &self.device,
            interval: self.interval,
            now: self.now.as_ref().map(|polled| &polled.poll),
            before: self.before.as_ref(),
            requests: self.now.as_ref().map_or(0, |polled| polled.requests),
            silence: self
                .silence
                .as_ref()
                .map(|(since, reason)| (*since, reason.as_str())),
            at: clock::seconds(),
            subscribers: &self.subscribers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_a_unit_and_is_not_shorter_than_two_seconds() {
        assert_eq!(interval("5s").unwrap(), Duration::from_secs(5));
        assert_eq!(interval("1m").unwrap(), Duration::from_secs(60));
        for wrong in ["5", "", "x"] {
            let said = interval(wrong).unwrap_err().to_string();
            assert!(said.contains("write it as `5s`"), "{said}");
        }
        for wrong in ["100ms", "1s", "2h"] {
            let said = interval(wrong).unwrap_err().to_string();
            assert!(said.contains("between 2s and 1h"), "{said}");
        }
    }
}
