//! What changes a device: configuration mode, one line after the other, and saving. What is not a good reply ends the session.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::command::Line;
use super::mode::{Mode, Next};
use super::prompt::Prompt;
use super::quote::kept;
use super::talking::Came;
use super::verdict::{Asked, Reply, Says, Verdict, is_calm, verdict};
use super::{Doing, Exchange, Saved, Session, SshError};
use crate::crash;
use crate::model::{ConfigLine, Lead};

/// How long a few bytes may take out of the process; where the device has stopped reading they wait on, and that shows later.
const LEAVING: Duration = Duration::from_secs(1);

/// One line, what it is for, and what must come of it.
struct Typed<'a> {
    text: &'a str,
    doing: Doing,
    says: Says,
    mode: Mode,
    next: Next,
    /// The names of the crash points before it is sent, when it was, and when it was answered.
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

    /// Types a line of configuration mode. It is taken only when the device says nothing to it and stands where it leads.
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
        let typed = Typed {
            text,
            doing: Doing::Configuring,
            says: Says::Nothing,
            mode,
            next,
            points: Some(["line-before", "line-sent", "line-answered"]),
        };
        self.change(typed).await.map(|(exchange, _)| exchange)
    }

    /// Leaves configuration mode, whichever part of it.
    pub async fn configure_end(&mut self) -> Result<Exchange, SshError> {
        let text = Line::End.text();
        let next = match self.mode {
            Mode::Configuration | Mode::Interface => Ok(Mode::Exec),
            Mode::Exec => Err(self.out_of_place()),
        };
        self.move_to(text, next).await
    }

    /// Saves the running configuration to the startup file, as far as the device says so.
    pub async fn save(&mut self) -> Result<Saved, SshError> {
        let text = Line::Save.text();
        if self.mode != Mode::Exec {
            return self.not_sent(text, self.out_of_place());
        }
        let typed = Typed {
            text,
            doing: Doing::Saving,
            says: Says::Saving,
            mode: Mode::Exec,
            next: Next::Prompt(self.prompt.clone()),
            points: Some(["save-before", "save-sent", "save-answered"]),
        };
        let (exchange, bytes) = self.change(typed).await?;
        let bytes = bytes.unwrap_or_default();
        Ok(Saved { bytes, exchange })
    }

    /// Types what changes the mode and nothing else.
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
        let typed = Typed {
            text,
            doing: Doing::Configuring,
            says: Says::Nothing,
            mode: mode.0,
            next: mode.1,
            points: None,
        };
        self.change(typed).await.map(|(exchange, _)| exchange)
    }

    /// Types a line and returns what came of it; whatever is not good cuts the session off.
    async fn change(&mut self, typed: Typed<'_>) -> Result<(Exchange, Option<u64>), SshError> {
        if let Err(error) = self.begin() {
            return self.not_sent(typed.text, error);
        }
        let started = Instant::now();
        let mut before = None;
        match self.enter_and_judge(&typed, &mut before).await {
            Ok(reply) => {
                self.mode = typed.mode;
                self.prompt = reply.prompt;
                self.succeed();
                let lines: Vec<&str> = reply.lines.iter().map(String::as_str).collect();
                let exchange = self.exchange(typed.text, &lines, started);
                Ok((exchange, reply.bytes))
            }
            Err(because) => {
                let sent = self.cut();
                let was_sent = before.is_some_and(|before| sent > before);
                let all = self.screen.all();
                let said = all.iter().map(|line| line.trim());
                let said: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
                Err(SshError::Line {
                    exchange: Box::new(self.exchange(typed.text, &said, started)),
                    was_sent,
                    because: Box::new(because),
                })
            }
        }
    }

    /// Types a line and judges the reply. `typed_at` is how many bytes had left when it was about to be typed.
    async fn enter_and_judge(
        &mut self,
        typed: &Typed<'_>,
        typed_at: &mut Option<u64>,
    ) -> Result<Reply, SshError> {
        let doing = typed.doing;
        if self.fence.is_none() {
            return Err(SshError::ReadOnly {
                address: self.login.address,
            });
        }
        let (within, silence) = match typed.says {
            Says::Nothing => (self.patience.reply, self.patience.silence),
            Says::Saving => (self.patience.saving, self.patience.saving),
        };
        let deadline = Instant::now() + within;
        self.is_calm(doing).await?;
        let pass = |nth: usize| {
            if let Some(name) = typed.points.as_ref().and_then(|names| names.get(nth)) {
                crash::point(name);
            }
        };
        let before = self.connection.wire.sent();
        *typed_at = Some(before);
        pass(0);
        let keys = format!("{}\r", typed.text).into_bytes();
        self.keys(keys, doing).await?;
        self.leaves(before).await;
        pass(1);
        let at = self.prompt.clone();
        let asked = Asked {
            text: typed.text,
            at: &at,
            next: &typed.next,
            says: typed.says,
        };
        let mut is_quiet = false;
        loop {
            let (lines, current) = (self.screen.lines(), self.screen.current());
            let address = self.login.address;
            match verdict(lines, &current, &asked, is_quiet) {
                Verdict::Waiting => {}
                Verdict::Good(reply) => {
                    pass(2);
                    return Ok(reply);
                }
                Verdict::Refused => {
                    let reply = self.reply_to(&asked);
                    return Err(SshError::Declined { address, reply });
                }
                Verdict::Asked => {
                    return Err(SshError::Question {
                        address,
                        doing,
                        question: self.quote([current.as_str()]),
                    });
                }
                Verdict::Unknown => {
                    let reply = self.reply_to(&asked);
                    return Err(SshError::Unexpected { address, reply });
                }
            }
            let came = self.wait_for(silence, deadline, doing).await?;
            is_quiet = matches!(came, Came::Pause);
        }
    }

    /// Returns when the line is out of the socket, so that who dies then has sent it; that it does not get out shows later.
    async fn leaves(&self, before: u64) {
        let leaves = self.connection.wire.sends_more_than(before);
        let _out = timeout(LEAVING, leaves).await;
    }

    /// Takes what was said meanwhile; it may be messages, and nothing else.
    async fn is_calm(&mut self, doing: Doing) -> Result<(), SshError> {
        while let Ok(message) = timeout(Duration::ZERO, self.channel.wait()).await {
            self.take(message, doing)?;
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

    /// Returns the device's host name as its prompt has it.
    fn host(&self) -> Option<&str> {
        self.prompt.host_in(self.mode)
    }

    fn reply_to(&self, asked: &Asked<'_>) -> String {
        let all = self.screen.all();
        self.quote(asked.reply(&all).iter().map(String::as_str))
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

    /// Refuses to type a line; that is a failure as well.
    fn not_sent<T>(&mut self, text: &str, because: SshError) -> Result<T, SshError> {
        // What failed before is why, wherever the session was then.
        let because = self.begin().err().unwrap_or(because);
        self.cut();
        Err(SshError::Line {
            exchange: Box::new(self.exchange(text, &[], Instant::now())),
            was_sent: false,
            because: Box::new(because),
        })
    }
}
