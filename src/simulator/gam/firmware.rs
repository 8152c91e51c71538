//! Models the firmware images in flash, and the features of the active one.

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use super::Hardware;

/// The firmware behaviour of a twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub enum FirmwareProfile {
    /// All objects of the MIBs are present.
    #[default]
    #[serde(rename = "1.8")]
    V1_8,
    /// Like the real GAM-4-CX: the G.hn agent's configuration tables are missing, the CLI works (seen).
    #[serde(rename = "1.5.4-4CX")]
    V1_5_4OnCx,
}

/// A part of the device that some firmware lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    GhnConfigurationTables,
    /// The scalars of the DHCP relay and the PPPoE agent.
    Relays,
    /// The table of what SFP modules measure.
    ModuleValues,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firmware {
    pub active: Image,
    pub alternative: Image,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The features of the device while this image runs.
    pub profile: FirmwareProfile,
    pub version: CompactString,
    pub built: &'static str,
    pub code_revision: &'static str,
}

impl Firmware {
    pub fn of(profile: FirmwareProfile, hardware: &Hardware) -> Self {
        let family = hardware.family();
        let image = |number: &str, built, code_revision| Image {
            profile: FirmwareProfile::V1_5_4OnCx,
            version: format_compact!("{family}_v{number}"),
            built,
            code_revision,
        };
        let older = image("1.5.3", "2023-08-14T10:02:11-04:00", "24102");
        let seen = image("1.5.4", "2024-02-06T15:40:52-05:00", "24791");
        match profile {
            FirmwareProfile::V1_8 => Self {
                active: Image {
                    profile,
                    ..image("1.8.0", "2026-03-19T09:12:30-04:00", "31044")
                },
                alternative: seen,
            },
            FirmwareProfile::V1_5_4OnCx => Self {
                active: seen,
                alternative: older,
            },
        }
    }

    pub fn has(&self, part: Part) -> bool {
        match (self.active.profile, part) {
            (FirmwareProfile::V1_8, _) => true,
            (FirmwareProfile::V1_5_4OnCx, Part::GhnConfigurationTables) => false,
            (FirmwareProfile::V1_5_4OnCx, Part::Relays | Part::ModuleValues) => true,
        }
    }

    pub fn swap(&mut self) {
        std::mem::swap(&mut self.active, &mut self.alternative);
    }
}

impl FirmwareProfile {
    pub const ALL: [Self; 2] = [Self::V1_8, Self::V1_5_4OnCx];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_8 => "1.8",
            Self::V1_5_4OnCx => "1.5.4-4CX",
        }
    }
}
