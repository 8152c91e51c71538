//! Writes comments and tickets, each once: its marker is searched before it is sent again.

use compact_str::{CompactString, format_compact};
use reqwest::Method;
use serde_json::{Value, json};

use super::super::error::{BillingError, BillingProblem};
use super::super::http::HttpAnswer;
use super::super::json::{self, Record, ShapeError};
use super::super::limiter::Priority;
use super::answer::{not_a_list, not_json};
use super::client::{Call, SplynxClient};
use super::endpoint::{
    Endpoint, NOTE_ADD, NOTES, TICKET_ADD, TICKET_EDIT, TICKET_MESSAGES, TICKET_TYPES, TICKETS,
};
use super::query::Query;
use super::row::is_secret;
use crate::model::billing::AccountId;

/// A text with the marker by which it is found again, `[gamctl 7f3a9c]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedText {
    pub marker: CompactString,
    pub title: CompactString,
    /// Contains the marker, or gets it as its last line.
    pub text: String,
}

impl MarkedText {
    fn text_with_marker(&self) -> String {
        match self.text.contains(self.marker.as_str()) {
            true => self.text.clone(),
            false => format!("{}\n{}", self.text, self.marker),
        }
    }
}

/// A ticket that was found by its marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTicket {
    pub id: CompactString,
    pub is_closed: bool,
}

impl SplynxClient {
    /// Returns whether a customer has a comment with a marker.
    pub async fn has_note(&self, account: &AccountId, marker: &str) -> Result<bool, BillingError> {
        let query = Query::default().equal("customer_id", account.as_str());
        let call = Call::list(NOTES, query, Priority::WriteBack);
        self.call(&call, |answer| {
            let mut is_there = false;
            each(answer, NOTES, |record| {
                is_there |= record
                    .long_text("comment")?
                    .is_some_and(|text| text.contains(marker));
                Ok(())
            })?;
            Ok(is_there)
        })
        .await
    }

    /// Adds a comment to a customer, unless it is there already.
    pub async fn add_note(
        &self,
        account: &AccountId,
        note: &MarkedText,
    ) -> Result<(), BillingError> {
        if self.has_note(account, &note.marker).await? {
            return Ok(());
        }
        let body = json!({
            "customer_id": number(account.as_str()),
            "type": "comment",
            "class": "info",
            "title": note.title.as_str(),
            "comment": note.text_with_marker(),
            "datetime": format!("{}", self.server_time().format("%Y-%m-%d %H:%M:%S")),
        });
        let call = Call::write(Method::POST, NOTE_ADD, NOTE_ADD.path, body);
        match self.call(&call, |_| Ok(())).await {
            Err(error)
                if error.may_have_taken_effect()
                    && self.has_note(account, &note.marker).await.unwrap_or(false) =>
            {
                Ok(())
            }
            result => result,
        }
    }

    /// Returns the ticket of a customer whose subject has a marker; an open one if there are several.
    pub async fn find_ticket(
        &self,
        account: &AccountId,
        marker: &str,
    ) -> Result<Option<FoundTicket>, BillingError> {
        let query = Query::default().equal("customer_id", account.as_str());
        let call = Call::list(TICKETS, query, Priority::WriteBack);
        self.call(&call, |answer| {
            let mut found: Option<FoundTicket> = None;
            each(answer, TICKETS, |record| {
                let has_marker = record
                    .long_text("subject")?
                    .is_some_and(|text| text.contains(marker));
                if has_marker && found.as_ref().is_none_or(|found| found.is_closed) {
                    found = Some(FoundTicket {
                        id: record.id("id")?,
                        is_closed: record.flag("closed")?.unwrap_or(false),
                    });
                }
                Ok(())
            })?;
            Ok(found)
        })
        .await
    }

    /// Opens a hidden ticket for a customer and returns its id; one that is open already is returned.
    pub async fn open_ticket(
        &self,
        account: &AccountId,
        ticket: &MarkedText,
    ) -> Result<CompactString, BillingError> {
        let found = self.find_ticket(account, &ticket.marker).await?;
        if let Some(open) = found.filter(|found| !found.is_closed) {
            return Ok(open.id);
        }
        let body = json!({
            "subject": format!("{} {}", ticket.title, ticket.marker),
            "priority": "medium",
            "type_id": number(&self.ticket_type().await?),
            "customer_id": number(account.as_str()),
            "hidden": true,
        });
        let call = Call::write(Method::POST, TICKET_ADD, TICKET_ADD.path, body);
        let id = match self.call(&call, read_id).await {
            Ok(id) => id,
            Err(error) if error.may_have_taken_effect() => {
                let found = self
                    .find_ticket(account, &ticket.marker)
                    .await
                    .ok()
                    .flatten();
                found.filter(|found| !found.is_closed).ok_or(error)?.id
            }
            Err(error) => return Err(error),
        };
        // Versions differ in whether they accept a message inside the ticket.
        self.add_ticket_message(&id, ticket).await?;
        Ok(id)
    }

