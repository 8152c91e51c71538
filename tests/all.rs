//! All integration tests in one binary: each further binary would link the whole library once more.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on should end right there; clippy exempts test functions but not their helpers"
)]

mod adopted_drift;
mod apply;
mod architecture;
mod backup;
mod billing;
mod blame;
mod ci_steps;
mod cli;
mod completion;
mod corpus;
mod crash;
mod demo;
mod deploy;
mod discovery;
mod documents;
mod drift;
mod forge_server;
mod found_inventory;
mod glossary;
mod golden;
mod history;
mod hostile_inventory;
mod import;
mod import_circles;
mod injection;
mod json_documents;
mod metrics;
mod mutations;
mod observe;
mod planner;
mod plans;
mod postgres;
mod properties;
mod recipes;
mod reconcile;
mod rehearsal;
mod rendering;
mod rules;
mod run;
mod rust_scan;
mod service;
mod service_policy;
mod small_disk;
mod source;
mod ssh_client;
mod toml_edit_limits;
mod transport;
mod twin;
mod waiting;
mod watching;
mod waves;
mod words;
mod world;
