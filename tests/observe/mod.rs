//! Looks at twins: what a look returns is what the twin is configured as, or it says what it does not know.

pub(crate) mod device;
mod faults;
mod moving;
mod same;

use std::time::Duration;

use gamctl::model::{DeviceName, Observation};
use gamctl::observe::{LookError, Target, look};
use gamctl::secrets::Secret;
use gamctl::simulator::server::Twin;
use gamctl::transport::snmp::{Access, Tuning};

/// Patient enough for a busy machine, and not for a device that is gone.
fn tuning() -> Tuning {
    Tuning {
        timeout: Duration::from_millis(400),
        retries: 3,
        rows: 40,
        in_flight: 8,
    }
}

/// Gives up soon, where silence is what is tested.
fn impatient() -> Tuning {
    Tuning {
        timeout: Duration::from_millis(60),
        retries: 1,
        ..tuning()
    }
}

async fn look_at(twin: &Twin) -> Result<Observation, LookError> {
    look_with(twin, tuning()).await
}

async fn look_with(twin: &Twin, tuning: Tuning) -> Result<Observation, LookError> {
    let device = DeviceName::new("oak").unwrap();
    let access = Access::V2c {
        community: Secret::new(b"public".to_vec()),
    };
    let target = Target {
        device: &device,
        address: twin.snmp_address(),
        access: &access,
        tuning,
        clock: || 1_795_000_000,
    };
    look(&target).await
}
