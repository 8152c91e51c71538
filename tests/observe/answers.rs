//! Tests looks under each answer to the open questions of docs/gam.md: a look is right, whatever a device answers.

use gamctl::model::{ActiveAlarm, EndpointState, GamModel, Observation, Part};
use gamctl::observe::CommandLine;
use gamctl::secrets::Secret;
use gamctl::simulator::gam::{
    AlarmCondition, AlarmIndex, Assumptions, Build, Configuration, DeadRows, DeviceClock, Entity,
    FirmwareProfile, Gam, Grade, Hardware, ManagementInterface, NamesSent, Severity,
    StoredPasswords, TimeForm, UsageColumns,
};
use gamctl::simulator::moment::Moment;
use gamctl::simulator::server::Twin;
use gamctl::transport::ssh::{Login, SshTimeouts};

use super::device::{Dice, expected, random, twin_of, twin_with, usual};
use super::{login, look_at, look_over, pinned, snmp_options};

/// Returns a twin of the usual device that gives these answers.
async fn twin(assumptions: Assumptions) -> (Twin, Configuration) {
    let (hardware, configuration) = usual();
    let hardware = hardware.with_assumptions(assumptions);
    let twin = twin_of(hardware, configuration.clone()).await;
    (twin, configuration)
}

/// Looks at the twin, and checks that the configuration is right and nothing is unread.
async fn whole(twin: &Twin) -> Observation {
    let observation = look_at(twin).await.unwrap();
    let truth = expected(&twin.gam(|gam| gam.running().clone()));
    assert_eq!(observation.config, truth);
    assert_eq!(
        (&observation.unread, &observation.unclear),
        (&vec![], &vec![])
    );
    assert_eq!(observation.health.unread, [""; 0]);
    observation
}

#[tokio::test]
async fn an_endpoint_that_is_not_alive_has_no_rates_and_nothing_of_it_is_unread() {
    for dead_rows in [DeadRows::Absent, DeadRows::Zeros] {
        let (twin, configuration) = twin(Assumptions {
            dead_rows,
            ..Assumptions::default()
        })
        .await;
        let before = whole(&twin).await;
        let alive = configuration
            .endpoints
            .values()
            .map(|endpoint| endpoint.mac);
        let mac = alive
            .into_iter()
            .find(|mac| before.health.endpoints[mac].down_rate.is_some())
            .unwrap();
        twin.unplug(mac);
        let health = whole(&twin).await.health.endpoints[&mac].clone();
        assert_eq!(health.state, Some(EndpointState::NotDetected));
        assert!(health.is_configured);
        assert_eq!(
            (health.port, health.model, health.firmware),
            (None, None, None),
            "{dead_rows:?}"
        );
        let rates = [
            health.down_rate,
            health.up_rate,
            health.down_most,
            health.up_most,
        ];
        assert_eq!(rates, [None; 4], "{dead_rows:?}");
    }
}

#[tokio::test]
async fn the_usage_columns_change_nothing_in_a_look() {
    let mut looks = Vec::new();
    for usage in [UsageColumns::Allocatable, UsageColumns::Traffic] {
        let (hardware, configuration) = random(&mut Dice::new(4), GamModel::Gam12M, 12);
        let hardware = hardware.with_assumptions(Assumptions {
            usage,
            ..Assumptions::default()
        });
        let twin = twin_of(hardware, configuration).await;
        let look = whole(&twin).await;
        looks.push((look.config, look.health.endpoints));
    }
    assert_eq!(looks[0], looks[1]);
}

/// Returns the alarms of entities with this name.
fn of(observation: &Observation, entity: &str) -> Vec<ActiveAlarm> {
    let alarms = observation.health.alarms.iter();
    alarms
        .filter(|alarm| alarm.entity == entity)
        .cloned()
        .collect()
}

#[tokio::test]
async fn an_alarm_is_what_its_row_says_although_its_number_was_another_alarms() {
    for alarm_index in [AlarmIndex::LowestFree, AlarmIndex::Counting] {
        let (twin, _) = twin(Assumptions {
            alarm_index,
            ..Assumptions::default()
        })
        .await;
        let named = |name: &str| Entity {
            if_index: 0,
            name: name.into(),
        };
        let grade = Grade {
            severity: Severity::Mn,
            service_affecting: false,
        };
        twin.raise_alarm(AlarmCondition::LowSnr, named("CPE-900"), grade);
        twin.clear_alarm(AlarmCondition::LowSnr, named("CPE-900"));
        twin.raise_alarm(AlarmCondition::Outage, named("CPE-901"), grade);
        let look = whole(&twin).await;
        assert_eq!(of(&look, "CPE-900"), []);
        let alarms = of(&look, "CPE-901");
        assert_eq!(alarms.len(), 1, "{alarm_index:?}");
        assert_eq!(
            (alarms[0].condition.as_str(), alarms[0].severity.as_str()),
            ("outage", "MN")
        );
    }
}

