//! Logs SNMP requests and answers for `--log debug`, and their bindings for `--log trace`, without the community.

use std::net::SocketAddr;
use std::time::Duration;

use tracing::{Level, enabled};

use super::error::SnmpError;
use super::pdu::{Bindings, Content, Head, Kind};
use super::value::{Oid, Value};
use crate::model::{WIRE, hazard_on_a_terminal};

/// The most bytes of one value that are shown.
const MOST_BYTES: usize = 120;

/// Returns whether anything is logged, so that nothing is prepared in vain.
pub(super) fn is_on() -> bool {
    enabled!(target: WIRE, Level::DEBUG)
}

/// Logs a request before it is sent for the first time.
pub(super) fn asked(agent: SocketAddr, id: i32, kind: Kind, names: &[Oid]) {
    if !is_on() {
        return;
    }
    let (kind, first) = (kind_text(kind), shown(names.first()));
    let (last, count) = (shown(names.last()), names.len());
    tracing::debug!(target: WIRE, %agent, id, kind, names = count, first, last, "SNMP request");
}

/// Logs the discovery of the engine of an SNMP 3 agent.
pub(super) fn discovering(agent: SocketAddr, id: i32) {
    tracing::debug!(target: WIRE, %agent, id, "SNMP discovery of the engine");
}

/// Logs a datagram that was sent.
pub(super) fn sent(agent: SocketAddr, id: i32, attempt: u32, bytes: usize) {
    let attempt = attempt.saturating_add(1);
    tracing::debug!(target: WIRE, %agent, id, attempt, bytes, "SNMP sent");
}

/// Logs an attempt without an answer.
pub(super) fn silent(agent: SocketAddr, id: i32, attempt: u32, waited: Duration) {
    let (attempt, millis) = (attempt.saturating_add(1), millis(waited));
    tracing::debug!(target: WIRE, %agent, id, attempt, millis, "SNMP no answer in time");
}

/// Logs an error that the system reports for the address.
pub(super) fn failed(agent: SocketAddr, id: i32, error: &std::io::Error) {
    tracing::debug!(target: WIRE, %agent, id, %error, "SNMP network error");
}

/// Logs a datagram that is not the answer.
pub(super) fn foreign(agent: SocketAddr, id: i32) {
    tracing::debug!(target: WIRE, %agent, id, "SNMP ignored a datagram that does not belong to the request");
}

/// Logs the end of a request with all of its attempts. `hidden` is masked in values.
pub(super) fn ended(
    agent: SocketAddr,
    kind: Kind,
    answer: Result<(Head, Bindings<'_>), &SnmpError>,
    took: Duration,
    hidden: &[u8],
) {
    if !is_on() {
        return;
    }
    let (kind, millis) = (kind_text(kind), millis(took));
    match answer {
        Ok((head, bindings)) => {
            let (id, index) = (head.id, head.index);
            let bindings = texts(bindings, hidden);
            let first = bindings.first().map_or("", |(name, _)| name);
            let last = bindings.last().map_or("", |(name, _)| name);
            let (status, count) = (status(head.status), bindings.len());
            tracing::debug!(target: WIRE, %agent, id, kind, status, index, bindings = count, first, last, millis, "SNMP answer");
            for (name, value) in &bindings {
                tracing::trace!(target: WIRE, %agent, id, name, value, "SNMP binding");
            }
        }
        Err(error) => {
            tracing::debug!(target: WIRE, %agent, kind, millis, %error, "SNMP request failed");
        }
    }
}

fn kind_text(kind: Kind) -> String {
    match kind {
        Kind::Get => "get".to_owned(),
        Kind::Bulk { rows, .. } => format!("getbulk {rows}"),
    }
}

fn shown(name: Option<&Oid>) -> String {
    name.map(ToString::to_string).unwrap_or_default()
}

/// The names of RFC 3416 for an error status.
fn status(number: i32) -> String {
    const NAMES: [&str; 19] = [
        "noError",
        "tooBig",
        "noSuchName",
        "badValue",
        "readOnly",
        "genErr",
        "noAccess",
        "wrongType",
        "wrongLength",
        "wrongEncoding",
        "wrongValue",
        "noCreation",
        "inconsistentValue",
        "resourceUnavailable",
        "commitFailed",
        "undoFailed",
        "authorizationError",
        "notWritable",
        "inconsistentName",
    ];
    let name = usize::try_from(number).ok().and_then(|at| NAMES.get(at));
    name.map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

/// Returns names and values as text, up to the first that cannot be read.
fn texts(mut read: Bindings<'_>, hidden: &[u8]) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    while let Ok(Some((name, content))) = read.next() {
        shown.push((Oid::new(name).to_string(), value(content, hidden)));
    }
    shown
}

fn value(content: Content<'_>, hidden: &[u8]) -> String {
    match content.into_value() {
        Value::Bytes(bytes) | Value::Opaque(bytes) => octets(&bytes, hidden),
        Value::Oid(oid) => oid.to_string(),
        other => format!("{other:?}"),
    }
}

/// Renders octets as text where they are, else in hex. A value with the community in it is not shown.
fn octets(bytes: &[u8], hidden: &[u8]) -> String {
    let has_hidden = !hidden.is_empty() && bytes.windows(hidden.len()).any(|part| part == hidden);
    if has_hidden {
        return "***".to_owned();
    }
    let part = bytes.get(..MOST_BYTES).unwrap_or(bytes);
    let more = if part.len() < bytes.len() { "…" } else { "" };
    let text = std::str::from_utf8(part).ok();
    let is_text = |text: &&str| text.chars().all(|one| hazard_on_a_terminal(one).is_none());
    match text.filter(is_text) {
        Some(text) => format!("\"{text}{more}\""),
        None => {
            let hex: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}{more}", hex.join(" "))
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_the_community_in_it_is_not_shown() {
        assert_eq!(octets(b"x public y", b"public"), "***");
        assert_eq!(octets(b"flat 7", b"public"), "\"flat 7\"");
        assert_eq!(octets(&[0, 0x0e, 0xd8], b""), "00 0e d8");
        assert_eq!(octets(b"", b"public"), "\"\"");
    }

    #[test]
    fn an_error_status_has_its_name() {
        assert_eq!(status(1), "tooBig");
        assert_eq!(status(-1), "-1");
        assert_eq!(status(99), "99");
    }
}
