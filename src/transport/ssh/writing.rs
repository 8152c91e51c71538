//! Configures a device over SSH line by line, and saves; any reply but a good one ends the session.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::command::Line;
use super::mode::{Mode, Next};
use super::prompt::Prompt;
use super::quote::kept;
use super::reply_check::{ExpectedReply, Reply, ReplyClass, SentLine, classify, is_calm};
use super::talking::WaitResult;
use super::{Exchange, Saved, Session, SshError, SshOperation, wire_log};
use crate::crash;
use crate::model::{ConfigLine, Lead};

/// Time for a few bytes to leave the process. If the device has stopped reading, a later timeout reports it.
const LEAVING: Duration = Duration::from_secs(1);

/// A line to send, its purpose and the expected reply.
struct LineToSend<'a> {
    text: &'a str,
    operation: SshOperation,
    expected: ExpectedReply,
    mode: Mode,
    next: Next,
    /// The names of the crash points: before the line is sent, after it is sent, after the reply.
    points: Option<[&'static str; 3]>,
}

impl Session {
    /// Enters configuration mode.
    pub async fn configure_begin(&mut self) -> Result<Exchange, SshError> {
        let text = Line::Configure.text();
        let next = match self.mode {
            Mode::Exec => Ok(Mode::Configuration),
            Mode::Configuration | Mode::Interface => Err(self.out_of_place()),
        };
        self.move_to(text, next).await
    }

    /// Sends a line of configuration mode. It is accepted only if the device prints nothing and shows the expected
    /// prompt.
    pub async fn line(&mut self, line: &ConfigLine) -> Result<Exchange, SshError> {
        let text = line.text();
        let Some(mode) = self.mode.after(line.leads_to()) else {
            return self.not_sent(text, self.out_of_place());
        };
        let next = match (line.leads_to(), self.host()) {
            (Lead::NameTaken, _) | (_, None) => Next::AnyName(mode),
            (Lead::Renamed(name), _) => Next::Prompt(Prompt::of(name.as_str(), mode)),
            (_, Some(host)) => Next::Prompt(Prompt::of(host, mode)),
        };
        let to_send = LineToSend {
            text,
            operation: SshOperation::Configuring,
            expected: ExpectedReply::Nothing,
            mode,
            next,
            points: Some(["line-before", "line-sent", "line-answered"]),
        };
        self.change(to_send).await.map(|(exchange, _)| exchange)
    }

    /// Leaves configuration mode and its submodes.
    pub async fn configure_end(&mut self) -> Result<Exchange, SshError> {
        let text = Line::End.text();
        let next = match self.mode {
            Mode::Configuration | Mode::Interface => Ok(Mode::Exec),
            Mode::Exec => Err(self.out_of_place()),
        };
        self.move_to(text, next).await
    }

    /// Saves the running-config to the startup-config, as far as the device confirms it.
    pub async fn save(&mut self) -> Result<Saved, SshError> {
        let text = Line::Save.text();
        if self.mode != Mode::Exec {
            return self.not_sent(text, self.out_of_place());
        }
        let to_send = LineToSend {
            text,
            operation: SshOperation::Saving,
            expected: ExpectedReply::Saving,
            mode: Mode::Exec,
            next: Next::Prompt(self.prompt.clone()),
            points: Some(["save-before", "save-sent", "save-answered"]),
        };
        let (exchange, bytes) = self.change(to_send).await?;
        let bytes = bytes.unwrap_or_default();
        Ok(Saved { bytes, exchange })
    }

    /// Sends a line that only changes the mode.
    async fn move_to(
        &mut self,
        text: &'static str,
        mode: Result<Mode, SshError>,
    ) -> Result<Exchange, SshError> {
        let mode = match (mode, self.host()) {
            (Ok(mode), Some(host)) => (mode, Next::Prompt(Prompt::of(host, mode))),
            (Err(error), _) => return self.not_sent(text, error),
            (Ok(_), None) => return self.not_sent(text, self.out_of_place()),
        };
        let to_send = LineToSend {
            text,
            operation: SshOperation::Configuring,
            expected: ExpectedReply::Nothing,
            mode: mode.0,
            next: mode.1,
            points: None,
        };
        self.change(to_send).await.map(|(exchange, _)| exchange)
    }

    /// Sends a line and returns the result; any failure cuts the session off.
    async fn change(
        &mut self,
        to_send: LineToSend<'_>,
    ) -> Result<(Exchange, Option<u64>), SshError> {
        if let Err(error) = self.begin() {
            return self.not_sent(to_send.text, error);
        }
        let started = Instant::now();
        let mut before = None;
        match self.send_and_classify(&to_send, &mut before).await {
            Ok(reply) => {
                self.mode = to_send.mode;
                self.prompt = reply.prompt;
                self.succeed();
                wire_log::exchange(&self.login, to_send.text, &reply.lines, started.elapsed());
                let lines: Vec<&str> = reply.lines.iter().map(String::as_str).collect();
                let exchange = self.exchange(to_send.text, &lines, started);
                Ok((exchange, reply.bytes))
            }
            Err(because) => {
                // Cut first, count then: no byte can leave after the count. A line of which no byte left has certainly
                // not run.
                let sent = self.cut();
                let was_sent = before.is_some_and(|before| sent > before);
                let all = self.screen.all();
                wire_log::exchange(&self.login, to_send.text, &all, started.elapsed());
                wire_log::failed(&self.login, &because);
                let said = all.iter().map(|line| line.trim());
                let said: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
                Err(SshError::Line {
                    exchange: Box::new(self.exchange(to_send.text, &said, started)),
                    was_sent,
                    because: Box::new(because),
                })
            }
        }
    }

