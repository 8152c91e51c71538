//! Plans the settings of objects that always exist: the system, its ports and its uplinks.

use std::collections::BTreeMap;

use crate::model::{
    HeldText, Part, PortConfig, PortMode, PortNumber, SystemConfig, UplinkConfig, UplinkMode,
    UplinkNumber, VlanSet,
};

use super::planner_state::PlannerState;
use super::undo::LONGEST_LIST;
use super::{Field, Object, Sentence};

/// The observed state and the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pair<T> {
    pub(super) start: T,
    pub(super) goal: T,
}

/// The objects of a device that always exist.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) system: Pair<SystemConfig>,
    /// All ports that were observed.
    pub(super) ports: BTreeMap<PortNumber, Pair<PortConfig>>,
    /// All uplinks whose VLANs are known.
    pub(super) uplinks: BTreeMap<UplinkNumber, Pair<VlanSet>>,
}

/// Returns the observed and the target settings, and notes what cannot be set.
pub(super) fn settings(planner: &mut PlannerState<'_>) -> Settings {
    let mut found = Settings {
        system: system(planner),
        ports: ports(planner),
        uplinks: uplinks(planner),
    };
    unique_port_names(planner, &mut found.ports);
    found
}

/// Returns whether an intended field could not be read, and adds a note if so.
fn is_unread(
    planner: &mut PlannerState<'_>,
    part: Part,
    number: u16,
    field: Field,
    object: &Object,
) -> bool {
    let by_field = planner.observation.unread.iter().find(|unread| {
        unread.part == part
            && unread.number.is_none_or(|of| of == number)
            && unread
                .field
                .as_deref()
                .is_none_or(|name| name == field.as_str())
    });
    let Some(unread) = by_field else {
        return false;
    };
    let what = format!("`{field}` of {object} is not compared: it could not be read");
    let message = Sentence::because(what, &unread.reason);
    planner.note("not-read", object.clone(), message);
    true
}

fn system(planner: &mut PlannerState<'_>) -> Pair<SystemConfig> {
    let start = planner.observation.config.system.clone();
    let mut goal = start.clone();
    let SystemConfig {
        hostname,
        location,
        contact,
    } = &planner.intended.system;
    let mut may = |field: Field| !is_unread(planner, Part::System, 0, field, &Object::System);
    if hostname.is_some() && *hostname != start.hostname && may(Field::Hostname) {
        goal.hostname.clone_from(hostname);
    }
    if location.is_some() && *location != start.location && may(Field::Location) {
        goal.location.clone_from(location);
    }
    if contact.is_some() && *contact != start.contact && may(Field::Contact) {
        goal.contact.clone_from(contact);
    }
    Pair { start, goal }
}

fn ports(planner: &mut PlannerState<'_>) -> BTreeMap<PortNumber, Pair<PortConfig>> {
    let mut ports: BTreeMap<PortNumber, Pair<PortConfig>> = planner
        .observation
        .config
        .ports
        .iter()
        .map(|(number, start)| {
            let pair = Pair {
                start: start.clone(),
                goal: start.clone(),
            };
            (*number, pair)
        })
        .collect();
    for (number, intended) in &planner.intended.ports {
        let PortConfig {
            name,
            enabled,
            mode,
        } = intended;
        let object = Object::Port(*number);
        if *intended == PortConfig::default() {
            continue;
        }
        let Some(pair) = ports.get_mut(number) else {
            let message = if planner.request.model.has_port(*number) {
                format!("{object} is not planned: it was not among the ports that were read")
            } else {
                format!(
                    "{object} is not planned: a {} has none",
                    planner.request.model
                )
            };
            planner.note("not-read", object, message);
            continue;
        };
        let key = u16::from(number.get());
        if name.is_some()
            && *name != pair.start.name
            && !is_unread(planner, Part::Ports, key, Field::Name, &object)
        {
            pair.goal.name.clone_from(name);
        }
        if enabled.is_some()
            && *enabled != pair.start.enabled
            && !is_unread(planner, Part::Ports, key, Field::Enabled, &object)
            && is_known(
                planner,
                pair.start.enabled.is_some(),
                Field::Enabled,
                &object,
            )
        {
            pair.goal.enabled = *enabled;
        }
        if mode.is_some()
            && *mode != pair.start.mode
            && !is_unread(planner, Part::Ports, key, Field::Mode, &object)
            && is_known(planner, pair.start.mode.is_some(), Field::Mode, &object)
            && can_be_set(planner, *mode, &object)
        {
            pair.goal.mode = *mode;
        }
    }
    ports
}

/// Notes a setting that the device does not report: it is unknown, not off.
fn is_known(planner: &mut PlannerState<'_>, is_known: bool, field: Field, object: &Object) -> bool {
    if !is_known {
        let message =
            format!("`{field}` of {object} is not compared: the device does not report it");
        planner.note("not-read", object.clone(), message);
    }
    is_known
}

/// Returns whether a command sets this mode on the model, and adds a note if not.
fn can_be_set(planner: &mut PlannerState<'_>, mode: Option<PortMode>, object: &Object) -> bool {
    let model = planner.request.model;
    let Some(mode) = mode else { return false };
    let can = mode != PortMode::Coax && model.medium().allows(mode);
    if !can {
        let message =
            format!("{object} cannot be set to {mode}: no command does that on a {model}");
        planner.note("cannot-be-set", object.clone(), message);
    }
    can
}

