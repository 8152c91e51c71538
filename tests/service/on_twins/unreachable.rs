//! Tests that a device that does not answer holds up no other, and is brought to the target when it is back.

use gamctl::model::ConditionWord;
use gamctl::simulator::fault::Fault;

use super::{EVERYTHING, ServiceBed, one_each};

#[test]
fn an_unreachable_device_holds_up_no_other_and_converges_when_it_is_back() {
    let mut bed = ServiceBed::applied(2, EVERYTHING, one_each(2, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    bed.site.twin(1).set_fault(Fault::SnmpSilence {});
    bed.until("silent", |seen| seen.word(1) == ConditionWord::Unreachable);
    let commit = bed.intend(one_each(2, "home-500"));
    bed.until("the other", |seen| {
        seen.target() == Some(commit.as_str())
            && seen.word(0) == ConditionWord::Converged
            && bed.written(0) != before[0]
    });
    assert_eq!(bed.seen().word(1), ConditionWord::Unreachable);
    assert_eq!(bed.written(1), before[1]);
    bed.site.twin(1).clear_faults();
    bed.until("back", |seen| seen.has_reached(&commit));
}
