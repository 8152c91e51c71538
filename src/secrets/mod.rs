//! Looks up secret values by name, in a type that cannot print itself.
//!
//! `secret` is the value. `sources` searches the sources in order. `folder` reads plain files, `sealed` encrypted files
//! in the inventory. `key` has the keys for sealing, `identity` the operator's key file. `command` runs a program that
//! prints secrets. `error` has the errors.

mod command;
mod error;
mod folder;
mod identity;
mod key;
mod read_file;
mod sealed;
mod secret;
mod sources;

pub use command::{CommandError, SecretCommand};
pub use error::SecretError;
pub use identity::{IdentityError, new_identity, read_identity};
pub use key::{Identities, KeyError, Recipients, SealError, UnsealError, seal, sealed_for, unseal};
pub use sealed::{RECIPIENTS, SEALED_FOLDER, SealedName};
pub use secret::Secret;
pub use sources::{SecretSource, SecretSources, Secrets, VARIABLE_PREFIX};

/// The longest value; keys and passwords are shorter.
pub const MAX_BYTES: usize = 64 << 10;
