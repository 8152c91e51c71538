//! Commits a log entry before each apply step; stops the apply if it cannot be stored.

use tracing::{Instrument as _, debug_span};

use super::cause::{Interruption, SoFar};
use super::device_apply::{DeviceApply, interrupted};
use super::{ApplyLog, Ended, Entry, LookReason, Purpose};
use crate::crash;
use crate::model::{Fingerprint, Observation};
use crate::plan::DevicePlan;

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    pub(super) async fn verified(&self, purpose: Purpose, look: &Observation) -> Result<(), Ended> {
        let entry = verified(purpose, Fingerprint::of(look));
        crash::point("verified-before");
        self.commit(entry, SoFar::VerifiedNotSaved).await?;
        crash::point("verified-after");
        Ok(())
    }

    /// Commits the first look, with the intent if there is one.
    pub(super) async fn looked_before(
        &self,
        looked: Entry,
        intent: Option<Entry>,
    ) -> Result<(), Ended> {
        let has_intent = intent.is_some();
        crash::point("looked-before");
        if has_intent {
            crash::point("intent-before");
        }
        let entries = std::iter::once(looked).chain(intent);
        self.commit_all(entries.collect(), SoFar::NothingWritten)
            .await?;
        crash::point("looked-after");
        if has_intent {
            crash::point("intent-after");
        }
        Ok(())
    }

    /// Commits a look, and that it found what was intended.
    pub(super) async fn looked_and_verified(&mut self, look: &Observation) -> Result<(), Ended> {
        self.seen = Some(look.clone());
        let fingerprint = Fingerprint::of(look);
        let looked = looked(LookReason::After, fingerprint.clone(), look);
        let entries = vec![looked, verified(Purpose::Apply, fingerprint)];
        crash::point("looked-before");
        crash::point("verified-before");
        self.commit_all(entries, SoFar::NothingSaved).await?;
        crash::point("looked-after");
        crash::point("verified-after");
        Ok(())
    }

    /// Commits that configuration mode was left.
    pub(super) async fn left(&self, purpose: Purpose) -> Result<(), Ended> {
        let entry = Entry::Left { purpose };
        self.commit(entry, SoFar::EverythingWritten).await?;
        crash::point("left-after");
        Ok(())
    }

    pub(super) async fn looked(
        &mut self,
        moment: LookReason,
        look: &Observation,
    ) -> Result<(), Ended> {
        self.seen = Some(look.clone());
        let entry = looked(moment, Fingerprint::of(look), look);
        crash::point("looked-before");
        self.commit(entry, SoFar::NothingSaved).await?;
        crash::point("looked-after");
        Ok(())
    }

    pub(super) async fn intend(
        &self,
        purpose: Purpose,
        plan: &DevicePlan,
        so_far: SoFar,
    ) -> Result<(), Ended> {
        let entry = Entry::Intent {
            purpose,
            plan: Box::new(plan.clone()),
        };
        crash::point("intent-before");
        self.commit(entry, so_far).await?;
        crash::point("intent-after");
        Ok(())
    }

    /// Commits an entry; if that fails the apply ends, whatever the entry is.
    pub(super) async fn commit(&self, entry: Entry, so_far: SoFar) -> Result<(), Ended> {
        let committed = Box::pin(self.log.commit(entry));
        let committed = committed.instrument(debug_span!("record")).await;
        committed.map_err(|error| interrupted(Interruption::not_committed(error, so_far)))
    }

    async fn commit_all(&self, entries: Vec<Entry>, so_far: SoFar) -> Result<(), Ended> {
        let committed = Box::pin(self.log.commit_all(entries));
        let committed = committed.instrument(debug_span!("record")).await;
        committed.map_err(|error| interrupted(Interruption::not_committed(error, so_far)))
    }
}

fn looked(moment: LookReason, fingerprint: Fingerprint, look: &Observation) -> Entry {
    Entry::Looked {
        moment,
        fingerprint,
        observation: Box::new(look.clone()),
    }
}

fn verified(purpose: Purpose, fingerprint: Fingerprint) -> Entry {
    Entry::Verified {
        purpose,
        fingerprint,
    }
}
