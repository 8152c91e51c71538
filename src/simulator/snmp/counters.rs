//! Counts an agent's messages and errors; the names are those of the MIBs without their prefix.

/// `snmp` of RFC 3418, `snmpMPDStats` of RFC 3412, `usmStats` of RFC 3414 and `snmpUnknownContexts` of RFC 3413.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    pub in_packets: u32,
    pub out_packets: u32,
    pub in_bad_versions: u32,
    pub in_bad_community_names: u32,
    pub in_bad_community_uses: u32,
    pub in_asn_parse_errors: u32,
    /// Answers that were too long even as an error.
    pub silent_drops: u32,
    pub unknown_security_models: u32,
    pub invalid_messages: u32,
    pub unknown_pdu_handlers: u32,
    pub unknown_contexts: u32,
    pub unsupported_security_levels: u32,
    pub not_in_time_windows: u32,
    pub unknown_user_names: u32,
    pub unknown_engine_ids: u32,
    pub wrong_digests: u32,
    pub decryption_errors: u32,
}

/// A counter that is reported to the manager when it grows (RFC 3412 §7.1, RFC 3414 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reported {
    UnknownPduHandlers,
    UnknownContexts,
    UnsupportedSecurityLevels,
    NotInTimeWindows,
    UnknownUserNames,
    UnknownEngineIds,
    WrongDigests,
    DecryptionErrors,
}

/// Increments a counter, which wraps (RFC 2578 §7.1.6).
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

impl Counters {
    /// Increments a counter, and returns its name and value for the report.
    pub(crate) fn report(&mut self, reported: Reported) -> (&'static [u32], u32) {
        let (name, counter): (&'static [u32], _) = match reported {
            Reported::UnknownPduHandlers => (
                &[1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0],
                &mut self.unknown_pdu_handlers,
            ),
            Reported::UnknownContexts => {
                (&[1, 3, 6, 1, 6, 3, 12, 1, 5, 0], &mut self.unknown_contexts)
            }
            Reported::UnsupportedSecurityLevels => (
                &[1, 3, 6, 1, 6, 3, 15, 1, 1, 1, 0],
                &mut self.unsupported_security_levels,
            ),
            Reported::NotInTimeWindows => (
                &[1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0],
                &mut self.not_in_time_windows,
            ),
            Reported::UnknownUserNames => (
                &[1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0],
                &mut self.unknown_user_names,
            ),
            Reported::UnknownEngineIds => (
                &[1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0],
                &mut self.unknown_engine_ids,
            ),
            Reported::WrongDigests => {
                (&[1, 3, 6, 1, 6, 3, 15, 1, 1, 5, 0], &mut self.wrong_digests)
            }
            Reported::DecryptionErrors => (
                &[1, 3, 6, 1, 6, 3, 15, 1, 1, 6, 0],
                &mut self.decryption_errors,
            ),
        };
        count(counter);
        (name, *counter)
    }
}
