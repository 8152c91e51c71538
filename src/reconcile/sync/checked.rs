//! Translates the check of a billing system into lines for a person: each probe, its answer, the next step.

use super::client::BillingCheck;
use super::explained::status_words;
use super::hook::state_line;
use crate::billing::BillingError;
use crate::billing::sonar::{SonarCheck, TokenEnd};
use crate::billing::splynx::{CheckedList, ClockCheck, ListAccess, LoginWay, SplynxCheck};
use crate::report::sync::{CheckLine, CheckState};
use crate::report::{counted, listed, moment};

/// Returns the probes of a billing system; `now` is in seconds since 1970.
pub fn check_lines(check: &BillingCheck, now: u64) -> Vec<CheckLine> {
    match check {
        BillingCheck::Sonar(check) => sonar(check, now),
        BillingCheck::Splynx(check) => splynx(check),
    }
}

fn line(probe: &str, state: CheckState, detail: impl Into<String>) -> CheckLine {
    CheckLine {
        probe: probe.to_owned(),
        state,
        detail: detail.into(),
    }
}

/// Returns the line of a probe that may have failed.
fn probed<T>(
    probe: &str,
    answer: &Result<T, BillingError>,
    judge: impl FnOnce(&T) -> (CheckState, String),
) -> CheckLine {
    match answer {
        Ok(answer) => {
            let (state, detail) = judge(answer);
            line(probe, state, detail)
        }
        Err(error) => line(probe, CheckState::Bad, error.to_string()),
    }
}

fn good(detail: &str) -> (CheckState, String) {
    (CheckState::Good, detail.to_owned())
}

fn limited(detail: impl Into<String>) -> (CheckState, String) {
    (CheckState::Limited, detail.into())
}

fn bad(detail: impl Into<String>) -> (CheckState, String) {
    (CheckState::Bad, detail.into())
}

fn names<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    listed(&names)
}

fn splynx(check: &SplynxCheck) -> Vec<CheckLine> {
    let login = match check.login {
        LoginWay::Token => "accepted, with a token",
        LoginWay::Signature => "accepted, with a signature for each request",
        LoginWay::Basic => "accepted, with key and secret in each request",
    };
    let mut lines = vec![line("login", CheckState::Good, login)];
    lines.extend(check.lists.iter().map(list));
    lines.push(probed(
        "partners",
        &check.hidden_partners,
        |hidden| match hidden.as_slice() {
            [] => good("the key may see those of the settings"),
            hidden => bad(format!(
                "the key may not see {}; add them to the key, or remove them from `scope`",
                names(hidden)
            )),
        },
    ));
    lines.push(probed(
        "endpoint models",
        &check.unknown_models,
        |unknown| match unknown.as_slice() {
            [] => good("those of the settings are products"),
            unknown => bad(format!(
                "{} are not products; correct `scope.endpoint_models`",
                names(unknown)
            )),
        },
    ));
    lines.push(probed("clock", &check.clock, |clock| match clock {
        ClockCheck::Fits => good("the newest change fits this host's clock"),
        ClockCheck::Unknown => limited("the change log is empty, so it cannot be compared"),
        ClockCheck::Ahead { seconds } => bad(format!(
            "the newest change is {seconds} s in the future; correct `time_zone`, or a clock"
        )),
    }));
    lines.push(probed(
        "pages by id",
        &check.pages_by_id,
        |works| match works {
            Some(true) => good("work for services"),
            Some(false) => limited("do not work for services; they are read by status"),
            None => limited("cannot be tried with fewer than two services"),
        },
    ));
    lines.push(probed("filters", &check.filters, |works| match works {
        true => good("a filter that matches nothing returns nothing"),
        false => bad("a filter returns other records; report the version of the instance"),
    }));
    lines.push(probed(
        "changed services",
        &check.service_updates,
        |works| match works {
            true => good("can be searched by the time of the change"),
            false => limited("cannot be searched by time; the change log is used"),
        },
    ));
    lines.push(probed("write-back fields", &check.service_fields, |fields| {
        match (fields.undefined.as_slice(), fields.access_device) {
            ([], true) => good("are defined"),
            ([], false) => limited("are defined; services have no access device in this version"),
            (undefined, _) => limited(format!(
                "{} are not defined; add them as additional fields of internet services to write places back",
                names(undefined)
            )),
        }
    }));
    if let Ok(fields) = &check.service_fields
        && !fields.undefined_settings.is_empty()
    {
        let missing = names(&fields.undefined_settings);
        let detail = format!("services have no {missing}; customers may have");
        lines.push(line("fields of the settings", CheckState::Limited, detail));
    }
    lines
}

fn list(list: &CheckedList) -> CheckLine {
    let permission = list.permission;
    let (state, detail) = match &list.access {
        ListAccess::Readable => good("readable"),
        ListAccess::Forbidden => bad(format!("not permitted; add `{permission}` to the key")),
        ListAccess::Off => limited("its module is switched off there"),
        ListAccess::Failed(error) => bad(error.to_string()),
    };
    line(list.path, state, detail)
}

fn sonar(check: &SonarCheck, now: u64) -> Vec<CheckLine> {
    let mut lines = vec![probed("login", &check.user, |user| {
        match user.is_super_admin {
            false => good("the token is accepted"),
            true => limited(
                "the token is that of a super admin; a user of its own with the least rights is safer",
            ),
        }
    })];
    let seconds = i64::try_from(now).unwrap_or(i64::MAX);
    lines.push(match check.token_end {
        TokenEnd::NotKnown => line("end of the token", CheckState::Good, "not known"),
        TokenEnd::At { at } => {
            let end = moment(u64::try_from(at).unwrap_or_default());
            match check.token_end.is_near(seconds) {
                true => line(
                    "end of the token",
                    CheckState::Limited,
                    format!("{end}; create a new one in time"),
                ),
                false => line("end of the token", CheckState::Good, end),
            }
        }
    });
    lines.push(probed("accounts", &check.accounts, |_| good("readable")));
    for (table, rows) in &check.tables {
        lines.push(probed(table.root(), rows, |rows| {
            good(&counted(*rows, "row"))
        }));
    }
    lines.push(match check.without_totals.as_slice() {
        [] => line("totals", CheckState::Good, "every list has one"),
        missing => line(
            "totals",
            CheckState::Limited,
            format!(
                "{} have none; a reading is never complete, and nothing is suspended or removed because it is missing",
                names(missing)
            ),
        ),
    });
    lines.push(match check.clock_ahead {
        None => line(
            "clock",
            CheckState::Limited,
            "the instance does not report its time",
        ),
        Some(ahead) if ahead.unsigned_abs() > 60 => line(
            "clock",
            CheckState::Limited,
            format!("{ahead} s ahead of this host; correct one of them"),
        ),
        Some(_) => line("clock", CheckState::Good, "fits this host's"),
    });
    for status in &check.unmapped_statuses {
        let probe = format!("status {}", status.id);
        let meaning = status_words(&status.meaning);
        let detail = format!("{}: {meaning}, by the built-in table", status.name);
        lines.push(line(&probe, CheckState::Good, detail));
    }
    for (tariff, fields) in &check.undefined_fields {
        let fields = names(fields.iter().map(|field| field.as_str()));
        let detail = format!("{fields} are not defined for it; nothing is written back");
        lines.push(line(
            &format!("service {tariff}"),
            CheckState::Limited,
            detail,
        ));
    }
    lines.extend(check.webhook.as_ref().map(state_line));
    lines
}
