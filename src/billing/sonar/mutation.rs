//! Holds every mutation that gamctl can send to Sonar; none of them bills.

use std::fmt::Write as _;

use compact_str::CompactString;
use serde_json::{Value, json};

use super::query::Query;
use crate::billing::BillingProblem;
use crate::billing::OwnField;
use crate::billing::json::Record;
use crate::model::billing::{AccountId, EquipmentId, ServiceId, TariffId};

/// The urgency of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketPriority {
    Low,
    Medium,
    High,
    Critical,
}

/// The health of an item, as gamctl sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemHealth {
    Good,
    Warning,
    Down,
}

/// A kind of change that a webhook reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelEvent {
    /// Such as `AccountService`.
    pub model: CompactString,
    /// Such as `UPDATED`.
    pub event: CompactString,
}

/// A mutation. Values are written into the text: the names of input types are not published, so variables have no type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mutation<'m> {
    /// Sets values of service metadata; `None` removes one.
    SetMetadata {
        service: &'m ServiceId,
        values: &'m [(CompactString, Option<CompactString>)],
    },
    DefineMetadata {
        tariff: &'m TariffId,
        field: OwnField,
    },
    AddNote {
        account: &'m AccountId,
        message: &'m str,
    },
    OpenTicket {
        account: &'m AccountId,
        subject: &'m str,
        description: &'m str,
        priority: TicketPriority,
    },
    CommentTicket {
        ticket: &'m str,
        body: &'m str,
    },
    CloseTicket {
        ticket: &'m str,
    },
    SetHealth {
        item: &'m EquipmentId,
        health: Option<ItemHealth>,
    },
    CreateWebhook {
        name: &'m str,
        url: &'m str,
        events: &'m [ModelEvent],
    },
    UpdateWebhook {
        endpoint: &'m str,
        name: &'m str,
        url: &'m str,
        events: &'m [ModelEvent],
    },
    TestWebhook {
        endpoint: &'m str,
    },
}

impl Mutation<'_> {
    /// Returns the name of the mutation, which is also that of its answer.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::SetMetadata { .. } => "updateAccountService",
            Self::DefineMetadata { .. } => "createServiceMetadata",
            Self::AddNote { .. } => "createNote",
            Self::OpenTicket { .. } => "createInternalTicket",
            Self::CommentTicket { .. } => "createTicketComment",
            Self::CloseTicket { .. } => "updateTicket",
            Self::SetHealth { .. } => "updateInventoryItemStatus",
            Self::CreateWebhook { .. } => "createWebhookEndpoint",
            Self::UpdateWebhook { .. } => "updateWebhookEndpoint",
            Self::TestWebhook { .. } => "generateTestWebhook",
        }
    }

    /// Makes the request; `None` if an id is not one of Sonar.
    pub(super) fn query(&self) -> Option<Query> {
        let (arguments, result) = match self {
            Self::SetMetadata { service, values } => (set_metadata(service, values)?, "id"),
            Self::DefineMetadata { tariff, field } => {
                let (name, tariff) = (text(field.as_str()), number(tariff.as_str())?);
                (
                    format!("input: {{name: {name}, service_id: {tariff}}}"),
                    "id",
                )
            }
            Self::AddNote { account, message } => {
                let (message, account) = (text(message), number(account.as_str())?);
                let note = format!(
                    "input: {{message: {message}, noteable_type: Account, noteable_id: {account}, priority: NORMAL}}"
                );
                (note, "id")
            }
            Self::OpenTicket {
                account,
                subject,
                description,
                priority,
            } => {
                let (subject, description) = (text(subject), text(description));
                let (account, priority) = (number(account.as_str())?, priority.word());
                let ticket = format!(
                    "input: {{subject: {subject}, description: {description}, status: OPEN, priority: {priority}, ticketable_type: Account, ticketable_id: {account}}}"
                );
                (ticket, "id")
            }
            Self::CommentTicket { ticket, body } => {
                let (ticket, body) = (number(ticket)?, text(body));
                (
                    format!("input: {{ticket_id: {ticket}, body: {body}}}"),
                    "id",
                )
            }
            Self::CloseTicket { ticket } => {
                let ticket = number(ticket)?;
                (format!("id: {ticket}, input: {{status: CLOSED}}"), "id")
            }
            Self::SetHealth { item, health } => {
                let item = number(item.as_str())?;
                let status = match health {
                    Some(health) => format!("override_status: {}", health.word()),
                    None => "unset_override_status: true".to_owned(),
                };
                (format!("id: {item}, input: {{{status}}}"), "id")
            }
            Self::CreateWebhook { name, url, events } => {
                (format!("input: {}", webhook(name, url, events)), "id")
            }
            Self::UpdateWebhook {
                endpoint,
                name,
                url,
                events,
            } => {
                let endpoint = number(endpoint)?;
                let input = webhook(name, url, events);
                (format!("id: {endpoint}, input: {input}"), "id")
            }
            Self::TestWebhook { endpoint } => {
                (format!("id: {}", number(endpoint)?), "success status_code")
            }
        };
        let name = self.name();
        Some(Query {
            name,
            text: format!("mutation {{ {name}({arguments}) {{ {result} }} }}"),
            variables: json!({}),
        })
    }

    /// Reads the answer, which has the object under the name of the mutation.
    pub(super) fn read<'v>(&self, data: &'v Value) -> Result<Record<'v>, BillingProblem> {
        let refused = |code| BillingProblem::Refused {
            status: 200,
            code: Some(CompactString::const_new(code)),
        };
        let data = Record::of(data, "").map_err(BillingProblem::Shape)?;
        let object = data.optional(self.name()).map_err(BillingProblem::Shape)?;
        let object = object.ok_or_else(|| refused("null"))?;
        match object.flag("success") {
            Ok(None | Some(true)) => Ok(object),
            Ok(Some(false)) => Err(refused("success: false")),
            Err(why) => Err(BillingProblem::Shape(why)),
        }
    }
}

