//! Translates edits of the sync into edits of inventory files.

use toml_edit::Value;

use super::edit::{AddedSubscriber, SyncEdit, SyncValue};
use super::field::SyncKey;
use crate::authoring::edit::{Edit, KeyPath, Object};

/// Returns the edits of inventory files, in the same order.
pub fn authoring_edits<'a>(edits: impl IntoIterator<Item = &'a SyncEdit>) -> Vec<Edit> {
    edits.into_iter().flat_map(authoring_edit).collect()
}

fn authoring_edit(edit: &SyncEdit) -> Vec<Edit> {
    let object = Object::subscriber(edit.subscriber().as_str());
    match edit {
        SyncEdit::Remove { .. } => vec![Edit::Remove { object }],
        SyncEdit::Add { added, .. } => vec![add(object, added)],
        SyncEdit::Set { value, .. } => fields(value)
            .into_iter()
            .map(|(key, value)| Edit::Set {
                object: object.clone(),
                key: path(key),
                value,
            })
            .collect(),
    }
}

fn path(key: SyncKey) -> KeyPath {
    KeyPath::new(key.as_str().split('.'))
}

fn fields(value: &SyncValue) -> Vec<(SyncKey, Value)> {
    let text = |text: &str| Value::from(text);
    match value {
        SyncValue::Port(port) => vec![(SyncKey::Port, Value::from(i64::from(port.get())))],
        SyncValue::External(system, service) => vec![
            (SyncKey::ExternalSystem, text(system.as_str())),
            (SyncKey::ExternalAccount, text(service.account.as_str())),
            (SyncKey::ExternalService, text(service.service.as_str())),
        ],
        value => vec![(value.key(), text(&value.text()))],
    }
}

fn add(object: Object, added: &AddedSubscriber) -> Edit {
    let text = |key: SyncKey, text: &str| (path(key), Value::from(text));
    let number = |key: SyncKey, number: i64| (path(key), Value::from(number));
    let mut fields = vec![
        text(SyncKey::Device, added.device.as_str()),
        number(SyncKey::Port, i64::from(added.port.get())),
        text(SyncKey::ServicePlan, added.service_plan.as_str()),
        number(SyncKey::Vlan, i64::from(added.vlan.get())),
    ];
    if let Some(endpoint) = added.endpoint {
        fields.push(text(SyncKey::Endpoint, &endpoint.to_string()));
    }
    // `active` is the default.
    if added.state != crate::model::SubscriberState::Active {
        fields.push(text(SyncKey::State, added.state.as_str()));
    }
    if let Some(description) = &added.description {
        fields.push(text(SyncKey::Description, description.as_str()));
    }
    let (system, service) = (&added.system, &added.service);
    fields.push(text(SyncKey::ExternalSystem, system.as_str()));
    fields.push(text(SyncKey::ExternalAccount, service.account.as_str()));
    fields.push(text(SyncKey::ExternalService, service.service.as_str()));
    Edit::Add {
        object,
        file: None,
        fields,
        comment: Some(format!("{system}: account {}", service.account)),
    }
}
