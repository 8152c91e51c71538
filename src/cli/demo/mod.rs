//! `gamctl demo`: the whole story on a bare machine, with simulated devices and the real program.
//!
//! `files` the example inventory · `stage` twins and folders, and commands that are run there · `stop` Ctrl-C · `story` what is told.

mod files;
mod stage;
mod stop;
mod story;

use std::path::PathBuf;

use super::terminal::Terminal;
use crate::config::Settings;
use crate::report::Exit;
use stage::Stage;
use stop::Stop;

/// Show what gamctl does, on simulated devices: nothing has to be installed, and nothing outside is touched
///
/// Starts a twin for each device of an example inventory, a fresh git repository and a store, and walks through a first
/// apply, a change by commit, drift, a device that dies on the way, a mass removal that is refused, and how it is all
/// explained afterwards. Every command you see is really run. At the end the twins keep running, to try more.
#[derive(Debug, clap::Args)]
pub(super) struct DemoArguments {
    /// Do not wait for readers
    #[arg(long)]
    fast: bool,

    /// Keep everything in this folder, which must be new or empty; else a temporary one, removed at the end
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    /// End when the story is told, instead of letting the twins run until Ctrl-C
    #[arg(long)]
    end: bool,
}

pub(super) fn run(
    arguments: &DemoArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    terminal.no_json("a demonstration")?;
    let stop = Stop::listen()?;
    let stage = Stage::set(
        arguments.keep.as_deref(),
        settings,
        terminal,
        !arguments.fast,
    )?;
    let told = story::tell(&stage);
    if told.is_ok() && !arguments.end {
        stage.wait(&stop);
    }
    let is_stopped = stop.is_asked();
    let struck = stage.strike();
    // Who stopped it knows why it went no further.
    if !is_stopped {
        told?;
    }
    struck
}
