//! What happens to the second twin: faults, changes behind everybody's back, restarts.

use std::sync::Arc;
use std::time::Duration;

use gamctl::model::MacAddress;
use gamctl::simulator::fault::{At, Fault, FaultOrder, Restart, Stage};
use gamctl::simulator::server::Twin;
use gamctl::simulator::snmp::Oid;

use super::chance::Chance;
use super::{Tally, count};

/// Makes trouble every few milliseconds until it is over.
pub(crate) async fn make(twin: Arc<Twin>, tally: Arc<Tally>, seed: u64) {
    let mut chance = Chance::new(seed);
    while tally.goes_on() {
        one(&twin, &mut chance);
        count(&tally.troubles, 1);
        let pause = u64::try_from(chance.below(30)).unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

fn one(twin: &Twin, chance: &mut Chance) {
    let mac = MacAddress::new([0, 0x0e, 0xd8, 1, 2, chance.byte()]).unwrap();
    match chance.below(40) {
        0 => twin.restart(*chance.pick(&[
            Restart::Reboot,
            Restart::FactoryReset,
            Restart::SwapFirmware,
            Restart::ReplaceHardware { seed: 3 },
        ])),
        // A storm.
        1 => (0..100).for_each(|_| twin.reboot()),
        2..6 => twin.clear_faults(),
        6..12 => twin.plug(mac, 1),
        12..18 => twin.unplug(mac),
        18..22 => drop(twin.edit_line("interface vlan 77\rno interface vlan 77\r?")),
        _ => {
            if twin.faults().len() < 6 {
                let order = FaultOrder::new(fault(chance));
                twin.set_fault(order.times(20));
            }
        }
    }
}

fn fault(chance: &mut Chance) -> Fault {
    let at = || Oid::new(&[1, 3, 6, 1, 2, 1, 2, 2, 1, 3]);
    match chance.below(22) {
        0 => Fault::SnmpLoss { percent: 50 },
        1 => Fault::SnmpDelay { millis: 20 },
        2 => Fault::SnmpDuplicate { copies: 3 },
        3 => Fault::SnmpLate {},
        4 => Fault::SnmpReorder { among: u16::MAX },
        5 => Fault::SnmpWrongSourcePort {},
        6 => Fault::SnmpTruncate { after: at() },
        7 => Fault::SnmpNonIncreasing { at: at() },
        8 => Fault::SnmpWrongType { at: at() },
        9 => Fault::SnmpRowAppears {
            endpoint: 5,
            subscriber: Some(5),
        },
        10 => Fault::SshRefuse {},
        11 => Fault::SshReset {},
        12 => Fault::SshStall {
            stage: *chance.pick(&[
                Stage::Tcp,
                Stage::Kex,
                Stage::Auth,
                Stage::Shell,
                Stage::Prompt,
            ]),
        },
        13 => Fault::SshDrop {
            at: *chance.pick(&[At::Before, At::MidReply, At::After]),
        },
        14 => Fault::SshTrickle {},
        15 => Fault::SshOnePiece {},
        16 => Fault::SshQuestion {
            text: "Sure? (y/n) ".to_owned(),
        },
        17 => Fault::SshBusy {},
        18 => Fault::SshHostKey {},
        19 => Fault::SaveCrashes {},
        20 => Fault::Reboot { at: At::MidReply },
        _ => Fault::OtherEdit {
            line: "hostname OTHER".to_owned(),
        },
    }
}
