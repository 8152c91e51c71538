//! Renders findings as one JSON document.

use std::borrow::Cow;

use serde::Serialize;

use super::login::without_login;
use super::{FindingReport, Summary};
use crate::model::{Finding, Severity, SourceLocation, hazard_on_a_terminal};
use crate::report::DocumentKind;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Document<'a> {
    findings: Vec<Entry<'a>>,
    summary: &'a Summary,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Entry<'a> {
    rule: &'a str,
    severity: Severity,
    #[serde(flatten)]
    place: &'a SourceLocation,
    message: Cow<'a, str>,
    hint: Option<Cow<'a, str>>,
    related: Vec<Note<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Note<'a> {
    #[serde(flatten)]
    place: &'a SourceLocation,
    message: Cow<'a, str>,
}

pub(super) fn render(report: &FindingReport<'_>) -> String {
    DocumentKind::Findings.document(&Document {
        findings: report.findings.iter().map(Entry::new).collect(),
        summary: &report.summary,
    })
}

impl<'a> Entry<'a> {
    fn new(finding: &'a Finding) -> Self {
        let Finding {
            rule,
            severity,
            place,
            message,
            hint,
            related,
            is_secret: _,
        } = finding;
        let related = related.iter().map(|related| Note {
            place: &related.place,
            message: without_login(&related.message),
        });
        Self {
            rule: rule.id,
            severity: *severity,
            place,
            message: without_login(message),
            hint: hint.as_deref().map(without_login),
            related: related.collect(),
        }
    }
}

/// Serialises a value as a JSON document that is safe on a terminal, since people view JSON there too.
///
/// JSON itself requires an escape only for the first 32 control characters.
pub fn document(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value)
        .expect("these types have only text as keys, and nothing of them can refuse");
    let mut text = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        // Within ASCII only newlines between values are left, and they must stay.
        if character > '~' && hazard_on_a_terminal(character).is_some() {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(character);
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::finding::sample;

    #[test]
    fn the_document_holds_every_finding_and_the_summary() {
        let findings = [sample::finding(5, 28, 19), sample::warning()];
        let value: Value = serde_json::from_str(&render(&sample::report(&findings))).unwrap();
        let expected = json!({
            "schema": "gamctl/findings", "version": 1,
            "findings": [
                {
                    "rule": "duplicate-mac", "severity": "error",
                    "file": "subscribers/maple.toml", "line": 5, "column": 28,
                    "message": "`b` has the endpoint of `a`", "hint": "give one of them another",
                    "related": [{
                        "file": "subscribers/maple.toml", "line": 2, "column": 12,
                        "message": "first defined here",
                    }],
                },
                {
                    "rule": "odd-name", "severity": "warning",
                    "file": "devices/a b.toml", "line": 1, "column": 1,
                    "message": "50% odd,\u{202e} and: more\u{9b}", "hint": null, "related": [],
                },
            ],
            "summary": {
                "errors": 1, "warnings": 1, "files": 12, "devices": 3,
                "subscribers": 41, "service_plans": 5, "commit": null,
            },
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn keys_stand_in_the_order_people_read_them() {
        let findings = [sample::finding(5, 28, 19)];
        let text = render(&sample::report(&findings));
        let mut rest = text.as_str();
        for key in [
            "findings", "rule", "severity", "file", "line", "column", "message", "hint", "related",
            "summary",
        ] {
            (_, rest) = rest.split_once(&format!("\"{key}\":")).expect(key);
        }
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn no_character_reaches_the_terminal_that_could_mislead() {
        let mut finding = sample::warning();
        finding.message = "\u{7f}\u{9b}\u{202e}\u{2028}\u{e0041}\n\u{1b}".to_owned();
        let text = render(&sample::report(&[finding.clone()]));
        assert!(
            text.chars()
                .all(|it| it == '\n' || hazard_on_a_terminal(it).is_none())
        );
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["findings"][0]["message"], finding.message);
    }
}
