//! Tests the Sonar client over HTTP against the simulated instance, with every fault that it has.

mod changes;
mod faults;
mod reads;
mod server;
mod writes;
