//! Opens and closes a session of a device's command line, for `observe` and `apply`.

use std::time::Duration;

use russh::client::Msg;
use russh::{Channel, ChannelMsg, Disconnect};
use tokio::time::{Instant, timeout, timeout_at};

use super::authenticate::authenticate;
use super::command::Line;
use super::handshake::{Connection, HandshakeTimeouts, Limits, explained, handshake};
use super::mode::Mode;
use super::prompt::{Privilege, Prompt, repeated};
use super::reply::refusal;
use super::screen::Screen;
use super::talking::WaitResult;
use super::{Fence, Login, SshError, SshOperation, SshTimeouts, wire_log};

/// Time allowed for a logout.
const FAREWELL: Duration = Duration::from_secs(1);

/// A privileged session. After a failure it is cut off and not used again.
pub struct Session {
    pub(super) login: Login,
    pub(super) timeouts: SshTimeouts,
    pub(super) connection: Connection,
    pub(super) channel: Channel<Msg>,
    pub(super) screen: Screen,
    pub(super) prompt: Prompt,
    /// `None` for a read-only session.
    pub(super) fence: Option<Fence>,
    pub(super) mode: Mode,
    is_spent: bool,
}

impl Session {
    /// Logs in to read, and finds the prompt in privileged mode.
    ///
    /// The host key is verified before the password is sent.
    pub async fn open(login: &Login, timeouts: SshTimeouts) -> Result<Self, SshError> {
        // On the heap, as below: the handshake is large, and callers wait for it deep inside of others.
        Box::pin(Self::enter_shell(login, timeouts, None)).await
    }

    /// Logs in to read and to write. After the fence is closed, no further byte is sent, even for a pending operation.
    pub async fn open_to_write(
        login: &Login,
        timeouts: SshTimeouts,
        fence: &Fence,
    ) -> Result<Self, SshError> {
        let opened = Box::pin(Self::enter_shell(login, timeouts, Some(fence))).await;
        if fence.is_open() {
            return opened;
        }
        Err(SshError::Fenced {
            address: login.address,
        })
    }

    async fn enter_shell(
        login: &Login,
        timeouts: SshTimeouts,
        fence: Option<&Fence>,
    ) -> Result<Self, SshError> {
        let entered = Self::try_shell(login, timeouts, fence).await;
        if let Err(error) = &entered {
            wire_log::failed(login, error);
        }
        entered
    }

    async fn try_shell(
        login: &Login,
        timeouts: SshTimeouts,
        fence: Option<&Fence>,
    ) -> Result<Self, SshError> {
        let limits = Limits::of(HandshakeTimeouts {
            connect: timeouts.connect,
            whole: timeouts.login,
        });
        let deadline = limits.deadline;
        let late = |operation| SshError::TimedOut {
            address: login.address,
            operation,
            said: String::new(),
        };
        let mut connection = handshake(login, fence, limits).await?;
        let authenticating = authenticate(&mut connection.handle, login);
        let authenticated = timeout_at(deadline, authenticating).await;
        authenticated.map_err(|_| late(SshOperation::LoggingIn))??;
        let opening = open_shell(&connection, timeouts.columns);
        let opened = timeout_at(deadline, opening).await;
        let channel = opened
            .map_err(|_| late(SshOperation::OpeningShell))?
            .map_err(|error| explained(login, SshOperation::OpeningShell, error))?;
        let mut session = Self {
            login: login.clone(),
            timeouts,
            connection,
            channel,
            screen: Screen::new(),
            // The prompt must be known before any command is sent.
            prompt: Prompt::unknown(),
            fence: fence.cloned(),
            mode: Mode::Exec,
            is_spent: true,
        };
        session.prompt = session
            .learn(deadline, SshOperation::WaitingForPrompt)
            .await?;
        if session.prompt.privilege == Privilege::User {
            session.enable(deadline).await?;
        }
        wire_log::prompt(login, &session.screen.current());
        for line in [Line::TerminalLength, Line::TerminalWidth] {
            session.set_up(line).await?;
        }
        session.succeed();
        Ok(session)
    }

