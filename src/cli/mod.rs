//! Parses the arguments of every command, runs it, and turns its result into an exit code.

mod accept_history;
mod adopt;
mod adopt_drift;
mod apply;
mod approve;
mod backup;
mod clock;
mod commit_target;
mod complete;
mod completions;
mod demo;
mod discover;
mod disown;
mod doctor;
mod explain;
mod export;
mod exposed_secrets;
mod find;
mod flags;
mod fmt;
mod format;
mod freeze;
mod generated;
mod habits;
mod help;
mod history;
mod import;
mod init;
mod invocation;
mod key_mode;
mod list_file;
mod live_table;
mod logging;
mod looking;
mod man;
mod observe;
mod open_files;
mod output_file;
mod owned;
mod plan;
mod poll;
mod probe;
mod progress;
#[cfg(test)]
mod published;
mod rename;
mod rollback;
mod rollouts;
mod schema;
mod scope;
mod secret;
mod serve;
mod set;
mod show;
mod show_at;
mod show_line;
mod show_observed;
mod show_plan;
mod signals;
mod source;
mod status;
mod store_client;
mod subject;
mod sync;
mod terminal;
mod timeout;
mod traces;
mod trust;
mod twin;
mod validate;
mod watch;
mod waves;
mod when;
mod windows;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config;
use crate::crash;
use crate::inventory::source::SearchEnd;
use crate::report::{Exit, visible};
use crate::telemetry::Exporter;
pub use flags::flag_reference;
pub use generated::manual;
use invocation::Invocation;
use terminal::{Printed, Terminal};

const AFTER_HELP: &str = "\
Exit codes:
  0  success; no changes are left to apply
  1  gamctl or its environment failed, or the arguments were invalid
  2  changes are pending
  3  the inventory has errors
  4  refused by policy
  5  a device failed or was rolled back
  6  some devices could not be observed, all others are fine
  7  some devices changed since the plan
  8  interrupted; the state is recorded

Start with `gamctl init network` and `gamctl validate -i network`.";

/// Manage Positron GAM access multiplexers from a git repository
#[derive(Debug, Parser)]
#[command(name = "gamctl", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Read the settings from this file [default: gamctl.toml if it exists]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = help::SHARED
    )]
    config: Option<PathBuf>,

    /// Use colour: on a terminal, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = help::SHARED
    )]
    color: ColorChoice,

    /// Print only results and errors
    #[arg(
        long,
        short,
        global = true,
        conflicts_with = "verbose",
        help_heading = help::SHARED
    )]
    quiet: bool,

    /// Print more details about the progress
    #[arg(long, short, global = true, help_heading = help::SHARED)]
    verbose: bool,

    /// Also write the result as JSON to this file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = help::SHARED
    )]
    json_to: Option<PathBuf>,

    /// Write a log: `debug` has every exchange with devices, masked
    ///
    /// A level, a format, or both, such as `json,debug`. `debug` and `trace` have what was sent to devices and what they
    /// answered. Passwords and communities are masked; names and descriptions of subscribers are not. Without a level,
    /// GAMCTL_LOG sets it [default: info].
    #[arg(
        long,
        global = true,
        value_name = "WORD",
        value_delimiter = ',',
        help_heading = help::SHARED
    )]
    log: Vec<logging::LogWord>,

    /// Write the log to this file instead of stderr
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = help::SHARED
    )]
    log_file: Option<PathBuf>,

    // Every command that uses an inventory has this as well, so that it can be before and behind the command's name.
    /// Use the inventory in this folder or git repository
    #[arg(
        long = "inventory",
        short = 'i',
        id = INVENTORY_BEFORE,
        value_name = "PATH",
        help_heading = help::SHARED
    )]
    inventory: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

/// The name of `-i` before the command, for the parser.
const INVENTORY_BEFORE: &str = "inventory_before";

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
    Find(find::FindArguments),
    Set(set::SetArguments),
    Rename(rename::RenameArguments),
    Sync(Box<sync::SyncArguments>),
    Discover(discover::DiscoverArguments),
    Import(Box<import::ImportArguments>),
    Export(export::ExportArguments),
    Observe(Box<observe::ObserveArguments>),
    Backup(Box<backup::BackupArguments>),
    Plan(Box<plan::PlanArguments>),
    Apply(Box<apply::ApplyArguments>),
    Rollback(Box<rollback::RollbackArguments>),
    Adopt(adopt::AdoptArguments),
    Serve(serve::ServeArguments),
    Status(status::StatusArguments),
    Approve(approve::ApproveArguments),
    Rollouts(rollouts::RolloutsArguments),
    Rollout(rollouts::RolloutArguments),
    Windows(windows::WindowsArguments),
    AcceptHistory(accept_history::AcceptHistoryArguments),
    Owned(owned::OwnedArguments),
    Disown(disown::DisownArguments),
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
    #[command(hide = true)]
    Complete(complete::CompleteArguments),
    Man(man::ManArguments),
}

