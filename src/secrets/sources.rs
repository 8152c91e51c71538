//! Searches a secret in the environment, in a file, in the inventory (sealed), in a program's output.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::read_file::is_open_to_others;
use super::sealed::{ENDING, SealedName};
use super::{
    Identities, IdentityError, KeyError, RECIPIENTS, Recipients, Secret, SecretCommand,
    SecretError, folder, identity, key, sealed,
};
use crate::model::SecretName;

/// The prefix of variables with secrets: `GAMCTL_SECRET_GAM_SSH` is the secret `gam-ssh`.
pub const VARIABLE_PREFIX: &str = "GAMCTL_SECRET_";

/// The sources of secrets.
#[derive(Debug, Clone, Default)]
pub struct SecretSources {
    /// Values by the full name of their variable.
    pub environment: BTreeMap<String, Secret>,
    /// A folder with a file for each secret.
    pub directory: Option<PathBuf>,
    /// The inventory's folder of sealed values.
    pub sealed: Option<PathBuf>,
    /// The file with the private key for sealed values.
    pub identity: Option<PathBuf>,
    /// A program that is asked last.
    pub command: Option<SecretCommand>,
    /// Values found so far, shared by all copies.
    pub remembered: Arc<Remembered>,
}

/// Cached results, so that no file is opened and no program runs twice.
#[derive(Debug, Default)]
pub struct Remembered {
    identities: OnceLock<Result<Identities, Arc<IdentityError>>>,
    values: Mutex<BTreeMap<SecretName, Result<Secret, Arc<SecretError>>>>,
}

/// Looks up secrets by name.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    sources: SecretSources,
}

/// A source that has a secret, or may have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The name of the variable.
    Environment(String),
    File(PathBuf),
    Sealed(PathBuf),
    /// The command is only known to exist; whether it has the secret is known after running it.
    Command(String),
}

impl SecretSource {
    /// Returns whether this source comes before the sealed value.
    pub fn is_before_sealed(&self) -> bool {
        match self {
            Self::Environment(_) | Self::File(_) => true,
            Self::Sealed(_) | Self::Command(_) => false,
        }
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Environment(variable) => write!(formatter, "the environment ({variable})"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Sealed(path) => write!(formatter, "{}", path.display()),
            Self::Command(shown) => write!(formatter, "`{shown}`"),
        }
    }
}

impl Secrets {
    pub fn of(sources: SecretSources) -> Self {
        Self { sources }
    }

    /// Returns the value of a secret, from the first source that has it.
    pub fn get(&self, name: &SecretName) -> Result<Secret, SecretError> {
        let variable = variable(name);
        if let Some(secret) = self.sources.environment.get(&variable) {
            return Ok(secret.clone());
        }
        let sources = &self.sources;
        let mut looked = format!("{variable} is not set");
        let mut files = Vec::new();
        let bad_path = || SecretError::BadPath {
            name: name.clone(),
            variable: variable.clone(),
        };
        if let Some(directory) = &sources.directory {
            let path = folder::file(directory, name, "").ok_or_else(bad_path)?;
            if let Some(secret) = folder::value(directory, name, &path)? {
                return Ok(secret);
            }
            files.push(path.display().to_string());
        }
        let path_of = |inside: &PathBuf| folder::file(inside, name, ENDING).ok_or_else(bad_path);
        let path = sources.sealed.as_ref().map(path_of).transpose()?;
        files.extend(path.as_ref().map(|path| path.display().to_string()));
        if !files.is_empty() {
            looked.push_str(&format!(" and there is no file {}", files.join(" or ")));
        }
        // The lock is held during the lookup, so that two callers for one secret run the program once.
        let values = &sources.remembered.values;
        let mut values = values.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = values.get(name) {
            return known.clone().map_err(SecretError::Again);
        }
        let found = self.unsealed(name, path).or_else(|| {
            let command = sources.command.as_ref()?;
            // A name that is unsafe as a path is also unsafe as an argument.
            let found = match folder::file(Path::new(""), name, "") {
                None => Err(bad_path()),
                Some(_) => command.ask(name).map_err(|failure| SecretError::Command {
                    name: name.clone(),
                    looked: looked.clone(),
                    failure,
                }),
            };
            Some(found)
        });
        let Some(found) = found else {
            let name = name.clone();
            return Err(SecretError::Missing { name, looked });
        };
        let found = found.map_err(Arc::new);
        values.insert(name.clone(), found.clone());
        found.map_err(SecretError::Again)
    }

