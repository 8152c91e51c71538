//! Serves one SSH connection: checks the login, and offers a shell and nothing else.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{Algorithm, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Response, Session,
    VerifiedPublicKey, run_stream,
};
use russh::{
    Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet, Preferred, Pty, SshId, cipher,
    compression, kex, mac,
};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};

use super::shell::{self, ShellSettings};
use super::state::{Shared, State};
use super::wire::{Control, Wire};
use crate::simulator::fault::{ConnectionPlan, Stage};

/// Time to log in and to request a shell (assumed).
const LOGIN_TIME: Duration = Duration::from_secs(120);

/// The device's identification (assumed).
const IDENTIFICATION: &str = "SSH-2.0-GAM";

/// The authentication methods.
const METHODS: &[MethodKind] = &[
    MethodKind::PublicKey,
    MethodKind::KeyboardInteractive,
    MethodKind::Password,
];

/// Serves one connection until it ends.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let (plan, number, serial) = shared.change(|state, _| {
        state.counts.connections += 1;
        let serial = state.gam.hardware().serial.clone();
        (state.faults.on_connection(), state.number(), serial)
    });
    if plan.reset {
        // Without lingering, closing sends a reset.
        let _set = stream.set_zero_linger();
        return;
    }
    tokio::time::sleep(shared.settings.latency.ssh).await;
    let _set = stream.set_nodelay(true);
    let writes = match plan.stall {
        Some(Stage::Tcp) => Some(0),
        Some(Stage::Identification) => Some(1),
        // The identification and the list of algorithms.
        Some(Stage::Kex) => Some(2),
        Some(Stage::Auth | Stage::Shell | Stage::Prompt) | None => None,
    };
    let (wire, control) = Wire::new(stream, writes);
    shared.change(|state, _| {
        if state.is_up {
            state.connections.insert(number, Arc::clone(&control));
        } else {
            control.cut();
        }
    });
    let registered = Registered {
        shared: Arc::clone(&shared),
        number,
    };
    let for_keys = Arc::clone(&shared);
    let made = move || for_keys.host_keys.of(&serial, plan.other_host_key);
    // Generating an RSA key needs a second.
    if let Ok(Ok(key)) = tokio::task::spawn_blocking(made).await {
        let config = Arc::new(config(&shared, key));
        talk(&registered, config, wire, &control, plan).await;
    }
}

/// Removes the connection from the state when it ends for any reason.
struct Registered {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let number = self.number;
        let control = self
            .shared
            .change(|state, _| state.connections.remove(&number));
        // A shell that still writes gets an error.
        if let Some(control) = control {
            control.cut();
        }
    }
}

async fn talk(
    registered: &Registered,
    config: Arc<Config>,
    wire: Wire,
    control: &Arc<Control>,
    plan: ConnectionPlan,
) {
    let has_shell = watch::Sender::new(false);
    let mut entered = has_shell.subscribe();
    let connection = Connection {
        shared: Arc::clone(&registered.shared),
        control: Arc::clone(control),
        plan,
        has_shell,
        had_channel: false,
        channel: None,
        columns: 0,
        rows: 0,
    };
    let running = tokio::select! {
        running = run_stream(config, wire, connection) => running,
        () = tokio::time::sleep(LOGIN_TIME) => return,
    };
    let Ok(mut running) = running else {
        return;
    };
    tokio::select! {
        _ended = &mut running => return,
        seen = entered.wait_for(|has_shell| *has_shell) => drop(seen),
        () = tokio::time::sleep(LOGIN_TIME) => control.cut(),
    }
    // The reason does not matter to the device.
    let _ended = running.await;
}

fn config(shared: &Shared, key: russh::keys::PrivateKey) -> Config {
    let login = &shared.settings.login;
    let preferred = if shared.settings.legacy_ssh {
        legacy()
    } else {
        Preferred {
            compression: Cow::Borrowed(&[compression::NONE]),
            ..Preferred::default()
        }
    };
    Config {
        server_id: SshId::Standard(Cow::Borrowed(IDENTIFICATION)),
        methods: MethodSet::from(METHODS),
        auth_rejection_time: login.rejection,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key],
        preferred,
        max_auth_attempts: login.attempts,
        inactivity_timeout: None,
        // These two limit the unread data of a session that does not read.
        window_size: 128 * 1024,
        channel_buffer_size: 16,
        ..Config::default()
    }
}