    /// Sends a line and classifies the reply. `sent_before` is the number of bytes sent before the line.
    async fn send_and_classify(
        &mut self,
        to_send: &LineToSend<'_>,
        sent_before: &mut Option<u64>,
    ) -> Result<Reply, SshError> {
        let operation = to_send.operation;
        if self.fence.is_none() {
            return Err(SshError::ReadOnly {
                address: self.login.address,
            });
        }
        let (within, silence) = match to_send.expected {
            ExpectedReply::Nothing => (self.timeouts.reply, self.timeouts.silence),
            ExpectedReply::Saving => (self.timeouts.saving, self.timeouts.saving),
        };
        let deadline = Instant::now() + within;
        self.is_calm(operation).await?;
        let pass = |nth: usize| {
            if let Some(name) = to_send.points.as_ref().and_then(|names| names.get(nth)) {
                crash::point(name);
            }
        };
        let before = self.connection.wire.sent();
        *sent_before = Some(before);
        pass(0);
        let keys = format!("{}\r", to_send.text).into_bytes();
        self.keys(keys, operation).await?;
        self.leaves(before).await;
        pass(1);
        let at = self.prompt.clone();
        let sent_line = SentLine {
            text: to_send.text,
            at: &at,
            next: &to_send.next,
            expected: to_send.expected,
        };
        let mut is_quiet = false;
        loop {
            let (lines, current) = (self.screen.lines(), self.screen.current());
            let address = self.login.address;
            match classify(lines, &current, &sent_line, is_quiet) {
                ReplyClass::Waiting => {}
                ReplyClass::Good(reply) => {
                    pass(2);
                    return Ok(reply);
                }
                ReplyClass::Refused => {
                    let reply = self.reply_to(&sent_line);
                    return Err(SshError::Declined { address, reply });
                }
                ReplyClass::Question => {
                    return Err(SshError::Question {
                        address,
                        operation,
                        question: self.quote([current.as_str()]),
                    });
                }
                ReplyClass::Unknown => {
                    let reply = self.reply_to(&sent_line);
                    return Err(SshError::Unexpected { address, reply });
                }
            }
            let came = self.wait_for(silence, deadline, operation).await?;
            is_quiet = matches!(came, WaitResult::Pause);
        }
    }

    /// Waits until the line has left the socket, so that a crash point after it is after sending. A timeout is ignored;
    /// a later one reports it.
    async fn leaves(&self, before: u64) {
        let leaves = self.connection.wire.sends_more_than(before);
        let _out = timeout(LEAVING, leaves).await;
    }

    /// Checks that the output since the last line contains only messages.
    async fn is_calm(&mut self, operation: SshOperation) -> Result<(), SshError> {
        while let Ok(message) = timeout(Duration::ZERO, self.channel.wait()).await {
            self.take(message, operation)?;
        }
        let (lines, current) = (self.screen.lines(), self.screen.current());
        if is_calm(lines, &current, &self.prompt) {
            return Ok(());
        }
        Err(SshError::Unasked {
            address: self.login.address,
            said: self.quote(self.screen.all().iter().map(String::as_str)),
        })
    }

    /// Returns the device's host name from its prompt.
    fn host(&self) -> Option<&str> {
        self.prompt.host_in(self.mode)
    }

    fn reply_to(&self, sent_line: &SentLine<'_>) -> String {
        let all = self.screen.all();
        self.quote(sent_line.reply(&all).iter().map(String::as_str))
    }

    fn exchange(&self, text: &str, reply: &[&str], started: Instant) -> Exchange {
        let password = String::from_utf8_lossy(self.login.password.reveal());
        Exchange {
            line: text.to_owned(),
            reply: kept(reply, &password),
            millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn out_of_place(&self) -> SshError {
        SshError::OutOfPlace {
            address: self.login.address,
        }
    }

    /// Refuses to send a line; this is a failure as well.
    fn not_sent<T>(&mut self, text: &str, because: SshError) -> Result<T, SshError> {
        // An earlier failure is the real cause, whatever the mode.
        let because = self.begin().err().unwrap_or(because);
        self.cut();
        Err(SshError::Line {
            exchange: Box::new(self.exchange(text, &[], Instant::now())),
            was_sent: false,
            because: Box::new(because),
        })
    }
}
