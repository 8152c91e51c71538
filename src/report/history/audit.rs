//! Renders the audit log: actions and refusals, with their users.

use serde::Serialize;

use super::super::document::time;
use super::super::fold::fold;
use super::super::{Paint, counted, moment, short_id, visible};

/// Entries without a run belong together if they were written within this many seconds.
const SAME_TIME: u64 = 5;

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditLine {
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
    pub who: String,
    pub verb: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub is_refused: bool,
    pub what: String,
    /// The number of objects that it is about, for an adoption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<uuid::Uuid>,
}

/// Entries of one run that are about the same: the objects of an adoption are summed.
struct Sum<'a> {
    first: &'a AuditLine,
    subjects: Vec<&'a str>,
    objects: u64,
}

/// Renders the audit log in the given order: a line each, longer ones folded. An adoption is one line for each run.
pub fn audit_lines(lines: &[AuditLine], paint: Paint, width: usize) -> String {
    let mut text = String::new();
    for sum in summed(lines) {
        let AuditLine {
            at,
            who,
            verb,
            is_refused,
            run,
            ..
        } = sum.first;
        let mut said = format!("{}  {}  ", moment(*at), visible(who));
        said.push_str(&visible(verb));
        if *is_refused {
            said.push_str(" REFUSED");
        }
        said.push_str(&format!("  {}", about(&sum)));
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

/// Sums consecutive entries with a number of objects, of one run and user.
fn summed(lines: &[AuditLine]) -> Vec<Sum<'_>> {
    let mut sums: Vec<Sum<'_>> = Vec::new();
    for line in lines {
        // The id of a freeze; the sentence names its devices.
        let is_id = |text: &&str| uuid::Uuid::try_parse(text).is_ok();
        let subject = line.subject.as_deref().filter(|text| !is_id(text));
        let last = sums.last_mut().filter(|sum| {
            let first = sum.first;
            let is_same_time = line.run.is_some() || first.at.abs_diff(line.at) <= SAME_TIME;
            (line.objects.is_some() && first.objects.is_some())
                && (&first.who, &first.verb, first.run) == (&line.who, &line.verb, line.run)
                && is_same_time
        });
        match last {
            Some(sum) => {
                sum.subjects.extend(subject);
                sum.objects += line.objects.unwrap_or_default();
            }
            None => sums.push(Sum {
                first: line,
                subjects: subject.into_iter().collect(),
                objects: line.objects.unwrap_or_default(),
            }),
        }
    }
    sums
}

/// Renders a subject: a device, a scope, or the short form of the id of a plan.
fn subject(text: &str) -> String {
    let is_plan = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.get(..12).filter(|_| is_plan) {
        Some(short) => format!("plan {short}"),
        None => visible(text).into_owned(),
    }
}

/// Renders what an entry is about: devices or objects, then the sentence.
fn about(sum: &Sum<'_>) -> String {
    let what = visible(&sum.first.what);
    let objects = usize::try_from(sum.objects).unwrap_or(usize::MAX);
    match (sum.subjects.as_slice(), sum.first.objects) {
        ([], _) => what.into_owned(),
        ([one], None) => format!("{}: {what}", subject(one)),
        ([one], Some(_)) => format!("{}: {}, {what}", visible(one), counted(objects, "object")),
        (many, _) => {
            let mut names: Vec<String> =
                many.iter().map(|name| visible(name).into_owned()).collect();
            names.sort();
            let what = what.split(':').next().unwrap_or_default().to_owned();
            format!(
                "{}: {}, {what}: {}",
                counted(names.len(), "device"),
                counted(objects, "object"),
                names.join(", ")
            )
        }
    }
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
            subject: Some("oak-*".to_owned()),
            is_refused: true,
            what: "three removals\u{1b}[2J are too many".to_owned(),
            objects: None,
            run: Some(uuid::Uuid::from_u128(0x89ab)),
        };
        assert_eq!(
            audit_lines(&[line], Paint::Plain, 70),
            "2026-11-21 16:32 UTC  ada@noc  apply REFUSED  oak-*: three\n    removals\\u{1b}[2J are too many (run 0000000089ab)\n"
        );
    }

    #[test]
    fn an_adoption_is_one_line_for_each_run_with_its_devices_and_the_sum_of_its_objects() {
        let line = |device: &str, objects: u64, run: u128| AuditLine {
            at: 1_795_278_720,
            who: "ada@noc".to_owned(),
            verb: "adopt".to_owned(),
            subject: Some(device.to_owned()),
            is_refused: false,
            what: "adopted".to_owned(),
            objects: Some(objects),
            run: Some(uuid::Uuid::from_u128(run)),
        };
        let lines = [
            line("oak-2", 3, 1),
            line("oak-1", 4, 1),
            line("oak-1", 5, 2),
        ];
        assert_eq!(
            audit_lines(&lines, Paint::Plain, 120),
            "2026-11-21 16:32 UTC  ada@noc  adopt  2 devices: 7 objects, adopted: oak-1, oak-2 (run 000000000001)\n\
             2026-11-21 16:32 UTC  ada@noc  adopt  oak-1: 5 objects, adopted (run 000000000002)\n"
        );
    }
}
