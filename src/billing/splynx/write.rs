//! Writes gamctl's own fields of a service and reads them back: a 202 may change nothing.

use compact_str::{CompactString, format_compact};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::super::error::{BillingError, BillingProblem};
use super::super::http::HttpAnswer;
use super::super::json::{self, Record};
use super::super::limiter::Priority;
use super::answer::not_json;
use super::client::{Call, SplynxClient};
use super::endpoint::{SERVICE_EDIT, SERVICES};
use super::row::{FieldNames, PLACE, STATE, ServiceRow, VLAN, is_dropped};
use crate::model::billing::{AccountId, ServiceId, WrittenBack};

/// The fields of a service that gamctl may write; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SplynxFields {
    pub place: Option<CompactString>,
    pub vlan: Option<CompactString>,
    pub state: Option<CompactString>,
    /// Written only where it is empty, or still as gamctl left it.
    pub access: Option<AccessLink>,
}

/// The access device and the port of a service, in Splynx's own fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLink {
    /// The id of a row of `networking/monitoring`.
    pub device: CompactString,
    pub port: CompactString,
    /// The device and the port that gamctl wrote last.
    pub written: Option<(CompactString, CompactString)>,
}

/// The result of a write, decided by a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteResult {
    /// The values are there.
    Proved,
    /// The system accepted the write, and these fields have other values.
    NotTaken { fields: Vec<&'static str> },
    /// The service does not exist any more.
    ServiceGone,
}

/// The values of a service that can be compared with what is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Present {
    written_back: WrittenBack,
    access_device: Option<CompactString>,
    port: Option<CompactString>,
}

impl SplynxClient {
    /// Writes fields of a service and reads them back; the caller passes only those that differ from what it has read.
    ///
    /// If the answer to the write is lost, the read decides whether it took effect.
    pub async fn write_service(
        &self,
        account: &AccountId,
        service: &ServiceId,
        fields: &SplynxFields,
    ) -> Result<WriteResult, BillingError> {
        let path = format_compact!("customers/customer/{account}/internet-services--{service}");
        // A link that a person entered is in no snapshot, so it is read first.
        let present = match fields.access {
            Some(_) => self.present(&path).await?,
            None => Some(Present::default()),
        };
        let Some(present) = present else {
            return Ok(WriteResult::ServiceGone);
        };
        let fields = fields.clone().without_foreign_link(&present);
        let body = fields.body(&present);
        if body.is_empty() {
            return Ok(WriteResult::Proved);
        }
        let call = Call::write(Method::PUT, SERVICE_EDIT, &path, Value::Object(body));
        match self.call(&call, |_| Ok(())).await {
            Ok(()) => {}
            Err(error) if error.may_have_taken_effect() => {
                // The error of the write is the cause if the read fails too.
                let Ok(present) = self.present(&path).await else {
                    return Err(error);
                };
                let has_taken = present.is_some_and(|present| fields.missing(&present).is_empty());
                return if has_taken {
                    Ok(WriteResult::Proved)
                } else {
                    Err(error)
                };
            }
            Err(error) => return Err(error),
        }
        let Some(present) = self.present(&path).await? else {
            return Ok(WriteResult::ServiceGone);
        };
        let fields = fields.missing(&present);
        Ok(match fields.is_empty() {
            true => WriteResult::Proved,
            false => WriteResult::NotTaken { fields },
        })
    }

