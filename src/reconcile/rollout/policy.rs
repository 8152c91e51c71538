//! Turns the keys of `policy.toml` into the settings of rollouts.

use super::{
    ApprovalSettings, DriftPolicy, DriftSettings, Percent, TwoPersonCase, WaveSettings, Window,
    WindowError, WindowState, Windows,
};
use crate::inventory::text::{self, CommitPolicy};
use crate::inventory::{self, ServicePolicy};

/// What the service applies by itself, and how.
#[derive(Debug, Clone)]
pub struct RolloutPolicy {
    pub commits: CommitPolicy,
    pub drift: DriftSettings,
    pub waves: WaveSettings,
    pub approval: ApprovalSettings,
    /// `None`: a window cannot be read, so that none is open.
    windows: Option<Windows>,
}

impl RolloutPolicy {
    pub fn of(policy: &ServicePolicy) -> Self {
        let fields = policy.drift_by_field.iter();
        let windows: Result<Vec<Window>, WindowError> = policy.windows.iter().map(window).collect();
        let cases = policy.two_persons.iter().map(|case| match case {
            text::TwoPersonCase::Removals => TwoPersonCase::Removals,
            text::TwoPersonCase::OverLimit => TwoPersonCase::OverLimit,
        });
        Self {
            commits: policy.commits,
            drift: DriftSettings {
                default: drift(policy.drift),
                fields: fields
                    .map(|(field, policy)| ((*field).to_owned(), drift(*policy)))
                    .collect(),
            },
            waves: WaveSettings {
                first: policy.waves.first,
                then: policy
                    .waves
                    .then
                    .iter()
                    .map(|share| Percent(u32::from(share.percent())))
                    .collect(),
                settle: policy.waves.settle,
            },
            approval: ApprovalSettings {
                two_persons: cases.collect(),
            },
            windows: windows.ok().map(Windows::new),
        }
    }

    /// Returns whether writes to the devices of a site are allowed now.
    pub fn window(&self, site: Option<&str>, now: u64) -> WindowState {
        match &self.windows {
            Some(windows) => windows.state(site, now),
            None => WindowState::Closed { opens: None },
        }
    }

    /// Returns whether work that starts now ends while writes are still allowed.
    pub fn would_end_inside(&self, site: Option<&str>, now: u64, expected_seconds: u64) -> bool {
        let windows = self.windows.as_ref();
        windows.is_some_and(|windows| windows.would_end_inside(site, now, expected_seconds))
    }
}

fn drift(policy: text::DriftPolicy) -> DriftPolicy {
    match policy {
        text::DriftPolicy::Report => DriftPolicy::Report,
        text::DriftPolicy::Ask => DriftPolicy::Ask,
        text::DriftPolicy::Restore => DriftPolicy::Restore,
    }
}

fn window(window: &inventory::Window) -> Result<Window, WindowError> {
    let mut day = chrono::Weekday::Mon;
    let mut days = chrono::WeekdaySet::EMPTY;
    for _ in 0..7 {
        if window.days.contains(day) {
            days.insert(day);
        }
        day = day.succ();
    }
    let (from, to) = (window.from.minutes(), window.to.minutes());
    Window::new(&window.sites, days, from, to, window.zone)
}
