//! Finds the resource that a path names: a table, a record, or one of the few special calls.

use super::table::TableName;

/// The root of the API.
const ROOT: &str = "/api/2.0/";

/// The resource of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `admin/api/check`.
    Check,
    /// `admin/auth/tokens`, with a refresh token.
    Tokens(Option<String>),
    Table(Target),
    /// The position of a service on the map.
    Geo {
        service: u64,
    },
    BillingInfo {
        customer: u64,
    },
    /// Ends the session of a customer.
    Kill {
        customer: u64,
    },
    /// A call that assigns something and bills it, or moves money.
    Bills,
    /// A path below the root that is not known.
    Unknown,
    /// A path that the web server answers, not the API.
    Outside,
}

/// A table, all of it or a part, or one record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) table: TableName,
    pub(super) part: Part,
    pub(super) id: Option<u64>,
}

/// The records of a table that a path is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    All,
    /// Everything below the customer 0, which needs a condition.
    AllCustomers,
    Customer(u64),
    /// Additional fields of one module.
    Module(String),
}

/// The plain tables: their paths, which are also the names of their modules.
const TABLES: [(&str, TableName); 18] = [
    ("customers/customer", TableName::Customers),
    ("customers/customer-notes", TableName::Notes),
    ("customers/customers-online", TableName::Online),
    ("tariffs/internet", TableName::Tariffs),
    ("inventory/items", TableName::Items),
    ("inventory/products", TableName::Products),
    ("inventory/vendors", TableName::Vendors),
    ("networking/monitoring", TableName::Monitoring),
    ("networking/network-sites", TableName::Sites),
    ("administration/locations", TableName::Locations),
    ("administration/partners", TableName::Partners),
    ("logs/changes", TableName::Changes),
    ("logs/pending-statuses", TableName::PendingStatuses),
    ("logs/pending-services", TableName::PendingServices),
    ("support/tickets", TableName::Tickets),
    ("support/ticket-messages", TableName::TicketMessages),
    ("support/tickets-types", TableName::TicketTypes),
    ("support/tickets-statuses", TableName::TicketStatuses),
];

const GROUPS: &str = "support/tickets-groups";
const SERVICES: &str = "customers/internet-services";
const GEO: &str = "customers/geo-internet-service";
const BILLING_INFO: &str = "customers/billing-info";
const FIELDS: &str = "config/additional-fields";

impl Route {
    pub(super) fn of(path: &str) -> Self {
        let Some(path) = path.strip_prefix(ROOT) else {
            return Self::Outside;
        };
        let Some(path) = path.strip_prefix("admin/") else {
            return Self::Unknown;
        };
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        match parts.as_slice() {
            ["api", "check"] => Self::Check,
            ["auth", "tokens"] => Self::Tokens(None),
            ["auth", "tokens", refresh] => Self::Tokens(Some((*refresh).to_owned())),
            ["inventory", "items-rent" | "items-sell", ..] | ["finance", ..] => Self::Bills,
            ["customers", "billing-info", customer] => match customer.parse() {
                Ok(customer) => Self::BillingInfo { customer },
                Err(_) => Self::Unknown,
            },
            ["customers", "customer", customer, rest] => match customer.parse() {
                Ok(customer) => of_customer(customer, rest),
                Err(_) => Self::Unknown,
            },
            ["config", "additional-fields", module, rest @ ..] => Self::Table(Target {
                table: TableName::AdditionalFields,
                part: Part::Module((*module).to_owned()),
                id: rest.first().and_then(|id| id.parse().ok()),
            }),
            [group, name, rest @ ..] => plain(group, name, rest),
            _ => Self::Unknown,
        }
    }

    /// Returns the module whose permission it needs.
    pub(super) fn module(&self) -> &'static str {
        match self {
            Self::Check => "api/check",
            Self::Tokens(_) => "auth/tokens",
            Self::Geo { .. } => GEO,
            Self::BillingInfo { .. } => BILLING_INFO,
            Self::Kill { .. } => "customers/customers-online",
            Self::Bills => "finance",
            Self::Unknown | Self::Outside => "other",
            Self::Table(target) => match target.table {
                TableName::Services => SERVICES,
                TableName::AdditionalFields => FIELDS,
                TableName::TicketGroups => GROUPS,
                table => TABLES
                    .iter()
                    .find(|(_, known)| *known == table)
                    .map_or("other", |(path, _)| path),
            },
        }
    }

    /// Returns whether there is a module of this name, or a group of modules.
    pub(super) fn is_module(name: &str) -> bool {
        let further = [GROUPS, SERVICES, GEO, BILLING_INFO, FIELDS];
        let mut all = TABLES.iter().map(|(path, _)| *path).chain(further);
        all.any(|path| is_within(path, name))
    }
}

