//! Tests that the published schemas are those of the types that commands print.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::adopt_drift::AdoptDriftDocument;
use super::backup::BackupDocument;
use super::disown::DisownDocument;
use super::doctor::DoctorDocument;
use super::find::FindDocument;
use super::fmt::FmtDocument;
use super::freeze::FreezesDocument;
use super::history::{Entries, RunInFull, Runs};
use super::import::{ImportDocument, VirtuosoDocument};
use super::observe::ObservedDocument;
use super::owned::OwnedDocument;
use super::poll::PolledDocument;
use super::probe::ProbedDocument;
use super::rename::RenameDocument;
use super::rollouts::{RolloutDocument, RolloutsDocument};
use super::secret::{KeyDocument, SecretsDocument};
use super::set::SetDocument;
use super::show::{Overview, ShownDevice, ShownSubscriber};
use super::show_observed::Compared;
use super::sync::{CheckDocument, ListDocument, SyncDocument};
use super::terminal::WrittenFiles;
use super::trust::TrustDocument;
use super::twin::{Ready, ReadyBilling};
use super::waves::WavesDocument;
use super::windows::WindowsDocument;
use crate::apply::AdoptReport;
use crate::discovery::Comparison;
use crate::model::{DeviceConfig, SubscriberConfig};
use crate::report::document::schema::schema_of;
use crate::report::document::types::Anything;
use crate::report::sync::{
    AdoptionReport, ExplainedReport, PauseReport, ResolvedReport, UnmappedReport, WriteBackReport,
};
use crate::report::{
    ComparisonDocument, DeviceStatusLine, DocumentKind, ErrorDocument, Explanation,
    FindingsDocument, FleetStatus, FreezeLine, PlanDocument, RunDocument, StateAt,
};

