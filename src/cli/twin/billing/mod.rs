//! `gamctl twin billing`: runs a simulated billing system on loopback.

mod fault_file;
mod ready;
mod run;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::format::OutputFormat;
use crate::simulator::billing::FIRST_ACCOUNT;
pub(super) use fault_file::read as read_faults;
#[cfg(test)]
pub(in crate::cli) use ready::ReadyBilling;
pub(super) use run::run;

const AFTER_HELP: &str = "\
Examples:
  gamctl twin billing --kind splynx --accounts 200
  gamctl twin billing --kind sonar --port 8090 --latency 40
  gamctl twin billing --kind splynx --faults faults.toml --control billing.sock
  gamctl twin ctl billing block 1042         in another terminal, in the same folder

The key, the secret and the token follow from --seed and are not secret. See `gamctl twin ctl billing --help` to sell, block and pay, and to make it fail.";

/// Run a simulated billing system, with customers, services and equipment
///
/// It speaks HTTP as Sonar or Splynx do, keeps everything in memory, sends webhooks if `--hook` names a receiver, and runs
/// until Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct BillingArguments {
    /// Simulate this billing system
    #[arg(long, value_name = "KIND")]
    kind: BillingKind,

    /// Start with this many customers
    #[arg(long, value_name = "NUMBER", default_value = "200", value_parser = clap::value_parser!(u64).range(0..=250_000))]
    accounts: u64,

    /// Number the customers from here
    #[arg(long, value_name = "NUMBER", default_value_t = FIRST_ACCOUNT, value_parser = clap::value_parser!(u64).range(1..=900_000_000))]
    first_account: u64,

    /// Random seed; the same seed gives the same twins
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,

    /// Give one of so many customers a name with control characters
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "0",
        hide_default_value = true
    )]
    hostile: u64,

    /// Set the faults of the `[[fault]]` tables of this file at the start
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,

    /// Delay each answer by this many milliseconds
    #[arg(long, value_name = "MS", default_value = "0", value_parser = clap::value_parser!(u64).range(0..=600_000))]
    latency: u64,

    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,

    /// Listen on this port [default: any]
    #[arg(
        long,
        value_name = "PORT",
        default_value = "0",
        hide_default_value = true
    )]
    port: u16,

    /// Send the webhooks of Splynx to this receiver on this machine
    ///
    /// Such as `http://127.0.0.1:8080/hooks`. Webhooks of Sonar are set up over its API.
    #[arg(long, value_name = "URL")]
    hook: Option<String>,

    /// Allow addresses that other machines can reach
    #[arg(long)]
    allow_remote: bool,

    /// Use this path for the control socket
    ///
    /// [default: a file in the folder for temporary files]
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,

    /// Print the result in this format
    ///
    /// The result is the address and the login, when it is ready.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,

    /// The other spelling of `--format json`
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BillingKind {
    /// Sonar v2, GraphQL
    Sonar,
    /// Splynx 2.0, REST
    Splynx,
}

impl BillingKind {
    fn word(self) -> &'static str {
        match self {
            Self::Sonar => "sonar",
            Self::Splynx => "splynx",
        }
    }
}
