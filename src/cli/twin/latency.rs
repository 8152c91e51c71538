//! `--latency ssh=150ms,line=40ms,snmp=20ms`: how much longer everything takes.

use std::time::Duration;

use crate::simulator::server::Latency;

/// Longer waits are no latency but a fault.
const LONGEST: Duration = Duration::from_secs(600);

/// Reads the argument; what is not named takes no time.
pub(super) fn latency(text: &str) -> Result<Latency, String> {
    let mut latency = Latency::default();
    for part in text.split(',') {
        let (what, time) = part
            .split_once('=')
            .ok_or_else(|| format!("`{part}` needs the form WHAT=TIME, such as `line=40ms`"))?;
        let time = duration(time)?;
        match what {
            "ssh" => latency.ssh = time,
            "line" => latency.line = time,
            "snmp" => latency.snmp = time,
            _ => {
                return Err(format!(
                    "`{what}` takes no time; `ssh` is a connection, `line` a line in it, `snmp` an answer"
                ));
            }
        }
    }
    Ok(latency)
}

fn duration(text: &str) -> Result<Duration, String> {
    let no_time = || format!("`{text}` is no time such as `40ms` or `23s`");
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
        let read = latency("line=40ms,ssh=2s").unwrap();
        assert_eq!(read.ssh, Duration::from_secs(2));
        assert_eq!(read.line, Duration::from_millis(40));
        assert_eq!(read.snmp, Duration::ZERO);
    }

    #[test]
    fn what_is_no_latency_says_why() {
        for (text, why) in [
            ("", "WHAT=TIME"),
            ("ssh", "WHAT=TIME"),
            ("shell=1s", "takes no time"),
            ("ssh=40", "no time such as"),
            ("ssh=ms", "no time such as"),
            ("ssh=4h", "no time such as"),
            ("ssh=99999999999999999999s", "no time such as"),
            ("ssh=601s", "longer than 600 s"),
        ] {
            let error = latency(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
