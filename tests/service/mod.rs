//! Tests of the service's parts against the real programs they use.

mod fetch;
