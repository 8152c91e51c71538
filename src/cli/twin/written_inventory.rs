//! `--write-inventory DIR`: writes a copy of the inventory for the twins, ready for every command.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};

use super::ready::ReadyTwin;
use crate::authoring::commit::{self, CommitId, Person};
use crate::authoring::edit::{Edit, KeyPath, Object};
use crate::authoring::{Base, Change, propose, replace};
use crate::cli::clock::commit_time;
use crate::config::{GitIdentity, Settings};
use crate::inventory::source::{Limits, Source};
use crate::inventory::{FileKind, json_schema};
use crate::model::{Address, DeviceState, SecretName};

/// The first line of its `gamctl.toml`, which identifies such a folder.
const MARK: &str = "# Written by `gamctl twin --write-inventory`.";

const SETTINGS: &str = "
[inventory]
path = \".\"

# A file for each secret, named for it: what opens the twins. They are no secrets of yours.
[secrets]
directory = \"secrets\"

# What was applied here is remembered beside it.
[store]
state = \"state\"
";

/// The address of every billing system in the copy: a sync must not write into the real one what holds for twins.
const BILLING_HERE: &str = "http://127.0.0.1:8080";

const IGNORED: &str = "/secrets/\n/state/\n/twin.sock\n/billing.sock\n";

const README: &str = "# An inventory of twins

A copy of an inventory in which every device is a simulated one, written by `gamctl twin --write-inventory`.
Addresses, serial numbers and host keys are those of the twins; what they are opened with is in `secrets/`.
Devices without a twin have no address here, so that nothing done here can reach a real one. Billing systems are at an
address of this host.

Every gamctl command works in this folder, as long as the twins run; `gamctl twin` here starts them again at the same
places. `gamctl twin ctl` looks into them and breaks them.
";

/// Returns whether a folder has a copy that this command wrote.
pub(super) fn is_copy(folder: &Path) -> bool {
    let settings = fs::read_to_string(folder.join("gamctl.toml"));
    settings.is_ok_and(|settings| settings.starts_with(MARK))
}

/// A folder that can receive the copy.
pub(super) struct Target {
    folder: PathBuf,
}

impl Target {
    /// Refuses a folder that is not empty, unless it holds only an earlier copy that may be overwritten.
    pub(super) fn check(folder: &Path, force: bool) -> anyhow::Result<Self> {
        let shown = folder.display();
        let target = Self {
            folder: folder.to_owned(),
        };
        if !folder.exists() {
            return Ok(target);
        }
        let mut entries =
            fs::read_dir(folder).with_context(|| format!("failed to read the folder {shown}"))?;
        if entries.next().is_none() {
            return Ok(target);
        }
        ensure!(
            is_copy(folder),
            "{shown} is not empty; give a folder that is not there yet to `--write-inventory`"
        );
        ensure!(
            force,
            "{shown} has an earlier copy; `--force` overwrites it, and git keeps its commits"
        );
        Ok(target)
    }

    /// Writes the copy and commits it.
    pub(super) fn write(
        &self,
        base: &Base,
        twins: &[ReadyTwin],
        secrets: &BTreeMap<SecretName, String>,
        settings: &Settings,
    ) -> anyhow::Result<CommitId> {
        let mut files = pointing_at(base, twins)?;
        for kind in FileKind::ALL {
            let path = format!(".schema/{kind}.json");
            files.insert(path.into(), json_schema(kind).into());
        }
        files.insert("gamctl.toml".into(), format!("{MARK}\n{SETTINGS}").into());
        files.insert(".gitignore".into(), IGNORED.into());
        files.insert("README.md".into(), README.into());
        self.remove_others(&files)?;
        for (path, text) in &files {
            let file = self.folder.join(&**path);
            replace(&file, text.as_bytes())
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
        self.write_secrets(secrets)?;
        let paths: Vec<String> = files.keys().map(ToString::to_string).collect();
        self.commit(&paths, settings)
    }

    /// Removes the files of an earlier copy.
    fn remove_others(&self, files: &BTreeMap<Arc<str>, Arc<str>>) -> anyhow::Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        let listing = Source::directory(&self.folder)?.list(&Limits::default())?;
        for entry in listing.entries {
            if !files.contains_key(&entry.path) {
                let file = self.folder.join(&*entry.path);
                fs::remove_file(&file)
                    .with_context(|| format!("failed to remove {}", file.display()))?;
            }
        }
        Ok(())
    }

