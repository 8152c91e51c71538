//! Fetches over ssh with the real `ssh`: host keys, keys for the login, and paths with spaces.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use gamctl::service::fetch::{FetchError, Mirror, RemoteSettings};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::ssh_key::{LineEnding, PublicKey};
use russh::server::{Auth, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};

use super::{Bed, git, remote};

/// A git server that accepts one key.
#[derive(Clone)]
struct Server {
    accepted: PublicKey,
    repository: PathBuf,
    input: Arc<std::sync::Mutex<Option<std::process::ChildStdin>>>,
}

impl russh::server::Handler for Server {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let is_accepted = user == "git" && key.public_key.key_data() == self.accepted.key_data();
        Ok(match is_accepted {
            true => Auth::Accept,
            false => Auth::reject(),
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: russh::server::ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        line: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        assert!(line.starts_with(b"git-upload-pack '"), "{line:?}");
        session.channel_success(channel)?;
        let mut child = Command::new("git")
            .args(["upload-pack", self.repository.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        *self.input.lock().unwrap() = child.stdin.take();
        let mut output = child.stdout.take().unwrap();
        let handle = session.handle();
        let runtime = tokio::runtime::Handle::current();
        drop(tokio::task::spawn_blocking(move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                let data = buffer[..length].to_vec();
                if runtime.block_on(handle.data(channel, data)).is_err() {
                    break;
                }
            }
            drop(child.wait());
            runtime.block_on(async {
                let _gone = handle.exit_status_request(channel, 0).await;
                let _gone = handle.eof(channel).await;
                let _gone = handle.close(channel).await;
            });
        }));
        Ok(())
    }

    async fn data(
        &mut self,
        _: ChannelId,
        data: &[u8],
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        if let Some(input) = self.input.lock().unwrap().as_mut() {
            // `upload-pack` may have ended.
            let _written = input.write_all(data).and_then(|()| input.flush());
        }
        Ok(())
    }

    async fn channel_eof(&mut self, _: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        *self.input.lock().unwrap() = None;
        Ok(())
    }
}

fn key(seed: u8) -> PrivateKey {
    let data = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32]));
    PrivateKey::new(data, "").unwrap()
}

async fn started(accepted: &PrivateKey, host: PrivateKey, repository: &Path) -> SocketAddr {
    let config = Arc::new(russh::server::Config {
        keys: vec![host],
        auth_rejection_time: std::time::Duration::ZERO,
        ..russh::server::Config::default()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server {
        accepted: accepted.public_key().clone(),
        repository: repository.to_owned(),
        input: Arc::default(),
    };
    drop(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = Server {
                input: Arc::default(),
                ..server.clone()
            };
            let connection = russh::server::run_stream(Arc::clone(&config), stream, server);
            drop(tokio::spawn(async {
                // A client that refuses the host key is one of the cases.
                if let Ok(running) = connection.await {
                    drop(running.await);
                }
            }));
        }
    }));
    address
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(path, mode).unwrap();
}

/// A server, the settings for it, and the line of its host key.
async fn over_ssh(bed: &Bed) -> (RemoteSettings, String) {
    let (login, host) = (key(1), key(2));
    let public = host.public_key().to_openssh().unwrap();
    let address = started(&login, host, bed.world.root()).await;
    let line = format!("[127.0.0.1]:{} {public}\n", address.port());
    let folder = bed.world.beside("100% of settings");
    std::fs::create_dir(&folder).unwrap();
    let (known_hosts, ssh_key) = (folder.join("known hosts"), folder.join("it's the key"));
    write_private(&known_hosts, &line);
    write_private(&ssh_key, &login.to_openssh(LineEnding::LF).unwrap());
    let settings = RemoteSettings {
        known_hosts: Some(known_hosts),
        ssh_key: Some(ssh_key),
        ..remote(&format!(
            "ssh://git@127.0.0.1:{}/network.git",
            address.port()
        ))
    };
    (settings, line)
}

async fn fetched(mirror: &Mirror, remote: &RemoteSettings) -> Result<String, FetchError> {
    let (mirror, remote) = (mirror.clone(), remote.clone());
    let fetch = move || mirror.fetch(&remote, super::LONG);
    let fetched = tokio::task::spawn_blocking(fetch).await.unwrap()?;
    Ok(fetched.commit.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_appears_over_ssh_with_paths_that_need_quotes() {
    let bed = Bed::good();
    let (settings, _) = over_ssh(&bed).await;
    let first = fetched(&bed.mirror, &settings).await.unwrap();
    assert_eq!(first, bed.world.head());
    bed.world.commit_all("next");
    assert_eq!(
        fetched(&bed.mirror, &settings).await.unwrap(),
        bed.world.head()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_host_key_of_the_file_is_accepted_and_only_the_right_login() {
    let bed = Bed::good();
    let mirror = Mirror::open_or_create(&bed.world.beside("other"), git()).unwrap();
    let (mut settings, line) = over_ssh(&bed).await;
    let known_hosts = settings.known_hosts.clone().unwrap();
    write_private(&known_hosts, "");
    let error = fetched(&mirror, &settings).await.unwrap_err();
    assert!(
        matches!(error, FetchError::HostKeyUnknown { .. }),
        "{error}"
    );
    let other = key(3).public_key().to_openssh().unwrap();
    let host = line.split(' ').next().unwrap();
    write_private(&known_hosts, &format!("{host} {other}\n"));
    let error = fetched(&mirror, &settings).await.unwrap_err();
    assert!(
        matches!(error, FetchError::HostKeyChanged { .. }),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(&known_hosts)
            .unwrap()
            .lines()
            .count(),
        1
    );
    write_private(&known_hosts, &line);
    let wrong = key(4).to_openssh(LineEnding::LF).unwrap();
    write_private(settings.ssh_key.as_ref().unwrap(), &wrong);
    let error = fetched(&mirror, &settings).await.unwrap_err();
    assert!(
        matches!(error, FetchError::AuthenticationRefused { .. }),
        "{error}"
    );
    settings.known_hosts = None;
    let error = fetched(&mirror, &settings).await.unwrap_err();
    assert!(matches!(error, FetchError::Settings(_)), "{error}");
}
