//! Serves one CLI session: receives keys, runs lines as faults allow, sends replies.

use std::sync::Arc;
use std::time::Duration;

use russh::server::{Handle, Msg};
use russh::{Channel, ChannelWriteHalf, Disconnect};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::input::Input;
use super::reply::{split_inside, with_line_inside, without_errors};
use super::state::Shared;
use super::wire::Control;
use crate::simulator::commands::{Outcome, Session};
use crate::simulator::fault::{At, LinePlan, Pieces, Restart, SessionFaults};

/// The longest time that a client may keep its window closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The time for a client to leave after a disconnect: OpenSSH discards unprinted output when the connection is cut.
const FAREWELL: Duration = Duration::from_secs(1);

/// The highest number of bytes held back for one piece.
const MOST_KEPT: usize = 1 << 20;

/// The usual size of a packet.
const PACKET: usize = 512;

/// The settings of a shell.
pub(super) struct ShellSettings {
    pub(super) shared: Arc<Shared>,
    pub(super) control: Arc<Control>,
    pub(super) connection: Handle,
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) is_busy: bool,
    pub(super) is_silent: bool,
}

/// The session cannot continue: it was closed, or its connection is gone.
struct Ended;

struct Shell {
    settings: ShellSettings,
    number: u64,
    input: Input,
    output: ChannelWriteHalf<Msg>,
    session: Session,
    standing: SessionFaults,
    /// Output held back for one piece.
    kept: Vec<u8>,
}

/// Reads a channel until its shell is requested, then serves the shell.
pub(super) async fn wait(channel: Channel<Msg>, asked: oneshot::Receiver<ShellSettings>) {
    let (read, output) = channel.split();
    let mut input = Input::new(read);
    // An error here means that the connection is gone.
    if let Ok(settings) = input.during(asked).await {
        serve(input, output, settings).await;
    }
}

/// Serves a shell until it is closed.
async fn serve(input: Input, output: ChannelWriteHalf<Msg>, settings: ShellSettings) {
    let connection = settings.connection.clone();
    let control = Arc::clone(&settings.control);
    match enter(&settings) {
        Some((registered, session, standing)) => {
            let mut shell = Shell {
                settings,
                number: registered.number,
                input,
                output,
                session,
                standing,
                kept: Vec::new(),
            };
            // The session ends in any case; the reason does not matter to the device.
            let _ended = shell.go_on().await;
            let _ended = shell.release().await;
            close(&shell.output).await;
        }
        None => {
            drop(input);
            let busy = "% All lines are busy, try later\r\n";
            let _sent = timeout(IDLE_TIMEOUT, output.data_bytes(busy)).await;
            close(&output).await;
        }
    }
    tokio::select! {
        () = control.cut_off() => return,
        () = tokio::time::sleep(FAREWELL) => {}
    }
    let goodbye = connection.disconnect(Disconnect::ByApplication, String::new(), String::new());
    let gone = async {
        let _sent = goodbye.await;
        control.cut_off().await;
    };
    // During a key re-exchange nothing can be sent to a stalled client, so there is nothing to wait for.
    if timeout(FAREWELL, gone).await.is_err() {
        control.cut();
    }
}

async fn close(output: &ChannelWriteHalf<Msg>) {
    // An error means that the connection is closed already.
    let _sent = output.exit_status(0).await;
    let _sent = output.eof().await;
    let _sent = output.close().await;
}

/// Takes one of the few session slots.
fn enter(settings: &ShellSettings) -> Option<(Registered, Session, SessionFaults)> {
    let shared = &settings.shared;
    shared.change(|state, now| {
        if settings.is_busy || state.shells.len() >= shared.settings.max_sessions {
            return None;
        }
        let number = state.number();
        state.shells.insert(number);
        state.counts.shells += 1;
        let standing = state.faults.on_shell();
        let session_start = &shared.settings.session_start;
        let mut session =
            Session::enter(&state.gam, settings.columns, settings.rows, session_start);
        if standing.prompt.is_some() {
            session.set_prompt_override(standing.prompt.clone());
            session.type_keys(b"\r");
            while let Some(line) = session.next_line(&state.gam) {
                drop(session.take_output());
                let _outcome = session.run(&line, &mut state.gam, now);
            }
        }
        let shared = Arc::clone(shared);
        Some((Registered { shared, number }, session, standing))
    })
}

