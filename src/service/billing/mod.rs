//! Syncs billing systems while the service runs: by webhooks, by deltas, and by readings of everything.
//!
//! `due` decides what a system is read for, `systems` keeps each system between its runs, `run` is one run, `outgoing` makes
//! its commit, `known_looks` has what devices hear, `written` writes back to billing, `echo` recognizes the webhooks that this
//! causes, `turn` chooses the accounts for it.

mod due;
mod echo;
mod known_looks;
mod outgoing;
mod run;
mod systems;
mod turn;
mod written;

pub(super) use run::sync;
pub(super) use systems::{BillingState, OneSystem, SystemCounts, claimants};
pub(super) use written::add_accounts_to_write;
