//! Lists the routes of the service, as they are counted.

pub(in crate::service) const ROUTES: [&str; 4] =
    ["/livez", "/readyz", "/hooks/git/{name}", "/metrics"];
