//! Computes the values that go back to billing from what was verified on devices.

use std::collections::BTreeMap;

use compact_str::{CompactString, ToCompactString, format_compact};
use serde::{Deserialize, Serialize};

use super::note_event::Noted;
use super::service_key::ServiceKey;
use super::settings::DAY;
use crate::model::billing::{BillingService, PlaceHint, Snapshot, WrittenBack};
use crate::model::{DeviceName, MacAddress, PortNumber, VlanId};

/// Others may change a field back so often within a day; then it is left as it is.
const SET_BACK: usize = 2;

/// A service as its device was last verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedService {
    pub device: DeviceName,
    /// Absent: unassigned, or the device finds it.
    pub port: Option<PortNumber>,
    pub vlan: VlanId,
    pub state: VerifiedState,
    pub endpoint: Option<MacAddress>,
}

/// The state of a service on its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifiedState {
    Served,
    Suspended,
    Pending,
    /// The intended state was not reached; the rule or the condition that explains it.
    Failed(CompactString),
}

/// A field of gamctl in billing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteBackField {
    Place,
    Vlan,
    State,
}

/// The fields of one service that differ from what is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteBack {
    pub service: ServiceKey,
    pub values: BTreeMap<WriteBackField, CompactString>,
    /// The place for billing's own fields, where these are empty or have a place that gamctl wrote.
    pub native_place: Option<(DeviceName, PortNumber)>,
}

/// All that is written back after a reading, and what is left because others overwrite it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteBackPlan {
    pub writes: Vec<WriteBack>,
    /// `write-back-overwritten`.
    pub overwritten: Vec<(ServiceKey, WriteBackField)>,
    pub memory: BTreeMap<ServiceKey, WriteBackMemory>,
}

/// The values that billing was seen to have after gamctl wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WriteBackMemory {
    pub proved: BTreeMap<WriteBackField, CompactString>,
    /// Times of the last day at which another value was found in place of a proved one.
    pub overwritten: BTreeMap<WriteBackField, Vec<u64>>,
    /// The place in billing's own fields as it was read after gamctl wrote it.
    pub native: Option<PlaceHint>,
    /// A place for billing's own fields was written and not read back yet.
    pub native_is_sent: bool,
    /// The place and the endpoint as of the last note; left out: no note was considered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noted: Option<Noted>,
    /// The health that was written last to the item of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<CompactString>,
}

impl WriteBackField {
    /// Returns the name of the field in billing.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Place => "gam_place",
            Self::Vlan => "gam_vlan",
            Self::State => "gam_state",
        }
    }

    /// Returns its value among those that billing has.
    pub fn of(self, written: &WrittenBack) -> Option<&CompactString> {
        match self {
            Self::Place => written.place.as_ref(),
            Self::Vlan => written.vlan.as_ref(),
            Self::State => written.state.as_ref(),
        }
    }
}

/// Returns a place as billing has it: `maple-court-a/1`.
pub fn place_text(device: &DeviceName, port: PortNumber) -> CompactString {
    format_compact!("{device}/{port}")
}

impl VerifiedState {
    pub fn text(&self) -> CompactString {
        match self {
            Self::Served => "served".into(),
            Self::Suspended => "suspended".into(),
            Self::Pending => "pending".into(),
            Self::Failed(rule) => format_compact!("failed: {rule}"),
        }
    }
}

impl VerifiedService {
    fn values(&self) -> Vec<(WriteBackField, CompactString)> {
        let mut values = vec![
            (WriteBackField::Vlan, self.vlan.to_compact_string()),
            (WriteBackField::State, self.state.text()),
        ];
        if let Some(port) = self.port {
            values.push((WriteBackField::Place, place_text(&self.device, port)));
        }
        values
    }
}

/// Returns the fields that differ from what was verified. Nothing is written for a service that was never verified.
pub fn write_back(
    snapshot: &Snapshot,
    verified: &BTreeMap<ServiceKey, VerifiedService>,
    memory: &BTreeMap<ServiceKey, WriteBackMemory>,
    now: u64,
) -> WriteBackPlan {
    let mut plan = WriteBackPlan {
        memory: memory.clone(),
        ..WriteBackPlan::default()
    };
    for service in &snapshot.services {
        let key = ServiceKey::of(service);
        let Some(state) = verified.get(&key) else {
            continue;
        };
        let memory = plan.memory.entry(key.clone()).or_default();
        let mut values = BTreeMap::new();
        for (field, wanted) in state.values() {
            let current = field.of(&service.written_back);
            match memory.judge(field, current, &wanted, now) {
                Judgement::Same => {}
                Judgement::Write => drop(values.insert(field, wanted)),
                Judgement::LeftAlone => plan.overwritten.push((key.clone(), field)),
            }
        }
        if !values.is_empty() {
            let native_place = memory.native_place(service, state);
            plan.writes.push(WriteBack {
                service: key,
                values,
                native_place,
            });
        } else {
            memory.read_native(service);
        }
    }
    plan
}

impl WriteBackMemory {
    /// Remembers that billing was seen to have these values after they were written.
    ///
    /// Without it, a value that others change back before the next reading would never count as overwritten.
    pub fn prove(
        &mut self,
        values: &BTreeMap<WriteBackField, CompactString>,
        native: Option<PlaceHint>,
    ) {
        self.proved.extend(values.clone());
        self.native_is_sent = false;
        self.native = native.or(self.native.take());
    }

    /// Returns the values of a service that billing was not seen to have, except those that others overwrite.
    pub fn missing(&self, service: &VerifiedService) -> BTreeMap<WriteBackField, CompactString> {
        let values = service.values().into_iter();
        let missing = values.filter(|(field, value)| {
            let overwritten = self.overwritten.get(field).map_or(0, Vec::len);
            self.proved.get(field) != Some(value) && overwritten <= SET_BACK
        });
        missing.collect()
    }

    /// Remembers that the place is not written into billing's own fields.
    pub fn leave_native(&mut self) {
        self.native_is_sent = false;
    }
}

/// The judgement about one field.
enum Judgement {
    Same,
    Write,
    LeftAlone,
}

impl WriteBackMemory {
    fn judge(
        &mut self,
        field: WriteBackField,
        current: Option<&CompactString>,
        wanted: &CompactString,
        now: u64,
    ) -> Judgement {
        let times = self.overwritten.entry(field).or_default();
        times.retain(|at| now.saturating_sub(*at) < DAY);
        if current == Some(wanted) {
            self.proved.insert(field, wanted.clone());
            return Judgement::Same;
        }
        // A value that was proved and is another one now was changed by someone else. One that was never read back was
        // not written yet, or its answer was lost.
        if self.proved.get(&field) == Some(wanted) {
            self.proved.remove(&field);
            times.push(now);
        }
        match times.len() > SET_BACK {
            true => Judgement::LeftAlone,
            false => Judgement::Write,
        }
    }

    /// Remembers the place in billing's own fields, once it was written and gamctl's fields prove it.
    fn read_native(&mut self, service: &BillingService) {
        if std::mem::take(&mut self.native_is_sent) {
            self.native.clone_from(&service.place_hint);
        }
    }

    /// Returns the place for billing's own fields, unless a person wrote another one there.
    fn native_place(
        &mut self,
        service: &BillingService,
        state: &VerifiedService,
    ) -> Option<(DeviceName, PortNumber)> {
        let port = state.port?;
        let is_free = service.place_hint.is_none() || self.native == service.place_hint;
        self.native_is_sent = is_free;
        is_free.then(|| (state.device.clone(), port))
    }
}