    /// Opens a sealed value, if there is one.
    fn unsealed(
        &self,
        name: &SecretName,
        path: Option<PathBuf>,
    ) -> Option<Result<Secret, SecretError>> {
        let (path, inside) = (path?, self.sources.sealed.as_deref()?);
        let sealed = match sealed::read(&path, inside).transpose()? {
            Ok(sealed) => sealed,
            Err(source) => {
                let name = name.clone();
                return Some(Err(SecretError::Unreadable { name, path, source }));
            }
        };
        let identities = match self.identities() {
            Ok(identities) => identities,
            Err(reason) => {
                let name = name.clone();
                return Some(Err(SecretError::NoIdentity { name, path, reason }));
            }
        };
        let opened = key::unseal(&sealed, identities);
        Some(opened.map_err(|reason| SecretError::Sealed {
            name: name.clone(),
            path,
            reason,
        }))
    }

    /// Returns the private keys, which are read once.
    pub fn identities(&self) -> Result<&Identities, Arc<IdentityError>> {
        let read = || match &self.sources.identity {
            Some(path) => identity::read_identity(path).map_err(Arc::new),
            None => Err(Arc::new(IdentityError::NotNamed)),
        };
        let identities = &self.sources.remembered.identities;
        identities.get_or_init(read).as_ref().map_err(Arc::clone)
    }

    /// Returns the recipients; `None` if there is no list yet.
    pub fn recipients(&self) -> io::Result<Option<Result<Recipients, KeyError>>> {
        let Some(inside) = self.sources.sealed.as_deref() else {
            return Ok(None);
        };
        let text = sealed::read(&inside.join(RECIPIENTS), inside)?;
        Ok(text.map(|text| Recipients::parse(&String::from_utf8_lossy(&text))))
    }

    /// Returns a sealed value in its sealed form, with its file.
    pub fn sealed(&self, name: &SecretName) -> io::Result<Option<(PathBuf, Vec<u8>)>> {
        let Some(inside) = self.sources.sealed.as_deref() else {
            return Ok(None);
        };
        let Some(path) = folder::file(inside, name, ENDING) else {
            return Ok(None);
        };
        let sealed = sealed::read(&path, inside)?;
        Ok(sealed.map(|sealed| (path, sealed)))
    }

    /// Returns the file with the list of recipients.
    pub fn recipients_file(&self) -> Option<PathBuf> {
        Some(self.sources.sealed.as_deref()?.join(RECIPIENTS))
    }

    /// Returns the file of a sealed secret, whether it exists or not; `None` if the name cannot be a file name.
    pub fn sealed_file(&self, name: &SecretName) -> Option<PathBuf> {
        folder::file(self.sources.sealed.as_deref()?, name, ENDING)
    }

    /// Returns the names of all sealed values.
    pub fn sealed_names(&self) -> io::Result<Vec<SealedName>> {
        let inside = self.sources.sealed.as_deref();
        inside.map_or(Ok(Vec::new()), sealed::names)
    }

    /// Returns the sources that have a secret, in the order of the search, without reading its value.
    pub fn places(&self, name: &SecretName) -> Vec<SecretSource> {
        let sources = &self.sources;
        let variable = variable(name);
        let mut places = Vec::new();
        if sources.environment.contains_key(&variable) {
            places.push(SecretSource::Environment(variable));
        }
        let file = sources.directory.as_deref();
        let file = file.and_then(|inside| folder::file(inside, name, ""));
        places.extend(file.filter(|path| path.exists()).map(SecretSource::File));
        // An unreadable source counts as present; `get` reports the reason.
        if !matches!(self.sealed(name), Ok(None)) {
            places.extend(self.sealed_file(name).map(SecretSource::Sealed));
        }
        let command = sources.command.as_ref();
        places.extend(command.map(|command| SecretSource::Command(command.shown(name))));
        places
    }

    /// Returns the names of all plain files.
    pub fn file_names(&self) -> io::Result<Vec<SecretName>> {
        let inside = self.sources.directory.as_deref();
        inside.map_or(Ok(Vec::new()), sealed::plain_names)
    }

    /// Returns the variables with secrets, except those of these names.
    pub fn other_variables<'a>(
        &self,
        names: impl IntoIterator<Item = &'a SecretName>,
    ) -> Vec<&str> {
        let known: Vec<String> = names.into_iter().map(variable).collect();
        let all = self.sources.environment.keys().map(String::as_str);
        all.filter(|one| !known.iter().any(|known| known == one))
            .collect()
    }

    /// Returns the file of a secret if other users on this host can read it, for a warning.
    pub fn exposed(&self, name: &SecretName) -> Option<PathBuf> {
        if self.sources.environment.contains_key(&variable(name)) {
            return None;
        }
        let path = folder::file(self.sources.directory.as_deref()?, name, "")?;
        let facts = std::fs::metadata(&path).ok()?;
        is_open_to_others(&facts).then_some(path)
    }
}

