//! Names the log target of exchanges with devices, which is off unless it is asked for by name.

/// The target of events that contain what was sent and received. No other event does.
pub const WIRE: &str = "gamctl::wire";
