//! Renders freezes: the blocked devices, the end and the reason.

use serde::Serialize;

use super::document::time;
use super::{Align, Paint, Table, counted, moment};
use crate::model::FreezeScope;

/// A freeze in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FreezeLine {
    pub id: uuid::Uuid,
    /// In the syntax of the command line; empty: everything.
    pub scope: Vec<String>,
    /// The number of devices of the inventory in its scope, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<usize>,
    pub reason: String,
    pub who: String,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub until: u64,
}

/// Renders freezes as a table.
pub fn freezes(freezes: &[FreezeLine], paint: Paint) -> String {
    let columns = ["FREEZE", "UNTIL", "BY", "DEVICES", "REASON"];
    let mut table = Table::new(columns.map(|heading| (heading, Align::Left)));
    for freeze in freezes {
        let FreezeLine {
            id,
            scope,
            devices,
            reason,
            who,
            since: _,
            until,
        } = freeze;
        table.push([
            short_id(*id),
            moment(*until),
            who.clone(),
            held(scope, *devices),
            reason.clone(),
        ]);
    }
    table.render(paint)
}

/// Renders a scope in the syntax of the command line; empty for every device.
pub fn scope_words(scope: &FreezeScope) -> Vec<String> {
    let FreezeScope {
        devices,
        sites,
        labels,
        excluded,
    } = scope;
    let each = |option: &str, patterns: &[String]| -> Vec<String> {
        let patterns = patterns.iter();
        patterns
            .map(|pattern| format!("--{option}={pattern}"))
            .collect()
    };
    let labels: Vec<String> = labels
        .iter()
        .map(|(key, pattern)| format!("{key}={pattern}"))
        .collect();
    [
        each("device", devices),
        each("site", sites),
        each("label", &labels),
        each("exclude", excluded),
    ]
    .concat()
}

/// Renders the scope of a freeze: `maple-* (3 devices)`.
pub fn held(scope: &[String], reach: Option<usize>) -> String {
    let scope = match scope {
        [] => "every device".to_owned(),
        words => words.join(" "),
    };
    match reach {
        Some(devices) => format!("{scope} ({})", counted(devices, "device")),
        None => scope,
    }
}

/// Returns the end of an id, which is more distinctive than its start: ids of one hour start alike.
pub fn short_id(id: uuid::Uuid) -> String {
    let whole = id.simple().to_string();
    whole.get(20..).unwrap_or(&whole).to_owned()
}

/// Shortens the id of a run that is kept as text, as `short_id` does.
pub(super) fn short_run(run: &str) -> &str {
    run.rsplit('-').next().unwrap_or(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freeze_says_what_until_when_and_why() {
        let freeze = |scope: &[&str], devices| FreezeLine {
            devices,
            id: uuid::Uuid::from_u128(0x0199_f3a2_1111_7222_8333_0123_4567_89ab),
            scope: scope.iter().map(ToString::to_string).collect(),
            reason: "holidays\u{1b}".to_owned(),
            who: "ada@noc".to_owned(),
            since: 0,
            until: 1_795_278_720,
        };
        let all = [
            freeze(&[], None),
            FreezeLine {
                scope: scope_words(&FreezeScope {
                    devices: vec!["maple-*".to_owned()],
                    sites: vec!["x".to_owned()],
                    ..FreezeScope::default()
                }),
                ..freeze(&[], Some(3))
            },
        ];
        assert_eq!(
            freezes(&all, Paint::Plain),
            "FREEZE        UNTIL                 BY       DEVICES                                REASON\n\
             0123456789ab  2026-11-21 16:32 UTC  ada@noc  every device                           holidays\\u{1b}\n\
             0123456789ab  2026-11-21 16:32 UTC  ada@noc  --device=maple-* --site=x (3 devices)  holidays\\u{1b}\n"
        );
    }
}
