//! Defines the entries of `errors` in an answer.

use serde_json::{Map, Value, json};

use crate::simulator::billing::sonar::graphql::{Position, SyntaxError};

/// One entry of `errors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub message: String,
    pub at: Option<Position>,
    /// Names and numbers of list elements that lead to the field.
    pub path: Vec<Value>,
    pub extensions: Option<Value>,
}

impl GraphError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at: None,
            path: Vec::new(),
            extensions: None,
        }
    }

    pub(crate) fn at(message: impl Into<String>, at: Position) -> Self {
        Self {
            at: Some(at),
            ..Self::new(message)
        }
    }

    /// Returns an input that a rule of the system refuses.
    pub(crate) fn validation(field: &str, problem: &str) -> Self {
        let details = json!({"category": "validation", "validation": {(field): [problem]}});
        Self {
            extensions: Some(details),
            ..Self::new("Validation failed for the field.")
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut entry = Map::new();
        let mut set = |name: &str, value| entry.insert(name.to_owned(), value);
        set("message", json!(self.message));
        if let Some(Position { line, column }) = self.at {
            set("locations", json!([{"line": line, "column": column}]));
        }
        if !self.path.is_empty() {
            set("path", json!(self.path));
        }
        if let Some(extensions) = &self.extensions {
            set("extensions", extensions.clone());
        }
        Value::Object(entry)
    }
}

impl From<SyntaxError> for GraphError {
    fn from(error: SyntaxError) -> Self {
        Self::at(error.to_string(), error.at)
    }
}
