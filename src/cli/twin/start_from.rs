//! `--from`: what twins are configured as when they start.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail, ensure};

use crate::model::{DeviceConfig, MacAddress};
use crate::report::{counted, visible};
use crate::simulator::commands::{LONGEST_CONFIGURATION, load};
use crate::simulator::gam::{Configuration, Hardware, Place, chance, configuration_of};

/// What twins start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StartFrom {
    /// What the inventory intends.
    Intended,
    /// As delivered, with the inventory's endpoints plugged in.
    Factory,
    /// A running-config in a file.
    File(PathBuf),
}

/// What one twin starts with.
#[derive(Debug)]
pub(super) struct Start {
    /// Nothing is as delivered.
    pub configuration: Option<Configuration>,
    pub plugged: Vec<(MacAddress, u8)>,
}

/// How many lines that the device would not take are shown.
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
    /// Returns what a twin starts with whose device should look like this.
    pub(super) fn start(
        &self,
        intended: &DeviceConfig,
        hardware: &Hardware,
        seed: u64,
    ) -> anyhow::Result<Start> {
        let configuration = match self {
            Self::Intended | Self::Factory => configuration_of(intended, hardware),
            Self::File(path) => load_file(path, hardware)?,
        };
        let plugged = plugged(&configuration, hardware, seed);
        Ok(Start {
            configuration: (*self != Self::Factory).then_some(configuration),
            plugged,
        })
    }
}

/// Returns every configured endpoint with the port it is expected on.
fn plugged(configuration: &Configuration, hardware: &Hardware, seed: u64) -> Vec<(MacAddress, u8)> {
    let ports = u32::from(hardware.ghn_ports());
    let endpoints = configuration.endpoints.values();
    let mut plugged: Vec<(MacAddress, u8)> = endpoints
        .filter_map(|endpoint| match endpoint.port {
            Place::Port(port) => Some((endpoint.mac, port)),
            Place::Auto => {
                let port = chance::between(seed, "auto", endpoint.mac.to_u64(), 1, ports);
                Some((endpoint.mac, u8::try_from(port).ok()?))
            }
            Place::Unassigned => None,
        })
        .collect();
    plugged.sort_unstable();
    plugged
}

fn load_file(path: &Path, hardware: &Hardware) -> anyhow::Result<Configuration> {
    let shown = path.display();
    let failed = || {
        format!(
            "failed to read the running-config {shown}; `--from` takes `intended`, `factory` or a file"
        )
    };
    let size = std::fs::metadata(path).with_context(failed)?.len();
    ensure!(
        usize::try_from(size).is_ok_and(|size| size <= LONGEST_CONFIGURATION),
        "{shown} is larger than {LONGEST_CONFIGURATION} bytes; is it the text of `show running-config`?"
    );
    let text = std::fs::read_to_string(path).with_context(failed)?;
    let rejected = match load(&text, hardware) {
        Ok(configuration) => return Ok(configuration),
        Err(rejected) => rejected,
    };
    let mut lines: Vec<String> = rejected
        .iter()
        .take(SHOWN_LINES)
        .map(|line| {
            let text = visible(&line.text).into_owned();
            format!("{shown}:{}: {}: {text}", line.line, line.reason)
        })
        .collect();
    let hidden = rejected.len().saturating_sub(SHOWN_LINES);
    if hidden > 0 {
        lines.push(format!("and {hidden} more"));
    }
    bail!(
        "a {} would not take {} of the running-config; correct or remove them: {}",
        hardware.model,
        counted(rejected.len(), "line"),
        lines.join("; ")
    );
}
