//! Gives each HTTP request an id, and logs its end by the route as it was declared.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

use super::routes::{OTHER, ROUTINE};

/// The header of an answer with the id under which the log has the request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request in a span of its own. An id that the client sends is not used: it could be the id of another request, or
/// a text that does not belong into a log. For the same reason the log never has the path or the query.
pub(super) async fn logged(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| OTHER.to_owned(), |route| route.as_str().to_owned());
    let span = tracing::info_span!("request", %id, method, route);
    let answered = async move {
        let began = Instant::now();
        let mut response = next.run(request).await;
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
            headers.insert(REQUEST_ID, id);
        }
        let status = response.status().as_u16();
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match status {
            500.. => tracing::warn!(status, millis, "request answered"),
            // Supervisors and Prometheus ask several times a minute.
            ..400 if ROUTINE.contains(&&*route) => {
                tracing::debug!(status, millis, "request answered");
            }
            _ => tracing::info!(status, millis, "request answered"),
        }
        response
    };
    answered.instrument(span).await
}

/// Returns the method by a known name: a client may invent others.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER,
    }
}
