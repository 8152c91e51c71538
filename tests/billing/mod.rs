//! Contract suites of the billing clients, each against a twin that shares no code with it.

mod decisions;
mod examples;
mod http;
mod isp;
mod protected_customers;
mod sonar;
mod splynx;
mod sync;
mod write_back;
