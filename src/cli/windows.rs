//! `gamctl windows`: shows when the service may write to the devices of each site.

use std::collections::BTreeSet;

use serde::Serialize;

use super::clock;
use super::format::OutputFormat;
use super::invocation::Invocation;
use super::source::{InventoryArguments, refuse};
use crate::inventory::service_policy;
use crate::model::SiteName;
use crate::reconcile::rollout::{RolloutPolicy, WindowState};
use crate::report::{Align, DocumentKind, Exit, Table, WindowLine, moment};

/// Show when the service may write to the devices of each site
///
/// Windows are `[[window]]` in `policy.toml`; without any, writes are always allowed. They hold for the service, not for
/// `gamctl apply`. A change of the windows comes into force with the commit after it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl windows                             now and next, for each site
  gamctl windows --format json | jq -r '.windows[] | select(.is_open | not).site'
  gamctl approve latest --reason '…' --now   carry a plan out in spite of a closed window")]
pub(super) struct WindowsArguments {
    #[command(flatten)]
    inventory: InventoryArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document of the command.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WindowsDocument {
    pub(super) windows: Vec<WindowLine>,
}

pub(super) fn run(arguments: &WindowsArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let reading = selected.read(arguments.inventory.revision())?;
    if reading.has_errors() {
        let why = "The inventory has errors, so its windows are unknown.";
        return refuse(reading, why, terminal);
    }
    let settings = service_policy(&reading.inventory);
    let policy = RolloutPolicy::of(&settings);
    let sites: BTreeSet<Option<SiteName>> = reading
        .inventory
        .devices()
        .map(|device| device.text.site.clone())
        .collect();
    let now = clock::seconds();
    let windows = sites.into_iter().map(|site| {
        let state = policy.window(site.as_ref().map(SiteName::as_str), now);
        let (is_open, until) = match state {
            WindowState::Open { until } => (true, until),
            WindowState::Closed { opens } => (false, opens),
        };
        WindowLine {
            site,
            is_open,
            until,
        }
    });
    let document = WindowsDocument {
        windows: windows.collect(),
    };
    let text = || {
        let mut table = Table::new(["SITE", "NOW", "UNTIL"].map(|title| (title, Align::Left)));
        for line in &document.windows {
            let site = line
                .site
                .as_ref()
                .map_or("(no site)".to_owned(), ToString::to_string);
            let now = if line.is_open { "open" } else { "closed" };
            let until = line.until.map_or_else(|| "no end".to_owned(), moment);
            table.push([site, now.to_owned(), until]);
        }
        table.render(terminal.paint)
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Windows.document(&document),
        text,
    )?;
    if settings.windows.is_empty() {
        terminal.say("No windows are defined, so the service may always write.");
    }
    Ok(Exit::Done)
}
