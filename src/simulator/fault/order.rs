//! Parses a fault together with its limits (`nth`, `times`, `matching`) from one flat object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Fault;

/// A fault and its limits. Without limits it happens at every event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
pub struct FaultOrder {
    #[serde(flatten)]
    pub fault: Fault,
    /// The first event that triggers it, counted from one since the fault was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// The number of times it happens; with `nth`, the default is once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Only lines that contain this text count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
}

/// The beginning of serde's message for a wrong number; it would name a Rust type.
const NUMBER: &str = "expected a whole number";

/// The reason why a value is not a fault.
#[derive(Debug, thiserror::Error)]
pub enum NotAFault {
    #[error("`{0}` of a fault has the wrong type")]
    Limit(&'static str, #[source] serde_json::Error),
    #[error("`nth` of a fault counts from 1")]
    NthIsZero,
    #[error("`percent` of a fault goes from 0 to 100")]
    Percent,
    #[error("{}", .0.to_string().replace("expected u8", NUMBER).replace("expected u16", NUMBER).replace("expected u64", NUMBER).replace("expected usize", NUMBER))]
    Fault(serde_json::Error),
}

impl FaultOrder {
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            nth: None,
            times: None,
            matching: None,
        }
    }

    /// Triggers at the nth event only.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn matching(mut self, text: &str) -> Self {
        self.matching = Some(text.to_owned());
        self
    }

    /// Returns the number of times the fault happens; `None` means always.
    pub(super) fn most(&self) -> Option<u64> {
        let once = self.nth.is_some() || self.fault.is_single();
        self.times.or(once.then_some(1))
    }
}

impl From<Fault> for FaultOrder {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}

impl TryFrom<BTreeMap<String, Value>> for FaultOrder {
    type Error = NotAFault;

    /// Parses the limits first and the rest as the fault, so that a misspelt field of either is refused.
    fn try_from(mut fields: BTreeMap<String, Value>) -> Result<Self, NotAFault> {
        let nth = take(&mut fields, "nth")?;
        if nth == Some(0) {
            return Err(NotAFault::NthIsZero);
        }
        let times = take(&mut fields, "times")?;
        let matching = take(&mut fields, "matching")?;
        let percent = fields.get("percent").and_then(Value::as_u64);
        if percent.is_some_and(|percent| percent > 100) {
            return Err(NotAFault::Percent);
        }
        let rest = Value::Object(fields.into_iter().collect());
        Ok(Self {
            fault: serde_json::from_value(rest).map_err(NotAFault::Fault)?,
            nth,
            times,
            matching,
        })
    }
}

fn take<T: for<'a> Deserialize<'a>>(
    fields: &mut BTreeMap<String, Value>,
    name: &'static str,
) -> Result<Option<T>, NotAFault> {
    let Some(value) = fields.remove(name) else {
        return Ok(None);
    };
    serde_json::from_value(value).map_err(|error| NotAFault::Limit(name, error))
}

#[cfg(test)]
mod tests {
    use super::super::{At, Stage};
    use super::*;

    #[test]
    fn a_fault_and_its_limits_are_one_flat_object() {
        let order = FaultOrder::new(Fault::SshDrop { at: At::MidReply })
            .nth(3)
            .matching("ghn");
        let text = r#"{"fault":"ssh-drop","at":"mid-reply","nth":3,"matching":"ghn"}"#;
        assert_eq!(serde_json::to_string(&order).unwrap(), text);
        assert_eq!(serde_json::from_str::<FaultOrder>(text).unwrap(), order);
    }

    #[test]
    fn options_with_a_default_can_be_left_out() {
        let read = |text: &str| serde_json::from_str::<FaultOrder>(text).unwrap().fault;
        assert_eq!(
            read(r#"{"fault":"reboot"}"#),
            Fault::Reboot { at: At::Before }
        );
        assert!(
            matches!(read(r#"{"fault":"ssh-error"}"#), Fault::SshError { text } if text.starts_with("% Internal error 0x"))
        );
        let stall = read(r#"{"fault":"ssh-stall","stage":"kex"}"#);
        assert_eq!(stall, Fault::SshStall { stage: Stage::Kex });
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        for text in [
            r#"{"fault":"ssh-slow"}"#,
            r#"{"fault":"ssh-ignore","nht":3}"#,
            r#"{"fault":"ssh-slow-line","millis":5,"seconds":5}"#,
            r#"{"fault":"ssh-ignore","nth":0}"#,
            r#"{"fault":"ssh-ignore","nth":"3"}"#,
            r#"{"nth":3}"#,
        ] {
            assert!(serde_json::from_str::<FaultOrder>(text).is_err(), "{text}");
        }
    }
}
