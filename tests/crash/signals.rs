//! Sends SIGINT and SIGTERM: the current line is finished, configuration mode left, the state recorded.

use gamctl::simulator::fault::{Fault, FaultOrder};

use super::judge::writings;
use super::site::{Flat, Site};
use super::two::is_at_line;

fn is_stopped_by(signal: &str) {
    let mut site = Site::with(2);
    let flats = (1..=4).map(|number| Flat::new(number, 0, "home-100"));
    let others = (11..=12).map(|number| Flat::new(number, 1, "home-300"));
    site.intend(flats.chain(others).collect());
    let slow = FaultOrder::new(Fault::SshSlowLine { millis: 300 });
    site.twin(0).set_fault(slow.matching("ghn"));
    let running = site.start(&["apply", "--yes", "--at-once", "1"], None);
    is_at_line(&site, site.twin(0), 3);
    running.signal(signal);
    let said = running.ended().exits(8);
    let said = said.says("Interrupted").says("stopped after step");
    said.says("skipped");
    site.is_sound();
    let wrote = writings(site.twin(0));
    assert_eq!(wrote.len(), 1);
    assert!((3..9).contains(&wrote[0].lines.len()), "{wrote:?}");
    let last: Vec<String> = site
        .twin(0)
        .lines()
        .into_iter()
        .map(|one| one.line)
        .collect();
    let left = last.iter().rposition(|line| line == "end");
    let configured = last.iter().rposition(|line| line == "configure terminal");
    assert!(left > configured, "it is in configuration mode: {last:?}");
    assert!(writings(site.twin(1)).is_empty());
    site.twin(0).clear_faults();
    site.apply().exits(0);
    site.is_done();
}

#[test]
fn an_interrupt_finishes_the_current_line_and_the_next_apply_the_rest() {
    is_stopped_by("-INT");
}

#[test]
fn a_polite_end_is_the_same() {
    is_stopped_by("-TERM");
}
