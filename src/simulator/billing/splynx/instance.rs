//! Describes an instance: its version, its typing, the modules and partners that the key has.

use super::cell::{Column, Dialect};
use super::columns::{ACCESS_DEVICE, UPDATED_AT};
use super::fault::FaultKind;
use super::refusal::{Refusal, ValidationForm};
use super::route::is_within;
use super::table::TableName;

/// The properties that hold for every request; faults of that kind change them.
#[derive(Debug, Clone, Default)]
pub(super) struct Instance {
    pub(super) dialect: Dialect,
    pub(super) validation: ValidationForm,
    pub(super) is_french: bool,
    modules_off: Vec<String>,
    forbidden: Vec<String>,
    pub(super) partners_lost: Vec<u64>,
    pub(super) limit: Option<u64>,
    /// Another zone than that of the settings.
    pub(super) minutes_ahead: Option<i64>,
    lacks_access_device: bool,
    has_updated_at: bool,
    pub(super) options_are_flat: bool,
    pub(super) leaves_archived_out: bool,
    pub(super) hooks_are_forms: bool,
    pub(super) drops_ticket_message: bool,
}

impl Instance {
    pub(super) fn of<'a>(faults: impl Iterator<Item = &'a FaultKind>) -> Self {
        let mut instance = Self::default();
        for fault in faults {
            match fault {
                FaultKind::Dialect { dialect } => instance.dialect = *dialect,
                FaultKind::Validation { form, french } => {
                    instance.validation = *form;
                    instance.is_french = *french;
                }
                FaultKind::ModuleOff { module } => instance.modules_off.push(module.clone()),
                FaultKind::Forbidden { module } => instance.forbidden.push(module.clone()),
                FaultKind::PartnerLost { partner } => instance.partners_lost.push(*partner),
                FaultKind::Limit { per_minute } => instance.limit = Some(*per_minute),
                FaultKind::Clock { minutes_ahead } => {
                    instance.minutes_ahead = Some(*minutes_ahead);
                }
                FaultKind::NoAccessDevice {} => instance.lacks_access_device = true,
                FaultKind::ServicesUpdatedAt {} => instance.has_updated_at = true,
                FaultKind::OptionsFlat {} => instance.options_are_flat = true,
                FaultKind::ArchivedLeftOut {} => instance.leaves_archived_out = true,
                FaultKind::HookForm {} => instance.hooks_are_forms = true,
                FaultKind::TicketMessageIgnored {} => instance.drops_ticket_message = true,
                _ => {}
            }
        }
        instance
    }

    /// Checks that a module is switched on and that the key may use it.
    pub(super) fn check_module(&self, module: &str) -> Result<(), Refusal> {
        let is_in = |names: &[String]| names.iter().any(|name| is_within(module, name));
        if is_in(&self.modules_off) {
            return Err(Refusal::MODULE_OFF);
        }
        match is_in(&self.forbidden) {
            true => Err(Refusal::FORBIDDEN),
            false => Ok(()),
        }
    }

    /// Returns whether this version has a column.
    pub(super) fn has_column(&self, table: TableName, column: &Column) -> bool {
        match (table, column.name) {
            (TableName::Services, ACCESS_DEVICE) => !self.lacks_access_device,
            (TableName::Services, UPDATED_AT) => self.has_updated_at,
            _ => true,
        }
    }
}
