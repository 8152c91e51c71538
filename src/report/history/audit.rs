//! Renders the audit log: actions and refusals, with their users.

use serde::Serialize;

use super::super::fold::fold;
use super::super::{Paint, moment, short_id, visible};

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// Seconds since 1970.
    pub at: u64,
    pub who: String,
    pub verb: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub is_refused: bool,
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<uuid::Uuid>,
}

/// Renders the audit log in the given order: a line each, longer ones folded.
pub fn audit_lines(lines: &[AuditLine], paint: Paint, width: usize) -> String {
    let mut text = String::new();
    for line in lines {
        let AuditLine {
            at,
            who,
            verb,
            subject: _,
            is_refused,
            what,
            run,
        } = line;
        let mut said = format!("{}  {}  ", moment(*at), visible(who));
        said.push_str(&visible(verb));
        if *is_refused {
            said.push_str(" REFUSED");
        }
        said.push_str(&format!(": {}", visible(what)));
        if let Some(run) = run {
            said.push_str(&format!(" (run {})", short_id(*run)));
        }
        let said = fold(&said, 0, 4, width).join("\n");
        text.push_str(&if *is_refused {
            paint.warning(&said)
        } else {
            said
        });
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stands_out_without_colour_and_nothing_breaks_out_of_its_line() {
        let line = AuditLine {
            at: 1_795_278_720,
            who: "ada@noc".to_owned(),
            verb: "apply".to_owned(),
            subject: None,
            is_refused: true,
            what: "three removals\u{1b}[2J are too many".to_owned(),
            run: Some(uuid::Uuid::from_u128(0x89ab)),
        };
        assert_eq!(
            audit_lines(&[line], Paint::Plain, 70),
            "2026-11-21 16:32 UTC  ada@noc  apply REFUSED: three removals\\u{1b}[2J\n    are too many (run 0000000089ab)\n"
        );
    }
}
