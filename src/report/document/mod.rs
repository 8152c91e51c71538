//! Names every JSON document that a command prints, with its version and its published schema.
//!
//! `kinds` the documents · `time` times in RFC 3339 · `reference` the page `docs/json.md`.
//! `schema` and `types`, for tests, generate the published schemas from the types that are printed.

mod kinds;
mod reference;
#[cfg(test)]
pub(crate) mod schema;
pub(super) mod time;
#[cfg(test)]
pub(crate) mod types;

pub use kinds::DocumentKind;
pub use reference::json_reference;

use serde::Serialize;

use super::json_document;

#[derive(Serialize)]
struct Versioned<'a, T> {
    schema: &'a str,
    version: u32,
    #[serde(flatten)]
    content: &'a T,
}

/// Returns a document with `schema` and `version`; the version grows when a name in the document changes or goes.
fn versioned_document<T: Serialize>(schema: &str, version: u32, content: &T) -> String {
    json_document(&Versioned {
        schema,
        version,
        content,
    })
}

impl DocumentKind {
    /// Returns the text of a document of this kind.
    pub fn document<T: Serialize>(self, content: &T) -> String {
        versioned_document(self.name(), self.version(), content)
    }
}
