//! Decides from values alone when a rollout may write to devices, to which ones, and by whose consent.
//!
//! `wave` divides the devices, `gate` decides after each wave, `window` and `budget` decide when writes may start, `lane` and
//! `two_person` check authors and approvals, `drift` separates drift from changes of commits, `plan_class` finds the plans that
//! need a person, `outlook` computes what the service would do with a plan. `condition` answers why a device is not as intended,
//! `plan_facts` has what a look adds to that, `policy` reads the settings from the inventory. Times are in seconds since 1970.

mod budget;
pub mod condition;
mod drift;
mod gate;
mod lane;
mod outlook;
mod plan_class;
mod plan_facts;
mod policy;
mod two_person;
mod wave;
mod window;

pub use budget::{
    BudgetLimits, BudgetScope, BudgetSizes, BudgetUse, CountedEffect, EffectCount, ExecutedEffect,
    HOUR, LaneLimits, budgets, lane_budgets,
};
pub use drift::{
    AppliedDifferences, Contested, Difference, DriftEvent, DriftEventKind, DriftPolicy,
    DriftSettings, DriftSplit, DriftedField, StepOrigin, contested, does_not_converge, split_drift,
};
pub use gate::{
    AfterWave, BeforeWave, DownLine, Gate, GateDevice, GateFacts, GateReason, Reading, WaveLine,
    WaveProgress, gate,
};
pub use lane::{
    ChangedKey, CommitIdentity, InventoryChange, Lane, LaneError, Lanes, OtherAuthors, OutsideLane,
    Permission, PermissionError, WithinLane,
};
pub use outlook::service_outlook;
pub use plan_class::{PlanClass, drift_of, plan_class, plan_classes, plan_removals, wave_devices};
pub use plan_facts::{
    ComparedLook, DevicePins, Differences, contested_now, in_words, looked, not_looked,
};
pub use policy::RolloutPolicy;
pub use two_person::{
    Approval, ApprovalFacts, ApprovalReason, ApprovalSettings, ApprovalState, CurrentPlan,
    NeededApprovals, TwoPersonCase, VoidApproval, VoidBecause, check_approvals, needed_approvals,
};
pub use wave::{Percent, WaveDevice, WaveSettings, waves};
pub use window::{
    IrregularTime, Irregularity, Window, WindowEnd, WindowError, WindowState, Windows,
    irregular_times,
};
