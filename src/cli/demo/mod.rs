//! `gamctl demo`: shows a whole life of an inventory on this machine, with twins and the real program.
//!
//! `story` the steps · `service_chapter` what the service does by itself · `billing_chapter` a sale, a bill, a payment ·
//! `chapter` what chapters share · `stage` twins, folders and the commands run there · `service` the service as a process ·
//! `billing_twin` a simulated billing system · `screen` `keys` pieces, pauses and keys · `files` the example inventory ·
//! `program` its own path · `stop` Ctrl-C.

mod billing_chapter;
mod billing_twin;
mod chapter;
mod files;
mod keys;
mod program;
mod screen;
mod service;
mod service_chapter;
mod stage;
mod stop;
mod story;

use std::path::PathBuf;

use super::terminal::Terminal;
use crate::config::Settings;
use crate::report::Exit;
use screen::Screen;
use stage::Stage;
use stop::Stop;

/// Demonstrate gamctl on simulated devices; installs and changes nothing
///
/// Starts a twin for each device of an example inventory, a new git repository and a store. It then walks through a
/// first apply, a change by commit, drift, a device that fails during an apply, a mass removal that is refused, the
/// service that applies a commit in waves and restores drift by itself, a line that is sold in billing, and the explanation of it
/// all. Every command shown
/// is really run, and works as it is shown. It pauses after each screen, 12 seconds at most: any key continues at once, `q`
/// ends. At the end twins and service keep running, so that you can try more.
#[derive(Debug, clap::Args)]
pub(super) struct DemoArguments {
    /// Do not pause between the steps
    #[arg(long)]
    fast: bool,

    /// Keep all files in this new or empty folder [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,

    /// Exit after the last step instead of running on until Ctrl-C
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
    let screen = Screen::new(terminal, &stop, !arguments.fast);
    let stage = Stage::set(arguments.keep.as_deref(), settings, screen)?;
    let told = story::tell(&stage, !arguments.end);
    if told.is_ok() && !arguments.end {
        stage.wait(&stop);
    }
    let is_stopped = stop.is_asked();
    let struck = stage.strike();
    // The person who ended the demo knows why it ended.
    if !is_stopped {
        told?;
    }
    struck
}
