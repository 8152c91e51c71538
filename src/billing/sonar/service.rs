//! Translates one service: status, building, and the values of the fields that the settings name.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use compact_str::{CompactString, ToCompactString};

use super::lookups::SonarLookups;
use super::own_field::OwnField;
use super::record::{FieldValue, SonarAccount, SonarService, SonarUnit};
use super::settings::SonarSettings;
use crate::model::billing::{BillingService, LocationId, PlaceHint, WrittenBack};

/// The entities that a custom field can belong to and that matter here.
const ADDRESS: &str = "Address";
const ACCOUNT: &str = "Account";

/// The name of the setting `unit_field` for the second line of the address.
const LINE2: &str = "line2";

/// The settings and tables that a service is translated with.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceReader<'s> {
    pub(super) settings: &'s SonarSettings,
    pub(super) lookups: &'s SonarLookups,
    pub(super) today: NaiveDate,
}

impl ServiceReader<'_> {
    /// Translates one service of an account.
    pub(super) fn read(&self, account: &SonarAccount, service: &SonarService) -> BillingService {
        let unit = unit_of(account, service);
        let written_back = self.written_back(service);
        let hint = self.settings.place_field.as_deref();
        let hint = hint.and_then(|name| self.named_value(name, account, service, unit));
        let hint = hint.or_else(|| written_back.place.clone());
        let starts = account.state.activation_date;
        BillingService {
            account: account.id.clone(),
            service: service.id.clone(),
            login: None,
            tariff: Some(service.tariff.clone()),
            status: self.settings.states.status_of(&account.state, self.today),
            macs: Vec::new(),
            location: self.location(account, unit),
            place_hint: hint.as_deref().and_then(read_place),
            unit: self.unit_text(account, service, unit),
            starts: starts
                .filter(|day| *day > self.today)
                .map(|day| day.to_compact_string()),
            written_back,
        }
    }

    /// Reads gamctl's own fields of a service.
    fn written_back(&self, service: &SonarService) -> WrittenBack {
        let mut written = WrittenBack::default();
        for value in &service.metadata {
            let row = self.lookups.metadata.get(&value.field);
            if let Some(field) = row.and_then(|row| OwnField::named(&row.name)) {
                field.set(&mut written, value.value.reveal());
            }
        }
        written
    }

    fn unit_text(
        &self,
        account: &SonarAccount,
        service: &SonarService,
        unit: Option<&SonarUnit>,
    ) -> Option<CompactString> {
        let name = self.settings.unit_field.as_deref()?;
        let text = match name {
            LINE2 => Some(unit?.line2.reveal().into()),
            name => self.named_value(name, account, service, unit),
        };
        text.filter(|text: &CompactString| !text.is_empty())
    }

    /// Finds a field by its name: at the service, else at its unit, else at an account with this service only.
    fn named_value(
        &self,
        name: &str,
        account: &SonarAccount,
        service: &SonarService,
        unit: Option<&SonarUnit>,
    ) -> Option<CompactString> {
        let is_metadata = |value: &&FieldValue| {
            let row = self.lookups.metadata.get(&value.field);
            row.is_some_and(|row| row.name == name)
        };
        let is_field = |value: &FieldValue, entity: &str| {
            let row = self.lookups.custom_fields.get(&value.field);
            row.is_some_and(|row| row.name == name && row.entity == entity)
        };
        let of_service = service.metadata.iter().find(is_metadata);
        let of_unit = || unit?.fields.iter().find(|value| is_field(value, ADDRESS));
        let of_account = || {
            let is_single = account.services.entries.len() == 1;
            let mut fields = account.fields.iter().filter(|_| is_single);
            fields.find(|value| is_field(value, ACCOUNT))
        };
        let found = of_service.or_else(of_unit).or_else(of_account)?;
        let value = found.value.reveal().trim();
        (!value.is_empty()).then(|| value.into())
    }

    /// Returns the building of a service: that of its unit, else the one that all units of the account share.
    fn location(&self, account: &SonarAccount, unit: Option<&SonarUnit>) -> Option<LocationId> {
        if let Some(unit) = unit {
            return self.location_of(unit);
        }
        let units = account.units.entries.values();
        let locations: BTreeSet<_> = units.map(|unit| self.location_of(unit)).collect();
        let mut locations = locations.into_iter();
        match (locations.next(), locations.next()) {
            (Some(only), None) => only,
            _ => None,
        }
    }

    /// Returns the anchor address or the network site of a unit, whichever the inventory maps; the anchor where neither.
    fn location_of(&self, unit: &SonarUnit) -> Option<LocationId> {
        let candidates = [unit.anchor.as_ref(), unit.network_site.as_ref()];
        let mut candidates = candidates.into_iter().flatten();
        let first = candidates.clone().next();
        let mapped = candidates.find(|location| self.settings.sites.contains(*location));
        mapped.or(first).cloned()
    }
}

/// Returns the unit of a service: the only one with an item bound to it, else the only unit of the account.
fn unit_of<'a>(account: &'a SonarAccount, service: &SonarService) -> Option<&'a SonarUnit> {
    let units = || account.units.entries.values();
    let has_item = |unit: &&SonarUnit| {
        let mut items = unit.items.entries.values();
        items.any(|item| item.service.as_ref() == Some(&service.id))
    };
    let mut bound = units().filter(has_item);
    match (bound.next(), bound.next()) {
        (Some(only), None) => return Some(only),
        (Some(_), Some(_)) => return None,
        (None, _) => {}
    }
    let mut all = units();
    let first = all.next();
    first.filter(|_| all.next().is_none() && !account.units.is_partial())
}

/// Reads `device/port`, or a device alone.
fn read_place(text: &str) -> Option<PlaceHint> {
    let (device, port) = match text.rsplit_once('/') {
        Some((device, port)) => (device.trim(), Some(port.trim())),
        None => (text.trim(), None),
    };
    (!device.is_empty()).then(|| PlaceHint {
        device: device.into(),
        port: port.filter(|port| !port.is_empty()).map(Into::into),
    })
}
