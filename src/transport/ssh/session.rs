//! A session of a device's command line: opened, asked, and left in good order.

use std::time::Duration;

use russh::client::Msg;
use russh::{Channel, ChannelMsg, Disconnect};
use tokio::time::{Instant, timeout, timeout_at};

use super::authenticate::authenticate;
use super::command::Line;
use super::knock::{Connection, explained, knock};
use super::mode::Mode;
use super::prompt::{Privilege, Prompt, repeated};
use super::quote::quote;
use super::reply::{Body, View, refusal, view};
use super::screen::Screen;
use super::{Command, Doing, Fence, Login, Patience, SshError};

/// More than the largest device with the longest names prints, many times over.
const MOST_BYTES: usize = 4 << 20;

/// How often a reply is asked for that messages broke into.
const TRIES: u32 = 4;

/// How long a device may take to let us go.
const FAREWELL: Duration = Duration::from_secs(1);

/// A privileged session. One that has failed is cut off, and not used again.
pub struct Session {
    pub(super) login: Login,
    pub(super) patience: Patience,
    pub(super) connection: Connection,
    pub(super) channel: Channel<Msg>,
    pub(super) screen: Screen,
    pub(super) prompt: Prompt,
    /// Without one nothing is changed.
    pub(super) fence: Option<Fence>,
    pub(super) mode: Mode,
    is_spent: bool,
}

/// What came of waiting.
pub(super) enum Came {
    Bytes,
    /// Nothing, for as long as a pause.
    Pause,
}

impl Session {
    /// Logs in to read, and makes sure that the prompt is known and privileged.
    ///
    /// The host key is judged before the password is sent.
    pub async fn open(login: &Login, patience: Patience) -> Result<Self, SshError> {
        Self::enter_shell(login, patience, None).await
    }

    /// Logs in to read and to write. Once the fence is closed not one byte more leaves, whoever waits for what.
    pub async fn open_to_write(
        login: &Login,
        patience: Patience,
        fence: &Fence,
    ) -> Result<Self, SshError> {
        let opened = Self::enter_shell(login, patience, Some(fence)).await;
        if fence.is_open() {
            return opened;
        }
        Err(SshError::Fenced {
            address: login.address,
        })
    }

    async fn enter_shell(
        login: &Login,
        patience: Patience,
        fence: Option<&Fence>,
    ) -> Result<Self, SshError> {
        let deadline = Instant::now() + patience.login;
        let late = |doing| SshError::TimedOut {
            address: login.address,
            doing,
            said: String::new(),
        };
        let mut connection = knock(login, fence, deadline).await?;
        let authenticating = authenticate(&mut connection.handle, login);
        let authenticated = timeout_at(deadline, authenticating).await;
        authenticated.map_err(|_| late(Doing::LoggingIn))??;
        let opening = open_shell(&connection, patience.columns);
        let opened = timeout_at(deadline, opening).await;
        let channel = opened
            .map_err(|_| late(Doing::OpeningShell))?
            .map_err(|error| explained(login, Doing::OpeningShell, error))?;
        let mut session = Self {
            login: login.clone(),
            patience,
            connection,
            channel,
            screen: Screen::new(),
            // Learnt before anything is asked.
            prompt: Prompt::unknown(),
            fence: fence.cloned(),
            mode: Mode::Exec,
            is_spent: false,
        };
        session.prompt = session.learn(deadline, Doing::WaitingForPrompt).await?;
        if session.prompt.privilege == Privilege::User {
            session.enable(deadline).await?;
        }
        for line in [Line::TerminalLength, Line::TerminalWidth] {
            session.set_up(line).await?;
        }
        Ok(session)
    }

    /// Returns the lines of the reply to a command: all of them, or an error.
    pub async fn read(&mut self, command: Command) -> Result<Vec<String>, SshError> {
        self.begin()?;
        let read = match self.mode {
            Mode::Exec => self.read_whole(command).await,
            Mode::Configuration | Mode::Interface => Err(SshError::OutOfPlace {
                address: self.login.address,
            }),
        };
        if read.is_ok() {
            self.succeed();
        } else {
            self.cut();
        }
        read
    }

    /// Begins something that must not fail: until it has succeeded the session is spent, even when nobody waits for it any more.
    pub(super) fn begin(&mut self) -> Result<(), SshError> {
        if std::mem::replace(&mut self.is_spent, true) {
            return Err(SshError::Spent {
                address: self.login.address,
            });
        }
        Ok(())
    }

    pub(super) fn succeed(&mut self) {
        self.is_spent = false;
    }

    /// Cuts the session off; returns how many bytes have left in all.
    pub(super) fn cut(&mut self) -> u64 {
        self.is_spent = true;
        self.connection.wire.cut()
    }

