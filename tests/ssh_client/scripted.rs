//! Tests with a scripted device, for replies that no twin gives.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use gamctl::model::HostKey;
use gamctl::secrets::Secret;
use gamctl::transport::ssh::{Login, Session, SshError};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{HashAlg, PrivateKey};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg};
use russh::{Channel, ChannelId, Pty};

use super::writing::{line, open_fence};
use super::{short_timeouts, timeouts};

const TEXT: &str = "ghn subscriber 1 vid 105";
const MESSAGE: &str = "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up";

/// The reply to a line after its echo, packet by packet.
type Script = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

#[derive(Clone)]
struct Device {
    script: Script,
    typed: Arc<Mutex<Vec<String>>>,
    keys: String,
}

impl Handler for Device {
    type Error = russh::Error;

    async fn auth_password(&mut self, _user: &str, _password: &str) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut russh::server::Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn pty_request(
        &mut self,
        _channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _pixel_width: u32,
        _pixel_height: u32,
        _modes: &[(Pty, u32)],
        _session: &mut russh::server::Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut russh::server::Session,
    ) -> Result<(), russh::Error> {
        session.data(channel, "\r\nGAM# ".to_owned().into_bytes())
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut russh::server::Session,
    ) -> Result<(), russh::Error> {
        self.keys.push_str(&String::from_utf8_lossy(data));
        while let Some((line, rest)) = self.keys.split_once('\r') {
            let (line, rest) = (line.to_owned(), rest.to_owned());
            self.keys = rest;
            session.data(channel, format!("{line}\r\n").into_bytes())?;
            self.typed.lock().unwrap().push(line.clone());
            for packet in (self.script)(&line) {
                session.data(channel, packet.into_bytes())?;
            }
        }
        Ok(())
    }
}

/// The address of a device, its key, and the lines it received.
struct Scripted {
    login: Login,
    typed: Arc<Mutex<Vec<String>>>,
}

async fn scripted(script: Script) -> Scripted {
    let data = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[5; 32]));
    let key = PrivateKey::new(data, "").unwrap();
    let pin = key.fingerprint(HashAlg::Sha256).to_string();
    let config = Arc::new(russh::server::Config {
        keys: vec![key],
        ..russh::server::Config::default()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let typed = Arc::new(Mutex::new(Vec::new()));
    let device = Device {
        script,
        typed: Arc::clone(&typed),
        keys: String::new(),
    };
    drop(tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let running = russh::server::run_stream(config, stream, device).await;
        drop(running.unwrap().await);
    }));
    Scripted {
        login: Login {
            address,
            user: "admin".to_owned(),
            password: Secret::new(b"hunter2".to_vec()),
            private_key: None,
            legacy_algorithms: false,
            host_key: Some(HostKey::new(&pin).unwrap()),
        },
        typed,
    }
}

/// A device that replies normally, except to one line.
fn ordinary(but: &str, says: &[&str]) -> Script {
    let (but, says) = (
        but.to_owned(),
        says.iter()
            .map(|packet| (*packet).to_owned())
            .collect::<Vec<_>>(),
    );
    Arc::new(move |line| {
        if line == but {
            return says.clone();
        }
        vec![
            match line {
                "configure terminal" => "GAM(config)# ",
                line if line.starts_with("ghn") => "GAM(config)# ",
                _ => "GAM# ",
            }
            .to_owned(),
        ]
    })
}

/// Sends a line with this scripted reply, then another line.
async fn said(packets: &[&str], is_patient: bool) -> (Result<(), SshError>, Vec<String>) {
    let device = scripted(ordinary(TEXT, packets)).await;
    let timeouts = if is_patient {
        timeouts()
    } else {
        short_timeouts()
    };
    let session = Session::open_to_write(&device.login, timeouts, &open_fence()).await;
    let mut session = session.unwrap();
    session.configure_begin().await.unwrap();
    let both = async {
        session.line(&line(TEXT)).await?;
        session.line(&line("ghn subscriber 1 vid 106")).await?;
        session.configure_end().await
    };
    let taken = both.await.map(|_| ());
    let typed = device.typed.lock().unwrap().clone();
    (taken, typed)
}

#[tokio::test]
async fn a_device_that_is_terse_or_chatty_in_the_known_ways_is_understood() {
    let redrawn = format!("GAM(config)# \r\n{MESSAGE}\r\n");
    let behind = format!("GAM(config)# {MESSAGE}\r\n");
    for packets in [
        &["GAM(config)#"][..],
        &["\r\n\x1b[1mGAM\x1b[0m(config)# "],
        &["GAM(con", "fig)# "],
        &[&redrawn, "GAM(config)# "],
        &[&redrawn],
        &[&behind, "GAM(config)# "],
        &[&behind],
        &["GAM(config)# ", "\r\n", MESSAGE, "\r\nGAM(config)# "],
    ] {
        let (taken, typed) = said(packets, true).await;
        assert!(taken.is_ok(), "{packets:?}: {taken:?}");
        assert_eq!(typed.last().unwrap(), "end");
    }
}

#[tokio::test]
async fn after_an_unexpected_reply_no_further_line_is_sent() {
    for packets in [
        &["ok\r\nGAM(config)# "][..],
        &["GAM(config)# \r\nSystem reloads in 60 s\r\nGAM(config)# "],
        &["% Invalid data VLAN\r\n", "GAM(config)# "],
        &["GAM# "],
        &["GAM> "],
        &["\r\nUsername: "],
        &["Save? [Y/N] "],
        &["-- more --, next page: Space, continue: g, quit: ^C"],
        &["\x1b[2J"],
        &[],
    ] {
        let (taken, typed) = said(packets, false).await;
        let error = taken.unwrap_err();
        assert_eq!(typed.last().unwrap(), TEXT, "{packets:?}: {error}");
        assert!(error.may_have_run(), "{error}");
    }
}

#[tokio::test]
async fn output_after_the_prompt_is_noticed_at_the_next_line_at_the_latest() {
    let packets = [
        "GAM(config)# ",
        "\r\nSystem reloads in 60 s\r\nGAM(config)# ",
    ];
    let (taken, typed) = said(&packets, false).await;
    let error = taken.unwrap_err();
    let failed = &error.exchange().unwrap().line;
    match error.because() {
        SshError::Unasked { .. } => assert_eq!(typed.last().unwrap(), TEXT, "{error}"),
        SshError::Unexpected { .. } => assert!(typed.contains(failed), "{error}"),
        _ => panic!("{error}"),
    }
    assert_eq!(error.may_have_run(), typed.contains(failed), "{error}");
}

#[tokio::test]
async fn a_reply_without_an_end_fills_no_memory() {
    let long = "x".repeat(100_000);
    let packets = vec![long.as_str(); 60];
    let (taken, _) = said(&packets, false).await;
    let error = taken.unwrap_err();
    assert!(
        matches!(error.because(), SshError::TooLong { .. }),
        "{error}"
    );
    let exchange = error.exchange().unwrap();
    let kept: usize = exchange.reply.iter().map(String::len).sum();
    assert!(kept < 10_000, "{kept}");
    assert!(error.to_string().len() < 2_000);
}
