//! `gamctl secret init`: creates a private key and adds its public key to the recipients.

use anyhow::{Context, bail};
use serde::Serialize;

use super::SealedFolder;
use crate::authoring::commit;
use crate::authoring::replace;
use crate::cli::format::OutputFormat;
use crate::cli::terminal::Terminal;
use crate::report::{DocumentKind, Exit, counted, visible};
use crate::secrets::{IdentityError, Recipients, new_identity, read_identity};

/// Create a key of your own and add it to the recipients
///
/// The private key is written to the file of `[secrets] identity` or GAMCTL_AGE_IDENTITY, else to
/// `~/.config/gamctl/identity.txt`. It is for you alone: keep a copy in a safe place. A key that exists is used as it
/// is. The public key is added to `sealed/recipients.txt` of the inventory and printed; commit that file.
#[derive(Debug, clap::Args)]
pub(super) struct InitArguments {
    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document of the command: the key that was found or created.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct KeyDocument {
    public_keys: Vec<String>,
    is_new: bool,
}

pub(super) fn init(
    arguments: &InitArguments,
    place: &SealedFolder<'_>,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let path = place.selected.settings.secrets.identity.as_deref();
    let path = path.context("no home folder for a key; set a file with `[secrets] identity = \"FILE\"` or GAMCTL_AGE_IDENTITY")?;
    place.check(&place.recipients)?;
    // Read the list first: if that fails, no key must be left behind without a recipient entry.
    let list = place.recipients.display();
    let text = match std::fs::read_to_string(&place.recipients) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.with_context(|| format!("failed to read {list}"))?,
    };
    let (identities, is_new) = match read_identity(path) {
        Ok(identities) => (identities, false),
        Err(IdentityError::Missing(_)) => (new_identity(path)?, true),
        Err(error) => return Err(error.into()),
    };
    let known = match Recipients::parse(&text) {
        Ok(known) => known.has_any_of(&identities),
        Err(crate::secrets::KeyError::NoRecipient) => false,
        Err(error) => bail!("{list}: {error}"),
    };
    let public_keys = identities.public();
    if is_new {
        let path = path.display();
        terminal.say(&format!("Created a private key: {path}. Keep a copy in a safe place; you need it to open sealed values."));
    } else {
        terminal.say(&format!("Your private key is {}.", path.display()));
    }
    if known {
        terminal.say("Its public key is in the list, so it can open sealed values.");
    } else {
        let mut text = text;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&format!("# {}\n", whose(place)));
        for key in public_keys.iter().take(1) {
            text.push_str(&format!("{key}\n"));
        }
        replace(&place.recipients, text.as_bytes())
            .with_context(|| format!("failed to write {list}"))?;
        terminal.say(&format!("Added its public key to {list}; commit that."));
        tell_of_what_is_sealed(place, terminal);
    }
    let made = KeyDocument {
        public_keys,
        is_new,
    };
    let text = || format!("{}\n", made.public_keys.join("\n"));
    terminal.print(
        arguments.format,
        || DocumentKind::SecretKey.document(&made),
        text,
    )?;
    Ok(Exit::Done)
}

/// Reports that the new key cannot open earlier sealed values yet.
fn tell_of_what_is_sealed(place: &SealedFolder<'_>, terminal: &Terminal) {
    let sealed = place.secrets.sealed_names().unwrap_or_default().len();
    if sealed > 0 {
        terminal.hint(&format!(
            "{} sealed before; ask a recipient who can open them to run `gamctl secret rotate`",
            match sealed {
                1 => "1 value was".to_owned(),
                _ => format!("{} were", counted(sealed, "value")),
            }
        ));
    } else {
        terminal.hint("`gamctl secret set NAME` seals a value");
    }
}

/// Returns the owner of the key, as known to git.
fn whose(place: &SealedFolder<'_>) -> String {
    let author = &place.selected.settings.git_author;
    let known = commit::identity(
        &place.selected.folder,
        author.name.as_deref(),
        author.email.as_deref(),
    );
    match known {
        Some(person) => visible(&format!("{} <{}>", person.name, person.email)).into_owned(),
        None => "added by `gamctl secret init`".to_owned(),
    }
}
