//! Writes gamctl's own spans and events to stderr, as text or JSON; off by default.

use std::io;

use anyhow::{bail, ensure};
use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::report::visible;

/// The crate that is logged. Logs of libraries may hold the lines of a session, or SQL statements with their values.
const OWN: &str = "gamctl";

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

/// Starts logging, if a format or a filter (GAMCTL_LOG) is given.
pub(super) fn start(format: Option<LogFormat>, filter: Option<&str>) -> anyhow::Result<()> {
    if format.is_none() && filter.is_none() {
        return Ok(());
    }
    let targets = targets(filter.unwrap_or("info"))?;
    let spans = fmt::format::FmtSpan::CLOSE;
    let layer = match format.unwrap_or(LogFormat::Text) {
        LogFormat::Text => fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(false)
            .with_span_events(spans)
            .boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .with_writer(io::stderr)
            .with_span_events(spans)
            .boxed(),
    };
    let logging = registry().with(layer.with_filter(targets));
    // A second start in one process, as in tests, keeps the first subscriber.
    let _started = tracing::subscriber::set_global_default(logging);
    Ok(())
}

/// Parses a filter such as `debug` or `gamctl::apply=trace,gamctl::reconcile=debug`.
fn targets(filter: &str) -> anyhow::Result<Targets> {
    if let Ok(level) = filter.trim().parse::<LevelFilter>() {
        return Ok(Targets::new().with_target(OWN, level));
    }
    let Ok(targets) = filter.parse::<Targets>() else {
        bail!(
            "invalid log filter `{}` in GAMCTL_LOG; write `debug`, or `gamctl::apply=trace`",
            visible(filter)
        );
    };
    for (target, _) in &targets {
        ensure!(
            target == OWN || target.starts_with("gamctl::"),
            "GAMCTL_LOG names `{}`; only gamctl's own modules can be logged, such as `gamctl::apply`, because libraries may log secrets",
            visible(target)
        );
    }
    ensure!(
        targets
            .default_level()
            .is_none_or(|level| level == LevelFilter::OFF),
        "a level in GAMCTL_LOG needs its module: write `debug` alone, or `gamctl::apply=debug`"
    );
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_modules_of_gamctl_can_be_logged() {
        for good in [
            "info",
            "TRACE",
            "off",
            "gamctl=debug",
            "gamctl::apply=trace,gamctl::reconcile=info",
        ] {
            assert!(targets(good).is_ok(), "{good}");
        }
        for bad in [
            "russh=trace",
            "debug,gamctl=info",
            "gamctl=loud",
            "gamctlx=info",
        ] {
            assert!(targets(bad).is_err(), "{bad}");
        }
    }
}
