//! Checks that the lines of a step match its change, and that the device accepts them at that step.

use std::collections::BTreeMap;

use super::LintError;
use super::command::{Command, Target, command};
use super::setting::{Setting, fresh_field, setting};
use super::state::{State, identity, target};
use crate::model::{MAX_ALLOWED_VLANS, Medium, PortAssignment, VlanId};
use crate::plan::{Change, Field, Rate, Request, Verb};

/// One direction of a step: its lines, or the lines that undo it.
pub(super) struct Side<'a, L> {
    pub step: usize,
    pub change: &'a Change,
    pub lines: &'a [L],
    pub is_inverse: bool,
    pub request: &'a Request<'a>,
    /// The VLANs through which gamctl may be connected.
    pub management: &'a [VlanId],
}

/// The settings, removals and errors of the lines of a step.
#[derive(Default)]
struct ParsedLines {
    settings: BTreeMap<Field, Setting>,
    removals: usize,
    errors: Vec<(Option<String>, String)>,
}

impl<L: AsRef<str>> Side<'_, L> {
    pub(super) fn error(&self, line: Option<&str>, message: &str) -> LintError {
        LintError {
            step: self.step,
            is_inverse: self.is_inverse,
            line: line.map(str::to_owned),
            message: message.to_owned(),
        }
    }

    /// Returns the mistakes of this direction, and applies the change to the state.
    pub(super) fn check(&self, state: &mut State) -> Vec<LintError> {
        let target = target(self.change);
        let mut messages: Vec<(Option<String>, String)> = Vec::new();
        let mut whole = |message: String| messages.push((None, message));
        if self.lines.is_empty() {
            whole("there is no line".to_owned());
        }
        self.check_object(target, state, &mut whole);
        let parsed = self.read(target);
        if parsed.errors.is_empty() && !self.lines.is_empty() {
            self.check_settings(&parsed, &mut whole);
        }
        self.check_references(target, state, &mut whole);
        self.check_management(state, &mut whole);
        messages.extend(parsed.errors);
        state.apply(target, self.change);
        self.check_result(target, state, &mut |message| messages.push((None, message)));
        messages
            .iter()
            .map(|(line, message)| self.error(line.as_deref(), message))
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

    /// Parses the lines and collects their settings.
    fn read(&self, target: Target) -> ParsedLines {
        let mut parsed = ParsedLines::default();
        let mut is_inside = false;
        for line in self.lines.iter().map(AsRef::as_ref) {
            let mut report = |message: String| parsed.errors.push((Some(line.to_owned()), message));
            let read = match command(line) {
                Ok(read) => read,
                Err(message) => {
                    report(message);
                    continue;
                }
            };
            let (named, settings) = match read {
                Command::Set { target, settings } => (target, settings),
                Command::Remove(target) => {
                    parsed.removals += 1;
                    (target, BTreeMap::new())
                }
                Command::EnterUplink(number) => {
                    is_inside = true;
                    (Target::Uplink(number), BTreeMap::new())
                }
                Command::AllowVlans(_) | Command::Leave if !is_inside => {
                    report("this belongs into an interface".to_owned());
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
                    target_text(named),
                    target_text(target)
                );
                parsed.errors.push((Some(line.to_owned()), message));
                continue;
            }
            for (field, setting) in settings {
                if parsed.settings.insert(field, setting).is_some() {
                    let message = format!("`{field}` is set a second time");
                    parsed.errors.push((Some(line.to_owned()), message));
                }
            }
        }
        parsed
    }

    /// Checks that the object exists or its slot is free, and that gamctl may change it.
    fn check_object(&self, target: Target, state: &State, report: &mut impl FnMut(String)) {
        let is_there = state.has(target);
        match (self.change.verb(), is_there) {
            (Verb::Create, true) => report(format!("{} already exists", target_text(target))),
            (Verb::Update | Verb::Remove, false) if target.is_numbered() => {
                report(format!(
                    "{} is not on the device at this step",
                    target_text(target)
                ));
            }
            (Verb::Create | Verb::Update | Verb::Remove, _) => {}
        }
        if state.is_untouchable(target) {
            report(format!("{} is not owned", target_text(target)));
        }
        if let Target::Port(number) = target
            && number > u16::from(self.request.model.port_count())
        {
            report(format!("a {} has no port {number}", self.request.model));
        }
        self.check_identity(target, state, report);
        for view in self.change.fields() {
            let from = view.value_before();
            let is_known = from.is_some();
            let expected = setting(view.field, from);
            let found = state.field(target, view.field);
            if is_there && is_known && found.is_some() && expected.as_ref() != found {
                report(format!(
                    "the change expects another `{}` than the device has at this step",
                    view.field
                ));
            }
        }
    }

    /// Checks that the slot has the object of the change.
    fn check_identity(&self, target: Target, state: &State, report: &mut impl FnMut(String)) {
        let Some((field, own)) = identity(&self.change.object()) else {
            return;
        };
        let found = state.field(target, field);
        if self.change.verb() != Verb::Create && found.is_some() && found != Some(&own) {
            report(format!("{} is another object", target_text(target)));
        }
    }

    /// Checks that the lines set the values of the change, and no others.
    fn check_settings(&self, parsed: &ParsedLines, report: &mut impl FnMut(String)) {
        if self.change.verb() == Verb::Remove {
            if parsed.removals != 1 || self.lines.len() != 1 {
                report("a removal is one line".to_owned());
            }
            return;
        }
        if parsed.removals > 0 {
            report("the lines remove the object, and the change does not".to_owned());
        }
        let is_new = self.change.verb() == Verb::Create;
        let mut expected: BTreeMap<Field, Option<Setting>> = BTreeMap::new();
        expected.extend(
            identity(&self.change.object())
                .filter(|_| is_new)
                .map(|(field, own)| (field, Some(own))),
        );
        if self.has_long_list() {
            report(format!("the list has more than {MAX_ALLOWED_VLANS} VLANs"));
        }
        for view in self.change.fields() {
            expected.insert(view.field, setting(view.field, view.value_after()));
        }
        for (field, value) in &expected {
            let found = parsed.settings.get(field);
            let is_default = is_new
                && found.is_none()
                && fresh_field(&self.change.object(), *field).as_ref() == value.as_ref();
            let stands_in =
                value.is_none() && found.is_some() && found == self.stand_in(*field).as_ref();
            if found != value.as_ref() && !is_default && !stands_in {
                report(match found {
                    Some(_) => format!("the lines give `{field}` another value than the change"),
                    None => format!("no line sets `{field}`"),
                });
            }
        }
        for field in parsed.settings.keys() {
            if !expected.contains_key(field) {
                report(format!("the lines set `{field}`, and the change does not"));
            }
        }
    }

    fn has_long_list(&self) -> bool {
        let Change::Subscriber(_, edit) = self.change else {
            return false;
        };
        let list = edit.after().allowed_vlans;
        !self.is_inverse && list.is_some_and(|list| list.count() > MAX_ALLOWED_VLANS)
    }

    /// Checks that the objects that the change refers to have these slots and are free.
    fn check_references(&self, target: Target, state: &State, report: &mut impl FnMut(String)) {
        if self.change.verb() == Verb::Remove {
            if let Some(user) = state.users(target).first() {
                report(format!(
                    "{} is still used by {}",
                    target_text(target),
                    target_text(*user)
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
                        report(format!(
                            "{} is not {} at this step",
                            target_text(endpoint),
                            used.mac
                        ));
                    }
                    if state.users(endpoint).iter().any(|user| *user != target) {
                        report(format!(
                            "{} serves another subscriber",
                            target_text(endpoint)
                        ));
                    }
                }
                if let Some(Rate::Profile { name, slot }) = after.rate {
                    let profile = Target::Profile(slot.0);
                    let name = Setting::Text(name.to_string());
                    if state.field(profile, Field::Name) != Some(&name) {
                        report(format!(
                            "{} is another profile at this step",
                            target_text(profile)
                        ));
                    }
                }
            }
            Change::Endpoint(_, edit) => {
                if let Some(PortAssignment::Port(number)) = edit.after().port
                    && !self.request.model.has_port(*number)
                {
                    report(format!("a {} has no port {number}", self.request.model));
                }
            }
            Change::Port(_, update) => {
                if update.mode.is_some() && self.request.model.medium() == Medium::Coax {
                    report(format!(
                        "ports of a {} have no mode to set",
                        self.request.model
                    ));
                }
            }
            Change::System(_) | Change::Uplink(..) | Change::Profile(..) => {}
        }
    }

    /// Checks that an uplink still passes the management VLANs.
    fn check_management(&self, state: &State, report: &mut impl FnMut(String)) {
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
            // gamctl is not connected through a VLAN that did not pass before.
            let passed = before.is_none_or(|before| before.contains(vlan));
            if passed && !allowed.contains(vlan) {
                report(format!(
                    "management VLAN {vlan} would not pass uplink {number} any more"
                ));
            }
        }
    }

    /// Checks that the device can have this state: unique names and addresses, different VLANs, room on the port.
    fn check_result(&self, target: Target, state: &State, report: &mut impl FnMut(String)) {
        if self.change.verb() == Verb::Remove {
            return;
        }
        for field in [Field::Name, Field::MacAddress] {
            if let Some(value) = state.field(target, field)
                && let Some(other) = state.others_with(target, field, value).next()
            {
                report(format!("{} has the same `{field}`", target_text(other)));
            }
        }
        let vlan = state.field(target, Field::Vlan);
        if vlan.is_some() && vlan == state.field(target, Field::Port2Vlan) {
            report("both Ethernet ports would be in the same VLAN".to_owned());
        }
        if let Change::Endpoint(_, edit) = self.change
            && let Some(PortAssignment::Port(number)) = edit.after().port
        {
            let port = Setting::Port(PortAssignment::Port(*number));
            let most = self.request.model.medium().endpoints_per_port();
            let there = state.others_with(target, Field::Port, &port).count() + 1;
            if there > most {
                report(format!(
                    "port {number} would have {there} endpoints, and accepts {most}"
                ));
            }
        }
    }
}

fn target_text(target: Target) -> String {
    match target {
        Target::System => "the system".to_owned(),
        Target::Uplink(number) => format!("uplink {number}"),
        Target::Port(number) => format!("port {number}"),
        Target::Profile(slot) => format!("profile {slot}"),
        Target::Endpoint(slot) => format!("endpoint {slot}"),
        Target::Subscriber(slot) => format!("subscriber {slot}"),
    }
}
