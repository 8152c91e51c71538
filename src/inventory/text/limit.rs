//! Declares a limit on how much may change, by number or by share.

use crate::inventory::record::{Percent, record};

record! {
    /// A limit; where both are given, the smaller one wins from ten objects up.
    LimitText {
        /// So many objects.
        "count" => count: u32, optional;
        /// So many percent of the objects there are, rounded up.
        "percent" => percent: Percent, optional;
    }
}
