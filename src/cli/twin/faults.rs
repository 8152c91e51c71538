//! `--faults FILE`: parses the faults that twins have from the start.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use globset::GlobMatcher;
use serde::Deserialize;
use toml::Spanned;

use crate::cli::scope::pattern;
use crate::simulator::fault::FaultOrder;

/// One `[[fault]]` of the file.
#[derive(Debug)]
pub(super) struct FleetFault {
    /// Its position in the file, such as `faults.toml:7`.
    pub place: String,
    /// The pattern of device names, as written in the file.
    pub written: String,
    pub devices: GlobMatcher,
    pub order: FaultOrder,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFile {
    #[serde(default)]
    fault: Vec<Spanned<BTreeMap<String, toml::Value>>>,
}

/// Far more than a person writes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file of faults.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<FleetFault>> {
    let shown = path.display();
    let failed = || format!("failed to read the faults {shown}");
    let size = std::fs::metadata(path).with_context(failed)?.len();
    ensure!(
        size <= MAX_BYTES,
        "the faults {shown} are larger than {MAX_BYTES} bytes; check that it is the right file"
    );
    let text = std::fs::read_to_string(path).with_context(failed)?;
    parse(&text, &shown.to_string())
}

fn parse(text: &str, path: &str) -> anyhow::Result<Vec<FleetFault>> {
    let line = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    };
    let written: FaultFile = match toml::from_str(text) {
        Ok(written) => written,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            bail!("{path}:{}: {}", line(at), error.message());
        }
    };
    let mut faults = Vec::new();
    for spanned in written.fault {
        let line = line(spanned.span().start);
        let place = format!("{path}:{line}");
        let fault = fault(spanned.into_inner(), &place);
        faults.push(fault.context(place)?);
    }
    ensure!(
        !faults.is_empty(),
        "{path} has no fault; add one with `[[fault]]`"
    );
    Ok(faults)
}

fn fault(mut fields: BTreeMap<String, toml::Value>, place: &str) -> anyhow::Result<FleetFault> {
    let Some(device) = fields.remove("device") else {
        bail!("a fault needs `device`, a name or a pattern such as `maple-*`");
    };
    let Some(device) = device.as_str() else {
        bail!("`device` of a fault must be a text");
    };
    ensure!(
        fields.contains_key("fault"),
        "a fault needs `fault`, its name such as `snmp-silence`"
    );
    let order = serde_json::to_value(&fields).and_then(serde_json::from_value);
    Ok(FleetFault {
        place: place.to_owned(),
        written: device.to_owned(),
        devices: pattern(device)?,
        order: order.context("invalid fault")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::fault::Fault;

    fn error(text: &str) -> String {
        format!("{:#}", parse(text, "faults.toml").unwrap_err())
    }

    #[test]
    fn a_fault_is_for_the_devices_that_match() {
        let text = "[[fault]]\ndevice = \"maple-*\"\nfault = \"snmp-loss\"\npercent = 30\n\n[[fault]]\ndevice = \"birch-12\"\nfault = \"ssh-slow-line\"\nmillis = 23000\nnth = 3\n";
        let faults = parse(text, "faults.toml").unwrap();
        assert_eq!(faults[0].order.fault, Fault::SnmpLoss { percent: 30 });
        assert!(faults[0].devices.is_match("maple-court-a"));
        assert!(!faults[0].devices.is_match("birch-12"));
        assert_eq!(faults[1].order.nth, Some(3));
    }

    #[test]
    fn an_error_is_reported_with_its_line() {
        for (text, why) in [
            ("", "has no fault"),
            ("[[fautl]]\n", "faults.toml:1: "),
            (
                "\n[[fault]]\nfault = \"ssh-busy\"\n",
                "faults.toml:2: a fault needs `device`",
            ),
            (
                "[[fault]]\ndevice = \"*\"\n",
                "faults.toml:1: a fault needs `fault`",
            ),
            (
                "[[fault]]\ndevice = \"*\"\nfault = \"ssh-buzy\"\n",
                "unknown variant `ssh-buzy`",
            ),
            (
                "[[fault]]\ndevice = \"[\"\nfault = \"ssh-busy\"\n",
                "invalid pattern",
            ),
            (
                "[[fault]]\ndevice = \"*\"\nfault = \"ssh-busy\"\nnht = 3\n",
                "nht",
            ),
        ] {
            let error = error(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
