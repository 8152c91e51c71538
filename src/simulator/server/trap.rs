//! SNMPv2c traps of a twin: builds them from the device's events.

use std::time::Duration;

use crate::simulator::gam::{AlarmChange, Gam, Happening, Interface};
use crate::simulator::mib::active_columns;
use crate::simulator::snmp::{Oid, Trap, Value};

/// `snmpTraps` (RFC 3418): cold start, link down, link up.
const STANDARD: [u32; 9] = [1, 3, 6, 1, 6, 3, 1, 1, 5];
/// `ifEntry` (RFC 2863).
const INTERFACE: [u32; 10] = [1, 3, 6, 1, 2, 1, 2, 2, 1, 0];
/// `gamAlarmTrap`: an alarm started, changed or ended.
const ALARM: [u32; 11] = [1, 3, 6, 1, 4, 1, 20_095, 2001, 145, 1, 6];

/// A trap that is not encoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingTrap {
    oid: Oid,
    bindings: Vec<(Oid, Value)>,
}

impl PendingTrap {
    /// Returns the datagram; `None` only for names that are too long, which do not occur.
    pub(super) fn encode(
        &self,
        community: &str,
        request_id: i32,
        uptime: Duration,
    ) -> Option<Vec<u8>> {
        let trap = Trap {
            community,
            request_id,
            // It wraps after 497 days, as on every device.
            uptime: u32::try_from(uptime.as_millis() / 10 % (1 << 32)).unwrap_or(0),
            oid: &self.oid,
            bindings: &self.bindings,
        };
        trap.encode().ok()
    }
}

/// Returns the trap of an event.
pub(super) fn of(happening: &Happening, gam: &Gam) -> Option<PendingTrap> {
    let standard = |number| Oid::new(&STANDARD).with(&[number]);
    Some(match happening {
        Happening::ColdStart => PendingTrap {
            oid: standard(1),
            bindings: Vec::new(),
        },
        Happening::Link { interface, up } => PendingTrap {
            oid: standard(if *up { 4 } else { 3 }),
            bindings: link(*interface, *up, gam),
        },
        Happening::Alarm(change) => {
            let (number, alarm) = match change {
                AlarmChange::Added(alarm) => (1, alarm),
                AlarmChange::Modified(alarm) => (2, alarm),
                AlarmChange::Removed(alarm) => (3, alarm),
            };
            PendingTrap {
                oid: Oid::new(&ALARM).with(&[number]),
                bindings: active_columns(gam, alarm),
            }
        }
    })
}

fn link(interface: Interface, up: bool, gam: &Gam) -> Vec<(Oid, Value)> {
    let index = gam.hardware().if_index(interface);
    let column = |column: u32, value| {
        let mut name = INTERFACE;
        if let Some(last) = name.last_mut() {
            *last = column;
        }
        (Oid::new(&name).with(&[index]), Value::Integer(value))
    };
    let state = |up| if up { 1 } else { 2 };
    vec![
        column(1, i32::try_from(index).unwrap_or(i32::MAX)),
        column(7, state(!gam.is_shut_down(interface))),
        column(8, state(up)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GamModel;
    use crate::simulator::gam::{
        AlarmCondition, Build, Entity, FirmwareProfile, Grade, Hardware, Severity,
    };
    use crate::simulator::moment::Moment;

    const NOW: Moment = Moment::from_unix_millis(1_790_000_000_000);

    fn gam() -> Gam {
        let build = Build {
            hardware: Hardware::of(GamModel::Gam4Cx, 1),
            firmware: FirmwareProfile::default(),
            seed: 1,
            configuration: None,
        };
        Gam::new(build, NOW)
    }

    #[test]
    fn a_link_trap_has_the_intended_and_the_present_state() {
        let happening = Happening::Link {
            interface: Interface::Ghn(3),
            up: false,
        };
        let trap = of(&happening, &gam()).unwrap();
        assert_eq!(trap.oid.to_string(), "1.3.6.1.6.3.1.1.5.3");
        let bindings: Vec<(String, Value)> = trap
            .bindings
            .into_iter()
            .map(|(oid, value)| (oid.to_string(), value))
            .collect();
        let column = |column, value| {
            let name = format!("1.3.6.1.2.1.2.2.1.{column}.1000003");
            (name, Value::Integer(value))
        };
        assert_eq!(bindings, [column(1, 1_000_003), column(7, 1), column(8, 2)]);
    }

    #[test]
    fn an_alarm_trap_has_the_columns_of_its_row() {
        let mut gam = gam();
        gam.take_happenings();
        let grade = Grade {
            severity: Severity::Mj,
            service_affecting: true,
        };
        gam.set_alarm(AlarmCondition::FanFlt, Entity::system(), Some(grade), NOW);
        let traps: Vec<PendingTrap> = gam
            .take_happenings()
            .iter()
            .filter_map(|happening| of(happening, &gam))
            .collect();
        assert_eq!(traps.len(), 1);
        assert_eq!(traps[0].oid.to_string(), "1.3.6.1.4.1.20095.2001.145.1.6.1");
        let names: Vec<String> = traps[0]
            .bindings
            .iter()
            .map(|(oid, _)| oid.to_string())
            .collect();
        assert_eq!(names.len(), 11);
        assert!(names[0].starts_with("1.3.6.1.4.1.20095.2001.145.1.3.1.1.2."));
        assert_eq!(traps[0].bindings[3].1, Value::Integer(3));
        let Value::OctetString(date) = &traps[0].bindings[10].1 else {
            panic!("a date is octets");
        };
        assert_eq!(date[..4], [0x07, 0xea, 9, 21]);
        assert!(
            traps[0]
                .encode("public", 1, Duration::from_secs(1))
                .is_some()
        );
    }
}
