//! Starts the export of traces where the settings name a collector.

use anyhow::Context;

use super::clock;
use crate::config::Settings;
use crate::telemetry::{Collector, Exporter};

/// Returns the collector of the settings. Only settings that the user names may choose where the names of devices go: the
/// author of an inventory must not.
pub(super) fn collector(settings: &Settings) -> anyhow::Result<Option<Collector>> {
    let otlp = settings.telemetry.otlp.as_deref();
    let Some(otlp) = otlp.filter(|_| settings.is_named) else {
        return Ok(None);
    };
    // The value is not shown: it may have a password.
    let collector = otlp.parse().context("invalid `[telemetry] otlp`")?;
    Ok(Some(collector))
}

/// Starts the export, if there is a collector. What follows never waits for it.
pub(super) fn start(settings: &Settings) -> anyhow::Result<Option<Exporter>> {
    let Some(collector) = collector(settings)? else {
        return Ok(None);
    };
    let exporter = Exporter::start(collector, clock::nanos);
    Ok(Some(exporter.context("cannot start the export of traces")?))
}
