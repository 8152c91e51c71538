//! Declares `policy.toml`: limits on changes, and what the service applies by itself.

use std::num::NonZeroU32;
use std::time::Duration;

use super::drift::{DriftByField, DriftPolicy};
use super::lane::Lanes;
use super::limit::LimitText;
use super::window::WindowText;
use crate::inventory::record::{Share, record, words};

record! {
    /// Limits of changes, and what the service applies by itself; the copy of the previous commit applies.
    PolicyText {
        /// What the service applies without a person.
        "reconcile" => reconcile: ReconcileText, optional;
        /// The most that one apply, or the service within an hour, may do.
        "limits" => limits: LimitsText, optional;
        /// Treatment of objects on devices that gamctl does not own.
        "unmanaged" => unmanaged: UnmanagedText, optional;
        /// Treatment of drift of single fields, such as `"subscriber.vlan" = "restore"`; other fields follow `reconcile.drift`.
        "drift" => drift: DriftByField, optional;
        /// Order in which the service brings devices to a new target.
        "waves" => waves: WavesText, optional;
        /// Plans that need more than one approval.
        "approval" => approval: ApprovalText, optional;
        /// Hours in which the service may write to devices. Without any window it always may; with one, a device that is in no open window waits.
        "window" => windows: Vec<WindowText>, optional;
        /// What some authors may change, each lane with a name; authors in no lane may change everything.
        "lane" => lanes: Lanes, optional;
    }
}

record! {
    /// What the service applies without a person.
    ReconcileText {
        /// Changes of the inventory: none without an approval, those that interrupt no subscriber, or all. Limits, windows and freezes apply in any case.
        "commits" => commits: CommitPolicy, default "ask";
        /// Changes made on a device outside of gamctl: report them, plan their removal and ask, or remove them.
        "drift" => drift: DriftPolicy, default "report";
    }
}

record! {
    /// Order in which the service brings devices to a new target; fewer than ten devices are two waves, the first and the rest.
    WavesText {
        /// Devices of the first wave; a device with the label `canary = "true"` comes first, else one with few subscribers.
        "first" => first: NonZeroU32, default "1";
        /// Sizes of the next waves, as shares of the devices of the rollout; the rest is the last wave.
        "then" => then: Vec<Share>, default "[\"5%\", \"25%\"]";
        /// Time that must pass after a wave before the next one can start.
        "settle" => settle: Duration, default "2m";
    }
}

record! {
    /// Plans that need more than one approval.
    ApprovalText {
        /// Plans that two persons must approve, neither of them the author of the commit.
        "two_persons" => two_persons: Vec<TwoPersonCase>, default "[]";
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
    /// Treatment of objects on devices that gamctl does not own.
    UnmanagedText {
        /// Report them, or remove them from devices that are `authoritative`.
        "action" => action: UnmanagedAction, default "report";
    }
}

words! {
    /// Treatment of an object that gamctl does not own.
    UnmanagedAction { Report = "report", Remove = "remove" }
    /// Changes of the inventory that are applied without an approval.
    CommitPolicy {
        /// None.
        Ask = "ask",
        /// Those that interrupt no subscriber, as in `apply --auto-approve harmless`.
        Harmless = "harmless",
        /// All of them.
        Everything = "everything",
    }
    /// Plans that two persons must approve.
    TwoPersonCase {
        /// Plans that remove subscribers or endpoints.
        Removals = "removals",
        /// Plans that exceed a limit.
        OverLimit = "over-limit",
    }
}
