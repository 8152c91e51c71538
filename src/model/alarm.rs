//! Defines the alarms of a device: severity, identity and time, as in its own table.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// The severity of an alarm, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum AlarmSeverity {
    /// The device's answer is not a severity.
    #[default]
    #[serde(rename = "unread")]
    Unread,
    /// Not reported.
    #[serde(rename = "NR")]
    NotReported,
    /// Not alarmed.
    #[serde(rename = "NA")]
    NotAlarmed,
    #[serde(rename = "MN")]
    Minor,
    #[serde(rename = "MJ")]
    Major,
    #[serde(rename = "CR")]
    Critical,
}

impl AlarmSeverity {
    const ALL: [Self; 6] = [
        Self::Unread,
        Self::NotReported,
        Self::NotAlarmed,
        Self::Minor,
        Self::Major,
        Self::Critical,
    ];

    /// Returns the device's abbreviation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::NotReported => "NR",
            Self::NotAlarmed => "NA",
            Self::Minor => "MN",
            Self::Major => "MJ",
            Self::Critical => "CR",
        }
    }

    /// Returns the word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unread => "of unread severity",
            Self::NotReported => "not reported",
            Self::NotAlarmed => "not alarmed",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// Reads a severity; earlier versions stored an empty text for an unread one.
impl<'de> Deserialize<'de> for AlarmSeverity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = Self::ALL.into_iter().find(|one| one.as_str() == word);
        Ok(known.unwrap_or_default())
    }
}

/// A time by the device's own clock, which may not be set: `2026-11-20T09:32:24-05:00`, without the offset if the device gives
/// none, and empty if it could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct DeviceTime(String);

impl DeviceTime {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_unread(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the time, if it can be right: before NTP sets it, a clock starts in 1970, which is 1969 in local time west of
    /// Greenwich.
    pub fn set(&self) -> Option<&str> {
        const FIRST_YEAR: u16 = 2000;
        let year = self.0.get(..4)?.parse::<u16>().ok()?;
        (year >= FIRST_YEAR).then_some(&self.0)
    }

    /// Returns the seconds since 1970, if the clock is set and the device gives its offset from UTC.
    pub fn seconds(&self) -> Option<u64> {
        let time = chrono::DateTime::parse_from_rfc3339(self.set()?).ok()?;
        u64::try_from(time.timestamp()).ok()
    }
}

/// An alarm in the device's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ActiveAlarm {
    /// The number of its row. A later alarm may get the same number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// The same for as long as the condition lasts; no other alarm has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    pub severity: AlarmSeverity,
    pub is_service_affecting: bool,
    pub entity: String,
    pub condition: String,
    pub since: DeviceTime,
    pub description: String,
}

/// Identifies an alarm, also when its row moves or its severity changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmIdentity {
    Uuid(Uuid),
    /// The device gives no UUID.
    Condition {
        entity: String,
        condition: String,
    },
}

impl ActiveAlarm {
    pub fn identity(&self) -> AlarmIdentity {
        match self.uuid {
            Some(uuid) => AlarmIdentity::Uuid(uuid),
            None => AlarmIdentity::Condition {
                entity: self.entity.clone(),
                condition: self.condition.clone(),
            },
        }
    }
}

/// The difference between two whole readings of the active alarms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmChanges<'a> {
    pub raised: Vec<&'a ActiveAlarm>,
    pub changed: Vec<&'a ActiveAlarm>,
    pub cleared: Vec<&'a ActiveAlarm>,
}

