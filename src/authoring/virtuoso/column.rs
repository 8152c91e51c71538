//! Names the columns of a VIRTUOSO list: the title that is written, and the spellings that are read.

use std::collections::BTreeMap;
use std::fmt;

/// The reason that the columns of a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    #[error("no column has {}; name it in the first line", missing(.0))]
    Missing(Vec<Column>),
    #[error(
        "no column has the device; name one `{}` or `{}`",
        Column::System,
        Column::Address
    )]
    NoDevice,
    #[error("the columns `{first}` and `{second}` both mean `{column}`; remove one")]
    Twice {
        column: Column,
        first: String,
        second: String,
    },
}

macro_rules! columns {
    ($($(#[$meta:meta])* $name:ident = $title:literal, [$($spelling:literal),*];)*) => {
        /// A column of a list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $($(#[$meta])* $name,)*
        }

        impl Column {
            /// In the order in which they are written.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the title that an export writes.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Returns other titles that mean the column, without spaces and signs.
            pub fn spellings(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($spelling),*],)* }
            }
        }
    };
}

// VIRTUOSO's titles are not documented: its own words for the columns come first, then those of the device's interfaces.
columns! {
    /// The subscriber's name on the device.
    Name = "Name", ["subscribername", "subscriber", "username", "user"];
    Endpoint = "Endpoint MAC", ["endpointmacaddress", "macaddress", "mac"];
    Profile = "Profile", ["profilename", "bwprofile", "bwprofilename", "bandwidthprofile", "bandwidthprofilename"];
    Vlan = "VLAN", ["vlans", "vlanid", "datavlan", "datavlanid", "vid"];
    Port2Vlan = "Port 2 VLAN", ["port2vlanid", "port2vid", "vlanport2", "port2"];
    Tagged = "Tagged", ["vlanistagged", "vlantagged", "istagged"];
    Allowed = "Allowed VLANs", ["allowed", "allowedvlan", "allowedtaggedvlans", "allowedtaggedvlan", "taggedvlans"];
    Remapped = "Remapped VLAN", ["remapped", "remappedvlanid", "remappedvid"];
    DoubleTags = "Double Tags", ["doubletag", "doubletagged", "doubletagging", "qinq"];
    Trunk = "Trunk", ["trunkmode"];
    Poe = "PoE", ["poemode", "poemodectrl"];
    /// The host name of the device.
    System = "System Name", ["system", "sysname", "gam", "gamname", "device", "devicename", "hostname"];
    /// The management address of the device; other texts, such as postal addresses, are not read.
    Address = "Address", ["ipaddress", "ip", "systemaddress", "systemip", "gamaddress", "gamip", "deviceaddress", "deviceip", "managementaddress", "managementip"];
    Port = "Port", ["ghnport", "gamport", "endpointport", "portifindex"];
    Description = "Description", ["subscriberdescription"];
    Id = "gamctl Id", [];
    ServicePlan = "gamctl Service Plan", [];
    State = "gamctl State", [];
    EndpointName = "gamctl Endpoint Name", [];
}

impl Column {
    /// Returns whether VIRTUOSO has the column; the others are gamctl's.
    pub fn is_of_virtuoso(self) -> bool {
        self <= Self::Address
    }

    /// Returns whether a list must have the column.
    fn is_needed(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Endpoint | Self::Profile | Self::Vlan
        )
    }

    fn of(title: &str) -> Option<Self> {
        let plain = plain(title);
        let is_meant = |column: &&Self| {
            plain == self::plain(column.title()) || column.spellings().contains(&plain.as_str())
        };
        Self::ALL.iter().find(is_meant).copied()
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.title())
    }
}

/// Returns a title without spaces, signs and capitals.
fn plain(title: &str) -> String {
    let letters = title.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn missing(columns: &[Column]) -> String {
    let columns: Vec<String> = columns.iter().map(|one| format!("`{one}`")).collect();
    columns.join(", ")
}

/// Returns titles as a list: `Tagged` and `PoE`.
pub fn column_names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| format!("`{column}`")).collect()
}

