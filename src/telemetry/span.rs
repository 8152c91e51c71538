//! Holds a span that ended, with the ids that connect it to its run.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroU128};

use uuid::Uuid;

/// The id of a trace: one for each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TraceId(pub(super) NonZeroU128);

/// The id of a span in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanId(pub(super) NonZeroU64);

impl TraceId {
    pub(super) fn random() -> Self {
        // An id of zero is invalid; that one is as good as another.
        Self(NonZeroU128::new(random()).unwrap_or(NonZeroU128::MIN))
    }
}

impl SpanId {
    pub(super) fn random() -> Self {
        let high = u64::try_from(random() >> 64).unwrap_or_default();
        Self(NonZeroU64::new(high).unwrap_or(NonZeroU64::MIN))
    }
}

/// Returns 16 random bytes. Six bits of a random UUID are fixed, and those of another one are elsewhere after the rotation.
fn random() -> u128 {
    Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64)
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// The attributes of a span, by their names in the trace.
pub(super) type Attributes = BTreeMap<&'static str, Value>;

/// A span that ended. Times are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EndedSpan {
    pub(super) trace: TraceId,
    pub(super) id: SpanId,
    /// Left out: it is the run itself.
    pub(super) parent: Option<SpanId>,
    pub(super) name: &'static str,
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) attributes: Attributes,
    /// What it is about did not end well.
    pub(super) is_failed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_an_id_is_random() {
        let (mut ones, mut zeros) = (0, u128::MAX);
        let (mut of_spans, mut without) = (0, u64::MAX);
        for _ in 0..200 {
            ones |= TraceId::random().0.get();
            zeros &= TraceId::random().0.get();
            of_spans |= SpanId::random().0.get();
            without &= SpanId::random().0.get();
        }
        assert_eq!((ones, zeros), (u128::MAX, 0));
        assert_eq!((of_spans, without), (u64::MAX, 0));
    }
}