#[tokio::test]
async fn a_time_from_before_ntp_is_none_and_others_have_their_offset_or_no_offset() {
    let cases = [
        (DeviceClock::Set, TimeForm::Utc, "20", "+00:00"),
        (DeviceClock::Set, TimeForm::Local, "20", "-05:00"),
        (DeviceClock::Set, TimeForm::NoOffset, "20", ""),
        (
            DeviceClock::Unset,
            TimeForm::Utc,
            "1970-01-01T00:0",
            "+00:00",
        ),
        (
            DeviceClock::Unset,
            TimeForm::Local,
            "1969-12-31T19:0",
            "-05:00",
        ),
        (
            DeviceClock::Unset,
            TimeForm::NoOffset,
            "1970-01-01T00:0",
            "",
        ),
    ];
    for (clock, times, start, end) in cases {
        let (twin, _) = twin(Assumptions {
            clock,
            times,
            ..Assumptions::default()
        })
        .await;
        let grade = Grade {
            severity: Severity::Mj,
            service_affecting: true,
        };
        twin.raise_alarm(AlarmCondition::HwFlt, Entity::system(), grade);
        let look = whole(&twin).await;
        let alarms = of(&look, "System");
        let since = alarms[0].since.as_str();
        assert!(since.starts_with(start) && since.ends_with(end), "{since}");
        assert_eq!(since.len(), "2026-11-20T09:32:24".len() + end.len());
        assert_eq!(alarms[0].since.set().is_some(), clock == DeviceClock::Set);
    }
}

#[tokio::test]
async fn a_fresh_device_is_read_with_and_without_an_interface_in_the_management_vlan() {
    for management_interface in [ManagementInterface::Absent, ManagementInterface::Delivered] {
        let hardware = Hardware::of(GamModel::Gam4Cx, 9).with_assumptions(Assumptions {
            management_interface,
            ..Assumptions::default()
        });
        let configuration = Configuration::factory(&hardware);
        let twin = twin_of(hardware, configuration).await;
        let look = whole(&twin).await;
        assert_eq!(look.incomplete(Part::Uplinks), None);
        assert_eq!(look.management_vlan, None, "{management_interface:?}");
    }
}

#[test]
fn a_password_in_base64_is_that_of_the_running_config_and_is_read_back() {
    let hardware = Hardware::of(GamModel::Gam4Cx, 9).with_assumptions(Assumptions {
        passwords: StoredPasswords::Base64,
        ..Assumptions::default()
    });
    let build = |configuration| Build {
        hardware: hardware.clone(),
        firmware: FirmwareProfile::default(),
        seed: 9,
        configuration,
    };
    let mut gam = Gam::new(build(None), Moment::default());
    let mut running = gam.running().clone();
    let lines = "username admin privilege 15 password unencrypted light w\n\
        snmp-server community v2c lantern ro\n\
        controller announcement url 1 http://noc:candle@192.0.2.9:8080/device\n\
        controller announcement url 1 http://noc:torch@192.0.2.9:8080/device\n";
    let text = |gam: &Gam| gamctl::simulator::commands::running_config(gam);
    let merge = |lines: &str, running: &mut Configuration| {
        gamctl::simulator::commands::merge(lines, running, &hardware)
    };
    // A password with a space is not a word of the line.
    assert_eq!(merge(lines, &mut running).len(), 1);
    assert_eq!(
        merge(
            "username admin privilege 15 password encrypted bGlnaHQgdw==\n",
            &mut running
        ),
        []
    );
    gam.replace_running(running, Moment::default());
    let printed = text(&gam);
    assert!(
        printed.contains("password encrypted bGlnaHQgdw==\n"),
        "{printed}"
    );
    assert!(printed.contains("snmp-server community v2c lantern ro\n"));
    assert!(printed.contains("torch") && !printed.contains("candle"));
    assert!(gam.running().password.is("light w"));
    let mut again = Configuration::factory(&hardware);
    assert_eq!(merge(&printed, &mut again), []);
    assert_eq!(&again, gam.running());
    assert_eq!(
        merge(
            "no snmp-server community v2c lantern\nno controller announcement url 1\n",
            &mut again
        ),
        []
    );
    assert_eq!(again.kept, []);
}

#[tokio::test]
async fn lines_with_secrets_leave_nothing_in_a_look() {
    let (hardware, mut configuration) = random(&mut Dice::new(6), GamModel::Gam4Cx, 8);
    let hardware = hardware.with_assumptions(Assumptions {
        passwords: StoredPasswords::Base64,
        ..Assumptions::default()
    });
    let lines = "username admin privilege 15 password encrypted bGlnaHR3ZWlnaHQ=\n\
        snmp-server community v2c lantern ro\n\
        controller announcement url 1 http://noc:candle@192.0.2.9:8080/device\n";
    assert_eq!(
        gamctl::simulator::commands::merge(lines, &mut configuration, &hardware),
        []
    );
    let twin = twin_with(hardware, configuration, FirmwareProfile::V1_5_4OnCx).await;
    let login = Login {
        password: Secret::new(b"lightweight".to_vec()),
        ..login(&twin, pinned(&twin))
    };
    let over_ssh = CommandLine::Login(Box::new(login), SshTimeouts::default());
    let look = look_over(&twin, snmp_options(), over_ssh).await.unwrap();
    assert_eq!(look.unread, []);
    assert!(!look.config.subscribers.is_empty());
    let said = serde_json::to_string(&look).unwrap();
    for secret in ["bGlnaHR3ZWlnaHQ=", "lightweight", "lantern", "candle"] {
        assert!(!said.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn whether_names_are_sent_upstream_is_read_and_not_guessed() {
    let answers = [
        (NamesSent::Off, Some(false)),
        (NamesSent::Dhcp, Some(true)),
        (NamesSent::DhcpWithoutRelay, None),
        (NamesSent::Pppoe, Some(true)),
        (NamesSent::NoTables, None),
    ];
    for (names_sent, expected) in answers {
        let (twin, _) = twin(Assumptions {
            names_sent,
            ..Assumptions::default()
        })
        .await;
        assert_eq!(whole(&twin).await.sends_names, expected, "{names_sent:?}");
    }
}
