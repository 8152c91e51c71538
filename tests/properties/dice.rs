//! Random numbers as decisions: when they run out each decision is the simplest one, so failures shrink to simple inventories.

use proptest::prelude::*;

/// A supply of decisions.
#[derive(Clone)]
pub(super) struct Dice {
    numbers: std::vec::IntoIter<u32>,
}

impl std::fmt::Debug for Dice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "dice{:?}", self.numbers.as_slice())
    }
}

/// Dice for at most so many decisions that are not the simplest.
pub(super) fn dice(decisions: usize) -> impl Strategy<Value = Dice> {
    prop::collection::vec(any::<u32>(), 0..=decisions).prop_map(|numbers| Dice {
        numbers: numbers.into_iter(),
    })
}

impl Dice {
    /// Returns dice for so many decisions that a seed gives.
    pub(super) fn seeded(seed: u64, decisions: usize) -> Self {
        // SplitMix64.
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let numbers = (0..decisions).map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap()
        });
        let numbers: Vec<u32> = numbers.collect();
        Self {
            numbers: numbers.into_iter(),
        }
    }

    /// Returns a number below `limit`; 0 is the simplest.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let number = self.numbers.next().unwrap_or_default();
        usize::try_from(number).unwrap() % limit.max(1)
    }

    /// Returns a number within a range, both ends included; the lowest is the simplest.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = usize::try_from(high - low).unwrap() + 1;
        low + u32::try_from(self.below(span)).unwrap()
    }

    /// Returns true once in `many`; false is the simplest.
    pub(super) fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == many - 1
    }

    /// Returns one of these; the first is the simplest.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Returns one of these positions, none where there is nothing to choose from.
    pub(super) fn position(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.below(count))
    }

    /// Mixes a list; leaving it as it is, is the simplest.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in 1..list.len() {
            let back = self.below(index + 1);
            list.swap(index, index - back);
        }
    }
}

#[test]
fn dice_that_ran_out_decide_for_the_simplest() {
    let mut dice = Dice {
        numbers: vec![7].into_iter(),
    };
    assert_eq!(dice.below(5), 2);
    let mut list = [1, 2, 3];
    dice.shuffle(&mut list);
    assert_eq!(
        (dice.below(5), dice.once_in(3), list),
        (0, false, [1, 2, 3])
    );
}
