//! `gamctl twin ctl`: looks into twins that run, and breaks them.

mod client;
mod print;
mod words;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Subcommand;

use crate::cli::terminal::Terminal;
use crate::model::MacAddress;
use crate::report::{Exit, json_document, visible};
use crate::simulator::gam::{AlarmCondition, Severity};
use crate::simulator::server::control_protocol::{Answer, Request};

const AFTER_HELP: &str = "\
Examples:
  gamctl twin ctl list
  gamctl twin ctl show birch-12
  gamctl twin ctl unplug birch-12 00:0e:d8:2a:01:46
  gamctl twin ctl fault set birch-12 snmp-loss percent=30
  gamctl twin ctl fault set birch-12 ssh-drop at=after nth=3
  gamctl twin ctl edit birch-12 'hostname somebody-was-here'";

/// Look into twins that run, plug and unplug, set faults, edit behind gamctl's back
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CtlArguments {
    /// The control socket that `gamctl twin` named when it was ready [default: twin.sock in this folder]
    #[arg(long, value_name = "PATH", global = true)]
    control: Option<PathBuf>,

    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    verb: Verb,
}

/// Which twin a verb is about.
#[derive(Debug, clap::Args)]
struct Device {
    /// The device's name in the inventory
    device: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the twins that run
    List,
    /// Show one twin: endpoints, alarms, faults, what is saved
    Show(Device),
    /// Plug an endpoint into a port; one that is somewhere else moves
    Plug {
        #[command(flatten)]
        device: Device,
        /// The endpoint's MAC address
        mac: MacAddress,
        /// The G.hn port
        port: u8,
    },
    /// Pull an endpoint out
    Unplug {
        #[command(flatten)]
        device: Device,
        /// The endpoint's MAC address
        mac: MacAddress,
    },
    /// Change the wire to an endpoint: under 35 dB is poor
    Wire {
        #[command(flatten)]
        device: Device,
        /// The endpoint's MAC address
        mac: MacAddress,
        /// How long it is
        #[arg(long, value_name = "METRES", required_unless_present = "snr")]
        meters: Option<u32>,
        /// Signal over noise, in decibels
        #[arg(long, value_name = "DECIBELS")]
        snr: Option<u32>,
    },
    /// Raise or clear an alarm
    #[command(subcommand)]
    Alarm(AlarmVerb),
    /// Set, list or clear faults
    #[command(subcommand)]
    Fault(FaultVerb),
    /// Enter configuration lines as somebody else would; fails where the device refuses one
    Edit {
        #[command(flatten)]
        device: Device,
        /// Each a line in quotes, all in one session: `'interface G.hn 1/3' shutdown`
        #[arg(required = true, value_name = "LINE")]
        lines: Vec<String>,
    },
    /// Save what is running, so that a reboot keeps it
    Save(Device),
    /// Reboot: what was not saved is gone
    Reboot(Device),
    /// Print the running-config
    Config {
        #[command(flatten)]
        device: Device,
        /// What a reboot would go back to
        #[arg(long)]
        startup: bool,
    },
    /// Print every line that was entered over SSH
    Log(Device),
}

