//! Defines VLAN ids and sets of them, written `3,10-13`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most allowed tagged VLANs of a subscriber that every firmware accepts. Each VLAN of a range counts (docs/gam.md).
pub const MAX_ALLOWED_VLANS: usize = 12;

/// The most entries of a list that any firmware may accept, if it counts a range as one. A device may already have such a
/// list, so the lines that undo a step may write it back; intended lists are limited to [`MAX_ALLOWED_VLANS`].
pub const MAX_RESTORED_VLAN_ENTRIES: usize = 14;

/// A VLAN id of a switch, 1–4095.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct VlanId(u16);

/// The reason why a VLAN cannot carry a subscriber's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VlanProblem {
    #[error("VLAN ids go from 1 to 4095")]
    OutOfRange,
    #[error("VLANs 1, 2 and 4095 are reserved by the device")]
    DeviceOwn,
    #[error("VLANs 3840–3842 are used inside the device")]
    Internal,
    #[error("VLAN 4094 is the captive portal, where the device puts those without service")]
    Unserved,
}

impl VlanId {
    /// The captive portal: the VLAN of endpoints without a service.
    pub const UNSERVED: Self = Self(4094);
    /// The management VLAN of a factory-fresh device.
    pub const DEFAULT_MANAGEMENT: Self = Self(4093);
    pub const LOWEST: Self = Self(1);
    pub const HIGHEST: Self = Self(4095);

    pub fn new(id: u16) -> Result<Self, VlanProblem> {
        if (1..=4095).contains(&id) {
            Ok(Self(id))
        } else {
            Err(VlanProblem::OutOfRange)
        }
    }

    pub fn get(self) -> u16 {
        self.0
    }

    /// Checks that the VLAN can be a further tag, beside the data VLAN or at the endpoint (3–4093).
    pub fn check_tag(self) -> Result<(), VlanProblem> {
        match self.check_data() {
            Err(VlanProblem::Internal) => Ok(()),
            other => other,
        }
    }

    /// Checks that a device can be managed through the VLAN.
    pub fn check_management(self) -> Result<(), VlanProblem> {
        match self.0 {
            // The default VLAN of every switch, where many run their management.
            1 => Ok(()),
            _ => self.check_data(),
        }
    }

    /// Checks that the VLAN can carry a subscriber's data (3–4093, but not 3840–3842).
    pub fn check_data(self) -> Result<(), VlanProblem> {
        match self.0 {
            1 | 2 | 4095 => Err(VlanProblem::DeviceOwn),
            3840..=3842 => Err(VlanProblem::Internal),
            4094 => Err(VlanProblem::Unserved),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl TryFrom<u16> for VlanId {
    type Error = VlanProblem;

    fn try_from(id: u16) -> Result<Self, VlanProblem> {
        Self::new(id)
    }
}

impl From<VlanId> for u16 {
    fn from(id: VlanId) -> Self {
        id.0
    }
}

/// Neighbouring VLANs, `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanRange {
    pub first: VlanId,
    pub last: VlanId,
}

/// A set of VLANs; equal sets print equally, however they were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VlanSet {
    /// Sorted, without overlap, never adjacent.
    ranges: Box<[VlanRange]>,
}

/// An error in a written set of VLANs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VlanSetError {
    #[error("it is empty")]
    Empty,
    #[error("entry {entry} is not a VLAN or a range such as `10-13`")]
    NotAVlan {
        /// Counted from 1.
        entry: usize,
    },
    #[error("entry {entry} is outside of 1–4095")]
    OutOfRange { entry: usize },
    #[error("entry {entry} runs backwards: write `{last}-{first}`")]
    Backwards { entry: usize, first: u16, last: u16 },
    #[error("it has more than 4095 entries")]
    TooLong,
}

impl VlanSet {
    /// Returns the set of these ranges, which may be unsorted and overlap.
    pub fn from_ranges(ranges: impl IntoIterator<Item = VlanRange>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|r| r.first <= r.last).collect();
        ranges.sort_unstable();
        let mut merged: Vec<VlanRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(before) if range.first.0 <= before.last.0.saturating_add(1) => {
                    before.last = before.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        Self {
            ranges: merged.into_boxed_slice(),
        }
    }

