//! Lists the kinds of records that deltas ask for, and the fields of each that lead to an account.

use super::owner::{ChangedObject, Owners, named_object, read_item_owner};
use crate::billing::json::{Record, ShapeError};

/// A kind of record whose changes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeltaRoot {
    Accounts,
    AccountServices,
    InventoryItems,
    InventoryModelFieldData,
    ServiceMetadataValues,
    CustomFieldData,
    DataServiceDetails,
    UninventoriedMacAddresses,
    Addresses,
    /// Status and service changes of accounts.
    AccountEvents,
    /// The log of deleted records, which have no `updated_at` any more.
    Deleted,
}

/// The way in which a root can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RootAccess {
    Counted,
    /// Without its total, which the instance cannot compute.
    Uncounted,
    /// Not at all.
    Refused,
}

/// A root and how it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AskedRoot {
    pub(super) root: DeltaRoot,
    pub(super) is_counted: bool,
}

impl DeltaRoot {
    pub const ALL: [Self; 11] = [
        Self::Accounts,
        Self::AccountServices,
        Self::InventoryItems,
        Self::InventoryModelFieldData,
        Self::ServiceMetadataValues,
        Self::CustomFieldData,
        Self::DataServiceDetails,
        Self::UninventoriedMacAddresses,
        Self::Addresses,
        Self::AccountEvents,
        Self::Deleted,
    ];

    /// Returns the name of its list in the answer, which is that of the root query.
    pub fn root(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::AccountServices => "account_services",
            Self::InventoryItems => "inventory_items",
            Self::InventoryModelFieldData => "inventory_model_field_data",
            Self::ServiceMetadataValues => "service_metadata_values",
            Self::CustomFieldData => "custom_field_data",
            Self::DataServiceDetails => "data_service_details",
            Self::UninventoriedMacAddresses => "uninventoried_mac_addresses",
            Self::Addresses => "addresses",
            Self::AccountEvents => "account_events",
            Self::Deleted => "logs",
        }
    }

    /// Returns the field with the moment of a change.
    pub(super) fn moment(self) -> &'static str {
        match self {
            Self::AccountEvents => "event_datetime",
            Self::Deleted => "created_at",
            _ => "updated_at",
        }
    }

    /// Returns whether the moment is when the record was written. That of an event may be in the future, and a cursor
    /// there would miss what happens until then.
    pub(super) fn is_in_order(self) -> bool {
        !matches!(self, Self::AccountEvents)
    }

    /// Returns further arguments of the root query.
    pub(super) fn arguments(self) -> &'static str {
        match self {
            Self::Accounts => "include_archived: true, ",
            Self::Deleted => "type: DELETED, ",
            _ => "",
        }
    }

    /// Returns the fields that lead to an account.
    pub(super) fn fields(self) -> &'static str {
        match self {
            Self::Accounts => "",
            Self::AccountServices | Self::UninventoriedMacAddresses | Self::AccountEvents => {
                "account_id"
            }
            Self::InventoryItems => {
                "account_service_id inventoryitemable_type inventoryitemable_id"
            }
            Self::InventoryModelFieldData => {
                "inventory_item { id account_service_id inventoryitemable_type inventoryitemable_id }"
            }
            Self::ServiceMetadataValues => "account_service_id",
            Self::CustomFieldData => "customfielddataable_type customfielddataable_id",
            Self::DataServiceDetails => "service_id",
            Self::Addresses => "addressable_type addressable_id",
            Self::Deleted => "logged_entity_type logged_entity_id loggable_type loggable_id",
        }
    }

    /// Notes what a changed record concerns.
    pub(super) fn note(self, record: &Record<'_>, found: &mut Owners) -> Result<(), ShapeError> {
        match self {
            Self::Accounts => {
                found.accounts.insert(record.id("id")?);
            }
            Self::AccountServices | Self::UninventoriedMacAddresses | Self::AccountEvents => {
                found.accounts.insert(record.id("account_id")?);
            }
            Self::InventoryItems => {
                // Its earlier place is not known here: the last snapshot has it.
                found.items.insert(record.id("id")?);
                read_item_owner(record, found)?;
            }
            Self::InventoryModelFieldData => {
                if let Some(item) = record.optional("inventory_item")? {
                    found.items.insert(item.id("id")?);
                    read_item_owner(&item, found)?;
                }
            }
            Self::ServiceMetadataValues => {
                found.services.insert(record.id("account_service_id")?);
            }
            Self::CustomFieldData => {
                let owner =
                    named_object(record, "customfielddataable_type", "customfielddataable_id")?;
                if let Some(owner) = owner {
                    found.add(owner);
                }
            }
            Self::DataServiceDetails => found.tariffs_changed = true,
            Self::Addresses => {
                let owner = named_object(record, "addressable_type", "addressable_id")?;
                if let Some(owner @ ChangedObject::Account(_)) = owner {
                    found.add(owner);
                }
            }
            Self::Deleted => {
                for (kind, id) in [
                    ("logged_entity_type", "logged_entity_id"),
                    ("loggable_type", "loggable_id"),
                ] {
                    let object = named_object(record, kind, id)?;
                    if let Some(object) = object {
                        found.add(object);
                    }
                }
            }
        }
        Ok(())
    }
}
