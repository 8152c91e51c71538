//! `gamctl import`: writes an inventory from devices as they are.
//!
//! `find` looks at the devices · `sites` the site of an address · `virtuoso` subscribers from a list of VIRTUOSO.

mod find;
mod sites;
mod virtuoso;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use serde::Serialize;

use sites::Sites;
use virtuoso::VirtuosoArguments;

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::source::{InventoryArguments, OfflineArguments, report};
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use crate::authoring::new_files::{editor_schemas, schema_line, template};
use crate::authoring::{Base, Change, format, propose};
use crate::inventory::source::{Limits, Source};
use crate::inventory::{Cache, FileKind, Reading, canonical_order, read, read_texts};
use crate::model::{CredentialsName, SecretName};
use crate::reconcile::import::{FoundDevices, Imported, Texts, before, import};
use crate::report::{DocumentKind, Exit, FindingFormat, counted, visible};

/// Lines of each list that are shown without `--verbose`.
const SHOWN: usize = 20;

/// Imports without a list; they write at once. A flag that needs a list is in conflict with them: the parser does not require an
/// argument that another one excludes.
const NOT_OF_A_LIST: [&str; 2] = ["devices", "offline"];

/// Write an inventory from devices as they are
///
/// Looks at devices, or reads recorded looks, and writes new files for everything found: devices with their identity pins, uplinks, ports, service plans and subscribers. A new inventory also gets the commented settings, policy and schemas of `gamctl init`. Existing files do not change, nothing is written to a device, and the plan right after is empty. The folder of --inventory is created if it does not exist. Objects that the inventory cannot express stay on the device, unmanaged, and are listed.
///
/// With --virtuoso, it adds the subscribers of a CSV list of VIRTUOSO to an inventory that has the devices. Without --write or --commit the change is only shown.
#[derive(Debug, clap::Args)]
#[command(mut_arg("inventory", |folder| folder.alias("into")))]
#[command(mut_arg("offline", |looks| looks.conflicts_with("devices")))]
#[command(mut_arg("rev", |rev| rev.conflicts_with_all(NOT_OF_A_LIST)))]
#[command(mut_arg("write", |write| write.conflicts_with_all(NOT_OF_A_LIST)))]
#[command(mut_arg("commit", |commit| commit.conflicts_with_all(NOT_OF_A_LIST).conflicts_with("rev")))]
#[command(after_help = "\
Examples:
  gamctl import 10.20.0.0/24 -i network --community-secret gam-snmp
  gamctl import 10.20.0.11 10.20.0.40-10.20.0.60 -i network     more devices, into the same inventory
  gamctl import 10.20.0.0/23 -i network --assign-site maple=10.20.0.0/26 --assign-site oak=10.20.1.0/26
  gamctl import 127.20.0.0/28:2222/1161 -i network              a test bed with other ports for SSH and SNMP
  gamctl import maple-court-a -i network                        subscribers of a device that is described already
  gamctl import --offline looks/ -i network                     from looks that `observe --out` wrote
  gamctl import --virtuoso list.csv                             show what a list of VIRTUOSO adds
  gamctl import --virtuoso list.csv --commit --branch virtuoso  commit it to a branch

Secrets are given by name; their values come from GAMCTL_SECRET_NAME or the settings' folder of secrets.
Exit codes: 0 all found devices are written, 6 a device that was named did not answer; with --virtuoso: 1 a row is not taken
over.")]
pub(super) struct ImportArguments {
    /// Import these addresses, ranges, or devices of the inventory
    ///
    /// An address is `10.20.0.11`, a range `10.20.0.0/24` or `10.20.0.11-10.20.0.40`.
    #[arg(value_name = "DEVICE", required_unless_present_any = ["offline", "virtuoso"])]
    devices: Vec<String>,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    offline: OfflineArguments,

    #[command(flatten)]
    list: VirtuosoArguments,

    /// Try these credentials of the inventory, in this order [default: all]
    ///
    /// For a new inventory: the name of its credentials [default: default].
    #[arg(long, value_name = "NAME")]
    credentials: Vec<String>,

    /// Put devices at these addresses into a site; several are possible
    #[arg(long, alias = "site", value_name = "NAME=RANGE")]
    assign_site: Vec<String>,