/// Returns a refusal that leaves every method open: russh removes a failed method, but a person may retry a password.
fn refused() -> Auth {
    Auth::Reject {
        proceed_with_methods: Some(MethodSet::from(METHODS)),
        partial_success: false,
    }
}

/// Returns the algorithms of old firmware, none of which a modern client accepts by default (docs/gam.md).
fn legacy() -> Preferred {
    Preferred {
        kex: Cow::Borrowed(&[kex::DH_G14_SHA1]),
        key: Cow::Borrowed(&[Algorithm::Rsa { hash: None }]),
        cipher: Cow::Borrowed(&[cipher::AES_128_CBC, cipher::AES_128_CTR]),
        mac: Cow::Borrowed(&[mac::HMAC_SHA1]),
        compression: Cow::Borrowed(&[compression::NONE]),
        ..Preferred::default()
    }
}

struct Connection {
    shared: Arc<Shared>,
    control: Arc<Control>,
    plan: ConnectionPlan,
    has_shell: watch::Sender<bool>,
    /// A connection can have only one channel.
    had_channel: bool,
    /// The task that waits for the channel's shell.
    channel: Option<(ChannelId, oneshot::Sender<ShellSettings>)>,
    columns: u16,
    rows: u16,
}

impl Connection {
    fn stalls_at(&self, stage: Stage) {
        if self.plan.stall == Some(stage) {
            self.control.mute();
        }
    }

    /// Decides about one login attempt.
    fn login(&self, user: &str, is_right: impl FnOnce(&State) -> bool) -> Auth {
        self.stalls_at(Stage::Auth);
        let is_known = user == self.shared.settings.login.user;
        self.shared.change(|state, _| {
            if is_known && is_right(state) && !state.faults.on_login() {
                state.counts.logins += 1;
                Auth::Accept
            } else {
                state.counts.refused_logins += 1;
                refused()
            }
        })
    }

    fn is_authorized(&self, user: &str, key: &PublicKey) -> bool {
        let login = &self.shared.settings.login;
        let known = login.authorized_keys.iter();
        user == login.user
            && known
                .map(PublicKey::key_data)
                .any(|data| data == key.key_data())
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, russh::Error> {
        self.stalls_at(Stage::Auth);
        Ok(refused())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(self.login(user, |state| state.gam.running().password.is(password)))
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        self.stalls_at(Stage::Auth);
        Ok(if self.is_authorized(user, offer.public_key) {
            Auth::Accept
        } else {
            refused()
        })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let is_authorized = self.is_authorized(user, key.public_key);
        Ok(self.login(user, |_| is_authorized))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(mut response) = response else {
            self.stalls_at(Stage::Auth);
            return Ok(Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Borrowed(&[(Cow::Borrowed("Password: "), false)]),
            });
        };
        let answer = response.next();
        Ok(self.login(user, |state| {
            let password = answer.as_deref().map(std::str::from_utf8);
            password.is_some_and(|password| {
                password.is_ok_and(|password| state.gam.running().password.is(password))
            })
        }))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        if std::mem::replace(&mut self.had_channel, true) {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
        } else {
            let (shell, asked) = oneshot::channel();
            self.channel = Some((channel.id(), shell));
            // The task ends with the connection.
            drop(self.shared.runtime.spawn(shell::wait(channel, asked)));
            reply.accept().await;
        }
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        columns: u32,
        rows: u32,
        _pixel_width: u32,
        _pixel_height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.columns = u16::try_from(columns).unwrap_or(u16::MAX);
        self.rows = u16::try_from(rows).unwrap_or(u16::MAX);
        session.channel_success(channel)
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.plan.stall == Some(Stage::Shell) {
            self.control.mute();
            return Ok(());
        }
        let Some((_, shell)) = self.channel.take_if(|(opened, _)| *opened == channel) else {
            return session.channel_failure(channel);
        };
        session.channel_success(channel)?;
        let settings = ShellSettings {
            shared: Arc::clone(&self.shared),
            control: Arc::clone(&self.control),
            connection: session.handle(),
            columns: self.columns,
            rows: self.rows,
            is_busy: self.plan.busy,
            is_silent: self.plan.stall == Some(Stage::Prompt),
        };
        self.has_shell.send_replace(true);
        // The receiver is gone if the channel was closed meanwhile.
        let _taken = shell.send(settings);
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(channel)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(channel)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(channel)
    }
}
