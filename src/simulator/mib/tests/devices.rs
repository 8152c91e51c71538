//! Builds the devices for MIB tests: factory-fresh, with older firmware, of copper, and a full one.

use std::sync::LazyLock;
use std::time::Duration;

use compact_str::format_compact;

use crate::model::{GamModel, MacAddress, Poe};
use crate::simulator::gam::{
    Assumptions, Build, Edit, EndpointOptions, ExpectedPort, FirmwareProfile, Gam, Hardware,
    ModuleValues, PortOptions, ProfileOptions, SubscriberOptions, vlans,
};
use crate::simulator::moment::Moment;

pub(super) const NOW: Moment = Moment::from_unix_millis(1_790_000_000_000);

fn built(model: GamModel, firmware: FirmwareProfile) -> Gam {
    // The readings of SFP modules are there, so that every object has an instance.
    let assumptions = Assumptions {
        module_values: ModuleValues::Measured,
        ..Assumptions::default()
    };
    let build = Build {
        hardware: Hardware::of(model, 7).with_assumptions(assumptions),
        firmware,
        seed: 7,
        configuration: None,
    };
    Gam::new(build, NOW)
}

pub(super) fn factory() -> Gam {
    built(GamModel::Gam24C, FirmwareProfile::V1_8)
}

/// Returns a device like a real one that was seen: four ports, no configuration tables.
pub(super) fn older() -> Gam {
    let mut gam = built(GamModel::Gam4Cx, FirmwareProfile::V1_5_4OnCx);
    fill(&mut gam, 4, 3);
    gam
}

pub(super) fn copper() -> Gam {
    let mut gam = built(GamModel::Gam8Mx, FirmwareProfile::V1_8);
    fill(&mut gam, 8, 1);
    gam
}

/// Returns a device with 384 endpoints and the longest names. Some are unreachable, some on wrong ports, some
/// unconfigured.
pub(super) fn busy() -> Gam {
    static BUSY: LazyLock<Gam> = LazyLock::new(filled);
    BUSY.clone()
}

fn filled() -> Gam {
    let mut gam = factory();
    fill(&mut gam, 24, 16);
    let now = NOW.after(Duration::from_secs(90));
    for id in [3, 17, 200, 384] {
        gam.unplug(mac(id), now);
    }
    gam.plug(mac(40), 9, now);
    for stranger in [1000, 1001] {
        gam.plug(mac(stranger), 2, now);
    }
    let management = Edit::VlanInterface {
        vlan: 4093,
        address: None,
    };
    edit(&mut gam, &management);
    for port in 1..=24 {
        let options = PortOptions {
            name: Some(longest("port", u16::from(port))),
            shutdown: Some(port == 24),
            ..PortOptions::default()
        };
        edit(&mut gam, &Edit::Port { port, options });
    }
    gam
}

pub(super) fn mac(number: u16) -> MacAddress {
    let [high, low] = number.to_be_bytes();
    MacAddress::new([0x00, 0x0e, 0xd8, 0x40, high, low]).unwrap()
}

pub(super) fn edit(gam: &mut Gam, edit: &Edit) {
    gam.edit(edit, NOW).unwrap();
}

fn longest(what: &str, number: u16) -> compact_str::CompactString {
    format_compact!("{what:-<26} {number:04}")
}

fn fill(gam: &mut Gam, ports: u16, each: u16) {
    for id in 2..=15 {
        let options = ProfileOptions {
            name: Some(longest("profile", id)),
            description: Some(format_compact!("{:x<127}", "d")),
            down: Some(100),
            up: Some(50),
            ..ProfileOptions::default()
        };
        edit(gam, &Edit::Profile { id, options });
    }
    for id in 1..=ports * each {
        let port = match id % 7 {
            0 => ExpectedPort::Auto,
            1 if id > 7 => ExpectedPort::Unassigned,
            _ => ExpectedPort::Port(u8::try_from((id - 1) / each + 1).unwrap()),
        };
        let options = EndpointOptions {
            name: Some(longest("endpoint", id)),
            mac: Some(mac(id)),
            description: Some(format_compact!("{:x<127}", "d")),
            port: Some(port),
            ..EndpointOptions::default()
        };
        edit(gam, &Edit::Endpoint { id, options });
        let options = SubscriberOptions {
            name: Some(longest("subscriber", id)),
            endpoint: Some((id % 11 != 0).then_some(id)),
            vlan: Some(100 + id),
            tagged: Some(id % 2 == 0),
            remapped_vlan: Some((id % 3 == 0).then_some(id + 700)),
            profile: Some((id % 5 != 0).then_some(id % 14 + 2)),
            allowed_vlans: (id % 4 == 0).then(|| vlans(&[(3, 9), (1022, 1025), (4000, 4000)])),
            poe: Some(match id % 6 {
                0 => Poe::Enable,
                1 => Poe::Force,
                _ => Poe::Disable,
            }),
            ..SubscriberOptions::default()
        };
        edit(gam, &Edit::Subscriber { id, options });
    }
    gam.plug_all(NOW);
}
