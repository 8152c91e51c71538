//! Writes place, VLAN and state of a subscriber into service metadata, and reads them back.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde_json::{Value, json};

use super::client::SonarClient;
use super::connection::Connection;
use super::lookups::SonarLookups;
use super::mutation::{ItemHealth, Mutation};
use super::own_field::OwnField;
use super::query::{Query, ids_are};
use crate::billing::json::{Record, ShapeError};
use crate::billing::{BillingError, BillingProblem, Priority};
use crate::model::billing::{EquipmentId, ServiceId, TariffId, WrittenBack};

/// The outcome of a write, as a read shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The values were there before; nothing was sent.
    AlreadyThere,
    /// The values are there now.
    Proved,
    /// The instance answered and the values are not there.
    NotDone,
    /// These fields are not defined for the tariff; nothing was sent.
    NotDefined { fields: Vec<OwnField> },
    /// The instance does not have the object any more; nothing was sent.
    NoObject,
    /// The values are there, and fields of others have other values than before: stop writing until a person looked.
    OthersChanged,
}

/// The values of a service, by the id of their field.
type Metadata = BTreeMap<CompactString, CompactString>;

const METADATA: &str = "
query Metadata($search: [Search], $one: Paginator!, $all: Paginator!) {
  account_services(search: $search, paginator: $one) {
    entities { id
      service_metadata_values(paginator: $all) {
        page_info { total_count }
        entities { service_metadata_id value } } }
  }
}";

const HEALTH: &str = "
query Health($search: [Search], $one: Paginator!) {
  inventory_items(search: $search, paginator: $one) { entities { id override_status } }
}";

impl SonarClient {
    /// Brings gamctl's own fields of a service to these values. An absent value stays as it is, an empty one is removed.
    ///
    /// # Errors
    ///
    /// Fails if a request fails, except where a read shows that a write took effect although its answer was lost.
    pub async fn write_back(
        &self,
        service: &ServiceId,
        tariff: &TariffId,
        wanted: &WrittenBack,
        lookups: &SonarLookups,
    ) -> Result<WriteOutcome, BillingError> {
        let undefined = OwnField::ALL.into_iter().filter(|field| {
            let has_value = field.value(wanted).is_some_and(|value| !value.is_empty());
            has_value && lookups.own_field(tariff, *field).is_none()
        });
        let undefined: Vec<_> = undefined.collect();
        if !undefined.is_empty() {
            return Ok(WriteOutcome::NotDefined { fields: undefined });
        }
        let Some(before) = self.read_metadata(service).await? else {
            return Ok(WriteOutcome::NoObject);
        };
        let values = differences(&before, wanted, tariff, lookups);
        if values.is_empty() {
            return Ok(WriteOutcome::AlreadyThere);
        }
        let set = Mutation::SetMetadata {
            service,
            values: &values,
        };
        let sent = self.send(&set).await;
        if let Err(error) = sent
            && !error.may_have_taken_effect()
        {
            return Err(error);
        }
        let Some(after) = self.read_metadata(service).await? else {
            return Ok(WriteOutcome::NoObject);
        };
        Ok(judge(&before, &after, &values))
    }

    /// Reads the metadata of a service; `None` if it does not exist.
    async fn read_metadata(&self, service: &ServiceId) -> Result<Option<Metadata>, BillingError> {
        let one = json!({"page": 1, "records_per_page": 1});
        let search = self.search_of("account_services", service.as_str())?;
        let query = Query {
            name: "account_services",
            text: METADATA.to_owned(),
            variables: json!({"search": search, "one": one, "all": {"page": 1, "records_per_page": 1000}}),
        };
        let data = self.ask(Priority::WriteBack, &query).await?;
        read_metadata(&data, service)
            .map_err(|why| self.error(query.name, BillingProblem::Shape(why)))
    }

    /// Defines one of gamctl's own fields for the services of a tariff; once, at set-up.
    ///
    /// # Errors
    ///
    /// Fails if the request fails.
    pub async fn define_own_field(
        &self,
        tariff: &TariffId,
        field: OwnField,
    ) -> Result<(), BillingError> {
        let define = Mutation::DefineMetadata { tariff, field };
        self.send(&define).await.map(|_| ())
    }

