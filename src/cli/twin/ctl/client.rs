//! Sends requests to running twins over their control socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::simulator::server::control_protocol::{LONGEST_ANSWER, LONGEST_REQUEST};

/// The timeout of a request; twins answer every request at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends one request and returns its answer.
pub(super) fn ask<Q, A>(control: &Path, request: &Q) -> anyhow::Result<A>
where
    Q: Serialize,
    A: DeserializeOwned,
{
    let shown = control.display();
    let mut line = serde_json::to_string(request).context("failed to write the request")?;
    line.push('\n');
    ensure!(
        line.len() <= LONGEST_REQUEST,
        "the request is longer than {LONGEST_REQUEST} bytes; split it"
    );
    let mut stream = UnixStream::connect(control).with_context(|| {
        format!("no twins answer at {shown}; start them with `gamctl twin`, or give their socket with `--control`")
    })?;
    let failed =
        || format!("failed to send a request to the twins at {shown}; check that they still run");
    stream
        .set_read_timeout(Some(PATIENCE))
        .with_context(failed)?;
    stream
        .set_write_timeout(Some(PATIENCE))
        .with_context(failed)?;
    stream.write_all(line.as_bytes()).with_context(failed)?;
    let limit = u64::try_from(LONGEST_ANSWER).unwrap_or(u64::MAX);
    let mut answer = String::new();
    BufReader::new(stream.take(limit))
        .read_line(&mut answer)
        .with_context(failed)?;
    ensure!(
        answer.ends_with('\n'),
        "the twins at {shown} stopped in the middle of their answer; check that they still run"
    );
    serde_json::from_str(&answer).with_context(|| {
        format!("invalid answer from {shown}; check that it is the same version of gamctl")
    })
}