/// Returns the schema of a kind, generated from the type that the commands print.
fn generated(kind: DocumentKind) -> Value {
    match kind {
        DocumentKind::Plan => schema_of::<PlanDocument<'_>>(kind),
        DocumentKind::Comparison => schema_of::<ComparisonDocument>(kind),
        DocumentKind::Run => schema_of::<RunDocument<'_>>(kind),
        DocumentKind::Waves => schema_of::<WavesDocument>(kind),
        DocumentKind::Adopt => schema_of::<AdoptReport>(kind),
        DocumentKind::AdoptDrift => schema_of::<AdoptDriftDocument>(kind),
        DocumentKind::Findings => schema_of::<FindingsDocument<'_>>(kind),
        DocumentKind::Error => schema_of::<ErrorDocument<'_>>(kind),
        DocumentKind::Inventory => schema_of::<Overview>(kind),
        DocumentKind::Device => schema_of::<ShownDevice<'_>>(kind),
        DocumentKind::Subscriber => schema_of::<ShownSubscriber<'_>>(kind),
        DocumentKind::DeviceObserved => schema_of::<Compared<'_, &DeviceConfig>>(kind),
        DocumentKind::SubscriberObserved => schema_of::<Compared<'_, &SubscriberConfig>>(kind),
        DocumentKind::DeviceAt => schema_of::<StateAt<ShownDevice<'_>, DeviceConfig>>(kind),
        DocumentKind::SubscriberAt => {
            schema_of::<StateAt<ShownSubscriber<'_>, SubscriberConfig>>(kind)
        }
        DocumentKind::Observe => schema_of::<ObservedDocument<'_>>(kind),
        DocumentKind::Status => schema_of::<FleetStatus>(kind),
        DocumentKind::StatusDevice => schema_of::<DeviceStatusLine>(kind),
        DocumentKind::Rollouts => schema_of::<RolloutsDocument>(kind),
        DocumentKind::Rollout => schema_of::<RolloutDocument>(kind),
        DocumentKind::Windows => schema_of::<WindowsDocument>(kind),
        DocumentKind::Probe => schema_of::<ProbedDocument<'_>>(kind),
        DocumentKind::Poll => schema_of::<PolledDocument<'_>>(kind),
        DocumentKind::Backup => schema_of::<BackupDocument<'_>>(kind),
        DocumentKind::Discover => schema_of::<Comparison>(kind),
        DocumentKind::Find => schema_of::<FindDocument<'_>>(kind),
        DocumentKind::Owned => schema_of::<OwnedDocument<'_>>(kind),
        DocumentKind::Disown => schema_of::<DisownDocument<'_>>(kind),
        DocumentKind::Rename => schema_of::<RenameDocument>(kind),
        DocumentKind::Import => schema_of::<ImportDocument<'_>>(kind),
        DocumentKind::ImportVirtuoso => schema_of::<VirtuosoDocument>(kind),
        DocumentKind::Set => schema_of::<SetDocument>(kind),
        DocumentKind::Sync => schema_of::<SyncDocument>(kind),
        DocumentKind::SyncCheck => schema_of::<CheckDocument>(kind),
        DocumentKind::SyncMap => schema_of::<UnmappedReport>(kind),
        DocumentKind::SyncList => schema_of::<ListDocument>(kind),
        DocumentKind::SyncExplain => schema_of::<ExplainedReport>(kind),
        DocumentKind::SyncResolve => schema_of::<ResolvedReport>(kind),
        DocumentKind::SyncAdopt => schema_of::<AdoptionReport>(kind),
        DocumentKind::SyncPause => schema_of::<PauseReport>(kind),
        DocumentKind::SyncWriteBack => schema_of::<WriteBackReport>(kind),
        DocumentKind::Fmt => schema_of::<FmtDocument<'_>>(kind),
        DocumentKind::Written => schema_of::<WrittenFiles>(kind),
        DocumentKind::History => schema_of::<Runs<'_>>(kind),
        DocumentKind::HistoryRun => schema_of::<RunInFull>(kind),
        DocumentKind::HistoryAudit => schema_of::<Entries<'_>>(kind),
        DocumentKind::Explain => schema_of::<Explanation>(kind),
        DocumentKind::Doctor => schema_of::<DoctorDocument<'_>>(kind),
        DocumentKind::Freeze => schema_of::<FreezeLine>(kind),
        DocumentKind::Freezes => schema_of::<FreezesDocument<'_>>(kind),
        DocumentKind::Trust => schema_of::<TrustDocument<'_>>(kind),
        DocumentKind::Secrets => schema_of::<SecretsDocument<'_>>(kind),
        DocumentKind::SecretKey => schema_of::<KeyDocument>(kind),
        DocumentKind::Twins => schema_of::<Ready>(kind),
        DocumentKind::BillingTwin => schema_of::<ReadyBilling>(kind),
        DocumentKind::TwinAnswer => schema_of::<BTreeMap<String, Anything>>(kind),
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the switch for golden files has to come from outside of the test"
)]
fn is_rewriting() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("UPDATE_GOLDEN") && !is_set("CI")
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/output");
    let mut stale = Vec::new();
    for kind in DocumentKind::ALL {
        let text = serde_json::to_string_pretty(&generated(*kind)).unwrap() + "\n";
        let name = kind.name().trim_start_matches("gamctl/");
        let file = folder.join(format!("{name}.json"));
        if is_rewriting() {
            fs::write(file, &text).unwrap();
        } else if fs::read_to_string(file).unwrap_or_default() != text {
            stale.push(kind.name());
        }
    }
    assert!(
        stale.is_empty(),
        "not what the types are: {stale:?}; if the change is right: UPDATE_GOLDEN=1 cargo test --lib published"
    );
}

#[test]
fn the_folder_has_no_schema_of_a_document_that_is_gone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/output");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut known: Vec<String> = DocumentKind::ALL
        .iter()
        .map(|kind| format!("{}.json", kind.name().trim_start_matches("gamctl/")))
        .collect();
    known.sort();
    assert_eq!(files, known);
}

#[test]
fn every_name_of_a_document_is_closed_and_every_time_is_one() {
    let run = generated(DocumentKind::Run);
    assert_eq!(run["additionalProperties"], false);
    for name in ["RefusedDocument", "SkipReason", "HeldBy", "rolled_back"] {
        let definition = run["$defs"][name].to_string();
        assert!(definition.contains("date-time"), "{definition}");
    }
    // A step has the form that it has in a plan.
    let explain = generated(DocumentKind::Explain);
    let rolled_back = &explain["$defs"]["rolled_back"]["properties"]["at"];
    assert_eq!(rolled_back["type"], "integer");
    let history = generated(DocumentKind::History);
    let began = &history["$defs"]["RunLine"]["properties"]["began"];
    assert_eq!(began["format"], "date-time");
    let owned = generated(DocumentKind::Owned).to_string();
    assert!(owned.contains("\"unevaluatedProperties\":false"), "{owned}");
}
