//! Models the hardware: model, ports and their interface numbers, serial number and addresses.

use compact_str::{CompactString, format_compact};

use super::Assumptions;
use crate::model::{GamModel, MacAddress, Medium};

/// The hardware of one device, until it is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hardware {
    pub model: GamModel,
    pub serial: CompactString,
    /// Address of the board; ports count up from it.
    pub mac: MacAddress,
    pub layout: PortLayout,
    pub assumptions: Assumptions,
}

/// The order of the interfaces after the G.hn ports, which no document of the family settles (docs/gam.md).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PortLayout {
    /// The uplinks, then the management port, as the columns of GAM-PORT-MIB say on a GAM-4-CX (seen).
    #[default]
    UplinksFirst,
    /// The management port, then the uplinks: fits a device on whose last interface the network was learned (seen).
    ManagementFirst,
    /// As `ManagementFirst`, on a firmware that reports the same media, speed and mode for all of them.
    Alike,
}

/// The first interface number of unit 1; VLAN interfaces use the VLAN's number (docs/gam.md).
pub const FIRST_PHYSICAL: u32 = 1_000_000;

/// The kind of a physical interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interface {
    Ghn(u8),
    Uplink(u8),
    /// The copper port for management.
    Management,
}

impl Hardware {
    /// Returns hardware whose serial number and addresses follow from a number.
    pub fn of(model: GamModel, seed: u64) -> Self {
        let number = super::chance::draw(seed, "hardware", 0);
        let [.., a, b, c] = number.to_be_bytes();
        // 00:0e:d8 is the vendor's; a last octet that ends in 0 leaves room to count ports up.
        let octets = [0x00, 0x0e, 0xd8, a, b, c & 0xc0];
        Self {
            model,
            serial: format_compact!("{:08}", 1_000_000 + number % 90_000_000),
            mac: MacAddress::new(octets).unwrap_or_else(|_| fallback_mac()),
            layout: PortLayout::default(),
            assumptions: Assumptions::default(),
        }
    }

    #[must_use]
    pub fn with_layout(self, layout: PortLayout) -> Self {
        Self { layout, ..self }
    }

    #[must_use]
    pub fn with_assumptions(self, assumptions: Assumptions) -> Self {
        Self {
            assumptions,
            ..self
        }
    }

    pub fn ghn_ports(&self) -> u8 {
        self.model.port_count()
    }

    /// Returns the number of 10-gigabit uplinks: one on small models (seen), two on large ones (assumed).
    pub fn uplinks(&self) -> u8 {
        if self.ghn_ports() >= 12 { 2 } else { 1 }
    }

    /// Returns the fastest limiter of the device in Mbps (docs/gam.md). The twin has this number of its own: one shared with the
    /// code that it tests could not show a mistake.
    pub(super) fn fastest_limiter(&self) -> u32 {
        if self.is_coax() { 800 } else { 1000 }
    }

    pub fn is_coax(&self) -> bool {
        self.model.medium() == Medium::Coax
    }

