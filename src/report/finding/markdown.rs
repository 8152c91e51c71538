//! Renders findings as Markdown within a byte limit, for a comment on a pull request.

use super::FindingReport;
use super::login::without_login;
use crate::model::{Finding, Severity, SourceLocation};
use crate::report::{counted, escaped_markdown};

/// Bytes reserved for the line about findings that do not fit, and for what a command prints before.
const RESERVE: usize = 400;

/// The number of findings above which they are folded away below the verdict.
const UNFOLDED: usize = 10;

/// Renders the errors first: they are the reason that there is no plan.
pub(super) fn render(report: &FindingReport<'_>, max_bytes: usize) -> String {
    let mut text = format!("**{}**\n\n", report.summary.verdict());
    let mut sorted: Vec<&Finding> = report.findings.iter().collect();
    sorted.sort_by_key(|finding| finding.severity != Severity::Error);
    let is_folded = sorted.len() > UNFOLDED;
    if is_folded {
        let count = counted(sorted.len(), "finding");
        text.push_str(&format!("<details><summary>{count}</summary>\n\n"));
    }
    let room = max_bytes.saturating_sub(RESERVE);
    let mut left = 0;
    for finding in sorted {
        let item = item(report, finding);
        if left > 0 || text.len() + item.len() > room {
            left += 1;
        } else {
            text.push_str(&item);
        }
    }
    if left > 0 {
        let count = counted(left, "finding");
        text.push_str(&format!(
            "\n_{count} more did not fit into {max_bytes} bytes; `gamctl validate` shows all._\n"
        ));
    }
    if is_folded {
        text.push_str("\n</details>\n");
    }
    text
}

fn item(report: &FindingReport<'_>, finding: &Finding) -> String {
    let shown = |text: &str| escaped_markdown(&without_login(text));
    let severity = finding.severity;
    let rule = match report.web.docs {
        Some(docs) => format!("[`{0}`]({docs}/findings.md#{0})", finding.rule.id),
        None => format!("`{}`", finding.rule.id),
    };
    let mut text = format!(
        "- {severity} {rule} {}: {}\n",
        place(report, &finding.place),
        shown(&finding.message)
    );
    for related in &finding.related {
        let place = place(report, &related.place);
        text.push_str(&format!("  - {}: {place}\n", shown(&related.message)));
    }
    if let Some(hint) = &finding.hint {
        text.push_str(&format!("  - hint: {}\n", shown(hint)));
    }
    text
}

/// Returns the place, as a link where the forge and the commit are known.
fn place(report: &FindingReport<'_>, place: &SourceLocation) -> String {
    let shown = escaped_markdown(&format!("{}:{}", place.file, place.line));
    match (report.web.forge, &report.summary.commit) {
        (Some(forge), Some(commit)) => {
            let path = report.path_in_repository(&place.file);
            format!("[{shown}]({})", forge.line(commit, &path, place.line))
        }
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CiJob, Forge};
    use crate::report::finding::{Web, sample};

    fn forge() -> Forge {
        let variable = |name: &str| match name {
            "GITLAB_CI" => Some("true".to_owned()),
            "CI_PROJECT_URL" => Some("https://git.example.net/isp/network".to_owned()),
            _ => None,
        };
        CiJob::of(&variable).unwrap().forge.unwrap()
    }

    #[test]
    fn a_finding_links_to_its_line_at_the_commit_and_to_its_rule() {
        let findings = [sample::warning(), sample::finding(5, 28, 19)];
        let mut report = sample::report(&findings);
        report.summary.commit = Some("c0ffee".to_owned());
        let forge = forge();
        report.web = Web {
            forge: Some(&forge),
            docs: Some("https://docs.example.net/gamctl"),
        };
        let text = render(&report, 60_000);
        let line = "- error [`duplicate-mac`](https://docs.example.net/gamctl/findings.md#duplicate-mac) \
                    [subscribers/maple.toml:5](https://git.example.net/isp/network/-/blob/c0ffee/inventory.example/\
                    subscribers/maple.toml#L5): \\`b\\` has the endpoint of \\`a\\`\n";
        assert!(text.contains(line), "{text}");
        assert!(
            text.contains("  - hint: give one of them another\n"),
            "{text}"
        );
        let [error, warning] = ["- error", "- warning"].map(|word| text.find(word).unwrap());
        assert!(error < warning, "{text}");
    }

    #[test]
    fn findings_that_do_not_fit_are_counted_and_many_are_folded() {
        let findings: Vec<Finding> = (0..500).map(|_| sample::finding(5, 28, 19)).collect();
        let text = render(&sample::report(&findings), 4_000);
        assert!(text.len() <= 4_000, "{}", text.len());
        let shown = text.matches("- error").count();
        assert!(text.contains(&format!("_{} findings more did not fit", 500 - shown)));
        assert!(text.contains("<details><summary>500 findings</summary>\n\n"));
        assert!(text.ends_with("</details>\n"));
    }
}
