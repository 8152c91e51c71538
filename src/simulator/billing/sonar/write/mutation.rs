//! Finds the code for a mutation by its name, and knows which mutations bill.

use serde_json::{Map, Value};

use super::given::Given;
use super::record::Writer;
use super::{account, endpoint, equipment, note, storage};
use crate::simulator::billing::sonar::query::{GraphError, Outcome};

/// Mutations that bill, prorate or end a contract.
const BILLING: &[&str] = &[
    "updateAccount",
    "addServiceToAccount",
    "deleteAccountService",
    "disconnectAccount",
    "archiveAccount",
];

/// Members of `updateAccountService` that bill.
const BILLING_MEMBERS: &[&str] = &[
    "quantity",
    "price_override",
    "unset_price_override",
    "prorate",
    "next_bill_date",
];

/// Returns whether a mutation changes what the customer pays.
pub(crate) fn bills(name: &str, arguments: &Map<String, Value>) -> bool {
    let has_member = |member: &&str| {
        arguments
            .get("input")
            .and_then(|input| input.get(member))
            .is_some()
    };
    BILLING.contains(&name)
        || name == "updateAccountService" && BILLING_MEMBERS.iter().any(has_member)
}

/// Carries out a mutation.
pub(crate) fn perform(
    name: &str,
    arguments: &Map<String, Value>,
    writer: &mut Writer<'_>,
) -> Result<Outcome, GraphError> {
    let given = Given::new(arguments);
    match name {
        "updateAccountService" => storage::update_account_service(writer, given),
        "updateEntityCustomFields" => storage::update_custom_fields(writer, given),
        "createServiceMetadata" => storage::create_service_metadata(writer, given),
        "createCustomField" => storage::create_custom_field(writer, given),
        "createNote" => note::create_note(writer, given),
        "updateNote" => note::update_note(writer, given),
        "deleteNote" => note::delete_note(writer, given),
        "createInternalTicket" => note::create_ticket(writer, given),
        "updateTicket" => note::update_ticket(writer, given),
        "createTicketComment" => note::create_comment(writer, given),
        "linkInventoryItemToAccountService" => equipment::link(writer, given),
        "updateInventoryItemFields" => equipment::update_fields(writer, given),
        "updateInventoryItemStatus" => equipment::update_status(writer, given),
        "assignInventoryItems" => equipment::assign(writer, given),
        "updateAccount" => account::update(writer, given),
        "addServiceToAccount" => account::add_service(writer, given),
        "deleteAccountService" => account::delete_service(writer, given),
        "disconnectAccount" => account::disconnect(writer, given),
        "archiveAccount" => account::archive(writer, given),
        "createWebhookEndpoint" => endpoint::create(writer, given),
        "updateWebhookEndpoint" => endpoint::update(writer, given),
        "deleteWebhookEndpoint" => endpoint::delete(writer, given),
        other => Err(GraphError::new(format!("{other} is not available."))),
    }
}
