//! `gamctl twin`: simulated devices for a whole inventory, and simulated billing systems, on loopback.

mod assume;
mod billing;
mod credentials;
mod ctl;
mod faults;
mod latency;
mod listen;
mod ready;
mod run;
mod secret_value;
mod specification;
mod start_from;
mod written_inventory;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::format::OutputFormat;
use super::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::text::DeviceText;
use crate::model::Address;
use crate::report::Exit;
use crate::simulator::gam::FirmwareProfile;
#[cfg(test)]
pub(super) use billing::ReadyBilling;
pub(super) use ctl::fault_names;
use listen::{Listen, ListenAddress, ListenError, Ports};
#[cfg(test)]
pub(super) use ready::Ready;
use start_from::StartFrom;

const AFTER_HELP: &str = "\
Examples:
  gamctl twin --inventory inventory.example
  gamctl twin --device 'maple-*' --ssh-port 2200 --snmp-port 16100
  gamctl twin --listen 127.20.0.0/16 --latency ssh=150ms,line=40ms,snmp=20ms
  gamctl twin --write-inventory /tmp/try     then, elsewhere: cd /tmp/try && gamctl validate
  gamctl twin billing --kind splynx          a billing system instead

Passwords and communities of twins follow from --seed and are not secret. See `gamctl twin ctl --help` to inspect running twins and to make them fail.";

