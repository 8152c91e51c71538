//! Tests reading the startup-config's file from the agent.

use gamctl::observe::{CommandLine, StartupFile, Target, look_at_startup};
use gamctl::simulator::fault::Fault;
use gamctl::simulator::server::{Twin, TwinSettings};

use super::{impatient, public};

async fn file(twin: &Twin) -> Result<Option<StartupFile>, String> {
    let device = "oak".parse().unwrap();
    let access = public();
    let target = Target {
        device: &device,
        address: twin.snmp_address(),
        access: &access,
        snmp_options: impatient(),
        turns: gamctl::transport::snmp::Turns::default(),
        command_line: CommandLine::None("nobody asks".to_owned()),
        clock: || 0,
    };
    look_at_startup(&target).await
}

#[tokio::test]
async fn the_startup_file_is_listed_with_its_size_after_a_save() {
    let (mut settings, ..) = crate::apply::stage::settings(Default::default());
    let hardware = settings.build.hardware.clone();
    let twin = Twin::start(settings.clone()).await.unwrap();
    let told = file(&twin).await.unwrap().unwrap();
    let text = twin.gam(gamctl::simulator::commands::running_config);
    assert_eq!(told.bytes, text.len() as u64);
    assert!(told.modified.is_some());

    settings.build.configuration = None;
    let empty = Twin::start(TwinSettings { ..settings }).await.unwrap();
    assert_eq!(file(&empty).await, Ok(None), "{hardware:?}");
}

#[tokio::test]
async fn an_agent_without_the_file_table_is_not_a_device_without_the_file() {
    let (settings, ..) = crate::apply::stage::settings(Default::default());
    let twin = Twin::start(settings).await.unwrap();
    let files = "1.3.6.1.4.1.20095.2001.101.1.3.2";
    for fault in [
        Fault::SnmpSilence {},
        Fault::SnmpGenericError {
            at: files.parse().unwrap(),
        },
        Fault::SnmpWrongType {
            at: files.parse().unwrap(),
        },
        Fault::SnmpTruncate {
            after: "1.3.6.1.4.1.20095.2001.101.1.3.2.1.2.1".parse().unwrap(),
        },
    ] {
        twin.set_fault(fault.clone());
        assert!(file(&twin).await.is_err(), "{fault:?}");
        twin.clear_faults();
    }
}
