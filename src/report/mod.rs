//! Renders values as text, tables and JSON, for people and programs.
//!
//! Nothing here prints. Texts from files and devices are untrusted, so `visible` escapes them before they reach a
//! terminal.

mod adopt;
mod alike;
mod apply;
mod as_of;
mod backup;
mod count;
mod difference;
mod discovery;
mod doctor;
pub(crate) mod document;
mod exit;
#[cfg(test)]
mod exit_table;
mod explain;
mod finding;
mod fold;
mod found;
mod freeze;
mod history;
mod intended;
mod line_match;
mod markdown;
mod moment;
mod observed;
mod owned;
mod paint;
mod plan;
mod secret;
mod status;
pub mod sync;
mod table;
mod trust;
mod unreached;
mod visible;

pub use adopt::{adopt_document, adopt_text};
#[cfg(test)]
pub(crate) use apply::{ErrorDocument, RunDocument};
pub use apply::{
    PublishedOutcome, RefusalText, cause_text, error_document, failure_text, found_text,
    lease_held, lease_holder, left_text, not_carried_out, preflight, recovery, remark_text,
    run_document, run_text, run_verdict, save_failure_text, skip_reason,
};
pub use as_of::{InventoryThen, LookThen, StateAt};
pub use backup::{BackupLine, BackupResult, backup_table, backup_verdict};
pub use count::{counted, listed};
pub use difference::{changed_lines, difference, text_difference};
pub use discovery::{discovered, discovery_exit, discovery_verdict};
pub use doctor::{Check, Level, checks, doctor_exit, doctor_verdict, joined};
pub use document::{DocumentKind, json_reference};
pub use exit::Exit;
pub use explain::{ChapterLine, Explanation, Looked, Now, VerifiedLine};
#[cfg(test)]
pub(crate) use finding::FindingsDocument;
pub use finding::{FindingFormat, FindingReport, Summary, Web, json_document};
pub use found::{FoundLine, FoundPlace, MatchLine, found_objects};
pub use freeze::{FreezeLine, freezes, held, scope_words, short_id};
pub use history::{
    AuditLine, DeviceStory, Happening, ProcessLine, ProcessState, RunLine, What, audit_lines,
    device_story, run_head, run_lines, runs_verdict,
};
pub use intended::{DeviceLine, StateCounts, device, overview, subscriber, tables};
use markdown::escaped_markdown;
pub use moment::{moment, rfc3339};
pub use observed::{
    HeardElsewhere, LineBefore, LineFacts, LineReport, PollLine, PublishedLook, PublishedPoll,
    WatchView, fitted_watch, observed_device, observed_fleet, observed_subscriber, polled_device,
    polled_fleet, probed, watched,
};
pub use owned::{OwnedDevice, OwnedObject, SinceLine, owned_devices, owned_objects};
pub use paint::Paint;
#[cfg(test)]
pub(crate) use plan::{ComparisonDocument, Document as PlanDocument};
pub use plan::{
    ComparisonReport, Drift, OTHER_DEVICE, PLAN_MARKER, PLAN_SCHEMA, PlanFileError, PlanReport,
    RolloutOutlook, ServiceOutlook, Totals, WindowOutlook, exit as plan_exit, no_plan_markdown,
    plan_value, read_plan, some_names, verdict, write_plan,
};
pub use secret::{SecretLine, secret_exit, secret_table, secret_verdict};
pub use status::{
    BranchLine, ConditionLine, DeviceStatusLine, FleetStatus, HaltedLine, HeldLine, InstanceLine,
    RolloutLine, RolloutStepLine, TargetLine, WindowLine, by_urgency, device_status,
    device_statuses, fleet_status, rollout_list, rollout_steps,
};
pub use table::{Align, Table};
pub use trust::{Shown, Trust, TrustLine, host_key_exit, host_key_verdict, host_keys};
pub use visible::{Excerpt, excerpt, visible};
