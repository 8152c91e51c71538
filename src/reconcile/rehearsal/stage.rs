//! Sets up the simulated device of a rehearsal: all that a look read, and a stand-in for each object that it read in part.

use compact_str::{CompactString, format_compact};

use crate::model::{GamModel, MacAddress, Observation, Part, PortAssignment, Unclear};
use crate::simulator::gam::{
    Configuration, Endpoint, ExpectedPort, Hardware, Profile, Subscriber, Uplink, configuration_of,
};

/// The rate of a profile that was not read, in Mbps; no line depends on it.
const STAND_IN_RATE: u32 = 100;

/// The simulated device before the first line.
pub(super) struct Stage {
    pub(super) begins: Configuration,
}

/// Returns the hardware of the observed device.
pub(super) fn hardware(model: GamModel, observation: &Observation) -> Hardware {
    let mut hardware = Hardware::of(model, 1);
    if let Some(mac) = observation.identity.mac {
        hardware.mac = mac;
    }
    hardware
}

/// Returns the parts that the look did not read whole.
pub(super) fn not_read(observation: &Observation) -> Vec<String> {
    let is_open = |part: &Part| {
        observation.incomplete(*part).is_some()
            || observation.unread.iter().any(|unread| unread.part == *part)
            || observation
                .unclear
                .iter()
                .any(|unclear| unclear.part == *part)
    };
    let open = Part::ALL.into_iter().filter(is_open);
    open.map(|part| part.as_str().to_owned()).collect()
}

impl Stage {
    pub(super) fn of(observation: &Observation, hardware: &Hardware) -> Self {
        let mut begins = configuration_of(&observation.config, hardware);
        for number in observation.config.uplinks.keys() {
            // The device is known to have it, whatever is assumed of its model.
            begins
                .uplinks
                .entry(number.get())
                .or_insert_with(Uplink::delivered);
        }
        for (number, uplink) in &observation.config.uplinks {
            if let (Some(begins), Some(allowed)) =
                (begins.uplinks.get_mut(&number.get()), &uplink.allowed_vlans)
            {
                begins.allowed.clone_from(allowed);
            }
        }
        let mut stage = Self { begins };
        for unclear in &observation.unclear {
            stage.stand_in(unclear);
        }
        stage
    }

    /// Puts an object that is there and was read only in part, so that a line which meets it is refused.
    fn stand_in(&mut self, unclear: &Unclear) {
        let id = unclear.slot.0;
        let name = || {
            let name = unclear.name.as_deref().map(CompactString::from);
            name.unwrap_or_else(|| format_compact!("not-read-{id}"))
        };
        let begins = &mut self.begins;
        match unclear.part {
            Part::Profiles => {
                begins.profiles.entry(id).or_insert_with(|| Profile {
                    name: name(),
                    description: CompactString::default(),
                    down: STAND_IN_RATE,
                    up: STAND_IN_RATE,
                    service_limit_level: None,
                });
            }
            Part::Endpoints => {
                let Some(mac) = unclear.mac.or_else(|| stand_in_address(id)) else {
                    return;
                };
                begins.endpoints.entry(id).or_insert_with(|| Endpoint {
                    name: name(),
                    mac,
                    description: CompactString::default(),
                    port: match unclear.port {
                        Some(PortAssignment::Port(port)) => ExpectedPort::Port(port.get()),
                        Some(PortAssignment::Auto) | None => ExpectedPort::Auto,
                        Some(PortAssignment::Unassigned) => ExpectedPort::Unassigned,
                    },
                    allow_management_access: false,
                });
            }
            Part::Subscribers => {
                let mut one = Subscriber::named(&name());
                one.endpoint = unclear.uses_endpoint.map(|slot| slot.0);
                one.profile = unclear.uses_profile.map(|slot| slot.0);
                if let Some(range) = unclear.vlans.ranges().first() {
                    one.vlan = range.first.get();
                }
                begins.subscribers.entry(id).or_insert(one);
            }
            Part::System | Part::Uplinks | Part::Ports => {}
        }
    }
}

/// Returns an address that no endpoint has: locally administered.
fn stand_in_address(id: u16) -> Option<MacAddress> {
    let [high, low] = id.to_be_bytes();
    MacAddress::new([0x02, 0, 0, 0, high, low]).ok()
}
