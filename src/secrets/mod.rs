//! Values behind the names of secrets: a type that cannot print itself, and where the values come from.
//!
//! `secret` the value · `sources` the order in which places are asked · `folder` a file for each · `sealed` encrypted files in
//! the inventory · `key` the keys they are sealed with · `identity` the file with one's own key · `command` a program that tells ·
//! `error` why there is none.

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
pub use sources::{SecretSources, Secrets, VARIABLE_PREFIX, Whence};

/// A key or a password is shorter; what is longer is something else.
pub const MAX_BYTES: usize = 64 << 10;
