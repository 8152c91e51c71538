//! Defines the log entries of an apply; each is committed before the next step.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::DeviceOutcome;
use super::cause::{Failure, NotCommitted, SaveFailure, facts_or_text, maybe_facts_or_text};
use crate::model::{Fingerprint, Observation};
use crate::plan::DevicePlan;

/// One event on a device. No entry holds a secret: replies of a device are masked before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    Looked {
        moment: LookReason,
        fingerprint: Fingerprint,
        observation: Box<Observation>,
    },
    /// The lines that are about to be sent, committed before their first byte. If the commit fails, nothing is sent.
    Intent {
        purpose: Purpose,
        plan: Box<DevicePlan>,
    },
    /// A step was sent, or failed.
    #[serde(rename = "typed")] // stored
    Sent {
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
        /// The size that the device reported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
        /// The evidence for it beyond the reply.
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

/// The reason for a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LookReason {
    /// Right before the first write.
    Before,
    /// To verify.
    After,
    /// After a failure.
    Failed,
    /// At a start, for a device that a dead process left unfinished.
    Recovery,
}

/// The purpose of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    Apply,
    /// To restore the earlier configuration.
    Undo,
}

/// A line and the reply of the device, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// Stores entries so that they outlive the process.
pub trait ApplyLog: Sync {
    /// Returns when the entry is durable.
    fn commit(&self, entry: Entry) -> impl Future<Output = Result<(), NotCommitted>> + Send;

    /// Returns when all entries are durable. None is ever durable without those before it.
    fn commit_all(
        &self,
        entries: Vec<Entry>,
    ) -> impl Future<Output = Result<(), NotCommitted>> + Send;
}