    /// Adds a message to a ticket that the customer does not see.
    pub async fn add_ticket_message(
        &self,
        ticket: &str,
        message: &MarkedText,
    ) -> Result<(), BillingError> {
        let body = json!({
            "ticket_id": number(ticket),
            "message": message.text_with_marker(),
            "hide_for_customer": true,
            "message_type": "note",
        });
        let call = Call::write(Method::POST, TICKET_MESSAGES, TICKET_MESSAGES.path, body);
        self.call(&call, |_| Ok(())).await
    }

    /// Closes a ticket; closing a closed one changes nothing.
    pub async fn close_ticket(&self, ticket: &str) -> Result<(), BillingError> {
        let path = format_compact!("{}/{ticket}", TICKET_EDIT.path);
        let call = Call::write(Method::PUT, TICKET_EDIT, &path, json!({"closed": true}));
        self.call(&call, |_| Ok(())).await
    }

    /// Returns the first type of tickets: each ticket needs one, and their names are the ISP's.
    async fn ticket_type(&self) -> Result<CompactString, BillingError> {
        let call = Call::list(TICKET_TYPES, Query::default(), Priority::WriteBack);
        let lowest = self.call(&call, |answer| {
            let mut lowest: Option<u64> = None;
            each(answer, TICKET_TYPES, |record| {
                let id = record.id("id")?;
                lowest = Some(lowest.map_or(id, |lowest| lowest.min(id)));
                Ok(())
            })?;
            lowest.ok_or_else(|| {
                BillingProblem::Shape(ShapeError::new("[0]", "a type of tickets", None))
            })
        });
        Ok(format_compact!("{}", lowest.await?))
    }
}

/// Reads each record of a list. A record that is not understood could be the one that is searched, so it is an error.
fn each(
    answer: &HttpAnswer,
    endpoint: Endpoint,
    mut read: impl FnMut(&Record<'_>) -> Result<(), ShapeError>,
) -> Result<(), BillingProblem> {
    let mut result = Ok(());
    let mut at = 0usize;
    let length = json::parse_list(&answer.body, is_secret, &mut |value| {
        let record = Record::of(&value, format_compact!("[{at}]"));
        at += 1;
        if let Err(error) = record.and_then(|record| read(&record)) {
            result = Err(BillingProblem::Shape(error));
        }
    });
    match length {
        Ok(_) => result,
        Err(Ok(value)) => Err(not_a_list(&value, endpoint, answer)),
        Err(Err(json::NotJson)) => Err(not_json(answer)),
    }
}

fn read_id(answer: &HttpAnswer) -> Result<CompactString, BillingProblem> {
    let value = json::parse(&answer.body, is_secret).map_err(|_| not_json(answer))?;
    let record = Record::of(&value, "").map_err(BillingProblem::Shape)?;
    record.id("id").map_err(BillingProblem::Shape)
}

/// Returns an id as a number, as the vendor's examples have it, if it is one.
fn number(id: &str) -> Value {
    id.parse::<u64>()
        .map_or_else(|_| json!(id), |number| json!(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_gets_its_marker_once() {
        let mut note = MarkedText {
            marker: "[gamctl 7f3a9c]".into(),
            title: "gamctl".into(),
            text: "Served on maple-court-a/1.".into(),
        };
        assert_eq!(
            note.text_with_marker(),
            "Served on maple-court-a/1.\n[gamctl 7f3a9c]"
        );
        note.text = note.text_with_marker();
        assert_eq!(note.text_with_marker(), note.text);
    }

    #[test]
    fn a_list_with_a_record_that_is_not_understood_finds_nothing() {
        let answer = HttpAnswer::for_test(200, r#"[{"comment":["x"]}]"#, &[]);
        let result = each(&answer, NOTES, |record| {
            record.long_text("comment").map(|_| ())
        });
        assert!(matches!(result, Err(BillingProblem::Shape(_))));
        let answer = HttpAnswer::for_test(200, r#"[{"comment":"x"}"#, &[]);
        assert!(matches!(
            each(&answer, NOTES, |_| Ok(())),
            Err(BillingProblem::NotJson { .. })
        ));
    }
}
