//! Reads program settings from `gamctl.toml` and the environment; no other file reads the environment.

//!
//! `settings_file` reads the file and refuses what it must not name · `inside` decides which paths stay in its folder ·
//! `credentials` reads what systemd passes to a service · `service` settings of the service.

mod credentials;
mod inside;
mod service;
mod settings_file;

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::inventory::source::{Around, SETTINGS_FILE, around};
use crate::model::{HostEnvironment, hazard_on_a_terminal};
use crate::secrets::{SEALED_FOLDER, Secret, SecretSources, VARIABLE_PREFIX};
use credentials::{credentials_folder, store_url};
pub use service::{
    GitSettings, LoginSettings, NamedSecret, ServeSettings, ServiceSettingsError, SyncSettings,
    TelemetrySettings,
};
pub use settings_file::SettingsError;
use settings_file::{Origin, SettingsFile, StoreTable, WrittenSecrets, is_there, read};

/// The settings of the program besides its arguments.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The inventory, for commands that do not name one.
    pub inventory: Option<PathBuf>,
    /// The operator named the file of these settings: no other is searched.
    pub is_named: bool,
    /// The folder that the settings are of; left out: the current folder.
    pub home: Option<PathBuf>,
    /// The inventory and settings found around the current folder.
    pub around: Around,
    /// The branch for commits, for commands that do not name one.
    pub branch: Option<String>,
    /// The sources of secrets for commands that contact devices.
    pub secrets: SecretSources,
    pub store: StoreSettings,
    pub apply: ApplySettings,
    pub backup: BackupSettings,
    pub git: GitSettings,
    pub serve: ServeSettings,
    pub sync: SyncSettings,
    pub telemetry: TelemetrySettings,
    /// The file has settings of the service, `[git]` or `[serve]`.
    pub names_service: bool,
    /// The user as `user@host`, for the record.
    pub who: String,
    /// The log filter of `GAMCTL_LOG`; left out: nothing, or `info` with `--log`.
    pub log: Option<String>,
    /// The crash point at which a test wants this process to die; builds for tests only.
    pub crash_at: Option<String>,
    /// The author of commits, from `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL`.
    pub git_author: GitIdentity,
    /// The committer, from `GIT_COMMITTER_NAME` and `GIT_COMMITTER_EMAIL`.
    pub git_committer: GitIdentity,
    /// The user wants output without colour.
    pub no_color: bool,
    /// The terminal understands no escape sequences.
    pub is_dumb: bool,
    pub host: HostEnvironment,
    /// The folders in which programs such as `git` are found.
    pub search_path: String,
}

/// A person from git's variables; missing parts come from git's own settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitIdentity {
    pub name: Option<String>,
    pub email: Option<String>,
}

/// The settings of the store.
#[derive(Clone, Default)]
pub struct StoreSettings {
    /// `postgres://…` or `sqlite:///…`, which may contain a password; left out: SQLite in the state directory.
    pub url: Option<Secret>,
    /// The folder of the SQLite store and the journal; left out: below `default_state`.
    pub state: Option<PathBuf>,
    /// The user's folder for state; left out if the environment has none.
    pub default_state: Option<PathBuf>,
}

impl std::fmt::Debug for StoreSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StoreSettings")
            .field("has_url", &self.url.is_some())
            .field("state", &self.state)
            .field("default_state", &self.default_state)
            .finish()
    }
}

/// Options of `apply` that the command leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct ApplySettings {
    /// The number of devices written to at once.
    pub at_once: Option<NonZeroU16>,
    /// The number of devices of one site written to at once.
    pub at_once_per_site: Option<NonZeroU16>,
    /// The number of failed devices after which no more are started.
    pub failure_budget: Option<NonZeroU16>,
    /// Lease duration without renewal; after a crash, other processes wait this long.
    pub lease_seconds: Option<NonZeroU16>,
    /// The time in which a plan may be applied after it was made.
    pub plan_expires_hours: Option<NonZeroU16>,
}

/// Options of `backup` that the command leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct BackupSettings {
    /// The git repository of the backups.
    pub repository: Option<PathBuf>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "this is the file that reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn git_identity(role: &str) -> GitIdentity {
    GitIdentity {
        name: variable(&format!("GIT_{role}_NAME")),
        email: variable(&format!("GIT_{role}_EMAIL")),
    }
}

