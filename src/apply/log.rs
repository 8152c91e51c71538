//! Commits a log entry before each apply step; stops the apply if it cannot be stored.

use super::cause::{Interruption, SoFar};
use super::device_apply::{DeviceApply, interrupted};
use super::{ApplyLog, Ended, Entry, LookReason, Purpose};
use crate::crash;
use crate::model::{Fingerprint, Observation};
use crate::plan::DevicePlan;

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    pub(super) async fn verified(&self, purpose: Purpose, look: &Observation) -> Result<(), Ended> {
        let entry = Entry::Verified {
            purpose,
            fingerprint: Fingerprint::of(look),
        };
        crash::point("verified-before");
        self.commit(entry, SoFar::VerifiedNotSaved).await?;
        crash::point("verified-after");
        Ok(())
    }

    pub(super) async fn looked(
        &mut self,
        moment: LookReason,
        look: &Observation,
    ) -> Result<(), Ended> {
        self.seen = Some(look.clone());
        let entry = Entry::Looked {
            moment,
            fingerprint: Fingerprint::of(look),
            observation: Box::new(look.clone()),
        };
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
        let committed = self.log.commit(entry).await;
        committed.map_err(|error| interrupted(Interruption::not_committed(error, so_far)))
    }
}
