//! Admits endpoints that a full port or device blocked, where what was blocked afterwards left room for them.
//!
//! An endpoint that is blocked keeps its name, so that another one may be blocked for the name, which then does not come to the
//! port. Without this, the next plan would find the room.

use super::{Block, settle};
use crate::model::Part;
use crate::plan::Note;
use crate::plan::item::{Endpoint, Item, Subscriber};
use crate::plan::planner_state::PlannerState;

/// A target that was dropped.
pub(super) struct Dropped {
    pub(super) target: Target,
    /// A port or the device had no room for it.
    pub(super) is_over: bool,
    /// The reason for people.
    pub(super) note: Note,
}

/// A target as it was before.
pub(super) enum Target {
    Endpoint(usize, Item<Endpoint>),
    Subscriber(usize, Item<Subscriber>),
    Other(Part, usize),
}

impl Target {
    fn place(&self) -> (Part, usize) {
        match self {
            Self::Endpoint(index, _) => (Part::Endpoints, *index),
            Self::Subscriber(index, _) => (Part::Subscribers, *index),
            Self::Other(part, index) => (*part, *index),
        }
    }
}

impl Target {
    /// Returns the target that a block is about to drop.
    pub(super) fn of(planner: &PlannerState<'_>, block: &Block) -> Option<Self> {
        let Block { part, index, .. } = *block;
        Some(match part {
            Part::Endpoints => Self::Endpoint(index, planner.endpoints.get(index)?.clone()),
            Part::Subscribers => Self::Subscriber(index, planner.subscribers.get(index)?.clone()),
            Part::Profiles | Part::System | Part::Uplinks | Part::Ports => Self::Other(part, index),
        })
    }
}

impl Dropped {
    /// Gives the target back.
    fn restore(&self, planner: &mut PlannerState<'_>) {
        match &self.target {
            Target::Endpoint(index, item) => {
                if let Some(now) = planner.endpoints.get_mut(*index) {
                    now.clone_from(item);
                }
            }
            Target::Subscriber(index, item) => {
                if let Some(now) = planner.subscribers.get_mut(*index) {
                    now.clone_from(item);
                }
            }
            Target::Other(..) => return,
        }
        let place = planner.notes.iter().rposition(|note| *note == self.note);
        if let Some(place) = place {
            planner.notes.remove(place);
        }
    }
}

/// Admits the endpoints that fit after all, those that were blocked last first: a port blocks its last arrivals first.
pub(super) fn endpoints(planner: &mut PlannerState<'_>, dropped: &[Dropped]) {
    for (number, candidate) in dropped.iter().enumerate().rev() {
        let later = dropped.iter().skip(number + 1).filter(|one| !one.is_over);
        let later: Vec<&Dropped> = later.collect();
        // Without a later block there is no more room than before.
        if candidate.is_over && !later.is_empty() {
            admit(planner, candidate, &later);
        }
    }
}

/// Gives the target of an endpoint back, with all that was blocked after it, and drops again what must not be.
fn admit(planner: &mut PlannerState<'_>, candidate: &Dropped, later: &[&Dropped]) {
    let before = (
        planner.profiles.clone(),
        planner.endpoints.clone(),
        planner.subscribers.clone(),
        planner.notes.clone(),
    );
    candidate.restore(planner);
    for one in later {
        one.restore(planner);
    }
    let again = settle(planner);
    let is_admitted = again.iter().all(|dropped| {
        let place = dropped.target.place();
        later.iter().any(|one| one.target.place() == place)
    });
    if !is_admitted {
        (
            planner.profiles,
            planner.endpoints,
            planner.subscribers,
            planner.notes,
        ) = before;
    }
}
