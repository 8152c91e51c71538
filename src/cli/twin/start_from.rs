//! `--start-with`: builds the configuration that twins start with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use compact_str::CompactString;

use crate::model::{DeviceConfig, MacAddress, VlanId};
use crate::report::{counted, visible};
use crate::simulator::commands::{LONGEST_CONFIGURATION, RejectedLine, load_foreign};
use crate::simulator::gam::{Configuration, Hardware, configuration_of};

/// The configuration that twins start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StartFrom {
    /// The intended configuration of the inventory.
    Intended,
    /// As delivered, with the inventory's endpoints plugged in.
    Factory,
    /// A running-config in a file.
    File(PathBuf),
}

/// The start of one twin.
#[derive(Debug)]
pub(super) struct Start {
    /// `None` is the factory configuration.
    pub configuration: Option<Configuration>,
    pub plugged: Vec<(MacAddress, u8)>,
    /// A remark for the operator.
    pub note: Option<String>,
}

/// The number of rejected lines that are shown.
const SHOWN_LINES: usize = 10;

impl FromStr for StartFrom {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "intended" => Self::Intended,
            "factory" => Self::Factory,
            path => Self::File(PathBuf::from(path)),
        })
    }
}

impl StartFrom {
    /// Returns the start of the twin of a device.
    pub(super) fn start(
        &self,
        intended: &DeviceConfig,
        management_vlan: VlanId,
        hardware: &Hardware,
        seed: u64,
    ) -> anyhow::Result<Start> {
        let (configuration, note) = match self {
            Self::Intended | Self::Factory => {
                let mut configuration = configuration_of(intended, hardware);
                let management = (management_vlan.get(), CompactString::default());
                configuration.vlan_interfaces = BTreeMap::from([management]);
                (configuration, None)
            }
            Self::File(path) => load_file(path, hardware)?,
        };
        let plugged = configuration.expected(hardware, seed);
        Ok(Start {
            configuration: (*self != Self::Factory).then_some(configuration),
            plugged,
            note,
        })
    }
}

fn load_file(path: &Path, hardware: &Hardware) -> anyhow::Result<(Configuration, Option<String>)> {
    let shown = path.display();
    let failed = || {
        format!(
            "failed to read the running-config {shown}; `--start-with` accepts `intended`, `factory` or a file"
        )
    };
    let size = std::fs::metadata(path).with_context(failed)?.len();
    ensure!(
        usize::try_from(size).is_ok_and(|size| size <= LONGEST_CONFIGURATION),
        "{shown} is larger than {LONGEST_CONFIGURATION} bytes; check that it is the text of `show running-config`"
    );
    let text = std::fs::read_to_string(path).with_context(failed)?;
    match load_foreign(&text, hardware) {
        Ok((configuration, left_out)) => {
            let note = (!left_out.is_empty()).then(|| {
                format!(
                    "{} left out, about features that a twin does not have: {}",
                    counted(left_out.len(), "line"),
                    listed(&left_out, path)
                )
            });
            Ok((configuration, note))
        }
        Err(rejected) => bail!(
            "a {} rejects {} of the running-config; correct or remove them: {}",
            hardware.model,
            counted(rejected.len(), "line"),
            listed(&rejected, path)
        ),
    }
}

/// Returns the first rejected lines, with their positions.
fn listed(lines: &[RejectedLine], path: &Path) -> String {
    let shown = path.display();
    let mut listed: Vec<String> = lines
        .iter()
        .take(SHOWN_LINES)
        .map(|line| {
            let text = visible(&line.text).into_owned();
            format!("{shown}:{}: {}: {text}", line.line, line.reason)
        })
        .collect();
    let hidden = lines.len().saturating_sub(SHOWN_LINES);
    if hidden > 0 {
        listed.push(format!("and {hidden} more"));
    }
    listed.join("; ")
}
