//! Simulates traffic counters, with rates by connected endpoint; only a clear resets them.

use std::collections::BTreeMap;

use super::{Interface, chance};
use crate::model::MacAddress;
use crate::simulator::moment::Moment;

/// The traffic on a wire since its counters were cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub received_bytes: u64,
    pub sent_bytes: u64,
    pub received_packets: u64,
    pub sent_packets: u64,
    pub received_errors: u64,
}

/// The owner of the counted traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meter {
    Interface(Interface),
    Endpoint(MacAddress),
}

/// Mbps in each direction, from the meter's point of view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    pub received: u32,
    pub sent: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Counters {
    at: Moment,
    meters: BTreeMap<Meter, (Bytes, Rate)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bytes {
    received: u64,
    sent: u64,
}

impl Counters {
    /// Counts up to now at the old rates, then continues at these; a meter without a rate stops.
    pub fn settle(&mut self, rates: &BTreeMap<Meter, Rate>, now: Moment) {
        let millis = self.elapsed(now);
        for (meter, (bytes, rate)) in &mut self.meters {
            *bytes = bytes.after(*rate, millis);
            *rate = rates.get(meter).copied().unwrap_or_default();
        }
        for (meter, rate) in rates {
            self.meters
                .entry(*meter)
                .or_insert((Bytes::default(), *rate));
        }
        self.at = self.at.max(now);
    }

    pub fn read(&self, meter: Meter, now: Moment) -> Traffic {
        let Some((bytes, rate)) = self.meters.get(&meter) else {
            return Traffic::default();
        };
        let bytes = bytes.after(*rate, self.elapsed(now));
        Traffic {
            received_bytes: bytes.received,
            sent_bytes: bytes.sent,
            received_packets: bytes.received / BYTES_PER_PACKET,
            sent_packets: bytes.sent / BYTES_PER_PACKET,
            received_errors: bytes.received / BYTES_PER_ERROR,
        }
    }

    pub fn rate(&self, meter: Meter) -> Rate {
        self.meters
            .get(&meter)
            .map(|(_, rate)| *rate)
            .unwrap_or_default()
    }

    /// Resets a meter; the counters must be settled before.
    pub fn clear(&mut self, meter: Meter) {
        if let Some((bytes, _)) = self.meters.get_mut(&meter) {
            *bytes = Bytes::default();
        }
    }

    pub fn forget(&mut self, meter: Meter) {
        self.meters.remove(&meter);
    }

    pub fn clear_all(&mut self) {
        self.meters.clear();
    }

    fn elapsed(&self, now: Moment) -> u64 {
        u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX)
    }
}

/// An ordinary mix of long and short packets.
const BYTES_PER_PACKET: u64 = 800;
/// One bad packet in 50 GB: a healthy line.
const BYTES_PER_ERROR: u64 = 50_000_000_000;

impl Bytes {
    fn after(self, rate: Rate, millis: u64) -> Self {
        // One Mbps is 125 bytes a millisecond; counters of 64 bits wrap as real ones do.
        let add = |bytes: u64, rate: u32| {
            bytes.wrapping_add(u64::from(rate).wrapping_mul(125).wrapping_mul(millis))
        };
        Self {
            received: add(self.received, rate.received),
            sent: add(self.sent, rate.sent),
        }
    }
}

/// Draws the traffic of a household in both directions.
pub(super) fn household(seed: u64, mac: MacAddress) -> Rate {
    let number = mac.to_u64();
    Rate {
        received: chance::between(seed, "usage up", number, 1, 8),
        sent: chance::between(seed, "usage down", number, 1, 40),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: Meter = Meter::Interface(Interface::Ghn(1));

    fn at(millis: u64) -> Moment {
        Moment::from_unix_millis(millis)
    }

    #[test]
    fn a_counter_never_goes_back_when_its_rate_changes() {
        let mut counters = Counters::default();
        let fast = BTreeMap::from([(
            METER,
            Rate {
                received: 10,
                sent: 1,
            },
        )]);
        counters.settle(&fast, at(1000));
        let before = counters.read(METER, at(3000));
        assert_eq!(before.received_bytes, 10 * 125 * 2000);
        counters.settle(&BTreeMap::new(), at(3000));
        assert_eq!(counters.read(METER, at(9000)), before);
        counters.settle(&fast, at(9000));
        assert!(counters.read(METER, at(9001)).received_bytes > before.received_bytes);
    }

    #[test]
    fn a_cleared_counter_counts_from_nothing() {
        let mut counters = Counters::default();
        let rates = BTreeMap::from([(
            METER,
            Rate {
                received: 8,
                sent: 8,
            },
        )]);
        counters.settle(&rates, at(0));
        counters.settle(&rates, at(5000));
        counters.clear(METER);
        assert_eq!(counters.read(METER, at(5000)), Traffic::default());
        assert_eq!(counters.read(METER, at(5001)).received_bytes, 1000);
    }
}
