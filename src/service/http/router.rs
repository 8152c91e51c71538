//! Routes requests: health checks and the webhook on one listener, metrics on another; everything else is not found.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, MatchedPath, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::billing_hook::{BillingHook, BillingHookAnswer, MOST_BILLING_BYTES, take};
use super::health::{Health, HealthFacts};
use super::hook::{Hook, HookVerdict, MAX_BODY_BYTES, judge};
use super::request_log::logged;
use super::routes::{BILLING_HOOK, OTHER};
use crate::billing::splynx::SIGNATURE_HEADER;
use crate::history::Hint;
use crate::service::instance_state::Shared;
use crate::service::metrics::HookResult;
use crate::service::task::heartbeat::FETCH;

/// The name of the repository in the path of the webhook. There is one repository.
const HOOK_NAME: &str = "inventory";

/// The time for a whole request, with its body and its answer.
const REQUEST: Duration = Duration::from_secs(30);

/// The content type of Prometheus' text format.
const METRICS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

type App = Arc<Shared>;

/// Returns the routes for supervisors and forges.
pub(in crate::service) fn public(shared: App) -> Router {
    let routes = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/hooks/git/{name}", post(hook))
        .route(
            BILLING_HOOK,
            post(billing_hook)
                .head(billing_hook)
                .layer(DefaultBodyLimit::max(MOST_BILLING_BYTES)),
        );
    bounded(routes, &shared).with_state(shared)
}

/// Returns the route for Prometheus.
pub(in crate::service) fn metrics(shared: App) -> Router {
    let routes = Router::new().route("/metrics", get(measured));
    bounded(routes, &shared).with_state(shared)
}

fn bounded(routes: Router<App>, shared: &App) -> Router<App> {
    routes
        .route_layer(middleware::from_fn_with_state(shared.clone(), counted))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(within_time))
        .layer(middleware::from_fn(with_headers))
        .layer(middleware::from_fn(logged))
}

/// Counts a request under its route as it was declared, never under the path that a client sent.
async fn counted(
    State(shared): State<App>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or(OTHER, MatchedPath::as_str);
    let status = response.status().as_u16();
    let seconds = began.elapsed().as_secs_f64();
    shared.metrics.http_request(route, status, seconds);
    response
}

async fn within_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "too slow\n").into_response(),
    }
}

/// Adds the headers that every answer has: nothing of it is to be kept, guessed or framed.
async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn health(health: &Health) -> Response {
    let status = match health.is_well {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, format!("{}\n", health.line)).into_response()
}

fn facts(shared: &Shared) -> HealthFacts {
    HealthFacts {
        since_tick: shared.since_tick(),
        has_target: shared.target.borrow().is_some(),
        is_stopping: shared.is_stopping(),
        stuck_task: shared.reports.stuck(),
        store_is_away: shared.store.is_away() || !shared.is_heard(),
    }
}

async fn live(State(shared): State<App>) -> Response {
    health(&facts(&shared).live())
}

async fn ready(State(shared): State<App>) -> Response {
    health(&facts(&shared).ready())
}

async fn measured(State(shared): State<App>) -> Response {
    let text = crate::service::measure::text(&shared);
    ([(header::CONTENT_TYPE, METRICS_TEXT)], text).into_response()
}

/// Takes a webhook of a billing system.
async fn billing_hook(
    State(shared): State<App>,
    Path((name, token)): Path<(String, String)>,
    request: axum::extract::Request,
) -> Response {
    let method = request.method().clone();
    let signature = request.headers().get(SIGNATURE_HEADER).cloned();
    let body = axum::body::to_bytes(request.into_body(), MOST_BILLING_BYTES).await;
    let hook = BillingHook {
        name: &name,
        token: &token,
        is_probe: method == axum::http::Method::HEAD,
        signature: signature.as_ref().map(HeaderValue::as_bytes),
        body: body.as_deref().ok(),
    };
    let answer = take(&shared, hook).await;
    let result = match answer {
        BillingHookAnswer::Accepted => HookResult::Accepted,
        _ => HookResult::Refused,
    };
    shared.metrics.billing_hooks(result).inc();
    let (status, text) = answer.parts();
    (status, text).into_response()
}

/// Starts a fetch. The body is a hint that is not read; a forged one is refused, so that nobody can make gamctl fetch.
async fn hook(
    State(shared): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(secret) = shared
        .settings
        .webhook
        .as_ref()
        .filter(|_| name == HOOK_NAME)
    else {
        return (StatusCode::NOT_FOUND, "no such webhook\n").into_response();
    };
    let named = |name: &'static str| {
        let value = headers.get(HeaderName::from_static(name));
        value.map(HeaderValue::as_bytes)
    };
    let hook = Hook {
        signature: named("x-hub-signature-256"),
        bare_signature: named("x-gitea-signature").or_else(|| named("x-forgejo-signature")),
        token: named("x-gitlab-token"),
        body: &body,
    };
    match judge(hook, secret) {
        HookVerdict::Genuine => {
            shared.triggers.fetch.notify_one();
            if shared.leader(FETCH).is_none() {
                // The forge knows one address, and another instance fetches. Without the store its timer does it.
                let _by_timer = shared.store.store.hint(Hint::Branch).await;
            }
            (StatusCode::ACCEPTED, "accepted\n").into_response()
        }
        HookVerdict::Unsigned => (
            StatusCode::UNAUTHORIZED,
            "no signature; set the secret of the webhook at the forge\n",
        )
            .into_response(),
        HookVerdict::Forged => (
            StatusCode::UNAUTHORIZED,
            "wrong signature; compare the secret at the forge with `[git] webhook`\n",
        )
            .into_response(),
        HookVerdict::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n").into_response()
        }
    }
}
