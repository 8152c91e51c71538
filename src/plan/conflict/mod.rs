//! Drops intended changes that conflict with objects that must stay, one at a time, until the rest fits.
//!
//! `doubt` what is not known · `law` what the device never takes · `use_of` who needs whom · `unique` names, addresses and
//! ties · `room` ports, tables and slots.

mod doubt;
mod law;
mod room;
mod unique;
mod use_of;

use super::item::Fate;
use super::scene::Scene;
use super::{Cause, Object};
use crate::model::Part;

pub(super) use room::give_slots;

/// One object that is left as it is, and why.
#[derive(Debug)]
pub(super) struct Block {
    part: Part,
    place: usize,
    rule: &'static str,
    /// Completes "subscriber apt-101 is not planned: …".
    why: String,
}

impl Block {
    fn new(part: Part, place: usize, rule: &'static str, why: String) -> Self {
        Self {
            part,
            place,
            rule,
            why,
        }
    }
}

/// Gives up goals until all that remain can hold together.
///
/// Every round gives up at least one, and with none left the device is as it was, so this ends. A check sees a state in
/// which all checks before it are content.
pub(super) fn resolve(scene: &mut Scene<'_>) {
    let checks: [fn(&Scene<'_>) -> Vec<Block>; 11] = [
        doubt::new_objects,
        doubt::new_values,
        law::profiles,
        law::endpoints,
        law::subscribers,
        use_of::strangers,
        use_of::dependants,
        use_of::still_used,
        unique::all,
        room::places,
        room::tables,
    ];
    while let Some(blocks) = checks
        .iter()
        .map(|check| check(scene))
        .find(|blocks| !blocks.is_empty())
    {
        for block in blocks {
            give_up(scene, block);
        }
    }
}

fn give_up(scene: &mut Scene<'_>, block: Block) {
    let Block {
        part,
        place,
        rule,
        why,
    } = block;
    let Some((object, fate)) = known_as(scene, part, place) else {
        return;
    };
    match part {
        Part::Profiles => keep(&mut scene.profiles, place),
        Part::Endpoints => keep(&mut scene.endpoints, place),
        Part::Subscribers => keep(&mut scene.subscribers, place),
        Part::System | Part::Uplinks | Part::Ports => {}
    }
    let message = match fate {
        Fate::Leaving(_) => format!("{object} is not removed: {why}"),
        Fate::Intended | Fate::Kept | Fate::Unmanaged => {
            format!("{object} is not planned: {why}")
        }
    };
    scene.note(rule, object, message);
}

fn keep<S: Clone + PartialEq>(items: &mut [super::item::Item<S>], place: usize) {
    if let Some(item) = items.get_mut(place) {
        // What nobody owns stays nobody's.
        let was = std::mem::replace(&mut item.fate, Fate::Kept);
        item.keep();
        if was == Fate::Leaving(Cause::Unmanaged) {
            item.fate = Fate::Unmanaged;
        }
    }
}

/// Returns what an item is called: as the inventory calls it where it has it, else as the device does.
pub(super) fn known_as(scene: &Scene<'_>, part: Part, place: usize) -> Option<(Object, Fate)> {
    Some(match part {
        Part::Profiles => {
            let item = scene.profiles.get(place)?;
            let state = item.goal.as_ref().or(item.start.as_ref())?;
            (Object::Profile(state.name.clone()), item.fate.clone())
        }
        Part::Endpoints => {
            let item = scene.endpoints.get(place)?;
            let state = item.goal.as_ref().or(item.start.as_ref())?;
            (Object::Endpoint(state.mac), item.fate.clone())
        }
        Part::Subscribers => {
            let item = scene.subscribers.get(place)?;
            let state = item.goal.as_ref().or(item.start.as_ref())?;
            (Object::Subscriber(state.name.clone()), item.fate.clone())
        }
        Part::System | Part::Uplinks | Part::Ports => return None,
    })
}

/// Returns how an item is spoken of as somebody else's obstacle.
fn obstacle(scene: &Scene<'_>, part: Part, place: usize) -> String {
    match known_as(scene, part, place) {
        Some((object, Fate::Unmanaged)) => format!("unmanaged {object}"),
        Some((object, Fate::Kept | Fate::Intended | Fate::Leaving(_))) => object.to_string(),
        None => "an object that is not known".to_owned(),
    }
}
