//! Builds the error answers of the API: the error object, and the four forms of a refused value.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::simulator::billing::HttpAnswer;

pub(super) const JSON: &str = "application/json; charset=UTF-8";
pub(super) const HTML: &str = "text/html; charset=UTF-8";

/// An error of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) internal_code: &'static str,
    message: &'static str,
}

macro_rules! refusals {
    ($($name:ident = $status:literal, $code:literal, $message:literal;)*) => {
        impl Refusal {
            $(pub(super) const $name: Self = Self {
                status: $status,
                internal_code: $code,
                message: $message,
            };)*
        }
    };
}

refusals! {
    BAD_REQUEST = 400, "BAD_REQUEST", "Bad request!";
    UNAUTHORIZED = 401, "UNAUTHORIZED", "Unauthorized!";
    MISSED_HEADER = 401, "MISSED_AUTHORIZATION_HEADER", "Authorization header is missed!";
    INVALID_TYPE = 401, "INVALID_AUTH_TYPE", "Invalid auth type!";
    INVALID_SIGNATURE = 401, "INVALID_SASH", "Invalid signature!";
    INVALID_USER = 401, "INVALID_USER", "Invalid user!";
    EMPTY_TOKEN = 401, "EMPTY_ACCESS_TOKEN", "Access token is empty!";
    EXPIRED_TOKEN = 401, "EXPIRED_ACCESS_TOKEN", "Access token is expired!";
    EXPIRED_REFRESH = 401, "EXPIRED_REFRESH_TOKEN", "Refresh token is expired!";
    BANNED = 401, "TOKEN_BANNED", "Token is banned!";
    AGENT_CHANGED = 401, "USER_AGENT_CHANGED", "User agent was changed!";
    IP_CHANGED = 401, "IP_CHANGED", "IP was changed!";
    FORBIDDEN = 403, "FORBIDDEN", "Forbidden!";
    OTHER_PARTNER = 403, "NOT_ALLOWED_BY_PARTNER_RESTRICTION", "Not allowed by partner restriction!";
    NOT_FOUND = 404, "NOT_FOUND", "Not found!";
    WRONG_METHOD = 405, "METHOD_NOT_ALLOWED", "Method is not allowed!";
    // To the byte as a live instance answers.
    MODULE_OFF = 405, "METHOD_DISABLED", "Method is disabled!";
    TOO_MANY = 429, "EXCEEDED_MAX_ATTEMPTS", "Too many requests!";
    SERVER_ERROR = 500, "SERVER_ERROR", "Internal server error!";
}

impl Refusal {
    /// Returns the error object, with its fields in the order of a live instance.
    pub(super) fn body(self) -> String {
        let Self {
            status,
            internal_code,
            message,
        } = self;
        format!(
            r#"{{"error":{{"message":"{message}","code":{status},"internal_code":"{internal_code}"}}}}"#
        )
    }

    pub(super) fn answer(self) -> HttpAnswer {
        HttpAnswer::new(self.status, JSON, self.body())
    }
}

/// Returns the page of a web server under the wrong path, or of a proxy.
pub(super) fn page(status: u16) -> HttpAnswer {
    let text = "<!DOCTYPE html>\n<html><head><title>Splynx</title></head><body><h1>Oops</h1></body></html>\n";
    HttpAnswer::new(status, HTML, text)
}

/// The body of an answer 422, which is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ValidationForm {
    /// `{"error":{…}}`
    Object,
    /// `{"error":[…]}`
    List,
    /// `[{"attribute","error"}]`, as the model itself has it.
    #[default]
    Attribute,
    /// `[{"field","message"}]`
    Field,
}

/// Answers 422 for one field.
pub(super) fn invalid(field: &str, form: ValidationForm, is_french: bool) -> HttpAnswer {
    let message = match is_french {
        true => format!("{field} n'est pas valide."),
        false => format!("{field} is invalid."),
    };
    let body: Value = match form {
        ValidationForm::Object => json!({ "error": {
            "message": message, "code": 422, "internal_code": "INVALID_INPUT_DATA"
        } }),
        ValidationForm::List => json!({ "error": [message] }),
        ValidationForm::Attribute => json!([{ "attribute": field, "error": message }]),
        ValidationForm::Field => json!([{ "field": field, "message": message }]),
    };
    HttpAnswer::new(422, JSON, body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_off_answers_as_a_live_instance_does() {
        let body = Refusal::MODULE_OFF.body();
        let seen = r#"{"error":{"message":"Method is disabled!","code":405,"internal_code":"METHOD_DISABLED"}}"#;
        assert_eq!(body, seen);
        assert_eq!(body.len(), 88);
    }

    #[test]
    fn a_refused_value_has_four_forms_and_two_languages() {
        let body = |form, is_french| {
            let answer = invalid("status", form, is_french);
            assert_eq!(answer.status, 422);
            serde_json::from_slice::<Value>(&answer.body).unwrap()
        };
        assert_eq!(body(ValidationForm::Object, false)["error"]["code"], 422);
        assert!(body(ValidationForm::List, false)["error"].is_array());
        assert_eq!(
            body(ValidationForm::Attribute, false)[0]["attribute"],
            "status"
        );
        let french = body(ValidationForm::Field, true);
        assert_eq!(french[0]["message"], "status n'est pas valide.");
    }
}
