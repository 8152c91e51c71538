//! Lists what the service would do with a plan by itself, what would wait, and for whom.

use std::borrow::Cow;
use std::time::Duration;

use super::super::{counted, listed, visible};
use super::entry::{Entry, Sign};
use super::words::some_names;
use crate::model::DeviceName;

/// The windows that are listed; further ones are only counted.
const MOST_WINDOWS: usize = 8;

/// What the service would do with a plan once its commit is the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceOutlook {
    /// The revision whose `policy.toml` applies, such as `origin/main`.
    pub policy_of: String,
    /// All plans together are refused, so no part of them is applied.
    pub is_refused: bool,
    /// The rollouts that would begin, those without a person first.
    pub rollouts: Vec<RolloutOutlook>,
    /// Devices of which nothing is applied, because their own plan is refused.
    pub refused: Vec<DeviceName>,
    /// Devices that only drifted, where the policy only reports that.
    pub only_reported: Vec<DeviceName>,
    /// The treatment of drift: of all fields, then of single ones.
    pub drift: (&'static str, Vec<(String, &'static str)>),
    /// The windows that have devices of the rollouts.
    pub windows: Vec<WindowOutlook>,
    /// Devices of the rollouts that are in no window, although there are windows.
    pub in_no_window: Vec<DeviceName>,
}

/// One rollout of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutOutlook {
    /// It only restores what devices changed.
    pub is_drift: bool,
    pub steps: usize,
    /// Persons who must approve it: 0, 1 or 2.
    pub approvals: usize,
    /// The reasons for approvals.
    pub because: Vec<String>,
    /// The authors, who may not approve it.
    pub not_by: Vec<String>,
    pub waves: Vec<Vec<DeviceName>>,
    /// The shortest time after a wave.
    pub settle: Duration,
}

/// A window with the devices of the rollouts that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowOutlook {
    /// Such as `mon-fri 22:00 to 04:00 Europe/Vienna`.
    pub hours: String,
    pub devices: Vec<DeviceName>,
}

/// Returns the entries of the part about the service.
pub(super) fn entries(outlook: &ServiceOutlook) -> Vec<Entry> {
    let policy = visible(&outlook.policy_of).into_owned();
    let mut entries = vec![remark(format!("by policy.toml of {policy}"), Vec::new())];
    if outlook.is_refused {
        let head = "applies nothing: the plan as a whole is refused".to_owned();
        entries.push(wrong(head));
    } else if outlook.rollouts.is_empty() {
        entries.push(remark("nothing to apply".to_owned(), Vec::new()));
    }
    entries.extend(outlook.rollouts.iter().map(rollout));
    if !outlook.refused.is_empty() {
        let names = devices(&outlook.refused);
        entries.push(wrong(format!("applies nothing on {names}: refused")));
    }
    if !outlook.only_reported.is_empty() {
        let names = devices(&outlook.only_reported);
        entries.push(remark(format!("only reports drift on {names}"), Vec::new()));
    }
    if !outlook.rollouts.is_empty() {
        entries.extend(windows(outlook));
    }
    entries.push(remark(drift(outlook), Vec::new()));
    entries
}

fn remark(head: String, below: Vec<String>) -> Entry {
    Entry {
        head,
        below,
        weight: 1,
        ..Entry::default()
    }
}

fn wrong(head: String) -> Entry {
    Entry {
        sign: Sign::Wrong,
        ..remark(head, Vec::new())
    }
}

fn rollout(rollout: &RolloutOutlook) -> Entry {
    let who = match rollout.approvals {
        0 => "applies by itself",
        1 => "waits for the approval of one person",
        _ => "waits for the approval of two persons",
    };
    let what = match rollout.is_drift {
        true => " that restore drift",
        false => "",
    };
    let all: Vec<DeviceName> = rollout.waves.iter().flatten().cloned().collect();
    let steps = counted(rollout.steps, "step");
    let mut below = Vec::new();
    if rollout.approvals > 0 && !rollout.because.is_empty() {
        below.push(format!("because {}", listed(&rollout.because)));
    }
    if !rollout.not_by.is_empty() {
        let authors = rollout.not_by.iter().map(|author| visible(author));
        let authors: Vec<Cow<'_, str>> = authors.collect();
        let authors = some_names(authors.into_iter());
        below.push(format!("not by an author of these commits: {authors}"));
    }
    below.extend(waves(rollout));
    remark(format!("{who}: {steps}{what} on {}", devices(&all)), below)
}

/// Names the waves, if there is more than one.
fn waves(rollout: &RolloutOutlook) -> Option<String> {
    let (first, rest) = rollout.waves.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let rest = rest
        .iter()
        .map(|wave| format!(", then {}", counted(wave.len(), "device")));
    Some(format!(
        "in {}: first {}{}; at least {} between two waves",
        counted(rollout.waves.len(), "wave"),
        devices(first),
        rest.collect::<String>(),
        duration(rollout.settle)
    ))
}

fn duration(duration: Duration) -> String {
    let seconds = usize::try_from(duration.as_secs()).unwrap_or(usize::MAX);
    match seconds {
        0 => "0 seconds".to_owned(),
        whole if whole.is_multiple_of(3600) => counted(whole / 3600, "hour"),
        whole if whole.is_multiple_of(60) => counted(whole / 60, "minute"),
        seconds => counted(seconds, "second"),
    }
}

