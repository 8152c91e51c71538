//! Reads the small tables that give ids a meaning: statuses, tariffs, fields, metadata, models.

use std::collections::BTreeMap;

use compact_str::{CompactString, format_compact};
use serde_json::Value;

use super::connection::Remarks;
use super::own_field::OwnField;
use super::page_walk::Page;
use super::query::{Query, SonarFeatures, fill, paginator};
use crate::billing::json::{Record, ShapeError};
use crate::model::billing::{
    BillingSpeed, Collection, Counts, Gap, Tariff, TariffId, UnreadableRecord,
};

/// A small table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SonarTable {
    Statuses,
    Services,
    CustomFields,
    ServiceMetadata,
    InventoryModels,
}

impl SonarTable {
    pub const ALL: [Self; 5] = [
        Self::Statuses,
        Self::Services,
        Self::CustomFields,
        Self::ServiceMetadata,
        Self::InventoryModels,
    ];

    /// Returns the root query, which is the name that Sonar has for the table.
    pub fn root(self) -> &'static str {
        match self {
            Self::Statuses => "account_statuses",
            Self::Services => "services",
            Self::CustomFields => "custom_fields",
            Self::ServiceMetadata => "service_metadata",
            Self::InventoryModels => "inventory_models",
        }
    }

    /// The collection of the proof that a table is, where something follows from an absent row.
    pub(super) fn collection(self) -> Option<Collection> {
        match self {
            Self::Statuses => Some(Collection::Statuses),
            Self::Services => Some(Collection::Tariffs),
            Self::CustomFields | Self::ServiceMetadata | Self::InventoryModels => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Statuses => STATUSES,
            Self::Services => SERVICES,
            Self::CustomFields => CUSTOM_FIELDS,
            Self::ServiceMetadata => SERVICE_METADATA,
            Self::InventoryModels => INVENTORY_MODELS,
        }
    }

    /// Makes the query of a page of the table.
    pub(super) fn query(self, page: Page, features: SonarFeatures) -> Query {
        Query {
            name: self.root(),
            text: fill(self.text(), features),
            variables: serde_json::json!({ "page": paginator(page) }),
        }
    }
}

