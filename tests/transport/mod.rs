//! Tests the transport against the twin and against malicious agents.

mod snmp;
