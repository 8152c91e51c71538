//! Divides the traffic of one interface by kind, size and priority, for all counter tables.

use super::interface_rows::physical_at;
use crate::simulator::gam::Gam;
use crate::simulator::moment::Moment;

/// The traffic of one interface; zero for one that is not physical.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Statistics {
    pub(super) received: Direction,
    pub(super) sent: Direction,
    pub(super) errors: u64,
}

/// One direction; the kinds add up to all packets, and so do the sizes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Direction {
    pub(super) octets: u64,
    pub(super) packets: u64,
}

/// A range of packet lengths, as RMON divides them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    To64,
    To127,
    To255,
    To511,
    To1023,
    To1518,
    Above,
}

impl Statistics {
    pub(super) fn of(gam: &Gam, index: &[u32], now: Moment) -> Self {
        let Some(interface) = physical_at(gam, index) else {
            return Self::default();
        };
        let traffic = gam.interface_traffic(interface, now);
        Self {
            received: Direction {
                octets: traffic.received_bytes,
                packets: traffic.received_packets,
            },
            sent: Direction {
                octets: traffic.sent_bytes,
                packets: traffic.sent_packets,
            },
            errors: traffic.received_errors,
        }
    }
}

impl Direction {
    /// Returns one packet in two hundred.
    pub(super) fn broadcast(self) -> u64 {
        share(self.packets, 200, 0, 1)
    }

    /// Returns two packets in two hundred.
    pub(super) fn multicast(self) -> u64 {
        share(self.packets, 200, 1, 3)
    }

    pub(super) fn unicast(self) -> u64 {
        share(self.packets, 200, 3, 200)
    }

    pub(super) fn non_unicast(self) -> u64 {
        share(self.packets, 200, 0, 3)
    }

    /// Returns the packets of a size: mostly acknowledgements and full packets. Their mean is the 800 octets that the
    /// counters assume.
    pub(super) fn of_size(self, size: Size) -> u64 {
        let (from, to) = match size {
            Size::To64 => (0, 4),
            Size::To127 => (4, 6),
            Size::To255 => (6, 7),
            Size::To511 => (7, 8),
            Size::To1023 => (8, 10),
            Size::To1518 => (10, 20),
            Size::Above => (20, 20),
        };
        share(self.packets, 20, from, to)
    }

    /// Returns the traffic of one of the four queues; nearly all of it is in the lowest.
    pub(super) fn in_queue(self, queue: u32) -> Self {
        let (from, to) = match queue {
            0 => (0, 90),
            1 => (90, 94),
            2 => (94, 98),
            3 => (98, 100),
            _ => (0, 0),
        };
        Self {
            octets: share(self.octets, 100, from, to),
            packets: share(self.packets, 100, from, to),
        }
    }
}

/// Returns the number of items with a position between two limits in their cycle.
///
/// The shares of all positions add up to the whole, and none decreases when the whole grows.
fn share(whole: u64, cycle: u64, from: u64, to: u64) -> u64 {
    let rest = (whole % cycle).clamp(from, to) - from;
    whole / cycle * (to - from) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [Size; 7] = [
        Size::To64,
        Size::To127,
        Size::To255,
        Size::To511,
        Size::To1023,
        Size::To1518,
        Size::Above,
    ];

    fn shares(one: Direction) -> Vec<u64> {
        let kinds = [one.unicast(), one.multicast(), one.broadcast()];
        let queues = (0..4).map(|queue| one.in_queue(queue).packets);
        kinds
            .into_iter()
            .chain(SIZES.map(|size| one.of_size(size)))
            .chain(queues)
            .collect()
    }

    #[test]
    fn the_parts_of_a_counter_add_up_and_never_go_back() {
        let mut before = vec![0; 14];
        for packets in 0..1000 {
            let one = Direction {
                octets: packets * 800,
                packets,
            };
            let now = shares(one);
            for (parts, what) in [(0..3, "kinds"), (3..10, "sizes"), (10..14, "queues")] {
                assert_eq!(now[parts].iter().sum::<u64>(), packets, "{what}");
            }
            assert_eq!(one.non_unicast(), one.multicast() + one.broadcast());
            assert!(before.iter().zip(&now).all(|(was, is)| was <= is));
            before = now;
        }
    }
}
