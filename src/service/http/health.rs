//! Answers `/livez` and `/readyz`: whether this process works, and whether it has what it needs to work on devices.

use std::time::Duration;

/// The scheduler ticks at least this often, or the process is stuck.
const TICK: Duration = Duration::from_secs(30);

/// The facts of both answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HealthFacts {
    /// The time since the last tick of the scheduler; left out: it has not started.
    pub(super) since_tick: Option<Duration>,
    pub(super) has_target: bool,
    pub(super) is_stopping: bool,
    /// A task that failed too often in a row.
    pub(super) stuck_task: Option<&'static str>,
    pub(super) store_is_away: bool,
}

/// An answer: whether it is positive, and one line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Health {
    pub(super) is_well: bool,
    pub(super) line: String,
}

impl HealthFacts {
    /// Returns whether this process works at all: a supervisor restarts one that does not.
    pub(super) fn live(&self) -> Health {
        match self.since_tick {
            Some(since) if since > TICK => not(format!(
                "the scheduler has not run for {} s",
                since.as_secs()
            )),
            _ => well("live".to_owned()),
        }
    }

    /// Returns whether the instance can work. Without the store it is degraded, and still answers.
    pub(super) fn ready(&self) -> Health {
        if self.is_stopping {
            return not("it is stopping".to_owned());
        }
        if let Some(task) = self.stuck_task {
            return not(format!("the task `{task}` fails again and again"));
        }
        if !self.has_target {
            return not("no target yet; `gamctl status` shows why".to_owned());
        }
        match self.store_is_away {
            true => well("degraded: the store does not answer".to_owned()),
            false => well("ready".to_owned()),
        }
    }
}

fn well(line: String) -> Health {
    Health {
        is_well: true,
        line,
    }
}

fn not(line: String) -> Health {
    Health {
        is_well: false,
        line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> HealthFacts {
        HealthFacts {
            since_tick: Some(Duration::from_secs(1)),
            has_target: true,
            ..HealthFacts::default()
        }
    }

    #[test]
    fn a_scheduler_that_stands_still_is_not_live() {
        assert!(facts().live().is_well);
        let still = HealthFacts {
            since_tick: Some(Duration::from_secs(31)),
            ..facts()
        };
        assert_eq!(
            still.live(),
            not("the scheduler has not run for 31 s".to_owned())
        );
        let starting = HealthFacts::default();
        assert!(starting.live().is_well, "it has not started yet");
    }

    #[test]
    fn an_instance_without_the_store_is_degraded_and_still_ready() {
        assert_eq!(facts().ready(), well("ready".to_owned()));
        let away = HealthFacts {
            store_is_away: true,
            ..facts()
        };
        assert!(away.ready().is_well);
        assert!(away.ready().line.starts_with("degraded"));
        for unready in [
            HealthFacts {
                is_stopping: true,
                ..facts()
            },
            HealthFacts {
                has_target: false,
                ..facts()
            },
            HealthFacts {
                stuck_task: Some("fetch"),
                ..facts()
            },
        ] {
            assert!(!unready.ready().is_well, "{unready:?}");
        }
    }
}
