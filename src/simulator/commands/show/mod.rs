//! Prints the output of the `show` commands; one file per kind of object, subscribers in `subscriber`.

mod alarm;
mod endpoint;
mod port;
mod profile;
mod system;

pub(super) use alarm::{active as active_alarms, log as alarm_log};
pub(super) use endpoint::{
    configuration as endpoint_configuration, discovered, max_snr,
    statistics as endpoint_statistics, status as endpoint_status,
};
pub(super) use port::{
    configuration as port_configuration, statistics as port_statistics, status as port_status,
};
pub(super) use profile::profile;
pub(super) use system::version;

use std::fmt::{Display, Write as _};

/// Appends one `Label   : value` line; labels are as wide as the device pads them.
pub(super) fn field(text: &mut String, label: &str, value: impl Display) {
    let _ = writeln!(text, "{label:<38} : {value}");
}

pub(super) fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
