//! `gamctl man`: prints or writes the manual pages.

use std::path::PathBuf;

use anyhow::Context;

use super::terminal::{Terminal, WrittenFiles};
use crate::report::{DocumentKind, Exit};

/// Print the manual page, or write a page for every command
#[derive(Debug, clap::Args)]
pub(super) struct ManArguments {
    /// Write `gamctl.1` and a page for every command into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &ManArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let pages = super::generated::manual();
    let Some(folder) = &arguments.out else {
        terminal.no_json("the manual page")?;
        if let Some((_, page)) = pages.first() {
            terminal.result(page)?;
        }
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    let mut written = Vec::new();
    for (name, page) in &pages {
        let path = folder.join(name);
        std::fs::write(&path, page)
            .with_context(|| format!("failed to write {}", path.display()))?;
        written.push(path);
    }
    terminal.json(DocumentKind::Written, &WrittenFiles { written })?;
    terminal.say(&format!(
        "Wrote {} pages to {}.",
        pages.len(),
        folder.display()
    ));
    Ok(Exit::Done)
}
