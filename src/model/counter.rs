//! Computes a rate from two readings of a counter, and distinguishes a reset from a wrap by the device's uptime.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The tolerated difference between the clocks of the device and of this host: its agent may be busy for a moment.
const SLACK: u64 = 200;
/// Clocks may differ by one part in this many.
const DRIFT: u64 = 100;

/// Hundredths of a second after which `sysUpTime` starts again at zero, 497 days.
const UPTIME_WRAP: u64 = 1 << 32;

/// The highest traffic of any interface of a GAM, in octets per second: 12 Gbps, the highest speed in the MIB.
pub const MOST_OCTETS: u64 = 1_500_000_000;
/// The highest number of frames per second: the shortest frames at that speed.
pub const MOST_FRAMES: u64 = 18_000_000;

/// The time at which counters were read, by the clocks of the device and of this host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CounterClock {
    /// `sysUpTime` in hundredths of a second; it starts again at zero after 497 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_hundredths: Option<u32>,
    /// The number of starts, if the agent counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boots: Option<u32>,
    /// Milliseconds since 1970.
    pub at_millis: u64,
}

/// The reason that there is no rate between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NoRate {
    #[error("reset: the device restarted")]
    Restarted,
    #[error("reset: the counter started again")]
    Reset,
    #[error("unknown: the counter may have wrapped or started again")]
    WrapOrReset,
    #[error("unread: the device did not report its uptime")]
    NoUptime,
    #[error("no time between two readings")]
    NoTime,
}

/// The number of bits of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterWidth {
    Bits32,
    Bits64,
}

/// The count between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub count: u64,
    pub time: Duration,
}

impl Counted {
    /// Returns the count per second, rounded.
    pub fn per_second(self) -> u64 {
        self.scaled(1)
    }

    /// Returns the bits per second of a count of octets, rounded.
    pub fn bits_per_second(self) -> u64 {
        self.scaled(8)
    }

    fn scaled(self, factor: u128) -> u64 {
        let millis = self.time.as_millis().max(1);
        let scaled = u128::from(self.count) * factor * 1000;
        u64::try_from((scaled + millis / 2) / millis).unwrap_or(u64::MAX)
    }
}

/// Returns the time between two readings by the device's uptime.
///
/// # Errors
///
/// Fails if the device restarted in between, or if that cannot be excluded: its uptime did not advance as this host's clock did. A
/// wrapped uptime advanced.
pub fn time_between(before: CounterClock, now: CounterClock) -> Result<Duration, NoRate> {
    if let (Some(first), Some(last)) = (before.boots, now.boots)
        && first != last
    {
        return Err(NoRate::Restarted);
    }
    let (Some(first), Some(last)) = (before.uptime_hundredths, now.uptime_hundredths) else {
        return Err(NoRate::NoUptime);
    };
    let passed = now.at_millis.saturating_sub(before.at_millis) / 10;
    let advanced = u64::from(last.wrapping_sub(first));
    if passed >= UPTIME_WRAP || advanced.abs_diff(passed) > SLACK + passed / DRIFT {
        return Err(NoRate::Restarted);
    }
    match advanced {
        0 => Err(NoRate::NoTime),
        advanced => Ok(Duration::from_millis(advanced * 10)),
    }
}