/// Returns the store's settings: the environment takes precedence over the file, and systemd's credentials are between.
fn store_settings(written: Option<StoreTable>) -> Result<StoreSettings, SettingsError> {
    let written = written.unwrap_or_default();
    let url = variable("GAMCTL_STORE_URL").map(|url| Secret::new(url.into_bytes()));
    let url = match url {
        Some(url) => Some(url),
        None => store_url(credentials_folder())?,
    };
    let home = || Some(PathBuf::from(variable("HOME")?).join(".local/state"));
    Ok(StoreSettings {
        url: url.or(written.url),
        state: variable("GAMCTL_STATE")
            .map(PathBuf::from)
            .or(written.state),
        default_state: variable("XDG_STATE_HOME")
            .map(PathBuf::from)
            .or_else(home)
            .map(|folder| folder.join("gamctl")),
    })
}

/// Returns the user, as far as the environment names one; in a CI job, the person that the forge names.
fn who(of_ci: Option<String>) -> String {
    let user = variable("GAMCTL_WHO")
        .or(of_ci)
        .or_else(|| variable("SUDO_USER"))
        .or_else(|| variable("USER"))
        .or_else(|| variable("LOGNAME"));
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let host = variable("HOSTNAME").unwrap_or_else(|| host.trim().to_owned());
    let mut who = user
        .or_else(account)
        .unwrap_or_else(|| "unknown".to_owned());
    if !who.contains('@') && !host.is_empty() {
        who.push('@');
        who.push_str(&host);
    }
    one_line(&who)
}

/// Returns the account of this process where no variable names a user, as in a container; its number if it has no name.
fn account() -> Option<String> {
    let uid = std::fs::metadata("/proc/self").ok()?.uid();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(account_name(&accounts, uid).unwrap_or_else(|| format!("uid{uid}")))
}

/// Returns the name of an account in the text of `/etc/passwd`.
fn account_name(accounts: &str, uid: u32) -> Option<String> {
    let number = uid.to_string();
    let mut accounts = accounts.lines().map(|line| line.split(':'));
    accounts.find_map(|mut fields| {
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    })
}

/// Returns a text for one line of a table: without line breaks, controls and invisible characters.
fn one_line(text: &str) -> String {
    text.chars()
        .filter(|letter| hazard_on_a_terminal(*letter).is_none())
        .take(120)
        .collect()
}

/// Returns the variables that hold secrets; their values may be any bytes.
fn secret_variables() -> BTreeMap<String, Secret> {
    let all = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let is_secret = name.starts_with(VARIABLE_PREFIX) && !value.is_empty();
        is_secret.then(|| (name, Secret::new(value.into_encoded_bytes())))
    });
    all.collect()
}

/// Returns the settings: from the given file, else from `GAMCTL_CONFIG`, else from the nearest `gamctl.toml` in the
/// current folder or above it. `inventory`, else `GAMCTL_INVENTORY`, names an inventory, which brings its own.
pub fn settings(given: Option<&Path>, inventory: Option<&Path>) -> Result<Settings, SettingsError> {
    let mut settings = found(given)?;
    let inventory = inventory
        .map(Path::to_path_buf)
        .or_else(|| variable("GAMCTL_INVENTORY").map(PathBuf::from));
    if let Some(folder) = inventory {
        settings = settings_of(&settings, &folder)?;
        settings.home = Some(folder);
    }
    Ok(settings)
}