    /// Marks the session as failed until `succeed`: an operation that is cancelled half-way also leaves it unusable.
    pub(super) fn begin(&mut self) -> Result<(), SshError> {
        // Set before the operation, not on its failure: a dropped future runs no error path, and its reply would answer
        // the next line.
        if std::mem::replace(&mut self.is_spent, true) {
            return Err(SshError::Spent {
                address: self.login.address,
            });
        }
        Ok(())
    }

    /// Ends an operation. The unfinished line stays on the screen: it is the prompt of the next line.
    pub(super) fn succeed(&mut self) {
        self.screen.clear_lines();
        self.is_spent = false;
    }

    /// Cuts the session off; returns the number of bytes sent in all.
    pub(super) fn cut(&mut self) -> u64 {
        self.is_spent = true;
        self.connection.wire.cut()
    }

    /// Logs out. Dropping a session cuts it off instead.
    pub async fn close(mut self) {
        if self.is_spent || self.mode != Mode::Exec {
            return;
        }
        let leaving = async {
            self.send(Line::Exit, SshOperation::SettingUp).await?;
            while !matches!(self.channel.wait().await, None | Some(ChannelMsg::Close)) {}
            Ok::<(), SshError>(())
        };
        // Errors are ignored: the connection is closed in any case.
        let _left = timeout(FAREWELL, leaving).await;
        let goodbye = self
            .connection
            .handle
            .disconnect(Disconnect::ByApplication, "", "");
        let _gone = timeout(FAREWELL, goodbye).await;
        drop(self.connection.wire);
    }

    /// Turns a terminal feature off. A device that does not know the command does not have the feature.
    async fn set_up(&mut self, line: Line) -> Result<(), SshError> {
        let body = self.enter(line, SshOperation::SettingUp).await?;
        if body.lines.is_empty() || refusal(&body.lines).is_some() {
            return Ok(());
        }
        Err(SshError::Unrecognised {
            address: self.login.address,
            line: line.text(),
            reply: self.quote(body.lines.iter().map(String::as_str)),
        })
    }

    /// Finds the prompt: the line that an empty line makes the device repeat.
    pub(super) async fn learn(
        &mut self,
        deadline: Instant,
        operation: SshOperation,
    ) -> Result<Prompt, SshError> {
        let mut was_asked = false;
        let mut was_paused = false;
        loop {
            let current = self.screen.current();
            match repeated(self.screen.lines(), &current) {
                // A ruler in a banner also repeats, but more output follows it.
                Some(prompt) if was_asked && (prompt.is_name_like() || was_paused) => {
                    return Ok(prompt);
                }
                Some(_) | None => {}
            }
            if !was_asked && Prompt::guess(&current).is_some() {
                self.send(Line::Empty, operation).await?;
                was_asked = true;
            }
            was_paused = matches!(self.wait(deadline, operation).await?, WaitResult::Pause);
        }
    }

    /// Enters privileged mode; the login password answers the password question.
    async fn enable(&mut self, deadline: Instant) -> Result<(), SshError> {
        let operation = SshOperation::Enabling;
        let address = self.login.address;
        // A control character in the password would act as a key.
        let password = self.login.password.clone();
        if password.reveal().iter().any(|byte| byte.is_ascii_control()) {
            return Err(SshError::PasswordNotTypable { address });
        }
        self.screen.clear();
        self.send(Line::Enable, operation).await?;
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
                self.keys(typed.to_vec(), operation).await?;
            }
            self.wait(deadline, operation).await?;
        }
    }

    fn not_enabled(&self) -> SshError {
        let all = self.screen.all();
        SshError::EnableRefused {
            address: self.login.address,
            said: self.quote(all.iter().map(String::as_str)),
        }
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