    fn write_secrets(&self, secrets: &BTreeMap<SecretName, String>) -> anyhow::Result<()> {
        let folder = self.folder.join("secrets");
        for (name, value) in secrets {
            // A name may contain folders, but no path outside the target.
            if name
                .as_str()
                .split('/')
                .any(|part| part.is_empty() || part.starts_with('.'))
            {
                bail!("the secret `{name}` cannot be a file; give it a name without `/.` and `//`");
            }
            let file = folder.join(name.as_str());
            write_private(&file, value)
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
        Ok(())
    }

    fn commit(&self, paths: &[String], settings: &Settings) -> anyhow::Result<CommitId> {
        let folder = &self.folder;
        commit::create_repository(folder)?;
        let GitIdentity { name, email } = &settings.git_author;
        let person = match commit::identity(folder, name.as_deref(), email.as_deref()) {
            Some(person) => person,
            None => {
                let person = Person {
                    name: "gamctl twin".to_owned(),
                    email: "gamctl-twin@localhost".to_owned(),
                };
                // `gamctl set --commit` and `git commit` need a configured author.
                commit::remember_person(folder, &person)?;
                person
            }
        };
        let message = "Point the inventory at twins\n\nGamctl-Command: twin\n";
        Ok(commit::commit_files(
            folder,
            paths,
            &person,
            commit_time(),
            message,
        )?)
    }
}

/// Returns the inventory's files with each device at its twin; a device without one gets an unreachable address.
fn pointing_at(base: &Base, twins: &[ReadyTwin]) -> anyhow::Result<BTreeMap<Arc<str>, Arc<str>>> {
    let inventory = &base.reading.inventory;
    let mut edits = Vec::new();
    for device in inventory.devices() {
        let name = device.id.as_str();
        match twins.iter().find(|twin| twin.name == device.id) {
            Some(twin) => edits.extend(toward(twin)),
            None => {
                if device.text.state != Some(DeviceState::Preprovision) {
                    edits.push(set(name, "state", "preprovision".into()));
                }
                edits.push(Edit::Unset {
                    object: Object::device(name),
                    key: KeyPath::new(["address"]),
                });
            }
        }
    }
    for billing in inventory.billing() {
        edits.push(Edit::Set {
            object: Object::Named(FileKind::Billing, billing.id.to_string()),
            key: KeyPath::new(["address"]),
            value: BILLING_HERE.into(),
        });
    }
    let proposal = propose(base, Change::Edits(&edits), None)
        .context("failed to point the inventory at the twins")?;
    let errors = proposal.after.iter().flat_map(|after| &after.findings);
    if let Some(finding) = errors.chain(&proposal.new_warnings).next() {
        bail!(
            "the copy of the inventory would have a finding that the inventory does not have: {}: {}",
            finding.place.file,
            finding.message
        );
    }
    // Without a result the copy would have the addresses of the real devices.
    ensure!(
        proposal.changes.is_empty() || proposal.after.is_some(),
        "a file of the inventory cannot be read in full; run `gamctl validate`"
    );
    let after = proposal.after.as_ref().unwrap_or(&base.reading);
    Ok(after.inventory.texts().collect())
}

fn toward(twin: &ReadyTwin) -> [Edit; 4] {
    let address = Address {
        ip: twin.address,
        ssh_port: twin.ssh_port,
        snmp_port: twin.snmp_port,
    };
    let name = twin.name.as_str();
    [
        set(name, "address", address.to_string().into()),
        set(name, "test_bed", true.into()),
        set(name, "serial", twin.serial.as_str().into()),
        set(name, "host_key", twin.host_key.as_str().into()),
    ]
}

fn set(device: &str, key: &str, value: toml_edit::Value) -> Edit {
    Edit::Set {
        object: Object::device(device),
        key: KeyPath::new([key]),
        value,
    }
}

/// Writes a file that only the owner can read, and its folders.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(format!("{text}\n").as_bytes())
}
