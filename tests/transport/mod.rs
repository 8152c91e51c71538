//! What carries bytes to a device and back, against the twin and against agents that mean harm.

mod snmp;
