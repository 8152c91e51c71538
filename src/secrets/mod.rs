//! Values behind the names of secrets: a type that cannot print itself, and where the values come from.

mod secret;

pub use secret::Secret;
