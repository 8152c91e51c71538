//! Writes and reads the plan file: canonical JSON with an id that is the hash of the rest.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::plan::Planned;

/// The version of the file's form.
const SCHEMA: u64 = 1;
/// A plan of 10 000 devices with 25 subscribers each has about 150 MB when everything changes.
const MAX_BYTES: usize = 512 << 20;

/// The reason that a plan file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    #[error("it has {size} bytes, and {MAX_BYTES} are the most a plan has")]
    TooLarge { size: usize },
    #[error("not a plan file: {0}")]
    NotAPlan(#[source] serde_json::Error),
    #[error("not a plan file: `{0}` is missing")]
    Missing(&'static str),
    #[error("it has schema {found}, and this gamctl reads {SCHEMA}; make the plan again")]
    OtherSchema { found: Value },
    #[error(
        "its `plan_id` is not the hash of its content: the file was changed, or a part is missing"
    )]
    WrongId,
    #[error("it has parts that this gamctl would not write; make the plan again")]
    NotAsWritten,
}

/// Returns the content of a plan file: keys in order, and the id over everything else. Equal plans give equal values.
pub fn plan_value(planned: &Planned) -> Value {
    let mut rest = match serde_json::to_value(planned) {
        Ok(Value::Object(rest)) => rest,
        // Nothing in a plan can fail to serialise; an empty plan would be refused by whoever reads it.
        Ok(_) | Err(_) => Map::new(),
    };
    rest.insert("schema".to_owned(), Value::from(SCHEMA));
    let id = id(&rest);
    rest.insert("plan_id".to_owned(), Value::String(id));
    Value::Object(rest)
}

/// Returns the text of a plan file. Equal plans give equal bytes.
pub fn write_plan(planned: &Planned) -> String {
    crate::report::json_document(&plan_value(planned))
}

/// Reads a plan file back, as it was written and in no other way.
pub fn read_plan(bytes: &[u8]) -> Result<(String, Planned), PlanFileError> {
    if bytes.len() > MAX_BYTES {
        return Err(PlanFileError::TooLarge { size: bytes.len() });
    }
    let mut rest: Map<String, Value> =
        serde_json::from_slice(bytes).map_err(PlanFileError::NotAPlan)?;
    let schema = rest.get("schema").ok_or(PlanFileError::Missing("schema"))?;
    if schema != &Value::from(SCHEMA) {
        return Err(PlanFileError::OtherSchema {
            found: schema.clone(),
        });
    }
    let Some(Value::String(written)) = rest.remove("plan_id") else {
        return Err(PlanFileError::Missing("plan_id"));
    };
    if id(&rest) != written {
        return Err(PlanFileError::WrongId);
    }
    let mut own = rest.clone();
    own.remove("schema");
    let planned: Planned =
        serde_json::from_value(Value::Object(own)).map_err(PlanFileError::NotAPlan)?;
    // What was passed over in reading could be what matters.
    rest.insert("plan_id".to_owned(), Value::String(written.clone()));
    if plan_value(&planned) != Value::Object(rest) {
        return Err(PlanFileError::NotAsWritten);
    }
    Ok((written, planned))
}

/// Returns the hash of a plan without its id. Keys are sorted, because a `Map` is.
fn id(rest: &Map<String, Value>) -> String {
    let text = serde_json::to_vec(rest).unwrap_or_default();
    let mut hex = String::with_capacity(64);
    for octet in Sha256::digest(&text) {
        let _written = write!(hex, "{octet:02x}");
    }
    hex
}
