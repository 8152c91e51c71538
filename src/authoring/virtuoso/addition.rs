//! Makes subscribers of the rows of a VIRTUOSO list: their ids, their defaults, and the edits that add them.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::Value;

use super::column::Column;
use super::row::Row;
use super::row_problem::RowProblem;
use super::same_lines::{lines_of, others};
use crate::authoring::edit::{Edit, KeyPath, Object};
use crate::authoring::new_id::{Ids, slug};
use crate::model::{
    DeviceName, EndpointName, PortAssignment, ServicePlanId, Subscriber, SubscriberId,
    SubscriberState,
};

/// A row that becomes a subscriber, without its id.
pub(super) struct NewRow {
    pub(super) row: Row,
    pub(super) device: DeviceName,
    pub(super) port: PortAssignment,
    pub(super) service_plan: ServicePlanId,
}

/// A row that becomes a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    pub line: usize,
    pub subscriber: Subscriber,
}

/// Returns each new subscriber by its line. Its id is that of the row, else one made from its name.
pub(super) fn additions(
    new: Vec<NewRow>,
    known: &[Subscriber],
) -> Vec<(usize, Result<Addition, RowProblem>)> {
    // Two ids that differ only in capitals are one.
    let lower = |id: &SubscriberId| id.as_str().to_lowercase();
    let taken: BTreeSet<String> = known.iter().map(|one| lower(&one.id)).collect();
    let given = new
        .iter()
        .filter_map(|one| Some((lower(one.row.id.as_ref()?), one.row.line)));
    let given = lines_of(given);
    let mut ids = Ids::default();
    ids.take(taken.iter().chain(given.keys()).map(String::as_str));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &new {
        *counts.entry(slug(one.row.name.as_str(), "")).or_default() += 1;
    }
    let added = new.into_iter().map(|one| {
        let line = one.row.line;
        let id = match &one.row.id {
            None => made_id(&one, &counts, &mut ids),
            Some(id) => match others(given.get(&lower(id)), line) {
                Some(others) => Err(RowProblem::IdTwice(others)),
                None if taken.contains(&lower(id)) => Err(RowProblem::IdTaken(id.clone())),
                None => Ok(id.clone()),
            },
        };
        let subscriber = id.and_then(|id| subscriber(one, id));
        let addition = subscriber.map(|subscriber| Addition { line, subscriber });
        (line, addition)
    });
    added.collect()
}

/// Returns an id made from the name, with the device where the name is on several.
fn made_id(
    new: &NewRow,
    counts: &BTreeMap<String, usize>,
    ids: &mut Ids,
) -> Result<SubscriberId, RowProblem> {
    let (name, device) = (new.row.name.as_str(), new.device.as_str());
    let otherwise = format!("subscriber-{}", new.row.line);
    let with_device = slug(&format!("{name}-{device}"), &otherwise);
    let is_shared = counts.get(&slug(name, "")).is_some_and(|count| *count > 1);
    let wishes = match is_shared {
        true => vec![with_device],
        false => vec![slug(name, &otherwise), with_device],
    };
    let id = SubscriberId::new(&ids.free(&wishes));
    id.map_err(|why| RowProblem::Cell {
        column: Column::Name,
        why: why.into(),
    })
}

fn subscriber(new: NewRow, id: SubscriberId) -> Result<Subscriber, RowProblem> {
    let NewRow {
        row,
        device,
        port,
        service_plan,
    } = new;
    let endpoint_name = match row.endpoint_name {
        Some(name) => name,
        None => EndpointName::new(row.name.as_str()).map_err(|why| RowProblem::Cell {
            column: Column::Name,
            why: why.into(),
        })?,
    };
    Ok(Subscriber {
        id,
        device,
        port,
        endpoint: row.endpoint,
        service_plan,
        vlan: row.vlan,
        state: row.state.unwrap_or(SubscriberState::Active),
        name: row.name,
        endpoint_name,
        description: row.description,
        tagged: row.tagged.unwrap_or(false),
        remapped_vlan: row.remapped_vlan.flatten(),
        allowed_vlans: row.allowed_vlans.unwrap_or_default(),
        port2_vlan: row.port2_vlan.flatten(),
        poe: row.poe,
        protected: false,
        moved_from: None,
        external: None,
        hold: None,
    })
}

/// Returns the edits that add subscribers to the files of their devices.
pub fn edits(additions: &[Addition]) -> Vec<Edit> {
    let edits = additions
        .iter()
        .map(|Addition { subscriber, .. }| Edit::Add {
            object: Object::subscriber(subscriber.id.as_str()),
            file: None,
            fields: fields(subscriber),
            comment: None,
        });
    edits.collect()
}

/// Returns the keys of a subscriber that differ from their defaults. Keys of billing and of protection are not in a list.
fn fields(one: &Subscriber) -> Vec<(KeyPath, Value)> {
    let port = match one.port {
        PortAssignment::Port(number) => Value::from(i64::from(number.get())),
        word => Value::from(word.to_string()),
    };
    let mut fields: Vec<(KeyPath, Value)> = Vec::new();
    let mut key = |key: &str, value: Option<Value>| {
        fields.extend(value.map(|value| (KeyPath::from([key]), value)));
    };
    let text = |text: &str| Some(Value::from(text));
    let vlan = |vlan: crate::model::VlanId| Value::from(i64::from(vlan.get()));
    key("device", text(one.device.as_str()));
    key("port", Some(port));
    key("endpoint", one.endpoint.map(|mac| mac.to_string().into()));
    key("service_plan", text(one.service_plan.as_str()));
    key("vlan", Some(vlan(one.vlan)));
    let is_active = one.state == SubscriberState::Active;
    key("state", text(one.state.as_str()).filter(|_| !is_active));
    let has_name = one.name.as_str() != one.id.as_str();
    key("name", text(one.name.as_str()).filter(|_| has_name));
    let has_endpoint_name = one.endpoint_name.as_str() != one.name.as_str();
    let endpoint_name = text(one.endpoint_name.as_str());
    key("endpoint_name", endpoint_name.filter(|_| has_endpoint_name));
    let description = one.description.as_ref();
    key(
        "description",
        description.and_then(|one| text(one.as_str())),
    );
    key("tagged", one.tagged.then(|| true.into()));
    key("remapped_vlan", one.remapped_vlan.map(vlan));
    let allowed = (!one.allowed_vlans.is_empty()).then(|| one.allowed_vlans.to_string());
    key("allowed_vlans", allowed.map(Value::from));
    key("port2_vlan", one.port2_vlan.map(vlan));
    key("poe", one.poe.and_then(|poe| text(poe.as_str())));
    fields
}
