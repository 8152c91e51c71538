//! Writes notes and internal tickets on accounts, once each: searches for their marker first.

use compact_str::CompactString;
use serde_json::{Value, json};

use super::client::SonarClient;
use super::connection::Connection;
use super::mutation::{Mutation, TicketPriority};
use super::query::Query;
use super::write::one_of;
use crate::billing::json::{Record, ShapeError};
use crate::billing::{BillingError, BillingProblem, Priority};
use crate::model::billing::AccountId;

/// A note or a ticket that carries a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub id: CompactString,
    /// Whether it was there before.
    pub was_there: bool,
}

/// A ticket to open.
#[derive(Debug, Clone, Copy)]
pub struct SonarTicket<'t> {
    pub subject: &'t str,
    pub description: &'t str,
    pub priority: TicketPriority,
}

/// The texts of an account in which a marker is searched for.
#[derive(Debug, Clone, Copy)]
enum Texts {
    Notes,
    /// Open ones only: a problem that comes back is a new ticket.
    Tickets,
}

/// The status of a ticket that no work is left for.
const CLOSED: &str = "CLOSED";

const NOTES: &str = "
query Notes($account: [Search], $one: Paginator!, $all: Paginator!, $marker: [Search]) {
  accounts(search: $account, include_archived: true, paginator: $one) {
    entities { id
      notes(search: $marker, paginator: $all) { entities { id message } } }
  }
}";

const TICKETS: &str = "
query Tickets($account: [Search], $one: Paginator!, $all: Paginator!, $marker: [Search]) {
  accounts(search: $account, include_archived: true, paginator: $one) {
    entities { id
      tickets(search: $marker, paginator: $all) { entities { id status description } } }
  }
}";

const COMMENTS: &str = "
query Comments($ticket: [Search], $one: Paginator!, $all: Paginator!, $marker: [Search]) {
  tickets(search: $ticket, paginator: $one) {
    entities { id
      ticket_comments(search: $marker, paginator: $all) { entities { body } } }
  }
}";

impl Texts {
    fn query(self) -> &'static str {
        match self {
            Self::Notes => NOTES,
            Self::Tickets => TICKETS,
        }
    }

    fn list(self) -> &'static str {
        match self {
            Self::Notes => "notes",
            Self::Tickets => "tickets",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Notes => "message",
            Self::Tickets => "description",
        }
    }

    /// Finds the first text with the marker. The search of Sonar is not relied on: it may match by words.
    fn find(
        self,
        data: &Value,
        account: &AccountId,
        marker: &str,
    ) -> Result<Option<CompactString>, ShapeError> {
        let Some(account) = one_of(data, "accounts", account.as_str())? else {
            return Ok(None);
        };
        for (value, path) in Connection::read(&account, self.list())?.entities {
            let text = Record::of(value, path)?;
            let has_marker = text
                .long_text(self.field())?
                .is_some_and(|text| text.contains(marker));
            let is_open = match self {
                Self::Notes => true,
                Self::Tickets => text.word("status")? != CLOSED,
            };
            if has_marker && is_open {
                return text.id("id").map(Some);
            }
        }
        Ok(None)
    }
}

impl SonarClient {
    /// Writes a note on an account, unless one with the marker is there. The marker is added to the message.
    ///
    /// # Errors
    ///
    /// Fails if a request fails, except where a search shows that the note was written although the answer was lost.
    pub async fn add_note(
        &self,
        account: &AccountId,
        marker: &str,
        message: &str,
    ) -> Result<Marked, BillingError> {
        let message = with_marker(message, marker);
        let add = Mutation::AddNote {
            account,
            message: &message,
        };
        self.once(Texts::Notes, account, marker, &add).await
    }

    /// Opens a ticket about an account, unless an open one with the marker is there.
    ///
    /// # Errors
    ///
    /// As `add_note`.
    pub async fn open_ticket(
        &self,
        account: &AccountId,
        marker: &str,
        ticket: SonarTicket<'_>,
    ) -> Result<Marked, BillingError> {
        let description = with_marker(ticket.description, marker);
        let open = Mutation::OpenTicket {
            account,
            subject: ticket.subject,
            description: &description,
            priority: ticket.priority,
        };
        self.once(Texts::Tickets, account, marker, &open).await
    }

    /// Returns the open ticket with a marker.
    ///
    /// # Errors
    ///
    /// Fails if the request fails.
    pub async fn find_open_ticket(
        &self,
        account: &AccountId,
        marker: &str,
    ) -> Result<Option<CompactString>, BillingError> {
        self.find_marked(Texts::Tickets, account, marker).await
    }

    /// Adds a comment to a ticket, unless one with the marker is there. The marker is added to the text.
    ///
    /// # Errors
    ///
    /// As `add_note`.
    pub async fn comment_ticket(
        &self,
        ticket: &str,
        marker: &str,
        body: &str,
    ) -> Result<(), BillingError> {
        if self.has_comment(ticket, marker).await? {
            return Ok(());
        }
        let body = with_marker(body, marker);
        let comment = Mutation::CommentTicket {
            ticket,
            body: &body,
        };
        match self.send(&comment).await {
            Err(error) if error.may_have_taken_effect() => {
                match self.has_comment(ticket, marker).await? {
                    true => Ok(()),
                    false => Err(error),
                }
            }
            sent => sent.map(|_| ()),
        }
    }

    async fn has_comment(&self, ticket: &str, marker: &str) -> Result<bool, BillingError> {
        let query = Query {
            name: "tickets",
            text: COMMENTS.to_owned(),
            variables: json!({
                "ticket": self.search_of("tickets", ticket)?,
                "one": {"page": 1, "records_per_page": 1},
                "all": {"page": 1, "records_per_page": 100},
                "marker": marker_search("body", marker),
            }),
        };
        let data = self.ask(Priority::WriteBack, &query).await?;
        let found = has_comment(&data, ticket, marker);
        found.map_err(|why| self.error(query.name, BillingProblem::Shape(why)))
    }

