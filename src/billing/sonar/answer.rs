//! Decides what an answer of Sonar is: complete data, or the reason why none of it is used.

use std::time::Duration;

use compact_str::{CompactString, format_compact};
use serde_json::{Map, Value};

use crate::billing::json::{self, Record};
use crate::billing::{BillingProblem, Unauthorized, masked};

/// The time after which the counter of requests starts again; no `Retry-After` is promised.
const LIMIT_PAUSE: Duration = Duration::from_secs(60);

/// The permission where Sonar does not name one.
const SOME_PERMISSION: &str = "read access to what is asked for";

/// The longest word of an error that is shown.
const MOST_CODE: usize = 60;

/// Returns the data of an answer, which is complete or not used at all.
///
/// The body decides before the status: errors and the request limit come with status 200 too. Texts of messages are
/// never compared, only their place.
pub(super) fn read_answer(status: u16, body: &[u8]) -> Result<Value, BillingProblem> {
    if status == 401 {
        return Err(BillingProblem::Unauthorized(Unauthorized::Token));
    }
    if status == 429 {
        return Err(limited());
    }
    let not_json = |_| BillingProblem::NotJson {
        status,
        masked: masked(body),
    };
    let answer = json::parse(body, |_| false).map_err(not_json)?;
    let record = Record::of(&answer, "").map_err(BillingProblem::Shape)?;
    if let Some(errors) = answer.get("errors").filter(|errors| !is_nothing(errors)) {
        return Err(error_of(status, errors));
    }
    // `{"error": "…"}` is how Sonar writes that its request limit is reached, whatever the status.
    let has_data = record.has("data");
    if !has_data && matches!(answer.get("error"), Some(Value::String(_))) {
        return Err(limited());
    }
    if status == 403 {
        return Err(BillingProblem::Forbidden {
            permission: CompactString::const_new(SOME_PERMISSION),
        });
    }
    if status != 200 || !has_data {
        return Err(BillingProblem::Refused { status, code: None });
    }
    match answer {
        Value::Object(mut answer) => match answer.remove("data") {
            Some(Value::Object(data)) => Ok(Value::Object(data)),
            other => Err(BillingProblem::Shape(json::ShapeError::new(
                "data",
                "an object",
                other.as_ref(),
            ))),
        },
        _ => Err(BillingProblem::Refused { status, code: None }),
    }
}

fn limited() -> BillingProblem {
    BillingProblem::Limited { wait: LIMIT_PAUSE }
}

