//! What people type: the arguments of every command, and the way from them to an exit code.

mod adopt;
mod apply;
mod changed_files;
mod clock;
mod commit_target;
mod completions;
mod demo;
mod discover;
mod doctor;
mod explain;
mod exposed_secrets;
mod fmt;
mod freeze;
mod generated;
mod history;
mod import;
mod init;
mod invocation;
mod looking;
mod man;
mod observe;
mod plan;
mod rollback;
mod schema;
mod scope;
mod secret;
mod set;
mod show;
mod show_at;
mod show_observed;
mod signals;
mod source;
mod store_client;
mod subject;
mod terminal;
mod trust;
mod twin;
mod validate;
mod watch;
mod when;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::config;
use crate::crash;
use crate::report::Exit;
pub use generated::manual;
use invocation::Invocation;
use terminal::Terminal;

const AFTER_HELP: &str = "\
Exit codes:
  0  done, nothing left to do
  1  the program or its surroundings failed, or it was called wrongly
  2  changes are pending
  3  the inventory has errors
  4  refused by policy
  5  at least one device failed or was rolled back
  6  everything reachable is fine, some devices could not be observed
  7  some devices moved since the plan
  8  interrupted, the state is recorded

Begin with `gamctl init network` and `gamctl validate network`.";

/// Manage Positron GAM access multiplexers from a git repository
#[derive(Debug, Parser)]
#[command(name = "gamctl", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Read program settings from this file [default: gamctl.toml where it is there]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    config: Option<PathBuf>,

    /// Use colour: on a terminal, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Everywhere"
    )]
    color: ColorChoice,

    /// Say nothing but results and errors
    #[arg(
        long,
        short,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Everywhere"
    )]
    quiet: bool,

    /// Say more about what is being done
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    verbose: bool,

    /// Write the result as JSON to this file as well
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    json_to: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArguments),
    Validate(validate::ValidateArguments),
    Fmt(fmt::FmtArguments),
    Show(show::ShowArguments),
    Set(set::SetArguments),
    Discover(discover::DiscoverArguments),
    Import(Box<import::ImportArguments>),
    Observe(Box<observe::ObserveArguments>),
    Plan(Box<plan::PlanArguments>),
    Apply(Box<apply::ApplyArguments>),
    Rollback(Box<rollback::RollbackArguments>),
    Adopt(adopt::AdoptArguments),
    Demo(demo::DemoArguments),
    Trust(trust::TrustArguments),
    History(Box<history::HistoryArguments>),
    Explain(explain::ExplainArguments),
    Freeze(freeze::FreezeArguments),
    Thaw(freeze::ThawArguments),
    Secret(secret::SecretArguments),
    Doctor(doctor::DoctorArguments),
    Twin(Box<twin::TwinArguments>),
    Schema(schema::SchemaArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

/// Runs the program and returns what it tells the shell.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_help = !error.use_stderr();
            // Help into a closed pipe is no failure, and a usage error that nobody hears is still one.
            let printed = error.print();
            let exit = if is_help && printed.is_ok() {
                Exit::Done
            } else {
                Exit::Failed
            };
            return exit.into();
        }
    };
    let settings = config::settings(arguments.config.as_deref());
    if let Some(order) = settings
        .as_ref()
        .ok()
        .and_then(|settings| settings.crash_at.as_deref())
    {
        crash::arm(order);
    }
    let terminal = Terminal::of(&arguments, settings.as_ref().ok());
    let result = settings.map_err(anyhow::Error::from).and_then(|settings| {
        arguments
            .command
            .run(&Invocation::new(settings, terminal.clone()))
    });
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal.error(&error);
            Exit::Failed.into()
        }
    }
}

impl Command {
    fn run(self, invocation: &Invocation) -> anyhow::Result<Exit> {
        let (settings, terminal) = (&invocation.settings, &invocation.terminal);
        match self {
            Self::Init(arguments) => init::run(&arguments, terminal),
            Self::Validate(arguments) => validate::run(&arguments, settings, terminal),
            Self::Fmt(arguments) => fmt::run(&arguments, settings, terminal),
            Self::Show(arguments) => show::run(&arguments, invocation),
            Self::Set(arguments) => set::run(&arguments, settings, terminal),
            Self::Discover(arguments) => discover::run(&arguments, settings, terminal),
            Self::Import(arguments) => import::run(&arguments, settings, terminal),
            Self::Observe(arguments) => observe::run(&arguments, invocation),
            Self::Plan(arguments) => plan::run(&arguments, invocation),
            Self::Apply(arguments) => apply::run(&arguments, invocation),
            Self::Rollback(arguments) => rollback::run(&arguments, invocation),
            Self::Adopt(arguments) => adopt::run(&arguments, invocation),
            Self::Demo(arguments) => demo::run(&arguments, settings, terminal),
            Self::Trust(arguments) => trust::run(&arguments, settings, terminal),
            Self::History(arguments) => history::run(&arguments, invocation),
            Self::Explain(arguments) => explain::run(&arguments, invocation),
            Self::Freeze(arguments) => freeze::freeze(&arguments, invocation),
            Self::Thaw(arguments) => freeze::thaw(&arguments, invocation),
            Self::Doctor(arguments) => doctor::run(&arguments, invocation),
            Self::Secret(arguments) => secret::run(&arguments, settings, terminal),
            Self::Twin(arguments) => twin::run(*arguments, settings, terminal),
            Self::Schema(arguments) => schema::run(&arguments, terminal),
            Self::Completions(arguments) => completions::run(&arguments, terminal),
            Self::Man(arguments) => man::run(&arguments, terminal),
        }
    }
}
