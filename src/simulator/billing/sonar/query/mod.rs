//! Checks GraphQL requests against the schema; filters, sorts and pages rows; shapes the answer.

mod coerce;
mod error;
mod execute;
mod filter;
mod page;
mod plan;
mod scalar;
mod view;

pub(super) use error::GraphError;
pub(super) use execute::{Executor, Outcome};
pub(super) use plan::{Plan, Planned, plan};
pub(super) use view::View;
