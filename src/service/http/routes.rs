//! Lists the routes of the service, as they are counted and logged.

pub(in crate::service) const ROUTES: [&str; 5] = [
    "/livez",
    "/readyz",
    "/hooks/git/{name}",
    BILLING_HOOK,
    "/metrics",
];

/// The webhooks of billing systems. The token is in the path because Sonar sends no signature.
pub(super) const BILLING_HOOK: &str = "/hooks/billing/{name}/{token}";

/// The routes that supervisors and Prometheus ask all the time.
pub(super) const ROUTINE: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Stands for every path without a route.
pub(super) const OTHER: &str = "other";