/// Drops each new port name that another port may have. A port that keeps its name wins over one that gets it.
fn unique_port_names(
    planner: &mut PlannerState<'_>,
    ports: &mut BTreeMap<PortNumber, Pair<PortConfig>>,
) {
    let are_known = planner.observation.incomplete(Part::Ports).is_none()
        && !planner.observation.unread.iter().any(|unread| {
            unread.part == Part::Ports && unread.field.as_deref().is_none_or(|name| name == "name")
        });
    // A dropped name leaves the earlier one in use, which may clash in turn.
    loop {
        let mut holders: BTreeMap<&HeldText, PortNumber> = BTreeMap::new();
        let mut by_staying: Vec<(&PortNumber, &Pair<PortConfig>)> = ports.iter().collect();
        by_staying.sort_by_key(|(number, pair)| (pair.start.name != pair.goal.name, **number));
        let mut loser = None;
        for (number, pair) in by_staying {
            let Some(name) = &pair.goal.name else {
                continue;
            };
            let is_new = pair.start.name != pair.goal.name;
            if is_new && !are_known {
                loser = Some((*number, name.clone(), None));
                break;
            }
            match holders.get(name) {
                Some(holder) if is_new => {
                    loser = Some((*number, name.clone(), Some(*holder)));
                    break;
                }
                Some(_) => {}
                None => {
                    holders.insert(name, *number);
                }
            }
        }
        let Some((number, name, holder)) = loser else {
            return;
        };
        let (rule, why) = match holder {
            Some(holder) => ("blocked", format!("port {holder} has its name")),
            None => (
                "not-read",
                "not all names of ports could be read, so it may be taken".to_owned(),
            ),
        };
        let message = format!("port {number} is not called {}: {why}", name.as_str());
        planner.note(rule, Object::Port(number), message);
        if let Some(pair) = ports.get_mut(&number) {
            pair.goal.name.clone_from(&pair.start.name);
        }
    }
}

fn uplinks(planner: &mut PlannerState<'_>) -> BTreeMap<UplinkNumber, Pair<VlanSet>> {
    let mut uplinks = BTreeMap::new();
    for (number, uplink) in &planner.observation.config.uplinks {
        let UplinkConfig { allowed_vlans } = uplink;
        let is_known = planner
            .observation
            .unread_field(Part::Uplinks, u16::from(number.get()), "allowed_vlans")
            .is_none();
        if let Some(allowed) = allowed_vlans.as_ref().filter(|_| is_known) {
            let pair = Pair {
                start: allowed.clone(),
                goal: allowed.clone(),
            };
            uplinks.insert(*number, pair);
        }
    }
    for (number, uplink) in &planner.intended.uplinks {
        let Some(intended) = &uplink.allowed_vlans else {
            continue;
        };
        let object = Object::Uplink(*number);
        let key = u16::from(number.get());
        let Some(pair) = uplinks.get_mut(number) else {
            if !is_unread(planner, Part::Uplinks, key, Field::AllowedVlans, &object) {
                let message =
                    format!("{object} is not planned: it was not among the uplinks that were read");
                planner.note("not-read", object, message);
            }
            continue;
        };
        if *intended == pair.start {
            continue;
        }
        if let Some(why) = unsettable(planner, *number, intended) {
            let message = format!("`allowed_vlans` of {object} is not planned: {why}");
            planner.note("cannot-be-set", object, message);
        } else if !is_unread(planner, Part::Uplinks, key, Field::Mode, &object) {
            pair.goal.clone_from(intended);
            keep_used(planner, object, pair);
        }
    }
    uplinks
}

/// Returns the reason that the VLANs of an uplink cannot be set.
fn unsettable(
    planner: &PlannerState<'_>,
    number: UplinkNumber,
    intended: &VlanSet,
) -> Option<String> {
    let facts = planner.observation.uplink_facts.get(&number);
    match facts.and_then(|facts| facts.mode) {
        Some(UplinkMode::Access) => Some("it is an access port, which has one VLAN".to_owned()),
        Some(UplinkMode::Hybrid) => {
            Some("it is a hybrid port, and gamctl sets the VLANs of trunks".to_owned())
        }
        Some(UplinkMode::Trunk) | None => {
            let length = intended.to_string().len();
            (length > LONGEST_LIST).then(|| {
                format!("its list has {length} characters, and a line has at most {LONGEST_LIST}")
            })
        }
    }
}

/// Keeps all VLANs of an uplink if the VLANs of a subscriber were not read, because it may be in one of them.
fn keep_used(planner: &mut PlannerState<'_>, object: Object, pair: &mut Pair<VlanSet>) {
    if pair.start.first_outside(&pair.goal).is_none() {
        return;
    }
    if let Some(doubt) = &planner.unread.vlans {
        let doubt = doubt.clone().then(", so a subscriber may use it");
        let message = doubt.after(&format!("no VLAN is removed from {object}: "));
        planner.note("not-read", object, message);
        pair.goal = union(&pair.start, &pair.goal);
    }
}

pub(super) fn union(left: &VlanSet, right: &VlanSet) -> VlanSet {
    VlanSet::from_ranges(left.ranges().iter().chain(right.ranges()).copied())
}

/// Returns what is in the first set and not in the second.
pub(super) fn difference(left: &VlanSet, right: &VlanSet) -> VlanSet {
    left.iter().filter(|vlan| !right.contains(*vlan)).collect()
}
