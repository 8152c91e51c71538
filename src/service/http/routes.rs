//! Lists the routes of the service, as they are counted and logged.

pub(in crate::service) const ROUTES: [&str; 4] =
    ["/livez", "/readyz", "/hooks/git/{name}", "/metrics"];

/// The routes that supervisors and Prometheus ask all the time.
pub(super) const ROUTINE: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Stands for every path without a route.
pub(super) const OTHER: &str = "other";