const STATUSES: &str = "
query Statuses($page: Paginator!) {
  account_statuses(paginator: $page, sorter: [{attribute: \"id\", direction: ASC}]) {
    %root
    entities { id name activates_account }
  }
}";

const SERVICES: &str = "
query Services($page: Paginator!) {
  services(type: DATA, paginator: $page, sorter: [{attribute: \"id\", direction: ASC}]) {
    %root
    entities { id name
      data_service_detail { download_speed_kilobits_per_second upload_speed_kilobits_per_second } }
  }
}";

const CUSTOM_FIELDS: &str = "
query CustomFields($page: Paginator!) {
  custom_fields(paginator: $page, sorter: [{attribute: \"id\", direction: ASC}]) {
    %root
    entities { id name entity_type }
  }
}";

const SERVICE_METADATA: &str = "
query ServiceMetadata($page: Paginator!) {
  service_metadata(paginator: $page, sorter: [{attribute: \"id\", direction: ASC}]) {
    %root
    entities { id name service_id }
  }
}";

const INVENTORY_MODELS: &str = "
query InventoryModels($page: Paginator!, $fields: Paginator = {page: 1, records_per_page: 100}) {
  inventory_models(paginator: $page, sorter: [{attribute: \"id\", direction: ASC}]) {
    %root
    entities { id name
      inventory_model_fields(paginator: $fields) { entities { id type } } }
  }
}";

/// A status that an account can have: a row that the ISP made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    pub name: CompactString,
    pub activates: bool,
}

/// A custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    pub name: CompactString,
    /// The word of Sonar, such as `Address`.
    pub entity: CompactString,
}

/// A metadata field of a Service, the free storage of its subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataField {
    pub name: CompactString,
    pub tariff: TariffId,
}

/// A model of equipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryModelRow {
    pub name: CompactString,
    /// Whether an item of it has a MAC address, by the type of its fields.
    pub has_mac: bool,
}

/// All small tables, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SonarLookups {
    pub statuses: BTreeMap<CompactString, StatusRow>,
    pub tariffs: BTreeMap<TariffId, Tariff>,
    pub custom_fields: BTreeMap<CompactString, CustomField>,
    pub metadata: BTreeMap<CompactString, MetadataField>,
    pub models: BTreeMap<CompactString, InventoryModelRow>,
    /// Rows that are not understood.
    pub unreadable: Vec<UnreadableRecord>,
    pub(super) counts: BTreeMap<Collection, Counts>,
    pub(super) gaps: Vec<Gap>,
}

impl SonarLookups {
    /// Returns the id of one of gamctl's own fields, for services of a tariff.
    pub fn own_field(&self, tariff: &TariffId, field: OwnField) -> Option<&CompactString> {
        let mut fields = self.metadata.iter();
        let found = fields.find(|(_, row)| row.tariff == *tariff && row.name == field.as_str());
        found.map(|(id, _)| id)
    }

    /// Returns how many rows of a table were understood.
    pub(super) fn rows(&self, table: SonarTable) -> usize {
        match table {
            SonarTable::Statuses => self.statuses.len(),
            SonarTable::Services => self.tariffs.len(),
            SonarTable::CustomFields => self.custom_fields.len(),
            SonarTable::ServiceMetadata => self.metadata.len(),
            SonarTable::InventoryModels => self.models.len(),
        }
    }

    /// Adds one row of a table; a row that is not understood is noted.
    pub(super) fn add(&mut self, table: SonarTable, value: &Value, path: CompactString) {
        let added = Record::of(value, path).and_then(|row| self.add_row(table, &row));
        if let Err(reason) = added {
            let mut remarks = Remarks::default();
            let collection = table.collection().unwrap_or(Collection::Services);
            remarks.unreadable(collection, value, None, &reason);
            // Rows of different tables have the same ids.
            let named = remarks
                .unreadable
                .into_iter()
                .map(|record| UnreadableRecord {
                    id: record.id.map(|id| format_compact!("{}.{id}", table.root())),
                    ..record
                });
            self.unreadable.extend(named);
        }
    }

    fn add_row(&mut self, table: SonarTable, row: &Record<'_>) -> Result<(), ShapeError> {
        match table {
            SonarTable::Statuses => {
                let status = StatusRow {
                    name: row.word("name")?,
                    activates: required_flag(row, "activates_account")?,
                };
                self.statuses.insert(row.id("id")?, status);
            }
            SonarTable::Services => {
                let tariff = read_tariff(row)?;
                self.tariffs.insert(tariff.id.clone(), tariff);
            }
            SonarTable::CustomFields => {
                let field = CustomField {
                    name: row.word("name")?,
                    entity: row.word("entity_type")?,
                };
                self.custom_fields.insert(row.id("id")?, field);
            }
            SonarTable::ServiceMetadata => {
                let field = MetadataField {
                    name: row.word("name")?,
                    tariff: row.id("service_id")?,
                };
                self.metadata.insert(row.id("id")?, field);
            }
            SonarTable::InventoryModels => {
                let fields = row.map("inventory_model_fields")?;
                let mut has_mac = false;
                for (field, path) in fields.list("entities")? {
                    has_mac |= Record::of(field, path)?.word("type")? == MAC_FIELD;
                }
                let name = row.word("name")?;
                let model = InventoryModelRow { name, has_mac };
                self.models.insert(row.id("id")?, model);
            }
        }
        Ok(())
    }
}

/// The type of a field that holds a MAC address; its name may be anything.
pub(super) const MAC_FIELD: &str = "MAC_ADDRESS";

/// Reads a boolean that must be there.
pub(super) fn required_flag(record: &Record<'_>, key: &str) -> Result<bool, ShapeError> {
    let flag = record.flag(key)?;
    flag.ok_or_else(|| record.wrong(key, "a boolean"))
}

fn read_tariff(row: &Record<'_>) -> Result<Tariff, ShapeError> {
    let detail = row.optional("data_service_detail")?;
    let speed = match detail {
        None => None,
        Some(detail) => Some(BillingSpeed {
            down_kbps: detail.count("download_speed_kilobits_per_second")?,
            up_kbps: detail.count("upload_speed_kilobits_per_second")?,
        }),
    };
    Ok(Tariff {
        id: row.id("id")?,
        title: row.word("name")?,
        speed,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lookups(table: SonarTable, rows: &[Value]) -> SonarLookups {
        let mut lookups = SonarLookups::default();
        for row in rows {
            lookups.add(table, row, table.root().into());
        }
        lookups
    }

    #[test]
    fn statuses_are_rows_that_the_isp_made() {
        let read = lookups(
            SonarTable::Statuses,
            &[
                json!({"id": "1", "name": "Lead", "activates_account": false}),
                json!({"id": 2, "name": "Active", "activates_account": true}),
            ],
        );
        assert!(!read.statuses["1"].activates);
        assert!(read.statuses["2"].activates);
        assert!(read.unreadable.is_empty());
    }

    #[test]
    fn a_tariff_has_speeds_in_kbps_or_none_at_all() {
        let read = lookups(
            SonarTable::Services,
            &[
                json!({"id": "31", "name": "Home 500", "data_service_detail": {
                    "download_speed_kilobits_per_second": 500_000,
                    "upload_speed_kilobits_per_second": "250000"}}),
                json!({"id": "32", "name": "Unlisted", "data_service_detail": null}),
            ],
        );
        let speed = read.tariffs[&TariffId::new("31").unwrap()].speed;
        assert_eq!(
            speed,
            Some(BillingSpeed {
                down_kbps: 500_000,
                up_kbps: 250_000
            })
        );
        assert_eq!(read.tariffs[&TariffId::new("32").unwrap()].speed, None);
    }

    #[test]
    fn a_row_that_is_not_understood_is_named_and_stops_no_other() {
        let read = lookups(
            SonarTable::Services,
            &[
                json!({"id": "31", "name": "Home 500", "data_service_detail": {"download_speed_kilobits_per_second": -5, "upload_speed_kilobits_per_second": 1}}),
                json!({"id": "32", "name": "Home 100"}),
                json!({"name": "Home 50", "data_service_detail": null}),
                json!(7),
                json!({"id": "33", "name": "Home 10", "data_service_detail": null}),
            ],
        );
        assert_eq!(read.tariffs.len(), 1);
        let ids: Vec<_> = read
            .unreadable
            .iter()
            .map(|row| row.id.as_deref())
            .collect();
        assert_eq!(ids, [Some("services.31"), Some("services.32"), None, None]);
    }

    #[test]
    fn a_model_has_a_mac_by_the_type_of_a_field_and_not_by_its_name() {
        let model = |id: &str, kind: &str| {
            let fields = json!([{"id": "40", "name": "MAC", "type": kind}, {"id": "41", "type": "NEW_TYPE"}]);
            json!({"id": id, "name": "GAM-E", "inventory_model_fields": {"entities": fields}})
        };
        let read = lookups(
            SonarTable::InventoryModels,
            &[model("14", "MAC_ADDRESS"), model("15", "TEXT")],
        );
        assert!(read.models["14"].has_mac);
        assert!(!read.models["15"].has_mac);
    }

    #[test]
    fn own_fields_are_defined_for_each_service_by_itself() {
        let read = lookups(
            SonarTable::ServiceMetadata,
            &[
                json!({"id": "3", "name": "gam_place", "service_id": "31"}),
                json!({"id": "4", "name": "gam_vlan", "service_id": "32"}),
            ],
        );
        let tariff = TariffId::new("31").unwrap();
        let place = read.own_field(&tariff, OwnField::Place);
        assert_eq!(place.map(CompactString::as_str), Some("3"));
        assert_eq!(read.own_field(&tariff, OwnField::Vlan), None);
    }
}
