//! Records the decisions of a person about a billing system in the audit log.

use crate::cli::invocation::Selected;
use crate::cli::store_client::StoreClient;
use crate::history::Audit;
use crate::model::billing::BillingName;

/// A decision about a billing system.
pub(super) struct Decision {
    /// The command, such as `sync pause`.
    pub(super) verb: &'static str,
    /// One sentence.
    pub(super) what: String,
}

pub(super) fn audited(
    store: &StoreClient<'_>,
    selected: &Selected<'_>,
    system: &BillingName,
    decision: Decision,
) -> anyhow::Result<()> {
    let audit = Audit {
        who: selected.settings.who.clone(),
        verb: decision.verb.to_owned(),
        subject: Some(format!("billing {system}")),
        is_refused: false,
        what: decision.what,
        objects: None,
        run: None,
    };
    store.wait(store.store().audit(&audit))
}