fn windows(outlook: &ServiceOutlook) -> Vec<Entry> {
    if outlook.windows.is_empty() && outlook.in_no_window.is_empty() {
        let head = "at any time: the policy has no windows".to_owned();
        return vec![remark(head, Vec::new())];
    }
    let shown = outlook.windows.iter().take(MOST_WINDOWS);
    let mut entries: Vec<Entry> = shown
        .map(|window| {
            let names = devices(&window.devices);
            remark(format!("only {}: {names}", window.hours), Vec::new())
        })
        .collect();
    let left = outlook.windows.len().saturating_sub(MOST_WINDOWS);
    if left > 0 {
        let left = counted(left, "more window");
        entries.push(remark(format!("or in {left}"), Vec::new()));
    }
    if !outlook.in_no_window.is_empty() {
        let names = devices(&outlook.in_no_window);
        let head = format!("never on {names}: in no window of the policy");
        entries.push(wrong(head));
    }
    entries
}

fn drift(outlook: &ServiceOutlook) -> String {
    let (default, fields) = &outlook.drift;
    let mut text = format!("drift that devices have by then: {default}");
    if !fields.is_empty() {
        let fields = fields
            .iter()
            .map(|(field, how)| Cow::Owned(format!("{field} {how}")));
        let fields: Vec<Cow<'_, str>> = fields.collect();
        text.push_str(&format!("; {}", some_names(fields.into_iter())));
    }
    text
}

/// Returns devices by name; of many, the first ones and a count.
fn devices(names: &[DeviceName]) -> String {
    let shown = names.iter().map(|name| Cow::Owned(name.to_string()));
    let shown: Vec<Cow<'_, str>> = shown.collect();
    match names.len() {
        1 => shown.concat(),
        count => format!(
            "{} ({})",
            counted(count, "device"),
            some_names(shown.into_iter())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<DeviceName> {
        names
            .iter()
            .map(|name| DeviceName::new(name).unwrap())
            .collect()
    }

    fn lines(outlook: &ServiceOutlook) -> Vec<String> {
        let entries = entries(outlook).into_iter();
        entries
            .flat_map(|entry| std::iter::once(entry.head).chain(entry.below))
            .collect()
    }

    fn outlook() -> ServiceOutlook {
        ServiceOutlook {
            policy_of: "origin/main".to_owned(),
            drift: ("reported", vec![("subscriber.vlan".to_owned(), "restored")]),
            ..ServiceOutlook::default()
        }
    }

    #[test]
    fn it_says_what_goes_by_itself_and_what_waits_for_whom() {
        let mut outlook = outlook();
        outlook.rollouts = vec![
            RolloutOutlook {
                is_drift: false,
                steps: 3,
                approvals: 0,
                because: Vec::new(),
                not_by: Vec::new(),
                waves: vec![names(&["oak"]), names(&["elm", "fir"])],
                settle: Duration::from_mins(2),
            },
            RolloutOutlook {
                is_drift: false,
                steps: 1,
                approvals: 2,
                because: vec!["1 subscriber or endpoint would be removed".to_owned()],
                not_by: vec!["Ann".to_owned()],
                waves: vec![names(&["pine"])],
                settle: Duration::from_mins(2),
            },
        ];
        outlook.windows = vec![WindowOutlook {
            hours: "mon-fri 22:00 to 04:00 Europe/Vienna".to_owned(),
            devices: names(&["elm", "fir", "oak"]),
        }];
        outlook.in_no_window = names(&["pine"]);
        assert_eq!(
            lines(&outlook),
            [
                "by policy.toml of origin/main",
                "applies by itself: 3 steps on 3 devices (oak, elm and fir)",
                "in 2 waves: first oak, then 2 devices; at least 2 minutes between two waves",
                "waits for the approval of two persons: 1 step on pine",
                "because 1 subscriber or endpoint would be removed",
                "not by an author of these commits: Ann",
                "only mon-fri 22:00 to 04:00 Europe/Vienna: 3 devices (elm, fir and oak)",
                "never on pine: in no window of the policy",
                "drift that devices have by then: reported; subscriber.vlan restored",
            ]
        );
    }

    #[test]
    fn of_a_refused_plan_nothing_is_applied() {
        let mut outlook = outlook();
        outlook.is_refused = true;
        let lines = lines(&outlook);
        assert_eq!(lines[1], "applies nothing: the plan as a whole is refused");
        assert_eq!(lines.len(), 3, "{lines:?}");
    }

    #[test]
    fn hundreds_of_devices_and_windows_stay_short() {
        let many: Vec<String> = (0..500).map(|number| format!("dev-{number}")).collect();
        let many = names(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let mut outlook = outlook();
        outlook.rollouts = vec![RolloutOutlook {
            is_drift: true,
            steps: 500,
            approvals: 1,
            because: vec!["the policy asks a person".to_owned()],
            not_by: Vec::new(),
            waves: vec![many.clone()],
            settle: Duration::ZERO,
        }];
        let window = WindowOutlook {
            hours: "every day 00:00 to 24:00 UTC".to_owned(),
            devices: many.clone(),
        };
        outlook.windows = vec![window; 30];
        outlook.refused.clone_from(&many);
        outlook.only_reported = many;
        let text = lines(&outlook).join("\n");
        assert!(text.len() < 2_500, "{}", text.len());
        assert!(text.contains("or in 22 more windows"), "{text}");
    }
}
