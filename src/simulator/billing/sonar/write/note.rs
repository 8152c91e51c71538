//! Carries out mutations on notes and tickets.

use super::given::{Given, must_exist, success};
use super::record::Writer;
use crate::simulator::billing::sonar::data::{Cell, Create, USER};
use crate::simulator::billing::sonar::query::{GraphError, Outcome};

pub(super) fn create_note(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    let names = ["message", "noteable_type", "noteable_id", "priority"];
    owner_must_exist(writer, given, "noteable")?;
    let mut columns = given.columns(writer, "Note", &names);
    columns.push(("user_id", Cell::id(USER)));
    let id = writer.create("Note", &columns);
    Ok(Outcome::Row("Note", id))
}

pub(super) fn update_note(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    update(writer, given, "Note", &["message", "priority"])
}

pub(super) fn delete_note(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    must_exist(writer, "Note", given.id("id"))?;
    writer.delete("Note", given.id("id"));
    Ok(success())
}

pub(super) fn create_ticket(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    let names = [
        "subject",
        "description",
        "status",
        "priority",
        "ticketable_type",
        "ticketable_id",
        "ticket_group_id",
    ];
    owner_must_exist(writer, given, "ticketable")?;
    let columns = given.columns(writer, "Ticket", &names);
    let id = writer.create("Ticket", &columns);
    Ok(Outcome::Row("Ticket", id))
}

pub(super) fn update_ticket(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    let names = [
        "subject",
        "description",
        "status",
        "priority",
        "ticket_group_id",
    ];
    let updated = update(writer, given, "Ticket", &names)?;
    let closed = match given.input_text("status") {
        Some("CLOSED") => Cell::time(writer.now),
        Some(_) => Cell::Null,
        None => return Ok(updated),
    };
    writer.update("Ticket", given.id("id"), &[("closed_at", closed)]);
    Ok(updated)
}

pub(super) fn create_comment(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    must_exist(writer, "Ticket", given.input_id("ticket_id").unwrap_or(0))?;
    let mut columns = given.columns(writer, "TicketComment", &["ticket_id", "body"]);
    columns.push(("user_id", Cell::id(USER)));
    let id = writer.create("TicketComment", &columns);
    Ok(Outcome::Row("TicketComment", id))
}

fn update(
    writer: &mut Writer<'_>,
    given: Given<'_>,
    table: &'static str,
    names: &[&'static str],
) -> Result<Outcome, GraphError> {
    let id = given.id("id");
    must_exist(writer, table, id)?;
    let columns = given.columns(writer, table, names);
    writer.update(table, id, &columns);
    Ok(Outcome::Row(table, id))
}

/// Checks the object that a note or ticket is about; a ticket may be about nothing.
fn owner_must_exist(writer: &Writer<'_>, given: Given<'_>, prefix: &str) -> Result<(), GraphError> {
    let kind = given.input_text(&format!("{prefix}_type"));
    let Some(id) = given.input_id(&format!("{prefix}_id")) else {
        return Ok(());
    };
    match kind.and_then(|kind| writer.db.row(kind, id)) {
        Some(_) => Ok(()),
        None => Err(GraphError::new(format!(
            "No {} with the id {id} was found.",
            kind.unwrap_or("object")
        ))),
    }
}