    /// Send at most this many requests per second
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2000))]
    rate: u32,

    /// Name of the secret with the SNMP community, for a new inventory
    #[arg(long, value_name = "SECRET", default_value = "gam-snmp")]
    community_secret: String,

    /// SSH user name, for a new inventory
    #[arg(long, value_name = "USER", default_value = "admin")]
    ssh_user: String,

    /// Name of the secret with the SSH password, for a new inventory
    #[arg(long, value_name = "SECRET", default_value = "gam-ssh")]
    ssh_secret: String,

    /// Pin the SSH host keys shown now, without checking them
    ///
    /// Without it, `gamctl trust` pins them later.
    #[arg(long)]
    accept_host_keys: bool,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

#[cfg(test)]
pub(super) use virtuoso::VirtuosoDocument;

/// The result as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ImportDocument<'a> {
    written: Vec<PathBuf>,
    devices: usize,
    subscribers: usize,
    service_plans: usize,
    left_out: Vec<LeftOut<'a>>,
    guesses: &'a [String],
    unobservable: Vec<Unobservable>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Unobservable {
    device: String,
    reason: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LeftOut<'a> {
    device: &'a str,
    what: &'a str,
    why: &'a str,
}

const WHY: &str = "Nothing is imported: what would be added could not be checked.";

pub(super) fn run(arguments: &ImportArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    if let Some(file) = &arguments.list.virtuoso {
        return virtuoso::run(file, arguments, invocation);
    }
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    // Devices must not come into a folder that nobody named.
    let folder = selected.settings.inventory.as_deref();
    let folder = folder.context(
        "there is no inventory here; name its folder with `-i FOLDER`, which is created if it does not exist",
    )?;
    let terminal = &invocation.terminal;
    let base = Base::folder(folder, reading_of(folder)?);
    let mut texts: Texts = base.reading.inventory.texts().collect();
    let new_credentials = credentials(arguments, &texts)?;
    if let Some(text) = &new_credentials {
        texts.insert(Arc::from("credentials.toml"), Arc::from(text.as_str()));
    }
    let before = before(&texts);
    // A file that cannot be read may describe the very devices that would be added.
    if base.reading.is_partial {
        return super::source::refuse(base.reading, WHY, terminal);
    }
    if before.has_errors() {
        return super::source::refuse(before, WHY, terminal);
    }
    let sites = Sites::of(&arguments.assign_site)?;
    let mut found = if arguments.offline.files.is_empty() {
        find::look(arguments, &before.inventory, &selected)?
    } else {
        find::recorded(&arguments.offline.files, &before.inventory)?
    };
    for one in &mut found.found {
        one.site = one.address.and_then(|address| sites.of_address(address));
    }
    for one in &found.unobservable {
        terminal.say_always(&format!(
            "{}: {}",
            visible(&one.target.to_string()),
            visible(&one.reason.to_string())
        ));
    }
    ensure!(
        !found.found.is_empty(),
        "no GAM was found ({} silent); check addresses, credentials, and that their SNMP agents accept this host",
        addresses(found.silent)
    );
    let imported = import(&found.found, &texts)?;
    let mut files = imported.files.clone();
    files.extend(new_credentials.map(|text| ("credentials.toml".to_owned(), text)));
    if imported.files.contains_key("network.toml") {
        files.extend(of_template(folder, &files));
    }
    // All files are new. A file that was created since the inventory was read is refused.
    let proposal = propose(&base, Change::NewFiles(&files), None)?;
    if let Some(after) = proposal.refusal() {
        terminal.say_always(&report(after, FindingFormat::Human, "", terminal));
        terminal.say_always("Nothing is imported: the new files would cause errors.");
        return Ok(Exit::InventoryInvalid);
    }
    let written = proposal.commit()?.files();
    let outcome = outcome(&imported, written, &found);
    terminal.print(
        arguments.format,
        || DocumentKind::Import.document(&outcome),
        String::new,
    )?;
    print_imported(&imported, &found, folder, terminal);
    Ok(if found.unobservable.is_empty() {
        Exit::Done
    } else {
        Exit::Unobservable
    })
}

/// Returns the other files of a new inventory: policy, billing, schemas and explanation, as far as they are not there.
fn of_template(folder: &Path, files: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let commented = ["README.md", "billing.toml", "policy.toml"]
        .map(|path| (path.to_owned(), template(path).to_owned()));
    let all = commented.into_iter().chain(editor_schemas());
    all.filter(|(path, _)| !files.contains_key(path) && !folder.join(path).exists())
        .collect()
}

