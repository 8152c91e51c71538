//! Runs a reading command until its complete reply is received without interruption.

use tokio::time::Instant;

use super::command::Line;
use super::mode::Mode;
use super::reply::{Body, View, refusal, view};
use super::talking::WaitResult;
use super::{Command, Session, SshError, SshOperation, wire_log};

/// Attempts at a reply that log messages interrupt.
const TRIES: u32 = 4;

impl Session {
    /// Returns the complete reply to a command as lines.
    pub async fn read(&mut self, command: Command) -> Result<Vec<String>, SshError> {
        self.begin()?;
        let read = match self.mode {
            Mode::Exec => self.read_whole(command).await,
            Mode::Configuration | Mode::Interface => Err(SshError::OutOfPlace {
                address: self.login.address,
            }),
        };
        if let Err(error) = &read {
            wire_log::failed(&self.login, error);
        }
        if read.is_ok() {
            // Clear the reply, so that the next line does not treat it as unsolicited output.
            self.screen.clear_lines();
            self.succeed();
        } else {
            self.cut();
        }
        read
    }

    async fn read_whole(&mut self, command: Command) -> Result<Vec<String>, SshError> {
        let mut before: Option<Vec<String>> = None;
        let mut message = String::new();
        for _ in 0..TRIES {
            let body = self
                .enter(Line::Read(command), SshOperation::Reading(command))
                .await?;
            self.check(command, &body.lines)?;
            let Some(last) = body.messages.last() else {
                return Ok(body.lines);
            };
            // A message may have split a line. Another attempt is not interrupted at the same position.
            if before.as_ref() == Some(&body.lines) {
                return Ok(body.lines);
            }
            message = self.quote([last.as_str()]);
            before = Some(body.lines);
        }
        Err(SshError::Interrupted {
            address: self.login.address,
            command,
            tries: TRIES,
            message,
        })
    }

    /// Checks that a reply is valid and complete.
    fn check(&self, command: Command, lines: &[String]) -> Result<(), SshError> {
        let address = self.login.address;
        if refusal(lines).is_some() {
            return Err(SshError::Refused {
                address,
                command,
                reply: self.quote(lines.iter().map(String::as_str)),
            });
        }
        let last = lines.last().map_or("", |line| line.trim());
        match command.last_line() {
            Some(expected) if last != expected => Err(SshError::Incomplete {
                address,
                command,
                lines: lines.len(),
                expected,
                last: self.quote([last]),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Sends a line and returns the output up to the prompt.
    pub(super) async fn enter(
        &mut self,
        line: Line,
        operation: SshOperation,
    ) -> Result<Body, SshError> {
        let started = Instant::now();
        let deadline = started + self.timeouts.reply;
        self.drain().await;
        self.screen.clear();
        self.send(line, operation).await?;
        let last_line = match line {
            Line::Read(command) => command.last_line(),
            _ => None,
        };
        let mut was_paused = false;
        loop {
            let (lines, current) = (self.screen.lines(), self.screen.current());
            match view(lines, &current, line.text(), &self.prompt) {
                View::Finished(body, prompt) => {
                    let has_end = body.lines.last().map(|line| line.trim()) == last_line;
                    // A line may look like a prompt just because a packet ends there, so probe after a pause.
                    if last_line.is_none() || has_end || was_paused {
                        self.prompt = prompt;
                        wire_log::exchange(
                            &self.login,
                            line.text(),
                            &body.lines,
                            started.elapsed(),
                        );
                        return Ok(body);
                    }
                }
                View::Paged => {
                    self.screen.clear_line();
                    self.keys(b"g".to_vec(), operation).await?;
                }
                View::Asked(question) => {
                    return Err(SshError::Question {
                        address: self.login.address,
                        operation,
                        question: self.quote([question.as_str()]),
                    });
                }
                // Another user may have renamed the device.
                View::OtherPrompt if was_paused => {
                    let text = self.screen.all();
                    self.prompt = self.learn(deadline, operation).await?;
                    let (current, lines) = text
                        .split_last()
                        .map_or(("", [].as_slice()), |(last, rest)| (last.as_str(), rest));
                    if let View::Finished(body, _) = view(lines, current, line.text(), &self.prompt)
                    {
                        wire_log::exchange(
                            &self.login,
                            line.text(),
                            &body.lines,
                            started.elapsed(),
                        );
                        return Ok(body);
                    }
                }
                View::OtherPrompt | View::Unfinished => {}
            }
            was_paused = matches!(self.wait(deadline, operation).await?, WaitResult::Pause);
        }
    }
}
