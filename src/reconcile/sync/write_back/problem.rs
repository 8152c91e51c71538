//! Decides from the error of a write whether it is sent again, and names it in a word for the outbox.

use compact_str::{CompactString, format_compact};

use crate::billing::{BillingError, BillingProblem};

/// The consequence of an error for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteProblem {
    /// It may have taken effect: only a read decides.
    AnswerLost,
    /// Billing rejected it.
    Refused,
    /// It did not take effect, and others may.
    Later,
    /// It did not take effect, and no other will.
    SystemFails,
}

pub(super) fn write_problem(error: &BillingError) -> WriteProblem {
    if error.may_have_taken_effect() {
        return WriteProblem::AnswerLost;
    }
    match &error.problem {
        BillingProblem::Refused { .. } | BillingProblem::Rejected { .. } => WriteProblem::Refused,
        // A permission or a module concerns one kind of write, and a person may add it.
        BillingProblem::Forbidden { .. }
        | BillingProblem::ModuleOff { .. }
        | BillingProblem::Incomplete(_)
        | BillingProblem::NotJson { .. }
        | BillingProblem::Shape(_) => WriteProblem::Later,
        BillingProblem::Unreachable(_)
        | BillingProblem::Unauthorized(_)
        | BillingProblem::Limited { .. } => WriteProblem::SystemFails,
    }
}

/// Returns the kind of a problem with its code or field, never with text of billing.
pub(super) fn problem_word(problem: &BillingProblem) -> CompactString {
    match problem {
        BillingProblem::Unreachable(_) => "unreachable".into(),
        BillingProblem::Unauthorized(_) => "unauthorized".into(),
        BillingProblem::Forbidden { permission } => format_compact!("forbidden {permission}"),
        BillingProblem::ModuleOff { module } => format_compact!("module-off {module}"),
        BillingProblem::Limited { .. } => "limited".into(),
        BillingProblem::NotJson { status, .. } => format_compact!("not-json {status}"),
        BillingProblem::Refused { status, code } => match code {
            Some(code) => format_compact!("refused {status} {code}"),
            None => format_compact!("refused {status}"),
        },
        BillingProblem::Shape(_) => "shape".into(),
        BillingProblem::Incomplete(_) => "incomplete".into(),
        BillingProblem::Rejected { field } => match field {
            Some(field) => format_compact!("rejected {field}"),
            None => "rejected".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::billing::Unreachable;
    use crate::model::billing::BillingName;

    fn of(problem: BillingProblem) -> WriteProblem {
        write_problem(&BillingError {
            system: BillingName::new("splynx").unwrap(),
            request: "PUT x".into(),
            problem,
        })
    }

    #[test]
    fn only_a_lost_answer_leaves_it_open_whether_a_write_took_effect() {
        let refused = |status| BillingProblem::Refused { status, code: None };
        let after = Duration::from_secs(1);
        for (problem, expected) in [
            (refused(502), WriteProblem::AnswerLost),
            (
                BillingProblem::Unreachable(Unreachable::Timeout { after }),
                WriteProblem::AnswerLost,
            ),
            (refused(422), WriteProblem::Refused),
            (
                BillingProblem::Rejected {
                    field: Some("port_id".into()),
                },
                WriteProblem::Refused,
            ),
            (
                BillingProblem::ModuleOff {
                    module: "support".into(),
                },
                WriteProblem::Later,
            ),
            (
                BillingProblem::Unreachable(Unreachable::Connect),
                WriteProblem::SystemFails,
            ),
        ] {
            assert_eq!(of(problem.clone()), expected, "{problem}");
        }
    }
}
