//! Keeps the faults set on a twin, and selects those that an event triggers.

use std::time::Duration;

use serde::Serialize;

use super::{
    At, ConnectionPlan, DatagramPlan, Event, Fault, FaultOrder, LinePlan, Pieces, Restart,
    SavePlan, SessionFaults,
};

/// The id of a fault; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FaultId(pub u64);

/// A fault that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveFault {
    pub id: FaultId,
    #[serde(flatten)]
    pub order: FaultOrder,
    /// The number of matching events so far.
    pub seen: u64,
    /// The number of times it happened.
    pub struck: u64,
}

/// All faults of one twin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    planted: Vec<ActiveFault>,
    last_id: u64,
}

impl Faults {
    pub fn add(&mut self, order: FaultOrder) -> FaultId {
        self.last_id += 1;
        let id = FaultId(self.last_id);
        self.planted.push(ActiveFault {
            id,
            order,
            seen: 0,
            struck: 0,
        });
        id
    }

    pub fn list(&self) -> &[ActiveFault] {
        &self.planted
    }

    /// Removes a fault; returns whether it was set.
    pub fn clear(&mut self, id: FaultId) -> bool {
        let before = self.planted.len();
        self.planted.retain(|planted| planted.id != id);
        self.planted.len() < before
    }

    pub fn clear_all(&mut self) {
        self.planted.clear();
    }

    /// Returns whether the SSH port is closed.
    pub fn is_refusing(&self) -> bool {
        self.planted
            .iter()
            .any(|planted| planted.order.fault == Fault::SshRefuse {})
    }

    /// Returns the faults of a request; `chance` is a random number from 0 to 99.
    pub fn on_datagram(&mut self, chance: u32) -> DatagramPlan {
        let mut plan = DatagramPlan::default();
        for fault in self.strike(Event::Datagram, "", chance) {
            plan.add(fault);
        }
        plan
    }

    pub fn on_connection(&mut self) -> ConnectionPlan {
        let mut plan = ConnectionPlan::default();
        for fault in self.strike(Event::Connection, "", 0) {
            match fault {
                Fault::SshReset {} => plan.reset = true,
                Fault::SshStall { stage } => plan.stall = Some(stage),
                Fault::SshHostKey {} => plan.other_host_key = true,
                Fault::SshBusy {} => plan.busy = true,
                _ => {}
            }
        }
        plan
    }

    /// Returns whether a login with the right credentials is refused.
    pub fn on_login(&mut self) -> bool {
        !self.strike(Event::Login, "", 0).is_empty()
    }

    pub fn on_save(&mut self) -> SavePlan {
        let struck = self.strike(Event::Save, "", 0);
        if struck.contains(&Fault::SaveCrashes {}) {
            SavePlan::Crash
        } else if struck.is_empty() {
            SavePlan::Written
        } else {
            SavePlan::FlashFull
        }
    }

    pub fn on_line(&mut self, line: &str) -> LinePlan {
        let mut plan = LinePlan::default();
        for fault in self.strike(Event::Line, line, 0) {
            plan.add(fault);
        }
        plan
    }

    /// Returns the faults that apply before any line.
    pub fn on_shell(&self) -> SessionFaults {
        let mut plan = LinePlan::default();
        for planted in &self.planted {
            let order = &planted.order;
            if order.nth.is_none() && order.matching.is_none() && !planted.is_spent() {
                plan.add(order.fault.clone());
            }
        }
        plan.standing
    }

    /// Counts an event, and returns the faults that it triggers.
    fn strike(&mut self, event: Event, text: &str, chance: u32) -> Vec<Fault> {
        let mut struck = Vec::new();
        for planted in &mut self.planted {
            if planted.order.fault.event() == event && planted.strikes(text, chance) {
                struck.push(planted.order.fault.clone());
            }
        }
        struck
    }
}

impl ActiveFault {
    fn is_spent(&self) -> bool {
        self.order.most().is_some_and(|most| self.struck >= most)
    }

    fn strikes(&mut self, text: &str, chance: u32) -> bool {
        let matching = self.order.matching.as_deref().unwrap_or_default();
        if !text.contains(matching) {
            return false;
        }
        self.seen += 1;
        let is_early = self.order.nth.is_some_and(|nth| self.seen < nth);
        let is_lucky = match self.order.fault {
            Fault::SnmpLoss { percent } => chance >= u32::from(percent),
            _ => false,
        };
        if is_early || is_lucky || self.is_spent() {
            return false;
        }
        self.struck += 1;
        true
    }
}

impl DatagramPlan {
    fn add(&mut self, fault: Fault) {
        let distortion = &mut self.distortion;
        match fault {
            Fault::SnmpSilence {} | Fault::SnmpLoss { .. } => self.is_lost = true,
            Fault::SnmpDelay { millis } => self.delay += Duration::from_millis(millis),
            Fault::SnmpDuplicate { copies } => self.copies = self.copies.max(copies),
            Fault::SnmpLate {} => self.is_late = true,
            Fault::SnmpReorder { among } => self.reorder = Some(among),
            Fault::SnmpWrongSourcePort {} => self.wrong_source_port = true,
            Fault::SnmpTruncate { after } => distortion.truncate_at = Some(after),
            Fault::SnmpNonIncreasing { at } => distortion.non_increasing_at = Some(at),
            Fault::SnmpWrongType { at } => distortion.wrong_type_at = Some(at),
            Fault::SnmpTooBig { above } => distortion.too_big_above = Some(above),
            Fault::SnmpFewRows { rows } => distortion.max_rows = Some(rows),
            Fault::SnmpGenericError { at } => distortion.generic_error_at = Some(at),
            Fault::SnmpRowAppears {
                endpoint,
                subscriber,
            } => self.appearing.push((endpoint, subscriber)),
            _ => {}
        }
    }
}

