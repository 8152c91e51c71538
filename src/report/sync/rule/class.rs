//! Explains each classification of a service.

use crate::sync::Classification;

/// Returns the meaning of a classification, as one sentence.
pub(super) fn class_meaning(class: Classification) -> &'static str {
    match class {
        Classification::InSync => {
            "Billing and the inventory agree, or differ only where a decision was made."
        }
        Classification::Change => "Its subscriber gets a new value, is suspended, or is removed.",
        Classification::New => "It gets a subscriber.",
        Classification::Waiting => {
            "It waits for an endpoint, an item, a date or a complete reading. The sync goes on by itself."
        }
        Classification::Held => {
            "The two sides differ, and `hold` of the subscriber keeps the value."
        }
        Classification::Contested => {
            "A person edited the inventory, or nothing is remembered. The value stays until a person decides."
        }
        Classification::Quarantined => {
            "A record is wrong, contradicts another one or is not understood. Nothing follows from it."
        }
        Classification::Gone => {
            "It ended in billing. Its subscriber is suspended, and removed after the grace period."
        }
        Classification::OutOfScope => "It is not a service for GAMs, or has ended. Only counted.",
    }
}
