//! Random devices and random intentions for them, a twin to try plans on, and a judge who knows nothing of the planner's code.

pub(super) mod case;
pub(crate) mod device;
mod effects;
pub(super) mod judge;
mod mutate;
mod odd;
mod runs;
mod way_back;
