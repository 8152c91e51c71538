//! Looks at a device and says what it found, and what it could not find out.
//!
//! `rows` what any source of a configuration reads like · `assemble` from rows to the configuration · `mib` what is asked for over SNMP ·
//! `decode` from what is answered to rows · `running_config` from its text to rows · `look` the asking ·
//! `record` observations as files.

mod assemble;
mod decode;
mod look;
mod mib;
pub mod record;
pub mod rows;
mod running_config;

pub use assemble::{Assembled, assemble};
pub use decode::StartupFile;
pub use look::{
    CommandLine, LookError, Target, board_address, identify, look, look_and_count, look_at_startup,
    tuning,
};
pub use running_config::{RunningConfig, RunningConfigError, parse as parse_running_config};
