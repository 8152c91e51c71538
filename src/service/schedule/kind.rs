//! Defines the kinds of read, their priorities and outcomes, and values for each kind.

/// The kinds of read, the narrowest first: each reads all that the kinds before it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadKind {
    /// One request: identity, uptime, number of alarms.
    Probe,
    /// State and rates of all ports and endpoints.
    Poll,
    /// All of a poll, and the configuration.
    Look,
}

impl ReadKind {
    pub const ALL: [Self; 3] = [Self::Probe, Self::Poll, Self::Look];

    /// Returns the word for labels of metrics and for pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Poll => "poll",
            Self::Look => "look",
        }
    }

    /// Returns whether a read of this kind also does the work of `other`.
    pub fn fulfils(self, other: Self) -> bool {
        other <= self
    }
}

/// The order of due devices. The first variant is the highest priority; `Ord` follows the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person waits: "look now", or the page of a subscriber is open.
    Person,
    /// The plan differs at the new target.
    Commit,
    /// The device restarted, sent a trap, or has another number of alarms.
    Restarted,
    /// An apply ended.
    Verify,
    /// The interval has passed.
    Scheduled,
    /// The interval has passed, and the last read failed.
    Failing,
}

impl Priority {
    pub const ALL: [Self; 6] = [
        Self::Person,
        Self::Commit,
        Self::Restarted,
        Self::Verify,
        Self::Scheduled,
        Self::Failing,
    ];

    /// Returns the word for labels of metrics and for pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Commit => "commit",
            Self::Restarted => "restarted",
            Self::Verify => "verify",
            Self::Scheduled => "scheduled",
            Self::Failing => "failing",
        }
    }

    /// Returns the higher of two priorities.
    #[must_use]
    pub fn higher(self, other: Self) -> Self {
        self.min(other)
    }
}

/// The outcome of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Completed,
    /// The device did not answer, denied access, or answered with errors. It counts as failing until a read completes.
    Failed,
}

/// One value for each kind of read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerKind<T> {
    pub probe: T,
    pub poll: T,
    pub look: T,
}

impl<T> PerKind<T> {
    /// Builds the values by calling `value` once for each kind.
    pub fn of(mut value: impl FnMut(ReadKind) -> T) -> Self {
        Self {
            probe: value(ReadKind::Probe),
            poll: value(ReadKind::Poll),
            look: value(ReadKind::Look),
        }
    }

    pub fn get(&self, kind: ReadKind) -> &T {
        match kind {
            ReadKind::Probe => &self.probe,
            ReadKind::Poll => &self.poll,
            ReadKind::Look => &self.look,
        }
    }

    pub fn get_mut(&mut self, kind: ReadKind) -> &mut T {
        match kind {
            ReadKind::Probe => &mut self.probe,
            ReadKind::Poll => &mut self.poll,
            ReadKind::Look => &mut self.look,
        }
    }
}

/// The time at which each kind of read is due next, in milliseconds since 1970. `None`: this kind is not scheduled.
pub type DueTimes = PerKind<Option<u64>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_fulfils_every_kind_and_a_probe_only_itself() {
        for kind in ReadKind::ALL {
            assert!(ReadKind::Look.fulfils(kind));
            assert_eq!(ReadKind::Probe.fulfils(kind), kind == ReadKind::Probe);
        }
        assert!(ReadKind::Poll.fulfils(ReadKind::Probe));
        assert!(!ReadKind::Poll.fulfils(ReadKind::Look));
    }

    #[test]
    fn a_person_has_the_highest_priority_and_a_failing_device_the_lowest() {
        for priority in Priority::ALL {
            assert_eq!(priority.higher(Priority::Person), Priority::Person);
            assert_eq!(priority.higher(Priority::Failing), priority);
        }
        assert!(Priority::ALL.is_sorted());
    }
}