/// Compares two readings, each of which must be whole: an alarm that is missing in the second one has ended.
pub fn alarm_changes<'a>(before: &'a [ActiveAlarm], now: &'a [ActiveAlarm]) -> AlarmChanges<'a> {
    let mut gone: BTreeMap<AlarmIdentity, &ActiveAlarm> =
        before.iter().map(|one| (one.identity(), one)).collect();
    let mut changes = AlarmChanges::default();
    for alarm in now {
        match gone.remove(&alarm.identity()) {
            None => changes.raised.push(alarm),
            Some(known) => {
                // The number of the row says nothing.
                let is_same = ActiveAlarm {
                    index: alarm.index,
                    ..known.clone()
                } == *alarm;
                if !is_same {
                    changes.changed.push(alarm);
                }
            }
        }
    }
    changes.cleared = gone.into_values().collect();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(index: u32, uuid: u128, severity: AlarmSeverity) -> ActiveAlarm {
        ActiveAlarm {
            index: Some(index),
            uuid: Some(Uuid::from_u128(uuid)),
            severity,
            entity: "CPE-7".to_owned(),
            condition: "los".to_owned(),
            ..ActiveAlarm::default()
        }
    }

    #[test]
    fn an_alarm_is_the_same_by_its_uuid_in_whatever_row_it_is() {
        let before = [
            alarm(1, 10, AlarmSeverity::Minor),
            alarm(2, 11, AlarmSeverity::Minor),
            alarm(3, 12, AlarmSeverity::Minor),
        ];
        // The second got the first one's row, the third became worse, and a new one has the same words.
        let now = [
            alarm(1, 11, AlarmSeverity::Minor),
            alarm(3, 12, AlarmSeverity::Major),
            alarm(2, 13, AlarmSeverity::Minor),
        ];
        let changes = alarm_changes(&before, &now);
        assert_eq!(changes.raised, [&now[2]]);
        assert_eq!(changes.changed, [&now[1]]);
        assert_eq!(changes.cleared, [&before[0]]);
        assert_eq!(alarm_changes(&before, &before), AlarmChanges::default());
        assert_eq!(alarm_changes(&before, &[]).cleared.len(), 3);
    }

    #[test]
    fn an_alarm_without_a_uuid_is_identified_by_its_entity_and_condition() {
        let nameless = |entity: &str| ActiveAlarm {
            entity: entity.to_owned(),
            condition: "los".to_owned(),
            ..ActiveAlarm::default()
        };
        let (before, now) = ([nameless("CPE-1")], [nameless("CPE-1"), nameless("CPE-2")]);
        let changes = alarm_changes(&before, &now);
        assert_eq!(changes.raised, [&now[1]]);
        assert_eq!(changes.cleared.len() + changes.changed.len(), 0);
    }

    #[test]
    fn a_time_is_usable_only_with_a_set_clock_and_comparable_only_with_an_offset() {
        for (text, is_set, seconds) in [
            ("2026-11-20T09:32:24-05:00", true, Some(1_795_185_144)),
            ("2026-11-20T14:32:24+00:00", true, Some(1_795_185_144)),
            ("2026-11-20T09:32:24", true, None),
            ("1970-01-01T00:03:00+00:00", false, None),
            ("1969-12-31T19:03:00-05:00", false, None),
            ("", false, None),
        ] {
            let time = DeviceTime::new(text);
            assert_eq!(time.set().is_some(), is_set, "{text}");
            assert_eq!(time.seconds(), seconds, "{text}");
        }
    }

    #[test]
    fn an_alarm_stored_by_an_earlier_version_is_read() {
        let stored = r#"{"severity":"","is_service_affecting":true,"entity":"CPE-2","condition":"los","since":"","description":""}"#;
        let alarm: ActiveAlarm = serde_json::from_str(stored).unwrap();
        assert_eq!(alarm.severity, AlarmSeverity::Unread);
        assert!(alarm.since.is_unread() && alarm.uuid.is_none());
        assert!(AlarmSeverity::Critical > AlarmSeverity::Major);
        for severity in AlarmSeverity::ALL {
            let stored = serde_json::to_string(&severity).unwrap();
            assert_eq!(
                serde_json::from_str::<AlarmSeverity>(&stored).unwrap(),
                severity
            );
        }
    }
}
