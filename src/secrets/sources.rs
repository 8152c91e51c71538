//! Finds the value of a secret by its name: in the environment, else in a file of the secrets folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::Secret;
use crate::model::SecretName;

/// What variables that hold secrets begin with: `GAMCTL_SECRET_GAM_SSH` is the secret `gam-ssh`.
pub const VARIABLE_PREFIX: &str = "GAMCTL_SECRET_";

/// A key or a password is shorter; a file that is longer is another file.
const MAX_BYTES: u64 = 64 << 10;

/// Where values are looked for.
#[derive(Debug, Clone, Default)]
pub struct SecretSources {
    /// A folder with a file for each secret, named for it.
    pub directory: Option<PathBuf>,
    /// Values by the whole name of their variable.
    pub environment: BTreeMap<String, Secret>,
}

/// Gives values for names.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    sources: SecretSources,
}

/// Why there is no value; never with any of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(
        "the secret `{name}` has no value: neither {variable} is set nor is there a file {path}; set the variable or write the file"
    )]
    Missing {
        name: SecretName,
        variable: String,
        path: PathBuf,
    },
    #[error(
        "the secret `{name}` has no value: {variable} is not set, and the settings name no folder; set the variable, or name one in `gamctl.toml`: `[secrets] directory = \"…\"`"
    )]
    NoFolder { name: SecretName, variable: String },
    #[error(
        "the secret `{name}` cannot be a file: the parts of its name between `/` must not be empty, `.` or `..`; rename it, or set {variable}"
    )]
    BadPath { name: SecretName, variable: String },
    #[error(
        "the secret `{name}`: {path} leads out of the secrets folder; replace the link by the file"
    )]
    Outside { name: SecretName, path: PathBuf },
    #[error("the secret `{name}`: {path} is not a file")]
    NotAFile { name: SecretName, path: PathBuf },
    #[error("the secret `{name}`: {path} is larger than {MAX_BYTES} bytes; is it the right file?")]
    TooLarge { name: SecretName, path: PathBuf },
    #[error("failed to read the secret `{name}` from {path}")]
    Unreadable {
        name: SecretName,
        path: PathBuf,
        source: io::Error,
    },
}

impl Secrets {
    pub fn of(sources: SecretSources) -> Self {
        Self { sources }
    }

    /// Returns the value of a secret: from the environment, else from its file.
    ///
    /// One line break at the end of a file is the editor's and not the secret's. An empty file is an empty value, which
    /// is what a device is delivered with.
    pub fn get(&self, name: &SecretName) -> Result<Secret, SecretError> {
        let variable = variable(name);
        if let Some(secret) = self.sources.environment.get(&variable) {
            return Ok(secret.clone());
        }
        let Some(folder) = &self.sources.directory else {
            return Err(SecretError::NoFolder {
                name: name.clone(),
                variable,
            });
        };
        let Some(path) = file(folder, name) else {
            return Err(SecretError::BadPath {
                name: name.clone(),
                variable,
            });
        };
        let unreadable = |source: io::Error| {
            let (name, path) = (name.clone(), path.clone());
            match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SecretError::Missing {
                    name,
                    variable: variable.clone(),
                    path,
                },
                _ => SecretError::Unreadable { name, path, source },
            }
        };
        let real = path.canonicalize().map_err(unreadable)?;
        if !real.starts_with(folder.canonicalize().map_err(unreadable)?) {
            return Err(SecretError::Outside {
                name: name.clone(),
                path,
            });
        }
        // By the path that was judged: a link may lead elsewhere by now.
        let file = open(&real).map_err(unreadable)?;
        let facts = file.metadata().map_err(unreadable)?;
        let (name, path) = (name.clone(), path.clone());
        if !facts.is_file() {
            return Err(SecretError::NotAFile { name, path });
        }
        // Room for all of it: a buffer that grows leaves pieces of the value behind.
        let mut value = zeroize::Zeroizing::new(Vec::with_capacity(
            usize::try_from(facts.len().min(MAX_BYTES)).unwrap_or(0) + 2,
        ));
        match file.take(MAX_BYTES + 1).read_to_end(&mut value) {
            Err(source) => Err(SecretError::Unreadable { name, path, source }),
            Ok(_) if value.len() as u64 > MAX_BYTES => Err(SecretError::TooLarge { name, path }),
            Ok(_) => Ok(Secret::new(without_line_break(&value).to_vec())),
        }
    }

    /// Returns the file of a secret where anybody on this machine may read it, to be warned of.
    pub fn exposed(&self, name: &SecretName) -> Option<PathBuf> {
        if self.sources.environment.contains_key(&variable(name)) {
            return None;
        }
        let path = file(self.sources.directory.as_deref()?, name)?;
        is_open_to_others(&path).then_some(path)
    }
}

/// Returns the variable of a secret. Names that differ in punctuation or case alone share one.
fn variable(name: &SecretName) -> String {
    let letters = name.as_str().chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' => letter.to_ascii_uppercase(),
        _ => '_',
    });
    VARIABLE_PREFIX.chars().chain(letters).collect()
}

/// Returns the file of a secret, unless its name would lead elsewhere.
fn file(folder: &Path, name: &SecretName) -> Option<PathBuf> {
    let mut path = folder.to_path_buf();
    for part in name.as_str().split('/') {
        if matches!(part, "" | "." | "..") {
            return None;
        }
        path.push(part);
    }
    Some(path)
}

fn without_line_break(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    value.strip_suffix(b"\r").unwrap_or(value)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // A pipe that nobody writes to would keep us waiting.
    std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|facts| facts.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(nowhere.to_string().contains("[secrets] directory"));
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
    fn what_is_no_file_or_too_large_is_refused_without_a_wait() {
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
    fn a_file_that_anybody_may_read_is_noticed_and_no_value_is_shown() {
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
}