    /// Closes a ticket; closing it twice is the same as once.
    ///
    /// # Errors
    ///
    /// Fails if the request fails.
    pub async fn close_ticket(&self, ticket: &str) -> Result<(), BillingError> {
        let close = Mutation::CloseTicket { ticket };
        self.send(&close).await.map(|_| ())
    }

    async fn once(
        &self,
        texts: Texts,
        account: &AccountId,
        marker: &str,
        write: &Mutation<'_>,
    ) -> Result<Marked, BillingError> {
        if let Some(id) = self.find_marked(texts, account, marker).await? {
            let was_there = true;
            return Ok(Marked { id, was_there });
        }
        let sent = self.send(write).await;
        let was_there = false;
        let error = match sent {
            Ok(Some(id)) => return Ok(Marked { id, was_there }),
            Ok(None) => self.error(write.name(), no_id()),
            Err(error) if error.may_have_taken_effect() => error,
            Err(error) => return Err(error),
        };
        let found = self.find_marked(texts, account, marker).await?;
        found.map(|id| Marked { id, was_there }).ok_or(error)
    }

    async fn find_marked(
        &self,
        texts: Texts,
        account: &AccountId,
        marker: &str,
    ) -> Result<Option<CompactString>, BillingError> {
        let search = self.search_of("accounts", account.as_str())?;
        let query = Query {
            name: texts.list(),
            text: texts.query().to_owned(),
            variables: json!({
                "account": search,
                "one": {"page": 1, "records_per_page": 1},
                "all": {"page": 1, "records_per_page": 100},
                "marker": marker_search(texts.field(), marker),
            }),
        };
        let data = self.ask(Priority::WriteBack, &query).await?;
        let found = texts.find(&data, account, marker);
        found.map_err(|why| self.error(query.name, BillingProblem::Shape(why)))
    }
}

/// Returns whether a ticket has a comment with the marker. A ticket that is gone has none.
fn has_comment(data: &Value, ticket: &str, marker: &str) -> Result<bool, ShapeError> {
    let Some(ticket) = one_of(data, "tickets", ticket)? else {
        return Ok(false);
    };
    for (value, path) in Connection::read(&ticket, "ticket_comments")?.entities {
        let body = Record::of(value, path)?.long_text("body")?;
        if body.is_some_and(|body| body.contains(marker)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn marker_search(field: &str, marker: &str) -> Value {
    let part = json!({"attribute": field, "search_value": marker, "match": true, "partial_matching": true});
    json!([{"string_fields": [part]}])
}

fn no_id() -> BillingProblem {
    BillingProblem::Refused {
        status: 200,
        code: Some(CompactString::const_new("no id")),
    }
}

fn with_marker(text: &str, marker: &str) -> String {
    match text.contains(marker) {
        true => text.to_owned(),
        false => format!("{text}\n{marker}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "[gamctl 7f3a9c]";

    fn account() -> AccountId {
        AccountId::new("1042").unwrap()
    }

    fn answer(list: &str, entities: &Value) -> Value {
        let mut account = json!({"id": "1042"});
        account[list] = json!({ "entities": entities });
        json!({"accounts": {"entities": [account]}})
    }

    #[test]
    fn a_note_is_found_by_its_marker_and_not_by_what_the_search_returns() {
        let notes = json!([{"id": "1", "message": "gamctl"}, {"id": "2", "message": "activated\n[gamctl 7f3a9c]"}]);
        let found = Texts::Notes.find(&answer("notes", &notes), &account(), MARKER);
        assert_eq!(found, Ok(Some("2".into())));
        let other = json!([{"id": "1", "message": "[gamctl 000000]"}]);
        let found = Texts::Notes.find(&answer("notes", &other), &account(), MARKER);
        assert_eq!(found, Ok(None));
    }

    #[test]
    fn a_closed_ticket_is_not_the_open_one() {
        let ticket =
            |id: &str, status: &str| json!({"id": id, "status": status, "description": MARKER});
        let tickets = json!([ticket("1", "CLOSED"), ticket("2", "NEW_STATUS")]);
        let found = Texts::Tickets.find(&answer("tickets", &tickets), &account(), MARKER);
        assert_eq!(found, Ok(Some("2".into())));
    }

    #[test]
    fn a_comment_is_found_by_its_marker() {
        let answer = |bodies: &[&str]| {
            let comments: Vec<Value> = bodies.iter().map(|body| json!({"body": body})).collect();
            json!({"tickets": {"entities": [{"id": "5", "ticket_comments": {"entities": comments}}]}})
        };
        let has = |bodies: &[&str]| has_comment(&answer(bodies), "5", MARKER);
        assert_eq!(has(&[]), Ok(false));
        assert_eq!(has(&["gamctl", "[gamctl 000000]"]), Ok(false));
        assert_eq!(has(&["gamctl", "port 3\n[gamctl 7f3a9c]"]), Ok(true));
        let gone = json!({"tickets": {"entities": []}});
        assert_eq!(has_comment(&gone, "5", MARKER), Ok(false));
        assert!(has_comment(&json!({"tickets": null}), "5", MARKER).is_err());
    }

    #[test]
    fn a_marker_is_added_once() {
        assert_eq!(
            with_marker("activated", MARKER),
            "activated\n[gamctl 7f3a9c]"
        );
        let again = with_marker(&with_marker("activated", MARKER), MARKER);
        assert_eq!(again, "activated\n[gamctl 7f3a9c]");
    }
}
