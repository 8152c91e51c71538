//! Reads one row of a VIRTUOSO list into types, with every cell that cannot be read.

use std::net::IpAddr;

use super::cell::{self, CellError};
use super::column::{Column, Columns};
use super::row_problem::RowProblem;
use crate::authoring::csv::CsvRow;
use crate::model::{
    Address, Description, EndpointName, MacAddress, Poe, PortAssignment, ServicePlanId,
    SubscriberId, SubscriberName, SubscriberState, VlanId, VlanSet,
};

/// A row as types. What its list has no column for, or no value in a column of gamctl's own, is absent.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) id: Option<SubscriberId>,
    pub(super) name: SubscriberName,
    pub(super) endpoint: Option<MacAddress>,
    pub(super) endpoint_name: Option<EndpointName>,
    pub(super) port: Option<PortAssignment>,
    /// The profile's name, or the word for no limit; never empty.
    pub(super) profile: String,
    pub(super) service_plan: Option<ServicePlanId>,
    pub(super) state: Option<SubscriberState>,
    pub(super) vlan: VlanId,
    pub(super) tagged: Option<bool>,
    pub(super) remapped_vlan: Option<Option<VlanId>>,
    pub(super) allowed_vlans: Option<VlanSet>,
    pub(super) port2_vlan: Option<Option<VlanId>>,
    pub(super) poe: Option<Poe>,
    pub(super) description: Option<Description>,
    /// The host name of its device.
    pub(super) system: Option<String>,
    /// The management address of its device.
    pub(super) address: Option<IpAddr>,
    /// The column of addresses has another text, perhaps a postal address. It is not kept.
    pub(super) has_other_address: bool,
}

/// The cells of a row, and what is wrong with them.
struct Cells<'a> {
    row: &'a CsvRow,
    columns: &'a Columns,
    problems: Vec<RowProblem>,
}

impl<'a> Cells<'a> {
    /// Returns the text of a cell, empty without a value; `None` where the list lacks the column.
    fn text(&self, column: Column) -> Option<&'a str> {
        let position = self.columns.position(column)?;
        let cell = self.row.cell(Some(position)).unwrap_or_default();
        Some(cell::unguarded(cell))
    }

    fn filled(&self, column: Column) -> Option<&'a str> {
        self.text(column).filter(|cell| !cell.is_empty())
    }

    fn value<T>(
        &mut self,
        column: Column,
        cell: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, CellError>,
    ) -> Option<T> {
        match read(cell?) {
            Ok(value) => Some(value),
            Err(why) => {
                self.problems.push(RowProblem::Cell { column, why });
                None
            }
        }
    }

    /// Reads a cell of every row.
    fn any<T>(
        &mut self,
        column: Column,
        read: impl FnOnce(&str) -> Result<T, CellError>,
    ) -> Option<T> {
        let cell = self.text(column);
        self.value(column, cell, read)
    }

    /// Reads a cell that may be empty.
    fn optional<T>(
        &mut self,
        column: Column,
        read: impl FnOnce(&str) -> Result<T, CellError>,
    ) -> Option<T> {
        let cell = self.filled(column);
        self.value(column, cell, read)
    }

    /// Reads a cell that must not be empty.
    fn needed<T>(
        &mut self,
        column: Column,
        read: impl FnOnce(&str) -> Result<T, CellError>,
    ) -> Option<T> {
        if self.filled(column).is_none() {
            self.problems.push(RowProblem::Empty(column));
        }
        self.optional(column, read)
    }

    /// Lists the settings that the inventory cannot express.
    fn check_inexpressible(&mut self) {
        let columns = [Column::DoubleTags, Column::Trunk];
        // A word that is not known may mean more than yes.
        let is_on = |column: &Column| {
            let cell = self.text(*column).unwrap_or_default();
            cell::yes_no(cell) != Ok(false)
        };
        let on: Vec<Column> = columns.into_iter().filter(is_on).collect();
        if !on.is_empty() {
            self.problems.push(RowProblem::Inexpressible(on));
        }
    }

    fn address(&self) -> (Option<IpAddr>, bool) {
        let Some(cell) = self.filled(Column::Address) else {
            return (None, false);
        };
        let url = cell.rsplit_once("//").map_or(cell, |(_, host)| host);
        let address = url.trim_end_matches('/').parse::<Address>().ok();
        (address.map(|address| address.ip), address.is_none())
    }
}

impl Row {
    /// Reads a row, or returns everything that is wrong with it.
    pub(super) fn read(
        row: &CsvRow,
        columns: &Columns,
        with_description: bool,
    ) -> Result<Self, Vec<RowProblem>> {
        let mut cells = Cells {
            row,
            columns,
            problems: Vec::new(),
        };
        let name = cells.needed(Column::Name, |cell| Ok(SubscriberName::new(cell)?));
        let vlan = cells.needed(Column::Vlan, cell::vlan);
        let profile = cells.needed(Column::Profile, |cell| Ok(cell.to_owned()));
        cells.check_inexpressible();
        let endpoint = cells.optional(Column::Endpoint, cell::mac);
        let endpoint_name =
            cells.optional(Column::EndpointName, |cell| Ok(EndpointName::new(cell)?));
        let id = cells.optional(Column::Id, |cell| Ok(SubscriberId::new(cell)?));
        let service_plan =
            cells.optional(Column::ServicePlan, |cell| Ok(ServicePlanId::new(cell)?));
        let state = cells.optional(Column::State, cell::state);
        let port = cells.optional(Column::Port, cell::port);
        let tagged = cells.any(Column::Tagged, cell::yes_no);
        let remapped_vlan = cells.any(Column::Remapped, cell::optional_vlan);
        let port2_vlan = cells.any(Column::Port2Vlan, cell::optional_vlan);
        let allowed_vlans = cells.any(Column::Allowed, cell::vlans);
        let poe = cells.any(Column::Poe, cell::poe).flatten();
        let description = match with_description {
            true => cells.optional(Column::Description, |cell| Ok(Description::new(cell)?)),
            false => None,
        };
        let (address, has_other_address) = cells.address();
        let system = cells.filled(Column::System).map(str::to_owned);
        match (name, vlan, profile) {
            (Some(name), Some(vlan), Some(profile)) if cells.problems.is_empty() => Ok(Self {
                line: row.line,
                id,
                name,
                endpoint,
                endpoint_name,
                port,
                profile,
                service_plan,
                state,
                vlan,
                tagged,
                remapped_vlan,
                allowed_vlans,
                port2_vlan,
                poe,
                description,
                system,
                address,
                has_other_address,
            }),
            _ => Err(cells.problems),
        }
    }
}
