//! Writes JSON documents that begin with the name and the version of their schema.

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
pub fn versioned_document<T: Serialize>(schema: &str, version: u32, content: &T) -> String {
    json_document(&Versioned {
        schema,
        version,
        content,
    })
}
