//! Draws repeatable numbers from a device's name and a time.

use crate::model::DeviceName;

/// Draws a number. All instances and versions draw the same one, so that a takeover computes the same due times.
pub(super) fn draw(device: &DeviceName, time: u64) -> u64 {
    // FNV-1a over the name.
    let name = device.as_str().bytes();
    let hash = name.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(hash ^ mix(time))
}

/// SplitMix64's finaliser: every input bit affects every output bit, so `gam-1` and `gam-2` are far apart.
fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_device_and_time_give_the_same_number_and_others_another() {
        let maple = DeviceName::new("maple-a").unwrap();
        let oak = DeviceName::new("oak-a").unwrap();
        assert_eq!(draw(&maple, 1), draw(&maple, 1));
        assert_ne!(draw(&maple, 1), draw(&maple, 2));
        assert_ne!(draw(&maple, 1), draw(&oak, 1));
    }

    #[test]
    fn the_number_does_not_change_between_versions() {
        let maple = DeviceName::new("maple-a").unwrap();
        // Computed apart, with Python.
        assert_eq!(draw(&maple, 1_700_000_000_000), 5_992_180_791_328_878_953);
    }
}
