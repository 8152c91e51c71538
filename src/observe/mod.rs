//! Looks at a device and reports its configuration and health, with everything that could not be read.
//!
//! `rows` is the configuration as rows, from any source. `assemble` turns rows into the configuration. `kinds` describes profiles, endpoints
//! and subscribers, `known` has values that may be unknown. `mib` lists the other SNMP objects. `decode` turns SNMP values into
//! rows, `running_config` does so with its text. `look` runs the
//! requests. `record` stores observations in files.

mod assemble;
mod decode;
mod kinds;
mod known;
mod look;
mod mib;
pub mod record;
pub mod rows;
mod running_config;

pub use assemble::{Assembled, assemble};
pub use decode::StartupFile;
pub use look::{
    CommandLine, ConfigText, LookError, PollScope, PollTarget, Target, answers_as_delivered,
    board_address, identify, look, look_and_count, look_at_ethernet, look_at_startup, poll,
    poll_options, probe, read_config_text, snmp_options,
};
pub use running_config::{
    Backup, BackupError, RunningConfig, RunningConfigError, backup_of,
    parse as parse_running_config,
};
