//! Names why a device ended as it did: the facts of each case, and whether another run can help.
//!
//! `failure` what went wrong with lines and saves · `rollback` what was done about it, and what is still different · `refusal` why nothing was
//! written by decision · `reach` why a device could not be reached · `interruption` why an apply stopped half-way · `remark` what else is worth
//! knowing · `earlier` reads what earlier versions stored as text.
//!
//! The text of each case is made in `report`. `retry_helps` answers one question everywhere: can another run, planned from a new look, end better
//! when no person changes anything before it?

mod earlier;
mod failure;
mod interruption;
mod reach;
mod refusal;
mod remark;
mod rollback;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub(super) use earlier::{
    facts_or_text, list as list_of_facts, maybe_facts_or_text, refusal as stored_refusal,
};
pub use failure::{Failure, SaveFailure, Unsaved};
pub use interruption::{FoundByRecovery, Interruption, NotCommitted, SoFar, StoppedAt};
pub use reach::{LookFailure, LookProblem, NoLook, NotReached, SentLine, SshFailure, SshProblem};
pub use refusal::{Outdated, Refusal};
pub use remark::Remark;
pub use rollback::{IdentityPart, Left, NoRollback, NotRestored, Restored};
