//! Tests firmware without configuration tables: read over SSH, or reported as unread with a reason.

use gamctl::model::{ConfigSource, GamModel, HostKey, Observation, Part};
use gamctl::observe::CommandLine;
use gamctl::simulator::fault::Fault;
use gamctl::simulator::gam::{FirmwareProfile, Hardware};
use gamctl::simulator::server::Twin;
use gamctl::transport::ssh::{Login, SshTimeouts};

use super::device::{Dice, expected, random, twin_with};
use super::judge::{is_whole, lies};
use super::{login, look_at, look_over, pinned, snmp_options};

/// The parts that the agent of this firmware lacks.
const OVER_SSH: [Part; 4] = [
    Part::Ports,
    Part::Profiles,
    Part::Endpoints,
    Part::Subscribers,
];

async fn old_firmware(seed: u64) -> Twin {
    let (hardware, configuration) = random(&mut Dice::new(seed), GamModel::Gam4Cx, 30);
    twin_with(hardware, configuration, FirmwareProfile::V1_5_4OnCx).await
}

async fn look_by(twin: &Twin, login: Login) -> Observation {
    let command_line = CommandLine::Login(Box::new(login), SshTimeouts::default());
    look_over(twin, snmp_options(), command_line).await.unwrap()
}

/// Checks that the parts available only over SSH are unread, with this reason.
fn knows_nothing(observation: &Observation, because: &str) {
    for part in OVER_SSH {
        let reason = observation.incomplete(part);
        assert!(
            reason.is_some_and(|reason| reason.contains(because)),
            "{part:?}: {reason:?}"
        );
    }
    assert_eq!(observation.incomplete(Part::Uplinks), None);
    assert!(observation.config.subscribers.is_empty());
}

#[tokio::test]
async fn parts_missing_from_the_agent_are_read_over_ssh_and_marked_so() {
    for seed in 0..5 {
        let twin = old_firmware(seed).await;
        let truth = expected(&twin.gam(|gam| gam.running().clone()));
        let observation = look_at(&twin).await.unwrap();
        assert_eq!(observation.config, truth);
        assert!(is_whole(&observation), "{:?}", observation.unread);
        for part in Part::ALL {
            let expected = match OVER_SSH.contains(&part) {
                true => ConfigSource::RunningConfig,
                false => ConfigSource::Snmp,
            };
            assert_eq!(observation.sources[&part], expected, "{part:?}");
        }
        assert!(!observation.health.endpoints.is_empty());
    }
}

#[tokio::test]
async fn without_a_login_all_other_parts_are_still_read() {
    let twin = old_firmware(1).await;
    let nobody = CommandLine::None("there is no password".to_owned());
    let observation = look_over(&twin, snmp_options(), nobody).await.unwrap();
    knows_nothing(&observation, "it needs SSH: there is no password");
}

#[tokio::test]
async fn an_unpinned_host_key_leads_to_trust() {
    let twin = old_firmware(1).await;
    let observation = look_by(&twin, login(&twin, None)).await;
    knows_nothing(&observation, "gamctl trust");
    let other = "SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E";
    let changed = Some(HostKey::new(other).unwrap());
    let observation = look_by(&twin, login(&twin, changed)).await;
    knows_nothing(&observation, "does not match the pinned one");
    assert_eq!(twin.lines().len(), 0);
}

#[tokio::test]
async fn a_command_line_that_fails_leaves_only_its_own_parts_unread() {
    let twin = old_firmware(2).await;
    let truth = expected(&twin.gam(|gam| gam.running().clone()));
    for fault in [
        Fault::SshRefuse {},
        Fault::SshAuthFail {},
        Fault::SshError {
            text: "% Internal error".to_owned(),
        },
    ] {
        let id = twin.set_fault(fault.clone());
        let observation = look_at(&twin).await.unwrap();
        twin.clear_fault(id);
        knows_nothing(&observation, "the running-config was not read");
        assert_eq!(lies(&observation, &truth), [""; 0], "{fault:?}");
    }
}

#[tokio::test]
async fn a_command_line_of_another_device_is_not_believed() {
    let twin = old_firmware(3).await;
    let other = old_firmware(4).await;
    other.change(|gam, now| gam.replace_hardware(Hardware::of(GamModel::Gam4Cx, 77), now));
    let observation = look_by(&twin, login(&other, pinned(&other))).await;
    knows_nothing(&observation, "another device");
}

#[tokio::test]
async fn the_command_line_is_left_alone_where_the_agent_has_everything() {
    let (hardware, configuration) = random(&mut Dice::new(5), GamModel::Gam4Cx, 5);
    let twin = twin_with(hardware, configuration, FirmwareProfile::V1_8).await;
    let refusing = twin.set_fault(Fault::SshRefuse {});
    let observation = look_at(&twin).await.unwrap();
    assert!(twin.clear_fault(refusing));
    assert!(is_whole(&observation));
}
