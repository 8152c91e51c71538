//! Declares `policy.toml`: limits on how much may change at once.

use crate::inventory::record::{Percent, WordType, record};

record! {
    /// Limits of one change; the copy of the previous commit applies.
    PolicyText {
        /// The most that one apply, or the service within an hour, may do.
        "limits" => limits: LimitsText, optional;
        /// Treatment of objects on devices that gamctl does not own.
        "unmanaged" => unmanaged: UnmanagedText, optional;
    }
}

record! {
    /// The most that one apply, or the service within an hour, may do.
    LimitsText {
        /// Subscribers and endpoints removed from one device; a subscriber and its endpoint count once.
        "removals_per_device" => removals_per_device: LimitText, default "{ count = 5, percent = 20 }";
        /// Subscribers and endpoints removed from all devices together; a subscriber and its endpoint count once.
        "removals" => removals: LimitText, default "{ count = 20, percent = 2 }";
        /// Subscribers whose service is interrupted.
        "interruptions" => interruptions: LimitText, default "{ count = 100, percent = 10 }";
        /// Subscribers whose rate limit gets slower.
        "slower" => slower: LimitText, default "{ count = 100, percent = 10 }";
        /// Subscribers who get restricted because their state is `suspended`.
        "suspensions" => suspensions: LimitText, default "{ count = 20, percent = 10 }";
        /// Lines that another subscriber gets: a new name on the device without `moved_from`.
        "reassignments" => reassignments: LimitText, default "{ count = 20, percent = 10 }";
        /// Devices that are written to.
        "devices" => devices: LimitText, default "{ count = 25 }";
    }
}

record! {
    /// A limit; where both are given, the smaller one wins from ten objects up.
    LimitText {
        /// So many objects.
        "count" => count: u32, optional;
        /// So many percent of the objects there are, rounded up.
        "percent" => percent: Percent, optional;
    }
}

record! {
    /// Treatment of objects on devices that gamctl does not own.
    UnmanagedText {
        /// Report them, or remove them from devices that are `authoritative`.
        "action" => action: UnmanagedAction, default "report";
    }
}

/// Treatment of an object that gamctl does not own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnmanagedAction {
    Report,
    Remove,
}

impl WordType for UnmanagedAction {
    fn all() -> &'static [Self] {
        &[Self::Report, Self::Remove]
    }

    fn word(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Remove => "remove",
        }
    }
}