/// The positions of the columns in a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    positions: BTreeMap<Column, usize>,
    /// Titles that mean no column.
    pub(super) unused: Vec<String>,
}

impl Columns {
    pub(super) fn of(titles: &[String]) -> Result<Self, ColumnError> {
        let mut positions: BTreeMap<Column, usize> = BTreeMap::new();
        let mut unused = Vec::new();
        for (index, title) in titles.iter().enumerate() {
            let Some(column) = Column::of(title) else {
                unused.extend((!title.is_empty()).then(|| title.clone()));
                continue;
            };
            let before = positions.insert(column, index);
            if let Some(first) = before.and_then(|first| titles.get(first)) {
                return Err(ColumnError::Twice {
                    column,
                    first: first.clone(),
                    second: title.clone(),
                });
            }
        }
        let columns = Self { positions, unused };
        let needed = Column::ALL.iter().copied().filter(|one| one.is_needed());
        let missing: Vec<Column> = needed.filter(|one| !columns.has(*one)).collect();
        if !missing.is_empty() {
            return Err(ColumnError::Missing(missing));
        }
        if !columns.has(Column::System) && !columns.has(Column::Address) {
            return Err(ColumnError::NoDevice);
        }
        Ok(columns)
    }

    pub(super) fn has(&self, column: Column) -> bool {
        self.position(column).is_some()
    }

    pub(super) fn position(&self, column: Column) -> Option<usize> {
        self.positions.get(&column).copied()
    }

    /// Returns VIRTUOSO's columns that the list lacks and that have a default.
    pub(super) fn absent(&self) -> Vec<Column> {
        let with_default = [
            Column::Port2Vlan,
            Column::Tagged,
            Column::Allowed,
            Column::Remapped,
            Column::DoubleTags,
            Column::Trunk,
            Column::Poe,
        ];
        let absent = with_default.into_iter().filter(|one| !self.has(*one));
        absent.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn columns(titles: &[&str]) -> Result<Columns, ColumnError> {
        let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
        Columns::of(&titles)
    }

    #[test]
    fn a_title_means_a_column_whatever_its_capitals_spaces_and_order() {
        let columns = columns(&[
            "system name",
            "street",
            "PORT-2 VLAN",
            "bwProfile_Name",
            "VLANs",
            "MAC Address",
            "",
            "User",
        ]);
        let columns = columns.unwrap();
        let at = |column| columns.position(column);
        assert_eq!(
            [
                at(Column::Name),
                at(Column::Endpoint),
                at(Column::Profile),
                at(Column::Vlan),
                at(Column::Port2Vlan),
                at(Column::System),
                at(Column::Poe),
            ],
            [Some(7), Some(5), Some(3), Some(4), Some(2), Some(0), None]
        );
        assert_eq!(columns.unused, ["street"]);
        assert!(columns.absent().contains(&Column::Poe));
    }

    #[test]
    fn no_two_columns_have_a_spelling_in_common() {
        let mut seen = BTreeSet::new();
        for column in Column::ALL {
            assert!(seen.insert(plain(column.title())), "{column}");
            for spelling in column.spellings() {
                assert!(seen.insert((*spelling).to_owned()), "{column}: {spelling}");
            }
        }
    }

    #[test]
    fn a_list_without_a_column_that_it_needs_is_refused() {
        let error = |titles: &[&str]| columns(titles).unwrap_err().to_string();
        assert_eq!(
            error(&["name", "vlan", "system"]),
            "no column has `Endpoint MAC`, `Profile`; name it in the first line"
        );
        assert_eq!(
            error(&["name", "vlan", "mac", "profile"]),
            "no column has the device; name one `System Name` or `Address`"
        );
        assert_eq!(
            error(&["name", "vlan", "mac", "profile", "ip", "VID"]),
            "the columns `vlan` and `VID` both mean `VLAN`; remove one"
        );
    }
}
