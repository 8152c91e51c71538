//! GAM-PORT-MIB counters: RMON, the interface group, pauses, queues, the bridge and frame preemption.

use super::interface_rows::{next_pair, physical_at, physical_from};
use super::port::PORT;
use super::rows::{INTERFACES, Rows};
use super::statistics::{Direction, Size, Statistics};
use super::table::{Column, Object, Table, column};
use crate::simulator::gam::Gam;
use crate::simulator::moment::Moment;
use crate::simulator::snmp::Value;

/// The highest of the queues; they count from 0.
const LAST_QUEUE: u32 = 3;

static QUEUES: Rows = Rows {
    next: |gam, after| {
        next_pair(
            after,
            |lowest| physical_from(gam, lowest),
            |_, lowest| (lowest <= LAST_QUEUE).then_some(lowest),
        )
    },
    has: |gam, index| match index {
        [_, 0..=LAST_QUEUE] => physical_at(gam, index).is_some(),
        _ => false,
    },
};

const fn table(entry: &'static [u32], rows: &'static Rows, columns: &'static [Column]) -> Table {
    Table {
        base: &PORT,
        entry,
        rows,
        columns,
        needs: None,
    }
}

static TABLES: [Table; 6] = [
    table(&[5, 1, 1], &INTERFACES, RMON),
    table(&[5, 2, 1], &INTERFACES, INTERFACE_GROUP),
    table(&[5, 3, 1], &INTERFACES, &[never(2), never(3)]),
    table(&[5, 4, 1], &QUEUES, QUEUE),
    table(&[5, 5, 1], &INTERFACES, &[never(2)]),
    table(&[5, 6, 1], &INTERFACES, PREEMPTION),
];

macro_rules! counted {
    ($number:literal, $($counter:tt)+) => {
        column($number, |gam, index, now| {
            Value::Counter64(Statistics::of(gam, index, now).$($counter)+)
        })
    };
}

const RMON: &[Column] = &[
    never(2),
    counted!(3, received.octets),
    counted!(4, received.packets),
    counted!(5, received.broadcast()),
    counted!(6, received.multicast()),
    counted!(7, errors),
    never(8),
    never(9),
    never(10),
    never(11),
    counted!(12, received.of_size(Size::To64)),
    counted!(13, received.of_size(Size::To127)),
    counted!(14, received.of_size(Size::To255)),
    counted!(15, received.of_size(Size::To511)),
    counted!(16, received.of_size(Size::To1023)),
    counted!(17, received.of_size(Size::To1518)),
    counted!(18, received.of_size(Size::Above)),
    never(19),
    counted!(20, sent.octets),
    counted!(21, sent.packets),
    counted!(22, sent.broadcast()),
    counted!(23, sent.multicast()),
    counted!(24, sent.of_size(Size::To64)),
    counted!(25, sent.of_size(Size::To127)),
    counted!(26, sent.of_size(Size::To255)),
    counted!(27, sent.of_size(Size::To511)),
    counted!(28, sent.of_size(Size::To1023)),
    counted!(29, sent.of_size(Size::To1518)),
    counted!(30, sent.of_size(Size::Above)),
];

const INTERFACE_GROUP: &[Column] = &[
    counted!(2, received.octets),
    counted!(3, received.unicast()),
    counted!(4, received.multicast()),
    counted!(5, received.broadcast()),
    counted!(6, received.non_unicast()),
    never(7),
    counted!(8, errors),
    counted!(9, sent.octets),
    counted!(10, sent.unicast()),
    counted!(11, sent.multicast()),
    counted!(12, sent.broadcast()),
    counted!(13, sent.non_unicast()),
    never(14),
    never(15),
];

const QUEUE: &[Column] = &[
    column(3, |gam, index, now| {
        Value::Counter64(queue(gam, index, now, |all| all.received).packets)
    }),
    column(4, |gam, index, now| {
        Value::Counter64(queue(gam, index, now, |all| all.sent).packets)
    }),
    column(5, |gam, index, now| {
        Value::Counter64(queue(gam, index, now, |all| all.received).octets)
    }),
    column(6, |gam, index, now| {
        Value::Counter64(queue(gam, index, now, |all| all.sent).octets)
    }),
];

/// Frames are never preempted, so none are reassembled.
const PREEMPTION: &[Column] = &[never(2), never(3), never(4), never(5), never(6), never(7)];

pub(super) fn objects() -> Vec<Object> {
    TABLES.iter().flat_map(Table::objects).collect()
}

/// Returns a counter for events that do not happen on a healthy device.
const fn never(number: u32) -> Column {
    column(number, |_, _, _| Value::Counter64(0))
}

fn queue(
    gam: &Gam,
    index: &[u32],
    now: Moment,
    direction: fn(Statistics) -> Direction,
) -> Direction {
    let queue = index.get(1).copied().unwrap_or(LAST_QUEUE + 1);
    direction(Statistics::of(gam, index, now)).in_queue(queue)
}
