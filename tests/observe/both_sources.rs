//! Tests that the running-config and the agent's tables give the same configuration, field by field.

use gamctl::model::GamModel;
use gamctl::observe::{Assembled, assemble, parse_running_config};
use gamctl::simulator::gam::{Build, FirmwareProfile, Gam};
use gamctl::simulator::moment::Moment;
use gamctl::simulator::server::Twin;
use gamctl::transport::ssh::{Command, Session, SshTimeouts};

use super::device::{Dice, expected, random, random_in_any_range, twin_of, twin_with};
use super::{login, look_at, pinned};

/// Returns the assembled configuration of a running-config.
fn assembled<L: AsRef<str>>(lines: &[L], model: GamModel) -> Assembled {
    assemble(&parse_running_config(lines, model).unwrap().rows, model)
}

async fn read_over_ssh(twin: &Twin) -> Vec<String> {
    let login = login(twin, pinned(twin));
    let mut session = Session::open(&login, SshTimeouts::default()).await.unwrap();
    let lines = session.read(Command::ShowRunningConfig).await.unwrap();
    session.close().await;
    lines
}

#[tokio::test]
async fn every_model_gives_the_same_configuration_over_both() {
    for (number, model) in GamModel::ALL.into_iter().enumerate() {
        let mut dice = Dice::new(1000 + number as u64);
        let count = model.endpoint_capacity().min(60);
        let (hardware, configuration) = random_in_any_range(&mut dice, model, count);
        let twin = twin_of(hardware, configuration).await;
        let over_snmp = look_at(&twin).await.unwrap();
        let over_ssh = assembled(&read_over_ssh(&twin).await, model);
        assert_eq!(over_ssh.config, over_snmp.config, "{model}, seed {number}");
        assert_eq!(over_ssh.uplink_facts, over_snmp.uplink_facts);
        assert_eq!(over_ssh.unread, over_snmp.unread);
        assert_eq!(over_ssh.unclear, over_snmp.unclear);
    }
}

#[tokio::test]
async fn firmware_without_configuration_tables_is_read_over_ssh() {
    let (hardware, configuration) = random(&mut Dice::new(5), GamModel::Gam4Cx, 30);
    let intended = expected(&configuration);
    let twin = twin_with(hardware, configuration, FirmwareProfile::V1_5_4OnCx).await;
    let read = assembled(&read_over_ssh(&twin).await, GamModel::Gam4Cx);
    assert_eq!(read.config, intended);
    assert_eq!((read.unread, read.unclear), (vec![], vec![]));
}

#[test]
fn every_configuration_equals_its_text() {
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let model = *dice.pick(&GamModel::ALL);
        let count = usize::try_from(dice.below(model.endpoint_capacity() as u64 + 1)).unwrap();
        let (hardware, configuration) = random_in_any_range(&mut dice, model, count);
        let intended = expected(&configuration);
        let build = Build {
            hardware,
            firmware: FirmwareProfile::default(),
            seed,
            configuration: Some(configuration),
        };
        let text = gamctl::simulator::commands::running_config(&Gam::new(build, Moment::default()));
        let lines: Vec<&str> = text.lines().collect();
        let read = assembled(&lines, model);
        assert_eq!(read.config, intended, "{model}, seed {seed}");
        assert_eq!((read.unread, read.unclear), (vec![], vec![]));
    }
}