    async fn read_whole(&mut self, command: Command) -> Result<Vec<String>, SshError> {
        let mut before: Option<Vec<String>> = None;
        let mut message = String::new();
        for _ in 0..TRIES {
            let body = self
                .enter(Line::Read(command), Doing::Reading(command))
                .await?;
            self.check(command, &body.lines)?;
            let Some(last) = body.messages.last() else {
                return Ok(body.lines);
            };
            // A message may have broken a line in two. It would not do that twice in the same place.
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

    /// Logs out. A session that is dropped instead is cut off.
    pub async fn close(mut self) {
        if self.is_spent || self.mode != Mode::Exec {
            return;
        }
        let leaving = async {
            self.send(Line::Exit, Doing::SettingUp).await?;
            while !matches!(self.channel.wait().await, None | Some(ChannelMsg::Close)) {}
            Ok::<(), SshError>(())
        };
        // The device closes or we do: there is nothing to be done about either.
        let _left = timeout(FAREWELL, leaving).await;
        let goodbye = self
            .connection
            .handle
            .disconnect(Disconnect::ByApplication, "", "");
        let _gone = timeout(FAREWELL, goodbye).await;
        drop(self.connection.wire);
    }

    /// Checks that a reply is one, and all of it.
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

    /// Switches something off that gets in the way. A device that does not know the command has not what it is about.
    async fn set_up(&mut self, line: Line) -> Result<(), SshError> {
        let body = self.enter(line, Doing::SettingUp).await?;
        if body.lines.is_empty() || refusal(&body.lines).is_some() {
            return Ok(());
        }
        Err(SshError::Unrecognised {
            address: self.login.address,
            line: line.text(),
            reply: self.quote(body.lines.iter().map(String::as_str)),
        })
    }

    /// Enters a line and returns what came up to the prompt.
    async fn enter(&mut self, line: Line, doing: Doing) -> Result<Body, SshError> {
        let deadline = Instant::now() + self.patience.reply;
        self.drain().await;
        self.screen.clear();
        self.send(line, doing).await?;
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
                    // Text may look like a prompt where a packet happens to end.
                    if last_line.is_none() || has_end || was_paused {
                        self.prompt = prompt;
                        return Ok(body);
                    }
                }
                View::Paged => {
                    self.screen.clear_line();
                    self.keys(b"g".to_vec(), doing).await?;
                }
                View::Asked(question) => {
                    return Err(SshError::Question {
                        address: self.login.address,
                        doing,
                        question: self.quote([question.as_str()]),
                    });
                }
                // Somebody may have given the device another name.
                View::OtherPrompt if was_paused => {
                    let text = self.screen.all();
                    self.prompt = self.learn(deadline, doing).await?;
                    let (current, lines) = text
                        .split_last()
                        .map_or(("", [].as_slice()), |(last, rest)| (last.as_str(), rest));
                    if let View::Finished(body, _) = view(lines, current, line.text(), &self.prompt)
                    {
                        return Ok(body);
                    }
                }
                View::OtherPrompt | View::Unfinished => {}
            }
            was_paused = matches!(self.wait(deadline, doing).await?, Came::Pause);
        }
    }

    /// Finds out what the prompt is: it is what an empty line brings once more.
    async fn learn(&mut self, deadline: Instant, doing: Doing) -> Result<Prompt, SshError> {
        let mut was_asked = false;
        let mut was_paused = false;
        loop {
            let current = self.screen.current();
            match repeated(self.screen.lines(), &current) {
                // A ruler in a banner comes in lines that are alike, and then goes on.
                Some(prompt) if was_asked && (prompt.is_name_like() || was_paused) => {
                    return Ok(prompt);
                }
                Some(_) | None => {}
            }
            if !was_asked && Prompt::guess(&current).is_some() {
                self.send(Line::Empty, doing).await?;
                was_asked = true;
            }
            was_paused = matches!(self.wait(deadline, doing).await?, Came::Pause);
        }
    }

    /// Gains privileges; the login's password answers the question for one.
    async fn enable(&mut self, deadline: Instant) -> Result<(), SshError> {
        let doing = Doing::Enabling;
        let address = self.login.address;
        // As a key it would do something else than be typed.
        let password = self.login.password.clone();
        if password.reveal().iter().any(|byte| byte.is_ascii_control()) {
            return Err(SshError::PasswordNotTypable { address });
        }
        self.screen.clear();
        self.send(Line::Enable, doing).await?;
        let mut was_asked = false;
        loop {
            let current = self.screen.current();
            let prompt = self.prompt.of_same_host(&current);
            let has_answer = !self.screen.lines().is_empty();
            let asks = current.trim_end().ends_with("assword:");
            match prompt {
                Some(prompt) if has_answer && prompt.privilege == Privilege::Privileged => {
                    self.prompt = prompt;
                    return Ok(());
                }
                Some(_) if has_answer => return Err(self.not_enabled()),
                Some(_) | None => {}
            }
            if asks && was_asked {
                return Err(self.not_enabled());
            }
            if asks {
                was_asked = true;
                self.screen.clear();
                let mut typed = zeroize::Zeroizing::new(password.reveal().to_vec());
                typed.push(b'\r');
                self.keys(typed.to_vec(), doing).await?;
            }
            self.wait(deadline, doing).await?;
        }
    }

    fn not_enabled(&self) -> SshError {
        let all = self.screen.all();
        SshError::EnableRefused {
            address: self.login.address,
            said: self.quote(all.iter().map(String::as_str)),
        }
    }

    pub(super) async fn send(&mut self, line: Line, doing: Doing) -> Result<(), SshError> {
        self.keys(format!("{}\r", line.text()).into_bytes(), doing)
            .await
    }

    pub(super) async fn keys(&mut self, keys: Vec<u8>, doing: Doing) -> Result<(), SshError> {
        if self.is_fenced_off() {
            return Err(self.closed(doing));
        }
        // A few bytes: they wait only where the device has stopped reading.
        match timeout(self.patience.silence, self.channel.data_bytes(keys)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.closed(doing)),
            Err(_) => Err(self.late(doing)),
        }
    }

    fn is_fenced_off(&self) -> bool {
        self.fence.as_ref().is_some_and(|fence| !fence.is_open())
    }

    /// Waits for more to be said.
    async fn wait(&mut self, deadline: Instant, doing: Doing) -> Result<Came, SshError> {
        self.wait_for(self.patience.silence, deadline, doing).await
    }

    pub(super) async fn wait_for(
        &mut self,
        silence: Duration,
        deadline: Instant,
        doing: Doing,
    ) -> Result<Came, SshError> {
        let now = Instant::now();
        let silence = (now + silence).min(deadline);
        let pause = (now + self.patience.pause).min(silence);
        if let Ok(message) = timeout_at(pause, self.channel.wait()).await {
            return self.take(message, doing).map(|()| Came::Bytes);
        }
        if pause < silence && self.has_an_end_in_sight() {
            return Ok(Came::Pause);
        }
        match timeout_at(silence, self.channel.wait()).await {
            Ok(message) => self.take(message, doing).map(|()| Came::Bytes),
            Err(_) => Err(self.late(doing)),
        }
    }

    /// Returns whether what stands last may be a prompt, so that a pause is worth a question.
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
                    .any(|line| is_prompt(line)))
    }

    pub(super) fn take(
        &mut self,
        message: Option<ChannelMsg>,
        doing: Doing,
    ) -> Result<(), SshError> {
        match message {
            Some(ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. }) => {
                self.screen.take(&data);
                if self.screen.taken() > MOST_BYTES {
                    return Err(SshError::TooLong {
                        address: self.login.address,
                        doing,
                        limit: MOST_BYTES,
                    });
                }
                Ok(())
            }
            Some(ChannelMsg::Close | ChannelMsg::Eof) | None => Err(self.closed(doing)),
            Some(_) => Ok(()),
        }
    }

    /// Takes what was said meanwhile off the line.
    async fn drain(&mut self) {
        // What is there is there at once. That the channel was closed shows when something is sent.
        while let Ok(Some(_)) = timeout(Duration::ZERO, self.channel.wait()).await {}
    }

    pub(super) fn closed(&self, doing: Doing) -> SshError {
        if self.is_fenced_off() {
            return SshError::Fenced {
                address: self.login.address,
            };
        }
        SshError::Closed {
            address: self.login.address,
            doing,
            said: self.last_words(),
        }
    }

    pub(super) fn late(&self, doing: Doing) -> SshError {
        SshError::TimedOut {
            address: self.login.address,
            doing,
            said: self.last_words(),
        }
    }

    fn last_words(&self) -> String {
        let all = self.screen.all();
        let start = all.len().saturating_sub(4);
        self.quote(all.iter().skip(start).map(String::as_str))
    }

    pub(super) fn quote<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> String {
        let password = String::from_utf8_lossy(self.login.password.reveal());
        quote(lines, &password)
    }
}

async fn open_shell(connection: &Connection, columns: u32) -> Result<Channel<Msg>, russh::Error> {
    let channel = connection.handle.channel_open_session().await?;
    channel
        .request_pty(false, "vt100", columns, 0, 0, 0, &[])
        .await?;
    channel.request_shell(false).await?;
    Ok(channel)
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Session({})", self.login.address)
    }
}