impl TicketPriority {
    fn word(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

impl ItemHealth {
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::Warning => "WARNING",
            Self::Down => "DOWN",
        }
    }
}

fn set_metadata(
    service: &ServiceId,
    values: &[(CompactString, Option<CompactString>)],
) -> Option<String> {
    let (mut set, mut unset) = (String::new(), String::new());
    for (field, value) in values {
        let field = number(field)?;
        match value {
            Some(value) => {
                let value = text(value);
                let _infallible = write!(set, "{{service_metadata_id: {field}, value: {value}}} ");
            }
            None => {
                let _infallible = write!(unset, "{field} ");
            }
        }
    }
    let mut input = String::new();
    for (key, list) in [("service_metadata", set), ("unset_service_metadata", unset)] {
        if !list.is_empty() {
            let _infallible = write!(input, "{key}: [{}] ", list.trim_end());
        }
    }
    let service = number(service.as_str())?;
    Some(format!("id: {service}, input: {{{}}}", input.trim_end()))
}

fn webhook(name: &str, url: &str, events: &[ModelEvent]) -> String {
    let events = events.iter().filter(|event| is_word(&event.event));
    let events: Vec<_> = events
        .map(|event| format!("{{model: {}, event: {}}}", text(&event.model), event.event))
        .collect();
    let (name, url, events) = (text(name), text(url), events.join(" "));
    format!("{{name: {name}, endpoint: {url}, enabled: true, model_events: [{events}]}}")
}

/// Returns whether a text may be a name in a query: an enum of the schema is written without quotes.
fn is_word(text: &str) -> bool {
    let is_sign = |sign: u8| sign.is_ascii_alphanumeric() || sign == b'_';
    text.bytes()
        .next()
        .is_some_and(|first| !first.is_ascii_digit())
        && text.bytes().all(is_sign)
}

