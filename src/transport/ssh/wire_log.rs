//! Logs connections, logins, lines and replies for `--log debug`, with secrets masked.

use std::net::SocketAddr;
use std::time::Duration;

use tracing::{Level, enabled};

use super::quote::quoted_lines;
use super::{Login, SshError};
use crate::model::{HostKey, WIRE};

/// Longer replies are logged by `--log trace` only; their number of lines and their end always.
const SHORT: usize = 24;

/// The lines of a longer reply that are logged.
const END: usize = 3;

/// Logs the TCP connection.
pub(super) fn connected(address: SocketAddr, took: Duration) {
    tracing::debug!(target: WIRE, %address, millis = millis(took), "SSH connected");
}

/// Logs the host key of a connection that was accepted.
pub(super) fn agreed(address: SocketAddr, host_key: Option<&HostKey>, took: Duration) {
    let host_key = host_key.map(ToString::to_string).unwrap_or_default();
    tracing::debug!(target: WIRE, %address, host_key, millis = millis(took), "SSH key exchange done, the host key is the pinned one");
}

/// Logs the host key of a connection that was not accepted.
pub(super) fn other_key(address: SocketAddr, presented: &HostKey, pinned: Option<&HostKey>) {
    let pinned = pinned.map_or_else(|| "none".to_owned(), ToString::to_string);
    tracing::debug!(target: WIRE, %address, %presented, pinned, "SSH another host key than the pinned one");
}

/// Logs an accepted login.
pub(super) fn logged_in(login: &Login, method: &str) {
    let (address, user) = (login.address, &login.user);
    tracing::debug!(target: WIRE, %address, user, method, "SSH logged in");
}

/// Logs the prompt that a session found.
pub(super) fn prompt(login: &Login, prompt: &str) {
    let address = login.address;
    let prompt = masked(login, &[prompt]).concat();
    tracing::debug!(target: WIRE, %address, prompt, "SSH prompt");
}

/// Logs a line and its reply.
pub(super) fn exchange(login: &Login, line: &str, reply: &[String], took: Duration) {
    if !enabled!(target: WIRE, Level::DEBUG) {
        return;
    }
    let address = login.address;
    let line = masked(login, &[line]).concat();
    let reply: Vec<&str> = reply.iter().map(String::as_str).collect();
    let (count, millis) = (reply.len(), millis(took));
    let is_whole = count <= SHORT || enabled!(target: WIRE, Level::TRACE);
    let start = if is_whole { 0 } else { count - END };
    // All of it is masked, because a line may be a secret only by its section.
    let shown = masked(login, &reply);
    tracing::debug!(target: WIRE, %address, line, lines = count, millis, "SSH line answered");
    for reply in shown.iter().skip(start) {
        tracing::debug!(target: WIRE, %address, reply, "SSH reply");
    }
    if !is_whole {
        tracing::debug!(target: WIRE, %address, "SSH reply was longer; `--log trace` logs all of it");
    }
}

/// Logs a failure; its text is masked already.
pub(super) fn failed(login: &Login, error: &SshError) {
    let address = login.address;
    tracing::debug!(target: WIRE, %address, %error, "SSH failed");
}

fn masked(login: &Login, lines: &[&str]) -> Vec<String> {
    let password = String::from_utf8_lossy(login.password.reveal());
    quoted_lines(lines, &password)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
