//! Names the one cause for which no device was reached, once for all of them.

use super::{counted, visible};
use crate::apply::cause::{LookProblem, NotReached, Refusal, SshFailure, SshProblem};
use crate::apply::{DeviceOutcome, Ended, RunReport, SkipReason};
use crate::model::NotObserved;
use crate::plan::Unobservable;

/// Returns the cause for which none of several devices could be observed, without a full stop.
pub(super) fn none_observed(devices: &[Unobservable]) -> Option<String> {
    let (first, rest) = devices.split_first()?;
    let text = first.reason.to_string();
    if rest.is_empty() {
        let text = visible(&text);
        let device = first.device.as_str();
        return Some(match text.starts_with(device) {
            true => text.into_owned(),
            false => format!("{device}: {text}"),
        });
    }
    let all = counted(devices.len(), "device");
    let every = |is: fn(&NotObserved) -> bool| devices.iter().all(|one| is(&one.reason));
    Some(match () {
        () if every(|reason| matches!(reason, NotObserved::AccessDenied { .. })) => format!(
            "none of {all} gives us SNMP access; check the community or user in `credentials.toml`, and its secrets"
        ),
        () if every(|reason| matches!(reason, NotObserved::NoAnswer { .. })) => format!(
            "none of {all} answers; check the network from here, and the SNMP community: to a wrong one a device does not answer either"
        ),
        () if has_one_cause(devices) => {
            format!("none of {all} can be asked: {}", visible(&text))
        }
        () => format!("none of {all} could be observed"),
    })
}

/// Returns whether `none_observed` says the reason of every device in full.
pub(super) fn has_one_cause(devices: &[Unobservable]) -> bool {
    let Some((first, rest)) = devices.split_first() else {
        return false;
    };
    let is_own = !matches!(
        first.reason,
        NotObserved::AccessDenied { .. } | NotObserved::NoAnswer { .. }
    );
    is_own && !rest.is_empty() && rest.iter().all(|one| one.reason == first.reason)
}

/// Returns the cause for which no change of a run was carried out, if our own settings lead to no device.
pub(super) fn wrong_settings(report: &RunReport) -> Option<String> {
    if !report.undone().is_cut_off() {
        return None;
    }
    // Their next step names the cause: it is not in our settings.
    let is_new = |one: &DeviceOutcome| {
        report.looks_new.contains(&one.device) && is_login_refused(&one.ended)
    };
    if !report.outcomes.is_empty() && report.outcomes.iter().all(is_new) {
        return None;
    }
    let outcomes = report.outcomes.iter().map(|one| of_outcome(&one.ended));
    let skipped = report.skipped.iter().map(|one| of_skipped(&one.reason));
    let waiting = report.unobservable.iter().filter(|one| {
        let mut waiting = report.waiting.iter();
        one.reason.is_own_setting() && waiting.any(|waits| waits.device == one.device)
    });
    let waiting = waiting.map(|one| Some(visible(&one.reason.to_string()).into_owned()));
    let mut causes: Vec<String> = outcomes.chain(skipped).chain(waiting).flatten().collect();
    causes.sort();
    causes.dedup();
    let first = causes.first()?;
    Some(match causes.len() {
        1 => first.clone(),
        more => format!("{first}; and {}", counted(more - 1, "other cause")),
    })
}

fn of_outcome(ended: &Ended) -> Option<String> {
    match ended {
        Ended::Unreachable { cause } => of_cause(cause),
        Ended::Refused {
            refusal: Refusal::NoLogin { why },
        } => Some(visible(why).into_owned()),
        _ => None,
    }
}

fn is_login_refused(ended: &Ended) -> bool {
    let Ended::Unreachable { cause } = ended else {
        return false;
    };
    matches!(&**cause, NotReached::CommandLine { error } if error.problem == SshProblem::LoginRefused)
}

fn of_skipped(reason: &SkipReason) -> Option<String> {
    match reason {
        SkipReason::NoAccess(why) if why.is_own_setting() => {
            Some(visible(&why.to_string()).into_owned())
        }
        _ => None,
    }
}

fn of_cause(cause: &NotReached) -> Option<String> {
    let text = match cause {
        NotReached::Look { look } if look.problem == LookProblem::AccessDenied => {
            "no device gives us SNMP access; check the community or user in `credentials.toml`, and its secrets"
        }
        NotReached::CommandLine { error } => return of_ssh(error),
        NotReached::Look { .. } | NotReached::PartlyUnread { .. } | NotReached::Earlier { .. } => {
            return None;
        }
    };
    Some(text.to_owned())
}

fn of_ssh(error: &SshFailure) -> Option<String> {
    let text = match &error.problem {
        SshProblem::HostKeyUnknown { .. } => {
            "no host key is pinned; `gamctl trust` shows the keys, and `gamctl trust --pin` pins them"
        }
        SshProblem::LoginRefused => {
            "no device accepts our login; check user and password: `gamctl secret list` shows the source of the password"
        }
        SshProblem::NoAgreement => {
            "no device shares an SSH algorithm with this host; old firmware needs `legacy_algorithms = true` in its credentials"
        }
        SshProblem::LoginImpossible => {
            "the credentials cannot be used for an SSH login; `gamctl doctor` shows why"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
