//! Contract suites of the billing clients, each against a twin that shares no code with it.

mod http;
mod sonar;
mod splynx;
mod sync;
mod write_back;
