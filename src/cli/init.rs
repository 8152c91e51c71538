//! `gamctl init`: creates a commented inventory to start from.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use super::format::OutputFormat;
use super::terminal::{Terminal, WrittenFiles};
use crate::authoring::new_files::{TEMPLATE, editor_schemas};
use crate::authoring::replace;
use crate::report::{DocumentKind, Exit};

/// Create an inventory: commented files that validate, and JSON schemas
#[derive(Debug, clap::Args)]
pub(super) struct InitArguments {
    /// Create this folder; it must be empty or not exist yet
    folder: PathBuf,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

pub(super) fn run(arguments: &InitArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let folder = &arguments.folder;
    let shown = folder.display();
    if folder.exists() {
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("failed to read the folder {shown}"))?;
        // A new repository that holds only `.git` counts as empty.
        let visible = entries.flatten().any(|entry| entry.file_name() != ".git");
        ensure!(
            !visible,
            "{shown} is not empty; give a folder that is not there yet"
        );
    }
    let schemas = editor_schemas();
    let schemas = schemas
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let mut written = Vec::new();
    for (path, text) in TEMPLATE.iter().copied().chain(schemas) {
        let file = folder.join(path);
        replace(&file, text.as_bytes())
            .with_context(|| format!("failed to write {}", file.display()))?;
        written.push(file);
    }
    let document = WrittenFiles { written };
    terminal.print(
        arguments.format,
        || DocumentKind::Written.document(&document),
        String::new,
    )?;
    let place = if folder.as_os_str() == "." {
        "this folder".to_owned()
    } else {
        shown.to_string()
    };
    terminal.say(&format!(
        "Created an inventory in {place}, with one device that is not installed yet and one subscriber."
    ));
    let keep = if folder.join(".git").exists() {
        String::new()
    } else {
        format!("; `git init {shown}` keeps its history")
    };
    terminal.hint(&format!(
        "read {shown}/README.md, then run `gamctl validate -i {shown}`{keep}"
    ));
    Ok(Exit::Done)
}
