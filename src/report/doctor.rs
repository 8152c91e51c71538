//! Renders the checks of `doctor`, a line for each, with the next step if one is needed.

use serde::Serialize;

use super::alike::alike;
use super::fold::fold;
use super::{Exit, Paint, counted, visible};

/// The result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Ok,
    /// It works, but a person should look at it.
    Warning,
    /// A device does not answer, which is not a fault of gamctl's setup.
    Unreachable,
    Problem,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// `inventory`, `secrets`, `store`, `state`, `service`, or a device.
    pub area: String,
    pub level: Level,
    pub what: String,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Check {
    pub fn ok(area: &str, what: impl Into<String>) -> Self {
        Self {
            area: area.to_owned(),
            level: Level::Ok,
            what: what.into(),
            next: None,
        }
    }

    pub fn of(area: &str, level: Level, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            area: area.to_owned(),
            level,
            what: what.into(),
            next: Some(next.into()),
        }
    }
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unreachable | Self::Problem => "problem",
        }
    }
}

/// Joins checks that found the same on several devices: one cause is one check, under `devices`, with their names.
pub fn joined(checks: Vec<Check>) -> Vec<Check> {
    let mut groups: Vec<(Check, Vec<String>)> = Vec::new();
    for check in checks {
        let is_same = |known: &&mut (Check, Vec<String>)| {
            let (first, devices) = known;
            let is_other = !devices.contains(&check.area);
            let same = alike([
                (first.area.clone(), first.what.clone()),
                (check.area.clone(), check.what.clone()),
            ]);
            check.level != Level::Ok
                && is_other
                && (first.level, &first.next) == (check.level, &check.next)
                && same.len() == 1
        };
        match groups.iter_mut().find(is_same) {
            Some((_, devices)) => devices.push(check.area),
            None => {
                let devices = vec![check.area.clone()];
                groups.push((check, devices));
            }
        }
    }
    let checks = groups.into_iter().map(|(check, devices)| {
        let found = devices.into_iter().map(|device| {
            let what = check.what.replace(check.area.as_str(), &device);
            (device, what)
        });
        let mut found = alike(found);
        match (found.pop(), found.is_empty()) {
            (Some(same), true) if same.devices.len() > 1 => Check {
                area: "devices".to_owned(),
                what: format!("{} ({})", same.head(), same.names().unwrap_or_default()),
                ..check
            },
            _ => check,
        }
    });
    checks.collect()
}

/// Renders the checks in the given order.
pub fn checks(checks: &[Check], paint: Paint, width: usize) -> String {
    let widest = checks
        .iter()
        .map(|check| visible(&check.area).chars().count());
    let widest = widest.max().unwrap_or(0);
    let indent = 9 + widest + 2;
    let mut text = String::new();
    for check in checks {
        let word = format!("{:<9}", check.level.word());
        let word = match check.level {
            Level::Ok => paint.added(&word),
            Level::Warning => paint.warning(&word),
            Level::Unreachable | Level::Problem => paint.error(&word),
        };
        let area = format!("{:<widest$}", visible(&check.area));
        let room = width.max(indent + 40);
        let said = fold(&visible(&check.what), indent, indent, room).join("\n");
        text.push_str(&format!("{word}{area}  {}\n", said.trim_start()));
        if let Some(next) = &check.next {
            let next = format!("→ {}", visible(next));
            text.push_str(&fold(&next, indent, indent + 2, room).join("\n"));
            text.push('\n');
        }
    }
    text
}

/// Renders the verdict in a sentence.
pub fn doctor_verdict(checks: &[Check]) -> String {
    let count = |level: Level| checks.iter().filter(|check| check.level == level).count();
    let problems = count(Level::Problem) + count(Level::Unreachable);
    match (problems, count(Level::Warning)) {
        (0, 0) => "Ready to apply.".to_owned(),
        (0, warnings) => format!(
            "{}, otherwise ready to apply.",
            counted(warnings, "warning")
        ),
        (problems, 0) => format!("{}.", counted(problems, "problem")),
        (problems, warnings) => format!(
            "{}, {}.",
            counted(problems, "problem"),
            counted(warnings, "warning")
        ),
    }
}

/// Returns the exit code: problems here take precedence over devices that do not answer; `reached` devices do.
pub fn doctor_exit(checks: &[Check], reached: usize) -> Exit {
    match checks.iter().map(|check| check.level).max() {
        Some(Level::Problem) => Exit::Failed,
        Some(Level::Unreachable) => Exit::of_looks(reached, 1),
        Some(Level::Ok | Level::Warning) | None => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_how_it_is_without_colour_and_what_to_do() {
        let all = [
            Check::ok("store", "SQLite 3.50"),
            Check::of(
                "maple-a",
                Level::Unreachable,
                "no answer\u{1b}",
                "look at its power",
            ),
        ];
        assert_eq!(
            checks(&all, Paint::Plain, 80),
            "ok       store    SQLite 3.50\n\
             problem  maple-a  no answer\\u{1b}\n\
             \x20                 → look at its power\n"
        );
    }

    #[test]
    fn our_own_problems_decide_the_exit_before_devices_that_do_not_answer() {
        let of = |levels: &[Level]| -> Vec<Check> {
            let levels = levels.iter();
            levels
                .map(|level| Check::of("a", *level, "b", "c"))
                .collect()
        };
        use Level::{Ok, Problem, Unreachable, Warning};
        for (levels, exit, verdict) in [
            (&[][..], Exit::Done, "Ready to apply."),
            (
                &[Ok, Warning],
                Exit::Done,
                "1 warning, otherwise ready to apply.",
            ),
            (
                &[Unreachable, Warning],
                Exit::Unobservable,
                "1 problem, 1 warning.",
            ),
            (&[Unreachable, Problem], Exit::Failed, "2 problems."),
        ] {
            assert_eq!(doctor_exit(&of(levels), 1), exit);
            assert_eq!(doctor_verdict(&of(levels)), verdict);
        }
        assert_eq!(doctor_exit(&of(&[Ok, Unreachable]), 0), Exit::Failed);
    }

    #[test]
    fn one_cause_on_many_devices_is_joined_with_their_names() {
        let of = |area: &str, what: &str| Check::of(area, Level::Problem, what, "set it");
        let all = joined(vec![
            Check::ok("oak-0", "GAM-4-CX"),
            of("oak-1", "the secret `gam-ssh` has no value"),
            of("oak-2", "the secret `gam-ssh` has no value"),
            of("oak-3", "another serial number"),
        ]);
        let found: Vec<(&str, &str)> = all
            .iter()
            .map(|check| (check.area.as_str(), check.what.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("oak-0", "GAM-4-CX"),
                (
                    "devices",
                    "2 devices: the secret `gam-ssh` has no value (oak-1, oak-2)"
                ),
                ("oak-3", "another serial number"),
            ]
        );
    }
}
