//! Renders findings as text: the verdict, then each finding with its line.

use super::FindingReport;
use super::excerpt::Excerpts;
use super::login::without_login;
use crate::model::{Finding, Severity, SourceLocation};
use crate::report::{Paint, visible};

pub(super) fn render(report: &FindingReport<'_>, paint: Paint, width: usize) -> String {
    let mut page = Page {
        excerpts: Excerpts::new(report),
        paint,
        width,
        text: String::new(),
    };
    page.line(&paint.bold(&report.summary.verdict()));
    for finding in report.findings {
        page.line("");
        page.finding(finding);
    }
    page.text
}

struct Page<'a> {
    excerpts: Excerpts<'a>,
    paint: Paint,
    width: usize,
    text: String,
}

impl<'a> Page<'a> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn finding(&mut self, finding: &'a Finding) {
        let Finding {
            rule,
            severity,
            place,
            message,
            hint,
            related,
            is_secret,
        } = finding;
        let places = related.iter().map(|related| &related.place).chain([place]);
        let gutter = places.map(|place| place.line).max().map_or(1, digits);

        let head = self.severity(*severity, &format!("{severity}[{}]", rule.id));
        let message = self.paint.bold(&shown(message));
        self.line(&format!("{head}: {message}"));
        self.place(place, gutter);
        if *is_secret {
            self.line("the line is not shown, it may hold a secret");
        }
        for related in related {
            let note = self.paint.note("note");
            self.line(&format!("{note}: {}", shown(&related.message)));
            self.place(&related.place, gutter);
        }
        if let Some(hint) = hint {
            let label = self.paint.note("hint");
            self.line(&format!("{label}: {}", shown(hint)));
        }
    }

    fn place(&mut self, place: &'a SourceLocation, gutter: usize) {
        let SourceLocation {
            file,
            line,
            column,
            length: _,
        } = place;
        let indent = " ".repeat(gutter);
        let pointer = self.paint.dim("-->");
        let file = visible(file);
        self.line(&format!("{indent}{pointer} {file}:{line}:{column}"));
        // Beside the number there are a space, the bar and a space.
        let room = self.width.saturating_sub(gutter + 3);
        let Some(excerpt) = self.excerpts.at(place, room) else {
            return;
        };
        let bar = self.paint.dim(&format!("{indent} |"));
        let number = self.paint.dim(&format!("{line:>gutter$} |"));
        let text = excerpt.text.trim_end();
        let space = if text.is_empty() { "" } else { " " };
        let before = " ".repeat(excerpt.offset);
        let carets = self.paint.error(&"^".repeat(excerpt.width));
        self.line(&bar);
        self.line(&format!("{number}{space}{text}"));
        self.line(&format!("{bar} {before}{carets}"));
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Error => self.paint.error(text),
            Severity::Warning => self.paint.warning(text),
        }
    }
}

fn shown(text: &str) -> String {
    visible(&without_login(text)).into_owned()
}

