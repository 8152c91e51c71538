//! Renders tariffs, statuses and locations without a mapping as lines to paste into `billing.toml`.

use serde::Serialize;

use crate::report::{counted, visible};

/// The records of a billing system that the settings do not name.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnmappedReport {
    pub system: String,
    pub tariffs: Vec<UnmappedTariff>,
    pub statuses: Vec<UnmappedWord>,
    pub locations: Vec<UnmappedWord>,
}

/// A tariff without a service plan.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnmappedTariff {
    pub id: String,
    pub title: String,
    pub down_kbps: Option<u64>,
    pub up_kbps: Option<u64>,
    pub services: usize,
    /// Service plans of the inventory with its speed.
    pub candidates: Vec<String>,
}

/// A status or a location without a mapping.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnmappedWord {
    pub word: String,
    pub services: usize,
}

impl UnmappedReport {
    pub fn is_empty(&self) -> bool {
        self.tariffs.is_empty() && self.statuses.is_empty() && self.locations.is_empty()
    }
}

/// Returns the lines to paste. A line that a person must decide is a comment.
pub fn unmapped_text(report: &UnmappedReport) -> String {
    let mut text = String::new();
    let system = visible(&report.system);
    if !report.statuses.is_empty() || !report.locations.is_empty() {
        // The table is there already, and TOML allows it once.
        text.push_str(&format!("# Below [billing.{system}]:\n"));
    }
    if !report.statuses.is_empty() {
        text.push_str("# served, suspended, pending or gone; in one table `states`:\n");
        for status in &report.statuses {
            let services = counted(status.services, "service");
            text.push_str(&format!(
                "# states.\"{}\" = \"\"  # {services}\n",
                visible(&status.word)
            ));
        }
    }
    if !report.locations.is_empty() {
        text.push_str("# the site of the devices in that building; in one table `sites`:\n");
        for location in &report.locations {
            let services = counted(location.services, "service");
            text.push_str(&format!(
                "# sites.\"{}\" = \"\"  # {services}\n",
                visible(&location.word)
            ));
        }
    }
    for tariff in &report.tariffs {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&tariff_lines(&system, tariff));
    }
    text
}

fn tariff_lines(system: &str, tariff: &UnmappedTariff) -> String {
    let speed = match (tariff.down_kbps, tariff.up_kbps) {
        (Some(down), Some(up)) => format!("{down}/{up} kbit/s"),
        _ => "without a speed".to_owned(),
    };
    // A table without a service plan is an error, so one that a person must decide is a comment.
    let decided = match tariff.candidates.as_slice() {
        [_] => "",
        _ => "# ",
    };
    let mut text = format!(
        "# {}, {speed}, {}\n{decided}[billing.{system}.tariff.{}]\n",
        visible(&tariff.title),
        counted(tariff.services, "service"),
        visible(&tariff.id)
    );
    match tariff.candidates.as_slice() {
        [] => text.push_str(
            "# service_plan = \"\"  # no service plan has its speed; or: ignore = true\n",
        ),
        [only] => text.push_str(&format!("service_plan = \"{only}\"\n")),
        several => {
            for plan in several {
                text.push_str(&format!("# service_plan = \"{plan}\"\n"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tariff(candidates: &[&str]) -> UnmappedTariff {
        UnmappedTariff {
            id: "31".to_owned(),
            title: "Home 500".to_owned(),
            down_kbps: Some(500_000),
            up_kbps: Some(250_000),
            services: 12,
            candidates: candidates.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_tariff_with_one_service_plan_of_its_speed_is_ready_to_paste() {
        let report = UnmappedReport {
            system: "splynx".to_owned(),
            tariffs: vec![tariff(&["home-500"])],
            ..UnmappedReport::default()
        };
        assert_eq!(
            unmapped_text(&report),
            "# Home 500, 500000/250000 kbit/s, 12 services\n[billing.splynx.tariff.31]\nservice_plan = \"home-500\"\n"
        );
    }

    #[test]
    fn what_a_person_must_decide_is_a_comment() {
        let report = UnmappedReport {
            system: "splynx".to_owned(),
            tariffs: vec![tariff(&["home-500", "promo"])],
            statuses: vec![UnmappedWord {
                word: "active/vip".to_owned(),
                services: 1,
            }],
            locations: Vec::new(),
        };
        let text = unmapped_text(&report);
        assert!(
            text.contains("# states.\"active/vip\" = \"\"  # 1 service\n"),
            "{text}"
        );
        assert!(text.starts_with("# Below [billing.splynx]:\n"), "{text}");
        assert!(
            text.contains("# [billing.splynx.tariff.31]\n# service_plan = \"home-500\"\n# service_plan = \"promo\"\n"),
            "{text}"
        );
    }
}
