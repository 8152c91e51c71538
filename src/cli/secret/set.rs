//! `gamctl secret set`: seals a value in the inventory, entered at a hidden prompt or read from stdin.

use std::io::IsTerminal;

use anyhow::{Context, bail, ensure};

use super::SealedFolder;
use crate::authoring::replace;
use crate::cli::format::OutputFormat;
use crate::cli::terminal::{Terminal, WrittenFiles};
use crate::inventory::nearest;
use crate::model::SecretName;
use crate::report::{DocumentKind, Exit, counted};
use crate::secrets::{MAX_BYTES, Recipients, Secret, seal, unseal};

/// Seal a new value for a secret
///
/// At a terminal gamctl asks for the value twice and does not show it. Otherwise the value is read from stdin, without
/// one line break at its end. It cannot be an argument: every user of the machine can see arguments, and shells keep
/// them.
#[derive(Debug, clap::Args)]
pub(super) struct SetArguments {
    /// Seal the value of the secret with this name
    name: SecretName,

    /// Not accepted; kept to explain that a value must not be an argument
    #[arg(hide = true)]
    value: Vec<String>,

    /// Seal an empty value, as on a device in factory state
    #[arg(long)]
    empty: bool,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

pub(super) fn set(
    arguments: &SetArguments,
    place: &SealedFolder<'_>,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    ensure!(
        arguments.value.is_empty(),
        "a value must not be an argument: every user of this machine can see it, and the shell keeps it; enter it at the prompt or pipe it in. If it was the real value, change it on the devices"
    );
    let name = &arguments.name;
    // Check everything that can fail before a person has to enter the value.
    let path = place.file(name)?;
    place.check(&path)?;
    let recipients = place.recipients()?;
    let is_there = path.exists();
    let value = if arguments.empty {
        Secret::new(Vec::new())
    } else {
        value(name, terminal)?
    };
    let sealed = seal(&value, &recipients)?;
    let is_ours = prove(&sealed, &value, &recipients, place)?;
    replace(&path, sealed.as_bytes())
        .with_context(|| format!("failed to write {}", path.display()))?;
    let document = WrittenFiles {
        written: vec![path.clone()],
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Written.document(&document),
        String::new,
    )?;
    let verb = if is_there { "Replaced" } else { "Sealed" };
    terminal.say(&format!(
        "{verb} `{name}` for {}: {}; commit that.",
        counted(recipients.len(), "key"),
        path.display()
    ));
    if !is_ours {
        terminal
            .say("You cannot open it: your key is not in the list; `gamctl secret init` adds it.");
    }
    tell_of_use(name, place, terminal);
    Ok(Exit::Done)
}

/// Returns the value, from a prompt or from stdin.
fn value(name: &SecretName, terminal: &Terminal) -> anyhow::Result<Secret> {
    let value = if std::io::stdin().is_terminal() {
        let asked = |question: String| -> anyhow::Result<_> {
            let typed = terminal
                .hidden(&question)
                .context("failed to read the input")?;
            typed
                .context("cannot prompt for the value: stderr is not a terminal; pipe the value in")
        };
        let first = asked(format!("Value of `{name}`: "))?;
        let second = asked("The same again: ".to_owned())?;
        ensure!(
            first == second,
            "the two values differ; nothing was written"
        );
        Secret::new(first.as_bytes().to_vec())
    } else {
        let value = Secret::read(std::io::stdin().lock()).context("failed to read the value")?;
        value.with_context(|| {
            format!("the value has more than {MAX_BYTES} bytes; nothing was written")
        })?
    };
    let bytes = value.reveal();
    ensure!(
        !bytes.is_empty(),
        "the value is empty; give `--empty` if that is intended"
    );
    ensure!(
        !bytes.iter().any(u8::is_ascii_control),
        "the value has a line break or another control character, which is not valid in a secret; nothing was written"
    );
    Ok(value)
}

/// Opens the sealed value if our key can; returns whether it can.
fn prove(
    sealed: &str,
    value: &Secret,
    recipients: &Recipients,
    place: &SealedFolder<'_>,
) -> anyhow::Result<bool> {
    let Ok(identities) = place.secrets.identities() else {
        return Ok(false);
    };
    if !recipients.has_any_of(identities) {
        return Ok(false);
    }
    let opened = unseal(sealed.as_bytes(), identities)?;
    if opened.reveal() != value.reveal() {
        bail!("the sealed value does not open to the value given; nothing was written");
    }
    Ok(true)
}

/// Reports anything that prevents the new value from being used.
fn tell_of_use(name: &SecretName, place: &SealedFolder<'_>, terminal: &Terminal) {
    let places = place.secrets.places(name);
    if let Some(first) = places.first().filter(|first| first.is_before_sealed()) {
        terminal.say(&format!(
            "warning: {first} also has a value for `{name}`, which takes precedence over the sealed one."
        ));
    }
    // An invalid inventory must not prevent sealing a value.
    let Ok(reading) = place.selected.read(None) else {
        return;
    };
    let uses = reading.inventory.secret_uses();
    let known: Vec<String> = uses.map(|(name, _)| name.to_string()).collect();
    if known.iter().any(|known| known == name.as_str()) {
        return;
    }
    let near = nearest(name.as_str(), known.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    terminal.say(&format!(
        "No object of the inventory refers to `{name}` yet{near}"
    ));
}
