//! gamctl manages Positron GAM access multiplexers from an inventory in git: plans, verified applies.

pub mod apply;
pub mod authoring;
pub mod billing;
pub mod cli;
pub mod config;
pub mod crash;
pub mod discovery;
pub mod git;
pub mod history;
pub mod inventory;
pub mod model;
pub mod observe;
pub mod plan;
pub mod reconcile;
pub mod render;
pub mod report;
pub mod secrets;
pub mod service;
pub mod simulator;
pub mod sync;
pub mod telemetry;
pub mod transport;
