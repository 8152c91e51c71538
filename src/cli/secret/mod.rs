//! `gamctl secret`: values of secrets, sealed in the inventory with `age`, and whether everything that is needed is there.
//!
//! `keys` making a key · `set` sealing a value · `rotate` sealing all anew · `list` what there is, and whether it can be used.

mod keys;
mod list;
mod rotate;
mod set;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Subcommand;

use super::invocation::{Invocation, Selected};
use super::source::{InventoryArguments, is_bare};
use crate::authoring::check_no_link;
use crate::model::SecretName;
use crate::report::Exit;
use crate::secrets::{Recipients, Secrets};

/// Keep the values of secrets: sealed in the inventory, for those who have a key
///
/// The inventory names secrets. Their values come from the environment, else from a file, else from `sealed/NAME.age` in the inventory, else from a program. Sealed files are files of `age`; they can be committed, and are opened by the private keys of those whose public keys are in `sealed/recipients.txt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl secret init                      make a key, and let it open what is sealed from now on
  gamctl secret set gam-ssh               asks for the value twice, without showing it
  pass show gam/ssh | gamctl secret set gam-ssh
  gamctl secret list                      where each comes from, what is missing, what nobody needs
  gamctl secret check                     whether everything that is needed can be opened: exit 1 if not
  gamctl secret rotate                    somebody came or left: seal everything for those in the list now")]
pub(super) struct SecretArguments {
    #[command(flatten)]
    inventory: InventoryArguments,

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
    let revision = arguments.inventory.revision();
    let place = || {
        ensure!(
            revision.is_none(),
            "there are no files to write to; do this in a work tree, without `--rev`"
        );
        SealedFolder::of(&selected)
    };
    match &arguments.command {
        SecretCommand::List(list) => list::list(list, revision, &selected),
        SecretCommand::Check(check) => list::check(check, revision, &selected),
        SecretCommand::Init(init) => keys::init(init, &place()?, terminal),
        SecretCommand::Set(set) => set::set(set, &place()?, terminal),
        SecretCommand::Rotate(rotate) => rotate::rotate(rotate, &place()?, terminal),
    }
}

/// Where sealed values are written.
struct SealedFolder<'a> {
    /// The inventory's.
    selected: &'a Selected<'a>,
    secrets: Secrets,
    recipients: PathBuf,
}

impl<'a> SealedFolder<'a> {
    fn of(selected: &'a Selected<'_>) -> anyhow::Result<Self> {
        let (folder, settings) = (&selected.folder, &selected.settings);
        ensure!(
            !is_bare(folder),
            "there are no files to write to; do this in a work tree, without `--rev`"
        );
        ensure!(
            folder.is_dir(),
            "there is no folder {}; `--inventory` names the inventory's",
            folder.display()
        );
        let secrets = Secrets::of(settings.secrets.clone());
        Ok(Self {
            selected,
            recipients: secrets
                .recipients_file()
                .context("the settings name no inventory")?,
            secrets,
        })
    }

    /// Returns those that values are sealed for.
    fn recipients(&self) -> anyhow::Result<Recipients> {
        let path = self.recipients.display();
        let list = self.secrets.recipients();
        match list.with_context(|| format!("failed to read {path}"))? {
            Some(Ok(recipients)) => Ok(recipients),
            Some(Err(error)) => bail!("{path}: {error}"),
            None => bail!(
                "there is no {path}, so nobody could open what is sealed; `gamctl secret init` makes a key for you and begins the list"
            ),
        }
    }

    /// Refuses a file that is a link, or behind one: nothing is read from or written to a place of the inventory's choice.
    fn check(&self, path: &Path) -> anyhow::Result<()> {
        let inventory = self.recipients.parent().and_then(Path::parent);
        // As if the file were a folder, so that it is looked at as well.
        check_no_link(inventory.unwrap_or(Path::new("")), &path.join("-"))
            .with_context(|| format!("{} is not used", path.display()))
    }

    fn file(&self, name: &SecretName) -> anyhow::Result<PathBuf> {
        self.secrets.sealed_file(name).with_context(|| {
            format!("`{name}` cannot be a file: the parts of its name between `/` must not be empty, `.` or `..`")
        })
    }
}
