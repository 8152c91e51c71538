//! `gamctl twin ctl`: inspects running twins, changes them and sets faults.

mod billing;
mod client;
mod print;
mod words;

pub(in crate::cli) use words::fault_names;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Subcommand;

use crate::cli::format::OutputFormat;
use crate::cli::terminal::Terminal;
use crate::model::MacAddress;
use crate::report::{DocumentKind, Exit, visible};
use crate::simulator::gam::{AlarmCondition, Severity};
use crate::simulator::server::billing_control::BillingAnswer;
use crate::simulator::server::control_protocol::{Answer, Request};

const AFTER_HELP: &str = "\
Examples:
  gamctl twin ctl list
  gamctl twin ctl show birch-12
  gamctl twin ctl unplug birch-12 00:0e:d8:2a:01:46
  gamctl twin ctl fault set birch-12 snmp-loss percent=30
  gamctl twin ctl fault set birch-12 ssh-drop at=after nth=3
  gamctl twin ctl edit birch-12 'hostname somebody-was-here'
  gamctl twin ctl billing block 1042";

/// Inspect running twins, plug endpoints, set faults, edit configurations
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CtlArguments {
    /// Use this path for the control socket
    ///
    /// [default: twin.sock in this folder, or billing.sock for `billing`]
    #[arg(long, value_name = "PATH", global = true)]
    control: Option<PathBuf>,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    format: OutputFormat,

    /// The earlier spelling of `--format json`
    #[arg(long, hide = true, global = true, conflicts_with = "format")]
    json: bool,

    #[command(subcommand)]
    verb: Verb,
}

/// The twin that a verb is about.
#[derive(Debug, clap::Args)]
struct Device {
    /// The device's name in the inventory
    device: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the running twins
    List,
    /// Show endpoints, alarms, faults and the saved state of one twin
    Show(Device),
    /// Plug an endpoint into a port; unplugs it from any other port
    Plug {
        #[command(flatten)]
        device: Device,
        /// The endpoint's MAC address
        mac: MacAddress,
        /// The G.hn port
        port: u8,
    },
    /// Unplug an endpoint
    Unplug {
        #[command(flatten)]
        device: Device,
        /// The endpoint's MAC address
        mac: MacAddress,
    },
    /// Change the line to an endpoint; an SNR under 35 dB is poor
    Wire {
        #[command(flatten)]
        device: Device,
        /// The endpoint's MAC address
        mac: MacAddress,
        /// Set the length of the line
        #[arg(long, value_name = "METRES", required_unless_present = "snr")]
        meters: Option<u32>,
        /// Set the signal-to-noise ratio, in decibels
        #[arg(long, value_name = "DECIBELS")]
        snr: Option<u32>,
    },
    /// Raise or clear an alarm
    #[command(subcommand)]
    Alarm(AlarmVerb),
    /// Set, list or clear faults
    #[command(subcommand)]
    Fault(FaultVerb),
    /// Send configuration lines as another operator; fails if one is refused
    Edit {
        #[command(flatten)]
        device: Device,
        /// Configuration lines in quotes, all sent in one session
        #[arg(required = true, value_name = "LINE")]
        lines: Vec<String>,
    },
    /// Save the running-config, so that it survives a reboot
    Save(Device),
    /// Reboot; unsaved changes are lost
    Reboot(Device),
    /// Print the running-config
    Config {
        #[command(flatten)]
        device: Device,
        /// Print the startup-config instead
        #[arg(long)]
        startup: bool,
    },
    /// Print every line received over SSH
    Log(Device),
    Billing(billing::BillingControlArguments),
}

#[derive(Debug, Subcommand)]
enum AlarmVerb {
    /// Raise an alarm, even if the device itself has no reason to
    Raise {
        #[command(flatten)]
        device: Device,
        #[arg(value_parser = words::condition, value_name = "CONDITION", help = words::conditions())]
        condition: AlarmCondition,
        /// Name the entity, such as `CPE-3` or `G.hn 1/3` [default: system]
        #[arg(long, value_name = "NAME")]
        entity: Option<String>,
        /// Use this severity: nr, na, mn, mj or cr
        #[arg(long, value_name = "SEVERITY", default_value = "mj", value_parser = words::severity)]
        severity: Severity,
        /// Mark the alarm as not service affecting
        #[arg(long)]
        not_service_affecting: bool,
    },
    /// Clear an alarm that was raised with `alarm raise`
    Clear {
        #[command(flatten)]
        device: Device,
        /// The condition it was raised with
        #[arg(value_parser = words::condition, value_name = "CONDITION")]
        condition: AlarmCondition,
        /// Name the entity, such as `CPE-3` or `G.hn 1/3` [default: system]
        #[arg(long, value_name = "NAME")]
        entity: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum FaultVerb {
    /// Set a fault; docs/operating.md lists faults and their keys
    Set {
        #[command(flatten)]
        device: Device,
        /// The fault, such as `snmp-silence`
        #[arg(value_name = "FAULT")]
        name: String,
        /// Keys such as `percent=30`; any fault: `nth=3`, `times=2`, `matching=`
        #[arg(value_name = "KEY=VALUE")]
        fields: Vec<String>,
    },
    /// List the faults that are set, and how often each occurred
    List(Device),
    /// Clear one fault, or all
    Clear {
        #[command(flatten)]
        device: Device,
        /// Clear the fault with this number [default: all]
        id: Option<u64>,
    },
}

pub(super) fn run(arguments: CtlArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let CtlArguments {
        control,
        format,
        json,
        verb,
    } = arguments;
    let verb = match verb {
        Verb::Billing(arguments) => {
            let control = control.map_or_else(default_billing_control, Ok)?;
            return run_billing(arguments, &control, format.or_json(json), terminal);
        }
        verb => verb,
    };
    let control = control.map_or_else(default_control, Ok)?;
    let answer: Answer = client::ask(&control, &verb.request()?)?;
    if let Answer::Refused(reason) = &answer {
        bail!("{}", visible(reason));
    }
    let exit = match &answer {
        Answer::Session {
            is_refused: true, ..
        } => Exit::Failed,
        _ => Exit::Done,
    };
    let document = || DocumentKind::TwinAnswer.document(&print::document(&answer));
    let text = || print::text(&answer, terminal.paint);
    terminal.print(format.or_json(json), document, text)?;
    Ok(exit)
}

fn run_billing(
    arguments: billing::BillingControlArguments,
    control: &Path,
    format: OutputFormat,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let answer: BillingAnswer = client::ask(control, &arguments.request()?)?;
    if let BillingAnswer::Refused(reason) = &answer {
        bail!("{}", visible(reason));
    }
    let document = || DocumentKind::TwinAnswer.document(&billing::document(&answer));
    let text = || billing::text(&answer, terminal.paint);
    terminal.print(format, document, text)?;
    Ok(Exit::Done)
}

fn default_billing_control() -> anyhow::Result<PathBuf> {
    let here = Path::new("billing.sock");
    if here.exists() {
        return Ok(here.to_owned());
    }
    bail!(
        "there is no billing.sock here; give the socket printed by `gamctl twin billing` with `--control PATH`, or start it here with `--control billing.sock`"
    )
}

fn default_control() -> anyhow::Result<PathBuf> {
    let here = Path::new("twin.sock");
    if here.exists() {
        return Ok(here.to_owned());
    }
    bail!(
        "there is no twin.sock here; give the socket printed by `gamctl twin` with `--control PATH`, or run this in the folder of `--write-inventory`"
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
            // Another twin answers it: `run` sends it there.
            Self::Billing(_) => bail!("`billing` is not a request to a twin of a device"),
        })
    }
}