fn digits(number: u32) -> usize {
    number.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::finding::{Summary, sample};

    fn page(findings: &[Finding]) -> String {
        render(&sample::report(findings), Paint::Plain, 100)
    }

    /// Renders one finding at the start of line 1 of `text`, without the verdict.
    fn about(file: &str, text: &str, line: u32, column: u32, length: u32) -> String {
        let mut finding = sample::finding(line, column, length);
        finding.place.file = file.into();
        finding.related.clear();
        finding.hint = None;
        let findings = [finding];
        let text_of = |_: &str| Some(text);
        let mut report = sample::report(&findings);
        report.text_of = &text_of;
        let page = render(&report, Paint::Plain, 100);
        page.lines()
            .skip(4)
            .map(|line| format!("{line}\n"))
            .collect()
    }

    #[test]
    fn a_finding_shows_its_line_and_the_one_it_clashes_with() {
        let expected = "\
1 error and 1 warning in 12 files.

error[duplicate-mac]: `b` has the endpoint of `a`
 --> subscribers/maple.toml:5:28
  |
5 |     name = \"日本 e\u{301}\", endpoint = '00:0e:d8:1c:95:08'
  |                                ^^^^^^^^^^^^^^^^^^^
note: first defined here
 --> subscribers/maple.toml:2:12
  |
2 | endpoint = \"00:0e:d8:1c:95:08\"
  |            ^^^^^^^^^^^^^^^^^^^
hint: give one of them another

warning[odd-name]: 50% odd,\\u{202e} and: more\\u{9b}
 --> devices/a b.toml:1:1
";
        assert_eq!(
            page(&[sample::finding(5, 28, 19), sample::warning()]),
            expected
        );
    }

    #[test]
    fn without_findings_the_verdict_says_what_was_looked_at() {
        assert_eq!(
            page(&[]),
            "No findings: 3 devices, 41 subscribers and 5 service plans in 12 files.\n"
        );
        let one = Summary {
            files: 1,
            devices: 1,
            warnings: 2,
            ..Summary::default()
        };
        assert_eq!(one.verdict(), "2 warnings in 1 file.");
        let one = Summary {
            warnings: 0,
            subscribers: 1,
            service_plans: 1,
            ..one
        };
        assert_eq!(
            one.verdict(),
            "No findings: 1 device, 1 subscriber and 1 service plan in 1 file."
        );
    }

    #[test]
    fn line_numbers_of_one_finding_line_up() {
        let text = "first\n\n\n\n\n\n\n\n\ntenth\n";
        assert_eq!(
            about("devices/a.toml", text, 10, 1, 99),
            "   |\n10 | tenth\n   | ^^^^^\n"
        );
        assert_eq!(
            about("devices/a.toml", text, 11, 1, 1),
            "   |\n11 |\n   | ^\n"
        );
        assert_eq!(about("devices/a.toml", text, 12, 1, 1), "");
        assert_eq!(about("devices/a.toml", text, 0, 0, 0), "");
    }

    #[test]
    fn the_ending_of_a_line_is_not_part_of_it() {
        assert_eq!(
            about("devices/a.toml", "a = 1\r\n", 1, 6, 1),
            "  |\n1 | a = 1\n  |      ^\n"
        );
    }

    #[test]
    fn a_secret_finding_shows_no_text_and_keeps_it_from_others() {
        let mut secret = sample::finding(5, 28, 19);
        secret.is_secret = true;
        let mut other = sample::finding(2, 1, 8);
        other.related.clear();
        let page = page(&[other, secret]);
        assert!(!page.contains("00:0e") && !page.contains('|'), "{page}");
        assert!(page.contains(" --> subscribers/maple.toml:5:28\nthe line is not shown"));
        assert!(page.contains("note: first defined here\n --> subscribers/maple.toml:2:12\nhint"));
    }

    #[test]
    fn a_value_that_looks_like_a_secret_is_masked_and_still_marked() {
        assert_eq!(
            about(
                "devices/a.toml",
                "password = \"CANARY-CANARY\" # x\n",
                1,
                12,
                15
            ),
            "  |\n1 | password = \"****\" #****\n  |            ^^^^^^\n"
        );
        assert_eq!(
            about(
                "credentials.toml",
                "a = 1\nssh = { password = { secret = \"gam\" }, x = 'CANARY' }\n",
                2,
                44,
                8
            ),
            "  |\n2 | ssh = { password = { secret = \"gam\" }, x = '****' }\n  |                                            ^^^^^^\n"
        );
        assert_eq!(
            about(
                "devices/a.toml",
                "x = \"\"\"\nCANARY\nCANARY\"\"\"\n",
                2,
                3,
                1
            ),
            "  |\n2 | ****\n  | ^^^^\n"
        );
    }

    #[test]
    fn colour_leaves_the_words_as_they_are() {
        let findings = [sample::finding(5, 28, 19), sample::warning()];
        let page = render(&sample::report(&findings), Paint::Color, 100);
        assert!(
            page.contains("\u{1b}[1;31merror[duplicate-mac]\u{1b}[0m: "),
            "{page}"
        );
        assert!(
            page.contains("\u{1b}[1;33mwarning[odd-name]\u{1b}[0m: "),
            "{page}"
        );
    }
}
