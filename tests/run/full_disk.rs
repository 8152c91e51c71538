//! Tests that a disk without space for a run's records is reported before any device is written to.

use super::Bed;
use crate::crash::judge::writings;
use crate::small_disk::SmallDisk;

#[test]
fn a_run_without_room_for_its_record_writes_to_no_device_and_exits_1() {
    let mut bed = Bed::sqlite();
    let Some(small) = SmallDisk::new(1 << 10) else {
        return;
    };
    bed.site.state = small.path("state");
    let said = bed.site.apply().exits(1);
    said.says("Nothing applied: the disk of the store")
        .says("free some space")
        .says("no device was written to");
    assert!(writings(bed.site.twin(0)).is_empty());
    assert!(writings(bed.site.twin(1)).is_empty());
}