impl LinePlan {
    fn add(&mut self, fault: Fault) {
        match fault {
            Fault::SshDrop { at } => self.drop = Some(at),
            Fault::SshPrompt { prompt } => self.standing.prompt = Some(prompt),
            Fault::SshLogLine { text } => self.log_line = Some(text),
            Fault::SshTrickle {} => self.standing.pieces = Pieces::Bytes,
            Fault::SshOnePiece {} => self.standing.pieces = Pieces::One,
            Fault::SshQuestion { text } => self.question = Some(text),
            Fault::SshError { text } => self.instead = Some(text),
            Fault::SshIgnore {} => self.instead = Some(String::new()),
            Fault::SshHideError {} => self.hide_error = true,
            Fault::SshSlowLine { millis } => self.slow += Duration::from_millis(millis),
            Fault::Reboot { at } => self.restart = Some((Restart::Reboot, at)),
            Fault::FactoryReset { at } => self.restart = Some((Restart::FactoryReset, at)),
            Fault::ReplaceHardware { seed } => {
                self.restart = Some((Restart::ReplaceHardware { seed }, At::Before));
            }
            Fault::ChangeFirmware { firmware } => {
                self.restart = Some((Restart::ChangeFirmware(firmware), At::Before));
            }
            Fault::OtherEdit { line } => self.edits.push(line),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(orders: impl IntoIterator<Item = FaultOrder>) -> Faults {
        let mut faults = Faults::default();
        for order in orders {
            faults.add(order);
        }
        faults
    }

    #[test]
    fn a_fault_without_limits_strikes_every_line() {
        let mut faults = set([Fault::SshIgnore {}.into()]);
        for _ in 0..3 {
            assert_eq!(faults.on_line("exit").instead.as_deref(), Some(""));
        }
        assert_eq!((faults.list()[0].seen, faults.list()[0].struck), (3, 3));
    }

    #[test]
    fn the_nth_line_that_contains_a_text_is_struck_and_no_other() {
        let order = FaultOrder::new(Fault::SshSlowLine { millis: 5 });
        let mut faults = set([order.nth(2).matching("ghn")]);
        let mut slow = |line| !faults.on_line(line).slow.is_zero();
        assert_eq!(
            ["ghn 1", "exit", "ghn 2", "ghn 3", "ghn 4"].map(&mut slow),
            [false, false, true, false, false]
        );
    }

    #[test]
    fn a_fault_happens_as_often_as_it_was_set_to() {
        let mut faults = set([FaultOrder::new(Fault::SshAuthFail {}).times(2)]);
        assert_eq!(
            [(); 4].map(|()| faults.on_login()),
            [true, true, false, false]
        );
        let mut faults = set([FaultOrder::new(Fault::SshAuthFail {}).nth(2).times(2)]);
        assert_eq!(
            [(); 4].map(|()| faults.on_login()),
            [false, true, true, false]
        );
    }

    #[test]
    fn a_device_reboots_once_by_default() {
        let reboot = Fault::Reboot { at: At::After };
        let mut faults = set([reboot.into()]);
        assert_eq!(
            faults.on_line("x").restart,
            Some((Restart::Reboot, At::After))
        );
        assert_eq!(faults.on_line("x").restart, None);
    }

    #[test]
    fn events_of_another_kind_are_not_counted() {
        let mut faults = set([FaultOrder::new(Fault::SnmpSilence {}).nth(2)]);
        faults.on_line("x");
        faults.on_connection();
        faults.on_save();
        assert!(!faults.on_datagram(0).is_lost);
        assert!(faults.on_datagram(0).is_lost);
    }

    #[test]
    fn loss_drops_its_percentage() {
        let mut faults = set([Fault::SnmpLoss { percent: 30 }.into()]);
        let lost = (0..100).filter(|chance| faults.on_datagram(*chance).is_lost);
        assert_eq!(lost.count(), 30);
    }

    #[test]
    fn several_faults_strike_one_event() {
        let mut faults = set([
            Fault::SnmpDelay { millis: 5 }.into(),
            Fault::SnmpDuplicate { copies: 2 }.into(),
            Fault::SnmpTooBig { above: 3 }.into(),
        ]);
        let plan = faults.on_datagram(0);
        assert_eq!(plan.delay, Duration::from_millis(5));
        assert_eq!(plan.copies, 2);
        assert_eq!(plan.distortion.too_big_above, Some(3));
    }

    #[test]
    fn a_prompt_holds_from_the_start_unless_it_waits_for_a_line() {
        let prompt = FaultOrder::new(Fault::SshPrompt {
            prompt: "?".to_owned(),
        });
        let mut faults = set([prompt.clone()]);
        assert_eq!(faults.on_shell().prompt.as_deref(), Some("?"));
        let id = faults.list()[0].id;
        assert!(faults.clear(id) && !faults.clear(id));
        faults.add(prompt.nth(1));
        assert_eq!(faults.on_shell(), SessionFaults::default());
        assert_eq!(faults.on_line("x").standing.prompt.as_deref(), Some("?"));
        faults.clear_all();
        assert_eq!(faults.on_line("x"), LinePlan::default());
    }

    #[test]
    fn a_crash_outdoes_a_full_flash() {
        let mut faults = set([Fault::SaveFails {}.into(), Fault::SaveCrashes {}.into()]);
        assert_eq!(faults.on_save(), SavePlan::Crash);
        assert_eq!(faults.on_save(), SavePlan::FlashFull);
        faults.clear_all();
        assert_eq!(faults.on_save(), SavePlan::Written);
    }
}
