//! `gamctl secret list` and `check`: show the source and users of every secret, and if it opens.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde::Serialize;

use crate::cli::format::OutputFormat;
use crate::cli::invocation::Selected;
use crate::cli::source::RevisionArguments;
use crate::cli::terminal::Terminal;
use crate::model::{SecretName, chain};
use crate::report::{
    DocumentKind, Exit, SecretLine, counted, secret_exit, secret_table, secret_verdict,
};
use crate::secrets::{SealedName, SecretSource, Secrets, sealed_for, unseal};

/// Show the source of every secret, missing secrets and unused ones
///
/// Opens no secret and runs no program.
#[derive(Debug, clap::Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    revision: RevisionArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// Open every secret that the inventory needs and report failures
///
/// Runs the program of `[secrets] command` for secrets that have no other value. Exits with 1 if a needed secret has no
/// value.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    revision: RevisionArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct SecretsDocument<'a> {
    secrets: &'a [SecretLine],
}

pub(super) fn list(arguments: &ListArguments, selected: &Selected<'_>) -> anyhow::Result<Exit> {
    let secrets = Secrets::of(selected.settings.secrets.clone());
    let lines = lines(&secrets, arguments.revision.given(), selected)?;
    show(&lines, false, arguments.format, selected.terminal())?;
    Ok(Exit::Done)
}

pub(super) fn check(arguments: &CheckArguments, selected: &Selected<'_>) -> anyhow::Result<Exit> {
    let secrets = Secrets::of(selected.settings.secrets.clone());
    let mut lines = lines(&secrets, arguments.revision.given(), selected)?;
    for line in &mut lines {
        // A line that is not a valid secret name is shown, and no object can refer to it.
        if let Ok(name) = SecretName::new(&line.name) {
            judge(line, &name, &secrets);
        }
    }
    show(&lines, true, arguments.format, selected.terminal())?;
    Ok(secret_exit(&lines))
}

fn show(
    lines: &[SecretLine],
    is_checked: bool,
    format: OutputFormat,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let document = SecretsDocument { secrets: lines };
    let text = || secret_table(lines, is_checked, terminal.paint);
    terminal.print(format, || DocumentKind::Secrets.document(&document), text)?;
    terminal.say(&secret_verdict(lines, is_checked));
    Ok(())
}

/// Returns every secret that the inventory refers to or that has a value somewhere.
fn lines(
    secrets: &Secrets,
    revision: Option<&str>,
    selected: &Selected<'_>,
) -> anyhow::Result<Vec<SecretLine>> {
    let reading = selected.read(revision)?;
    if reading.has_errors() {
        selected.terminal().say_always("The inventory has errors, so needed secrets may be missing from this list; `gamctl validate` shows them.");
    }
    let mut used: BTreeMap<SecretName, BTreeSet<String>> = BTreeMap::new();
    for (name, user) in reading.inventory.secret_uses() {
        let users = used.entry(name.clone()).or_default();
        users.insert(user.to_owned());
    }
    let mut odd = Vec::new();
    let sealed = secrets.sealed_names();
    for name in sealed.context("failed to list what is sealed")? {
        match name {
            SealedName::Secret(name) => drop(used.entry(name).or_default()),
            SealedName::Odd(path) => odd.push(path.display().to_string()),
        }
    }
    let files = secrets.file_names();
    for name in files.context("failed to list the files of secrets")? {
        used.entry(name).or_default();
    }
    let mut lines: Vec<SecretLine> = Vec::new();
    for (name, users) in &used {
        let mut places = secrets.places(name);
        if users.is_empty() {
            places.retain(|place| !matches!(place, SecretSource::Command(_)));
        }
        lines.push(SecretLine {
            name: name.to_string(),
            places: places.iter().map(ToString::to_string).collect(),
            used_by: users.iter().cloned().collect(),
            ..SecretLine::default()
        });
    }
    for variable in secrets.other_variables(used.keys()) {
        lines.push(SecretLine {
            name: variable.to_owned(),
            places: vec!["the environment".to_owned()],
            ..SecretLine::default()
        });
    }
    for path in odd {
        lines.push(SecretLine {
            name: path,
            places: vec!["a file whose name is not a valid secret name".to_owned()],
            ..SecretLine::default()
        });
    }
    Ok(lines)
}

/// Opens a secret, and adds the problem if that fails.
fn judge(line: &mut SecretLine, name: &SecretName, secrets: &Secrets) {
    if !line.used_by.is_empty()
        && let Err(error) = secrets.get(name)
    {
        line.problem = Some(chain(&error));
        return;
    }
    if let Some(path) = secrets.exposed(name) {
        line.warnings.push(format!(
            "every user of this machine can read {}; run `chmod 600` on it",
            path.display()
        ));
    }
    let Ok(Some((path, sealed))) = secrets.sealed(name) else {
        return;
    };
    let path = path.display();
    match secrets.identities().map(|keys| unseal(&sealed, keys)) {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => line.warnings.push(format!("{path}: {error}")),
        Err(error) => line.warnings.push(format!("{path}: {error}")),
    }
    let recipients = secrets.recipients().ok().flatten();
    if let (Some(keys), Some(Ok(recipients))) = (sealed_for(&sealed), recipients)
        && keys != recipients.len()
    {
        line.warnings.push(format!(
            "{path} was sealed for {}, and the list now has {}; `gamctl secret rotate` seals it for the list",
            counted(keys, "key"),
            recipients.len()
        ));
    }
}
