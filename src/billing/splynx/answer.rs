//! Classifies an answer of Splynx by its status and error code, never by its message.

use std::time::Duration;

use compact_str::CompactString;
use serde_json::Value;

use super::super::error::{BillingProblem, Unauthorized};
use super::super::http::HttpAnswer;
use super::super::json::{self, Record, ShapeError, shape_of};
use super::super::masked::masked;
use super::endpoint::Endpoint;
use super::row::is_dropped;

/// The pause after a 429 without a `Retry-After`; integrators wait up to this long.
const LIMITED: Duration = Duration::from_secs(4);

/// The longest `Retry-After` that is believed.
const MOST_LIMITED: Duration = Duration::from_secs(300);

/// The codes after which a new login helps.
const SESSION_ENDS: &[&str] = &[
    "IP_CHANGED",
    "USER_AGENT_CHANGED",
    "TOKEN_BANNED",
    "EXPIRED_ACCESS_TOKEN",
    "EXPIRED_REFRESH_TOKEN",
    "EMPTY_ACCESS_TOKEN",
];

/// An answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    status: u16,
    code: Option<CompactString>,
    /// The first field that was rejected.
    field: Option<CompactString>,
    is_json: bool,
}

impl Failure {
    /// Reads an error body in any of its forms.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let value = json::parse(body, is_dropped).ok();
        let error = value
            .as_ref()
            .map(|value| value.get("error").unwrap_or(value));
        Self {
            status,
            code: error.and_then(code),
            field: error.and_then(field),
            is_json: value.is_some(),
        }
    }

    /// Returns whether the token is no longer accepted, so that a new login helps.
    pub(super) fn ends_session(&self) -> bool {
        self.is_one_of(SESSION_ENDS)
    }

    fn is_one_of(&self, codes: &[&str]) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| codes.contains(&code))
    }

    /// Returns whether this request does not exist, or its module is switched off.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self.status, 404 | 405)
    }

    /// Returns the problem of a request that is not a login.
    pub(super) fn problem(self, endpoint: Endpoint, answer: &HttpAnswer) -> BillingProblem {
        // A limit may come with the code of a locked key.
        if self.status == 429 {
            let wait = retry_after(answer.header("retry-after"));
            return BillingProblem::Limited { wait };
        }
        if self.ends_session() {
            return BillingProblem::Unauthorized(Unauthorized::SessionEnds);
        }
        if self.is_one_of(&["METHOD_DISABLED"]) {
            return module_off(endpoint);
        }
        if self.is_one_of(&["EXCEEDED_MAX_ATTEMPTS"]) {
            return BillingProblem::Unauthorized(Unauthorized::Locked);
        }
        let partner = "NOT_ALLOWED_BY_PARTNER_RESTRICTION";
        if self.is_one_of(&[partner, "NOT_ALLOWED_BY_USER_RESTRICTION"]) {
            let permission = CompactString::const_new("the partner of the record");
            return BillingProblem::Forbidden { permission };
        }
        match self.status {
            401 => BillingProblem::Unauthorized(self.unauthorized()),
            403 => BillingProblem::Forbidden {
                permission: endpoint.permission.into(),
            },
            405 => module_off(endpoint),
            422 => BillingProblem::Rejected { field: self.field },
            _ if !self.is_json && !answer.body.is_empty() => not_json(answer),
            status => BillingProblem::Refused {
                status,
                code: self.code,
            },
        }
    }

    /// Returns the reason of a login that was not accepted.
    pub(super) fn unauthorized(&self) -> Unauthorized {
        match self.code.as_deref() {
            Some("INVALID_SASH") => Unauthorized::Signature,
            Some("INVALID_AUTH_TYPE") => Unauthorized::UnsecureAccess,
            Some("EXCEEDED_MAX_ATTEMPTS") => Unauthorized::Locked,
            Some(code) if SESSION_ENDS.contains(&code) => Unauthorized::SessionEnds,
            _ => Unauthorized::Key,
        }
    }
}

