//! Writes times, kept as seconds since 1970, in RFC 3339.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::rfc3339;

/// The names of times among facts that the store keeps in seconds.
pub(in crate::report) const NAMES: [&str; 4] = ["at", "made", "since", "until"];

pub(in crate::report) fn seconds<S: Serializer>(at: &u64, to: S) -> Result<S::Ok, S::Error> {
    rfc3339(*at).serialize(to)
}

pub(in crate::report) fn maybe_seconds<S: Serializer>(
    at: &Option<u64>,
    to: S,
) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(to)
}

/// Writes facts whose times are numbers, with RFC 3339 in their place.
pub(in crate::report) fn within<T: Serialize, S: Serializer>(
    facts: &T,
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut facts = serde_json::to_value(facts).map_err(serde::ser::Error::custom)?;
    replace(&mut facts);
    facts.serialize(to)
}

fn replace(facts: &mut Value) {
    match facts {
        Value::Object(facts) => {
            for (name, fact) in facts {
                match fact.as_u64() {
                    Some(at) if NAMES.contains(&name.as_str()) => {
                        *fact = Value::from(rfc3339(at));
                    }
                    _ => replace(fact),
                }
            }
        }
        Value::Array(facts) => facts.iter_mut().for_each(replace),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_among_facts_are_found_at_every_depth_and_other_numbers_stay() {
        let facts = json!({ "why": "held", "until": 60, "by": { "since": 0, "process": 7 } });
        let mut bytes = Vec::new();
        within(&facts, &mut serde_json::Serializer::new(&mut bytes)).unwrap();
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        let expected = json!({
            "why": "held", "until": "1970-01-01T00:01:00Z",
            "by": { "since": "1970-01-01T00:00:00Z", "process": 7 },
        });
        assert_eq!(written, expected);
    }
}
