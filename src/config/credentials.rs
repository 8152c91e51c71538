//! Reads the credentials that systemd passes to a service with `LoadCredential=`.

use std::path::PathBuf;

use super::{SettingsError, variable};
use crate::model::SecretName;
use crate::secrets::{Secret, SecretError, SecretSources, Secrets};

/// The credential with the URL of the store.
const STORE_URL: &str = "store-url";

/// Returns the folder in which systemd puts the credentials of this service.
pub(super) fn credentials_folder() -> Option<PathBuf> {
    let folder = variable("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    folder.filter(|folder| folder.is_absolute())
}

/// Returns the URL of the store, if it is a credential. An unreadable one is an error: without it another store would be
/// used.
pub(super) fn store_url(folder: Option<PathBuf>) -> Result<Option<Secret>, SettingsError> {
    let (Some(folder), Ok(name)) = (folder, SecretName::new(STORE_URL)) else {
        return Ok(None);
    };
    let credentials = Secrets::of(SecretSources {
        directory: Some(folder),
        ..SecretSources::default()
    });
    match credentials.get(&name) {
        Ok(url) => Ok(Some(url)),
        Err(SecretError::Missing { .. }) => Ok(None),
        Err(error) => Err(SettingsError::Credential(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_the_store_is_read_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(STORE_URL), "postgres://db/gamctl\n").unwrap();
        let url = store_url(Some(folder.path().to_owned())).unwrap().unwrap();
        assert_eq!(url.reveal(), b"postgres://db/gamctl");
    }

    #[test]
    fn a_missing_credential_is_none_and_an_unreadable_one_an_error() {
        assert!(store_url(None).unwrap().is_none());
        let folder = tempfile::tempdir().unwrap();
        assert!(store_url(Some(folder.path().to_owned())).unwrap().is_none());
        std::fs::create_dir(folder.path().join(STORE_URL)).unwrap();
        let error = store_url(Some(folder.path().to_owned())).unwrap_err();
        let text = crate::model::chain(&error);
        assert!(text.contains(STORE_URL), "{text}");
    }
}
