//! Checks that the lines of a step are its change, and that the device could accept them at that step.

use std::collections::BTreeMap;

use super::LintError;
use super::command::{Command, Setting, Target, command};
use super::state::{State, fresh_field, identity, setting, target};
use crate::model::{MAX_ALLOWED_VLAN_ENTRIES, Medium, PortAssignment, VlanId};
use crate::plan::{Change, Field, Rate, Request, Verb};

/// One direction of a step: forth, or back.
pub(super) struct Side<'a, L> {
    pub step: usize,
    pub change: &'a Change,
    pub lines: &'a [L],
    pub is_inverse: bool,
    pub request: &'a Request<'a>,
    /// Through which VLANs we may be connected.
    pub management: &'a [VlanId],
}

/// What the lines of a step come to.
#[derive(Default)]
struct Said {
    settings: BTreeMap<Field, Setting>,
    removals: usize,
    complaints: Vec<(Option<String>, String)>,
}

impl<L: AsRef<str>> Side<'_, L> {
    pub(super) fn complain(&self, line: Option<&str>, message: &str) -> LintError {
        LintError {
            step: self.step,
            is_inverse: self.is_inverse,
            line: line.map(str::to_owned),
            message: message.to_owned(),
        }
    }

    /// Returns what is wrong, and takes the state to where the change leads.
    pub(super) fn check(&self, state: &mut State) -> Vec<LintError> {
        let target = target(self.change);
        let mut messages: Vec<(Option<String>, String)> = Vec::new();
        let mut whole = |message: String| messages.push((None, message));
        if self.lines.is_empty() {
            whole("there is no line".to_owned());
        }
        self.check_object(target, state, &mut whole);
        let said = self.read(target);
        if said.complaints.is_empty() && !self.lines.is_empty() {
            self.check_settings(&said, &mut whole);
        }
        self.check_references(target, state, &mut whole);
        self.check_management(state, &mut whole);
        messages.extend(said.complaints);
        state.apply(target, self.change);
        self.check_result(target, state, &mut |message| messages.push((None, message)));
        messages
            .iter()
            .map(|(line, message)| self.complain(line.as_deref(), message))
            .collect()
    }

    /// Returns the name that a port gets instead of none: no command removes a name (docs/gam.md).
    fn stand_in(&self, field: Field) -> Option<Setting> {
        match self.change {
            Change::Port(number, _) if self.is_inverse && field == Field::Name => {
                Some(Setting::Text(format!("gamctl-tmp-{number}")))
            }
            _ => None,
        }
    }

    /// Reads the lines and collects what they set.
    fn read(&self, target: Target) -> Said {
        let mut said = Said::default();
        let mut is_inside = false;
        for line in self.lines.iter().map(AsRef::as_ref) {
            let mut complain =
                |message: String| said.complaints.push((Some(line.to_owned()), message));
            let read = match command(line) {
                Ok(read) => read,
                Err(message) => {
                    complain(message);
                    continue;
                }
            };
            let (named, settings) = match read {
                Command::Set { target, settings } => (target, settings),
                Command::Remove(target) => {
                    said.removals += 1;
                    (target, BTreeMap::new())
                }
                Command::EnterUplink(number) => {
                    is_inside = true;
                    (Target::Uplink(number), BTreeMap::new())
                }
                Command::AllowVlans(_) | Command::Leave if !is_inside => {
                    complain("this belongs into an interface".to_owned());
                    continue;
                }
                Command::AllowVlans(vlans) => (
                    target,
                    BTreeMap::from([(Field::AllowedVlans, Setting::Vlans(vlans))]),
                ),
                Command::Leave => {
                    is_inside = false;
                    continue;
                }
            };
            if named != target {
                let message = format!(
                    "this is about {}, and the step is about {}",
                    said_target(named),
                    said_target(target)
                );
                said.complaints.push((Some(line.to_owned()), message));
                continue;
            }
            for (field, setting) in settings {
                if said.settings.insert(field, setting).is_some() {
                    let message = format!("`{field}` is set a second time");
                    said.complaints.push((Some(line.to_owned()), message));
                }
            }
        }
        said
    }

    /// Is the object there, or its number free, and is it ours to touch?
    fn check_object(&self, target: Target, state: &State, complain: &mut impl FnMut(String)) {
        let is_there = state.has(target);
        match (self.change.verb(), is_there) {
            (Verb::Create, true) => complain(format!("{} already exists", said_target(target))),
            (Verb::Update | Verb::Remove, false) if target.is_numbered() => {
                complain(format!(
                    "{} is not on the device at this step",
                    said_target(target)
                ));
            }
            (Verb::Create | Verb::Update | Verb::Remove, _) => {}
        }
        if state.is_untouchable(target) {
            complain(format!("{} is not owned", said_target(target)));
        }
        if let Target::Port(number) = target
            && number > u16::from(self.request.model.port_count())
        {
            complain(format!("a {} has no port {number}", self.request.model));
        }
        self.check_identity(target, state, complain);
        for view in self.change.fields() {
            let from = view.value_before();
            let is_known = from.is_some();
            let expected = setting(view.field, from);
            let found = state.field(target, view.field);
            if is_there && is_known && found.is_some() && expected.as_ref() != found {
                complain(format!(
                    "the change expects another `{}` than the device has at this step",
                    view.field
                ));
            }
        }
    }

    /// Is the object under that number the one that the change speaks of?
    fn check_identity(&self, target: Target, state: &State, complain: &mut impl FnMut(String)) {
        let Some((field, own)) = identity(&self.change.object()) else {
            return;
        };
        let found = state.field(target, field);
        if self.change.verb() != Verb::Create && found.is_some() && found != Some(&own) {
            complain(format!("{} is another object", said_target(target)));
        }
    }

    /// Do the lines set what the change says, no more and no less?
    fn check_settings(&self, said: &Said, complain: &mut impl FnMut(String)) {
        if self.change.verb() == Verb::Remove {
            if said.removals != 1 || self.lines.len() != 1 {
                complain("a removal is one line".to_owned());
            }
            return;
        }
        if said.removals > 0 {
            complain("the lines remove the object, and the change does not".to_owned());
        }
        let is_new = self.change.verb() == Verb::Create;
        let mut expected: BTreeMap<Field, Option<Setting>> = BTreeMap::new();
        expected.extend(
            identity(&self.change.object())
                .filter(|_| is_new)
                .map(|(field, own)| (field, Some(own))),
        );
        if self.has_long_list() {
            complain(format!(
                "the list has more than {MAX_ALLOWED_VLAN_ENTRIES} entries"
            ));
        }
        for view in self.change.fields() {
            expected.insert(view.field, setting(view.field, view.value_after()));
        }
        for (field, value) in &expected {
            let found = said.settings.get(field);
            let is_default = is_new
                && found.is_none()
                && fresh_field(&self.change.object(), *field).as_ref() == value.as_ref();
            let stands_in =
                value.is_none() && found.is_some() && found == self.stand_in(*field).as_ref();
            if found != value.as_ref() && !is_default && !stands_in {
                complain(match found {
                    Some(_) => format!("the lines give `{field}` another value than the change"),
                    None => format!("no line sets `{field}`"),
                });
            }
        }
        for field in said.settings.keys() {
            if !expected.contains_key(field) {
                complain(format!("the lines set `{field}`, and the change does not"));
            }
        }
    }

    fn has_long_list(&self) -> bool {
        let Change::Subscriber(_, edit) = self.change else {
            return false;
        };
        let list = edit.after().allowed_vlans;
        !self.is_inverse && list.is_some_and(|list| list.entries() > MAX_ALLOWED_VLAN_ENTRIES)
    }

    /// Is what the change refers to there, under that number, and free?
    fn check_references(&self, target: Target, state: &State, complain: &mut impl FnMut(String)) {
        if self.change.verb() == Verb::Remove {
            if let Some(user) = state.users(target).first() {
                complain(format!(
                    "{} is still used by {}",
                    said_target(target),
                    said_target(*user)
                ));
            }
            return;
        }
        match self.change {
            Change::Subscriber(_, edit) => {
                let after = edit.after();
                if let Some(Some(used)) = after.endpoint {
                    let endpoint = Target::Endpoint(used.slot.0);
                    if state.field(endpoint, Field::MacAddress) != Some(&Setting::Mac(used.mac)) {
                        complain(format!(
                            "{} is not {} at this step",
                            said_target(endpoint),
                            used.mac
                        ));
                    }
                    if state.users(endpoint).iter().any(|user| *user != target) {
                        complain(format!(
                            "{} serves another subscriber",
                            said_target(endpoint)
                        ));
                    }
                }
                if let Some(Rate::Profile { name, slot }) = after.rate {
                    let profile = Target::Profile(slot.0);
                    let name = Setting::Text(name.to_string());
                    if state.field(profile, Field::Name) != Some(&name) {
                        complain(format!(
                            "{} is another profile at this step",
                            said_target(profile)
                        ));
                    }
                }
            }
            Change::Endpoint(_, edit) => {
                if let Some(PortAssignment::Port(number)) = edit.after().port
                    && !self.request.model.has_port(*number)
                {
                    complain(format!("a {} has no port {number}", self.request.model));
                }
            }
            Change::Port(_, update) => {
                if update.mode.is_some() && self.request.model.medium() == Medium::Coax {
                    complain(format!(
                        "ports of a {} have no mode to set",
                        self.request.model
                    ));
                }
            }
            Change::System(_) | Change::Uplink(..) | Change::Profile(..) => {}
        }
    }

    /// Does the way to the device stay open?
    fn check_management(&self, state: &State, complain: &mut impl FnMut(String)) {
        let Change::Uplink(number, update) = self.change else {
            return;
        };
        let Some(moved) = &update.allowed_vlans else {
            return;
        };
        if self.request.allows_management {
            return;
        }
        let allowed = &moved.to.0;
        let uplink = Target::Uplink(u16::from(number.get()));
        let before = match state.field(uplink, Field::AllowedVlans) {
            Some(Setting::Vlans(before)) => Some(before),
            _ => None,
        };
        for vlan in self.management.iter().copied() {
            // What did not pass before is not what we are connected through.
            let passed = before.is_none_or(|before| before.contains(vlan));
            if passed && !allowed.contains(vlan) {
                complain(format!(
                    "management VLAN {vlan} would not pass uplink {number} any more"
                ));
            }
        }
    }

    /// Is what the device has then something that a device can have?
    fn check_result(&self, target: Target, state: &State, complain: &mut impl FnMut(String)) {
        if self.change.verb() == Verb::Remove {
            return;
        }
        for field in [Field::Name, Field::MacAddress] {
            if let Some(value) = state.field(target, field)
                && let Some(other) = state.others_with(target, field, value).next()
            {
                complain(format!("{} has the same `{field}`", said_target(other)));
            }
        }
        let vlan = state.field(target, Field::Vlan);
        if vlan.is_some() && vlan == state.field(target, Field::Port2Vlan) {
            complain("both Ethernet ports would be in the same VLAN".to_owned());
        }
        if let Change::Endpoint(_, edit) = self.change
            && let Some(PortAssignment::Port(number)) = edit.after().port
        {
            let port = Setting::Port(PortAssignment::Port(*number));
            let most = self.request.model.medium().endpoints_per_port();
            let there = state.others_with(target, Field::Port, &port).count() + 1;
            if there > most {
                complain(format!(
                    "port {number} would have {there} endpoints, and accepts {most}"
                ));
            }
        }
    }
}

fn said_target(target: Target) -> String {
    match target {
        Target::System => "the system".to_owned(),
        Target::Uplink(number) => format!("uplink {number}"),
        Target::Port(number) => format!("port {number}"),
        Target::Profile(slot) => format!("profile {slot}"),
        Target::Endpoint(slot) => format!("endpoint {slot}"),
        Target::Subscriber(slot) => format!("subscriber {slot}"),
    }
}