/// Reads the inventory in the folder; it is empty if there is no folder yet.
fn reading_of(folder: &Path) -> anyhow::Result<Reading> {
    if !folder.exists() {
        return Ok(read_texts(&Texts::new(), &Limits::default()));
    }
    let source = Source::directory(folder)?;
    Ok(read(&source, &Limits::default(), &Cache::default())?)
}

/// Returns a file of credentials, where the inventory has none yet.
fn credentials(arguments: &ImportArguments, texts: &Texts) -> anyhow::Result<Option<String>> {
    let is_there = |path: &Arc<str>| path.starts_with("credentials");
    if texts.keys().any(is_there) {
        return Ok(None);
    }
    let name = arguments.credentials.first();
    let name = CredentialsName::new(name.map_or("default", String::as_str))?;
    let community = SecretName::new(&arguments.community_secret)?;
    let password = SecretName::new(&arguments.ssh_secret)?;
    let user = &arguments.ssh_user;
    ensure!(
        user.chars()
            .all(|c| c.is_alphanumeric() || "._-@".contains(c))
            && !user.is_empty(),
        "`{}` is not a valid user name for `--ssh-user`",
        visible(user)
    );
    let schema = schema_line("credentials.toml", FileKind::Credentials);
    let text = format!(
        "{schema}# Names of secrets, never a secret: the values come from outside of this repository.\n\n[credentials.{name}]\nsnmp = {{ version = \"2c\", community = {{ secret = \"{community}\" }} }}\nssh = {{ user = \"{user}\", password = {{ secret = \"{password}\" }} }}\n",
        name = toml_edit::Key::new(name.as_str()).display_repr()
    );
    let kind = FileKind::Credentials;
    let ordered = format(kind, &text, &|table| canonical_order(kind, table));
    Ok(Some(ordered.unwrap_or(text)))
}

fn addresses(count: usize) -> String {
    match count {
        1 => "1 address".to_owned(),
        _ => format!("{count} addresses"),
    }
}

fn print_imported(imported: &Imported, found: &FoundDevices, folder: &Path, terminal: &Terminal) {
    let silent = match found.silent {
        0 => String::new(),
        silent => format!("; {} did not answer", addresses(silent)),
    };
    terminal.say(&format!(
        "Wrote {}, {} and {} to {}{silent}.",
        counted(imported.devices, "device"),
        counted(imported.subscribers, "subscriber"),
        counted(imported.service_plans, "service plan"),
        folder.display()
    ));
    let lists = [
        (
            "Left on the devices, unmanaged:",
            imported
                .left_out
                .iter()
                .map(|one| format!("{}: {}: {}", one.device, one.what, one.why))
                .collect::<Vec<_>>(),
        ),
        ("Guessed, to be checked:", imported.guesses.clone()),
    ];
    for (title, lines) in lists {
        if lines.is_empty() {
            continue;
        }
        terminal.say(&format!("\n{title}"));
        let shown = if terminal.is_verbose() {
            usize::MAX
        } else {
            SHOWN
        };
        for line in lines.iter().take(shown) {
            terminal.say(&format!("  {}", visible(line)));
        }
        if lines.len() > shown {
            let more = lines.len() - shown;
            terminal.say(&format!("  and {more} more, with --verbose"));
        }
    }
    let shown = folder.display();
    terminal.hint(&format!(
        "review the new files, then run `gamctl plan -i {shown}`, which must show no change; `gamctl trust -i {shown}` pins host keys that are not pinned yet"
    ));
}

fn outcome<'a>(
    imported: &'a Imported,
    written: Vec<PathBuf>,
    found: &'a FoundDevices,
) -> ImportDocument<'a> {
    let left_out = imported.left_out.iter().map(|one| LeftOut {
        device: one.device.as_str(),
        what: &one.what,
        why: &one.why,
    });
    let unobservable = found.unobservable.iter().map(|one| Unobservable {
        device: one.target.to_string(),
        reason: one.reason.to_string(),
    });
    ImportDocument {
        written,
        devices: imported.devices,
        subscribers: imported.subscribers,
        service_plans: imported.service_plans,
        left_out: left_out.collect(),
        guesses: &imported.guesses,
        unobservable: unobservable.collect(),
    }
}
