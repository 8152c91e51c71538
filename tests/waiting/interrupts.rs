//! Interrupts: acknowledged at once with the devices that are written to, and ended at once by a second one.

use super::busy;

#[test]
fn an_interrupt_is_acknowledged_with_the_devices_and_its_result_contradicts_nothing() {
    let (site, running) = busy(500);
    running.signal("-INT");
    let said = running.ended().exits(8);
    let said =
        said.says("Stopping: finishing the line in progress on oak-0; Ctrl-C again ends at once.");
    let said = said.says("stopped after step");
    let said = said.says("the next `gamctl apply` looks at it and does the rest");
    assert!(!said.text.contains("outcome is unknown"), "{}", said.text);
    site.twin(0).clear_faults();
    site.apply().exits(0);
    site.is_done();
}

#[test]
fn a_second_interrupt_ends_at_once_and_the_next_apply_finds_out_how_far_it_came() {
    let (site, running) = busy(30_000);
    running.signal("-INT");
    running.has_said("Stopping: ");
    running.signal("-INT");
    let said = running.ended().exits(8);
    said.says("ended at once: what came of the last line on oak-0 is unknown");
    site.run(&["history"]).says("  died  ");
    site.twin(0).clear_faults();
    site.apply()
        .exits(0)
        .says("an earlier run ended in the middle");
    site.is_done();
}
