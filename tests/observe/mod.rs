//! Tests looks at twins: a look returns the twin's configuration, or reports the unknown parts.

mod answers;
mod both_sources;
mod command_line;
pub(crate) mod device;
mod faults;
mod interfaces;
mod judge;
mod moving;
mod poll;
mod probe;
mod same;
mod slow;
mod startup;

use std::time::Duration;

use gamctl::model::{DeviceName, HostKey, Observation};
use gamctl::observe::{CommandLine, LookError, Target, look};
use gamctl::secrets::Secret;
use gamctl::simulator::server::Twin;
use gamctl::transport::snmp::{Access, SnmpOptions, Turns};
use gamctl::transport::ssh::{Login, SshTimeouts};

/// Options with timeouts for a busy machine, but not for a device that is gone.
fn snmp_options() -> SnmpOptions {
    SnmpOptions {
        timeout: Duration::from_millis(400),
        retries: 3,
        silence: Duration::from_secs(60),
        rows: 48,
        in_flight: 8,
    }
}

/// Options with short timeouts, for tests of silence.
fn impatient() -> SnmpOptions {
    SnmpOptions {
        timeout: Duration::from_millis(60),
        retries: 1,
        ..snmp_options()
    }
}

fn public() -> Access {
    Access::V2c {
        community: Secret::new(b"public".to_vec()),
    }
}

fn login(twin: &Twin, host_key: Option<HostKey>) -> Login {
    let credentials = twin.credentials();
    Login {
        address: twin.ssh_address(),
        user: credentials.user,
        password: Secret::new(credentials.password.into_bytes()),
        private_key: None,
        legacy_algorithms: false,
        host_key,
    }
}

fn pinned(twin: &Twin) -> Option<HostKey> {
    Some(HostKey::new(&twin.host_key().unwrap()).unwrap())
}

async fn look_at(twin: &Twin) -> Result<Observation, LookError> {
    look_with(twin, snmp_options()).await
}

async fn look_with(twin: &Twin, snmp_options: SnmpOptions) -> Result<Observation, LookError> {
    let login = Box::new(login(twin, pinned(twin)));
    let command_line = CommandLine::Login(login, SshTimeouts::default());
    look_over(twin, snmp_options, command_line).await
}

async fn look_over(
    twin: &Twin,
    snmp_options: SnmpOptions,
    command_line: CommandLine,
) -> Result<Observation, LookError> {
    let device = DeviceName::new("oak").unwrap();
    let access = public();
    let target = Target {
        device: &device,
        address: twin.snmp_address(),
        access: &access,
        snmp_options,
        turns: Turns::default(),
        command_line,
        clock: || 1_795_000_000,
    };
    look(&target).await
}