    /// Sets the health of an item, or removes it.
    ///
    /// # Errors
    ///
    /// As `write_back`.
    pub async fn write_health(
        &self,
        item: &EquipmentId,
        health: Option<ItemHealth>,
    ) -> Result<WriteOutcome, BillingError> {
        let wanted = health.map(ItemHealth::word);
        let is_there = |read: Option<CompactString>| read.as_deref() == wanted;
        match self.read_health(item).await? {
            None => return Ok(WriteOutcome::NoObject),
            Some(read) if is_there(read.clone()) => return Ok(WriteOutcome::AlreadyThere),
            Some(_) => {}
        }
        let sent = self.send(&Mutation::SetHealth { item, health }).await;
        if let Err(error) = sent
            && !error.may_have_taken_effect()
        {
            return Err(error);
        }
        Ok(match self.read_health(item).await? {
            None => WriteOutcome::NoObject,
            Some(read) if is_there(read.clone()) => WriteOutcome::Proved,
            Some(_) => WriteOutcome::NotDone,
        })
    }

    async fn read_health(
        &self,
        item: &EquipmentId,
    ) -> Result<Option<Option<CompactString>>, BillingError> {
        let search = self.search_of("inventory_items", item.as_str())?;
        let query = Query {
            name: "inventory_items",
            text: HEALTH.to_owned(),
            variables: json!({"search": search, "one": {"page": 1, "records_per_page": 1}}),
        };
        let data = self.ask(Priority::WriteBack, &query).await?;
        let read = one_of(&data, query.name, item.as_str());
        let read = read.and_then(|read| {
            let status = read.map(|item| item.filled_text("override_status"));
            status.transpose()
        });
        read.map_err(|why| self.error(query.name, BillingProblem::Shape(why)))
    }

    /// Makes a search for one object; an error if its id is not one of Sonar: without a condition all would be found.
    pub(super) fn search_of(&self, root: &'static str, id: &str) -> Result<Value, BillingError> {
        let search = ids_are([id]);
        match search.as_array().is_some_and(|list| list.len() == 1) {
            true => Ok(search),
            false => Err(self.invalid_id(root)),
        }
    }

    fn invalid_id(&self, request: &'static str) -> BillingError {
        let field = Some(CompactString::const_new("id"));
        self.error(request, BillingProblem::Rejected { field })
    }

    /// Sends a mutation, and returns the id in its answer if it has one.
    pub(super) async fn send(
        &self,
        mutation: &Mutation<'_>,
    ) -> Result<Option<CompactString>, BillingError> {
        let name = mutation.name();
        let query = mutation.query().ok_or_else(|| self.invalid_id(name))?;
        let data = self.change(&query).await?;
        let id = mutation.read(&data).and_then(|object| {
            let id = object.optional_id("id");
            id.map_err(BillingProblem::Shape)
        });
        id.map_err(|problem| self.error(name, problem))
    }
}

/// Returns the object with this id in the answer to a search for it.
pub(super) fn one_of<'v>(
    data: &'v Value,
    root: &str,
    id: &str,
) -> Result<Option<Record<'v>>, ShapeError> {
    let connection = Connection::read(&Record::of(data, "")?, root)?;
    for (value, path) in connection.entities {
        let object = Record::of(value, path)?;
        let found: CompactString = object.id("id")?;
        if found == id {
            return Ok(Some(object));
        }
    }
    Ok(None)
}

fn read_metadata(data: &Value, service: &ServiceId) -> Result<Option<Metadata>, ShapeError> {
    let Some(service) = one_of(data, "account_services", service.as_str())? else {
        return Ok(None);
    };
    let connection = Connection::read(&service, "service_metadata_values")?;
    let received = u64::try_from(connection.entities.len()).unwrap_or(u64::MAX);
    if connection.total.is_some_and(|total| total != received) {
        return Err(service.wrong("service_metadata_values", "all its values"));
    }
    let mut metadata = Metadata::new();
    for (value, path) in connection.entities {
        let value = Record::of(value, path)?;
        let text = value.long_text("value")?.unwrap_or_default();
        metadata.insert(value.id("service_metadata_id")?, text);
    }
    Ok(Some(metadata))
}

/// Returns the values to send: only those that differ.
fn differences(
    before: &Metadata,
    wanted: &WrittenBack,
    tariff: &TariffId,
    lookups: &SonarLookups,
) -> Vec<(CompactString, Option<CompactString>)> {
    let fields = OwnField::ALL.into_iter();
    let defined = fields.filter_map(|field| Some((field, lookups.own_field(tariff, field)?)));
    let differing = defined.filter_map(|(field, id)| {
        let is = before
            .get(id)
            .map(CompactString::as_str)
            .unwrap_or_default();
        let must = field.value(wanted)?;
        let value = (!must.is_empty()).then(|| must.into());
        (is != must).then(|| (id.clone(), value))
    });
    differing.collect()
}