/// Run simulated devices: a twin for every device of an inventory
///
/// Twins speak SSH and SNMP as real GAMs do, with the users, models and serial numbers of the inventory. They run until
/// Ctrl-C. A `preprovision` device gets no twin unless `--device` names it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(super) struct TwinArguments {
    #[command(subcommand)]
    inner: Option<Inner>,

    // Not global, as that of other commands is: `twin ctl` reads no inventory.
    /// Use the inventory in this folder or git repository
    #[arg(long, short = 'i', value_name = "PATH")]
    inventory: Option<PathBuf>,

    /// Read the inventory as committed at this revision, not from disk
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// Only devices whose name matches, such as `maple-*`
    #[arg(long, alias = "only", value_name = "PATTERN")]
    device: Vec<String>,

    /// Start with this configuration: factory, intended or a file
    ///
    /// `factory` is the state at delivery, with the endpoints plugged in. `intended` is the configuration of the
    /// inventory. A file holds the text of a `show running-config`.
    #[arg(long, alias = "from", value_name = "WHAT", default_value = "factory")]
    start_with: StartFrom,

    /// Behave like this firmware version
    #[arg(long, value_name = "VERSION", default_value = "1.8")]
    firmware: FirmwareArgument,

    /// Answer an open question about the device: `ports=management-first`
    ///
    /// `ports` is the order of the interfaces after the G.hn ports: `uplinks-first`, `management-first`, or `alike` for a
    /// device that describes them all alike. `removal` is what becomes of the users of a removed profile or endpoint:
    /// `refused`, `detached` or `service-gone`. `endpoints` counted for the limit: `with-a-port` or `all`.
    /// `allowed-vlans`: `12-vlans` or `14-entries`. `descriptions`: at most `127` or `63` characters. `unnamed-profile` of
    /// a new subscriber: `none` or `built-in`. `all=strictest` sets the answers that refuse most. docs/gam.md lists what is
    /// unknown.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assume::assumption)]
    assume: Vec<assume::Assumption>,

    /// Random seed; the same seed gives the same twins
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,

    /// Delay responses: `ssh=150ms,line=40ms,snmp=20ms,save=3s,boot=90s`
    ///
    /// `ssh` is a connection, `line` a line in it, `snmp` the way to the agent and back, `save` writing to flash, `boot` a
    /// restart. `snmp-cpu=30ms` makes a slow agent: it computes one answer at a time, in this time, and drops requests
    /// while 16 are waiting. `gamctl twin ctl show` counts them.
    #[arg(long, value_name = "TIMES", default_value = "ssh=0ms", hide_default_value = true, value_parser = latency::latencies)]
    latency: latency::Latencies,

    /// Print this text above the first prompt of each session
    #[arg(long, value_name = "TEXT")]
    banner: Option<String>,

    /// Start sessions at `>`; `enable` asks for the login's password
    #[arg(long)]
    unprivileged: bool,

    /// Accept this many sessions per twin at once
    #[arg(long, value_name = "NUMBER", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=16))]
    sessions: u16,

    /// Set the faults of the `[[fault]]` tables of this file at the start
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,

    /// Listen on this address, or give each twin an address of a network
    ///
    /// With one address, each twin gets ports of its own. With a network such as 127.20.0.0/16, each twin gets an
    /// address. [default: the addresses of an inventory of --write-inventory, else 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Listen>,

    /// Allow addresses that other machines can reach
    #[arg(long)]
    allow_remote: bool,

    /// Use this first SSH port, or SSH port of all [default: any, or 2222]
    #[arg(long, value_name = "PORT")]
    ssh_port: Option<u16>,

    /// Use this first SNMP port, or port of all [default: any, or 1161]
    #[arg(long, value_name = "PORT")]
    snmp_port: Option<u16>,

    /// Offer only the SSH algorithms of old firmware
    #[arg(long)]
    legacy_ssh: bool,

    /// Send SNMP traps to this address
    #[arg(long, value_name = "ADDRESS:PORT")]
    trap_to: Option<SocketAddr>,

    /// Keep host keys in this folder
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,

    /// Use this path for the control socket
    ///
    /// [default: twin.sock in the folder of --write-inventory, of --state or of an inventory written by
    /// --write-inventory, else a file in the folder for temporary files]
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,

    /// Write a copy of the inventory, with settings and secrets, for the twins
    #[arg(long, value_name = "FOLDER")]
    write_inventory: Option<PathBuf>,

    /// Overwrite an earlier copy
    #[arg(long, requires = "write_inventory")]
    force: bool,

    /// Print the result in this format
    ///
    /// The result are the addresses and logins of the twins, when all are ready.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,

    /// The earlier spelling of `--format json`
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Inner {
    Ctl(ctl::CtlArguments),
    Billing(billing::BillingArguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FirmwareArgument {
    /// All MIBs answer
    #[value(name = "1.8")]
    V1_8,
    /// Like one real GAM: the G.hn agent has no configuration tables
    #[value(name = "1.5.4-4CX")]
    V1_5_4OnCx,
}

impl From<FirmwareArgument> for FirmwareProfile {
    fn from(firmware: FirmwareArgument) -> Self {
        match firmware {
            FirmwareArgument::V1_8 => Self::V1_8,
            FirmwareArgument::V1_5_4OnCx => Self::V1_5_4OnCx,
        }
    }
}

impl TwinArguments {
    /// Returns the address that the twin of a device listens on; devices are numbered from 0.
    fn place(&self, number: usize, device: &DeviceText) -> Result<ListenAddress, ListenError> {
        let ports = Ports {
            ssh: self.ssh_port,
            snmp: self.snmp_port,
        };
        let is_open = self.listen.is_none() && ports == Ports::default();
        match device.address {
            // An inventory of twins: they come back to where they were.
            Some(Address {
                ip,
                ssh_port,
                snmp_port,
            }) if is_open && device.test_bed == Some(true) && ip.is_loopback() => {
                Ok(ListenAddress {
                    ip,
                    ssh_port,
                    snmp_port,
                })
            }
            _ => self.listen.unwrap_or_default().place(number, ports),
        }
    }
}

pub(super) fn run(
    mut arguments: TwinArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    match arguments.inner.take() {
        Some(Inner::Ctl(arguments)) => ctl::run(arguments, terminal),
        Some(Inner::Billing(arguments)) => billing::run(&arguments, terminal),
        None => run::run(&arguments, settings, terminal),
    }
}
