//! Renders findings as SARIF 2.1.0, as GitHub and editors read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::FindingReport;
use super::fingerprint::Fingerprints;
use super::json::document;
use super::login::without_login;
use crate::inventory::{explain_rule, rule_markdown};
use crate::model::{Finding, Rule, Severity, SourceLocation, url_path};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn render(report: &FindingReport<'_>) -> String {
    let rules: BTreeMap<&str, &Rule> = report
        .findings
        .iter()
        .map(|finding| (finding.rule.id, finding.rule))
        .collect();
    let index_of: BTreeMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let docs = report.web.docs;
    let rules: Vec<Value> = rules
        .into_values()
        .map(|rule| descriptor(rule, docs))
        .collect();
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "ruleId": finding.rule.id,
                "ruleIndex": index_of.get(finding.rule.id),
                "level": level(finding.severity),
                "message": { "text": message(finding) },
                "locations": [{ "physicalLocation": location(report, &finding.place) }],
                "relatedLocations": related(report, finding),
                "partialFingerprints": { "gamctlFinding/v1": fingerprints.next(finding) },
            })
        })
        .collect();
    document(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gamctl",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// Returns a rule with its help. `helpUri` must be an absolute address, so it is left out where none is known.
fn descriptor(rule: &Rule, docs: Option<&str>) -> Value {
    // The text comes from a doc comment, which is broken into lines.
    let why = rule.why.split_whitespace().collect::<Vec<_>>().join(" ");
    let full = if why.is_empty() { rule.summary } else { &why };
    let mut descriptor = json!({
        "id": rule.id,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": full },
        "help": { "text": explain_rule(rule), "markdown": rule_markdown(rule) },
        "defaultConfiguration": { "level": level(rule.severity) },
    });
    if let (Some(docs), Value::Object(fields)) = (docs, &mut descriptor) {
        let page = format!("{docs}/findings.md#{}", rule.id);
        fields.insert("helpUri".to_owned(), Value::String(page));
    }
    descriptor
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn message(finding: &Finding) -> String {
    let message = without_login(&finding.message);
    match &finding.hint {
        Some(hint) => format!("{message}\nhint: {}", without_login(hint)),
        None => message.into_owned(),
    }
}

fn location(report: &FindingReport<'_>, place: &SourceLocation) -> Value {
    let column = place.column.max(1);
    json!({
        "artifactLocation": { "uri": url_path(&report.path_in_repository(&place.file)) },
        "region": {
            "startLine": place.line.max(1),
            "startColumn": column,
            "endColumn": column.saturating_add(place.length.max(1)),
        },
    })
}

fn related(report: &FindingReport<'_>, finding: &Finding) -> Vec<Value> {
    finding
        .related
        .iter()
        .zip(1..)
        .map(|(related, id)| {
            json!({
                "id": id,
                "message": { "text": without_login(&related.message) },
                "physicalLocation": location(report, &related.place),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::finding::sample;

    fn run(findings: &[Finding]) -> Value {
        let value: Value = serde_json::from_str(&render(&sample::report(findings))).unwrap();
        assert_eq!(value["version"], "2.1.0");
        value["runs"][0].clone()
    }

    #[test]
    fn a_result_names_its_rule_its_region_and_what_it_clashes_with() {
        let run = run(&[sample::warning(), sample::finding(5, 28, 19)]);
        assert_eq!(
            run["results"][1],
            json!({
                "ruleId": "duplicate-mac",
                "ruleIndex": 0,
                "level": "error",
                "message": { "text": "`b` has the endpoint of `a`\nhint: give one of them another" },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": "inventory.example/subscribers/maple.toml" },
                    "region": { "startLine": 5, "startColumn": 28, "endColumn": 47 },
                } }],
                "relatedLocations": [{
                    "id": 1,
                    "message": { "text": "first defined here" },
                    "physicalLocation": {
                        "artifactLocation": { "uri": "inventory.example/subscribers/maple.toml" },
                        "region": { "startLine": 2, "startColumn": 12, "endColumn": 31 },
                    },
                }],
                "partialFingerprints": { "gamctlFinding/v1": "2da1178d9ffc68ba" },
            })
        );
        assert_eq!(run["results"][0]["ruleIndex"], 1);
        assert_eq!(run["columnKind"], "unicodeCodePoints");
    }

    #[test]
    fn every_rule_that_is_used_is_described_once() {
        let run = run(&[
            sample::finding(5, 1, 1),
            sample::warning(),
            sample::finding(2, 1, 1),
        ]);
        assert_eq!(
            run["tool"]["driver"],
            json!({
                "name": "gamctl",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [
                    {
                        "id": "duplicate-mac",
                        "shortDescription": { "text": "two subscribers have one endpoint" },
                        "fullDescription": { "text": "An endpoint is one device. It serves one subscriber." },
                        "help": {
                            "text": explain_rule(&sample::RULE),
                            "markdown": rule_markdown(&sample::RULE),
                        },
                        "defaultConfiguration": { "level": "error" },
                    },
                    {
                        "id": "odd-name",
                        "shortDescription": { "text": "a name is odd" },
                        "fullDescription": { "text": "a name is odd" },
                        "help": {
                            "text": explain_rule(&sample::OTHER_RULE),
                            "markdown": rule_markdown(&sample::OTHER_RULE),
                        },
                        "defaultConfiguration": { "level": "warning" },
                    },
                ],
            })
        );
    }

    #[test]
    fn a_rule_links_to_its_page_where_the_documents_are_on_the_web() {
        let findings = [sample::warning()];
        let mut report = sample::report(&findings);
        report.web.docs = Some("https://docs.example.net/gamctl");
        let value: Value = serde_json::from_str(&render(&report)).unwrap();
        let rule = &value["runs"][0]["tool"]["driver"]["rules"][0];
        let page = "https://docs.example.net/gamctl/findings.md#odd-name";
        assert_eq!(rule["helpUri"], page);
    }

    #[test]
    fn a_path_stays_relative_to_the_repository() {
        let findings = [sample::warning()];
        let mut report = sample::report(&findings);
        for (prefix, expected) in [
            ("", "devices/a b.toml"),
            ("x", "x/devices/a b.toml"),
            ("x/", "x/devices/a b.toml"),
        ] {
            report.path_prefix = prefix;
            assert_eq!(report.path_in_repository("devices/a b.toml"), expected);
        }
    }

    #[test]
    fn without_findings_there_is_a_run_without_results() {
        let run = run(&[]);
        assert_eq!(run["results"], json!([]));
        assert_eq!(run["tool"]["driver"]["rules"], json!([]));
    }
}
