//! Simulates events outside of the configuration: endpoints come and go, alarms are raised.

use compact_str::CompactString;

use super::{AlarmCondition, Assumptions, Entity, Gam, Grade, Interface, Meter, World};
use crate::model::MacAddress;
use crate::simulator::moment::Moment;

impl Gam {
    /// Changes the physical world.
    pub fn change_world(&mut self, change: impl FnOnce(&mut World), now: Moment) {
        change(&mut self.world);
        self.settle(now);
    }

    /// Makes the device give other answers to open questions.
    pub fn assume(&mut self, assumptions: Assumptions, now: Moment) {
        self.hardware.assumptions = assumptions;
        self.settle(now);
    }

    /// Plugs an endpoint into a port.
    pub fn plug(&mut self, mac: MacAddress, port: u8, now: Moment) {
        let (coax, seed) = (self.hardware.is_coax(), self.seed);
        self.change_world(|world| world.plug(mac, port, coax, seed, now), now);
    }

    pub fn unplug(&mut self, mac: MacAddress, now: Moment) {
        self.change_world(
            |world| {
                world.plugged.remove(&mac);
            },
            now,
        );
        self.counters.forget(Meter::Endpoint(mac));
    }

    /// Plugs in every configured endpoint where it is expected.
    pub fn plug_all(&mut self, now: Moment) {
        let (coax, seed) = (self.hardware.is_coax(), self.seed);
        let expected = self.running.expected(&self.hardware, seed);
        self.change_world(
            |world| {
                for (mac, port) in expected {
                    world.plug(mac, port, coax, seed, now);
                }
            },
            now,
        );
    }

    /// Raises or clears an alarm by hand.
    pub fn set_alarm(
        &mut self,
        condition: AlarmCondition,
        entity: Entity,
        grade: Option<Grade>,
        now: Moment,
    ) {
        match grade {
            Some(grade) => self.alarms.by_hand.insert((condition, entity), grade),
            None => self.alarms.by_hand.remove(&(condition, entity)),
        };
        self.settle(now);
    }

    pub fn clear_alarm_log(&mut self) {
        self.alarms.log.clear();
    }

    /// Resets the traffic counters of one endpoint.
    pub fn clear_endpoint_statistics(&mut self, mac: MacAddress, now: Moment) {
        self.settle(now);
        self.counters.clear(Meter::Endpoint(mac));
    }

    pub fn clear_interface_statistics(&mut self, interface: Interface, now: Moment) {
        self.settle(now);
        self.counters.clear(Meter::Interface(interface));
    }

    /// Restarts an endpoint: it is gone for a moment, then its counters start at zero.
    pub fn reboot_endpoint(&mut self, mac: MacAddress, now: Moment) {
        if let Some(plugged) = self.world.plugged.get_mut(&mac) {
            plugged.since = now;
        }
        self.clear_endpoint_statistics(mac, now);
    }

    /// Installs the GAM's endpoint firmware on an endpoint.
    pub fn upgrade_endpoint(&mut self, mac: MacAddress, now: Moment) {
        let carried = self.hardware.endpoint_firmware();
        self.change_world(
            |world| {
                if let Some(plugged) = world.plugged.get_mut(&mac) {
                    plugged.firmware = CompactString::const_new(carried);
                    plugged.since = now;
                }
            },
            now,
        );
    }
}
