//! Defines the errors of looking up a secret; none contains any part of a value.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{CommandError, IdentityError, MAX_BYTES, UnsealError};
use crate::model::SecretName;

/// The reason why a secret has no value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(
        "the secret `{name}` has no value: {looked}; set the variable, or seal a value with `gamctl secret set {name}`"
    )]
    Missing {
        name: SecretName,
        /// Every source that was searched, in a sentence.
        looked: String,
    },
    #[error("the secret `{name}` has no value: {looked}, and {failure}")]
    Command {
        name: SecretName,
        looked: String,
        failure: CommandError,
    },
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
    #[error("the secret `{name}` is sealed in {path}, and no key opens it: {reason}")]
    NoIdentity {
        name: SecretName,
        path: PathBuf,
        reason: Arc<IdentityError>,
    },
    #[error("the secret `{name}` in {path}: {reason}")]
    Sealed {
        name: SecretName,
        path: PathBuf,
        reason: UnsealError,
    },
    /// The error of the first lookup: no source is asked twice.
    #[error(transparent)]
    Again(Arc<Self>),
}
