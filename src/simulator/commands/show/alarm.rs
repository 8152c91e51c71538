//! Prints `show alarm active` and `show alarm log`.

use std::fmt::Write as _;

use crate::simulator::gam::{Alarm, Gam};
use crate::simulator::moment::Moment;

pub(crate) fn active(gam: &Gam) -> String {
    let mut text = String::from(
        "Sev SvAff Entity     Alarm           Occurrence Date/Time      Description\n\
         --- ----- ---------- --------------- ------------------------- -----------\n",
    );
    for alarm in gam.alarms().active.values() {
        let _ = writeln!(
            text,
            "{}",
            row(gam, alarm, alarm.severity.word(), alarm.occurred)
        );
    }
    text
}

/// The newest entry comes first (assumed).
pub(crate) fn log(gam: &Gam) -> String {
    let mut text = String::from(
        "Sev SvAff Entity     Alarm           Report Date/Time          Description\n\
         --- ----- ---------- --------------- ------------------------- -----------\n",
    );
    for entry in gam.alarms().log.iter().rev() {
        // A cleared alarm is shown as such instead of with its severity [assumed].
        let severity = if entry.raising {
            entry.alarm.severity.word()
        } else {
            "CL"
        };
        let _ = writeln!(text, "{}", row(gam, &entry.alarm, severity, entry.reported));
    }
    text
}

fn row(gam: &Gam, alarm: &Alarm, severity: &str, when: Moment) -> String {
    let affecting = if alarm.service_affecting { "YES" } else { "NO" };
    let kind = alarm.condition.word().to_ascii_uppercase();
    format!(
        "{severity:<3} {affecting:<5} {:<10} {kind:<15} {:<25} {}",
        alarm.entity.name,
        gam.device_time(when).iso(),
        alarm.condition.description(),
    )
}
