//! Contract suites of the billing clients: each against a twin that was written from the description alone.

mod http;
mod splynx;