/// Writes a text as a string of GraphQL, whose escapes are those of JSON.
fn text(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Returns an id as Sonar writes it: a number.
fn number(id: &str) -> Option<u64> {
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Calls `each` with one mutation of every kind.
    fn each_mutation(mut each: impl FnMut(Mutation<'_>)) {
        let (service, tariff) = (ServiceId::new("77").unwrap(), TariffId::new("31").unwrap());
        let (account, item) = (
            AccountId::new("1042").unwrap(),
            EquipmentId::new("9001").unwrap(),
        );
        let values = [
            ("3".into(), Some("maple-court-a/1".into())),
            ("4".into(), None),
        ];
        let events = [ModelEvent {
            model: "Account".into(),
            event: "UPDATED".into(),
        }];
        let (name, url) = (
            "gamctl",
            "https://gamctl.isp.example/hooks/billing/sonar/t0ken",
        );
        for mutation in [
            Mutation::SetMetadata {
                service: &service,
                values: &values,
            },
            Mutation::DefineMetadata {
                tariff: &tariff,
                field: OwnField::Vlan,
            },
            Mutation::AddNote {
                account: &account,
                message: "activated [gamctl 7f3a9c]",
            },
            Mutation::OpenTicket {
                account: &account,
                subject: "s",
                description: "d",
                priority: TicketPriority::Low,
            },
            Mutation::CommentTicket {
                ticket: "5",
                body: "b",
            },
            Mutation::CloseTicket { ticket: "5" },
            Mutation::SetHealth {
                item: &item,
                health: Some(ItemHealth::Down),
            },
            Mutation::CreateWebhook {
                name,
                url,
                events: &events,
            },
            Mutation::UpdateWebhook {
                endpoint: "2",
                name,
                url,
                events: &events,
            },
            Mutation::TestWebhook { endpoint: "2" },
        ] {
            each(mutation);
        }
    }

    #[test]
    fn no_mutation_bills_and_none_sends_what_could() {
        let mut names = Vec::new();
        each_mutation(|mutation| {
            let sent = mutation.query().unwrap().text;
            for billing in [
                "quantity",
                "price_override",
                "prorate",
                "next_bill_date",
                "account_status_id",
                "updateAccount(",
                "addServiceToAccount",
                "deleteAccountService",
                "disconnectAccount",
                "archiveAccount",
                "package_id",
            ] {
                assert!(!sent.contains(billing), "{sent}");
            }
            assert!(sent.starts_with(&format!("mutation {{ {}(", mutation.name())));
            assert_eq!(
                sent.matches('{').count(),
                sent.matches('}').count(),
                "{sent}"
            );
            names.push(mutation.name());
        });
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "createInternalTicket",
                "createNote",
                "createServiceMetadata",
                "createTicketComment",
                "createWebhookEndpoint",
                "generateTestWebhook",
                "updateAccountService",
                "updateInventoryItemStatus",
                "updateTicket",
                "updateWebhookEndpoint",
            ]
        );
    }

    #[test]
    fn metadata_is_set_and_removed_in_one_mutation() {
        let service = ServiceId::new("77").unwrap();
        let values = [
            ("3".into(), Some("a/1".into())),
            ("4".into(), None),
            ("5".into(), None),
        ];
        let set = Mutation::SetMetadata {
            service: &service,
            values: &values,
        };
        assert_eq!(
            set.query().unwrap().text,
            "mutation { updateAccountService(id: 77, input: {service_metadata: [{service_metadata_id: 3, value: \"a/1\"}] unset_service_metadata: [4 5]}) { id } }"
        );
    }

    #[test]
    fn an_id_that_is_not_a_number_is_not_sent() {
        let service = ServiceId::new("77-a").unwrap();
        let set = Mutation::SetMetadata {
            service: &service,
            values: &[],
        };
        assert!(set.query().is_none());
        assert!(
            Mutation::CloseTicket {
                ticket: "5) { id } x(id: 6"
            }
            .query()
            .is_none()
        );
    }

    #[test]
    fn null_and_success_false_are_failures() {
        let test = Mutation::TestWebhook { endpoint: "2" };
        let read = |answer: Value| test.read(&answer).map(|_| ());
        assert_eq!(
            read(json!({"generateTestWebhook": {"success": true}})),
            Ok(())
        );
        assert_eq!(read(json!({"generateTestWebhook": {"id": "7"}})), Ok(()));
        for (answer, code) in [
            (
                json!({"generateTestWebhook": {"success": false, "message": "no"}}),
                "success: false",
            ),
            (json!({"generateTestWebhook": null}), "null"),
        ] {
            let refused = BillingProblem::Refused {
                status: 200,
                code: Some(code.into()),
            };
            assert_eq!(read(answer), Err(refused));
        }
        for wrong in [
            json!({}),
            json!({"createNote": {}}),
            json!({"generateTestWebhook": []}),
        ] {
            assert!(matches!(read(wrong), Err(BillingProblem::Shape(_))));
        }
    }

    proptest! {
        #[test]
        fn a_text_never_ends_its_quotes(message in "(\\PC|[\"\\\\\n\r\t\u{0}{}()]){0,40}") {
            let account = AccountId::new("1042").unwrap();
            let note = Mutation::AddNote { account: &account, message: &message };
            let sent = note.query().unwrap().text;
            let written = sent.strip_prefix("mutation { createNote(input: {message: ").unwrap();
            let written = written.strip_suffix(", noteable_type: Account, noteable_id: 1042, priority: NORMAL}) { id } }").unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(written).unwrap(), message);
            let inside = written.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            let ends_line = inside.chars().any(|sign| sign < ' ');
            prop_assert!(!ends_line);
        }
    }
}
