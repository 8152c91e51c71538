//! One device's plan: made, dressed in lines and read once more.

use super::{Fleet, Sightings};
use crate::inventory::IntendedDevice;
use crate::model::Observation;
use crate::plan::Planned;

pub(super) fn plan_one(
    fleet: &Fleet<'_>,
    intended: &IntendedDevice,
    observation: &Observation,
    planned: &mut Planned,
) {
    let _ = (fleet, intended, observation, planned);
}

pub(super) fn guard_all(fleet: &Fleet<'_>, planned: &mut Planned, sightings: &Sightings) {
    let _ = (fleet, planned, sightings);
}
