//! Defines the writes to billing that wait in the outbox, and the key of each.

use std::collections::BTreeMap;

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use crate::model::billing::EquipmentId;
use crate::model::{DeviceName, PortNumber};
use crate::sync::{Reason, ServiceKey, WriteBack, WriteBackField};

/// A write to a billing system, with values only: its client makes the request, and the text of a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingWrite {
    /// Values of gamctl's own fields, and the place in billing's.
    Fields {
        service: ServiceKey,
        values: BTreeMap<WriteBackField, CompactString>,
        native_place: Option<(DeviceName, PortNumber)>,
    },
    /// A note about an event.
    Note {
        service: ServiceKey,
        /// Such as `activated`.
        event: CompactString,
        /// Names this event among others of its kind, such as the commit that led to it.
        of: CompactString,
        place: Option<(DeviceName, PortNumber)>,
    },
    /// A step of the ticket about a rule.
    Ticket {
        service: ServiceKey,
        rule: CompactString,
        /// The time since which the rule applies: a later ticket about it is another one.
        since: u64,
        step: TicketStep,
        /// The number of a comment; the other steps have none.
        #[serde(default)]
        number: u32,
        /// The facts that the step is about; absent where the ticket is closed, and in rows of versions that wrote none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Box<Reason>>,
    },
    /// The health of an item.
    Health {
        item: EquipmentId,
        status: CompactString,
    },
}

/// The cause for which a write is refused whose service is in no reading. It is in force until a reading has the service again:
/// billing may have returned half of its services and the fitting counts.
pub const SERVICE_GONE: &str = "service-gone";

/// A step of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStep {
    Open,
    Comment,
    Close,
}

impl From<WriteBack> for BillingWrite {
    fn from(write: WriteBack) -> Self {
        Self::Fields {
            service: write.service,
            values: write.values,
            native_place: write.native_place,
        }
    }
}

impl BillingWrite {
    /// Returns the text that two writes in one place of billing share.
    pub fn key(&self) -> CompactString {
        match self {
            Self::Fields { service, .. } => format_compact!("fields {service}"),
            Self::Note {
                service, event, of, ..
            } => format_compact!("note {service} {event} {of}"),
            Self::Ticket {
                service,
                rule,
                since,
                step,
                number,
                ..
            } => match step {
                TicketStep::Open => format_compact!("ticket {service} {rule} {since} open"),
                TicketStep::Comment => {
                    format_compact!("ticket {service} {rule} {since} comment {number}")
                }
                TicketStep::Close => format_compact!("ticket {service} {rule} {since} close"),
            },
            Self::Health { item, .. } => format_compact!("health {item}"),
        }
    }

    /// Returns whether it must not be sent again once it took effect. The others are compared with what was read.
    pub fn is_once(&self) -> bool {
        matches!(self, Self::Note { .. } | Self::Ticket { .. })
    }
}