    pub fn ranges(&self) -> &[VlanRange] {
        &self.ranges
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Returns the number of entries of the set as written: a VLAN or a range is one.
    pub fn entries(&self) -> usize {
        self.ranges.len()
    }

    /// Returns the number of VLANs; each VLAN of a range counts.
    pub fn count(&self) -> usize {
        let count = |range: &VlanRange| usize::from(range.last.0 - range.first.0) + 1;
        self.ranges.iter().map(count).sum()
    }

    pub fn contains(&self, vlan: VlanId) -> bool {
        self.ranges
            .iter()
            .any(|range| range.first <= vlan && vlan <= range.last)
    }

    /// Returns every VLAN of the set, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = VlanId> {
        self.ranges
            .iter()
            .flat_map(|range| range.first.0..=range.last.0)
            .map(VlanId)
    }

    /// Returns the first VLAN of this set that is not in `other`.
    pub fn first_outside(&self, other: &Self) -> Option<VlanId> {
        self.iter().find(|vlan| !other.contains(*vlan))
    }
}

impl FromIterator<VlanId> for VlanSet {
    fn from_iter<I: IntoIterator<Item = VlanId>>(vlans: I) -> Self {
        Self::from_ranges(vlans.into_iter().map(|vlan| VlanRange {
            first: vlan,
            last: vlan,
        }))
    }
}

impl FromStr for VlanSet {
    type Err = VlanSetError;

    fn from_str(text: &str) -> Result<Self, VlanSetError> {
        if text.trim().is_empty() {
            return Err(VlanSetError::Empty);
        }
        let mut ranges = Vec::new();
        for (index, written) in text.split(',').enumerate() {
            let entry = index + 1;
            if entry > 4095 {
                return Err(VlanSetError::TooLong);
            }
            let written = written.trim();
            let (first, last) = written.split_once('-').unwrap_or((written, written));
            let first = number(first, entry)?;
            let last = number(last, entry)?;
            if first > last {
                return Err(VlanSetError::Backwards { entry, first, last });
            }
            let vlan = |id| VlanId::new(id).map_err(|_| VlanSetError::OutOfRange { entry });
            ranges.push(VlanRange {
                first: vlan(first)?,
                last: vlan(last)?,
            });
        }
        Ok(Self::from_ranges(ranges))
    }
}

fn number(text: &str, entry: usize) -> Result<u16, VlanSetError> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VlanSetError::NotAVlan { entry });
    }
    text.parse().map_err(|_| VlanSetError::OutOfRange { entry })
}

impl fmt::Display for VlanSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.ranges.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            write!(formatter, "{}", range.first)?;
            if range.last > range.first {
                write!(formatter, "-{}", range.last)?;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for VlanSet {
    type Error = VlanSetError;

    /// Parses a printed set. It may be empty, because a device can block all VLANs; the parser for people refuses that.
    fn try_from(text: String) -> Result<Self, VlanSetError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.parse()
    }
}

impl From<VlanSet> for String {
    fn from(set: VlanSet) -> Self {
        set.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_prints_in_order_and_joined() {
        let set: VlanSet = "10-12, 3,13,11".parse().unwrap();
        assert_eq!(set.to_string(), "3,10-13");
        assert_eq!(set.entries(), 2);
    }

    #[test]
    fn an_empty_vlan_set_is_stored_and_read_back_but_not_accepted_as_input() {
        let json = serde_json::to_string(&VlanSet::default()).unwrap();
        assert_eq!(
            serde_json::from_str::<VlanSet>(&json).unwrap(),
            VlanSet::default()
        );
        assert_eq!("".parse::<VlanSet>(), Err(VlanSetError::Empty));
    }

    #[test]
    fn reserved_vlans_cannot_carry_data() {
        for id in [1, 2, 3840, 3841, 3842, 4094, 4095] {
            assert!(VlanId::new(id).unwrap().check_data().is_err(), "{id}");
        }
        for id in [3, 100, 3839, 3843, 4093] {
            assert_eq!(VlanId::new(id).unwrap().check_data(), Ok(()), "{id}");
        }
        assert!(VlanId::new(0).is_err() && VlanId::new(4096).is_err());
    }

    #[test]
    fn an_invalid_vlan_set_names_the_wrong_entry() {
        for (text, entry) in [("a", 1), ("3,,4", 2), ("3,5-", 2), ("-3", 1), ("3,+4", 2)] {
            assert_eq!(
                text.parse::<VlanSet>(),
                Err(VlanSetError::NotAVlan { entry }),
                "{text}"
            );
        }
        assert_eq!(
            "0".parse::<VlanSet>(),
            Err(VlanSetError::OutOfRange { entry: 1 })
        );
        assert_eq!(
            "99999".parse::<VlanSet>(),
            Err(VlanSetError::OutOfRange { entry: 1 })
        );
        assert!(matches!(
            "9-3".parse::<VlanSet>(),
            Err(VlanSetError::Backwards { .. })
        ));
    }
}
