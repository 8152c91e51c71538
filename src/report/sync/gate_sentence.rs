//! Explains a rule of the gate in one sentence, with its facts.

use crate::report::counted;
use crate::sync::GateFinding;

/// Returns why a rule of the gate applies, and what it holds back.
pub fn gate_sentence(finding: &GateFinding) -> String {
    match finding {
        GateFinding::ReadIncomplete { missing } => format!(
            "the reading may lack records, so {} that it does not have {}",
            counted(*missing, "subscriber"),
            match missing {
                1 => "stays as it is",
                _ => "stay as they are",
            }
        ),
        GateFinding::EmptyExport { before } => format!(
            "billing returned no service in scope, and had {} before; check the permissions of the login",
            counted(*before, "service")
        ),
        GateFinding::ExportShrank {
            before,
            now,
            missing,
            most,
        } => match before.saturating_sub(*now) {
            fewer if fewer > *most => format!(
                "billing returned {} in scope, {fewer} fewer than before; at most {most} fewer pass without a person",
                counted(*now, "service"),
            ),
            _ => format!(
                "billing returned {} in scope, and {missing} of those before are missing; at most {most} pass without a person",
                counted(*now, "service"),
            ),
        },
        GateFinding::GroupVanished { group, before } => format!(
            "no service of {group} is left of {before}; check whether the login may still read them, or whether all changed at once"
        ),
        GateFinding::StatusesUnknown { unknown, services } => format!(
            "{} of {} have a status that is not understood; map them under `states`",
            unknown,
            counted(*services, "service")
        ),
        GateFinding::SiteSuspended {
            site,
            suspensions,
            active,
        } => format!(
            "{suspensions} of {} at site {site} would be suspended at once",
            counted(*active, "active subscriber")
        ),
        GateFinding::TooMany {
            kind,
            count,
            used,
            most,
        } => {
            let earlier = match used {
                0 => String::new(),
                used => format!(" after {used} within the last hour"),
            };
            format!(
                "{}{earlier}; the limit of an hour is {most}",
                counted(*count, kind.noun())
            )
        }
    }
}
