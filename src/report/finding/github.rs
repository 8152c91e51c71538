//! Renders findings as GitHub workflow commands, which become annotations of a pull request.

use super::FindingReport;
use super::login::without_login;
use crate::model::{Finding, Severity};
use crate::report::visible;

pub(super) fn render(report: &FindingReport<'_>) -> String {
    // A line that is not a command is only part of the log, so it must not contain text of a file.
    let mut text = report.summary.verdict();
    text.push('\n');
    for finding in report.findings {
        text.push_str(&command(report, finding));
        text.push('\n');
    }
    text
}

fn command(report: &FindingReport<'_>, finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = &finding.place;
    let file = property(&report.path_in_repository(&place.file));
    let line = place.line;
    let column = place.column;
    let end = column.saturating_add(place.length.max(1));
    let title = property(finding.rule.id);
    let mut message = data(&finding.message);
    for related in &finding.related {
        // An annotation has one location; the others are named in its text.
        let note = format!("note: {}: {}", related.place, related.message);
        message.push_str(NEWLINE);
        message.push_str(&data(&note));
    }
    if let Some(hint) = &finding.hint {
        message.push_str(NEWLINE);
        message.push_str(&data(&format!("hint: {hint}")));
    }
    format!(
        "::{level} file={file},line={line},col={column},endColumn={end},title={title}::{message}"
    )
}

const NEWLINE: &str = "%0A";

/// Escapes a message; line ends are already visible, but a later change must not open a gap.
fn data(text: &str) -> String {
    visible(&without_login(text))
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hazard_on_a_terminal;
    use crate::model::{Related, SourceLocation};
    use crate::report::Paint;
    use crate::report::finding::{FindingFormat, sample};
    use proptest::prelude::*;

    #[test]
    fn a_finding_is_one_command() {
        let findings = [sample::finding(5, 28, 19), sample::warning()];
        assert_eq!(
            render(&sample::report(&findings)),
            "1 error and 1 warning in 12 files.\n\
             ::error file=inventory.example/subscribers/maple.toml,line=5,col=28,endColumn=47,title=duplicate-mac\
             ::`b` has the endpoint of `a`\
             %0Anote: subscribers/maple.toml:2:12: first defined here\
             %0Ahint: give one of them another\n\
             ::warning file=inventory.example/devices/a b.toml,line=1,col=1,endColumn=2,title=odd-name\
             ::50%25 odd,\\u{202e} and: more\\u{9b}\n"
        );
    }

    #[test]
    fn a_file_name_cannot_add_properties_or_commands() {
        let mut finding = sample::warning();
        finding.place.file = "a,line=9::x%0A\n::error ::y.toml".into();
        let text = command(&sample::report(&[]), &finding);
        assert!(
            text.starts_with(
                "::warning file=inventory.example/a%2Cline=9%3A%3Ax%250A\\u{a}%3A%3Aerror %3A%3Ay.toml,line=1,"
            ),
            "{text}"
        );
    }

    prop_compose! {
        fn any_place()(file in any_text(), line in 0u32..6, column in any::<u32>(), length in any::<u32>(), near in any::<bool>()) -> SourceLocation {
            SourceLocation { file: file.into(), line, column: if near { column % 40 } else { column }, length }
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "([\\x00-\\x1f\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{200b}\u{feff}e\u{301}日:,%\\[\"'=#{}\n]|\"\"\"|password = |::error ){0,40}",
        ]
    }

    prop_compose! {
        fn any_finding()(place in any_place(), other in any_place(), message in any_text(), hint in proptest::option::of(any_text()), note in any_text(), is_secret in any::<bool>()) -> Finding {
            let related = vec![Related { place: other, message: note }];
            Finding { place, message, hint, related, is_secret, ..sample::warning() }
        }
    }

    proptest! {
        #[test]
        fn no_format_ever_holds_a_raw_control_or_bidi_character(
            findings in proptest::collection::vec(any_finding(), 1..4),
            source in any_text(),
            prefix in any_text(),
            width in 0usize..200,
        ) {
            let text_of = |_: &str| Some(source.as_str());
            let mut report = sample::report(&findings);
            report.text_of = &text_of;
            report.path_prefix = &prefix;
            for format in FindingFormat::ALL {
                let text = report.render(format, Paint::Plain, width);
                let bad = text.chars().find(|it| *it != '\n' && hazard_on_a_terminal(*it).is_some());
                prop_assert_eq!(bad, None, "{} {}", format.name(), text);
            }
            let github = report.render(FindingFormat::Github, Paint::Plain, width);
            prop_assert_eq!(github.lines().count(), 1 + findings.len());
            let human = report.render(FindingFormat::Human, Paint::Color, width);
            let is_own = human.split('\u{1b}').skip(1).all(|it| it.starts_with('['));
            prop_assert!(is_own);
        }
    }
}
