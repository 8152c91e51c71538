//! Values behind the names of secrets: a type that cannot print itself, and where the values come from.

mod secret;
mod sources;

pub use secret::Secret;
pub use sources::{SecretError, SecretSources, Secrets, VARIABLE_PREFIX};
