//! `--latency ssh=150ms,line=40ms,snmp=20ms,save=3s,boot=90s`: parses the response times of twins.

use std::time::Duration;

use crate::simulator::server::{Latency, TwinSettings};

/// The response times of a twin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Latencies {
    latency: Latency,
    /// `None` is the simulator's default.
    save: Option<Duration>,
    boot: Option<Duration>,
}

impl Latencies {
    pub(super) fn set(self, settings: &mut TwinSettings) {
        settings.latency = self.latency;
        if let Some(save) = self.save {
            settings.save_time = save;
        }
        if let Some(boot) = self.boot {
            settings.boot_time = boot;
        }
    }
}

/// A longer wait is a fault, not a latency.
const LONGEST: Duration = Duration::from_secs(600);

/// Parses the argument. A time that is not named is zero; saving lasts 0.1 s and booting 0.3 s.
pub(super) fn latencies(text: &str) -> Result<Latencies, String> {
    let mut latencies = Latencies::default();
    for part in text.split(',') {
        let (what, time) = part
            .split_once('=')
            .ok_or_else(|| format!("`{part}` needs the form WHAT=TIME, such as `line=40ms`"))?;
        let time = duration(time)?;
        match what {
            "ssh" => latencies.latency.ssh = time,
            "line" => latencies.latency.line = time,
            "snmp" => latencies.latency.snmp = time,
            "snmp-cpu" => latencies.latency.snmp_cpu = time,
            "save" => latencies.save = Some(time),
            "boot" => latencies.boot = Some(time),
            _ => {
                return Err(format!(
                    "unknown time `{what}`; use `ssh` (a connection), `line` (a line in it), `snmp` (an answer), `snmp-cpu` (the agent's own time for an answer, one at a time), `save` (writing to flash) or `boot` (a restart)"
                ));
            }
        }
    }
    Ok(latencies)
}

fn duration(text: &str) -> Result<Duration, String> {
    let no_time = || format!("invalid time `{text}`; write it as `40ms` or `23s`");
    let at = text
        .find(|character: char| !character.is_ascii_digit())
        .ok_or_else(no_time)?;
    let (number, unit) = text.split_at_checked(at).ok_or_else(no_time)?;
    let number: u64 = number.parse().map_err(|_| no_time())?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        _ => return Err(no_time()),
    };
    if time > LONGEST {
        return Err(format!("`{text}` is longer than {} s", LONGEST.as_secs()));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_read_in_any_order() {
        let read = latencies("line=40ms,ssh=2s,boot=90s,snmp-cpu=30ms").unwrap();
        assert_eq!(
            (read.save, read.boot),
            (None, Some(Duration::from_secs(90)))
        );
        let read = read.latency;
        assert_eq!(read.ssh, Duration::from_secs(2));
        assert_eq!(read.line, Duration::from_millis(40));
        assert_eq!(read.snmp, Duration::ZERO);
        assert_eq!(read.snmp_cpu, Duration::from_millis(30));
    }

    #[test]
    fn an_invalid_latency_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "WHAT=TIME"),
            ("ssh", "WHAT=TIME"),
            ("shell=1s", "unknown time"),
            ("ssh=40", "invalid time"),
            ("ssh=ms", "invalid time"),
            ("ssh=4h", "invalid time"),
            ("ssh=99999999999999999999s", "invalid time"),
            ("ssh=601s", "longer than 600 s"),
        ] {
            let error = latencies(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