/// Returns whether a module is another one or belongs to a group such as `inventory`.
pub(super) fn is_within(module: &str, name: &str) -> bool {
    let rest = module.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn of_customer(customer: u64, rest: &str) -> Route {
    let part = match customer {
        0 => Part::AllCustomers,
        customer => Part::Customer(customer),
    };
    let (name, id) = match rest.split_once("--") {
        None => (rest, None),
        Some((name, id)) => match id.parse() {
            Ok(id) => (name, Some(id)),
            Err(_) => return Route::Unknown,
        },
    };
    match (name, id) {
        ("internet-services", id) => Route::Table(Target {
            table: TableName::Services,
            part,
            id,
        }),
        ("geo-internet-service", Some(service)) => Route::Geo { service },
        ("logs-changes", None) => Route::Table(Target {
            table: TableName::Changes,
            part,
            id,
        }),
        _ => Route::Unknown,
    }
}

fn plain(group: &str, name: &str, rest: &[&str]) -> Route {
    let path = format!("{group}/{name}");
    let known = TABLES.iter().find(|(known, _)| *known == path);
    let table = match known {
        Some((_, table)) => *table,
        None if path == GROUPS => TableName::TicketGroups,
        None => return Route::Unknown,
    };
    let (part, id) = match rest {
        [] => (Part::All, None),
        // `customer-notes/1042--301`, `customers-online/1042--kill`
        [last] => match last.split_once("--") {
            Some((customer, "kill")) if table == TableName::Online => {
                return match customer.parse() {
                    Ok(customer) => Route::Kill { customer },
                    Err(_) => Route::Unknown,
                };
            }
            Some((customer, id)) => match (customer.parse(), id.parse()) {
                (Ok(customer), Ok(id)) => (Part::Customer(customer), Some(id)),
                _ => return Route::Unknown,
            },
            None => match last.parse() {
                Ok(id) => (Part::All, Some(id)),
                Err(_) => return Route::Unknown,
            },
        },
        _ => return Route::Unknown,
    };
    Route::Table(Target { table, part, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Route {
        Route::of(&format!("/api/2.0/admin/{path}"))
    }

    fn table(table: TableName, part: Part, id: Option<u64>) -> Route {
        Route::Table(Target { table, part, id })
    }

    #[test]
    fn every_path_leads_to_its_resource() {
        for (path, route) in [
            ("api/check", Route::Check),
            ("auth/tokens", Route::Tokens(None)),
            ("auth/tokens/9ad2", Route::Tokens(Some("9ad2".to_owned()))),
            (
                "customers/customer",
                table(TableName::Customers, Part::All, None),
            ),
            (
                "customers/customer/1042",
                table(TableName::Customers, Part::All, Some(1042)),
            ),
            (
                "customers/customer/0/internet-services",
                table(TableName::Services, Part::AllCustomers, None),
            ),
            (
                "customers/customer/1042/internet-services--7001",
                table(TableName::Services, Part::Customer(1042), Some(7001)),
            ),
            (
                "customers/customer/1042/logs-changes",
                table(TableName::Changes, Part::Customer(1042), None),
            ),
            (
                "customers/customer/1042/geo-internet-service--7001",
                Route::Geo { service: 7001 },
            ),
            (
                "customers/customer-notes/1042--301",
                table(TableName::Notes, Part::Customer(1042), Some(301)),
            ),
            (
                "customers/customers-online/1042--kill",
                Route::Kill { customer: 1042 },
            ),
            (
                "customers/billing-info/1042",
                Route::BillingInfo { customer: 1042 },
            ),
            (
                "config/additional-fields/services_internet",
                table(
                    TableName::AdditionalFields,
                    Part::Module("services_internet".to_owned()),
                    None,
                ),
            ),
            (
                "support/tickets-groups",
                table(TableName::TicketGroups, Part::All, None),
            ),
            (
                "inventory/items/88",
                table(TableName::Items, Part::All, Some(88)),
            ),
            ("inventory/items-sell/88", Route::Bills),
            ("finance/payments", Route::Bills),
            ("customers/customers", Route::Unknown),
            ("tickets/ticket", Route::Unknown),
            ("customers/customer/1042/services", Route::Unknown),
            ("webhooks", Route::Unknown),
        ] {
            assert_eq!(of(path), route, "{path}");
        }
        assert_eq!(Route::of("/api/v1/customers"), Route::Outside);
        assert_eq!(Route::of("/api/2.0/customers"), Route::Unknown);
    }

    #[test]
    fn a_module_has_a_name_and_belongs_to_a_group() {
        let services = of("customers/customer/1/internet-services--2");
        assert_eq!(services.module(), "customers/internet-services");
        assert_eq!(of("inventory/items/1").module(), "inventory/items");
        assert_eq!(
            of("support/tickets-groups").module(),
            "support/tickets-groups"
        );
        assert!(is_within("inventory/items", "inventory"));
        assert!(!is_within("support/tickets-types", "support/tickets"));
        assert!(Route::is_module("inventory") && Route::is_module("logs/changes"));
        assert!(!Route::is_module("inventories"));
    }
}
