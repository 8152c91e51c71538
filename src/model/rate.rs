//! Defines speeds in whole Mbps, and the headroom between the sold speed and the rate limiter.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::gam_model::Medium;

/// The range of the device's rate limiter (MIB: `10..1999`).
pub const LIMITER_RANGE: RangeInclusive<u32> = 10..=1999;

/// Returns the fastest rate limiter that the vendor documents for a medium; faster plans must be unthrottled.
pub fn highest_limiter(medium: Medium) -> Mbps {
    match medium {
        Medium::Coax => Mbps(800),
        Medium::Copper => Mbps(1000),
    }
}

/// A speed in whole megabits a second, 1–100 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Mbps(u32);

/// An error in a speed or a headroom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    #[error("a speed is 1 to 100000 Mbps")]
    Speed,
    #[error("headroom is 0 to 50 percent")]
    Headroom,
}

impl Mbps {
    pub fn new(speed: u32) -> Result<Self, RateError> {
        if (1..=100_000).contains(&speed) {
            Ok(Self(speed))
        } else {
            Err(RateError::Speed)
        }
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Mbps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl TryFrom<u32> for Mbps {
    type Error = RateError;

    fn try_from(speed: u32) -> Result<Self, RateError> {
        Self::new(speed)
    }
}

impl From<Mbps> for u32 {
    fn from(speed: Mbps) -> Self {
        speed.0
    }
}

/// The percentage of the limiter above the sold speed.
///
/// Limiters count layer 2 and speed tests do not: the vendor advises 6–8 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Headroom(u8);

impl Headroom {
    pub const DEFAULT: Self = Self(6);

    pub fn new(percent: u32) -> Result<Self, RateError> {
        match u8::try_from(percent) {
            Ok(percent) if percent <= 50 => Ok(Self(percent)),
            Ok(_) | Err(_) => Err(RateError::Headroom),
        }
    }

    pub fn percent(self) -> u32 {
        u32::from(self.0)
    }

    /// Returns the limiter for a sold speed, rounded up so that it is never below the sold speed.
    pub fn above(self, sold: Mbps) -> Mbps {
        Mbps((sold.0 * (100 + self.percent())).div_ceil(100))
    }
}

impl TryFrom<u32> for Headroom {
    type Error = RateError;

    fn try_from(percent: u32) -> Result<Self, RateError> {
        Self::new(percent)
    }
}

impl From<Headroom> for u32 {
    fn from(headroom: Headroom) -> Self {
        headroom.percent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_rounds_up_to_whole_mbps() {
        let six = Headroom::DEFAULT;
        for (sold, limiter) in [
            (100, 106),
            (10, 11),
            (9, 10),
            (50, 53),
            (755, 801),
            (754, 800),
        ] {
            assert_eq!(six.above(Mbps(sold)), Mbps(limiter), "{sold}");
        }
        assert_eq!(Headroom(0).above(Mbps(95)), Mbps(95));
    }
}