    /// Reads the values of a service; `None` if there is no such service.
    async fn present(&self, path: &str) -> Result<Option<Present>, BillingError> {
        let call = Call::get(SERVICES, path, Priority::WriteBack);
        match self.call(&call, read_present).await {
            Ok(present) => Ok(Some(present)),
            Err(BillingError {
                problem: BillingProblem::Refused { status: 404, .. },
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn read_present(answer: &HttpAnswer) -> Result<Present, BillingProblem> {
    let value = json::parse(&answer.body, is_dropped).map_err(|_| not_json(answer))?;
    // One version answers with the record, another with a list of one.
    let value = match value.as_array().map(Vec::as_slice) {
        Some([one]) => one,
        _ => &value,
    };
    let record = Record::of(value, "").map_err(BillingProblem::Shape)?;
    let row = ServiceRow::read(&record, FieldNames::default()).map_err(BillingProblem::Shape)?;
    Ok(Present {
        written_back: row.written_back,
        access_device: row.access_device,
        port: row.port,
    })
}

impl SplynxFields {
    /// Leaves out the link to an access device that a person entered.
    fn without_foreign_link(self, present: &Present) -> Self {
        let is_ours = |link: &AccessLink| match (&present.access_device, &present.port) {
            (None, None) => true,
            (device, port) => {
                let present = (device.as_deref(), port.as_deref());
                let ours = [
                    link.written.as_ref().map(|(device, port)| (device, port)),
                    Some((&link.device, &link.port)),
                ];
                ours.into_iter()
                    .flatten()
                    .any(|(device, port)| present == (Some(device), filled(port)))
            }
        };
        Self {
            access: self.access.filter(is_ours),
            ..self
        }
    }

    fn wanted(&self) -> [(&'static str, Option<&CompactString>); 3] {
        [
            (PLACE, self.place.as_ref()),
            (VLAN, self.vlan.as_ref()),
            (STATE, self.state.as_ref()),
        ]
    }

    /// Returns the names of the fields whose values are not there.
    fn missing(&self, present: &Present) -> Vec<&'static str> {
        let back = &present.written_back;
        let there = [&back.place, &back.vlan, &back.state];
        let own = self.wanted().into_iter().zip(there);
        let own = own.filter(|((_, wanted), there)| {
            wanted.is_some_and(|wanted| filled(wanted) != there.as_deref())
        });
        let mut missing: Vec<_> = own.map(|((name, _), _)| name).collect();
        if let Some(link) = &self.access {
            if present.access_device.as_ref() != Some(&link.device) {
                missing.push("access_device");
            }
            if present.port.as_deref() != filled(&link.port) {
                missing.push("port_id");
            }
        }
        missing
    }

    /// Returns the body of a PUT with only what differs.
    fn body(&self, present: &Present) -> Map<String, Value> {
        let missing = self.missing(present);
        let mut body = Map::new();
        let mut additional = Map::new();
        for (name, value) in self.wanted() {
            if let Some(value) = value.filter(|_| missing.contains(&name)) {
                additional.insert(name.to_owned(), json!(value.as_str()));
            }
        }
        if let Some(link) = &self.access {
            for (name, value) in [("access_device", &link.device), ("port_id", &link.port)] {
                if missing.contains(&name) {
                    body.insert(name.to_owned(), json!(value.as_str()));
                }
            }
        }
        if !additional.is_empty() {
            body.insert(
                "additional_attributes".to_owned(),
                Value::Object(additional),
            );
        }
        body
    }
}

fn filled(text: &CompactString) -> Option<&str> {
    Some(text.as_str()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(device: &str, port: &str, place: &str, vlan: &str) -> Present {
        let text = |text: &str| (!text.is_empty()).then(|| CompactString::new(text));
        Present {
            written_back: WrittenBack {
                place: text(place),
                vlan: text(vlan),
                state: None,
            },
            access_device: text(device),
            port: text(port),
        }
    }

    fn fields() -> SplynxFields {
        SplynxFields {
            place: Some("maple-court-a/1".into()),
            vlan: Some("101".into()),
            state: None,
            access: Some(AccessLink {
                device: "12".into(),
                port: "1".into(),
                written: Some(("12".into(), "7".into())),
            }),
        }
    }

    fn body(present: &Present) -> Value {
        let fields = fields().without_foreign_link(present);
        Value::Object(fields.body(present))
    }

    #[test]
    fn only_what_differs_is_written() {
        let all = json!({"access_device": "12", "port_id": "1",
            "additional_attributes": {"gam_place": "maple-court-a/1", "gam_vlan": "101"}});
        assert_eq!(body(&present("", "", "", "")), all);
        let vlan = json!({"additional_attributes": {"gam_vlan": "101"}});
        assert_eq!(body(&present("12", "1", "maple-court-a/1", "102")), vlan);
        assert_eq!(
            body(&present("12", "1", "maple-court-a/1", "101")),
            json!({})
        );
        assert_eq!(
            body(&present("12", "7", "maple-court-a/1", "101")),
            json!({"port_id": "1"})
        );
    }

    #[test]
    fn a_link_that_a_person_entered_is_left_alone() {
        for (device, port) in [("13", "1"), ("12", "9"), ("", "0x0004"), ("13", "")] {
            let body = body(&present(device, port, "maple-court-a/1", "101"));
            assert_eq!(body, json!({}), "{device} {port}");
        }
    }

    #[test]
    fn nothing_that_bills_or_ends_a_session_is_ever_written() {
        let body = body(&present("", "", "", "")).to_string();
        for name in [
            "status", "tariff", "login", "password", "ipv4", "\"mac\"", "price",
        ] {
            assert!(!body.contains(name), "{name}");
        }
    }

    #[test]
    fn one_record_or_a_list_of_one_is_read() {
        let record = r#"{"id":7001,"customer_id":1042,"status":"active","port_id":"","access_device":0,"additional_attributes":{"gam_vlan":"101"}}"#;
        for body in [record.to_owned(), format!("[{record}]")] {
            let answer = HttpAnswer::for_test(200, &body, &[]);
            assert_eq!(read_present(&answer), Ok(present("", "", "", "101")));
        }
        for body in ["[]", "{}", "<html>", "[1,2]"] {
            let answer = HttpAnswer::for_test(200, body, &[]);
            assert!(read_present(&answer).is_err(), "{body}");
        }
    }
}