fn module_off(endpoint: Endpoint) -> BillingProblem {
    BillingProblem::ModuleOff {
        module: endpoint.path.into(),
    }
}

/// Makes the problem of an answer that is not JSON.
pub(super) fn not_json(answer: &HttpAnswer) -> BillingProblem {
    BillingProblem::NotJson {
        status: answer.status,
        masked: masked(&answer.body),
    }
}

/// Makes the problem of a success whose body is not a list: an error object, or something unknown.
pub(super) fn not_a_list(value: &Value, endpoint: Endpoint, answer: &HttpAnswer) -> BillingProblem {
    let error = value.get("error");
    let failure = Failure {
        status: answer.status,
        code: error.and_then(code),
        field: None,
        is_json: true,
    };
    let has_code = failure.ends_session()
        || failure.is_one_of(&["METHOD_DISABLED", "FORBIDDEN", "UNAUTHORIZED"]);
    match failure.code.as_deref() {
        Some("FORBIDDEN") => Failure {
            status: 403,
            ..failure
        }
        .problem(endpoint, answer),
        Some("UNAUTHORIZED") => Failure {
            status: 401,
            ..failure
        }
        .problem(endpoint, answer),
        Some(_) if has_code => failure.problem(endpoint, answer),
        _ => BillingProblem::Shape(ShapeError {
            path: "the answer".into(),
            expected: "a list",
            came: shape_of(value),
        }),
    }
}

/// Returns the internal code of an error, if it is one: capital letters and underscores.
fn code(error: &Value) -> Option<CompactString> {
    let code = error.get("internal_code")?.as_str()?;
    let is_sign = |sign: u8| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == b'_';
    let is_code = (1..=60).contains(&code.len()) && code.bytes().all(is_sign);
    is_code.then(|| CompactString::new(code))
}

/// Returns the first field that a validation names.
fn field(error: &Value) -> Option<CompactString> {
    let first = error.as_array()?.first()?;
    let record = Record::of(first, "").ok()?;
    let name = ["attribute", "field"]
        .into_iter()
        .find_map(|key| record.text(key).ok().flatten())?;
    let is_sign = |sign: u8| sign.is_ascii_alphanumeric() || b"_.-".contains(&sign);
    let is_name = (1..=60).contains(&name.len()) && name.bytes().all(is_sign);
    is_name.then_some(name)
}

fn retry_after(header: Option<&str>) -> Duration {
    let seconds = header.and_then(|header| header.parse().ok());
    seconds
        .map_or(LIMITED, Duration::from_secs)
        .min(MOST_LIMITED)
}

#[cfg(test)]
mod tests {
    use super::super::endpoint;
    use super::*;

    fn problem(status: u16, body: &str) -> BillingProblem {
        let answer = HttpAnswer::for_test(status, body, &[]);
        Failure::read(status, body.as_bytes()).problem(endpoint::CUSTOMERS, &answer)
    }

    fn coded(code: &str) -> String {
        format!(
            "{{\"error\":{{\"message\":\"Ce module est désactivé\",\"code\":1,\"internal_code\":\"{code}\"}}}}"
        )
    }

    #[test]
    fn the_code_decides_before_the_status() {
        assert_eq!(
            problem(405, &coded("METHOD_DISABLED")),
            module_off(endpoint::CUSTOMERS)
        );
        assert_eq!(
            problem(403, &coded("METHOD_DISABLED")),
            module_off(endpoint::CUSTOMERS)
        );
        let session = BillingProblem::Unauthorized(Unauthorized::SessionEnds);
        for code in SESSION_ENDS {
            assert_eq!(problem(401, &coded(code)), session);
            assert_eq!(problem(403, &coded(code)), session);
        }
        let signature = BillingProblem::Unauthorized(Unauthorized::Signature);
        assert_eq!(problem(401, &coded("INVALID_SASH")), signature);
        let locked = BillingProblem::Unauthorized(Unauthorized::Locked);
        assert_eq!(problem(403, &coded("EXCEEDED_MAX_ATTEMPTS")), locked);
    }