/// Returns the settings of the named file, else those around the current folder.
fn found(given: Option<&Path>) -> Result<Settings, SettingsError> {
    let named = given
        .map(Path::to_path_buf)
        .or_else(|| variable("GAMCTL_CONFIG").map(PathBuf::from));
    let is_named = named.is_some();
    // A folder that cannot be named has none above it either.
    let around = std::env::current_dir().map_or_else(|_| Around::default(), |here| around(&here));
    let mut home = None;
    let written = match &named {
        Some(path) => read(path, Origin::Named)?,
        None => match &around.settings {
            Some(folder) => {
                let (folder, written) = settings_around(folder, &around)?;
                home = folder;
                written
            }
            None => SettingsFile::default(),
        },
    };
    let inventory = written.inventory.unwrap_or_default();
    let path = inventory.path.or_else(|| home.clone());
    let path = path.or_else(|| above(&around, around.inventory.as_deref()));
    let folder = path.clone().unwrap_or_default();
    let file = home.as_deref().unwrap_or(Path::new("")).join(SETTINGS_FILE);
    let unnamed = (!is_named).then_some(file.as_path());
    let host = HostEnvironment::of(&variable);
    Ok(Settings {
        inventory: path,
        is_named,
        home,
        around,
        branch: variable("GAMCTL_BRANCH").or(inventory.branch),
        secrets: secret_sources(written.secrets, unnamed, &folder),
        store: store_settings(written.store)?,
        apply: written.apply.unwrap_or_default(),
        backup: written.backup.unwrap_or_default(),
        names_service: written.git.is_some() || written.serve.is_some(),
        git: written.git.unwrap_or_default(),
        serve: written.serve.unwrap_or_default(),
        sync: written.sync.unwrap_or_default(),
        telemetry: written.telemetry.unwrap_or_default(),
        who: who(host.who()),
        log: variable("GAMCTL_LOG"),
        crash_at: variable("GAMCTL_CRASH_AT").filter(|_| cfg!(debug_assertions)),
        git_author: git_identity("AUTHOR"),
        git_committer: git_identity("COMMITTER"),
        no_color: variable("NO_COLOR").is_some(),
        is_dumb: variable("TERM").as_deref() == Some("dumb"),
        host,
        search_path: variable("PATH").unwrap_or_default(),
    })
}

/// Returns a folder of the search if it is above the current one, which has no other name than `.`.
fn above(around: &Around, folder: Option<&Path>) -> Option<PathBuf> {
    let folder = folder?;
    (around.searched.first().map(PathBuf::as_path) != Some(folder)).then(|| folder.to_path_buf())
}

/// Reads the settings around the current folder, with their folder if it is above. They do not count if a nearer
/// inventory is not the one that they are about.
fn settings_around(
    folder: &Path,
    around: &Around,
) -> Result<(Option<PathBuf>, SettingsFile), SettingsError> {
    let home = above(around, Some(folder));
    let path = home.as_deref().unwrap_or(Path::new("")).join(SETTINGS_FILE);
    let written = read(&path, Origin::Found)?;
    let inventory = written.inventory.as_ref();
    let named = inventory.and_then(|inventory| inventory.path.as_deref());
    let real = |path: &Path| path.canonicalize().ok();
    let is_about = |nearer: &Path| real(nearer) == real(named.unwrap_or(folder));
    match &around.inventory {
        Some(nearer) if nearer != folder && !is_about(nearer) => {
            Ok((None, SettingsFile::default()))
        }
        _ => Ok((home, written)),
    }
}

/// Returns the settings for a command that names an inventory: those of its folder, unless a file was named.
///
/// A folder with a `gamctl.toml` is complete by itself: its secrets belong to its devices, and the secrets of the
/// current folder do not.
pub fn settings_of(settings: &Settings, folder: &Path) -> Result<Settings, SettingsError> {
    let path = folder.join(SETTINGS_FILE);
    if settings.is_named || !is_there(&path) {
        let home = settings.home.as_deref().unwrap_or(Path::new("."));
        if !settings.is_named && !is_below(home, folder) {
            // Settings found here belong to the inventory here: an inventory elsewhere must not get secrets of this one.
            return Ok(Settings {
                inventory: Some(folder.to_path_buf()),
                branch: variable("GAMCTL_BRANCH"),
                secrets: secret_sources(None, None, folder),
                store: store_settings(None)?,
                backup: BackupSettings::default(),
                git: GitSettings::default(),
                serve: ServeSettings::default(),
                sync: SyncSettings::default(),
                telemetry: TelemetrySettings::default(),
                names_service: false,
                ..settings.clone()
            });
        }
        return Ok(Settings {
            inventory: Some(folder.to_path_buf()),
            secrets: SecretSources {
                sealed: Some(folder.join(SEALED_FOLDER)),
                remembered: std::sync::Arc::default(),
                ..settings.secrets.clone()
            },
            ..settings.clone()
        });
    }
    let written = read(&path, Origin::Found)?;
    let inventory = written.inventory.unwrap_or_default();
    let folder = inventory.path.unwrap_or_else(|| folder.to_path_buf());
    Ok(Settings {
        branch: variable("GAMCTL_BRANCH").or(inventory.branch),
        secrets: secret_sources(written.secrets, Some(&path), &folder),
        inventory: Some(folder),
        store: store_settings(written.store)?,
        apply: written.apply.unwrap_or_default(),
        backup: written.backup.unwrap_or_default(),
        git: written.git.unwrap_or_default(),
        serve: written.serve.unwrap_or_default(),
        sync: written.sync.unwrap_or_default(),
        ..settings.clone()
    })
}

