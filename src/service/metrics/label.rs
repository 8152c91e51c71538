//! Defines an enum for each label with a closed set of values: no label is misspelt or unbounded.

use crate::model::ConditionWord;

/// A label whose values are known when the program is built.
pub trait LabelValue: Copy + Eq + 'static {
    /// The name of the label, such as `kind`.
    const NAME: &'static str;
    const ALL: &'static [Self];
    /// The values as they are exported, in the order of `ALL`.
    const WORDS: &'static [&'static str];

    /// Returns the position in `ALL`.
    fn index(self) -> usize;

    fn word(self) -> &'static str {
        Self::WORDS.get(self.index()).copied().unwrap_or_default()
    }

    /// Returns the value with this word: the way from the words that other modules use.
    fn from_word(word: &str) -> Option<Self> {
        let at = Self::WORDS.iter().position(|one| *one == word)?;
        Self::ALL.get(at).copied()
    }
}

macro_rules! label {
    ($(#[$doc:meta])* $type:ident, $name:literal: $($variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($variant),+
        }

        impl LabelValue for $type {
            const NAME: &'static str = $name;
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

/// The condition of a device, by the words that pages and the command line show.
impl LabelValue for ConditionWord {
    const NAME: &'static str = "condition";
    const ALL: &'static [Self] = Self::ALL;
    const WORDS: &'static [&'static str] = Self::WORDS;

    fn index(self) -> usize {
        self as usize
    }
}

label! {
    /// The state of a subscriber in the inventory.
    SubscriberState, "state":
    Active = "active",
    Suspended = "suspended",
    Pending = "pending",
}

label! {
    /// The extent of a read: one request, health, or everything.
    LookKind, "kind":
    Probe = "probe",
    Poll = "poll",
    Look = "look",
}

label! {
    /// The end of a probe, poll or look.
    LookResult, "result":
    Complete = "complete",
    Partial = "partial",
    Unreachable = "unreachable",
    Denied = "denied",
    Failed = "failed",
}

label! {
    /// Why a device is due, the most urgent first.
    LookPriority, "priority":
    Person = "person",
    Commit = "commit",
    Restarted = "restarted",
    Verify = "verify",
    Scheduled = "scheduled",
    Failing = "failing",
}

label! {
    /// The progress of a device in the current rollout.
    RolloutState, "state":
    Waiting = "waiting",
    Applying = "applying",
    Applied = "applied",
    Failed = "failed",
    Skipped = "skipped",
}

label! {
    /// The outcome of an apply on one device, by the words that the store has.
    ApplyOutcome, "outcome":
    Unchanged = "unchanged",
    Applied = "applied",
    Unsaved = "unsaved",
    RolledBack = "rolled-back",
    Stuck = "stuck",
    Refused = "refused",
    Moved = "moved",
    Unreachable = "unreachable",
    Interrupted = "interrupted",
}

label! {
    /// A limit of `policy.toml`, by its key there; the last three are limits of lanes only.
    BudgetLimit, "limit":
    RemovalsPerDevice = "removals_per_device",
    Removals = "removals",
    Interruptions = "interruptions",
    Slower = "slower",
    Suspensions = "suspensions",
    Reassignments = "reassignments",
    Devices = "devices",
    Additions = "additions",
    Changes = "changes",
    Moves = "moves",
}

label! {
    /// The end of a span of a trace.
    TraceResult, "result":
    Exported = "exported",
    Dropped = "dropped",
}

label! {
    /// A kind of work that the store did.
    StoreOperation, "operation":
    Read = "read",
    Write = "write",
    Heartbeat = "heartbeat",
}

label! {
    /// A task of the service.
    Task, "task":
    Heartbeat = "heartbeat",
    Fetch = "fetch",
    Target = "target",
    Status = "status",
    Rollout = "rollout",
    Recover = "recover",
    Billing = "billing",
}

label! {
    /// A task that only one instance runs at a time.
    LeaderTask, "task":
    Fetch = "fetch",
    Rollout = "rollout",
    Billing = "billing",
}

label! {
    /// The result of a run of the sync with a billing system.
    BillingResult, "result":
    Committed = "committed",
    Nothing = "nothing",
    HeldBack = "held-back",
    Incomplete = "incomplete",
    Failed = "failed",
}

label! {
    /// The answer to a webhook of a billing system.
    HookResult, "result":
    Accepted = "accepted",
    Refused = "refused",
}

label! {
    /// The class of a service of billing.
    ServiceClass, "class":
    InSync = "in-sync",
    Change = "change",
    New = "new",
    Waiting = "waiting",
    Held = "held",
    Contested = "contested",
    Quarantined = "quarantined",
    Gone = "gone",
    OutOfScope = "out-of-scope",
}

label! {
    /// The first digit of an HTTP status.
    StatusClass, "status":
    Informational = "1xx",
    Success = "2xx",
    Redirection = "3xx",
    ClientError = "4xx",
    ServerError = "5xx",
}

impl StatusClass {
    /// Returns the class of a status; a status that HTTP does not define is an error of the server.
    pub fn of(status: u16) -> Self {
        match status / 100 {
            1 => Self::Informational,
            2 => Self::Success,
            3 => Self::Redirection,
            4 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check<L: LabelValue + std::fmt::Debug>() {
        assert_eq!(L::ALL.len(), L::WORDS.len());
        for (at, one) in L::ALL.iter().enumerate() {
            assert_eq!(one.index(), at);
            assert_eq!(L::from_word(one.word()), Some(*one));
        }
        let different: BTreeSet<&str> = L::WORDS.iter().copied().collect();
        assert_eq!(different.len(), L::WORDS.len());
        assert_eq!(L::from_word("none of them"), None);
    }

    #[test]
    fn every_value_is_found_by_its_word() {
        check::<ConditionWord>();
        check::<SubscriberState>();
        check::<LookKind>();
        check::<LookResult>();
        check::<LookPriority>();
        check::<RolloutState>();
        check::<ApplyOutcome>();
        check::<BudgetLimit>();
        check::<TraceResult>();
        check::<StoreOperation>();
        check::<Task>();
        check::<LeaderTask>();
        check::<StatusClass>();
        check::<BillingResult>();
        check::<HookResult>();
        check::<ServiceClass>();
    }

    #[test]
    fn the_classes_of_services_are_those_of_the_sync() {
        let words = crate::sync::Classification::ALL.map(crate::sync::Classification::as_str);
        assert_eq!(ServiceClass::WORDS, words);
    }

    #[test]
    fn a_status_has_the_class_of_its_first_digit() {
        assert_eq!(StatusClass::of(101), StatusClass::Informational);
        assert_eq!(StatusClass::of(204), StatusClass::Success);
        assert_eq!(StatusClass::of(304), StatusClass::Redirection);
        assert_eq!(StatusClass::of(429), StatusClass::ClientError);
        assert_eq!(StatusClass::of(503), StatusClass::ServerError);
        assert_eq!(StatusClass::of(0), StatusClass::ServerError);
    }
}
