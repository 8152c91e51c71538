//! Planning by small examples: who is left alone, who is named, what is refused, and in which words.

mod effects;
mod half_way;
mod interrupts;
mod limits;
mod names;
mod order;
mod refusal;
mod removal;
mod room;
mod undo;
mod unread;

use std::collections::BTreeMap;

use gamctl::model::{
    DeviceConfig, DeviceName, DeviceState, GamModel, MacAddress, Observation, Serial,
    SubscriberName, VlanId,
};
use gamctl::plan::lint::lint;
use gamctl::plan::{DevicePlan, Ledger, Request, plan};
use gamctl::render::render;
use serde_json::{Value, json};

/// A device with two households, `a` on endpoint 1 and `b` on endpoint 2, both with the profile `home`.
struct Example {
    device: DeviceName,
    model: GamModel,
    state: DeviceState,
    serial: Option<Serial>,
    mac: Option<MacAddress>,
    intended: Value,
    observation: Observation,
    ledger: Option<Ledger>,
    allows_management: bool,
    authoritative: bool,
    renamed: BTreeMap<SubscriberName, SubscriberName>,
}

fn mac(number: u8) -> String {
    format!("00:0e:d8:00:00:{number:02x}")
}

fn subscriber(endpoint: u8, vlan: u16) -> Value {
    json!({ "endpoint": mac(endpoint), "rate": { "profile": "home" }, "vlan": vlan, "tagged": false, "poe": "disable" })
}

fn homes() -> Value {
    json!({
        "profiles": { "home": { "down": 106, "up": 106 } },
        "endpoints": {
            mac(1): { "name": "a", "port": 1 },
            mac(2): { "name": "b", "port": 2 },
        },
        "subscribers": { "a": subscriber(1, 101), "b": subscriber(2, 102) },
    })
}

/// Returns the same with numbers: those of the profiles from 2, all others from 1, in the order of their keys.
fn numbered(config: &Value) -> DeviceConfig {
    let mut config: DeviceConfig = serde_json::from_value(config.clone()).unwrap();
    let slot = |number: usize| Some(gamctl::model::Slot(u16::try_from(number).unwrap()));
    for (number, profile) in config.profiles.values_mut().enumerate() {
        profile.slot = slot(number + 2);
    }
    for (number, endpoint) in config.endpoints.values_mut().enumerate() {
        endpoint.slot = slot(number + 1);
    }
    for (number, subscriber) in config.subscribers.values_mut().enumerate() {
        subscriber.slot = slot(number + 1);
    }
    config
}

impl Example {
    /// The device is as intended, and all of it is ours.
    fn settled() -> Self {
        Self::of(&homes())
    }

    fn of(observed: &Value) -> Self {
        let device: DeviceName = "oak".parse().unwrap();
        let mut observation = Observation::of(device.clone());
        observation.identity.model = Some(GamModel::Gam8Mx);
        observation.identity.serial = Some(Serial::new("01013599").unwrap());
        observation.config = numbered(observed);
        observation.sends_names = Some(false);
        Self {
            device,
            model: GamModel::Gam8Mx,
            state: DeviceState::Managed,
            serial: None,
            mac: None,
            intended: observed.clone(),
            observation,
            ledger: Some(Ledger::of(
                serde_json::from_value(observed.clone()).unwrap(),
            )),
            allows_management: false,
            authoritative: false,
            renamed: BTreeMap::new(),
        }
    }

    fn plan(&self) -> DevicePlan {
        self.asked(|request| render(plan(request, &self.observation)).unwrap())
    }

    /// Returns what the lint has against a plan of this device.
    fn lint_errors(&self, plan: &DevicePlan) -> Vec<String> {
        let found = self.asked(|request| lint(plan, &self.observation, request));
        found.iter().map(ToString::to_string).collect()
    }

    fn asked<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let intended: DeviceConfig = serde_json::from_value(self.intended.clone()).unwrap();
        ask(&Request {
            device: &self.device,
            state: self.state,
            model: self.model,
            serial: self.serial.as_ref(),
            mac: self.mac,
            management_vlan: VlanId::DEFAULT_MANAGEMENT,
            authoritative: self.authoritative,
            removes_unmanaged: true,
            intended: &intended,
            renamed: &self.renamed,
            ledger: self.ledger.as_ref(),
            allows_management: self.allows_management,
        })
    }

    /// Returns the lines of the plan.
    fn lines(&self) -> Vec<String> {
        let plan = self.plan();
        assert_eq!(plan.refusals, []);
        let lines = plan.steps.into_iter().flat_map(|step| step.lines);
        lines.map(String::from).collect()
    }

    /// Returns the notes, each as its rule and its sentence.
    fn notes(&self) -> Vec<String> {
        let notes = self.plan().notes;
        let shown = notes.iter();
        shown
            .map(|note| format!("{}: {}", note.rule, note.message))
            .collect()
    }

    /// Returns the refusals, each as its rule and its sentence.
    fn refusals(&self) -> Vec<String> {
        let refusals = self.plan().refusals;
        let shown = refusals.iter();
        shown
            .map(|refusal| format!("{}: {}", refusal.rule, refusal.message))
            .collect()
    }
}