/// Returns the count between two readings of a counter that counts at most `most_per_second`.
///
/// # Errors
///
/// Fails if the device restarted or the counter was cleared, so that a rate is never negative and never too high to be true.
pub fn counted(
    before: u64,
    now: u64,
    width: CounterWidth,
    time: Duration,
    most_per_second: u64,
) -> Result<Counted, NoRate> {
    // The counters of one poll are read one after the other, so an interval may be longer than its two uptimes.
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let most = most_per_second.saturating_mul(millis / 500 + 2);
    let (advanced, is_ambiguous) = match width {
        CounterWidth::Bits64 => (now.wrapping_sub(before), false),
        CounterWidth::Bits32 => {
            let wrap: u64 = 1 << 32;
            (now.wrapping_sub(before) % wrap, most >= wrap)
        }
    };
    if is_ambiguous {
        return Err(NoRate::WrapOrReset);
    }
    if advanced > most {
        return Err(NoRate::Reset);
    }
    Ok(Counted {
        count: advanced,
        time,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64, uptime: u32) -> CounterClock {
        CounterClock {
            uptime_hundredths: Some(uptime),
            boots: None,
            at_millis: seconds * 1000,
        }
    }

    fn octets(before: u64, now: u64) -> Result<u64, NoRate> {
        counted(before, now, CounterWidth::Bits64, MINUTE, MOST_OCTETS).map(|one| one.count)
    }

    #[test]
    fn a_counter_that_goes_on_has_a_rate() {
        let counted = counted(1_000, 61_000, CounterWidth::Bits64, MINUTE, MOST_OCTETS).unwrap();
        assert_eq!(
            (counted.per_second(), counted.bits_per_second()),
            (1_000, 8_000)
        );
        assert_eq!(octets(5, 5), Ok(0));
    }

    #[test]
    fn a_counter_that_was_cleared_is_a_reset_and_never_a_giant_rate() {
        assert_eq!(octets(61_000, 1_000), Err(NoRate::Reset));
        assert_eq!(octets(u64::MAX / 2, 7), Err(NoRate::Reset));
        // More than any interface carries: it was cleared and set, or the device was replaced.
        assert_eq!(octets(0, u64::MAX / 2), Err(NoRate::Reset));
    }

    #[test]
    fn a_counter_that_wraps_goes_on() {
        assert_eq!(octets(u64::MAX - 99, 900), Ok(1_000));
        let few = |before, now| {
            counted(before, now, CounterWidth::Bits32, MINUTE, 1_000).map(|one| one.count)
        };
        assert_eq!(few((1 << 32) - 100, 900), Ok(1_000));
        assert_eq!(few(4_000_000, 10), Err(NoRate::Reset));
        let fast = counted(0, 1, CounterWidth::Bits32, MINUTE * 15, MOST_FRAMES);
        assert_eq!(
            fast,
            Err(NoRate::WrapOrReset),
            "it may have wrapped more than once"
        );
    }

    #[test]
    fn a_restart_is_seen_by_the_uptime_and_a_wrap_of_the_uptime_is_none() {
        assert_eq!(time_between(at(1_000, 500), at(1_060, 6_500)), Ok(MINUTE));
        assert_eq!(
            time_between(at(1_000, 500_000), at(1_060, 700)),
            Err(NoRate::Restarted)
        );
        // It restarted, and has been up for longer than it had been then.
        assert_eq!(
            time_between(at(0, 1_000), at(900, 30_000)),
            Err(NoRate::Restarted)
        );
        let wrapped = time_between(at(0, u32::MAX - 2_999), at(60, 3_000));
        assert_eq!(wrapped, Ok(MINUTE));
        // Near the wrap and restarted.
        assert_eq!(
            time_between(at(0, u32::MAX - 5), at(900, 3_000)),
            Err(NoRate::Restarted)
        );
        let boots = |boots, clock: CounterClock| CounterClock {
            boots: Some(boots),
            ..clock
        };
        let restarted = time_between(boots(4, at(0, 500)), boots(5, at(60, 6_500)));
        assert_eq!(restarted, Err(NoRate::Restarted));
        let mute = CounterClock {
            uptime_hundredths: None,
            ..at(60, 0)
        };
        assert_eq!(time_between(at(0, 500), mute), Err(NoRate::NoUptime));
        assert_eq!(time_between(at(5, 500), at(5, 500)), Err(NoRate::NoTime));
    }

    proptest! {
        #[test]
        fn what_a_counter_counts_is_its_rate_whatever_wraps(
            start in any::<u64>(),
            uptime in any::<u32>(),
            seconds in 1_u64..100_000,
            speed in 0_u64..MOST_OCTETS,
        ) {
            let ticks = u32::try_from(seconds * 100).unwrap();
            let time = time_between(at(7, uptime), at(7 + seconds, uptime.wrapping_add(ticks))).unwrap();
            prop_assert_eq!(time, Duration::from_secs(seconds));
            let now = start.wrapping_add(speed * seconds);
            let counted = counted(start, now, CounterWidth::Bits64, time, MOST_OCTETS).unwrap();
            prop_assert_eq!(counted.count, speed * seconds);
            prop_assert_eq!(counted.per_second(), speed);
        }

        #[test]
        fn no_rate_is_higher_than_an_interface_carries(
            before in any::<u64>(),
            now in any::<u64>(),
            millis in 10_u64..10_000_000,
            is_wide in any::<bool>(),
        ) {
            let width = if is_wide { CounterWidth::Bits64 } else { CounterWidth::Bits32 };
            let (before, now) = match width {
                CounterWidth::Bits64 => (before, now),
                CounterWidth::Bits32 => (before >> 32, now >> 32),
            };
            let time = Duration::from_millis(millis);
            if let Ok(counted) = counted(before, now, width, time, MOST_OCTETS) {
                prop_assert!(counted.count <= MOST_OCTETS * (millis / 500 + 2));
            }
        }

        #[test]
        fn a_restart_within_the_interval_is_never_a_rate(
            before in 1_000_u32..u32::MAX,
            passed in 10_u64..100_000,
            percent in 0_u64..90,
        ) {
            let up = u32::try_from(passed * percent).unwrap();
            let advanced = u64::from(up.wrapping_sub(before));
            let outcome = time_between(at(0, before), at(passed, up));
            // Only an uptime that happens to be the expected one cannot be told apart.
            let expected = passed * 100;
            prop_assume!(advanced.abs_diff(expected) > SLACK + expected / DRIFT);
            prop_assert_eq!(outcome, Err(NoRate::Restarted));
        }
    }
}
