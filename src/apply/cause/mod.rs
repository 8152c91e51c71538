//! Names the causes of a device's outcome as facts, and whether another run can help.
//!
//! `failure` failed lines and saves · `rollback` the reaction to a failure, and the remaining differences · `refusal`
//! decisions not to write · `reach` unreachable devices · `interruption` stops half-way · `remark` other remarks ·
//! `earlier` reads the text of earlier versions.
//!
//! `report` makes the text of each case. `retry_helps` answers one question everywhere: can another run, planned from a
//! new look, end better when no person changes anything before it?

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
