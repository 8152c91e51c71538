//! Sends keys to a device and receives its output within timeouts and a size limit.

use std::time::Duration;

use russh::ChannelMsg;
use tokio::time::{Instant, timeout, timeout_at};

use super::command::Line;
use super::prompt::Prompt;
use super::quote::quote;
use super::{Session, SshError, SshOperation};

/// Many times the output of the largest device with the longest names.
const MOST_BYTES: usize = 4 << 20;

/// The result of waiting for output.
pub(super) enum WaitResult {
    Bytes,
    /// No output for a pause.
    Pause,
}

impl Session {
    pub(super) async fn send(
        &mut self,
        line: Line,
        operation: SshOperation,
    ) -> Result<(), SshError> {
        self.keys(format!("{}\r", line.text()).into_bytes(), operation)
            .await
    }

    pub(super) async fn keys(
        &mut self,
        keys: Vec<u8>,
        operation: SshOperation,
    ) -> Result<(), SshError> {
        if self.is_fenced_off() {
            return Err(self.closed(operation));
        }
        // A few bytes are sent at once, unless the device has stopped reading.
        match timeout(self.timeouts.silence, self.channel.data_bytes(keys)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.closed(operation)),
            Err(_) => Err(self.late(operation)),
        }
    }

    pub(super) fn is_fenced_off(&self) -> bool {
        self.fence.as_ref().is_some_and(|fence| !fence.is_open())
    }

    /// Waits for more output.
    pub(super) async fn wait(
        &mut self,
        deadline: Instant,
        operation: SshOperation,
    ) -> Result<WaitResult, SshError> {
        self.wait_for(self.timeouts.silence, deadline, operation)
            .await
    }

    pub(super) async fn wait_for(
        &mut self,
        silence: Duration,
        deadline: Instant,
        operation: SshOperation,
    ) -> Result<WaitResult, SshError> {
        let now = Instant::now();
        let silence = (now + silence).min(deadline);
        let pause = (now + self.timeouts.pause).min(silence);
        if let Ok(message) = timeout_at(pause, self.channel.wait()).await {
            return self.take(message, operation).map(|()| WaitResult::Bytes);
        }
        if pause < silence && self.has_an_end_in_sight() {
            return Ok(WaitResult::Pause);
        }
        match timeout_at(silence, self.channel.wait()).await {
            Ok(message) => self.take(message, operation).map(|()| WaitResult::Bytes),
            Err(_) => Err(self.late(operation)),
        }
    }

    /// Returns whether the last line may be a prompt, so that a pause is worth probing.
    fn has_an_end_in_sight(&self) -> bool {
        let is_prompt = |line: &str| Prompt::guess(line).is_some();
        is_prompt(&self.screen.current())
            || (self.screen.current().trim().is_empty()
                && self
                    .screen
                    .lines()
                    .iter()
                    .rev()
                    .take(8)
                    .any(|line| is_prompt(line) || self.prompt.begins(line).is_some()))
    }

    pub(super) fn take(
        &mut self,
        message: Option<ChannelMsg>,
        operation: SshOperation,
    ) -> Result<(), SshError> {
        match message {
            Some(ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. }) => {
                self.screen.take(&data);
                if self.screen.taken() > MOST_BYTES {
                    return Err(SshError::TooLong {
                        address: self.login.address,
                        operation,
                        limit: MOST_BYTES,
                    });
                }
                Ok(())
            }
            Some(ChannelMsg::Close | ChannelMsg::Eof) | None => Err(self.closed(operation)),
            Some(_) => Ok(()),
        }
    }

    /// Discards the output received meanwhile.
    pub(super) async fn drain(&mut self) {
        // Only buffered output is discarded, without waiting. A closed channel is noticed at the next send.
        while let Ok(Some(_)) = timeout(Duration::ZERO, self.channel.wait()).await {}
    }

    pub(super) fn closed(&self, operation: SshOperation) -> SshError {
        if self.is_fenced_off() {
            return SshError::Fenced {
                address: self.login.address,
            };
        }
        SshError::Closed {
            address: self.login.address,
            operation,
            said: self.last_words(),
        }
    }

    pub(super) fn late(&self, operation: SshOperation) -> SshError {
        SshError::TimedOut {
            address: self.login.address,
            operation,
            said: self.last_words(),
        }
    }

    pub(super) fn last_words(&self) -> String {
        let all = self.screen.all();
        let start = all.len().saturating_sub(4);
        self.quote(all.iter().skip(start).map(String::as_str))
    }

    pub(super) fn quote<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> String {
        let password = String::from_utf8_lossy(self.login.password.reveal());
        quote(lines, &password)
    }
}