/// Compares what was read back with what was sent, and with what was not.
fn judge(
    before: &Metadata,
    after: &Metadata,
    sent: &[(CompactString, Option<CompactString>)],
) -> WriteOutcome {
    let value =
        |metadata: &Metadata, id: &CompactString| metadata.get(id).cloned().unwrap_or_default();
    let is_done = sent
        .iter()
        .all(|(id, wanted)| value(after, id) == wanted.clone().unwrap_or_default());
    if !is_done {
        return WriteOutcome::NotDone;
    }
    let is_sent = |id: &CompactString| sent.iter().any(|(own, _)| own == id);
    let mut others = before.keys().chain(after.keys()).filter(|id| !is_sent(id));
    match others.all(|id| value(before, id) == value(after, id)) {
        true => WriteOutcome::Proved,
        false => WriteOutcome::OthersChanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::sonar::lookups::MetadataField;

    fn metadata(values: &[(&str, &str)]) -> Metadata {
        values
            .iter()
            .map(|(id, value)| ((*id).into(), (*value).into()))
            .collect()
    }

    fn tariff() -> TariffId {
        TariffId::new("31").unwrap()
    }

    fn lookups() -> SonarLookups {
        let mut lookups = SonarLookups::default();
        for (id, name) in [
            ("3", "gam_place"),
            ("4", "gam_vlan"),
            ("5", "gam_state"),
            ("9", "note"),
        ] {
            let field = MetadataField {
                name: name.into(),
                tariff: tariff(),
            };
            lookups.metadata.insert(id.into(), field);
        }
        lookups
    }

    fn wanted(place: Option<&str>, vlan: Option<&str>) -> WrittenBack {
        WrittenBack {
            place: place.map(Into::into),
            vlan: vlan.map(Into::into),
            state: None,
        }
    }

    #[test]
    fn only_what_differs_is_sent() {
        let before = metadata(&[("3", "a/1"), ("4", "101"), ("9", "x")]);
        let sent = |wanted| differences(&before, &wanted, &tariff(), &lookups());
        assert_eq!(sent(wanted(Some("a/1"), Some("101"))), []);
        assert_eq!(
            sent(wanted(Some("a/2"), Some("101"))),
            [("3".into(), Some("a/2".into()))]
        );
        assert_eq!(sent(wanted(Some("a/1"), None)), []);
        assert_eq!(sent(wanted(None, Some(""))), [("4".into(), None)]);
    }

    #[test]
    fn a_write_is_proved_by_what_is_read_back() {
        let before = metadata(&[("3", "a/1"), ("9", "x")]);
        let sent = [("3".into(), Some("a/2".into())), ("4".into(), None)];
        for (after, outcome) in [
            (vec![("3", "a/2"), ("9", "x")], WriteOutcome::Proved),
            (vec![("3", "a/1"), ("9", "x")], WriteOutcome::NotDone),
            (
                vec![("3", "a/2"), ("4", "101"), ("9", "x")],
                WriteOutcome::NotDone,
            ),
            (vec![("3", "a/2")], WriteOutcome::OthersChanged),
            (vec![("3", "a/2"), ("9", "y")], WriteOutcome::OthersChanged),
        ] {
            assert_eq!(
                judge(&before, &metadata(&after), &sent),
                outcome,
                "{after:?}"
            );
        }
    }

    #[test]
    fn metadata_that_came_in_part_is_not_compared() {
        let answer = |total| {
            json!({"account_services": {"entities": [{"id": "77", "service_metadata_values":
                {"page_info": {"total_count": total}, "entities": [{"service_metadata_id": "3", "value": "a/1"}]}}]}})
        };
        let service = ServiceId::new("77").unwrap();
        let read = read_metadata(&answer(1), &service).unwrap().unwrap();
        assert_eq!(read, metadata(&[("3", "a/1")]));
        assert!(read_metadata(&answer(2), &service).is_err());
        let other = ServiceId::new("78").unwrap();
        assert_eq!(read_metadata(&answer(1), &other), Ok(None));
    }
}
