//! Writes gamctl's own spans and events to stderr or a file, as text or JSON; off by default.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, fmt, registry};

use crate::model::WIRE;
use crate::report::visible;
use crate::telemetry::Exporter;

/// The crate that is logged. Logs of libraries may hold the lines of a session, or SQL statements with their values.
const OWN: &str = "gamctl";

/// A format or a level of the log. Levels from `debug` on include the exchanges with devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogWord {
    /// As lines of text
    Text,
    /// As a JSON object on each line
    Json,
    /// Progress only
    Info,
    /// Also every SNMP request and answer, and every SSH line and reply, masked
    Debug,
    /// Also every value of an answer, and long replies in full
    Trace,
}

impl LogWord {
    fn level(self) -> Option<LevelFilter> {
        match self {
            Self::Text | Self::Json => None,
            Self::Info => Some(LevelFilter::INFO),
            Self::Debug => Some(LevelFilter::DEBUG),
            Self::Trace => Some(LevelFilter::TRACE),
        }
    }
}

/// Starts logging, if words, a file or a filter (GAMCTL_LOG) are given, and hands spans to the export of traces.
pub(super) fn start(
    words: &[LogWord],
    file: Option<&Path>,
    filter: Option<&str>,
    traces: Option<&Exporter>,
) -> anyhow::Result<()> {
    let traces = traces.map(Exporter::layer);
    if words.is_empty() && file.is_none() && filter.is_none() {
        begin(traces.into_iter().collect());
        return Ok(());
    }
    let level = words.iter().find_map(|word| word.level());
    let targets = match level {
        Some(level) => Targets::new()
            .with_target(OWN, level)
            .with_target(WIRE, exchanges_at(level)),
        None => targets(filter.unwrap_or("info"))?,
    };
    let is_json = words.contains(&LogWord::Json);
    let written = match file {
        Some(path) => {
            let log = open(path)
                .with_context(|| format!("cannot write the log to {}", path.display()))?;
            written(is_json, Mutex::new(log))
        }
        None => written(is_json, io::stderr),
    };
    let written = written.with_filter(targets).boxed();
    begin(traces.into_iter().chain([written]).collect());
    Ok(())
}

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Returns the level of exchanges for a level that was named on the command line.
fn exchanges_at(level: LevelFilter) -> LevelFilter {
    if level >= LevelFilter::DEBUG {
        level
    } else {
        LevelFilter::OFF
    }
}

/// Returns the layer that writes lines.
fn written<W>(is_json: bool, writer: W) -> BoxedLayer
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let spans = fmt::format::FmtSpan::CLOSE;
    match is_json {
        false => fmt::layer()
            .with_writer(writer)
            .with_ansi(false)
            .with_span_events(spans)
            .map_event_format(WithoutRoutine)
            .boxed(),
        true => fmt::layer()
            .json()
            .with_writer(writer)
            .with_span_events(spans)
            .map_event_format(WithoutRoutine)
            .boxed(),
    }
}

fn begin(layers: Vec<BoxedLayer>) {
    if layers.is_empty() {
        return;
    }
    let logging = registry().with(layers);
    // A second start in one process, as in tests, keeps the first subscriber.
    let _started = tracing::subscriber::set_global_default(logging);
}

/// The spans whose end is not logged: they end every few seconds all day, or have an event of their own at their end.
const ROUTINE: [&str; 4] = ["task", "request", "poll", "probe"];

/// A format of events that leaves out the end of routine spans.
struct WithoutRoutine<F>(F);

impl<S, N, F> FormatEvent<S, N> for WithoutRoutine<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        // The event of a span's end has the metadata of the span.
        let of = event.metadata();
        if of.is_span() && ROUTINE.contains(&of.name()) {
            return Ok(());
        }
        self.0.format_event(context, writer, event)
    }
}

/// Opens a log file, which only its owner can read; an existing one is continued.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?;
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Parses a filter such as `debug` or `gamctl::apply=trace,gamctl::reconcile=debug`. Exchanges with devices stay off
/// unless the filter names their target.
fn targets(filter: &str) -> anyhow::Result<Targets> {
    if let Ok(level) = filter.trim().parse::<LevelFilter>() {
        return Ok(Targets::new()
            .with_target(OWN, level)
            .with_target(WIRE, LevelFilter::OFF));
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
    let is_named = targets.iter().any(|(target, _)| target == WIRE);
    Ok(match is_named {
        true => targets,
        false => targets.with_target(WIRE, LevelFilter::OFF),
    })
}

#[cfg(test)]
mod tests {
    use tracing::Level;

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

    #[test]
    fn exchanges_are_logged_only_where_they_are_asked_for_by_name() {
        for off in ["info", "trace", "gamctl=trace", "gamctl::transport=trace"] {
            let targets = targets(off).unwrap();
            assert!(!targets.would_enable(WIRE, &Level::ERROR), "{off}");
        }
        let on = targets("gamctl::wire=debug").unwrap();
        assert!(on.would_enable(WIRE, &Level::DEBUG));
        assert_eq!(exchanges_at(LevelFilter::INFO), LevelFilter::OFF);
        assert_eq!(exchanges_at(LevelFilter::TRACE), LevelFilter::TRACE);
    }

    #[test]
    fn a_log_file_is_its_owners_alone_and_is_continued() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gam.log");
        std::fs::write(&path, "earlier\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        drop(open(&path).unwrap());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "earlier\n");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(open(&link).is_err());
    }
}