/// Returns the variable of a secret. Names that differ only in punctuation or case share one.
pub(super) fn variable(name: &SecretName) -> String {
    let letters = name.as_str().chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' => letter.to_ascii_uppercase(),
        _ => '_',
    });
    VARIABLE_PREFIX.chars().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{SecretCommand, new_identity, seal};

    fn name(text: &str) -> SecretName {
        SecretName::new(text).unwrap()
    }

    fn folder() -> (tempfile::TempDir, Secrets) {
        let folder = tempfile::tempdir().unwrap();
        let sources = SecretSources {
            directory: Some(folder.path().join("secrets")),
            environment: BTreeMap::from([(
                "GAMCTL_SECRET_SITE_12_SNMP".to_owned(),
                Secret::new(b"of-the-environment".to_vec()),
            )]),
            ..SecretSources::default()
        };
        std::fs::create_dir_all(folder.path().join("secrets/site-12")).unwrap();
        std::fs::write(folder.path().join("outside"), "outside").unwrap();
        (folder, Secrets::of(sources))
    }

    #[test]
    fn the_environment_goes_before_the_file_and_a_name_may_have_folders() {
        let (folder, secrets) = folder();
        let write = |path: &str, text: &str| {
            std::fs::write(folder.path().join("secrets").join(path), text).unwrap();
        };
        write("site-12/snmp", "of-the-file");
        write("site-12/other", "a b\n");
        write("windows", "value\r\n");
        write("two", "value\n\n");
        write("empty", "\n");
        let got = |text: &str| secrets.get(&name(text)).unwrap().reveal().to_vec();
        assert_eq!(got("site-12/snmp"), b"of-the-environment");
        assert_eq!(got("site-12/other"), b"a b");
        assert_eq!(got("windows"), b"value");
        assert_eq!(got("two"), b"value\n");
        assert_eq!(got("empty"), b"");
    }

    #[test]
    fn a_missing_secret_is_named_with_the_places_that_were_looked_in() {
        let (folder, secrets) = folder();
        let error = secrets.get(&name("gam-ssh")).unwrap_err().to_string();
        let path = folder.path().join("secrets/gam-ssh");
        for part in ["`gam-ssh`", "GAMCTL_SECRET_GAM_SSH", path.to_str().unwrap()] {
            assert!(error.contains(part), "{error}");
        }
        let nowhere = Secrets::default().get(&name("gam-ssh")).unwrap_err();
        assert!(nowhere.to_string().contains("gamctl secret set gam-ssh"));
    }

    #[test]
    fn no_name_and_no_link_leads_out_of_the_folder() {
        let (folder, secrets) = folder();
        for text in ["a/../../outside", "a//b", "a/.", "site-12/.."] {
            let error = secrets.get(&name(text)).unwrap_err();
            assert!(matches!(error, SecretError::BadPath { .. }), "{text}");
        }
        let link = folder.path().join("secrets/link");
        std::os::unix::fs::symlink(folder.path().join("outside"), link).unwrap();
        let error = secrets.get(&name("link")).unwrap_err();
        assert!(matches!(error, SecretError::Outside { .. }), "{error}");
        // As orchestrators lay secrets out.
        let inner = folder.path().join("secrets/site-12/other");
        std::fs::write(&inner, "inner").unwrap();
        std::os::unix::fs::symlink(inner, folder.path().join("secrets/inside")).unwrap();
        assert_eq!(secrets.get(&name("inside")).unwrap().reveal(), b"inner");
    }

    #[test]
    fn a_non_file_or_too_large_file_is_refused_without_blocking() {
        let (folder, secrets) = folder();
        let error = secrets.get(&name("site-12")).unwrap_err();
        assert!(matches!(error, SecretError::NotAFile { .. }), "{error}");
        let pipe = folder.path().join("secrets/pipe");
        let made = std::process::Command::new("mkfifo").arg(pipe).status();
        assert!(made.unwrap().success());
        let error = secrets.get(&name("pipe")).unwrap_err();
        assert!(matches!(error, SecretError::NotAFile { .. }), "{error}");
        let large = folder.path().join("secrets/large");
        std::fs::write(large, vec![b'x'; 65_537]).unwrap();
        let error = secrets.get(&name("large")).unwrap_err();
        assert!(matches!(error, SecretError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn a_world_readable_file_is_reported_without_its_value() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, secrets) = folder();
        let path = folder.path().join("secrets/open");
        std::fs::write(&path, "CANARY").unwrap();
        for (mode, is_exposed) in [(0o644, true), (0o640, false)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(secrets.exposed(&name("open")).is_some(), is_exposed);
        }
        let shown = format!("{secrets:?} {:?}", secrets.get(&name("open")));
        assert!(!shown.contains("CANARY") && !shown.contains("of-the-environment"));
    }

    /// All combinations: `a` in all sources, `b` in all but the environment, `c` sealed and by command, `d` by command.
    fn everywhere() -> (tempfile::TempDir, Secrets) {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        let identities = new_identity(&at("key.txt")).unwrap();
        let recipients = Recipients::parse(&identities.public().concat()).unwrap();
        for folder in ["secrets", "sealed"] {
            std::fs::create_dir(at(folder)).unwrap();
        }
        for (path, text) in [("secrets/a", "file"), ("secrets/b", "file")] {
            std::fs::write(at(path), text).unwrap();
        }
        for path in ["sealed/a.age", "sealed/b.age", "sealed/c.age"] {
            let sealed = seal(&Secret::new(b"sealed".to_vec()), &recipients).unwrap();
            std::fs::write(at(path), sealed).unwrap();
        }
        let script = "echo asked >> \"$1/asked\"; test \"$2\" != gone && echo told";
        let words = [
            "/bin/sh",
            "-c",
            script,
            "sh",
            place.path().to_str().unwrap(),
            "{name}",
        ];
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let sources = SecretSources {
            environment: BTreeMap::from([(
                "GAMCTL_SECRET_A".to_owned(),
                Secret::new(b"environment".to_vec()),
            )]),
            directory: Some(at("secrets")),
            sealed: Some(at("sealed")),
            identity: Some(at("key.txt")),
            command: Some(SecretCommand::try_from(words).unwrap()),
            ..SecretSources::default()
        };
        (place, Secrets::of(sources))
    }

    #[test]
    fn the_first_source_with_the_secret_is_used() {
        let (_place, secrets) = everywhere();
        for (text, value, places) in [
            ("a", "environment", 4),
            ("b", "file", 3),
            ("c", "sealed", 2),
            ("d", "told", 1),
        ] {
            assert_eq!(secrets.get(&name(text)).unwrap().reveal(), value.as_bytes());
            assert_eq!(secrets.places(&name(text)).len(), places, "{text}");
        }
    }

    #[test]
    fn no_source_is_opened_or_asked_twice_even_after_a_failure() {
        let (place, secrets) = everywhere();
        for _ in 0..2 {
            for other in [&secrets, &Secrets::of(secrets.sources.clone())] {
                assert_eq!(other.get(&name("c")).unwrap().reveal(), b"sealed");
                assert_eq!(other.get(&name("d")).unwrap().reveal(), b"told");
                assert!(other.get(&name("gone")).is_err());
            }
            // Whoever looked again would find nothing now.
            std::fs::write(place.path().join("sealed/c.age"), "").unwrap();
        }
        let asked = std::fs::read_to_string(place.path().join("asked")).unwrap();
        assert_eq!(asked.lines().count(), 2, "{asked}");
    }

    #[test]
    fn every_place_that_was_asked_is_named() {
        let (place, secrets) = everywhere();
        let error = secrets.get(&name("gone")).unwrap_err().to_string();
        for part in [
            "GAMCTL_SECRET_GONE",
            place.path().join("secrets/gone").to_str().unwrap(),
            place.path().join("sealed/gone.age").to_str().unwrap(),
            "`/bin/sh … gone` failed with exit code 1",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn sealed_values_without_a_matching_key_report_the_next_step() {
        let (place, secrets) = everywhere();
        let without = SecretSources {
            identity: None,
            remembered: Arc::default(),
            ..secrets.sources.clone()
        };
        let error = Secrets::of(without)
            .get(&name("c"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("gamctl secret init"), "{error}");
        new_identity(&place.path().join("other.txt")).unwrap();
        let other = SecretSources {
            identity: Some(place.path().join("other.txt")),
            remembered: Arc::default(),
            ..secrets.sources.clone()
        };
        let error = Secrets::of(other).get(&name("c")).unwrap_err().to_string();
        assert!(error.contains("sealed for other keys"), "{error}");
    }
}
