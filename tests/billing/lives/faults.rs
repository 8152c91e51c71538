//! Sets faults of billing, of devices and of the forge, which end before a rest.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use gamctl::simulator::fault::{Fault, FaultOrder};

use super::draw::pick;
use super::rounds::Lives;

/// A forge that accepts commits of engineers and none of the sync.
const REFUSE_THE_SYNC: &str = "#!/bin/sh\nread -r _ new _\n\
    git log -1 --format=%ae \"$new\" | grep -q sync@ && echo protected branch >&2 && exit 1\nexit 0\n";

impl Lives {
    /// Sets a fault of billing, one of a device and one of the forge, or none of a kind.
    pub(super) fn faults(&mut self) {
        let of_billing: [(&str, &str, &str); 8] = [
            ("nothing", "", ""),
            (
                "webhooks lost",
                "kind = \"hook-lost\"",
                "kind = \"webhook-never\"",
            ),
            (
                "an HTML page",
                "kind = \"html\"\ntimes = 3",
                "kind = \"html\"\ntimes = 3",
            ),
            (
                "half answers",
                "kind = \"half-json\"\ntimes = 4",
                "kind = \"half-answer\"\ntimes = 4",
            ),
            (
                "the limit",
                "kind = \"limit\"\nper_minute = 20",
                "kind = \"limited\"\ntimes = 3",
            ),
            (
                "half lists",
                "kind = \"rows-missing\"\nrows = 5\ncounted = false",
                "kind = \"nested-limit\"\nlimit = 1",
            ),
            (
                "empty lists",
                "kind = \"empty-list\"\ntimes = 2",
                "kind = \"empty-list\"\nconnection = \"accounts\"\ntimes = 2",
            ),
            (
                "lost answers to writes",
                "kind = \"answer-lost\"\ntimes = 2",
                "kind = \"answer-lost\"\ntimes = 2",
            ),
        ];
        let (name, splynx, sonar) = of_billing[pick(&mut self.chance, of_billing.len())];
        let fault = self.bed.product.choose(splynx, sonar);
        if !fault.is_empty() {
            self.bed.office.faults(&[fault]);
        }
        *self.figures.faults.entry(name).or_default() += 1;
        let of_device: [(&str, Option<FaultOrder>); 5] = [
            ("nothing", None),
            (
                "an unreachable device",
                Some(FaultOrder::new(Fault::SnmpSilence {})),
            ),
            ("no SSH", Some(FaultOrder::new(Fault::SshRefuse {}))),
            (
                "a refused line",
                Some(
                    FaultOrder::new(Fault::SshError {
                        text: "% Internal error".to_owned(),
                    })
                    .matching("ghn")
                    .times(1),
                ),
            ),
            (
                "slow lines",
                Some(FaultOrder::new(Fault::SshSlowLine { millis: 20 }).matching("ghn")),
            ),
        ];
        let (name, fault) = &of_device[pick(&mut self.chance, of_device.len())];
        let twin = &self.bed.twins[pick(&mut self.chance, 2)];
        if let Some(fault) = fault {
            twin.set_fault(fault.clone());
        }
        *self.figures.faults.entry(name).or_default() += 1;
        if pick(&mut self.chance, 4) == 0 {
            let hook = self.refusal();
            fs::write(&hook, REFUSE_THE_SYNC).unwrap();
            fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).unwrap();
            *self.figures.faults.entry("refused pushes").or_default() += 1;
        }
    }

    /// Ends all faults.
    pub(super) fn no_faults(&self) {
        self.bed.office.faults(&[]);
        for twin in &self.bed.twins {
            twin.clear_faults();
        }
        // It may not be there.
        let _removed = fs::remove_file(self.refusal());
    }

    fn refusal(&self) -> PathBuf {
        self.bed.forge().join("hooks/pre-receive")
    }
}