/// Runs the program and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Parsed {
        arguments,
        printed,
        is_search_needed,
    } = match parse(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            let is_help = !error.use_stderr();
            // Printing help into a closed pipe is not a failure, but a usage error exits with 1 even if nothing could
            // be printed.
            let printed = help::print(&error);
            let exit = if is_help && printed.is_ok() {
                Exit::Done
            } else {
                Exit::Failed
            };
            return exit.into();
        }
    };
    if let Command::Complete(asked) = &arguments.command {
        complete::run(asked);
        return Exit::Done.into();
    }
    let settings = config::settings(arguments.config.as_deref(), arguments.inventory.as_deref());
    // A shell that starts in a folder with broken settings still gets its completions.
    let settings = match &arguments.command {
        Command::Completions(_) => Ok(settings.unwrap_or_default()),
        _ => settings,
    };
    if let Some(order) = settings
        .as_ref()
        .ok()
        .and_then(|settings| settings.crash_at.as_deref())
    {
        crash::arm(order);
    }
    let terminal = Terminal::of(&arguments, printed, settings.as_ref().ok());
    let here = settings.as_ref().ok().filter(|_| is_search_needed);
    let searched = here.and_then(no_inventory);
    let result = open_files::check()
        .and_then(|()| Ok(settings?))
        .and_then(|settings| {
            let file = arguments.log_file.as_deref();
            let traces = traces::start(&settings)?;
            let filter = settings.log.as_deref();
            logging::start(&arguments.log, file, filter, traces.as_ref())?;
            terminal.check()?;
            let named = arguments.inventory.clone();
            let counts = traces.as_ref().map(Exporter::counts);
            let invocation = Invocation::new(settings, named, terminal.clone(), counts);
            let result = arguments.command.run(&invocation);
            if let Some(traces) = traces {
                traces.flush();
            }
            result
        });
    let exit = match result {
        Ok(exit) => exit,
        Err(error) => {
            terminal.error(&error);
            if open_files::is_cause(&error) {
                terminal.hint(open_files::HINT);
            }
            Exit::Failed
        }
    };
    if let Some(searched) =
        searched.filter(|_| matches!(exit, Exit::Failed | Exit::InventoryInvalid))
    {
        terminal.hint(&searched);
    }
    exit.into()
}

/// The arguments, with what concerns every command.
struct Parsed {
    arguments: Arguments,
    /// The form in which the command prints its result.
    printed: Printed,
    /// The command uses an inventory, and no argument names it.
    is_search_needed: bool,
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, clap::Error> {
    let given: Vec<OsString> = arguments.into_iter().collect();
    let mut command = Arguments::command();
    let matches = command
        .try_get_matches_from_mut(&given)
        .map_err(|mut error| {
            habits::explain(&mut error, &given);
            error
        })?;
    let is_search_needed = match inventory_argument(&matches) {
        Ok(is_needed) => is_needed,
        Err((kind, text)) => return Err(command.error(kind, text)),
    };
    let arguments =
        Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok(Parsed {
        arguments,
        printed: printed(innermost(&matches)),
        is_search_needed,
    })
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, inner)) => innermost(inner),
        None => matches,
    }
}

/// Returns whether the command uses an inventory that no argument names; refuses `-i` before a command that uses none,
/// and twice.
fn inventory_argument(matches: &ArgMatches) -> Result<bool, (ErrorKind, String)> {
    let is_before = matches.contains_id(INVENTORY_BEFORE);
    let inner = innermost(matches);
    let is_given = |id: &str| inner.try_contains_id(id).ok();
    let is_behind = [is_given("inventory"), is_given("path")];
    match (is_before, is_behind) {
        (true, [None, _]) => Err((
            ErrorKind::UnknownArgument,
            "this command uses no inventory; leave out `-i`".to_owned(),
        )),
        (true, is_behind) if is_behind.contains(&Some(true)) => Err((
            ErrorKind::ArgumentConflict,
            "the inventory is given twice; leave out one".to_owned(),
        )),
        (is_before, is_behind) => Ok(is_behind.iter().any(Option::is_some)
            && !is_before
            && !is_behind.contains(&Some(true))),
    }
}

