//! Lists the columns of every table, in the order in which records are answered.

use super::cell::{Column, Kind, fixed, open};

/// The words that a customer's status can have.
pub(super) const CUSTOMER_STATUS: &[&str] = &["new", "active", "blocked", "disabled"];

/// The words that a service's status can have.
pub(super) const SERVICE_STATUS: &[&str] = &[
    "active", "stopped", "disabled", "hidden", "pending", "archived",
];

pub(super) const CUSTOMERS: &[Column] = &[
    fixed("id", Kind::Id),
    open("login", Kind::Text),
    open("status", Kind::Word(CUSTOMER_STATUS)),
    open(
        "billing_type",
        Kind::Word(&["recurring", "prepaid", "prepaid_monthly"]),
    ),
    open("partner_id", Kind::Number),
    open("location_id", Kind::Number),
    open("parent_id", Kind::Reference),
    fixed("added_by", Kind::Text),
    fixed("added_by_id", Kind::Number),
    open("name", Kind::Text),
    open("email", Kind::Text),
    open("billing_email", Kind::Text),
    open("phone", Kind::Text),
    open("category", Kind::Word(&["person", "company"])),
    open("street_1", Kind::Text),
    open("zip_code", Kind::Text),
    open("city", Kind::Text),
    open("subdivision_id", Kind::Json),
    open("gps", Kind::Json),
    open("date_add", Kind::Date),
    fixed("last_online", Kind::Time),
    fixed("last_update", Kind::Time),
    fixed("mrr_total", Kind::Money),
    fixed("customer_labels", Kind::Json),
    open("password", Kind::Text),
];

pub(super) const SERVICES: &[Column] = &[
    fixed("id", Kind::Id),
    fixed("type", Kind::Text),
    fixed("customer_id", Kind::Number),
    open("tariff_id", Kind::Number),
    open("parent_id", Kind::Reference),
    open("bundle_service_id", Kind::Reference),
    open("status", Kind::Word(SERVICE_STATUS)),
    fixed("status_new", Kind::Text),
    open("description", Kind::Text),
    open("quantity", Kind::Number),
    open("unit", Kind::Text),
    open("unit_price", Kind::Money),
    open("start_date", Kind::Date),
    open("end_date", Kind::Date),
    open("discount", Kind::Flag),
    open("period", Kind::Number),
    open("on_approve", Kind::Flag),
    open("router_id", Kind::Reference),
    open("sector_id", Kind::Reference),
    open("login", Kind::Text),
    open("password", Kind::Text),
    open("taking_ipv4", Kind::Number),
    open("ipv4", Kind::Text),
    open("ipv4_route", Kind::Text),
    open("ipv4_pool_id", Kind::Reference),
    open("taking_ipv6", Kind::Number),
    open("ipv6", Kind::Text),
    open("ipv6_delegated", Kind::Text),
    open("ipv6_pool_id", Kind::Reference),
    open("mac", Kind::Text),
    open("port_id", Kind::Text),
    open(ACCESS_DEVICE, Kind::Reference),
    fixed("geo", Kind::Json),
    fixed(UPDATED_AT, Kind::Time),
];

/// Absent in older versions.
pub(super) const ACCESS_DEVICE: &str = "access_device";

/// Present in some versions only.
pub(super) const UPDATED_AT: &str = "updated_at";

pub(super) const TARIFFS: &[Column] = &[
    fixed("id", Kind::Id),
    open("title", Kind::Text),
    open("service_name", Kind::Text),
    open("price", Kind::Money),
    open("with_vat", Kind::Flag),
    open("vat_percent", Kind::Money),
    open("speed_download", Kind::Number),
    open("speed_upload", Kind::Number),
    open("speed_limit_at", Kind::Number),
    open("aggregation", Kind::Number),
    open("burst_type", Kind::Word(&["none", "percent", "fix"])),
    open("burst_limit", Kind::Number),
    open("priority", Kind::Word(&["low", "normal", "high"])),
    open("partners_ids", Kind::Json),
    open("billing_types", Kind::Json),
    open("available_for_services", Kind::Flag),
    open("tariffs_for_change", Kind::Json),
    open("billing_days_count", Kind::Json),
];

pub(super) const ITEMS: &[Column] = &[
    fixed("id", Kind::Id),
    fixed("product_id", Kind::Number),
    open("barcode", Kind::Text),
    open("serial_number", Kind::Text),
    open("notes", Kind::Text),
    fixed(
        "status",
        Kind::Word(&[
            "stock",
            "internal_usage",
            "sold",
            "rent",
            "returned",
            "assigned",
        ]),
    ),
    fixed("mark", Kind::Word(&["new", "used", "broken"])),
    fixed("customer_id", Kind::Reference),
    fixed("service_id", Kind::Reference),
    fixed("admin_id", Kind::Reference),
    fixed("stock_id", Kind::Reference),
    fixed("cost_price", Kind::Money),
    fixed("invoice_id", Kind::Reference),
    fixed("transaction_id", Kind::Reference),
    fixed("supplier_invoices_item_id", Kind::Reference),
    fixed("file_link", Kind::Text),
];

