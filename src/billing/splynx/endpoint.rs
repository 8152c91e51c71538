//! Lists the requests to Splynx with the permission that each needs.

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Below `api/2.0/admin/`; the name of the request in errors.
    pub(super) path: &'static str,
    /// The words by which the key's settings name the permission.
    pub(super) permission: &'static str,
}

const fn endpoint(path: &'static str, permission: &'static str) -> Endpoint {
    Endpoint { path, permission }
}

pub(super) const API_CHECK: Endpoint = endpoint("api/check", "API");
pub(super) const TOKENS: Endpoint = endpoint("auth/tokens", "API");
pub(super) const CUSTOMERS: Endpoint = endpoint("customers/customer", "Customers: Customer View");
/// All services: the customer's id is literally 0.
pub(super) const SERVICES: Endpoint = endpoint(
    "customers/customer/0/internet-services",
    "Customers: Customer internet services View",
);
pub(super) const SERVICE_EDIT: Endpoint = endpoint(
    "customers/customer/internet-services",
    "Customers: Customer internet services Edit",
);
pub(super) const TARIFFS: Endpoint = endpoint("tariffs/internet", "Tariff plans: Internet View");
pub(super) const ITEMS: Endpoint = endpoint("inventory/items", "Inventory: Items View");
pub(super) const PRODUCTS: Endpoint = endpoint("inventory/products", "Inventory: Products View");
pub(super) const MONITORING: Endpoint =
    endpoint("networking/monitoring", "Networking: Monitoring View");
pub(super) const LOCATIONS: Endpoint =
    endpoint("administration/locations", "Administration: Locations View");
pub(super) const PARTNERS: Endpoint =
    endpoint("administration/partners", "Administration: Partners View");
pub(super) const CHANGES: Endpoint = endpoint("logs/changes", "Logs: Changes View");
pub(super) const NOTES: Endpoint = endpoint(
    "customers/customer-notes",
    "Customers: Customer comments View",
);
pub(super) const NOTE_ADD: Endpoint = endpoint(
    "customers/customer-notes",
    "Customers: Customer comments Add",
);
pub(super) const TICKETS: Endpoint = endpoint("support/tickets", "Support: Tickets View");
pub(super) const TICKET_ADD: Endpoint = endpoint("support/tickets", "Support: Tickets Add");
pub(super) const TICKET_EDIT: Endpoint = endpoint("support/tickets", "Support: Tickets Edit");
pub(super) const TICKET_MESSAGES: Endpoint =
    endpoint("support/ticket-messages", "Support: Tickets Edit");
pub(super) const TICKET_TYPES: Endpoint =
    endpoint("support/tickets-types", "Support: Tickets View");

/// The lists that a complete reading needs.
pub(super) const READ: &[Endpoint] = &[
    CUSTOMERS, SERVICES, TARIFFS, ITEMS, PRODUCTS, MONITORING, LOCATIONS, PARTNERS, CHANGES,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_of_operators_names_every_permission() {
        let guide = include_str!("../../../docs/billing.md");
        let writes = [
            SERVICE_EDIT,
            NOTES,
            NOTE_ADD,
            TICKETS,
            TICKET_ADD,
            TICKET_EDIT,
            TICKET_MESSAGES,
            TICKET_TYPES,
        ];
        for endpoint in READ.iter().chain(&writes) {
            let permission = endpoint.permission;
            assert!(guide.contains(permission), "{permission}");
        }
    }

    #[test]
    fn no_request_assigns_sells_or_bills() {
        let writes = [
            SERVICE_EDIT,
            NOTE_ADD,
            TICKET_ADD,
            TICKET_EDIT,
            TICKET_MESSAGES,
        ];
        for endpoint in READ.iter().chain(&writes) {
            for word in ["rent", "sell", "billing", "finance", "kill"] {
                assert!(!endpoint.path.contains(word), "{}", endpoint.path);
            }
        }
    }
}
