//! `gamctl discover`: finds devices on the network and compares them with the inventory.

use anyhow::{Context, bail, ensure};

use super::exposed_secrets::warn_of_exposed;
use super::format::OutputFormat;
use super::invocation::{Invocation, Selected};
use super::progress::Bar;
use super::scope::did_you_mean;
use super::source::InventoryArguments;
use super::timeout::TimeoutArguments;
use crate::discovery::{Seen, Verdict, addresses};
use crate::inventory::{Inventory, nearest};
use crate::reconcile::{Discovered, SweepCredentials, SweepOptions, discover};
use crate::report::{DocumentKind, Exit, discovered, discovery_exit, discovery_verdict, visible};
use crate::secrets::Secrets;

/// Find devices in ranges of addresses and compare them with the inventory
///
/// Sends one SNMP request per address and set of credentials, for model, name, serial number and MAC address. Lists the devices that are known, new, moved, missing or different from the inventory, and prints the TOML to add to it. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl discover 10.20.0.0/24                        a network
  gamctl discover 10.20.0.10-10.20.0.40 10.20.1.4     a range, and one address more
  gamctl discover 10.20.0.0/16 --rate 500 --credentials outdoor
  gamctl discover 127.20.0.0/28:2222/1161             a test bed with other ports for SSH and SNMP

Exit codes: 2 the inventory and the network differ, 6 a device of the inventory did not answer.")]
pub(super) struct DiscoverArguments {
    /// Networks, ranges and addresses
    #[arg(value_name = "RANGE", required = true)]
    ranges: Vec<String>,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// Send at most this many requests per second
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2000))]
    rate: u32,

    /// Try these credentials of the inventory, in this order [default: all]
    #[arg(long, value_name = "NAME")]
    credentials: Vec<String>,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

pub(super) fn run(arguments: &DiscoverArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let addresses = addresses(arguments.ranges.iter().map(String::as_str))?;
    ensure!(!addresses.is_empty(), "the ranges contain no address");
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let terminal = &invocation.terminal;
    let reading = selected.read(arguments.inventory.revision())?;
    if reading.has_errors() {
        terminal.say_always("The inventory has errors, so a device of the inventory may be listed as new; `gamctl validate` shows them.");
    }
    let inventory = &reading.inventory;
    let credentials = credentials(arguments, inventory, &selected)?;
    let options = SweepOptions {
        per_second: arguments.rate,
        silence: selected.silence(),
    };
    let count = addresses.len();
    let names = addresses.iter().map(ToString::to_string);
    let bar = Bar::new(names, "Asking", "addresses", terminal);
    let sweep = discover(inventory, addresses, credentials, options, |address| {
        bar.step(&address.to_string());
    });
    let Discovered { comparison, patch } = invocation.wait(sweep)?;
    bar.end();
    let text = || {
        let mut text = discovered(&comparison, terminal.paint);
        if !patch.is_empty() {
            text.push_str(&format!(
                "\n# For the inventory, below `devices/`:\n{patch}"
            ));
        }
        text
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Discover.document(&comparison),
        text,
    )?;
    terminal.say(&discovery_verdict(&comparison, count));
    let has_wrong = |seen: &Seen| matches!(seen.verdict, Verdict::Wrong { .. });
    if comparison.seen.iter().any(has_wrong) {
        terminal.hint("gamctl never writes to hardware that differs from the pins: find out what was swapped, then correct the pins or the address");
    }
    if !patch.is_empty() {
        terminal.hint("new devices begin in state `observe`; `gamctl trust` pins their host keys");
    }
    Ok(discovery_exit(&comparison))
}

/// Returns the credentials to try; if none was named, those whose secrets are available.
fn credentials(
    arguments: &DiscoverArguments,
    inventory: &Inventory,
    selected: &Selected<'_>,
) -> anyhow::Result<SweepCredentials> {
    let terminal = selected.terminal();
    let secrets = Secrets::of(selected.settings.secrets.clone());
    warn_of_exposed(inventory, &secrets, terminal);
    let known = || inventory.credentials().map(|known| known.id.as_str());
    for name in &arguments.credentials {
        if !known().any(|known| known == name) {
            let hint = did_you_mean(nearest(name, known()));
            let name = visible(name);
            bail!("there are no credentials `{name}` in the inventory{hint}");
        }
    }
    let mut credentials = SweepCredentials::of(inventory, &arguments.credentials, &secrets);
    for (name, error) in std::mem::take(&mut credentials.unusable) {
        if !arguments.credentials.is_empty() {
            let what = format!("the credentials `{name}` cannot be used");
            return Err(error).context(what);
        }
        terminal.say_always(&format!("Not tried: the credentials `{name}`: {error}."));
    }
    ensure!(
        !credentials.is_empty(),
        "there are no credentials to ask with; add some to `credentials.toml`, and their secrets"
    );
    Ok(credentials)
}