    /// Returns the firmware that the device carries for its endpoints.
    pub fn endpoint_firmware(&self) -> &'static str {
        super::world::endpoint_firmware(self.is_coax())
    }

    pub fn endpoints_per_port(&self) -> usize {
        self.model.medium().endpoints_per_port()
    }

    /// Returns every physical interface in the order of its number.
    pub fn interfaces(&self) -> impl Iterator<Item = Interface> + use<> {
        let uplinks = (1..=self.uplinks()).map(Interface::Uplink);
        let management = |is_here: bool| is_here.then_some(Interface::Management);
        let is_first = self.has_management_first();
        (1..=self.ghn_ports())
            .map(Interface::Ghn)
            .chain(management(is_first))
            .chain(uplinks)
            .chain(management(!is_first))
    }

    fn has_management_first(&self) -> bool {
        match self.layout {
            PortLayout::UplinksFirst => false,
            PortLayout::ManagementFirst | PortLayout::Alike => true,
        }
    }

    pub fn if_index(&self, interface: Interface) -> u32 {
        let ports = u32::from(self.ghn_ports());
        let is_first = self.has_management_first();
        FIRST_PHYSICAL
            + match interface {
                Interface::Ghn(port) => u32::from(port),
                Interface::Uplink(uplink) => ports + u32::from(is_first) + u32::from(uplink),
                Interface::Management if is_first => ports + 1,
                Interface::Management => ports + 1 + u32::from(self.uplinks()),
            }
    }

    pub fn interface(&self, if_index: u32) -> Option<Interface> {
        // Computed without a search, because a walk calls this for thousands of VLAN interfaces.
        let place = if_index.checked_sub(FIRST_PHYSICAL + 1)?;
        self.interfaces().nth(usize::try_from(place).ok()?)
    }

    /// Returns the address of one interface: the board's, counted up.
    pub fn interface_mac(&self, interface: Interface) -> MacAddress {
        let offset = (self.if_index(interface) - FIRST_PHYSICAL) & 0x3f;
        let mut octets = self.mac.octets();
        let last = octets.len() - 1;
        if let Some(octet) = octets.get_mut(last) {
            *octet = octet.wrapping_add(u8::try_from(offset).unwrap_or(0));
        }
        MacAddress::new(octets).unwrap_or(self.mac)
    }

    /// Returns the product name in `show version`, such as `GAM-24-C` or `GAM-4/8-C` (seen on the small ones).
    pub fn family(&self) -> CompactString {
        let medium = if self.is_coax() { 'C' } else { 'M' };
        match self.ghn_ports() {
            4 | 8 => format_compact!("GAM-4/8-{medium}"),
            _ => format_compact!("GAM-xx-{medium}"),
        }
    }
}

/// Returns the vendor's first address. Address arithmetic cannot overflow here, so this is never used.
fn fallback_mac() -> MacAddress {
    "00:0e:d8:00:00:00"
        .parse()
        .unwrap_or_else(|_| unreachable!("a valid address"))
}

impl Interface {
    /// Returns the interface's name in the CLI.
    pub fn name(self) -> CompactString {
        match self {
            Self::Ghn(port) => format_compact!("G.hn 1/{port}"),
            Self::Management => CompactString::const_new("GigabitEthernet 1/1"),
            Self::Uplink(uplink) => format_compact!("10GigabitEthernet 1/{uplink}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_four_port_device_has_the_six_interfaces_that_were_seen() {
        let hardware = Hardware::of(GamModel::Gam4Cx, 1);
        let numbers: Vec<u32> = hardware
            .interfaces()
            .map(|interface| hardware.if_index(interface))
            .collect();
        assert_eq!(
            numbers,
            [
                1_000_001, 1_000_002, 1_000_003, 1_000_004, 1_000_005, 1_000_006
            ]
        );
        let fifth_and_sixth = |layout| {
            let hardware = hardware.clone().with_layout(layout);
            [1_000_005, 1_000_006].map(|number| {
                let interface = hardware.interface(number).unwrap();
                assert_eq!(hardware.if_index(interface), number, "{layout:?}");
                interface
            })
        };
        let (uplink, management) = (Interface::Uplink(1), Interface::Management);
        assert_eq!(
            fifth_and_sixth(PortLayout::UplinksFirst),
            [uplink, management]
        );
        for layout in [PortLayout::ManagementFirst, PortLayout::Alike] {
            assert_eq!(fifth_and_sixth(layout), [management, uplink]);
        }
        for number in [0, 1, 4095, 1_000_000, 1_000_007] {
            assert_eq!(hardware.interface(number), None);
        }
    }

    #[test]
    fn every_interface_has_an_address_of_its_own() {
        let hardware = Hardware::of(GamModel::Gam24C, 7);
        let mut addresses: Vec<_> = hardware
            .interfaces()
            .map(|interface| hardware.interface_mac(interface))
            .collect();
        addresses.push(hardware.mac);
        let all = addresses.len();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), all);
    }
}