    #[test]
    fn a_head_without_a_body_is_classified_by_its_status() {
        assert_eq!(problem(405, ""), module_off(endpoint::CUSTOMERS));
        assert_eq!(
            problem(401, ""),
            BillingProblem::Unauthorized(Unauthorized::Key)
        );
        let permission = endpoint::CUSTOMERS.permission.into();
        assert_eq!(problem(403, ""), BillingProblem::Forbidden { permission });
        assert_eq!(
            problem(500, ""),
            BillingProblem::Refused {
                status: 500,
                code: None
            }
        );
    }

    #[test]
    fn a_validation_is_read_in_every_form() {
        for body in [
            r#"[{"attribute":"status","error":"n'est pas valide"}]"#,
            r#"[{"field":"status","message":"…"}]"#,
            r#"{"error":[{"attribute":"status","error":"…"}]}"#,
        ] {
            let field = Some(CompactString::const_new("status"));
            assert_eq!(
                problem(422, body),
                BillingProblem::Rejected { field },
                "{body}"
            );
        }
        for body in [
            &coded("INVALID_INPUT_DATA"),
            "",
            "[]",
            "[1]",
            "<p>",
            r#"[{"attribute":"Ngozi Okafor"}]"#,
        ] {
            assert_eq!(
                problem(422, body),
                BillingProblem::Rejected { field: None },
                "{body}"
            );
        }
    }

    #[test]
    fn a_page_of_a_proxy_is_masked() {
        let problem = problem(502, "<html>Okafor</html>");
        let masked = CompactString::const_new("<aaaa>aaaaaa</aaaa>");
        assert_eq!(
            problem,
            BillingProblem::NotJson {
                status: 502,
                masked
            }
        );
    }

    #[test]
    fn an_error_object_in_place_of_a_list_is_never_an_empty_list() {
        let of = |body: &str| {
            let answer = HttpAnswer::for_test(200, body, &[]);
            let value = json::parse(body.as_bytes(), is_dropped).unwrap();
            not_a_list(&value, endpoint::CUSTOMERS, &answer)
        };
        assert_eq!(
            of(&coded("METHOD_DISABLED")),
            module_off(endpoint::CUSTOMERS)
        );
        assert!(matches!(
            of(&coded("FORBIDDEN")),
            BillingProblem::Forbidden { .. }
        ));
        for body in [
            &coded("SERVER_ERROR"),
            "{}",
            "null",
            "\"x\"",
            r#"{"error":[]}"#,
        ] {
            assert!(matches!(of(body), BillingProblem::Shape(_)), "{body}");
        }
    }

    #[test]
    fn a_limit_waits_as_long_as_the_answer_asks() {
        let wait = |headers: &[(&'static str, &str)]| {
            let answer = HttpAnswer::for_test(429, &coded("EXCEEDED_MAX_ATTEMPTS"), headers);
            Failure::read(429, &answer.body).problem(endpoint::CUSTOMERS, &answer)
        };
        let limited = |seconds| BillingProblem::Limited {
            wait: Duration::from_secs(seconds),
        };
        assert_eq!(wait(&[]), limited(4));
        assert_eq!(wait(&[("retry-after", "30")]), limited(30));
        assert_eq!(wait(&[("retry-after", "86400")]), limited(300));
        assert_eq!(wait(&[("retry-after", "soon")]), limited(4));
    }

    #[test]
    fn a_text_is_never_shown_as_a_code() {
        let text = problem(400, r#"{"error":{"internal_code":"Ngozi Okafor"}}"#);
        assert_eq!(
            text,
            BillingProblem::Refused {
                status: 400,
                code: None
            }
        );
    }
}
