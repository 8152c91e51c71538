//! Clients of SSH that type anything, knock and leave, or stop in the middle.

use std::sync::Arc;
use std::time::Duration;

use gamctl::simulator::server::Twin;
use russh::client::{Config, Handle, Handler, connect};
use russh::keys::PublicKeyOrCertificate;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::chance::Chance;
use super::{Tally, count};

/// What leads somewhere; the rest is drawn byte by byte.
const WORDS: &[&str] = &[
    "\r",
    "?",
    "\t",
    "\x1b[A",
    "\x01",
    "\x15",
    "g",
    "q",
    " ",
    "terminal length 0\r",
    "terminal width 0\r",
    "terminal length 3\r",
    "show running-config\r",
    "show interface status\r",
    "conf t\r",
    "end\r",
    "do show history\r",
    "hostname SOAKED\r",
    "ghn endpoint 1 name \"one\" mac-address 00:0e:d8:00:00:01 port 1\r",
    "ghn subscriber 1 name s endpoint 1 vid 100\r",
    "no ghn endpoint 1\r",
    "copy running-config startup-config\r",
    "exit\r",
];

struct AnyKey;

impl Handler for AnyKey {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

async fn login(twin: &Twin) -> Option<Handle<AnyKey>> {
    let config = Arc::new(Config::default());
    let connecting = connect(config, twin.ssh_address(), AnyKey);
    let mut handle = timeout(Duration::from_secs(10), connecting)
        .await
        .ok()?
        .ok()?;
    let login = handle.authenticate_password("admin", "");
    let login = timeout(Duration::from_secs(10), login).await.ok()?.ok()?;
    login.success().then_some(handle)
}

/// Opens one shell after the other, and types a thousand pieces into each.
pub(crate) async fn type_on(twin: Arc<Twin>, tally: Arc<Tally>, seed: u64) {
    let mut chance = Chance::new(seed);
    while tally.goes_on() {
        let typing = type_into_one(&twin, &tally, &mut chance);
        // A session that a fault has stopped is left.
        if !matches!(timeout(Duration::from_secs(5), typing).await, Ok(Some(()))) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn type_into_one(twin: &Twin, tally: &Tally, chance: &mut Chance) -> Option<()> {
    let handle = login(twin).await?;
    let channel = handle.channel_open_session().await.ok()?;
    let (columns, rows) = *chance.pick(&[(80, 24), (500, 0), (0, 0), (1, 1), (u32::MAX, u32::MAX)]);
    let pty = channel.request_pty(false, "vt100", columns, rows, 0, 0, &[]);
    pty.await.ok()?;
    channel.request_shell(false).await.ok()?;
    count(&tally.shells, 1);
    let (mut reading, writing) = channel.split();
    let reader = tokio::spawn(async move { while reading.wait().await.is_some() {} });
    for _ in 0..1000 {
        let keys = match chance.below(20) {
            0 => {
                let length = chance.below(300);
                chance.bytes(length)
            }
            1 => chance.pick(WORDS).repeat(chance.below(3000)).into_bytes(),
            2 => vec![b'x'; 100_000],
            _ => chance.pick(WORDS).as_bytes().to_vec(),
        };
        let length = keys.len();
        if !tally.goes_on() || writing.data_bytes(keys).await.is_err() {
            break;
        }
        count(&tally.keys, length);
    }
    reader.abort();
    Some(())
}

/// Connects, says nothing, something or noise, and goes, at once or later.
pub(crate) async fn knock_on(twin: Arc<Twin>, tally: Arc<Tally>, seed: u64) {
    let mut chance = Chance::new(seed ^ 0x6b6e_6f63);
    let mut waiting = Vec::new();
    while tally.goes_on() {
        if let Ok(mut stream) = TcpStream::connect(twin.ssh_address()).await {
            count(&tally.knocks, 1);
            let noise = chance.bytes(2000);
            let said: &[u8] = match chance.below(4) {
                0 => b"",
                1 => b"SSH-2.0-soak\r\n",
                2 => b"SSH-2.0-so",
                _ => &noise,
            };
            let _said = stream.write_all(said).await;
            waiting.push(stream);
        }
        while waiting.len() > 10 {
            drop(waiting.swap_remove(chance.below(waiting.len())));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Logs in, and does what no friendly client does.
pub(crate) async fn be_rude(twin: Arc<Twin>, tally: Arc<Tally>, seed: u64) {
    let mut chance = Chance::new(seed ^ 0x7275_6465);
    while tally.goes_on() {
        let rudely = rudely(&twin, &mut chance);
        let _left = timeout(Duration::from_secs(5), rudely).await;
        count(&tally.knocks, 1);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn rudely(twin: &Twin, chance: &mut Chance) -> Option<()> {
    let handle = login(twin).await?;
    let channel = handle.channel_open_session().await.ok()?;
    match chance.below(5) {
        // Types without a shell.
        0 => {
            for _ in 0..100 {
                channel.data_bytes(vec![b'x'; 100]).await.ok()?;
            }
        }
        1 => {
            channel.exec(true, "reboot").await.ok()?;
            channel.request_subsystem(true, "sftp").await.ok()?;
            channel.set_env(true, "A", "B").await.ok()?;
            let _second = handle.channel_open_session().await;
            let _forward = handle
                .channel_open_direct_tcpip("127.0.0.1", 22, "127.0.0.1", 1)
                .await;
        }
        // Does not read what it asked for.
        2 => {
            channel
                .request_pty(false, "vt100", 500, 0, 0, 0, &[])
                .await
                .ok()?;
            channel.request_shell(false).await.ok()?;
            let lines = "terminal length 0\rshow interface status\r".repeat(200);
            channel.data_bytes(lines.into_bytes()).await.ok()?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        3 => {
            channel.request_shell(false).await.ok()?;
            channel.eof().await.ok()?;
            for _ in 0..100 {
                channel.data_bytes(vec![b'?'; 100]).await.ok()?;
            }
        }
        _ => {}
    }
    Some(())
}
