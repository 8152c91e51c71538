//! Defines the errors of requests to billing systems: system, request, answer, and the next step.

use std::time::Duration;

use compact_str::CompactString;

use super::json::ShapeError;
use crate::model::billing::{BillingName, Gap, GapReason};

/// A failed request. It has no content of the answer, so no personal data and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{request} failed at {system}: {problem}")]
pub struct BillingError {
    pub system: BillingName,
    /// The name of the request, such as `GET customers/customer`; without tokens and search values.
    pub request: CompactString,
    pub problem: BillingProblem,
}

/// The reason of a failed request, from status codes, error codes and shapes; never from the text of a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BillingProblem {
    #[error("{0}")]
    Unreachable(Unreachable),
    #[error("{0}")]
    Unauthorized(Unauthorized),
    #[error("the login lacks a permission; add `{permission}` to it")]
    Forbidden { permission: CompactString },
    #[error("the module of {module} is switched off there; switch it on, or do without it")]
    ModuleOff { module: CompactString },
    #[error("its request limit is reached; it is asked again in {} s", seconds(*wait))]
    Limited { wait: Duration },
    #[error(
        "it answered {status} with `{masked}`, which is not complete JSON; check `address` and what answers there"
    )]
    NotJson { status: u16, masked: CompactString },
    #[error("it answered {status}{}; see its own log for the cause", code_text(code.as_deref()))]
    Refused {
        status: u16,
        code: Option<CompactString>,
    },
    #[error("{0}, so none of the answer is used; report its version if this stays")]
    Shape(ShapeError),
    #[error("{}; nothing follows from what is absent, run it again", gap_text(.0))]
    Incomplete(Gap),
    #[error("it did not accept {}; check the field there", field_text(field.as_deref()))]
    Rejected { field: Option<CompactString> },
}

/// The reason why a system cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    #[error("its name has no address; check `address` and DNS")]
    Name,
    #[error("cannot connect; check `address`, routes, firewalls and whether it runs")]
    Connect,
    #[error(
        "its certificate is not valid for this host; renew it, or trust its issuer on this host"
    )]
    Certificate,
    #[error("no complete answer in {} s; check its load", seconds(*after))]
    Timeout { after: Duration },
    #[error("the connection broke before the answer was complete; check the network in between")]
    Interrupted,
    #[error(
        "it answered {status}, a redirect, which is not followed; set `address` to where it leads"
    )]
    Redirect { status: u16 },
    #[error("the answer has more than {} MiB; check what answers at `address`", most_bytes >> 20)]
    TooLarge { most_bytes: usize },
    #[error("its last requests failed, so nothing is sent for {} s; see the earlier errors", seconds(*wait))]
    CircuitOpen { wait: Duration },
}

/// The reason why a system does not accept the login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorized {
    #[error(
        "it does not accept the personal access token; create a new one there and store it as the secret"
    )]
    Token,
    #[error("it does not accept the API key or its secret; compare both with the key there")]
    Key,
    #[error(
        "it does not accept the signature; check the secret of the API key, and that no other program uses the key"
    )]
    Signature,
    #[error(
        "it does not accept basic login; tick `Unsecure access` of the API key, or set `how = \"token\"`"
    )]
    UnsecureAccess,
    #[error(
        "it ends the session at each request; give gamctl one address toward it, and allow that address for the API key"
    )]
    SessionEnds,
    #[error("it locked the API key after too many attempts; unlock it there and check the secret")]
    Locked,
    #[error(
        "the secret has characters that no request can carry; store it again without line breaks"
    )]
    SecretCharacters,
    #[error(
        "the number of the last signed request cannot be stored ({0}); the next request could repeat it"
    )]
    NonceNotStored(CompactString),
}

