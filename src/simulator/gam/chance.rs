//! Draws repeatable random numbers: the same seed, purpose and number give the same result.

/// Draws a number for one purpose; other purposes and numbers are independent of it.
///
/// It is never inlined: with a constant purpose its rounds are unrolled into one expression in which each value is used twice,
/// and LLVM's loop vectoriser visits that as a tree. A release build then took longer than ten minutes.
#[inline(never)]
pub fn draw(seed: u64, purpose: &str, number: u64) -> u64 {
    let start = purpose
        .bytes()
        .fold(seed ^ 0x9e37_79b9_7f4a_7c15, |state, byte| {
            mix(state ^ u64::from(byte))
        });
    mix(start ^ mix(number))
}

/// Draws a number from a range, both ends included.
pub fn between(seed: u64, purpose: &str, number: u64, low: u32, high: u32) -> u32 {
    let span = u64::from(high.saturating_sub(low)) + 1;
    low + u32::try_from(draw(seed, purpose, number) % span).unwrap_or(0)
}

/// SplitMix64's finaliser: every input bit affects every output bit.
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
    fn the_same_question_has_the_same_answer_and_another_has_another() {
        assert_eq!(draw(1, "wire", 5), draw(1, "wire", 5));
        assert_ne!(draw(1, "wire", 5), draw(1, "wire", 6));
        assert_ne!(draw(1, "wire", 5), draw(2, "wire", 5));
        assert_ne!(draw(1, "wire", 5), draw(1, "snr", 5));
    }

    #[test]
    fn a_draw_between_two_ends_stays_there() {
        for number in 0..1000 {
            assert!((3..=9).contains(&between(7, "x", number, 3, 9)));
        }
    }
}
