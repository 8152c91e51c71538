//! `gamctl show plan FILE`: shows a plan file again, in every format of `gamctl plan`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::format::{PlanFormat, ShowFormat};
use super::plan::{DetailArguments, print_plan};
use super::terminal::Terminal;
use crate::report::{Exit, read_plan, visible};

/// The arguments of `show plan`.
#[derive(Debug, clap::Args)]
pub(super) struct PlanFileArguments {
    /// Show the plan in this file
    file: PathBuf,

    #[command(flatten)]
    detail: DetailArguments,
}

/// Shows a plan file. The exit code is 0, whatever the plan contains: the file is what was asked for.
pub(super) fn show_plan(
    arguments: &PlanFileArguments,
    format: ShowFormat,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let format = match format {
        ShowFormat::Text => PlanFormat::Text,
        ShowFormat::Json => PlanFormat::Json,
        ShowFormat::Markdown => PlanFormat::Markdown,
        ShowFormat::Toml => bail!("a plan has no TOML form; use text, json or markdown"),
    };
    let bytes = read_plan_file(&arguments.file)?;
    let shown = arguments.file.display().to_string();
    let (_, planned) =
        read_plan(&bytes).with_context(|| format!("cannot show {}", visible(&shown)))?;
    let _of_the_plan = print_plan(&planned, format, &arguments.detail, terminal)?;
    Ok(Exit::Done)
}

/// Reads the bytes of a plan file.
pub(super) fn read_plan_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display().to_string();
    std::fs::read(path).with_context(|| {
        format!(
            "failed to read the plan {}; `gamctl plan --out FILE` writes one",
            visible(&shown)
        )
    })
}