/// Releases the session slot, however the session ends.
struct Registered {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let number = self.number;
        self.shared.change(|state, _| state.shells.remove(&number));
    }
}

impl Shell {
    async fn go_on(&mut self) -> Result<(), Ended> {
        loop {
            let shared = Arc::clone(&self.settings.shared);
            let line = shared.look(|state| self.session.next_line(&state.gam));
            let echo = self.session.take_output();
            self.send(&echo).await?;
            if let Some(line) = line {
                self.take_line(line).await?;
            } else if let Some(keys) = self.input.take() {
                self.session.type_keys(&keys);
            } else {
                self.release().await?;
                self.wait_for_keys().await?;
            }
        }
    }

    async fn wait_for_keys(&mut self) -> Result<(), Ended> {
        let minutes = self
            .settings
            .shared
            .look(|state| state.gam.running().exec_timeout_minutes);
        let control = Arc::clone(&self.settings.control);
        let idle = async {
            match minutes {
                0 => std::future::pending().await,
                minutes => tokio::time::sleep(Duration::from_secs(60 * u64::from(minutes))).await,
            }
        };
        tokio::select! {
            has_more = self.input.more() => if has_more { Ok(()) } else { Err(Ended) },
            () = idle => Err(Ended),
            () = control.cut_off() => Err(Ended),
        }
    }

    /// Runs an entered line, or fails as a fault demands.
    async fn take_line(&mut self, line: String) -> Result<(), Ended> {
        let mut plan = self.plan(&line);
        self.standing = plan.standing.clone();
        let shared = Arc::clone(&self.settings.shared);
        self.pause(shared.settings.latency.line + plan.slow).await?;
        if let Some((restart, At::Before)) = plan.restart {
            return self.go_down(restart);
        }
        if plan.drop == Some(At::Before) {
            return self.cut();
        }
        if let Some(question) = &plan.question {
            self.session.hold_back(line, question);
            return Ok(());
        }
        self.session
            .set_prompt_override(plan.standing.prompt.take());
        let outcome = shared.change(|state, now| match &plan.instead {
            None => self.session.run(&line, &mut state.gam, now),
            Some(text) => {
                let end = if text.is_empty() { "" } else { "\n" };
                let answer = format!("{text}{end}");
                self.session.answer_instead(&answer, &state.gam);
                Outcome::Prompt
            }
        });
        self.answer(&plan, &outcome).await?;
        match outcome {
            Outcome::Prompt => {}
            Outcome::Save => self.save().await?,
            Outcome::Close => return Err(Ended),
            Outcome::Reload => {
                self.send_all(&[]).await?;
                return self.go_down(Restart::Reboot);
            }
            Outcome::SwapFirmware => {
                self.send_all(&[]).await?;
                return self.go_down(Restart::SwapFirmware);
            }
        }
        self.end_after(&plan).await
    }

    /// Returns the faults of a line. A line confirmed after a question was counted already, and an empty one is not a
    /// command.
    fn plan(&self, line: &str) -> LinePlan {
        let is_counted = !self.session.is_confirmed() && !line.trim().is_empty();
        let number = self.number;
        self.settings.shared.change(|state, now| {
            if !self.session.is_confirmed() {
                state.log(number, line, now);
            }
            if !is_counted {
                return LinePlan {
                    standing: self.standing.clone(),
                    ..LinePlan::default()
                };
            }
            let plan = state.faults.on_line(line);
            for edit in &plan.edits {
                drop(state.enter_elsewhere(edit, now));
            }
            plan
        })
    }

