//! `gamctl twin`: simulated devices for a whole inventory, on loopback.

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

use super::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::text::DeviceText;
use crate::model::Address;
use crate::report::Exit;
use crate::simulator::gam::FirmwareProfile;
use listen::{Listen, ListenError, Place, Ports};
use start_from::StartFrom;

const AFTER_HELP: &str = "\
Examples:
  gamctl twin --inventory inventory.example
  gamctl twin --only 'maple-*' --ssh-port 2200 --snmp-port 16100
  gamctl twin --listen 127.20.0.0/16 --latency ssh=150ms,line=40ms,snmp=20ms
  gamctl twin --write-inventory /tmp/try     then, elsewhere: cd /tmp/try && gamctl validate

Passwords and communities of twins follow from --seed and are no secret. `gamctl twin ctl --help` says how to look into twins that run, and how to break them.";

/// Run simulated devices: a twin for every device of an inventory
///
/// Twins speak SSH and SNMP as real GAMs do, with the users, models and serial numbers of the inventory. They run until
/// Ctrl-C. A device that is `preprovision` gets none, unless `--only` names it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(super) struct TwinArguments {
    #[command(subcommand)]
    inner: Option<Inner>,

    /// The inventory's folder, or a git repository with --rev [default: the settings', else this folder]
    #[arg(long, short = 'i', value_name = "PATH")]
    inventory: Option<PathBuf>,

    /// Take the inventory as it was committed at this revision, instead of as it is on disk
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// Twins only of devices whose name matches, such as `maple-*`
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// What they start with: `factory` is as delivered, with the endpoints plugged in; `intended` is what the inventory says;
    /// else a file with the text of a `show running-config`
    #[arg(long, value_name = "WHAT", default_value = "factory")]
    from: StartFrom,

    /// Which firmware they behave like
    #[arg(long, value_name = "VERSION", default_value = "1.8")]
    firmware: FirmwareArgument,

    /// Where chance begins: the same seed makes the same passwords, keys and wires
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,

    /// How long connections, lines, answers, saving and restarts take: `ssh=150ms,line=40ms,snmp=20ms,save=3s,boot=90s`
    #[arg(long, value_name = "TIMES", default_value = "ssh=0ms", hide_default_value = true, value_parser = latency::pace)]
    latency: latency::Pace,

    /// A text above the first prompt of each session
    #[arg(long, value_name = "TEXT")]
    banner: Option<String>,

    /// Let sessions begin at `>`; `enable` asks for the login's password
    #[arg(long)]
    unprivileged: bool,

    /// How many sessions a twin has at once
    #[arg(long, value_name = "NUMBER", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=16))]
    sessions: u16,

    /// What goes wrong from the start, from a TOML file with `[[fault]]` tables
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,

    /// One address for all, each with ports of its own; or a network such as 127.20.0.0/16, with an address for each
    /// [default: where a test bed of the inventory is, else 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Listen>,

    /// Listen where other machines can reach the twins, too
    #[arg(long)]
    allow_remote: bool,

    /// The first SSH port on one address, or the port of all in a network [default: any free, or 2222]
    #[arg(long, value_name = "PORT")]
    ssh_port: Option<u16>,

    /// The same for SNMP [default: any free, or 1161]
    #[arg(long, value_name = "PORT")]
    snmp_port: Option<u16>,

    /// Offer only the old SSH algorithms of old firmware
    #[arg(long)]
    legacy_ssh: bool,

    /// Where SNMP traps go
    #[arg(long, value_name = "ADDRESS:PORT")]
    trap_to: Option<SocketAddr>,

    /// Keep host keys in this folder
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Where the control socket is made [default: twin.sock in the folder of --write-inventory, of --state or of an
    /// inventory that was written so, else a file of its own in the folder for temporary files]
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,

    /// Write a copy of the inventory that points at the twins, with settings and secrets, as a git repository
    #[arg(long, value_name = "DIR")]
    write_inventory: Option<PathBuf>,

    /// Write over a copy that was written before
    #[arg(long, requires = "write_inventory")]
    force: bool,

    /// Print the twins as one JSON document once they are ready
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Inner {
    Ctl(ctl::CtlArguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FirmwareArgument {
    /// Everything in the MIBs answers
    #[value(name = "1.8")]
    V1_8,
    /// As one real GAM: the configuration tables of the G.hn agent are not there
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
    /// Returns where the twin of a device listens; devices are numbered from 0.
    fn place(&self, number: usize, device: &DeviceText) -> Result<Place, ListenError> {
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
            }) if is_open && device.test_bed == Some(true) && ip.is_loopback() => Ok(Place {
                ip,
                ssh_port,
                snmp_port,
            }),
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
        None => run::run(&arguments, settings, terminal),
    }
}
