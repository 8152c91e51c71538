//! Renders findings as a GitLab Code Quality artifact.

use serde_json::{Value, json};

use super::FindingReport;
use super::fingerprint::Fingerprints;
use super::json::document;
use super::login::without_login;
use crate::model::{Finding, Severity};

pub(super) fn render(report: &FindingReport<'_>) -> String {
    let mut fingerprints = Fingerprints::default();
    let issues: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "description": description(finding),
                "check_name": finding.rule.id,
                "fingerprint": fingerprints.next(finding),
                "severity": severity(finding.severity),
                "location": {
                    "path": report.path_in_repository(&finding.place.file),
                    "lines": { "begin": finding.place.line.max(1) },
                },
            })
        })
        .collect();
    document(&issues)
}

/// Renders a finding in one line, which is all that GitLab shows.
fn description(finding: &Finding) -> String {
    let message = without_login(&finding.message);
    match &finding.hint {
        Some(hint) => format!("{message} (hint: {})", without_login(hint)),
        None => message.into_owned(),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::finding::sample;

    fn issues(findings: &[Finding]) -> Value {
        serde_json::from_str(&render(&sample::report(findings))).unwrap()
    }

    #[test]
    fn an_issue_has_what_gitlab_asks_for() {
        assert_eq!(
            issues(&[sample::finding(5, 28, 19), sample::warning()]),
            json!([
                {
                    "description": "`b` has the endpoint of `a` (hint: give one of them another)",
                    "check_name": "duplicate-mac",
                    "fingerprint": "2da1178d9ffc68ba",
                    "severity": "major",
                    "location": {
                        "path": "inventory.example/subscribers/maple.toml",
                        "lines": { "begin": 5 },
                    },
                },
                {
                    "description": "50% odd,\u{202e} and: more\u{9b}",
                    "check_name": "odd-name",
                    "fingerprint": "cb38764a76480796",
                    "severity": "minor",
                    "location": { "path": "inventory.example/devices/a b.toml", "lines": { "begin": 1 } },
                },
            ])
        );
    }

    #[test]
    fn two_equal_messages_in_one_file_are_two_issues() {
        let issues = issues(&[sample::finding(2, 1, 1), sample::finding(5, 1, 1)]);
        assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
    }

    #[test]
    fn no_findings_are_an_empty_list() {
        assert_eq!(render(&sample::report(&[])), "[]\n");
    }
}