    async fn answer(&mut self, plan: &LinePlan, outcome: &Outcome) -> Result<(), Ended> {
        let mut reply = self.session.take_output();
        if plan.hide_error && *outcome == Outcome::Prompt {
            reply = without_errors(&reply);
        }
        if let Some(line) = &plan.log_line {
            reply = with_line_inside(&reply, line);
        }
        let breaks_off = plan.drop == Some(At::MidReply);
        let goes_down = plan.restart.filter(|(_, at)| *at == At::MidReply);
        if !breaks_off && goes_down.is_none() {
            return self.send(&reply).await;
        }
        let (first, _) = split_inside(&reply);
        self.send_all(first).await?;
        match goes_down {
            Some((restart, _)) => self.go_down(restart),
            None => self.cut(),
        }
    }

    async fn end_after(&mut self, plan: &LinePlan) -> Result<(), Ended> {
        if let Some((restart, At::After)) = plan.restart {
            self.send_all(&[]).await?;
            return self.go_down(restart);
        }
        if plan.drop == Some(At::After) {
            self.send_all(&[]).await?;
            return self.cut();
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<(), Ended> {
        self.release().await?;
        let control = Arc::clone(&self.settings.control);
        let shared = Arc::clone(&self.settings.shared);
        let written = shared.write_flash();
        let written = tokio::select! {
            written = self.input.during(written) => written,
            () = control.cut_off() => return Err(Ended),
        };
        // A device that went down meanwhile sends nothing more.
        let Ok(Some(result)) = written else {
            return Err(Ended);
        };
        shared.look(|state| self.session.finish_save(result, &state.gam));
        let reply = self.session.take_output();
        self.send(&reply).await
    }

    fn go_down(&self, restart: Restart) -> Result<(), Ended> {
        self.settings.shared.restart(restart);
        Err(Ended)
    }

    fn cut(&self) -> Result<(), Ended> {
        self.settings.control.cut();
        Err(Ended)
    }

    /// Waits, collecting keys meanwhile.
    async fn pause(&mut self, time: Duration) -> Result<(), Ended> {
        if time.is_zero() {
            return Ok(());
        }
        let control = Arc::clone(&self.settings.control);
        tokio::select! {
            () = self.input.during(tokio::time::sleep(time)) => Ok(()),
            () = control.cut_off() => Err(Ended),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        if self.standing.pieces != Pieces::One {
            // Output held back for an earlier line is sent before it.
            self.release().await?;
        }
        match self.standing.pieces {
            _ if self.settings.is_silent => Ok(()),
            Pieces::One => {
                self.kept.extend_from_slice(bytes);
                if self.kept.len() > MOST_KEPT {
                    self.release().await?;
                }
                Ok(())
            }
            Pieces::Usual => self.transmit(bytes, PACKET).await,
            Pieces::Bytes => self.transmit(bytes, 1).await,
        }
    }

    /// Sends the output held back for one piece.
    async fn release(&mut self) -> Result<(), Ended> {
        let kept = std::mem::take(&mut self.kept);
        self.transmit(&kept, usize::MAX).await
    }

    async fn send_all(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        self.send(bytes).await?;
        self.release().await
    }

    /// Sends bytes, and returns when they have left: the caller may cut the connection next.
    async fn transmit(&mut self, bytes: &[u8], packet: usize) -> Result<(), Ended> {
        let control = Arc::clone(&self.settings.control);
        for piece in bytes.chunks(packet) {
            let length = u64::try_from(piece.len()).unwrap_or(0);
            // Ciphertext is longer than plain text.
            let left = control.bytes_written() + length;
            let sent = async {
                self.output.data_bytes(piece.to_vec()).await.ok()?;
                control.has_written(left).await;
                Some(())
            };
            tokio::select! {
                sent = self.input.during(timeout(IDLE_TIMEOUT, sent)) => match sent {
                    Ok(Some(())) => {}
                    Ok(None) | Err(_) => return Err(Ended),
                },
                () = control.cut_off() => return Err(Ended),
            }
        }
        Ok(())
    }
}
