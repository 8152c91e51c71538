//! Tests probes: one request and one answer per device, whatever its alarms are.

use gamctl::model::{AlarmSeverity, GamModel, Probe};
use gamctl::observe::probe;
use gamctl::simulator::fault::Fault;
use gamctl::simulator::gam::{AlarmCondition, Entity, Grade, PortLayout, Severity, UptimeText};
use gamctl::simulator::server::Twin;
use gamctl::simulator::snmp::Oid;

use super::device::{Dice, random, twin_of};
use super::{public, snmp_options};

async fn device(model: GamModel) -> Twin {
    let (hardware, configuration) = random(&mut Dice::new(12), model, 12);
    twin_of(
        hardware.with_layout(PortLayout::UplinksFirst),
        configuration,
    )
    .await
}

/// Probes a twin, and checks that this was one request with one answer.
async fn probed(twin: &Twin) -> Probe {
    let before = twin.state(|state| state.counts.requests);
    let (probe, counters) = probe(twin.snmp_address(), &public(), snmp_options())
        .await
        .unwrap();
    assert_eq!(counters.requests, 1);
    assert_eq!(twin.state(|state| state.counts.requests) - before, 1);
    probe
}

fn raise(twin: &Twin, number: u32, severity: Severity) {
    let entity = Entity {
        if_index: 0,
        name: format!("CPE-{}", 400 + number).into(),
    };
    let grade = Grade {
        severity,
        service_affecting: false,
    };
    twin.raise_alarm(AlarmCondition::LowSnr, entity, grade);
}

#[tokio::test]
async fn one_answer_says_who_a_device_is_and_how_it_is_in_short() {
    let twin = device(GamModel::Gam4Cx).await;
    let there = twin.gam(|gam| gam.alarms().active.len());
    let seen = probed(&twin).await;
    assert_eq!(seen.model, Some(GamModel::Gam4Cx));
    let prefix = "1.3.6.1.4.1.20095.2000.1.";
    assert!(seen.object_id.unwrap().starts_with(prefix));
    assert_eq!(seen.serial.unwrap().as_str(), twin.serial());
    assert_eq!(seen.mac, Some(twin.gam(|gam| gam.hardware().mac)));
    assert!(seen.uptime_seconds.unwrap() < 600);
    assert!(seen.cpu_percent.is_some());
    let alarms = seen.alarms.unwrap();
    assert!(alarms.is_all);
    assert_eq!(usize::try_from(alarms.count).unwrap(), there);
    raise(&twin, 0, Severity::Cr);
    let seen = probed(&twin).await;
    let alarms = seen.alarms.unwrap();
    assert_eq!(usize::try_from(alarms.count).unwrap(), there + 1);
    assert_eq!(alarms.worst, Some(AlarmSeverity::Critical));
    assert!(seen.led.unwrap().contains("red"));
}

#[tokio::test]
async fn a_device_without_alarms_has_none() {
    let twin = device(GamModel::Gam4Cx).await;
    let active: Vec<_> = twin.gam(|gam| gam.alarms().active.values().cloned().collect());
    for alarm in active {
        twin.clear_alarm(alarm.condition, alarm.entity);
    }
    let alarms = probed(&twin).await.alarms.unwrap();
    assert_eq!((alarms.count, alarms.is_all, alarms.worst), (0, true, None));
}

#[tokio::test]
async fn alarms_of_an_agent_without_a_table_of_them_are_unknown_and_not_none() {
    let twin = device(GamModel::Gam4Cx).await;
    // GAM-ALARM-MIB and all that follow are missing.
    let after = Oid::new(&[1, 3, 6, 1, 4, 1, 20095, 2001, 144]);
    twin.set_fault(Fault::SnmpTruncate { after });
    let seen = probed(&twin).await;
    assert_eq!(seen.alarms, None);
    assert_eq!(seen.serial.unwrap().as_str(), twin.serial());
}

#[tokio::test]
async fn more_alarms_than_one_answer_holds_are_a_lower_bound() {
    let twin = device(GamModel::Gam4Cx).await;
    for number in 0..90 {
        raise(&twin, number, Severity::Mn);
    }
    let alarms = probed(&twin).await.alarms.unwrap();
    assert!(!alarms.is_all);
    assert!((20..90).contains(&alarms.count), "{}", alarms.count);
}

#[tokio::test]
async fn a_probe_is_the_same_under_every_form_of_uptime() {
    for uptime_text in [UptimeText::Hours, UptimeText::Days, UptimeText::Words] {
        let (hardware, configuration) = random(&mut Dice::new(12), GamModel::Gam24C, 24);
        let assumptions = gamctl::simulator::gam::Assumptions {
            uptime_text,
            ..hardware.assumptions
        };
        let twin = twin_of(hardware.with_assumptions(assumptions), configuration).await;
        assert!(probed(&twin).await.uptime_seconds.unwrap() < 600);
    }
}
