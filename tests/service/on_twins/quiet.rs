//! Tests that a service with nothing to do adds no row to its store, with every kind of read many times.

use std::collections::BTreeMap;

use gamctl::model::ConditionWord;
use gamctl::simulator::fault::Fault;

use super::{EVERYTHING, ServiceBed, every, one_each};

/// Every table of the schema with its number of rows.
fn rows(bed: &ServiceBed) -> BTreeMap<String, i64> {
    let tables = bed
        .site
        .texts("select name from sqlite_master where type = 'table' order by name");
    assert!(tables.len() > 20, "{tables:?}");
    let counted = tables.into_iter().map(|table| {
        let count = bed.site.count(&table);
        (table, count)
    });
    counted.collect()
}

#[test]
fn a_quiet_time_adds_no_row() {
    let mut bed = ServiceBed::applied(2, EVERYTHING, one_each(2, "home-100"));
    (bed.intervals.probe, bed.intervals.poll) = (every(150), every(300));
    bed.intervals.look = every(600);
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    bed.another_round();
    let before = rows(&bed);
    for _ in 0..4 {
        bed.another_round();
    }
    assert_eq!(rows(&bed), before);
    // A device that is gone, and one that is back, change what is known and add nothing either.
    bed.site.twin(1).set_fault(Fault::SnmpSilence {});
    bed.until("silent", |seen| seen.word(1) == ConditionWord::Unreachable);
    bed.another_round();
    bed.site.twin(1).clear_faults();
    bed.until("back", |seen| seen.all_are(ConditionWord::Converged));
    bed.another_round();
    assert_eq!(rows(&bed), before);
}