/// Returns the sources of secrets; `inventory` is the folder whose sealed secrets are used, and `unnamed` the settings
/// of a file that the operator did not name.
fn secret_sources(
    written: Option<WrittenSecrets>,
    unnamed: Option<&Path>,
    inventory: &Path,
) -> SecretSources {
    let WrittenSecrets {
        directory,
        identity,
        mut command,
    } = written.unwrap_or_default();
    if let (Some(command), Some(settings)) = (&mut command, unnamed) {
        command.forbid(settings);
    }
    SecretSources {
        environment: secret_variables(),
        directory: directory.or_else(credentials_folder),
        sealed: Some(inventory.join(SEALED_FOLDER)),
        identity: variable("GAMCTL_AGE_IDENTITY")
            .map(PathBuf::from)
            .or(identity)
            .or_else(usual_identity),
        command,
        remembered: std::sync::Arc::default(),
    }
}

/// Returns the default path of a private key.
fn usual_identity() -> Option<PathBuf> {
    let home = || variable("HOME").map(|home| Path::new(&home).join(".config"));
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.is_absolute()).or_else(home)?;
    Some(folder.join("gamctl").join("identity.txt"))
}

fn is_below(home: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    match (real(folder), real(home)) {
        (Some(folder), Some(home)) => folder.starts_with(home),
        // The reader reports the error.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_the_name_of_its_number() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\n\nada:x:1000:1000::/home/ada:/bin/sh\n:x:7\nodd\n";
        assert_eq!(account_name(accounts, 1000).as_deref(), Some("ada"));
        assert_eq!(account_name(accounts, 0).as_deref(), Some("root"));
        assert_eq!(account_name(accounts, 7), None);
        assert_eq!(account_name("", 0), None);
    }

    fn written(text: &str) -> Result<SettingsFile, SettingsError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gamctl.toml");
        std::fs::write(&path, text).unwrap();
        read(&path, Origin::Named).map(|mut written| {
            if let Some(inventory) = &mut written.inventory {
                inventory.path = inventory
                    .path
                    .take()
                    .map(|inner| inner.strip_prefix(directory.path()).unwrap().to_path_buf());
            }
            written
        })
    }

    #[test]
    fn a_path_is_meant_from_where_the_settings_are() {
        let inventory = written("[inventory]\npath = \"network\"\nbranch = \"main\"\n")
            .unwrap()
            .inventory
            .unwrap();
        assert_eq!(inventory.path, Some(PathBuf::from("network")));
        assert_eq!(inventory.branch.as_deref(), Some("main"));
    }

    #[test]
    fn secrets_are_in_a_folder_beside_the_settings() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gamctl.toml");
        std::fs::write(&path, "[secrets]\ndirectory = \"secrets\"\n").unwrap();
        let settings = settings(Some(&path), None).unwrap();
        assert_eq!(
            settings.secrets.directory,
            Some(directory.path().join("secrets"))
        );
    }

    #[test]
    fn a_command_for_secrets_is_only_taken_from_settings_that_were_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gamctl.toml");
        std::fs::write(&path, "[secrets]\ncommand = [\"echo\", \"{name}\"]\n").unwrap();
        let named = settings(Some(&path), None).unwrap();
        let found = settings_of(&Settings::default(), directory.path()).unwrap();
        let name = crate::model::SecretName::new("of-the-command").unwrap();
        let ask = |settings: Settings| crate::secrets::Secrets::of(settings.secrets).get(&name);
        assert_eq!(ask(named).unwrap().reveal(), b"of-the-command");
        let error = ask(found).unwrap_err().to_string();
        assert!(error.contains("is not run"), "{error}");
        let error = written("[secrets]\n\ncommand = [\"pass\"]\n").unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(":3: ") && error.contains("{name}"),
            "{error}"
        );
    }

    #[test]
    fn sealed_secrets_and_the_key_to_them_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gamctl.toml");
        std::fs::write(&path, "[secrets]\nidentity = \"key.txt\"\n").unwrap();
        let found = settings_of(&Settings::default(), directory.path()).unwrap();
        let secrets = found.secrets;
        assert_eq!(secrets.sealed, Some(directory.path().join("sealed")));
        assert_eq!(secrets.identity, Some(directory.path().join("key.txt")));
    }

    #[test]
    fn settings_that_were_found_name_nothing_outside_of_their_folder() {
        let place = tempfile::tempdir().unwrap();
        let inventory = place.path().join("inventory");
        std::fs::create_dir_all(inventory.join("inner")).unwrap();
        std::fs::create_dir(place.path().join("other")).unwrap();
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(target, inventory.join(name)).unwrap();
        };
        link("../other", "link");
        link("inner", "fine");
        link("/nonexistent/file", "nowhere");
        std::fs::create_dir(inventory.join("linked")).unwrap();
        link("../../other/gamctl.db", "linked/gamctl.db");
        let found = |text: &str| {
            let path = inventory.join("gamctl.toml");
            std::fs::write(&path, text).unwrap();
            let named = settings(Some(&path), None);
            assert!(named.is_ok(), "{named:?}");
            settings_of(&Settings::default(), &inventory)
        };
        let absolute = format!("{}/other", place.path().display());
        for path in [
            &*absolute,
            "..",
            "../other",
            "inner/../../other",
            "link",
            "link/x",
            "nowhere",
        ] {
            for (table, key) in [
                ("inventory", "path"),
                ("secrets", "directory"),
                ("secrets", "identity"),
                ("store", "state"),
                ("backup", "repository"),
            ] {
                let error = found(&format!("[{table}]\n{key} = \"{path}\"\n")).unwrap_err();
                let error = error.to_string();
                let named = format!("`[{table}] {key}`");
                assert!(
                    error.contains(&named) && error.contains("--config"),
                    "{path}: {error}"
                );
            }
        }
        for url in [
            "postgres://db.example.net/gamctl",
            "sqlite:///tmp/gamctl.db",
            "sqlite://../gamctl.db",
            "sqlite://linked/gamctl.db",
        ] {
            let error = found(&format!("[store]\nurl = \"{url}\"\n"))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("`[store] url`") && !error.contains(url),
                "{error}"
            );
        }
        assert!(found("[store]\nstate = \"linked\"\n").is_err());
        let fine = "[inventory]\npath = \".\"\n[secrets]\ndirectory = \"fine\"\nidentity = \"inner/key.txt\"\n\
            [store]\nstate = \"state\"\n";
        let fine = found(fine).unwrap();
        assert_eq!(fine.secrets.directory, Some(inventory.join("fine")));
    }

    #[test]
    fn settings_behind_a_link_out_of_the_inventory_are_not_read() {
        let place = tempfile::tempdir().unwrap();
        let inventory = place.path().join("inventory");
        std::fs::create_dir(&inventory).unwrap();
        std::fs::write(place.path().join("mine.toml"), "[inventory]\n").unwrap();
        std::os::unix::fs::symlink("../mine.toml", inventory.join("gamctl.toml")).unwrap();
        let error = settings_of(&Settings::default(), &inventory).unwrap_err();
        assert!(
            matches!(error, SettingsError::LinkedSettings { .. }),
            "{error}"
        );
        assert!(settings(Some(&inventory.join("gamctl.toml")), None).is_ok());
    }

    #[test]
    fn an_inventory_elsewhere_gets_no_secrets_from_settings_that_were_found_here() {
        let here = SecretSources {
            directory: Some(PathBuf::from("secrets")),
            ..SecretSources::default()
        };
        let found = Settings {
            secrets: here,
            ..Settings::default()
        };
        let elsewhere = tempfile::tempdir().unwrap();
        let settings = settings_of(&found, elsewhere.path()).unwrap();
        assert_eq!(settings.secrets.directory, None);
        let below = settings_of(&found, Path::new("src")).unwrap();
        assert_eq!(below.secrets.directory, Some(PathBuf::from("secrets")));
        let named = Settings {
            is_named: true,
            ..found
        };
        let settings = settings_of(&named, elsewhere.path()).unwrap();
        assert_eq!(settings.secrets.directory, Some(PathBuf::from("secrets")));
    }

    #[test]
    fn the_user_is_one_visible_line() {
        let name = "ada\n2026 mallory\r\u{1b}[2J\u{85}\u{2028}\u{2029}\u{202e}\u{2066}\u{200b}@noc";
        assert_eq!(one_line(name), "ada2026 mallory[2J@noc");
        assert_eq!(one_line(&"x".repeat(500)).len(), 120);
    }

    #[test]
    fn a_mistyped_setting_is_an_error_with_its_line() {
        let error = written("[inventory]\npaht = \"x\"\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("gamctl.toml:2:") && error.contains("paht"),
            "{error}"
        );
    }
}