pub(super) const PRODUCTS: &[Column] = &[
    fixed("id", Kind::Id),
    open("name", Kind::Text),
    open("vendor_id", Kind::Number),
    open("category_id", Kind::Number),
];

/// Vendors, sites, locations and partners are used by id and name only.
pub(super) const NAMED: &[Column] = &[fixed("id", Kind::Id), open("name", Kind::Text)];

pub(super) const SITES: &[Column] = &[
    fixed("id", Kind::Id),
    open("title", Kind::Text),
    open("address", Kind::Text),
    open("gps", Kind::Json),
    open("location_id", Kind::Number),
    open("partners_ids", Kind::Json),
];

pub(super) const MONITORING: &[Column] = &[
    fixed("id", Kind::Id),
    open("title", Kind::Text),
    open("network_site_id", Kind::Reference),
    open("parent_id", Kind::Reference),
    open("producer", Kind::Number),
    open("model", Kind::Text),
    open("ip", Kind::Text),
    open("type", Kind::Number),
    open("monitoring_group", Kind::Number),
    open("location_id", Kind::Number),
    open("partners_ids", Kind::Json),
    open("address", Kind::Text),
    open("gps", Kind::Json),
    open("active", Kind::Flag),
    open("is_ping", Kind::Flag),
    open(ACCESS_DEVICE, Kind::Flag),
    fixed("ping_state", Kind::Text),
    fixed("snmp_state", Kind::Text),
    open("snmp_community", Kind::Text),
];

pub(super) const CHANGES: &[Column] = &[
    fixed("id", Kind::Id),
    fixed("customer_id", Kind::Number),
    fixed("service_id", Kind::Number),
    fixed("old_status", Kind::Text),
    fixed("new_status", Kind::Text),
    fixed("date", Kind::Date),
    fixed("time", Kind::Text),
    fixed("tariff_type", Kind::Text),
    fixed("old_tariff", Kind::Number),
    fixed("new_tariff", Kind::Number),
    fixed("administrator_id", Kind::Number),
];

pub(super) const PENDING_STATUSES: &[Column] = &[
    fixed("id", Kind::Id),
    open("customer_id", Kind::Number),
    open("status", Kind::Word(CUSTOMER_STATUS)),
    open("date", Kind::Date),
];

pub(super) const PENDING_SERVICES: &[Column] = &[
    fixed("id", Kind::Id),
    fixed("customer_id", Kind::Number),
    fixed("service_id", Kind::Number),
    fixed("new_service_id", Kind::Number),
    fixed("tariff_id", Kind::Number),
    fixed("date", Kind::Date),
];

pub(super) const ADDITIONAL_FIELDS: &[Column] = &[
    fixed("id", Kind::Id),
    fixed("module", Kind::Text),
    open("name", Kind::Text),
    open("title", Kind::Text),
    open("type", Kind::Text),
    open("is_required", Kind::Flag),
    open("is_unique", Kind::Flag),
    open("is_add", Kind::Flag),
    open("show_in_list", Kind::Flag),
    open("searchable", Kind::Flag),
    open("readonly", Kind::Flag),
    open("disabled", Kind::Flag),
    open("hidden", Kind::Flag),
];

pub(super) const NOTES: &[Column] = &[
    fixed("id", Kind::Id),
    open("customer_id", Kind::Number),
    open(
        "type",
        Kind::Word(&[
            "comment", "customer", "finance", "service", "message", "support", "call",
        ]),
    ),
    open(
        "class",
        Kind::Word(&["default", "primary", "success", "warning", "danger", "info"]),
    ),
    open("title", Kind::Text),
    open("comment", Kind::Text),
    open("datetime", Kind::Time),
    fixed("administrator_id", Kind::Number),
];

pub(super) const TICKETS: &[Column] = &[
    fixed("id", Kind::Id),
    open("subject", Kind::Text),
    open("customer_id", Kind::Reference),
    open("priority", Kind::Word(&["low", "medium", "high", "urgent"])),
    open("type_id", Kind::Number),
    open("group_id", Kind::Reference),
    open("assign_to", Kind::Reference),
    open("status_id", Kind::Number),
    open("hidden", Kind::Flag),
    open("closed", Kind::Flag),
    fixed("created_at", Kind::Time),
    fixed(UPDATED_AT, Kind::Time),
];

pub(super) const TICKET_MESSAGES: &[Column] = &[
    fixed("id", Kind::Id),
    open("ticket_id", Kind::Number),
    open("message", Kind::Text),
    open("hide_for_customer", Kind::Flag),
    open("message_type", Kind::Word(&["message", "note"])),
    fixed("date", Kind::Date),
    fixed("time", Kind::Text),
];

pub(super) const TITLED: &[Column] = &[fixed("id", Kind::Id), open("title", Kind::Text)];

pub(super) const ONLINE: &[Column] = &[
    fixed("id", Kind::Id),
    fixed("customer_id", Kind::Number),
    fixed("service_id", Kind::Number),
    fixed("login", Kind::Text),
    fixed("ipv4", Kind::Text),
    fixed("start_session", Kind::Time),
];
