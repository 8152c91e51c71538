//! Holds findings for the tests of the formats.

use super::{FindingReport, Summary, Web};
use crate::model::{Finding, Related, Rule, Severity, SourceLocation};

pub(super) static RULE: Rule = Rule {
    id: "duplicate-mac",
    severity: Severity::Error,
    summary: "two subscribers have one endpoint",
    why: " An endpoint is one device.\n It serves one subscriber.",
    wrong: &[],
    right: &[],
};

pub(super) static OTHER_RULE: Rule = Rule {
    id: "odd-name",
    severity: Severity::Warning,
    summary: "a name is odd",
    why: "",
    wrong: &[],
    right: &[],
};

pub(super) const FILE: &str = "subscribers/maple.toml";

pub(super) const TEXT: &str = "\
[subscriber.a]
endpoint = \"00:0e:d8:1c:95:08\"

[subscriber.b]
\tname = \"日本 e\u{301}\", endpoint = '00:0e:d8:1c:95:08'
";

pub(super) fn place(line: u32, column: u32, length: u32) -> SourceLocation {
    SourceLocation {
        file: FILE.into(),
        line,
        column,
        length,
    }
}

pub(super) fn finding(line: u32, column: u32, length: u32) -> Finding {
    Finding {
        rule: &RULE,
        severity: Severity::Error,
        place: place(line, column, length),
        message: "`b` has the endpoint of `a`".to_owned(),
        hint: Some("give one of them another".to_owned()),
        related: vec![Related {
            place: place(2, 12, 19),
            message: "first defined here".to_owned(),
        }],
        is_secret: false,
    }
}

/// A warning with neither hint nor excerpt.
pub(super) fn warning() -> Finding {
    Finding {
        rule: &OTHER_RULE,
        severity: Severity::Warning,
        place: SourceLocation::whole("devices/a b.toml".into()),
        message: "50% odd,\u{202e} and: more\u{9b}".to_owned(),
        hint: None,
        related: Vec::new(),
        is_secret: false,
    }
}

pub(super) fn text_of(path: &str) -> Option<&'static str> {
    (path == FILE).then_some(TEXT)
}

pub(super) fn report(findings: &[Finding]) -> FindingReport<'_> {
    let count = |severity| findings.iter().filter(|it| it.severity == severity).count();
    FindingReport {
        findings,
        summary: Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            files: 12,
            devices: 3,
            subscribers: 41,
            service_plans: 5,
            commit: None,
        },
        text_of: &|path| text_of(path),
        path_prefix: "inventory.example/",
        web: Web::default(),
    }
}