#[derive(Debug, Subcommand)]
enum AlarmVerb {
    /// Raise an alarm, whatever the box itself thinks
    Raise {
        #[command(flatten)]
        device: Device,
        #[arg(value_parser = words::condition, value_name = "CONDITION", help = words::conditions())]
        condition: AlarmCondition,
        /// What it is about: `CPE-3`, `G.hn 1/3`, `10GigabitEthernet 1/1` [default: the system]
        #[arg(long, value_name = "NAME")]
        entity: Option<String>,
        /// nr, na, mn, mj or cr
        #[arg(long, value_name = "SEVERITY", default_value = "mj", value_parser = words::severity)]
        severity: Severity,
        /// Nobody's service suffers from it
        #[arg(long)]
        not_service_affecting: bool,
    },
    /// Clear an alarm that was raised this way
    Clear {
        #[command(flatten)]
        device: Device,
        /// As it was raised
        #[arg(value_parser = words::condition, value_name = "CONDITION")]
        condition: AlarmCondition,
        /// As it was raised
        #[arg(long, value_name = "NAME")]
        entity: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum FaultVerb {
    /// Set a fault; docs/operating.md lists them with their keys
    Set {
        #[command(flatten)]
        device: Device,
        /// Such as `snmp-silence`
        #[arg(value_name = "FAULT")]
        name: String,
        /// Such as `percent=30`; on any fault `nth=3`, `times=2` and, for lines, `matching=endpoint`
        #[arg(value_name = "KEY=VALUE")]
        fields: Vec<String>,
    },
    /// List the faults that are set, with how often they struck
    List(Device),
    /// Clear one fault, or all
    Clear {
        #[command(flatten)]
        device: Device,
        /// Its number in `fault list` [default: all]
        id: Option<u64>,
    },
}

pub(super) fn run(arguments: CtlArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let CtlArguments {
        control,
        json,
        verb,
    } = arguments;
    let control = match control {
        Some(control) => control,
        None => default_control()?,
    };
    let answer = client::ask(&control, &verb.request()?)?;
    if let Answer::Refused(reason) = &answer {
        bail!("{}", visible(reason));
    }
    let exit = match &answer {
        Answer::Session {
            is_refused: true, ..
        } => Exit::Failed,
        _ => Exit::Done,
    };
    let document = || print::document(&answer);
    terminal.json_text(|| json_document(&document()))?;
    if json {
        terminal.result(&json_document(&document()))?;
    } else {
        terminal.result(&print::text(&answer, terminal.paint))?;
    }
    Ok(exit)
}

fn default_control() -> anyhow::Result<PathBuf> {
    let here = Path::new("twin.sock");
    if here.exists() {
        return Ok(here.to_owned());
    }
    bail!(
        "there is no twin.sock here; give the socket that `gamctl twin` named with `--control PATH`, or go to the folder of `--write-inventory`"
    )
}

impl Verb {
    fn request(self) -> anyhow::Result<Request> {
        Ok(match self {
            Self::List => Request::List {},
            Self::Show(Device { device }) => Request::Show { device },
            Self::Plug {
                device: Device { device },
                mac,
                port,
            } => Request::Plug { device, mac, port },
            Self::Unplug {
                device: Device { device },
                mac,
            } => Request::Unplug { device, mac },
            Self::Wire {
                device: Device { device },
                mac,
                meters,
                snr,
            } => Request::Wire {
                device,
                mac,
                meters,
                snr,
            },
            Self::Alarm(AlarmVerb::Raise {
                device: Device { device },
                condition,
                entity,
                severity,
                not_service_affecting,
            }) => Request::RaiseAlarm {
                device,
                condition,
                entity,
                severity,
                service_affecting: !not_service_affecting,
            },
            Self::Alarm(AlarmVerb::Clear {
                device: Device { device },
                condition,
                entity,
            }) => Request::ClearAlarm {
                device,
                condition,
                entity,
            },
            Self::Fault(FaultVerb::Set {
                device: Device { device },
                name,
                fields,
            }) => Request::SetFault {
                device,
                order: words::fault(&name, &fields)?,
            },
            Self::Fault(FaultVerb::List(Device { device })) => Request::ListFaults { device },
            Self::Fault(FaultVerb::Clear {
                device: Device { device },
                id,
            }) => Request::ClearFaults { device, id },
            Self::Edit {
                device: Device { device },
                lines,
            } => Request::Edit { device, lines },
            Self::Save(Device { device }) => Request::Save { device },
            Self::Reboot(Device { device }) => Request::Reboot { device },
            Self::Config {
                device: Device { device },
                startup,
            } => Request::Configuration { device, startup },
            Self::Log(Device { device }) => Request::Log { device },
        })
    }
}