/// Returns a hint with the folders that were searched, if there is no inventory in any of them.
fn no_inventory(settings: &config::Settings) -> Option<String> {
    let around = &settings.around;
    if settings.inventory.is_some() || around.inventory.is_some() || around.settings.is_some() {
        return None;
    }
    let end = match around.end {
        SearchEnd::Top => "",
        SearchEnd::Repository => " (the root of the repository)",
        SearchEnd::FileSystem => " (the folder above is on another file system)",
        SearchEnd::Owner => " (the folder above belongs to another user)",
    };
    let shown = |folder: Option<&PathBuf>| {
        let folder = folder.map_or_else(String::new, |folder| folder.display().to_string());
        visible(&folder).into_owned()
    };
    let mut searched = shown(around.searched.first());
    if around.searched.len() > 1 {
        let last = shown(around.searched.last());
        searched.push_str(&format!(" and the folders above it, up to {last}"));
    }
    Some(format!(
        "no inventory was found in {searched}{end}; name one with `-i FOLDER`, or create one with `gamctl init FOLDER`"
    ))
}

/// Returns the form that a command was given with `--format`.
fn printed(matches: &ArgMatches) -> Printed {
    if matches.try_get_one("json").ok().flatten() == Some(&true) {
        return Printed::Json;
    }
    let format = matches.try_get_raw("format").ok().flatten();
    let format = format.and_then(|mut values| values.next());
    match format.and_then(|format| format.to_str()) {
        Some("json") => Printed::Json,
        Some("markdown") => Printed::Markdown,
        _ => Printed::Text,
    }
}

impl Command {
    fn run(self, invocation: &Invocation) -> anyhow::Result<Exit> {
        let (settings, terminal) = (&invocation.settings, &invocation.terminal);
        match self {
            Self::Init(arguments) => init::run(&arguments, terminal),
            Self::Validate(arguments) => validate::run(&arguments, invocation),
            Self::Fmt(arguments) => fmt::run(&arguments, invocation),
            Self::Show(arguments) => show::run(&arguments, invocation),
            Self::Find(arguments) => find::run(&arguments, invocation),
            Self::Set(arguments) => set::run(&arguments, invocation),
            Self::Rename(arguments) => rename::run(&arguments, invocation),
            Self::Sync(arguments) => sync::run(&arguments, invocation),
            Self::Discover(arguments) => discover::run(&arguments, invocation),
            Self::Import(arguments) => import::run(&arguments, invocation),
            Self::Export(arguments) => export::run(&arguments, invocation),
            Self::Observe(arguments) => observe::run(&arguments, invocation),
            Self::Backup(arguments) => backup::run(&arguments, invocation),
            Self::Plan(arguments) => plan::run(&arguments, invocation),
            Self::Apply(arguments) => apply::run(&arguments, invocation),
            Self::Rollback(arguments) => rollback::run(&arguments, invocation),
            Self::Adopt(arguments) => adopt::run(&arguments, invocation),
            Self::Serve(arguments) => serve::run(&arguments, invocation),
            Self::Status(arguments) => status::run(&arguments, invocation),
            Self::Approve(arguments) => approve::run(&arguments, invocation),
            Self::Rollouts(arguments) => rollouts::list(&arguments, invocation),
            Self::Rollout(arguments) => rollouts::run(&arguments, invocation),
            Self::Windows(arguments) => windows::run(&arguments, invocation),
            Self::AcceptHistory(arguments) => accept_history::run(&arguments, invocation),
            Self::Owned(arguments) => owned::run(&arguments, invocation),
            Self::Disown(arguments) => disown::run(&arguments, invocation),
            Self::Demo(arguments) => demo::run(&arguments, settings, terminal),
            Self::Trust(arguments) => trust::run(&arguments, invocation),
            Self::History(arguments) => history::run(&arguments, invocation),
            Self::Explain(arguments) => explain::run(&arguments, invocation),
            Self::Freeze(arguments) => freeze::freeze(&arguments, invocation),
            Self::Thaw(arguments) => freeze::thaw(&arguments, invocation),
            Self::Doctor(arguments) => doctor::run(&arguments, invocation),
            Self::Secret(arguments) => secret::run(&arguments, invocation),
            Self::Twin(arguments) => twin::run(*arguments, settings, terminal),
            Self::Schema(arguments) => schema::run(&arguments, terminal),
            Self::Complete(arguments) => {
                complete::run(&arguments);
                Ok(Exit::Done)
            }
            Self::Completions(arguments) => completions::run(&arguments, terminal),
            Self::Man(arguments) => man::run(&arguments, terminal),
        }
    }
}
