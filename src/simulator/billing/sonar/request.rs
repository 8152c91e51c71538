//! Reads the JSON body of a GraphQL request.

use serde_json::{Map, Value};

/// The content of a request.
pub(super) struct Asked {
    pub query: String,
    pub variables: Map<String, Value>,
    pub operation: Option<String>,
}

impl Asked {
    /// Returns the content, or the problem of the body.
    pub(super) fn read(body: &[u8], content_type: Option<&str>) -> Result<Self, &'static str> {
        let is_json = content_type.is_some_and(|content| content.starts_with("application/json"));
        if !is_json {
            return Err("The request is not JSON.");
        }
        let mut body: Value =
            serde_json::from_slice(body).map_err(|_| "The request body is not valid JSON.")?;
        let query = body.get("query").and_then(Value::as_str);
        let query = query.ok_or("The request has no query.")?.to_owned();
        let operation = body.get("operationName").and_then(Value::as_str);
        let operation = operation.map(str::to_owned);
        let variables = match body.get_mut("variables").map(Value::take) {
            Some(Value::Object(variables)) => variables,
            None | Some(Value::Null) => Map::new(),
            // PHP encodes an empty map as a list.
            Some(Value::Array(list)) if list.is_empty() => Map::new(),
            Some(_) => return Err("The variables are not an object."),
        };
        Ok(Self {
            query,
            variables,
            operation,
        })
    }
}
