//! `gamctl sync NAME --approve DIGEST`: shows held changes, asks, and stores the approval that a commit uses.

use std::cell::Cell;

use anyhow::{Context, ensure};
use uuid::Uuid;

use super::SyncArguments;
use super::audited::{Decision, audited};
use crate::cli::invocation::Selected;
use crate::cli::store_client::StoreClient;
use crate::cli::terminal::Terminal;
use crate::history::NewHeldApproval;
use crate::model::billing::BillingName;
use crate::reconcile::sync::{ApprovalWish, PreparedSync};
use crate::report::sync::{ApprovalReport, ApprovalResult, SyncReport, held_text};
use crate::report::{counted, visible};
use crate::sync::Digest;

/// Digits that are needed: as many as the text of a sync shows.
const LEAST_DIGITS: usize = 12;

/// The approval that a command line asks for.
pub(super) struct Approval {
    /// The digest, or its first digits.
    digest: String,
    reason: String,
    id: Uuid,
    /// It is in the store: the branch may move, and the run proposes again.
    is_stored: Cell<bool>,
}

impl Approval {
    /// Returns the approval, if the arguments ask for one.
    pub(super) fn of(arguments: &SyncArguments) -> anyhow::Result<Option<Self>> {
        let Some(digest) = &arguments.approve else {
            return Ok(None);
        };
        ensure!(
            arguments.names.len() == 1,
            "name the one billing system whose changes you approve, as in `gamctl sync splynx --approve DIGEST --reason '…'`"
        );
        let digest = digest.trim().to_ascii_lowercase();
        let is_digest = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(
            is_digest && digest.len() >= LEAST_DIGITS,
            "`{}` is not a digest; `gamctl sync` shows one with {LEAST_DIGITS} digits for everything that is held back",
            visible(&digest)
        );
        let reason = arguments.reason.as_deref().unwrap_or_default().trim();
        ensure!(
            !reason.is_empty(),
            "an approval needs a reason, for the audit log; give `--reason 'dunning run of May'`"
        );
        Ok(Some(Self {
            digest,
            reason: reason.to_owned(),
            id: Uuid::now_v7(),
            is_stored: Cell::new(false),
        }))
    }

    fn wish<'a>(&'a self, selected: &'a Selected<'_>) -> ApprovalWish<'a> {
        ApprovalWish {
            digest: &self.digest,
            who: &selected.settings.who,
            reason: &self.reason,
        }
    }

    /// Compares the digest with what is held back now. Nothing is stored.
    pub(super) fn compared(
        &self,
        prepared: &PreparedSync<'_>,
        store: &StoreClient<'_>,
        selected: &Selected<'_>,
    ) -> anyhow::Result<ApprovalReport> {
        let before = store.wait(store.store().held_changes(prepared.system()))?;
        Ok(prepared.approval(self.wish(selected), &before))
    }

    /// Stores the approval of the changes that a report names, unless they are approved already.
    pub(super) fn store(
        &self,
        report: &mut ApprovalReport,
        system: &BillingName,
        is_approved: bool,
        (store, selected): (&StoreClient<'_>, &Selected<'_>),
    ) -> anyhow::Result<()> {
        let digest = Digest::parse(&report.digest).context("the digest is not one")?;
        if !is_approved && !self.is_stored.get() {
            let approval = NewHeldApproval {
                id: self.id,
                system: system.clone(),
                digest: digest.clone(),
                who: report.who.clone(),
                reason: self.reason.clone(),
            };
            store.wait(store.store().approve_held(&approval))?;
            let decision = Decision {
                verb: "sync approve",
                what: format!(
                    "approved {} of {system} with digest {}: {}",
                    counted(report.changes, "held change"),
                    digest.short(),
                    visible(&self.reason)
                ),
            };
            audited(store, selected, system, decision)?;
            self.is_stored.set(true);
        }
        let known = store.wait(store.store().held_approvals(system, 100))?;
        let mut in_force = known.iter().filter(|one| one.digest == digest);
        report.until = in_force.find(|one| one.is_in_force).map(|one| one.until);
        Ok(())
    }
}

/// Shows what the digest names, and asks; returns what is reported if the answer is not yes.
pub(super) fn refused(
    report: &SyncReport,
    approval: ApprovalReport,
    terminal: &Terminal,
) -> Option<ApprovalReport> {
    let named = report
        .held_back
        .iter()
        .find(|held| held.digest == approval.digest);
    if let Some(held) = named {
        let text = held_text(held, usize::MAX, terminal.paint);
        terminal.say(text.trim_end());
    }
    let question = format!(
        "Approve {} of {}?",
        counted(approval.changes, "change"),
        report.system
    );
    match terminal.confirms(&question) {
        true => None,
        false => Some(ApprovalReport {
            result: ApprovalResult::NotConfirmed,
            ..approval
        }),
    }
}
