//! `gamctl secret rotate`: seals values again for the present recipients; all of them or none.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

use super::SealedFolder;
use crate::authoring::{Replacement, replace};
use crate::cli::format::OutputFormat;
use crate::cli::terminal::{Terminal, WrittenFiles};
use crate::model::SecretName;
use crate::report::{DocumentKind, Exit, counted, listed};
use crate::secrets::{SealedName, seal, unseal};

/// Seal all values again for the keys in `sealed/recipients.txt`
///
/// The values do not change; `gamctl secret set` gives a new one. A person taken out of the list knows the values they
/// could open so far, and finds them in the history of the repository. So change the passwords on the devices as well.
/// Either all files are replaced or none. Your own key must be in the list, so that you do not lock yourself out.
#[derive(Debug, clap::Args)]
pub(super) struct RotateArguments {
    /// Seal only these secrets [default: all sealed ones]
    #[arg(value_name = "NAME")]
    names: Vec<SecretName>,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// A file with its content before and after.
struct RotatedFile {
    path: PathBuf,
    before: Vec<u8>,
    after: String,
}

pub(super) fn rotate(
    arguments: &RotateArguments,
    place: &SealedFolder<'_>,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let recipients = place.recipients()?;
    let identities = match place.secrets.identities() {
        Ok(identities) => identities,
        Err(error) => bail!("{error}"),
    };
    ensure!(
        recipients.has_any_of(identities),
        "your public key is not in {}, so you could not open the values afterwards; add your key {}, or ask a recipient of the list to rotate",
        place.recipients.display(),
        listed(&identities.public())
    );
    let mut changes = Vec::new();
    for name in names(arguments, place)? {
        let sealed = place.secrets.sealed(&name);
        let sealed = sealed.with_context(|| format!("failed to read the sealed `{name}`"))?;
        let (path, before) = sealed.with_context(|| {
            format!("`{name}` is not sealed; `gamctl secret list` shows what is")
        })?;
        place.check(&path)?;
        let value = unseal(&before, identities);
        let value = value
            .with_context(|| format!("cannot open {}; nothing was written", path.display()))?;
        let after = seal(&value, &recipients)?;
        let opened = unseal(after.as_bytes(), identities)?;
        ensure!(
            opened.reveal() == value.reveal(),
            "the sealed `{name}` does not open to its old value; nothing was written"
        );
        changes.push(RotatedFile {
            path,
            before,
            after,
        });
    }
    write(&changes)?;
    let written = changes.into_iter().map(|change| change.path).collect();
    let written = WrittenFiles { written };
    terminal.print(
        arguments.format,
        || DocumentKind::Written.document(&written),
        String::new,
    )?;
    terminal.say(&format!(
        "Sealed {} again for {}; commit that.",
        counted(written.written.len(), "secret"),
        counted(recipients.len(), "key")
    ));
    Ok(Exit::Done)
}

fn names(arguments: &RotateArguments, place: &SealedFolder<'_>) -> anyhow::Result<Vec<SecretName>> {
    if !arguments.names.is_empty() {
        let mut names = arguments.names.clone();
        names.sort();
        names.dedup();
        return Ok(names);
    }
    let sealed = place.secrets.sealed_names();
    let sealed = sealed.context("failed to list what is sealed")?;
    let mut names = Vec::new();
    for name in sealed {
        match name {
            SealedName::Secret(name) => names.push(name),
            SealedName::Odd(path) => bail!(
                "{} does not have a valid secret name; rename or remove it",
                path.display()
            ),
        }
    }
    ensure!(
        !names.is_empty(),
        "nothing is sealed yet; `gamctl secret set NAME` seals a value"
    );
    Ok(names)
}

/// Writes all files, or none: the new files are on disk beside the old ones before the first is replaced. If one cannot
/// be replaced, those before it are restored.
fn write(changes: &[RotatedFile]) -> anyhow::Result<()> {
    let mut prepared = Vec::new();
    for change in changes {
        let replacement = Replacement::prepare(&change.path, change.after.as_bytes());
        let place = || {
            format!(
                "failed to write {}; nothing was written",
                change.path.display()
            )
        };
        prepared.push(replacement.with_context(place)?);
    }
    for (number, replacement) in prepared.iter().enumerate() {
        let Err(error) = replacement.put_in_place() else {
            continue;
        };
        let done = changes.iter().take(number + 1);
        let back: Vec<String> = done
            .filter_map(|change| replace(&change.path, &change.before).err().map(|_| change))
            .map(|change| change.path.display().to_string())
            .collect();
        let error = anyhow::Error::from(error).context("failed to replace a file");
        return Err(match back.as_slice() {
            [] => error.context("nothing was changed"),
            new => error.context(format!(
                "failed to restore {}, which may have the new content; both versions open with your key",
                listed(new)
            )),
        });
    }
    Ok(())
}
