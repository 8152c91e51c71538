//! Tests our SSH client against twins: complete replies, accepted lines, or named errors.

mod faults;
mod host_keys;
mod private_key;
mod reading;
mod scripted;
mod writing;
mod writing_faults;
mod writing_fence;

use std::time::Duration;

use gamctl::model::{GamModel, HostKey, MacAddress};
use gamctl::secrets::Secret;
use gamctl::simulator::gam::{Build, FirmwareProfile, Hardware};
use gamctl::simulator::server::{State, Twin, TwinSettings};
use gamctl::transport::ssh::{Command, Login, Session, SshError, SshTimeouts};

/// The time limit of any operation in a test.
const LONG: Duration = Duration::from_secs(20);

fn settings() -> TwinSettings {
    TwinSettings {
        boot_time: Duration::from_millis(100),
        ..TwinSettings::new(Build {
            hardware: Hardware::of(GamModel::Gam4Cx, 11),
            firmware: FirmwareProfile::default(),
            seed: 11,
            configuration: None,
        })
    }
}

/// Starts a twin with a password and some configuration.
async fn twin() -> Twin {
    started(settings()).await
}

async fn started(mut settings: TwinSettings) -> Twin {
    settings.login.password = "correct horse".to_owned();
    let twin = Twin::start(settings).await.unwrap();
    configure(&twin);
    twin
}

fn configure(twin: &Twin) {
    let mac: MacAddress = "00:0e:d8:1c:95:08".parse().unwrap();
    for line in [
        "ghn bw-profile 2 name \"home 100\" rate-downstream 106 rate-upstream 106".to_owned(),
        format!("ghn endpoint 1 name \"cellar left\" mac-address {mac} port 4"),
        "ghn subscriber 1 name apt-101 endpoint 1 vid 101 bw-profile 2".to_owned(),
    ] {
        assert_eq!(refused(&twin.edit_line(&line)), None);
    }
}

fn refused(said: &str) -> Option<&str> {
    said.lines().find(|line| line.starts_with("% "))
}

fn login(twin: &Twin) -> Login {
    let credentials = twin.credentials();
    Login {
        address: twin.ssh_address(),
        user: credentials.user,
        password: Secret::new(credentials.password.into_bytes()),
        private_key: None,
        legacy_algorithms: false,
        host_key: Some(HostKey::new(&twin.host_key().unwrap()).unwrap()),
    }
}

/// Timeouts for a busy machine, with a short pause before a possible prompt is probed.
fn timeouts() -> SshTimeouts {
    SshTimeouts {
        login: LONG,
        silence: LONG,
        reply: LONG,
        pause: Duration::from_millis(100),
        ..SshTimeouts::default()
    }
}

/// Timeouts long enough for immediate answers, but short for missing ones.
fn short_timeouts() -> SshTimeouts {
    SshTimeouts {
        login: Duration::from_secs(4),
        silence: Duration::from_millis(700),
        reply: Duration::from_secs(4),
        pause: Duration::from_millis(100),
        ..SshTimeouts::default()
    }
}

async fn running_config(login: &Login, timeouts: SshTimeouts) -> Result<Vec<String>, SshError> {
    let mut session = Session::open(login, timeouts).await?;
    let lines = session.read(Command::ShowRunningConfig).await?;
    session.close().await;
    Ok(lines)
}

/// Returns the lines that the twin would print, without a terminal in between.
fn printed(twin: &Twin) -> Vec<String> {
    let text = twin.gam(gamctl::simulator::commands::running_config);
    let first = "Building configuration...";
    std::iter::once(first)
        .chain(text.lines())
        .map(str::to_owned)
        .collect()
}

async fn is_left_alone(twin: &Twin) {
    twin.wait_until(State::is_idle, LONG).await.unwrap();
}
