//! What an apply writes down: one entry for each arrow of its way, durable before the next one is taken.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::DeviceOutcome;
use super::cause::{Failure, SaveFailure, facts_or_text, maybe_facts_or_text};
use crate::model::{Fingerprint, Observation};
use crate::plan::DevicePlan;

/// One thing that happened with a device. Nothing in it is secret: what a device said was masked before it got here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    Looked {
        moment: Moment,
        fingerprint: Fingerprint,
        observation: Box<Observation>,
    },
    /// What is about to be typed. Committed before the first byte of it is sent, or nothing is sent.
    Intent {
        purpose: Purpose,
        plan: Box<DevicePlan>,
    },
    /// A step was typed, or failed.
    Typed {
        purpose: Purpose,
        /// Counted from 1.
        step: usize,
        exchanges: Vec<Exchange>,
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "maybe_facts_or_text"
        )]
        failure: Option<Failure>,
    },
    /// Configuration mode was left.
    Left { purpose: Purpose },
    /// A second look found what was intended.
    Verified {
        purpose: Purpose,
        fingerprint: Fingerprint,
    },
    /// The running configuration is in the startup file.
    Saved {
        /// What the device said of its size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
        /// How that is known beyond the reply.
        proof: String,
        exchanges: Vec<Exchange>,
    },
    NotSaved {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: SaveFailure,
        exchanges: Vec<Exchange>,
    },
    /// The last entry of a device in a run.
    Ended { outcome: DeviceOutcome },
}

/// Which look it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Right before the first write.
    Before,
    /// To verify.
    After,
    /// After something went wrong.
    Failed,
    /// At a start, for what an earlier process left behind.
    Recovery,
}

/// What lines were typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    Apply,
    /// Back to what was there before.
    Undo,
}

/// A line, and what the device said to it; masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub line: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply: Vec<String>,
    pub millis: u64,
}

impl From<crate::transport::ssh::Exchange> for Exchange {
    fn from(exchange: crate::transport::ssh::Exchange) -> Self {
        let crate::transport::ssh::Exchange {
            line,
            reply,
            millis,
        } = exchange;
        Self {
            line,
            reply,
            millis,
        }
    }
}

/// Writes entries down so that they outlive the process.
pub trait Witness: Sync {
    /// Returns when the entry is durable.
    fn commit(&self, entry: Entry) -> impl Future<Output = Result<(), NotCommitted>> + Send;
}

/// Why an entry is not durable. Whatever it is, nothing more is written to the device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCommitted {
    #[error("another process took over the lease")]
    Fenced,
    #[error("cannot write to the store: {0}")]
    Lost(String),
}
