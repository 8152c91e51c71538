//! `--faults FILE`: parses the faults that twins have from the start.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use globset::GlobMatcher;
use serde::Deserialize;
use toml::Spanned;

use super::fault_text;
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

/// Reads a file of faults.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<FleetFault>> {
    parse(&fault_text::text(path)?, &path.display().to_string())
}

fn parse(text: &str, path: &str) -> anyhow::Result<Vec<FleetFault>> {
    let written: FaultFile = fault_text::toml(text, path)?;
    let mut faults = Vec::new();
    for spanned in written.fault {
        let line = fault_text::line(text, spanned.span().start);
        let place = format!("{path}:{line}");
        let fault = fault(spanned.into_inner(), &place);
        faults.push(fault.context(place)?);
    }
    fault_text::not_empty(faults, path)
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