/// Returns whether `errors` reports none.
fn is_nothing(errors: &Value) -> bool {
    match errors {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Makes a problem of the errors that have details, from their categories and places.
fn error_of(status: u16, errors: &Value) -> BillingProblem {
    let list = errors.as_array().map(Vec::as_slice).unwrap_or_default();
    let objects = || list.iter().filter_map(Value::as_object);
    if let Some(field) = objects().find_map(rejected_field) {
        return BillingProblem::Rejected { field: Some(field) };
    }
    let place = objects().find_map(place_of);
    match objects().find_map(category_of) {
        Some("authentication") => BillingProblem::Unauthorized(Unauthorized::Token),
        Some("authorization") => BillingProblem::Forbidden {
            permission: place.unwrap_or(CompactString::const_new(SOME_PERMISSION)),
        },
        category => BillingProblem::Refused {
            status,
            code: place.or_else(|| category.and_then(shown)),
        },
    }
}

fn category_of(error: &Map<String, Value>) -> Option<&str> {
    error.get("extensions")?.get("category")?.as_str()
}

/// Returns the field that a validation did not accept, of `{"extensions": {"validation": {"input.message": […]}}}`.
fn rejected_field(error: &Map<String, Value>) -> Option<CompactString> {
    let validation = error.get("extensions")?.get("validation")?.as_object()?;
    validation.keys().find_map(|field| shown(field))
}

/// Returns where an error is: its path in the answer, else its place in the query.
fn place_of(error: &Map<String, Value>) -> Option<CompactString> {
    let path = error.get("path").and_then(Value::as_array);
    let path = path.map(|path| {
        let keys: Vec<_> = path.iter().filter_map(Value::as_str).collect();
        keys.join(".")
    });
    let position = || {
        let first = error.get("locations")?.as_array()?.first()?;
        let (line, column) = (first.get("line")?.as_u64()?, first.get("column")?.as_u64()?);
        Some(format_compact!("line {line}, column {column}"))
    };
    path.as_deref().and_then(shown).or_else(position)
}

/// Returns a word of an answer if it is one of a program and not of a person.
fn shown(word: &str) -> Option<CompactString> {
    let is_word = !word.is_empty()
        && word.len() <= MOST_CODE
        && word
            .bytes()
            .all(|sign| sign.is_ascii_alphanumeric() || b"._-".contains(&sign));
    is_word.then(|| CompactString::new(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(status: u16, body: &str) -> Result<Value, BillingProblem> {
        read_answer(status, body.as_bytes())
    }

    fn refused(status: u16, code: &str) -> Result<Value, BillingProblem> {
        let code = (!code.is_empty()).then(|| code.into());
        Err(BillingProblem::Refused { status, code })
    }

    #[test]
    fn data_without_errors_is_used() {
        let data = json!({"accounts": {"entities": []}});
        for errors in ["", ",\"errors\":null", ",\"errors\":[]"] {
            let body = format!("{{\"data\":{data}{errors}}}");
            assert_eq!(read(200, &body), Ok(data.clone()));
        }
    }

    #[test]
    fn an_answer_with_errors_is_never_used_in_part() {
        let partial = r#"{"data":{"accounts":{"entities":[{"id":"1"}]}},"errors":[{"message":"no","path":["accounts","entities",0,"name"]}]}"#;
        assert_eq!(read(200, partial), refused(200, "accounts.entities.name"));
        for (body, code) in [
            (
                r#"{"data":{"accounts":null},"errors":[{"message":"x","path":["accounts"]}]}"#,
                "accounts",
            ),
            (
                r#"{"errors":[{"message":"Cannot query field","locations":[{"line":5,"column":9}]}]}"#,
                "line 5, column 9",
            ),
            (
                r#"{"errors":[{"message":"x","extensions":{"category":"internal"}}],"data":null}"#,
                "internal",
            ),
            (r#"{"data":{},"errors":[{"message":"x"}]}"#, ""),
            (r#"{"data":{},"errors":["x"]}"#, ""),
            (r#"{"data":{},"errors":"x"}"#, ""),
            (r#"{"data":{},"errors":{"message":"x"}}"#, ""),
        ] {
            assert_eq!(read(200, body), refused(200, code), "{body}");
        }
    }

    #[test]
    fn a_category_is_a_code_and_its_message_is_not_looked_at() {
        let errors = |category: &str| {
            format!(
                r#"{{"data":{{"logs":null}},"errors":[{{"message":"x","path":["logs"],"extensions":{{"category":"{category}"}}}}]}}"#
            )
        };
        let permission = "logs".into();
        let forbidden = Err(BillingProblem::Forbidden { permission });
        assert_eq!(read(200, &errors("authorization")), forbidden);
        let unauthorized = Err(BillingProblem::Unauthorized(Unauthorized::Token));
        assert_eq!(read(200, &errors("authentication")), unauthorized);
        assert_eq!(read(200, &errors("internal")), refused(200, "logs"));
    }

    #[test]
    fn a_validation_names_its_field_and_never_its_text() {
        let body = r#"{"errors":[{"message":"x","extensions":{"category":"validation","validation":{"input.message":["Ngozi is wrong"]}}}],"data":{"createNote":null}}"#;
        let field = Some("input.message".into());
        assert_eq!(read(200, body), Err(BillingProblem::Rejected { field }));
        let personal = r#"{"errors":[{"message":"Ngozi","path":["Ngozi Okafor"],"extensions":{"validation":{"Ngozi Okafor":[]}}}]}"#;
        let problem = read(200, personal).unwrap_err();
        assert_eq!(read(200, personal), refused(200, ""));
        assert!(!format!("{problem:?}").contains("Ngozi"));
    }

    #[test]
    fn the_request_limit_is_known_by_its_shape_whatever_the_status() {
        let body = r#"{"error": "Request limit of 400/min reached."}"#;
        for status in [200, 400, 429, 503] {
            assert_eq!(read(status, body), Err(limited()), "{status}");
        }
        assert_eq!(read(429, "Too Many Requests"), Err(limited()));
    }

    #[test]
    fn a_bad_token_is_unauthorized_whatever_the_body() {
        let unauthorized = Err(BillingProblem::Unauthorized(Unauthorized::Token));
        for body in [
            r#"{"message":"Unauthenticated."}"#,
            "<html>",
            "",
            r#"{"data":{}}"#,
        ] {
            assert_eq!(read(401, body), unauthorized);
        }
    }

    #[test]
    fn a_page_and_half_an_answer_are_not_json() {
        for (status, body) in [
            (404, "<!DOCTYPE html><title>Sonar</title>"),
            (502, "<html>"),
            (503, ""),
            (200, "<html>"),
            (200, "{\"data\":{\"accounts\":{\"enti"),
            (200, "{\"data\":{}} trailing"),
        ] {
            let masked = masked(body.as_bytes());
            assert_eq!(
                read(status, body),
                Err(BillingProblem::NotJson { status, masked })
            );
        }
    }

    #[test]
    fn an_answer_without_data_is_refused() {
        assert_eq!(read(500, r#"{"message":"Server Error"}"#), refused(500, ""));
        assert_eq!(read(200, r#"{"message":"Server Error"}"#), refused(200, ""));
        assert_eq!(read(500, r#"{"data":{"a":1}}"#), refused(500, ""));
        assert!(matches!(
            read(403, "{}"),
            Err(BillingProblem::Forbidden { .. })
        ));
        for body in [
            "[]",
            "null",
            "7",
            r#"{"data":null}"#,
            r#"{"data":[]}"#,
            r#"{"data":7}"#,
        ] {
            assert!(
                matches!(read(200, body), Err(BillingProblem::Shape(_))),
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_answer_is_used_that_is_not_an_object_with_data(
            status in prop::sample::select(vec![200_u16, 400, 401, 403, 404, 429, 500, 502]),
            body in "[\\[\\]{}\",:0-9a-z ]{0,40}|\\{\"data\":\\{[a-z\":{}]{0,20}\\}",
        ) {
            if let Ok(data) = read(status, &body) {
                prop_assert_eq!(status, 200);
                let whole: Value = serde_json::from_str(&body).unwrap();
                prop_assert_eq!(whole.get("data"), Some(&data));
                prop_assert!(whole.get("errors").is_none_or(is_nothing));
            }
        }
    }
}
