//! `gamctl secret`: keeps the values of secrets, sealed in the inventory with `age`, and checks them.
//!
//! `keys` creates a key · `set` seals a value · `rotate` seals all values again · `list` shows and checks them.

mod keys;
mod list;
mod rotate;
mod set;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Subcommand;

#[cfg(test)]
pub(super) use keys::KeyDocument;
#[cfg(test)]
pub(super) use list::SecretsDocument;

use super::invocation::{Invocation, Selected};
use super::source::{FolderArguments, is_bare};
use crate::authoring::check_no_link;
use crate::model::SecretName;
use crate::report::Exit;
use crate::secrets::{Recipients, Secrets};

/// Manage the values of secrets, sealed in the inventory
///
/// The inventory refers to secrets by name. A value comes from the environment, else from a file, else from
/// `sealed/NAME.age` in the inventory, else from a program. Sealed files are `age` files and can be committed. They are
/// opened with the private keys that belong to the public keys in `sealed/recipients.txt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl secret init                      create a key that can open values sealed from now on
  gamctl secret set gam-ssh               asks for the value twice, without showing it
  pass show gam/ssh | gamctl secret set gam-ssh
  gamctl secret list                      the source of each, missing and unused secrets
  gamctl secret check                     checks that every needed secret opens: exit 1 if not
  gamctl secret rotate                    recipients changed: seal everything for the present list")]
pub(super) struct SecretArguments {
    #[command(flatten)]
    inventory: FolderArguments,

    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    Init(keys::InitArguments),
    Set(set::SetArguments),
    List(list::ListArguments),
    Check(list::CheckArguments),
    Rotate(rotate::RotateArguments),
}

pub(super) fn run(arguments: &SecretArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let selected = invocation.select(arguments.inventory.given())?;
    let place = || SealedFolder::of(&selected);
    match &arguments.command {
        SecretCommand::List(list) => list::list(list, &selected),
        SecretCommand::Check(check) => list::check(check, &selected),
        SecretCommand::Init(init) => keys::init(init, &place()?, terminal),
        SecretCommand::Set(set) => set::set(set, &place()?, terminal),
        SecretCommand::Rotate(rotate) => rotate::rotate(rotate, &place()?, terminal),
    }
}

/// The folder of the inventory that sealed values are written to.
struct SealedFolder<'a> {
    /// The inventory of the command.
    selected: &'a Selected<'a>,
    secrets: Secrets,
    recipients: PathBuf,
}

impl<'a> SealedFolder<'a> {
    fn of(selected: &'a Selected<'_>) -> anyhow::Result<Self> {
        let (folder, settings) = (&selected.folder, &selected.settings);
        ensure!(
            !is_bare(folder),
            "{} is a repository without files to write to; run this in a work tree",
            folder.display()
        );
        ensure!(
            folder.is_dir(),
            "there is no folder {}; name the inventory's folder with `--inventory`",
            folder.display()
        );
        let secrets = Secrets::of(settings.secrets.clone());
        Ok(Self {
            selected,
            recipients: secrets
                .recipients_file()
                .context("the settings do not name an inventory")?,
            secrets,
        })
    }

    /// Returns the recipients that values are sealed for.
    fn recipients(&self) -> anyhow::Result<Recipients> {
        let path = self.recipients.display();
        let list = self.secrets.recipients();
        match list.with_context(|| format!("failed to read {path}"))? {
            Some(Ok(recipients)) => Ok(recipients),
            Some(Err(error)) => bail!("{path}: {error}"),
            None => bail!(
                "there is no {path}, so a sealed value could never be opened; `gamctl secret init` creates your key and the list"
            ),
        }
    }

    /// Refuses a file that is a link or behind one: an inventory must not choose which files are read or written.
    fn check(&self, path: &Path) -> anyhow::Result<()> {
        let inventory = self.recipients.parent().and_then(Path::parent);
        // Append a name, so that the file itself is checked too, as if it were a folder.
        check_no_link(inventory.unwrap_or(Path::new("")), &path.join("-"))
            .with_context(|| format!("refused to use {}", path.display()))
    }

    fn file(&self, name: &SecretName) -> anyhow::Result<PathBuf> {
        self.secrets.sealed_file(name).with_context(|| {
            format!("`{name}` cannot be a file: the parts of its name between `/` must not be empty, `.` or `..`")
        })
    }
}
