//! Provides a minimal SSH client for tests of the twin.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use gamctl::simulator::server::Twin;
use russh::client::{Config, Handle, Handler, KeyboardInteractiveAuthResponse, Msg, connect};
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Preferred};
use tokio::time::timeout;

use super::LONG;

/// Accepts any host key and stores its fingerprint.
#[derive(Clone, Default)]
pub(super) struct HostKey(Arc<Mutex<String>>);

impl Handler for HostKey {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        if let PublicKeyOrCertificate::PublicKey { key, .. } = key {
            *self.0.lock().unwrap() = key.fingerprint(HashAlg::Sha256).to_string();
        }
        Ok(true)
    }
}

impl HostKey {
    pub(super) fn fingerprint(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

pub(super) async fn knock(twin: &Twin) -> Result<(Handle<HostKey>, HostKey), russh::Error> {
    knock_with(twin, Preferred::default()).await
}

pub(super) async fn knock_with(
    twin: &Twin,
    preferred: Preferred,
) -> Result<(Handle<HostKey>, HostKey), russh::Error> {
    let host_key = HostKey::default();
    let config = Config {
        preferred: Preferred {
            compression: Cow::Borrowed(&[russh::compression::NONE]),
            ..preferred
        },
        nodelay: true,
        ..Config::default()
    };
    let connecting = connect(Arc::new(config), twin.ssh_address(), host_key.clone());
    let handle = timeout(LONG, connecting).await.expect("in time")?;
    Ok((handle, host_key))
}

pub(super) async fn login(twin: &Twin) -> Handle<HostKey> {
    let (mut handle, _) = knock(twin).await.unwrap();
    let password = twin.credentials().password;
    let login = handle.authenticate_password("admin", password).await;
    assert!(login.unwrap().success());
    handle
}

/// Answers every question with this; returns `true` on a successful login.
pub(super) async fn answer_all(handle: &mut Handle<HostKey>, answer: &str) -> bool {
    let start = handle.authenticate_keyboard_interactive_start("admin", None);
    let mut reply = start.await.unwrap();
    loop {
        match reply {
            KeyboardInteractiveAuthResponse::Success => return true,
            KeyboardInteractiveAuthResponse::Failure { .. } => return false,
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                for prompt in &prompts {
                    assert_eq!((prompt.prompt.as_str(), prompt.echo), ("Password: ", false));
                }
                let answers = vec![answer.to_owned(); prompts.len()];
                let respond = handle.authenticate_keyboard_interactive_respond(answers);
                reply = respond.await.unwrap();
            }
        }
    }
}

/// A shell, with its unread output.
pub(super) struct Shell {
    _handle: Handle<HostKey>,
    reading: ChannelReadHalf,
    writing: ChannelWriteHalf<Msg>,
    said: String,
    /// The length of each data packet.
    pub(super) packets: Vec<usize>,
}

impl Shell {
    /// Logs in and waits for the prompt.
    pub(super) async fn open(twin: &Twin) -> Self {
        let mut shell = Self::silent(twin).await;
        shell.until("# ").await;
        shell
    }

    /// Opens a shell without waiting for output; wide enough not to wrap.
    pub(super) async fn silent(twin: &Twin) -> Self {
        Self::on(login(twin).await).await
    }

    pub(super) async fn on(handle: Handle<HostKey>) -> Self {
        let channel = handle.channel_open_session().await.unwrap();
        channel
            .request_pty(false, "vt100", 500, 0, 0, 0, &[])
            .await
            .unwrap();
        channel.request_shell(false).await.unwrap();
        let (reading, writing) = channel.split();
        Self {
            _handle: handle,
            reading,
            writing,
            said: String::new(),
            packets: Vec::new(),
        }
    }

    /// Sends keys, and reads meanwhile: russh stops delivering to a client that does not read.
    pub(super) async fn keys(&mut self, keys: &str) {
        let Self {
            reading,
            writing,
            said,
            packets,
            ..
        } = self;
        let sending = writing.data_bytes(keys.as_bytes().to_vec());
        let mut sending = std::pin::pin!(timeout(LONG, sending));
        loop {
            tokio::select! {
                biased;
                // A shell that was closed meanwhile is seen when it is read.
                sent = &mut sending => return sent.expect("a twin that reads").unwrap_or(()),
                _is_open = read(reading, said, packets) => {}
            }
        }
    }

    /// Enters a line and returns the output up to the next prompt, echo and prompt included.
    pub(super) async fn enter(&mut self, line: &str) -> String {
        self.keys(&format!("{line}\r")).await;
        self.until("# ").await
    }

    /// Reads until the output ends like this.
    pub(super) async fn until(&mut self, end: &str) -> String {
        let reading = async {
            while !self.said.ends_with(end) {
                assert!(self.read().await, "closed after {:?}", self.said);
            }
        };
        let read = timeout(LONG, reading).await;
        assert!(read.is_ok(), "waited for {end:?}, and got {:?}", self.said);
        std::mem::take(&mut self.said)
    }

    /// Reads until the shell is closed.
    pub(super) async fn rest(&mut self) -> String {
        let reading = async { while self.read().await {} };
        timeout(LONG, reading).await.expect("a shell that closes");
        std::mem::take(&mut self.said)
    }

    /// Reads for this time.
    pub(super) async fn listen(&mut self, time: std::time::Duration) -> String {
        let reading = async { while self.read().await {} };
        let _silence = timeout(time, reading).await;
        std::mem::take(&mut self.said)
    }

    pub(super) async fn resize(&mut self, columns: u32) {
        self.writing.window_change(columns, 0, 0, 0).await.unwrap();
    }

    async fn read(&mut self) -> bool {
        read(&mut self.reading, &mut self.said, &mut self.packets).await
    }
}

async fn read(reading: &mut ChannelReadHalf, said: &mut String, packets: &mut Vec<usize>) -> bool {
    match reading.wait().await {
        Some(ChannelMsg::Data { data }) => {
            packets.push(data.len());
            said.push_str(&String::from_utf8_lossy(&data));
            true
        }
        Some(ChannelMsg::Close) | None => false,
        Some(_) => true,
    }
}
