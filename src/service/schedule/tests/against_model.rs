//! Compares the queue with the naive model over random operations, with a clock that jumps.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{DueTimes, Limits, Next, Outcome, Priority, Queue, ReadKind};
use super::naive_queue::NaiveQueue;
use super::{NOW, device, site};

const DEVICES: usize = 40;
const SITES: usize = 4;

#[derive(Debug, Clone, Copy)]
enum Operation {
    Insert {
        device: usize,
        site: Option<usize>,
        last: Outcome,
        in_ms: [Option<i64>; 3],
    },
    Remove(usize),
    Push {
        device: usize,
        kind: usize,
        priority: Priority,
        in_ms: i64,
    },
    /// Moves the clock and starts up to this many reads.
    Next {
        by: i64,
        starts: usize,
    },
    /// Ends one of the reads in progress.
    Ended {
        pick: usize,
        outcome: Outcome,
        in_ms: [Option<i64>; 3],
    },
    /// Ends a read that is not in progress.
    EndedInVain(usize),
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![2 => Just(Outcome::Completed), 1 => Just(Outcome::Failed)]
}

fn times() -> impl Strategy<Value = [Option<i64>; 3]> {
    let one = || option::of(-100_000_i64..100_000);
    (one(), one(), one()).prop_map(|(probe, poll, look)| [probe, poll, look])
}

fn jump() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0..2_000_i64,
        2 => 0..50_000_i64,
        1 => -200_000..200_000_i64,
        1 => select(vec![-86_400_000_i64, 86_400_000]),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let insert = (0..DEVICES, option::of(0..SITES), outcome(), times()).prop_map(
        |(device, site, last, in_ms)| Operation::Insert {
            device,
            site,
            last,
            in_ms,
        },
    );
    let push = (
        0..DEVICES,
        0..3_usize,
        select(Priority::ALL.to_vec()),
        -10_000..60_000_i64,
    )
        .prop_map(|(device, kind, priority, in_ms)| Operation::Push {
            device,
            kind,
            priority,
            in_ms,
        });
    let next = (jump(), 1..12_usize).prop_map(|(by, starts)| Operation::Next { by, starts });
    let ended =
        (any::<usize>(), outcome(), times()).prop_map(|(pick, outcome, in_ms)| Operation::Ended {
            pick,
            outcome,
            in_ms,
        });
    prop_oneof![
        3 => insert,
        1 => (0..DEVICES).prop_map(Operation::Remove),
        4 => push,
        4 => next,
        6 => ended,
        1 => (0..DEVICES).prop_map(Operation::EndedInVain),
    ]
}

/// The queue and the model side by side.
struct Pair {
    queue: Queue,
    model: NaiveQueue,
    clock: u64,
}

impl Pair {
    fn new(limits: Limits) -> Self {
        Self {
            queue: Queue::new(limits),
            model: NaiveQueue::new(limits, DEVICES),
            clock: NOW,
        }
    }

    fn times(&self, in_ms: [Option<i64>; 3]) -> [Option<u64>; 3] {
        in_ms.map(|in_ms| in_ms.map(|in_ms| self.clock.saturating_add_signed(in_ms)))
    }

    fn carry_out(&mut self, operation: Operation) {
        match operation {
            Operation::Insert {
                device: number,
                site: at_site,
                last,
                in_ms,
            } => {
                let times = self.times(in_ms);
                self.queue
                    .insert(device(number), at_site.map(site), last, due_times(times));
                self.model.insert(number, at_site, last, times);
            }
            Operation::Remove(number) => {
                self.queue.remove(&device(number));
                self.model.remove(number);
            }
            Operation::Push {
                device: number,
                kind,
                priority,
                in_ms,
            } => {
                let at = self.clock.saturating_add_signed(in_ms);
                let is_known = self
                    .queue
                    .push(&device(number), ReadKind::ALL[kind], priority, at);
                assert_eq!(is_known, self.model.push(number, kind, priority, at));
            }
            Operation::Next { by, starts } => {
                self.clock = self.clock.saturating_add_signed(by);
                for _ in 0..starts {
                    let next = self.queue.next(self.clock);
                    self.model.check_next(self.clock, &next, number_of);
                    if !matches!(next, Next::Start { .. }) {
                        break;
                    }
                }
            }
            Operation::Ended {
                pick,
                outcome,
                in_ms,
            } => {
                let running = self.model.running();
                if let Some(number) = running.get(pick % running.len().max(1)) {
                    self.end(*number, outcome, in_ms);
                }
            }
            Operation::EndedInVain(number) => {
                if !self.model.running().contains(&number) {
                    self.end(number, Outcome::Failed, [Some(0); 3]);
                }
            }
        }
    }

    fn end(&mut self, number: usize, outcome: Outcome, in_ms: [Option<i64>; 3]) {
        let times = self.times(in_ms);
        self.queue.ended(&device(number), outcome, due_times(times));
        self.model.ended(number, outcome, times);
    }
}

fn due_times([probe, poll, look]: [Option<u64>; 3]) -> DueTimes {
    DueTimes { probe, poll, look }
}

fn number_of(name: &str) -> usize {
    name.strip_prefix("gam-").unwrap().parse().unwrap()
}

proptest! {
    #[test]
    fn the_queue_does_what_the_naive_model_does(
        slots in 1..32_usize,
        slots_per_site in 1..4_usize,
        operations in vec(operation(), 1..400),
    ) {
        let mut pair = Pair::new(Limits { slots, slots_per_site });
        for operation in operations {
            pair.carry_out(operation);
        }
        // At the end all reads end, and all devices are removed: nothing is left over.
        for number in pair.model.running() {
            pair.end(number, Outcome::Completed, [None; 3]);
        }
        for number in 0..DEVICES {
            pair.carry_out(Operation::Remove(number));
        }
        prop_assert_eq!(pair.queue.next(pair.clock), Next::Idle);
        prop_assert!(pair.queue.is_empty());
    }
}
