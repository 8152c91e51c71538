//! Records ownership of objects that device and inventory have in common; writes to no device.

use super::execute::new_run;
use super::{PreparedRun, Reconciler, RunError, Verb};
use crate::apply::{AdoptReport, Adopted};
use crate::history::Audit;

impl Reconciler {
    /// Records the ownership that a run of `Verb::Adopt` computed.
    pub async fn adopt(&self, run: PreparedRun) -> Result<AdoptReport, RunError> {
        let with_journal = self.store.as_ref().ok_or(RunError::StoreMissing)?;
        let store = &with_journal.store;
        let mut report = AdoptReport {
            run: None,
            adopted: Vec::new(),
            unobservable: run.planned.unobservable.clone(),
        };
        let id = run.identity.id;
        let is_new =
            run.request.verb == Verb::Adopt && run.ownership.iter().any(|change| change.added > 0);
        if is_new {
            let holder = with_journal.registered().await?;
            store.begin_run(&new_run(id, &run, None, holder)).await?;
            report.run = Some(id.0);
        }
        for change in &run.ownership {
            report.adopted.push(Adopted {
                device: change.device.clone(),
                objects: change.added,
            });
            if change.added == 0 || !is_new {
                continue;
            }
            let audit = Audit {
                who: run.request.who.clone(),
                verb: run.request.verb.word().to_owned(),
                subject: Some(change.device.to_string()),
                is_refused: false,
                what: "adopted".to_owned(),
                objects: u64::try_from(change.added).ok(),
                run: Some(id),
            };
            store
                .set_ledger(&change.device, &change.ledger, &audit)
                .await?;
        }
        if is_new {
            store.end_run(id, report.result()).await?;
        }
        Ok(report)
    }
}
