//! Contract suites of the billing clients, each against a twin that shares no code with it.

mod canary;
mod decisions;
pub(crate) mod empty_twins;
mod examples;
mod faults;
mod hook;
mod http;
mod isp;
mod lives;
mod personal_data;
pub(crate) mod product;
mod protected_customers;
mod sonar;
mod splynx;
mod sync;
mod write_back;