impl BillingError {
    /// Returns the kind of the problem, for stores and metrics.
    pub fn kind(&self) -> &'static str {
        match &self.problem {
            BillingProblem::Unreachable(_) => "unreachable",
            BillingProblem::Unauthorized(_) => "unauthorized",
            BillingProblem::Forbidden { .. } => "forbidden",
            BillingProblem::ModuleOff { .. } => "module-off",
            BillingProblem::Limited { .. } => "limited",
            BillingProblem::NotJson { .. } => "not-json",
            BillingProblem::Refused { .. } => "refused",
            BillingProblem::Shape(_) => "shape",
            BillingProblem::Incomplete(_) => "incomplete",
            BillingProblem::Rejected { .. } => "rejected",
        }
    }

    /// Returns whether the system does not accept the login.
    pub fn is_refused_login(&self) -> bool {
        matches!(self.problem, BillingProblem::Unauthorized(_))
    }

    /// Returns whether the same request may succeed a moment later.
    pub fn retry_helps(&self) -> bool {
        match &self.problem {
            BillingProblem::Unreachable(why) => match why {
                Unreachable::Connect
                | Unreachable::Name
                | Unreachable::Timeout { .. }
                | Unreachable::Interrupted => true,
                Unreachable::Certificate
                | Unreachable::Redirect { .. }
                | Unreachable::TooLarge { .. }
                | Unreachable::CircuitOpen { .. } => false,
            },
            BillingProblem::Limited { .. } | BillingProblem::NotJson { .. } => true,
            BillingProblem::Refused { status, .. } => *status >= 500,
            BillingProblem::Unauthorized(_)
            | BillingProblem::Forbidden { .. }
            | BillingProblem::ModuleOff { .. }
            | BillingProblem::Shape(_)
            | BillingProblem::Incomplete(_)
            | BillingProblem::Rejected { .. } => false,
        }
    }

    /// Returns whether the system itself fails, so that it is spared for a while.
    pub fn counts_against_system(&self) -> bool {
        match &self.problem {
            BillingProblem::Unreachable(Unreachable::CircuitOpen { .. }) => false,
            BillingProblem::Unreachable(_)
            | BillingProblem::NotJson { .. }
            | BillingProblem::Shape(_) => true,
            BillingProblem::Refused { status, .. } => *status >= 500,
            BillingProblem::Unauthorized(_)
            | BillingProblem::Forbidden { .. }
            | BillingProblem::ModuleOff { .. }
            | BillingProblem::Limited { .. }
            | BillingProblem::Incomplete(_)
            | BillingProblem::Rejected { .. } => false,
        }
    }

    /// Returns whether a write may have been carried out although it failed: only a read can decide.
    pub fn may_have_taken_effect(&self) -> bool {
        match &self.problem {
            BillingProblem::Unreachable(why) => match why {
                Unreachable::Timeout { .. }
                | Unreachable::Interrupted
                | Unreachable::TooLarge { .. } => true,
                Unreachable::Name
                | Unreachable::Connect
                | Unreachable::Certificate
                | Unreachable::Redirect { .. }
                | Unreachable::CircuitOpen { .. } => false,
            },
            BillingProblem::NotJson { .. } | BillingProblem::Shape(_) => true,
            BillingProblem::Refused { status, .. } => *status >= 500,
            BillingProblem::Unauthorized(_)
            | BillingProblem::Forbidden { .. }
            | BillingProblem::ModuleOff { .. }
            | BillingProblem::Limited { .. }
            | BillingProblem::Incomplete(_)
            | BillingProblem::Rejected { .. } => false,
        }
    }
}

fn seconds(time: Duration) -> u64 {
    time.as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
}

fn code_text(code: Option<&str>) -> String {
    code.map_or(String::new(), |code| format!(" `{code}`"))
}

fn field_text(field: Option<&str>) -> String {
    field.map_or("a value".to_owned(), |field| {
        format!("the value of `{field}`")
    })
}

/// Returns what a gap of a reading is about, and why something may be missing.
pub fn gap_text(gap: &Gap) -> String {
    let what = gap.collection;
    match &gap.reason {
        GapReason::CountsDisagree {
            before,
            received,
            after,
        } => format!("{what}: counted {before}, received {received}, then counted {after}"),
        GapReason::NotCounted => format!("{what}: it did not report how many there are"),
        GapReason::Partial => format!("{what}: only a part was asked for"),
        GapReason::NestedList {
            record,
            total,
            received,
        } => format!("{what}: {record} has {total} entries, received {received}"),
        GapReason::NotPermitted => format!("{what}: the login may not see all of them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::billing::Collection;

    fn error(problem: BillingProblem) -> BillingError {
        BillingError {
            system: BillingName::new("splynx").unwrap(),
            request: "GET customers/customer".into(),
            problem,
        }
    }

    #[test]
    fn an_error_names_system_request_answer_and_next_step() {
        let refused = BillingProblem::Refused {
            status: 500,
            code: Some("SERVER_ERROR".into()),
        };
        assert_eq!(
            error(refused).to_string(),
            "GET customers/customer failed at splynx: it answered 500 `SERVER_ERROR`; see its own log for the cause"
        );
        let gap = Gap {
            collection: Collection::Services,
            reason: GapReason::CountsDisagree {
                before: 3,
                received: 2,
                after: 3,
            },
        };
        let text = error(BillingProblem::Incomplete(gap)).to_string();
        assert!(
            text.contains("services: counted 3, received 2, then counted 3;"),
            "{text}"
        );
    }

    #[test]
    fn every_problem_has_a_next_step() {
        let second = Duration::from_millis(1500);
        let problems = [
            BillingProblem::Unreachable(Unreachable::Timeout { after: second }),
            BillingProblem::Unreachable(Unreachable::CircuitOpen { wait: second }),
            BillingProblem::Unauthorized(Unauthorized::UnsecureAccess),
            BillingProblem::Forbidden {
                permission: "Customers/Customer View".into(),
            },
            BillingProblem::ModuleOff {
                module: "support".into(),
            },
            BillingProblem::Limited { wait: second },
            BillingProblem::NotJson {
                status: 502,
                masked: "<aaaa>".into(),
            },
            BillingProblem::Shape(ShapeError::new("", "a list", None)),
            BillingProblem::Rejected { field: None },
        ];
        for problem in problems {
            let text = error(problem).to_string();
            assert!(text.contains("; ") || text.contains(", so "), "{text}");
            assert!(!text.contains("1 s") || text.contains("2 s"), "{text}");
        }
    }

    #[test]
    fn a_login_that_is_not_accepted_is_not_tried_again() {
        let refused = error(BillingProblem::Unauthorized(Unauthorized::Key));
        assert!(!refused.retry_helps() && !refused.counts_against_system());
        let cut = error(BillingProblem::Unreachable(Unreachable::Interrupted));
        assert!(cut.retry_helps() && cut.counts_against_system() && cut.may_have_taken_effect());
        let never = error(BillingProblem::Unreachable(Unreachable::Connect));
        assert!(never.retry_helps() && !never.may_have_taken_effect());
    }
}
